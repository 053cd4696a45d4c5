"""Faults as data: which call goes wrong, and how; each way is one small function."""

from __future__ import annotations

import json
import math
import selectors
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from werkzeug.datastructures import Headers

from socialcast.sandbox.mirror import Mirror, Request, Response
from socialcast.sandbox.request import LostConnection

__all__ = ["NO_ANSWER", "SOCKET_KEY", "Call", "Effect", "Fault", "Faults", "lost"]

NO_ANSWER = 0  # stands for the status where the client got none
SOCKET_KEY = "socialcast.socket"
_DRIPS = 20


class Effect(Enum):
    """What a fault does to a call."""

    REFUSE_429 = "refuse_429"
    STATUS_BEFORE = "status_before"
    STATUS_AFTER = "status_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    RESET_MIDWAY = "reset_midway"
    TIMEOUT_AFTER = "timeout_after"
    TRUNCATED = "truncated"
    HTML = "html"
    NO_ID = "no_id"
    SLOW_DRIP = "slow_drip"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule: on the `nth` matching call since it was set, and `count` calls from there on, this goes wrong."""

    platform: str
    effect: Effect
    handler: str = "*"
    method: str | None = None
    nth: int = 1
    count: int = 1
    status: int = 503
    retry_after: int | None = None
    seconds: float = 30.0  # how long a held or dripping answer takes at most
    account: str = ""  # whose token expires

    def __post_init__(self) -> None:
        if self.nth < 1 or self.count < 1:
            raise ValueError(f"nth and count start at 1, not {self.nth} and {self.count}")
        if self.effect is Effect.EXPIRED_TOKEN and not self.account:
            raise ValueError("expired_token needs the account whose token expires")

    def matches(self, platform: str, handler: str, method: str) -> bool:
        """Whether the rule counts this call."""
        return self.platform == platform and self.handler in ("*", handler) and self.method in (None, method)


class Faults:
    """The rules in force and how many calls each has counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[tuple[Fault, Iterator[int]]] = []

    def add(self, fault: Fault) -> None:
        """Put a rule in force; it counts calls from now on."""
        with self._lock:
            self._calls.append((fault, iter(range(1, fault.nth + fault.count))))

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._calls.clear()

    def rules(self) -> list[Fault]:
        """The rules in force, those that are used up included."""
        with self._lock:
            return [fault for fault, _ in self._calls]

    def take(self, platform: str, handler: str, method: str) -> Fault | None:
        """Count this call and give the first rule whose turn it is."""
        with self._lock:
            counted = [(f, next(calls, 0)) for f, calls in self._calls if f.matches(platform, handler, method)]
        return next((fault for fault, number in counted if number >= fault.nth), None)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a fault befalls; `run` lets the mirror do its work and gives the true answer."""

    fault: Fault
    request: Request
    mirror: Mirror
    run: Callable[[], Response]

    def spoiled(self) -> Response:
        """The answer that the fault makes of it."""
        return _EFFECTS[self.fault.effect](self)

    def gone_within(self, seconds: float) -> bool:
        """Wait until the client, or the server as it stops, has closed the connection, or for so many seconds."""
        with selectors.DefaultSelector() as selector:
            connection: socket.socket = self.request.environ[SOCKET_KEY]
            selector.register(connection, selectors.EVENT_READ)
            return bool(selector.select(seconds))


def _json(status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")


def _status(call: Call, status: int, words: str) -> Response:
    wait = call.fault.retry_after
    return _json(status, {"error": words, "status": status}, {} if wait is None else {"Retry-After": str(wait)})


def lost() -> Response:
    """No answer, but a connection that is reset."""
    return _no_answer(_lose)


def _no_answer(end: Callable[[], bytes]) -> Response:
    return Response(iter(end, b""), NO_ANSWER)  # it ends only when the server asks for the first bytes: after it was recorded


def _in_pieces(response: Response, pieces: Iterator[bytes], promised_bytes: int) -> Response:
    headers = Headers(response.headers)
    headers["Content-Length"] = str(promised_bytes)
    return Response(pieces, response.status, headers)


def _lose() -> bytes:
    raise LostConnection


def _refuse_429(call: Call) -> Response:
    return _status(call, 429, "Too Many Requests")


def _status_before(call: Call) -> Response:
    return _status(call, call.fault.status, "refused before anything happened")


def _status_after(call: Call) -> Response:
    call.run()
    return _status(call, call.fault.status, "failed after it happened")


def _reset_before(call: Call) -> Response:
    return _no_answer(_lose)


def _reset_after(call: Call) -> Response:
    call.run()
    return _no_answer(_lose)


def _reset_midway(call: Call) -> Response:
    response = call.run()
    body = response.get_data()

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise LostConnection

    return _in_pieces(response, half(), len(body))


def _timeout_after(call: Call) -> Response:
    call.run()

    def silence() -> bytes:
        call.gone_within(call.fault.seconds)
        raise LostConnection

    return _no_answer(silence)


def _truncated(call: Call) -> Response:
    response = call.run()
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    return response


def _html(call: Call) -> Response:
    call.run()
    return Response("<!doctype html><title>One moment</title><p>We will be back soon.", mimetype="text/html")


def _no_id(call: Call) -> Response:
    call.run()
    return _json(200, {}, {})


def _slow_drip(call: Call) -> Response:
    response = call.run()
    body = response.get_data()

    def drops() -> Iterator[bytes]:
        step = math.ceil(len(body) / _DRIPS) or 1
        for start in range(0, len(body), step):
            if call.gone_within(call.fault.seconds / _DRIPS):
                raise LostConnection
            yield body[start : start + step]

    return _in_pieces(response, drops(), len(body))


def _expired_token(call: Call) -> Response:
    with call.mirror.lock:
        call.mirror.expire_credentials(call.fault.account)
    return call.run()


_EFFECTS: Mapping[Effect, Callable[[Call], Response]] = {
    Effect.REFUSE_429: _refuse_429,
    Effect.STATUS_BEFORE: _status_before,
    Effect.STATUS_AFTER: _status_after,
    Effect.RESET_BEFORE: _reset_before,
    Effect.RESET_AFTER: _reset_after,
    Effect.RESET_MIDWAY: _reset_midway,
    Effect.TIMEOUT_AFTER: _timeout_after,
    Effect.TRUNCATED: _truncated,
    Effect.HTML: _html,
    Effect.NO_ID: _no_id,
    Effect.SLOW_DRIP: _slow_drip,
    Effect.EXPIRED_TOKEN: _expired_token,
}
