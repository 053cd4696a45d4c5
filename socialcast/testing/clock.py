"""Clocks whose waits take no time: they move the sandbox's clock instead, or skip the time."""

from __future__ import annotations

import time
from ctypes import c_double
from datetime import UTC, datetime, timedelta

import requests

from socialcast.sandbox import Sandbox
from socialcast.wire.clock import Cancel

__all__ = ["RemoteClock", "SandboxClock", "SharedClock", "SkippingClock"]


class SandboxClock:
    """The sandbox's time; sleeping advances it, so that settling, rate limits and processing pass at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        return self._sandbox.clock.datetime()

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Move the sandbox's clock forward; raises Cancelled when asked to stop."""
        cancel.check()
        self._sandbox.advance(max(0.0, seconds))
        cancel.check()


class SkippingClock:
    """The machine's time and what was skipped of it: before a real server, which knows nothing of our waits, they take none."""

    def __init__(self) -> None:
        self._skipped = timedelta()

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC) + self._skipped

    def skip(self, seconds: float) -> None:
        """Let so much time be over."""
        self._skipped += timedelta(seconds=max(0.0, seconds))

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Skip it; raises Cancelled when asked to stop."""
        cancel.check()
        self.skip(seconds)


class RemoteClock:
    """The time of a sandbox in another process."""

    def __init__(self, sandbox_url: str) -> None:
        self._address = f"{sandbox_url}/_sandbox/clock"
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy is no way to a sandbox on this machine

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        return datetime.fromtimestamp(self._session.get(self._address, timeout=30).json()["now"], UTC)

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Move the sandbox's clock forward; raises Cancelled when asked to stop."""
        cancel.check()
        self._session.post(self._address, json={"advance_seconds": max(0.0, seconds)}, timeout=30)
        cancel.check()


class SharedClock(RemoteClock):
    """That time in a process of the same machine that was given where the sandbox keeps it, so that nobody has to be asked."""

    def __init__(self, sandbox_url: str, ahead_seconds: c_double) -> None:
        super().__init__(sandbox_url)
        self._ahead_seconds = ahead_seconds

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        return datetime.fromtimestamp(time.time() + self._ahead_seconds.value, UTC)
