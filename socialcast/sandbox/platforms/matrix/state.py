"""What a homeserver keeps: users with their devices and tokens, rooms with their events, files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from socialcast.sandbox.mirror import Blob
from socialcast.sandbox.platforms.matrix.tables import POWER_EVENTS, Rate

__all__ = ["Bucket", "Event", "File", "Room", "Token", "User"]

INFINITE = 1 << 60  # the power of the creators of a room of version 12 and later


@dataclass(slots=True)
class Bucket:
    """What is used of a rate; it leaks as time passes."""

    rate: Rate
    level: float = 0.0
    at: float = 0.0

    def wait_seconds(self, now: float) -> float:
        """Count a call made now, and give how long it must wait instead: 0 where it is let in."""
        self.level = max(0.0, self.level - (now - self.at) * self.rate.per_second)
        self.at = now
        if self.level + 1 > self.rate.burst:
            return (self.level + 1 - self.rate.burst) / self.rate.per_second
        self.level += 1
        return 0.0


@dataclass(slots=True, kw_only=True)
class User:
    """An account of this homeserver."""

    id: str
    localpart: str
    password: str
    displayname: str
    avatar_url: str = ""
    is_deactivated: bool = False
    is_locked_out: bool = False  # its owner changed the password and ended its sessions
    rates: dict[str, Rate] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    transactions: dict[tuple[str, str, str], tuple[str, float]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Token:
    """An access token of one device, and the refresh token that was given with it."""

    text: str
    user: User
    device_id: str
    expires_at: float | None = None
    refresh: str = ""
    replaces: Token | None = None  # whose refresh token stops working once one of this pair is used
    is_used: bool = False
    is_dead: bool = False  # signed out, or given anew before it was used


@dataclass(slots=True, kw_only=True)
class Event:
    """An event as it was sent; `order` is its place in all that this homeserver has seen."""

    id: str
    type: str
    sender: str
    content: dict[str, Any]
    at: float
    order: int
    state_key: str | None = None
    device: tuple[str, str] | None = None  # the user and device that sent it, with the transaction id beside
    transaction: str = ""
    redacts: str = ""
    redacted_by: Event | None = None
    replaced: Event | None = None  # the state that it took the place of

    @property
    def relation(self) -> dict[str, Any]:
        """What it says of another event."""
        told = self.content.get("m.relates_to")
        return told if isinstance(told, dict) else {}


@dataclass(slots=True, kw_only=True)
class Room:
    """A room: all that was sent to it, and what holds now."""

    id: str
    version: str
    creators: tuple[str, ...]
    visibility: str
    events: list[Event] = field(default_factory=list)
    state: dict[tuple[str, str], Event] = field(default_factory=dict)

    def told(self, event_type: str, state_key: str = "") -> dict[str, Any]:
        """The content of what holds now of this type; empty where nothing does."""
        event = self.state.get((event_type, state_key))
        return event.content if event else {}

    def membership(self, user_id: str) -> str:
        """How the user stands to the room now; "" for never seen."""
        return str(self.told("m.room.member", user_id).get("membership", ""))

    def members(self, *memberships: str) -> list[Event]:
        """The membership of everybody who stands so to the room, oldest first."""
        found = (event for (event_type, _), event in self.state.items() if event_type == "m.room.member")
        return [event for event in found if event.content.get("membership") in memberships]

    def power_of(self, user_id: str) -> int:
        """What the user may do."""
        if self.version == "12" and user_id in self.creators:
            return INFINITE
        levels = self.told("m.room.power_levels")
        return int(levels.get("users", {}).get(user_id, levels.get("users_default", 0)))

    def power_to(self, act: str, default: int = 50) -> int:
        """What it takes to do this: invite, kick, ban, redact."""
        return int(self.told("m.room.power_levels").get(act, default))

    def power_to_send(self, event_type: str, *, is_state: bool) -> int:
        """What it takes to send an event of this type."""
        levels = self.told("m.room.power_levels")
        default = levels.get("state_default", 50) if is_state else levels.get("events_default", 0)
        return int(levels.get("events", {} if levels else POWER_EVENTS).get(event_type, default))

    def find(self, event_id: str) -> Event | None:
        """The event of this id."""
        return next((event for event in self.events if event.id == event_id), None)

    def thread_of(self, event: Event) -> list[Event]:
        """What was said in the event's thread, oldest first."""
        related = (each for each in self.events if each.relation.get("rel_type") == "m.thread" and not each.redacted_by)
        return [each for each in related if each.relation.get("event_id") == event.id]

    def edits_of(self, event: Event) -> list[Event]:
        """The versions that its sender put in its place, oldest first, as far as they stand."""
        return [
            each
            for each in self.events
            if each.relation.get("rel_type") == "m.replace"
            and each.relation.get("event_id") == event.id
            and each.sender == event.sender
            and each.type == event.type
            and not each.redacted_by
        ]


@dataclass(slots=True, kw_only=True)
class File:
    """A file, or the name that one is to have."""

    id: str
    user: User
    at: float
    blob: Blob | None = None
    mime_type: str = "application/octet-stream"
    name: str = ""
