"""What became of one case, judged by what the sandbox shows and not by what we report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from socialcast.model.receipt import Outcome, State
from socialcast.registry import publisher_class
from socialcast.testing.stage import Sight, Stage

__all__ = ["Case", "Total", "Verdict", "judge", "together", "totals"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong: `what` happens at the request of that number, which is `call`."""

    publisher: str
    scene: str = ""  # what is published, on which kind of channel
    what: str
    number: int
    call: str = ""
    afterwards: str = ""  # how it is run again: "kept", "lost" or "kept, two at once"; empty where nothing was killed

    def __str__(self) -> str:
        again = f", ledger {self.afterwards}" if self.afterwards else ""
        return f"{self.publisher}, {self.scene}: {self.what} at {self.number} ({self.call}){again}"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the public sees too often, and what it misses; and where the report says otherwise than the sandbox."""

    case: Case
    state: State
    duplicates: tuple[Sight, ...] = ()
    losses: tuple[Sight, ...] = ()
    lie: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the promise held; an unknown outcome keeps it, as long as nothing is there twice."""
        return not (self.duplicates or self.losses or self.lie)


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """One publisher's row of the table."""

    publisher: str
    cases: int
    published: int
    unknown: int
    stopped: int
    duplicates: int
    losses: int
    lies: int
    seconds: float


def judge(
    case: Case, outcome: Outcome, wanted: Sequence[Sight], stage: Stage, *, may_stop: bool, seconds: float = 0.0
) -> Verdict:
    """Compare what is seen with what a run without faults shows.

    `may_stop` says that the case cannot be overcome, as when a token died: then what is public may be part of it, and
    the report has to say so.
    """
    seen = stage.sights()
    extra, missing = Counter(seen) - Counter(wanted), Counter(wanted) - Counter(seen)
    may_miss = outcome.state is State.UNKNOWN or (may_stop and outcome.state is not State.PUBLISHED)
    if may_miss:  # an album with the photos that came so far looks other than the whole, and is there once
        extra = Counter({sight: number for sight, number in extra.items() if seen.count(sight) > 1})
    return Verdict(
        case=case,
        state=outcome.state,
        duplicates=tuple(extra.elements()),
        losses=() if may_miss else tuple(missing.elements()),
        lie=_lie(outcome, bool(seen), stage.platform, may_stop=may_stop) or _dead_end(outcome, stage),
        seconds=seconds,
    )


def _lie(outcome: Outcome, is_seen: bool, platform: str, *, may_stop: bool) -> str:
    has_address = bool(outcome.url) or not publisher_class(platform).capabilities.permalink
    if outcome.state is State.PUBLISHED and not (is_seen and has_address):
        return "reported as published, and nothing is there or no address is told"
    if outcome.state not in (State.PUBLISHED, State.UNKNOWN) and is_seen and not outcome.partly_public:
        return f"reported as {outcome.state.value}, and something is public"
    if outcome.state not in (State.PUBLISHED, State.UNKNOWN) and not may_stop:
        return f"it never settled: {outcome.state.value}, {outcome.reason}"
    return ""


def _dead_end(outcome: Outcome, stage: Stage) -> str:
    is_dead = outcome.state is State.PUBLISHED and outcome.url != "" and not stage.opens(outcome.url)
    return f"nothing is at the address that is reported: {outcome.url}" if is_dead else ""


def totals(verdicts: Iterable[Verdict]) -> list[Total]:
    """The table, a row for each publisher."""
    by_publisher: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_publisher.setdefault(verdict.case.publisher, []).append(verdict)
    return [_total(name, of_one) for name, of_one in sorted(by_publisher.items())]


def together(verdicts: Sequence[Verdict]) -> Total:
    """The last row, over all publishers."""
    return _total("together", verdicts)


def _total(publisher: str, verdicts: Sequence[Verdict]) -> Total:
    states = Counter(verdict.state for verdict in verdicts)
    return Total(
        publisher=publisher,
        cases=len(verdicts),
        published=states[State.PUBLISHED],
        unknown=states[State.UNKNOWN],
        stopped=len(verdicts) - states[State.PUBLISHED] - states[State.UNKNOWN],
        duplicates=sum(bool(verdict.duplicates) for verdict in verdicts),
        losses=sum(bool(verdict.losses) for verdict in verdicts),
        lies=sum(bool(verdict.lie) for verdict in verdicts),
        seconds=sum(verdict.seconds for verdict in verdicts),
    )
