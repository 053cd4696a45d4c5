"""A process that is killed while the platform has done what it asked, and the run after it: each piece once, none lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from socialcast.sandbox import Sandbox
from socialcast.testing.stage import SandboxStage, Sight

Start = Callable[..., "subprocess.Popen[str]"]
Call = tuple[str, str, int]  # a platform, what it is asked for, and the how-manieth such call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

CHANNELS = """
[channels.news]
platform = "x"
policy = "adapt"

[channels.photos]
platform = "flickr"

[channels.wiki]
platform = "mediawiki"
url = "https://wiki.example.org/w/api.php"
contact = "press@example.org"
page = "Open doors"
"""
EVENT = """---
title: Open doors
text: >-
  The doors of the old observatory open to everybody at nine, with a talk on the winter sky and its planets.
  The telescope moves to the roof at ten, and there is hot soup for everybody who is cold by then.
  Children are welcome, dogs are too, and the last bus to the village leaves at midnight.
photos:
  - {path: dome.jpg, alt: The dome}
  - {path: roof.jpg, alt: The roof}
---
The **long story**.
"""
# In the order of a run, and each one where nothing has to be awaited for long: two photos, of which the second is lost
# when both have left; no post on X, which is looked for after ten seconds of real time.
MOMENTS: tuple[Call, ...] = (
    ("flickr", "upload", 2),
    ("flickr", "photosets_create", 1),
    ("flickr", "photosets_edit_photos", 1),
    ("mediawiki", "upload", 1),
    ("flickr", "photos_set_perms", 1),
    ("mediawiki", "edit", 1),
)
# With an empty ledger, what is there is found at once, and what is not is waited for: a minute on X and on Flickr.
LAST_OF_THE_THREAD: Call = ("x", "create_post", 2)
_RUN_SECONDS = 60.0
_LOOK_SECONDS = 0.01


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """Channels on the platforms that are bundled, and an announcement that takes a thread, an album and a page."""
    (folder / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    (folder / "event.md").write_text(EVENT, encoding="utf-8")


@pytest.fixture
def unharmed(start: Start) -> dict[str, list[Sight]]:
    """What a run that nothing happens to leaves on each platform."""
    with Sandbox() as sandbox:
        _finish(start, sandbox, "--ledger", "unharmed.sqlite3")
        return _sights(sandbox)


def test_killed_run_after_run_everything_is_there_once(start: Start, sandbox: Sandbox, unharmed: dict[str, list[Sight]]) -> None:
    """Each run is killed one call later than the one before it, and the last one finishes what they left."""
    for moment in MOMENTS:
        _kill_during(moment, start, sandbox, "--only", "photos", "--only", "wiki")
    _finish(start, sandbox)
    assert _sights(sandbox) == unharmed


def test_killed_with_its_ledger_lost_everything_is_there_once(
    start: Start, sandbox: Sandbox, unharmed: dict[str, list[Sight]], folder: Path
) -> None:
    """On an empty machine, --recover finds the album and the whole thread and sends neither again."""
    _kill_during(LAST_OF_THE_THREAD, start, sandbox, "--ledger", "lost/ledger.sqlite3")
    (folder / "lost").rename(folder / "gone")
    _finish(start, sandbox, "--ledger", "lost/ledger.sqlite3", "--recover")
    assert _sights(sandbox) == unharmed


def _kill_during(moment: Call, start: Start, sandbox: Sandbox, *options: str) -> None:
    """Kill a run when that call has taken effect and before its answer is read."""
    platform, handler, nth = moment
    fault = sandbox.fault(platform, "timeout_after", handler=handler, nth=nth, seconds=_RUN_SECONDS)
    answered = sum(bool(record.fault) for record in sandbox.requests())
    process = start("publish", "event.md", "--sandbox", sandbox.url, *options)
    while sum(bool(record.fault) for record in sandbox.requests()) == answered:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)
            pytest.fail(f"it ended before {fault}: {process.communicate()}")
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    sandbox.clear_faults()


def _finish(start: Start, sandbox: Sandbox, *options: str) -> None:
    process = start("publish", "event.md", "--sandbox", sandbox.url, *options)
    told = process.communicate(timeout=_RUN_SECONDS)
    assert process.returncode == 0, told


def _sights(sandbox: Sandbox) -> dict[str, list[Sight]]:
    return {platform: SandboxStage(sandbox, platform).sights() for platform in ("x", "flickr", "mediawiki")}
