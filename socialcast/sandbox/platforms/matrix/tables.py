"""What a homeserver allows and answers, as data (client-server API 1.19, 2026-07-08; numbers of Synapse 1.163.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from socialcast.sandbox.mirror import Route, Verified

__all__ = [
    "DOMAIN",
    "HOSTS",
    "LIMITS",
    "OPERATIONS",
    "POWER_EVENTS",
    "PRESETS",
    "PROFILE_FIELDS",
    "RATES",
    "REDACTED_KEYS",
    "ROOM_VERSIONS",
    "ROUTES",
    "VERSIONS",
    "Operation",
    "Rate",
]

DOMAIN = "matrix.example"
HOSTS = (DOMAIN, f"*.{DOMAIN}", "matrix.to")
VERSIONS = ("r0.6.1", *(f"v1.{number}" for number in range(1, 16)))
ROOM_VERSIONS = ("10", "11", "12")  # the last is what a room is made in; from 12 on its creators stand above all powers


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers past which a homeserver refuses; those marked "ours" stand where the pages give none."""

    event_bytes: int = 65_536
    id_bytes: int = 255
    upload_bytes: int = 50 << 20
    unused_media_seconds: int = 86_400
    token_seconds: int = 300  # of a sign-in that asked for a refresh token
    transaction_seconds: int = 86_400  # how long a device's transaction ids are remembered: "about a day"
    page: int = 10
    page_max: int = 1000
    relations_page: int = 5
    timeline: int = 10  # events of a room in a sync that asks for no number
    largest_integer: int = (1 << 53) - 1


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rate:
    """A leaking bucket: so many calls at once, and then so many a second."""

    per_second: float
    burst: int


RATES: Mapping[str, Rate] = {  # Synapse's defaults, `rc_...`
    "message": Rate(0.2, 10),
    "room": Rate(0.16, 10),
    "join": Rate(0.1, 10),
    "invite": Rate(0.3, 10),
    "media": Rate(10, 50),
    "failed-login": Rate(0.17, 3),
}

# By preset: who may join, who may read what was before, whether guests may come in.
PRESETS: Mapping[str, Mapping[str, str]] = {
    "private_chat": {"join_rule": "invite", "history_visibility": "shared", "guest_access": "can_join"},
    "trusted_private_chat": {"join_rule": "invite", "history_visibility": "shared", "guest_access": "can_join"},
    "public_chat": {"join_rule": "public", "history_visibility": "shared"},
}
POWER_EVENTS: Mapping[str, int] = {
    "m.room.avatar": 50,
    "m.room.canonical_alias": 50,
    "m.room.encryption": 100,
    "m.room.history_visibility": 100,
    "m.room.name": 50,
    "m.room.power_levels": 100,
    "m.room.server_acl": 100,
    "m.room.tombstone": 100,
}
# What a redaction leaves of an event's content, by type (room version 11 and later); of others nothing.
REDACTED_KEYS: Mapping[str, tuple[str, ...]] = {
    "m.room.member": ("membership", "join_authorised_via_users_server"),
    "m.room.join_rules": ("join_rule", "allow"),
    "m.room.history_visibility": ("history_visibility",),
    "m.room.power_levels": (
        *("ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"),
    ),
    "m.room.redaction": ("redacts",),
}
PROFILE_FIELDS = ("displayname", "avatar_url")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: where it is, the file of the specification that describes it, and what it needs."""

    verb: str
    path: str
    page: str
    needs_token: bool = True
    takes_nothing: bool = False  # whether its body may be left away
    is_raw: bool = False  # whether its body is a file and no JSON
    verified: Verified = Verified.SERVER


_V3, _V1, _MEDIA = "/_matrix/client/v3", "/_matrix/client/v1", "/_matrix/media"
_ROOM = _V3 + "/rooms/{room_id}"

OPERATIONS: Mapping[str, Operation] = {
    "get_versions": Operation("GET", "/_matrix/client/versions", "versions", needs_token=False),
    "get_well_known": Operation("GET", "/.well-known/matrix/client", "wellknown", needs_token=False),
    "get_flows": Operation("GET", _V3 + "/login", "login", needs_token=False, verified=Verified.DOCUMENTATION),
    "sign_in": Operation("POST", _V3 + "/login", "login", needs_token=False),
    "refresh": Operation("POST", _V3 + "/refresh", "refresh", needs_token=False),
    "sign_out": Operation("POST", _V3 + "/logout", "logout", takes_nothing=True),
    "who_am_i": Operation("GET", _V3 + "/account/whoami", "whoami"),
    "get_capabilities": Operation("GET", _V3 + "/capabilities", "capabilities", verified=Verified.DOCUMENTATION),
    "create_room": Operation("POST", _V3 + "/createRoom", "create_room"),
    "get_joined_rooms": Operation("GET", _V3 + "/joined_rooms", "list_joined_rooms"),
    "join_by_any": Operation("POST", _V3 + "/join/{room}", "joining", takes_nothing=True),
    "join": Operation("POST", _ROOM + "/join", "joining", takes_nothing=True),
    "leave": Operation("POST", _ROOM + "/leave", "leaving", takes_nothing=True),
    "invite": Operation("POST", _ROOM + "/invite", "inviting"),
    "kick": Operation("POST", _ROOM + "/kick", "kicking"),
    "get_whole_state": Operation("GET", _ROOM + "/state", "rooms"),
    "get_state": Operation("GET", _ROOM + "/state/{event_type}", "rooms"),
    "get_keyed_state": Operation("GET", _ROOM + "/state/{event_type}/{state_key}", "rooms"),
    "put_state": Operation("PUT", _ROOM + "/state/{event_type}", "room_state"),
    "put_keyed_state": Operation("PUT", _ROOM + "/state/{event_type}/{state_key}", "room_state"),
    "get_members": Operation("GET", _ROOM + "/members", "rooms"),
    "get_joined_members": Operation("GET", _ROOM + "/joined_members", "rooms"),
    "get_aliases": Operation("GET", _ROOM + "/aliases", "directory"),
    "send": Operation("PUT", _ROOM + "/send/{event_type}/{txn_id}", "room_send"),
    "redact": Operation("PUT", _ROOM + "/redact/{event_id}/{txn_id}", "redaction"),
    "get_event": Operation("GET", _ROOM + "/event/{event_id}", "rooms"),
    "get_context": Operation("GET", _ROOM + "/context/{event_id}", "event_context"),
    "get_messages": Operation("GET", _ROOM + "/messages", "message_pagination"),
    "get_relations": Operation("GET", _V1 + "/rooms/{room_id}/relations/{event_id}", "relations"),
    "get_relations_of": Operation("GET", _V1 + "/rooms/{room_id}/relations/{event_id}/{rel_type}", "relations"),
    "get_relations_of_type": Operation("GET", _V1 + "/rooms/{room_id}/relations/{event_id}/{rel_type}/{event_type}", "relations"),
    "sync": Operation("GET", _V3 + "/sync", "sync"),
    "find_alias": Operation("GET", _V3 + "/directory/room/{alias}", "directory", needs_token=False),
    "put_alias": Operation("PUT", _V3 + "/directory/room/{alias}", "directory"),
    "delete_alias": Operation("DELETE", _V3 + "/directory/room/{alias}", "directory"),
    "get_visibility": Operation("GET", _V3 + "/directory/list/room/{room_id}", "list_public_rooms", needs_token=False),
    "get_profile": Operation("GET", _V3 + "/profile/{user_id}", "profile", needs_token=False),
    "get_profile_field": Operation("GET", _V3 + "/profile/{user_id}/{field}", "profile", needs_token=False),
    "put_profile_field": Operation("PUT", _V3 + "/profile/{user_id}/{field}", "profile"),
    "upload": Operation("POST", _MEDIA + "/v3/upload", "content-repo", is_raw=True),
    "create_media": Operation("POST", _MEDIA + "/v1/create", "content-repo", takes_nothing=True),
    "upload_to": Operation("PUT", _MEDIA + "/v3/upload/{server}/{media_id}", "content-repo", is_raw=True),
    "get_media_config": Operation("GET", _V1 + "/media/config", "authed-content-repo"),
    "download": Operation("GET", _V1 + "/media/download/{server}/{media_id}", "authed-content-repo"),
    "download_as": Operation("GET", _V1 + "/media/download/{server}/{media_id}/{name}", "authed-content-repo"),
}


def _route(name: str, each: Operation, **changes: Any) -> Route:
    source = f"https://spec.matrix.org/v1.19/client-server-api/ ({each.page}.yaml)"
    told = Route(method=each.verb, path=each.path, handler=name, source=source, verified=each.verified)
    return replace(told, **changes)


ROUTES = (
    *(_route(name, each) for name, each in OPERATIONS.items()),
    *(_route(name, OPERATIONS[name], path=OPERATIONS[name].path + "/") for name in ("get_state", "put_state")),
    Route(
        method="GET",
        path="/shown/{media_id}",
        handler="show_media",
        source="what a member's program shows",
    ),
    Route(method="GET", path="/", handler="show_front", source="https://matrix.to"),
)
