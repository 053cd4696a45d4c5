"""What Mastodon and its kin allow and answer, as data (docs.joinmastodon.org, 2026-07-02; server 4.7.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from socialcast.sandbox.mirror import Route, Verified

__all__ = [
    "ALL_SCOPES",
    "DOMAIN",
    "HOSTS",
    "LIMITS",
    "OPERATIONS",
    "RATES",
    "REPEATS",
    "ROUTES",
    "SERVERS",
    "Operation",
    "Rate",
    "Server",
    "covers",
]

MIB = 1 << 20
DOMAIN = "social.example"
HOSTS = (DOMAIN, f"*.{DOMAIN}", "mastodon.social")
DOCS = "https://docs.joinmastodon.org/methods"


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that no instance tells of itself; those marked "ours" stand where the pages give none."""

    key_seconds: int = 3600  # how long an Idempotency-Key is kept
    replay_seconds: int = 6 * 3600  # the same on Pleroma, by its plug's default
    unattached_seconds: int = 86_400
    schedule_ahead_seconds: int = 300
    scheduled_total: int = 300
    scheduled_a_day: int = 25
    page: int = 20
    page_max: int = 40
    scheduled_page: int = 20
    context_max: int = 4096
    public_ancestors: int = 40
    public_descendants: int = 60
    public_depth: int = 20
    video_seconds: float = 4.0  # ours: how long a video or audio is processed


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls there are in a window of so many seconds."""

    calls: int
    seconds: int


RATES: Mapping[str, Rate] = {
    "all": Rate(300, 300),
    "media": Rate(30, 1800),
    "delete": Rate(30, 1800),
    "statuses": Rate(300, 10_800),
}

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/heic", "image/heif", "image/webp", "image/avif")
MOVING = ("video/webm", "video/mp4", "video/quicktime", "video/ogg", "audio/mpeg")
REPEATS = ("honoured", "ignored", "failing", "burned", "replayed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How one instance is configured and what its software does; what it tells in `configuration` is what it enforces."""

    software: str = "mastodon"
    version: str = "4.7.2"
    api_version: int | None = 10  # None: tells none, as Mastodon before 4.3 and other servers
    has_v2: bool = True  # snac answers /api/v1/instance alone
    max_characters: int = 500
    max_media_attachments: int = 4
    characters_reserved_per_url: int = 23
    description_limit: int = 1500
    supported_mime_types: tuple[str, ...] = IMAGES + MOVING
    image_size_limit: int = 16 * MIB
    image_matrix_limit: int = 33_177_600
    video_size_limit: int = 99 * MIB
    video_frame_rate_limit: int = 120
    video_matrix_limit: int = 8_294_400
    repeats: str = "honoured"  # what comes of an Idempotency-Key that was seen before: one of REPEATS
    stale_media: str = "refused"  # or "dropped": media that are used up or gone, before Mastodon 4.3
    takes_text_alone: bool = True
    schedules: bool = True
    image_seconds: float = 0.0  # how long a picture is processed; 0 answers 200 at once
    tells: Mapping[str, Any] = field(
        default_factory=dict
    )  # parts of `configuration` told otherwise than they are; None: left out

    def __post_init__(self) -> None:
        if self.repeats not in REPEATS:
            raise ValueError(f"repeats is one of {', '.join(REPEATS)}, not {self.repeats!r}")
        if self.stale_media not in ("refused", "dropped"):
            raise ValueError(f"stale_media is refused or dropped, not {self.stale_media!r}")


# Read from the servers' code: GoToSocial 2025-10, Pixelfed 2024-03, snac 2.94, Pleroma 2.9; Mastodon's from its issues
# (31681 for media, 40399 for keys). Each is a name that a test asks for as `server`.
SERVERS: Mapping[str, Server] = {
    "mastodon": Server(),
    "mastodon-4.2": Server(version="4.2.13", api_version=None, stale_media="dropped"),
    "mastodon-replay-500": Server(version="4.7.0", repeats="failing"),
    "gotosocial": Server(
        software="gotosocial",
        version="0.20.1+git-d5b7f1b",
        api_version=None,
        max_characters=5000,
        max_media_attachments=6,
        description_limit=5000,
        image_size_limit=40 * MIB,
        video_size_limit=40 * MIB,
        repeats="ignored",
    ),
    "pleroma": Server(
        software="pleroma",
        version="2.7.2 (compatible; Pleroma 2.9.1)",
        api_version=None,
        max_characters=5000,
        repeats="replayed",
    ),
    "pixelfed": Server(
        software="pixelfed",
        version="3.5.3 (compatible; Pixelfed 0.12.4)",
        api_version=None,
        description_limit=1000,
        image_size_limit=15_000_000,
        supported_mime_types=("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4"),
        repeats="burned",
        takes_text_alone=False,
        schedules=False,
    ),
    "snac": Server(
        software="snac",
        version="4.0.0 (not true; really snac/2.94)",
        api_version=None,
        has_v2=False,
        max_characters=100_000,
        characters_reserved_per_url=32,
        repeats="ignored",
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: where it is, what it needs (`user`, `app`, `optional` or nothing), and which rate it counts in beside all."""

    verb: str
    path: str
    page: str
    scopes: tuple[str, ...] = ()  # any of them
    needs: str = "user"
    rate: str = ""
    verified: Verified = Verified.DESCRIPTION


_READ, _WRITE, _MEDIA = ("read:statuses",), ("write:statuses",), ("write:media",)
_STATUS, _SCHEDULED = "/api/v1/statuses", "/api/v1/scheduled_statuses"
_DOCUMENTED = Verified.DOCUMENTATION

OPERATIONS: Mapping[str, Operation] = {
    "get_instance": Operation("GET", "/api/v2/instance", "instance/#v2", needs="optional"),
    "get_old_instance": Operation("GET", "/api/v1/instance", "instance/#v1", needs="optional", verified=_DOCUMENTED),
    "get_nodeinfo_links": Operation("GET", "/.well-known/nodeinfo", "../spec/nodeinfo", needs="nothing", verified=_DOCUMENTED),
    "get_nodeinfo": Operation("GET", "/nodeinfo/2.0", "../spec/nodeinfo", needs="nothing", verified=_DOCUMENTED),
    "create_app": Operation("POST", "/api/v1/apps", "apps/#create", needs="nothing"),
    "verify_app": Operation("GET", "/api/v1/apps/verify_credentials", "apps/#verify_credentials", needs="app"),
    "create_token": Operation("POST", "/oauth/token", "oauth/#token", needs="nothing"),
    "revoke_token": Operation("POST", "/oauth/revoke", "oauth/#revoke", needs="nothing", verified=_DOCUMENTED),
    "verify_account": Operation(
        "GET", "/api/v1/accounts/verify_credentials", "accounts/#verify_credentials", ("read:accounts", "profile")
    ),
    "get_account": Operation("GET", "/api/v1/accounts/{id}", "accounts/#get", ("read:accounts",), "optional"),
    "get_account_statuses": Operation("GET", "/api/v1/accounts/{id}/statuses", "accounts/#statuses", _READ, "optional"),
    "upload_media": Operation("POST", "/api/v2/media", "media/#v2", _MEDIA, rate="media"),
    "get_media": Operation("GET", "/api/v1/media/{id}", "media/#get", _MEDIA),
    "change_media": Operation("PUT", "/api/v1/media/{id}", "media/#update", _MEDIA),
    "delete_media": Operation("DELETE", "/api/v1/media/{id}", "media/#delete", _MEDIA, verified=_DOCUMENTED),
    "create_status": Operation("POST", _STATUS, "statuses/#create", _WRITE, rate="statuses"),
    "get_statuses": Operation("GET", _STATUS, "statuses/#index", _READ, "optional"),
    "get_status": Operation("GET", _STATUS + "/{id}", "statuses/#get", _READ, "optional"),
    "edit_status": Operation("PUT", _STATUS + "/{id}", "statuses/#edit", _WRITE),
    "delete_status": Operation("DELETE", _STATUS + "/{id}", "statuses/#delete", _WRITE, rate="delete"),
    "get_context": Operation("GET", _STATUS + "/{id}/context", "statuses/#context", _READ, "optional"),
    "get_source": Operation("GET", _STATUS + "/{id}/source", "statuses/#source", _READ),
    "get_history": Operation("GET", _STATUS + "/{id}/history", "statuses/#history", _READ, "optional"),
    "favourite": Operation("POST", _STATUS + "/{id}/favourite", "statuses/#favourite", ("write:favourites",)),
    "unfavourite": Operation("POST", _STATUS + "/{id}/unfavourite", "statuses/#unfavourite", ("write:favourites",)),
    "list_scheduled": Operation("GET", _SCHEDULED, "scheduled_statuses/#get", _READ),
    "get_scheduled": Operation("GET", _SCHEDULED + "/{id}", "scheduled_statuses/#get-one", _READ),
    "move_scheduled": Operation("PUT", _SCHEDULED + "/{id}", "scheduled_statuses/#update", _WRITE),
    "cancel_scheduled": Operation("DELETE", _SCHEDULED + "/{id}", "scheduled_statuses/#cancel", _WRITE, verified=_DOCUMENTED),
    "get_notifications": Operation("GET", "/api/v1/notifications", "notifications/#get", ("read:notifications",)),
}
ALL_SCOPES = "read write profile"

_WITH_SLASH = ("get_instance", "get_old_instance")  # as Mastodon.py spells them; Rails takes a slash at the end of any path


def _route(name: str, path: str) -> Route:
    each = OPERATIONS[name]
    return Route(method=each.verb, path=path, handler=name, source=f"{DOCS}/{each.page}", verified=each.verified)


ROUTES = (
    *(_route(name, each.path) for name, each in OPERATIONS.items()),
    *(_route(name, OPERATIONS[name].path + "/") for name in _WITH_SLASH),
    Route(
        method="GET",
        path="/system/media_attachments/files/{id}/original/{file}",
        handler="get_file",
        source="https://docs.joinmastodon.org/entities/MediaAttachment/",
    ),
)


def covers(granted: frozenset[str], wanted: tuple[str, ...]) -> bool:
    """Whether a token may: a wide scope, as `write`, holds all its narrow ones, as `write:media`."""
    return not wanted or any(scope in granted or scope.partition(":")[0] in granted for scope in wanted)
