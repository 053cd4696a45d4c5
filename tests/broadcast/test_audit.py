"""What every channel shows, compared with what was announced: each difference is found, named and told from the others."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from socialcast import Announcement, Broadcast, Channel, Photo
from socialcast.model.reports import Difference
from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import Act
from socialcast.testing.clock import SandboxClock
from socialcast.wire.settings import Correction, Policy


def striped(index: int) -> Photo:
    """A photo that the eye tells from others, as it does not one of a single colour."""
    file = io.BytesIO()
    noise = Image.frombytes("L", (9, 8), random.Random(index).randbytes(72))
    noise.resize((720, 480), Image.Resampling.BICUBIC).convert("RGB").save(file, "JPEG")
    return Photo(data=file.getvalue(), alt=f"Stripes, number {index}")


SAID = Announcement(
    key="doors",
    text="Doors open at nine, & there is soup: see https://example.org/doors for all of it. " + "There is a talk, too. " * 12,
    photos=[striped(0), striped(1)],
)
CHANNELS = (
    Channel(name="news", platform="x", policy=Policy.ADAPT),
    Channel(name="town", platform="plaza", policy=Policy.ADAPT),
)


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Broadcast]]:
    """Makes broadcasts to X, and to a platform whose publisher reads nothing back."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    made: list[Broadcast] = []

    def new(*channels: Channel) -> Broadcast:
        clock = SandboxClock(sandbox)
        made.append(Broadcast(channels or CHANNELS, ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


@pytest.fixture
def broadcast(make: Callable[..., Broadcast]) -> Broadcast:
    made = make()
    made.publish(SAID).raise_for_failures()
    return made


def posts(sandbox: Sandbox) -> dict[str, Any]:
    mirror: Any = sandbox.mirror("x")
    found: dict[str, Any] = mirror.posts
    return found


def first(sandbox: Sandbox) -> str:
    return min(posts(sandbox), key=int)


def change(sandbox: Sandbox, **fields: Any) -> None:
    """Change the first post, as X or somebody at its keyboard might."""
    posts(sandbox)[first(sandbox)] = replace(posts(sandbox)[first(sandbox)], **fields)


def found(broadcast: Broadcast, *, pictures: bool = False) -> list[tuple[Difference, str]]:
    report = broadcast.audit("doors", pictures=pictures)
    return [(finding.difference, finding.aspect) for finding in report["news"].findings]


def test_what_is_as_announced_has_no_findings(broadcast: Broadcast) -> None:
    """A thread with its addresses shortened and its photos recoded by the platform is still what was announced."""
    report = broadcast.audit("doors", pictures=True)
    assert report.exit_code == 0, report
    assert report["news"].done == "as announced"
    assert "text" not in report["news"].unseen


def test_only_what_the_platform_shows_is_told_as_not_looked_at(broadcast: Broadcast) -> None:
    """X has no titles, keeps no tags and hosts no events, of which nobody has to look for any."""
    assert broadcast.audit("doors")["news"].unseen == ("pictures",)


def test_what_cannot_be_read_back_is_said(broadcast: Broadcast) -> None:
    """Of an outside package that only publishes nothing is claimed."""
    told = broadcast.audit("doors")["town"]
    assert not told.failed
    assert told.done == "not looked at"
    assert "plaza" in told.reason


def test_other_words_are_found(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """With what was announced and what is shown; so is an address that is not there any more."""
    post = posts(sandbox)[first(sandbox)]
    change(sandbox, rendered=replace(post.rendered, text="Doors stay shut.", urls=[]))
    report = broadcast.audit("doors")
    assert report.exit_code == 3
    text, link = report["news"].findings
    assert (text.difference, text.aspect, text.found) == (Difference.BY_PLATFORM, "text", "Doors stay shut.")
    assert text.expected.startswith("Doors open at nine, & there")
    assert (link.difference, link.expected) == (Difference.MISSING, "https://example.org/doors")


def test_a_part_that_was_removed_is_found(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Whoever removed it."""
    del posts(sandbox)[max(posts(sandbox), key=int)]
    assert found(broadcast) == [(Difference.REMOVED, "")]


def test_photos_are_counted_described_and_in_order(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """One that is missing, alt text that is gone, and two that changed places are three different findings."""
    media = posts(sandbox)[first(sandbox)].media
    change(sandbox, media=media[1:])
    (missing,) = broadcast.audit("doors")["news"].findings
    assert (missing.difference, missing.expected) == (Difference.MISSING, "2 photos, among them: Stripes, number 0")
    change(sandbox, media=media[::-1])
    assert found(broadcast) == [(Difference.BY_PLATFORM, "media")]
    change(sandbox, media=media)
    media[0].alt_text = ""
    assert found(broadcast) == [(Difference.MISSING, "alt text")]


def test_another_picture_under_the_same_words_is_found_by_looking(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Only those who fetch the pictures can see it, and the report says when nobody did."""
    media = posts(sandbox)[first(sandbox)].media
    media[0].blob, media[0].alt_text, media[1].alt_text = media[1].blob, media[0].alt_text, media[1].alt_text
    assert found(broadcast) == []
    assert "pictures" in broadcast.audit("doors")["news"].unseen
    assert (Difference.BY_PLATFORM, "media") in found(broadcast, pictures=True)


def test_one_missing_photo_moves_no_other(make: Callable[..., Broadcast], sandbox: Sandbox) -> None:
    """Those behind it are not said to be changed, nor to stand elsewhere, to the eye neither; an album in another order is."""
    album = make(Channel(name="album", platform="flickr"))
    album.publish(Announcement(key="doors", title="Doors", text="Open.", photos=[striped(index) for index in range(5)]))
    mirror: Any = sandbox.mirror("flickr")
    gone = next(card for card in mirror.cards() if card.title == "Stripes, number 2")
    sandbox.act("flickr", Act.REMOVE, "Bo", gone.id)
    for pictures in (False, True):
        findings = album.audit("doors", pictures=pictures)["album"].findings
        assert {(one.difference, one.expected) for one in findings} == {
            (Difference.REMOVED, ""),
            (Difference.MISSING, "5 photos"),
        }
    (shown,) = mirror.photosets.values()
    shown.photos = dict.fromkeys(reversed(shown.photos))
    assert "in another order" in [finding.found for finding in album.audit("doors")["album"].findings]


def test_the_same_once_more_is_extra(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Whoever posted it, by whatever means."""
    id = first(sandbox)
    mirror: Any = sandbox.mirror("x")
    twin = replace(posts(sandbox)[id], id=mirror.next_id())
    posts(sandbox)[twin.id] = twin
    assert found(broadcast) == [(Difference.EXTRA, "")]


def test_one_dead_channel_keeps_no_other_from_being_read(make: Callable[..., Broadcast], sandbox: Sandbox) -> None:
    """It is said with what to do; the others are audited all the same."""
    both = make(CHANNELS[0], Channel(name="sport", platform="x", policy=Policy.ADAPT))
    both.publish(SAID).raise_for_failures()
    sandbox.mirror("x").expire_credentials("sport")
    report = both.audit("doors")
    assert report.exit_code == 3
    assert report["sport"].failed
    assert report["sport"].hint
    assert report["news"].done == "as announced"


def test_without_a_network_nothing_is_claimed(make: Callable[..., Broadcast], broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Every channel that could be read has failed, with a reason."""
    sandbox.fault("x", "reset_before", method="GET", count=99)
    report = make(CHANNELS[0]).audit("doors")
    assert report.exit_code == 1
    assert report["news"].failed
    assert report["news"].reason


def test_what_was_taken_back_is_not_missed(broadcast: Broadcast) -> None:
    """A retraction is no difference."""
    broadcast.retract("doors")
    report = broadcast.audit("doors")
    assert report.exit_code == 0
    assert "retracted" in report["news"].done


def test_a_correction_told_in_a_reply_leaves_the_post_as_it_was(make: Callable[..., Broadcast], sandbox: Sandbox) -> None:
    """What the post itself was to show is what is looked for."""
    replying = make(msgspec.structs.replace(CHANNELS[0], correction=Correction.REPLY))
    short = Announcement(key="doors", text="Doors open at nine.")
    replying.publish(short).raise_for_failures()
    assert replying.correct(msgspec.structs.replace(short, text="Doors open at ten.")).exit_code == 0
    assert replying.audit("doors").exit_code == 0
