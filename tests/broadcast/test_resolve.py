"""A person decides what nobody could look up, and the ledger keeps the trace."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, State
from socialcast.model.reports import Means
from socialcast.sandbox import Sandbox
from socialcast.wire.settings import Correction

Make = Callable[..., Broadcast]
OPENING = Announcement(key="opening", text="The doors open at nine.")
SEEN = "https://plaza.example/posts/seen-by-a-person"


@pytest.fixture
def unknown(make: Make, sandbox: Sandbox) -> Broadcast:
    """A broadcast whose one post may be there: the answer was lost, and looking for it fails."""
    broadcast = make("a")
    sandbox.fault("plaza", "reset_after", method="POST", nth=1)
    sandbox.fault("plaza", "status_before", method="GET", nth=2, count=20)
    assert broadcast.publish(OPENING)["a"].state is State.UNKNOWN
    sandbox.clear_faults()
    return broadcast


def test_what_a_person_saw_is_published_and_nothing_is_sent_again(unknown: Broadcast, sandbox: Sandbox) -> None:
    """After --published the outcome names the address, and another run sends nothing."""
    outcome = unknown.resolve("opening", "a", SEEN)["a"]
    assert (outcome.state, outcome.url) == (State.PUBLISHED, SEEN)
    calls = len(sandbox.requests("plaza"))
    assert unknown.publish(OPENING)["a"].url == SEEN
    assert len(sandbox.requests("plaza")) == calls


def test_what_a_person_did_not_see_is_sent(unknown: Broadcast, sandbox: Sandbox) -> None:
    """After --absent the next run sends it, without another look: the person is believed."""
    assert unknown.resolve("opening", "a", None)["a"].state is State.HELD
    assert unknown.publish(OPENING)["a"].state is State.PUBLISHED
    assert len(sandbox.mirror("plaza").cards()) == 2  # this person was wrong


def test_the_ledger_keeps_what_was_said(unknown: Broadcast) -> None:
    """Each word of a person is a step with the steps that it was about."""
    unknown.resolve("opening", "a", None)
    trace = unknown.ledger.steps("opening", "a")["resolve/1"].result
    assert trace["published"] is None
    assert len(trace["steps"]) == 1


NONSENSE = ("posts/1", "", "https://", "https:///posts/1", "plaza.example/posts/1", "javascript:alert(1)", f"{SEEN} or so")


@pytest.mark.parametrize(
    ("channel", "url", "words"), [("b", SEEN, "no channel 'b'"), *(("a", it, "no address") for it in NONSENSE)]
)
def test_what_cannot_be_meant_is_refused(unknown: Broadcast, channel: str, url: str, words: str) -> None:
    """An unknown channel and an address that is none are told, and nothing is settled."""
    with pytest.raises(ConfigurationError, match=words):
        unknown.resolve("opening", channel, url)
    assert unknown.status("opening")["a"].state is State.UNKNOWN


def test_what_is_known_is_not_resolved(make: Make) -> None:
    """A published delivery cannot be said to be absent, which would publish it twice."""
    broadcast = make("a")
    broadcast.publish(OPENING)
    with pytest.raises(ConfigurationError, match="nothing is unknown"):
        broadcast.resolve("opening", "a", None)


CORRECTED = msgspec.structs.replace(OPENING, text="The doors open at ten.")


def doubtful(make: Make, sandbox: Sandbox, effect: str) -> Broadcast:
    """A broadcast that was published, and then corrected by a reply that met this fault, and looking for it fails."""
    broadcast = make(Channel(name="news", platform="x", correction=Correction.REPLY))
    broadcast.publish(OPENING).raise_for_failures()
    sandbox.fault("x", effect, handler="create_post")
    sandbox.fault("x", "status_before", method="GET", nth=2, count=20)
    assert broadcast.correct(CORRECTED)["news"].failed
    sandbox.clear_faults()
    return broadcast


def test_a_correction_that_a_person_saw_is_one_and_what_was_published_keeps_its_address(make: Make, sandbox: Sandbox) -> None:
    """The word is about the correction: the post is where it was, and nothing more is sent."""
    corrected = doubtful(make, sandbox, "reset_after")
    before = corrected.status("opening")["news"]
    after = corrected.resolve("opening", "news", SEEN)["news"]
    assert (after.state, after.id, after.url, after.revision) == (State.PUBLISHED, before.id, before.url, 1)
    assert corrected.correct(CORRECTED)["news"].means is Means.NOTHING
    assert len(sandbox.mirror("x").cards()) == 2
    with pytest.raises(ConfigurationError, match="nothing is unknown"):
        corrected.resolve("opening", "news", SEEN)


def test_a_correction_that_a_person_did_not_see_is_sent_and_nothing_is_published_again(make: Make, sandbox: Sandbox) -> None:
    """What was published stays published; the next correction goes out."""
    corrected = doubtful(make, sandbox, "reset_before")
    assert corrected.resolve("opening", "news", None)["news"].state is State.PUBLISHED
    assert corrected.resume("opening")["news"].steps_sent == 0
    assert not corrected.correct(CORRECTED)["news"].failed
    assert len(sandbox.mirror("x").cards()) == 2
