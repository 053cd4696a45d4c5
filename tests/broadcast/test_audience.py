"""Material for the press goes to channels for the press alone; a channel is public unless it says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Audience, Broadcast, Channel, ConfigurationError, State
from socialcast.preview import plan_markdown, plan_page
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy

Make = Callable[..., Broadcast]
SECRET = "The director resigns."
FOR_THE_PRESS = Announcement(key="news", title="Open doors", text=SECRET, audience=Audience.PRESS, photos=[picture(1)])


@pytest.fixture(autouse=True)
def closed_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plaza, the outside package, as it would be if one could choose who reads a square."""
    plaza = pytest.importorskip("plaza.publisher", reason="the outside package plaza is not installed").PlazaPublisher
    monkeypatch.setattr(plaza, "capabilities", msgspec.structs.replace(plaza.capabilities, audience=frozenset(Audience)))


def channel(name: str, audience: Audience = Audience.PUBLIC, platform: str = "plaza", **more: Any) -> Channel:
    return Channel(name=name, platform=platform, audience=audience, **more)


PRESS = channel("press", Audience.PRESS)


def shown(sandbox: Sandbox, platform: str = "plaza") -> list[tuple[str, str]]:
    return [(card.account, card.text) for card in sandbox.mirror(platform).cards()]


def test_a_public_channel_stops_it_and_is_named(make: Make, sandbox: Sandbox) -> None:
    """One channel that is public is told with its remedy, and nobody gets anything."""
    report = make(PRESS, "town").publish(FOR_THE_PRESS)
    (problem,) = report.problems
    assert (problem.channel, problem.code, problem.path) == ("town", "audience.public_channel", "audience")
    assert 'audience = "press" in [channels.town]' in problem.fix
    assert (report.exit_code, report["press"].state, shown(sandbox)) == (1, State.HELD, [])


@pytest.mark.parametrize(
    ("public", "state"),
    [(channel("town", policy=Policy.SKIP), State.SKIPPED), (channel("town", required=False), State.REFUSED)],
)
def test_the_press_gets_it_where_the_public_channel_may_be_left_out(
    make: Make, sandbox: Sandbox, public: Channel, state: State
) -> None:
    """Skipped or optional, the public channel gets nothing, and says why."""
    report = make(PRESS, public).publish(FOR_THE_PRESS)
    assert (report.exit_code, report["town"].state) == (0, state)
    assert "for the press" in report["town"].reason
    assert shown(sandbox) == [("press", SECRET)]


def test_adapting_does_not_let_it_through(make: Make, sandbox: Sandbox) -> None:
    """No policy makes a public channel fit."""
    assert make(channel("town", policy=Policy.ADAPT)).publish(FOR_THE_PRESS).exit_code == 1
    assert shown(sandbox) == []


def test_what_is_public_goes_to_the_press_as_well(make: Make, sandbox: Sandbox) -> None:
    """A channel for the press is one more channel."""
    public = msgspec.structs.replace(FOR_THE_PRESS, audience=Audience.PUBLIC)
    assert make(PRESS, "town").publish(public).exit_code == 0
    assert sorted(account for account, _ in shown(sandbox)) == ["press", "town"]


def test_a_channel_that_became_public_between_runs_gets_nothing_more(make: Make, sandbox: Sandbox) -> None:
    """A run that goes on reads the channels file anew."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    assert make(PRESS).publish(FOR_THE_PRESS)["press"].state is State.HELD
    sandbox.clear_faults()
    assert make("press").resume("news")["press"].state is State.REFUSED
    assert shown(sandbox) == []


def test_neither_the_page_nor_the_comment_shows_it_on_a_public_channel(make: Make) -> None:
    """The plan names the refused channel without what it would have said, and says whom it is for."""
    plan = make("town").plan(FOR_THE_PRESS)
    assert plan["town"].post is None
    for told in (plan_page(plan, FOR_THE_PRESS), plan_markdown(plan, FOR_THE_PRESS)):
        assert SECRET not in told
        assert "For the press alone" in told
    assert SECRET in plan_page(make(PRESS).plan(FOR_THE_PRESS), FOR_THE_PRESS)


def test_a_public_host_hosts_nothing_for_the_press(make: Make, sandbox: Sandbox) -> None:
    """No album is made, and no link leads to one."""
    photos = tuple(picture(number) for number in range(5))
    album = msgspec.structs.replace(FOR_THE_PRESS, photos=photos)
    report = make(
        channel("photos", platform="flickr", required=False), channel("press", Audience.PRESS, policy=Policy.ADAPT)
    ).publish(album)
    assert (report["photos"].state, report["press"].state) == (State.REFUSED, State.PUBLISHED)
    assert sandbox.mirror("flickr").cards() == []
    assert "flickr" not in str(shown(sandbox))


def test_what_a_channel_for_the_press_hosts_is_not_linked_to_in_public(
    make: Make, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """A closed album is no address for the public; the press is led there where all is for the press."""
    flickr = publisher_class("flickr")
    closed = msgspec.structs.replace(flickr.capabilities, audience=frozenset(Audience))
    monkeypatch.setattr(flickr, "capabilities", closed)
    photos = tuple(picture(number) for number in range(5))
    for_the_press = msgspec.structs.replace(FOR_THE_PRESS, photos=photos)
    public = msgspec.structs.replace(for_the_press, key="public", audience=Audience.PUBLIC)
    album = channel("album", Audience.PRESS, "flickr")
    report = make(album, channel("town", policy=Policy.ADAPT)).publish(public)
    assert report.exit_code == 0, report
    assert "flickr" not in str(shown(sandbox))
    afterwards = msgspec.structs.replace(public, key="afterwards")
    assert make(album).publish(afterwards).exit_code == 0
    assert make(channel("town", policy=Policy.ADAPT)).publish(afterwards).exit_code == 0
    assert "flickr" not in str(shown(sandbox))
    assert make(album, channel("press", Audience.PRESS, policy=Policy.ADAPT)).publish(for_the_press).exit_code == 0
    assert "flickr.com" in str(shown(sandbox))


@pytest.mark.parametrize("platform", ["x", "facebook", "youtube", "newsroom"])
def test_a_platform_that_everybody_sees_cannot_be_for_the_press(make: Make, platform: str) -> None:
    """The channels file is wrong, and says so before anything else."""
    with pytest.raises(ConfigurationError, match=f"everybody sees what is on {platform}"):
        make(channel("news", Audience.PRESS, platform)).plan(FOR_THE_PRESS)


def test_the_doctor_tells_it_too(make: Make) -> None:
    """A public channel is not fit for material for the press."""
    town, press = make("town", PRESS).examine(FOR_THE_PRESS)
    assert [problem.code for problem in town.problems] == ["audience.public_channel"]
    assert press.is_fit
    assert not town.is_fit


def test_no_publisher_is_for_the_press_by_itself() -> None:
    """A table that says nothing of its audience is public, and every channel is."""
    assert Channel(name="news", platform="x").audience is Audience.PUBLIC
    assert publisher_class("x").capabilities.audience == {Audience.PUBLIC}
