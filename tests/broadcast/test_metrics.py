"""What platforms count is told with its meaning, kept with its time, and added up only where it means the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcast import Announcement, Broadcast, Channel
from socialcast.delivery.archive import export_ledger, import_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.measures import series
from socialcast.model.reports import Measured, MetricsReport, Number
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.clock import SystemClock

OPENING = Announcement(key="opening", text="The doors open at nine.")
_DAY_SECONDS = 86_400


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """Published on X, which counts, and on Plaza, which does not."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    channels = [Channel(name="news", platform="x"), Channel(name="town", platform="plaza")]
    clock = SandboxClock(sandbox)
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as broadcast:
        broadcast.publish(OPENING).raise_for_failures()
        yield broadcast


def test_each_figure_has_its_meaning_and_time(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Two looks make two points of a series; a channel that offers no figures says so and fails nothing."""
    first = broadcast.measure("opening")
    sandbox.advance(_DAY_SECONDS)
    second = broadcast.measure("opening")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert all(number.definition for number in second["news"].numbers)
    assert "offers no figures" in second["town"].reason
    likes = [point for point in series(broadcast.ledger, "opening") if point.name == "likes"]
    assert [point.channel for point in likes] == ["news", "news"]
    assert (likes[1].at - likes[0].at).total_seconds() >= _DAY_SECONDS


def test_a_dead_token_is_told_and_costs_nobody_else(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """The channel that cannot be asked fails with a reason; nothing is kept of it."""
    sandbox.mirror("x").expire_credentials("news")
    report = broadcast.measure("opening")
    assert report["news"].failed
    assert report["news"].reason
    assert not report["town"].failed
    assert series(broadcast.ledger, "opening") == []


def test_the_series_goes_with_the_ledger(broadcast: Broadcast, tmp_path: Path) -> None:
    """A job on the next machine goes on with it, and taking it in twice doubles nothing."""
    broadcast.measure("opening")
    document = export_ledger(broadcast.ledger)
    with Ledger(tmp_path / "elsewhere") as elsewhere:
        for _ in range(2):
            import_ledger(elsewhere, document)
        assert series(elsewhere, "opening") == series(broadcast.ledger, "opening") != []


def test_only_what_means_the_same_is_added_up() -> None:
    """Likes are likes; an impression and a view that counts from three seconds on are not one number."""

    def counted(channel: str, *numbers: tuple[str, float, bool]) -> Measured:
        told = tuple(Number(name=name, value=value, definition="", summable=is_same) for name, value, is_same in numbers)
        return Measured(channel=channel, platform=channel, numbers=told)

    outcomes = (counted("a", ("likes", 3, True), ("views", 100, False)), counted("b", ("likes", 4, True), ("views", 9, False)))
    assert MetricsReport(key="k", at=SystemClock().now(), outcomes=outcomes).totals == {"likes": 7}
