"""The publisher: upload privately, add poster, captions and playlist, make it public, and look whether it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import Any, ClassVar

from googleapiclient.errors import HttpError

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Live, Privacy
from socialcast.model.cost import Cost
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, PublishError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, LiveStatus, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Ingest, Publisher
from socialcast.publishers.youtube import echo, quota, words
from socialcast.publishers.youtube.additions import Additions
from socialcast.publishers.youtube.checks import problems
from socialcast.publishers.youtube.client import CAPTIONS_SCOPE, MANAGING_SCOPES, YoutubeClient
from socialcast.publishers.youtube.errors import ERRORS, read_answer, seconds_to_wait
from socialcast.publishers.youtube.live import LiveEvents
from socialcast.publishers.youtube.tables import CAPABILITIES, UNVERIFIED_MAX_SECONDS, YoutubeSettings
from socialcast.publishers.youtube.uploads import VideoUpload
from socialcast.publishers.youtube.visibility import make_public, make_public_at, readiness, require_public, seen_privacy
from socialcast.wire.transport import Exchange

__all__ = ["YoutubePublisher"]

_WATCH = "https://www.youtube.com/watch?v="
_NOT_FOUND = 404


class YoutubePublisher(Publisher):
    """One YouTube channel."""

    name = "youtube"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = YoutubeSettings
    settings: YoutubeSettings
    sandbox_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"playlist": {"playlist": "Open doors"}}

    @property
    def identity(self) -> str:
        """The token, which belongs to one channel."""
        return self.settings.refresh_token.reveal()

    def account(self) -> Account:
        """The channel, and how long its videos may be. Raises NotAllowed for a token that may only upload or read."""
        self._api.require_scope(MANAGING_SCOPES, "publishing")
        channel = self._channel
        status = channel.get("status", {}).get("longUploadsStatus", "allowed")
        limits = {} if status == "allowed" else {"video.max_seconds": UNVERIFIED_MAX_SECONDS}
        url = f"https://www.youtube.com/channel/{channel['id']}"
        return Account(id=channel["id"], name=channel["snippet"]["title"], url=url, limits=limits)

    def access(self) -> Access:
        """The scopes of the token; YouTube tells nothing of what is left of the day's quota."""
        return Access(scopes=tuple(sorted(scope.rpartition("/")[2] for scope in self._api.http.granted_scopes())))

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """Title and description, with body, chapters, credit and licence; what YouTube does not take is named."""
        said = self.said(announcement)
        return words.adapted(super().compose(announcement, links), said)

    def check(self, post: Post) -> list[Problem]:
        """Tags that are too long together, an event that says too much, and schedules that YouTube does not keep."""
        return problems(post, self.settings)

    def cost(self, post: Post) -> tuple[Cost, ...]:
        """What publishing this takes from each bucket of the project's daily quota; pure."""
        return quota.cost(post, playlist=bool(self.settings.playlist))

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Make the event and upload the video, both private, with all that belongs to them."""
        steps.read(lambda: self._require_captions_scope(post))
        items = [*self._live_items(post, steps), *self._video_items(post, steps)]
        additions = self._additions(post, steps)
        if self.settings.playlist:
            playlist_id = additions.playlist()
            for item in items:
                additions.put_in(playlist_id, item.kind, item.id)
            items.append(Item(id=playlist_id, kind="playlist"))
        return Draft(items=tuple(items), links={item.kind: item.url for item in items if item.url})

    def ready(self, draft: Draft) -> Readiness:
        """Whether the video is processed; raises TerminalError with the reason where YouTube will not show it."""
        for video_id in draft.ids("video"):
            return readiness(self._api.one("videos.list", video_id, "status,processingDetails"))
        return Readiness(ready=True)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make the video and the event public, and look whether they are."""
        media = tuple(item for item in draft.items if item.url)
        for item in media:
            seen = partial(seen_privacy, self._api, item.id)
            steps.once(f"public/{item.kind}", self._making_public(post, item), seen, repeatable=True)
            steps.read(partial(require_public, self._api, item.id))
        for playlist_id in draft.ids("playlist"):
            self._additions(post, steps).open_playlist(playlist_id)
        main = next((item for item in media if item.kind == "video"), media[0])
        return Receipt(id=main.id, url=main.url, items=media)

    @property
    def schedules(self) -> bool:
        """Whether YouTube makes the video public at the end of an embargo; it does so to everybody or not at all."""
        return self.settings.schedule and self.settings.privacy is Privacy.PUBLIC

    def schedule(self, post: Post, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let YouTube make the video public at that time."""
        for video_id in draft.ids("video"):
            steps.once("schedule", partial(make_public_at, self._api, video_id, at), repeatable=True)

    def ingest(self, event: Item) -> Ingest:
        """Where an encoder sends the event's pictures to."""
        ingest = self._live.ingest(event)
        self.connection.transport.learn(ingest.key)
        return ingest

    def live_status(self, event: Item) -> LiveStatus:
        """Where the event is in its life, whether pictures come in, and how many watch."""
        return self._live.status(event)

    def go_live(self, event: Item, steps: Steps) -> None:
        """Put the event on the air. Raises TerminalError where no pictures come in."""
        self._live.start(event, steps)

    def end_live(self, event: Item, steps: Steps) -> None:
        """Take the event off the air; its recording stays at the same address."""
        self._live.end(event, steps)

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Title, description, tags and licence of the video and of the event, and when that is and how it is played and shown."""
        for item in (item for item in receipt.items if item.kind in ("video", "live")):
            if item.kind == "live" and post.live:
                self._amend_event(item, post, post.live, steps, name)
            steps.once(f"{name}/{item.id}", partial(self._amend, item, post), repeatable=True)
        return receipt

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the video, the event, and answers; what is gone is gone."""
        operations = {"video": "videos.delete", "live": "liveBroadcasts.delete", "comment": "comments.delete"}
        for item in receipt.items:
            steps.once(f"delete/{item.id}", self._deleting(operations[item.kind], item.id), repeatable=True)

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One comment of the channel, below the video or below somebody's comment; on the second level it names them."""
        if to and to.forbidden:
            raise NotAllowed("YouTube would refuse this answer", hint=to.forbidden)
        said = f"{to.author} {text}" if to and "." in to.id else text
        id = steps.once(
            name,
            lambda: echo.comment(self._api, receipt.id, said, to),
            lambda: echo.find_comment(self._api, receipt.id, self._channel["id"], said, to),
        )
        return Item(id=id, kind="comment", url=f"{_WATCH}{receipt.id}&lc={id}")

    def inspect(self, receipt: Receipt) -> Sight:
        """Title and description, as YouTube shows them."""
        return echo.sight(self._api, receipt.items)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """Those of the video and of the event."""
        return echo.expected(post, receipt.items)

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """A hundred threads of comments, the newest first."""
        return echo.one_page(self._api, receipt.items, self._channel["id"], since)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What YouTube counts of the video and of the event."""
        return echo.numbers(self._api, receipt.items)

    def read_error(self, exchange: Exchange) -> Answer:
        """Reason and words of an error."""
        return read_answer(exchange)

    def judge(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """What became of a call; a quota that is used up tells until when, which YouTube itself does not."""
        judged = super().judge(error, exchanges, writing=writing)
        if isinstance(judged, PublishError) and judged.retry_after is None:
            judged.retry_after = seconds_to_wait(judged.code, self.connection.clock.now())
        return judged

    # -- what it stands on -----------------------------------------------------------------------------------------------

    @cached_property
    def _api(self) -> YoutubeClient:
        return YoutubeClient(self.settings, self.session, self.connection.transport.learn)

    @cached_property
    def _live(self) -> LiveEvents:
        return LiveEvents(self._api, self.settings)

    @cached_property
    def _channel(self) -> dict[str, Any]:
        found = self._api.call("channels.list", part="snippet,contentDetails,status", mine=True).get("items")
        if not found:
            raise NotAllowed("the Google account has no YouTube channel", hint="make one at youtube.com/create_channel")
        channel: dict[str, Any] = found[0]
        return channel

    def _uploads_playlist(self) -> str:
        return str(self._channel["contentDetails"]["relatedPlaylists"]["uploads"])

    def _additions(self, post: Post, steps: Steps) -> Additions:
        return Additions(self._api, self.settings, post, steps, self.connection.cache_folder)

    # -- the steps -------------------------------------------------------------------------------------------------------

    def _require_captions_scope(self, post: Post) -> None:
        if post.video and post.video.subtitles:
            self._api.require_scope(frozenset({CAPTIONS_SCOPE}), "adding captions")

    def _live_items(self, post: Post, steps: Steps) -> list[Item]:
        if not (post.live and post.live.is_to_create):
            return []
        event_id = self._live.create(post, post.live, steps)
        self._additions(post, steps).poster("live", event_id, post.live.poster)
        return [Item(id=event_id, kind="live", url=_WATCH + event_id)]

    def _video_items(self, post: Post, steps: Steps) -> list[Item]:
        if not (video := post.video):
            return []
        video_id = VideoUpload(self._api, self.settings, post, video, steps, self._uploads_playlist).id()
        additions = self._additions(post, steps)
        additions.poster("video", video_id, video.poster)
        additions.captions(video_id, video.subtitles)
        return [Item(id=video_id, kind="video", url=_WATCH + video_id)]

    def _making_public(self, post: Post, item: Item) -> Callable[[], str]:
        if item.kind == "live" and post.live:
            privacy = words.privacy_of_live(post.live, self.settings)
            return lambda: make_public(self._api, item.id, privacy, None)
        size_bytes = post.video.content.size if post.video else None
        return lambda: make_public(self._api, item.id, self.settings.privacy.value, size_bytes)

    def _amend(self, item: Item, post: Post) -> str:
        video = self._api.one("videos.list", item.id, "status")
        body = words.amended_body(video, post, item.kind, self.settings)
        return str(self._api.call("videos.update", part="snippet,status", body=body).get("id", ""))

    def _amend_event(self, event: Item, post: Post, live: Live, steps: Steps, name: str) -> None:
        steps.once(f"{name}/{event.id}/event", partial(self._live.change, event, post, live), repeatable=True)
        if live.poster:
            same = f"live/{live.poster.content.sha256}"  # one that was set stays, whatever else is corrected
            self._additions(post, steps).poster(same, event.id, live.poster)

    def _deleting(self, operation: str, id: str) -> Callable[[], str]:
        def send() -> str:
            try:
                self._api.call(operation, id=id)
            except HttpError as error:
                if error.status_code != _NOT_FOUND:
                    raise
            return "deleted"

        return send
