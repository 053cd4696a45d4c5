"""The files that an announcement carries, and what is said of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec.structs import force_setattr

from socialcast.model.content import Content, content_of
from socialcast.model.data import Data
from socialcast.model.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import TypeAlias

    Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO

__all__ = ["ContactSheet", "Media", "Photo", "PhotoWords", "Subtitles", "Video", "VideoWords"]


class PhotoWords(Data, frozen=True):
    """What is said of a photo in another language."""

    alt: str = ""
    caption: str = ""


class VideoWords(Data, frozen=True):
    """What is said of a video in another language."""

    alt: str = ""
    title: str = ""
    caption: str = ""


class Media(Data, frozen=True):
    """A file: a path, or its bytes. A file object is read once, when the value is made; give a path to stream."""

    path: str | None = None
    data: bytes | None = None

    if TYPE_CHECKING:  # more than the fields hold is taken, and made fit below

        def __init__(self, path: Source | None = None, data: bytes | None = None) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        source: Any = self.path
        if source is not None and not isinstance(source, str):
            self._take(source)
        if (self.path is None) == (self.data is None):
            raise ConfigurationError(f"{type(self).__name__} needs one of a path, bytes or a file object")

    def _take(self, source: Any) -> None:
        if isinstance(source, os.PathLike):
            force_setattr(self, "path", os.fspath(source))
            return
        force_setattr(self, "path", None)
        force_setattr(self, "data", bytes(source) if isinstance(source, bytes | bytearray) else source.read())

    def __hash__(self) -> int:
        return hash((self.path, self.data))  # what is said in other languages is a mapping, which has no hash

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

    Location and serial numbers in its EXIF block are removed unless `keep_location` asks for them. `texts` says the same in
    other languages, by their tags. `focus` is the point that stays in sight where a platform crops: x and y from -1 (left,
    bottom) to 1 (right, top).
    """

    alt: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    decorative: bool = False
    keep_location: bool = False
    texts: Mapping[str, PhotoWords] = {}
    focus: tuple[float, float] | None = None

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
            texts: Mapping[str, PhotoWords] = ...,
            focus: tuple[float, float] | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.focus and not all(-1 <= side <= 1 for side in self.focus):
            raise ConfigurationError(f"focus {list(self.focus)} lies outside of the photo: x and y go from -1 to 1")


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

    `chapters` are lines such as "1:30 The speech", in order, the first at 0:00; `texts` says the same in other languages.
    `poster_at` chooses the poster from the film, as "0:12"; `adapt` allows to transcode it where a platform does not take it.
    """

    alt: str = ""
    title: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    poster: Photo | None = None
    subtitles: tuple[Subtitles, ...] = ()
    chapters: tuple[str, ...] = ()
    texts: Mapping[str, VideoWords] = {}
    poster_at: str = ""
    adapt: bool = False

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
            texts: Mapping[str, VideoWords] = ...,
            poster_at: str = "",
            adapt: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("subtitles", "chapters"):
            force_setattr(self, name, tuple(getattr(self, name)))
