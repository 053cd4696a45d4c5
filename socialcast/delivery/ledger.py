"""The record of what was done: one SQLite file, written before and after every remote side effect.

Writes of many threads share one commit: whoever gets the lock commits all that waits.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from socialcast.delivery.database import explained, opened
from socialcast.model.errors import LedgerBusy, LedgerError

__all__ = ["Delivery", "Ledger", "Step"]

_NOBODY: Mapping[str, str] = MappingProxyType({})
_OURS = " WHERE ? IS NULL OR EXISTS (SELECT 1 FROM leases WHERE key = ? AND owner = ?)"  # what Ledger._holder fills in


class Step(NamedTuple):
    """One remote side effect: `state` is intent, done or refused; `sent_at` in Unix seconds. One that is noted made no call."""

    name: str
    state: str
    result: Any
    sent_at: float


class Delivery(NamedTuple):
    """One channel's share as last recorded; the fields are plain JSON."""

    channel: str
    platform: str
    state: str
    outcome: Any
    draft: Any


class _Write(NamedTuple):
    statements: Sequence[tuple[str, Sequence[Any]]]
    failure: list[LedgerError]
    changed: list[int]  # the rows, for each statement
    done: threading.Event


class Ledger:
    """The ledger in that file, made or migrated when opened; safe from several threads, processes and forked workers."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._waiting: deque[_Write] = deque()
        self._abandoned: list[sqlite3.Connection] = []
        self.leases: dict[str, str] = {}  # by key, the owner on whose behalf this ledger writes
        self._pid = -1
        self._open: sqlite3.Connection
        self._connection()
        if hasattr(os, "register_at_fork"):  # between two writes: in the middle of one, a worker could never write itself
            os.register_at_fork(before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._lock.release)

    def write(self, statement: str, parameters: Sequence[Any] = (), *more: tuple[str, Sequence[Any]]) -> int:
        """Execute in one durable transaction, possibly together with what other threads wait to write.

        Gives the number of rows that the first statement changed.
        """
        item = _Write(((statement, parameters), *more), [], [], threading.Event())
        self._waiting.append(item)
        with self._lock:
            if not item.done.is_set():
                self._commit_waiting()
        if item.failure:
            raise item.failure[0]
        return item.changed[0]

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """What a query finds."""
        with self._lock:
            try:
                return self._connection().execute(query, parameters).fetchall()
            except sqlite3.Error as error:
                raise explained(self.path, error) from error

    def rows_at_once(self, queries: Iterable[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
        """What each of several queries finds at one and the same moment, whatever others write meanwhile."""
        with self._lock:
            connection = self._connection()
            try:
                connection.execute("BEGIN")
                return [connection.execute(*query).fetchall() for query in queries]
            except sqlite3.Error as error:
                raise explained(self.path, error) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._pid == os.getpid():
                self._open.close()
            self._pid = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # -- announcements ---------------------------------------------------------------------------------------------

    def announcement(self, key: str) -> tuple[str, bytes] | None:
        """Digest and JSON of the announcement that was published under that key."""
        found = self.rows("SELECT digest, document FROM announcements WHERE key = ?", (key,))
        return found[0] if found else None

    def remember(self, key: str, digest: str, document: bytes, now: float, channels: Mapping[str, str] = _NOBODY) -> None:
        """Bind the key to this content, in place of what it meant before, and to these channels; `channels` maps to platforms."""
        self.write(
            "DELETE FROM deliveries WHERE key = ? AND EXISTS (SELECT 1 FROM announcements WHERE key = ? AND digest <> ?)",
            (key, key, digest),
            (
                "INSERT INTO announcements (key, digest, document, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, document = excluded.document",
                (key, digest, document, now),
            ),
            *(
                (
                    "INSERT INTO deliveries (key, channel, platform, state, updated_at) VALUES (?, ?, ?, 'planned', ?)"
                    " ON CONFLICT (key, channel) DO NOTHING",
                    (key, channel, platform, now),
                )
                for channel, platform in channels.items()
            ),
        )

    def has_sent(self, key: str) -> bool:
        """Whether anything of that announcement was sent, or may have been; what was refused was not."""
        return bool(self.senders(key))

    def senders(self, key: str) -> set[str]:
        """The channels on which something of it was sent, or may have been."""
        query = "SELECT DISTINCT channel FROM steps WHERE key = ? AND state IN ('intent', 'done')"
        return {row[0] for row in self.rows(query, (key,))}

    def keys(self) -> list[str]:
        """All keys, newest first."""
        return [row[0] for row in self.rows("SELECT key FROM announcements ORDER BY created_at DESC")]

    def keys_of(self, digest: str) -> list[str]:
        """The keys that mean this content, newest first."""
        return [row[0] for row in self.rows("SELECT key FROM announcements WHERE digest = ? ORDER BY created_at DESC", (digest,))]

    # -- deliveries ------------------------------------------------------------------------------------------------

    def deliveries(self, key: str) -> dict[str, Delivery]:
        """Every channel's delivery of that announcement."""
        rows = self.rows("SELECT channel, platform, state, outcome, draft FROM deliveries WHERE key = ?", (key,))
        return {row[0]: Delivery(row[0], row[1], row[2], _from_json(row[3]), _from_json(row[4])) for row in rows}

    def notes(self, key: str, name: str) -> dict[str, Any]:
        """What every channel recorded under that name for the announcement."""
        rows = self.rows("SELECT channel, result FROM steps WHERE key = ? AND name = ? AND state = 'noted'", (key, name))
        return {channel: _from_json(result) for channel, result in rows}

    def save_delivery(self, key: str, delivery: Delivery, now: float) -> None:
        """Record where a channel stands. Raises LedgerBusy when another process has taken the announcement over."""
        outcome, draft = _to_json(delivery.outcome), _to_json(delivery.draft)
        written = self.write(
            "INSERT INTO deliveries (key, channel, platform, state, outcome, draft, updated_at)"
            f" SELECT ?, ?, ?, ?, ?, ?, ?{_OURS}"
            " ON CONFLICT (key, channel) DO UPDATE SET platform = excluded.platform, state = excluded.state,"
            " outcome = excluded.outcome, draft = coalesce(excluded.draft, draft), updated_at = excluded.updated_at",
            (key, delivery.channel, delivery.platform, delivery.state, outcome, draft, now, *self._holder(key)),
        )
        if not written:
            raise self._taken_over(key)

    # -- steps -----------------------------------------------------------------------------------------------------

    def steps(self, key: str, channel: str) -> dict[str, Step]:
        """All steps of one delivery."""
        rows = self.rows("SELECT name, state, result, sent_at FROM steps WHERE key = ? AND channel = ?", (key, channel))
        return {row[0]: Step(row[0], row[1], _from_json(row[2]), row[3]) for row in rows}

    def begin_step(self, key: str, channel: str, step: Step) -> None:
        """Write an intent durably, unless another process has taken the announcement over: then LedgerBusy is raised.

        Both are one transaction, so a machine that slept past its lease sends nothing when it wakes up.
        """
        written = self.write(
            f"INSERT INTO steps (key, channel, name, state, result, sent_at) SELECT ?, ?, ?, ?, NULL, ?{_OURS}"
            " ON CONFLICT (key, channel, name) DO UPDATE SET state = excluded.state, result = NULL, sent_at = excluded.sent_at"
            " WHERE state <> 'done'",
            (key, channel, step.name, step.state, step.sent_at, *self._holder(key)),
        )
        if not written:
            raise self._taken_over(key)

    def record_step(self, key: str, channel: str, step: Step) -> None:
        """Write one step durably; `done` is never overwritten."""
        self.write(
            "INSERT INTO steps (key, channel, name, state, result, sent_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key, channel, name) DO UPDATE SET state = excluded.state, result = excluded.result,"
            " sent_at = excluded.sent_at WHERE state <> 'done'",
            (key, channel, step.name, step.state, _to_json(step.result), step.sent_at),
        )

    # -- whose turn it is --------------------------------------------------------------------------------------------

    def _holder(self, key: str) -> tuple[str | None, str, str | None]:
        owner = self.leases.get(key)
        return owner, key, owner

    @staticmethod
    def _taken_over(key: str) -> LedgerBusy:
        return LedgerBusy(f"{key} was taken over by another process while this one slept; that one goes on with it")

    # -- the file --------------------------------------------------------------------------------------------------

    def _commit_waiting(self) -> None:
        batch: list[_Write] = []
        try:
            while self._waiting:
                batch.append(self._waiting.popleft())
            self._transact(batch)
        except sqlite3.Error as error:
            _fail(batch, explained(self.path, error))
        except BaseException:  # Ctrl-C in the thread that leads: the others must not take their writes for done
            _fail(batch, LedgerError(f"a write to the ledger {self.path} was interrupted; run it again to go on"))
            raise
        finally:
            for item in batch:
                item.done.set()

    def _transact(self, batch: Iterable[_Write]) -> None:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            for item in batch:
                item.changed.extend(connection.execute(*statement).rowcount for statement in item.statements)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _connection(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            if self._pid != -1:
                self._abandoned.append(self._open)  # SQLite forbids even closing a connection that a fork inherited
            self._open, self._pid = opened(self.path), os.getpid()
        return self._open


def _fail(batch: Iterable[_Write], error: LedgerError) -> None:
    for item in batch:
        item.failure.append(error)


def _to_json(value: Any) -> bytes | None:
    return None if value is None else msgspec.json.encode(value)


def _from_json(document: bytes | None) -> Any:
    try:
        return None if document is None else msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        raise LedgerError(f"a row of the ledger cannot be read ({error}); see which with: socialcast ledger verify") from None
