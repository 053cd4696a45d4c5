"""Licences: from the name that the author wrote (SPDX) to the id that Flickr gives it, by the licence's address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["is_offered", "licence_id", "licence_ids", "licence_names", "licence_url", "shown_licence"]

_ALL_RIGHTS_RESERVED = "0"
_RESERVED_NAME = "All Rights Reserved"
_CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)", re.IGNORECASE)
_PUBLIC_DOMAIN = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-PDM-1.0": "https://creativecommons.org/publicdomain/mark/1.0/",
}
_CREATIVE_COMMONS_PATH = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")
_OFFERED_VERSIONS = ("2.0", "4.0")  # 4.0 since 2025-06-18 (platform notes, 2026-08-22)


def licence_url(licence: str) -> str:
    """The address of a Creative Commons licence or dedication, empty for any other."""
    if found := _CREATIVE_COMMONS.fullmatch(licence):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    return _PUBLIC_DOMAIN.get(licence.upper(), "")


def is_offered(licence: str) -> bool:
    """Whether a photo on Flickr can be under that licence."""
    found = _CREATIVE_COMMONS.fullmatch(licence)
    return found[2] in _OFFERED_VERSIONS if found else licence.upper() in _PUBLIC_DOMAIN


def licence_ids(told: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Flickr's ids by address, from what photos.licenses.getInfo tells; numbers alone are promised nowhere."""
    return {_bare(licence["url"]): str(licence["id"]) for licence in told if licence.get("url")}


def licence_id(licence: str, ids: dict[str, str]) -> str | None:
    """Flickr's id for a licence that it offers; without one, a photo is shown with all rights reserved."""
    return ids.get(_bare(licence_url(licence))) if is_offered(licence) else _ALL_RIGHTS_RESERVED


def licence_names(told: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What each of Flickr's ids is called: as authors write it where that is told by the address, or as Flickr does."""
    return {str(licence["id"]): _name(str(licence["id"]), licence.get("url", ""), licence["name"]) for licence in told}


def shown_licence(licence: str) -> str | None:
    """What Flickr calls a photo's licence that was published with that one; nobody knows without one."""
    if not licence:
        return None
    return licence.upper() if is_offered(licence) else _RESERVED_NAME


def _name(id: str, url: str, name: str) -> str:
    if id == _ALL_RIGHTS_RESERVED:
        return _RESERVED_NAME
    if found := _CREATIVE_COMMONS_PATH.search(url):
        return f"CC-{found[1].upper()}-{found[2]}"
    return next((known for known, address in _PUBLIC_DOMAIN.items() if _bare(address) == _bare(url)), name)


def _bare(url: str) -> str:
    """The address without what differs between spellings of it."""
    return re.sub(r"^https?://(www\.)?|/(deed|legalcode)?(\.\w+)?$", "", url)
