"""What an announcement said before it was corrected, and channels on which it was published anew for that.

Revision 0 is what was published first. The announcement's own row always holds the newest; a channel that was begun anew has
steps of its own from then on, so that nothing recorded of the former ones is taken for the new.
"""

from __future__ import annotations

from typing import NamedTuple

from socialcast.delivery.ledger import Ledger

__all__ = ["Revision", "begin_anew", "former_revisions", "generation", "revise"]


class Revision(NamedTuple):
    """What the announcement was until it was corrected; `replaced_at` in Unix seconds."""

    number: int
    digest: str
    document: bytes
    replaced_at: float


def former_revisions(ledger: Ledger, key: str) -> list[Revision]:
    """All but the newest, the oldest first; their count is the newest one's number."""
    query = "SELECT number, digest, document, replaced_at FROM revisions WHERE key = ? ORDER BY number"
    return [Revision(*row) for row in ledger.rows(query, (key,))]


def revise(ledger: Ledger, key: str, digest: str, document: bytes, now: float) -> int:
    """Let the key mean this content from now on, keep what it meant, and give the new revision's number."""
    number = len(former_revisions(ledger, key)) + 1
    ledger.write(
        "INSERT INTO revisions (key, number, digest, document, replaced_at)"
        " SELECT key, ?, digest, document, ? FROM announcements WHERE key = ?",
        (number - 1, now, key),
        ("UPDATE announcements SET digest = ?, document = ? WHERE key = ?", (digest, document, key)),
    )
    return number


def generation(ledger: Ledger, key: str, channel: str) -> int:
    """The revision for which the channel was last begun anew; 0 where it never was."""
    found = ledger.rows("SELECT generation FROM deliveries WHERE key = ? AND channel = ?", (key, channel))
    return found[0][0] if found else 0


def begin_anew(ledger: Ledger, key: str, channel: str, number: int, now: float) -> None:
    """Forget, on that channel, that it was published: it was taken back, to be published as the revision of that number."""
    ledger.write(
        "UPDATE deliveries SET state = 'planned', outcome = NULL, draft = NULL, generation = ?, updated_at = ?"
        " WHERE key = ? AND channel = ?",
        (number, now, key, channel),
    )
