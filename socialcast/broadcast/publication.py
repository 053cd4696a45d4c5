"""One announcement being published: planned, checked against what is known of it, and brought to an outcome on every channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from socialcast.broadcast.approval import Approval
from socialcast.broadcast.delivery import ChannelDelivery
from socialcast.broadcast.due import time_problems
from socialcast.broadcast.events import Listener
from socialcast.broadcast.identity import holders
from socialcast.broadcast.look import ChannelLook, LookingRun
from socialcast.broadcast.plan import hosted_before, make_plan
from socialcast.broadcast.publish import Run, Share
from socialcast.broadcast.workshop import Workshop
from socialcast.delivery.lost import found_again, lost_channels, note_lost
from socialcast.delivery.revisions import former_revisions
from socialcast.model.announcement import Announcement
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Report, State
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience
from socialcast.wire.settings import Channel

__all__ = ["Publication"]


class Publication:
    """One run of it, on some channels, while nobody else publishes it."""

    def __init__(
        self,
        shop: Workshop,
        announcement: Announcement,
        channels: Mapping[str, Channel],
        listener: Listener,
        cancel: Cancel,
        *,
        approval: Approval | None,
        recover: bool,
    ) -> None:
        self._shop, self._announcement, self._channels = shop, announcement, channels
        self._listener, self._cancel = listener, cancel
        self._approval, self._recover = approval, recover
        self._key = announcement.resolved_key
        self._publishers = shop.publishers(channels, to_send=True)
        self._rows, self._changed = shop.earlier(announcement)
        self._hosted = hosted_before(self._rows, channels)
        self._plan = make_plan(announcement, channels, self._publishers, shop.known_names, self._hosted)

    def publish(self, *, wait: bool = False) -> Report:
        """The report of it; where something forbids to send anything, the outcomes say what."""
        deliveries = self._deliveries(ChannelDelivery)
        findings = (*self._changed, *self._findings(deliveries))
        if self._plan.is_stopped or any(problem.severity is Severity.ERROR for problem in findings):
            _refuse(deliveries, (*self._plan.problems, *findings))
        else:
            self._begin(deliveries)
            run = Run(self._announcement, deliveries, self._hosted, self._shop.known_names, self._shop.clock, self._cancel)
            run.go(wait_for_embargo=wait)
            self._note_found(deliveries)
        return self._report(deliveries, findings)

    def look(self) -> Report:
        """The report of what is there; nothing is sent, so nothing that the plan holds against it counts."""
        deliveries = self._deliveries(ChannelLook)
        self._begin(deliveries)
        run = LookingRun(self._announcement, deliveries, self._hosted, self._shop.known_names, self._shop.clock, self._cancel)
        run.look()
        self._note_found(deliveries)
        return self._report(deliveries, ())

    def _report(self, deliveries: Sequence[ChannelDelivery], findings: Sequence[Problem]) -> Report:
        outcomes = tuple(delivery.outcome for delivery in deliveries if delivery.outcome)
        problems = (*self._plan.problems, *findings)
        return Report(key=self._key, digest=self._plan.announcement_digest, outcomes=outcomes, problems=problems)

    def _findings(self, deliveries: Sequence[ChannelDelivery]) -> tuple[Problem, ...]:
        """What the time and an approval have against it."""
        now = self._shop.clock.now()
        is_done = not any(delivery.is_open for delivery in deliveries)
        return (
            *self._shop.said_before(self._announcement),
            *_too_late(self._announcement, deliveries, now),
            *time_problems(self._announcement, now, is_begun=bool(self._rows) or self._recover),
            *(self._against_approval(self._approval) if self._approval and not is_done else ()),
        )

    def _against_approval(self, approval: Approval) -> tuple[Problem, ...]:
        """What is not as it was approved; channels that a file has no more were left out by nobody's choice."""
        gone = approval.missing(self._shop.known_names) if self._shop.knows_file else ()
        return (*approval.problems(self._plan), *gone)

    def _begin(self, deliveries: Sequence[ChannelDelivery]) -> None:
        """Bind the key to this content, these channels and this approval, before anything is sent."""
        platforms = {name: channel.platform for name, channel in self._channels.items()}
        now, document = self._shop.clock.now().timestamp(), self._announcement.to_json()
        self._shop.ledger.remember(self._key, self._plan.announcement_digest, document, now, platforms)
        if self._approval:
            self._approval.note(self._shop.ledger, self._key, now)
        if self._recover:
            note_lost(self._shop.ledger, self._key, self._channels, now)
        _settle_planned(deliveries)

    def _note_found(self, deliveries: Sequence[ChannelDelivery]) -> None:
        """Of what is published, everything is known; the others are looked at again before anything is sent."""
        lost = lost_channels(self._shop.ledger, self._key)
        known = [each.channel.name for each in deliveries if each.outcome and each.outcome.state is State.PUBLISHED]
        found_again(self._shop.ledger, self._key, lost.intersection(known), self._shop.clock.now().timestamp())

    def _deliveries(self, kind: Callable[..., Share]) -> list[Share]:
        held_by = holders(self._shop.ledger, self._key, self._rows)
        planned = {each.channel: each for each in self._plan.channels}
        lost = lost_channels(self._shop.ledger, self._key)
        revision = len(former_revisions(self._shop.ledger, self._key))
        return [
            kind(
                self._announcement,
                channel,
                self._publishers[name],
                planned[name],
                ledger=self._shop.ledger,
                patience=Patience(self._shop.clock, self._cancel),
                listener=self._listener,
                recover=self._recover or name in lost,
                row=self._rows.get(name),
                held_by=held_by,
                is_approved=self._approval is not None,
                revision=revision,
            )
            for name, channel in self._channels.items()
        ]


def _too_late(announcement: Announcement, deliveries: Sequence[ChannelDelivery], now: datetime) -> tuple[Problem, ...]:
    """An event in the past cannot be created any more; where it was created in time, nothing is wrong."""
    live = announcement.live
    creating = any(delivery.is_open and delivery.is_host and not delivery.draft for delivery in deliveries)
    if not (creating and live and live.is_to_create and live.starts_at and live.starts_at < now):
        return ()
    message = f"{live.starts_at.isoformat()} is past, and the event is still to be created"
    return (Problem(code="live.past", path="live.starts_at", message=message, fix="give it a start that lies ahead"),)


def _refuse(deliveries: Sequence[ChannelDelivery], problems: Sequence[Problem]) -> None:
    """Settle every channel while nothing was sent; the ledger keeps what it says of earlier runs."""
    for delivery in deliveries:
        if delivery.is_open:
            concerning = [problem for problem in problems if problem.channel in ("", delivery.channel.name)]
            own = [problem for problem in concerning if problem.severity is Severity.ERROR]
            state = State.SKIPPED if delivery.planned.skipped else State.REFUSED if own else State.HELD
            reason = (
                delivery.planned.skipped
                or "; ".join(str(problem) for problem in own)
                or "nothing was sent, because a required channel has problems"
            )
            delivery.settle(state, reason=reason, code="preflight" if own else "")


def _settle_planned(deliveries: Sequence[ChannelDelivery]) -> None:
    """Settle the channels that the plan leaves out: skipped ones, and optional ones with errors."""
    for delivery in deliveries:
        if delivery.is_open and delivery.planned.skipped:
            delivery.finish(State.SKIPPED, reason=delivery.planned.skipped)
        elif delivery.is_open and delivery.planned.errors:
            delivery.finish(
                State.REFUSED, reason="; ".join(str(problem) for problem in delivery.planned.errors), code="preflight"
            )
