"""The publisher: a video that exists unseen, takes its bytes and additions, and is made public; and live events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property, partial
from typing import Any, ClassVar

import requests

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, PublishError, TerminalError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, LiveStatus, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Ingest, Publisher
from socialcast.publishers.vimeo import comments, echo, words
from socialcast.publishers.vimeo.additions import Additions
from socialcast.publishers.vimeo.api import NOT_FOUND, Api
from socialcast.publishers.vimeo.live import LiveEvents
from socialcast.publishers.vimeo.tables import CAPABILITIES, ERRORS, VimeoSettings, read_answer, seconds_until_reset
from socialcast.publishers.vimeo.uploads import VideoUpload, id_of
from socialcast.wire.transport import Exchange

__all__ = ["VimeoPublisher"]

_SCOPES = frozenset({"private", "upload", "edit"})
_LIVE_SCOPES = frozenset({"private", "create", "edit"})
_PATHS = {"video": "/videos", "live": "/me/live_events"}
_UPLOADED_BEFORE = timedelta(days=1)  # how long a video that is public may have been there
_LOOK_AGAIN_SECONDS = 10.0


class VimeoPublisher(Publisher):
    """One account on Vimeo."""

    name = "vimeo"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = VimeoSettings
    settings: VimeoSettings
    sandbox_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"showcase": {"showcase": "8800"}}

    @property
    def identity(self) -> str:
        """The token, which belongs to one account."""
        return self.settings.access_token.reveal()

    def account(self) -> Account:
        """The account, and how much it may still upload. Raises NotAllowed for a token that lacks a scope."""
        self._api.require_scopes(_SCOPES)
        me = self._api.call("GET", "/me", fields="uri,name,link,upload_quota")
        free = _free_bytes(me)
        limits = {"video.max_bytes": free} if free is not None else {}
        return Account(id=id_of(me["uri"]), name=me["name"], url=me["link"], limits=limits)

    def access(self) -> Access:
        """The scopes of the token, which does not expire, and the bytes that may still be uploaded."""
        free = _free_bytes(self._api.call("GET", "/me", fields="upload_quota"))
        return Access(scopes=tuple(sorted(self._api.scopes())), left={} if free is None else {"bytes": free})

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """Title and description, with body, chapters, credit and licence."""
        said = self.said(announcement)
        return words.adapted(super().compose(announcement, links), said)

    def check(self, post: Post) -> list[Problem]:
        """A video and an event have a title."""
        if post.title or not (post.video or post.live):
            return []
        return [Problem(code="title.missing", path="title", message="Vimeo shows nothing without a title", fix="give it one")]

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Make event and video, which nobody sees, and send the video's bytes and all that belongs to it."""
        items = [*self._event(post, steps), *self._video(post, steps)]
        return Draft(items=tuple(items), links={item.kind: item.url for item in items})

    def ready(self, draft: Draft) -> Readiness:
        """Whether the video is transcoded."""
        for video_id in draft.ids("video"):
            told = self._api.call("GET", f"/videos/{video_id}", fields="upload.status,transcode.status")
            return _readiness(told)
        return Readiness(ready=True)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Let everybody see it, with its own words."""
        for item in draft.items:
            opened = partial(self._opened, post, item)
            steps.once(f"public/{item.kind}", partial(self._open, post, item), opened, repeatable=True)
        main = next((item for item in draft.items if item.kind == "video"), draft.items[0])
        return Receipt(id=main.id, url=main.url, items=draft.items)

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Change title, description, licence and tags of the video, and all of the event."""
        for item in _by_kind(receipt, "video"):
            self._additions(f"/videos/{item.id}", steps).change_tags(words.tag_names(post), f"{name}/tags")
        for item in sorted(receipt.items, key=lambda item: item.id == receipt.id):  # the step of that name ends it
            step = name if item.id == receipt.id else f"{name}/{item.kind}"
            steps.once(step, partial(self._change, post, item), repeatable=True)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One comment below the video, or below what somebody wrote there."""
        if to and to.forbidden:
            raise NotAllowed("Vimeo would refuse this answer", hint=to.forbidden)
        if not (videos := _by_kind(receipt, "video")):
            raise self.not_offered("comments on live events")
        video, own_uri = videos[0], steps.read(lambda: self._own_uri)
        place = comments.place_of(video, to)
        said = self._answer_words(place, text, to, steps, name)
        uri = steps.once(
            name,
            lambda: comments.add(self._api, place, said),
            lambda: comments.find(self._api, place, said, own_uri, to),
        )
        return Item(id=uri, kind="comment", url=f"{video.url}#comment_{id_of(uri)}")

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete answers, then video and event; what is gone is gone."""
        for item in sorted(receipt.items, key=lambda item: item.kind != "comment"):
            path = item.id if item.kind == "comment" else f"{_PATHS[item.kind]}/{item.id}"
            steps.once(f"delete/{item.id}", self._deleting(path), repeatable=True)

    def inspect(self, receipt: Receipt) -> Sight:
        """Title, description and licence, as Vimeo shows them, and where the event stands."""
        return echo.sight(self._api, receipt.items)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """Those of the video and of the event."""
        return echo.expected(post, receipt.items)

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Other videos since then with the same words."""
        if post.video is None:
            return ()
        since = receipt.published_at and receipt.published_at - _UPLOADED_BEFORE
        return tuple(echo.twins(self._api, post, receipt.items, since))

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """A hundred comments below the video with what answers them; below an event's page there are none."""
        video = _by_kind(receipt, "video")
        return comments.one_page(self._api, video[0], self._own_uri, since) if video else Replies()

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What Vimeo counts of the video."""
        return tuple(echo.numbers(self._api, _by_kind(receipt, "video")))

    def ingest(self, event: Item) -> Ingest:
        """Where an encoder sends the event's pictures to."""
        ingest = self._live.ingest(event)
        self.connection.transport.learn(ingest.key)
        return ingest

    def live_status(self, event: Item) -> LiveStatus:
        """Where the event is in its life."""
        return self._live.status(event)

    def go_live(self, event: Item, steps: Steps) -> None:
        """Activate the event; it is on the air as soon as pictures come in."""
        self._live.start(event, steps)

    def end_live(self, event: Item, steps: Steps) -> None:
        """Take the event off the air; its recording follows."""
        self._live.end(event, steps)

    def read_error(self, exchange: Exchange) -> Answer:
        """Code and words of an error."""
        return read_answer(exchange)

    def judge(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """What became of a call; a rate limit tells its end in a header of its own."""
        judged = super().judge(error, exchanges, writing=writing)
        if isinstance(judged, PublishError) and judged.retry_after is None:
            judged.retry_after = seconds_until_reset(exchanges[-1] if exchanges else None, self.connection.clock.now())
        return judged

    # -- the steps -------------------------------------------------------------------------------------------------------

    @cached_property
    def _api(self) -> Api:
        return Api(self.settings.access_token, self.session)

    @cached_property
    def _own_uri(self) -> str:
        return str(self._api.call("GET", "/me", fields="uri")["uri"])

    @cached_property
    def _live(self) -> LiveEvents:
        return LiveEvents(self._api)

    def _event(self, post: Post, steps: Steps) -> list[Item]:
        if not (post.live and post.live.is_to_create):
            return []
        steps.read(lambda: self._api.require_scopes(_LIVE_SCOPES))
        return [self._live.create(post, post.live, steps)]

    def _video(self, post: Post, steps: Steps) -> list[Item]:
        if not (video := post.video):
            return []
        created = VideoUpload(self._api, self.settings, post, video, steps).created()
        additions = self._additions(created["uri"], steps)
        additions.poster(video.poster)
        for track in video.subtitles:
            additions.subtitles(track)
        additions.tags(words.tag_names(post))
        additions.showcase(self.settings.showcase)
        return [Item(id=id_of(created["uri"]), kind="video", url=created["link"])]

    def _additions(self, uri: str, steps: Steps) -> Additions:
        return Additions(self._api, uri, steps, self.connection.cache_folder)

    def _open(self, post: Post, item: Item) -> str:
        if item.kind == "live" and post.live:
            return self._patch(f"/me/live_events/{item.id}", words.opened_event(post, post.live, self.settings))
        return self._patch(f"/videos/{item.id}", words.opened_video(post, self.settings))

    def _change(self, post: Post, item: Item) -> str:
        if item.kind == "live" and post.live:
            return self._patch(f"/me/live_events/{item.id}", words.changed_event(post, post.live, self.settings))
        return self._patch(f"/videos/{item.id}", words.changed_video(post))

    def _answer_words(self, place: str, text: str, to: Reply | None, steps: Steps, name: str) -> str:
        """What is said, the same in every run: what another run looks for is what this one sends."""
        if (known := steps.recorded(name)) is not None:
            return str(known)
        return str(steps.note(f"{name}/words", steps.read(lambda: comments.answer_words(self._api, place, text, to))))

    def _opened(self, post: Post, item: Item) -> str | None:
        """Something where it has its own words in place of the mark."""
        field = "stream_description" if item.kind == "live" else "description"
        told = self._api.call("GET", f"{_PATHS[item.kind]}/{item.id}", fields=field).get(field)
        return None if told == words.mark(post, item.kind) else "opened"

    def _patch(self, path: str, body: Mapping[str, Any]) -> str:
        return str(self._api.call("PATCH", path, body, fields="uri").get("uri", ""))

    def _deleting(self, path: str) -> Callable[[], str]:
        def send() -> str:
            try:
                self._api.call("DELETE", path)
            except requests.HTTPError as error:
                if error.response.status_code != NOT_FOUND:
                    raise
            return "deleted"

        return send


def _by_kind(receipt: Receipt, kind: str) -> list[Item]:
    return [item for item in receipt.items if item.kind == kind]


def _readiness(told: Mapping[str, Any]) -> Readiness:
    """Raises TerminalError for a video that Vimeo will not show."""
    states = [(told.get(part) or {}).get("status", "") for part in ("upload", "transcode")]
    if "error" in states:
        raise TerminalError("Vimeo could not process the video", hint="encode it anew: H.264 with AAC in MP4")
    return Readiness(ready=states == ["complete", "complete"], look_again_after_seconds=_LOOK_AGAIN_SECONDS)


def _free_bytes(me: Mapping[str, Any]) -> int | None:
    free = ((me.get("upload_quota") or {}).get("space") or {}).get("free")
    return None if free is None else int(free)
