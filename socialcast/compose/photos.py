"""Photos: what a file is, what has to change for a platform, and the file that is sent.

A file that fits is sent as it is. Location and serial numbers go without touching a pixel; only a photo of the wrong
type or of too many bytes is encoded anew, and then the best that fits. The same photo and rules give the same bytes.
"""

from __future__ import annotations

import hashlib
import mimetypes
import mmap
import os
import re
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError, DecompressionBombWarning
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from socialcast.compose import metadata
from socialcast.compose.encoding import encode
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.model.errors import ConfigurationError
from socialcast.model.media import Content, content_of
from socialcast.model.post import Adaptation

__all__ = ["Fitted", "PhotoFacts", "UnreadablePhoto", "adaptations", "facts", "fit"]

MAX_MEGAPIXELS = 250  # more than any camera gives; a small file that declares more is there to fill the memory
_REMEMBERED_FILES = 4096
_RECIPE = 1  # counts up when the same photo and rules give other bytes, so that kept results are not mistaken for it

# Pillow's own opener would warn about photos above 89 megapixels, which cameras make, and would start programs for some formats.
_READERS: dict[str, tuple[bytes, type[ImageFile.ImageFile]]] = {  # how the content begins, and who reads it
    "image/jpeg": (rb"\xff\xd8\xff", JpegImageFile),
    "image/png": (rb"\x89PNG\r\n\x1a\n", PngImageFile),
    "image/gif": (rb"GIF8[79]a", GifImageFile),
    "image/webp": (rb"(?s)RIFF....WEBP", WebPImageFile),
    "image/tiff": (rb"II\*\0|MM\0\*", TiffImageFile),
    "image/bmp": (rb"BM", BmpImageFile),
}
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_FOR_OPAQUE = ("image/jpeg", "image/png", "image/webp")
_FOR_TRANSPARENT = ("image/png", "image/webp", "image/jpeg")


class UnreadablePhoto(ConfigurationError):
    """A file that cannot be published as a photo; `code` says why, as preflight tells it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class PhotoFacts(NamedTuple):
    """What a photo file is, read without decoding it; width and height are as stored, before its orientation is applied."""

    media_type: str
    width: int
    height: int
    size_bytes: int
    has_location: bool
    has_serial: bool
    orientation: int
    has_transparency: bool
    is_animated: bool
    suffix_matches: bool


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """The file that is sent: on disk, or in memory where there is no folder to keep it in."""

    filename: str
    media_type: str
    path: str | None = None
    data: bytes | None = None

    def open(self) -> BinaryIO:
        """Its bytes from the beginning; the caller closes it."""
        return Path(self.path).open("rb") if self.path else BytesIO(self.data or b"")

    @property
    def content(self) -> Content:
        """Its size and digests."""
        return content_of(self.path, self.data)

    @property
    def size_bytes(self) -> int:
        """Its size."""
        return self.content.size

    @property
    def sha256(self) -> str:
        """Its SHA-256 in hexadecimal."""
        return self.content.sha256

    @property
    def sha1(self) -> str:
        """Its SHA-1 in hexadecimal."""
        digest = hashlib.sha1(usedforsecurity=False)
        with self.open() as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()


def facts(photo: Photo) -> PhotoFacts:
    """What the photo's file is. Raises UnreadablePhoto."""
    if photo.path is None:
        return _facts(photo)
    with _told_as_missing(photo):
        found = os.stat(photo.path)  # noqa: PTH116 - the path is text
    return _facts_of_file(photo.path, found.st_size, found.st_mtime_ns)


def adaptations(facts: PhotoFacts, rules: PhotoRules, where: str) -> list[Adaptation]:
    """What `fit` will change in the photo at that place of the announcement; pure."""
    made, result = [], _result_type(facts, rules)
    if result != facts.media_type:
        made.append(Adaptation(code="photo.converted", message=f"{where}: {facts.media_type} becomes {result}"))
    if _too_large(facts, rules):
        limit = f"fit in {rules.max_bytes:,} bytes"
        if result == "image/png":
            made.append(Adaptation(code="photo.resized", message=f"{where} is scaled down to {limit}"))
        else:
            made.append(
                Adaptation(
                    code="photo.recompressed", message=f"{where} is compressed, and scaled down if that is not enough, to {limit}"
                )
            )
    if made and facts.orientation != 1:
        made.append(_routine("photo.orientation_applied", f"{where} is turned the right way up"))
    if made and facts.is_animated:
        made.append(Adaptation(code="photo.stilled", message=f"{where}: only the first picture of the animation is kept"))
    if facts.has_location or facts.has_serial:
        what = [name for name, has in (("location", facts.has_location), ("serial numbers", facts.has_serial)) if has]
        made.append(_routine("photo.location_removed", f"{where}: {' and '.join(what)} removed"))
    return made


def fit(photo: Photo, rules: PhotoRules, cache_folder: str | None) -> Fitted:
    """The photo as the platform takes it; the original is never touched. Raises UnreadablePhoto."""
    known = facts(photo)
    if photo.keep_location:
        known = known._replace(has_location=False, has_serial=False)
    media_type = _result_type(known, rules)
    filename = _filename(photo, media_type)
    if _keeps_pixels(known, rules) and not _is_private(known):
        return Fitted(filename=filename, media_type=media_type, path=photo.path, data=photo.data)
    if cache_folder is None:
        return Fitted(filename=filename, media_type=media_type, data=_changed(photo, known, rules))
    kept = Path(cache_folder) / (_name_in_cache(photo, rules) + _SUFFIXES[media_type])
    if not kept.exists():
        _write_whole(kept, _changed(photo, known, rules))
    return Fitted(filename=filename, media_type=media_type, path=str(kept))


# -- reading -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=_REMEMBERED_FILES)
def _facts_of_file(path: str, size: int, mtime_ns: int) -> PhotoFacts:
    return _facts(Photo(path))


def _facts(photo: Photo) -> PhotoFacts:
    with _told_as_missing(photo), _told_as_enormous(photo), _bytes_of(photo) as data:
        media_type = _media_type(photo, data)
        private = _findings_in_blocks(photo, data, media_type) if media_type in metadata.LOSSLESS else None
        with _image_of(photo, media_type) as image:
            return PhotoFacts(
                media_type=media_type,
                width=image.width,
                height=image.height,
                size_bytes=len(data),
                is_animated=getattr(image, "is_animated", False),
                has_transparency=image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info,
                suffix_matches=photo.path is None or mimetypes.guess_type(photo.path)[0] in (media_type, None),
                **(private or _findings_by_decoding(photo, image))._asdict(),
            )


def _media_type(photo: Photo, data: Any) -> str:
    """The type by the content, whatever the name says."""
    for media_type, (beginning, _) in _READERS.items():
        if re.match(beginning, data):
            return media_type
    raise UnreadablePhoto("photos.unreadable", f"{photo.name} is no photo that can be read; give a JPEG, PNG, GIF or WebP file")


def _findings_in_blocks(photo: Photo, data: Any, media_type: str) -> metadata.Findings:
    try:
        return metadata.findings(data, media_type)
    except metadata.Incomplete as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name}: {error}") from None


def _findings_by_decoding(photo: Photo, image: ImageFile.ImageFile) -> metadata.Findings:
    """What a file of another format tells; only decoding it shows whether it is all there."""
    try:
        found = metadata.findings_in_exif(image.getexif())
        image.load()
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name} is not complete: {error}") from None
    return found._replace(orientation=1)  # Pillow turns a TIFF upright by itself


@contextmanager
def _bytes_of(photo: Photo) -> Iterator[Any]:
    """The file's bytes, mapped rather than read: a look at the headers does not need the picture in memory."""
    if photo.path is None:
        if not photo.data:
            raise UnreadablePhoto("photos.empty", f"{photo.name}: there is nothing in it")
        yield photo.data
        return
    with Path(photo.path).open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise UnreadablePhoto("photos.empty", f"{photo.name} is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


@contextmanager
def _image_of(photo: Photo, media_type: str) -> Iterator[ImageFile.ImageFile]:
    """The image, not decoded yet; one that would fill the memory is refused here."""
    with photo.open() as file:
        try:
            image = _READERS[media_type][1](file)
        except (SyntaxError, OSError, ValueError) as error:
            raise UnreadablePhoto("photos.unreadable", f"{photo.name} cannot be read: {error}") from None
        if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
            raise UnreadablePhoto("photos.enormous", f"{photo.name} declares {image.width} x {image.height} pixels")
        yield image


@contextmanager
def _told_as_missing(photo: Photo) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UnreadablePhoto("photos.missing", f"{photo.name} cannot be read: {reason}") from None


@contextmanager
def _told_as_enormous(photo: Photo) -> Iterator[None]:
    """A frame of an animation may declare more pixels than the file's beginning did."""
    try:
        yield
    except (DecompressionBombError, DecompressionBombWarning) as error:
        raise UnreadablePhoto("photos.enormous", f"{photo.name} declares too many pixels: {error}") from None


# -- what has to change --------------------------------------------------------------------------------------------------


def _is_private(facts: PhotoFacts) -> bool:
    return facts.has_location or facts.has_serial


def _keeps_pixels(facts: PhotoFacts, rules: PhotoRules) -> bool:
    """Whether the picture's own bytes can stay; private blocks can only be taken out of some formats."""
    removable = facts.media_type in metadata.LOSSLESS or not _is_private(facts)
    return facts.media_type in rules.types and not _too_large(facts, rules) and removable


def _too_large(facts: PhotoFacts, rules: PhotoRules) -> bool:
    return rules.max_bytes is not None and facts.size_bytes > rules.max_bytes


def _result_type(facts: PhotoFacts, rules: PhotoRules) -> str:
    """The type that is sent: its own, or the first one that the platform takes and that can show it."""
    if _keeps_pixels(facts, rules):
        return facts.media_type
    wanted = _FOR_TRANSPARENT if facts.has_transparency else _FOR_OPAQUE
    return next((media_type for media_type in wanted if media_type in rules.types), "image/jpeg")


def _routine(code: str, message: str) -> Adaptation:
    return Adaptation(code=code, message=message, routine=True)


# -- changing it -------------------------------------------------------------------------------------------------------


def _changed(photo: Photo, facts: PhotoFacts, rules: PhotoRules) -> bytes:
    if _keeps_pixels(facts, rules):
        with _bytes_of(photo) as data:
            return metadata.cleaned(data, facts.media_type)
    try:
        with _told_as_enormous(photo):
            return _encoded(photo, facts, _result_type(facts, rules), rules.max_bytes)
    except (OSError, SyntaxError, EOFError) as error:
        raise UnreadablePhoto("photos.unreadable", f"{photo.name} cannot be decoded: {error}") from None


def _encoded(photo: Photo, facts: PhotoFacts, media_type: str, max_bytes: int | None) -> bytes:
    with _image_of(photo, facts.media_type) as image:
        image.load()  # before its EXIF block is looked at: Pillow turns a TIFF by it
        exif = metadata.kept_exif(image, keep_location=photo.keep_location)
        data = encode(image, media_type, orientation=facts.orientation, max_bytes=max_bytes, exif=exif)
    if data is None:
        raise UnreadablePhoto("photos.too_large", f"{photo.name} cannot be made to fit in {max_bytes:,} bytes")
    return data


# -- keeping it --------------------------------------------------------------------------------------------------------


def _filename(photo: Photo, media_type: str) -> str:
    """The file's own name, with the suffix of what it now is."""
    name = Path(photo.path) if photo.path else Path("photo")
    if mimetypes.guess_type(name.name)[0] == media_type:
        return name.name
    return name.stem + (_SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or "")


def _name_in_cache(photo: Photo, rules: PhotoRules) -> str:
    recipe = [_RECIPE, photo.content.sha256, sorted(rules.types), rules.max_bytes, photo.keep_location]
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()[:32]


def _write_whole(target: Path, data: bytes) -> None:
    """The file appears complete or not at all, whoever else writes it at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)  # or a power cut could leave the name without the content
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
