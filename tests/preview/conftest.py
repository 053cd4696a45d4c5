"""A plan to show, and a real browser to show it to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

_QUIET = ("disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync")
_WANTED = ("headless", "no-sandbox", "disable-gpu", "enable-logging=stderr", "virtual-time-budget=2000", "dump-dom")
_OPTIONS = [f"--{option}" for option in (*_QUIET, *_WANTED)]


class Seen(NamedTuple):
    """The document as the browser has it after the page was opened, and what it complained of."""

    dom: str
    complaints: list[str]


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str], Seen]:
    """Opens an address in Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium on this machine")

    def browse(address: str) -> Seen:
        words = [browser, *_OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", address]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
        return Seen(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])

    return browse
