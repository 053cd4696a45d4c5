"""The WSGI application that plays every platform, told apart by the host that the client believes it talks to."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders

from socialcast.sandbox import admin, smtp, wall
from socialcast.sandbox.faults import SOCKET_KEY, Call, Fault, Faults, lost
from socialcast.sandbox.mirror import Account, Act, Clock, Mirror, NotShownError, Request, Response
from socialcast.sandbox.request import SCHEME_HEADER
from socialcast.sandbox.routing import Hosts, Match, RouteTable, is_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["App", "RequestRecord"]

_logger = logging.getLogger(__name__)
_RECORDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request to a platform; status 0 means that the client got no answer, an empty handler that none was found.

    `received_bytes` is how much of its body arrived: what an upload that goes on sends anew, and what not.
    """

    number: int
    at: float
    platform: str
    handler: str
    method: str
    host: str
    path: str
    operation: str
    status: int
    fault: str
    received_bytes: int = 0


class App:
    """All mirrors behind one WSGI callable, with the requests they got and the faults they are to have."""

    def __init__(self, mirrors: Mapping[str, Mirror], clock: Clock) -> None:
        self.mirrors = mirrors
        self.clock = clock
        self.faults = Faults()
        self.hosts = Hosts(mirrors)
        self._tables = {name: RouteTable(mirror.ROUTES) for name, mirror in mirrors.items()}
        self._records: deque[RequestRecord] = deque(maxlen=_RECORDS)
        self._recorded = 0
        self._recording = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        with closing(_believing(environ)) as request:
            request.read_body()
            response = self.respond(request)
        return response(environ, start_response)

    def converse(self, host: str, connection: socket) -> None:
        """Speak SMTP with a client that wanted to be connected with that host; whoever takes no mail hangs up."""

        def ask(command: str, carried: bytes, session: Mapping[str, str]) -> Response:
            told = {f"HTTP_X_SMTP_{name.upper()}": value for name, value in session.items()}
            body = {"wsgi.input": io.BytesIO(carried), "wsgi.input_terminated": True, SOCKET_KEY: connection}
            where = {"REQUEST_METHOD": command, "PATH_INFO": "/", "HTTP_HOST": host, "wsgi.url_scheme": "smtp"}
            with closing(Request({**where, **told, **body})) as request:
                request.read_body()
                return self.respond(request)

        platform = self.hosts.platform(host)
        if platform and (max_bytes := self.mirrors[platform].SPEAKS_SMTP):
            smtp.converse(connection, host, max_bytes, ask)

    def register_host(self, host: str, platform: str) -> None:
        """Let this host be answered by that platform's mirror."""
        self.hosts.register(host, platform)

    def account(self, platform: str, name: str, host: str | None = None, **wishes: Any) -> Account:
        """The account of that name on that platform, opened on first use; its host is registered with it."""
        mirror = self.mirrors[platform]
        if host:
            self.register_host(host, platform)
        with mirror.lock:
            return mirror.account(name, **wishes)

    def act(self, platform: str, act: Act, name: str, id: str, text: str = "") -> str:
        """A person of that name does something with the card of that id by hand; the id of what came of it, or that card's.

        Raises NotShownError for a platform or a card that is not there, ValueError for what the platform does not let people
        do.
        """
        if (mirror := self.mirrors.get(platform)) is None:
            raise NotShownError(f"there is no mirror {platform!r}, only {', '.join(self.mirrors)}")
        does = getattr(mirror, f"{act}_as")
        try:
            with mirror.lock:
                made: str | None = does(name, id, *(() if act is Act.REMOVE else (text,)))
        except KeyError as error:
            raise NotShownError(f"{platform} shows no card {id!r}; /_sandbox/cards tells the ids of all") from error
        return made or id

    def add_fault(self, fault: Fault) -> None:
        """Put a rule in force. Raises ValueError for one that no call could ever meet."""
        if fault.platform not in self.mirrors:
            raise ValueError(f"there is no mirror {fault.platform!r}, only {', '.join(self.mirrors)}")
        handlers = sorted({route.handler for route in self.mirrors[fault.platform].ROUTES})
        if fault.handler not in ("*", *handlers):
            raise ValueError(f"{fault.platform} has no handler {fault.handler!r}, only {', '.join(handlers)}")
        self.faults.add(fault)

    def reset(self) -> None:
        """Forget accounts, posts, requests and faults, and the files; hosts stay registered and the clock goes on."""
        with ExitStack() as locks:  # all at once: the mirrors share the folder, and a file may just be received
            for mirror in self.mirrors.values():
                locks.enter_context(mirror.lock)
                mirror.reset()
            for media in {mirror.media for mirror in self.mirrors.values()}:
                media.clear()
        self.faults.clear()
        with self._recording:
            self._records.clear()
            self._recorded = 0

    def requests(self, platform: str | None = None) -> list[RequestRecord]:
        """The requests so far, oldest first, of one platform or of all."""
        with self._recording:
            return [record for record in self._records if platform in (None, record.platform)]

    def respond(self, request: Request) -> Response:
        """The answer of the platform, the administration or the wall, as the request's host says."""
        if is_loopback(request.host) and not self.hosts.registered(request.host):
            return admin.respond(self, request) or wall.respond(self, request)
        platform = self.hosts.platform(request.host)
        return self._platform_answer(platform, request) if platform else self._record(request, _unknown(request, "host"))

    def visit(self, request: Request) -> Response:
        """What a person who opens this address of a platform sees: neither recorded nor met by faults."""
        platform = self.hosts.platform(request.host)
        if platform is None:
            return _unknown(request, "host")
        match = self._tables[platform].match(request)
        return self._run(platform, match, request) if match else self._unmatched(platform, request)

    def _platform_answer(self, platform: str, request: Request) -> Response:
        match = self._tables[platform].match(request)
        if match is None:
            return self._record(request, self._unmatched(platform, request), platform)
        if request.is_torn:
            return self._record(request, self._torn(platform, match, request), platform, match)
        fault = self.faults.take(platform, match.route.handler, request.method)
        run = partial(self._run, platform, match, request)
        response = Call(fault, request, self.mirrors[platform], run).spoiled() if fault else run()
        return self._record(request, response, platform, match, fault)

    def _torn(self, platform: str, match: Match, request: Request) -> Response:
        """Nobody waits for an answer to a request that broke off; what arrived may count all the same."""
        if match.route.keeps_torn:
            self._run(platform, match, request)
        return lost()

    def _run(self, platform: str, match: Match, request: Request) -> Response:
        mirror = self.mirrors[platform]
        try:
            with mirror.lock:
                response: Response = getattr(mirror, match.route.handler)(request, **match.names)
        except Exception as error:  # whatever a mirror does wrong must not pass for an answer of the platform
            _logger.exception("sandbox bug in %s.%s", platform, match.route.handler)
            body = {"sandbox": "bug in the mirror", "handler": f"{platform}.{match.route.handler}", "error": type(error).__name__}
            return _json(500, body, {"X-Sandbox-Bug": "1"})
        return response

    def _unmatched(self, platform: str, request: Request) -> Response:
        mirror = self.mirrors[platform]
        page = wall.card_page(self, platform, request) if request.method in ("GET", "HEAD") else None
        if page:
            return page
        with mirror.lock:
            own = mirror.not_found(request)
        return own or _unknown(request, "route", platform, self._tables[platform].operation(request))

    def _record(
        self, request: Request, response: Response, platform: str = "", match: Match | None = None, fault: Fault | None = None
    ) -> Response:
        with self._recording:
            self._recorded += 1
            self._records.append(
                RequestRecord(
                    number=self._recorded,
                    at=self.clock.now(),
                    platform=platform,
                    handler=match.route.handler if match else "",
                    method=request.method,
                    host=request.host,
                    path=request.path,
                    operation=match.route.when[1] if match and match.route.when else "",
                    status=response.status_code,
                    fault=fault.effect.value if fault else "",
                    received_bytes=request.received_bytes,
                )
            )
        return response


def _believing(environ: WSGIEnvironment) -> Request:
    scheme = EnvironHeaders(environ).get(SCHEME_HEADER, "https")
    return Request({**environ, "wsgi.url_scheme": scheme})


def _json(status: int, body: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body, indent=2), status, headers, mimetype="application/json")


def _unknown(request: Request, what: str, platform: str = "", operation: str = "") -> Response:
    told = {"platform": platform, "host": request.host, "method": request.method, "path": request.path, "operation": operation}
    known = {name: value for name, value in told.items() if value}
    return _json(501, {"sandbox": f"unknown {what}: no mirror answers this, and nothing left the machine", **known}, {})
