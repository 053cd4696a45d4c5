"""The mirror of Vimeo: its hosts, its routes and what the public sees of it."""

from __future__ import annotations

from datetime import UTC, datetime

from werkzeug.utils import send_file

from socialcast.sandbox.mirror import Act, Card, Picture, Request, Response
from socialcast.sandbox.platforms.vimeo.comments import Comment, Comments
from socialcast.sandbox.platforms.vimeo.live import Event
from socialcast.sandbox.platforms.vimeo.tables import FILES_HOST, ROUTES
from socialcast.sandbox.platforms.vimeo.videos import Video, file_url

__all__ = ["VimeoMirror"]

_STATES = {"streaming": "live now", "archiving": "ended", "done": "recording of a live event"}


class VimeoMirror(Comments):
    """Vimeo as a client of its API and a visitor of its site meet it."""

    name = "vimeo"
    HOSTS = ("api.vimeo.com", "*.cloud.vimeo.com", FILES_HOST, "vimeo.com")
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """The public videos with their comments and events, newest first; one without its bytes is a page that does not play."""
        videos = [self._video_card(video) for video in self.videos.values() if video.view == "anybody"]
        events = [self._event_card(event) for event in self.events.values() if event.view == "anybody"]
        known = {card.id for card in videos}
        comments = [_comment_card(one) for one in self.comments.values() if one.video.id in known]
        return sorted([*videos, *events, *comments], key=lambda card: card.at, reverse=True)

    def get_file(self, request: Request, file: str) -> Response:
        """A video or thumbnail that somebody may see."""
        for video in self.videos.values():
            for blob, kind in ((video.blob, "video/mp4"), *((one.blob, "image/jpeg") for one in video.pictures.values())):
                if blob and blob.sha256 == file and video.view != "nobody":
                    response = send_file(blob.path, request.environ, mimetype=kind, conditional=True)
                    response.direct_passthrough = False  # otherwise the request is not closed with the answer
                    return response
        return Response(status=404)

    def _video_card(self, video: Video) -> Card:
        subtitles = ", ".join(track.language for track in video.tracks.values() if track.text)
        facts = {
            "state": "" if self.is_processed(video) else "does not play yet",
            "licence": video.licence or "",
            "tags": ", ".join(video.tags),
            "subtitles": subtitles,
        }
        return Card(
            id=video.id,
            kind="video",
            account=video.user.name,
            url=video.link,
            at=datetime.fromtimestamp(video.at, UTC),
            title=video.name,
            text=video.description,
            pictures=tuple(_pictures(video)),
            facts={name: value for name, value in facts.items() if value},
            acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
        )

    def _event_card(self, event: Event) -> Card:
        state = _STATES.get(self.live_state(event), "")
        return Card(
            id=event.id,
            kind="live event",
            account=event.user.name,
            url=f"https://vimeo.com{event.link}",
            at=datetime.fromtimestamp(event.at, UTC),
            title=event.title,
            text=event.description,
            facts={name: value for name, value in (("state", state), ("starts", event.starts_at)) if value},
            acts=(Act.EDIT, Act.REMOVE),
        )


def _comment_card(comment: Comment) -> Card:
    return Card(
        id=comment.id,
        kind="comment",
        account=comment.author.name,
        url=f"{comment.video.link}#comment_{comment.id}",
        at=datetime.fromtimestamp(comment.at, UTC),
        text=comment.text,
        parent=comment.parent.id if comment.parent else comment.video.id,
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def _pictures(video: Video) -> list[Picture]:
    active = [one.blob for one in video.pictures.values() if one.is_active and one.blob]
    shown = [Picture(url=file_url(blob), alt=video.name) for blob in active]
    return shown + ([Picture(url=file_url(video.blob), alt=video.name, kind="video")] if video.blob else [])
