"""What is said below an announcement, kept in the ledger: read once, in order, however much there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from socialcast.delivery.ledger import Ledger
from socialcast.model.echo import Replies, Reply

__all__ = ["Conversation", "Kept", "Standing", "find_replies"]

_PAGE_SIZE = 500  # how many are in memory at once


class Standing(IntEnum):
    """Where a reply stands, in the order in which they are shown; GONE: not there any more when it was to be answered."""

    WAITING = 0
    ANSWERED = 1
    GONE = 2


class Kept(NamedTuple):
    """One reply as it is kept."""

    key: str
    channel: str
    standing: Standing
    reply: Reply


_KEEP = (  # no ?1: Python 3.12 before 3.12.4 takes it for a name (github.com/python/cpython/issues/117995)
    "INSERT INTO conversation (key, channel, id, url, parent, at, is_own, standing, document)"
    " SELECT ?, ?, ?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM conversation INDEXED BY conversation_answers"
    " WHERE key = ? AND channel = ? AND parent = ? AND is_own = 1), ? WHERE true"
    " ON CONFLICT (key, channel, id) DO UPDATE SET document = excluded.document,"
    " standing = CASE standing WHEN 2 THEN excluded.standing ELSE standing END"
)
_STAND = "UPDATE conversation SET standing = ? WHERE key = ? AND channel = ? AND id = ?"
_ADVANCE = (
    "INSERT INTO cursors (key, channel, cursor) VALUES (?, ?, ?)"
    " ON CONFLICT (key, channel) DO UPDATE SET cursor = excluded.cursor"
)
_IN_ORDER = (
    "SELECT key, channel, standing, document, at, id FROM conversation WHERE key = ? AND is_own = 0"
    " AND (standing, at, channel, id) > (?, ?, ?, ?) ORDER BY standing, at, channel, id LIMIT ?"
)
_KNOWN = "SELECT count(*) FROM conversation WHERE key = ? AND channel = ? AND id IN (SELECT value FROM json_each(?))"


class Conversation:
    """Everything that is said below one announcement, on all of its channels."""

    def __init__(self, ledger: Ledger, key: str) -> None:
        self._ledger, self._key = ledger, key

    def cursor(self, channel: str) -> str:
        """Where reading goes on; empty at the beginning."""
        rows = self._ledger.rows("SELECT cursor FROM cursors WHERE key = ? AND channel = ?", (self._key, channel))
        return rows[0][0] if rows else ""

    def keep(self, channel: str, replies: Replies) -> int:
        """Keep a page and its cursor together, so that a crash loses neither; gives how many others' replies are new."""
        theirs = [reply.id for reply in replies.page if not reply.is_own]
        known: int = self._ledger.rows(_KNOWN, (self._key, channel, msgspec.json.encode(theirs).decode()))[0][0]
        rows = [statement for reply in replies.page for statement in self._statements(channel, reply)]
        self._ledger.write(_ADVANCE, (self._key, channel, replies.cursor), *rows)
        return len(theirs) - known

    def note_answer(self, channel: str, answer: Reply) -> None:
        """Keep an answer of ours as soon as it is there: what it answers waits no more."""
        first, *more = self._statements(channel, answer)
        self._ledger.write(*first, *more)

    def note_gone(self, channel: str, id: str) -> None:
        """Remember that a reply is not there any more."""
        self._ledger.write(_STAND, (Standing.GONE, self._key, channel, id))

    def own(self, channel: str) -> list[Reply]:
        """What this account said there, whoever did it."""
        query = "SELECT document FROM conversation WHERE key = ? AND channel = ? AND is_own = 1 ORDER BY at, id"
        rows = self._ledger.rows(query, (self._key, channel))
        return [msgspec.json.decode(document, type=Reply) for (document,) in rows]

    def __iter__(self) -> Iterator[Kept]:
        """What others said: what waits for an answer first, the oldest of it first; read from the ledger bit by bit."""
        after: tuple[Any, ...] = (-1, 0.0, "", "")
        while rows := self._ledger.rows(_IN_ORDER, (self._key, *after, _PAGE_SIZE)):
            yield from (_kept(row[:4]) for row in rows)
            _, channel, standing, _, at, id = rows[-1]
            after = (standing, at, channel, id)

    def waiting(self) -> int:
        """How many wait for an answer."""
        query = "SELECT count(*) FROM conversation WHERE key = ? AND is_own = 0 AND standing = 0"
        count: int = self._ledger.rows(query, (self._key,))[0][0]
        return count

    def _statements(self, channel: str, reply: Reply) -> Iterator[tuple[str, tuple[Any, ...]]]:
        place, said = (self._key, channel), (reply.url, reply.parent, reply.at.timestamp(), int(reply.is_own))
        row, document = (*place, reply.id), msgspec.json.encode(reply)
        yield _KEEP, (*row, *said, *row, document)
        if reply.is_own:
            yield _STAND, (Standing.ANSWERED, *place, reply.parent)


def find_replies(ledger: Ledger, reference: str) -> list[Kept]:
    """The replies with that id or address, below whatever announcement."""
    query = "SELECT key, channel, standing, document FROM conversation WHERE {} = ? AND is_own = 0"
    rows = ledger.rows(query.format("id"), (reference,)) or ledger.rows(query.format("url"), (reference,))
    return [_kept(row) for row in rows]


def _kept(row: Sequence[Any]) -> Kept:
    key, channel, standing, document = row
    return Kept(key, channel, Standing(standing), msgspec.json.decode(document, type=Reply))
