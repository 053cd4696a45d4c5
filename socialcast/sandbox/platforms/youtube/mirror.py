"""The mirror of YouTube: its hosts, its routes and what the public sees of it."""

from __future__ import annotations

from werkzeug.utils import send_file

from socialcast.sandbox.mirror import Act, Card, Picture, Request, Response
from socialcast.sandbox.platforms.youtube.access import stamp
from socialcast.sandbox.platforms.youtube.comments import Comment, Comments
from socialcast.sandbox.platforms.youtube.live import Broadcast
from socialcast.sandbox.platforms.youtube.tables import ROUTES
from socialcast.sandbox.platforms.youtube.videos import Video

__all__ = ["YoutubeMirror"]

_FILES = "https://i.ytimg.com/media/"
_STATES = {"testing": "in preview", "live": "live now", "complete": "recording of a live event"}


class YoutubeMirror(Comments):
    """YouTube as a client of its API and a visitor of its site meet it."""

    name = "youtube"
    HOSTS = (
        "www.googleapis.com",
        "youtube.googleapis.com",
        "oauth2.googleapis.com",
        "www.youtube.com",
        "youtu.be",
        "i.ytimg.com",
    )
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """The public videos and events with their comments, newest first."""
        public = [video for video in reversed(self.videos.values()) if self.privacy(video) == "public"]
        shown = [self._card(video) for video in public if not (video.failure or video.rejection)]
        known = {card.id for card in shown}
        comments = reversed(self.comments.values())
        return [*shown, *(_comment_card(one) for one in comments if one.is_public and one.video.id in known)]

    def get_file(self, request: Request, file: str) -> Response:
        """A video, thumbnail or track of a video that somebody may see."""
        for video in self.videos.values():
            files = [video.blob, video.thumbnail, *(caption.blob for caption in video.captions.values())]
            blob = next((blob for blob in files if blob and blob.sha256 == file), None)
            if blob and self.privacy(video) != "private":
                kind = "video/mp4" if blob is video.blob else "image/jpeg" if blob is video.thumbnail else "text/vtt"
                response = send_file(blob.path, request.environ, mimetype=kind, conditional=True)
                response.direct_passthrough = False  # otherwise the request is not closed with the answer
                return response
        return Response(status=404)

    def _card(self, video: Video) -> Card:
        broadcast = self.broadcasts.get(video.id)
        return Card(
            id=video.id,
            kind="live event" if broadcast else "video",
            account=video.channel.name,
            url=f"https://www.youtube.com/watch?v={video.id}",
            at=video.at,
            title=video.snippet["title"],
            text=video.snippet["description"],
            pictures=tuple(_pictures(video)),
            facts=self._facts(video, broadcast),
            acts=(Act.REPLY, Act.EDIT, Act.REMOVE) if self._takes_comments(video) else (Act.EDIT, Act.REMOVE),
        )

    def _facts(self, video: Video, broadcast: Broadcast | None) -> dict[str, str]:
        told = {
            "licence": "Creative Commons Attribution" if video.status.get("license") == "creativeCommon" else "",
            "tags": ", ".join(video.snippet.get("tags") or ()),
            "subtitles": ", ".join(sorted(caption.language for caption in video.captions.values())),
            "playlists": ", ".join(p.title for p in self.playlists.values() for id in p.places.values() if id == video.id),
            "state": _STATES.get(broadcast.state, f"upcoming: {broadcast.starts_at}") if broadcast else "",
        }
        return {name: words for name, words in told.items() if words}


def _comment_card(comment: Comment) -> Card:
    return Card(
        id=comment.id,
        kind="comment",
        account=comment.author.name,
        url=f"https://www.youtube.com/watch?v={comment.video.id}&lc={comment.id}",
        at=comment.at,
        text=comment.text,
        parent=comment.parent.id if comment.parent else comment.video.id,
        facts={"edited": stamp(comment.edited_at)} if comment.edited_at else {},
        acts=tuple(Act),
    )


def _pictures(video: Video) -> list[Picture]:
    shown = []
    if video.thumbnail:
        shown.append(Picture(url=_FILES + video.thumbnail.sha256, alt="", caption="thumbnail"))
    if video.blob:
        shown.append(Picture(url=_FILES + video.blob.sha256, alt=video.snippet["title"], kind="video"))
    return shown
