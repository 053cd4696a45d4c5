"""`socialcast live` as a person uses it: what it says, and an encoder that never outlives it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[str]"]
RunJson = Callable[..., dict[str, Any]]

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a process")

CHANNELS = """
[channels.film]
platform = "youtube"

[channels.page]
platform = "facebook"
"""
EVENT = """---
key: doors
title: Open doors
text: We open at nine.
live: {title: "Open doors, live", starts_at: 2099-01-20T09:00:00Z}
---
"""
_LIMIT_SECONDS = 30.0


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """A host and a feed, and an announcement with an event."""
    (folder / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    (folder / "event.md").write_text(EVENT, encoding="utf-8")


@pytest.fixture
def published(run: Run, sandbox: Sandbox, files: None) -> Sandbox:
    """A sandbox that has the announcement."""
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    return sandbox


@pytest.fixture
def film(folder: Path) -> Path:
    """A minute of a test picture, which is sent in its own time."""
    path = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=5", "-t", "60", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, path], check=True)
    return path


@needs_ffmpeg
@needs_linux
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_feed_that_is_stopped_ends_its_stream(start: Start, published: Sandbox, film: Path, how: signal.Signals) -> None:
    """Ctrl-C and a service's stop bring the stream to a clean end, and the command says what became of it."""
    feeding, encoder = _feeding(start, published, film)
    feeding.send_signal(how)
    said, _ = feeding.communicate(timeout=_LIMIT_SECONDS)
    assert feeding.returncode == 0
    assert "film (youtube): sent" in said
    assert not _is_there(encoder)


@needs_ffmpeg
@needs_linux
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not on this machine")
def test_a_feed_that_is_killed_leaves_nobody_on_the_air(start: Start, published: Sandbox, film: Path) -> None:
    """Without the command there would be nobody to stop the encoder."""
    feeding, encoder = _feeding(start, published, film)
    feeding.kill()
    feeding.communicate()
    _until(lambda: not _is_there(encoder))


def _feeding(start: Start, sandbox: Sandbox, film: Path) -> tuple[subprocess.Popen[str], int]:
    """The command under way, and the process of its encoder."""
    feeding = start("live", "feed", "doors", str(film), "--sandbox", sandbox.url)
    assert feeding.stderr
    assert "sent 0 s" in feeding.stderr.readline()
    (encoder,) = _children(feeding.pid)
    return feeding, encoder


def _children(pid: int) -> list[int]:
    return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]


def _is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
