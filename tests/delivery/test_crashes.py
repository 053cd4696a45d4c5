"""The ledger after a kill, a power cut and a race: whole, and with everything that anybody had been told was in it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from socialcast.delivery.archive import verify_ledger
from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.schema import MIGRATIONS
from socialcast.delivery.steps import Steps
from socialcast.model.errors import LedgerError
from socialcast.wire.clock import Cancel, SystemClock
from socialcast.wire.retry import Patience

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

_KILLS = 6
_THREADS = 8
NEWER = (*MIGRATIONS, ("CREATE TABLE replies (id TEXT) STRICT",))
_PAGE_BYTES, _FRAME_HEADER_BYTES = 4096, 24  # of SQLite's write-ahead log


def started(work: Callable[..., None], *arguments: Any) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    process.start()
    return process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger lies that knows one announcement."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.remember("key", "digest", b'{"key":"key","text":"Open doors."}', 1.0)
    ledger.close()
    return tmp_path / "ledger"


@pytest.fixture
def reopened(path: Path) -> Iterator[Callable[[], Ledger]]:
    """Opens the ledger as the next process would."""
    opened: list[Ledger] = []

    def again() -> Ledger:
        opened.append(Ledger(path))
        return opened[-1]

    yield again
    for ledger in opened:
        ledger.close()


# -- killed ------------------------------------------------------------------------------------------------------------------


class Diary:
    """Lines in a file that outlive the process that wrote them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def note(self, line: str) -> str:
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())
        return line

    @property
    def lines(self) -> set[str]:
        return set(self.path.read_text().splitlines())


def _post_for_ever(path: Path, number: int, sent: Diary, told: Diary) -> None:
    """Send one photo after the other on many threads; each is noted when it is sent, and when its sender was told so."""
    patience = Patience(SystemClock(), Cancel())
    steps = Steps(Ledger(path), "key", "channel", judge=_as_it_is, patience=patience, settle_seconds=(0.0,))

    def post(index: int, photo: int) -> None:
        name = f"photo/{number}-{photo}"
        told.note(steps.once(name, send=lambda: sent.note(name)))

    steps.each(range(100_000), post, at_once=_THREADS)


def _as_it_is(error: Exception, exchanges: object, *, writing: bool) -> Exception:
    return error


def test_a_kill_in_the_middle_of_many_writes_loses_nothing_that_was_told(
    path: Path, reopened: Callable[[], Ledger], tmp_path: Path
) -> None:
    """What was sent has its intent on record, what a caller was told has its result, and the ledger is sound."""
    sent, told, chance = Diary(tmp_path / "sent"), Diary(tmp_path / "told"), random.Random(1)
    for number in range(_KILLS):
        before = len(told.lines)
        process = started(_post_for_ever, path, number, sent, told)
        while len(told.lines) == before:
            assert process.is_alive()
        threading.Event().wait(chance.uniform(0, 0.03))  # the moment of the kill is what varies
        process.kill()
        process.join()
        ledger = reopened()
        steps = ledger.steps("key", "channel")
        assert verify_ledger(ledger) == []
        assert sent.lines <= steps.keys()
        assert told.lines <= {name for name, step in steps.items() if (step.state, step.result) == ("done", name)}
    assert len(told.lines) > _KILLS


def test_a_power_cut_in_any_write_leaves_what_was_committed_before(path: Path, tmp_path: Path) -> None:
    """Whatever part of the log reached the disk, the ledger opens with every write that had come to its end by then."""
    ledger, log = Ledger(path), Path(f"{path}-wal")
    ends = []
    for number in range(20):
        ledger.record_step("key", "channel", Step(f"photo/{number}", "done", number, 1.0))
        ends.append(log.stat().st_size)
    base, written = path.read_bytes(), log.read_bytes()
    ledger.close()
    for cut in range(0, len(written), (_PAGE_BYTES + _FRAME_HEADER_BYTES) // 2):
        cut_off = tmp_path / f"cut-{cut}"
        cut_off.write_bytes(base)
        Path(f"{cut_off}-wal").write_bytes(written[:cut])
        after = Ledger(cut_off)
        assert len(after.steps("key", "channel")) == sum(end <= cut for end in ends)
        assert verify_ledger(after) == []
        after.close()


# -- two at once, and two versions -------------------------------------------------------------------------------------------


def _make_and_write(folder: Path, ledgers: int, together: Any, name: str) -> None:
    for number in range(ledgers):
        together.wait(30)
        ledger = Ledger(folder / f"ledger-{number}")
        ledger.record_step("key", "channel", Step(name, "done", name, 1.0))
        ledger.close()


def test_many_processes_make_one_ledger_at_once(tmp_path: Path) -> None:
    """Jobs that begin together on a machine without a ledger are not told that it is locked, or another program's."""
    processes, ledgers = 6, 40
    together = multiprocessing.get_context("fork").Barrier(processes)
    workers = [started(_make_and_write, tmp_path, ledgers, together, f"photo/{n}") for n in range(processes)]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * processes
    for number in range(ledgers):
        ledger = Ledger(tmp_path / f"ledger-{number}")
        assert len(ledger.steps("key", "channel")) == processes
        ledger.close()


def overtaken(monkeypatch: pytest.MonkeyPatch, nth: int, overtake: Callable[[], None]) -> None:
    """From now on, somebody else acts before the nth statement or copy."""
    numbers, connect = count(1), sqlite3.connect

    def act() -> None:
        if next(numbers) == nth:
            overtake()

    class Overtaken(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            act()
            return super().execute(*arguments)

        def backup(self, *arguments: Any) -> None:
            act()
            super().backup(*arguments)

    monkeypatch.setattr("socialcast.delivery.database._BUSY_SECONDS", 0.05)
    monkeypatch.setattr(sqlite3, "connect", lambda *where, **options: connect(*where, factory=Overtaken, **options))


STATEMENTS = range(1, 16)  # to open a ledger takes no more


@pytest.mark.parametrize("nth", STATEMENTS)
def test_a_ledger_that_somebody_else_makes_meanwhile_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nth: int) -> None:
    """At whichever point of opening it another process is faster, both write to one ledger."""
    others = Counter[str]()

    def make() -> None:
        with suppress(LedgerError):  # it is told to wait while this process makes the tables
            other = Ledger(tmp_path / "ledger")
            other.record_step("key", "channel", Step("photo/1", "done", "1", 1.0))
            other.close()
            others["wrote"] += 1

    overtaken(monkeypatch, nth, make)
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_step("key", "channel", Step("photo/2", "done", "2", 1.0))
    assert len(ledger.steps("key", "channel")) == 1 + others["wrote"]
    ledger.close()


@pytest.mark.parametrize("nth", STATEMENTS)
def test_two_that_bring_a_ledger_forward_at_once_keep_the_older_copy(
    monkeypatch: pytest.MonkeyPatch, path: Path, nth: int
) -> None:
    """Whoever is faster, the copy beside the ledger is one that the older socialcast opens."""
    with monkeypatch.context() as newer:
        newer.setattr("socialcast.delivery.database.MIGRATIONS", NEWER)

        def migrate() -> None:
            with suppress(LedgerError):
                Ledger(path).close()

        overtaken(newer, nth, migrate)
        Ledger(path).close()
    with pytest.raises(LedgerError, match="newer socialcast"):
        Ledger(path)
    copy = Ledger(path.with_name(f"ledger.v{len(MIGRATIONS)}"))
    assert copy.keys() == ["key"]
    copy.close()


class _Deadly(tuple[str, ...]):
    """A migration in the middle of which the process is killed."""

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        os.kill(os.getpid(), signal.SIGKILL)


def _migrate_and_die(path: Path) -> None:
    with mock.patch("socialcast.delivery.database.MIGRATIONS", (*MIGRATIONS, _Deadly(NEWER[-1]))):
        Ledger(path)


def test_a_kill_in_the_middle_of_a_migration_changes_nothing(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """The ledger is as it was, for the older socialcast too, and the next newer one brings it forward."""
    killed = started(_migrate_and_die, path)
    killed.join(30)
    assert killed.exitcode == -signal.SIGKILL
    older = Ledger(path)
    assert older.keys() == ["key"]
    older.close()
    monkeypatch.setattr("socialcast.delivery.database.MIGRATIONS", NEWER)
    newer = Ledger(path)
    assert newer.rows("SELECT * FROM replies") == []
    newer.close()


def test_the_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    """It is refused, and every byte of it stays."""
    with closing(sqlite3.connect(tmp_path / "photos.db")) as theirs:
        theirs.execute("CREATE TABLE photos (name TEXT)")
    before = (tmp_path / "photos.db").read_bytes()
    with pytest.raises(LedgerError, match="another program; name another file"):
        Ledger(tmp_path / "photos.db")
    assert (tmp_path / "photos.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["photos.db"]
