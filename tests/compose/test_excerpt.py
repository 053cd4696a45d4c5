"""Of two texts, what differs is what is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialcast.compose.excerpt import excerpt

LONG = "The doors of the old observatory open at nine, with a talk on the winter sky and hot soup for everybody."


def test_a_long_text_is_shown_where_it_differs() -> None:
    """Also where one text only goes on after the end of the other."""
    assert "at ten" in excerpt(LONG.replace("nine", "ten"), LONG)
    assert "Bring a coat." in excerpt(f"{LONG} Bring a coat.", LONG)
    assert excerpt("Nine.", "Ten.") == "“Nine.”"


@given(st.text(), st.text())
def test_it_is_short_and_on_one_line(text: str, other: str) -> None:
    """Whatever the texts are."""
    assert len(excerpt(text, other)) <= 64
    assert "\n" not in excerpt(text, other)
