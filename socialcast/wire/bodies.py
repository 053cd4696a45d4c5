"""Bodies of requests that are read from a file while they are sent: a piece of it, or a form with it inside.

requests takes an object that gives blocks and tells its `len`. Each block is read into the same memory and sent from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, NamedTuple, TypeAlias

from requests.utils import super_len
from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary

from socialcast.model.announcement import Media

__all__ = ["BLOCK_BYTES", "Form", "Piece", "open_piece"]

BLOCK_BYTES = 1 << 16  # with the 16 KB of urllib3, cutting an upload up takes longer than all the rest of a call

File: TypeAlias = tuple[str, "BinaryIO | Piece | bytes", str]  # its name, what is in it, its type


class Piece:
    """So many bytes of an open file, from where it stands."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self.len = file, length

    def __iter__(self) -> Iterator[memoryview]:
        buffer, left = memoryview(bytearray(min(BLOCK_BYTES, self.len))), self.len
        while left and (size := self._file.readinto(buffer[:left])):  # type: ignore[attr-defined]
            yield buffer[:size]
            left -= size


@contextmanager
def open_piece(media: Media, start: int, length: int) -> Iterator[Piece]:
    """The piece of that length, from that byte on; it ends sooner where the file does."""
    with media.open() as file:
        file.seek(start)
        yield Piece(file, min(length, media.content.size - start))


class Form:
    """multipart/form-data.

    The encoder of requests-toolbelt copies what it sends from buffer to buffer: for a video in parts it took twice the
    processor's time, and as much memory as eight blocks for each thread (measured 2026-11-26).
    """

    def __init__(self, fields: Iterable[tuple[str, str | bytes | File]]) -> None:
        boundary = choose_boundary()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.parts = [_part(name, value) for name, value in fields]
        self._between, self._end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
        self.len = len(self._end) + sum(len(self._between) + len(part.head) + part.content.len + 2 for part in self.parts)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for part in self.parts:
            yield self._between + part.head
            yield from part.content
            yield b"\r\n"
        yield self._end


class _Part(NamedTuple):
    name: str
    head: bytes
    content: Piece


def _part(name: str, value: str | bytes | File) -> _Part:
    filename, content, kind = value if isinstance(value, tuple) else (None, value, None)
    field = RequestField(name, b"", filename)
    field.make_multipart(content_type=kind)
    return _Part(name, field.render_headers().encode(), _whole(content))


def _whole(content: BinaryIO | Piece | str | bytes) -> Piece:
    if isinstance(content, Piece):
        return content
    file = BytesIO(content.encode() if isinstance(content, str) else content) if isinstance(content, str | bytes) else content
    return Piece(file, super_len(file))  # type: ignore[no-untyped-call]
