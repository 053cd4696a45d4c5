"""A run that only looks: what an earlier one made is found and taken over, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from socialcast.broadcast.delivery import LOOK_YOURSELF, ChannelDelivery
from socialcast.broadcast.events import Phase
from socialcast.broadcast.publish import Run
from socialcast.model.errors import NotThere, OutcomeUnknown
from socialcast.model.receipt import State

__all__ = ["ABSENT", "PARTLY_THERE", "ChannelLook", "LookingRun"]

ABSENT, PARTLY_THERE = "adopt.absent", "adopt.partly"
_ABSENT_HINT = "publish it; but if a reply has corrected it since, its post says what it said before: adopt it with that file"


class ChannelLook(ChannelDelivery):
    """One channel's share of it: settled as what is there."""

    _looks_only = True
    _doubt = ""

    def look(self, links: Mapping[str, str], doubt: str = "") -> None:
        """Find what an earlier run made of it, and settle as that. What is not found may be there all the same where there
        is a `doubt`."""
        self._doubt = doubt
        self.prepare(links)
        if self.is_open:
            self._run(Phase.COMMIT, self._take_over)

    def _take_over(self) -> None:
        receipt = self.publisher.commit(self._required_post, self._required_draft, self.steps)
        if self.steps.unseen and not self.steps.has_done:
            raise OutcomeUnknown(f"{self.publisher.name} does not tell whether any of it is there")
        self._is_in_doubt = False
        self.finish(State.PUBLISHED, **{**self._proof(receipt), "published_at": receipt.published_at})

    def _run(self, phase: Phase, work: Callable[[], None]) -> None:
        super()._run(phase, lambda: self._found(work))

    def _found(self, work: Callable[[], None]) -> None:
        try:
            work()
        except NotThere as error:
            self._settle_missing(error.message)

    def _settle_missing(self, missing: str) -> None:
        """What is left to say where nothing was found, or not everything."""
        self._is_in_doubt = False
        if self._doubt:
            self.finish(State.UNKNOWN, reason=f"{missing}; {self._doubt}", hint=LOOK_YOURSELF)
        elif self.steps.has_done:
            reason, hint = f"part of it is there: {missing}", "publish it: only the rest is sent"
            self.finish(State.HELD, reason=reason, hint=hint, code=PARTLY_THERE)
        else:
            self.finish(State.HELD, reason="nothing of it is there", hint=_ABSENT_HINT, code=ABSENT)

    @property
    def _told_phase(self) -> Phase:
        return Phase.CHECK  # it neither uploads nor publishes

    def _tell_step(self, name: str) -> None:
        """Say nothing: what is found would look like what is sent."""


class LookingRun(Run[ChannelLook]):
    """All channels; none of them keeps another from being looked at."""

    def look(self) -> None:
        """Bring every channel to an outcome, hosts before those that show their links."""
        with self._new_pool() as self._pool:
            self._identify()
            self._on_hosts(ChannelLook.look)
            for wave in (self._pages, self._feeds):
                self._all(partial(ChannelLook.look, links=self._links(), doubt=self._doubt()), wave())

    def _doubt(self) -> str:
        """Why a post may be there in other words than those that are looked for: a host did not tell its addresses."""
        silent = [
            host.channel.name
            for host in self._deliveries
            if host.is_host and host.outcome and host.outcome.failed and host.outcome.code != ABSENT
        ]
        return f"it was looked for without the addresses of {', '.join(silent)}, which are not known" if silent else ""
