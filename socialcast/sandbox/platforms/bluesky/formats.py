"""The string formats that lexicons name (atproto specification, "Lexicon", and its interoperability samples, 2026-08-20)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from socialcast.sandbox.platforms.bluesky import cids

__all__ = ["FORMATS", "is_tid", "tid"]

_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH, _CLOCK_BITS, _CLOCK_MASK = 13, 10, 0x3FF
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_RECORD_KEY = re.compile(r"(?!\.\.?$)[a-zA-Z0-9_~.:-]{1,512}")
_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_HANDLE = re.compile(rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?")
_NSID = re.compile(rf"[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}")
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+")
_LANGUAGE = re.compile(r"(?:[a-zA-Z]{2,8}|[iIxX](?=-))(?:-[a-zA-Z0-9]{1,8})*")  # BCP 47 by its form, not by its registry
_DATETIME = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
    r"(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_MAX_HANDLE, _MAX_DID, _MAX_NSID, _MAX_URI, _MAX_DATETIME = 253, 2048, 317, 8192, 64


def tid(microseconds: int, clock: int) -> str:
    """The key of 13 characters for a time since 1970 and a clock's number."""
    number = microseconds << _CLOCK_BITS | clock & _CLOCK_MASK
    return "".join(_TID_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_TID_LENGTH)))


def is_tid(text: str) -> bool:
    """Whether a key is a TID, as the keys of posts are."""
    return bool(_TID.fullmatch(text))


def _is_record_key(text: str) -> bool:
    return bool(_RECORD_KEY.fullmatch(text))


def _is_did(text: str) -> bool:
    return len(text) <= _MAX_DID and bool(_DID.fullmatch(text))


def _is_handle(text: str) -> bool:
    return len(text) <= _MAX_HANDLE and bool(_HANDLE.fullmatch(text))


def _is_identifier(text: str) -> bool:
    return _is_did(text) or _is_handle(text)


def _is_nsid(text: str) -> bool:
    return len(text) <= _MAX_NSID and bool(_NSID.fullmatch(text))


def _is_at_uri(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    repo, *path = rest.split("/")
    checks = (_is_identifier, _is_nsid, _is_record_key)
    return scheme == "at" and len(path) < len(checks) and all(map(lambda check, part: check(part), checks, [repo, *path]))


def _is_uri(text: str) -> bool:
    return len(text) <= _MAX_URI and bool(_URI.fullmatch(text))


def _is_language(text: str) -> bool:
    return bool(_LANGUAGE.fullmatch(text))


def _is_datetime(text: str) -> bool:
    before_year_0 = text.startswith("0000-01-01T00:") and not text.endswith(("Z", "+00:00"))
    fits = len(text) <= _MAX_DATETIME and bool(_DATETIME.fullmatch(text))
    return fits and not text.endswith("-00:00") and not before_year_0


def _is_cid(text: str) -> bool:
    try:
        return bool(cids.parse(text))
    except ValueError:
        return False


# by the name of the format: what a server calls it where it refuses, and the check
FORMATS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "tid": ("TID string", is_tid),
    "record-key": ("record key", _is_record_key),
    "did": ("DID", _is_did),
    "handle": ("handle", _is_handle),
    "at-identifier": ("AT identifier", _is_identifier),
    "nsid": ("NSID", _is_nsid),
    "at-uri": ("at-uri", _is_at_uri),
    "uri": ("uri", _is_uri),
    "language": ("language", _is_language),
    "datetime": ("datetime", _is_datetime),
    "cid": ("CID string", _is_cid),
}
