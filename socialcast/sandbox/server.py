"""An HTTP/1.1 server on loopback that keeps connections open and lets a fault reset one."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes

from socialcast.sandbox import rtmp
from socialcast.sandbox.faults import SOCKET_KEY
from socialcast.sandbox.request import LostConnection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["PortTaken", "Server"]

Converse: TypeAlias = Callable[[str, socket.socket], None]

_logger = logging.getLogger(__name__)
_ADDRESS = "127.0.0.1"
_CHUNK_BYTES = 1 << 16
_STOP_SECONDS = 5.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST and not FIN


class PortTaken(OSError):
    """Another program listens on the port that the sandbox was to use."""

    def __init__(self, port: int) -> None:
        super().__init__(errno.EADDRINUSE, f"port {port} is taken; choose another, or a free one with --port 0")
        self.port = port


class Body(io.RawIOBase):
    """A request's body, whether its length was announced or it comes in chunks."""

    def __init__(self, stream: Any, length: int, *, chunked: bool) -> None:
        self._stream = stream
        self._left = 0 if chunked else length
        self._chunked = chunked

    def readable(self) -> bool:
        """Bodies are read and never written."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; 0 at the end of the body."""
        if not self._left and self._chunked:
            self._next_chunk()
        piece = self._stream.read1(min(len(buffer), self._left)) if self._left else b""
        if self._left and not piece:
            raise LostConnection
        self._left -= len(piece)
        if self._chunked and piece and not self._left:
            self._stream.readline()
        buffer[: len(piece)] = piece
        return len(piece)

    def _next_chunk(self) -> None:
        line = self._stream.readline(_CHUNK_BYTES)
        try:
            self._left = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise LostConnection from error
        if not self._left:
            self._chunked = False
            while self._stream.readline(_CHUNK_BYTES).strip():
                pass  # trailers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (LostConnection, ConnectionError):
            self._reset()

    def __getattr__(self, name: str) -> Any:
        # The base class looks up do_GET, do_POST and so on; which methods exist is for the application to say.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def do_CONNECT(self) -> None:
        """Another protocol than HTTP, with a host that is told first, as a proxy is told (RFC 9110, 9.3.6)."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.server.converse(self.path.rpartition(":")[0], self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        _logger.debug(format, *args)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _answer(self) -> None:
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        body = io.BufferedReader(Body(self.rfile, int(self.headers.get("Content-Length") or 0), chunked=chunked))
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [(status, headers)]

        pieces = self.server.app(self._environ(body), start_response)
        try:
            while body.read(_CHUNK_BYTES):
                pass  # what the application left would be taken for the next request on this connection
            self.server.pause()
            self._send(*started[0], pieces)
        finally:
            getattr(pieces, "close", lambda: None)()

    def _send(self, status: str, headers: list[tuple[str, str]], pieces: Iterable[bytes]) -> None:
        iterator = iter(pieces)
        first = next(iterator, b"")  # before the head goes out, since a fault may lose the whole answer
        sized = any(name.lower() == "content-length" for name, _ in headers) or status[:3] in ("204", "304")
        head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not sized:
            head.append("Connection: close")
            self.close_connection = True
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + first)
        for piece in iterator:
            self.wfile.write(piece)

    def _environ(self, body: io.BufferedIOBase) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": self.path,
            "SERVER_NAME": _ADDRESS,
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            SOCKET_KEY: self.connection,
        }
        for name, value in self.headers.items():
            upper = name.upper().replace("-", "_")
            key = upper if upper in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{upper}"
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
        return environ


class Server(ThreadingTCPServer):
    """Serves one WSGI application on 127.0.0.1, a thread per connection, until it is stopped."""

    request_queue_size = 1024
    allow_reuse_address = True

    app: WSGIApplication

    def __init__(self, port: int = 0, *, latency_seconds: float = 0.0) -> None:
        self.latency_seconds = latency_seconds
        self.connections = 0
        self._open: dict[socket.socket, threading.Thread] = {}
        self._stopping = threading.Event()
        try:
            super().__init__((_ADDRESS, port), _Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port) from error
            raise
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser or a client finds the server."""
        return f"http://{_ADDRESS}:{self.port}"

    def start(self, app: WSGIApplication, converse: Converse = lambda host, connection: None) -> None:
        """Serve this application in a thread of its own until `stop`; `converse` speaks with clients of other protocols."""
        self.app, self.converse = app, converse
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, and wait for their threads; a held answer is let go."""
        self._stopping.set()
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        for connection, thread in list(self._open.items()):
            with contextlib.suppress(OSError):  # the client may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(_STOP_SECONDS)

    def pause(self) -> None:
        """Wait as long as every answer is to take."""
        if self.latency_seconds:
            self._stopping.wait(self.latency_seconds)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection and serve it in its own thread."""
        self.connections += 1
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection until either side closes it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._open[request]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak RTMP with an encoder, and HTTP with everybody else."""
        if rtmp.is_rtmp(request):
            rtmp.shake_hands(request)
        else:
            super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close without the orderly goodbye of the base class, which would go out ahead of a reset."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong while a connection was served."""
        _logger.exception("sandbox bug while serving a connection")
