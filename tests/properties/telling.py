"""A story as it goes: run, interrupted, and run again, each run as a process of its own would.

Channels and media go in turn here, so that a story that fails, fails again from its seed; that many threads at once keep
the promise too is the matrix's to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import msgspec
import requests

from socialcast.broadcast import Broadcast
from socialcast.delivery.archive import export_ledger, import_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.model.receipt import Report
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.matrix.faults import FAULTS
from socialcast.testing.matrix.scenes import PATIENCE_SECONDS
from socialcast.testing.stage import SandboxStage
from socialcast.wire.settings import Channel
from socialcast.wire.transport import READS, SandboxAdapter
from tests.properties.stories import AFTER, BEFORE, LOST, MOVED, RECORDED, UNRECORDED, Death, Mishap, Place, Story

__all__ = ["is_stopped", "moved", "publish", "status", "tell"]

_RUNS_WITHOUT_DEATH = 6  # how often it is run again until it settles


class Killed(BaseException):
    """The process is dead; no handler of ours may catch it."""


def publish(sandbox: Sandbox, story: Story, ledger: Path, *, recover: bool = False) -> Report:
    """One run without a death."""
    with _opened(sandbox, story, ledger) as broadcast:
        return broadcast.publish(story.announcement, recover=recover)


def is_stopped(sandbox: Sandbox, story: Story, ledger: Path) -> bool:
    """Whether the plan shows a problem that forbids to send anything."""
    with _opened(sandbox, story, ledger) as broadcast:
        return broadcast.plan(story.announcement).is_stopped


def status(sandbox: Sandbox, story: Story, ledger: Path) -> Report:
    """What the ledger says, without asking any platform."""
    with _opened(sandbox, story, ledger) as broadcast:
        return broadcast.status(story.key)


def tell(sandbox: Sandbox, story: Story, folder: Path) -> Iterator[tuple[Report | None, Path]]:
    """Run it until it settles: the report of every run, None where it died, and the ledger that it leaves."""
    for mishap in story.mishaps:
        sandbox.fault(mishap.platform, **_rule(mishap))
    ledger, is_lost = folder / "ledger", False
    for number, death in enumerate([*story.deaths, *[None] * _RUNS_WITHOUT_DEATH]):
        report = _run(sandbox, story, ledger, death, recover=is_lost)
        yield report, ledger
        if report and report.exit_code == 0:
            return
        if report is None and death:
            ledger, is_lost = _handed_on(ledger, death, folder / f"ledger-{number}"), is_lost or death.ledger == LOST
        sandbox.advance(PATIENCE_SECONDS)


def moved(ledger: Path, there: Path) -> Path:
    """The ledger on another machine, by export and import."""
    one, other = Ledger(ledger), Ledger(there)
    import_ledger(other, export_ledger(one))
    one.close()
    other.close()
    return there


def _handed_on(ledger: Path, death: Death, there: Path) -> Path:
    if death.ledger == MOVED:
        return moved(ledger, there)
    return there if death.ledger == LOST else ledger


def _run(sandbox: Sandbox, story: Story, ledger: Path, death: Death | None, *, recover: bool) -> Report | None:
    try:
        with _dying(sandbox, death):
            return publish(sandbox, story, ledger, recover=recover)
    except Killed:
        return None


@contextmanager
def _opened(sandbox: Sandbox, story: Story, ledger: Path) -> Iterator[Broadcast]:
    channels = [_channel(sandbox, place) for place in story.places]
    with (
        mock.patch("socialcast.broadcast.publish._CHANNELS_AT_ONCE", 1),
        mock.patch("socialcast.delivery.steps._in_parallel", _one_by_one),
        Broadcast(channels, ledger=ledger, sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast,
    ):
        yield broadcast


def _one_by_one(numbered: Iterable[tuple[int, Any]], work: Callable[[int, Any], Any], at_once: int) -> list[Any]:
    return [work(*item) for item in numbered]


def _channel(sandbox: Sandbox, place: Place) -> Channel:
    channel = SandboxStage(sandbox, place.platform).channel(place.platform)
    return msgspec.structs.replace(channel, policy=place.policy, required=place.required)


def _rule(mishap: Mishap) -> dict[str, Any]:
    whose = {"account": mishap.platform} if "account" in FAULTS[mishap.what] else {}
    return {**FAULTS[mishap.what], **whose, "method": mishap.method, "nth": mishap.nth, "count": mishap.times}


# -- death -------------------------------------------------------------------------------------------------------------------


class _Process:
    """Lives until its death comes; from then on nothing leaves it."""

    def __init__(self, death: Death | None) -> None:
        self._death, self._passed = death, 0

    def reach(self, moment: str, platform: object) -> None:
        """Come to this moment, unless it is dead by then."""
        if self._death and (moment, platform) == (self._death.when, self._death.platform):
            self._passed += 1
        if self._death and self._passed >= self._death.nth:
            raise Killed


@contextmanager
def _dying(sandbox: Sandbox, death: Death | None) -> Iterator[None]:
    process, send, write = _Process(death), SandboxAdapter.send, Ledger.write

    def sending(self: SandboxAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        is_write = request.method not in READS
        platform = is_write and sandbox.app.hosts.platform(urlsplit(request.url or "").netloc)
        process.reach(BEFORE, platform)
        response = send(self, request, *args, **options)
        with ExitStack() as dropped:
            dropped.callback(response.close)
            process.reach(AFTER, platform)
            dropped.pop_all()
        return response

    def writing(self: Ledger, statement: str, parameters: Any = (), *more: Any) -> int:
        channel = next(iter(parameters[1:2]), None)  # behind the key, in the tables that know channels
        process.reach(UNRECORDED, channel)
        changed = write(self, statement, parameters, *more)
        process.reach(RECORDED, channel)
        return changed

    with mock.patch.object(SandboxAdapter, "send", sending), mock.patch.object(Ledger, "write", writing):
        yield
