"""The process killed at every boundary: before a request, after the platform acted, around every write to the ledger.

The publishing process is a real one and dies by a real SIGKILL; it is forked from a server that has imported everything,
because starting Python anew for each case would take most of the time.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from socialcast.broadcast import Broadcast
from socialcast.delivery.ledger import Ledger
from socialcast.model.announcement import Announcement
from socialcast.model.errors import LedgerBusy
from socialcast.testing.clock import RemoteClock
from socialcast.testing.matrix.faults import Recorded, settle
from socialcast.testing.matrix.verdict import Case, Verdict, judge
from socialcast.wire.settings import Channel
from socialcast.wire.transport import SandboxAdapter

__all__ = ["kill_cases", "run_kill"]

_BEFORE, _AFTER, _UNRECORDED, _RECORDED, _MOMENT = (
    "killed before a request",
    "killed after the platform acted",
    "killed before a write to the ledger",
    "killed after a write to the ledger",
    "killed at a random moment",
)
_KEPT, _LOST, _TWO_AT_ONCE = "kept", "lost", "kept, two at once"
_LIMIT_SECONDS = 60.0  # for one process, which takes a fraction of a second
_PRELOADED = ["socialcast.testing.matrix.kills"]


def kill_cases(run: Recorded, writes: int, moments: list[float]) -> Iterator[Case]:
    """Each boundary, each way to run it again; `moments` are random ones, in milliseconds."""
    boundaries = [(what, number, call) for number, call in enumerate(run.calls, 1) for what in (_BEFORE, _AFTER)]
    boundaries += [(what, number, "ledger") for number in range(1, writes + 1) for what in (_UNRECORDED, _RECORDED)]
    boundaries += [(_MOMENT, int(moment), "milliseconds") for moment in moments]
    for (what, number, call), afterwards in itertools.product(boundaries, (_KEPT, _LOST, _TWO_AT_ONCE)):
        yield Case(publisher=run.publisher, what=what, number=number, call=call, afterwards=afterwards)


def count_writes(run: Recorded) -> int:
    """How often a run without a kill writes to the ledger."""
    run.sandbox.reset()
    counted, write = itertools.count(), Ledger.write

    def counting(self: Ledger, *args: Any) -> None:
        next(counted)
        write(self, *args)

    with TemporaryDirectory() as folder, mock.patch.object(Ledger, "write", counting):
        settle(run, Path(folder))
    return next(counted)


def run_kill(run: Recorded, case: Case) -> Verdict:
    """Kill it there, run it again as a person would, and look at the sandbox."""
    run.sandbox.reset()
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        kept, empty = Path(folder, "kept"), Path(folder, "empty")
        _end(_started(run, kept, case))
        if case.afterwards == _TWO_AT_ONCE:
            for process in [_started(run, kept), _started(run, kept)]:
                _end(process)
        is_lost = case.afterwards == _LOST
        outcome = settle(run, empty if is_lost else kept, recover=is_lost)
    seconds = time.perf_counter() - began
    return judge(case, outcome, run.wanted, run.stage.sights(), may_stop=False, seconds=seconds)


def _started(run: Recorded, folder: Path, case: Case | None = None) -> BaseProcess:
    context = get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    channel = run.stage.channel()
    process = context.Process(target=_publish, args=(channel, run.announcement, folder, run.sandbox.url, case))
    process.start()
    if case and case.what == _MOMENT:
        time.sleep(case.number / 1000)
        process.kill()
    return process


def _end(process: BaseProcess) -> None:
    process.join(_LIMIT_SECONDS)
    if process.is_alive():
        process.kill()
        raise TimeoutError("the publishing process did not end")
    process.close()


# -- the publishing process ----------------------------------------------------------------------------------------------------


def _publish(channel: Channel, announcement: Announcement, folder: Path, sandbox_url: str, case: Case | None) -> None:
    if case and case.what in _BOUNDARIES:
        _BOUNDARIES[case.what](case.number)
    with Broadcast([channel], ledger=folder / "ledger", sandbox=sandbox_url, clock=RemoteClock(sandbox_url)) as broadcast:
        try:
            broadcast.publish(announcement)
        except LedgerBusy:
            return  # the other of two at once


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_around(owner: type, name: str, nth: int, *, after: bool) -> None:
    """Replace a method by one that kills this process at its nth call."""
    counted, original = itertools.count(1), getattr(owner, name)

    def deadly(*args: Any, **options: Any) -> Any:
        is_last = next(counted) == nth
        if is_last and not after:
            _die()
        result = original(*args, **options)
        if is_last:
            _die()
        return result

    setattr(owner, name, deadly)


_BOUNDARIES: dict[str, Callable[[int], None]] = {
    _BEFORE: lambda nth: _die_around(SandboxAdapter, "send", nth, after=False),
    _AFTER: lambda nth: _die_around(SandboxAdapter, "send", nth, after=True),
    _UNRECORDED: lambda nth: _die_around(Ledger, "write", nth, after=False),
    _RECORDED: lambda nth: _die_around(Ledger, "write", nth, after=True),
}
