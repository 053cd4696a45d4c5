"""All retrying: tenacity, with the platform's own wait obeyed, full jitter, a budget, and a clock that tests move."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import tenacity

from socialcast.model.errors import PublishError, TransientError
from socialcast.wire.clock import Cancel, Clock

__all__ = ["Patience"]

T = TypeVar("T")

_SHORTEST_TOLD_SECONDS = 1.0  # nobody wonders about a shorter wait


class Patience:
    """How long a call is tried: so many attempts, and so many seconds of waiting between them in all."""

    def __init__(
        self,
        clock: Clock,
        cancel: Cancel,
        *,
        attempts: int = 5,
        budget_seconds: float = 900.0,
        longest_wait_seconds: float = 60.0,
        on_wait: Callable[[float, str], None] = lambda seconds, reason: None,
    ) -> None:
        self.clock, self.cancel, self.on_wait = clock, cancel, on_wait
        self._attempts, self._budget_seconds, self._longest_wait_seconds = attempts, budget_seconds, longest_wait_seconds

    def call(self, send: Callable[[], T]) -> T:
        """The result of `send`, tried again after each TransientError while attempts and budget last."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=self._wait_seconds,
            stop=self._is_over,
            before_sleep=self._tell_retry,
            sleep=self.pause,
            reraise=True,
        )
        return retrying(send)

    def pause(self, seconds: float, reason: str = "") -> None:
        """Wait on the clock, telling why if a reason is given; raises Cancelled when asked to stop."""
        if reason and seconds >= _SHORTEST_TOLD_SECONDS:
            self.on_wait(seconds, reason)
        self.clock.sleep(seconds, self.cancel)

    def _tell_retry(self, state: tenacity.RetryCallState) -> None:
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
        return state.attempt_number >= self._attempts or state.idle_for + state.upcoming_sleep > self._budget_seconds
