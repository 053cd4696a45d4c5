"""What recording costs: a step's intent and receipt, by two bare SQLite commits of the same durability."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from benchmarks.measure import Row, in_turns, timed
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.wire.clock import Cancel, SystemClock
from socialcast.wire.retry import Patience
from socialcast.wire.transport import Exchange

__all__ = ["ledger"]

_ROUNDS = {False: 40, True: 10}
_PAIRS = 25  # in one round


def ledger(*, quick: bool) -> list[Row]:
    """A whole `Steps.once` around a call that does nothing; both files lie on the file system of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = _Ours(Path(folder, "ours.sqlite3")), _Bare(Path(folder, "bare.sqlite3"))
        seconds = in_turns(lambda: timed(ours.some_pairs), lambda: timed(bare.some_pairs), _ROUNDS[quick])
        ours.close()
        bare.close()
    each_us = [each / _PAIRS * 1_000_000 for each in seconds]
    return [Row(name="ledger", ours=each_us[0], baseline=each_us[1], unit="us", limit=2.0, note="one step: intent and receipt")]


class _Ours:
    def __init__(self, path: Path) -> None:
        self._ledger, self._numbers = Ledger(path), count()
        patience = Patience(SystemClock(), Cancel())
        self._steps = Steps(self._ledger, "event", "album", judge=_judge, patience=patience, settle_seconds=(0.0,))

    def some_pairs(self) -> None:
        for _ in range(_PAIRS):
            self._steps.once(f"photo/{next(self._numbers)}", send=lambda: "53912345678")

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
