"""Each remote side effect happens once, whatever crashes."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.steps import Absent, Steps
from socialcast.model.errors import Cancelled, NotThere, OutcomeUnknown, PublishError, RateLimited, TerminalError, TransientError
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience


class Platform:
    """Something that makes things, and loses its answer where told."""

    def __init__(self, *troubles: Exception | None, loses_answers: bool = False) -> None:
        self.made: list[str] = []
        self._troubles = list(troubles)
        self._loses_answers = loses_answers

    def send(self) -> str:
        trouble = self._troubles.pop(0) if self._troubles else None
        if trouble is None or self._loses_answers:
            self.made.append(f"id-{len(self.made) + 1}")
        if trouble:
            raise trouble
        return self.made[-1]

    def find(self) -> str | None:
        return self.made[0] if self.made else None


class Standing(NamedTuple):
    """A clock on which everything happens at once."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        pass


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


def steps_of(
    ledger: Ledger, clock: Any, *, cancel: Cancel | None = None, settle: tuple[float, ...] = (10, 60), **options: bool
) -> Steps:
    return Steps(
        ledger,
        "key",
        "channel",
        judge=lambda error, exchanges, *, writing: error,
        patience=Patience(clock, cancel or Cancel()),
        settle_seconds=settle,
        **options,
    )


def test_a_done_step_is_not_sent_again(ledger: Ledger, clock: Any) -> None:
    """A later run gets the recorded result without a call."""
    platform = Platform()
    first = steps_of(ledger, clock).once("post", platform.send)
    later = steps_of(ledger, clock)
    assert later.once("post", platform.send) == first
    assert platform.made == ["id-1"]
    assert later.sent == 0


def test_the_intent_is_durable_before_the_call(ledger: Ledger, clock: Any) -> None:
    """While the call is under way, another process would read its intent."""
    seen: list[Step] = []

    def send() -> str:
        seen.extend(ledger.steps("key", "channel").values())
        return "id"

    steps_of(ledger, clock).once("post", send)
    assert [step.state for step in seen] == ["intent"]
    assert ledger.steps("key", "channel")["post"].state == "done"


def test_a_lost_answer_is_looked_for_not_repeated(ledger: Ledger, clock: Any) -> None:
    """After an unknown fate the platform is looked at, and what is there is taken."""
    platform = Platform(OutcomeUnknown("reset"), loses_answers=True)
    assert steps_of(ledger, clock).once("post", platform.send, platform.find) == "id-1"
    assert platform.made == ["id-1"]


def test_absence_is_believed_only_after_the_last_look(ledger: Ledger, clock: Any) -> None:
    """The settling ages are waited for, each with a look, before anything is sent again."""
    platform, looks = Platform(OutcomeUnknown("reset")), []

    def find() -> str | None:
        looks.append(clock.now())
        return platform.find()

    assert steps_of(ledger, clock).once("post", platform.send, find) == "id-1"
    assert len(looks) == 2
    assert sum(clock.waits) >= 60


def test_certain_absence_is_not_waited_for(ledger: Ledger, clock: Any) -> None:
    """Where the platform says that it will not come any more, it is sent again at once, after a crash as after a lost answer."""
    platform = Platform(OutcomeUnknown("reset"))
    ledger.record_step("key", "channel", Step("post", "intent", None, clock.now().timestamp()))
    assert steps_of(ledger, clock).once("post", platform.send, lambda: Absent.CERTAIN) == "id-1"
    assert sum(clock.waits) < 60


def test_without_a_look_the_outcome_stays_unknown(ledger: Ledger, clock: Any) -> None:
    """A platform that cannot tell leaves the step unknown: this run and the next one send nothing more."""
    platform = Platform(OutcomeUnknown("reset"), loses_answers=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            steps_of(ledger, clock).once("post", platform.send)
    assert platform.made == ["id-1"]


def test_an_empty_answer_is_not_success(ledger: Ledger, clock: Any) -> None:
    """A 2xx without an id counts as unknown."""
    with pytest.raises(OutcomeUnknown, match="holds no id"):
        steps_of(ledger, clock).once("post", lambda: "")


def test_a_crash_between_intent_and_result_is_looked_up(ledger: Ledger, clock: Any) -> None:
    """A step found as an intent is looked for before it is sent."""
    platform = Platform()
    platform.made.append("id-1")
    ledger.record_step("key", "channel", Step("post", "intent", None, clock.now().timestamp()))
    assert steps_of(ledger, clock).once("post", platform.send, platform.find) == "id-1"
    assert platform.made == ["id-1"]


def test_a_clock_that_was_set_back_is_not_waited_for(ledger: Ledger, clock: Any) -> None:
    """An intent of tomorrow is looked for after the platform's settling time, not a day later."""
    platform = Platform()
    ledger.record_step("key", "channel", Step("post", "intent", None, clock.now().timestamp() + 86400))
    steps_of(ledger, clock).once("post", platform.send, platform.find)
    assert sum(clock.waits) < 3600


def test_a_clock_that_is_set_back_while_a_lost_ledger_is_made_anew_is_not_waited_for(ledger: Ledger, clock: Any) -> None:
    """What is not there is looked for once more after the platform's settling time, not a day later."""
    platform, steps = Platform(), steps_of(ledger, clock, recover=True)
    clock.time -= timedelta(days=1)
    assert steps.once("post", platform.send, platform.find) == "id-1"
    assert sum(clock.waits) <= 60


def test_a_refusal_is_final_and_leaves_no_intent(ledger: Ledger, clock: Any) -> None:
    """A refused call is not repeated, and a later run may try it again without looking."""
    platform = Platform(TerminalError("no"))
    with pytest.raises(TerminalError):
        steps_of(ledger, clock).once("post", platform.send)
    assert ledger.steps("key", "channel")["post"].state == "refused"
    assert steps_of(ledger, clock).once("post", platform.send) == "id-1"


def test_the_platforms_own_wait_is_obeyed(ledger: Ledger, clock: Any) -> None:
    """A told wait is waited in full before the next try."""
    platform = Platform(RateLimited("slow down", retry_after=300))
    assert steps_of(ledger, clock).once("post", platform.send) == "id-1"
    assert clock.waits[0] >= 300


def test_patience_ends(ledger: Ledger, clock: Any) -> None:
    """A wait beyond the budget is not begun; the delivery can be run again later."""
    platform = Platform(RateLimited("tomorrow", retry_after=86_400))
    with pytest.raises(RateLimited):
        steps_of(ledger, clock).once("post", platform.send)
    assert clock.waits == []


def test_the_budget_is_one_for_all_calls_of_a_delivery(ledger: Ledger, clock: Any) -> None:
    """Calls that each wait a little do not add up to a run without end."""
    steps, waits = steps_of(ledger, clock), []
    with pytest.raises(RateLimited):
        for number in range(10):
            steps.once(f"photo/{number}", Platform(RateLimited("slow down", retry_after=600)).send)
            waits.append(number)
    assert waits == [0, 1]


def test_calls_that_wait_at_the_same_time_spend_the_budget_once(clock: Any) -> None:
    """Eight photos that are told to wait a quarter of an hour wait a quarter of an hour."""
    patience, calls = Patience(Standing(clock.now()), Cancel()), 8
    for _ in range(calls):
        assert patience.call(Platform(RateLimited("slow down", retry_after=900)).send) == "id-1"


def test_a_repeatable_step_is_just_sent_again(ledger: Ledger, clock: Any) -> None:
    """Where twice has the effect of once, an unknown fate costs another call and no look."""
    platform = Platform(OutcomeUnknown("reset"))
    assert steps_of(ledger, clock).once("set", platform.send, repeatable=True) == "id-1"


def test_recovery_looks_before_the_first_send(ledger: Ledger, clock: Any) -> None:
    """On a machine with an empty ledger, what is on the platform is found first."""
    platform = Platform()
    platform.made.append("id-1")
    assert steps_of(ledger, clock, recover=True).once("post", platform.send, platform.find) == "id-1"
    assert platform.made == ["id-1"]


def test_recovery_waits_for_what_was_sent_just_before(ledger: Ledger, clock: Any) -> None:
    """What another machine sent in its last second is not visible yet, so that absence is believed only later, and once."""
    platform = Platform()

    def find() -> str | None:
        return "from elsewhere" if sum(clock.waits) >= 60 else None

    steps = steps_of(ledger, clock, recover=True)
    assert steps.once("post/1", platform.send, find) == "from elsewhere"
    assert steps.once("post/2", platform.send, lambda: None) == "id-1"
    assert sum(clock.waits) == 60


def test_a_run_that_only_looks_keeps_what_it_finds_and_sends_nothing(ledger: Ledger, clock: Any) -> None:
    """What is there is known from then on; what is not there ends it, and is left for a run that sends."""
    there, missing = Platform(), Platform()
    there.made.append("id-1")
    steps = steps_of(ledger, clock, looks_only=True)
    assert steps.once("post/1", there.send, there.find) == "id-1"
    with pytest.raises(NotThere, match="post/2 is not there"):
        steps.once("post/2", missing.send, missing.find)
    assert (steps.has_done, steps.sent, missing.made) == (True, 0, [])
    assert steps_of(ledger, clock).once("post/1", there.send) == "id-1"
    assert ledger.steps("key", "channel").keys() == {"post/1"}


def test_a_run_that_only_looks_goes_on_without_uploads(ledger: Ledger, clock: Any) -> None:
    """Nobody can find them, so that something else stands for them; what has a look of its own is looked for."""
    platform, steps = Platform(), steps_of(ledger, clock, looks_only=True)
    assert steps.once("photo", platform.send, repeatable=True, unsent=lambda: "none") == "none"
    assert steps.once("tags", platform.send, repeatable=True) == ""
    with pytest.raises(NotThere):
        steps.once("public", platform.send, platform.find, repeatable=True)
    assert (platform.made, ledger.steps("key", "channel")) == ([], {})
    assert (steps.unseen, steps.has_done) == (2, False)


def test_a_run_that_only_looks_looks_for_every_one_of_many(ledger: Ledger, clock: Any) -> None:
    """The first that is missing does not keep the others from being found."""
    steps = steps_of(ledger, clock, looks_only=True)
    for at_once in (1, 4):
        with pytest.raises(NotThere, match="photo/0"):
            steps.each(
                range(4), lambda index, _: steps.once(f"photo/{index}", lambda: "sent", lambda: index or None), at_once=at_once
            )
    assert ledger.steps("key", "channel").keys() == {"photo/1", "photo/2", "photo/3"}


def test_a_stop_sends_nothing_more(ledger: Ledger, clock: Any) -> None:
    """After a stop was asked for, no step begins, and none is left as an intent."""
    cancel, platform = Cancel(), Platform()
    cancel.request()
    with pytest.raises(Cancelled):
        steps_of(ledger, clock, cancel=cancel).once("post", platform.send)
    assert platform.made == []
    assert ledger.steps("key", "channel") == {}


def test_many_at_once_keep_their_order(ledger: Ledger, clock: Any) -> None:
    """Results come in the order of the items, however many run at once."""
    steps = steps_of(ledger, clock)
    results = steps.each(range(100), lambda index, item: steps.once(f"photo/{index}", lambda: f"id-{item}"), at_once=8)
    assert results == [f"id-{number}" for number in range(100)]
    assert steps.sent == 100


def test_the_first_error_ends_the_rest(ledger: Ledger, clock: Any) -> None:
    """When one item fails, no further one begins, and those under way are recorded."""
    begun: list[int] = []
    both = threading.Barrier(2)

    def work(index: int, item: int) -> str:
        begun.append(index)
        both.wait(timeout=10)
        if index == 0:
            raise TerminalError("no")
        return steps.once(f"photo/{index}", lambda: "id")

    steps = steps_of(ledger, clock)
    with pytest.raises(TerminalError):
        steps.each(range(2), work, at_once=2)
    assert sorted(begun) == [0, 1]
    assert ledger.steps("key", "channel")["photo/1"].state == "done"


def test_transient_errors_are_tried_again(ledger: Ledger, clock: Any) -> None:
    """A call that certainly did nothing is tried again."""
    platform = Platform(TransientError("refused connection"))
    assert steps_of(ledger, clock).once("post", platform.send) == "id-1"
    assert len(clock.waits) == 1


@pytest.mark.parametrize("trouble", [TerminalError("no credits"), RateLimited("no credits"), TransientError("no credits")])
def test_a_look_that_fails_leaves_it_unknown(ledger: Ledger, clock: Any, trouble: PublishError) -> None:
    """When the platform does not let us look, nobody says that nothing happened, and nothing is sent again."""

    def find() -> str | None:
        raise trouble

    platform = Platform(OutcomeUnknown("reset"), loses_answers=True)
    with pytest.raises(OutcomeUnknown, match="may have happened, and looking for it failed: no credits"):
        steps_of(ledger, clock).once("post", platform.send, find)
    assert platform.made == ["id-1"]
    assert ledger.steps("key", "channel")["post"].state == "intent"
