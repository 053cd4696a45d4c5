"""What a file really is, whatever its name says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, UnidentifiedImageError

__all__ = ["EXTENSIONS", "detect"]

EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "image/png": ("png", "apng"),
    "image/jpeg": ("jpg", "jpeg", "jpe"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp",),
    "image/svg+xml": ("svg",),
    "application/pdf": ("pdf",),
    "application/ogg": ("ogg", "ogv", "oga", "opus"),
    "video/webm": ("webm",),
    "video/mp4": ("mp4", "m4v"),
    "text/plain": ("txt",),
}
_UNKNOWN = "unknown/unknown"
_HEAD_BYTES = 1024
_MAGIC = ((b"OggS", 0, "application/ogg"), (b"%PDF-", 0, "application/pdf"), (b"ftyp", 4, "video/mp4"))
_EBML = b"\x1a\x45\xdf\xa3"


def detect(path: Path) -> tuple[str, int, int]:
    """The MIME type of a file's content, with width and height of a picture (0 where they are not read)."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for magic, at, mime in _MAGIC:
        if head.startswith(magic, at):
            return mime, 0, 0
    if head.startswith(_EBML):
        return ("video/webm" if b"webm" in head else _UNKNOWN), 0, 0
    if b"<svg" in head:
        return "image/svg+xml", 0, 0
    return _picture(path) or (_text(head), 0, 0)


def _picture(path: Path) -> tuple[str, int, int] | None:
    try:
        with Image.open(path) as picture:
            return Image.MIME.get(picture.format or "", _UNKNOWN), picture.width, picture.height
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return None


def _text(head: bytes) -> str:
    return "text/plain" if head.isascii() and b"\0" not in head else _UNKNOWN
