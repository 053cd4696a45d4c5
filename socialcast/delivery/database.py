"""The ledger's file: opened, made or brought forward; and what is wrong with it, in words.

WAL with synchronous=FULL keeps a committed write through a power cut, which NORMAL does not.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from socialcast.delivery.schema import MIGRATIONS
from socialcast.model.errors import LedgerError

__all__ = ["RESTORE", "explained", "opened"]

_BUSY_SECONDS = 10.0
_TABLES = frozenset({"announcements", "deliveries", "steps"})  # as long as the file has one of them it is ours
RESTORE = "restore it from a copy without the -wal file beside it, or run with an empty one and --recover"
_WRITABLE = "make the file and its folder writable"
_SPACE = "free some space and run it again: what was recorded so far is kept"
_REMEDIES = {
    "locked": "another program holds it; end that or wait",
    "busy": "another program holds it; end that or wait",
    "readonly": _WRITABLE,
    "Read-only": _WRITABLE,
    "Permission denied": _WRITABLE,
    "I/O error": "see whether its disk is over a quota or failing, and run it again: what was recorded so far is kept",
    "full": _SPACE,
    "No space left": _SPACE,
    "File exists": "what should be its folder is a file; name another place",
    "Not a directory": "what should be its folder is a file; name another place",
    "Is a directory": "name a file in it",
    "unable to open": "check that the folder exists and can be written",
    "not a database": f"it is not a ledger, or a damaged one; name another file, or {RESTORE}",
    "no such": f"its tables were changed; {RESTORE}",
    "already exists": f"its tables were changed; {RESTORE}",
    "duplicate column": f"its tables were changed; {RESTORE}",
    "malformed": f"it is damaged; {RESTORE}",
}


def opened(path: Path) -> sqlite3.Connection:
    """A connection to that file, for all threads of this process. Raises LedgerError for one that cannot be used."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise explained(path, error) from error
    try:
        _version(connection, path)  # a file that is not for us is refused before it is changed
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise explained(path, error) from error
    except LedgerError:
        connection.close()
        raise
    return connection


def explained(path: Path, error: OSError | sqlite3.Error) -> LedgerError:
    """What the system or SQLite said of that file, with what to do."""
    words = (isinstance(error, OSError) and error.strerror) or str(error)
    remedy = next((remedy for sign, remedy in _REMEDIES.items() if sign in words), "see whether the file and its disk are sound")
    return LedgerError(f"the ledger {path} cannot be used: {words}; {remedy}")


def _use_wal(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:  # another process makes the ledger just now, which this pragma does not wait for
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        connection.execute("PRAGMA journal_mode = WAL")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection, path)  # asked again: another process may have been faster
    if 0 < version < len(MIGRATIONS):
        _back_up(path, version)
    for script in MIGRATIONS[version:]:
        for statement in script:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _back_up(path: Path, version: int) -> None:
    """Leave a copy beside the file that the older socialcast can read: what is being changed is not in it yet."""
    there = path.with_name(f"{path.name}.v{version}")
    with closing(sqlite3.connect(path)) as committed, closing(sqlite3.connect(there)) as copy:
        committed.backup(copy)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the tables, 0 where there are none yet. Raises LedgerError for a file that is not for us."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}  # first: who makes them tells a version
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if names and names.isdisjoint(_TABLES):
        raise LedgerError(f"{path} is a database of another program; name another file as the ledger")
    if version > len(MIGRATIONS):
        raise LedgerError(f"the ledger {path} is from a newer socialcast (version {version}); upgrade socialcast to use it")
    if names and version == 0:
        raise LedgerError(f"the ledger {path} cannot be used: its version was changed; {RESTORE}")
    return version
