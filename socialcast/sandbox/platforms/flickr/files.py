"""What an uploaded file really is, whatever its name says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from socialcast.sandbox.platforms.flickr.tables import VIDEO_SIGNATURES

__all__ = ["MediaFile", "identify", "is_whole"]

_KEPT_FORMATS: Mapping[str, str] = {"PNG": "png", "GIF": "gif"}  # everything else becomes JPEG
_VIDEO_TYPES: Mapping[str, str] = {"mp4": "video/mp4", "ogg": "video/ogg", "mpg": "video/mpeg"}
_PILLOW_REFUSES = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
_BOX_HEADER_BYTES = 8
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A photo or a video; only photos have a size in pixels here."""

    kind: str
    format: str
    mimetype: str
    width: int = 0
    height: int = 0


def identify(path: Path) -> MediaFile | None:
    """The photo or video that the file begins as, or None for anything else."""
    try:
        with Image.open(path) as image:
            name = image.format or ""
            mimetype = Image.MIME.get(name, "image/jpeg")
            format = _KEPT_FORMATS.get(name, "jpg")
            return MediaFile(kind="photo", format=format, mimetype=mimetype, width=image.width, height=image.height)
    except _PILLOW_REFUSES:
        return _video(path)


def is_whole(path: Path, file: MediaFile) -> bool:
    """Whether the file goes on to its end as it began."""
    if file.kind == "photo":
        return _decodes(path)
    return file.format != "mp4" or _boxes_end_at_end(path)


def _video(path: Path) -> MediaFile | None:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    for format, marks in VIDEO_SIGNATURES.items():
        if all(head.startswith(mark, offset) for offset, mark in marks):
            return MediaFile(kind="video", format=format, mimetype=_VIDEO_TYPES.get(format, "application/octet-stream"))
    return None


def _decodes(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.draft(None, (1, 1))  # JPEGs at an eighth of their size: several times faster, and a cut still shows
            image.load()
    except _PILLOW_REFUSES:
        return False
    return True


def _boxes_end_at_end(path: Path) -> bool:
    size, position = path.stat().st_size, 0
    with path.open("rb") as stream:
        while position < size:
            stream.seek(position)
            head = stream.read(2 * _BOX_HEADER_BYTES)
            length = int.from_bytes(head[:4])
            if length == 1:  # the length is in the next eight bytes
                length = int.from_bytes(head[_BOX_HEADER_BYTES:])
            elif length == 0:  # up to the end of the file
                length = size - position
            if length < _BOX_HEADER_BYTES:
                return False
            position += length
    return position == size
