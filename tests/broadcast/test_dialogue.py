"""The dialogue below an announcement: read once, in order, and answered once, in the sandbox."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from socialcast import Announcement, Broadcast, Channel
from socialcast.delivery.conversation import Conversation, Standing
from socialcast.delivery.ledger import Ledger
from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import ConfigurationError
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture

Make = Callable[[], Broadcast]
CHANNELS = (
    Channel(name="news", platform="x"),
    Channel(name="sport", platform="x"),
    Channel(name="town", platform="plaza"),
)


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """Makes broadcasts to two accounts on X, and to one on a platform whose publisher reads no replies."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    made: list[Broadcast] = []

    def new() -> Broadcast:
        made.append(Broadcast(CHANNELS, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


@pytest.fixture
def broadcast(make: Make) -> Broadcast:
    made = make()
    made.publish(Announcement(key="doors", text="Doors open.")).raise_for_failures()
    return made


def say(sandbox: Sandbox, broadcast: Broadcast, channel: str, text: str, *, name: str = "ann", aside: bool = False) -> str:
    """The id of what a visitor says below the channel's post."""
    mirror: Any = sandbox.mirror("x")
    sandbox.advance(1)
    with mirror.lock:
        speak = mirror.speak_as if aside else mirror.reply_as
        id: str = speak(name, broadcast.status("doors")[channel].id, text)
    return id


def below(sandbox: Sandbox, id: str) -> list[str]:
    return [card.text for card in sandbox.mirror("x").cards() if card.parent == id]


def test_what_waits_comes_first_over_all_channels(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """The oldest of it first; what was answered comes after, and the bad ones are there too."""
    first = say(sandbox, broadcast, "news", "When?")
    say(sandbox, broadcast, "sport", "Awful!")
    say(sandbox, broadcast, "news", "Where?")
    dialogue = broadcast.dialogue("doors")
    report = dialogue.read()
    assert (report.exit_code, report.waiting, report["news"].new) == (0, 3, 2)
    assert [kept.reply.text.partition(" ")[2] for kept in dialogue] == ["When?", "Awful!", "Where?"]
    assert not broadcast.answer(first, "At nine.").failed
    assert [kept.reply.text.partition(" ")[2] for kept in dialogue] == ["Awful!", "Where?", "When?"]
    assert dialogue.waiting == 2


def test_a_publisher_without_replies_is_said_to_have_none(broadcast: Broadcast) -> None:
    """An outside package that only publishes goes on working, and nothing is claimed of it."""
    told = broadcast.dialogue("doors").read()["town"]
    assert not told.failed
    assert told.done == "not asked"
    assert "plaza" in told.reason


def test_the_next_day_reads_what_is_new(broadcast: Broadcast, sandbox: Sandbox, make: Make) -> None:
    """What is known is not asked for again, also not by another machine with the same ledger."""
    root, mirror = broadcast.status("doors")["news"].id, sandbox.mirror("x")
    with mirror.lock:
        for number in range(120):
            mirror.reply_as("ann", root, f"Question {number}")  # type: ignore[attr-defined]
    assert broadcast.dialogue("doors").read()["news"].new == 120
    say(sandbox, broadcast, "news", "Late")
    before = len(sandbox.requests("x"))
    assert make().dialogue("doors").read()["news"].new == 1
    asked = [record for record in sandbox.requests("x")[before:] if record.handler == "search_recent"]
    assert len(asked) == 2  # a page of each of the two accounts


def test_one_dead_channel_keeps_no_other_from_being_read(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """It is said with what to do, and what the others have is read."""
    say(sandbox, broadcast, "news", "When?")
    sandbox.mirror("x").expire_credentials("sport")
    report = broadcast.dialogue("doors").read()
    assert report.exit_code == 3
    assert report["sport"].failed
    assert report["sport"].hint
    assert report["news"].new == 1


def test_an_answer_is_there_once(broadcast: Broadcast, sandbox: Sandbox, make: Make) -> None:
    """Sent again after a lost answer, by the next run and by another machine, it stands there once."""
    id = say(sandbox, broadcast, "news", "When?")
    broadcast.dialogue("doors").read()
    sandbox.fault("x", "reset_after", handler="create_post", nth=1)
    assert broadcast.answer(id, "At nine.").done == "answered"
    assert make().answer(id, "At nine.").done == "answered before"
    assert below(sandbox, id) == ["At nine."]
    make().answer(id, "At half past nine, sorry.")
    assert len(below(sandbox, id)) == 2


def test_an_answer_given_elsewhere_counts(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """A colleague's answer in the platform's own app is an answer: nobody has to give it again."""
    id = say(sandbox, broadcast, "news", "When?")
    mirror: Any = sandbox.mirror("x")
    with mirror.lock:
        mirror.reply_as("news", id, "At nine.")
    dialogue = broadcast.dialogue("doors")
    dialogue.read()
    assert [kept.standing for kept in dialogue] == [Standing.ANSWERED]


def test_what_the_rules_forbid_is_not_sent(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """X's rule of February 2026, a text that is too long, and one that says nothing: told before a call is made."""
    id, other = say(sandbox, broadcast, "news", "Meh", aside=True), say(sandbox, broadcast, "news", "When?")
    broadcast.dialogue("doors").read()
    before = len(sandbox.requests("x"))
    refused = [broadcast.answer(id, "Sorry"), broadcast.answer(other, "x" * 281), broadcast.answer(other, " ")]
    assert all(outcome.failed and outcome.hint for outcome in refused)
    assert refused[0].code == "reply.forbidden"
    assert len(sandbox.requests("x")) == before


def test_what_was_deleted_meanwhile_is_said_and_waits_no_more(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """It was there when it was listed."""
    id = say(sandbox, broadcast, "news", "When?")
    dialogue = broadcast.dialogue("doors")
    dialogue.read()
    mirror: Any = sandbox.mirror("x")
    with mirror.lock:
        del mirror.posts[id]
    told = broadcast.answer(id, "At nine.")
    assert told.failed
    assert "deleted" in told.reason
    assert [kept.standing for kept in dialogue] == [Standing.GONE]


def test_an_answer_goes_with_what_it_was_below(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Taking the announcement back takes our answers along."""
    id = say(sandbox, broadcast, "news", "When?")
    broadcast.dialogue("doors").read()
    broadcast.answer(id, "At nine.")
    assert broadcast.retract("doors").exit_code == 0
    assert below(sandbox, id) == []


def test_comments_below_one_photo_have_addresses_of_their_own(sandbox: Sandbox, tmp_path: Path) -> None:
    """In a sandbox too, where the part after the # tells them apart; each is answered by its address."""
    said, album = Announcement(key="doors", text="Doors open.", photos=[picture(1)]), Channel(name="album", platform="flickr")
    with Broadcast([album], ledger=tmp_path / "album", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        photo = broadcast.publish(said)["album"].id
        for text in ("When?", "Where?"):
            sandbox.act("flickr", "reply", "ann", photo, text)
        (dialogue := broadcast.dialogue("doors")).read()
        first, second = dialogue
        assert first.reply.url != second.reply.url
        assert not broadcast.answer(second.reply.url, "Here.").failed
        assert [(kept.reply.text, kept.standing) for kept in dialogue] == [
            (first.reply.text, Standing.WAITING),
            (second.reply.text, Standing.ANSWERED),
        ]


def test_an_answer_to_a_reply_that_outlived_the_post_is_taken_back_too(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """It can be given, to say why the post is gone; and the next retraction takes it back, and says so."""
    asked = say(sandbox, broadcast, "news", "Why not?")
    broadcast.dialogue("doors").read()
    broadcast.retract("doors")
    assert not broadcast.answer(asked, "It was wrong.").failed
    assert below(sandbox, asked) == ["It was wrong."]
    assert broadcast.retract("doors")["news"].done == "taken back"
    assert below(sandbox, asked) == []
    assert broadcast.retract("doors")["news"].done == "taken back before"


def test_an_unknown_reply_is_an_error(broadcast: Broadcast) -> None:
    """It says where ids come from."""
    with pytest.raises(ConfigurationError, match="socialcast replies"):
        broadcast.answer("4711", "Thanks")


def test_memory_does_not_grow_with_the_replies(tmp_path: Path) -> None:
    """Reading and listing 6,000 replies takes no more memory than a few pages of them."""
    start = datetime(2026, 12, 5, tzinfo=UTC)
    with Ledger(tmp_path / "ledger") as ledger:
        kept = Conversation(ledger, "doors")

        def fill(first: int) -> None:
            page = tuple(
                Reply(id=str(number), author="ann", at=start + timedelta(seconds=number), text="x" * 1000)
                for number in range(first, first + 100)
            )
            kept.keep("news", Replies(page=page, cursor=str(first)))

        fill(0)
        tracemalloc.start()
        for first in range(100, 6_000, 100):
            fill(first)
        assert sum(1 for _ in kept) == 6_000
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak_bytes < 3_000_000  # the replies are 6 MB


def test_what_somebody_else_answered_meanwhile_is_not_answered_again(make: Make, broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Two people had the same question before their eyes: the second one's answer is the first one's."""
    asked = say(sandbox, broadcast, "news", "When?")
    mine = broadcast.dialogue("doors")
    mine.read()
    (kept,) = mine
    assert make().answer(asked, "At nine.").done == "answered"
    sent = len(sandbox.requests())
    assert mine.answer(kept, "At nine.").done == "answered before"
    assert not [record for record in sandbox.requests()[sent:] if record.method != "GET"]


def test_a_page_that_does_not_come_loses_none_of_those_before(sandbox: Sandbox, tmp_path: Path) -> None:
    """While one page is kept the next is asked for: where that fails, the first is kept, and a later run reads the rest."""
    with Broadcast(CHANNELS[:1], ledger=tmp_path / "alone", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        broadcast.publish(Announcement(key="doors", text="Doors open.")).raise_for_failures()
        for number in range(130):
            say(sandbox, broadcast, "news", f"Number {number}")
        sandbox.fault("x", "status_before", handler="search_recent", status=403, nth=2, count=99)
        dialogue = broadcast.dialogue("doors")
        assert dialogue.read()["news"].failed
        assert len(list(dialogue)) == 100
        sandbox.clear_faults()
        assert dialogue.read()["news"].new == 30
        assert len({kept.reply.text for kept in dialogue}) == 130
