"""All that the ledger knows of an announcement, as data for a report; asks no platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import msgspec

from socialcast.delivery.conversation import Conversation, Kept
from socialcast.delivery.findings import Found, last_findings
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.measures import Point, series
from socialcast.delivery.revisions import former_publications, former_revisions
from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Outcome, Report, State

__all__ = ["Moment", "Story", "tell_story"]

_MOST_WAITING = 5


class Moment(NamedTuple):
    """Something that happened, or is to happen, on a channel or on all."""

    at: datetime
    channel: str
    what: str
    url: str = ""


class Story(NamedTuple):
    """How every channel went, what became public when, what waits for an answer (how many, and the oldest), what was counted,
    and what the last audit found."""

    announcement: Announcement
    report: Report
    revision: int
    moments: tuple[Moment, ...]
    waiting: int
    oldest: tuple[Kept, ...]
    points: tuple[Point, ...]
    findings: tuple[Found, ...]


def tell_story(ledger: Ledger, announcement: Announcement, report: Report) -> Story:
    """The story of an announcement that the ledger has, with the report of where it stands."""
    conversation = Conversation(ledger, report.key)
    waiting = conversation.waiting()
    return Story(
        announcement=announcement,
        report=report,
        revision=len(former_revisions(ledger, report.key)),
        moments=tuple(sorted(_moments(ledger, announcement, report))),
        waiting=waiting,
        oldest=tuple(islice(conversation, min(waiting, _MOST_WAITING))),  # what waits comes first
        points=tuple(series(ledger, report.key)),
        findings=tuple(last_findings(ledger, report.key)),
    )


def _moments(ledger: Ledger, announcement: Announcement, report: Report) -> Iterator[Moment]:
    for former in former_publications(ledger, report.key):
        yield from _life(msgspec.structs.replace(former.outcome, retracted_at=datetime.fromtimestamp(former.taken_back_at, UTC)))
    for outcome in report.outcomes:
        yield from _life(outcome)
    if announcement.embargo:
        yield Moment(announcement.embargo, "", "the embargo ends")
    for revision in former_revisions(ledger, report.key):
        yield Moment(datetime.fromtimestamp(revision.replaced_at, UTC), "", f"corrected: revision {revision.number + 1}")


def _life(outcome: Outcome) -> Iterator[Moment]:
    """When a channel showed it, from when on it does not any more, or when it will."""
    if outcome.published_at:
        yield Moment(outcome.published_at, outcome.channel, "public", outcome.url)
    if outcome.retracted_at:
        yield Moment(outcome.retracted_at, outcome.channel, "partly taken back" if outcome.partly_public else "taken back")
    if outcome.state is State.HELD and outcome.due_at:
        yield Moment(outcome.due_at, outcome.channel, "to become public")
