"""A thread that goes on: each statement once, in order, from however many people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Photo
from socialcast.model.errors import ConfigurationError
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.clock import SystemClock

Make = Callable[..., Broadcast]
OPENING = Announcement(key="interview", text="We talk to the astronomer now.")
NEWS, PAGE = Channel(name="news", platform="x"), Channel(name="page", platform="facebook")


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    made: list[Broadcast] = []

    def new(*channels: Channel, is_real_time: bool = False) -> Broadcast:
        clock = SystemClock() if is_real_time else SandboxClock(sandbox)
        made.append(Broadcast(channels or (NEWS,), ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


@pytest.fixture
def interview(make: Make) -> Broadcast:
    broadcast = make(NEWS, PAGE)
    broadcast.publish(OPENING).raise_for_failures()
    return broadcast


def thread(sandbox: Sandbox) -> list[str]:
    """What the thread says, from its beginning."""
    return [card.text for card in sorted(sandbox.mirror("x").cards(), key=lambda card: int(card.id))]


def test_statements_stand_below_each_other(interview: Broadcast, sandbox: Sandbox) -> None:
    """In the order in which they were said, with photos; a channel without threads is told so and left alone."""
    first = interview.say("interview", "How old is the light?")
    second = interview.say("interview", "Two million years.", [picture(1)])
    assert thread(sandbox) == [OPENING.text, "How old is the light?", "Two million years."]
    assert (first.number, second.number, second.exit_code) == (1, 2, 0)
    assert "does not offer going on with a thread" in second["page"].reason
    parents = {card.text: card.parent for card in sandbox.mirror("x").cards()}
    ids = {card.text: card.id for card in sandbox.mirror("x").cards()}
    assert parents["Two million years."] == ids["How old is the light?"]
    assert len(sandbox.mirror("facebook").cards()) == 1


def test_what_was_said_meanwhile_stays_when_the_beginning_is_corrected(make: Make, sandbox: Sandbox) -> None:
    """Where posts are edited, in a thread that is longer by now; what is said then comes at its end, and all of it goes."""
    broadcast = make(Channel(name="fedi", platform="mastodon", settings={"url": "https://social.example"}))
    broadcast.publish(OPENING).raise_for_failures()
    broadcast.say("interview", "How old is the light?")
    for corrected in ("We talk to the astronomer later.", "We talk to two astronomers."):
        report = broadcast.correct(msgspec.structs.replace(OPENING, text=corrected))
        assert report["fedi"].done == "edited", report
    broadcast.say("interview", "Two million years.")
    posts = {card.id: card for card in sandbox.mirror("mastodon").cards()}
    assert {(card.text, posts[card.parent].text if card.parent else "") for card in posts.values()} == {
        ("We talk to two astronomers.", ""),
        ("How old is the light?", "We talk to two astronomers."),
        ("Two million years.", "How old is the light?"),
    }
    assert broadcast.audit("interview").exit_code == 0
    assert broadcast.retract("interview").exit_code == 0
    assert sandbox.mirror("mastodon").cards() == []


def test_saying_it_again_says_nothing_twice(interview: Broadcast, make: Make, sandbox: Sandbox) -> None:
    """A job that ran twice, on a ledger that knows."""
    url = interview.say("interview", "Hello.")["news"].url
    again = make(NEWS, PAGE).say("interview", "Hello.")["news"]
    assert (again.done, again.url) == ("said before", url)
    assert thread(sandbox).count("Hello.") == 1


def test_a_lost_answer_doubles_and_loses_nothing(interview: Broadcast, make: Make, sandbox: Sandbox) -> None:
    """X took it and the answer was lost: it is found, and the next statement stands below it."""
    sandbox.fault("x", "reset_after", handler="create_post")
    interview.say("interview", "Is anybody out there?")
    make(NEWS, PAGE).say("interview", "Nobody knows.")
    assert thread(sandbox) == [OPENING.text, "Is anybody out there?", "Nobody knows."]


def test_whoever_speaks_next_finishes_what_came_before(interview: Broadcast, make: Make, sandbox: Sandbox) -> None:
    """A statement that X refused for a while is said before the one after it, and both once."""
    for nth in range(1, 21):
        sandbox.fault("x", "status_before", handler="create_post", status=503, nth=nth)
    assert interview.say("interview", "One.").exit_code != 0
    sandbox.clear_faults()
    assert make(NEWS, PAGE).say("interview", "Two.").exit_code == 0
    assert thread(sandbox) == [OPENING.text, "One.", "Two."]


def test_two_people_speak_at_once(interview: Broadcast, make: Make, sandbox: Sandbox) -> None:
    """Who comes second waits for the first: nobody's words are lost, doubled, or beside the thread."""
    people = [make(NEWS, PAGE, is_real_time=True) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda person: person.say("interview", f"I am person {people.index(person)}."), people))
    assert sorted(thread(sandbox)[1:]) == ["I am person 0.", "I am person 1."]
    parents = [card.parent for card in sandbox.mirror("x").cards()]
    assert len(set(parents)) == len(parents)


def test_what_a_channel_cannot_carry_is_said_nowhere(interview: Broadcast, sandbox: Sandbox) -> None:
    """A photo without a description, a key that nobody published, a channel without threads: told before anything is sent."""
    posts = len(thread(sandbox))
    with pytest.raises(ConfigurationError, match="nothing was said: news:"):
        interview.say("interview", "Look.", [Photo(picture(1).data or b"")])
    with pytest.raises(ConfigurationError, match="interviews"):
        interview.say("interviews", "Hello.")
    assert len(thread(sandbox)) == posts


def test_a_thread_is_taken_back_with_all_that_was_said(interview: Broadcast, sandbox: Sandbox) -> None:
    """Nothing of the interview stays."""
    interview.say("interview", "Hello.")
    interview.retract("interview")
    assert thread(sandbox) == []
