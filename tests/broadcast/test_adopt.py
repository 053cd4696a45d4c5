"""A ledger that was lost is made again of what the platforms show, and nothing is sent for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, State
from socialcast.delivery.conversation import Standing
from socialcast.delivery.steps import Steps
from socialcast.model.receipt import Item, Outcome
from socialcast.model.reports import Adoption, Audit, ChannelOutcome, RetractionReport
from socialcast.registry import platforms, publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import SandboxStage, picture, sample, shows_what_it_gets
from socialcast.wire.settings import Policy
from socialcast.wire.transport import READS

# What has to be sent to be let in, or to read, by the names of the mirrors' handlers: it changes nothing.
_HARMLESS = {
    "bluesky": r"create_session|refresh_session",
    "email": r"sign_in",
    "flickr": r"\w+_get_\w+|photos_recently_updated|\w+_search|auth_oauth_check_token",
    "mediawiki": r"login",
    "youtube": r"token",
}
_SHOWN_AFTER_SECONDS = 120  # some platforms are slow to show what they have
_HELLO = Announcement(key="hello", text="Doors open at nine.")


def _outlives(platform: str) -> bool:
    """Whether what is said below a post stays without it; a room of the press alone lets nobody else in who could say it."""
    rules = publisher_class(platform).capabilities.replies
    return rules is not None and rules.outlive and platform != "matrix"


def comments(report: RetractionReport) -> list[Item]:
    """What of the dialogue is listed as still there."""
    return [left.item for left in report["contract"].left if left.item.kind == "comment"]


@pytest.fixture(params=[name for name in platforms() if shows_what_it_gets(publisher_class(name).capabilities)])
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform that shows what it gets."""
    name: str = request.param
    return name


@pytest.fixture
def said(platform: str) -> Announcement:
    """Something that the platform can carry."""
    return sample(publisher_class(platform))


@pytest.fixture
def stage(sandbox: Sandbox, platform: str) -> SandboxStage:
    return SandboxStage(sandbox, platform)


@pytest.fixture
def looks(platform: str) -> bool:
    """Whether the platform can be asked what is there."""
    return publisher_class(platform).capabilities.recovery.looks


def publish(stage: SandboxStage, said: Announcement, ledger: Path) -> Outcome:
    with stage.broadcast(ledger) as broadcast:
        return broadcast.publish(said)["contract"]


def adopt(stage: SandboxStage, said: Announcement, ledger: Path) -> Audit:
    """What a machine finds that knows of nothing; no write reaches the platform."""
    seen, count = stage.sights(), len(stage.sandbox.requests())
    with stage.broadcast(ledger) as broadcast:
        told = broadcast.adopt(said)["contract"]
    sent = {each.handler for each in stage.sandbox.requests()[count:] if each.method not in READS}
    assert [handler for handler in sent if not re.fullmatch(_HARMLESS.get(stage.platform, ""), handler)] == []
    assert stage.sights() == seen
    return told


def test_what_is_there_is_known_again(stage: SandboxStage, said: Announcement, looks: bool, tmp_path: Path) -> None:
    """With the same items, and as announced; a later run sends nothing. Where a platform cannot be asked, that is told."""
    first = publish(stage, said, tmp_path / "lost")
    told = adopt(stage, said, tmp_path / "new")
    if not looks:
        assert (told.adoption, bool(told.reason)) == (Adoption.UNCLEAR, True)
        return
    assert (told.adoption, told.failed, told.findings) == (Adoption.FOUND, False, ())
    with stage.broadcast(tmp_path / "new") as broadcast:
        known = broadcast.status(said.resolved_key)["contract"]
        assert (known.state, known.id, known.url, known.items) == (State.PUBLISHED, first.id, first.url, first.items)
        assert broadcast.publish(said)["contract"].steps_sent == 0


def test_what_was_adopted_can_be_taken_back(stage: SandboxStage, said: Announcement, looks: bool, tmp_path: Path) -> None:
    """As much of it as of what the ledger knew all the time."""
    if not looks:
        pytest.skip("capabilities.recovery.looks is off: nothing is adopted")
    publish(stage, said, tmp_path / "ledger")
    adopt(stage, said, tmp_path / "new")
    with stage.broadcast(tmp_path / "new") as broadcast:
        adopted = broadcast.retract(said.resolved_key)["contract"]
    remaining = stage.sights()
    with Sandbox() as other:
        known = SandboxStage(other, stage.platform)
        publish(known, said, tmp_path / "known")
        with known.broadcast(tmp_path / "known") as broadcast:
            usual = broadcast.retract(said.resolved_key)["contract"]
        assert (adopted.failed, adopted.done, len(adopted.left)) == (usual.failed, usual.done, len(usual.left))
        assert remaining == known.sights()


def test_what_was_adopted_is_answered_and_corrected(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was said below it meanwhile is read, an answer goes to its place, and a correction edits the post that is there."""
    hello, stage = Announcement(key="hello", text="Doors open at nine."), SandboxStage(sandbox, "facebook")
    publish(stage, hello, tmp_path / "lost")
    (post,) = sandbox.mirror("facebook").cards()
    sandbox.act("facebook", "reply", "ann", post.id, "Is there soup?")
    adopt(stage, hello, tmp_path / "new")
    with stage.broadcast(tmp_path / "new") as broadcast:
        dialogue = broadcast.dialogue("hello")
        dialogue.read()
        (asked,) = dialogue
        assert dialogue.answer(asked, "From noon.").done == "answered"
        later = msgspec.structs.replace(hello, text="Doors open at ten.")
        assert broadcast.correct(later)["contract"].done == "edited"
    assert {card.text for card in sandbox.mirror("facebook").cards()} == {"Doors open at ten.", "Is there soup?", "From noon."}


@pytest.mark.parametrize("platform", [name for name in platforms() if _outlives(name)])
def test_what_the_account_said_below_it_is_listed_when_the_rest_is_taken_back(platform: str, tmp_path: Path) -> None:
    """With its address, until a person has deleted it, who may have written it by hand. What it answers waits no more."""
    said = sample(publisher_class(platform))
    with Sandbox() as sandbox:
        stage = SandboxStage(sandbox, platform)
        with stage.broadcast(tmp_path / "lost") as broadcast:
            told = broadcast.publish(said)["contract"]
            talk, answered = _answered(broadcast, sandbox, platform, told)
        adopt(stage, said, tmp_path / "new")
        with stage.broadcast(tmp_path / "new") as broadcast:
            assert [kept.standing for kept in broadcast.dialogue(said.resolved_key)] == [Standing.ANSWERED]
            report = broadcast.retract(said.resolved_key)
            (left,) = comments(report)
            assert (report.exit_code, left.url) == (3, answered.url)
            sandbox.act(platform, "remove", "eve", talk if platform == "mediawiki" else left.id)
            assert comments(broadcast.retract(said.resolved_key)) == []


def _answered(broadcast: Broadcast, sandbox: Sandbox, platform: str, told: Outcome) -> tuple[str, ChannelOutcome]:
    """The id of somebody's question, or of the talk page where it stands, and what was answered."""
    (first, *_) = [card for card in sandbox.mirror(platform).cards() if card.id == told.id or platform == "mediawiki"]
    place = sandbox.act(platform, "reply", "ann", first.id, "Is there soup, @contract?")
    sandbox.advance(_SHOWN_AFTER_SECONDS)
    (dialogue := broadcast.dialogue(broadcast.ledger.keys()[0])).read()
    (asked,) = dialogue
    answered = dialogue.answer(asked, "From noon.")
    assert not answered.failed, answered
    sandbox.advance(_SHOWN_AFTER_SECONDS)
    return place, answered


def test_replies_that_cannot_be_read_are_said(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was found is adopted all the same."""
    stage = SandboxStage(sandbox, "facebook")
    publish(stage, _HELLO, tmp_path / "lost")
    sandbox.fault("facebook", "status_before", status=403, handler="list_comments", count=99)
    told = adopt(stage, _HELLO, tmp_path / "new")
    assert (told.adoption, told.failed, "replies" in told.unseen) == (Adoption.FOUND, False, True)


def test_what_was_cut_short_is_not_taken_for_published(platform: str, said: Announcement, looks: bool, tmp_path: Path) -> None:
    """Whichever call was the last that did anything; a later run sends the rest and nothing twice."""
    for method, nth, wanted in _cuts(platform, said, tmp_path):
        with Sandbox() as sandbox:
            stage, folder = SandboxStage(sandbox, platform), tmp_path / f"{method}-{nth}"
            sandbox.fault(platform, "status_before", status=403, method=method, nth=nth, count=999)
            publish(stage, said, folder / "lost")
            sandbox.clear_faults()
            told = adopt(stage, said, folder / "new")
            assert told.failed
            assert told.adoption in ((Adoption.PARTLY, Adoption.ABSENT) if looks else (Adoption.UNCLEAR,)), told
            assert publish(stage, said, folder / "new").state is (State.PUBLISHED if looks else State.UNKNOWN)
            assert not looks or stage.sights() == wanted


def _cuts(platform: str, said: Announcement, folder: Path) -> list[tuple[str, int, list[tuple[str, ...]]]]:
    """Of a clean run, the write in the middle and the last one, and what the public sees in the end."""
    with Sandbox() as sandbox:
        stage = SandboxStage(sandbox, platform)
        publish(stage, said, folder / "clean")
        writes = [each for each in sandbox.requests(platform) if each.method not in READS]
        wanted = stage.sights()
    harmless = re.compile(_HARMLESS.get(platform, ""))
    places = [number for number, each in enumerate(writes) if not harmless.fullmatch(each.handler)]
    methods = [each.method for each in writes]
    if not places:
        pytest.skip("it sends nothing over the wire: nothing can be cut short")
    chosen = sorted({places[len(places) // 2], places[-1]})
    return [(methods[place], methods[: place + 1].count(methods[place]), wanted) for place in chosen]


def test_what_never_was_is_absent(stage: SandboxStage, said: Announcement, looks: bool, tmp_path: Path) -> None:
    """Nothing is claimed, and it can be published."""
    told = adopt(stage, said, tmp_path / "ledger")
    assert told.failed
    assert told.adoption is (Adoption.ABSENT if looks else Adoption.UNCLEAR)
    if looks:
        assert publish(stage, said, tmp_path / "ledger").state is State.PUBLISHED


# -- several channels -------------------------------------------------------------------------------------------------------

Make = Callable[..., Broadcast]


def test_a_channel_that_cannot_be_asked_keeps_no_other_from_being_found(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """It is told, and looked at again before anything is sent there, also by a run that was not told to recover."""
    make("a", "b").publish(_HELLO).raise_for_failures()
    mirror = sandbox.mirror("plaza")
    mirror.expire_credentials("b")
    report = make("a", "b", ledger=tmp_path / "new").adopt(_HELLO)
    assert (report["a"].adoption, report["b"].adoption, report.exit_code) == (Adoption.FOUND, Adoption.UNCLEAR, 3)
    assert report["b"].hint
    mirror.renew_credentials("b")
    assert make("a", "b", ledger=tmp_path / "new").publish(_HELLO).exit_code == 0
    assert len(mirror.cards()) == 2


def test_a_channel_of_which_nothing_can_be_looked_for_is_not_taken_for_published(
    make: Make, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's publisher may repeat every call that it makes: that it would go through proves nothing."""
    from plaza.publisher import PlazaPublisher

    def post(self: Any, payload: dict[str, Any], steps: Steps) -> str:
        return steps.once("post", lambda: self._call("POST", "/posts", json=payload), repeatable=True)

    monkeypatch.setattr(PlazaPublisher, "_post", post)
    told = make("a").adopt(_HELLO)["a"]
    assert told.adoption is Adoption.UNCLEAR
    assert "plaza does not tell" in told.reason
    assert sandbox.mirror("plaza").cards() == []


def test_what_was_found_once_is_not_forgotten(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """A second look at what is partly there finds it as it was, and the rest once it is there."""
    long = msgspec.structs.replace(_HELLO, text="Doors open at nine. " * 60)
    channel = Channel(name="a", platform="plaza", policy=Policy.ADAPT)
    sandbox.fault("plaza", "status_before", handler="add_post", status=403, nth=2, count=99)
    make(channel, ledger=tmp_path / "lost").publish(long)
    sandbox.clear_faults()
    looks = [make(channel).adopt(long)["a"] for _ in "ab"]
    assert [each.adoption for each in looks] == [Adoption.PARTLY, Adoption.PARTLY]
    make(channel, ledger=tmp_path / "lost").publish(long).raise_for_failures()
    assert make(channel).adopt(long)["a"].adoption is Adoption.FOUND


def test_what_a_person_says_is_not_there_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a channel that nobody can ask, nothing is sent before; once somebody looked, it is published as any other."""
    stage, letter = SandboxStage(sandbox, "email"), sample(publisher_class("email"))
    assert adopt(stage, letter, tmp_path / "ledger").adoption is Adoption.UNCLEAR
    assert publish(stage, letter, tmp_path / "ledger").steps_sent == 0
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        broadcast.resolve(letter.resolved_key, "contract", None)
    assert publish(stage, letter, tmp_path / "ledger").state is State.PUBLISHED


def test_a_channel_that_is_known_is_left_as_it_is(make: Make) -> None:
    """What the ledger has is not looked for; it is audited with the others."""
    broadcast = make("a")
    first = broadcast.publish(_HELLO)["a"]
    assert broadcast.adopt(_HELLO)["a"].adoption is Adoption.KNOWN
    assert broadcast.status("hello")["a"].published_at == first.published_at


def test_other_content_under_a_known_key_is_refused(make: Make, sandbox: Sandbox) -> None:
    """The ledger is not lost then, and keeps what it knows."""
    broadcast = make("a")
    broadcast.publish(_HELLO)
    with pytest.raises(ConfigurationError, match="was used for other content"):
        broadcast.adopt(msgspec.structs.replace(_HELLO, text="Doors stay shut."))
    assert broadcast.remembered("hello") == _HELLO


def test_without_a_hosts_address_no_post_is_called_absent(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """A post that leads to an album is looked for by its words; where the album cannot be asked for, nobody can tell."""
    channels = (
        Channel(name="photos", platform="flickr"),
        Channel(name="news", platform="mastodon", policy=Policy.ADAPT, settings={"url": "https://social.example"}),
    )
    album = Announcement(key="album", title="Open doors", text="Doors open.", photos=[picture(number) for number in range(5)])
    make(*channels).publish(album).raise_for_failures()
    sandbox.mirror("flickr").expire_credentials("photos")
    report = make(*channels, ledger=tmp_path / "new").adopt(album)
    assert [each.adoption for each in report.outcomes] == [Adoption.UNCLEAR, Adoption.UNCLEAR]
    assert "photos" in report["news"].reason
