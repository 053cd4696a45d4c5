"""What an instance keeps: accounts, tokens, media, statuses with their versions, and what is to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from socialcast.sandbox.mirror import Blob, Response
from socialcast.sandbox.platforms.mastodon.tables import Rate, Server

__all__ = ["App", "Attachment", "Instance", "Scheduled", "Status", "Token", "User", "Version", "Window", "stamp"]

VISITORS = frozenset({"public", "unlisted"})


def stamp(at: float) -> str:
    """A time as the servers write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Window:
    """What is used of a rate."""

    rate: Rate
    resets_at: float
    used: int = 0

    @property
    def left(self) -> int:
        """How many calls it still has."""
        return self.rate.calls - self.used

    def headers(self) -> dict[str, str]:
        """What every answer tells of it; the reset is a time and no number of seconds."""
        reset = datetime.fromtimestamp(self.resets_at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "X-RateLimit-Limit": str(self.rate.calls),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": reset,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A client program."""

    id: str
    name: str
    website: str | None
    scopes: frozenset[str]
    redirect_uris: tuple[str, ...]
    client_id: str
    client_secret: str


@dataclass(slots=True, kw_only=True)
class User:
    """A local account."""

    id: str
    name: str
    created_at: float
    is_disabled: bool = False
    keys: dict[str, tuple[str, float]] = field(default_factory=dict)  # Idempotency-Key: the status, until when
    windows: dict[str, Window] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Token:
    """A token that was given out; one without a user is the app's own."""

    text: str
    app: App
    user: User | None
    scopes: frozenset[str]
    created_at: float
    is_revoked: bool = False


@dataclass(slots=True, kw_only=True)
class Attachment:
    """An uploaded file; it belongs to one status at most."""

    id: str
    user: User
    file: Blob
    mime_type: str
    kind: str  # image, gifv, video or audio
    at: float
    ready_at: float
    url: str
    description: str | None = None
    focus: tuple[float, float] | None = None
    size: tuple[int, int] | None = None
    is_broken: bool = False  # what its processing will show
    status_id: str = ""
    scheduled_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A status as it was from one edit to the next."""

    at: float
    text: str
    spoiler_text: str
    sensitive: bool
    language: str
    media: tuple[str, ...]
    described: Mapping[str, tuple[str | None, tuple[float, float] | None]]  # by attachment: description and focus


@dataclass(slots=True, kw_only=True)
class Status:
    """A status; its last version is the one that is shown."""

    id: str
    user: User
    app: App
    host: str
    visibility: str
    parent: Status | None
    versions: list[Version]
    favourites: set[str] = field(default_factory=set)

    @property
    def shown(self) -> Version:
        """The current version."""
        return self.versions[-1]

    @property
    def at(self) -> float:
        """When it was posted."""
        return self.versions[0].at

    @property
    def url(self) -> str:
        """Where visitors see it."""
        return f"https://{self.host}/@{self.user.name}/{self.id}"


@dataclass(slots=True, kw_only=True)
class Scheduled:
    """A status that is to come; its id is another than the status's will be."""

    id: str
    user: User
    app: App
    host: str
    due_at: float
    made_at: float
    visibility: str
    parent: Status | None
    version: Version
    key: str | None


@dataclass(slots=True)
class Instance:
    """One server with its people."""

    domain: str
    server: Server
    users: dict[str, User] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)  # by client id
    tokens: dict[str, Token] = field(default_factory=dict)
    media: dict[str, Attachment] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)  # oldest first
    scheduled: dict[str, Scheduled] = field(default_factory=dict)
    burned: dict[str, float] = field(default_factory=dict)  # keys that were seen, until when
    replays: dict[str, tuple[Response, float]] = field(default_factory=dict)

    def named(self, name: str) -> User | None:
        """The local account of this name."""
        return next((user for user in self.users.values() if user.name.lower() == name.lower()), None)

    def replies_to(self, status: Status) -> list[Status]:
        """The statuses that answer this one, oldest first."""
        return [other for other in self.statuses.values() if other.parent is status]
