"""`socialcast ledger` and `socialcast resolve` at the command line."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


def publish(run: Run, sandbox_url: str) -> None:
    assert run("publish", "event.md", "--sandbox", sandbox_url, "--ledger", "one.sqlite3").exit_code == 0


def test_a_record_carried_to_another_machine_publishes_nothing_twice(
    run: Run, run_json: Callable[..., dict[str, Any]], sandbox: Any
) -> None:
    """Exported as an artefact and imported on the next runner, the record makes a re-run send nothing."""
    publish(run, sandbox.url)
    assert run("ledger", "export", "one.sqlite3", "--to", "ledger.json").exit_code == 0
    assert run_json("ledger", "import", "two.sqlite3", "ledger.json") == {"imported": 1}
    calls = len(sandbox.requests("plaza"))
    report = run_json("publish", "event.md", "--sandbox", sandbox.url, "--ledger", "two.sqlite3")
    assert [outcome["steps_sent"] for outcome in report["outcomes"].values()] == [0, 0]
    assert len(sandbox.requests("plaza")) == calls


def test_the_steps_of_an_announcement_are_shown(run: Run, sandbox: Any) -> None:
    """`show KEY` lists each step with its time and state."""
    publish(run, sandbox.url)
    shown = run("ledger", "show", "one.sqlite3", "event").stdout
    assert "town (plaza): published http" in shown
    assert "done    photo/0" in shown


def test_a_sound_record_is_said_to_be_sound_and_an_edited_one_is_not(run: Run, sandbox: Any, folder: Path) -> None:
    """The exit code of `verify` tells a CI job."""
    publish(run, sandbox.url)
    assert run("ledger", "verify", "one.sqlite3").exit_code == 0
    (folder / "two.sqlite3").write_bytes(b"no database, but long enough to look like a file" * 99)
    result = run("ledger", "verify", "two.sqlite3")
    assert result.exit_code == 2
    assert "not a ledger" in result.stderr


def test_looking_at_a_ledger_that_is_not_there_makes_none(run: Run, folder: Path) -> None:
    """A mistyped path is an error and no new file."""
    assert "there is no ledger" in run("ledger", "show", "typo.sqlite3").stderr
    assert not (folder / "typo.sqlite3").exists()


def test_an_import_that_fails_at_once_makes_no_ledger(run: Run, folder: Path) -> None:
    """A mistyped artefact leaves no empty ledger, which the next run would take for one that knows everything."""
    assert run("ledger", "import", "new.sqlite3", "typo.json").exit_code == 2
    assert not (folder / "new.sqlite3").exists()


def test_an_export_that_is_cut_short_leaves_the_last_one(
    run: Run, sandbox: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the next job relies on is replaced whole or not at all, and nothing is left beside it."""
    publish(run, sandbox.url)
    (folder / "ledger.json").write_text("the last one")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = set(folder.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    result = run("ledger", "export", "one.sqlite3", "--to", "ledger.json")
    assert (result.exit_code, (folder / "ledger.json").read_text()) == (2, "the last one")
    assert "No space left" in result.stderr
    assert set(folder.iterdir()) == before


def test_asking_for_the_status_makes_no_ledger(run: Run, folder: Path) -> None:
    """A question leaves nothing behind."""
    assert "knows no announcement 'event'" in run("status", "event", "--ledger", "nowhere/ledger").stderr
    assert not (folder / "nowhere").exists()


def test_an_unknown_outcome_is_settled_by_a_person(run: Run, sandbox: Any, sandbox_time: None) -> None:
    """After `resolve --published` the status is that of a publication."""
    sandbox.fault("plaza", "reset_after", handler="add_post")
    sandbox.fault("plaza", "status_before", handler="find_posts", count=50)
    place = ["--sandbox", sandbox.url, "--ledger", "one.sqlite3"]
    report = json.loads(run("publish", "event.md", "--only", "town", "--json", *place).stdout)
    assert report["outcomes"]["town"]["state"] == "unknown"
    assert "socialcast resolve" in report["outcomes"]["town"]["hint"]
    settled = run("resolve", "event", "town", "--published", "https://plaza.example/posts/1", "--json", *place)
    assert json.loads(settled.stdout)["outcomes"]["town"]["state"] == "published"


def test_one_verdict_is_needed(run: Run) -> None:
    """Neither and both are usage errors."""
    assert run("resolve", "event", "town").exit_code == 2
    assert run("resolve", "event", "town", "--absent", "--published", "https://plaza.example/1").exit_code == 2
