"""What recording costs: a step's intent and receipt, by two bare SQLite commits of the same durability; and what a step adds
to a call over the network."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import requests

from benchmarks.measure import Row, in_turns, timed
from benchmarks.sink import serving
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.wire.clock import Cancel, SystemClock
from socialcast.wire.retry import Patience
from socialcast.wire.transport import Exchange

__all__ = ["ledger"]

_ROUNDS = {False: 40, True: 10}
_PAIRS = 25  # in one round
_MOST_ADDED_MS = 2.0


def ledger(*, quick: bool) -> list[Row]:
    """A whole `Steps.once` around a call that does nothing; both files lie on the file system of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = _Ours(Path(folder, "ours.sqlite3")), _Bare(Path(folder, "bare.sqlite3"))
        seconds = in_turns(lambda: timed(ours.some_pairs), lambda: timed(bare.some_pairs), _ROUNDS[quick])
        ours.close()
        bare.close()
    each_us = [each / _PAIRS * 1_000_000 for each in seconds]
    written = Row(name="ledger", ours=each_us[0], baseline=each_us[1], unit="us", limit=2.0, note="one step: intent and receipt")
    return [written, _added(_ROUNDS[quick])]


def _added(rounds: int) -> Row:
    """The same calls over HTTP on this machine, as steps and bare, in turns: what is more is the steps'."""
    with serving(0.0) as served, requests.Session() as session, tempfile.TemporaryDirectory() as folder:
        steps, call = _Ours(Path(folder, "ledger.sqlite3")), partial(_publish, session, f"{served.url}/posts")
        with_steps, bare = in_turns(lambda: timed(partial(steps.some_pairs, call)), lambda: timed(partial(_some, call)), rounds)
        steps.close()
    added_ms = (with_steps - bare) / _PAIRS * 1000
    note = f"a call takes {bare / _PAIRS * 1000:.2f} ms without"
    return Row(name="ledger, added to a call", ours=added_ms, unit="ms", limit=_MOST_ADDED_MS, note=note)


def _publish(session: requests.Session, url: str) -> str:
    return str(session.post(url, json={"text": "The dome opens"}, timeout=30).json()["id"])


def _some(call: Callable[[], str]) -> None:
    for _ in range(_PAIRS):
        call()


class _Ours:
    def __init__(self, path: Path) -> None:
        self._ledger, self._numbers = Ledger(path), count()
        patience = Patience(SystemClock(), Cancel())
        self._steps = Steps(self._ledger, "event", "album", judge=_judge, patience=patience, settle_seconds=(0.0,))

    def some_pairs(self, call: Callable[[], str] = lambda: "53912345678") -> None:
        for _ in range(_PAIRS):
            self._steps.once(f"photo/{next(self._numbers)}", send=call)

    def close(self) -> None:
        self._ledger.close()


class _Bare:
    def __init__(self, path: Path) -> None:
        self._connection, self._numbers = sqlite3.connect(path, isolation_level=None), count()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE steps (name TEXT PRIMARY KEY, state TEXT, result BLOB) STRICT, WITHOUT ROWID")

    def some_pairs(self) -> None:
        for _ in range(_PAIRS):
            name = f"photo/{next(self._numbers)}"
            self._connection.execute("INSERT INTO steps VALUES (?, 'intent', NULL)", (name,))
            self._connection.execute("UPDATE steps SET state = 'done', result = ? WHERE name = ?", (b'"53912345678"', name))

    def close(self) -> None:
        self._connection.close()


def _judge(error: Exception, exchanges: Sequence[Exchange], *, writing: bool) -> Exception:
    return error
