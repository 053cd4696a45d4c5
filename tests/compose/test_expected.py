"""What a post looks like when it is read back and nobody has changed it."""

from __future__ import annotations

from socialcast.compose.expected import expected_sight
from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.testing.stage import picture


def thread(parts: int, photos: int = 0, each: int = 0) -> Post:
    shown = tuple(picture(number) for number in range(photos))
    return Post(key="doors", channel="news", platform="x", parts=tuple("abc"[:parts]), photos=shown, photos_each=each)


def receipt(*kinds: str) -> Receipt:
    items = tuple(Item(id=str(number), kind=kind) for number, kind in enumerate(kinds))
    return Receipt(id="0", url="", items=items)


def test_each_part_is_expected_in_its_own_item() -> None:
    """Parts and the items of the first one's kind go together in order; an item of another kind is only expected to be there."""
    seen = expected_sight(thread(2), receipt("post", "photo", "post")).items
    assert [each.text for each in seen] == ["a", None, "b"]


def test_what_was_appended_later_is_only_expected_to_be_there() -> None:
    """Nobody knows from the post what a thread that went on says further down."""
    assert [each.text for each in expected_sight(thread(1), receipt("post", "post")).items] == ["a", None]


def test_media_are_expected_where_the_thread_shows_them() -> None:
    """All on the first part, or so many on each."""
    first, second = expected_sight(thread(2, photos=3), receipt("post", "post")).items
    assert [medium.number for medium in first.media or ()] == [0, 1, 2]
    assert second.media == ()
    first, second = expected_sight(thread(2, photos=3, each=2), receipt("post", "post")).items
    assert [medium.number for medium in second.media or ()] == [2]
