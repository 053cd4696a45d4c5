"""A process that is killed while it sends a body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from socialcast.wire.transport import SandboxAdapter

__all__ = ["killed_while_sending"]

_BLOCK_BYTES = 1 << 16


class KilledError(BaseException):
    """The process is gone: nothing handles it."""


@contextmanager
def killed_while_sending(words: str, most_bytes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of the body that goes to an address with those words, so many bytes leave, and nothing after them."""
    send = SandboxAdapter.send

    def deadly(self: SandboxAdapter, request: Any, *args: Any, **options: Any) -> Any:
        if words in request.url and request.body and not isinstance(request.body, str | bytes):
            request.body = _Torn(request.body, most_bytes)
        return send(self, request, *args, **options)

    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr(SandboxAdapter, "send", deadly)
        yield


class _Torn:
    """A body that ends with the process; what it stands for is a file, or gives its blocks itself."""

    def __init__(self, body: Any, most_bytes: int) -> None:
        self._blocks = iter(partial(body.read, _BLOCK_BYTES), b"") if hasattr(body, "read") else iter(body)
        self._left = most_bytes

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            yield block[: self._left]
            self._left -= len(block)
            if self._left <= 0:
                raise KilledError
