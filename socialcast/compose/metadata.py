"""What a photo file tells beyond the picture: found, and removed without touching a pixel.

A JPEG is a row of segments, a PNG or WebP a row of chunks. EXIF and XMP lie in blocks of their own, so taking the
location and the serial numbers out of them leaves every other byte, and with them the picture, as it was.
Sources: JFIF/EXIF 2.32, XMP part 3 (2020), PNG third edition (2025), the WebP container specification.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from PIL import ExifTags, Image

__all__ = ["LOSSLESS", "Findings", "Incomplete", "cleaned", "findings", "findings_in_exif", "kept_exif"]

Bytes: TypeAlias = Any  # bytes or a memory map: mmap offers the same reading, but is no Sequence to the type checker

_LOCATION = frozenset({ExifTags.IFD.GPSInfo})
_SERIAL = frozenset({0xA430, 0xA431, 0xA435, 0x927C, 0xC62F})  # owner, body, lens, maker note (keeps serials too), DNG camera
_XMP_LOCATION = rb"\w+:GPS\w+"
_XMP_SERIAL = rb"\w+:(?:\w*SerialNumber|CameraOwnerName|OwnerName)"
_XMP_PRIVATE = re.compile(rb'\s(?:%b|%b)="[^"]*"|<(%b|%b)>[^<]*</\1>' % (_XMP_LOCATION, _XMP_SERIAL, _XMP_LOCATION, _XMP_SERIAL))

_JPEG_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)  # in picture data, FF 00 and restarts are no markers
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_IPTC_LOCATION = re.compile(rb"\x1c\x02[\x5a\x5c\x5f\x64\x65]")  # city, sub-location, state, country code and name
_TRAILER = b"trailer"  # behind the picture's end: phones put a video there, with its own location
_WEBP_FLAGS = {b"EXIF": 0x08, b"XMP ": 0x04}


class Incomplete(ValueError):
    """The file ends before the picture does, or is damaged."""


class Findings(NamedTuple):
    """What a file tells about where and with which device the photo was taken, and which way up it is (EXIF, 1 to 8)."""

    has_location: bool = False
    has_serial: bool = False
    orientation: int = 1


class Part(NamedTuple):
    """One segment or chunk: its name, where it lies, and where its content lies."""

    name: bytes
    start: int
    end: int
    content_start: int
    content_end: int


class Kind(NamedTuple):
    """One kind of private block: how to find and how to clean it; nothing left means that the block goes."""

    name: bytes
    prefix: bytes
    find: Callable[[bytes], Findings]
    clean: Callable[[bytes], bytes]


class Container(NamedTuple):
    """One file format: its parts, its kinds of private blocks, how a block is written and a file put together."""

    parts: Callable[[Bytes], Iterator[Part]]
    kinds: tuple[Kind, ...]
    block: Callable[[bytes, bytes], bytes]
    join: Callable[[list[tuple[bytes, bytes]]], bytes]


def findings(data: Bytes, media_type: str) -> Findings:
    """What the file tells; raises Incomplete for one that was cut off."""
    found = [kind.find(content) for _, kind, content in _blocks(data, LOSSLESS[media_type]) if kind]
    return Findings(
        any(each.has_location for each in found),
        any(each.has_serial for each in found),
        next((each.orientation for each in found if each.orientation != 1), 1),
    )


def cleaned(data: Bytes, media_type: str) -> bytes:
    """The same file without location and serial numbers; the picture's own bytes are unchanged."""
    container, kept = LOSSLESS[media_type], []
    for part, kind, content in _blocks(data, container):
        if kind is None:
            kept.append((part.name, data[part.start : part.end]))
        elif content_left := kind.clean(content):
            kept.append((part.name, container.block(part.name, kind.prefix + content_left)))
    return container.join(kept)


def findings_in_exif(exif: Image.Exif) -> Findings:
    """What an EXIF block tells."""
    tags = {*exif, *exif.get_ifd(ExifTags.IFD.Exif)}
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    return Findings(bool(tags & _LOCATION), bool(tags & _SERIAL), orientation if orientation in range(1, 9) else 1)


def kept_exif(image: Image.Image, *, keep_location: bool) -> bytes:
    """The EXIF block for a new encoding of an image that was turned upright; credit and copyright stay."""
    try:
        exif = image.getexif()
        exif.pop(ExifTags.Base.Orientation, None)
        if not keep_location:
            _clean(exif)
        return exif.tobytes()
    except Exception:  # noqa: BLE001 - Pillow lets a broken block raise whatever it trips over
        return b""


# -- what stands in the blocks -----------------------------------------------------------------------------------------


def _find_in_exif(content: bytes) -> Findings:
    exif = _read_exif(content)
    return findings_in_exif(exif) if exif is not None else Findings(has_location=True)


def _clean_exif_block(content: bytes) -> bytes:
    exif = _read_exif(content)
    if exif is None:
        return b""
    _clean(exif)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def _clean(exif: Image.Exif) -> None:
    """Take location and serial numbers out; credit and copyright stay."""
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in _LOCATION | _SERIAL:
        inner.pop(tag, None)
        if tag in exif:
            del exif[tag]
    if ExifTags.IFD.Exif in exif:
        exif[ExifTags.IFD.Exif] = inner


def _read_exif(content: bytes) -> Image.Exif | None:
    """None for a broken block: what we cannot read, somebody else may."""
    exif = Image.Exif()
    try:
        exif.load(content)
        findings_in_exif(exif)
        exif.tobytes()
    except Exception:  # noqa: BLE001 - Pillow lets a broken block raise whatever it trips over
        return None
    return exif


def _find_in_xmp(content: bytes) -> Findings:
    return Findings(bool(re.search(_XMP_LOCATION, content)), bool(re.search(_XMP_SERIAL, content)))


def _clean_xmp(content: bytes) -> bytes:
    """The packet without the private properties, or nothing where they are written in a way that we cannot take out."""
    left = _XMP_PRIVATE.sub(b"", content)
    return b"" if any(_find_in_xmp(left)[:2]) else left


def _find_in_iptc(content: bytes) -> Findings:
    return Findings(has_location=_IPTC_LOCATION.search(content) is not None)


def _clean_iptc(content: bytes) -> bytes:
    """Nothing where it tells a place: its parts count each other's bytes, and EXIF holds the credit as well."""
    return b"" if _find_in_iptc(content).has_location else content


def _sealed(content: bytes) -> Findings:
    return Findings(has_location=True)


def _drop(content: bytes) -> bytes:
    return b""


# -- the containers ----------------------------------------------------------------------------------------------------


def _blocks(data: Bytes, container: Container) -> Iterator[tuple[Part, Kind | None, bytes]]:
    """Every part, with its kind and content where it is a private block."""
    names = {kind.name for kind in container.kinds}
    for part in container.parts(data):
        content = data[part.content_start : part.content_end] if part.name in names else b""
        kind = next((k for k in container.kinds if k.name == part.name and content.startswith(k.prefix)), None)
        yield part, kind, content.removeprefix(kind.prefix) if kind else b""


def _jpeg_parts(data: Bytes) -> Iterator[Part]:
    """The segments; the picture data after a start of scan belongs to its segment. What follows the end is a part too."""
    yield Part(b"\xd8", 0, 2, 2, 2)
    position = 2
    while (marker := _JPEG_NEXT_MARKER.search(data, position)) is not None:
        code, start = data[marker.start() + 1], marker.start()
        if code == _END_OF_IMAGE:
            yield Part(b"\xd9", start, start + 2, start + 2, start + 2)
            if data[start + 2 :].strip(b"\x00"):
                yield Part(_TRAILER, start + 2, len(data), start + 2, len(data))
            return
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        content_end = end
        if code == _START_OF_SCAN:
            following = _JPEG_NEXT_MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield Part(bytes([code]), start, end, start + 4, content_end)
        position = end
    raise Incomplete("it ends before the picture does")


def _png_parts(data: Bytes) -> Iterator[Part]:
    yield Part(b"", 0, 8, 8, 8)
    position, name = 8, b""
    while name != b"IEND":
        length, name = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            raise Incomplete("it ends before the picture does")
        if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise Incomplete(f"it is damaged at byte {position}")
        yield Part(name, position, end, position + 8, end - 4)
        position = end


def _webp_parts(data: Bytes) -> Iterator[Part]:
    total = 8 + int.from_bytes(data[4:8], "little")
    if total > len(data):
        raise Incomplete("it ends before the picture does")
    position = 12
    while position + 8 <= total:
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        end = position + 8 + length + length % 2
        yield Part(data[position : position + 4], position, end, position + 8, position + 8 + length)
        position = end


def _jpeg_block(name: bytes, content: bytes) -> bytes:
    return b"\xff" + name + (len(content) + 2).to_bytes(2) + content


def _png_block(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def _webp_block(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _join(blocks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(block for _, block in blocks)


def _webp_join(blocks: list[tuple[bytes, bytes]]) -> bytes:
    """The header's size and the flags of the extended header follow what is left."""
    names = {name for name, _ in blocks}
    gone = sum(flag for name, flag in _WEBP_FLAGS.items() if name not in names)
    body = _join([(name, _with_flags(block, gone) if name == b"VP8X" else block) for name, block in blocks])
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _with_flags(extended_header: bytes, gone: int) -> bytes:
    return extended_header[:8] + bytes([extended_header[8] & ~gone]) + extended_header[9:]


LOSSLESS = {
    "image/jpeg": Container(
        _jpeg_parts,
        (
            Kind(b"\xe1", b"Exif\0\0", _find_in_exif, _clean_exif_block),
            Kind(b"\xe1", b"http://ns.adobe.com/xap/1.0/\0", _find_in_xmp, _clean_xmp),
            Kind(b"\xe1", b"http://ns.adobe.com/xmp/extension/\0", _find_in_xmp, _drop),
            Kind(b"\xed", b"Photoshop 3.0\0", _find_in_iptc, _clean_iptc),
            Kind(_TRAILER, b"", _sealed, _drop),
            Kind(b"\xe2", b"MPF\0", lambda content: Findings(), _drop),  # points to what follows the picture, which goes too
        ),
        _jpeg_block,
        _join,
    ),
    "image/png": Container(
        _png_parts,
        (
            Kind(b"eXIf", b"", _find_in_exif, _clean_exif_block),
            Kind(b"iTXt", b"XML:com.adobe.xmp\0", _find_in_xmp, _clean_xmp),
            Kind(b"zTXt", b"Raw profile type ", _sealed, _drop),  # EXIF in ImageMagick's old packing
            Kind(b"tEXt", b"Raw profile type ", _sealed, _drop),
        ),
        _png_block,
        _join,
    ),
    "image/webp": Container(
        _webp_parts,
        (Kind(b"EXIF", b"", _find_in_exif, _clean_exif_block), Kind(b"XMP ", b"", _find_in_xmp, _clean_xmp)),
        _webp_block,
        _webp_join,
    ),
}
