"""What a file is, by a look at its bytes: enough to refuse what no platform would play."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_video", "seconds_of"]

_HEAD_BYTES = 1 << 20
_SIGNS = ((0, b"\x1aE\xdf\xa3"), (4, b"ftyp"), (0, b"FLV"), (8, b"AVI "), (0, b"OggS"), (0, b"\x00\x00\x01\xba"), (0, b"G@"))


def is_video(path: Path) -> bool:
    """Whether the file begins as a video does, and, if it is an MP4, holds the index without which nothing plays."""
    head, tail = _ends(path)
    sign = next((sign for at, sign in _SIGNS if head[at : at + len(sign)] == sign), None)
    return sign is not None and (sign != b"ftyp" or b"moov" in head + tail)


def seconds_of(path: Path) -> float:
    """How long an MP4 says that it is, 0 where it does not."""
    head, tail = _ends(path)
    data = head + tail
    at = data.find(b"mvhd")
    if at < 0 or data[at + 4] != 0:
        return 0.0
    scale, duration = (int.from_bytes(data[at + start : at + start + 4], "big") for start in (16, 20))
    return duration / scale if scale else 0.0


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(max(len(head), path.stat().st_size - _HEAD_BYTES))
        return head, file.read()
