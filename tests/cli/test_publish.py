"""Publishing from the command line: once, with progress, a report and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.broadcast import Event, Phase
from socialcast.cli.progress import ChannelProgress, Progress
from socialcast.delivery.lease import lease
from socialcast.delivery.ledger import Ledger
from socialcast.sandbox import Sandbox
from socialcast.wire.clock import Cancel, SystemClock

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Edit = Callable[[str, str, str], None]
OUTCOME = {"platform", "state", "id", "url", "partly_public", "steps_sent", "reason", "hint", "code"} | {
    "published_at",
    "retracted_at",
    "due_at",
    "items",
    "adaptations",
}


def test_progress_goes_to_stderr_and_the_report_to_stdout(run: Run, sandbox: Sandbox) -> None:
    """A person sees each phase and photo as lines, and the outcome of every channel with its address."""
    result = run("publish", "event.md", "--sandbox", sandbox.url)
    assert result.exit_code == 0
    assert result.stderr.startswith("checking everything before anything is sent\n")
    assert "town: preparing, photos 2/2" in result.stderr
    assert "village: making it public" in result.stderr
    assert f"town (plaza): published {sandbox.url}/at/plaza.example/posts/" in result.stdout
    assert len(sandbox.mirror("plaza").cards()) == 4


def test_the_second_run_sends_nothing_and_reports_the_same(run: Run, run_json: RunJson, sandbox: Sandbox) -> None:
    """Run twice, everything is published once, and the receipts are equal."""
    first, second = (run_json("publish", "event.md", "--sandbox", sandbox.url) for _ in range(2))
    assert set(first) == {"key", "digest", "outcomes", "problems"}
    assert all(set(outcome) == OUTCOME for outcome in first["outcomes"].values())
    assert [outcome.pop("steps_sent") for outcome in first["outcomes"].values()] == [4, 4]
    assert [outcome.pop("steps_sent") for outcome in second["outcomes"].values()] == [0, 0]
    assert first == second
    again = run("publish", "event.md", "--sandbox", sandbox.url)
    assert "Every channel had it already, so nothing was sent." in again.stderr
    assert "ledger-sandbox.sqlite3" in again.stderr


@pytest.mark.parametrize("words", [("--sandbox", "event.md"), ("event.md", "--sandbox")])
def test_a_sandbox_of_its_own_needs_nothing(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    """A bare --sandbox, wherever it stands, publishes into a new sandbox and says that it ended."""
    result = run("publish", *words)
    assert result.exit_code == 0
    assert "socialcast sandbox" in result.stderr
    assert not (folder / ".socialcast").exists()


def test_a_rehearsal_never_counts_as_published(run: Run, sandbox: Sandbox) -> None:
    """What was published into a sandbox is still to be published in earnest."""
    run("publish", "event.md", "--sandbox", sandbox.url)
    assert "knows no announcement 'event'" in run("status", "event").stderr


def test_a_channel_that_refuses_is_reported_with_its_words(run: Run, sandbox: Sandbox) -> None:
    """An expired token ends in 1, with the platform's words and what to do."""
    sandbox.account("plaza", "town")
    sandbox.mirror("plaza").expire_credentials("town")
    result = run("publish", "event.md", "--sandbox", sandbox.url)
    assert result.exit_code == 1
    assert "town (plaza): refused" in result.stdout
    assert "to do: make a new token" in result.stdout


def test_an_optional_channel_that_waits_ends_in_75(run: Run, sandbox: Sandbox, edit: Edit) -> None:
    """An embargo holds every channel, and the exit code asks for another run."""
    edit("event.md", "title:", "embargo: 2099-01-01T00:00:00Z\ntitle:")
    result = run("publish", "event.md", "--sandbox", sandbox.url)
    assert result.exit_code == 75
    assert "under embargo until 2099-01-01" in result.stdout
    assert run("status", "event", "--sandbox", sandbox.url).exit_code == 75
    assert sandbox.mirror("plaza").cards() == []


def test_an_optional_channel_may_fail_alone(run: Run, sandbox: Sandbox, edit: Edit) -> None:
    """Where only an optional channel refuses, the exit code is 0 and the outcome still tells it."""
    edit("channels.toml", "[channels.village]", "[channels.village]\nrequired = false")
    sandbox.account("plaza", "village")
    sandbox.mirror("plaza").expire_credentials("village")
    result = run("publish", "event.md", "--sandbox", sandbox.url)
    assert result.exit_code == 0
    assert "village (plaza): refused" in result.stdout


def test_an_announcement_that_is_being_published_ends_in_75(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """While another process holds the announcement, this one leaves and says when to come back."""
    ledger = Ledger(folder / "ledger.sqlite3")
    with lease(ledger, "event", SystemClock(), Cancel()):
        result = run("publish", "event.md", "--sandbox", sandbox.url, "--ledger", "ledger.sqlite3")
    ledger.close()
    assert result.exit_code == 75
    assert "try again then" in result.stderr


def test_status_knows_what_publish_did_and_resume_has_nothing_to_do(run_json: RunJson, sandbox: Sandbox) -> None:
    """The ledger tells the same outcomes, and nothing is posted twice."""
    published = run_json("publish", "event.md", "--sandbox", sandbox.url)
    status = run_json("status", "event", "--sandbox", sandbox.url)
    resumed = run_json("resume", "event", "--sandbox", sandbox.url)
    assert [o["url"] for o in status["outcomes"].values()] == [o["url"] for o in published["outcomes"].values()]
    assert resumed["outcomes"] == status["outcomes"]
    assert len(sandbox.mirror("plaza").cards()) == 4


def test_many_photos_are_told_by_tenths(capsys: pytest.CaptureFixture[str]) -> None:
    """800 photos give a line for each tenth, not 800."""
    progress = Progress()
    for index in range(800):
        progress(Event(channel="photos", phase=Phase.PREPARE, step=f"photo/{index}", photos=800))
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "photos: preparing, photos 800/800"
    assert len(lines) == 11


def test_processing_is_told_in_percent() -> None:
    """What the platform says of its processing is shown."""
    channel = ChannelProgress()
    channel.follow(Event(channel="town", phase=Phase.READY, percent=40))
    assert str(channel) == "waiting for the platform to process it, 40 %"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_output_that_cannot_be_written_changes_no_exit_code(sandbox: Sandbox, folder: Path, words: list[str]) -> None:
    """What was published stays published, whether or not anybody could read the report."""
    command = [sys.executable, "-m", "socialcast", "publish", "event.md", "--sandbox", sandbox.url, *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.mirror("plaza").cards()


def test_a_report_survives_an_old_encoding(sandbox: Sandbox, folder: Path) -> None:
    """A pipe that cannot show an emoji gets the rest."""
    (folder / "event.md").write_text("---\nkey: emoji\ntext: Doors open \N{PARTY POPPER}\n---\n", encoding="utf-8")
    command = [sys.executable, "-m", "socialcast", "plan", "event.md"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Doors open" in done.stdout


def test_a_choice_of_channels_is_repeated(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """Status and resume are about the channels that the run was for; named ones are looked at in any case."""
    assert run("publish", "event.md", "--only", "town", "--sandbox", sandbox.url).exit_code == 0
    for command in ("status", "resume"):
        assert run(command, "event", "--sandbox", sandbox.url).exit_code == 0
        assert run(command, "event", "--only", "town", "--sandbox", sandbox.url).exit_code == 0
    assert run("status", "event", "--only", "village", "--sandbox", sandbox.url).exit_code == 75
    assert {card.account for card in sandbox.mirror("plaza").cards()} == {"town"}
