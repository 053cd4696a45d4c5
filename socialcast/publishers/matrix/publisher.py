"""The publisher: a text, then a message for each photo and the video, in one room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

import babel  # noqa: F401 - the date of an embargo; missing, it is named with its extra
import msgspec
import requests

from socialcast.compose.markup import markdown
from socialcast.compose.words import embargo_line
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Audience
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import ConfigurationError, Conflict, OutcomeUnknown, RateLimited, TerminalError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Account, Draft, Item, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Publisher
from socialcast.publishers.matrix import dialogue, echo, events
from socialcast.publishers.matrix.api import Api, path
from socialcast.publishers.matrix.media import Files, Uploads
from socialcast.publishers.matrix.rooms import Rooms
from socialcast.publishers.matrix.tables import CAPABILITIES, ERRORS, MAX_CONTENT_BYTES, MatrixSettings
from socialcast.wire.transport import Exchange
from socialcast.wire.wording import field_names

__all__ = ["MatrixPublisher"]

_USER = re.compile(r"@[^:\s\x00-\x20]+:[A-Za-z0-9.\-\[\]:]+")  # historical ids have more characters than new ones may
_MAX_USER_BYTES = 255
_CLOCKS_APART = timedelta(hours=1)  # ours and the server's, which tells the time of its events


class MatrixPublisher(Publisher):
    """One room, written in by one account."""

    name = "matrix"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = MatrixSettings
    settings: MatrixSettings
    sandbox_settings: ClassVar[Mapping[str, Any]] = {
        "homeserver": "https://matrix.example",
        "room": "#press:matrix.example",
        "room_name": "Press room",
    }

    @classmethod
    def sandbox_wishes(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The server, and the room where it is not one that can be made on the sandbox's own."""
        room, own = str(settings.get("room", "")), str(cls.sandbox_settings["room"])
        is_own = room.partition(":")[2] == own.partition(":")[2]
        return {"host": urlsplit(settings.get("homeserver", "")).netloc, **({} if is_own else {"room": room})}

    def require_credentials(self) -> None:
        """Raise ConfigurationError without a token, or a user and a password."""
        if not self.settings.access_token and not (self.settings.user and self.settings.password):
            raise ConfigurationError(f"channel {self.connection.channel!r}: set access_token, or user and password")

    @property
    def identity(self) -> str:
        """The account and the room, as the settings name them."""
        settings = self.settings
        who = settings.user or (settings.access_token.reveal() if settings.access_token else "")
        return f"{settings.homeserver} {who} {self.place}"

    @property
    def place(self) -> str:
        """The room."""
        return self.settings.room

    def account(self) -> Account:
        """Who writes, and the largest file that the server takes. Raises NotAllowed for a room that is not fit."""
        room = self._rooms.look()
        most = self._api.max_upload_bytes()
        limits = {"photos.max_bytes": most, "video.max_bytes": most} if most is not None else {}
        url = self._address(room) if room else ""
        return Account(id=self._api.user_id, name=self._api.user_id, url=url, limits=limits)

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """The text below its title, and below it the long form, as Markdown; for the press the embargo stands first."""
        post, said, wording = super().compose(announcement, links), self.said(announcement), self.connection.wording
        words = [markdown(part) for part in post.parts]
        is_titled = bool(said.title and said.text) and "title" not in field_names(wording.template)
        title = f"# {markdown(' '.join(said.title.split()))}" if is_titled else ""
        embargo = embargo_line(post, wording.time_zone) if self.connection.audience is Audience.PRESS else ""
        parts = (f"**{markdown(embargo)}**" if embargo else "", title, *words, said.body.strip())
        return msgspec.structs.replace(post, parts=("\n\n".join(filter(None, parts)),))

    def check(self, post: Post) -> list[Problem]:
        """Who cannot be invited, a text that no event holds, and an answer to what is no message."""
        return [*self._malformed(), *_too_many_bytes(post), *_no_message(post)]

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Find or make the room, which nobody else is in yet, and upload the media."""
        room = self._rooms.enter(steps)
        self._uploads.pictures(post, steps)
        if post.video:
            self._uploads.film(post.video, steps)
        return Draft(items=(Item(id=room, kind="room"),))

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Look once more who can read it, invite, and write: the text, then every photo, then the video."""
        (room,) = draft.ids("room")
        steps.read(partial(self._rooms.require_fit, room))
        invited = self._rooms.invite(room, tuple(dict.fromkeys(self.settings.invite)), steps)
        items = [self._written(room, kind, name, content, post, steps) for name, kind, content in self._messages(post, steps)]
        return Receipt(id=items[0].id, url=items[0].url, items=tuple(items), remark=invited.remark)

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Edit the text, and what stands below photos and video. Raises TerminalError where there was no text, and for more
        than a message holds."""
        if post.parts and post.parts[0] and receipt.items[0].kind != "post":
            raise TerminalError("it was published without a text that could be edited", hint="take it back and publish it anew")
        if problems := list(_too_many_bytes(post)):
            raise TerminalError(problems[0].message, hint=problems[0].fix)
        room, ids = self._room_of(steps), [item.id for item in receipt.items]
        found = steps.read(partial(echo.shown, self._api, room, ids))
        for item, content in zip(receipt.items, echo.contents(post, receipt, found), strict=True):
            step = name if item.kind == "post" else f"{name}/{item.id}"
            if content is None or (echo.says(found[item.id], content) and not steps.begun_at(step)):
                continue
            self._write(room, step, events.transaction(receipt.id, step), events.edit(content, item.id), steps)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One message in the thread below it, or as a reply to what somebody said, where they said it."""
        room, content = self._room_of(steps), events.message(markdown(text))
        if to:
            content = events.answer(content, steps.read(partial(self._said, room, to)))
        else:
            content = events.in_thread(content, receipt.id)
        event = self._write(room, name, events.transaction(receipt.id, name), content, steps)
        return Item(id=event, kind="post", url=self._address(room, event))

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """The text and a message for each photo, in the thread below the first message."""
        room, items = self._room_of(steps), []
        for step, kind, content in self._messages(post, steps, f"{name}/"):
            transaction = events.transaction(receipt.id, step)
            event = self._write(room, step, transaction, events.in_thread(content, receipt.id), steps)
            items.append(Item(id=event, kind=kind, url=self._address(room, event)))
        return tuple(items)

    def inspect(self, receipt: Receipt) -> Sight:
        """The messages as members see them, with their edits."""
        return echo.sight(self._api, self._rooms.find(), receipt.items)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """The text, and what stands below each photo and the video."""
        return echo.expected(post, receipt)

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """What else in the room has one of the announcement's transaction ids in its field."""
        room, known = self._rooms.find(), {item.id for item in receipt.items}
        steps = ["post/text", "post/video", *(f"post/photo/{number + 1}" for number in range(len(post.photos)))]
        markers = {events.transaction(post.key, post.channel, step) for step in steps}
        found = (event for event in self._api.own_messages(room) if event["content"].get(events.MARKER) in markers)
        ids = [str(event["event_id"]) for event in found if event["event_id"] not in known]
        return tuple(Item(id=id, kind="post", url=self._address(room, id)) for id in ids)

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """What was said of it in the room, page by page; in a room for the press, also what answers nothing."""
        is_press = self.connection.audience is Audience.PRESS
        return dialogue.page(self._api, self._rooms.find(), receipt, since, hears_all=is_press)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """How many reactions each message has."""
        return echo.numbers(self._api, self._rooms.find(), receipt.items)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Redact the messages, and first their edits, which would go on telling it; the last one first."""
        room = self._begun_in(steps)
        for item in reversed(receipt.items):
            for event in [*steps.read(partial(self._api.edits, room, item.id)), item.id]:
                steps.once(f"redact/{event}", partial(self._redact, room, event), repeatable=True)

    def read_error(self, exchange: Exchange) -> Answer:
        """The server's code and words."""
        told = exchange.json() if (exchange.status or 0) >= 400 else None
        return Answer(str(told.get("errcode", "")), str(told.get("error", ""))) if isinstance(told, dict) else Answer()

    def judge(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """As everywhere; how long to wait, older servers tell in the body alone."""
        judged = super().judge(error, exchanges, writing=writing)
        if isinstance(judged, RateLimited) and judged.retry_after is None:
            judged.retry_after = _retry_after(exchanges[-1].json())
        return judged

    # -- the room and what is in it --------------------------------------------------------------------------------------

    @cached_property
    def _api(self) -> Api:
        api = Api(self.settings, self.connection, self.session)
        self.session.mount("mxc://", Files(api))
        return api

    @cached_property
    def _rooms(self) -> Rooms:
        return Rooms(self._api, self.settings, self.connection.audience)

    @cached_property
    def _uploads(self) -> Uploads:
        return Uploads(self._api, self.connection.cache_folder)

    def _messages(self, post: Post, steps: Steps, prefix: str = "") -> Iterator[tuple[str, str, events.Content]]:
        """What is written, in order: the step's name, the kind of item, and the content."""
        if post.parts and post.parts[0]:
            text = events.message(post.parts[0])
            answered = events.read_address(post.reply_to)
            yield f"{prefix}post/text", "post", events.reply(text, answered[1]) if answered else text
        for number, content in enumerate(self._uploads.pictures(post, steps, prefix), 1):
            yield f"{prefix}post/photo/{number}", "photo", content
        if post.video:
            yield f"{prefix}post/video", "video", self._uploads.film(post.video, steps, prefix)

    def _said(self, room: str, reply: Reply) -> dict[str, Any]:
        """What somebody said. Raises TerminalError where it is gone."""
        event = self._api.event(room, reply.id)
        if event is None or not event["content"]:
            raise TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")
        return event

    def _written(self, room: str, kind: str, name: str, content: events.Content, post: Post, steps: Steps) -> Item:
        event = self._write(room, name, events.transaction(post.key, post.channel, name), content, steps)
        return Item(id=event, kind=kind, url=self._address(room, event))

    def _write(self, room: str, name: str, transaction: str, content: events.Content, steps: Steps) -> str:
        """The event, of which the room holds one whatever becomes of the answer. Raises Conflict for one that was taken back."""
        # under the same transaction a server would give the event that was taken back
        sent_as = events.transaction(transaction, steps.generation) if steps.generation else transaction
        where = path("/rooms/{}/send/m.room.message/{}", room, sent_as)
        begun_at = steps.begun_at(name)
        marked = {**content, events.MARKER: transaction}
        return steps.once(name, partial(self._put, room, where, marked), partial(self._find, room, marked, begun_at))

    def _put(self, room: str, where: str, content: Mapping[str, Any]) -> str:
        """The event. Raises Conflict where the server gives one that was taken back, in place of another: a ledger that was lost
        does not tell of that. Raises OutcomeUnknown where it does not give one to look at: that call happened all the same."""
        event = self._api.put(where, content)
        try:
            shown = self._api.event(room, event)
        except requests.RequestException as error:
            raise OutcomeUnknown(f"{self._address(room, event)} was sent, and cannot be looked at") from error
        if shown is not None and not shown["content"]:
            hint = "what was taken back is not published again under its key: give the announcement another"
            raise Conflict(f"{self._address(room, event)} was taken back", hint=hint)
        return event

    def _find(self, room: str, wanted: Mapping[str, Any], begun_at: datetime | None) -> str | None:
        """The event that holds the marker; a machine that knows no time looks through all that the account wrote there."""
        earliest = (begun_at - _CLOCKS_APART).timestamp() * 1000 if begun_at else 0
        for event in self._api.own_messages(room):
            if event["origin_server_ts"] < earliest:
                return None
            if event["content"].get(events.MARKER) == wanted[events.MARKER]:
                self._require_same(room, event, wanted)
                return str(event["event_id"])
        return None

    def _require_same(self, room: str, event: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        if events.content_of(event).get("body") != events.content_of({"content": wanted}).get("body"):
            shown = self._address(room, event["event_id"])
            raise TerminalError(f"{shown} has this key and other words", hint="give the new announcement its own key")

    def _redact(self, room: str, event: str) -> str:
        return self._api.put(path("/rooms/{}/redact/{}/{}", room, event, events.transaction("redact", event)), {})

    def _room_of(self, steps: Steps) -> str:
        """The room where it was published, which is looked at before anything more is written there."""
        room = self._begun_in(steps)
        steps.read(partial(self._rooms.require_fit, room))
        return room

    def _begun_in(self, steps: Steps) -> str:
        return str(steps.note("room", steps.read(self._rooms.find)))

    def _address(self, room: str, event: str = "") -> str:
        return events.address_of(room, event, server=self._api.server_name)

    def _malformed(self) -> Iterator[Problem]:
        for user in self.settings.invite:
            if not _USER.fullmatch(user) or len(user.encode()) > _MAX_USER_BYTES:
                yield Problem(
                    code="invite.malformed",
                    path="invite",
                    message=f"{user!r} is nobody's id on Matrix",
                    fix="write it as @name:example.org",
                )


def _too_many_bytes(post: Post) -> Iterator[Problem]:
    for text in post.parts:
        if (size := events.size_bytes(events.message(text))) > MAX_CONTENT_BYTES:
            yield Problem(
                code="text.too_many_bytes",
                path="body",
                message=f"plain and formatted the text has {size:,} bytes, {MAX_CONTENT_BYTES:,} fit into one message",
                fix="shorten it, or link to the long form",
            )


def _no_message(post: Post) -> Iterator[Problem]:
    if post.reply_to and events.read_address(post.reply_to) is None:
        yield Problem(
            code="reply.no_post",
            path=f"channels.{post.channel}.reply_to",
            message=f"{post.reply_to!r} is not the address of a message on Matrix",
            fix="write it as https://matrix.to/#/ROOM/EVENT",
        )


def _retry_after(told: Any) -> float | None:
    """Seconds out of a refusal's body."""
    milliseconds = told.get("retry_after_ms") if isinstance(told, dict) else None
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None
