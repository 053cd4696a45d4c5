"""What Flickr's pages say in numbers and words, read 2026-11-22: limits, licences, errors, values of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "COMMON_ERRORS",
    "DOCS",
    "FIELD_VALUES",
    "LICENSES",
    "LIMITS",
    "PERMISSIONS",
    "UPLOAD_ERRORS",
    "UPLOAD_FIELDS",
    "UPLOAD_VALUES",
    "VIDEO_SIGNATURES",
    "License",
    "Limits",
]

DOCS = "https://www.flickr.com/services/api/"
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of everything Flickr takes."""

    calls_per_hour: int = 3600  # of one API key, all its users together: services/developer/api; uploads are not counted
    photo_max_bytes: int = 200 * _MIB
    video_max_bytes: int = 1024 * _MIB
    photo_max_tags: int = 75
    title_max_characters: int = 255  # by practice, no page says it
    album_max_photos: int = 5000
    free_max_photos: int = 1000
    free_max_nonpublic: int = 50
    page_max_photos: int = 500
    search_max_photos: int = 4000
    search_max_machine_tags_all: int = 16
    search_max_machine_tags_any: int = 8


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class License:
    """A licence as flickr.photos.licenses.getInfo lists it; `chosen` is False where an ordinary account cannot choose it."""

    id: str
    name: str
    url: str
    chosen: bool = True


_CC = "https://creativecommons.org/"
_NO_REUSE = "https://www.flickrhelp.com/hc/en-us/articles/10710266545556-Using-Flickr-images-shared-by-other-members"

LICENSES: Mapping[str, License] = {
    one.id: one
    for one in (
        License("0", "All Rights Reserved", _NO_REUSE),
        License("4", "Attribution License", f"{_CC}licenses/by/2.0/"),
        License("6", "Attribution-NoDerivs License", f"{_CC}licenses/by-nd/2.0/"),
        License("3", "Attribution-NonCommercial-NoDerivs License", f"{_CC}licenses/by-nc-nd/2.0/"),
        License("2", "Attribution-NonCommercial License", f"{_CC}licenses/by-nc/2.0/"),
        License("1", "Attribution-NonCommercial-ShareAlike License", f"{_CC}licenses/by-nc-sa/2.0/"),
        License("5", "Attribution-ShareAlike License", f"{_CC}licenses/by-sa/2.0/"),
        License("7", "No known copyright restrictions", "https://www.flickr.com/commons/usage/", chosen=False),
        License("8", "United States Government Work", "http://www.usa.gov/copyright.shtml", chosen=False),
        License("9", "Public Domain Dedication (CC0)", f"{_CC}publicdomain/zero/1.0/"),
        License("10", "Public Domain Mark", f"{_CC}publicdomain/mark/1.0/"),
        # The 4.0 licences came on 2025-06-18; their names here are ours, so a client has to go by the URL.
        License("11", "CC BY 4.0", f"{_CC}licenses/by/4.0/"),
        License("12", "CC BY-SA 4.0", f"{_CC}licenses/by-sa/4.0/"),
        License("13", "CC BY-ND 4.0", f"{_CC}licenses/by-nd/4.0/"),
        License("14", "CC BY-NC 4.0", f"{_CC}licenses/by-nc/4.0/"),
        License("15", "CC BY-NC-SA 4.0", f"{_CC}licenses/by-nc-sa/4.0/"),
        License("16", "CC BY-NC-ND 4.0", f"{_CC}licenses/by-nc-nd/4.0/"),
    )
}

PERMISSIONS: tuple[str, ...] = ("none", "read", "write", "delete")  # each holds those before it

COMMON_ERRORS: Mapping[int, str] = {
    96: "Invalid signature",
    97: "Missing signature",
    98: "Invalid auth token",
    99: "User not logged in / Insufficient permissions",
    100: "Invalid API Key (Key has invalid format)",
    111: 'Format "{}" not found',
    112: 'Method "{}" not found',
}

UPLOAD_ERRORS: Mapping[int, str] = {
    2: "No photo specified",
    3: "General upload failure",
    4: "Filesize was zero",
    5: "Filetype was not recognised",
    6: "User exceeded upload limit",
    8: "Filesize was too large",
    9: "Duplicate photo/video detected",
}

_FLAG = frozenset({"0", "1"})
_AUDIENCE = frozenset({"0", "1", "2", "3"})

# What a field may hold. 4 and 5 as content_type are named for searches only.
FIELD_VALUES: Mapping[str, frozenset[str]] = {
    "is_public": _FLAG,
    "is_friend": _FLAG,
    "is_family": _FLAG,
    "perm_comment": _AUDIENCE,
    "perm_addmeta": _AUDIENCE,
    "safety_level": frozenset({"1", "2", "3"}),
    "content_type": frozenset({"1", "2", "3"}),
    "hidden": _FLAG,
}

UPLOAD_VALUES: Mapping[str, frozenset[str]] = {
    **FIELD_VALUES,
    "hidden": frozenset({"1", "2"}),
    "async": _FLAG,
    "dedup_check": frozenset({"0", "1", "2"}),
}

UPLOAD_FIELDS = frozenset({"title", "description", "tags", "api_key", *UPLOAD_VALUES} - {"perm_comment", "perm_addmeta"})

# The video formats that Flickr lists, by the bytes that files of each begin with: (offset, bytes) that must all be there.
VIDEO_SIGNATURES: Mapping[str, tuple[tuple[int, bytes], ...]] = {
    "mp4": ((4, b"ftyp"),),  # mov and 3gp are the same container
    "avi": ((0, b"RIFF"), (8, b"AVI ")),
    "wmv": ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),),
    "mpg": ((0, b"\x00\x00\x01\xba"),),
    "ogg": ((0, b"OggS"),),
    "m2ts": ((4, b"\x47"), (196, b"\x47"), (388, b"\x47")),
}
