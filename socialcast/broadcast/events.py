"""Progress as typed events, handed to a callback."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from enum import Enum

import msgspec

from socialcast.model.receipt import Outcome

__all__ = ["Event", "Listener", "Phase"]

logger = logging.getLogger("socialcast.broadcast")


class Phase(Enum):
    """Where a channel is in the broadcast."""

    CHECK = "check"
    PREPARE = "prepare"
    READY = "ready"
    HOLD = "hold"
    COMMIT = "commit"
    DONE = "done"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened on one channel: a phase was entered, a step of it is done, it waits, or its outcome is known."""

    channel: str
    phase: Phase
    step: str = ""
    photos: int = 0  # how many the post has, to measure steps such as "photo/3" against
    percent: int | None = None  # of the platform's own processing, or of the step "transcode"
    wait_seconds: float | None = None
    reason: str = ""  # of the wait
    outcome: Outcome | None = None


class Listener:
    """Calls the callback for one event at a time, from whichever thread it happens on."""

    def __init__(self, callback: Callable[[Event], None] | None) -> None:
        self._callback, self._lock = callback, threading.Lock()

    def tell(self, event: Event) -> None:
        """Hand the event over."""
        if self._callback is None:
            return
        with self._lock:
            try:
                self._callback(event)
            except Exception:  # an observer that fails must not break a publication that is under way
                logger.exception("the progress callback failed")
