"""The Bluesky publisher after publication: what is read back, what people answer, threads that go on, and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from socialcast import Announcement, Broadcast, Channel, Override
from socialcast.delivery.steps import Steps
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.publishers.bluesky import BlueskyPublisher, echo, records
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture, saying
from socialcast.wire.settings import Policy
from tests.publishers.conversation import all_replies

TEXT = "Café opens @nobody.example.org, see example.org/doors and #stars"
ELSEWHERE = {name: Override(skip="only on the other") for name in ("ann", "bob")}


class Newsroom:
    """An account that publishes, and people who answer it, on the sandbox's network."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        names = ("news", "ann", "bob")
        channels = [Channel(name=name, platform="bluesky", policy=Policy.ADAPT) for name in names]
        self.broadcast = Broadcast(channels, ledger=folder / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox))

    def publish(self, **said: Any) -> Receipt:
        outcome = self.broadcast.publish(Announcement(**{"key": "doors", "text": TEXT, "channels": ELSEWHERE, **said}))["news"]
        # as the orchestrators open it: with the platform's own addresses
        return Receipt(id=outcome.id, url=outcome.url, published_at=outcome.published_at, items=outcome.items)

    def open(self, name: str = "news") -> tuple[BlueskyPublisher, Steps]:
        publisher, steps = self.broadcast.open(name, "doors")
        assert isinstance(publisher, BlueskyPublisher)
        return publisher, steps

    @property
    def publisher(self) -> BlueskyPublisher:
        return self.open()[0]

    def reply_as(self, name: str, uri: str, text: str) -> str:
        """The address of what somebody answers below a post."""
        api = self.open(name)[0]._api
        self.sandbox.advance(60)  # the network takes up posts of other servers late
        parent = echo.as_record(echo.shown(api, [uri])[uri])
        at = self.sandbox.clock.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        root, last = records.references(parent)
        record = {"$type": records.POSTS, "text": text, "createdAt": at, "langs": ["de"], "reply": {"root": root, "parent": last}}
        made = api.procedure("com.atproto.repo.createRecord", {"repo": api.did, "collection": records.POSTS, "record": record})
        self.sandbox.advance(60)
        return str(made["uri"])

    def delete_as(self, name: str, uri: str) -> None:
        """A post that its author takes away."""
        self.open(name)[0]._delete(records.POSTS, uri.rpartition("/")[2])

    def written(self) -> int:
        return sum(record.handler == "apply_writes" for record in self.sandbox.requests("bluesky"))


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path)
    with newsroom.broadcast:
        yield newsroom


@pytest.mark.parametrize("media", [{"photos": (picture(0), picture(1))}, {"video": clip()}, {}])
def test_what_is_published_reads_back_as_expected(room: Newsroom, media: dict[str, Any]) -> None:
    """Text, addresses as they were written, photos or film with their alt text."""
    receipt = room.publish(**media)
    (seen,), (wanted,) = (
        room.publisher.inspect(receipt).items,
        room.publisher.expected(saying(TEXT, **media), receipt).items,
    )
    assert (seen.text, seen.links) == (wanted.text, wanted.links) == (TEXT, ("example.org/doors",))
    assert [(shown.kind, shown.alt) for shown in seen.media or ()] == [(shown.kind, shown.alt) for shown in wanted.media or ()]
    assert all(shown.url.startswith("https://") for shown in seen.media or ())


def test_a_gallery_reads_back_in_order(sandbox: Sandbox, tmp_path: Path) -> None:
    """More photos than four, where the channel wants them."""
    channel = Channel(name="news", platform="bluesky", policy=Policy.ADAPT, settings={"gallery": True})
    with Broadcast([channel], ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        shown = [picture(number) for number in range(6)]
        told = broadcast.publish(Announcement(key="doors", text="Six", photos=shown))["news"]
        publisher, _ = broadcast.open("news", "doors")
        (seen,) = publisher.inspect(Receipt(id=told.id, url=told.url, items=told.items)).items
    assert [medium.alt for medium in seen.media or ()] == [photo.alt for photo in shown]


def test_a_deleted_post_is_gone(room: Newsroom) -> None:
    """Neither the network nor the account's server has it."""
    receipt = room.publish()
    room.delete_as("news", receipt.id)
    assert room.publisher.inspect(receipt).items == (Seen(item=receipt.items[0], gone=True),)


def test_what_the_network_has_not_taken_up_yet_is_not_gone(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is behind the account's server by seconds to hours; the record tells, but for the addresses of files."""
    receipt = room.publish(photos=(picture(0),))
    monkeypatch.setattr(echo, "shown", lambda api, uris: {})
    (seen,) = room.publisher.inspect(receipt).items
    assert (seen.gone, seen.text, [medium.alt for medium in seen.media or ()]) == (False, TEXT, [picture(0).alt])


def test_answers_come_with_what_they_are_to_and_by_whom(room: Newsroom) -> None:
    """On every level, with the language that their author told; own ones are marked."""
    receipt = room.publish()
    asked = room.reply_as("ann", receipt.id, "Wann?")
    publisher, steps = room.open()
    answered = publisher.answer(receipt, "At nine.", steps, name="a", to=all_replies(room.publisher, receipt)[0][0])
    thanks = room.reply_as("ann", answered.id, "Danke")
    ann, ours, again = all_replies(room.publisher, receipt)[0]
    assert (ann.id, ann.text, ann.parent, ann.language, ann.is_own) == (asked, "Wann?", receipt.id, "de", False)
    assert ann.author.startswith("ann")
    assert (ours.id, ours.parent, ours.is_own) == (answered.id, asked, True)
    assert (again.id, again.parent) == (thanks, answered.id)
    assert ann.url == records.permalink(asked)


def test_an_answer_that_the_account_has_hidden_is_shown_as_hidden(room: Newsroom) -> None:
    """It is told all the same; where a walk begins further down, the network does not tell."""
    receipt = room.publish()
    rude = room.reply_as("ann", receipt.id, "Boo")
    room.reply_as("bob", rude, "Wann?")
    gate = {"$type": records.GATES, "post": receipt.id, "createdAt": "2026-11-27T00:00:00.000Z", "hiddenReplies": [rude]}
    publisher = room.publisher
    publisher._write([publisher._creation(records.GATES, receipt.id.rpartition("/")[2], gate)])
    room.sandbox.advance(60)
    assert {reply.text: reply.hidden for reply in all_replies(room.publisher, receipt)[0]} == {"Boo": True, "Wann?": False}
    assert [reply.hidden for reply in publisher.replies(Receipt(id=rude, url="")).page] == [None]


def test_only_what_is_new_counts_as_new_on_another_day(room: Newsroom) -> None:
    """Each answer is kept once, though the network gives whole threads."""
    receipt = room.publish()
    asked = room.reply_as("ann", receipt.id, "Wann?")
    dialogue = room.broadcast.dialogue("doors")
    assert dialogue.read()["news"].new == 1
    room.sandbox.advance(86_400)
    room.reply_as("bob", asked, "Late")
    assert dialogue.read()["news"].new == 1
    assert sorted(kept.reply.text for kept in dialogue) == ["Late", "Wann?"]


def test_a_thread_that_the_network_cuts_is_walked_to_its_end(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer once, from the posts on at which the tree ends, and an end that never comes ends all the same."""
    monkeypatch.setattr(echo, "_DEPTH", "2")
    receipt = room.publish()
    ids, parent = [], receipt.id
    for number in range(7):
        parent = room.reply_as("ann" if number % 2 else "bob", parent, f"{number}")
        ids.append(parent)
    found, _ = all_replies(room.publisher, receipt)
    assert [reply.id for reply in found] == ids


def test_answering_what_was_deleted_says_so(room: Newsroom) -> None:
    """It was there when it was listed."""
    receipt = room.publish()
    asked = room.reply_as("ann", receipt.id, "Wann?")
    (ann,), _ = all_replies(room.publisher, receipt)
    room.delete_as("ann", asked)
    publisher, steps = room.open()
    with pytest.raises(TerminalError, match="deleted") as raised:
        publisher.answer(receipt, "At nine.", steps, name="a", to=ann)
    assert raised.value.code == "reply.gone"
    assert room.written() == 1


@pytest.mark.parametrize("effect", ["reset_after", "reset_before"])
def test_an_answer_whose_answer_was_lost_is_there_once(room: Newsroom, effect: str) -> None:
    """It is found under its key, also where what it answers has been deleted since."""
    receipt = room.publish()
    asked = room.reply_as("ann", receipt.id, "Wann?")
    (ann,), _ = all_replies(room.publisher, receipt)
    publisher, steps = room.open()
    room.sandbox.fault("bluesky", effect, handler="apply_writes", nth=1)
    item = publisher.answer(receipt, "At nine.", steps, name="a", to=ann)
    room.delete_as("ann", asked)
    assert publisher.answer(receipt, "At nine.", room.open()[1], name="a", to=ann) == item
    assert publisher._record(item.id.rpartition("/")[2])["text"] == "At nine."  # type: ignore[index]


@pytest.mark.parametrize("effect", [None, "reset_after", "reset_before"])
def test_a_thread_goes_on_at_its_end_with_a_photo(room: Newsroom, effect: str | None) -> None:
    """Each part answers the one before, in one call, and the photo is its own, though the announcement had one, too."""
    receipt = room.publish(photos=(picture(0),))
    more = saying("She is on stage", photos=(picture(7),))
    if effect:
        room.sandbox.fault("bluesky", effect, handler="apply_writes", nth=1)
    for _ in range(2):
        publisher, steps = room.open()
        (item,) = publisher.append(receipt, more, steps, name="say/1")
    record = publisher._get(item.id)["value"]
    assert record["reply"]["parent"]["uri"] == record["reply"]["root"]["uri"] == receipt.id
    assert [shown["alt"] for shown in record["embed"]["images"]] == [picture(7).alt]
    assert len([reply for reply in all_replies(room.publisher, receipt)[0] if reply.is_own]) == 1


def test_what_two_people_say_stands_in_the_order_of_a_thread(room: Newsroom) -> None:
    """Through the command's own way: each statement once, the second below the first."""
    room.publish()
    for text in ("Welcome.", "First question.", "Welcome."):
        told = room.broadcast.say("doors", text)["news"]
        assert not told.failed, told
    receipt = Receipt(id=(outcome := room.publish()).id, url=outcome.url, items=outcome.items)
    welcome, question = all_replies(room.publisher, receipt)[0]
    assert [welcome.text, question.text] == ["Welcome.", "First question."]
    assert (welcome.parent, question.parent) == (receipt.id, welcome.id)


def test_an_empty_machine_appends_nothing_twice(room: Newsroom, tmp_path: Path) -> None:
    """The words give the key, under which the server takes one record."""
    receipt = room.publish()
    publisher, steps = room.open()
    first = publisher.append(receipt, saying("On stage"), steps, name="say/2")
    other = Newsroom(room.sandbox, tmp_path / "other")
    with other.broadcast:
        elsewhere, fresh = other.open()
        assert elsewhere.append(receipt, saying("On stage"), fresh, name="say/1") == first
        second = elsewhere.append(receipt, saying("Off stage"), fresh, name="say/2")
    assert second != first


def test_numbers_are_of_each_post(room: Newsroom) -> None:
    """By the names that the capabilities define."""
    receipt = room.publish()
    room.reply_as("ann", receipt.id, "Wann?")
    told = {metric.name: metric.value for metric in room.publisher.measure(receipt)}
    assert told["comments"] == 1
    assert set(told) == {rule.name for rule in room.publisher.capabilities.metrics}
    assert {metric.item_id for metric in room.publisher.measure(receipt)} == {receipt.id}


def test_a_reply_has_the_time_of_the_network(room: Newsroom) -> None:
    """Not that which its author's program says."""
    receipt = room.publish()
    room.reply_as("ann", receipt.id, "Wann?")
    (ann,), _ = all_replies(room.publisher, receipt)
    assert abs(ann.at - room.sandbox.clock.datetime()) < timedelta(minutes=2)
