"""Photo files: what one is, read without decoding it where the format allows that, and refused where it cannot be shown."""

from __future__ import annotations

import mimetypes
import mmap
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO, NamedTuple

from PIL import ImageFile
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from socialcast.compose import metadata
from socialcast.compose.colours import is_usable
from socialcast.model.announcement import Photo
from socialcast.model.errors import ConfigurationError

__all__ = ["PhotoFacts", "UnreadablePhoto", "bytes_of", "facts", "image_of", "told_as_undecodable"]

MAX_MEGAPIXELS = 250  # more than any camera gives; a small file that declares more is there to fill the memory
MAX_FRAMES = 2000  # of an animation: three minutes at a film's pace, which is what videos are for
_REMEMBERED_FILES = 4096
_DECODED_AT_ONCE = BoundedSemaphore(min(4, os.cpu_count() or 1))  # more would take memory and save no time

# How the content begins, and who reads it. Pillow's own opener would warn about photos above 89 megapixels, which cameras make,
# and would start programs for some formats.
_READERS: dict[str, tuple[bytes, str]] = {
    "image/jpeg": (rb"\xff\xd8\xff", "PIL.JpegImagePlugin:JpegImageFile"),
    "image/png": (rb"\x89PNG\r\n\x1a\n", "PIL.PngImagePlugin:PngImageFile"),
    "image/gif": (rb"GIF8[79]a", "PIL.GifImagePlugin:GifImageFile"),
    "image/webp": (rb"(?s)RIFF....WEBP", "PIL.WebPImagePlugin:WebPImageFile"),
    "image/tiff": (rb"II\*\0|MM\0\*", "PIL.TiffImagePlugin:TiffImageFile"),
    "image/bmp": (rb"BM", "PIL.BmpImagePlugin:BmpImageFile"),
    "image/avif": (rb"(?s)....ftypavi[fs]", "PIL.AvifImagePlugin:AvifImageFile"),
    "image/heic": (rb"(?s)....ftyp(?:he[iv][cmsx]|mif1|msf1)", "pillow_heif:HeifImageFile"),
}
_MEASUREMENTS = ("F", "I")  # made eight bits, they would be all black or all white
_SAME_TYPE = {"image/heif": "image/heic"}  # one suffix has either name


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
    has_bad_profile: bool = False
    is_cmyk: bool = False


def facts(photo: Photo) -> PhotoFacts:
    """What the photo's file is. Raises UnreadablePhoto."""
    if photo.path is None:
        return _facts(photo)
    with _told_as_missing(photo):
        found = os.stat(photo.path)  # noqa: PTH116 - the path is text
    return _facts_of_file(photo.path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=_REMEMBERED_FILES)
def _facts_of_file(path: str, size: int, mtime_ns: int) -> PhotoFacts:
    return _facts(Photo(path))


def _facts(photo: Photo) -> PhotoFacts:
    with _told_as_missing(photo), _told_as_enormous(photo), bytes_of(photo) as data:
        media_type = _media_type(photo, data)
        blocks = _findings_in_blocks(photo, data, media_type) if media_type in metadata.LOSSLESS else None
        if blocks and blocks.frames > MAX_FRAMES:
            message = f"{photo.name} is an animation of {blocks.frames:,} pictures, {MAX_FRAMES:,} are the most"
            raise UnreadablePhoto("photos.endless", message)
        with image_of(photo, media_type) as image:
            width, height = image.size
            if media_type == "image/tiff" and image.mode in _MEASUREMENTS:
                message = f"{photo.name} has 32 bits a pixel, which are measurements and no colours"
                raise UnreadablePhoto("photos.unreadable", message)
            private = blocks or _findings_by_decoding(photo, image)
            profile = image.info.get("icc_profile")
            return PhotoFacts(
                media_type=media_type,
                width=width,
                height=height,
                size_bytes=len(data),
                has_location=private.has_location,
                has_serial=private.has_serial,
                orientation=private.orientation,
                has_transparency=image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info,
                is_animated=private.frames > 1,
                suffix_matches=_suffix_matches(photo, media_type),
                has_bad_profile=profile is not None and not is_usable(profile, image.mode),
                is_cmyk=image.mode == "CMYK",
            )


def _suffix_matches(photo: Photo, media_type: str) -> bool:
    told = mimetypes.guess_type(photo.path)[0] if photo.path else None
    return told is None or _SAME_TYPE.get(told, told) == media_type


def _media_type(photo: Photo, data: Any) -> str:
    """The type by the content, whatever the name says."""
    for media_type, (beginning, _) in _READERS.items():
        if re.match(beginning, data):
            return media_type
    raise UnreadablePhoto("photos.unreadable", f"{photo.name} is no photo that can be read")


def _reader(photo: Photo, media_type: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    """Who reads the format, imported when the first such photo comes."""
    module, _, name = _READERS[media_type][1].partition(":")
    try:
        reader: Callable[[BinaryIO], ImageFile.ImageFile] = getattr(import_module(module), name)
    except ModuleNotFoundError:
        message = f"{photo.name} is {media_type}, which needs: pip install 'socialcast[heif]'"
        raise UnreadablePhoto("photos.heif_missing", message) from None
    return reader


def _findings_in_blocks(photo: Photo, data: Any, media_type: str) -> metadata.Findings:
    try:
        return metadata.findings(data, media_type)
    except metadata.Incomplete as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name}: {error}") from None


def _findings_by_decoding(photo: Photo, image: ImageFile.ImageFile) -> metadata.Findings:
    """What a file of another format tells; only decoding it shows whether it is all there."""
    try:
        found = metadata.findings_in_image(image)
        with _DECODED_AT_ONCE:
            image.load()
        shown = metadata.findings_in_exif(image.getexif()).orientation  # Pillow turns a TIFF upright by itself
    except (OSError, EOFError, SyntaxError, ValueError, RuntimeError, struct.error) as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name} is not complete: {error}") from None
    return found._replace(orientation=shown, frames=2 if getattr(image, "is_animated", False) else 1)


@contextmanager
def bytes_of(photo: Photo) -> Iterator[Any]:
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
def image_of(photo: Photo, media_type: str) -> Iterator[ImageFile.ImageFile]:
    """The image, not decoded yet; one that would fill the memory is refused here."""
    reader = _reader(photo, media_type)
    with photo.open() as file:
        try:
            image = reader(file)
        except (SyntaxError, OSError, ValueError, RuntimeError) as error:
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


@contextmanager
def told_as_undecodable(photo: Photo) -> Iterator[None]:
    """One of the few that are decoded at a time; what is damaged inside is told by name."""
    try:
        with _told_as_enormous(photo), _DECODED_AT_ONCE:
            yield
    except (OSError, SyntaxError, EOFError, RuntimeError) as error:
        raise UnreadablePhoto("photos.unreadable", f"{photo.name} cannot be decoded: {error}") from None
