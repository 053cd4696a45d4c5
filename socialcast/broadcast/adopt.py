"""A ledger that was lost, made again of what the platforms show; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from socialcast.broadcast.events import Listener
from socialcast.broadcast.look import ABSENT, PARTLY_THERE
from socialcast.broadcast.publication import Publication
from socialcast.broadcast.workshop import Workshop
from socialcast.model.announcement import Announcement
from socialcast.model.errors import ConfigurationError
from socialcast.model.receipt import Outcome, Report, State
from socialcast.model.reports import Adoption, Audit, AuditReport, ReadingReport
from socialcast.wire.clock import Cancel

__all__ = ["look_for", "with_adoptions"]

_KNOWN = frozenset({State.PUBLISHED.value, State.RETRACTED.value})
_BY_STATE = {State.PUBLISHED: Adoption.FOUND, State.SKIPPED: None}
_REPLIES = "replies"
_BY_CODE = {ABSENT: Adoption.ABSENT, PARTLY_THERE: Adoption.PARTLY}


def look_for(
    shop: Workshop, announcement: Announcement, listener: Listener, cancel: Cancel
) -> tuple[Report, dict[str, Adoption | None]]:
    """What is there on every channel, in the ledger from now on, and what that means for it; the caller works on it alone.

    Raises ConfigurationError where the ledger knows the key with other content.
    """
    rows, changed = shop.earlier(announcement)
    if changed:
        raise ConfigurationError(str(changed[0]))
    known = {name for name, row in rows.items() if row.state in _KNOWN}
    work = Publication(shop, announcement, shop.channels, listener, cancel, approval=None, recover=True)
    report = work.look()
    found = {each.channel: Adoption.KNOWN if each.channel in known else _adoption(each) for each in report.outcomes}
    return report, found


def _adoption(outcome: Outcome) -> Adoption | None:
    return _BY_STATE.get(outcome.state, _BY_CODE.get(outcome.code, Adoption.UNCLEAR))


def with_adoptions(
    audited: AuditReport, report: Report, found: Mapping[str, Adoption | None], readings: ReadingReport
) -> AuditReport:
    """The audit, which tells for each channel where what it is about comes from, and where what is said below it was not read."""
    told = {outcome.channel: outcome for outcome in report.outcomes}
    unread = {reading.channel: (_REPLIES,) for reading in readings.outcomes if reading.failed}
    outcomes = (
        _with_adoption(
            msgspec.structs.replace(each, unseen=each.unseen + unread.get(each.channel, ())),
            told[each.channel],
            found[each.channel],
        )
        for each in audited.outcomes
    )
    return msgspec.structs.replace(audited, outcomes=tuple(outcomes))


def _with_adoption(audited: Audit, outcome: Outcome, adoption: Adoption | None) -> Audit:
    if adoption in (None, Adoption.FOUND, Adoption.KNOWN):
        return msgspec.structs.replace(audited, adoption=adoption)
    told = {"reason": outcome.reason, "hint": outcome.hint, "code": outcome.code}
    return msgspec.structs.replace(audited, adoption=adoption, failed=True, done="", **told)
