"""The YouTube publisher after publication: what is read back, what people comment, and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Broadcast, Override, State
from socialcast.model.echo import Reply
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.reports import Means
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture
from tests.publishers import test_youtube
from tests.publishers.conversation import all_replies
from tests.publishers.test_youtube import Station, event, film

station = test_youtube.station  # a fixture: every request is held against the API's own description


class Studio:
    """A station with its film published, and a machine at hand."""

    def __init__(self, station: Station, broadcast: Broadcast) -> None:
        self.sandbox, self.mirror, self.broadcast = station.sandbox, station.mirror, broadcast
        told = broadcast.publish(film())["film"]
        self.receipt = Receipt(id=told.id, url=told.url, items=told.items)

    def open(self) -> tuple[Any, Any]:
        return self.broadcast.open("film", "doors")

    def answer(self, text: str, name: str, to: Reply | None = None) -> Any:
        publisher, steps = self.open()
        return publisher.answer(self.receipt, text, steps, name=name, to=to)

    def replies(self) -> list[Reply]:
        return all_replies(self.open()[0], self.receipt)[0]


@pytest.fixture
def studio(station: Station) -> Iterator[Studio]:
    with station.machine() as broadcast:
        yield Studio(station, broadcast)


def test_what_is_published_reads_back_as_expected(station: Station) -> None:
    """Title and description of the film and of the event."""
    both = msgspec.structs.replace(film(), live=event(station).live, text="Open, see https://example.org/doors")
    with station.machine() as broadcast:
        told = broadcast.publish(both)["film"]
        publisher, _ = broadcast.open("film", "doors")
        receipt = Receipt(id=told.id, url=told.url, items=told.items)
        seen, wanted = publisher.inspect(receipt), publisher.expected(publisher.compose(both, {}), receipt)
    assert (told.state, len(seen.items)) == (State.PUBLISHED, 2)
    assert seen == wanted
    assert seen.items[0].links == ("https://example.org/doors",)


def test_what_was_changed_hidden_or_deleted_by_hand_is_seen(studio: Studio) -> None:
    """Another description; a private video and one that is not there are gone."""
    publisher, _ = studio.open()
    studio.sandbox.act("youtube", "edit", "eve", studio.receipt.id, "We stay shut")
    assert publisher.inspect(studio.receipt).items[0].text == "We stay shut"
    studio.mirror.videos[studio.receipt.id].snippet["tags"].append("later")
    (_, changed) = studio.broadcast.audit("doors").outcomes[0].findings
    assert (changed.aspect, changed.expected, changed.found) == ("tags", "", "later")
    studio.mirror.videos[studio.receipt.id].status["privacyStatus"] = "private"
    assert publisher.inspect(studio.receipt).items[0].gone
    studio.sandbox.act("youtube", "remove", "eve", studio.receipt.id)
    assert publisher.inspect(studio.receipt).items[0].gone


@pytest.mark.parametrize("effect", ["none", "reset_before", "reset_after", "status_after", "no_id"])
def test_a_correction_changes_the_words_and_nothing_else(station: Station, effect: str) -> None:
    """Title, description and tags of the film and of the event, at their addresses, whichever answer is lost; who sees them, and
    by what they are found again, stays."""
    both = msgspec.structs.replace(film(), live=event(station).live)
    with station.machine() as broadcast:
        told = broadcast.publish(both)["film"]
        before = {item.id: station.mirror.videos[item.id] for item in told.items}
        marks = [tag for video in before.values() for tag in video.snippet["tags"] if tag.startswith("socialcast-")]
        if effect != "none":
            station.sandbox.fault("youtube", effect, handler="update_video")
        later = msgspec.structs.replace(both, text="Open at ten.", tags=("later",))
        (outcome,) = broadcast.correct(later).outcomes
        assert (outcome.means, outcome.done) == (Means.EDIT, "edited"), outcome
        assert broadcast.audit("doors").exit_code == 0
    for item in told.items:
        now = station.mirror.videos[item.id]
        assert now.snippet["description"].startswith("Open at ten.")
        assert "later" in now.snippet["tags"]
        assert now.status["privacyStatus"] == "public"
    tags = [tag for item in told.items for tag in station.mirror.videos[item.id].snippet["tags"]]
    assert [tag for tag in tags if tag.startswith("socialcast-")] == marks


@pytest.mark.parametrize("effect", ["none", "reset_before", "reset_after", "status_after", "no_id"])
def test_an_event_that_moves_is_moved(station: Station, effect: str) -> None:
    """Start, end and how it is played, whichever answer is lost; its words stay, and so does the stream that it is bound to."""
    said = event(station, ends_at=station.sandbox.clock.datetime() + timedelta(hours=2), description="Come and see.")
    assert said.live
    with station.machine() as broadcast:
        broadcast.publish(said).raise_for_failures()
        (before,) = station.mirror.broadcasts.values()
        stream, words = before.stream, dict(before.video.snippet)
        if effect != "none":
            station.sandbox.fault("youtube", effect, handler="update_broadcast")
        starts_at = said.live.starts_at + timedelta(minutes=30)
        moved = msgspec.structs.replace(said.live, starts_at=starts_at, ends_at=None, dvr=not said.live.dvr, poster=picture(1))
        (outcome,) = broadcast.correct(msgspec.structs.replace(said, live=moved)).outcomes
        assert (outcome.means, outcome.done, outcome.changes) == (Means.EDIT, "edited", ("live",)), outcome
        assert broadcast.audit("doors").exit_code == 0
    (now,) = station.mirror.broadcasts.values()
    assert datetime.fromisoformat(now.starts_at) == starts_at.replace(microsecond=0)
    assert (now.ends_at, now.details["enableDvr"], now.stream) == ("", moved.dvr, stream)
    assert (now.video.snippet, now.video.thumbnail is None) == (words, False)


def test_an_event_that_has_begun_keeps_its_start(station: Station) -> None:
    """Its words are corrected; and one that was late to begin is not moved for them into the past, which YouTube refuses."""
    said = event(station)
    assert said.live
    with station.machine() as broadcast:
        broadcast.publish(said).raise_for_failures()
        (there,) = station.mirror.broadcasts.values()
        station.sandbox.advance(7200)
        late = msgspec.structs.replace(said, text="We open late.")
        assert broadcast.correct(late)["film"].done == "edited"
        (before, there.state) = (there.starts_at, "live")
        moved = msgspec.structs.replace(said.live, starts_at=said.live.starts_at + timedelta(hours=5))
        assert broadcast.correct(msgspec.structs.replace(late, live=moved))["film"].done == "edited"
    assert (there.starts_at, there.video.snippet["description"]) == (before, "We open late.")


def test_comments_come_on_both_levels_and_held_ones_too(studio: Studio) -> None:
    """With their authors; own ones are marked, and held ones are hidden, with the rule that keeps them from being answered."""
    asked = studio.mirror.reply_as("ann", studio.receipt.id, "When & where?")
    second = studio.mirror.reply_as("bob", asked, "Me too")
    ours = studio.answer("At nine.", "a", studio.replies()[0])
    held = studio.mirror.reply_as("eve", studio.receipt.id, "Boo")
    studio.sandbox.act("youtube", "moderate", "eve", held, "heldForReview")
    told = {reply.id: reply for reply in studio.replies()}
    ann, bob, own, eve = (told[id] for id in (asked, second, ours.id, held))
    assert (ann.author, ann.text, ann.parent, ann.hidden) == ("@ann", "When & where?", studio.receipt.id, False)
    assert (bob.parent, own.parent, own.is_own, ann.is_own) == (asked, asked, True, False)
    assert (eve.hidden, "Studio" in eve.forbidden) == (True, True)
    assert ann.url == f"https://www.youtube.com/watch?v={studio.receipt.id}&lc={asked}"
    with pytest.raises(NotAllowed):
        studio.answer("Sorry", "b", eve)


def test_every_comment_is_read_over_pages_and_threads(studio: Studio) -> None:
    """More threads than a page has, and more answers than a thread tells by itself."""
    ids = {studio.mirror.reply_as("ann", studio.receipt.id, f"Question {number}") for number in range(120)}
    ids |= {studio.mirror.reply_as("bob", min(ids), f"Answer {number}") for number in range(12)}
    found = [reply.id for reply in studio.replies()]
    assert (len(found), set(found)) == (132, ids)


def test_closed_comments_are_none(studio: Studio) -> None:
    """And no error."""
    studio.mirror.videos[studio.receipt.id].has_comments = False
    assert studio.replies() == []


def test_an_answer_to_an_answer_names_whom_it_answers(studio: Studio) -> None:
    """YouTube hangs it below the comment that began the thread."""
    asked = studio.mirror.reply_as("ann", studio.receipt.id, "When?")
    studio.mirror.reply_as("bob", asked, "Me too")
    bob = next(reply for reply in studio.replies() if reply.author == "@bob")
    item = studio.answer("At nine.", "a", bob)
    own = next(reply for reply in studio.replies() if reply.id == item.id)
    assert (own.text, own.parent) == ("@bob At nine.", asked)


def test_answering_what_was_deleted_says_so(studio: Studio) -> None:
    """It was there when it was listed."""
    asked = studio.mirror.reply_as("ann", studio.receipt.id, "When?")
    (ann,) = studio.replies()
    studio.sandbox.act("youtube", "remove", "ann", asked)
    with pytest.raises(TerminalError, match="deleted") as raised:
        studio.answer("At nine.", "a", ann)
    assert raised.value.code == "reply.gone"


@pytest.mark.parametrize("effect", ["reset_after", "reset_before"])
@pytest.mark.parametrize("is_reply", [True, False])
def test_an_answer_whose_answer_was_lost_is_there_once(studio: Studio, effect: str, is_reply: bool) -> None:
    """Found in its place, though the channel said the same elsewhere."""
    studio.mirror.reply_as("ann", studio.receipt.id, "When?")
    (ann,) = studio.replies()
    studio.answer("At nine.", "elsewhere", None if is_reply else ann)
    handler = "insert_comment" if is_reply else "insert_thread"
    studio.sandbox.fault("youtube", effect, handler=handler, nth=1)
    item = studio.answer("At nine.", "a", ann if is_reply else None)
    own = {reply.id: reply.parent for reply in studio.replies() if reply.is_own}
    assert (len(own), own[item.id]) == (2, ann.id if is_reply else studio.receipt.id)
    publisher, steps = studio.open()
    publisher.retract(msgspec.structs.replace(studio.receipt, items=(item,)), steps)
    assert item.id not in {reply.id for reply in studio.replies()}


def test_numbers_grow_and_are_those_that_the_capabilities_define(studio: Studio) -> None:
    """YouTube tells them as words; what it does not tell is left out."""
    studio.mirror.reply_as("ann", studio.receipt.id, "When?")
    studio.sandbox.advance(86_400)
    publisher, _ = studio.open()
    told = {metric.name: metric.value for metric in publisher.measure(studio.receipt)}
    assert set(told) == {rule.name for rule in publisher.capabilities.metrics}
    assert (told["comments"], told["views"] > told["likes"] > 0) == (1, True)
    studio.mirror.videos[studio.receipt.id].has_comments = False
    assert "comments" not in {metric.name for metric in publisher.measure(studio.receipt)}


def test_a_video_that_is_to_answer_a_post_is_refused(station: Station, sandbox: Sandbox, tmp_path: Path) -> None:
    """Comments are answers; a video is none."""
    said = msgspec.structs.replace(film(), channels={"film": Override(reply_to="https://example.org/1")})
    with station.machine() as broadcast:
        assert "reply.unsupported" in [problem.code for problem in broadcast.plan(said).problems]
