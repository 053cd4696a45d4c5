"""A folder with an announcement and channels on Plaza, the outside package, and the program run in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from socialcast.cli import cli
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.clock import SystemClock

CHANNELS = """
[channels.town]
platform = "plaza"
policy = "adapt"
token = "env:TOWN_TOKEN"

[channels.village]
platform = "plaza"
policy = "adapt"
"""
EVENT = """---
title: Open doors
text: >-
  The doors of the old observatory open to everybody at nine, with a talk on the winter sky.
  The telescope moves to the roof at ten, and there is hot soup for everybody who is cold.
photos:
  - {path: dome.jpg, alt: The dome}
  - {path: roof.jpg, alt: The roof}
---
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: channels.toml, event.md and its photos."""
    if not entry_points(group="socialcast.publishers", name="plaza"):
        pytest.skip("the outside package plaza is not installed: pip install tests/outside/plaza")
    for index, name in enumerate(("dome.jpg", "roof.jpg")):
        (tmp_path / name).write_bytes(picture(index).data or b"")
    (tmp_path / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    (tmp_path / "event.md").write_text(EVENT, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("SOCIALCAST_VILLAGE") or name == "TOWN_TOKEN"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], None]:
    """Replaces words in a file of the folder."""

    def replace(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def sandbox_time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the program, where it runs in this process, go by the sandbox's clock, whose waits take no time."""
    clock = SandboxClock(sandbox)
    monkeypatch.setattr(SystemClock, "now", lambda self: clock.now())
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds, cancel: clock.sleep(seconds, cancel))


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs the program in this process, and fails on a traceback."""

    def in_process(*words: str) -> Result:
        result = CliRunner().invoke(cli, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        assert "Traceback" not in result.output
        return result

    return in_process


@pytest.fixture
def run_json(run: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """Runs the program with --json and gives the one object that it printed."""

    def parsed(*words: str) -> dict[str, Any]:
        value = json.loads(run(*words, "--json").stdout)
        assert isinstance(value, dict)
        return value

    return parsed


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program in a process of its own, ended with the test.

    A process that was itself started in the background may ignore Ctrl-C and hand that on; a handler is not handed on.
    """
    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))

        def in_a_process(*words: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "socialcast", *words]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield in_a_process
