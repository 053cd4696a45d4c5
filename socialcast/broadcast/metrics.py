"""What the platforms count of an announcement: each figure with what it means there, added up only where that is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all
from socialcast.delivery.measures import keep_measures
from socialcast.model.capabilities import Capabilities
from socialcast.model.echo import Metric
from socialcast.model.receipt import State
from socialcast.model.reports import Measured, MetricsReport, Number

__all__ = ["measure"]


def measure(published: Published) -> MetricsReport:
    """Ask every channel at once, and keep what it tells."""
    now = published.clock.now()
    outcomes = on_all(published.channels, partial(_guarded, published))
    for outcome in outcomes:
        keep_measures(published.ledger, published.key, outcome.channel, outcome.metrics, now.timestamp())
    return MetricsReport(key=published.key, at=now, outcomes=tuple(outcomes))


def _guarded(published: Published, one: Delivered) -> Measured:
    return in_sight(one, guarded(one, partial(_measured, one), partial(about, one, Measured)))


def _measured(one: Delivered) -> Measured:
    if one.outcome.state is not State.PUBLISHED:
        return about(one, Measured, done="not asked", reason=f"it is {one.outcome.state.value} there")
    if not one.publisher.capabilities.metrics:
        return about(one, Measured, done="not asked", reason=f"{one.publisher.name} offers no figures here")
    metrics = one.steps.read(partial(one.publisher.measure, one.receipt))
    numbers = tuple(_numbers(one.publisher.capabilities, metrics))
    return about(one, Measured, done="counted", numbers=numbers, metrics=metrics)


def _numbers(table: Capabilities, metrics: Iterable[Metric]) -> Iterator[Number]:
    """Each figure that was told, in the order of the table."""
    told: dict[str, float] = {}
    for metric in metrics:
        told[metric.name] = told.get(metric.name, 0) + metric.value
    for rule in table.metrics:
        if rule.name in told:
            yield Number(name=rule.name, value=told[rule.name], definition=rule.definition, summable=rule.summable)
