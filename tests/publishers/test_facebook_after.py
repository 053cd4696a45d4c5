"""The Facebook publisher after publication: what is read back, what people comment, and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import LiveState, Receipt
from socialcast.publishers.facebook.settings import Place
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import clip
from tests.publishers.conversation import all_replies
from tests.publishers.test_facebook import Newsroom, composed, event, prepared_event


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path)
    yield newsroom
    newsroom.close()


@pytest.fixture
def receipt(room: Newsroom) -> Receipt:
    return room.publish(composed(room, text="Doors open at https://example.org/doors"))


def mirror(room: Newsroom) -> Any:
    return room.sandbox.mirror("facebook")


@pytest.mark.parametrize("video", [None, clip()])
def test_what_is_published_reads_back_as_expected(room: Newsroom, video: Any) -> None:
    """Text, title of a film, addresses, photos in order with their alt text: as the post had them."""
    post = composed(room, text="Doors open at https://example.org/doors", count=0 if video else 3, video=video)
    receipt = room.publish(post)
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(post, receipt).items
    assert [each.item for each in seen] == [each.item for each in wanted] == list(receipt.items)
    assert (seen[0].title, seen[0].text, seen[0].links) == (wanted[0].title, wanted[0].text, wanted[0].links)
    assert [medium.alt or "" for medium in seen[0].media or ()] == [medium.alt or "" for medium in wanted[0].media or ()]
    assert len(seen[0].media or ()) == (1 if video else 3)
    assert video or all(medium.url.startswith("https://") for medium in seen[0].media or ())
    assert seen[0].edited_at is None


def test_what_somebody_changed_by_hand_is_told_as_changed(room: Newsroom, receipt: Receipt) -> None:
    """The text as it stands there now, and when."""
    room.sandbox.advance(60)
    room.sandbox.act("facebook", "edit", "ann", receipt.id, "We stay shut")
    seen = room.publisher.inspect(receipt).items[0]
    assert (seen.text, seen.edited_at) == ("We stay shut", room.clock.now().replace(microsecond=0))


def test_a_deleted_post_and_a_deleted_photo_are_gone(room: Newsroom, receipt: Receipt) -> None:
    """A photo that is gone is missing on the post as well."""
    room.visitor.delete(receipt.items[1].id)
    post, first, second, _ = room.publisher.inspect(receipt).items
    assert (post.gone, first.gone, second.gone) == (False, True, False)
    assert [medium.alt for medium in post.media or ()] == ["The hall from seat 1", "The hall from seat 2"]
    room.visitor.delete(receipt.id)
    assert room.publisher.inspect(receipt).items[0].gone


def test_an_event_reads_back_with_where_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    """Title, text and state."""
    studio = Newsroom(sandbox, tmp_path, place=Place.LIVE)
    post, (item, _) = event(studio), prepared_event(studio)
    receipt = Receipt(id=item.id, url=item.url, items=(item,))
    (seen,), (wanted,) = studio.publisher.inspect(receipt).items, studio.publisher.expected(post, receipt).items
    assert (seen.title, seen.text, seen.live) == (wanted.title, wanted.text, LiveState.SCHEDULED)
    studio.close()


@pytest.mark.parametrize("video", [None, clip()])
def test_the_same_words_once_more_are_a_duplicate(room: Newsroom, video: Any) -> None:
    """Whoever posted them; the announcement's own post, and other words, are none."""
    post = composed(room, count=0 if video else 2, video=video)
    receipt = room.publish(post)
    assert room.publisher.duplicates(post, receipt) == ()
    room.publish(composed(room, key="other", count=0 if video else 2, video=video, text="Something else"))
    twin = room.publish(msgspec.structs.replace(post, key="again"), "two")
    (found,) = room.publisher.duplicates(post, receipt)
    assert found.url.startswith("https://www.facebook.com/")
    assert video or found.id == twin.id


def test_comments_come_on_both_levels_with_who_wrote_them(room: Newsroom, receipt: Receipt) -> None:
    """The oldest first; own ones are marked, and hidden ones are shown as such."""
    asked = mirror(room).reply_as("ann", receipt.id, "When?")
    room.sandbox.advance(60)
    answered = room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=all_replies(room.publisher, receipt)[0][0])
    room.sandbox.advance(60)
    angry = mirror(room).reply_as("bob", asked, "Who cares")
    room.sandbox.act("facebook", "moderate", "bob", angry, "hidden")
    ann, ours, bob = all_replies(room.publisher, receipt)[0]
    assert (ann.id, ann.author, ann.text, ann.parent, ann.is_own, ann.hidden) == (asked, "ann", "When?", receipt.id, False, False)
    assert (ours.id, ours.parent, ours.is_own) == (answered.id, asked, True)
    assert (bob.author, bob.parent, bob.hidden) == ("bob", asked, True)
    assert ann.url.startswith("https://www.facebook.com/")


def test_a_cursor_goes_on_where_the_last_day_ended(room: Newsroom, receipt: Receipt) -> None:
    """Each comment is read, over pages and over days; only those of the last second come twice."""
    ids = [mirror(room).reply_as("ann", receipt.id, f"Question {number}") for number in range(150)]
    first = room.publisher.replies(receipt)
    assert (first.more, len(first.page)) == (True, 100)
    room.sandbox.advance(60)
    late = mirror(room).reply_as("ann", receipt.id, "Late")
    rest, cursor = all_replies(room.publisher, receipt, first.cursor)
    assert [reply.id for reply in (*first.page, *rest)] == [*ids, late]
    room.sandbox.advance(86_400)
    latest = mirror(room).reply_as("bob", receipt.id, "And now?")
    assert [reply.id for reply in all_replies(room.publisher, receipt, cursor)[0]] in ([latest], [late, latest])


def test_an_author_that_facebook_does_not_name_is_left_out(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was said is shown all the same."""
    scopes = "pages_manage_posts pages_read_engagement pages_manage_engagement"
    room = Newsroom(sandbox, tmp_path, wishes={"scopes": scopes})
    receipt = room.publish(composed(room, count=0))
    mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,) = all_replies(room.publisher, receipt)[0]
    assert (ann.author, ann.text, ann.is_own) == ("", "When?", False)
    room.close()


def test_a_comment_that_nobody_may_answer_is_not_answered(room: Newsroom, receipt: Receipt) -> None:
    """Facebook tells beforehand."""
    mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,) = all_replies(room.publisher, receipt)[0]
    closed = msgspec.structs.replace(ann, forbidden="nobody may")
    with pytest.raises(NotAllowed):
        room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=closed)
    assert room.sent("POST", "/comments") == 0


def test_answering_what_was_deleted_says_so(room: Newsroom, receipt: Receipt) -> None:
    """It was there when it was listed."""
    id = mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,) = all_replies(room.publisher, receipt)[0]
    room.sandbox.act("facebook", "remove", "ann", id)
    with pytest.raises(TerminalError, match="deleted") as raised:
        room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=ann)
    assert raised.value.code == "reply.gone"


@pytest.mark.parametrize("effect", ["reset_after", "reset_before"])
@pytest.mark.parametrize("level", [1, 2])
def test_an_answer_whose_answer_was_lost_is_there_once(room: Newsroom, receipt: Receipt, level: int, effect: str) -> None:
    """Found in its place, though the Page said the same below the post and to somebody else."""
    asked = mirror(room).reply_as("ann", receipt.id, "When?")
    if level == 2:
        mirror(room).reply_as("bob", asked, "I ask, too")
    other = mirror(room).reply_as("cy", receipt.id, "What time?")
    people = {reply.author: reply for reply in all_replies(room.publisher, receipt)[0]}
    room.publisher.answer(receipt, "At nine.", room.steps(), name="here")
    room.publisher.answer(receipt, "At nine.", room.steps(), name="c", to=people["cy"])
    room.sandbox.fault("facebook", effect, method="POST", nth=1)
    item = room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=people["ann" if level == 1 else "bob"])
    own = [reply for reply in all_replies(room.publisher, receipt)[0] if reply.is_own]
    assert len(own) == 3
    (ours,) = [reply for reply in own if reply.id == item.id]
    assert ours.parent not in (receipt.id, other)


def test_numbers_are_those_that_the_capabilities_define(room: Newsroom, receipt: Receipt) -> None:
    """Of the post; they grow with time."""
    mirror(room).reply_as("ann", receipt.id, "When?")
    first = {metric.name: metric.value for metric in room.publisher.measure(receipt)}
    assert set(first) == {rule.name for rule in room.publisher.capabilities.metrics}
    assert (first["comments"], first["views"]) == (1, 0)
    room.sandbox.advance(86_400)
    assert {metric.name: metric.value for metric in room.publisher.measure(receipt)}["views"] > 0


def test_numbers_of_a_film_are_those_of_its_post(room: Newsroom) -> None:
    """They are told as the film's."""
    receipt = room.publish(composed(room, count=0, video=clip()))
    room.sandbox.advance(86_400)
    told = room.publisher.measure(receipt)
    assert {metric.item_id for metric in told} == {receipt.id}
    assert all(metric.value > 0 for metric in told if metric.name != "comments")


def test_without_the_right_to_insights_the_other_numbers_come(sandbox: Sandbox, tmp_path: Path) -> None:
    """A number that the token may not read is left out."""
    scopes = "pages_manage_posts pages_read_engagement pages_read_user_content"
    room = Newsroom(sandbox, tmp_path, wishes={"scopes": scopes})
    receipt = room.publish(composed(room, count=0))
    assert {metric.name for metric in room.publisher.measure(receipt)} == {"reactions", "comments", "shares"}
    room.close()
