"""What a person found out about a delivery that nobody could decide: it is there, or it is not."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from socialcast.delivery.ledger import Delivery, Ledger, Step
from socialcast.delivery.lost import found_again
from socialcast.delivery.steps import INTENT, NOTED, REFUSED
from socialcast.model.errors import ConfigurationError
from socialcast.model.receipt import Outcome, State

__all__ = ["resolve"]

_TRACE = "resolve/"


def resolve(ledger: Ledger, key: str, channel: str, published_url: str | None, now: datetime) -> None:
    """Settle an unknown delivery: as published at that address, or, without one, as not there, so that it is sent again.

    The ledger keeps who was believed: a step "resolve/1" with what was said of which steps. Raises ConfigurationError for
    a delivery that is not unknown.
    """
    row = ledger.deliveries(key).get(channel)
    steps = ledger.steps(key, channel)
    undecided = [step for step in steps.values() if step.state == INTENT]
    if row is None or (row.state != State.UNKNOWN.value and not undecided):
        raise ConfigurationError(
            f"nothing is unknown about {key!r} on channel {channel!r}: the ledger says {row.state if row else 'nothing of it'}"
        )
    said = {"published": published_url, "steps": [step.name for step in undecided]}
    number = 1 + sum(name.startswith(_TRACE) for name in steps)
    ledger.record_step(key, channel, Step(f"{_TRACE}{number}", NOTED, said, now.timestamp()))
    if published_url is None:
        for step in undecided:
            ledger.record_step(key, channel, step._replace(state=REFUSED))
        found_again(ledger, key, (channel,), now.timestamp())
    outcome = _published(row, published_url, _sent_at(undecided, now)) if published_url else _absent(row)
    ledger.save_delivery(key, Delivery(channel, row.platform, outcome.state.value, outcome, row.draft), now.timestamp())


def _published(row: Delivery, url: str, sent_at: datetime) -> Outcome:
    settled = msgspec.structs.replace(_known(row), state=State.PUBLISHED, reason="settled by a person", hint="", code="")
    return msgspec.structs.replace(settled, id=url, url=url if "://" in url else "", published_at=sent_at)


def _absent(row: Delivery) -> Outcome:
    reason, hint = "a person looked: it is not there", "run it again to send it"
    return msgspec.structs.replace(_known(row), state=State.HELD, reason=reason, hint=hint, code="")


def _known(row: Delivery) -> Outcome:
    """The recorded outcome; a run that was killed left none."""
    if row.outcome:
        return msgspec.convert(row.outcome, Outcome)
    return Outcome(channel=row.channel, platform=row.platform, state=State.UNKNOWN)


def _sent_at(undecided: list[Step], now: datetime) -> datetime:
    """When the last of them was sent, which is the best that is known of when it appeared."""
    return datetime.fromtimestamp(max((step.sent_at for step in undecided), default=now.timestamp()), UTC)
