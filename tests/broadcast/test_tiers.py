"""The press may have it hours ahead, under embargo; the public has it when the embargo ends, and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from socialcast import Announcement, Audience, Broadcast, Channel, ConfigurationError, State
from socialcast.sandbox import Sandbox

Make = Callable[..., Broadcast]


@pytest.fixture(autouse=True)
def closed_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plaza, the outside package, as it would be if one could choose who reads a square."""
    plaza = pytest.importorskip("plaza.publisher", reason="the outside package plaza is not installed").PlazaPublisher
    monkeypatch.setattr(plaza, "capabilities", msgspec.structs.replace(plaza.capabilities, audience=frozenset(Audience)))


PRESS = Channel(name="press", platform="plaza", audience=Audience.PRESS, hours_ahead=2)


def news(sandbox: Sandbox, hours: float = 3) -> Announcement:
    return Announcement(key="news", text="Doors open.", embargo=sandbox.clock.datetime() + timedelta(hours=hours))


def has_it(sandbox: Sandbox) -> list[str]:
    return sorted(card.account for card in sandbox.mirror("plaza").cards())


def test_the_press_is_first_and_the_public_waits(make: Make, sandbox: Sandbox) -> None:
    """Run by a scheduler: nobody, then the press at T minus two hours, then everybody at T; each once."""
    announcement = news(sandbox)
    broadcast = make(PRESS, "town")
    report = broadcast.publish(announcement)
    assert announcement.embargo
    assert report["press"].due_at == announcement.embargo - timedelta(hours=2)
    assert report["town"].due_at == announcement.embargo
    assert has_it(sandbox) == []
    sandbox.advance(3600)
    report = broadcast.resume("news")
    assert (report.exit_code, report["press"].state, report["town"].state) == (75, State.PUBLISHED, State.HELD)
    assert has_it(sandbox) == ["press"]
    sandbox.advance(7199)
    broadcast.resume("news")
    assert has_it(sandbox) == ["press"]
    sandbox.advance(2)
    assert broadcast.resume("news").exit_code == 0
    assert has_it(sandbox) == ["press", "town"]


def test_a_scheduler_is_told_of_both_moments(make: Make, sandbox: Sandbox) -> None:
    """What is due first is what `due` tells."""
    announcement = news(sandbox)
    broadcast = make(PRESS, "town")
    broadcast.publish(announcement)
    assert announcement.embargo
    (before,) = broadcast.held()
    sandbox.advance(3601)
    (ahead,) = broadcast.held()
    broadcast.resume("news")
    (after,) = broadcast.held()
    assert (before.due_at, before.is_due) == (announcement.embargo - timedelta(hours=2), False)
    assert ahead.is_due
    assert (after.due_at, after.is_due, after.channels) == (announcement.embargo, False, ("town",))


def test_waiting_waits_twice(make: Make, sandbox: Sandbox) -> None:
    """One run with --wait serves the press, waits on, and serves the public."""
    waits: list[float] = []
    broadcast = make(PRESS, "town", on_event=lambda event: waits.append(event.wait_seconds or 0))
    began = sandbox.clock.datetime()
    assert broadcast.publish(news(sandbox), wait=True).exit_code == 0
    assert sorted({round(seconds / 3600) for seconds in waits if seconds > 60}) == [1, 2]
    at = {card.account: card.at - began for card in sandbox.mirror("plaza").cards()}
    assert timedelta(hours=1) <= at["press"] < timedelta(hours=2)
    assert at["town"] >= timedelta(hours=3)


def test_a_late_run_serves_everybody_at_once(make: Make, sandbox: Sandbox) -> None:
    """Where the scheduler slept, the press has no head start, and nobody is left out."""
    announcement = news(sandbox)
    broadcast = make(PRESS, "town")
    broadcast.publish(announcement)
    sandbox.advance(4 * 3600)
    assert broadcast.resume("news").exit_code == 0
    assert has_it(sandbox) == ["press", "town"]


def test_nothing_goes_ahead_where_a_required_channel_is_not_ready(make: Make, sandbox: Sandbox) -> None:
    """All is prepared everywhere before the press gets anything."""
    sandbox.fault("plaza", "status_before", handler="me", status=403, account="", nth=2, count=9)
    announcement = news(sandbox, hours=1)
    assert make(PRESS, "town").publish(announcement).exit_code != 0
    assert has_it(sandbox) == []


def test_a_plan_tells_it_and_its_digest_covers_it(make: Make, sandbox: Sandbox) -> None:
    """Whoever approves an embargo approves who has it ahead."""
    announcement = news(sandbox)
    later = msgspec.structs.replace(PRESS, hours_ahead=1)
    assert announcement.embargo
    plan = make(PRESS).plan(announcement)
    assert plan["press"].due_at == announcement.embargo - timedelta(hours=2)
    assert plan.digest != make(later).plan(announcement).digest


def test_hours_are_hours_though_clocks_change() -> None:
    """Two hours before 3:30 on the night when summer begins it was half past midnight."""
    embargo = datetime(2027, 3, 28, 3, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    assert PRESS.due_at(embargo).isoformat() == "2027-03-28T00:30:00+01:00"


@pytest.mark.parametrize(("audience", "hours"), [(Audience.PUBLIC, 2), (Audience.PRESS, -1)])
def test_nobody_else_has_it_ahead(audience: Audience, hours: float) -> None:
    """A public channel ahead of the embargo is an error in the channels file, and so is one behind it."""
    with pytest.raises(ConfigurationError, match="hours_ahead"):
        Channel(name="town", platform="plaza", audience=audience, hours_ahead=hours)
