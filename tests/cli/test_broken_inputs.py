"""Whatever is wrong with the input, the program says what, where and what to do, and sends nothing."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.delivery.ledger import Ledger

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Edit = Callable[[str, str, str], None]

# what is edited in which file, the command, and the words that say what, where and what to do
WRITTEN: dict[str, tuple[tuple[str, str, str], tuple[str, ...]]] = {
    "bad YAML": (("event.md", "title: Open doors", "title: [Open"), ("event.md", "not valid YAML", "line")),
    "unknown field": (("event.md", "title:", "titles:"), ("event.md", "unknown field `titles`", "did you mean 'title'?")),
    "naive embargo": (
        ("event.md", "title:", "embargo: 2026-12-05T08:00:00\ntitle:"),
        ("event.md", "embargo 2026-12-05T08:00:00 has no time zone", "write it as"),
    ),
    "path outside": (("event.md", "dome.jpg", "../dome.jpg"), ("photos[0]", "leads out of", "copy the file into it")),
    "symlink out": (("event.md", "dome.jpg", "elsewhere.jpg"), ("photos[0]", "leads out of", "copy the file into it")),
    "unknown platform": (("channels.toml", "plaza", "plazza"), ("no publisher for platform 'plazza'", "did you mean 'plaza'?")),
    "unknown setting": (("channels.toml", "token =", "tokn ="), ("channel 'town'", "'tokn'", "did you mean 'token'?")),
    "wrong TOML": (("channels.toml", "[channels.town]", "[channels.town"), ("channels.toml", "not valid TOML", "line 2")),
    "no platform": (("channels.toml", "platform = ", "policies = "), ("[channels.town]", "needs a platform")),
}  # fmt: skip
SPOKEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "missing announcement": (("plan", "nope.md"), ("cannot read the announcement nope.md", "No such file")),
    "missing channels file": (("plan", "event.md", "--channels", "no.toml"), ("no file no.toml", "--channels FILE")),
    "unknown channel": (("plan", "event.md", "--only", "towns"), ("no channel 'towns'", "did you mean 'town'?")),
    "unknown key": (("status", "event"), ("knows no announcement 'event'",)),
    "missing secret": (("publish", "event.md"), ("channel 'town', token is env:TOWN_TOKEN", "SOCIALCAST_VILLAGE_TOKEN")),
    "no address": (("publish", "event.md", "--sandbox=8025"), ("'8025'", "such as http://127.0.0.1:8025")),
    "no sandbox there": (("publish", "event.md", "--sandbox", "http://127.0.0.1:9"), ("no sandbox answers at http://127.0.0.1:9",)),
    "no argument": (("publish",), ("Missing argument 'FILE'",)),
    "ledger under a file": (("publish", "event.md", "--sandbox", "--ledger", "event.md/l"), ("its folder is a file",)),
    "ledger is a folder": (("publish", "event.md", "--sandbox", "--ledger", "."), ("Is a directory", "name a file in it")),
    "no database": (("publish", "event.md", "--sandbox", "--ledger", "dome.jpg"), ("dome.jpg", "it is not a ledger")),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN)
def test_a_mistake_in_a_file_is_named(run: Run, run_json: RunJson, edit: Edit, folder: Path, case: str) -> None:
    """A file that cannot mean anything ends in 2, on stderr and in JSON."""
    (folder / "elsewhere.jpg").symlink_to("/etc/hostname")
    change, words = WRITTEN[case]
    edit(*change)
    _assert_told(run, run_json, ("publish", "event.md", "--sandbox"), words)


def test_a_secret_in_the_channels_file_is_refused_and_not_shown(run: Run, run_json: RunJson, edit: Edit) -> None:
    """A value that stands where a reference belongs is not used and not printed."""
    edit("channels.toml", "env:TOWN_TOKEN", "sandbox-town-token")
    _assert_told(run, run_json, ("publish", "event.md"), ("channel 'town', token", "in plain sight", "write env:NAME"))
    assert "sandbox-town-token" not in run("publish", "event.md").output


@pytest.mark.parametrize("case", SPOKEN)
def test_a_mistake_on_the_command_line_is_named(run: Run, run_json: RunJson, case: str) -> None:
    """Words that cannot mean anything here end in 2, on stderr and in JSON."""
    _assert_told(run, run_json, *SPOKEN[case])


def test_a_missing_library_is_named_once_with_its_platform(
    run: Run, run_json: RunJson, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two channels of a platform whose extra is not installed lead to one line that says what to install."""
    (folder / "channels.toml").write_text('[channels.a]\nplatform = "x"\n[channels.b]\nplatform = "x"\n')
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "tweepy" or name.startswith("socialcast.publishers.x")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tweepy", None)
    words = ("tweepy is not installed", "platform 'x' needs: pip install 'socialcast[x]'")
    _assert_told(run, run_json, ("plan", "event.md"), words)
    assert run("plan", "event.md").stderr.count("tweepy") == 1


def test_a_ledger_of_a_newer_version_is_left_alone(run: Run, run_json: RunJson, folder: Path) -> None:
    """A ledger that this version does not understand is refused before anything is sent."""
    Ledger(folder / "l").close()
    with sqlite3.connect(folder / "l") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    words = ("newer socialcast (version 99)", "upgrade socialcast")
    _assert_told(run, run_json, ("publish", "event.md", "--sandbox", "--ledger", "l"), words)


def test_a_read_only_ledger_is_refused(run: Run, run_json: RunJson, folder: Path) -> None:
    """What cannot be recorded is not sent."""
    Ledger(folder / "l").close()
    (folder / "l").chmod(0o400)
    if os.access(folder / "l", os.W_OK):
        pytest.skip("this user may write what is read-only, as root may")
    words = ("readonly", "make the file and its folder writable")
    _assert_told(run, run_json, ("publish", "event.md", "--sandbox", "--ledger", "l"), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("dome.jpg", "nothing.jpg"), "photos[0]"),
        (("alt: The dome", "caption: The dome"), "photos[0].alt"),
        (("title:", "channels: {towns: {text: Hello}}\ntitle:"), "channels.towns"),
    ],
    ids=["missing photo", "no alt text", "wording for a channel that is not there"],
)
def test_what_preflight_finds_ends_in_1(run: Run, run_json: RunJson, edit: Edit, change: tuple[str, str], words: str) -> None:
    """A problem of the content stops everything before anything is sent, and its path is named."""
    edit("event.md", *change)
    result = run("publish", "event.md", "--sandbox")
    assert result.exit_code == 1
    assert words in result.stdout
    report = run_json("publish", "event.md", "--sandbox")
    assert words in [problem["path"] for problem in report["problems"]]
    assert [outcome["steps_sent"] for outcome in report["outcomes"].values()] == [0, 0]


def test_a_defect_is_one_line_and_debugging_shows_more(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends in 70 without a traceback, which SOCIALCAST_DEBUG=1 shows."""
    monkeypatch.setattr("socialcast.cli.plan.load_announcement", lambda file: 1 / 0)
    result = run("plan", "event.md")
    assert result.exit_code == 70
    assert "unexpected ZeroDivisionError" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    monkeypatch.setenv("SOCIALCAST_DEBUG", "1")
    with pytest.raises(AssertionError, match="Traceback"):
        run("plan", "event.md")


def _assert_told(run: Run, run_json: RunJson, command: tuple[str, ...], words: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [part for part in words if part not in result.stderr] == []
    error = run_json(*command)["error"]
    assert error["exit_code"] == 2
    assert [part for part in words if part not in error["message"]] == []
