"""A ledger as one JSON document that a CI job keeps and the next machine takes in; and what is wrong with a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

import msgspec

from socialcast.delivery.database import RESTORE
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.revisions import former_revisions
from socialcast.delivery.steps import DONE, INTENT, NOTED, REFUSED
from socialcast.model.announcement import Announcement
from socialcast.model.errors import LedgerError
from socialcast.model.receipt import Draft, Outcome, State

__all__ = ["export_ledger", "import_ledger", "require_sound", "verify_ledger"]

_FORMAT, _READABLE = 2, (1, 2)
_MOST_TOLD = 3
_TIMES = ("created_at", "updated_at", "sent_at", "replaced_at", "at")
_LATEST_TIME = datetime.max.replace(tzinfo=UTC).timestamp()
_STEP_STATES = frozenset({INTENT, DONE, REFUSED, NOTED})
_DELIVERY_STATES = frozenset(state.value for state in State)


class _Announcement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    digest: str
    document: msgspec.Raw
    created_at: float


class _Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    channel: str
    platform: str
    state: str
    outcome: msgspec.Raw
    draft: msgspec.Raw
    updated_at: float
    generation: int = 0


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    channel: str
    name: str
    state: str
    result: msgspec.Raw
    sent_at: float


class _Revision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    number: int
    digest: str
    document: msgspec.Raw
    replaced_at: float


class _Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    channel: str
    name: str
    item: str
    at: float
    value: float


class _Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    socialcast_ledger: int
    announcements: list[_Announcement]
    deliveries: list[_Delivery]
    steps: list[_Step]
    revisions: list[_Revision] = []
    measures: list[_Measure] = []


_TABLES: tuple[tuple[str, type[Any]], ...] = (
    ("revisions", _Revision),  # first: they tell which of two announcements is the newer one
    ("announcements", _Announcement),
    ("deliveries", _Delivery),
    ("steps", _Step),
    ("measures", _Measure),
)
_DOCUMENTS = frozenset({"document", "outcome", "draft", "result"})  # kept as JSON, or as NULL
_NULL = b"null"

# Two machines may know of one announcement: what is done or published on one of them has happened, and so has its retraction.
# What one of them began may have happened, whatever the other one was refused, unless that is how this very call ended.
_MERGES = {
    "revisions": " ON CONFLICT (key, number) DO NOTHING",
    "measures": " ON CONFLICT (key, channel, name, item, at) DO NOTHING",
    "announcements": " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, document = excluded.document"
    " WHERE digest IN (SELECT digest FROM revisions WHERE key = excluded.key)"
    " AND excluded.digest NOT IN (SELECT digest FROM revisions WHERE key = excluded.key)",
    "deliveries": " ON CONFLICT (key, channel) DO UPDATE SET state = excluded.state, outcome = excluded.outcome,"
    " draft = coalesce(excluded.draft, draft), updated_at = excluded.updated_at, generation = excluded.generation"
    " WHERE excluded.generation > generation OR (excluded.generation = generation AND state <> 'retracted'"
    " AND (excluded.state = 'retracted' OR (state <> 'published' AND excluded.state = 'published')"
    " OR ((state <> 'published' OR excluded.state = 'published') AND excluded.updated_at > updated_at)))",
    "steps": " ON CONFLICT (key, channel, name) DO UPDATE SET state = excluded.state, result = excluded.result,"
    " sent_at = excluded.sent_at WHERE state <> 'done' AND (excluded.state = 'done'"
    " OR (excluded.state = state AND excluded.sent_at > sent_at)"
    " OR (excluded.state = 'intent' AND state = 'refused' AND excluded.sent_at <> sent_at)"
    " OR (excluded.state = 'refused' AND state = 'intent' AND excluded.sent_at = sent_at))",
}


def export_ledger(ledger: Ledger, keys: Collection[str] = ()) -> bytes:
    """The ledger, or what it knows of some announcements, as JSON; equal ledgers give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(_archive(ledger, keys)))


def import_ledger(ledger: Ledger, document: bytes) -> int:
    """Take in what another machine exported, and give the number of its announcements; repeating it changes nothing.

    Raises LedgerError for a document that is none or was edited, and for a key that means other content here; then nothing is
    taken in.
    """
    try:
        archive = msgspec.json.decode(document, type=_Archive)
    except msgspec.DecodeError as error:
        raise LedgerError(f"this is no exported ledger: {error}; make one with: socialcast ledger export") from None
    if archive.socialcast_ledger not in _READABLE:
        raise LedgerError(f"the export is of format {archive.socialcast_ledger}, this socialcast reads {_FORMAT}; upgrade it")
    if findings := list(_findings(archive)):
        raise LedgerError(f"the export was damaged or edited, and nothing was imported: {_some(findings)}; export it again")
    for announcement in archive.announcements:
        known = ledger.announcement(announcement.key)
        if known and known[0] != announcement.digest and not _are_revisions(ledger, archive, announcement.key):
            raise LedgerError(
                f"{announcement.key!r} means other content in this ledger, and nothing was imported; to take in other keys,"
                " export them alone: socialcast ledger export LEDGER KEY"
            )
    statements = [_insert(table, row) for table, _ in _TABLES for row in getattr(archive, table)]
    if statements:
        ledger.write(*statements[0], *statements[1:])
    return len(archive.announcements)


def _are_revisions(ledger: Ledger, archive: _Archive, key: str) -> bool:
    """Whether one of the two is what the other was before it was corrected."""
    newest = {row.digest for row in archive.announcements if row.key == key} | {
        found[0] for found in [ledger.announcement(key)] if found
    }
    former = {row.digest for row in archive.revisions if row.key == key} | {row.digest for row in former_revisions(ledger, key)}
    return not newest.isdisjoint(former)


def verify_ledger(ledger: Ledger) -> list[str]:
    """Everything that is wrong with it, in words; empty for a sound one."""
    return [*_damage(ledger), *_findings(_archive(ledger))]


def require_sound(ledger: Ledger, key: str) -> None:
    """Raise LedgerError where what the ledger says of this announcement makes no sense, as after an edit by hand."""
    if findings := list(_findings(_archive(ledger, (key,)))):
        raise LedgerError(f"the ledger {ledger.path} was damaged or edited, and nothing was sent: {_some(findings)}; {RESTORE}")


def _archive(ledger: Ledger, keys: Collection[str] = ()) -> _Archive:
    found = ledger.rows_at_once(_query(table, kind, keys) for table, kind in _TABLES)
    tables = {table: [_row(kind, row) for row in rows] for (table, kind), rows in zip(_TABLES, found, strict=True)}
    return _Archive(_FORMAT, **tables)


def _query(table: str, kind: type[Any], keys: Collection[str]) -> tuple[str, tuple[str, ...]]:
    columns = ", ".join(kind.__struct_fields__)
    which = f" WHERE key IN ({', '.join('?' * len(keys))})" if keys else ""
    order = ", ".join(name for name in ("key", "channel", "name", "number", "item", "at") if name in kind.__struct_fields__)
    return f"SELECT {columns} FROM {table}{which} ORDER BY {order}", tuple(keys)  # noqa: S608 - names of ours


def _row(kind: type[Any], values: tuple[Any, ...]) -> Any:
    named = zip(kind.__struct_fields__, values, strict=True)
    return kind(**{name: msgspec.Raw(value or _NULL) if name in _DOCUMENTS else value for name, value in named})


def _insert(table: str, row: Any) -> tuple[str, tuple[Any, ...]]:
    names = row.__struct_fields__
    marks = ", ".join("?" * len(names))
    values = tuple(_stored(getattr(row, name)) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){_MERGES[table]}", values  # noqa: S608 - names of ours


def _stored(value: Any) -> Any:
    if not isinstance(value, msgspec.Raw):
        return value
    return None if bytes(value) == _NULL else msgspec.json.format(bytes(value), indent=-1)


# -- verification ------------------------------------------------------------------------------------------------------------


def _damage(ledger: Ledger) -> Iterator[str]:
    for (said,) in ledger.rows("PRAGMA integrity_check"):
        if said != "ok":
            yield f"the file is damaged: {said}"


def _some(findings: Sequence[str]) -> str:
    more = f" and {len(findings) - _MOST_TOLD} more" if len(findings) > _MOST_TOLD else ""
    return "; ".join(findings[:_MOST_TOLD]) + more


def _findings(archive: _Archive) -> Iterator[str]:
    yield from _untimely(archive)
    known = {row.key for row in archive.announcements}
    for row in archive.announcements:
        yield from _undecodable(f"announcement {row.key}", row.document, Announcement)
    for former in archive.revisions:
        where = f"revision {former.number} of {former.key}"
        yield from [] if former.key in known else [f"{where} belongs to no announcement"]
        yield from _undecodable(where, former.document, Announcement)
    for share in archive.deliveries:
        where = f"{share.key} on {share.channel}"
        yield from _stray(where, share, known, _DELIVERY_STATES)
        yield from _undecodable(f"the outcome of {where}", share.outcome, Outcome | None)
        yield from _undecodable(f"the draft of {where}", share.draft, Draft | None)
        if share.state == State.PUBLISHED.value and bytes(share.outcome) == _NULL:
            yield f"{where} is published, but its outcome is missing"
    for step in archive.steps:
        where = f"step {step.name} of {step.key} on {step.channel}"
        yield from _stray(where, step, known, _STEP_STATES)
        yield from _undecodable(f"the result of {where}", step.result, object)
        if step.state == DONE and bytes(step.result) == _NULL:
            yield f"{where} is done, but has no result"


def _untimely(archive: _Archive) -> Iterator[str]:
    for table, kind in _TABLES:
        for row, name in product(getattr(archive, table), (name for name in kind.__struct_fields__ if name in _TIMES)):
            if not 0 <= getattr(row, name) <= _LATEST_TIME:
                yield f"{getattr(row, name)} is no time, in {name} of {table} of {row.key}"


def _stray(where: str, row: Any, known: Collection[str], states: Collection[str]) -> Iterator[str]:
    if row.key not in known:
        yield f"{where} belongs to no announcement"
    if row.state not in states:
        yield f"{where} has the unknown state {row.state!r}"


def _undecodable(what: str, document: msgspec.Raw, kind: Any) -> Iterator[str]:
    try:
        msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        yield f"{what} cannot be read: {error}"
