"""The orchestrator: one announcement to every channel, and one outcome for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from socialcast.broadcast.adopt import look_for, with_adoptions
from socialcast.broadcast.afterwards import Afterwards
from socialcast.broadcast.approval import Approval, Approved, keep
from socialcast.broadcast.audit import audit
from socialcast.broadcast.dialogue import Dialogue
from socialcast.broadcast.doctor import Checkup, examine
from socialcast.broadcast.due import Held, held, time_problems
from socialcast.broadcast.events import Event, Listener, Phase
from socialcast.broadcast.live import LiveShow
from socialcast.broadcast.plan import Plan, PlannedChannel, hosted_before, make_plan
from socialcast.broadcast.publication import Publication
from socialcast.broadcast.resolve import require_address, resolve
from socialcast.broadcast.story import Story, tell_story
from socialcast.broadcast.workshop import Workshop
from socialcast.delivery.archive import require_sound
from socialcast.delivery.lease import lease
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.errors import ConfigurationError
from socialcast.model.receipt import Outcome, Report, State
from socialcast.model.reports import AuditReport
from socialcast.publisher import Publisher
from socialcast.registry import publisher_class
from socialcast.wire.clock import Cancel, Clock, SystemClock
from socialcast.wire.settings import Channel, read_channels
from socialcast.wire.suggest import suggest

if TYPE_CHECKING:
    from socialcast.broadcast.rehearsal import Rehearsal
    from socialcast.sandbox import Sandbox

__all__ = ["Broadcast", "Checkup", "Dialogue", "Event", "Held", "LiveShow", "Phase", "Plan", "PlannedChannel"]


class Broadcast(Afterwards):
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
        self._shop = Workshop(channels, ledger, getattr(sandbox, "url", sandbox), clock or SystemClock())
        self.channels = self._shop.channels
        self._is_choice = False
        self._listener = Listener(on_event)
        self._running: set[Cancel] = set()

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
        broadcast._shop.known_names, broadcast._shop.knows_file, broadcast._is_choice = tuple(known), True, bool(only)
        return broadcast

    def plan(self, announcement: Announcement) -> Plan:
        """What every channel would show and every problem; sends nothing and needs no secret."""
        publishers = self._shop.publishers(self.channels, to_send=False)
        is_known = self._shop.ledger_path.exists()
        rows, changed = self._shop.earlier(announcement) if is_known else ({}, ())
        again = self._shop.said_before(announcement) if is_known else ()
        hosted = hosted_before(rows, self.channels)
        plan = make_plan(announcement, self.channels, publishers, self._shop.known_names, hosted)
        times = time_problems(announcement, self._shop.clock.now(), is_begun=bool(rows))
        return msgspec.structs.replace(plan, general=(*plan.general, *changed, *again, *times))

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
            stage._shop.witness, stage._shop.known_names, began = witness, self._shop.known_names, clock.now()
            report = stage.publish(announcement)  # which leaves the embargo to the platforms that end it themselves
            if any(outcome.due_at for outcome in report.outcomes):
                report = stage.publish(announcement, wait=True)
            publishers = stage._shop.publishers(self.channels, to_send=True)
            return make_rehearsal(announcement, report, witness, publishers, self.channels, began)

    def keep(self, plan: Plan) -> Path:
        """Keep a plan beside the ledger, so that `publish` can tell what is not as it was approved; raises OSError."""
        return keep(plan, self._shop.plans_folder)

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

    def adopt(self, announcement: Announcement, *, pictures: bool = False) -> AuditReport:
        """Rebuild a ledger that was lost: look for the announcement on every channel as `publish` does with `recover`, send
        nothing, keep what is there as published, and audit it. Each outcome's `adoption` says what was found.

        Raises ConfigurationError where the ledger knows the key with other content, LedgerBusy and LedgerError.
        """
        cancel, key = Cancel(), announcement.resolved_key
        self._running.add(cancel)
        try:
            with lease(self.ledger, key, self._shop.clock, cancel):
                require_sound(self.ledger, key)
                report, found = look_for(self._shop, announcement, self._listener, cancel)
        finally:
            self._running.discard(cancel)
        published = self._published(key)
        readings = Dialogue(published).read()
        return with_adoptions(audit(published, pictures=pictures), report, found, readings)

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
        gone = [row for name, row in rows.items() if name not in self._shop.known_names]
        outcomes += [msgspec.convert(row.outcome, Outcome) for row in gone if row.outcome]  # nothing that was done is forgotten
        return Report(key=key, digest=announcement.digest, outcomes=tuple(outcomes))

    def story(self, key: str) -> Story:
        """All that the ledger knows of an announcement, for a report; asks no platform. Raises ConfigurationError."""
        return tell_story(self.ledger, self.remembered(key), self.status(key))

    def examine(self, announcement: Announcement | None = None) -> list[Checkup]:
        """What each platform tells of its channel, and whether the announcement fits there; read only, nothing is recorded."""
        transport = self._shop.new_transport()
        try:
            return examine(announcement, self.channels, self._shop.known_names, transport, self._shop.clock, self.media_folder)
        finally:
            transport.close()

    def held(self) -> list[Held]:
        """What waits for the end of an embargo by the ledger, the earliest first; `resume` publishes what is due."""
        return sorted(held(self.ledger, self._shop.clock.now()), key=lambda item: item.due_at)

    def resolve(self, key: str, channel: str, published_url: str | None) -> Report:
        """Where it stands after a person said what became of an unknown delivery, or of a correction of what was published:
        published there, or None for absent. What has no address, such as a mail, is named by whatever shows that it is there.

        Raises ConfigurationError where nothing is unknown, and for an address that is none.
        """
        if channel not in self.channels:
            raise ConfigurationError(f"there is no channel {channel!r}: {suggest(channel, self.channels)}")
        capabilities = publisher_class(self.channels[channel].platform).capabilities
        looks = capabilities.recovery.looks
        if capabilities.permalink and published_url is not None:
            require_address(published_url)
        self.remembered(key)
        with lease(self.ledger, key, self._shop.clock, Cancel()):
            resolve(self.ledger, key, channel, published_url, self._shop.clock.now(), looks=looks)
        return self.status(key)

    def open(self, channel: str, key: str) -> tuple[Publisher, Steps]:
        """One channel's publisher and the steps of one announcement on it, for work that is no broadcast."""
        publisher = self._shop.publishers(self.channels, to_send=True)[channel]
        return publisher, self._shop.steps(publisher, key)

    def cancel(self) -> None:
        """Stop what is running, from any thread: calls under way end and are recorded, no new one is begun."""
        for cancel in tuple(self._running):
            cancel.request()

    @property
    def media_folder(self) -> Path:
        """Where fitted photos are kept, by their content."""
        return self._shop.media_folder

    def close(self) -> None:
        """Close connections and the ledger."""
        self._shop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _begun(self, key: str) -> Mapping[str, Channel]:
        """The channels that earlier runs of it were for; those that were chosen by name, if some were."""
        rows = {} if self._is_choice else self.ledger.deliveries(key)
        return {name: channel for name, channel in self.channels.items() if name in rows} or self.channels

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
            with lease(self.ledger, announcement.resolved_key, self._shop.clock, cancel):
                key = announcement.resolved_key
                require_sound(self.ledger, key)
                approval = (
                    Approval.noted(self.ledger, key) if approved is None else Approval.of(approved, self._shop.plans_folder)
                )
                work = Publication(self._shop, announcement, channels, self._listener, cancel, approval=approval, recover=recover)
                return work.publish(wait=wait)
        except BaseException:
            cancel.request()
            raise
        finally:
            self._running.discard(cancel)
