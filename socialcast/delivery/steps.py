"""Named steps: each remote side effect happens once, whatever crashes.

The intent is recorded, then the call is sent, then its result is recorded. A step that is found as an intent, or whose
call ended in nobody knows what, is looked for on the platform before anything is sent again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.revisions import generation
from socialcast.model.errors import NotThere, OutcomeUnknown, TerminalError, TransientError
from socialcast.wire.retry import Patience
from socialcast.wire.transport import Exchange, recording

__all__ = ["DONE", "INTENT", "NOTED", "REFUSED", "Absent", "Judge", "Steps"]

T = TypeVar("T")
W = TypeVar("W")

INTENT, DONE, REFUSED, NOTED = "intent", "done", "refused", "noted"


class Absent(Enum):
    """What `find` gives where the platform knows that the effect is not there and will not come by itself."""

    CERTAIN = "certain"


Find: TypeAlias = Callable[[], T | Absent | None]


class Judge(Protocol):
    """Turns what a call raised, and the exchanges it made, into the error to go on with."""

    def __call__(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """The error to go on with."""


class Steps:
    """The steps of one delivery: one announcement on one channel; `in_order` makes none of them beside another.

    With `recover`, what this ledger does not know is looked for before it is sent; with `looks_only` it is never sent.
    """

    def __init__(
        self,
        ledger: Ledger,
        key: str,
        channel: str,
        *,
        judge: Judge,
        patience: Patience,
        settle_seconds: tuple[float, ...],
        recover: bool = False,
        looks_only: bool = False,
        notify: Callable[[str], None] = lambda name: None,
        in_order: bool = False,
    ) -> None:
        self._ledger, self._key, self._channel = ledger, key, channel
        self._judge, self._patience, self._settle_seconds = judge, patience, settle_seconds
        self._recover, self._looks_only = recover or looks_only, looks_only
        self._notify, self._in_order = notify, in_order
        self.read_again()
        self._settled_at = self._now() + settle_seconds[-1]  # from then on, what another machine sent can be seen
        self._counting = threading.Lock()
        self.sent = self.unseen = 0  # steps that were sent now; those that a run which only looks cannot look for

    def read_again(self) -> None:
        """Take note of what others recorded: once the announcement is ours alone, nobody adds to it."""
        number, known = generation(self._ledger, self._key, self._channel), self._ledger.steps(self._key, self._channel)
        mine = f"revision/{number}:" if number else ""  # those of what was taken back since are none of these
        self.generation = mine  # what tells it from what was taken back, to a platform that remembers ids for longer
        self._known = {name.removeprefix(mine): step for name, step in known.items() if name.startswith(mine)}

    def once(
        self,
        name: str,
        send: Callable[[], T],
        find: Find[T] | None = None,
        *,
        repeatable: bool = False,
        valid: Callable[[T], bool] = lambda result: True,
        unsent: Callable[[], T] | None = None,
    ) -> T:
        """The result of `send`, from the ledger if it was sent before.

        `find` looks for the effect on the platform and gives the result, None when it is not to be seen, Absent.CERTAIN
        when it cannot come any more, or raises OutcomeUnknown when the platform cannot tell. `repeatable` says that sending
        twice has the effect of once; its `find` serves a run that only looks. A recorded result that is no longer `valid`,
        such as an upload that has lapsed, is followed by another step. `unsent` gives what a run that only looks goes on with
        in place of an upload, which nobody can find: empty without it.
        The result is plain JSON; an empty one counts as no answer. Raises PublishError, and NotThere in a run that only looks.
        """
        step = self._known.get(name)
        if step and step.state == DONE:
            result: T = step.result
            if not valid(result):
                return self.once(_again(name), send, find, repeatable=repeatable, valid=valid, unsent=unsent)
            self._notify(name)
            return result
        if self._looks_only and repeatable and find is None:
            with self._counting:
                self.unseen += 1
            return unsent() if unsent else ""  # type: ignore[return-value]  # what nobody uses may be anything
        found = None if repeatable and not self._looks_only else self._found_from_before(name, step, find)
        if found is None and self._looks_only:
            raise NotThere(f"{name} is not there")
        outcome = found if found is not None else self._patience.call(lambda: self._attempt(name, send, find, repeatable))
        self._record(name, DONE, outcome)
        self._notify(name)
        return outcome

    def read(self, look: Callable[[], T]) -> T:
        """The result of a call that changes nothing, tried again while that can help. Raises PublishError."""
        return self._patience.call(lambda: self._judged(look, writing=False))

    def recorded(self, name: str) -> Any:
        """The result of a step that is done, None for one that is not."""
        step = self._known.get(name)
        return step.result if step and step.state == DONE else None

    def begun_at(self, name: str) -> datetime | None:
        """When an earlier run began to send a step whose end is not recorded; None where none did, or no ledger tells."""
        step = self._known.get(name)
        return datetime.fromtimestamp(step.sent_at, UTC) if step and step.state == INTENT else None

    def note(self, name: str, value: Any) -> Any:
        """What is noted under that name, which is `value` from now on if nothing was; no call is made."""
        if (known := self._known.get(name)) is None:
            self._record(name, NOTED, value)
            return value
        return known.result

    @property
    def is_recovering(self) -> bool:
        """Whether an earlier run may have sent steps that this ledger does not know."""
        return self._recover

    @property
    def has_done(self) -> bool:
        """Whether something of it is known to be there."""
        return any(step.state == DONE for step in self._known.values())

    @property
    def has_open_intent(self) -> bool:
        """Whether a call was begun whose end is not recorded."""
        return any(step.state == INTENT for step in self._known.values())

    def each(self, items: Iterable[W], work: Callable[[int, W], T], *, at_once: int = 1) -> list[T]:
        """`work(index, item)` for every item, so many at once, results in order; the first error ends it.

        What is under way when an error comes is brought to its end and recorded. A run that only looks looks for every one.
        """
        numbered, missing = list(enumerate(items)), list[NotThere]()
        if self._looks_only:
            work = _passing_over(work, missing)
        threads = 1 if self._in_order else min(at_once, len(numbered))
        results = _in_parallel(iter(numbered), work, threads) if threads > 1 else [work(*each) for each in numbered]
        if missing:
            raise missing[0]
        return results

    def _found_from_before(self, name: str, step: Step | None, find: Find[T] | None) -> T | None:
        """What an earlier run made without recording it: after a crash, or on a machine with an empty ledger."""
        if step and step.state == INTENT:
            return self._look(name, step.sent_at, find)
        if find is not None and (self._looks_only or (step is None and self._recover)):
            return self._found_from_elsewhere(name, find)
        return None

    def _found_from_elsewhere(self, name: str, find: Find[T]) -> T | None:
        """What another machine may have made, even just before this run began."""
        found = self.read(find)
        unsettled_seconds = min(self._settled_at - self._now(), self._settle_seconds[-1])  # the clock may have been set back
        if found is None and unsettled_seconds > 0:
            self._patience.pause(unsettled_seconds, f"looking again whether an earlier run sent {name}")
            found = self.read(find)
        return None if isinstance(found, Absent) else found

    def _attempt(self, name: str, send: Callable[[], T], find: Find[T] | None, repeatable: bool) -> T:
        self._patience.cancel.check()
        sent_at = self._record(name, INTENT, None)
        with self._counting:
            self.sent += 1
        try:
            result = self._judged(send, writing=True)
            if result in (None, "", {}, []):
                raise OutcomeUnknown(f"the platform's answer to {name} holds no id")
        except OutcomeUnknown as unknown:
            if repeatable:
                raise TransientError(unknown.message, status=unknown.status) from unknown
            found = self._look(name, sent_at, find, unknown)
            if found is None:
                raise TransientError(f"{unknown.message}; it did not happen", status=unknown.status) from unknown
            return found
        except Exception:
            self._record(name, REFUSED, None, sent_at)
            raise
        return result

    def _look(self, name: str, sent_at: float, find: Find[T] | None, unknown: OutcomeUnknown | None = None) -> T | None:
        """Look at each settling age; only after the last one is absence believed."""
        if find is None:
            raise unknown or OutcomeUnknown(f"{name} was being sent when the last run ended, and the platform has no way to look")
        for age_seconds in self._settle_seconds:
            sent_at = min(sent_at, self._now())  # a clock that was set back must not make us wait for the time it had
            self._patience.pause(max(0.0, sent_at + age_seconds - self._now()), f"looking whether {name} has arrived")
            found = self._found(name, find)
            if found is not None:
                return None if isinstance(found, Absent) else found
        return None

    def _found(self, name: str, find: Find[T]) -> T | Absent | None:
        """What a look finds; a look that fails leaves the fate unknown, and must not lead to another try of the write."""
        try:
            return self.read(find)
        except (TerminalError, TransientError) as error:
            raise OutcomeUnknown(
                f"{name} may have happened, and looking for it failed: {error.message}", code=error.code, hint=error.hint
            ) from error

    def _judged(self, call: Callable[[], T], *, writing: bool) -> T:
        with recording() as exchanges:
            try:
                return call()
            except Exception as error:  # client libraries raise anything; the record of the exchange tells what it was
                raise self._judge(error, exchanges, writing=writing) from error

    def _record(self, name: str, state: str, result: Any, sent_at: float | None = None) -> float:
        step = Step(name, state, msgspec.to_builtins(result), self._now() if sent_at is None else sent_at)
        write = self._ledger.begin_step if state == INTENT else self._ledger.record_step
        write(self._key, self._channel, step._replace(name=f"{self.generation}{name}"))
        self._known[name] = step
        return step.sent_at

    def _now(self) -> float:
        return self._patience.clock.now().timestamp()


def _again(name: str) -> str:
    """The next step of that kind; the earlier one stays recorded."""
    base, _, count = name.partition(" #")
    return f"{base} #{int(count or 1) + 1}"


def _passing_over(work: Callable[[int, W], T], missing: list[NotThere]) -> Callable[[int, W], T]:
    """The work, which goes on where one thing is not there; then nobody gets the results."""

    def passing_over(index: int, item: W) -> T:
        try:
            return work(index, item)
        except NotThere as error:
            missing.append(error)
            return None  # type: ignore[return-value]

    return passing_over


def _in_parallel(numbered: Iterator[tuple[int, W]], work: Callable[[int, W], T], at_once: int) -> list[T]:
    """Run with that many threads; each takes the next item when it has finished one, so nothing piles up."""
    results: dict[int, T] = {}
    taking, stop = threading.Lock(), threading.Event()

    def run() -> None:
        while not stop.is_set():
            with taking:
                item = next(numbered, None)
            if item is None:
                return
            try:
                results[item[0]] = work(*item)
            except BaseException:
                stop.set()
                raise

    with ThreadPoolExecutor(at_once, thread_name_prefix="socialcast-media") as pool:
        done, _ = wait([pool.submit(run) for _ in range(at_once)], return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()
    return [results[index] for index in sorted(results)]
