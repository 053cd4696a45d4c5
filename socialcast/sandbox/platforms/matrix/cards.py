"""What a member of a room sees: its messages as they stand, and above them who may come in and read (specification 1.19)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from socialcast.sandbox.mirror import Act, Card, Picture
from socialcast.sandbox.platforms.matrix.events import history_visibility
from socialcast.sandbox.platforms.matrix.html import sanitised
from socialcast.sandbox.platforms.matrix.state import Event, Room
from socialcast.sandbox.platforms.matrix.tables import DOMAIN

__all__ = ["cards_of"]

_SHOWN = ("m.room.message", "m.room.encrypted")
_READERS: Mapping[str, str] = {
    "world_readable": "everybody, members or not",
    "shared": "members, all that was ever said",
    "invited": "members, from their invitation on",
    "joined": "members, from when they came",
}
_DOORS: Mapping[str, str] = {"public": "everybody", "invite": "whoever is invited", "knock": "whoever is let in"}
_KINDS = {"m.image": "photo", "m.video": "video"}


def cards_of(room: Room) -> list[Card]:
    """The room with the messages that stand in it, oldest first; a room that says nothing yet shows nothing."""
    said = [event for event in room.events if event.type in _SHOWN and not event.redacted_by and not _is_edit(room, event)]
    return [_room_card(room, said[-1]), *(_card(room, event) for event in said)] if said else []


def picture_url(mxc: str) -> str:
    """Where the wall gets a file that members read with their tokens."""
    return f"https://{DOMAIN}/shown/{mxc.rpartition('/')[2]}"


def _is_edit(room: Room, event: Event) -> bool:
    """Whether it stands for another event, which is shown in its place; one whose other is not its sender's is shown nowhere."""
    return event.relation.get("rel_type") == "m.replace" and room.find(str(event.relation.get("event_id"))) is not None


def _room_card(room: Room, last: Event) -> Card:
    joined, invited = len(room.members("join")), len(room.members("invite"))
    rule = str(room.told("m.room.join_rules").get("join_rule", "invite"))
    facts = {
        "who may come in": _DOORS.get(rule, rule),
        "who may read": _READERS.get(history_visibility(room), history_visibility(room)),
        "members": f"{joined}, {invited} more invited" if invited else str(joined),
        "who may write": _writers(room),
        "alias": str(room.told("m.room.canonical_alias").get("alias", "")),
        "encrypted": "yes" if room.told("m.room.encryption") else "",
    }
    name = room.told("m.room.name").get("name") or facts["alias"] or "A room without a name"
    return Card(
        id=room.id,
        kind="room",
        account=room.creators[0],
        url=f"https://{DOMAIN}/rooms/{room.id}",
        at=_at(last),
        title=str(name),
        text=str(room.told("m.room.topic").get("topic", "")),
        facts={name: fact for name, fact in facts.items() if fact},
        acts=(Act.REPLY,),
    )


def _writers(room: Room) -> str:
    return "everybody in it" if room.power_to_send("m.room.message", is_state=False) <= 0 else "those with the power to"


def _card(room: Room, event: Event) -> Card:
    edits = room.edits_of(event)
    shown = edits[-1].content.get("m.new_content", edits[-1].content) if edits else event.content
    facts = {
        "versions": str(len(edits) + 1) if edits else "",
        "encrypted": "no, in a room that is" if room.told("m.room.encryption") and event.type == "m.room.message" else "",
        "file": _file_of(shown),
    }
    caption = _caption(shown)
    html = sanitised(str(shown["formatted_body"]), picture_url) if "formatted_body" in shown and _formats(shown) else ""
    return Card(
        id=event.id,
        kind="message",
        account=event.sender,
        url=f"https://{DOMAIN}/rooms/{room.id}/{event.id}",
        at=_at(event),
        text=str(shown.get("body", "")) if shown.get("msgtype") not in _KINDS else caption,
        html=html,
        pictures=tuple(_pictures(shown, caption)),
        parent=_parent(room, event),
        facts={name: fact for name, fact in facts.items() if fact},
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def _formats(shown: dict[str, Any]) -> bool:
    return shown.get("format") == "org.matrix.custom.html"


def _caption(shown: dict[str, Any]) -> str:
    """The body of a file where it is more than its name (1.10)."""
    return str(shown.get("body", "")) if "filename" in shown and shown["filename"] != shown.get("body") else ""


def _file_of(shown: dict[str, Any]) -> str:
    if "url" not in shown:
        return ""
    return str(shown.get("filename") or shown.get("body", ""))


def _pictures(shown: dict[str, Any], caption: str) -> Iterator[Picture]:
    if kind := _KINDS.get(str(shown.get("msgtype"))):
        yield Picture(url=picture_url(str(shown.get("url", ""))), alt=caption, kind=kind)


def _parent(room: Room, event: Event) -> str:
    """What it answers, or the root of its thread, where that still stands; else the room."""
    reply = event.relation.get("m.in_reply_to")
    wanted = reply.get("event_id") if isinstance(reply, dict) else event.relation.get("event_id")
    parent = room.find(str(wanted)) if wanted else None
    return parent.id if parent and parent.type in _SHOWN and not parent.redacted_by else room.id


def _at(event: Event) -> datetime:
    return datetime.fromtimestamp(event.at, UTC)
