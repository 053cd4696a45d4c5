"""What is different between two posts, and what is new in a text, in whole sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from socialcast.compose.changes import changed_aspects, new_sentences
from socialcast.model.capabilities import Aspect
from socialcast.registry import publisher_class
from socialcast.testing.stage import picture, saying

SENTENCES = st.lists(
    st.sampled_from(["We open at nine.", "We open at ten.", "There is soup!", "Is it free?", "Yes."]), max_size=6
)


@given(SENTENCES, SENTENCES)
def test_the_sentences_that_are_new_are_told(before: list[str], after: list[str]) -> None:
    """All of them, in their order, and none that was there before."""
    told = new_sentences(" ".join(before), " ".join(after))
    assert told == " ".join(sentence for sentence in after if sentence not in before)


def test_a_title_that_changed_is_noticed_where_readers_see_it() -> None:
    """A mail has a subject, whatever its length; X has no title."""
    before, after = (saying("Doors", title=title) for title in ("Open doors", "Closed doors"))
    assert changed_aspects(before, after, publisher_class("email").capabilities) == (Aspect.TITLE,)
    assert changed_aspects(before, after, publisher_class("x").capabilities) == ()


def test_what_is_said_below_a_photo_changes_nothing_where_nobody_sees_it() -> None:
    """Another credit is a change on Flickr, and none on Mastodon, which shows no credit."""
    before, after = (saying("Doors", photos=(replace(picture(1), credit=name),)) for name in ("A. Example", "B. Example"))
    assert changed_aspects(before, after, publisher_class("flickr").capabilities) == (Aspect.ALT_TEXT,)
    assert changed_aspects(before, after, publisher_class("mastodon").capabilities) == ()
