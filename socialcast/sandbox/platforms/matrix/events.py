"""Events: who may send them, what they may be, and how a reader gets them (specification 1.19, "Events" and "Room versions")."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from socialcast.sandbox.platforms.matrix.access import Access, Call
from socialcast.sandbox.platforms.matrix.refusals import RefusalError, forbidden, too_large
from socialcast.sandbox.platforms.matrix.state import INFINITE, Event, Room, Token, User
from socialcast.sandbox.platforms.matrix.tables import LIMITS, REDACTED_KEYS

__all__ = ["Events"]

_ENVELOPE_BYTES = 620  # what hashes, a signature, and the events before take of the room there is for an event
_REQUIRED: Mapping[str, tuple[str, ...]] = {"m.room.message": ("body", "msgtype")}
_ALSO_OUTSIDE = ("prev_content", "replaces_state", "redacted_because")  # as in the versions before r0.6, which Synapse keeps
_POWERS = ("ban", "events_default", "invite", "kick", "redact", "state_default", "users_default")


class Events(Access):
    """The part of the mirror that keeps rooms' events."""

    def reset(self) -> None:
        """Forget all rooms."""
        super().reset()
        self.rooms: dict[str, Room] = {}
        self.order = 0

    def add(
        self,
        room: Room,
        sender: str,
        event_type: str,
        content: dict[str, Any],
        state_key: str | None = None,
        **more: Any,
    ) -> Event:
        """Put an event into a room; where the state that it tells holds already, that one stays."""
        known = room.state.get((event_type, state_key)) if state_key is not None else None
        if known and known.content == content and known.sender == sender:
            return known
        self.order += 1
        event = Event(
            id=f"${self.opaque()}",
            type=event_type,
            sender=sender,
            content=content,
            at=self.clock.now(),
            order=self.order,
            state_key=state_key,
            replaced=known,
            **more,
        )
        room.events.append(event)
        if state_key is not None:
            room.state[event_type, state_key] = event
        return event

    def joined_room(self, user: User, room_id: str) -> Room:
        """The room, for one of its members. Raises RefusalError."""
        room = self.rooms.get(room_id)
        if room is None or room.membership(user.id) != "join":
            raise forbidden(f"User {user.id} not in room {room_id}")
        return room

    def readable_room(self, user: User, room_id: str) -> Room:
        """The room, for those who are or were in it, or for everybody where it is open to the world. Raises RefusalError."""
        room = self.rooms.get(room_id)
        if room is None or not (_was_in(room, user.id) or history_visibility(room) == "world_readable"):
            raise forbidden(f"User {user.id} not in room {room_id}, and room previews are disabled")
        return room

    def require_power(self, room: Room, user: User, event_type: str, *, is_state: bool) -> None:
        """Raise RefusalError where the user's power is not enough to send an event of this type."""
        needed, own = room.power_to_send(event_type, is_state=is_state), room.power_of(user.id)
        if own < needed:
            words = f"user_level ({own}) < send_level ({needed})"
            raise forbidden(f"You don't have permission to post that to the room. {words}")

    def view(
        self, room: Room, event: Event, reader: Token | None = None, *, is_brief: bool = False, is_inner: bool = False
    ) -> dict[str, Any]:
        """An event as a reader's device gets it: briefly where its room stands around it, with less within another event."""
        age = int((self.clock.now() - event.at) * 1000)
        unsigned: dict[str, Any] = {"age": age}
        if reader and not is_inner:
            unsigned["membership"] = membership_at(room, reader.user.id, event.order) or "leave"
        if reader and event.device == (reader.user.id, reader.device_id) and event.transaction:
            unsigned["transaction_id"] = event.transaction
        if event.replaced:
            before = event.replaced
            unsigned |= {"prev_content": before.content, "prev_sender": before.sender, "replaces_state": before.id}
        if event.redacted_by:
            unsigned["redacted_because"] = self.view(room, event.redacted_by, reader, is_brief=is_brief, is_inner=True)
            unsigned["redacted_by"] = event.redacted_by.id
        elif not is_inner and (bundled := self._bundled(room, event, reader, is_brief=is_brief)):
            unsigned["m.relations"] = bundled
        told = {
            "type": event.type,
            "sender": event.sender,
            "content": event.content,
            "event_id": event.id,
            "origin_server_ts": int(event.at * 1000),
            "unsigned": unsigned,
            **({"state_key": event.state_key} if event.state_key is not None else {}),
            **({"redacts": event.redacts} if event.redacts else {}),
        }
        if is_brief:
            return told
        older = {name: unsigned[name] for name in _ALSO_OUTSIDE if name in unsigned}
        return {**told, "room_id": room.id, "age": age, "user_id": event.sender, **older}

    def _bundled(self, room: Room, event: Event, reader: Token | None, *, is_brief: bool) -> dict[str, Any]:
        """What was said of an event, told with it: its last version, and its thread."""
        bundled: dict[str, Any] = {}
        if edits := room.edits_of(event):
            bundled["m.replace"] = self.view(room, edits[-1], reader, is_brief=is_brief, is_inner=True)
        if said := room.thread_of(event):
            took_part = reader is not None and reader.user.id in {each.sender for each in (event, *said)}
            last = self.view(room, said[-1], reader, is_brief=is_brief, is_inner=True)
            bundled["m.thread"] = {"count": len(said), "current_user_participated": took_part, "latest_event": last}
        return bundled

    def sees(self, room: Room, user: User, event: Event) -> bool:
        """Whether the history is open to this reader at that place (specification, "Room history visibility")."""
        rule = history_visibility(room, event.order)
        at = membership_at(room, user.id, event.order)
        own = event.type == "m.room.member" and event.state_key == user.id
        if rule == "world_readable" or at == "join" or own:
            return True
        came = any(each.order > event.order for each in _joins(room, user.id))
        return came and (rule == "shared" or (rule == "invited" and at == "invite"))

    def redact_event(self, room: Room, event: Event, because: Event) -> None:
        """Take out of an event what a redaction takes; the first one counts."""
        if event.redacted_by:
            return
        if event.type != "m.room.create":
            kept = REDACTED_KEYS.get(event.type, ())
            event.content = {name: value for name, value in event.content.items() if name in kept}
        event.redacted_by = because

    def once(self, call: Call, room_id: str, txn_id: str, send: Callable[[], Event]) -> str:
        """The event's id; the same for the same transaction id of the same device, whatever it says, for a day."""
        key = (call.device.device_id, room_id, txn_id)
        id, until = call.user.transactions.get(key, ("", 0.0))
        if until <= self.clock.now():
            self.count("message", call.user)
            event = send()
            event.device, event.transaction = (call.user.id, call.device.device_id), txn_id
            id = event.id
            call.user.transactions[key] = (id, self.clock.now() + LIMITS.transaction_seconds)
        return id


def check_content(room_id: str, sender: str, event_type: str, content: dict[str, Any], state_key: str = "") -> None:
    """Raise RefusalError for what is no event: numbers that are no integers, names and bodies past their limits."""
    for name, value in (("type", event_type), ("state_key", state_key)):
        if len(value.encode()) > LIMITS.id_bytes:
            raise too_large(f"'{name}' too large")
    _check_value(content)
    for name in _REQUIRED.get(event_type, ()) if state_key == "" else ():
        if name not in content:
            raise RefusalError(400, "M_UNKNOWN", f"'{name}' not in content")
        if not isinstance(content[name], str):
            raise RefusalError(400, "M_UNKNOWN", f"'{name}' not a string type")
    whole = {"content": content, "type": event_type, "sender": sender, "room_id": room_id, "state_key": state_key}
    size = len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()) + _ENVELOPE_BYTES
    if size > LIMITS.event_bytes:
        raise too_large("event too large")


def check_relation(room: Room, sender: str, event_type: str, content: dict[str, Any]) -> None:
    """Raise RefusalError for a relation to nothing, a thread within a thread, and the same reaction twice."""
    relation = content.get("m.relates_to")
    kind = relation.get("rel_type") if isinstance(relation, dict) else None
    if not isinstance(relation, dict) or kind is None:
        return
    parent = room.find(str(relation.get("event_id")))
    if parent is None:
        raise RefusalError(400, "M_UNKNOWN", "Can't send relation to unknown event")
    if kind == "m.thread" and parent.relation.get("rel_type"):
        raise RefusalError(400, "M_UNKNOWN", "Cannot start threads from an event with a relation")
    same = (each for each in room.events if each.sender == sender and each.type == event_type and not each.redacted_by)
    if kind == "m.annotation" and any(each.relation == relation for each in same):
        raise RefusalError(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction twice")


def check_powers(room_version: str, creators: tuple[str, ...], content: dict[str, Any]) -> None:
    """Raise RefusalError for power levels that are none, or that name those who stand above them."""
    users = content.get("users", {})
    for name, value in [*users.items(), *content.get("events", {}).items()]:
        if not isinstance(value, int):
            raise RefusalError(400, "M_BAD_JSON", f"\"{name}\": {value!r} is not of type 'integer'")
    for name in _POWERS:
        if not isinstance(content.get(name, 0), int):
            raise RefusalError(400, "M_BAD_JSON", f"\"{name}\": {content[name]!r} is not of type 'integer'")
    named = [creator for creator in creators if creator in users]
    if room_version == "12" and named:
        raise RefusalError(400, "M_UNKNOWN", f"Creator user {named[0]} must not appear in content.users")


def check_change(room: Room, user: User, content: dict[str, Any]) -> None:
    """Raise RefusalError where somebody would give or take more power than one's own."""
    own, before, after = room.power_of(user.id), _levels(room.told("m.room.power_levels")), _levels(content)
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old != new and max(level for level in (old, new) if level is not None) > own:
            raise forbidden("You don't have permission to add ops level greater than your own")
        if old != new and old == own and key[0] == "users" and key[1] != user.id:
            raise forbidden("You don't have permission to remove ops level equal to your own")


def _levels(content: dict[str, Any]) -> dict[tuple[str, str], int]:
    tables = [(name, content.get(name, {})) for name in ("users", "events")]
    named = {(name, each): level for name, table in tables for each, level in table.items()}
    return {**named, **{("", name): content[name] for name in _POWERS if name in content}}


def history_visibility(room: Room, order: int = INFINITE) -> str:
    """Who may read what is sent at that place."""
    rules = (each for each in reversed(room.events) if each.type == "m.room.history_visibility" and each.order < order)
    rule = next(rules, None)
    return str(rule.content.get("history_visibility")) if rule else "shared"


def membership_at(room: Room, user_id: str, order: int) -> str:
    """How a user stood to the room at that place."""
    found = (each for each in reversed(room.events) if each.type == "m.room.member" and each.state_key == user_id)
    event = next((each for each in found if each.order <= order), None)
    return str(event.content.get("membership")) if event else ""


def _joins(room: Room, user_id: str) -> list[Event]:
    own = (each for each in room.events if each.type == "m.room.member" and each.state_key == user_id)
    return [each for each in own if each.content.get("membership") == "join"]


def _was_in(room: Room, user_id: str) -> bool:
    return bool(_joins(room, user_id)) and room.membership(user_id) in ("join", "leave", "ban")


def _check_value(value: Any) -> None:
    if isinstance(value, float):
        raise RefusalError(400, "M_BAD_JSON", "Bad JSON value: float")
    if isinstance(value, int) and abs(value) > LIMITS.largest_integer:
        raise RefusalError(400, "M_BAD_JSON", "JSON integer out of range")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_value(each)
