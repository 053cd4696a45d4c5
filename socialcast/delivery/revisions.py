"""What an announcement said before it was corrected, and channels on which it was published anew for that.

Revision 0 is what was published first. The announcement's own row always holds the newest; a channel that was begun anew has
steps of its own from then on, so that nothing recorded of the former ones is taken for the new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from socialcast.delivery.ledger import Ledger
from socialcast.model.receipt import Draft, Outcome

__all__ = ["Former", "Revision", "begin_anew", "former_links", "former_publications", "former_revisions", "generation", "revise"]

_FORMER, _DRAFT = "former/", "draft of former/"


class Revision(NamedTuple):
    """What the announcement was until it was corrected; `replaced_at` in Unix seconds."""

    number: int
    digest: str
    document: bytes
    replaced_at: float


class Former(NamedTuple):
    """What a channel published before it was begun anew; `taken_back_at` in Unix seconds."""

    channel: str
    outcome: Outcome
    taken_back_at: float


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
    """Let that channel be published as the revision of that number: what it published before was taken back, and is history."""
    ledger.write(
        "INSERT INTO steps (key, channel, name, state, result, sent_at)"
        " SELECT key, channel, ?, 'noted', outcome, ? FROM deliveries WHERE key = ? AND channel = ?"
        " AND outcome IS NOT NULL ON CONFLICT (key, channel, name) DO NOTHING",
        (f"{_FORMER}{number}", now, key, channel),
        (
            "INSERT INTO steps (key, channel, name, state, result, sent_at)"
            " SELECT key, channel, ?, 'noted', draft, ? FROM deliveries WHERE key = ? AND channel = ?"
            " AND draft IS NOT NULL ON CONFLICT (key, channel, name) DO NOTHING",
            (f"{_DRAFT}{number}", now, key, channel),
        ),
        (
            "UPDATE deliveries SET state = 'planned', outcome = NULL, draft = NULL, generation = ?, updated_at = ?"
            " WHERE key = ? AND channel = ?",
            (number, now, key, channel),
        ),
    )


def former_links(ledger: Ledger, key: str, before: int) -> dict[str, dict[str, str]]:
    """The addresses that each channel gave, which was begun anew for the revision of that number or a later one, until then."""
    rows = ledger.rows("SELECT channel, name, result FROM steps WHERE key = ? AND name GLOB ?", (key, f"{_DRAFT}*"))
    drafts = {(channel, int(name.removeprefix(_DRAFT))): draft for channel, name, draft in rows}
    late = [place for place in sorted(drafts, reverse=True) if place[1] >= before]  # the earliest of them last, so that it stays
    return {channel: msgspec.json.decode(drafts[channel, number], type=Draft).links for channel, number in late}


def former_publications(ledger: Ledger, key: str) -> Iterator[Former]:
    """Everything that was published and taken back since, so that it could be published anew."""
    rows = ledger.rows("SELECT channel, result, sent_at FROM steps WHERE key = ? AND name GLOB ?", (key, f"{_FORMER}*"))
    return (Former(channel, msgspec.json.decode(outcome, type=Outcome), at) for channel, outcome, at in rows)
