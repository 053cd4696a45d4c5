"""One announcement being published: planned, checked against what is known of it, and brought to an outcome on every channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from socialcast.broadcast.approval import Approval
from socialcast.broadcast.delivery import ChannelDelivery, holders
from socialcast.broadcast.due import embargo_problems
from socialcast.broadcast.events import Listener
from socialcast.broadcast.plan import Plan, hosted_before, make_plan
from socialcast.broadcast.publish import Run
from socialcast.broadcast.workshop import Workshop
from socialcast.delivery.ledger import Delivery
from socialcast.delivery.lost import found_again, lost_channels, note_lost
from socialcast.delivery.revisions import former_revisions
from socialcast.model.announcement import Announcement
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Report, State
from socialcast.publisher import Publisher
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
        looks_only: bool = False,
    ) -> None:
        self._shop, self._announcement, self._channels = shop, announcement, channels
        self._listener, self._cancel = listener, cancel
        self._approval, self._recover, self._looks_only = approval, recover or looks_only, looks_only
        self._key = announcement.resolved_key

    def publish(self, *, wait: bool = False) -> Report:
        """The report of it; where something forbids to send anything, the outcomes say what. One that only looks sends nothing
        in any case, and tells what is there."""
        publishers = self._shop.publishers(self._channels, to_send=True)
        rows, changed = self._shop.earlier(self._announcement)
        hosted = hosted_before(rows, self._channels)
        plan = make_plan(self._announcement, self._channels, publishers, self._shop.known_names, hosted)
        deliveries = self._deliveries(plan, publishers, rows)
        findings = (*changed, *(() if self._looks_only else self._findings(plan, deliveries, is_begun=bool(rows))))
        problems = (*plan.problems, *findings)
        is_stopped = plan.is_stopped and not self._looks_only
        if is_stopped or any(problem.severity is Severity.ERROR for problem in findings):
            _refuse(deliveries, problems)
        else:
            self._remember(plan)
            _settle_planned(deliveries)
            run = Run(self._announcement, deliveries, hosted, self._shop.known_names, self._shop.clock, self._cancel)
            run.look() if self._looks_only else run.go(wait_for_embargo=wait)
            self._note_found(deliveries)
        outcomes = tuple(delivery.outcome for delivery in deliveries if delivery.outcome)
        return Report(key=self._key, digest=plan.announcement_digest, outcomes=outcomes, problems=problems)

    def _findings(self, plan: Plan, deliveries: Sequence[ChannelDelivery], *, is_begun: bool) -> tuple[Problem, ...]:
        """What the time and an approval have against it."""
        now = self._shop.clock.now()
        is_done = not any(delivery.is_open for delivery in deliveries)
        return (
            *_too_late(self._announcement, deliveries, now),
            *embargo_problems(self._announcement.embargo, now, is_begun=is_begun or self._recover),
            *(self._approval.problems(plan) if self._approval and not is_done else ()),
        )

    def _remember(self, plan: Plan) -> None:
        """Bind the key to this content, these channels and this approval, before anything is sent."""
        platforms = {name: channel.platform for name, channel in self._channels.items()}
        now, document = self._shop.clock.now().timestamp(), self._announcement.to_json()
        self._shop.ledger.remember(self._key, plan.announcement_digest, document, now, platforms)
        if self._approval:
            self._approval.note(self._shop.ledger, self._key, now)
        if self._recover:
            note_lost(self._shop.ledger, self._key, self._channels, now)

    def _note_found(self, deliveries: Sequence[ChannelDelivery]) -> None:
        """Of what is published, everything is known; the others are looked at again before anything is sent."""
        lost = lost_channels(self._shop.ledger, self._key)
        known = [each.channel.name for each in deliveries if each.outcome and each.outcome.state is State.PUBLISHED]
        found_again(self._shop.ledger, self._key, lost.intersection(known), self._shop.clock.now().timestamp())

    def _deliveries(self, plan: Plan, publishers: Mapping[str, Publisher], rows: Mapping[str, Delivery]) -> list[ChannelDelivery]:
        held_by = holders(self._shop.ledger, self._key, rows)
        planned = {each.channel: each for each in plan.channels}
        lost = lost_channels(self._shop.ledger, self._key)
        revision = len(former_revisions(self._shop.ledger, self._key))
        return [
            ChannelDelivery(
                self._announcement,
                channel,
                publishers[name],
                planned[name],
                ledger=self._shop.ledger,
                patience=Patience(self._shop.clock, self._cancel),
                listener=self._listener,
                recover=self._recover or name in lost,
                looks_only=self._looks_only,
                row=rows.get(name),
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
