"""What all tests share, and the rule that CI skips nothing that it should be able to run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from socialcast.wire.clock import Cancel

pytest_plugins = ["tests.publishers.validated"]

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine makes no test wrong
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --stories; it stands here because options are read before the folders below."""
    parser.addoption("--stories", type=int, default=80, metavar="N", help="how many random stories -m matrix tells")


_RUNNABLE_IN_CI = ("SOCIALCAST_SPECS", "SOCIALCAST_SERVERS", "not installed", "did not start")


class StillClock:
    """A clock that moves only when somebody waits on it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 12, 5, 7, 55, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        cancel.check()
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="module")
def start_server() -> Iterator[Callable[..., dict[str, Any]]]:
    """Starts a real server by its script and the words it takes, and gives what it tells of itself; all end with the module,
    since one that nobody asks anything takes its part of the processor all the same."""
    folder = os.environ.get("SOCIALCAST_SERVERS")
    if not folder:
        pytest.skip("SOCIALCAST_SERVERS is unset: no folder of scripts that start real servers")
    pids: list[str] = []

    def start(script: str, *words: str) -> dict[str, Any]:
        started = subprocess.run([Path(folder, script), *words], capture_output=True, text=True, check=False)
        if started.returncode:
            pytest.skip(f"{script} did not start: {started.stderr[-300:]}")
        facts: dict[str, Any] = json.loads(started.stdout)
        pids.append(str(facts["pid"]))
        return facts

    yield start
    for pid in pids:
        subprocess.run([Path(folder, "server-stop"), pid], check=True, capture_output=True)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    if os.environ.get("CI") and (refused := _refused_skips(session)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nCI must be able to run what was skipped:", *sorted(refused), sep="\n  ")


def _refused_skips(session: pytest.Session) -> set[str]:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    reasons = {str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr) for report in skipped}
    return {reason for reason in reasons if any(sign in reason for sign in _RUNNABLE_IN_CI)}
