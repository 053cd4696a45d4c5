"""Taking an announcement back: everywhere, in the right order, once, and with the truth about what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from socialcast import Announcement, Broadcast, Channel, State
from socialcast.model.errors import ConfigurationError, LedgerBusy
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy

Make = Callable[..., Broadcast]
SAID = Announcement(key="doors", text="Doors open. " * 30, title="Doors", photos=[picture(number) for number in range(3)])
CHANNELS = (
    Channel(name="album", platform="flickr"),
    Channel(name="news", platform="x", policy=Policy.ADAPT),
)


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """Makes broadcasts to an album and to a thread that links there."""
    made: list[Broadcast] = []

    def new(*channels: Channel, ledger: str = "ledger") -> Broadcast:
        clock = SandboxClock(sandbox)
        made.append(Broadcast(channels or CHANNELS, ledger=tmp_path / ledger, sandbox=sandbox, clock=clock))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


@pytest.fixture
def published(make: Make) -> Broadcast:
    broadcast = make()
    broadcast.publish(SAID).raise_for_failures()
    return broadcast


def cards(sandbox: Sandbox, *platforms: str) -> list[Any]:
    return [card for platform in platforms or ("x", "flickr") for card in sandbox.mirror(platform).cards()]


def deletions(sandbox: Sandbox) -> list[str]:
    handlers = ("delete_post", "photos_delete", "photosets_delete")
    return [record.platform for record in sandbox.requests() if record.handler in handlers]


def test_nothing_of_it_is_left(published: Broadcast, sandbox: Sandbox) -> None:
    """Thread, photos and album are gone, and the ledger says so."""
    assert len(cards(sandbox, "x")) > 1
    report = published.retract("doors")
    assert report.exit_code == 0, report
    assert cards(sandbox) == []
    assert {outcome.state for outcome in published.status("doors").outcomes} == {State.RETRACTED}


def test_posts_go_before_what_they_link_to(published: Broadcast, sandbox: Sandbox) -> None:
    """No reader follows a link to what is gone already."""
    published.retract("doors")
    order = deletions(sandbox)
    assert order == sorted(order, key=["x", "flickr"].index)


def test_what_was_taken_back_is_not_published_again(published: Broadcast, sandbox: Sandbox) -> None:
    """A job that runs once more under that key sends nothing, and says that it is not there."""
    published.retract("doors")
    report = published.publish(SAID)
    assert cards(sandbox) == []
    assert report.exit_code == 1
    assert {outcome.state for outcome in report.outcomes} == {State.RETRACTED}


def test_a_second_time_asks_no_platform(published: Broadcast, sandbox: Sandbox) -> None:
    """It says that it was taken back before."""
    published.retract("doors")
    before = len(sandbox.requests())
    again = published.retract("doors")
    assert again.exit_code == 0
    assert [outcome.done for outcome in again.outcomes] == ["taken back before"] * 2
    assert len(sandbox.requests()) == before


def test_what_somebody_else_removed_is_no_error(published: Broadcast, sandbox: Sandbox) -> None:
    """The rest goes."""
    mirror: Any = sandbox.mirror("x")
    with mirror.lock:
        del mirror.posts[published.status("doors")["news"].items[0].id]
    assert published.retract("doors").exit_code == 0
    assert cards(sandbox) == []


@pytest.mark.parametrize("effect", ["status_before", "reset_after", "no_id"])
def test_a_run_that_was_cut_short_goes_on(published: Broadcast, sandbox: Sandbox, make: Make, effect: str) -> None:
    """Whatever became of one deletion, the next run finishes, on another machine's view of the same ledger."""
    wrong = {"status": 403} if effect == "status_before" else {}
    sandbox.fault("x", effect, handler="delete_post", nth=2, count=99, **wrong)
    assert published.retract("doors").exit_code in (0, 3)
    sandbox.clear_faults()
    assert make().retract("doors").exit_code == 0
    assert cards(sandbox) == []


def test_one_dead_channel_keeps_no_other(published: Broadcast, sandbox: Sandbox) -> None:
    """The others are taken back, and the dead one is told with what to do; nothing of it is claimed."""
    sandbox.mirror("x").expire_credentials("news")
    report = published.retract("doors")
    assert report.exit_code == 3
    assert report["news"].failed
    assert report["news"].hint
    assert cards(sandbox, "flickr") == []
    assert published.status("doors")["news"].state is State.PUBLISHED


def test_what_was_never_published(make: Make) -> None:
    """An unknown key is an error that suggests; what is held is said to be, and nothing is done."""
    broadcast = make()
    with pytest.raises(ConfigurationError, match="knows no announcement"):
        broadcast.retract("doors")
    held = Announcement(
        key="later", text="Doors open.", photos=[picture(0)], embargo=broadcast._shop.clock.now() + timedelta(hours=1)
    )
    broadcast.publish(held)
    report = broadcast.retract("later")
    assert report["news"].done == "nothing to take back"


def test_what_nobody_knows_of_is_no_failure(make: Make, sandbox: Sandbox) -> None:
    """Where a publication is unknown, so is its retraction, and the exit code says which."""
    sandbox.fault("x", "reset_after", handler="create_post")
    sandbox.fault("x", "status_before", handler="get_timeline", count=99)
    broadcast = make(CHANNELS[1])
    assert broadcast.publish(SAID)["news"].state is State.UNKNOWN
    report = broadcast.retract("doors")
    assert (report["news"].unknown, report.exit_code) == (True, 4)
    assert "socialcast resolve" in report["news"].hint


def test_one_channel_alone(published: Broadcast, make: Make, sandbox: Sandbox) -> None:
    """The others keep it."""
    assert make(CHANNELS[1]).retract("doors").exit_code == 0
    assert cards(sandbox, "x") == []
    assert cards(sandbox, "flickr")


def test_two_at_once_do_not_meet(published: Broadcast, make: Make) -> None:
    """While one works, the other leaves."""
    other = make()
    with published._published("doors").lease(), ThreadPoolExecutor(1) as pool, pytest.raises(LedgerBusy):
        pool.submit(other.retract, "doors").result()


def test_a_platform_that_keeps_it_is_told_with_the_address(make: Make, tmp_path: Path) -> None:
    """A mail that was sent stays where it is: it is listed, and the exit code says that something is still there."""
    (tmp_path / "readers.txt").write_text("ann@example.org\n", encoding="utf-8")
    settings = {"host": "smtp.example.org", "sender": "press@example.org", "recipients": "readers.txt"}
    press = Channel(name="press", platform="email", settings=settings, folder=tmp_path)
    broadcast = make(press)
    broadcast.publish(Announcement(key="doors", title="Doors", text="Doors open.")).raise_for_failures()
    report = broadcast.retract("doors")
    assert report.exit_code == 3
    assert {left.item.kind for left in report["press"].left} == {"mail"}
    assert "stays where it is" in report["press"].left[0].reason
