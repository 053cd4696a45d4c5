"""The same promise before a server that we did not write: a proxy of ours spoils one call, and the server's own API is asked
what is there.

No case is undone: each publishes an announcement of its own, so a server is started once for all of them.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest import mock

import msgspec

from socialcast.broadcast import Broadcast
from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Outcome
from socialcast.registry import publisher_class
from socialcast.testing.clock import SkippingClock
from socialcast.testing.matrix.kills import ended, forked
from socialcast.testing.matrix.scenes import PATIENCE_SECONDS, scratch_folder, settle
from socialcast.testing.matrix.verdict import Case, Verdict, judge
from socialcast.testing.proxy import KILLS, SILENCE, Proxy
from socialcast.testing.stage import Sight, Stage, picture, sample
from socialcast.wire import smtp, transport
from socialcast.wire.settings import Channel

__all__ = ["OnServer", "Server", "ServerStage"]

_KEPT, _LOST = "kept", "lost"
_SILENCE_SECONDS = 2.0  # a client waits no longer in a case of silence, instead of a minute or ten
_MARK = f"case {secrets.token_hex(3)}-{{}}"  # another one in each run, so that a server may be used again


class ServerStage(Stage, Protocol):
    """What one announcement is on a real server; things that were there before it are not seen."""

    def channel(self, **settings: Any) -> Channel:
        """The channel "contract", which leads through the proxy."""


class Server(NamedTuple):
    """A real server, the proxy before it, and how to look at what a case with that mark publishes there."""

    platform: str
    proxy: Proxy
    stage: Callable[[str], ServerStage]


class _Attempt:
    """One case's announcement on its way to the server."""

    def __init__(self, server: Server, number: int) -> None:
        self.platform, self._mark, self._clock = server.platform, _MARK.format(number), SkippingClock()
        self.stage = server.stage(self._mark)
        self.announcement = _announcement(server.platform, self._mark, number)

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        """As a new process would make it."""
        return Broadcast([self.stage.channel(**settings)], ledger=ledger, clock=self._clock)

    def pass_time(self) -> None:
        """Let be over what is only for a while."""
        self._clock.skip(PATIENCE_SECONDS)

    def opens(self, url: str) -> bool:
        """Whether a visitor finds something at that address."""
        return self.stage.opens(url)

    def sights(self) -> list[Sight]:
        """What is there, without what tells this case from others."""
        return sorted(tuple(part.replace(self._mark, "(case)") for part in sight) for sight in self.stage.sights())


class OnServer:
    """A run to which nothing happens: the calls that it makes, and what the server shows then; and its cases."""

    def __init__(self, server: Server) -> None:
        self._server, self._numbers = server, itertools.count(1)
        server.proxy.begin()
        attempt = self._attempt()
        with scratch_folder() as folder:
            self.outcome: Outcome = settle(attempt, folder)
        self.calls = list(server.proxy.calls)
        self.wanted = attempt.sights()

    def cases(self) -> Iterator[Case]:
        """Each call that changes something with each fault, and each that does not with one of them, in turn."""
        proxy = self._server.proxy
        for place, call in enumerate(self.calls):
            faults = (proxy.faults[place % len(proxy.faults)],) if call.startswith(proxy.reads) else proxy.faults
            for fault in faults:
                again = (_KEPT, _LOST)[place % 2] if fault in KILLS else ""
                nth = self.calls[: place + 1].count(call)
                yield Case(publisher=self._server.platform, what=fault, number=nth, call=call, afterwards=again)

    def run(self, case: Case) -> Verdict:
        """Let it go wrong, run it again until it settles, and look at the server. Raises RuntimeError where nothing did."""
        began, attempt = time.perf_counter(), self._attempt()
        self._server.proxy.begin(case.call, case.number, case.what)
        with scratch_folder() as folder, _patience(case):
            is_lost = case.afterwards == _LOST
            if case.what in KILLS:
                self._publish_and_die(attempt, folder / "first")
            outcome = settle(attempt, folder / ("second" if is_lost else "first"), recover=is_lost)
        if not (self._server.proxy.is_spoiled or case.call.startswith(self._server.proxy.reads)):
            raise RuntimeError(f"it never came to {case}")
        return judge(case, outcome, self.wanted, attempt, may_stop=False, seconds=time.perf_counter() - began)

    def _publish_and_die(self, attempt: _Attempt, folder: Path) -> None:
        loaded = ["socialcast.broadcast", publisher_class(self._server.platform).__module__]
        process = forked(_publish, attempt.stage.channel(), attempt.announcement, folder, preloaded=loaded)
        self._server.proxy.aim(process.pid or 0)
        ended(process)

    def _attempt(self) -> _Attempt:
        return _Attempt(self._server, next(self._numbers))


def _publish(channel: Channel, announcement: Announcement, folder: Path) -> None:
    with Broadcast([channel], ledger=folder / "ledger", clock=SkippingClock()) as broadcast:
        broadcast.publish(announcement)


def _announcement(platform: str, mark: str, number: int) -> Announcement:
    """What the platform can carry, in words and pictures that no other case has."""
    usual = sample(publisher_class(platform), key=mark.replace(" ", "-"), title=f"Open doors, {mark}", video=None, live=None)
    photos = tuple(picture(index, (64 + number, 48)) for index, _ in enumerate(usual.photos))
    return msgspec.structs.replace(usual, text=f"{usual.text} This is {mark}.", photos=photos)


@contextmanager
def _patience(case: Case) -> Iterator[None]:
    """A client's, which is short where the server says nothing."""
    if case.what != SILENCE:
        yield
        return
    seconds = _SILENCE_SECONDS
    with (
        mock.patch.object(transport, "_TIME_OUT_SECONDS", (seconds, seconds)),
        mock.patch.object(smtp, "_REPLY_SECONDS", seconds),
        mock.patch.object(smtp, "_TAKEN_SECONDS", seconds),
    ):
        yield
