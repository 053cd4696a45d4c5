"""A real browser, with nothing of the person's whose machine it runs on, and no network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["chromium"]

_QUIET = ("disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync")
_HEADLESS = ("headless", "no-sandbox", "disable-gpu", *_QUIET)


def chromium(profile: Path, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What Chromium says of that address; skips the test where there is none."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    words = [f"--{option}" for option in (*_HEADLESS, f"user-data-dir={profile}", *options)]
    return subprocess.run([browser, *words, address], capture_output=True, text=True, timeout=120, check=True)
