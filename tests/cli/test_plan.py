"""The plan shows what would be published, and publishes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Edit = Callable[[str, str, str], None]


def test_a_plan_shows_every_channel_without_secrets(run: Run) -> None:
    """Posts with lengths, alt texts, adaptations and the digest are there, though no token is."""
    result = run("plan", "event.md")
    assert result.exit_code == 0
    for words in ("town (plaza)", "village (plaza)", "text 1/2, 90 of 120 graphemes", "photo 1/2: dome.jpg", "alt: The dome"):
        assert words in result.stdout
    assert "adapted (text.thread): the text is a thread of 2 posts" in result.stdout
    assert "digest " in result.stdout


def test_the_json_says_the_same_as_the_text(run: Run, run_json: RunJson) -> None:
    """With --json it is one object with the digest that the text shows."""
    plan = run_json("plan", "event.md")
    assert plan["digest"] in run("plan", "event.md").stdout
    assert [part["length"] for part in plan["channels"]["town"]["parts"]] == [90, 88]
    assert plan["channels"]["village"]["photos"][1] == {"file": "roof.jpg", "alt": "The roof"}
    assert plan["problems"] == []


def test_an_error_is_told_with_path_and_fix_and_ends_in_1(run: Run, run_json: RunJson, edit: Edit) -> None:
    """A photo without alt text stops the plan and says where and what to do."""
    edit("event.md", "alt: The roof", "caption: The roof")
    result = run("plan", "event.md")
    assert result.exit_code == 1
    assert "photos.alt_missing at town: photos[1].alt" in result.stdout
    assert "tell what it shows" in result.stdout
    assert run_json("plan", "event.md")["problems"][0]["path"] == "photos[1].alt"


def test_only_the_named_channels_are_planned(run_json: RunJson) -> None:
    """--only leaves the other channels out."""
    assert set(run_json("plan", "event.md", "--only", "village")["channels"]) == {"village"}


def test_a_dry_run_is_the_plan(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """publish --dry-run prints what plan prints and sends nothing."""
    where = ("event.md", "--sandbox", sandbox.url, "--json")
    assert run("publish", *where, "--dry-run").stdout == run("plan", *where).stdout
    assert sandbox.requests() == []
    assert not (folder / ".socialcast").exists()
