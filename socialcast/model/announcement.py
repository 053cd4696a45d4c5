"""What an author writes once: the announcement and the media, links and wishes it carries."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec.structs import force_setattr

from socialcast.model.errors import ConfigurationError
from socialcast.model.media import Content, content_of

if TYPE_CHECKING:
    from typing import Self, TypeAlias

    Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO

__all__ = [
    "Announcement",
    "Audience",
    "ContactSheet",
    "Link",
    "Live",
    "Media",
    "Override",
    "Photo",
    "Privacy",
    "Subtitles",
    "Video",
    "digest_of",
    "told_by_content",
]

_KEY_LENGTH_IN_CODE = 16  # hexadecimal characters of the digest: 64 bits, plenty for one organisation's announcements


class Audience(Enum):
    """Who may see it; material for the press never goes to a public channel."""

    PUBLIC = "public"
    PRESS = "press"


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Frozen, comparable data with plain JSON both ways."""

    def to_json(self) -> bytes:
        """Plain JSON; `from_json` gives an equal value back."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, document: bytes | str) -> Self:
        """The value that `to_json` wrote; raises msgspec.ValidationError with the path of what does not fit."""
        return msgspec.json.decode(document, type=cls)


class Link(_Data, frozen=True):
    """An address that the announcement points to."""

    url: str
    title: str = ""


class Media(_Data, frozen=True):
    """A file: a path, or its bytes. A file object is read once, when the value is made; give a path to stream."""

    path: str | None = None
    data: bytes | None = None

    if TYPE_CHECKING:  # more than the fields hold is taken, and made fit below

        def __init__(self, path: Source | None = None, data: bytes | None = None) -> None: ...

    def __post_init__(self) -> None:
        source: Any = self.path
        if isinstance(source, os.PathLike):
            force_setattr(self, "path", os.fspath(source))
        elif isinstance(source, bytes | bytearray):
            force_setattr(self, "path", None)
            force_setattr(self, "data", bytes(source))
        elif source is not None and not isinstance(source, str):
            force_setattr(self, "path", None)
            force_setattr(self, "data", source.read())
        if (self.path is None) == (self.data is None):
            raise ConfigurationError(f"{type(self).__name__} needs one of a path, bytes or a file object")

    @property
    def content(self) -> Content:
        """The file's size and digest; raises OSError where it cannot be read."""
        return content_of(self.path, self.data)

    def open(self) -> BinaryIO:
        """The file, to be read and closed; raises OSError where it cannot be read."""
        return Path(self.path).open("rb") if self.path else BytesIO(self.data or b"")

    @property
    def name(self) -> str:
        """What messages call this file; never used as alt text."""
        return Path(self.path).name if self.path else f"{len(self.data or b'')} bytes in memory"


class Photo(Media, frozen=True):
    """One photo; `alt` tells those who do not see it what it shows, `decorative` says that there is nothing to tell.

    Location and serial numbers in its EXIF block are removed unless `keep_location` asks for them.
    """

    alt: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    decorative: bool = False
    keep_location: bool = False

    if TYPE_CHECKING:

        def __init__(
            self,
            path: Source | None = None,
            data: bytes | None = None,
            alt: str = "",
            caption: str = "",
            credit: str = "",
            licence: str = "",
            decorative: bool = False,
            keep_location: bool = False,
        ) -> None: ...


class ContactSheet(Photo, frozen=True, kw_only=True):
    """A picture of many photos, drawn where a platform shows fewer than there are; told by them, not by its bytes."""

    of: tuple[Photo, ...] = ()

    if TYPE_CHECKING:

        def __init__(self, *, data: bytes, alt: str, of: tuple[Photo, ...]) -> None: ...

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"a contact sheet of {len(self.of)} photos"


class Subtitles(Media, frozen=True):
    """Timed text for a video, in one language (BCP 47)."""

    language: str = "en"

    if TYPE_CHECKING:

        def __init__(self, path: Source | None = None, data: bytes | None = None, language: str = "en") -> None: ...


class Video(Media, frozen=True):
    """One video; `alt` describes it to those who do not see it, `poster` is the picture shown before it plays.

    `chapters` are lines such as "1:30 The speech", in order, the first at 0:00.
    """

    alt: str = ""
    title: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    poster: Photo | None = None
    subtitles: tuple[Subtitles, ...] = ()
    chapters: tuple[str, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            path: Source | None = None,
            data: bytes | None = None,
            alt: str = "",
            title: str = "",
            caption: str = "",
            credit: str = "",
            licence: str = "",
            poster: Photo | None = None,
            subtitles: Iterable[Subtitles] = (),
            chapters: Iterable[str] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("subtitles", "chapters"):
            force_setattr(self, name, tuple(getattr(self, name)))


class Privacy(Enum):
    """Who finds it on the platform: everybody, or those who were given the link."""

    PUBLIC = "public"
    UNLISTED = "unlisted"


class Live(_Data, frozen=True):
    """A live event to watch: one that exists, by its `url`, or one to create on every channel that hosts live events.

    `starts_at` and `ends_at` are aware datetimes, `poster` is shown before it begins. Raises ConfigurationError for an
    event that has neither an address nor a start, or that ends before it starts.
    """

    url: str = ""
    title: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    description: str = ""
    poster: Photo | None = None
    privacy: Privacy = Privacy.PUBLIC
    low_latency: bool = False
    dvr: bool = True

    def __post_init__(self) -> None:
        _require_aware(self.starts_at, "live.starts_at")
        _require_aware(self.ends_at, "live.ends_at")
        if not self.url and self.starts_at is None:
            raise ConfigurationError("live needs the url of an event that exists, or starts_at to create one")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ConfigurationError(
                f"live.ends_at {self.ends_at.isoformat()} is not after live.starts_at {self.starts_at.isoformat()}"
            )

    @property
    def is_to_create(self) -> bool:
        """Whether the channels that host live events make it."""
        return not self.url


class Override(_Data, frozen=True):
    """What one channel says instead; `reply_to` is the address of the post that this one answers, `skip` is the reason why it
    gets nothing."""

    title: str | None = None
    text: str | None = None
    body: str | None = None
    tags: tuple[str, ...] | None = None
    reply_to: str | None = None
    skip: str | None = None


class Announcement(_Data, frozen=True, kw_only=True):
    """One announcement for all channels.

    `text` is the short form that feeds show, `body` the long one (Markdown) for pages and descriptions;
    `embargo` is an aware datetime before which nothing is public; `channels` holds overrides by channel name.
    """

    key: str = ""
    title: str = ""
    text: str = ""
    body: str = ""
    link: Link | None = None
    photos: tuple[Photo, ...] = ()
    video: Video | None = None
    live: Live | None = None
    tags: tuple[str, ...] = ()
    language: str = "en"
    audience: Audience = Audience.PUBLIC
    embargo: datetime | None = None
    licence: str = ""
    credit: str = ""
    channels: Mapping[str, Override] = {}

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            key: str = "",
            title: str = "",
            text: str = "",
            body: str = "",
            link: Link | str | None = None,
            photos: Iterable[Photo] = (),
            video: Video | None = None,
            live: Live | None = None,
            tags: Iterable[str] = (),
            language: str = "en",
            audience: Audience = Audience.PUBLIC,
            embargo: datetime | None = None,
            licence: str = "",
            credit: str = "",
            channels: Mapping[str, Override] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        _require_aware(self.embargo, "embargo")
        for name in ("photos", "tags"):  # a list is what people write
            force_setattr(self, name, tuple(getattr(self, name)))
        link: Any = self.link
        if isinstance(link, str):
            force_setattr(self, "link", Link(link))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything said here, files by their content: equal on every machine."""
        return digest_of(msgspec.structs.replace(self, key=""))

    @property
    def resolved_key(self) -> str:
        """The key that re-runs are told apart by: the given one, or the beginning of the digest."""
        return self.key or self.digest[:_KEY_LENGTH_IN_CODE]

    def for_channel(self, channel: str) -> Announcement:
        """The announcement as this channel says it, its override applied."""
        override = self.channels.get(channel)
        if override is None:
            return self
        changes = {name: value for name in ("title", "text", "body", "tags") if (value := getattr(override, name)) is not None}
        return msgspec.structs.replace(self, **changes)


def digest_of(data: msgspec.Struct) -> str:
    """SHA-256 (hex) of the data's JSON with each file told by its content and not by its place: equal on every machine."""
    return hashlib.sha256(msgspec.json.encode(told_by_content(data), order="sorted")).hexdigest()


def told_by_content(value: Any) -> Any:
    """Plain data with each file told by its content, and without what equals a default: msgspec leaves out only what is the
    very same object, which a value that was written out or came from another process is not."""
    if isinstance(value, tuple):
        return [told_by_content(item) for item in value]
    if isinstance(value, Mapping):
        return {name: told_by_content(item) for name, item in value.items()}
    if not isinstance(value, msgspec.Struct):
        return value
    told = {name: told_by_content(item) for name, default in _defaults(type(value)) if (item := getattr(value, name)) != default}
    if isinstance(value, Media):
        content = {} if isinstance(value, ContactSheet) else {"sha256": _sha256(value)}
        told = {name: item for name, item in told.items() if name not in ("path", "data")} | content
    return told


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Each field's name and default."""
    fields = msgspec.structs.fields(kind)
    return tuple((f.name, f.default_factory() if f.default_factory is not msgspec.NODEFAULT else f.default) for f in fields)


def _sha256(media: Media) -> str:
    try:
        return media.content.sha256
    except OSError:
        return "unreadable"  # preflight tells which file and why


def _require_aware(moment: datetime | None, path: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ConfigurationError(
            f"{path} {moment.isoformat()} has no time zone: write it as {moment.isoformat()}+01:00 or with a Z"
        )
    if moment is not None and moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():
        raise ConfigurationError(_about_changed_clocks(moment, path))


def _about_changed_clocks(moment: datetime, path: str) -> str:
    """What to say of an hour that clocks skip or show twice; an hour early is what an embargo is there to prevent."""
    either, other = (moment.replace(fold=fold).isoformat() for fold in (0, 1))
    local = f"{path} {moment.replace(tzinfo=None).isoformat()}"
    exists = moment.astimezone(UTC).astimezone(moment.tzinfo).replace(fold=0) == moment.replace(fold=0)
    happens = "happens twice" if exists else "does not happen"
    return f"{local} {happens} in {moment.tzinfo}, as clocks change: write {either} or {other}"
