"""Numbers that platforms gave of an announcement, with the moment at which they did: a small time series."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from socialcast.delivery.ledger import Ledger
from socialcast.model.echo import Metric

__all__ = ["Point", "keep_measures", "series"]

_KEEP = "INSERT OR IGNORE INTO measures (key, channel, name, item, at, value) VALUES (?, ?, ?, ?, ?, ?)"
_SERIES = "SELECT channel, name, at, sum(value) FROM measures WHERE key = ? GROUP BY channel, name, at ORDER BY channel, name, at"


class Point(NamedTuple):
    """What a channel's items had of something at a moment, all together."""

    channel: str
    name: str
    at: datetime
    value: float


def keep_measures(ledger: Ledger, key: str, channel: str, metrics: Iterable[Metric], now: float) -> None:
    """Keep what was measured on a channel just now."""
    rows = [(_KEEP, (key, channel, metric.name, metric.item_id, now, metric.value)) for metric in metrics]
    if rows:
        ledger.write(*rows[0], *rows[1:])


def series(ledger: Ledger, key: str) -> list[Point]:
    """Everything that was measured, by channel, name and time."""
    rows = ledger.rows(_SERIES, (key,))
    return [Point(channel, name, datetime.fromtimestamp(at, UTC), value) for channel, name, at, value in rows]
