"""What is sent to a room, and how it is read again: messages, versions, redactions, pages, syncs (specification 1.19)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.matrix.access import Call, operation
from socialcast.sandbox.platforms.matrix.events import check_content, check_relation
from socialcast.sandbox.platforms.matrix.refusals import NO_EVENT, RefusalError, answer, forbidden
from socialcast.sandbox.platforms.matrix.rooms import Rooms
from socialcast.sandbox.platforms.matrix.state import Event, Room, User
from socialcast.sandbox.platforms.matrix.tables import LIMITS

__all__ = ["Timeline"]

_INVITED_SEE = ("m.room.create", "m.room.join_rules", "m.room.name", "m.room.canonical_alias", "m.room.encryption")


class Timeline(Rooms):
    """The part of the mirror that takes messages and gives them."""

    @operation
    def send(self, call: Call, room_id: str, event_type: str, txn_id: str) -> Response:
        """An event; again with the same transaction id from the same device, it is the one that is there."""

        def put() -> Event:
            room = self.joined_room(call.user, room_id)
            check_content(room_id, call.user.id, event_type, call.body)
            check_relation(room, call.user.id, event_type, call.body)
            self.require_power(room, call.user, event_type, is_state=False)
            return self.add(room, call.user.id, event_type, call.body)

        return answer({"event_id": self.once(call, room_id, txn_id, put)})

    @operation
    def redact(self, call: Call, room_id: str, event_id: str, txn_id: str) -> Response:
        """Take an event's content away; one's own, or with the power for others'."""

        def put() -> Event:
            room = self.joined_room(call.user, room_id)
            self.require_power(room, call.user, "m.room.redaction", is_state=False)
            event = room.find(event_id)
            if event and event.sender != call.user.id and room.power_of(call.user.id) < room.power_to("redact"):
                raise forbidden("You don't have permission to redact events")
            because = self.add(room, call.user.id, "m.room.redaction", {**call.body, "redacts": event_id}, redacts=event_id)
            if event:
                self.redact_event(room, event, because)
            return because

        return answer({"event_id": self.once(call, room_id, txn_id, put)})

    @operation
    def get_event(self, call: Call, room_id: str, event_id: str) -> Response:
        """One event, for whoever may read it."""
        room = self.rooms.get(room_id)
        event = room.find(event_id) if room else None
        if room is None or event is None or not self.sees(room, call.user, event):
            raise NO_EVENT
        return answer(self.view(room, event, call.device))

    @operation
    def get_context(self, call: Call, room_id: str, event_id: str) -> Response:
        """One event with what was said around it, and from where to read on before and after."""
        room = self.rooms.get(room_id)
        event = room.find(event_id) if room else None
        if room is None or event is None:
            raise NO_EVENT
        if not self.sees(room, call.user, event):
            raise forbidden("You don't have permission to access that event.")
        told = call.request.args
        limit, passes = _limit(told.get("limit"), LIMITS.page), _filter(told.get("filter"))
        around = [each for each in room.events if self.sees(room, call.user, each) and passes(each)]
        before = [each for each in reversed(around) if each.order < event.order][: limit // 2]
        after = [each for each in around if each.order > event.order][: limit - limit // 2]
        last = after[-1] if after else event
        told_by_then = (each for each in room.events if each.state_key is not None and each.order <= last.order)
        state = {(each.type, each.state_key): each for each in told_by_then}

        def view(events: Iterable[Event], *, is_inner: bool = False) -> list[dict[str, Any]]:
            return [self.view(room, each, call.device, is_inner=is_inner) for each in events]

        places = {"start": _token(([event, *before])[-1].order - 1), "end": _token(last.order)}
        shown = {"event": view([event])[0], "events_before": view(before), "events_after": view(after)}
        return answer({**places, **shown, "state": view(filter(passes, state.values()), is_inner=True)})

    @operation
    def get_messages(self, call: Call, room_id: str) -> Response:
        """A page of a room's events, backwards or forwards."""
        told = call.request.args
        direction = told.get("dir", "f")
        if direction not in ("b", "f"):
            raise RefusalError(400, "M_INVALID_PARAM", "Query parameter 'dir' must be one of ['b', 'f']")
        room = self.readable_room(call.user, room_id)
        start = _place(told["from"], "from") if told.get("from") else self.order if direction == "b" else 0
        passes = _filter(told.get("filter"))
        end = self._end_for(room, call.user)
        readable = [each for each in room.events if each.order <= end and self.sees(room, call.user, each) and passes(each)]
        if direction == "b":
            ahead = [each for each in reversed(readable) if each.order <= start]
        else:
            ahead = [each for each in readable if each.order > start]
        page = ahead[: _limit(told.get("limit"), LIMITS.page)]
        chunk = [self.view(room, each, call.device) for each in page]
        last = {"end": _token(page[-1].order - (direction == "b"))} if page else {}
        return answer({"chunk": chunk, "start": _token(start), **last})

    @operation
    def get_relations(self, call: Call, room_id: str, event_id: str) -> Response:
        """What was said of an event."""
        return self._relations(call, room_id, event_id)

    @operation
    def get_relations_of(self, call: Call, room_id: str, event_id: str, rel_type: str) -> Response:
        """The same, of one kind of relation."""
        return self._relations(call, room_id, event_id, rel_type)

    @operation
    def get_relations_of_type(self, call: Call, room_id: str, event_id: str, rel_type: str, event_type: str) -> Response:
        """The same, by events of one type."""
        return self._relations(call, room_id, event_id, rel_type, event_type)

    @operation
    def sync(self, call: Call) -> Response:
        """What came since; it waits for nothing."""
        told = call.request.args
        since = _place(told["since"], "since") if told.get("since") else 0
        wish = json.loads(told["filter"]) if told.get("filter", "").startswith("{") else {}
        rooms = wish.get("room", {}).get("rooms")
        mine = [room for room in self.rooms.values() if rooms is None or room.id in rooms]
        joined = {room.id: self._joined(call, room, since, wish) for room in mine if self._is_new(room, call.user, since, "join")}
        invited = {room.id: self._invited(room, call.user) for room in mine if self._is_new(room, call.user, since, "invite")}
        groups = {name: group for name, group in (("join", joined), ("invite", invited)) if group}
        return answer({"next_batch": _token(self.order, "s"), **({"rooms": groups} if groups else {})})

    def _relations(self, call: Call, room_id: str, event_id: str, rel_type: str = "", event_type: str = "") -> Response:
        room = self.readable_room(call.user, room_id)
        parent = room.find(event_id)
        if parent is None or not self.sees(room, call.user, parent):
            raise RefusalError(404, "M_UNKNOWN", "Unknown parent event.")
        found = [
            each
            for each in reversed(room.events)
            if each.relation.get("event_id") == event_id
            and rel_type in ("", each.relation.get("rel_type"))
            and event_type in ("", each.type)
        ]
        if call.request.args.get("dir") == "f":
            found.reverse()
        start = int(call.request.args.get("from", "0").removeprefix("r") or 0)
        end = start + _limit(call.request.args.get("limit"), LIMITS.relations_page)
        more = {"next_batch": f"r{end}"} if end < len(found) else {}
        return answer({"chunk": [self.view(room, each, call.device) for each in found[start:end]], **more})

    def _end_for(self, room: Room, user: User) -> int:
        """Where pages end: for those who left at their leaving, even where the world may read on."""
        own = room.state.get(("m.room.member", user.id))
        return own.order if own and own.content.get("membership") in ("leave", "ban") else self.order

    def _is_new(self, room: Room, user: User, since: int, membership: str) -> bool:
        return room.membership(user.id) == membership and bool(room.events) and room.events[-1].order > since

    def _joined(self, call: Call, room: Room, since: int, wish: dict[str, Any]) -> dict[str, Any]:
        events = [each for each in room.events if _is_synced(room, each)]
        fresh = [each for each in events if each.order > since and self.sees(room, call.user, each)]
        asked = wish.get("room", {}).get("timeline", {})
        passing = [each for each in fresh if _filter(json.dumps(asked))(each)]
        shown = passing[-_limit(asked.get("limit"), LIMITS.timeline) :]
        first = shown[0].order if shown else self.order + 1
        state = [each for each in room.state.values() if each.order < first and _is_synced(room, each)] if not since else []
        timeline = {
            "events": [self.view(room, each, call.device, is_brief=True) for each in shown],
            "prev_batch": _token(first - 1, "s"),
            "limited": len(shown) < len(passing),
        }
        held = {"events": [self.view(room, each, call.device, is_brief=True, is_inner=True) for each in state]}
        nothing: dict[str, Any] = {name: {"events": []} for name in ("account_data", "ephemeral")}
        unread = {"unread_notifications": {"notification_count": 0, "highlight_count": 0}, "summary": {}}
        return {"timeline": timeline, "state": held, **nothing, **unread}

    def _invited(self, room: Room, user: User) -> dict[str, Any]:
        own = room.state["m.room.member", user.id]
        told: Iterable[Event] = [room.state[event_type, ""] for event_type in _INVITED_SEE if (event_type, "") in room.state]
        events = [*told, room.state["m.room.member", own.sender], own]
        shown = [{name: getattr(each, name) for name in ("content", "sender", "state_key", "type")} for each in events]
        return {"invite_state": {"events": shown}}


def _is_synced(room: Room, event: Event) -> bool:
    """Whether a sync tells of it: of a room of version 12 Synapse 1.163.2 leaves out the first event."""
    return room.version != "12" or event.type != "m.room.create"


def _token(order: int, kind: str = "t") -> str:
    return f"{kind}{order}_0"


def _place(token: str, name: str) -> int:
    place = token[1:].partition("_")[0]
    if token[:1] not in ("s", "t") or not place.isdecimal():
        raise RefusalError(400, "M_UNKNOWN", f"'{name}' parameter is invalid")
    return int(place)


def _limit(value: Any, default: int) -> int:
    return min(int(value), LIMITS.page_max) if str(value).isdecimal() else default


def _filter(raw: str | None) -> Callable[[Event], bool]:
    """Whether an event passes a filter; types may have stars in them."""
    wish = json.loads(raw) if raw else {}
    types, others, senders = wish.get("types"), wish.get("not_types", ()), wish.get("senders")

    def passes(event: Event) -> bool:
        is_wanted = types is None or any(fnmatchcase(event.type, each) for each in types)
        is_unwanted = any(fnmatchcase(event.type, each) for each in others)
        return is_wanted and not is_unwanted and (senders is None or event.sender in senders)

    return passes
