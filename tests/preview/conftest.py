"""A plan to show, and a real browser to show it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.browser import chromium

_WATCHING = ("enable-logging=stderr", "virtual-time-budget=2000", "dump-dom")


class Seen(NamedTuple):
    """The document as the browser has it after the page was opened, and what it complained of."""

    dom: str
    complaints: list[str]


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str], Seen]:
    """Opens an address in Chromium."""

    def browse(address: str) -> Seen:
        done = chromium(tmp_path / "profile", address, *_WATCHING)
        return Seen(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])

    return browse
