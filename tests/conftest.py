"""What all tests share, and the rule that CI skips nothing that it should be able to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from socialcast.wire.clock import Cancel

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
