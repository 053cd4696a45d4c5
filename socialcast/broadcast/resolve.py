"""What a person found out about something that nobody could decide: it is there, or it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from socialcast.broadcast.correctable import step_name
from socialcast.delivery.ledger import Delivery, Ledger, Step
from socialcast.delivery.lost import found_again
from socialcast.delivery.revisions import former_revisions
from socialcast.delivery.steps import DONE, INTENT, NOTED, REFUSED
from socialcast.model.errors import ConfigurationError
from socialcast.model.receipt import Outcome, State

__all__ = ["require_address", "resolve"]

_TRACE = "resolve/"
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
_ALL_THERE = "a person looked: all of it is there"


def require_address(url: str) -> None:
    """Raise ConfigurationError for what no browser opens."""
    if not _ADDRESS.fullmatch(url):
        raise ConfigurationError(f"{url!r} is no address of a post: copy it from the browser, with https://")


def resolve(ledger: Ledger, key: str, channel: str, published_url: str | None, now: datetime, *, looks: bool) -> None:
    """Settle what is unknown on a channel: as published at that address, or, without one, as not there, so that it is sent again.

    What was published stays so: then it is about what was sent since, such as a correction. `looks` says whether the platform
    can be asked; where it cannot, each step has a reader of its own, and those who have nothing yet are still to be served.
    The ledger keeps who was believed: a step "resolve/1" with what was said of which steps. Raises ConfigurationError
    where nothing is unknown.
    """
    row = ledger.deliveries(key).get(channel)
    steps = ledger.steps(key, channel)
    undecided = _undecided(steps)
    if row is None or (row.state != State.UNKNOWN.value and not undecided):
        raise ConfigurationError(
            f"nothing is unknown about {key!r} on channel {channel!r}: the ledger says {row.state if row else 'nothing of it'}"
        )
    said = {"published": published_url, "steps": [step.name for step in undecided]}
    number = 1 + sum(name.startswith(_TRACE) for name in steps)
    ledger.record_step(key, channel, Step(f"{_TRACE}{number}", NOTED, said, now.timestamp()))
    if published_url is None or not looks:
        for step in undecided:
            state = REFUSED if published_url is None else DONE
            ledger.record_step(key, channel, step._replace(state=state, result=published_url))
    if published_url is None and row.state != State.PUBLISHED.value:
        found_again(ledger, key, (channel,), now.timestamp())
    outcome = _settled(ledger, key, row, undecided, published_url, now, looks=looks)
    ledger.save_delivery(key, Delivery(channel, row.platform, outcome.state.value, outcome, row.draft), now.timestamp())


def _undecided(steps: Mapping[str, Step]) -> list[Step]:
    """What was begun and has no end, and of which no person has said that it is there."""
    traces = [step.result for name, step in steps.items() if name.startswith(_TRACE)]
    believed = {name for trace in traces if trace["published"] is not None for name in trace["steps"]}
    return [step for step in steps.values() if step.state == INTENT and step.name not in believed]


def _settled(
    ledger: Ledger, key: str, row: Delivery, undecided: Sequence[Step], url: str | None, now: datetime, *, looks: bool
) -> Outcome:
    if row.state == State.PUBLISHED.value:
        return _corrected(ledger, key, row, undecided) if url and looks else _known(row)
    if url is None:
        return _waiting(row, "a person looked: it is not there", "run it again to send it")
    if not looks and row.state != State.UNKNOWN.value:  # the run did not come to its end
        return _waiting(row, "a person looked: it is there", "run it again to send it to those who have nothing yet")
    return _published(row, url, _sent_at(undecided, now))


def _published(row: Delivery, url: str, sent_at: datetime) -> Outcome:
    settled = msgspec.structs.replace(_known(row), state=State.PUBLISHED, reason=_ALL_THERE, hint="", code="")
    return msgspec.structs.replace(settled, id=url, url=url if "://" in url else "", published_at=sent_at)


def _waiting(row: Delivery, reason: str, hint: str) -> Outcome:
    return msgspec.structs.replace(_known(row), state=State.HELD, reason=reason, hint=hint, code="")


def _corrected(ledger: Ledger, key: str, row: Delivery, undecided: Sequence[Step]) -> Outcome:
    """The same, with the newest revision where that is what a person saw."""
    number, outcome = len(former_revisions(ledger, key)), _known(row)
    is_seen = number and any(step.name.rpartition(":")[2].startswith(step_name(number)) for step in undecided)
    return msgspec.structs.replace(outcome, revision=number) if is_seen else outcome


def _known(row: Delivery) -> Outcome:
    """The recorded outcome; a run that was killed left none."""
    if row.outcome:
        return msgspec.convert(row.outcome, Outcome)
    return Outcome(channel=row.channel, platform=row.platform, state=State.UNKNOWN)


def _sent_at(undecided: Sequence[Step], now: datetime) -> datetime:
    """When the last of them was sent, which is the best that is known of when it appeared."""
    return datetime.fromtimestamp(max((step.sent_at for step in undecided), default=now.timestamp()), UTC)
