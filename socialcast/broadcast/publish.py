"""One run over all channels: check, prepare, wait until everything is ready, hold, make public, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from socialcast.broadcast.channels import same_account_problem
from socialcast.broadcast.delivery import ChannelDelivery
from socialcast.broadcast.identity import Identity, identity_of
from socialcast.broadcast.plan import first_of_each_kind, hosted_elsewhere
from socialcast.model.announcement import Announcement
from socialcast.model.receipt import State
from socialcast.wire.clock import Cancel, Clock

__all__ = ["Run"]

_CHANNELS_AT_ONCE = 256

Share = TypeVar("Share", bound=ChannelDelivery)


class Run(Generic[Share]):
    """The phases in their order; a channel whose outcome is settled takes no part in the later ones."""

    def __init__(
        self,
        announcement: Announcement,
        deliveries: list[Share],
        hosted: Mapping[str, Mapping[str, str]],
        known: Iterable[str],
        clock: Clock,
        cancel: Cancel,
    ) -> None:
        self._announcement, self._deliveries = announcement, deliveries
        self._hosted, self._known = hosted, known
        self._clock, self._cancel = clock, cancel
        self._told_links: Mapping[str, str] = {}

    def go(self, *, wait_for_embargo: bool) -> None:
        """Bring every channel to an outcome, or stop where a required one failed while nothing is public."""
        with self._new_pool() as self._pool:
            self._identify()
            if self._goes_on() and self._prepare():
                self._commit_in_time(wait_for_embargo)
        failed = ", ".join(delivery.channel.name for delivery in self._deliveries if self._is_failed(delivery))
        for delivery in self._open():
            delivery.hold("not made public, because a required channel failed", f"mend {failed} and run it again")

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(min(len(self._deliveries), _CHANNELS_AT_ONCE) or 1, thread_name_prefix="socialcast")

    def _identify(self) -> None:
        self._all(ChannelDelivery.identify)
        self._refuse_same_accounts()

    def _on_hosts(self, phase: Callable[[Share, Mapping[str, str]], None]) -> None:
        """The phase on every host, which is told what the others give."""
        publishers = {host.channel.name: host.publisher for host in self._deliveries if host.is_hosting}
        pages = [delivery.foreseen for delivery in self._deliveries]
        self._all(
            lambda host: phase(host, hosted_elsewhere(self._announcement, publishers, host.channel.name, self._hosted, pages)),
            self._hosts(),
        )

    def _prepare(self) -> bool:
        self._on_hosts(ChannelDelivery.prepare)
        self._prepare_others()
        if not self._goes_on():
            return False
        self._all(ChannelDelivery.await_ready)
        return self._goes_on()

    def _prepare_others(self) -> None:
        """The pages, which show what the hosts give, then the feeds, which lead to the pages."""
        for wave in (self._pages, self._feeds):
            if self._goes_on():
                self._told_links = self._links()
                self._all(partial(ChannelDelivery.prepare, links=self._told_links), wave())

    def _commit_in_time(self, wait_for_embargo: bool) -> None:
        """Everything at once; or, where the press may have it ahead of the embargo's end, the press first."""
        embargo = self._announcement.embargo
        if embargo is None:
            self._commit(lambda delivery: True)
            return
        for moment in sorted({delivery.channel.due_at(embargo) for delivery in self._open()}):
            if not self._is_due(moment, wait_for_embargo):
                self._all(lambda delivery: delivery.hold_until(delivery.channel.due_at(embargo)))
                return
            self._commit(partial(_is_due_by, moment, embargo))
            if not self._goes_on():
                return

    def _commit(self, is_meant: Callable[[ChannelDelivery], bool]) -> None:
        for wave in (self._hosts, self._pages, self._feeds):
            if self._goes_on() and self._links() != self._told_links:
                self._prepare_others()  # a channel that may fail did: nobody is sent to what is not public
            if self._goes_on():
                self._all(ChannelDelivery.commit, filter(is_meant, wave()))

    def _hosts(self) -> list[Share]:
        return [delivery for delivery in self._open() if delivery.is_host]

    def _pages(self) -> list[Share]:
        return [delivery for delivery in self._open() if delivery.is_page]

    def _feeds(self) -> list[Share]:
        return [delivery for delivery in self._open() if not (delivery.is_host or delivery.is_page)]

    def _is_due(self, moment: datetime, wait_for_embargo: bool) -> bool:
        """Whether it has come, after waiting for it where that is wanted."""
        seconds = _seconds_between(self._clock.now(), moment)
        if seconds and wait_for_embargo:
            for delivery in self._open():
                delivery.tell_wait(seconds, f"under embargo until {moment.isoformat()}")
            self._clock.sleep(seconds, self._cancel)
        return not seconds or wait_for_embargo

    def _goes_on(self) -> bool:
        """Whether every required channel can still be published."""
        return not any(map(self._is_failed, self._deliveries))

    @staticmethod
    def _is_failed(delivery: ChannelDelivery) -> bool:
        """Whether a required channel cannot be published in this run."""
        failed = (State.REFUSED, State.UNKNOWN, State.HELD)
        return bool(delivery.channel.required and delivery.outcome and delivery.outcome.state in failed)

    def _links(self) -> dict[str, str]:
        """The addresses that the hosts of this run and of earlier ones give, the first of each kind."""
        return first_of_each_kind({**self._hosted, **{each.channel.name: each.links for each in self._deliveries}}, self._known)

    def _refuse_same_accounts(self) -> None:
        seen: dict[Identity, str] = {}
        for delivery in self._open():
            first = seen.setdefault(identity_of(delivery.publisher, delivery.account), delivery.channel.name)
            if delivery.account.id and first != delivery.channel.name:
                problem = same_account_problem(first, delivery.channel.name)
                delivery.finish(State.REFUSED, reason=problem.message, hint=problem.fix, code=problem.code)

    def _open(self) -> list[Share]:
        return [delivery for delivery in self._deliveries if delivery.is_open]

    def _all(self, phase: Callable[[Share], None], deliveries: Iterable[Share] | None = None) -> None:
        """The phase on every open channel at once; when one is cut short, the others finish their call first."""
        taking_part = [d for d in (self._deliveries if deliveries is None else deliveries) if d.is_open]
        try:
            futures = [self._pool.submit(phase, delivery) for delivery in taking_part]
            wait(futures)
        except BaseException:
            self._cancel.request()  # Ctrl-C: no new call is begun, those under way are recorded
            raise
        for future in futures:
            future.result()


def _is_due_by(moment: datetime, embargo: datetime, delivery: ChannelDelivery) -> bool:
    return delivery.channel.due_at(embargo) <= moment


def _seconds_between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
