"""An announcement's own page: everybody leads to it where the author named no link, and nobody to one that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Live, Override, State
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy

Make = Callable[..., Broadcast]
PAGE = "https://news.example.org/doors/"
SITE = {"url": "https://news.example.org/", "title": "News"}
DOORS = Announcement(key="doors", title="Doors", text="We open at nine.", photos=[picture(0), picture(1)])


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """A site, a host, a feed; the site is as the test says."""
    made: list[Broadcast] = []

    def new(*names: str, **site: Any) -> Broadcast:
        channels = {
            "photos": Channel(name="photos", platform="flickr"),
            "news": Channel(name="news", platform="x", policy=Policy.ADAPT),
            "stream": Channel(
                name="stream",
                platform="rtmp",
                policy=Policy.SKIP,
                settings={"url": "rtmp://live.example.org/live", "watch_url": "https://watch.example.org/"},
            ),
            "site": Channel(name="site", platform="newsroom", settings=SITE, **site),
        }
        chosen = [channels[name] for name in names or ("photos", "news", "site")]
        made.append(Broadcast(chosen, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


def shown(sandbox: Sandbox, platform: str) -> str:
    return "\n".join(f"{card.text} {card.html}" for card in sandbox.mirror(platform).cards())


def test_everybody_leads_to_the_page(make: Make, sandbox: Sandbox) -> None:
    """Feeds and hosts alike, by the address that the plan shows already."""
    broadcast = make()
    plan = broadcast.plan(DOORS)
    assert [PAGE in str(plan[name].post) for name in ("photos", "news", "site")] == [True, True, False]
    report = broadcast.publish(DOORS, approved=plan)
    report.raise_for_failures()
    assert report["site"].url == f"{sandbox.url}/at/news.example.org/doors/"
    assert PAGE in shown(sandbox, "flickr")
    assert PAGE in shown(sandbox, "x")


def test_the_authors_own_link_stays(make: Make, sandbox: Sandbox) -> None:
    """Who names a link is sent nowhere else."""
    make().publish(msgspec.structs.replace(DOORS, link=type(DOORS)(link="https://example.org/").link)).raise_for_failures()
    assert PAGE not in shown(sandbox, "x") + shown(sandbox, "flickr")


@pytest.mark.parametrize(
    "change", [{"channels": {"site": Override(skip="not there")}}, {"photos": (msgspec.structs.replace(picture(0), alt=""),)}]
)
def test_a_page_that_will_not_be_is_not_promised(change: dict[str, Any], make: Make) -> None:
    """Neither a skipped one nor one that has errors."""
    plan = make(required=False).plan(msgspec.structs.replace(DOORS, **change))
    assert PAGE not in str([plan[name].post for name in ("photos", "news")])


def test_a_page_that_fails_at_the_end_is_not_led_to(make: Make, sandbox: Sandbox) -> None:
    """An optional site whose disk is gone: hosts never named its page, and the feed is composed anew without it."""
    broadcast = make(required=False)
    embargoed = msgspec.structs.replace(DOORS, embargo=sandbox.clock.datetime() + timedelta(hours=1))
    assert broadcast.publish(embargoed)["site"].state is State.HELD
    sandbox.mirror("newsroom").expire_credentials("site")
    sandbox.advance(3601)
    report = broadcast.publish(embargoed)
    assert (report["site"].state, report["news"].state) == (State.REFUSED, State.PUBLISHED)
    assert PAGE not in shown(sandbox, "x") + shown(sandbox, "flickr")


def test_a_required_site_that_fails_stops_everything(make: Make, sandbox: Sandbox) -> None:
    """Nobody leads to a page that is not there, since nothing is public."""
    broadcast = make()
    broadcast.plan(DOORS)
    sandbox.mirror("newsroom").account("site")
    sandbox.mirror("newsroom").expire_credentials("site")
    report = broadcast.publish(DOORS)
    assert report.exit_code == 1
    assert sandbox.mirror("x").cards() == sandbox.mirror("flickr").cards() == []


def test_a_page_of_an_earlier_run_is_led_to(make: Make, sandbox: Sandbox) -> None:
    """The site first and the others later: the address is the same."""
    make("site").publish(DOORS).raise_for_failures()
    make("news", "photos").publish(DOORS).raise_for_failures()
    assert PAGE in shown(sandbox, "x")
    assert PAGE in shown(sandbox, "flickr")


def test_the_page_shows_the_event_that_a_host_gave(make: Make, sandbox: Sandbox) -> None:
    """It is prepared after the hosts; and each moment of the event is told on it."""
    live = Live(title="The talk", starts_at=sandbox.clock.datetime() + timedelta(hours=1))
    broadcast = make("site", "stream", "news")
    broadcast.publish(Announcement(key="doors", title="Doors", text="We open.", live=live)).raise_for_failures()
    site = sandbox.mirror("newsroom").accounts["site"].credentials["folder"]

    def page() -> str:
        return Path(site, "doors", "index.html").read_text(encoding="utf-8")

    assert 'href="https://watch.example.org/">Watch live' in page()
    show = broadcast.live("doors")
    outcomes = {outcome.channel: outcome.done for outcome in show.start().outcomes}
    assert outcomes == {"stream": "put on the air", "site": "shown", "news": "answered"}
    assert "Live now" in page()
    show.end()
    assert "The live event has ended" in page()
