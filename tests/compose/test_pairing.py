"""What is shown is paired with what was announced, however much of it is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialcast.compose.fingerprint import lookalikes
from socialcast.compose.pairing import pairs

TEXTS = st.lists(st.sampled_from(["dome", "door", "", "sky"]), max_size=8)


@given(TEXTS, TEXTS)
def test_pairs_are_in_order_and_each_is_in_one(wanted: list[str], shown: list[str]) -> None:
    """Nothing stands for two, and nothing jumps over another."""
    found = list(pairs(wanted, shown))
    for side in zip(*found, strict=True):
        assert list(side) == sorted(set(side))


@given(st.lists(st.text(), unique=True, max_size=12), st.data())
def test_what_is_missing_pairs_with_nothing(wanted: list[str], data: st.DataObject) -> None:
    """And everything else with itself, wherever it stands now."""
    missing = data.draw(st.sets(st.sampled_from(range(len(wanted))))) if wanted else set()
    shown = [text for number, text in enumerate(wanted) if number not in missing]
    assert all(wanted[number] == shown[other] for number, other in pairs(wanted, shown))
    assert len(list(pairs(wanted, shown))) == len(shown)


def test_each_picture_is_shown_for_one() -> None:
    """Two that look alike need two; one that is missing leaves the others where they are."""
    assert lookalikes([0, 0, 2**64 - 1], [0, 2**64 - 1]) == {0: 0, 2: 1}
    assert lookalikes([2**64 - 1, 0], [0, 2**64 - 1]) == {0: 1, 1: 0}
    assert lookalikes([0], [2**63 - 1]) == {}
