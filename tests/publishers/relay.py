"""A relay before a real server, which loses answers and lets things happen in between."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Relay"]

_SECONDS = 60


class Relay:
    """Passes every request on; to the first that holds certain bytes, in its path or body, it swallows the answer.

    `interrupt` holds what happens just before the first that holds others is passed on. With `hangs` a swallowed answer
    is waited for in vain, and `swallowed` tells when that began.
    """

    def __init__(self, upstream: str, *, hangs: bool = False) -> None:
        self.swallow = b""
        self.interrupt: tuple[bytes, Callable[[], object]] | None = None
        self.swallowed, self._over = threading.Event(), threading.Event()
        relay, host = self, urlsplit(upstream).netloc

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = self.path.encode() + b"\n" + body
                if relay.interrupt and relay.interrupt[0] in said:
                    happens, relay.interrupt = relay.interrupt[1], None
                    happens()
                there = http.client.HTTPConnection(host, timeout=_SECONDS)
                there.request(self.command, self.path, body, dict(self.headers))
                answer = there.getresponse()
                data = answer.read()
                there.close()
                if relay.swallow and relay.swallow in said:
                    relay.swallow = b""
                    relay.swallowed.set()
                    if hangs:
                        relay._over.wait(_SECONDS)
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self) -> None:
                self.do_GET()

            def do_PUT(self) -> None:
                self.do_GET()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Relay:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
