"""On a terminal, progress is a live table that leaves only the report behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from socialcast.broadcast import Event, Phase
from socialcast.cli.progress import ChannelProgress
from socialcast.sandbox import Sandbox


def test_a_terminal_gets_a_line_per_channel_that_is_drawn_anew(sandbox: Sandbox) -> None:
    """Each channel is drawn with what it does, and the table makes room for the report."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "socialcast", "publish", "event.md", "--sandbox", sandbox.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        drawn = b"".join(_read(ours)).decode()
        report = process.stdout.read().decode() if process.stdout else ""
    os.close(ours)
    assert process.returncode == 0
    assert drawn.index("checking everything before anything is sent") < drawn.index("checking the account")
    assert drawn.count("town") > 1
    assert drawn.endswith("\x1b[2K")
    assert "town (plaza): published" in report
    assert "\x1b" not in report


def test_the_photos_are_counted_one_by_one() -> None:
    """A person at a terminal sees every photo, of which lines tell only each tenth."""
    channel = ChannelProgress()
    for index in range(34):
        channel.follow(Event(channel="photos", phase=Phase.PREPARE, step=f"photo/{index}", photos=800))
    assert str(channel) == "preparing, photos 34/800"


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end was closed
            return
        if not piece:
            return
        yield piece
