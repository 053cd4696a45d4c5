"""What waits for the end of an embargo, by the ledger; and times that cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from socialcast.delivery.ledger import Delivery, Ledger
from socialcast.model.announcement import Announcement
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Outcome, State

__all__ = ["Held", "held", "time_problems"]

_WAITING = frozenset(state.value for state in (State.PLANNED, State.PREPARED, State.HELD))
# A scheduler that starts a first run when the embargo ends is minutes late, or a night where it was down; a wrong year or
# month is further off, and publishing at once is what an embargo is there to prevent.
_LATEST_FIRST_RUN = timedelta(days=1)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement under embargo that `channels` do not show yet; `due_at` is when the first of them is to, which is the
    embargo's end or, for the press, hours before; `is_due` once that has come."""

    key: str
    title: str
    embargo: datetime
    due_at: datetime
    is_due: bool
    channels: tuple[str, ...]


class _Embargoed(msgspec.Struct):
    """The two fields of an announcement that count here; a document may carry megabytes of photos."""

    title: str = ""
    embargo: datetime | None = None


def held(ledger: Ledger, now: datetime) -> Iterator[Held]:
    """Every announcement that waits, in no order."""
    for key in ledger.keys():  # noqa: SIM118 - a ledger is no mapping
        found = ledger.announcement(key)
        said = msgspec.json.decode(found[1], type=_Embargoed) if found else _Embargoed()
        rows = [row for row in ledger.deliveries(key).values() if row.state in _WAITING]
        if said.embargo and rows:
            due_at = min(_due_at(row, said.embargo) for row in rows)
            channels = tuple(sorted(row.channel for row in rows))
            yield Held(key=key, title=said.title, embargo=said.embargo, due_at=due_at, is_due=due_at <= now, channels=channels)


def _due_at(row: Delivery, embargo: datetime) -> datetime:
    """When the channel is to have it; one whose run was cut short before that was noted, when the embargo ends."""
    told = msgspec.convert(row.outcome, Outcome).due_at if row.outcome else None
    return told or embargo


def time_problems(announcement: Announcement, now: datetime, *, is_begun: bool) -> Iterator[Problem]:
    """What to say of an embargo that is past already, and of an event to create that nobody could come to; a run that goes on
    after either is as it should be."""
    embargo, live = announcement.embargo, announcement.live
    if embargo and embargo <= now and not is_begun:
        yield _past_embargo(embargo, now)
    if live and live.is_to_create and live.starts_at:
        yield from _past_event(live.starts_at, live.ends_at or live.starts_at + _LATEST_FIRST_RUN, now, is_begun=is_begun)
        if embargo and live.starts_at < embargo:
            message = f"the event begins at {live.starts_at.isoformat()}, when its channels are not public yet"
            fix = "end the embargo before, or move the event"
            yield Problem(code="live.before_embargo", path="live.starts_at", severity=Severity.WARNING, message=message, fix=fix)


def _past_event(starts_at: datetime, ends_at: datetime, now: datetime, *, is_begun: bool) -> Iterator[Problem]:
    if ends_at <= now and not is_begun:
        message, fix = f"the event of {starts_at.isoformat()} is over", "correct the date, or leave live out"
        yield Problem(code="live.past", path="live.starts_at", message=message, fix=fix)


def _past_embargo(embargo: datetime, now: datetime) -> Problem:
    is_slip = now - embargo > _LATEST_FIRST_RUN
    return Problem(
        code="embargo.past",
        path="embargo",
        severity=Severity.ERROR if is_slip else Severity.WARNING,
        message=f"{embargo.isoformat()} is past" + ("" if is_slip else ", so it is made public at once"),
        fix="correct the date, or remove the embargo to publish at once" if is_slip else "",
    )
