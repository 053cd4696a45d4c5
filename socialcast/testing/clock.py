"""A clock whose waits take no time: they move the sandbox's clock instead."""

from __future__ import annotations

from datetime import datetime

from socialcast.sandbox import Sandbox
from socialcast.wire.clock import Cancel

__all__ = ["SandboxClock"]


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
