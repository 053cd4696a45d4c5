"""A process that is killed while it sends a body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from socialcast.wire.transport import SandboxAdapter

__all__ = ["killed_while_sending"]


class KilledError(BaseException):
    """The process is gone: nothing handles it."""


@contextmanager
def killed_while_sending(words: str, most_bytes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of the body that goes to an address with those words, so many bytes leave, and nothing after them."""
    send = SandboxAdapter.send

    def deadly(self: SandboxAdapter, request: Any, *args: Any, **options: Any) -> Any:
        if words in request.url and hasattr(request.body, "read"):
            request.body = _Torn(request.body, most_bytes)
        return send(self, request, *args, **options)

    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr(SandboxAdapter, "send", deadly)
        yield


class _Torn:
    """A body that ends with the process."""

    def __init__(self, body: Any, most_bytes: int) -> None:
        self._body, self._left = body, most_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            raise KilledError
        block: bytes = self._body.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(block)
        return block
