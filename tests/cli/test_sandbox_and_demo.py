"""The sandbox serves until Ctrl-C, and the demo needs nothing at all."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Start = Callable[..., "subprocess.Popen[str]"]

CHANNELS = {"site", "news", "photos", "wiki", "film", "page", "sky", "stage", "stream", "fedi"}


def test_the_sandbox_serves_its_wall_until_ctrl_c(start: Start, folder: Path) -> None:
    """It says where it is, keeps the files where it was told to, and ends quietly."""
    process = start("sandbox", "--port", "0", "--folder", "kept")
    assert process.stdout
    url = process.stdout.readline().split()[-1]
    assert "socialcast publish FILE --sandbox" in process.stdout.readline()
    assert requests.get(url, timeout=30).status_code == 200
    assert (folder / "kept").is_dir()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert process.stderr
    assert process.stderr.read() == ""


def test_a_taken_port_is_told(run: Run, sandbox: Sandbox) -> None:
    """Where another program listens, the error names the port and the way out."""
    port = sandbox.url.rpartition(":")[2]
    result = run("sandbox", "--port", port)
    assert result.exit_code == 2
    assert result.stderr == f"error: port {port} is taken; choose another, or a free one with --port 0\n"


def test_the_demo_publishes_once(run: Run, run_json: RunJson, folder: Path) -> None:
    """The second demo sends nothing and prints the same receipts; the record of it and the newsroom stay."""
    first, second = run_json("demo"), run_json("demo")
    assert {name: outcome["state"] for name, outcome in first["outcomes"].items()} == dict.fromkeys(CHANNELS, "published")
    assert {name for name, outcome in first["outcomes"].items() if outcome.pop("steps_sent")} == CHANNELS - {"stream"}
    assert not any(outcome.pop("steps_sent") for outcome in second["outcomes"].values())
    assert first == second
    assert {path.name for path in (folder / "socialcast-demo").iterdir()} == {"ledger.sqlite3", "newsroom"}
    said = run("demo").stderr
    assert "socialcast demo --serve" in said
    (page,) = (line.rpartition(": ")[2] for line in said.splitlines() if "newsroom" in line)
    assert "Open doors at the Alpine Forum" in (folder / page).read_text(encoding="utf-8")


PRESS = {"journalists", "room"}


def test_the_demo_has_a_press_room(run: Run, run_json: RunJson) -> None:
    """With --press journalists get a mail each, and a closed room has it, once; the public channels are what they were."""
    said = run("demo", "--press").stderr
    assert "In the press room, journalists: 2 x mail, to Ada Example <ada@journal.example> and bo@radio.example\n" in said
    assert "In the press room, room: 9 x message" in said
    again = run_json("demo", "--press")
    assert set(again["outcomes"]) == CHANNELS | PRESS
    assert not any(outcome["steps_sent"] for outcome in again["outcomes"].values())
    assert "In the press room" not in run("demo", "--press").stderr


def test_a_press_room_is_added_to_a_demo(run_json: RunJson) -> None:
    """Whoever tries the press room afterwards sends to it and to nobody else."""
    run_json("demo")
    outcomes = run_json("demo", "--press")["outcomes"]
    assert {name for name, outcome in outcomes.items() if outcome["steps_sent"]} == PRESS


def test_the_demo_shows_its_wall(start: Start) -> None:
    """With --serve the addresses open until Ctrl-C, whatever was published before."""
    process = start("demo", "--serve", "--json")
    assert process.stdout
    assert process.stderr
    while not (line := process.stderr.readline()).startswith("The wall:"):
        assert process.poll() is None
    wall = requests.get(line.split()[-1], timeout=30).text
    report = json.loads("".join([*iter(process.stdout.readline, "}\n"), "}"]))
    addresses = [outcome["url"] for outcome in report["outcomes"].values()]
    assert [url for url in addresses if requests.get(url, timeout=30).status_code != 200] == []
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert set(report["outcomes"]) == CHANNELS
    assert "Open doors at the Alpine Forum" in wall


def test_a_demo_in_a_foreign_ledger_is_refused(run: Run, folder: Path) -> None:
    """A file that is no ledger is named and left as it is."""
    before = (folder / "dome.jpg").read_bytes()
    result = run("demo", "--ledger", "dome.jpg")
    assert result.exit_code == 2
    assert "it is not a ledger" in result.stderr
    assert (folder / "dome.jpg").read_bytes() == before
