"""The wire limit: recorded requests sent again over bare sockets, which nothing that speaks HTTP can undercut.

Every connection sends its requests in sequence, each when the answer to the one before is complete; all connections
run at once, in one loop without threads.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

__all__ = ["replay_seconds"]

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
_TIME_LIMIT_SECONDS = 60.0


def replay_seconds(url: str, requests: Sequence[bytes], connections: int) -> float:
    """How long it takes to send all requests over each of that many connections, opening them included."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            _Channel(selector, address, requests)
        while selector.get_map():
            for key, events in selector.select(timeout=1):
                key.data.go_on(events)
            if time.perf_counter() - began > _TIME_LIMIT_SECONDS:
                raise TimeoutError("the wire limit took too long to measure")
    return time.perf_counter() - began


class _Channel:
    def __init__(self, selector: selectors.BaseSelector, address: tuple[str, int], requests: Sequence[bytes]) -> None:
        self._selector, self._requests = selector, iter(requests)
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect_ex(address)
        self._unsent, self._answer = memoryview(next(self._requests)), b""
        selector.register(self._socket, selectors.EVENT_WRITE, self)

    def go_on(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
            if not self._unsent:
                self._selector.modify(self._socket, selectors.EVENT_READ, self)
            return
        self._answer += self._socket.recv(65536)
        if self._is_answered():
            self._next()

    def _is_answered(self) -> bool:
        head, _, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return length is not None and len(body) >= int(length[1])

    def _next(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self._selector.unregister(self._socket)
            self._socket.close()
            return
        self._unsent, self._answer = memoryview(following), b""
        self._selector.modify(self._socket, selectors.EVENT_WRITE, self)
