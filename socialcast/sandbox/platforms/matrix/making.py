"""What a room begins with, by its preset and the wishes (specification 1.19, "createRoom"; Synapse 1.163.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from socialcast.sandbox.platforms.matrix.events import check_powers
from socialcast.sandbox.platforms.matrix.refusals import RefusalError
from socialcast.sandbox.platforms.matrix.state import Room, User
from socialcast.sandbox.platforms.matrix.tables import POWER_EVENTS, PRESETS, ROOM_VERSIONS

__all__ = ["USER_ID", "check_wishes", "first_state"]

USER_ID = re.compile(r"@[^:\s]*:[^\s]+")


def check_wishes(told: dict[str, Any], preset: str, version: str) -> None:
    """Raise RefusalError for a room that no server would make."""
    if preset not in PRESETS:
        raise RefusalError(400, "M_BAD_JSON", f"'{preset}' is not a valid preset")
    if version not in ROOM_VERSIONS:
        raise RefusalError(400, "M_UNSUPPORTED_ROOM_VERSION", "Your homeserver does not support this room version")
    for user_id in told.get("invite", ()):
        if not USER_ID.fullmatch(str(user_id)):
            raise RefusalError(400, "M_UNKNOWN", f"Invalid user_id: {user_id}")


def first_state(
    user: User, room: Room, preset: str, told: dict[str, Any], alias: str
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """What a room begins with; what the wishes tell of goes before what the preset tells."""
    wished = {(each["type"], each.get("state_key", "")): each["content"] for each in told.get("initial_state", ())}
    others = {"additional_creators": list(room.creators[1:])} if len(room.creators) > 1 else {}
    creator = {"creator": user.id} if room.version == "10" else {}
    yield "m.room.create", {**told.get("creation_content", {}), **creator, **others, "room_version": room.version}, ""
    yield "m.room.member", {"membership": "join", "displayname": user.displayname}, user.id
    powers = {**_powers(room, preset, told), **told.get("power_level_content_override", {})}
    check_powers(room.version, room.creators, powers)
    yield "m.room.power_levels", powers, ""
    if alias:
        yield "m.room.canonical_alias", {"alias": alias}, ""
    for key, value in PRESETS[preset].items():
        event_type = {"join_rule": "m.room.join_rules"}.get(key, f"m.room.{key}")
        if (event_type, "") not in wished:
            yield event_type, {key: value}, ""
    for (event_type, state_key), content in wished.items():
        yield event_type, content, state_key
    if told.get("name"):
        yield "m.room.name", {"name": told["name"]}, ""
    if told.get("topic"):
        yield "m.room.topic", {"topic": told["topic"], "m.topic": {"m.text": [{"body": told["topic"]}]}}, ""


def _powers(room: Room, preset: str, told: dict[str, Any]) -> dict[str, Any]:
    is_public = preset == "public_chat"
    tombstone = {"m.room.tombstone": 150} if room.version == "12" else {}
    trusted = told.get("invite", ()) if preset == "trusted_private_chat" else ()
    owners = {} if room.version == "12" else dict.fromkeys((*room.creators, *trusted), 100)
    return {
        "users": owners,
        "users_default": 0,
        "events": {**POWER_EVENTS, **tombstone, **({"m.call.invite": 50} if is_public else {})},
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": 50 if is_public else 0,
        "historical": 100,
    }
