"""Matrix after publication, on mirror and on Synapse: what is read back, what people say and are answered, threads, reactions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import requests

from socialcast import Announcement, Audience, Broadcast, Channel
from socialcast.model.echo import Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.reports import Difference, Means
from socialcast.publisher import Publisher
from socialcast.publishers.matrix import MatrixPublisher, events
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, saying
from socialcast.wire.settings import Policy
from tests.broadcast.test_audit import striped
from tests.publishers.conversation import all_replies
from tests.publishers.test_matrix import PASSWORD, House

NEWS = Announcement(
    key="news",
    title="Open doors",
    text="The doors open at nine: https://example.org/doors?a=1&b=2",
    body="## Programme\n\n* soup & [a walk](https://example.org/walk)",
    photos=(striped(0), striped(1)),
    video=clip(),
)
BRIEF = Announcement(key="news", text="The doors open at nine.", photos=NEWS.photos[:1])
Call = Callable[..., Any]


class Room:
    """A press room on some homeserver, with people in it who may write; `call` does it in their own programs."""

    def __init__(self, make: Callable[..., Broadcast], call: Call, guests: dict[str, str]) -> None:
        self._make, self._call, self.guests = make, call, guests
        self._numbers = itertools.count()
        self.broadcast = self.open()

    def open(self, **options: Any) -> Broadcast:
        return self._make(invite=list(self.guests.values()), **options)

    def publish(self, announcement: Announcement = NEWS) -> Receipt:
        self.broadcast.publish(announcement).raise_for_failures()
        self._let_in()
        return self.receipt(announcement.resolved_key)

    def receipt(self, key: str = "news") -> Receipt:
        told = self.broadcast.status(key)["press"]
        return Receipt(id=told.id, url=told.url, published_at=told.published_at, items=told.items)

    def at(self) -> tuple[Publisher, Any]:
        return self.broadcast.open("press", "news")

    @cached_property
    def publisher(self) -> Publisher:
        return self.at()[0]

    @cached_property
    def path(self) -> str:
        publisher = self.publisher
        assert isinstance(publisher, MatrixPublisher)
        return f"v3/rooms/{quote(publisher._rooms.find())}"

    def _let_in(self) -> None:
        powers = self.call("press", "GET", "/state/m.room.power_levels")
        if powers["events_default"]:
            self.call("press", "PUT", "/state/m.room.power_levels", {**powers, "events_default": 0, "redact": 0})
            for name in self.guests:
                self.call(name, "POST", "/join", {})

    def call(self, name: str, verb: str, path: str, body: Any = None) -> Any:
        return self._call(name, verb, self.path + path, body)

    def say(self, name: str, text: str, relation: Any = None, kind: str = "m.room.message", **more: Any) -> str:
        """The id of what somebody says in the room."""
        content = {"msgtype": "m.text", "body": text, **({"m.relates_to": relation} if relation else {}), **more}
        return str(self.call(name, "PUT", f"/send/{kind}/{name}-{next(self._numbers)}", content)["event_id"])

    def react(self, name: str, event: str, key: str) -> str:
        return self.say(name, "", {"rel_type": "m.annotation", "event_id": event, "key": key}, "m.reaction")

    def edit(self, name: str, event: str, text: str) -> None:
        new = {"msgtype": "m.text", "body": text}
        self.say(name, f"* {text}", {"rel_type": "m.replace", "event_id": event}, **{"m.new_content": new})

    def redact(self, name: str, event: str) -> None:
        self.call(name, "PUT", f"/redact/{quote(event)}/{next(self._numbers)}", {})

    def event(self, id: str) -> Any:
        return self.call("press", "GET", f"/event/{quote(id)}")

    def messages(self) -> list[dict[str, Any]]:
        """All that stands in the room, the earliest first."""
        told = self.call("press", "GET", "/messages?dir=b&limit=100")["chunk"]
        return [event for event in reversed(told) if event["type"] == "m.room.message" and event["content"]]

    def replies(self, key: str = "news") -> list[Reply]:
        return all_replies(self.publisher, self.receipt(key))[0]

    def found(self, *, pictures: bool = False) -> list[tuple[Difference, str, str]]:
        told = self.broadcast.audit("news", pictures=pictures)["press"]
        assert not told.failed, told
        return [(finding.difference, finding.aspect, finding.by) for finding in told.findings]


def on_mirror(request: pytest.FixtureRequest, folder: Path) -> Room:
    sandbox: Sandbox = request.getfixturevalue("sandbox")

    def make(*, ledger: str = "ledger", press: bool = True, **settings: Any) -> Broadcast:
        wanted = {**MatrixPublisher.sandbox_settings, **settings}
        audience = Audience.PRESS if press else Audience.PUBLIC
        channel = Channel(name="press", platform="matrix", policy=Policy.ADAPT, audience=audience, settings=wanted)
        return Broadcast([channel], ledger=folder / ledger, sandbox=sandbox, clock=SandboxClock(sandbox))

    def call(name: str, verb: str, where: str, body: Any) -> Any:
        token = sandbox.account("matrix", name).credentials["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Host": "matrix.example"}
        answer = requests.request(verb, f"{sandbox.url}/_matrix/client/{where}", json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    return Room(make, call, {name: sandbox.account("matrix", name).id for name in ("alice", "bob")})


def on_synapse(request: pytest.FixtureRequest, folder: Path) -> Room:
    request.getfixturevalue("monkeypatch").setenv("SOCIALCAST_PRESS_PASSWORD", PASSWORD)
    house = House(request.getfixturevalue("server"), folder)

    def make(*, press: bool = True, **options: Any) -> Broadcast:
        broadcast = house.broadcast(**options)
        channel = broadcast.channels["press"]
        if not press:
            broadcast = Broadcast([msgspec.structs.replace(channel, audience=Audience.PUBLIC)], ledger=folder / "ledger")
        return broadcast

    def call(name: str, verb: str, where: str, body: Any) -> Any:
        told = house.call(verb, where, body, user=name)
        assert "errcode" not in told, told
        return told

    return Room(make, call, {name: house.register(name, f"{name}-of-{house.user}") for name in ("alice", "bob")})


@pytest.fixture(scope="module")
def server(start_server: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return start_server("synapse-start")


@pytest.fixture(params=[on_mirror, pytest.param(on_synapse, marks=pytest.mark.server)], ids=["mirror", "synapse"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    room: Room = request.param(request, tmp_path)
    with room.broadcast:
        yield room


# -- what is read back -----------------------------------------------------------------------------------------------------------


def test_what_nobody_changed_is_as_announced(room: Room) -> None:
    """Text, addresses, and each photo and the film with what stands below it; to the eye, too."""
    receipt = room.publish()
    assert [item.kind for item in receipt.items] == ["post", "photo", "photo", "video"]
    assert room.found(pictures=True) == []


def test_what_was_changed_by_hand_is_seen(room: Room) -> None:
    """In another program of the same account; and what others redacted is gone, with whom."""
    text, first, second, _ = room.publish().items
    room.edit("press", text.id, "We stay shut")
    room.say("alice", "* Lies", {"rel_type": "m.replace", "event_id": text.id})  # nobody else's edit counts
    room.redact("bob", second.id)
    assert room.found() == [
        (Difference.BY_PEOPLE, "text", ""),
        (Difference.MISSING, "links", ""),
        (Difference.MISSING, "links", ""),
        (Difference.REMOVED, "", room.guests["bob"]),
    ]
    (seen, _, gone, _) = room.publisher.inspect(room.receipt()).items
    assert (seen.text, bool(seen.edited_at), seen.edited_by) == ("We stay shut", True, "")
    assert (gone.gone, gone.edited_by) == (True, room.guests["bob"])
    room.redact("press", first.id)
    assert [each.gone for each in room.publisher.inspect(room.receipt()).items] == [False, True, True, False]
    assert room.publisher.inspect(room.receipt()).items[1].edited_by == ""


def test_a_double_is_extra(room: Room) -> None:
    """A message with the announcement's marker that no receipt has, as a run without its ledger on another device leaves it."""
    text = room.publish(BRIEF).items[0]
    content = room.event(text.id)["content"]
    double = room.call("press", "PUT", "/send/m.room.message/double", content)["event_id"]
    report = room.broadcast.audit("news")["press"]
    assert [(finding.difference, finding.item.id) for finding in report.findings] == [(Difference.EXTRA, double)]


# -- what is corrected -----------------------------------------------------------------------------------------------------------


def test_alt_text_and_licence_are_corrected_below_the_photo(room: Room) -> None:
    """With the same file; what says the right thing already is not edited."""
    _, first, second, _ = room.publish().items
    before, said = room.event(first.id)["content"], len(room.messages())
    photos = (msgspec.structs.replace(NEWS.photos[0], alt="Stripes & more", licence="CC0-1.0"), NEWS.photos[1])
    (told,) = room.broadcast.correct(msgspec.structs.replace(NEWS, photos=photos)).outcomes
    assert (told.means, told.done) == (Means.EDIT, "edited")
    assert len(room.messages()) == said + 1
    now = events.content_of(room.event(first.id))
    assert (now["body"], now["url"], now["info"]) == ("Stripes & more\nCC0-1.0", before["url"], before["info"])
    assert events.content_of(room.event(second.id))["body"] == NEWS.photos[1].alt
    assert room.found() == []


def test_an_edit_whose_answer_was_lost_is_recorded(room: Room) -> None:
    """Known as made by the run that finds it: what tells of a live event is not taken for a change by hand."""
    receipt = room.publish(BRIEF)
    publisher, steps = room.at()
    post = room.broadcast.plan(msgspec.structs.replace(BRIEF, text="They open at ten."))["press"].post
    assert post is not None
    publisher.amend(receipt, post, steps, name="live/start/post")
    assert steps.recorded("live/start/post")
    said = len(room.messages())
    publisher.amend(receipt, post, room.at()[1], name="live/start/post")
    assert len(room.messages()) == said


def test_what_is_not_there_any_more_is_not_edited(room: Room) -> None:
    """It says so, instead of editing what nobody sees."""
    receipt = room.publish(BRIEF)
    room.redact("press", receipt.id)
    publisher, steps = room.at()
    with pytest.raises(TerminalError, match="not there any more"):
        publisher.amend(receipt, saying("Other words."), steps, name="revision/1")


# -- what people say -------------------------------------------------------------------------------------------------------------


def thread(root: str, **more: Any) -> dict[str, Any]:
    return {"rel_type": "m.thread", "event_id": root, **more}


def reply_to(event: str) -> dict[str, Any]:
    return {"m.in_reply_to": {"event_id": event}}


def test_everything_that_is_said_of_it_is_heard(room: Room) -> None:
    """In its thread, beside it, to a photo, to what others said, and in a room for the press what answers nothing; until the next
    announcement, of which people speak from then on. Each with whom, where and what it answers."""
    text, photo, *_ = room.publish(BRIEF).items
    threaded = room.say("alice", "In the <thread>", thread(text.id, is_falling_back=True, **reply_to(text.id)))
    beside = room.say("bob", "> <@press> The doors\n> open\n\nNice view", reply_to(photo.id))
    plain = room.say("alice", "Is there soup?")
    deeper = room.say("bob", "I hope so", reply_to(plain))
    within = room.say("bob", "Yes", thread(text.id, **reply_to(threaded)))
    room.redact("alice", room.say("alice", "Deleted"))
    room.publish(Announcement(key="next", text="A second announcement."))
    later = room.say("alice", "What now?")
    late = room.say("bob", "Late to the first", reply_to(deeper))
    told = [(reply.id, reply.author, reply.text, reply.parent) for reply in room.replies()]
    alice, bob = room.guests["alice"], room.guests["bob"]
    assert told == [
        (threaded, alice, "In the <thread>", text.id),
        (beside, bob, "Nice view", photo.id),
        (plain, alice, "Is there soup?", ""),
        (deeper, bob, "I hope so", plain),
        (within, bob, "Yes", threaded),
        (late, bob, "Late to the first", deeper),
    ]
    assert [reply.id for reply in room.replies("next")] == [later]
    (first, *_) = room.replies()
    assert first.url.startswith("https://matrix.to/#/!")
    assert events.read_address(first.url) is not None
    assert first.author_url.startswith(f"https://matrix.to/#/{alice}")


def test_in_a_public_channels_room_only_answers_are_heard(room: Room) -> None:
    """All else there is somebody's talk, and so is what answers it."""
    receipt = room.publish(BRIEF)
    plain = room.say("alice", "Lunch?")
    room.say("bob", "Yes", reply_to(plain))
    answer = room.say("bob", "See you there", reply_to(receipt.id))
    with room.open(press=False) as public:
        publisher, _ = public.open("press", "news")
        assert [reply.id for reply in all_replies(publisher, receipt)[0]] == [answer]


def test_reading_goes_on_where_it_ended(room: Room) -> None:
    """Nothing comes twice, but for what its author has edited since."""
    receipt = room.publish(BRIEF)
    ids = [room.say("alice", f"Question {number}") for number in range(3)]
    replies, cursor = all_replies(room.publisher, receipt)
    assert [reply.id for reply in replies] == ids
    assert all_replies(room.publisher, receipt, cursor) == ([], cursor)
    room.edit("alice", ids[1], "A better question")
    new = room.say("bob", "One more")
    again, later = all_replies(room.publisher, receipt, cursor)
    assert [(reply.id, reply.text) for reply in again] == [(ids[1], "A better question"), (new, "One more")]
    assert all_replies(room.publisher, receipt, later)[0] == []
    assert [reply.text for reply in room.replies()] == ["Question 0", "A better question", "Question 2", "One more"]


def test_of_what_is_not_there_nothing_is_said(room: Room) -> None:
    """An announcement that a server has forgotten has no replies."""
    room.publish(BRIEF)
    forgotten = Receipt(id="$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", url="")
    assert all_replies(room.publisher, forgotten) == ([], "")


def test_an_answer_stands_where_the_question_stands_and_calls_its_author(room: Room) -> None:
    """In the thread or beside it, once, and it is known as the answer."""
    receipt = room.publish(BRIEF)
    threaded = room.say("alice", "In the thread?", thread(receipt.id))
    plain = room.say("bob", "Beside it?")
    dialogue = room.broadcast.dialogue("news")
    dialogue.read()
    waiting = {kept.reply.id: kept for kept in dialogue}
    for _ in range(2):
        for id in (threaded, plain):
            told = dialogue.answer(waiting[id], "Yes, *both*.")
            assert not told.failed, told
    *_, first, second = [event["content"] for event in room.messages()]
    assert first["m.relates_to"] == {**thread(receipt.id), "is_falling_back": False, **reply_to(threaded)}
    assert second["m.relates_to"] == reply_to(plain)
    assert [content["m.mentions"] for content in (first, second)] == [
        {"user_ids": [room.guests[name]]} for name in ("alice", "bob")
    ]
    assert len(room.messages()) == len(receipt.items) + 4
    dialogue.read()
    assert dialogue.waiting == 0
    own = [(reply.parent, reply.text) for reply in room.replies() if reply.is_own]
    assert own == [(threaded, "Yes, *both*."), (plain, "Yes, *both*.")]


def test_answering_what_was_deleted_says_so(room: Room) -> None:
    """It was there when it was listed."""
    receipt = room.publish(BRIEF)
    room.say("alice", "When?")
    (asked,) = room.replies()
    room.redact("alice", asked.id)
    publisher, steps = room.at()
    with pytest.raises(TerminalError, match="deleted") as raised:
        publisher.answer(receipt, "At nine.", steps, name="a", to=asked)
    assert raised.value.code == "reply.gone"


# -- what goes on, and what is counted -------------------------------------------------------------------------------------------


def test_an_interview_stands_in_order_in_the_thread(room: Room) -> None:
    """Each statement once, with its photos; taken back with the rest, and no news to the audit or the dialogue."""
    receipt = room.publish(BRIEF)
    for text in ("Welcome.", "First question.", "Welcome."):
        assert not room.broadcast.say("news", text)["press"].failed
    assert not room.broadcast.say("news", "On stage", [striped(7)])["press"].failed
    said = room.messages()[len(receipt.items) :]
    assert [event["content"]["body"] for event in said] == ["Welcome.", "First question.", "On stage", striped(7).alt]
    assert {event["content"]["m.relates_to"]["event_id"] for event in said} == {receipt.id}
    assert {event["content"]["m.relates_to"]["rel_type"] for event in said} == {"m.thread"}
    assert (room.found(pictures=True), room.replies()) == ([], [])
    assert room.broadcast.retract("news").exit_code == 0
    assert room.messages() == []


@pytest.mark.parametrize(("effect", "calls"), [("reset_before", (1, 3, 5)), ("reset_after", (1, 2, 3))])
def test_what_becomes_of_a_call_doubles_nothing(
    effect: str, calls: tuple[int, ...], request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A statement, its photo and an answer are there once, though the first call of each was cut."""
    room = on_mirror(request, tmp_path)
    with room.broadcast:
        receipt = room.publish(BRIEF)
        room.say("alice", "When?")
        (asked,) = room.replies()
        for nth in calls:
            sandbox.fault("matrix", effect, method="PUT", handler="send", account="", nth=nth)
        publisher, steps = room.at()
        publisher.append(receipt, saying("On stage", photos=NEWS.photos[:1]), steps, name="say/1")
        publisher.answer(receipt, "At nine.", steps, name="answer/1", to=asked)
        assert sum(bool(record.fault) for record in sandbox.requests("matrix")) == 3
        said = [event["content"]["body"] for event in room.messages()]
        assert said[len(receipt.items) :] == ["When?", "On stage", NEWS.photos[0].alt, "At nine."]


def test_reactions_are_counted(room: Room) -> None:
    """Of each message, of every kind, as long as they stand."""
    text, photo, *_ = room.publish(BRIEF).items
    room.react("alice", text.id, "👍")
    room.react("bob", text.id, "👍")
    taken_back = room.react("bob", photo.id, "🎉")
    room.react("alice", photo.id, "🎉")
    room.redact("bob", taken_back)
    told = {metric.item_id: metric.value for metric in room.publisher.measure(room.receipt())}
    assert [told[item.id] for item in room.receipt().items] == [2, 1]
