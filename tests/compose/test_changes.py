"""What is new in a text is told in whole sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialcast.compose.changes import new_sentences

SENTENCES = st.lists(
    st.sampled_from(["We open at nine.", "We open at ten.", "There is soup!", "Is it free?", "Yes."]), max_size=6
)


@given(SENTENCES, SENTENCES)
def test_the_sentences_that_are_new_are_told(before: list[str], after: list[str]) -> None:
    """All of them, in their order, and none that was there before."""
    told = new_sentences(" ".join(before), " ".join(after))
    assert told == " ".join(sentence for sentence in after if sentence not in before)
