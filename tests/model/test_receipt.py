"""The report turns outcomes into one exit code."""

from __future__ import annotations

import pytest

from socialcast import BroadcastError, Outcome, Report, State


def report(*states: State | tuple[State, bool]) -> Report:
    pairs = [state if isinstance(state, tuple) else (state, True) for state in states]
    outcomes = [Outcome(channel=f"c{n}", platform="p", state=state, required=needed) for n, (state, needed) in enumerate(pairs)]
    return Report(key="k", digest="d", outcomes=tuple(outcomes))


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((State.PUBLISHED, State.PUBLISHED), 0),
        ((State.PUBLISHED, State.SKIPPED), 0),
        ((State.PUBLISHED, (State.REFUSED, False)), 0),
        ((State.REFUSED, State.HELD), 1),
        ((State.PUBLISHED, State.REFUSED), 3),
        ((State.PUBLISHED, State.HELD), 3),
        ((State.PUBLISHED, State.UNKNOWN), 4),
        ((State.UNKNOWN, State.REFUSED), 4),
        ((State.HELD, State.HELD), 75),
        ((State.SKIPPED,), 0),
    ],
)
def test_exit_codes(states: tuple[State, ...], code: int) -> None:
    """0 all published, 1 nothing public, 3 partly, 4 something unknown, 75 run again."""
    assert report(*states).exit_code == code


def test_failures_can_be_raised() -> None:
    """Who wants an exception gets one that names the channel and the reason."""
    report(State.PUBLISHED).raise_for_failures()
    with pytest.raises(BroadcastError, match="c1: refused"):
        report(State.PUBLISHED, State.REFUSED).raise_for_failures()


def test_the_error_names_every_channel_that_lacks_it() -> None:
    """An optional channel that has to be run again is told as well; one that is left out is not."""
    with pytest.raises(BroadcastError) as caught:
        report(State.PUBLISHED, State.SKIPPED, (State.HELD, False)).raise_for_failures()
    assert str(caught.value).startswith("c2: held")
    assert "c1" not in str(caught.value)


def test_a_channel_that_the_report_lacks_is_a_key_error() -> None:
    """A misspelt channel is no end of an iteration."""
    with pytest.raises(KeyError):
        report(State.PUBLISHED)["c7"]
