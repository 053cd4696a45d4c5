"""The ledger keeps what was done, tells what is wrong with its file, and shares commits."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from socialcast.delivery.lease import lease
from socialcast.delivery.ledger import Delivery, Ledger, Step
from socialcast.delivery.schema import MIGRATIONS
from socialcast.model.errors import Cancelled, LedgerBusy, LedgerError
from socialcast.wire.clock import Cancel, SystemClock


def test_what_is_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    """A ledger that is opened again has everything."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_step("key", "channel", Step("post", "done", {"id": "1"}, 5.0))
    ledger.close()
    again = Ledger(tmp_path / "ledger")
    assert again.steps("key", "channel") == {"post": Step("post", "done", {"id": "1"}, 5.0)}
    again.close()


def test_done_is_never_overwritten(tmp_path: Path) -> None:
    """Whatever comes later, a done step stays done with its result."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_step("key", "channel", Step("post", "done", "1", 5.0))
    ledger.record_step("key", "channel", Step("post", "intent", None, 6.0))
    assert ledger.steps("key", "channel")["post"].result == "1"
    ledger.close()


def test_commits_are_durable_against_power_loss(tmp_path: Path) -> None:
    """The file is in WAL mode with synchronous=FULL."""
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.rows("PRAGMA journal_mode") == [("wal",)]
    assert ledger.rows("PRAGMA synchronous") == [(2,)]
    ledger.close()


def test_many_threads_write_everything(tmp_path: Path) -> None:
    """Threads that share commits lose nothing."""
    ledger = Ledger(tmp_path / "ledger")
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda n: ledger.record_step("key", "channel", Step(f"photo/{n}", "done", n, 1.0)), range(400)))
    assert sorted(step.result for step in ledger.steps("key", "channel").values()) == list(range(400))
    ledger.close()


def test_waiting_writes_share_a_commit(tmp_path: Path) -> None:
    """While one thread commits, the others' writes gather and go in one transaction."""
    ledger = Ledger(tmp_path / "ledger")
    commits: list[str] = []
    ledger._open.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with ledger._lock:  # stands for a commit under way
        threads = [
            threading.Thread(target=ledger.record_step, args=("key", "c", Step(str(n), "done", n, 1.0))) for n in range(20)
        ]
        for thread in threads:
            thread.start()
        while len(ledger._waiting) < 20:
            threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    assert len(commits) == 1
    assert len(ledger.steps("key", "c")) == 20
    ledger.close()


def _write_in_child(ledger: Ledger) -> None:
    ledger.record_step("key", "child", Step("post", "done", "1", 1.0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_workers_share_the_file(tmp_path: Path) -> None:
    """A worker forked from a process with an open ledger writes through a connection of its own."""
    ledger = Ledger(tmp_path / "ledger")
    worker = multiprocessing.get_context("fork").Process(target=_write_in_child, args=(ledger,))
    worker.start()
    worker.join(30)
    assert worker.exitcode == 0
    assert ledger.steps("key", "child")["post"].result == "1"
    ledger.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_is_forked_between_two_writes(tmp_path: Path) -> None:
    """In the middle of one it would wait for ever for a thread that it does not have."""
    ledger, writing, go_on = Ledger(tmp_path / "ledger"), threading.Event(), threading.Event()
    ledger._open.set_trace_callback(lambda sql: (writing.set(), go_on.wait(10)) if sql == "COMMIT" else None)
    other = threading.Thread(target=ledger.record_step, args=("key", "parent", Step("post", "done", "1", 1.0)))
    other.start()
    writing.wait(10)
    threading.Timer(0.05, go_on.set).start()
    worker = multiprocessing.get_context("fork").Process(target=_write_in_child, args=(ledger,))
    worker.start()
    other.join()
    worker.join(10)
    code = worker.exitcode
    worker.kill()
    worker.join()
    ledger.close()
    assert code == 0


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    """A file from a newer version is refused with what to do, and not touched."""
    with sqlite3.connect(tmp_path / "ledger") as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(LedgerError, match=r"newer socialcast \(version 99\); upgrade"):
        Ledger(tmp_path / "ledger")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Another kind of file is not overwritten."""
    (tmp_path / "ledger").write_text("My shopping list, which is long enough to be no database at all. " * 20)
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger(tmp_path / "ledger")


@pytest.mark.parametrize("version", [0, 3, len(MIGRATIONS), 99])
def test_a_database_of_another_program_is_left_alone(tmp_path: Path, version: int) -> None:
    """Whatever version it has, it is refused before a byte of it is changed, and nothing appears beside it."""
    with sqlite3.connect(tmp_path / "bookmarks") as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    before = (tmp_path / "bookmarks").read_bytes()
    with pytest.raises(LedgerError, match="a database of another program; name another file"):
        Ledger(tmp_path / "bookmarks")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"bookmarks": before}


@pytest.mark.parametrize("version", [0, 3])
def test_a_ledger_whose_version_was_edited_is_refused(tmp_path: Path, version: int) -> None:
    """It is not taken for another program's, for which one would name another file and publish everything again."""
    Ledger(tmp_path / "ledger").close()
    with sqlite3.connect(tmp_path / "ledger") as database:
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    with pytest.raises(LedgerError, match=r"was changed|were changed.*restore it from a copy.*--recover"):
        Ledger(tmp_path / "ledger")


def test_a_locked_ledger_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another program holds the file, the error says so."""
    monkeypatch.setattr("socialcast.delivery.database._BUSY_SECONDS", 0.05)
    ledger = Ledger(tmp_path / "ledger")
    holder = sqlite3.connect(tmp_path / "ledger", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerError, match="another program holds it"):
        ledger.remember("key", "digest", b"{}", 1.0)
    holder.execute("ROLLBACK")
    holder.close()
    ledger.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """When no page can be added, the error says so, and what was recorded stays."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_step("key", "channel", Step("photo/1", "done", "1", 1.0))
    pages = ledger.rows("PRAGMA page_count")[0][0]
    ledger._open.execute(f"PRAGMA max_page_count = {pages}")  # what SQLite meets on a full disk
    with pytest.raises(LedgerError, match="full; free some space"):
        for number in range(2000):
            ledger.record_step("key", "channel", Step(f"photo/{number + 2}", "done", "x" * 500, 1.0))
    assert ledger.steps("key", "channel")["photo/1"].result == "1"
    ledger.close()


def test_one_publisher_at_a_time(tmp_path: Path) -> None:
    """While an announcement is being published, another run of it is turned away."""
    ledger = Ledger(tmp_path / "ledger")
    clock = SystemClock()
    with lease(ledger, "key", clock, Cancel()), ThreadPoolExecutor(1) as other:

        def second() -> None:
            with lease(ledger, "key", clock, Cancel()):
                raise AssertionError("both hold it")

        with pytest.raises(LedgerBusy, match="being published"):
            other.submit(second).result()
    with lease(ledger, "key", clock, Cancel()):
        pass
    ledger.close()


def test_a_dead_process_holds_no_lease(tmp_path: Path) -> None:
    """The lease of a process that is gone is taken over at once."""
    ledger = Ledger(tmp_path / "ledger")
    worker = multiprocessing.get_context("spawn").Process(target=int)
    worker.start()
    worker.join(30)
    owner = f"{socket.gethostname()}:{worker.pid}:1"
    ledger.write("INSERT INTO leases VALUES (?, ?, ?)", ("key", owner, SystemClock().now().timestamp() + 1000))
    with lease(ledger, "key", SystemClock(), Cancel()):
        assert ledger.rows("SELECT owner FROM leases")[0][0] != owner
    ledger.close()


@pytest.mark.parametrize("owner", ["me", "{host}:me:1", "{host}:1", "{host}:99999999999999999999:1"])
def test_a_lease_that_a_person_edited_ends_by_itself(tmp_path: Path, clock: Any, owner: str) -> None:
    """A holder of another form is waited for as any other, and its name breaks nothing."""
    with Ledger(tmp_path / "ledger") as ledger:
        holder, ends = owner.format(host=socket.gethostname()), clock.now().timestamp() + 5
        ledger.write("INSERT INTO leases (key, owner, expires_at) VALUES ('opening', ?, ?)", (holder, ends))
        with pytest.raises(LedgerBusy, match="its lease ends in 5 s"), lease(ledger, "opening", clock, Cancel()):
            pass
        clock.time += timedelta(seconds=6)
        with lease(ledger, "opening", clock, Cancel()):
            assert ledger.leases


def test_a_lease_from_before_the_clock_was_set_back_ends_within_its_life(tmp_path: Path, clock: Any) -> None:
    """A clock that was a day ahead does not lock an announcement for a day."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.write("INSERT INTO leases VALUES (?, ?, ?)", ("key", "elsewhere:1:1", clock.now().timestamp() + 86400))
    with pytest.raises(LedgerBusy, match="ends in 60 s"), lease(ledger, "key", clock, Cancel()):
        pass
    clock.sleep(61, Cancel())
    with lease(ledger, "key", clock, Cancel()):
        assert not ledger.rows("SELECT owner FROM leases")[0][0].startswith("elsewhere")
    ledger.close()


def test_a_lease_that_somebody_else_took_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that slept past its lease sends nothing more once it wakes up."""
    monkeypatch.setattr("socialcast.delivery.lease._RENEWAL_SECONDS", 0.01)
    ledger, cancel = Ledger(tmp_path / "ledger"), Cancel()
    with pytest.raises(Cancelled), lease(ledger, "key", SystemClock(), cancel):
        ledger.write("UPDATE leases SET owner = 'elsewhere:1:1'")
        cancel.wait(10)
    assert ledger.rows("SELECT owner FROM leases") == [("elsewhere:1:1",)]
    ledger.close()


def test_a_run_that_was_taken_over_writes_no_intent_and_no_outcome(tmp_path: Path) -> None:
    """Even before it notices, a process that slept past its lease neither sends nor overwrites; what it did is recorded."""
    ledger, delivery = Ledger(tmp_path / "ledger"), Delivery("channel", "x", "unknown", None, None)
    with lease(ledger, "key", SystemClock(), Cancel()):
        ledger.begin_step("key", "channel", Step("post/1", "intent", None, 1.0))
        ledger.write("UPDATE leases SET owner = 'elsewhere:1:1'")
        ledger.record_step("key", "channel", Step("post/1", "done", "1", 2.0))
        with pytest.raises(LedgerBusy, match="taken over"):
            ledger.begin_step("key", "channel", Step("post/2", "intent", None, 3.0))
        with pytest.raises(LedgerBusy, match="taken over"):
            ledger.save_delivery("key", delivery, 3.0)
    assert ledger.steps("key", "channel") == {"post/1": Step("post/1", "done", "1", 2.0)}
    assert ledger.deliveries("key") == {}
    ledger.close()


def test_a_step_that_another_process_finished_is_not_begun(tmp_path: Path) -> None:
    """A process that read the ledger too early does not send what is done by now."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_step("key", "channel", Step("post/1", "done", "1", 2.0))
    with pytest.raises(LedgerBusy):
        ledger.begin_step("key", "channel", Step("post/1", "intent", None, 3.0))
    assert ledger.steps("key", "channel")["post/1"].result == "1"
    ledger.close()


def test_a_lease_outlives_a_moment_in_which_the_ledger_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that failed is tried again, so that nobody else takes over a run that is under way."""
    monkeypatch.setattr("socialcast.delivery.lease._RENEWAL_SECONDS", 0.01)
    ledger, renewed, failures = Ledger(tmp_path / "ledger"), threading.Event(), [LedgerError("locked")]
    write = ledger.write

    def locked_once(statement: str, *parameters: Any) -> int:
        if statement.startswith("UPDATE leases"):
            if failures:
                raise failures.pop()
            renewed.set()
        return write(statement, *parameters)

    monkeypatch.setattr(ledger, "write", locked_once)
    with lease(ledger, "key", SystemClock(), Cancel()):
        assert renewed.wait(10)
    ledger.close()


def test_a_ledger_that_is_locked_at_the_end_costs_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that cannot be given back expires; what was published is told all the same."""
    monkeypatch.setattr("socialcast.delivery.database._BUSY_SECONDS", 0.05)
    ledger, holder = Ledger(tmp_path / "ledger"), sqlite3.connect(tmp_path / "ledger", isolation_level=None)
    with lease(ledger, "key", SystemClock(), Cancel()):
        holder.execute("BEGIN EXCLUSIVE")
    holder.close()
    ledger.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not tell the state of a process")
def test_a_killed_process_that_nobody_collected_holds_no_lease(tmp_path: Path) -> None:
    """In a container without an init, a killed run stays as a zombie; the next run does not wait for it."""
    ledger = Ledger(tmp_path / "ledger")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as killed:
        owner = f"{socket.gethostname()}:{killed.pid}:1"
        ledger.write("INSERT INTO leases VALUES (?, ?, ?)", ("key", owner, SystemClock().now().timestamp() + 1000))
        with pytest.raises(LedgerBusy), lease(ledger, "key", SystemClock(), Cancel()):
            pass
        killed.kill()
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # it is dead now, and still not collected
        with lease(ledger, "key", SystemClock(), Cancel()):
            assert ledger.rows("SELECT owner FROM leases")[0][0] != owner
    ledger.close()


def test_an_older_ledger_is_brought_forward_and_a_copy_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded is there after a migration, and in a copy that the older socialcast still opens."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.remember("opening", "digest", b"{}", 1.0)
    ledger.close()
    with monkeypatch.context() as newer:
        newer.setattr("socialcast.delivery.database.MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE replies (id TEXT) STRICT",)))
        ledger = Ledger(tmp_path / "ledger")
        assert ledger.keys() == ["opening"]
        assert ledger.rows("SELECT * FROM replies") == []
        ledger.close()
    with pytest.raises(LedgerError, match="newer socialcast"):
        Ledger(tmp_path / "ledger")
    copy = Ledger(tmp_path / f"ledger.v{len(MIGRATIONS)}")
    assert copy.keys() == ["opening"]
    copy.close()


def test_what_an_older_ledger_noted_does_not_count_as_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who a channel was is no call; a post that was made is one."""
    with monkeypatch.context() as older:
        older.setattr("socialcast.delivery.database.MIGRATIONS", MIGRATIONS[:1])
        ledger = Ledger(tmp_path / "ledger")
        for key, name in (("asked", "account"), ("posted", "post/1")):
            ledger.record_step(key, "channel", Step(name, "done", {"id": "1"}, 1.0))
        ledger.close()
    ledger = Ledger(tmp_path / "ledger")
    assert (ledger.has_sent("asked"), ledger.has_sent("posted")) == (False, True)
    assert ledger.notes("asked", "account") == {"channel": {"id": "1"}}
    ledger.close()
