"""A run whose ledger cannot take another write stops in words, has sent nothing unrecorded, and goes on once there is room."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from socialcast import Announcement, Broadcast, LedgerError, Photo
from socialcast.delivery.archive import verify_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import RemoteClock
from socialcast.testing.stage import SandboxStage, picture

_PLATFORM = "plaza"
_LONG_ALT = "The dome in the evening light, seen from the gate. " * 3
ALBUM = Announcement(
    key="the-opening-of-the-old-observatory-on-the-hill-above-the-town-to-everybody-who-wants-to-see-the-winter-sky-2026",
    text="The doors open at nine.",
    photos=tuple(Photo(picture(number).data, alt=f"{number}: {_LONG_ALT}") for number in range(4)),
)
_STOPPED = 3  # the exit code of a child whose run the ledger stopped


@pytest.fixture
def stage(sandbox: Sandbox) -> Iterator[SandboxStage]:
    pytest.importorskip(_PLATFORM, reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    return SandboxStage(sandbox, _PLATFORM)


def small_pages(path: Path) -> Path:
    """A ledger to be whose disk fills up in small bits, so that it is full at every kind of write."""
    with closing(sqlite3.connect(path)) as file:
        file.executescript("PRAGMA page_size = 512; CREATE TABLE first (id); DROP TABLE first;")
    return path


def recorded(path: Path) -> int:
    """How many calls the ledger knows of, which must be sound."""
    ledger = Ledger(path)
    assert verify_ledger(ledger) == []
    steps = ledger.steps(ALBUM.key, "contract")
    ledger.close()
    return sum(name != "account" for name in steps)


def sent(sandbox: Sandbox) -> int:
    return sum(request.method == "POST" for request in sandbox.requests(_PLATFORM))


def assert_goes_on(stage: SandboxStage, path: Path) -> None:
    """With room again, the same run ends with everything there once."""
    assert sent(stage.sandbox) <= recorded(path)
    with stage.broadcast(path) as broadcast:
        assert broadcast.publish(ALBUM).exit_code == 0
    (sight,) = stage.sights()
    assert all(sum(photo.alt in line for line in sight) == 1 for photo in ALBUM.photos)


def words_of_stop(broadcast: Broadcast) -> str:
    """What the ledger's error says that ends the run; nothing where it comes to its end."""
    try:
        assert broadcast.publish(ALBUM).exit_code == 0
    except LedgerError as error:
        return str(error)
    return ""


def test_a_full_disk_stops_a_run_at_whichever_write(stage: SandboxStage, tmp_path: Path) -> None:
    """However much room is left, what was sent is on record, and nothing is there twice afterwards."""
    stops, words = set[int](), "free some space and run it again"
    for pages in count():
        stage.sandbox.reset()
        path = small_pages(tmp_path / f"ledger-{pages}")
        with stage.broadcast(path) as broadcast:
            used = broadcast.ledger.rows("PRAGMA page_count")[0][0]
            broadcast.ledger.rows(f"PRAGMA max_page_count = {used + pages}")  # what SQLite meets on a full disk
            told = words_of_stop(broadcast)
        if not told:
            break
        assert words in told
        stops.add(sent(stage.sandbox))
        assert_goes_on(stage, path)
    assert len(stops) > 3  # before the first photo, between two, before the post ...


def _publish_within(limit_bytes: int, stage: SandboxStage, path: Path) -> None:
    """In a process of its own, whose files may not grow beyond that."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    clock = RemoteClock(stage.sandbox.url)
    with Broadcast([stage.channel()], ledger=path, sandbox=stage.sandbox.url, clock=clock) as broadcast:
        sys.exit(_STOPPED if "see whether its disk is over a quota" in words_of_stop(broadcast) else 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("limit_bytes", [60_000, 80_000])
def test_a_disk_quota_stops_a_run(stage: SandboxStage, tmp_path: Path, limit_bytes: int) -> None:
    """A write that the system itself refuses ends the run in words, and the next one goes on."""
    arguments = (limit_bytes, stage, tmp_path / "ledger")
    process = multiprocessing.get_context("fork").Process(target=_publish_within, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode == _STOPPED
    assert_goes_on(stage, tmp_path / "ledger")
