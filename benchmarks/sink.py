"""A server that costs next to nothing: it adds latency, throws bodies away and answers what the platforms would.

The sandbox checks signatures, keeps what it is sent and serves each connection with a thread of Python: it would be
the slowest part of a measurement. This process has one event loop, reads into one buffer and looks at nothing but
lengths and the few bodies that choose an answer. `python -m benchmarks.sink LATENCY_SECONDS ECHOES [FOLDER]` prints its port;
it tells of so many replies, and with FOLDER it writes every request there as it came, for `benchmarks.wire` to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import requests

from benchmarks.answers import Answer, Asked, answer
from benchmarks.echoes import answer_with_echoes
from benchmarks.videos import Videos

__all__ = ["Served", "serving"]

_BUFFER_BYTES = 1 << 20
_READ_BODY_BYTES = 1 << 16  # longer ones are uploads, of which the beginning chooses the answer
_BEGINNING_BYTES = 1 << 12
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BACKLOG = 4096


class Served:
    """A running sink, seen by who measures."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def connections(self) -> int:
        """How many were opened, those for the administration apart."""
        return int(self._told()["connections"])

    @property
    def calls(self) -> Counter[str]:
        """How often each call came."""
        return Counter(self._told()["calls"])

    @property
    def uploaded_bytes(self) -> int:
        """How many bytes of long bodies have come so far."""
        return int(self._told()["uploaded_bytes"])

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = requests.get(f"{self.url}/_sandbox/told", timeout=10).json()
        return told


@contextlib.contextmanager
def serving(latency_seconds: float, folder: Path | None = None, *, echoes: int = 0) -> Iterator[Served]:
    """A fresh sink in a process of its own while the block runs; it tells of so many replies."""
    words = [sys.executable, "-m", "benchmarks.sink", str(latency_seconds), str(echoes), *([str(folder)] if folder else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class Sink:
    """What all connections share."""

    def __init__(self, latency_seconds: float, echoes: int, folder: Path | None) -> None:
        self.latency_seconds, self._echoes, self._folder = latency_seconds, echoes, folder
        self.buffer = memoryview(bytearray(_BUFFER_BYTES))  # shared: what was read is used up before the next read
        self.connections = self.uploaded_bytes = 0
        self.videos = Videos()
        self._calls: Counter[str] = Counter()
        self._kept = 0

    @property
    def reads_everything(self) -> bool:
        return self._folder is not None

    def respond(self, asked: Asked, raw: bytes) -> Answer:
        if asked.path == "/_sandbox/told":
            return Answer(json.dumps(self._told()).encode())
        if not asked.is_administration:
            self._calls[asked.call] += 1
            self._keep(raw)
        return self.videos.answer(asked) or answer_with_echoes(asked, self._echoes) or Answer(answer(asked))

    def _told(self) -> dict[str, Any]:
        return {"connections": self.connections, "calls": self._calls, "uploaded_bytes": self.uploaded_bytes}

    def _keep(self, raw: bytes) -> None:
        if self._folder is not None:
            (self._folder / f"{self._kept:06}").write_bytes(raw)
            self._kept += 1


class Connection(asyncio.BufferedProtocol):
    """One connection, kept alive; the client sends its next request after the answer."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._is_counted = sink, False
        self._head, self._body = bytearray(), bytearray()
        self._length_bytes = self._missing_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._sink.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = self._sink.buffer[:nbytes]
        if not self._missing_bytes:
            data = self._read_head(data)
        if self._missing_bytes:
            self._read_body(data)

    def _read_head(self, data: memoryview) -> memoryview:
        """Whatever belongs to the body."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return data[:0]
        length = _LENGTH.search(self._head, 0, end + 2)
        rest = len(self._head) - end - 4
        del self._head[end + 4 :]
        self._missing_bytes = self._length_bytes = int(length[1]) if length else 0
        if not self._missing_bytes:
            self._finish()
        return data[len(data) - rest :]

    def _read_body(self, data: memoryview) -> None:
        if self._length_bytes <= _READ_BODY_BYTES or self._sink.reads_everything:
            self._body += data
        else:
            self._sink.uploaded_bytes += len(data)
            self._body += data[: max(0, _BEGINNING_BYTES - len(self._body))]
        self._missing_bytes -= len(data)
        if self._missing_bytes <= 0:
            self._finish()

    def _finish(self) -> None:
        head, body = bytes(self._head), bytes(self._body)
        self._head, self._body = bytearray(), bytearray()
        asked = Asked.read(head, body, self._length_bytes)
        if not (self._is_counted or asked.is_administration):
            self._is_counted = True
            self._sink.connections += 1
        lines = _lines(self._sink.respond(asked, head + body))
        late = 0 if asked.is_administration else self._sink.latency_seconds
        asyncio.get_running_loop().call_later(late, self._transport.write, lines)

    def connection_lost(self, reason: Exception | None) -> None:
        if self._missing_bytes:
            asked = Asked.read(bytes(self._head), bytes(self._body), self._length_bytes)
            self._sink.videos.break_off(asked, self._length_bytes - self._missing_bytes)


def _lines(answer: Answer) -> bytes:
    kind = "text/xml" if answer.content.startswith(b"<") else "application/json"
    headers = {"Content-Type": kind, "Content-Length": str(len(answer.content)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status}\r\n{lines}\r\n".encode() + answer.content


async def _serve(sink: Sink) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sink), "127.0.0.1", 0, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Sink(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)))
