"""Figures of the sandbox move with its clock, and with nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialcast.sandbox.audience import audience

SECONDS = st.floats(0, 10**8)


@given(st.text(), SECONDS, SECONDS)
def test_figures_never_fall_and_are_the_same_for_the_same_time(id: str, one: float, other: float) -> None:
    """More time is never fewer views, likes or shares."""
    early, late = (audience(id, 1e9, 1e9 + seconds) for seconds in sorted((one, other)))
    assert early == audience(id, 1e9, 1e9 + min(one, other))
    assert (early.views, early.likes, early.shares) <= (late.views, late.likes, late.shares)
    assert late.views >= late.likes >= late.shares >= 0


def test_nobody_has_seen_what_is_new_or_yet_to_come() -> None:
    """The first minute, and a time before publication, have no views."""
    assert audience("a", 100, 159).views == audience("a", 100, 0).views == 0
    assert audience("a", 100, 3700).views > audience("a", 100, 700).views > 0


def test_ids_reach_differently_far() -> None:
    """So that figures that were mixed up are noticed."""
    assert len({audience(str(number), 0, 86_400).views for number in range(20)}) > 15
