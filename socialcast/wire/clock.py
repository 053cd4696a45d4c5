"""The one clock: waits, embargo and expiry go by it, so that tests can move it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from socialcast.model.errors import Cancelled

_LONGEST_WAIT_SECONDS = 86_400.0  # a longer one can overflow what the system's wait takes

__all__ = ["Cancel", "Clock", "SystemClock"]


class Cancel:
    """A request to stop, made from any thread; whatever waits or is about to send raises Cancelled."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Ask for the stop; it cannot be taken back."""
        self._event.set()

    @property
    def is_requested(self) -> bool:
        """Whether the stop was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled once the stop was asked for."""
        if self._event.is_set():
            raise Cancelled("stopped on request; run it again to go on")

    def wait(self, seconds: float) -> None:
        """Wait, or raise Cancelled as soon as the stop is asked for."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._event.wait(min(left, _LONGEST_WAIT_SECONDS)):
            continue
        self.check()


class Clock(Protocol):
    """What everything that waits or dates needs."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Return that much later; raises Cancelled when asked to stop."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Return that much later; raises Cancelled when asked to stop."""
        cancel.wait(max(0.0, seconds))
