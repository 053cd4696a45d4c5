"""One publisher of an announcement at a time: a lease that is renewed while it is held and expires after a crash."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from socialcast.delivery.ledger import Ledger
from socialcast.model.errors import LedgerBusy, LedgerError
from socialcast.wire.clock import Cancel, Clock

__all__ = ["lease"]

_LIFE_SECONDS = 60.0
_RENEWAL_SECONDS = 20.0
_LOOK_SECONDS = 0.1  # while waiting for somebody else's end


@contextmanager
def lease(ledger: Ledger, key: str, clock: Clock, cancel: Cancel, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the announcement while the block runs, and stop the block if the lease is lost: the ledger takes no intent then.

    Raises LedgerBusy when somebody else holds it, after waiting so long for the end of that.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    _take_in_time(ledger, key, owner, clock, cancel, wait_seconds)
    ledger.leases[key] = owner
    over = threading.Event()
    renewal = threading.Thread(
        target=_renew, args=(ledger, key, owner, clock, cancel, over), name="socialcast-lease", daemon=True
    )
    renewal.start()
    try:
        yield
    finally:
        over.set()
        renewal.join()
        del ledger.leases[key]
        with suppress(LedgerError):  # it expires by itself, and what the block did must still be told
            ledger.write("DELETE FROM leases WHERE key = ? AND owner = ?", (key, owner))


def _take_in_time(ledger: Ledger, key: str, owner: str, clock: Clock, cancel: Cancel, wait_seconds: float) -> None:
    latest = clock.now().timestamp() + wait_seconds
    while True:
        try:
            return _take(ledger, key, owner, clock)
        except LedgerBusy:
            if clock.now().timestamp() >= latest:
                raise
        clock.sleep(_LOOK_SECONDS, cancel)


def _take(ledger: Ledger, key: str, owner: str, clock: Clock) -> None:
    now = clock.now().timestamp()
    holder, _ = _holder(ledger, key)
    if holder and not _is_alive(holder):
        ledger.write("DELETE FROM leases WHERE key = ? AND owner = ?", (key, holder))
    latest = now + _LIFE_SECONDS
    ledger.write(
        "INSERT INTO leases (key, owner, expires_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
        " SET owner = excluded.owner, expires_at = excluded.expires_at WHERE expires_at < ?",
        (key, owner, latest, now),
        # No lease outlives its life: one that seems to was taken before the clock was set back.
        ("UPDATE leases SET expires_at = ? WHERE key = ? AND expires_at > ?", (latest, key, latest)),
    )
    holder, expires_at = _holder(ledger, key)
    if holder != owner:
        raise LedgerBusy(
            f"{key} is being published by another process; its lease ends in {max(0, expires_at - now):.0f} s: try again then"
        )


def _renew(ledger: Ledger, key: str, owner: str, clock: Clock, cancel: Cancel, over: threading.Event) -> None:
    while not over.wait(_RENEWAL_SECONDS):
        with suppress(LedgerError):  # locked for a moment, perhaps: there is time for another try
            expires_at = clock.now().timestamp() + _LIFE_SECONDS
            ledger.write("UPDATE leases SET expires_at = ? WHERE key = ? AND owner = ?", (expires_at, key, owner))
            if _holder(ledger, key)[0] != owner:  # this machine slept, and another process went on
                cancel.request()
                return


def _holder(ledger: Ledger, key: str) -> tuple[str, float]:
    """Who holds the announcement, and until when (Unix seconds)."""
    found = ledger.rows("SELECT owner, expires_at FROM leases WHERE key = ?", (key,))
    return found[0] if found else ("", 0.0)


def _is_alive(owner: str) -> bool:
    """Whether the holder may still run: a process of this machine that is gone holds nothing."""
    host, _, process = owner.partition(":")
    pid, _, thread = process.partition(":")
    if os.name != "posix" or host != socket.gethostname() or not (pid.isdecimal() and thread):
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_zombie(int(pid))


def _is_zombie(pid: int) -> bool:
    """Whether the process is dead and only not yet collected, which in a container can take for ever; told where /proc is."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[:1] == ["Z"]  # behind the name, which may hold anything
