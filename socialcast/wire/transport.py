"""The one HTTP session that every client library is given.

It adds what the libraries lack: a time-out on each call, one pool of connections for all channels, uploads that are
streamed, writes that are never redirected or sent twice, and a record of every exchange, because most libraries lose
the status, the headers or the body of an error. In a sandbox run every host is served by the sandbox.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout
from requests.utils import get_environ_proxies
from urllib3.exceptions import NewConnectionError

from socialcast.wire.bodies import BLOCK_BYTES, Form
from socialcast.wire.secrets import Redactor, Secret

if TYPE_CHECKING:
    from socialcast.wire.witness import Witness

__all__ = ["READS", "Exchange", "PlatformSession", "Transport", "recording"]

READS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT_BODY_BYTES = 1 << 16
_TIME_OUT_SECONDS = (10, 60)  # to connect, and between two bytes of an answer
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # what requests reads, in its order
_TALKATIVE = (  # loggers of the client libraries whose debug lines hold tokens, keys or bodies (seen 2026-11-22)
    "flickrapi.auth",
    "flickrapi.auth.OAuthFlickrInterface",
    "flickrapi.core",
    "mwclient.client",
    "mwclient.sleep",
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.signature",
    "requests_oauthlib.oauth1_auth",
    "requests_oauthlib.oauth1_session",
    "tweepy.client",
    "urllib3.connectionpool",
)

logger = logging.getLogger("socialcast.wire")
_record: ContextVar[list[Exchange] | None] = ContextVar("socialcast_exchanges", default=None)


class Exchange(msgspec.Struct, kw_only=True):
    """One request and what came of it; `status` None means that no complete answer came."""

    method: str
    host: str
    path: str  # never the query, where some libraries put a token
    left: bool = True  # False when the connection never stood, so nothing can have happened
    status: int | None = None
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def is_write(self) -> bool:
        """Whether it may have changed something on the platform."""
        return self.method not in READS

    def json(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """The list into which this thread's exchanges go while the block runs."""
    exchanges: list[Exchange] = []
    token = _record.set(exchanges)
    try:
        yield exchanges
    finally:
        _record.reset(token)


class PlatformSession(requests.Session):
    """A session for one account, with its own cookies, over the connections of all.

    It does not trust the environment: requests would read all of it for each call, and would let a line in ~/.netrc
    replace the account's own Authorization header. Proxies and certificates are taken from it here, once.
    """

    def __init__(self, adapter: HTTPAdapter, user_agent: str, channel: str, witness: Witness | None) -> None:
        super().__init__()
        self._channel, self._witness = channel, witness
        self.trust_env = False
        self.verify = next((path for name in _CERTIFICATES if (path := os.environ.get(name))), True)
        self.headers["User-Agent"] = user_agent
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send it once: streamed, with a time-out, recorded."""
        verb, parts = _text(method).upper(), urlsplit(_text(url))
        exchange = Exchange(method=verb, host=parts.netloc, path=parts.path)
        if (exchanges := _record.get()) is not None:
            exchanges.append(exchange)
        options["timeout"] = options.get("timeout") or _TIME_OUT_SECONDS
        if exchange.is_write:
            options["allow_redirects"] = False  # requests would turn a redirected POST into a GET
        if options.get("files"):
            _stream_files(options)
        try:
            response = super().request(method, url, *args, **options)
        except RequestsConnectionError as error:
            exchange.left = not _never_connected(error)
            logger.info("%s %s%s: no answer (%s)", verb, parts.netloc, parts.path, type(error).__name__)
            raise
        exchange.status, exchange.headers = response.status_code, response.headers
        exchange.body = response.content[:_KEPT_BODY_BYTES]
        logger.info("%s %s%s: %s", verb, parts.netloc, parts.path, response.status_code)
        return response

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send what is complete and signed, before the eyes of a witness if there is one."""
        send = partial(super().send, request, **options)
        if self._witness is None:
            return send()
        return self._witness.watch(self._channel, request, send, streams=bool(options.get("stream")))


class Transport:
    """Connections shared by all channels of a broadcast; in a sandbox run, all of them lead to `sandbox_url`.

    A `witness` sees everything that is sent.
    """

    def __init__(
        self,
        *,
        sandbox_url: str | None = None,
        connections: int = 64,
        user_agent: str = "socialcast",
        witness: Witness | None = None,
    ) -> None:
        self.sandbox_url, self.user_agent, self.witness = sandbox_url, user_agent, witness
        self.redactor = Redactor()
        pool: dict[str, Any] = {"pool_connections": connections, "pool_maxsize": connections, "max_retries": 0}
        self._adapter = SandboxAdapter(sandbox_url, **pool) if sandbox_url else PlatformAdapter(**pool)
        self._pid = os.getpid()
        _redact_logs(self.redactor)
        self._leave_logs = weakref.finalize(self, _leave_logs, self.redactor)

    @property
    def is_own(self) -> bool:
        """Whether this process made the connections; a forked worker must not speak on those of its parent."""
        return self._pid == os.getpid()

    def session(self, channel: str = "") -> PlatformSession:
        """A new session, for the account of one channel."""
        return PlatformSession(self._adapter, self.user_agent, channel, self.witness)

    def learn(self, secret: Secret) -> None:
        """Keep one more secret out of logs and messages."""
        self.redactor.learn(secret)

    def connect(self, host: str, port: int, *, tls: bool) -> socket.socket:
        """A connection for what is not HTTP; in a sandbox run it leads to the sandbox, as all others do. Raises OSError."""
        if self.sandbox_url:
            sandbox = urlsplit(self.sandbox_url)
            return socket.create_connection((sandbox.hostname or "", sandbox.port or 80), _TIME_OUT_SECONDS[0])
        plain = socket.create_connection((host, port), _TIME_OUT_SECONDS[0])
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host) if tls else plain

    def connect_to_talker(self, host: str, port: int, *, tls: bool) -> socket.socket:
        """`connect`, where the server speaks first: a sandbox has to be told beforehand whom it plays. Raises OSError."""
        connection = self.connect(host, port, tls=tls)
        if self.sandbox_url:
            connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            _skip_head(connection)
        return connection

    def visible_url(self, url: str) -> str:
        """Where a person can open that address: itself, or the sandbox's page of it, which stays what it is."""
        if not self.sandbox_url or not url or url.startswith(f"{self.sandbox_url}/"):
            return url
        _, _, place = url.partition("://")
        return f"{self.sandbox_url}/at/{place or url}"

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()
        self._leave_logs()


class PlatformAdapter(HTTPAdapter):
    """The connections of all channels, each through the proxy that the environment names for its host."""

    def __init__(self, **options: Any) -> None:
        self._known_proxies: dict[tuple[str, str], dict[str, str]] = {}
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make connections that send larger blocks."""
        super().init_poolmanager(*args, blocksize=BLOCK_BYTES, **options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send it, through a proxy where there is one."""
        return super().send(request, *args, **{**options, "proxies": self.proxies(request.url or "")})

    def proxies(self, url: str) -> dict[str, str]:
        """The proxies for that address; one look at the environment for each host."""
        scheme, host = urlsplit(url)[:2]
        if (scheme, host) not in self._known_proxies:
            self._known_proxies[scheme, host] = get_environ_proxies(url)
        return self._known_proxies[scheme, host]


class SandboxAdapter(PlatformAdapter):
    """Sends every request to the sandbox and leaves the platform's name in its Host header.

    It works below signing, so that signatures cover the platform's own address, as they do in earnest.
    """

    def __init__(self, sandbox_url: str, **options: Any) -> None:
        self._sandbox_url = sandbox_url
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send it to the sandbox, and give the answer the address that was asked for."""
        asked = request.url or ""
        parts = urlsplit(asked)
        request.headers["Host"] = parts.netloc
        request.headers["X-Sandbox-Scheme"] = parts.scheme
        request.url = self._sandbox_url + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            response = super().send(request, *args, **options)
        finally:
            request.url = asked
        response.url = asked
        return response

    def proxies(self, url: str) -> dict[str, str]:
        """None: nothing leaves this machine."""
        return {}


def _redact_logs(redactor: Redactor) -> None:
    for name in ("socialcast.wire", *_TALKATIVE):
        logging.getLogger(name).addFilter(redactor)


def _leave_logs(redactor: Redactor) -> None:
    for name in ("socialcast.wire", *_TALKATIVE):
        logging.getLogger(name).removeFilter(redactor)


def _stream_files(options: dict[str, Any]) -> None:
    """Turn `data` and `files` into one body that is read from the files while it is sent."""
    data, files = dict(options.pop("data", None) or {}), options.pop("files")
    fields: list[tuple[str, Any]] = [(name, _plain(value)) for name, value in data.items() if value is not None]
    for name, value in files.items() if isinstance(files, dict) else files:
        part = value if isinstance(value, tuple) else (os.path.basename(str(getattr(value, "name", name))), value)  # noqa: PTH119
        fields.append((name, part if len(part) > 2 else (*part, "application/octet-stream")))
    options["data"] = body = Form(fields)
    options["headers"] = {**(options.get("headers") or {}), "Content-Type": body.content_type}


def _skip_head(connection: socket.socket) -> None:
    """Read an answer's head and nothing of what follows it. Raises OSError where none comes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := connection.recv(1)):
            raise ConnectionResetError("the sandbox hung up")
        head += byte


def _plain(value: Any) -> str | bytes:
    return value if isinstance(value, str | bytes) else str(value)


def _never_connected(error: BaseException) -> bool:
    """Whether the connection never stood; urllib3 tells it in the reason that requests wraps."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
