"""Channels, capabilities: what there is, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.registry import platforms

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]


def test_channels_name_the_place_of_a_secret_and_never_its_value(
    run: Run, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each secret is told by its place and whether it is there."""
    monkeypatch.setenv("TOWN_TOKEN", "sandbox-town-token")
    result, channels = run("channels"), run_json("channels")["channels"]
    assert "sandbox-town-token" not in result.output + str(channels)
    assert channels["town"]["settings"]["token"] == {"secret": True, "place": "env:TOWN_TOKEN", "found": True}
    assert channels["village"]["settings"]["token"]["found"] is False
    assert "SOCIALCAST_VILLAGE_TOKEN" in channels["village"]["problem"]
    assert channels["town"]["problem"] == ""
    assert "town (plaza, required, public, policy adapt)" in result.stdout
    assert [line for line in result.stdout.splitlines() if line and not line.startswith(("  ", "town", "village"))] == []


def test_a_secret_in_plain_sight_is_told_and_not_shown(run: Run, edit: Callable[[str, str, str], None]) -> None:
    """A value that was written where a reference belongs is not printed either."""
    edit("channels.toml", "env:TOWN_TOKEN", "sandbox-town-token")
    result = run("channels")
    assert "in plain sight" in result.stdout
    assert "sandbox-town-token" not in result.output


def test_a_platform_that_is_not_there_does_not_hide_the_others(run_json: RunJson, folder: Path) -> None:
    """One wrong platform is that channel's problem alone."""
    (folder / "channels.toml").write_text('[channels.a]\nplatform = "plazza"\n[channels.b]\nplatform = "plaza"\n')
    channels = run_json("channels")["channels"]
    assert "did you mean 'plaza'?" in channels["a"]["problem"]
    assert "token" in channels["b"]["settings"]


def test_the_table_of_one_platform(run: Run, run_json: RunJson) -> None:
    """Every limit is there with its unit, as text and as JSON."""
    text, table = run("capabilities", "plaza").stdout, run_json("capabilities", "plaza")["plaza"]
    assert table["text"]["max_length"] == 120
    assert table["video"] is None
    assert "text.max_length" in text
    assert "not supported" in text


def test_all_platforms_beside_each_other(run: Run, run_json: RunJson) -> None:
    """Without a name there is a column for each platform whose library is installed."""
    tables = run_json("capabilities")
    assert set(tables) <= set(platforms())
    assert all(name in run("capabilities").stdout for name in tables)


def test_an_unknown_platform_gets_the_nearest_name(run: Run) -> None:
    """A wrong platform is a usage error."""
    result = run("capabilities", "plazza")
    assert result.exit_code == 2
    assert "did you mean 'plaza'?" in result.stderr
