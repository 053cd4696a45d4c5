"""A proxy before a real server: it passes everything on, and at one chosen call it loses the answer, fails, falls silent, or
kills whoever is publishing.

What happens at a call is the same for every protocol: it is read, the server acts on it, and its answer goes back. So a
protocol is a way to tell calls apart, and a fault is what is done with one of them.
"""

from __future__ import annotations

import http.client
import os
import queue
import re
import signal
import socket
import struct
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

__all__ = ["KILLS", "SILENCE", "HttpProxy", "MailProxy", "Proxy"]

SILENCE = "silence after the effect"
_SERVER_SECONDS = 60  # for one answer of the real server
_LONGEST_SILENCE_SECONDS = 120
_VICTIM_SECONDS = 30  # until it is known who is to be killed
_OPAQUE = re.compile(r"/[^/.]{16,}")  # ids in a path, which differ from run to run
_HOP_BY_HOP = ("connection", "content-length", "keep-alive", "transfer-encoding")


class _HungUp(Exception):
    """The client gets no answer, or no more of it."""


class _Silent(_HungUp):
    """The client is left to its time-out."""


class _Over(_HungUp):
    """The client has its answer, and the connection is closed."""


class Call(NamedTuple):
    """One request of a client."""

    name: str
    read: Callable[[], None]  # take all of it from the client
    act: Callable[[], bytes]  # the same, and let the server act on it: its answer
    answer: Callable[[bytes], None]
    failure: bytes  # what a server in trouble answers


class Proxy(ABC):
    """A port of this machine that leads to a server."""

    faults: ClassVar[tuple[str, ...]]  # what can go wrong in this protocol, by the names of FAULTS
    reads: ClassVar[tuple[str, ...]] = ()  # how names of calls begin that change nothing

    def __init__(self, host: str, port: int) -> None:
        self.upstream = (host, port)
        self.calls: list[str] = []
        self.is_spoiled = False  # whether it came to the chosen call
        self._chosen = ("", 0, "")
        self._counting = threading.Lock()
        self._victims: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._server = _Server(("127.0.0.1", 0), self._handler())

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    def begin(self, call: str = "", nth: int = 1, fault: str = "") -> None:
        """Count calls anew, and let the nth of that name go wrong."""
        with self._counting:
            self.calls, self.is_spoiled, self._chosen = [], False, (call, nth, fault)
            self._victims = queue.SimpleQueue()

    def aim(self, pid: int) -> None:
        """Whom a fault kills; it waits until that is known."""
        self._victims.put(pid)

    def pass_on(self, call: Call) -> None:
        """Let the server act and give its answer, or do what was chosen for this call. Raises _HungUp."""
        with self._counting:
            self.calls.append(call.name)
            name, nth, fault = self._chosen
            is_chosen = call.name == name and self.calls.count(name) == nth
            self.is_spoiled |= is_chosen
        happens = FAULTS[fault] if is_chosen else _pass
        happens(self, call)

    def kill(self) -> None:
        """End whoever is publishing, as a power cut does."""
        os.kill(self._victims.get(timeout=_VICTIM_SECONDS), signal.SIGKILL)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @abstractmethod
    def _handler(self) -> type[BaseRequestHandler]:
        """What serves one connection."""


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing of a client that is gone: many are killed here."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


# -- what can happen to a call -------------------------------------------------------------------------------------------------


def _pass(proxy: Proxy, call: Call) -> None:
    call.answer(call.act())


def _reset_before(proxy: Proxy, call: Call) -> None:
    raise _HungUp


def _lose(proxy: Proxy, call: Call) -> None:
    call.act()
    raise _HungUp


def _cut(proxy: Proxy, call: Call) -> None:
    answer = call.act()
    call.answer(answer[: len(answer) // 2])
    raise _HungUp


def _fail_before(proxy: Proxy, call: Call) -> None:
    call.read()
    call.answer(call.failure)


def _refuse(proxy: Proxy, call: Call) -> None:
    _fail_before(proxy, call)
    raise _Over


def _fail_after(proxy: Proxy, call: Call) -> None:
    call.act()
    call.answer(call.failure)


def _kill_before(proxy: Proxy, call: Call) -> None:
    proxy.kill()
    raise _HungUp


def _kill_after(proxy: Proxy, call: Call) -> None:
    call.act()
    proxy.kill()
    raise _HungUp


def _keep_silent(proxy: Proxy, call: Call) -> None:
    call.act()
    raise _Silent


KILLS: Mapping[str, Callable[[Proxy, Call], None]] = {
    "killed before a request": _kill_before,
    "killed after the server acted": _kill_after,
}
FAULTS: Mapping[str, Callable[[Proxy, Call], None]] = {
    "reset before the body was read": _reset_before,
    "reset after the effect": _lose,
    "reset in the middle of the answer": _cut,
    SILENCE: _keep_silent,
    "500 before the effect": _fail_before,
    "500 after the effect": _fail_after,
    "refused for now": _refuse,
    **KILLS,
}


def _end(connection: socket.socket, error: _HungUp) -> None:
    """Be silent until the client is gone, or reset the connection, so that it is not taken for the end of an answer."""
    if isinstance(error, _Over):
        return
    if isinstance(error, _Silent):
        connection.settimeout(_LONGEST_SILENCE_SECONDS)
        try:
            while connection.recv(1 << 16):
                pass
        except OSError:
            return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# -- HTTP ----------------------------------------------------------------------------------------------------------------------


class HttpProxy(Proxy):
    """Before a server that speaks HTTP."""

    faults = tuple(name for name in FAULTS if name != "refused for now")
    reads = ("GET ", "HEAD ", "OPTIONS ")

    @property
    def url(self) -> str:
        """The address under which the server is met here."""
        return f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(_HttpHandler):
            def serve(self, call: Call) -> None:
                proxy.pass_on(call)

            upstream = proxy.upstream

        return Handler


class _HttpHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: tuple[str, int]

    def serve(self, call: Call) -> None:
        """What the proxy does with it."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Any request."""
        failure = _answer(500, [("Content-Type", "text/plain")], b"the server is in trouble")
        name = f"{self.command} {_OPAQUE.sub('/*', self.path.partition('?')[0])}"
        call = Call(name, lambda: _drop(self._body()), self._act, self._tell, failure)
        try:
            self.serve(call)
        except _HungUp as error:
            _end(self.connection, error)
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815 - as http.server calls them

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _act(self) -> bytes:
        there = http.client.HTTPConnection(*self.upstream, timeout=_SERVER_SECONDS)
        try:
            there.request(self.command, self.path, self._body(), dict(self.headers))
            answer = there.getresponse()
            return _answer(answer.status, answer.getheaders(), answer.read())
        finally:
            there.close()

    def _tell(self, answer: bytes) -> None:
        self.wfile.write(answer)


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    kept = [f"{name}: {value}" for name, value in headers if name.lower() not in _HOP_BY_HOP]
    head = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}", *kept, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


# -- SMTP ----------------------------------------------------------------------------------------------------------------------


class MailProxy(Proxy):
    """Before a server that takes mail; a call is a command, and the message after DATA is one of its own.

    A server that refuses what it has taken breaks RFC 5321, 4.2.5, and nobody can help it: that is no fault here.
    """

    faults = (
        "reset before the body was read",
        "reset after the effect",
        "reset in the middle of the answer",
        SILENCE,
        "refused for now",
        *KILLS,
    )
    reads = ("CONNECT", "ehlo", "EHLO", "QUIT", "quit")

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(_MailHandler):
            def serve(self, call: Call) -> None:
                proxy.pass_on(call)

            upstream = proxy.upstream

        return Handler


class _MailHandler(StreamRequestHandler):
    upstream: tuple[str, int]

    def serve(self, call: Call) -> None:
        """What the proxy does with it."""
        raise NotImplementedError

    def handle(self) -> None:
        """Pass on one command after the other, each with its reply."""
        with socket.create_connection(self.upstream, _SERVER_SECONDS) as there, there.makefile("rwb") as server:
            self._server = server
            try:
                self._converse()
            except (_HungUp, ConnectionError) as error:
                if isinstance(error, _HungUp):
                    _end(self.connection, error)

    def _converse(self) -> None:
        self._call("CONNECT", bytes)
        while line := self.rfile.readline():
            self._call(line.split(maxsplit=1)[0].decode(), partial(bytes, line))
            if self._said.startswith(b"354"):
                self._call("message", self._message)

    def _call(self, name: str, read: Callable[[], bytes]) -> None:
        self.serve(
            Call(name, lambda: _drop(read()), lambda: self._act(read()), self._tell, b"421 4.3.2 Service shutting down\r\n")
        )

    def _act(self, words: bytes) -> bytes:
        self._server.write(words)
        self._server.flush()
        reply = line = self._server.readline()
        while line[3:4] == b"-":
            line = self._server.readline()
            reply += line
        return reply

    def _tell(self, reply: bytes) -> None:
        self._said = reply
        self.wfile.write(reply)

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line)
        return b"".join([*lines, line])


def _drop(_: object) -> None:
    """Nothing: for what is read only to be gone."""
