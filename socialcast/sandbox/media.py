"""Files that mirrors received, kept on disk by content so that 800 photos do not fill the memory."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 16
_SIGNS = (  # where the sign stands, the sign, the type
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "video/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"%PDF", "application/pdf"),
)


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: its content's SHA-256 and SHA-1 (hex), its size in bytes and where it lies."""

    sha256: str
    sha1: str
    size: int
    path: Path


class MediaStore:
    """A folder of files named by their content; the same bytes are stored once. With `is_kept` they outlive a reset."""

    def __init__(self, folder: Path, *, is_kept: bool = False) -> None:
        self.folder, self._is_kept = folder, is_kept
        folder.mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Delete all files, unless they are kept."""
        for path in () if self._is_kept else self.folder.iterdir():
            with suppress(PermissionError):  # Windows deletes no file that is just being sent; the sandbox's end does
                path.unlink(missing_ok=True)

    def save(self, stream: IO[bytes]) -> Blob:
        """Store what the stream still holds."""
        sha256, sha1, size = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), 0
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            while chunk := stream.read(_CHUNK_BYTES):
                sha256.update(chunk)
                sha1.update(chunk)
                size += len(chunk)
                file.write(chunk)
        path = self.folder / sha256.hexdigest()
        Path(file.name).replace(path)
        return Blob(sha256.hexdigest(), sha1.hexdigest(), size, path)


def sniffed(path: Path) -> str:
    """The type that a file's first bytes tell, whatever it is called; empty where they tell none."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return next((kind for at, sign, kind in _SIGNS if head[at : at + len(sign)] == sign), "")
