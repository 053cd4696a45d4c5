"""Identifiers that are known before anything is sent: record keys out of the announcement, hashes out of the records.

AT Protocol: a record key of a post is a TID, 53 bits of microseconds and 10 of a clock's number; a record's CID is the hash of
its DAG-CBOR (specifications "Record Key" and "Data Model", 2026-08-20).
"""

from __future__ import annotations

import hashlib
from base64 import b32decode, b32encode
from datetime import UTC, datetime
from typing import Any

import cbor2

__all__ = ["cid_of", "record_keys", "tid"]

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_CID_PREFIX = bytes([1, 0x71, 0x12, 0x20])  # version 1, DAG-CBOR, SHA-256 of 32 bytes
_CID_TAG = 42
_DAYS = 3 * 365
_BEGIN_US = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_SPAN_US = _DAYS * 86_400 * 1_000_000


def tid(microseconds: int, clock: int) -> str:
    """The TID of that time, 13 characters whose order is that of time."""
    number = microseconds << 10 | clock
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def record_keys(count: int, *derived_from: str) -> list[str]:
    """So many TIDs in rising order; the same words give the same, on every machine.

    A time that a machine with an empty ledger could not know has no place in them: the time they tell, in 2023 to 2025, is
    as good as random, and nobody reads it. The time that people see is the record's own.
    """
    digest = hashlib.sha256("\n".join(derived_from).encode()).digest()
    begin = _BEGIN_US + int.from_bytes(digest[:8]) % _SPAN_US
    clock = int.from_bytes(digest[8:10]) % 1024
    return [tid(begin + number, clock) for number in range(count)]


def cid_of(record: Any) -> str:
    """The CID that the server will give to that record."""
    digest = hashlib.sha256(cbor2.dumps(_linked(record), canonical=True)).digest()
    return "b" + b32encode(_CID_PREFIX + digest).decode().lower().rstrip("=")


def _linked(value: Any) -> Any:
    """The value with each {"$link": ...} as the tagged bytes that stand for it in DAG-CBOR."""
    if isinstance(value, dict):
        return cbor2.CBORTag(_CID_TAG, b"\0" + _bytes_of(value["$link"])) if "$link" in value else _each_linked(value)
    return [_linked(each) for each in value] if isinstance(value, list) else value


def _each_linked(value: dict[str, Any]) -> dict[str, Any]:
    return {name: _linked(each) for name, each in value.items()}


def _bytes_of(cid: str) -> bytes:
    encoded = cid[1:].upper()
    return b32decode(encoded + "=" * (-len(encoded) % 8))
