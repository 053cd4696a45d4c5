"""Repositories: records under keys that clients choose, written one by one or all or nothing (server 0.5.35, 2026-09-28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.bluesky import cids
from socialcast.sandbox.platforms.bluesky.access import Call, operation
from socialcast.sandbox.platforms.bluesky.blobs import Blobs, references
from socialcast.sandbox.platforms.bluesky.formats import is_tid, tid
from socialcast.sandbox.platforms.bluesky.lexicons import POST, RECORDS
from socialcast.sandbox.platforms.bluesky.refusals import INTERNAL, RefusalError, answer, invalid, unauthorized
from socialcast.sandbox.platforms.bluesky.schema import SchemaError, check_data_model
from socialcast.sandbox.platforms.bluesky.state import Record, User
from socialcast.sandbox.platforms.bluesky.tables import LIMITS, WRITE_POINTS

__all__ = ["Repo"]

_APPLY = "com.atproto.repo.applyWrites"
_DEFAULT_PAGE = 50
_SERVER_CLOCK = 25  # the clock id of the keys that the server makes


@dataclass(frozen=True, slots=True)
class Write:
    """One change; a deletion has no record."""

    kind: str  # "create", "update", "delete"
    collection: str
    rkey: str
    record: Record | None = None
    status: str | None = None  # what the server says of the record's validity

    @property
    def place(self) -> tuple[str, str]:
        """Where it happens."""
        return self.collection, self.rkey

    def result(self) -> dict[str, Any]:
        """What the server tells of it."""
        told = {"uri": self.record.uri, "cid": self.record.cid} if self.record else {}
        return {**told, **({"validationStatus": self.status} if self.status else {})}


class Repo(Blobs):
    """The part of the mirror that keeps records."""

    def reset(self) -> None:
        """Forget when the last key was made."""
        super().reset()
        self.last_key_at = 0

    @operation
    def create_record(self, call: Call) -> Response:
        """A new record; an existing key is no clean conflict (bluesky-social/atproto#3718)."""
        user, told = self._own(call), call.told
        self.count("writes", user.did, call.rates, WRITE_POINTS["create"])
        write = self._prepared("create", user, told, told["record"], "$.record")
        return answer({**write.result(), "commit": self._commit(user, [write], told.get("swapCommit"))})

    @operation
    def put_record(self, call: Call) -> Response:
        """A record under its key: equal content changes nothing, and that is looked at before any swap."""
        user, told = self._own(call), call.told
        self.count("writes", user.did, call.rates, WRITE_POINTS["update"])
        current = user.records.get((told["collection"], told["rkey"]))
        write = self._prepared("update" if current else "create", user, told, told["record"], "$.record")
        if current and write.record and current.cid == write.record.cid:
            return answer(write.result())
        self._require_commit(user, told.get("swapCommit"))
        if "swapRecord" in told:
            _require_record(current, told["swapRecord"])
        return answer({**write.result(), "commit": self._commit(user, [write])})

    @operation
    def delete_record(self, call: Call) -> Response:
        """Gone afterwards, whether it was there or not."""
        user, told = self._own(call), call.told
        self.count("writes", user.did, call.rates, WRITE_POINTS["delete"])
        current = user.records.get((told["collection"], told["rkey"]))
        if current is None:
            return answer({})
        self._require_commit(user, told.get("swapCommit"))
        if "swapRecord" in told:
            _require_record(current, told["swapRecord"])
        return answer({"commit": self._commit(user, [Write("delete", told["collection"], told["rkey"])])})

    @operation
    def apply_writes(self, call: Call) -> Response:
        """Many changes, all or none of them."""
        user, told = self._own(call), call.told
        kinds = [each["$type"].rpartition("#")[2] for each in told["writes"]]
        self.count("writes", user.did, call.rates, sum(WRITE_POINTS[kind] for kind in kinds))
        if len(kinds) > LIMITS.writes:
            raise invalid(f"Too many writes. Max: {LIMITS.writes}")
        writes = [
            Write(kind, each["collection"], each["rkey"])
            if kind == "delete"
            else self._prepared(
                kind, user, {**each, "validate": told.get("validate")}, each["value"], f"$.writes[{index}].record"
            )
            for index, (kind, each) in enumerate(zip(kinds, told["writes"], strict=True))
        ]
        commit = self._commit(user, writes, told.get("swapCommit"))
        results = [{**write.result(), "$type": f"{_APPLY}#{write.kind}Result"} for write in writes]
        return answer({"commit": commit, "results": results})

    @operation
    def get_record(self, call: Call) -> Response:
        """A record as the repository has it."""
        told, user = call.told, self.repo_of(call)
        record = user.records.get((told["collection"], told["rkey"]))
        if record is None or told.get("cid", record.cid) != record.cid:
            uri = f"at://{user.did}/{told['collection']}/{told['rkey']}"
            raise RefusalError(400, "RecordNotFound", f"Could not locate record: {uri}")
        return answer(_as_stored(record))

    @operation
    def list_records(self, call: Call) -> Response:
        """The records of a collection, newest key first."""
        told, user = call.told, self.repo_of(call)
        is_reverse, cursor, limit = told.get("reverse", False), told.get("cursor"), told.get("limit", _DEFAULT_PAGE)
        found = [record for (collection, _), record in user.records.items() if collection == told["collection"]]
        found.sort(key=lambda record: record.rkey, reverse=not is_reverse)
        if cursor:
            found = [record for record in found if (record.rkey > cursor if is_reverse else record.rkey < cursor)]
        page = found[:limit]
        return answer({"records": [_as_stored(record) for record in page], **({"cursor": page[-1].rkey} if page else {})})

    def repo_of(self, call: Call) -> User:
        """The account whose repository is meant. Raises RefusalError for one that does not live here."""
        user = self.find_user(call.told["repo"])
        if user is None or call.request.host not in user.hosts:
            raise invalid(f"Could not find repo: {call.told['repo']}")
        return user

    def next_key(self) -> str:
        """A key of now that is after all others that the server made."""
        self.last_key_at = max(self.last_key_at + 1, int(self.clock.now() * 1_000_000))
        return tid(self.last_key_at, _SERVER_CLOCK)

    def _own(self, call: Call) -> User:
        user = self.find_user(call.told["repo"])
        if user is None:
            raise RefusalError(403, "AccountNotFound", "Account not found")
        if user is not call.user:
            raise unauthorized()
        return user

    def _prepared(self, kind: str, user: User, told: dict[str, Any], sent: dict[str, Any], at: str) -> Write:
        """The change with its record, checked as far as the caller wishes. Raises RefusalError."""
        collection, rkey = told["collection"], told.get("rkey") or self.next_key()
        value = {"$type": collection, **sent}
        try:
            check_data_model(value, at)
        except SchemaError as error:
            raise invalid(str(error)) from None
        if value["$type"] != collection:
            raise invalid(f"Invalid $type: expected {collection}, got {value['$type']}")
        status = _validated(collection, rkey, value, told.get("validate"), at)
        cid, old = _hashed(value), user.records.get((collection, rkey))
        record = Record(
            uri=f"at://{user.did}/{collection}/{rkey}",
            cid=cid,
            value=value,
            at=old.at if old and kind == "update" else self.clock.now(),
            # the AppView goes on showing the first version of a post (bluesky-social/social-app#673)
            first=old.first if old and kind == "update" and collection == POST else (cid, value),
            is_valid=old.is_valid if old and kind == "update" and collection == POST else _fits(collection, value),
            blobs=frozenset(reference["ref"]["$link"] for reference in references(value)),
        )
        return Write(kind, collection, rkey, record, status)

    def _commit(self, user: User, writes: Sequence[Write], swap_commit: str | None = None) -> dict[str, str]:
        """Make the changes, all or none. Raises RefusalError."""
        self._require_commit(user, swap_commit)
        records = dict(user.records)
        for write in writes:
            if (write.place in records) is (write.kind == "create"):
                raise INTERNAL
            if write.record is None:
                del records[write.place]
            else:
                self.require_blobs(user, write.record)
                records[write.place] = write.record
        user.records = records
        self.settle_blobs(user)
        user.rev = self.next_key()
        changes = [[write.kind, *write.place, write.record.cid if write.record else None] for write in writes]
        # a chain of hashes; the real ones are over a tree of all records, which nobody but a relay reads
        user.commit = cids.of_record({"did": user.did, "rev": user.rev, "prev": user.commit, "changes": changes})
        return {"cid": user.commit, "rev": user.rev}

    def _require_commit(self, user: User, wanted: str | None) -> None:
        if wanted is not None and wanted != user.commit:
            raise RefusalError(400, "InvalidSwap", f"Commit was at {user.commit or 'null'}")


def _require_record(current: Record | None, wanted: str | None) -> None:
    cid = current.cid if current else None
    if cid != wanted:
        raise RefusalError(400, "InvalidSwap", f"Record was at {cid or 'null'}")


def _validated(collection: str, rkey: str, value: dict[str, Any], wish: bool | None, at: str) -> str | None:
    """What the server says of a record's validity; without a wish it checks what it knows. Raises RefusalError."""
    if wish is False:
        return None
    lexicon = RECORDS.get(collection)
    if lexicon is None:
        if wish:
            raise invalid(f"Unknown lexicon type: {collection}")
        return "unknown"
    if lexicon.key == "tid" and not is_tid(rkey):
        raise invalid(f'Invalid record key for {collection}: Invalid TID string (got "{rkey}") at $')
    if lexicon.key not in ("tid", rkey):
        raise invalid(f'Invalid record key for {collection}: Expected "{lexicon.key}" (got "{rkey}") at $')
    try:
        lexicon.record.check(value, at)
    except SchemaError as error:
        raise invalid(f"Invalid {collection} record: {error}") from None
    return "valid"


def _fits(collection: str, value: dict[str, Any]) -> bool:
    """Whether readers can make something of a record, which may have been written past the checks."""
    try:
        RECORDS[collection].record.check(value, "$")
    except (KeyError, SchemaError):
        return False
    return True


def _hashed(value: dict[str, Any]) -> str:
    try:
        return cids.of_record(value)
    except ValueError as error:  # a link or bytes that are none, in a record that nobody validated
        raise invalid(str(error)) from None


def _as_stored(record: Record) -> dict[str, Any]:
    return {"uri": record.uri, "cid": record.cid, "value": record.value}
