"""How much of its calls the app has used up, as every answer tells, and when the next call may be made."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
import requests

from socialcast.model.errors import RateLimited
from socialcast.wire.clock import Clock

__all__ = ["Reading", "Usage", "read_usage"]

S = TypeVar("S")

# Shares in percent of a rolling hour at which to slow down and to stop; calls made while throttled make the block longer.
_SLOW_PERCENT, _STOP_PERCENT = 75, 95
_SLOW_SECONDS = 2.0
_STOP_SECONDS = 300.0  # where Facebook does not say how long: a twelfth of the hour that it counts


class _Share(msgspec.Struct):
    call_count: float = 0
    total_time: float = 0
    total_cputime: float = 0
    estimated_time_to_regain_access: float = 0  # in minutes


class Reading(NamedTuple):
    """The highest share that an answer tells, and how long Facebook says that it will block."""

    percent: float
    blocked_seconds: float


class Usage:
    """The gate before each call of one publisher; threads share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped_until = self._slowed_until = 0.0
        self._caller = threading.local()

    def note(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Learn from the headers of an answer, an error's included."""
        reading = read_usage(response.headers)
        if reading.percent >= _STOP_PERCENT or reading.blocked_seconds:
            self.stop(reading.blocked_seconds or _STOP_SECONDS)
        elif reading.percent >= _SLOW_PERCENT:
            self._slowed_until = self._now() + _SLOW_SECONDS

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Let no call through for so long."""
        self._stopped_until = max(self._stopped_until, self._now() + seconds)

    def check(self) -> None:
        """Raise RateLimited with the wait while Facebook wants fewer calls; to be slowed down is a wait once for each call."""
        now = self._now()
        if self._stopped_until > now:
            raise RateLimited("Facebook's limit of calls is nearly used up", retry_after=self._stopped_until - now)
        if self._slowed_until > now and not getattr(self._caller, "has_waited", False):
            self._caller.has_waited = True
            raise RateLimited("Facebook asks for fewer calls", retry_after=self._slowed_until - now)
        self._caller.has_waited = False

    def _now(self) -> float:
        return self._clock.now().timestamp()


def read_usage(headers: Mapping[str, str]) -> Reading:
    """What the three usage headers tell together."""
    shares = [_decoded(headers.get(name), _Share, _Share()) for name in ("x-app-usage", "x-page-usage")]
    by_business = _decoded(headers.get("x-business-use-case-usage"), dict[str, list[_Share]], {})
    shares += [share for listed in by_business.values() for share in listed]
    percent = max(max(share.call_count, share.total_time, share.total_cputime) for share in shares)
    return Reading(percent, 60 * max(share.estimated_time_to_regain_access for share in shares))


def _decoded(text: str | None, kind: type[S], otherwise: S) -> S:
    """The header's value; one of another shape tells nothing."""
    try:
        return msgspec.json.decode(text, type=kind) if text else otherwise
    except msgspec.DecodeError:
        return otherwise
