"""The orchestrator: one announcement to every channel, and one outcome for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from socialcast.broadcast.approval import Approval, Approved, keep
from socialcast.broadcast.channels import open_channels
from socialcast.broadcast.delivery import ChannelDelivery, holders
from socialcast.broadcast.doctor import Checkup, examine
from socialcast.broadcast.due import Held, embargo_problems, held
from socialcast.broadcast.events import Event, Listener, Phase
from socialcast.broadcast.live import Delivered, LiveShow
from socialcast.broadcast.plan import Plan, PlannedChannel, hosted_before, make_plan
from socialcast.broadcast.publish import Run
from socialcast.broadcast.resolve import resolve
from socialcast.delivery.archive import require_sound
from socialcast.delivery.lease import lease
from socialcast.delivery.ledger import Delivery, Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.errors import ConfigurationError
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Draft, Outcome, Report, State
from socialcast.publisher import Publisher
from socialcast.registry import publisher_class
from socialcast.wire.clock import Cancel, Clock, SystemClock
from socialcast.wire.retry import Patience
from socialcast.wire.settings import Channel, read_channels
from socialcast.wire.suggest import suggest
from socialcast.wire.transport import Transport

if TYPE_CHECKING:
    from socialcast.broadcast.rehearsal import Rehearsal
    from socialcast.sandbox import Sandbox
    from socialcast.wire.witness import Witness

__all__ = ["Broadcast", "Checkup", "Event", "Held", "LiveShow", "Phase", "Plan", "PlannedChannel"]

Opened = TypeVar("Opened", Ledger, Transport)
_CONNECTIONS = 1024  # the most that the pool keeps per host; only those in use exist


class Broadcast:
    """The channels of an organisation and the ledger of what was published on them.

    `sandbox` is a sandbox, or the address of one: then nothing leaves this machine and no credential is read.
    `on_event` is called with each Event, one at a time, from worker threads.
    """

    def __init__(
        self,
        channels: Iterable[Channel],
        *,
        ledger: str | os.PathLike[str],
        sandbox: Any = None,
        clock: Clock | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.channels = _by_name(channels)
        self._known_names = frozenset(self.channels)
        self._is_choice = False
        self._ledger_path = Path(ledger)
        self._sandbox_url = getattr(sandbox, "url", sandbox)
        self._clock: Clock = clock or SystemClock()
        self._listener = Listener(on_event)
        self._transports: list[Transport] = []  # one, once it is needed, and likewise below
        self._ledgers: list[Ledger] = []
        self._running: set[Cancel] = set()
        self._witness: Witness | None = None

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        ledger: str | os.PathLike[str] | None = None,
        only: Sequence[str] = (),
        **options: Any,
    ) -> Self:
        """The broadcast of a channels file, or of some of its channels; the ledger is the file's unless given.

        A sandbox run has a ledger of its own beside that one, so that a rehearsal never counts as published.
        """
        file = read_channels(path)
        known = {channel.name: channel for channel in file.channels}
        for name in only:
            if name not in known:
                raise ConfigurationError(f"{path} has no channel {name!r}: {suggest(name, known)}")
        chosen = [known[name] for name in only] if only else file.channels
        recorded = file.ledger.with_stem(f"{file.ledger.stem}-sandbox") if options.get("sandbox") else file.ledger
        broadcast = cls(chosen, ledger=ledger or recorded, **options)
        broadcast._known_names, broadcast._is_choice = frozenset(known), bool(only)
        return broadcast

    def plan(self, announcement: Announcement) -> Plan:
        """What every channel would show and every problem; sends nothing and needs no secret."""
        publishers = self._publishers(self.channels, to_send=False)
        rows, changed = self._earlier(announcement) if self._ledger_path.exists() else ({}, ())
        plan = make_plan(announcement, self.channels, publishers, self._known_names, hosted_before(rows, self.channels))
        embargo = embargo_problems(announcement.embargo, self._clock.now(), is_begun=bool(rows))
        return msgspec.structs.replace(plan, general=(*plan.general, *changed, *embargo))

    def rehearse(self, announcement: Announcement, sandbox: Sandbox) -> Rehearsal:
        """The requests by which every channel would get it, to the byte: it is published in that sandbox, which should be a
        new one, with a record that is thrown away. No credential is read, and nothing is waited for.

        Raises ConfigurationError, also for a platform that the sandbox does not have.
        """
        from socialcast.broadcast.rehearsal import RehearsalClock, make_rehearsal  # what only those need who ask for it
        from socialcast.wire.witness import Witness

        witness, clock, channels = Witness(), RehearsalClock(sandbox), self.channels.values()
        with (
            TemporaryDirectory(prefix="socialcast-") as folder,
            Broadcast(channels, ledger=Path(folder, "ledger"), sandbox=sandbox, clock=clock) as stage,
        ):
            stage._witness, stage._known_names, began = witness, self._known_names, clock.now()
            report = stage.publish(announcement)  # which leaves the embargo to the platforms that end it themselves
            if any(outcome.due_at for outcome in report.outcomes):
                report = stage.publish(announcement, wait=True)
            publishers = stage._publishers(self.channels, to_send=True)
            return make_rehearsal(announcement, report, witness, publishers, self.channels, began)

    def keep(self, plan: Plan) -> Path:
        """Keep a plan beside the ledger, so that `publish` can tell what is not as it was approved; raises OSError."""
        return keep(plan, self._plans_folder)

    def publish(
        self, announcement: Announcement, *, wait: bool = False, recover: bool = False, approved: Approved | None = None
    ) -> Report:
        """Publish on every channel that does not have it yet; always one outcome per channel.

        `wait` stays until an embargo ends. `recover` looks on the platforms before it sends anything, for a run whose
        ledger was lost. `approved` is a plan, its digest, or the file of its content: nothing else is sent, in this run and
        in those that go on with it; a problem tells what is different.

        Raises ConfigurationError and LedgerBusy before anything is sent, and Cancelled or LedgerError where it cannot go on:
        `status` then tells how far each channel came.
        """
        return self._run(announcement, self.channels, Cancel(), wait=wait, recover=recover, approved=approved)

    async def publish_async(
        self, announcement: Announcement, *, wait: bool = False, recover: bool = False, approved: Approved | None = None
    ) -> Report:
        """`publish` inside a running event loop; when the task is cancelled, the run stops and can be resumed."""
        import asyncio  # a fifth of this package's import time, and most programs have no event loop

        cancel = Cancel()
        run = partial(self._run, announcement, self.channels, cancel, wait=wait, recover=recover, approved=approved)
        work = asyncio.get_running_loop().run_in_executor(None, run)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            cancel.request()
            with suppress(Exception):  # the run ends as Cancelled; the caller's cancellation is what counts
                await work
            raise

    def resume(self, key: str, *, wait: bool = False, recover: bool = False) -> Report:
        """Publish an announcement again from the ledger, on the channels it was for, which finishes what an earlier run left."""
        announcement = self.remembered(key)
        return self._run(announcement, self._begun(key), Cancel(), wait=wait, recover=recover)

    def remembered(self, key: str) -> Announcement:
        """The announcement that the ledger has under that key; raises ConfigurationError for an unknown one."""
        if not self._ledger_path.exists():  # asking makes none
            raise ConfigurationError(f"the ledger {self._ledger_path} knows no announcement {key!r}: {suggest(key, ())}")
        found = self.ledger.announcement(key)
        if found is None:
            raise ConfigurationError(
                f"the ledger {self._ledger_path} knows no announcement {key!r}: {suggest(key, self.ledger.keys())}"
            )
        require_sound(self.ledger, key)
        return Announcement.from_json(found[1])

    def status(self, key: str) -> Report:
        """Where every channel that it was for stands by the ledger; asks no platform."""
        announcement = self.remembered(key)
        rows = self.ledger.deliveries(key)
        outcomes = []
        for name, channel in self._begun(key).items():
            row = rows.get(name)
            if row and row.outcome:
                outcomes.append(msgspec.structs.replace(msgspec.convert(row.outcome, Outcome), steps_sent=0))
            else:
                state = State(row.state) if row else State.PLANNED
                outcomes.append(Outcome(channel=name, platform=channel.platform, state=state, required=channel.required))
        gone = [row for name, row in rows.items() if name not in self._known_names]
        outcomes += [msgspec.convert(row.outcome, Outcome) for row in gone if row.outcome]  # nothing that was done is forgotten
        return Report(key=key, digest=announcement.digest, outcomes=tuple(outcomes))

    def examine(self, announcement: Announcement | None = None) -> list[Checkup]:
        """What each platform tells of its channel, and whether the announcement fits there; read only, nothing is recorded."""
        transport = Transport(sandbox_url=self._sandbox_url, connections=_CONNECTIONS)
        try:
            return examine(announcement, self.channels, self._known_names, transport, self._clock, self.media_folder)
        finally:
            transport.close()

    def held(self) -> list[Held]:
        """What waits for the end of an embargo by the ledger, the earliest first; `resume` publishes what is due."""
        return sorted(held(self.ledger, self._clock.now()), key=lambda item: item.due_at)

    def resolve(self, key: str, channel: str, published_url: str | None) -> Report:
        """Where it stands after a person said what became of an unknown delivery: published there, or None for absent.
        What has no address, such as a mail, is named by whatever shows that it is there.

        Raises ConfigurationError where nothing is unknown, and for an address that is none.
        """
        if channel not in self.channels:
            raise ConfigurationError(f"there is no channel {channel!r}: {suggest(channel, self.channels)}")
        has_address = publisher_class(self.channels[channel].platform).capabilities.permalink
        if has_address and published_url is not None and not published_url.startswith(("http://", "https://")):
            raise ConfigurationError(f"{published_url!r} is no address of a post: copy it from the browser, with https://")
        self.remembered(key)
        with lease(self.ledger, key, self._clock, Cancel()):
            resolve(self.ledger, key, channel, published_url, self._clock.now())
        return self.status(key)

    def live(self, key: str) -> LiveShow:
        """The live event of an announcement that was published; raises ConfigurationError where there is none."""
        rows, publishers = self.ledger.deliveries(key), self._publishers(self.channels, to_send=True)
        announcement = self.remembered(key)
        delivered = [
            Delivered(
                publishers[name],
                self._steps(publishers[name], key),
                msgspec.convert(row.outcome, Outcome),
                msgspec.convert(row.draft or {}, Draft),
            )
            for name in self.channels
            if (row := rows.get(name)) and row.outcome and self.channels[name].audience.may_see(announcement.audience)
        ]
        return LiveShow(announcement, delivered, lambda: lease(self.ledger, key, self._clock, Cancel()))

    def open(self, channel: str, key: str) -> tuple[Publisher, Steps]:
        """One channel's publisher and the steps of one announcement on it, for work that is no broadcast."""
        publisher = self._publishers(self.channels, to_send=True)[channel]
        return publisher, self._steps(publisher, key)

    def cancel(self) -> None:
        """Stop what is running, from any thread: calls under way end and are recorded, no new one is begun."""
        for cancel in tuple(self._running):
            cancel.request()

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened on first use."""
        return _first(self._ledgers, lambda: Ledger(self._ledger_path))

    @property
    def media_folder(self) -> Path:
        """Where fitted photos are kept, by their content."""
        return self._ledger_path.parent / "media"

    def close(self) -> None:
        """Close connections and the ledger."""
        for transport in self._transports:
            transport.close()
        for ledger in self._ledgers:
            ledger.close()
        self._transports, self._ledgers = [], []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _begun(self, key: str) -> Mapping[str, Channel]:
        """The channels that earlier runs of it were for; those that were chosen by name, if some were."""
        rows = {} if self._is_choice else self.ledger.deliveries(key)
        return {name: channel for name, channel in self.channels.items() if name in rows} or self.channels

    def _publishers(self, channels: Mapping[str, Channel], *, to_send: bool) -> dict[str, Publisher]:
        if self._transports and not self._transports[0].is_own:
            self._transports = []
        options: dict[str, Any] = {"connections": _CONNECTIONS, "witness": self._witness}
        transport = _first(self._transports, lambda: Transport(sandbox_url=self._sandbox_url, **options))
        return open_channels(channels.values(), transport, self._clock, self.media_folder, to_send=to_send)

    def _steps(self, publisher: Publisher, key: str) -> Steps:
        return Steps(
            self.ledger,
            key,
            publisher.connection.channel,
            judge=publisher.judge,
            patience=Patience(self._clock, Cancel()),
            settle_seconds=publisher.capabilities.recovery.settle_seconds,
        )

    @property
    def _plans_folder(self) -> Path:
        return self._ledger_path.parent / "plans"

    def _run(
        self,
        announcement: Announcement,
        channels: Mapping[str, Channel],
        cancel: Cancel,
        *,
        wait: bool,
        recover: bool,
        approved: Approved | None = None,
    ) -> Report:
        """Publish while nobody else does, until it is cancelled."""
        self._running.add(cancel)
        try:
            with lease(self.ledger, announcement.resolved_key, self._clock, cancel):
                key = announcement.resolved_key
                require_sound(self.ledger, key)
                approval = Approval.noted(self.ledger, key) if approved is None else Approval.of(approved, self._plans_folder)
                return self._publish(announcement, channels, approval, cancel, wait=wait, recover=recover)
        except BaseException:
            cancel.request()
            raise
        finally:
            self._running.discard(cancel)

    def _publish(
        self,
        announcement: Announcement,
        channels: Mapping[str, Channel],
        approval: Approval | None,
        cancel: Cancel,
        *,
        wait: bool,
        recover: bool,
    ) -> Report:
        key, publishers = announcement.resolved_key, self._publishers(channels, to_send=True)
        rows, changed = self._earlier(announcement)
        hosted = hosted_before(rows, channels)
        plan = make_plan(announcement, channels, publishers, self._known_names, hosted)
        deliveries = self._deliveries(announcement, channels, plan, publishers, rows, cancel, recover=recover)
        is_done = not any(delivery.is_open for delivery in deliveries)
        findings = (
            *changed,
            *_too_late(announcement, deliveries, self._clock.now()),
            *embargo_problems(announcement.embargo, self._clock.now(), is_begun=bool(rows) or recover),
            *(approval.problems(plan) if approval and not is_done else ()),
        )
        problems = (*plan.problems, *findings)
        if plan.is_stopped or any(problem.severity is Severity.ERROR for problem in findings):
            _refuse(deliveries, problems)
        else:
            platforms = {name: channel.platform for name, channel in channels.items()}
            now = self._clock.now().timestamp()
            self.ledger.remember(key, plan.announcement_digest, announcement.to_json(), now, platforms)
            if approval:
                approval.note(self.ledger, key, now)
            for delivery in deliveries:
                delivery.is_approved = approval is not None
            _settle_planned(deliveries)
            Run(announcement, deliveries, hosted, self._clock, cancel).go(wait_for_embargo=wait)
        outcomes = tuple(delivery.outcome for delivery in deliveries if delivery.outcome)
        return Report(key=key, digest=plan.announcement_digest, outcomes=outcomes, problems=problems)

    def _deliveries(
        self,
        announcement: Announcement,
        channels: Mapping[str, Channel],
        plan: Plan,
        publishers: Mapping[str, Publisher],
        rows: Mapping[str, Delivery],
        cancel: Cancel,
        *,
        recover: bool,
    ) -> list[ChannelDelivery]:
        held_by = holders(self.ledger, announcement.resolved_key, rows)
        return [
            ChannelDelivery(
                announcement,
                channel,
                publishers[name],
                plan[name],
                ledger=self.ledger,
                patience=Patience(self._clock, cancel),
                listener=self._listener,
                recover=recover,
                row=rows.get(name),
                held_by=held_by,
            )
            for name, channel in channels.items()
        ]

    def _earlier(self, announcement: Announcement) -> tuple[dict[str, Delivery], tuple[Problem, ...]]:
        """What the ledger has of it, and the problem that it was about something else, if any of that was sent."""
        key = announcement.resolved_key
        known, rows = self.ledger.announcement(key), self.ledger.deliveries(key)
        if known is None or known[0] == announcement.digest:
            return rows, ()
        if not self.ledger.has_sent(key):  # corrected in time: nobody saw what it was before
            return {}, ()
        message = f"the key {key!r} was used for other content, of which something was sent already"
        fix = "give the new announcement its own key, or take the old content again"
        return rows, (Problem(code="key.changed_content", path="key", message=message, fix=fix),)


def _too_late(announcement: Announcement, deliveries: Sequence[ChannelDelivery], now: datetime) -> tuple[Problem, ...]:
    """An event in the past cannot be created any more; where it was created in time, nothing is wrong."""
    live = announcement.live
    creating = any(delivery.is_open and delivery.is_host and not delivery.draft for delivery in deliveries)
    if not (creating and live and live.is_to_create and live.starts_at and live.starts_at < now):
        return ()
    message = f"{live.starts_at.isoformat()} is past, and the event is still to be created"
    return (Problem(code="live.past", path="live.starts_at", message=message, fix="give it a start that lies ahead"),)


def _first(opened: list[Opened], make: Callable[[], Opened]) -> Opened:
    """What is open, made by whichever thread comes first; without a lock, which a fork could leave held."""
    if not opened:
        made = make()
        opened.append(made)
        if opened[0] is not made:
            opened.remove(made)
            made.close()
    return opened[0]


def _by_name(channels: Iterable[Channel]) -> dict[str, Channel]:
    named: dict[str, Channel] = {}
    for channel in channels:
        if named.setdefault(channel.name, channel) is not channel:
            raise ConfigurationError(f"two channels are named {channel.name!r}; give each its own name")
    return named


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
