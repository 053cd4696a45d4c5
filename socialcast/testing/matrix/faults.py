"""Every request of a broadcast, going wrong in every way that a network and a platform know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import count
from typing import Any, TypeAlias
from unittest import mock

import requests

from socialcast.testing.matrix.scenes import Recorded, scratch_folder, settle
from socialcast.testing.matrix.verdict import Case, Verdict, judge
from socialcast.wire.transport import READS, SandboxAdapter

__all__ = ["FAULTS", "HTTP_METHODS", "fault_cases", "run_fault"]

_EXPIRED = "token expired"  # no run overcomes it before somebody signs in again
HTTP_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_NOBODY = "http://127.0.0.1:1"  # a port on which nothing listens

Send: TypeAlias = Callable[..., requests.Response]

# Effects of the sandbox by the name that people read; an empty one happens on our side of the wire.
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "connection refused": {},
    "reset before the body was read": {"effect": "reset_before"},
    "reset after the effect": {"effect": "reset_after"},
    "reset in the middle of the answer": {"effect": "reset_midway"},
    "time-out after the effect": {},
    "silence after the effect": {"effect": "timeout_after", "seconds": 0.05},
    **{f"{status} before the effect": {"effect": "status_before", "status": status} for status in (500, 502, 503)},
    **{f"{status} after the effect": {"effect": "status_after", "status": status} for status in (500, 502, 503)},
    "429 with a hint": {"effect": "refuse_429", "retry_after": 30},
    "429 without a hint": {"effect": "refuse_429"},
    "200 with truncated JSON": {"effect": "truncated"},
    "200 with HTML": {"effect": "html"},
    "200 without an id": {"effect": "no_id"},
    _EXPIRED: {"effect": "expired_token", "account": "contract"},
}


# To a read, which has no effect, each of these is one of the others: nothing is before or after, and no id is missing.
_NOTHING_NEW_TO_READS = frozenset(
    {
        "reset before the body was read",
        "time-out after the effect",
        *(f"{status} after the effect" for status in (500, 502, 503)),
        *(f"{status} before the effect" for status in (502, 503)),
        "200 without an id",
    }
)


def fault_cases(run: Recorded) -> Iterator[Case]:
    """Each request with each fault that can make a difference to it."""
    for number, call in enumerate(run.calls, 1):
        for what in FAULTS:
            if _applies(what, call.split()[0]):
                yield Case(publisher=run.publisher, scene=run.scene.name, what=what, number=number, call=call)


def _applies(what: str, method: str) -> bool:
    """What happens on our side of the wire is for HTTP; a proxy does it before mail servers."""
    is_possible = bool(FAULTS[what]) or method in HTTP_METHODS
    return is_possible and not (method in READS and what in _NOTHING_NEW_TO_READS)


def run_fault(run: Recorded, case: Case) -> Verdict:
    """Let it go wrong, run it again until it settles, and look at the sandbox."""
    sandbox, began = run.sandbox, time.perf_counter()
    sandbox.reset()
    sandbox.clear_faults()
    rule = FAULTS[case.what]
    if rule:
        sandbox.fault(case.publisher, nth=case.number, **rule)
    with scratch_folder() as folder, nullcontext() if rule else _spoiled(case.number, _ON_OUR_SIDE[case.what]):
        outcome = settle(run, folder)
        if case.what == _EXPIRED:
            stopped = judge(case, outcome, run.wanted, run.stage, may_stop=True)
            if not stopped.ok:
                return stopped
            run.stage.renew_token()
            outcome = settle(run, folder)
    seconds = time.perf_counter() - began
    return judge(case, outcome, run.wanted, run.stage, may_stop=False, seconds=seconds)


@contextmanager
def _spoiled(nth: int, spoil: Callable[[Send, requests.PreparedRequest, dict[str, Any]], requests.Response]) -> Iterator[None]:
    """The nth request goes wrong before or after it passes the wire. Raises RuntimeError where there was none."""
    sent, send = count(1), SandboxAdapter.send

    def spoiled(self: SandboxAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if next(sent) == nth:
            return spoil(lambda *words, **named: send(self, *words, **named), request, options)
        return send(self, request, **options)

    with mock.patch.object(SandboxAdapter, "send", spoiled):
        yield
    if next(sent) <= nth:
        raise RuntimeError(f"there was no request {nth} to spoil")


def _refused(send: Send, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
    """Nobody listens there."""
    return SandboxAdapter(_NOBODY).send(request, **options)


def _timed_out(send: Send, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
    """The answer comes later than anybody waits for it."""
    send(request, **options).close()
    raise requests.ReadTimeout("Read timed out.", request=request)


_ON_OUR_SIDE = {"connection refused": _refused, "time-out after the effect": _timed_out}
