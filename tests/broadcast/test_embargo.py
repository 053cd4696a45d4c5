"""Nothing is public before its embargo, whatever clocks and zones do; and a scheduler finds what is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast import Announcement, Broadcast, ConfigurationError, Live, State, load_announcement
from socialcast.model.problems import Severity
from socialcast.sandbox import Sandbox

Make = Callable[..., Broadcast]
ZURICH = ZoneInfo("Europe/Zurich")
EXAMPLES = Path(__file__).parents[2] / "examples"


def hello(embargo: datetime, key: str = "hello") -> Announcement:
    return Announcement(key=key, title="Open doors", text=f"Doors open, says {key}.", embargo=embargo)


def shown(sandbox: Sandbox) -> int:
    return len(sandbox.mirror("plaza").cards())


def test_every_channels_post_is_under_the_embargo(tmp_path: Path) -> None:
    """Whoever composes it: what is approved and shown has the moment, a wiki's page too."""
    embargo = datetime(2036, 12, 6, 8, tzinfo=ZURICH)
    event = msgspec.structs.replace(load_announcement(EXAMPLES / "open-doors" / "event.md"), embargo=embargo)
    with Broadcast.from_file(EXAMPLES / "channels.toml", ledger=tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(event)
    assert {planned.channel: planned.post and planned.post.embargo for planned in plan.channels} == dict.fromkeys(
        (planned.channel for planned in plan.channels), embargo
    )


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-9, minutes=-30)), ZURICH, ZoneInfo("Pacific/Apia")])
def test_a_zone_changes_nothing(make: Make, sandbox: Sandbox, zone: Any) -> None:
    """One second before, nothing is public; at the moment itself it is, whichever zone it was written in."""
    embargo = sandbox.clock.datetime() + timedelta(days=1)
    broadcast = make("a")
    report = broadcast.publish(hello(embargo.astimezone(zone)))
    assert (report.exit_code, report["a"].due_at) == (75, embargo)
    sandbox.advance((embargo - sandbox.clock.datetime()).total_seconds() - 1)
    assert broadcast.resume("hello").exit_code == 75
    assert shown(sandbox) == 0
    sandbox.advance(2)
    assert broadcast.resume("hello").exit_code == 0
    assert shown(sandbox) == 1


def test_waiting_over_a_clock_change_takes_as_long_as_it_does(make: Make, sandbox: Sandbox) -> None:
    """From 1:30 to 3:30 on the night when summer begins it is one hour, and from 1:00 to 4:00 when it ends it is four."""
    spring = datetime(2027, 3, 28, 3, 30, tzinfo=ZURICH)
    sandbox.advance((datetime(2027, 3, 28, 1, 30, tzinfo=ZURICH) - sandbox.clock.datetime()).total_seconds())
    waits: list[float] = []
    make("a", on_event=lambda event: waits.append(event.wait_seconds or 0)).publish(hello(spring, "spring"), wait=True)
    autumn = datetime(2027, 10, 31, 4, tzinfo=ZURICH)
    sandbox.advance((datetime(2027, 10, 31, 1, tzinfo=ZURICH) - sandbox.clock.datetime()).total_seconds())
    make("a", on_event=lambda event: waits.append(event.wait_seconds or 0)).publish(hello(autumn, "autumn"), wait=True)
    assert [round(seconds / 60) for seconds in waits if seconds > 600] == [60, 240]
    assert shown(sandbox) == 2


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (datetime(2036, 10, 26, 2, 30, tzinfo=ZURICH), ("happens twice", "02:30:00+02:00 or 2036-10-26T02:30:00+01:00")),
        (datetime(2036, 3, 30, 2, 30, tzinfo=ZURICH), ("does not happen", "02:30:00+01:00 or 2036-03-30T02:30:00+02:00")),
        (datetime(2036, 10, 26, 9), ("has no time zone",)),  # noqa: DTZ001 - what is refused
    ],
)
def test_a_moment_that_clocks_do_not_tell_is_refused(moment: datetime, told: tuple[str, ...]) -> None:
    """The hour that is there twice, the hour that is skipped, and a time without a zone: each with what to write instead."""
    with pytest.raises(ConfigurationError) as error:
        hello(moment)
    assert all(words in str(error.value) for words in told)


_SINCE = datetime(1970, 1, 1)  # noqa: DTZ001 - local time; offsets with seconds, which JSON does not tell, are older


@given(st.datetimes(_SINCE), st.sampled_from(["Europe/Zurich", "America/St_Johns"]))
def test_every_moment_survives_the_ledger(local: datetime, zone: str) -> None:
    """Any local time that means one moment means the same one after JSON, where only its offset is left."""
    moment = local.replace(tzinfo=ZoneInfo(zone))
    try:
        said = hello(moment)
    except ConfigurationError:
        assert moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
        return
    back = Announcement.from_json(said.to_json())
    assert back.embargo is not None
    assert back.embargo.astimezone(UTC) == moment.astimezone(UTC)
    assert back.digest == said.digest


def test_a_file_may_tell_the_time_of_a_place(tmp_path: Path) -> None:
    """`2036-12-06T09:00[Europe/Zurich]` is nine o'clock there, in winter and in summer; what is no zone is named. Nobody has to
    write seconds."""

    def embargo(text: str) -> datetime | None:
        (tmp_path / "event.json").write_text(json.dumps({"text": "Doors", "embargo": text}))
        return load_announcement(tmp_path / "event.json").embargo

    for text, hour in (
        ("2036-12-06T09:00[Europe/Zurich]", 8),
        ("2036-07-06 09:00 [Europe/Zurich]", 7),
        ("2036-12-06T09:00+01:00", 8),
        ("2036-12-06 08:00Z", 8),
    ):
        moment = embargo(text)
        assert moment
        assert moment.astimezone(UTC).hour == hour
    for text, told in (
        ("2036-12-06T09:00[Europe/Zurick]", "Europe/Zurich"),
        ("noon[Europe/Zurich]", "is no time"),
        ("2036-02-30T09:00Z", "day is out of range for month"),
        ("2036-12-06T09:00", "has no time zone"),
        ("2036-12-06T09:00+01:00[Europe/Zurich]", "an offset and a zone"),
        ("2036-10-26T02:30[Europe/Zurich]", "happens twice"),
        ("2036-12-06T09:00[../../etc/passwd]", "no time zone"),
    ):
        with pytest.raises(ConfigurationError, match=r"event\.json") as error:
            embargo(text)
        assert told in str(error.value)


def test_an_embargo_long_past_is_taken_for_a_slip(make: Make, sandbox: Sandbox) -> None:
    """A first run with last year's date sends nothing; one that is an hour late says so and goes out; a later run goes on."""
    now = sandbox.clock.datetime()
    report = make("a").publish(hello(now - timedelta(days=365)))
    assert (report.exit_code, shown(sandbox)) == (1, 0)
    assert "embargo.past" in report["a"].reason
    late = make("a").publish(hello(now - timedelta(hours=1), "late"))
    assert late.exit_code == 0
    assert [problem.code for problem in late.problems] == ["embargo.past"]
    assert make("a").plan(hello(now - timedelta(days=365), "other")).is_stopped


def test_an_event_that_nobody_could_come_to_is_told(make: Make, sandbox: Sandbox) -> None:
    """One that is over is a wrong date, and sends nothing; one that begins under the embargo is warned of."""
    now = sandbox.clock.datetime()
    over = Announcement(key="over", text="Doors", live=Live(title="Doors", starts_at=now - timedelta(days=365)))
    plan = make("a").plan(over)
    assert [problem.code for problem in plan.general] == ["live.past"]
    assert plan.is_stopped
    assert make("a").publish(over).exit_code == 1
    early = msgspec.structs.replace(
        over, key="early", embargo=now + timedelta(days=2), live=Live(title="Doors", starts_at=now + timedelta(days=1))
    )
    plan = make("a").plan(early)
    assert [(problem.code, problem.severity) for problem in plan.general] == [("live.before_embargo", Severity.WARNING)]
    going_on = Live(title="Doors", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    assert make("a").plan(msgspec.structs.replace(over, live=going_on)).general == ()


def test_what_was_held_goes_out_however_late(make: Make, sandbox: Sandbox) -> None:
    """A scheduler that was down for a week publishes what an earlier run prepared in time."""
    make("a").publish(hello(sandbox.clock.datetime() + timedelta(hours=1)))
    sandbox.advance(7 * 86_400)
    assert make("a").resume("hello").exit_code == 0


def test_what_is_held_is_listed_with_its_time(make: Make, sandbox: Sandbox) -> None:
    """The earliest first; what is published is on no list."""
    now = sandbox.clock.datetime()
    broadcast = make("a", "b")
    for key, hours in (("second", 2), ("first", 1)):
        broadcast.publish(hello(now + timedelta(hours=hours), key))
    broadcast.publish(msgspec.structs.replace(hello(now, "open"), embargo=None))
    assert [(item.key, item.is_due, item.channels) for item in broadcast.held()] == [
        ("first", False, ("a", "b")),
        ("second", False, ("a", "b")),
    ]
    sandbox.advance(3600)
    assert [item.is_due for item in broadcast.held()] == [True, False]
    assert broadcast.resume("first")["a"].state is State.PUBLISHED
    assert [item.key for item in broadcast.held()] == ["second"]
