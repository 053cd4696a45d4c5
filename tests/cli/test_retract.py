"""`socialcast retract` as a person and a CI job use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def published(run: Run, sandbox: Sandbox) -> Sandbox:
    """A sandbox that has the announcement."""
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    return sandbox


def key_of(run_json: Callable[..., dict[str, Any]], sandbox: Sandbox) -> str:
    key: str = run_json("publish", "event.md", "--sandbox", sandbox.url)["key"]
    return key


def test_nobody_to_ask_takes_nothing_back(run: Run, run_json: Callable[..., dict[str, Any]], published: Sandbox) -> None:
    """Without a terminal and without --yes it stops with how to say yes."""
    before = len(published.mirror("plaza").cards())
    done = run("retract", key_of(run_json, published), "--sandbox", published.url)
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert len(published.mirror("plaza").cards()) == before


def test_yes_takes_it_back(run: Run, run_json: Callable[..., dict[str, Any]], published: Sandbox) -> None:
    """Every channel is told, and the exit code is that of nothing left; one channel may be named."""
    key = key_of(run_json, published)
    one = run("retract", key, "--yes", "--only", "town", "--sandbox", published.url)
    assert one.exit_code == 0
    assert {card.account for card in published.mirror("plaza").cards()} == {"village"}
    rest = run("retract", key, "--yes", "--sandbox", published.url)
    assert "town (plaza): taken back before" in rest.output
    assert "village (plaza): taken back" in rest.output
    assert published.mirror("plaza").cards() == []


def test_the_status_says_what_was_taken_back(run: Run, run_json: Callable[..., dict[str, Any]], published: Sandbox) -> None:
    """All is as it should be then, with the time; what was taken back on one channel alone is no failure either."""
    key, where = key_of(run_json, published), ("--sandbox", published.url)
    assert run("retract", key, "--yes", "--only", "town", *where).exit_code == 0
    assert run("status", key, *where).exit_code == 0
    run("retract", key, "--yes", *where)
    told = run("status", key, *where)
    assert told.exit_code == 0
    assert "town (plaza): retracted" in told.output
    outcome = run_json("status", key, *where)["outcomes"]["town"]
    assert (outcome["state"], outcome["retracted_at"] > outcome["published_at"]) == ("retracted", True)


PRESS = """
[channels.press]
platform = "email"
audience = "press"
host = "smtp.example.org"
sender = "press@example.org"
recipients = "readers.txt"
"""


def test_mails_that_stay_are_counted(run: Run, run_json: Callable[..., dict[str, Any]], sandbox: Sandbox, folder: Path) -> None:
    """One line for all of them, not one for each of a thousand readers; what to set so that they hear of it stands in it."""
    (folder / "channels.toml").write_text(PRESS, encoding="utf-8")
    (folder / "event.md").write_text("---\nkey: doors\ntitle: Doors\n---\nThe doors open.\n", encoding="utf-8")
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    done = run("retract", "doors", "--yes", "--sandbox", sandbox.url)
    assert done.exit_code == 3
    assert done.output.count("still there") == 1
    assert "still there: 2 x mail: a mail that was sent stays where it is" in done.output
    assert 'correction = "reply"' in done.output
