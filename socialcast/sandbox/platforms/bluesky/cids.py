"""Content hashes: CIDv1 with SHA-256 over DAG-CBOR for records and over the bytes themselves for files (atproto data model)."""

from __future__ import annotations

import hashlib
from base64 import b32decode, b32encode, b64decode
from typing import Any

import cbor2

__all__ = ["dag_cbor", "of_digest", "of_record", "parse"]

_VERSION, _SHA_256, _DIGEST_BYTES = 1, 0x12, 32
_DAG_CBOR, _RAW = 0x71, 0x55
_LINK_TAG = 42


def of_record(record: Any) -> str:
    """The CID of a record as JSON has it."""
    return _written(_DAG_CBOR, hashlib.sha256(dag_cbor(record)).digest())


def of_digest(sha256: str) -> str:
    """The CID of a file whose SHA-256 is this (hex)."""
    return _written(_RAW, bytes.fromhex(sha256))


def dag_cbor(value: Any) -> bytes:
    """The one encoding that a value of the data model has."""
    return cbor2.dumps(_encodable(value), canonical=True)


def parse(cid: str) -> bytes:
    """The bytes of a CID of the kinds that atproto has. Raises ValueError."""
    if not cid.startswith("b") or cid != cid.lower():
        raise ValueError(f"{cid!r} is not in base32")
    raw = b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    if raw[:1] != bytes([_VERSION]) or raw[1:2] not in (bytes([_DAG_CBOR]), bytes([_RAW])):
        raise ValueError(f"{cid!r} is neither a record's nor a file's")
    if raw[2:4] != bytes([_SHA_256, _DIGEST_BYTES]) or len(raw) != 4 + _DIGEST_BYTES or _text(raw) != cid:
        raise ValueError(f"{cid!r} is not over SHA-256")
    return raw


def _written(codec: int, digest: bytes) -> str:
    return _text(bytes([_VERSION, codec, _SHA_256, _DIGEST_BYTES]) + digest)


def _text(raw: bytes) -> str:
    return "b" + b32encode(raw).decode().rstrip("=").lower()


def _encodable(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$link"}:
            return cbor2.CBORTag(_LINK_TAG, b"\0" + parse(value["$link"]))
        if value.keys() == {"$bytes"}:
            return b64decode(value["$bytes"] + "=" * (-len(value["$bytes"]) % 4))
        return {name: _encodable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_encodable(part) for part in value]
    return value
