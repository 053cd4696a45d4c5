"""The X publisher after publication: what is read back, what people answer, threads that go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture, saying
from tests.publishers.conversation import all_replies
from tests.publishers.test_x import Newsroom


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path)
    yield newsroom
    newsroom.close()


@pytest.fixture
def receipt(room: Newsroom) -> Receipt:
    return room.publish(saying("Doors open at https://example.com/doors & more", photos=tuple(map(picture, range(2)))))


def mirror(room: Newsroom) -> Any:
    return room.sandbox.mirror("x")


def test_what_is_published_reads_back_as_expected(room: Newsroom, receipt: Receipt) -> None:
    """Text without t.co and escapes, addresses, photos with their alt text: as the post had them."""
    post = saying("Doors open at https://example.com/doors & more", photos=tuple(map(picture, range(2))))
    (seen,), (wanted,) = room.publisher.inspect(receipt).items, room.publisher.expected(post, receipt).items
    assert (seen.text, seen.links) == (wanted.text, wanted.links)
    assert [medium.alt for medium in seen.media or ()] == [medium.alt for medium in wanted.media or ()]
    assert all(medium.url.startswith("https://pbs.twimg.com/") for medium in seen.media or ())


def test_a_deleted_post_is_gone(room: Newsroom, receipt: Receipt) -> None:
    """X names the missing one beside those that are there."""
    del mirror(room).posts[receipt.id]
    assert room.publisher.inspect(receipt).items == (Seen(item=receipt.items[0], gone=True),)


def test_the_same_words_once_more_are_a_duplicate(room: Newsroom, receipt: Receipt) -> None:
    """Whoever posted them; other words of the account are none."""
    post = saying("Doors open at https://example.com/doors & more")
    assert room.publisher.duplicates(post, receipt) == ()
    room.sandbox.advance(86_401)  # X refuses the same words for a while
    twin = room.publish(saying("Doors open at https://example.com/doors & more"), "another")
    room.publish(saying("Something else"), "third")
    assert [item.id for item in room.publisher.duplicates(post, receipt)] == [twin.id]


def test_replies_come_with_what_they_are_to_whom_and_by_whom(room: Newsroom, receipt: Receipt) -> None:
    """The newest first; own ones are marked, and those that X lets nobody answer carry its rule."""
    asked = mirror(room).reply_as("ann", receipt.id, "When?")
    answered = room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=all_replies(room.publisher, receipt)[0][0])
    mirror(room).speak_as("bob", asked, "Who cares")
    bob, ours, ann = all_replies(room.publisher, receipt)[0]
    assert (ann.author, ann.text, ann.parent, ann.forbidden, ann.is_own) == ("ann", "@news When?", receipt.id, "", False)
    assert ann.url == f"https://x.com/ann/status/{asked}"
    assert (ours.id, ours.parent, ours.is_own) == (answered.id, asked, True)
    assert "mention" in bob.forbidden


def test_a_cursor_goes_on_where_the_last_day_ended(room: Newsroom, receipt: Receipt) -> None:
    """Each reply is read once, over pages and over days, also those that come while pages are read."""
    ids = [mirror(room).reply_as("ann", receipt.id, f"Question {number}") for number in range(150)]
    first = room.publisher.replies(receipt)
    assert first.more
    late = mirror(room).reply_as("ann", receipt.id, "Late")
    second = room.publisher.replies(receipt, first.cursor)
    assert [reply.id for page in (first, second) for reply in page.page] == ids[::-1]
    rest, cursor = all_replies(room.publisher, receipt, second.cursor)
    assert [reply.id for reply in rest] == [late]
    assert all_replies(room.publisher, receipt, cursor)[0] == []


def test_an_answer_that_the_rule_forbids_is_not_sent(room: Newsroom, receipt: Receipt) -> None:
    """X's rule of February 2026 is known beforehand."""
    mirror(room).speak_as("bob", receipt.id, "Meh")
    (bob,), _ = all_replies(room.publisher, receipt)
    posts = len(mirror(room).posts)
    with pytest.raises(NotAllowed) as refused:
        room.publisher.answer(receipt, "Sorry", room.steps(), name="a", to=bob)
    assert "X's own app" in refused.value.hint
    assert len(mirror(room).posts) == posts


def test_answering_what_was_deleted_says_so(room: Newsroom, receipt: Receipt) -> None:
    """It was there when it was listed."""
    id = mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,), _ = all_replies(room.publisher, receipt)
    del mirror(room).posts[id]
    with pytest.raises(TerminalError, match="deleted"):
        room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=ann)


def test_an_answer_whose_answer_was_lost_is_there_once(room: Newsroom, receipt: Receipt) -> None:
    """It is found on the timeline, below what it answers."""
    mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,), _ = all_replies(room.publisher, receipt)
    room.sandbox.fault("x", "reset_after", method="POST", nth=1)
    item = room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=ann)
    assert [post.id for post in mirror(room).posts.values() if post.parent and post.parent.id == ann.id] == [item.id]


def test_a_thread_goes_on_at_its_end_with_a_photo(room: Newsroom, receipt: Receipt) -> None:
    """Each part answers the one before, and the photo is its own, though the announcement had photos, too."""
    more = saying("She is on stage", photos=(picture(7),))
    for _ in range(2):
        (item,) = room.publisher.append(receipt, more, room.steps(), name="say/1")
    post = mirror(room).posts[item.id]
    assert post.parent.id == receipt.items[-1].id
    assert [medium.alt_text for medium in post.media] == [picture(7).alt]


def test_numbers_are_of_each_post(room: Newsroom, receipt: Receipt) -> None:
    """By the names that the capabilities define."""
    mirror(room).reply_as("ann", receipt.id, "When?")
    told = {metric.name: metric.value for metric in room.publisher.measure(receipt)}
    assert told["comments"] == 1
    assert set(told) == {rule.name for rule in room.publisher.capabilities.metrics}
