"""What a photo file tells beyond the picture: found, and removed without touching a pixel.

A JPEG is a row of segments, a PNG or WebP a row of chunks, a GIF a row of blocks. EXIF, XMP and colour profiles lie in parts of
their own, so taking them out, or what is private out of them, leaves every other byte, and with them the picture, as it was.
Sources: JFIF/EXIF 2.32, XMP part 3 (2020), PNG third edition (2025), the WebP container specification, GIF89a.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, TypeAlias

from socialcast.compose.private import (
    Findings,
    clean_exif,
    clean_iptc,
    clean_xmp,
    credit_blocks,
    find_in_exif,
    find_in_iptc,
    find_in_xmp,
    findings_in_exif,
    findings_in_image,
    is_private_text,
)

__all__ = ["LOSSLESS", "PRIVATE", "PROFILE", "Findings", "Incomplete", "cleaned", "credit_blocks", "findings", "findings_in_exif"]
__all__ += ["findings_in_image"]

Bytes: TypeAlias = Any  # bytes or a memory map: mmap offers the same reading, but is no Sequence to the type checker

PRIVATE, PROFILE = "private", "profile"  # what a block is about, so that one can go and the other stay
_JPEG_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)  # in picture data, FF 00 and restarts are no markers
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_TRAILER = b"trailer"  # behind the picture's end: phones put a video there, with its own location
_WEBP_FLAGS = {b"EXIF": 0x08, b"XMP ": 0x04, b"ICCP": 0x20}
_MOST_TEXT_BYTES = 1_000_000  # of a compressed text chunk that is looked into


class Incomplete(ValueError):
    """The file ends before the picture does, or is damaged."""


class Part(NamedTuple):
    """One segment, chunk or block: its name, where it lies, and where its content lies."""

    name: bytes
    start: int
    end: int
    content_start: int
    content_end: int


class Kind(NamedTuple):
    """One kind of block that may have to change: how to find and how to clean it; nothing left means that the block goes."""

    name: bytes
    prefix: bytes
    find: Callable[[bytes], Findings]
    clean: Callable[[bytes], bytes]
    topic: str = PRIVATE


class Container(NamedTuple):
    """One file format: its parts, its kinds of blocks, how a block is written, how a file is put together, and the name of the
    part that each picture of an animation has."""

    parts: Callable[[Bytes], Iterator[Part]]
    kinds: tuple[Kind, ...]
    block: Callable[[bytes, bytes], bytes]
    join: Callable[[list[tuple[bytes, bytes]]], bytes]
    frame: bytes | None = None


def findings(data: Bytes, media_type: str) -> Findings:
    """What the file tells; raises Incomplete for one that was cut off."""
    container, found, frames = LOSSLESS[media_type], [], 0
    for part, kind, content in _blocks(data, container):
        frames += part.name == container.frame
        if kind:
            found.append(kind.find(content))
    return Findings(
        any(each.has_location for each in found),
        any(each.has_serial for each in found),
        next((each.orientation for each in found if each.orientation != 1), 1),
        max(frames, 1),
    )


def cleaned(data: Bytes, media_type: str, topics: Collection[str]) -> bytes:
    """The same file without what its blocks about those topics tell; the picture's own bytes are unchanged."""
    container, kept = LOSSLESS[media_type], []
    for part, kind, content in _blocks(data, container):
        if kind is None or kind.topic not in topics or (content_left := kind.clean(content)) == content:
            kept.append((part.name, data[part.start : part.end]))
        elif content_left:
            kept.append((part.name, container.block(part.name, kind.prefix + content_left)))
    return container.join(kept)


# -- kinds of blocks that need no reading, or a little ---------------------------------------------------------------------


def _sealed(content: bytes) -> Findings:
    return Findings(has_location=True)


def _harmless(content: bytes) -> Findings:
    return Findings()


def _drop(content: bytes) -> bytes:
    return b""


def _find_in_text(content: bytes) -> Findings:
    return Findings(has_location=is_private_text(content))


def _clean_text(content: bytes) -> bytes:
    return b"" if is_private_text(content) else content


def _find_in_packed_text(content: bytes) -> Findings:
    return _find_in_text(_unpacked(content))


def _clean_packed_text(content: bytes) -> bytes:
    return b"" if is_private_text(_unpacked(content)) else content


def _unpacked(content: bytes) -> bytes:
    """Keyword and words of a PNG's zTXt or iTXt chunk; what does not unpack counts as location."""
    keyword, _, rest = content.partition(b"\0")
    packed = rest[1:] if rest[:1] == b"\0" else rest
    if rest[:2] in (b"\0\0", b"\1\0"):  # an iTXt chunk: whether it is packed, how, language, keyword in that language
        language, _, rest_of_it = rest[2:].partition(b"\0")
        translated, _, words = rest_of_it.partition(b"\0")
        if rest[0] == 0:
            return b"\n".join((keyword, language, translated, words))
        packed = words
    try:
        words = zlib.decompressobj().decompress(packed, _MOST_TEXT_BYTES)
    except zlib.error:
        return b"location"
    if keyword == b"XML:com.adobe.xmp" and any(find_in_xmp(words)[:2]):
        return b"location"
    return keyword + b"\n" + words


# -- the containers ----------------------------------------------------------------------------------------------------


def _blocks(data: Bytes, container: Container) -> Iterator[tuple[Part, Kind | None, bytes]]:
    """Every part, with its kind and content where it is of a kind that may have to change."""
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
            yield from _trailer(data, start + 2)
            return
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        content_end = end
        if code == _START_OF_SCAN:
            following = _JPEG_NEXT_MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield Part(bytes([code]), start, end, start + 4, content_end)
        position = end
    raise Incomplete("it ends before the picture does")


def _trailer(data: Bytes, end: int) -> Iterator[Part]:
    if data[end:].strip(b"\x00"):
        yield Part(_TRAILER, end, len(data), end, len(data))


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
    yield from _trailer(data, position)


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
    yield from _trailer(data, total)


_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B


def _gif_parts(data: Bytes) -> Iterator[Part]:
    """The header, then pictures and extensions, each of which ends with an empty sub-block."""
    if len(data) < 13:
        raise Incomplete("it ends before the picture does")
    position = 13 + _colour_table_bytes(data[10])
    yield Part(b"", 0, position, position, position)
    try:
        while (code := data[position]) != _GIF_END:
            if code == _GIF_IMAGE:
                content, name = position + 11 + _colour_table_bytes(data[position + 9]), b","
            elif code == _GIF_EXTENSION:
                content, name = position + 2, bytes([data[position + 1]])
            else:
                raise Incomplete(f"it is damaged at byte {position}")
            end = content
            while data[end]:
                end += data[end] + 1
            yield Part(name, position, end + 1, content, end)
            position = end + 1
    except IndexError:
        raise Incomplete("it ends before the picture does") from None
    yield Part(b";", position, position + 1, position + 1, position + 1)
    yield from _trailer(data, position + 1)


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _jpeg_block(name: bytes, content: bytes) -> bytes:
    return b"\xff" + name + (len(content) + 2).to_bytes(2) + content


def _png_block(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def _webp_block(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _gif_block(name: bytes, content: bytes) -> bytes:
    raise AssertionError("a block of a GIF goes as a whole or stays")


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


_BEHIND = Kind(_TRAILER, b"", _sealed, _drop)

LOSSLESS = {
    "image/jpeg": Container(
        _jpeg_parts,
        (
            Kind(b"\xe1", b"Exif\0\0", find_in_exif, clean_exif),
            Kind(b"\xe1", b"http://ns.adobe.com/xap/1.0/\0", find_in_xmp, clean_xmp),
            Kind(b"\xe1", b"http://ns.adobe.com/xmp/extension/\0", find_in_xmp, _drop),
            Kind(b"\xe1", b"FLIR\0", _sealed, _drop),  # a thermal camera's own block, with its serial number
            Kind(b"\xe6", b"GoPro\0", _sealed, _drop),  # a row of measurements, positions among them
            Kind(b"\xed", b"Photoshop 3.0\0", find_in_iptc, clean_iptc),
            Kind(b"\xfe", b"", _find_in_text, _clean_text),
            Kind(b"\xe2", b"MPF\0", _harmless, _drop),  # points to what follows the picture, which goes too
            Kind(b"\xe2", b"ICC_PROFILE\0", _harmless, _drop, PROFILE),
            _BEHIND,
        ),
        _jpeg_block,
        _join,
    ),
    "image/png": Container(
        _png_parts,
        (
            Kind(b"eXIf", b"", find_in_exif, clean_exif),
            Kind(b"iTXt", b"XML:com.adobe.xmp\0\0", find_in_xmp, clean_xmp),
            Kind(b"iTXt", b"", _find_in_packed_text, _clean_packed_text),
            Kind(b"zTXt", b"", _find_in_packed_text, _clean_packed_text),
            Kind(b"tEXt", b"", _find_in_text, _clean_text),  # "Raw profile type": EXIF in ImageMagick's old packing
            Kind(b"iCCP", b"", _harmless, _drop, PROFILE),
            _BEHIND,
        ),
        _png_block,
        _join,
        b"fcTL",
    ),
    "image/webp": Container(
        _webp_parts,
        (
            Kind(b"EXIF", b"", find_in_exif, clean_exif),
            Kind(b"XMP ", b"", find_in_xmp, clean_xmp),
            Kind(b"ICCP", b"", _harmless, _drop, PROFILE),
            _BEHIND,
        ),
        _webp_block,
        _webp_join,
        b"ANMF",
    ),
    "image/gif": Container(
        _gif_parts,
        (
            Kind(b"\xff", b"\x0bXMP DataXMP", find_in_xmp, lambda content: b"" if any(find_in_xmp(content)[:2]) else content),
            Kind(b"\xfe", b"", _find_in_text, _clean_text),
            _BEHIND,
        ),
        _gif_block,
        _join,
        b",",
    ),
}
