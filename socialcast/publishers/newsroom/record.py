"""What the folder remembers of each announcement: plain data beside its page, public as the page is."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

import msgspec

from socialcast.model.receipt import LiveState

__all__ = ["RECORD", "SIDES", "Entry", "Event", "Film", "Picture", "Record", "Size", "Track", "slug_of"]

RECORD = "announcement.json"  # its name in the page's folder
SIDES = (480, 960, 1920)  # pixels of the longer side: a telephone's column, the same on a dense screen, a wide page
_LONGEST_SLUG = 80
_RESERVED = frozenset({"archive"})


class _Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen data that is written as JSON."""


class Size(_Data, frozen=True, kw_only=True):
    """One file of a picture; width and height in pixels as it is shown."""

    file: str
    width: int
    height: int
    media_type: str
    size_bytes: int


class Picture(_Data, frozen=True, kw_only=True):
    """A picture in its sizes, the smallest first and the whole one last."""

    sizes: tuple[Size, ...]
    alt: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""

    @property
    def whole(self) -> Size:
        """The largest."""
        return self.sizes[-1]

    @property
    def shown(self) -> Size:
        """The largest that a page shows."""
        return self._for_pages[-1]

    @property
    def srcset(self) -> str:
        """The sizes for a browser to choose from."""
        return ", ".join(f"{size.file} {size.width}w" for size in self._for_pages)

    @property
    def _for_pages(self) -> tuple[Size, ...]:
        return tuple(size for size in self.sizes if max(size.width, size.height) <= SIDES[-1]) or self.sizes[-1:]


class Track(_Data, frozen=True, kw_only=True):
    """Subtitles in one language."""

    file: str
    language: str


class Film(_Data, frozen=True, kw_only=True):
    """A video with what belongs to it."""

    file: str
    media_type: str
    size_bytes: int
    seconds: float | None = None
    title: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    poster: Picture | None = None
    tracks: tuple[Track, ...] = ()
    chapters: tuple[str, ...] = ()


class Event(_Data, frozen=True, kw_only=True):
    """The live event and where it stands; `url` is where it is watched, or its recording."""

    title: str = ""
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    url: str = ""
    state: LiveState = LiveState.SCHEDULED


class Record(_Data, frozen=True, kw_only=True):
    """One announcement as its page shows it; `text` is Markdown, `sequence` counts its changes, and `page_digest` is the page's
    SHA-256 (hex) as it was written."""

    key: str
    digest: str
    slug: str
    language: str = "en"
    title: str = ""
    text: str = ""
    link: str = ""
    link_title: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""
    credit: str = ""
    pictures: tuple[Picture, ...] = ()
    film: Film | None = None
    event: Event | None = None
    published_at: datetime | None = None
    changed_at: datetime | None = None
    sequence: int = 0
    withdrawn: bool = False
    page_digest: str = ""

    @property
    def files(self) -> list[str]:
        """The names of all media files."""
        pictures = [*self.pictures, *([self.film.poster] if self.film and self.film.poster else [])]
        film = [self.film.file, *(track.file for track in self.film.tracks)] if self.film else []
        return [*(size.file for picture in pictures for size in picture.sizes), *film]

    @property
    def moment(self) -> datetime:
        """When it was published."""
        if self.published_at is None:
            raise AssertionError("asked a draft when it was published")
        return self.published_at

    @property
    def month(self) -> str:
        """The part of the archive that it is listed in, such as 2036-12."""
        return f"{self.moment:%Y-%m}"

    def to_json(self) -> bytes:
        """The record as a file, the same bytes for the same record."""
        return msgspec.json.format(msgspec.json.encode(self, order="deterministic"), indent=1) + b"\n"


class Entry(_Data, frozen=True, kw_only=True):
    """What a list of the archive tells of one announcement."""

    slug: str
    published_at: datetime
    title: str
    language: str = "en"


def slug_of(key: str) -> str:
    """The name of the page's folder: the key, or where no address could hold it, what is left of it and a part of its digest."""
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    if slug == key and slug not in _RESERVED:
        return slug
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{slug}-{digest}" if slug else digest
