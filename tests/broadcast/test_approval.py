"""What a person approved is sent, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, Link, Photo, State
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy, VideoWishes, read_channels

Make = Callable[..., Broadcast]
HELLO = Announcement(key="hello", text="Doors open at nine.", link=Link("https://example.org/doors"))
EXAMPLES = Path(__file__).parents[2] / "examples"


def reasons(report: Any) -> str:
    return " ".join(outcome.reason for outcome in report.outcomes)


def test_the_approved_plan_is_published(make: Make, sandbox: Sandbox) -> None:
    """A digest, the plan itself and its saved content all stand for it."""
    plan = make("a").plan(HELLO)
    assert make("a").publish(HELLO, approved=plan.digest).exit_code == 0
    assert make("a").publish(HELLO, approved=plan).exit_code == 0
    assert len(sandbox.mirror("plaza").cards()) == 1


def changed_text(folder: Path) -> tuple[Announcement, list[Channel]]:
    return msgspec.structs.replace(HELLO, text="Doors open at ten."), [Channel(name="a", platform="plaza")]


def changed_policy(folder: Path) -> tuple[Announcement, list[Channel]]:
    return HELLO, [Channel(name="a", platform="plaza", policy=Policy.ADAPT)]


def changed_secret_place(folder: Path) -> tuple[Announcement, list[Channel]]:
    return HELLO, [Channel(name="a", platform="plaza", settings={"token": "env:OTHER"})]


def changed_wishes(folder: Path) -> tuple[Announcement, list[Channel]]:
    return HELLO, [Channel(name="a", platform="plaza", video=VideoWishes(adapt=True))]


def another_channel(folder: Path) -> tuple[Announcement, list[Channel]]:
    return HELLO, [Channel(name="a", platform="plaza"), Channel(name="b", platform="plaza")]


def another_announcement(folder: Path) -> tuple[Announcement, list[Channel]]:
    return msgspec.structs.replace(HELLO, key="bye"), [Channel(name="a", platform="plaza")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed_text, "parts[0] was “Doors open at nine.↵↵https://example.org/doors”, is “Doors open at ten."),
        (changed_policy, "policy was “refuse”, is “adapt”"),
        (changed_secret_place, "settings.token was not there, is “env:OTHER”"),
        (changed_wishes, "settings.video.adapt was not there, is “true”"),
        (another_channel, "it was not part of it"),
        (another_announcement, "what was approved is another announcement, 'hello'"),
    ],
)
def test_whatever_changed_stops_it_and_is_named(
    make: Make, sandbox: Sandbox, tmp_path: Path, change: Callable[[Path], tuple[Announcement, list[Channel]]], told: str
) -> None:
    """Text, policy, where the secret lies, the channels, the announcement: nothing is sent, and the report says what it was."""
    broadcast = make("a")
    plan = broadcast.plan(HELLO)
    broadcast.keep(plan)
    announcement, channels = change(tmp_path)
    report = make(*channels).publish(announcement, approved=plan.digest)
    assert (report.exit_code, sandbox.requests("plaza")) == (1, [])
    assert told in reasons(report)


def test_one_changed_byte_of_a_file_stops_it(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """The photo that was approved is told by its bytes and not by its name."""
    file = tmp_path / "hall.jpg"
    file.write_bytes(picture(1).data or b"")
    announcement = msgspec.structs.replace(HELLO, photos=(Photo(file, alt="The hall"),))
    broadcast = make("a")
    plan = broadcast.plan(announcement)
    broadcast.keep(plan)
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(1, 1))
    report = make("a").publish(announcement, approved=plan.digest)
    assert (report.exit_code, sandbox.requests("plaza")) == (1, [])
    assert "photos[0]: the file has other bytes" in report["a"].reason


def test_a_changed_limit_stops_it(make: Make, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that now allows less, even where the text still fits, is not what was approved."""
    broadcast = make("a")
    plan = broadcast.plan(HELLO)
    broadcast.keep(plan)
    from socialcast.registry import publisher_class

    kind = publisher_class("plaza")
    assert kind.capabilities.text
    text = msgspec.structs.replace(kind.capabilities.text, max_length=100)
    monkeypatch.setattr(kind, "capabilities", msgspec.structs.replace(kind.capabilities, text=text))
    report = make("a").publish(HELLO, approved=plan.digest)
    assert "limits.text.max_length was “120”, is “100”" in report["a"].reason


def test_an_unknown_digest_says_so(make: Make, sandbox: Sandbox) -> None:
    """Where the approved plan is not at hand, both digests are told; what is no digest is refused at once."""
    report = make("a").publish(HELLO, approved="0" * 64)
    assert report.exit_code == 1
    assert "not known here" in report["a"].reason
    assert make("a").plan(HELLO).digest in report["a"].reason
    with pytest.raises(ConfigurationError, match="64 hexadecimal"):
        make("a").publish(HELLO, approved="523c0ba4")
    assert sandbox.requests("plaza") == []


def test_a_kept_plan_that_was_tampered_with_is_not_believed(make: Make) -> None:
    """The digest is that of the content, so an edited file under an approved name approves nothing."""
    broadcast = make("a")
    other = msgspec.structs.replace(HELLO, text="Doors open at ten.")
    file = broadcast.keep(broadcast.plan(HELLO))
    file.write_text(json.dumps(broadcast.plan(other).content))
    report = broadcast.publish(other, approved=broadcast.plan(HELLO).digest)
    assert (report.exit_code, report["a"].state) == (1, State.REFUSED)


def test_a_part_of_the_channels_may_go_first(make: Make, sandbox: Sandbox) -> None:
    """What was approved for two channels may be sent on one."""
    both = make("a", "b")
    plan = both.plan(HELLO)
    assert make("a").publish(HELLO, approved=plan).exit_code == 0
    assert make("a", "b").publish(HELLO, approved=plan).exit_code == 0
    assert sorted(card.account for card in sandbox.mirror("plaza").cards()) == ["a", "b"]


def test_a_channel_that_left_the_file_stops_it(tmp_path: Path, sandbox: Sandbox) -> None:
    """Nobody chose to leave it out, so it is named; `--only` is a choice."""
    file, town, village = tmp_path / "channels.toml", *(f'[channels.{name}]\nplatform = "plaza"\n' for name in ("a", "b"))
    file.write_text(town + village, encoding="utf-8")
    with Broadcast.from_file(file, sandbox=sandbox) as both:
        plan = both.plan(HELLO)
    file.write_text(town, encoding="utf-8")
    with Broadcast.from_file(file, sandbox=sandbox) as one:
        report = one.publish(HELLO, approved=plan)
    assert report.exit_code == 1
    assert "channel 'b' was to get it" in report.problems[0].message
    assert not sandbox.mirror("plaza").cards()
    file.write_text(town + village, encoding="utf-8")
    with Broadcast.from_file(file, sandbox=sandbox, only=["a"]) as chosen:
        assert chosen.publish(HELLO, approved=plan).exit_code == 0


def test_a_run_that_goes_on_later_is_held_to_the_approval(make: Make, sandbox: Sandbox) -> None:
    """After an embargo, settings that changed in between stop it, unless the new plan is approved."""
    held = msgspec.structs.replace(HELLO, embargo=sandbox.clock.datetime() + timedelta(hours=2))
    plan = make("a").plan(held)
    assert make("a").publish(held, approved=plan).exit_code == 75
    sandbox.advance(3 * 3600)
    changed = Channel(name="a", platform="plaza", policy=Policy.ADAPT)
    report = make(changed).resume("hello")
    assert "policy was “refuse”" in report["a"].reason
    assert sandbox.mirror("plaza").cards() == []
    assert make(changed).publish(held, approved=make(changed).plan(held)).exit_code == 0
    assert make(changed).resume("hello").exit_code == 0


def test_a_file_that_changes_under_way_is_not_made_public(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """Between upload and the call that makes it public the files are looked at again."""
    file = tmp_path / "hall.jpg"
    file.write_bytes(picture(1).data or b"")
    announcement = msgspec.structs.replace(HELLO, photos=(Photo(file, alt="The hall"),))

    def replace_file(event: Any) -> None:
        if event.step.startswith("photo/"):
            file.write_bytes(picture(2).data or b"")

    broadcast = make("a", on_event=replace_file)
    report = broadcast.publish(announcement, approved=broadcast.plan(announcement))
    assert report["a"].code == "approval.changed"
    assert sandbox.mirror("plaza").cards() == []


PLAN_ELSEWHERE = """
import sys
from socialcast import Broadcast, load_announcement
print(Broadcast.from_file(sys.argv[1]).plan(load_announcement(sys.argv[2])).digest)
"""


def test_the_digest_is_the_same_on_every_machine(tmp_path: Path) -> None:
    """Another folder, hash seed, locale, time zone and secrets that are there or not: the same announcement, the same digest."""
    digests = set()
    elsewhere = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Kolkata", "X_ACCESS_TOKEN": "42-t", "FLICKR_OAUTH_TOKEN": "t"}
    for number, changes in enumerate(({}, elsewhere)):
        folder = tmp_path / str(number)
        shutil.copytree(EXAMPLES, folder)
        words = [sys.executable, "-c", PLAN_ELSEWHERE, str(folder / "channels.toml"), str(folder / "open-doors" / "event.md")]
        digests.add(subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, **changes}).stdout)
    assert len(digests) == 1


def test_no_secret_is_in_what_is_approved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets stand in the content by the name of their place."""
    for name in ("X_ACCESS_TOKEN", "X_CONSUMER_KEY", "YOUTUBE_REFRESH_TOKEN"):
        monkeypatch.setenv(name, f"secret-{name}")
    assert read_channels(EXAMPLES / "channels.toml")
    with Broadcast.from_file(EXAMPLES / "channels.toml", ledger=tmp_path / "ledger") as broadcast:
        content = broadcast.plan(HELLO).content
    assert content["channels"]["news"]["settings"]["access_token"] == "env:X_ACCESS_TOKEN"
    assert "secret-" not in json.dumps(content)


def test_a_secret_in_plain_sight_is_not_in_what_is_approved(make: Make) -> None:
    """A rehearsal tolerates a secret that was written into the channels file; the plan, which is passed on, does not hold it."""
    plan = make(Channel(name="a", platform="plaza", settings={"token": "in-plain-sight"})).plan(HELLO)
    assert "in-plain-sight" not in json.dumps(plan.content)
