"""The Vimeo publisher after publication: what is read back, what people comment, corrections and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, LiveState
from socialcast.model.echo import Reply
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import Item, Receipt
from socialcast.model.reports import Difference
from socialcast.publisher import Publisher
from tests.publishers import test_vimeo
from tests.publishers.conversation import all_replies
from tests.publishers.test_vimeo import Studio, event, film

studio = test_vimeo.studio  # a fixture: every request is held against the API's own description


class Room:
    """A studio with its film published, and a machine at hand."""

    def __init__(self, studio: Studio, broadcast: Broadcast, said: Announcement) -> None:
        self.sandbox, self.mirror, self.studio, self.broadcast = studio.sandbox, studio.mirror, studio, broadcast
        self.said, told = said, broadcast.publish(said)["stage"]
        self.receipt = Receipt(id=told.id, url=told.url, published_at=told.published_at, items=told.items)

    def open(self) -> tuple[Publisher, Any]:
        return self.broadcast.open("stage", "doors")

    @property
    def publisher(self) -> Publisher:
        return self.open()[0]

    def says(self, name: str, text: str, to: str = "") -> str:
        """The API's address of what somebody wrote, below the video or below a comment."""
        id = (to or self.receipt.id).rpartition("/")[2]
        return f"/videos/{self.receipt.id}/comments/{self.sandbox.act('vimeo', 'reply', name, id, text)}"

    def answer(self, text: str, to: str = "", name: str = "a") -> Item:
        publisher, steps = self.open()
        reply = next((reply for reply in self.replies() if reply.id == to), None)
        return publisher.answer(self.receipt, text, steps, name=name, to=reply)

    def replies(self) -> list[Reply]:
        return all_replies(self.publisher, self.receipt)[0]


@pytest.fixture
def room(studio: Studio) -> Iterator[Room]:
    with studio.machine() as broadcast:
        yield Room(studio, broadcast, film(licence="CC-BY-SA-4.0"))


def both(studio: Studio) -> Announcement:
    """A film and a live event."""
    said = msgspec.structs.replace(film(licence="CC-BY-SA-4.0"), live=event(studio).live)
    return msgspec.structs.replace(said, text="Open, see https://example.org/doors")


# -- what is shown -----------------------------------------------------------------------------------------------------------


def test_what_is_published_reads_back_as_expected(studio: Studio) -> None:
    """Titles, descriptions and addresses of film and event, the film's licence and its tags."""
    with studio.machine() as broadcast:
        room = Room(studio, broadcast, both(studio))
        seen = room.publisher.inspect(room.receipt).items
        wanted = room.publisher.expected(room.publisher.compose(room.said, {}), room.receipt).items
    assert [(each.item, each.title, each.text, each.links, each.tags) for each in seen] == [
        (each.item, each.title, each.text, each.links, each.tags) for each in wanted
    ]
    told = {each.item.kind: each for each in seen}
    assert (told["video"].licence, told["live"].live) == ("CC-BY-SA", LiveState.SCHEDULED)
    assert next(each.licence for each in wanted if each.item.kind == "video") == "CC-BY-SA"
    assert told["video"].links == ("https://example.org/doors",)


def test_tags_are_told_apart_as_vimeo_does(room: Room, studio: Studio) -> None:
    """By their normalised names: other capitals are no finding, another tag is one, and so is one that is missing."""
    studio.video.tags = ["Stars", "opendoors"]
    assert room.broadcast.audit("doors").exit_code == 0
    studio.video.tags = ["stars", "protest"]
    (finding,) = room.broadcast.audit("doors")["stage"].findings
    assert (finding.aspect, finding.expected, finding.found) == ("tags", "opendoors", "protest")
    studio.video.tags = ["stars"]
    (finding,) = room.broadcast.audit("doors")["stage"].findings
    assert (finding.difference, finding.expected, finding.found) == (Difference.MISSING, "opendoors", "")


def test_a_licence_that_vimeo_lacks_is_expected_as_it_is_shown(studio: Studio) -> None:
    """All rights reserved; without a licence nothing is expected."""
    with studio.machine() as broadcast:
        room = Room(studio, broadcast, film(licence="ODbL-1.0"))
        (seen,) = room.publisher.inspect(room.receipt).items
        licences = [
            room.publisher.expected(room.publisher.compose(said, {}), room.receipt).items[0].licence
            for said in (room.said, film(licence=""))
        ]
    assert (seen.licence, licences) == ("All Rights Reserved", ["All Rights Reserved", None])


def test_what_was_changed_by_hand_is_seen_with_its_time(room: Room) -> None:
    """The description as it stands there now."""
    room.sandbox.advance(60)
    before = room.sandbox.clock.datetime().replace(microsecond=0)
    room.sandbox.act("vimeo", "edit", "eve", room.receipt.id, "We stay shut")
    (seen,) = room.publisher.inspect(room.receipt).items
    assert seen.text == "We stay shut"
    assert seen.edited_at
    assert before <= seen.edited_at <= room.sandbox.clock.datetime()


def test_what_is_private_or_deleted_is_gone(studio: Studio) -> None:
    """Nobody sees it; neither is an error, of the event either."""
    with studio.machine() as broadcast:
        room = Room(studio, broadcast, both(studio))
        studio.video.view = "nobody"
        for changed in studio.mirror.events.values():
            changed.view = "nobody"
        assert [each.gone for each in room.publisher.inspect(room.receipt).items] == [True, True]
        for item in room.receipt.items:
            room.sandbox.act("vimeo", "remove", "eve", item.id)
        assert [each.gone for each in room.publisher.inspect(room.receipt).items] == [True, True]
        assert (room.replies(), room.publisher.measure(room.receipt)) == ([], ())


def test_the_same_words_once_more_are_a_duplicate(room: Room) -> None:
    """Whoever uploaded them; a private video, other words and what is older are none."""
    post = room.publisher.compose(room.said, {})
    assert room.publisher.duplicates(post, room.receipt) == ()
    twin = msgspec.structs.replace(room.said, key="again")
    (known,) = room.mirror.videos
    assert room.studio.publish(twin, ledger="two").url
    (id,) = set(room.mirror.videos) - {known}
    assert [item.id for item in room.publisher.duplicates(post, room.receipt)] == [id]
    room.mirror.videos[id].view = "nobody"
    assert room.publisher.duplicates(post, room.receipt) == ()
    room.mirror.videos[id].view = "anybody"
    room.mirror.videos[id].at -= 3 * 86_400
    assert room.publisher.duplicates(post, room.receipt) == ()


# -- what people say ---------------------------------------------------------------------------------------------------------


def test_comments_come_on_both_levels_with_who_wrote_them(room: Room) -> None:
    """The oldest first, and with what they answer; own ones are marked."""
    asked = room.says("ann", "When?")
    second = room.says("bob", "Me too", asked)
    ours = room.answer("At nine.", asked)
    told = {reply.id: reply for reply in room.replies()}
    ann, bob, own = (told[id] for id in (asked, second, ours.id))
    assert (ann.author, ann.text, ann.parent, ann.is_own) == ("ann", "When?", room.receipt.id, False)
    assert (bob.parent, own.parent, own.text, own.is_own) == (asked, asked, "At nine.", True)
    assert ann.url == f"{room.receipt.url}#comment_{asked.rpartition('/')[2]}"
    assert (ours.url, ann.author_url) == (own.url, ann.author_url)


def test_an_answer_to_an_answer_names_whom_it_answers(room: Room) -> None:
    """It stands below the comment that began the thread; which of several is meant, its address tells."""
    asked = room.says("ann", "When?")
    first, second = room.says("bob", "Me too", asked), room.says("cy", "And where?", asked)
    third = room.says("cy", "And why?", asked)
    answers = [room.answer("Look at the page.", id, name=id) for id in (first, second, third)]
    own = {reply.id: reply for reply in room.replies() if reply.is_own}
    assert [own[item.id].parent for item in answers] == [first, second, third]
    assert own[answers[0].id].text == "@bob Look at the page."


def test_every_comment_is_read_over_pages_and_threads(room: Room) -> None:
    """More of both than a page has; only threads with answers are asked for them."""
    ids = [room.says("ann", f"Question {number}") for number in range(120)]
    ids += [room.says("bob", f"Answer {number}", ids[0]) for number in range(101)]
    first = room.publisher.replies(room.receipt)
    rest, cursor = all_replies(room.publisher, room.receipt, first.cursor)
    assert (first.more, {reply.id for reply in (*first.page, *rest)}) == (True, set(ids))
    assert (room.studio.calls("list_comments"), room.studio.calls("list_replies")) == (2, 2)
    late = room.says("cy", "Late", ids[1])
    assert late in {reply.id for reply in all_replies(room.publisher, room.receipt, cursor)[0]}


def test_where_comments_were_turned_off_nobody_is_answered(room: Room) -> None:
    """It is known before anything is sent, and Vimeo's own refusal says it as well."""
    asked = room.says("ann", "When?")
    (open_,) = room.replies()
    room.studio.video.commenters = "nobody"
    with pytest.raises(NotAllowed, match="would refuse"):
        room.answer("At nine.", asked)
    assert room.studio.calls("add_reply") == 0
    publisher, steps = room.open()
    with pytest.raises(NotAllowed) as refused:
        publisher.answer(room.receipt, "At nine.", steps, name="b", to=open_)
    assert "settings" in refused.value.hint


@pytest.mark.parametrize("level", [1, 2])
def test_answering_what_was_deleted_says_so(room: Room, level: int) -> None:
    """It was there when it was listed."""
    asked = room.says("ann", "When?")
    gone = asked if level == 1 else room.says("bob", "Me too", asked)
    reply = next(reply for reply in room.replies() if reply.id == gone)
    room.sandbox.act("vimeo", "remove", "ann", gone.rpartition("/")[2])
    publisher, steps = room.open()
    with pytest.raises(TerminalError, match="deleted") as raised:
        publisher.answer(room.receipt, "At nine.", steps, name="a", to=reply)
    assert raised.value.code == "reply.gone"


@pytest.mark.parametrize("effect", ["reset_after", "reset_before", "no_id"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_an_answer_whose_answer_was_lost_is_there_once(room: Room, level: int, effect: str) -> None:
    """Found in its place, though the account said the same elsewhere, and to the same person before."""
    other = room.says("cy", "What time?")
    room.answer("At nine.", other, "elsewhere")
    asked = room.says("ann", "When?")
    to = ["", asked, ""][level]
    if level == 2:
        room.answer("At nine.", room.says("bob", "Me too", asked), "before")
        to = room.says("bob", "Still?", asked)
    room.sandbox.fault("vimeo", effect, handler="add_reply" if level else "add_comment", nth=1)
    item = room.answer("At nine.", to)
    assert room.answer("At nine.", to) == item
    own = {reply.id: reply.parent for reply in room.replies() if reply.is_own}
    assert (len(own), own[item.id]) == (3 if level == 2 else 2, to or room.receipt.id)


def test_an_older_answer_is_not_taken_for_a_lost_one(room: Room) -> None:
    """The same words to the same person, whose first reply is not there any more to tell the two apart."""
    asked = room.says("ann", "When?")
    first = room.says("bob", "Me too", asked)
    before = room.answer("At nine.", first, "before")
    room.sandbox.act("vimeo", "remove", "bob", first.rpartition("/")[2])
    room.sandbox.advance(60)
    room.sandbox.fault("vimeo", "reset_before", handler="add_reply", nth=1)
    assert room.answer("At nine.", room.says("bob", "Still?", asked)) != before
    assert [reply.text for reply in room.replies() if reply.is_own] == ["@bob At nine."] * 2


def test_answers_are_taken_back_with_all_else(room: Room) -> None:
    """Or alone; what somebody deleted before is no error."""
    asked = room.says("ann", "When?")
    said = room.answer("At nine.", asked)
    for ledger, items in (("two", (said,)), ("three", (*room.receipt.items, said))):
        with room.studio.machine(ledger) as broadcast:
            publisher, steps = broadcast.open("stage", "doors")
            publisher.retract(msgspec.structs.replace(room.receipt, items=items), steps)
            left = [reply.id for reply in room.replies()]
            assert left == ([asked] if ledger == "two" else [])
    assert not room.mirror.videos


def test_below_an_event_there_is_no_dialogue(studio: Studio) -> None:
    """No comments are read, and none is sent."""
    with studio.machine() as broadcast:
        room = Room(studio, broadcast, event(studio))
        assert room.replies() == []
        with pytest.raises(TerminalError, match="not offer"):
            room.answer("At nine.")


# -- corrections -------------------------------------------------------------------------------------------------------------


def corrected(said: Announcement) -> Announcement:
    """Other words, tags and licence, and the event an hour later."""
    film = said.video and msgspec.structs.replace(said.video, licence="CC-BY-4.0", title="Open gates")
    live = said.live and msgspec.structs.replace(said.live, title="Gates")
    return msgspec.structs.replace(said, video=film, live=live, text="We open at ten.", tags=("stars", "late & more"))


@pytest.mark.parametrize("handler", ["", "change_video", "change_event", "set_tags", "delete_tag"])
def test_a_correction_changes_all_but_the_file_whatever_answer_is_lost(studio: Studio, handler: str) -> None:
    """Afterwards film and event read back as the new announcement, with its tags alone."""
    with studio.machine() as broadcast:
        room = Room(studio, broadcast, both(studio))
        if handler:
            room.sandbox.fault("vimeo", "reset_after", handler=handler, nth=1)
        publisher, steps = room.open()
        after = publisher.compose(corrected(room.said), {})
        for _ in range(2):
            assert publisher.amend(room.receipt, after, steps, name="revision/1") == room.receipt
        seen, wanted = publisher.inspect(room.receipt).items, publisher.expected(after, room.receipt).items
    assert [(each.title, each.text) for each in seen] == [(each.title, each.text) for each in wanted]
    assert (studio.video.name, studio.video.licence, studio.video.tags) == ("Open gates", "by", ["stars", "late & more"])
    assert next(iter(studio.mirror.events.values())).view == "anybody"
    assert (studio.calls("add_video"), studio.calls("add_event")) == (1, 1)


# -- numbers -----------------------------------------------------------------------------------------------------------------


def test_numbers_grow_and_are_those_that_the_capabilities_define(room: Room) -> None:
    """Of the video; they come in one call."""
    room.says("ann", "When?")
    room.sandbox.advance(86_400)
    before = len(room.sandbox.requests("vimeo"))
    told = {metric.name: metric.value for metric in room.publisher.measure(room.receipt)}
    assert set(told) == {rule.name for rule in room.publisher.capabilities.metrics}
    assert (told["comments"], told["views"] > told["likes"] > 0) == (1, True)
    assert len(room.sandbox.requests("vimeo")) - before == 1
