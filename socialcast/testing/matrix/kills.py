"""The process killed at every boundary: before a request, after the platform acted, around every write to the ledger.

The publishing process is a real one and dies by a real SIGKILL; it is forked from a server that has published everywhere
once, because loading Python and the client libraries anew for each case would take most of the time.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import c_double
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from unittest import mock

from socialcast.broadcast import Broadcast
from socialcast.delivery.ledger import Ledger
from socialcast.model.announcement import Announcement
from socialcast.model.errors import LedgerBusy
from socialcast.testing.clock import SharedClock
from socialcast.testing.matrix.faults import HTTP_METHODS
from socialcast.testing.matrix.scenes import Recorded, scratch_folder, settle
from socialcast.testing.matrix.verdict import Case, Verdict, judge
from socialcast.wire.settings import Channel
from socialcast.wire.transport import READS, SandboxAdapter

__all__ = ["Kills", "ended", "forked"]

_BEFORE, _AFTER, _UNRECORDED, _RECORDED, _MOMENT = (
    "killed before a request",
    "killed after the platform acted",
    "killed before a write to the ledger",
    "killed after a write to the ledger",
    "killed at a random moment",
)
_KEPT, _LOST, _TWO_AT_ONCE = "kept", "lost", "kept, two at once"
_LIMIT_SECONDS = 60.0  # for one process, which takes a fraction of a second
_PRELOADED = ["socialcast.testing.matrix.warm"]


class Kills:
    """What can be killed of a run: so many writes to the ledger, so many seconds in all."""

    def __init__(self, run: Recorded) -> None:
        self._run = run
        self._writes = _count_writes(run)
        self._seconds = _time(run)

    def cases(self, moments_percent: Iterable[int]) -> Iterator[Case]:
        """Each boundary, each way to run it again; the moments are parts of the time that a run takes."""
        calls = [(number, call) for number, call in enumerate(self._run.calls, 1) if call.split()[0] in HTTP_METHODS]
        boundaries = [(what, number, call) for number, call in calls for what in _around(call)]
        # After a record is before the next request or record, unless what comes next is a mail or a file.
        around = (_UNRECORDED,) if calls else (_UNRECORDED, _RECORDED)
        boundaries += [(what, number, "ledger") for number in range(1, self._writes + 1) for what in around]
        boundaries += [(_MOMENT, percent, "percent of its time") for percent in moments_percent]
        for (what, number, call), afterwards in itertools.product(boundaries, (_KEPT, _LOST, _TWO_AT_ONCE)):
            run = self._run
            yield Case(publisher=run.publisher, scene=run.scene.name, what=what, number=number, call=call, afterwards=afterwards)

    def run(self, case: Case) -> Verdict:
        """Kill it there, run it again as a person would, and look at the sandbox. Raises RuntimeError where it did not die."""
        run, began = self._run, time.perf_counter()
        run.sandbox.reset()
        with scratch_folder() as folder:
            kept, empty = folder / "kept", folder / "empty"
            process = _started(run, kept, case)
            if case.what == _MOMENT:
                process.join(self._seconds * case.number / 100)
                process.kill()
            if ended(process) != -signal.SIGKILL and case.what in _BOUNDARIES:
                raise RuntimeError(f"it never came to {case}")
            if case.afterwards == _TWO_AT_ONCE:
                gate = _context().Barrier(2)  # through which they go together, however long each took to start
                for process in [_started(run, kept, gate=gate), _started(run, kept, gate=gate)]:
                    ended(process)
            is_lost = case.afterwards == _LOST
            outcome = settle(run, empty if is_lost else kept, recover=is_lost)
        return judge(case, outcome, run.wanted, run.stage, may_stop=False, seconds=time.perf_counter() - began)


def _around(call: str) -> tuple[str, ...]:
    """On both sides of a write; a read leaves nothing behind, so that after it is before the next."""
    return (_BEFORE,) if call.split()[0] in READS else (_BEFORE, _AFTER)


def _count_writes(run: Recorded) -> int:
    """How often a run without a kill writes to the ledger."""
    run.sandbox.reset()
    counted, write = itertools.count(), Ledger.write

    def counting(self: Ledger, *args: Any) -> int:
        next(counted)
        return write(self, *args)

    with scratch_folder() as folder, mock.patch.object(Ledger, "write", counting):
        settle(run, folder)
    return next(counted)


def _time(run: Recorded) -> float:
    """The seconds that a process takes which nothing happens to; the second one, since the first starts the server too."""
    for _ in range(2):
        run.sandbox.reset()
        began = time.perf_counter()
        with scratch_folder() as folder:
            ended(_started(run, folder))
    return time.perf_counter() - began


def _context(preloaded: Sequence[str] = _PRELOADED) -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(list(preloaded))
    return context


def _started(run: Recorded, folder: Path, case: Case | None = None, gate: Barrier | None = None) -> BaseProcess:
    channel = run.stage.channel(**run.scene.settings)
    url, ahead = run.sandbox.url, run.sandbox.clock.ahead_seconds
    return forked(_publish, channel, run.announcement, folder, url, ahead, case, gate)


def forked(target: Callable[..., None], *args: Any, preloaded: Sequence[str] = _PRELOADED) -> BaseProcess:
    """A process of its own that does this, begun; the first one decides which modules all of them have loaded."""
    process = _context(preloaded).Process(target=target, args=args)
    process.start()
    return process


def ended(process: BaseProcess) -> int | None:
    """How it ended, once it has: its exit code, or a signal's number, negative. Raises TimeoutError."""
    process.join(_LIMIT_SECONDS)
    if process.is_alive():
        process.kill()
        raise TimeoutError("the publishing process did not end")
    code = process.exitcode
    process.close()
    return code


# -- the publishing process ----------------------------------------------------------------------------------------------------


def _publish(
    channel: Channel,
    announcement: Announcement,
    folder: Path,
    sandbox_url: str,
    ahead_seconds: c_double,
    case: Case | None,
    gate: Barrier | None,
) -> None:
    if case and case.what in _BOUNDARIES:
        _BOUNDARIES[case.what](case.number)
    if gate:
        gate.wait(_LIMIT_SECONDS)
    clock = SharedClock(sandbox_url, ahead_seconds)
    with Broadcast([channel], ledger=folder / "ledger", sandbox=sandbox_url, clock=clock) as broadcast:
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
