"""Who may have written of it already hears of a change before the readers do, by whatever way the press is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from socialcast import Announcement, Audience, Broadcast, Channel
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.settings import Correction, Policy

WRONG = Announcement(key="doors", title="Doors", text="The doors open at nine.", photos=[picture(1), picture(2)])
RIGHT = msgspec.structs.replace(WRONG, text="The doors open at ten.")
PRESS = ("email", "matrix")
PUBLIC = ("flickr", "facebook", "mastodon", "x")
ASKING = {"GET", "HEAD", "CONNECT", "EHLO", "QUIT", "AUTH"}


def channel(platform: str) -> Channel:
    """One that is corrected as the platform lets it, and by a reply where it lets nothing be changed."""
    audience = Audience.PRESS if platform in PRESS else Audience.PUBLIC
    settings = dict(publisher_class(platform).sandbox_settings)
    return Channel(
        name=platform,
        platform=platform,
        audience=audience,
        policy=Policy.ADAPT,
        correction=Correction.REPLY,
        settings=settings,
    )


@pytest.fixture
def published(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """Everywhere; the channels of the press stand last in the channels file."""
    channels = [channel(platform) for platform in (*PUBLIC, *PRESS)]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        broadcast.publish(WRONG).raise_for_failures()
        yield broadcast


def changed_by(sandbox: Sandbox, work: Callable[[], object]) -> list[str]:
    """The platforms on which something became visible, or ceased to be, in that order."""
    before = len(sandbox.requests())
    work()
    return [record.platform for record in sandbox.requests()[before:] if record.method not in ASKING]


def require_press_first(changed: list[str]) -> None:
    reached = [index for index, platform in enumerate(changed) if platform in PRESS]
    public = [index for index, platform in enumerate(changed) if platform in PUBLIC]
    assert set(changed) == {*PRESS, *PUBLIC}
    assert max(reached) < min(public), changed


def test_a_correction_reaches_the_press_first(published: Broadcast, sandbox: Sandbox) -> None:
    """By mail and in the room all of the press has it before anything changes in public."""
    require_press_first(changed_by(sandbox, lambda: published.correct(RIGHT)))
    (mail, *_) = sandbox.mirror("email").cards()
    assert RIGHT.text in mail.text


def test_a_retraction_reaches_the_press_first(published: Broadcast, sandbox: Sandbox) -> None:
    """The room is cleared, and whoever has the mail is told that it is withdrawn, before anything goes in public."""
    require_press_first(changed_by(sandbox, lambda: published.retract("doors")))
    (mail, *_) = sandbox.mirror("email").cards()
    assert "Withdrawn, please do not use: Doors" in mail.text


@pytest.mark.parametrize("change", ["correct", "retract"])
def test_a_press_that_cannot_be_reached_keeps_nothing_from_the_public(
    published: Broadcast, sandbox: Sandbox, change: str
) -> None:
    """The order is no condition: a mail server that refuses is told of, and everybody else hears of the mistake."""
    sandbox.mirror("email").expire_credentials("email")
    report = published.correct(RIGHT) if change == "correct" else published.retract("doors")
    assert [outcome.channel for outcome in report.outcomes if outcome.failed] == ["email"]
    assert report.exit_code == 3
