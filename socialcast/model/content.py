"""The content of a file, read once and told by size and digest."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Content", "content_of"]

_REMEMBERED_FILES = 4096  # digests of unchanged files are kept, so that plan, preflight and steps read each file once


class Content(NamedTuple):
    """A file's size in bytes and the SHA-256 of its bytes, in hexadecimal."""

    size: int
    sha256: str


def content_of(path: str | None, data: bytes | None) -> Content:
    """Size and digest of a file or of bytes; raises OSError where the file cannot be read."""
    if data is not None:
        return Content(len(data), hashlib.sha256(data).hexdigest())
    if path is None:
        raise ValueError("neither a path nor bytes")
    facts = os.stat(path)  # noqa: PTH116 - also stands for paths given as text
    return _content_of_file(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=_REMEMBERED_FILES)
def _content_of_file(path: str, size: int, mtime_ns: int) -> Content:
    """The digest, by facts that change when the file does."""
    with open(path, "rb") as file:  # noqa: PTH123
        return Content(size, hashlib.file_digest(file, "sha256").hexdigest())
