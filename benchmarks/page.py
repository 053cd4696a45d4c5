"""The page of a plan with hundreds of photos: what it weighs, how long it takes to make, and to open in a browser."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import RUN_LIMIT_SECONDS, Row, in_turns, timed
from benchmarks.photos import photo_files
from socialcast.broadcast import Broadcast
from socialcast.model.announcement import Announcement, Photo
from socialcast.preview import plan_page
from socialcast.wire.settings import Channel, Policy

__all__ = ["page"]

_PHOTO_BYTES = 300_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
_ALT = "The dome of the old observatory from the south, its shutter open, with people queuing on the stairs, view {}."
_EMPTY = "<!doctype html><title>Nothing</title>"


def page(photos: int, *, rounds: int) -> list[Row]:
    """On two channels that show every photo; noise makes the heaviest thumbnails there are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = photo_files(folder, photos, _PHOTO_BYTES)
        said = Announcement(
            key="benchmark", text="Open doors", photos=[Photo(file, alt=_ALT.format(index)) for index, file in enumerate(files)]
        )
        made = folder / "plan.html"
        seconds = timed(lambda: _write(said, made, folder))
        return [
            Row(name=f"plan{photos}", ours=made.stat().st_size / 1e6, unit="MB", limit=5.0, note="the page, on two channels"),
            Row(name="… made", ours=seconds / photos * 1000, unit="ms", note="a photo, none kept from before"),
            *_opened(made, rounds),
        ]


def _write(said: Announcement, made: Path, folder: Path) -> None:
    channels = [Channel(name=name, platform="flickr", policy=Policy.ADAPT) for name in ("photos", "archive")]
    with Broadcast(channels, ledger=folder / "ledger") as broadcast:
        made.write_text(plan_page(broadcast.plan(said), said, str(folder / "media")), encoding="utf-8")


def _opened(made: Path, rounds: int) -> Iterator[Row]:
    """Until it is drawn, by the time that the browser takes to start and to draw an empty page."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        return
    empty = made.with_name("empty.html")
    empty.write_text(_EMPTY, encoding="utf-8")
    ours, nothing = in_turns(partial(_seconds, browser, made), partial(_seconds, browser, empty), rounds)
    note = f"drawn in Chromium in {ours:.1f} s, less an empty page in {nothing:.1f} s"
    yield Row(name="… opened", ours=ours - nothing, unit="s", limit=2.0, note=note)


def _seconds(browser: str, document: Path) -> float:
    """Of a browser that starts with a profile of its own, draws the page and ends."""
    with tempfile.TemporaryDirectory() as profile:
        picture = Path(profile, "page.png")
        options = [f"--{option}" for option in (*_QUIET, f"user-data-dir={profile}", f"screenshot={picture}")]
        command = [browser, *options, document.as_uri()]
        seconds = timed(lambda: subprocess.run(command, capture_output=True, timeout=RUN_LIMIT_SECONDS, check=True))
        if not picture.exists():
            raise RuntimeError(f"{browser} drew nothing")
        return seconds
