"""The publisher: upload unseen, then one call that makes it public; or host the live event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import msgspec

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Privacy
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, TerminalError, TransientError
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, LiveState, LiveStatus, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Connection, Ingest, Publisher
from socialcast.publishers.facebook import echo, live, words
from socialcast.publishers.facebook.graph import GONE, Graph, GraphAPIError, codes_of
from socialcast.publishers.facebook.photos import Photos
from socialcast.publishers.facebook.posts import (
    CLOCK_TOLERANCE,
    RECOVERY_WINDOW,
    Attempt,
    Wanted,
    find_twins,
    shown_photos,
)
from socialcast.publishers.facebook.settings import FacebookSettings, Place, version_problems
from socialcast.publishers.facebook.tables import CAPABILITIES, ERRORS, GROUPS, LIVE_RULE, TABLES, read_answer
from socialcast.publishers.facebook.videos import Videos, readiness
from socialcast.wire.transport import Exchange

__all__ = ["FacebookPublisher"]

_INVALID = 100
_PUBLIC_FLAGS = {"post": "is_published", "video": "published"}
_SCHEDULED_AHEAD = (timedelta(minutes=10), timedelta(days=30))  # Pages API, 2026-11-22
_FOLLOWERS_TO_GO_LIVE = 100


class FacebookPublisher(Publisher):
    """One place of one Page: its feed, or its live events."""

    name = "facebook"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = FacebookSettings
    settings: FacebookSettings
    sandbox_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"event": {"place": "live"}}

    def __init__(self, settings: FacebookSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        self.capabilities = TABLES[settings.place]  # type: ignore[misc]  # the class tells of both places

    @property
    def identity(self) -> str:
        """The Page and the place on it: one Page may well have a channel for each."""
        return f"{self.settings.page_id} {self.place}" if self.settings.page_id else ""

    @property
    def place(self) -> str:
        """The feed or the live events."""
        return self.settings.place.value

    def account(self) -> Account:
        """The Page. Raises NotAllowed for what is none, and for one that may not go live."""
        try:
            page = self._graph.get(self._page, fields="id,name,link" + (",followers_count" if self._is_live else ""))
        except GraphAPIError as error:
            if codes_of(error)[0] != _INVALID:
                raise
            message = f"{self._page} is not a Page that this token can see: {error.message}"
            raise NotAllowed(
                message, code=str(_INVALID), hint=f"check page_id and the token; if it is a group: {GROUPS}"
            ) from error
        followers = page.get("followers_count", _FOLLOWERS_TO_GO_LIVE)
        if self._is_live and followers < _FOLLOWERS_TO_GO_LIVE:
            raise NotAllowed(f"the Page has {followers} followers", hint=LIVE_RULE)
        return Account(id=page["id"], name=page.get("name", ""), url=words.address(page.get("link") or page["id"]))

    def access(self) -> Access:
        """The permissions of the Page's token, and its end: its own, or that of the access to data."""
        told = self._graph.get("debug_token", input_token=self.settings.access_token.reveal())["data"]
        ends = [told[name] for name in ("expires_at", "data_access_expires_at") if told.get(name)]
        expires_at = datetime.fromtimestamp(min(ends), UTC) if ends else None
        return Access(scopes=tuple(sorted(told.get("scopes", ()))), expires_at=expires_at)

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """What this place will show; the live place leaves photos and video to the feed."""
        if not self._is_live:
            return _with_video_text(super().compose(announcement, links))
        bare = msgspec.structs.replace(announcement, photos=(), video=None)
        return _without_pictures(super().compose(bare, links), announcement)

    def check(self, post: Post) -> list[Problem]:
        """A version of the API that is at or near its end, and an event that was not to be public."""
        problems = list(version_problems(self.settings.version, self.connection.clock.now()))
        if self._is_live and post.live and post.live.is_to_create and post.live.privacy is Privacy.UNLISTED:
            message = "a Page's live events are public, and this one is to be unlisted"
            fix = f'channels.{post.channel}.skip = "not for the public"'
            problems.append(Problem(code="live.privacy", path="live.privacy", message=message, fix=fix))
        return problems

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the media unpublished, or create the event."""
        if self._is_live:
            return self._event(post, steps)
        if post.video:
            return Draft(items=(Item(id=self._videos(post, steps).upload(post.video), kind="video"),))
        return Draft(items=tuple(Item(id=photo_id, kind="photo") for photo_id in self._photos(post, steps)))

    def ready(self, draft: Draft) -> Readiness:
        """One look at whether Facebook has processed the video."""
        videos = draft.ids("video")
        return readiness(self._graph, videos[0]) if videos else Readiness(ready=True)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make it public; a live event is seen once it is on the air."""
        if self._is_live:
            event = draft.items[0]
            return Receipt(id=event.id, url=event.url, items=draft.items)
        if post.video:
            return self._public("video", draft.ids("video")[0], steps)
        photo_ids = self._photos(post, steps)
        receipt = self._public("post", self._post(post, photo_ids, {}, steps), steps)
        if photo_ids and steps.is_recovering:  # a post that was found shows others than those that were sent now, if any were
            photo_ids = steps.read(lambda: shown_photos(self._graph, receipt.id))
        photos = (Item(id=photo_id, kind="photo") for photo_id in photo_ids)
        return msgspec.structs.replace(receipt, items=(*receipt.items, *photos))

    @property
    def schedules(self) -> bool:
        """Whether Facebook keeps the embargo; a live event has its own start."""
        return self.settings.schedule and not self._is_live

    def schedule(self, post: Post, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let Facebook make it public. Raises TransientError outside of the time that it takes."""
        earliest, latest = (self.connection.clock.now() + ahead for ahead in _SCHEDULED_AHEAD)
        is_done = bool(steps.recorded("post") or steps.recorded("video/schedule"))
        if not is_done and not earliest <= at <= latest:
            raise TransientError(
                "Facebook schedules 10 minutes to 30 days ahead", hint="run it again nearer to it, or with --wait"
            )
        fields = words.schedule_fields(at)
        if post.video:
            video_id = draft.ids("video")[0]
            del fields["unpublished_content_type"]  # of posts only
            steps.once("video/schedule", lambda: self._graph.set(video_id, **fields), repeatable=True)
        else:
            self._post(post, self._photos(post, steps), fields, steps)

    # -- live events -----------------------------------------------------------------------------------------------------

    def ingest(self, event: Item) -> Ingest:
        """Where to send the event's pictures to, over TLS."""
        found = live.ingest(self._graph, event.id)
        self.connection.transport.learn(found.key)
        return found

    def live_status(self, event: Item) -> LiveStatus:
        """Where the event is in its life."""
        return live.status(self._graph, event.id)

    def go_live(self, event: Item, steps: Steps) -> None:
        """Put the event on the air. Raises TerminalError where no pictures come in or the event is over."""
        status = steps.read(lambda: self.live_status(event))
        if status.state is LiveState.LIVE:
            return
        if status.state is not LiveState.SCHEDULED:
            raise TerminalError("the event is over and goes on the air only once", hint="publish a new announcement for another")
        if not status.receiving:
            raise TerminalError("no pictures arrive at Facebook", hint="start the encoder, wait some seconds, and start again")
        steps.once("live/start", lambda: self._set_live(event, status="LIVE_NOW"), repeatable=True)

    def end_live(self, event: Item, steps: Steps) -> None:
        """Take the event off the air; one that has ended stays so."""
        status = steps.read(lambda: self.live_status(event))
        if status.state not in (LiveState.ENDED, LiveState.REPLAY):
            steps.once("live/end", lambda: self._set_live(event, end_live_video=True), repeatable=True)

    # -- after publication -----------------------------------------------------------------------------------------------

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Change the text; Facebook lets the app that made a post do so."""
        field = "description" if receipt.items[0].kind in ("video", "live") else "message"
        text = "\n\n".join(post.parts)
        steps.once(name, lambda: self._graph.set(receipt.id, **{field: text}), repeatable=True)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One comment of the Page, below what it published or below somebody's comment."""
        if to and to.forbidden:
            raise NotAllowed("Facebook would refuse this answer", hint=to.forbidden)
        comment_id = steps.once(
            name,
            lambda: echo.comment(self._graph, to.id if to else receipt.id, text),
            lambda: echo.find_comment(self._graph, receipt, self._page, text, to),
        )
        told = steps.read(lambda: self._graph.get(comment_id, fields="permalink_url"))
        return Item(id=comment_id, kind="comment", url=words.address(told.get("permalink_url", "")) or receipt.url)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the post, then its photos; the video; or the event with its recording."""
        for item in receipt.items:
            steps.once(f"delete/{item.id}", lambda id=item.id: self._delete(id), repeatable=True)  # type: ignore[misc]

    def inspect(self, receipt: Receipt) -> Sight:
        """What the Page shows."""
        return echo.sight(self._graph, receipt)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """The one text, with title where there is one."""
        return echo.expected(post, super().expected(post, receipt))

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Other posts since then with the same words and as many photos; words are needed to tell."""
        if self._is_live:
            return ()
        since = (receipt.published_at or self.connection.clock.now() - RECOVERY_WINDOW) - CLOCK_TOLERANCE
        ours = {receipt.id, *(self._story_of(item) for item in receipt.items if item.kind == "video")}
        found = find_twins(self._graph, self._page, words.text_of(post), len(post.photos), since)
        twins = ((str(twin["id"]), words.address(twin.get("permalink_url", ""))) for twin in found)
        return tuple(Item(id=id, kind="post", url=url) for id, url in twins if id not in ours)

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """A hundred comments, the oldest first."""
        return echo.one_page(self._graph, receipt, self._page, since)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What Facebook counts of the post; of a live event it counts viewers only while it lasts."""
        if self._is_live:
            raise self.not_offered("counting of events")
        return echo.numbers(self._graph, receipt.items[0])

    def read_error(self, exchange: Exchange) -> Answer:
        """Code, subcode and words of an error."""
        return read_answer(exchange)

    # -- what they share -------------------------------------------------------------------------------------------------

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self.settings, self.connection, self.session)

    @property
    def _page(self) -> str:
        return self.settings.page_id

    @property
    def _is_live(self) -> bool:
        return self.settings.place is Place.LIVE

    def _videos(self, post: Post, steps: Steps) -> Videos:
        return Videos(self._graph, self._page, self.connection, post, steps)

    def _photos(self, post: Post, steps: Steps) -> list[str]:
        return Photos(self._graph, self._page, self.connection, post, scheduled=self._is_scheduled(post)).upload(steps)

    def _is_scheduled(self, post: Post) -> bool:
        return self.schedules and post.embargo is not None

    def _post(self, post: Post, photo_ids: list[str], schedule: Mapping[str, Any], steps: Steps) -> str:
        """The id of the post, made now or to be made public later."""
        fields = {**words.post_fields(post, photo_ids), **schedule}
        wanted = Wanted(words.text_of(post), tuple(photo_ids), photos_are_new=steps.is_recovering)
        attempt = Attempt(
            self._graph,
            self._page,
            self.connection.clock,
            fields,
            wanted,
            scheduled=self._is_scheduled(post),
            begun=steps.begun_at("post"),
            recovering=steps.is_recovering,
        )
        return steps.once("post", attempt.send, attempt.find)

    def _public(self, kind: str, id: str, steps: Steps) -> Receipt:
        """The receipt of a post or video, which is made public now unless it is so."""
        flag = _PUBLIC_FLAGS[kind]

        def look() -> dict[str, Any]:
            return self._seen(id, f"created_time,{flag}")

        told = steps.read(look)
        if not told.get(flag, kind == "post"):  # a post is public by its making, unless Facebook says that it waits
            is_seen = lambda: look().get(flag) or None  # noqa: E731 - one word of a call
            steps.once(f"public/{id}", lambda: self._graph.set(id, **{flag: True}), is_seen, repeatable=True)
            told = steps.read(look)
        item = Item(id=id, kind=kind, url=told["permalink_url"])
        return Receipt(id=id, url=item.url, published_at=words.moment(told.get("created_time")), items=(item,))

    def _seen(self, id: str, fields: str = "id") -> dict[str, Any]:
        """What Facebook tells of a thing, its address whole; an answer without one raises KeyError and is asked for again."""
        told = self._graph.get(id, fields=f"permalink_url,{fields}")
        return {**told, "permalink_url": words.address(told["permalink_url"])}

    def _event(self, post: Post, steps: Steps) -> Draft:
        wanted = post.live
        if wanted is None or not wanted.is_to_create:
            raise TerminalError("there is no live event to host", hint="give the announcement a live.starts_at")
        event_id = steps.once(
            "live",
            lambda: live.create(self._graph, self._page, post, wanted),
            lambda: live.find(self._graph, self._page, post, wanted),
        )
        event = Item(id=event_id, kind="live", url=steps.read(lambda: self._seen(event_id))["permalink_url"])
        return Draft(items=(event,), links={"live": event.url})

    def _story_of(self, video: Item) -> str:
        """The post that shows a video."""
        return str(self._graph.get(video.id, fields="post_id").get("post_id", ""))

    def _set_live(self, event: Item, **fields: Any) -> str:
        """Facebook answers with the event's id, or with its success."""
        told = self._graph.post(event.id, **fields)
        return "done" if told.get("id") or told.get("success") else ""

    def _delete(self, id: str) -> str:
        """Delete one thing; what is gone already is deleted."""
        try:
            return self._graph.delete(id)
        except GraphAPIError as error:
            if codes_of(error) != GONE:
                raise
            return "deleted"


def _with_video_text(post: Post) -> Post:
    """The post with what belongs to its video in the text, since Facebook has no fields for it."""
    if post.video is None or (text := words.video_text(post, post.video)) == words.text_of(post):
        return post
    message = "Facebook has no fields for a video's description, credit and chapters: they end the text"
    return _adapted(msgspec.structs.replace(post, parts=(text,)), "video.in_text", message)


def _without_pictures(post: Post, announcement: Announcement) -> Post:
    """The event's post, which names what the event does not show."""
    if announcement.photos or announcement.video:
        post = _adapted(post, "live.without_media", "the live event shows none of the photos and videos")
    return post


def _adapted(post: Post, code: str, message: str) -> Post:
    adaptation = Adaptation(code=code, message=message, routine=True)
    return msgspec.structs.replace(post, adaptations=(*post.adaptations, adaptation))
