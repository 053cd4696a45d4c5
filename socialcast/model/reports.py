"""What a piece of work on published announcements meant: one outcome for every channel, whatever the work was."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from socialcast.model.data import Record
from socialcast.model.echo import Metric
from socialcast.model.receipt import Item, LiveStatus
from socialcast.model.sight import Left

__all__ = [
    "Adoption",
    "Audit",
    "AuditReport",
    "ChannelOutcome",
    "ChannelReport",
    "CorrectionOutcome",
    "CorrectionReport",
    "Difference",
    "Finding",
    "LiveOutcome",
    "LiveReport",
    "Means",
    "Measured",
    "MetricsReport",
    "Number",
    "Reading",
    "ReadingReport",
    "Retraction",
    "RetractionReport",
    "SayReport",
]


class ChannelOutcome(Record, frozen=True, kw_only=True):
    """How the work went on one channel.

    `done` says what was done in words; where it `failed`, `reason` and `hint` say why and what to do. `unknown` means that it
    may have been done all the same, and nobody can be asked.
    """

    channel: str
    platform: str
    url: str = ""
    done: str = ""
    failed: bool = False
    unknown: bool = False
    reason: str = ""
    hint: str = ""
    code: str = ""


Told = TypeVar("Told", bound=ChannelOutcome)


class ChannelReport(Record, Generic[Told], frozen=True, kw_only=True):
    """One outcome for every channel that has the announcement."""

    key: str
    outcomes: tuple[Told, ...]

    @property
    def exit_code(self) -> int:
        """0 all done; 1 failed everywhere; 3 in part; 4 something unknown."""
        if any(outcome.unknown for outcome in self.outcomes):
            return 4
        failed = [outcome.failed for outcome in self.outcomes]
        return (1 if all(failed) else 3) if any(failed) else 0

    def __getitem__(self, channel: str) -> Told:
        return {outcome.channel: outcome for outcome in self.outcomes}[channel]


class LiveOutcome(ChannelOutcome, frozen=True, kw_only=True):
    """What a moment of a live event meant on one channel, which hosts the event or carries a post about it.

    `is_waiting` means that the platform is not there yet.
    """

    is_host: bool = False
    status: LiveStatus | None = None
    is_waiting: bool = False


class LiveReport(ChannelReport[LiveOutcome], frozen=True, kw_only=True):
    """One outcome for every channel that hosts the event, and for every one that posted about it."""

    @property
    def exit_code(self) -> int:
        """0 all done; 1 failed everywhere; 3 in part; 4 something unknown; 75 a platform is not there yet, ask again."""
        if any(outcome.unknown for outcome in self.outcomes):
            return 4
        failed = [outcome.failed for outcome in self.outcomes if outcome.is_host]
        if any(failed) or any(outcome.failed for outcome in self.outcomes):
            return 1 if all(failed) else 3
        return 75 if any(outcome.is_waiting for outcome in self.outcomes) else 0


class Retraction(ChannelOutcome, frozen=True, kw_only=True):
    """What was taken back on one channel, and what had to stay there."""

    left: tuple[Left, ...] = ()


class RetractionReport(ChannelReport[Retraction], frozen=True, kw_only=True):
    """One outcome for every channel that the announcement was for."""

    @property
    def exit_code(self) -> int:
        """0 nothing of it is public any more; 1 failed everywhere; 3 something is still there; 4 something unknown."""
        stays = any(outcome.left for outcome in self.outcomes)
        return super().exit_code or (3 if stays else 0)


class Means(Enum):
    """How a channel is corrected."""

    NOTHING = "nothing to change"
    EDIT = "edit"
    REPLY = "reply"
    REPLACE = "take back and publish anew"
    NONE = "cannot be corrected"


class CorrectionOutcome(ChannelOutcome, frozen=True, kw_only=True):
    """How one channel is corrected, or was: by which means, what of it changes, and where.

    `former_url` is the address of what was taken back, `reply_url` that of the reply, `text` what the reply says.
    """

    means: Means
    changes: tuple[str, ...] = ()
    text: str = ""
    reply_url: str = ""
    former_url: str = ""


class CorrectionReport(ChannelReport[CorrectionOutcome], frozen=True, kw_only=True):
    """One outcome for every channel that has the announcement; `revision` counts how often it was corrected."""

    revision: int = 0


class Reading(ChannelOutcome, frozen=True, kw_only=True):
    """How many replies came from one channel that were not known before."""

    new: int = 0


class ReadingReport(ChannelReport[Reading], frozen=True, kw_only=True):
    """One outcome for every channel; `waiting` is how many of all that is known wait for an answer."""

    waiting: int = 0


class SayReport(ChannelReport[ChannelOutcome], frozen=True, kw_only=True):
    """One outcome for every channel that the announcement was for; `number` counts what was said in its thread."""

    number: int


class Difference(Enum):
    """What became of something that was announced."""

    MISSING = "missing"
    BY_PLATFORM = "changed by platform"
    BY_PEOPLE = "changed by people"
    REMOVED = "removed"
    EXTRA = "extra"


class Finding(Record, frozen=True, kw_only=True):
    """One way in which a channel does not show what was announced: of which item, in which aspect, what it was to be and is."""

    difference: Difference
    item: Item
    aspect: str = ""
    expected: str = ""
    found: str = ""
    by: str = ""


class Adoption(Enum):
    """What an audit found that rebuilds a lost ledger; PARTLY and ABSENT can be published, UNCLEAR says why."""

    KNOWN = "known before"
    FOUND = "adopted"
    PARTLY = "partly there"
    ABSENT = "absent"
    UNCLEAR = "cannot be told"


class Audit(ChannelOutcome, frozen=True, kw_only=True):
    """What one channel shows, compared with what was announced; `unseen` are the aspects that nobody looked at.

    `adoption` says what became of the channel in a ledger that was rebuilt.
    """

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()
    adoption: Adoption | None = None


class AuditReport(ChannelReport[Audit], frozen=True, kw_only=True):
    """One outcome for every channel that the announcement was for."""

    @property
    def exit_code(self) -> int:
        """0 everything that was looked at is as announced; 1 no channel could be read; 3 something differs or was not read."""
        return super().exit_code or (3 if any(outcome.findings for outcome in self.outcomes) else 0)


class Number(Record, frozen=True, kw_only=True):
    """One figure of a channel, over all that it published of the announcement, with what the platform means by it."""

    name: str
    value: float
    definition: str
    summable: bool = False


class Measured(ChannelOutcome, frozen=True, kw_only=True):
    """What a platform counts of one channel, as a whole and item by item."""

    numbers: tuple[Number, ...] = ()
    metrics: tuple[Metric, ...] = ()


class MetricsReport(ChannelReport[Measured], frozen=True, kw_only=True):
    """One outcome for every channel that has the announcement, measured at that moment."""

    at: datetime

    @property
    def totals(self) -> dict[str, float]:
        """The figures that mean the same on every channel that gives them, added up."""
        totals: dict[str, float] = {}
        for number in (number for outcome in self.outcomes for number in outcome.numbers if number.summable):
            totals[number.name] = totals.get(number.name, 0) + number.value
        return totals
