"""A host gives the others its link; nobody is sent to what is not public."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Live, Override, State
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture
from socialcast.wire.settings import Policy

Make = Callable[[], Broadcast]
ALBUM = Announcement(key="album", title="Open doors", text="Doors open.", photos=[picture(number) for number in range(5)])


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """Makes broadcasts with an optional host, and a feed that shows four photos and links to the rest."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    channels = [
        Channel(name="photos", platform="flickr", required=False),
        Channel(name="news", platform="plaza", policy=Policy.ADAPT),
    ]
    made: list[Broadcast] = []

    def new() -> Broadcast:
        made.append(Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


def text_of_news(sandbox: Sandbox) -> str:
    return "\n".join(card.text for card in sandbox.mirror("plaza").cards())


def test_the_feed_links_to_the_hosts_album(make: Make, sandbox: Sandbox) -> None:
    """The address that the host gave stands in the feed's text."""
    report = make().publish(ALBUM)
    assert report.exit_code == 0
    assert sandbox.mirror("flickr").cards()
    assert "https://www.flickr.com/photos/" in text_of_news(sandbox)


def test_a_host_that_fails_at_the_end_is_not_linked_to(make: Make, sandbox: Sandbox) -> None:
    """When the album does not become public, the feed says so instead of leading there."""
    sandbox.fault("flickr", "status_before", handler="photos_set_perms", status=403, count=99)
    report = make().publish(ALBUM)
    assert report["photos"].state is State.REFUSED
    assert report["news"].state is State.PUBLISHED
    assert "flickr.com" not in text_of_news(sandbox)
    assert any("left out" in adaptation.message for adaptation in report["news"].adaptations)


def test_a_host_that_fails_on_a_later_run_is_not_linked_to(make: Make, sandbox: Sandbox) -> None:
    """What a host prepared before it lost its token stays private, so that nobody is sent there."""
    embargoed = msgspec.structs.replace(ALBUM, embargo=sandbox.clock.datetime() + timedelta(hours=1))
    assert make().publish(embargoed)["photos"].state is State.HELD
    sandbox.mirror("flickr").expire_credentials("photos")
    sandbox.advance(3601)
    report = make().publish(embargoed)
    assert report["photos"].state is State.REFUSED
    assert report["news"].state is State.PUBLISHED
    assert "flickr.com" not in text_of_news(sandbox)


def test_a_host_that_was_published_before_is_linked_to(make: Make, sandbox: Sandbox) -> None:
    """A feed that comes later gets the link of the run that made the album public."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    first = make().publish(ALBUM)
    assert (first["photos"].state, first["news"].state) == (State.PUBLISHED, State.HELD)
    sandbox.clear_faults()
    assert make().resume("album").exit_code == 0
    assert "https://www.flickr.com/photos/" in text_of_news(sandbox)


def test_a_plan_says_what_its_placeholders_stand_for(make: Make) -> None:
    """An address that nobody can know yet is not taken for one that will be posted."""
    plan = make().plan(ALBUM)
    assert plan.placeholders == {
        "https://example.org/placeholder/album-on-photos": "the address of the album, which is known once it is there"
    }
    assert all(url in str(plan["news"].post) for url in plan.placeholders)
    assert make().plan(msgspec.structs.replace(ALBUM, photos=ALBUM.photos[:1])).placeholders == {}


def test_a_host_of_an_earlier_run_gives_its_link_to_a_run_without_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """The album that is public leads the later feed to all photos, as the plan says."""
    (tmp_path / "channels.toml").write_text(
        '[channels.photos]\nplatform = "flickr"\n[channels.news]\nplatform = "plaza"\npolicy = "adapt"\n'
    )

    def only(name: str) -> Broadcast:
        return Broadcast.from_file(tmp_path / "channels.toml", only=[name], sandbox=sandbox, clock=SandboxClock(sandbox))

    with only("news") as broadcast:
        assert "behind the link" not in str(broadcast.plan(ALBUM)["news"].post)
    with only("photos") as broadcast:
        broadcast.publish(ALBUM).raise_for_failures()
    with only("news") as broadcast:
        assert "behind the link" in str(broadcast.plan(ALBUM)["news"].post)
        broadcast.publish(ALBUM).raise_for_failures()
    assert "https://www.flickr.com/photos/" in text_of_news(sandbox)


def test_a_plan_promises_no_link_of_a_host_that_takes_no_part(make: Make) -> None:
    """What a person approves has no link that the run will not have."""
    broadcast = make()
    assert "behind the link" in str(broadcast.plan(ALBUM)["news"].post)
    assert "behind the link" not in str(
        broadcast.plan(msgspec.structs.replace(ALBUM, channels={"photos": Override(skip="not there")}))["news"].post
    )
    silent = msgspec.structs.replace(ALBUM.photos[0], licence="", alt="x" * 3000, caption="")
    plan = broadcast.plan(msgspec.structs.replace(ALBUM, title="t" * 300, photos=(silent, *ALBUM.photos[1:])))
    assert plan["photos"].errors
    assert "behind the link" not in str(plan["news"].post)


def test_a_channel_that_skips_what_does_not_fit_skips_it_under_its_accounts_limits_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """What only the account tells to be too large leaves this channel out, and stops nobody else."""
    flickr: Any = sandbox.mirror("flickr")
    flickr.limits = dataclasses.replace(flickr.limits, video_max_bytes=clip().content.size - 1)
    film = Announcement(key="film", text="Doors open.", video=clip())
    channels = [
        Channel(name="films", platform="flickr", policy=Policy.SKIP),
        Channel(name="news", platform="plaza", policy=Policy.ADAPT),
    ]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        assert not broadcast.plan(film)["films"].skipped
        report = broadcast.publish(film)
    assert (report["films"].state, report["news"].state, report.exit_code) == (State.SKIPPED, State.PUBLISHED, 0)
    assert "are allowed" in report["films"].reason


def test_what_another_host_shows_is_not_said_to_be_left_out(sandbox: Sandbox, tmp_path: Path) -> None:
    """A channel for films needs no permission to leave the photos to the album of another."""
    said = Announcement(key="both", title="Doors", text="Doors open.", photos=[picture(1)], video=clip())
    channels = [Channel(name="film", platform="youtube"), Channel(name="photos", platform="flickr")]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        planned = broadcast.plan(said)["film"]
        report = broadcast.publish(said)
    assert not planned.errors
    assert [change.message for change in report["film"].adaptations if change.code == "photos.album"] == [
        "none of the photos: they are on another channel"
    ]
    with Broadcast(channels[:1], ledger=tmp_path / "alone", sandbox=sandbox, clock=SandboxClock(sandbox)) as alone:
        assert {problem.code for problem in alone.plan(said)["film"].errors} == {"photos.album"}


TWO_HOSTS = """
[channels.main]
platform = "youtube"
policy = "skip"
[channels.annex]
platform = "vimeo"
policy = "skip"
[channels.news]
platform = "x"
policy = "adapt"
correction = "reply"
[channels.sky]
platform = "bluesky"
policy = "adapt"
correction = "replace"
"""


@pytest.mark.parametrize("runs", [[[]], [["annex", "main"], ["sky", "news"]], [["annex"], ["sky", "main", "news"]]])
def test_all_are_led_to_the_first_host_in_whichever_run(sandbox: Sandbox, tmp_path: Path, runs: list[list[str]]) -> None:
    """The channels file's order decides, and so an audit, and a post that is published anew, have nothing else to say."""
    (tmp_path / "channels.toml").write_text(TWO_HOSTS, encoding="utf-8")

    def open_channels(only: list[str]) -> Broadcast:
        clock = SandboxClock(sandbox)
        return Broadcast.from_file(
            tmp_path / "channels.toml", only=only, ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock
        )

    begins_at = sandbox.clock.datetime() + timedelta(days=1)
    event = Announcement(key="doors", title="Doors", text="We open.", live=Live(title="Doors", starts_at=begins_at))
    for only in runs:
        with open_channels(only) as broadcast:
            broadcast.publish(event).raise_for_failures()
    with open_channels([]) as broadcast:
        address = broadcast.ledger.deliveries("doors")["main"].draft["links"]["live"]
        assert [address in card.text for name in ("x", "bluesky") for card in sandbox.mirror(name).cards()] == [True, True]
        assert broadcast.audit("doors").exit_code == 0
        assert broadcast.correct(msgspec.structs.replace(event, text="We open at ten.")).exit_code == 0
        assert address in sandbox.mirror("bluesky").cards()[0].text
        assert "at ten" in sandbox.mirror("bluesky").cards()[0].text
