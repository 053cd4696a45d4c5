"""Ctrl-C at any moment: what was done is saved, and another run goes on with it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]
_LIMIT_SECONDS = 30.0


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox that takes its time, so that a run can be met in the middle."""
    with Sandbox(latency_seconds=0.2) as sandbox:
        yield sandbox


def calls(sandbox: Sandbox, handler: str) -> int:
    return sum(record.handler == handler for record in sandbox.requests("plaza"))


@pytest.mark.parametrize("handler", ["add_picture", "add_post"])
def test_ctrl_c_saves_what_was_done_and_resume_finishes_it(run: Run, start: Start, slow: Sandbox, handler: str) -> None:
    """Stopped while uploading or while posting, the run says how to go on, and nothing is sent twice."""
    stopped = start("publish", "event.md", "--sandbox", slow.url)
    _until(lambda: calls(slow, handler) > 0, stopped)
    stopped.send_signal(signal.SIGINT)
    _, told = stopped.communicate(timeout=_LIMIT_SECONDS)
    assert stopped.returncode == 75
    assert f"stopped; what was done is saved; go on with: socialcast resume event --sandbox {slow.url}" in told
    assert "Traceback" not in told
    assert run("resume", "event", "--sandbox", slow.url).exit_code == 0
    assert (calls(slow, "add_picture"), calls(slow, "add_post")) == (4, 4)
    assert sorted(card.account for card in slow.mirror("plaza").cards()) == ["town", "town", "village", "village"]


def test_ctrl_c_during_an_embargo_ends_the_wait(edit: Callable[[str, str, str], None], start: Start, sandbox: Sandbox) -> None:
    """Whoever waits for an embargo can leave and come back."""
    edit("event.md", "title:", "embargo: 2099-01-01T00:00:00Z\ntitle:")
    waiting = start("publish", "event.md", "--wait", "--sandbox", sandbox.url)
    _until(lambda: calls(sandbox, "add_picture") == 4, waiting)
    waiting.send_signal(signal.SIGINT)
    _, told = waiting.communicate(timeout=_LIMIT_SECONDS)
    assert waiting.returncode == 75
    assert "go on with: socialcast resume event" in told


def test_ctrl_c_in_a_sandbox_of_the_run_itself_says_that_it_is_gone(start: Start, folder: Path) -> None:
    """Where nothing outlives the command, nobody is sent to resume it."""
    text = (folder / "event.md").read_text(encoding="utf-8")
    (folder / "event.md").write_text(text.replace("title:", "embargo: 2099-01-01T00:00:00Z\ntitle:"), encoding="utf-8")
    stopped = start("publish", "event.md", "--wait", "--sandbox")
    assert stopped.stderr
    while "waiting for the platform" not in stopped.stderr.readline():
        assert stopped.poll() is None
    stopped.send_signal(signal.SIGINT)
    _, told = stopped.communicate(timeout=_LIMIT_SECONDS)
    assert stopped.returncode == 75
    assert "the sandbox of this run ended with it: run the same command again" in told


def _until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Look again and again until it has happened; fail when the process ends first or takes too long."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
