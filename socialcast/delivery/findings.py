"""What the last audit of each channel found, kept for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.steps import NOTED
from socialcast.model.reports import Finding

__all__ = ["Found", "last_findings", "note_findings"]

_AUDIT = "audit"


class Found(NamedTuple):
    """One way in which a channel did not show what was announced when it was audited."""

    at: datetime
    channel: str
    finding: Finding


def note_findings(ledger: Ledger, key: str, channel: str, findings: Sequence[Finding], now: float) -> None:
    """Keep what an audit found on a channel, in place of what the one before did."""
    ledger.record_step(key, channel, Step(_AUDIT, NOTED, msgspec.to_builtins(findings), now))


def last_findings(ledger: Ledger, key: str) -> Iterator[Found]:
    """What was found on every channel when it was last looked at, channel by channel."""
    query = "SELECT channel, result, sent_at FROM steps WHERE key = ? AND name = ? AND state = ? ORDER BY channel"
    for channel, findings, at in ledger.rows(query, (key, _AUDIT, NOTED)):
        for finding in msgspec.json.decode(findings, type=list[Finding]):
            yield Found(datetime.fromtimestamp(at, UTC), channel, finding)
