"""All retrying: tenacity, with the platform's own wait obeyed, full jitter, a budget, and a clock that tests move."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity

from socialcast.model.errors import PublishError, TransientError
from socialcast.wire.clock import Cancel, Clock

__all__ = ["Patience"]

T = TypeVar("T")

_SHORTEST_TOLD_SECONDS = 1.0  # nobody wonders about a shorter wait


class Patience:
    """How long the calls of one delivery are tried: so many attempts each, and so many seconds of waiting for all of them."""

    def __init__(
        self,
        clock: Clock,
        cancel: Cancel,
        *,
        attempts: int = 5,
        budget_seconds: float = 1800.0,
        longest_wait_seconds: float = 60.0,
        on_wait: Callable[[float, str], None] = lambda seconds, reason: None,
    ) -> None:
        self.clock, self.cancel, self.on_wait = clock, cancel, on_wait
        self._attempts, self._longest_wait_seconds = attempts, longest_wait_seconds
        self._budget = _Budget(clock, budget_seconds)

    def call(self, send: Callable[[], T]) -> T:
        """The result of `send`, tried again after each TransientError while attempts and budget last."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=self._wait_seconds,
            stop=self._is_over,
            before_sleep=self._begin_wait,
            sleep=self.pause,
            reraise=True,
        )
        return retrying(send)

    def pause(self, seconds: float, reason: str = "") -> None:
        """Wait on the clock, telling why if a reason is given; raises Cancelled when asked to stop."""
        if reason and seconds >= _SHORTEST_TOLD_SECONDS:
            self.on_wait(seconds, reason)
        self.clock.sleep(seconds, self.cancel)

    def _begin_wait(self, state: tenacity.RetryCallState) -> None:
        self._budget.spend(state.upcoming_sleep)
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, PublishError) and state.upcoming_sleep >= _SHORTEST_TOLD_SECONDS:
            self.on_wait(state.upcoming_sleep, error.message)

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        jitter = random.uniform(0, min(self._longest_wait_seconds, 2.0**state.attempt_number))  # noqa: S311 - no secret depends on it
        told = getattr(error, "retry_after", None)
        return jitter if told is None else told + min(jitter, 1.0)

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        """Give up after the last attempt, and before a wait that would go over the budget."""
        return state.attempt_number >= self._attempts or not self._budget.allows(state.upcoming_sleep)


class _Budget:
    """Seconds to wait; those that several calls wait at the same time are spent once."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._left_seconds = clock, seconds
        self._until = 0.0  # when the last wait ends
        self._spending = threading.Lock()

    def allows(self, seconds: float) -> bool:
        """Whether a wait that begins now can be paid."""
        return self._price(seconds) <= self._left_seconds

    def spend(self, seconds: float) -> None:
        """Pay for a wait that begins now."""
        with self._spending:
            self._left_seconds -= self._price(seconds)
            self._until = max(self._until, self._now() + seconds)

    def _price(self, seconds: float) -> float:
        return min(seconds, max(0.0, self._now() + seconds - self._until))

    def _now(self) -> float:
        return self._clock.now().timestamp()
