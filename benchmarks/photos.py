"""Photos to publish: noise, which no compression makes smaller, and every file with bytes of its own."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

__all__ = ["photo_files"]


def photo_files(folder: Path, number: int, size_bytes: int) -> list[Path]:
    """JPEG files of that size; the picture is encoded once, and a comment inside makes each file differ from all others."""
    picture = _noise(size_bytes)
    files = [folder / f"photo-{index:04}.jpg" for index in range(number)]
    for index, file in enumerate(files):
        file.write_bytes(_commented(picture, f"photo {index}".encode(), size_bytes))
    return files


def _noise(at_most_bytes: int) -> bytes:
    """A square that fits: noise at quality 90 takes 0.93 bytes a pixel."""
    side = int((at_most_bytes / 0.96) ** 0.5)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _commented(picture: bytes, comment: bytes, size_bytes: int) -> bytes:
    """With comments that fill it up to the size; one holds 65,533 bytes at most (ITU T.81, COM)."""
    missing = size_bytes - len(picture)
    blocks = []
    while missing > 4:
        length = min(missing - 2, 65535)
        blocks.append(b"\xff\xfe" + length.to_bytes(2, "big") + comment.ljust(length - 2, b" ")[: length - 2])
        missing -= length + 2
    return picture[:2] + b"".join(blocks) + picture[2:]
