"""What others say of an announcement in its room.

Whatever answers one of its messages, in its thread or beside it, is about it, and so is what answers that. Who writes to a press
office in a room that is for the press alone mostly just writes: such a message is about what was announced last before it. In a
room that the public shares, it is somebody's talk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from socialcast.model.echo import Replies, Reply
from socialcast.model.receipt import Receipt
from socialcast.publishers.matrix import events
from socialcast.publishers.matrix.api import Api
from socialcast.publishers.matrix.echo import moment

__all__ = ["page"]

_AT_ONCE = 100
_DEEPEST = 50  # answers to answers; whatever is deeper is somebody's talk
_QUOTE = "> "  # before the words that are answered, in messages of older apps (1.13 did away with it)

Event = Mapping[str, Any]


class _Place(msgspec.Struct, frozen=True):
    """Where reading goes on, when the announcement was sent, and when the next one was; in milliseconds of the server."""

    token: str
    began: int
    until: int | None = None


def page(api: Api, room: str, receipt: Receipt, since: str, *, hears_all: bool) -> Replies:
    """What was said since then, in the room's order; `hears_all` says that the room is for the press alone."""
    place = msgspec.json.decode(since, type=_Place) if since else _beginning(api, room, receipt.id)
    if place is None:
        return Replies()
    told = api.messages_after(room, place.token, limit=_AT_ONCE)
    listening = _Listening(api, room, receipt, place, hears_all=hears_all)
    replies = {reply.id: reply for event in told["chunk"] for reply in listening.heard(event)}
    place = msgspec.structs.replace(listening.place, token=told.get("end", place.token))
    return Replies(page=tuple(replies.values()), cursor=msgspec.json.encode(place).decode(), more=bool(told["chunk"]))


def _beginning(api: Api, room: str, root: str) -> _Place | None:
    first = api.beginning(room, root)
    return _Place(token=first["end"], began=first["event"]["origin_server_ts"]) if first else None


class _Listening:
    """Tells what is about one announcement from all else, event after event."""

    def __init__(self, api: Api, room: str, receipt: Receipt, place: _Place, *, hears_all: bool) -> None:
        self._api, self._room, self._hears_all = api, room, hears_all
        self._ours = {receipt.id, *(item.id for item in receipt.items)}
        self._known: dict[str, Event | None] = {}
        self.place = place

    def heard(self, event: Event) -> Iterator[Reply]:
        """The reply that it is; one that was edited comes again."""
        self._known[event["event_id"]] = event
        relation = events.relation_of(event)
        if not event["content"] or event["event_id"] in self._ours:
            return
        if relation.get("rel_type") == "m.replace":
            event = self._event(str(relation.get("event_id"))) or event
        elif self._is_announcement(event) and self.place.until is None:
            self.place = msgspec.structs.replace(self.place, until=event["origin_server_ts"])
        if event["event_id"] not in self._ours and self._is_about_it(event):
            yield self._reply(event)

    def _is_announcement(self, event: Event) -> bool:
        return event["sender"] == self._api.user_id and events.MARKER in event["content"] and not events.relation_of(event)

    def _is_about_it(self, event: Event) -> bool:
        asked: Event | None = event
        for _ in range(_DEEPEST):
            if asked is None:
                return False
            if not (parent := _answered(asked)):
                return self._is_said_to_us(asked)
            if parent in self._ours:
                return True
            asked = self._event(parent)
        return False

    def _is_said_to_us(self, event: Event) -> bool:
        if not self._hears_all or self._is_announcement(event):
            return False
        at, until = event["origin_server_ts"], self.place.until
        return bool(self.place.began <= at and (until is None or at < until))

    def _event(self, id: str) -> Event | None:
        if id not in self._known:
            self._known[id] = self._api.event(self._room, id)
        return self._known[id]

    def _reply(self, event: Event) -> Reply:
        server = self._api.server_name
        return Reply(
            id=event["event_id"],
            author=event["sender"],
            author_url=events.address_of(event["sender"], server=server),
            at=moment(event),
            text=_words(event),
            url=events.address_of(self._room, event["event_id"], server=server),
            parent=_answered(event),
            is_own=event["sender"] == self._api.user_id,
        )


def _answered(event: Event) -> str:
    """The event that it answers; in a thread that is the thread's first one, unless it names another."""
    relation = events.relation_of(event)
    to = relation.get("m.in_reply_to")
    named = str(to.get("event_id", "")) if isinstance(to, dict) else ""
    if relation.get("rel_type") == "m.thread" and (relation.get("is_falling_back") or not named):
        return str(relation.get("event_id", ""))
    return named


def _words(event: Event) -> str:
    """What is said, without what is quoted before it."""
    lines = str(events.content_of(event).get("body", "")).split("\n")
    if "m.in_reply_to" in events.relation_of(event):
        while lines and lines[0].startswith(_QUOTE):
            lines.pop(0)
    return "\n".join(lines).strip()
