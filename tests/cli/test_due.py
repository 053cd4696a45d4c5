"""`socialcast due` for a scheduler: what is held, and what is due now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Edit = Callable[[str, str, str], None]


def hold(folder: Path, run: Run, where: tuple[str, ...], embargo: datetime) -> None:
    text = (folder / "event.md").read_text(encoding="utf-8")
    (folder / "later.md").write_text(text.replace("title:", f"embargo: {embargo.isoformat()}\ntitle:", 1), encoding="utf-8")
    result = run("publish", "later.md", *where)
    assert result.exit_code == 75
    assert embargo.isoformat() in result.stdout


def test_what_is_held_is_listed_and_not_published(run: Run, run_json: RunJson, folder: Path, sandbox: Sandbox) -> None:
    """The list tells the time and the channels; before that, --run sends nothing and all is well."""
    where = ("--sandbox", sandbox.url)
    assert "nothing is held" in run("due", *where).stdout
    embargo = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    hold(folder, run, where, embargo)
    listed = run("due", *where)
    assert (listed.exit_code, listed.stdout) == (0, f"later: held until {embargo.isoformat()} (town, village)\n")
    assert run("due", *where, "--run").exit_code == 0
    assert sandbox.mirror("plaza").cards() == []
    (item,) = run_json("due", *where)["held"]
    assert (item["key"], item["is_due"], item["channels"]) == ("later", False, ["town", "village"])


def test_what_is_due_is_published_once(run: Run, run_json: RunJson, folder: Path, sandbox: Sandbox, monkeypatch: Any) -> None:
    """After the embargo one `due --run` publishes it, and the next one finds nothing to do."""
    from socialcast.wire.clock import SystemClock

    where = ("--sandbox", sandbox.url)
    hold(folder, run, where, datetime.now(UTC) + timedelta(hours=3))
    later = datetime.now(UTC) + timedelta(hours=4)
    monkeypatch.setattr(SystemClock, "now", lambda self: later)
    assert "later: due since" in run("due", *where).stdout
    answer = run_json("due", *where, "--run")
    assert answer["reports"][0]["outcomes"]["town"]["state"] == "published"
    cards = len(sandbox.mirror("plaza").cards())
    assert cards == 4
    again = run("due", *where, "--run")
    assert (again.exit_code, "nothing is held" in again.stdout) == (0, True)
    assert len(sandbox.mirror("plaza").cards()) == cards
