"""Every request of a broadcast, going wrong in every way that a network and a platform know."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import requests

from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Outcome
from socialcast.registry import platforms, publisher_class
from socialcast.sandbox import Sandbox
from socialcast.sandbox.registry import load_mirrors
from socialcast.testing.matrix.verdict import Case, Verdict, judge
from socialcast.testing.stage import SandboxStage, Sight, sample, shows_what_it_gets
from socialcast.wire.transport import SandboxAdapter

__all__ = ["FAULTS", "Recorded", "fault_cases", "provable", "run_fault", "settle"]

_MOST_RUNS = 5  # how often it is run again until it settles
_PATIENCE_SECONDS = 3600.0  # between two runs: what is being processed or refused for a while is over then
_NOBODY = "http://127.0.0.1:1"  # a port on which nothing listens

# Effects of the sandbox by the name that people read; "refused" happens on our side of the wire.
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "connection refused": {},
    "reset before the body was read": {"effect": "reset_before"},
    "reset after the effect": {"effect": "reset_after"},
    "reset in the middle of the answer": {"effect": "reset_midway"},
    "silence after the effect": {"effect": "timeout_after", "seconds": 0.05},
    **{f"{status} before the effect": {"effect": "status_before", "status": status} for status in (500, 502, 503)},
    **{f"{status} after the effect": {"effect": "status_after", "status": status} for status in (500, 502, 503)},
    "429 with a hint": {"effect": "refuse_429", "retry_after": 30},
    "429 without a hint": {"effect": "refuse_429"},
    "200 with truncated JSON": {"effect": "truncated"},
    "200 with HTML": {"effect": "html"},
    "200 without an id": {"effect": "no_id"},
    "token expired": {"effect": "expired_token", "account": "contract"},
}
_FINAL = frozenset({"token expired"})  # no run overcomes it without a new token


def provable() -> list[str]:
    """The publishers that have a mirror on which something is to be seen."""
    mirrored = [name for name in platforms() if name in load_mirrors()]
    return [name for name in mirrored if shows_what_it_gets(publisher_class(name).capabilities)]


class Recorded:
    """A run without faults: what it publishes, the requests it makes, and what the public sees then."""

    def __init__(self, sandbox: Sandbox, publisher: str) -> None:
        self.sandbox, self.publisher = sandbox, publisher
        self.announcement: Announcement = sample(publisher_class(publisher))
        with TemporaryDirectory() as folder:
            sandbox.reset()
            settle(self, Path(folder))
        self.calls = [f"{record.method} {record.handler}" for record in sandbox.requests(publisher)]
        self.wanted: list[Sight] = self.stage.sights()

    @property
    def stage(self) -> SandboxStage:
        """The publisher's mirror."""
        return SandboxStage(self.sandbox, self.publisher)


def fault_cases(run: Recorded) -> Iterator[Case]:
    """Each request with each fault."""
    for number, call in enumerate(run.calls, 1):
        for what in FAULTS:
            yield Case(publisher=run.publisher, what=what, number=number, call=call)


def run_fault(run: Recorded, case: Case) -> Verdict:
    """Let it go wrong, run it again until it settles, and look at the sandbox."""
    sandbox, began = run.sandbox, time.perf_counter()
    sandbox.reset()
    sandbox.clear_faults()
    rule = FAULTS[case.what]
    if rule:
        sandbox.fault(case.publisher, nth=case.number, **rule)
    with TemporaryDirectory() as folder, nullcontext() if rule else _refusing(case.number):
        outcome = settle(run, Path(folder))
    seconds = time.perf_counter() - began
    return judge(case, outcome, run.wanted, run.stage.sights(), may_stop=case.what in _FINAL, seconds=seconds)


def settle(run: Recorded, folder: Path, *, recover: bool = False) -> Outcome:
    """Publish, each time as a new process would, until nothing is left to do."""
    for _ in range(_MOST_RUNS):
        with run.stage.broadcast(folder / "ledger") as broadcast:
            report = broadcast.publish(run.announcement, recover=recover)
        if report.exit_code == 0:
            break
        run.sandbox.advance(_PATIENCE_SECONDS)
    return report["contract"]


@contextmanager
def _refusing(nth: int) -> Iterator[None]:
    """The nth request finds nobody listening."""
    sent, send = count(1), SandboxAdapter.send

    def refused(self: SandboxAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        adapter = SandboxAdapter(_NOBODY) if next(sent) == nth else self
        return send(adapter, request, *args, **options)

    with mock.patch.object(SandboxAdapter, "send", refused):
        yield
