"""`prop=` submodules of a query: what is told about each page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from socialcast.sandbox.platforms.mediawiki import wikitext
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call
from socialcast.sandbox.platforms.mediawiki.files import VERSION_FACTS, owned_stash, stash_facts, version_facts
from socialcast.sandbox.platforms.mediawiki.lists import Row, window
from socialcast.sandbox.platforms.mediawiki.state import File, Page, Revision, Wiki, iso
from socialcast.sandbox.platforms.mediawiki.titles import FILE, Title

__all__ = ["MODULES", "PARAMETERS", "Entry", "entry"]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "info": ("inprop",),
    "revisions": tuple(
        f"rv{name}"
        for name in ("prop", "slots", "limit", "dir", "section", "user", "start", "end", "startid", "endid", "continue")
    ),
    "imageinfo": ("iiprop", "iilimit"),
    "stashimageinfo": ("siifilekey", "siiprop"),
}
_SEVERAL = ("rvlimit", "rvdir", "rvuser", "rvstart", "rvend", "rvstartid", "rvendid")


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """One page of a query's answer, as it fills with facts."""

    facts: dict[str, Any]
    page: Page | None = None
    file: File | None = None
    wanted: list[Revision] = field(default_factory=list)  # named by `revids`


def entry(wiki: Wiki, title: Title) -> Entry:
    """The start of what is told about this title."""
    page, file = wiki.pages.get(title), wiki.files.get(title)
    named = {"ns": title.namespace, "title": str(title)}
    return Entry(facts={"pageid": page.id, **named} if page else {**named, "missing": True}, page=page, file=file)


def _info(call: Call, entries: list[Entry]) -> Mapping[str, Any]:
    names = call.values("inprop", known=("protection", "url"))
    for one in entries:
        if "title" not in one.facts or "invalid" in one.facts:
            continue
        title = Title.parse(one.facts["title"])
        one.facts |= {"contentmodel": "wikitext", "pagelanguage": "en"}
        if one.page:
            latest = one.page.latest
            one.facts |= {"touched": iso(latest.at), "lastrevid": latest.id, "length": latest.size}
        if "protection" in names:
            one.facts["protection"] = _protection(call.wiki, title)
        if "url" in names:
            one.facts |= {"fullurl": call.wiki.page_url(title), "canonicalurl": call.wiki.page_url(title)}
    return {}


def _protection(wiki: Wiki, title: Title) -> list[dict[str, str]]:
    return [{"type": "edit", "level": "sysop", "expiry": "infinity"}] if str(title) in wiki.protected_titles else []


_REVISION: Mapping[str, Callable[[Revision], dict[str, Any]]] = {
    "ids": lambda revision: {"revid": revision.id, "parentid": revision.parent_id},
    "timestamp": lambda revision: {"timestamp": iso(revision.at)},
    "flags": lambda revision: {"minor": revision.minor},
    "user": lambda revision: {"user": revision.user, **({} if revision.user_id else {"anon": True})},
    "userid": lambda revision: {"userid": revision.user_id},
    "comment": lambda revision: {"comment": revision.comment},
    "size": lambda revision: {"size": revision.size},
    "sha1": lambda revision: {"sha1": hashlib.sha1(revision.text.encode(), usedforsecurity=False).hexdigest()},
    "tags": lambda revision: {"tags": list(revision.tags)},
    "content": lambda _: {},
}


def _revisions(call: Call, entries: list[Entry]) -> Mapping[str, Any]:
    names = call.values("rvprop", "ids|timestamp|flags|comment|user", known=tuple(_REVISION))
    existing = [one for one in entries if one.page]
    several = any(call.has(name) for name in _SEVERAL)
    if several and len(existing) > 1:
        raise ApiError("rvmultpages")
    onward: Mapping[str, Any] = {}
    for one in existing:
        revisions, onward = _wanted(call, one, several)
        one.facts["revisions"] = [_told(call, revision, names) for revision in revisions]
    return onward


def _wanted(call: Call, one: Entry, several: bool) -> tuple[list[Revision], Mapping[str, Any]]:
    if one.wanted or one.page is None:
        return one.wanted, {}
    if not several:
        return [one.page.latest], {}
    users = call.values("rvuser")
    rows = [Row(r.id, r.at, r) for r in reversed(one.page.revisions) if not users or r.user in users]
    return window(call, "rv", rows)


def _told(call: Call, revision: Revision, names: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in names:
        told |= _REVISION[name](revision)
    if "content" not in names:
        return told
    content = _content(revision, call.text("rvsection"))
    return told | ({"slots": {"main": content}} if call.has("rvslots") else content)


def _content(revision: Revision, section: str) -> dict[str, Any]:
    text = wikitext.section_text(revision.text, int(section)) if section.isdigit() else revision.text
    if text is None:
        return {"nosuchsection": True}
    return {"contentmodel": "wikitext", "contentformat": "text/x-wiki", "content": text}


def _imageinfo(call: Call, entries: list[Entry]) -> Mapping[str, Any]:
    names = call.values("iiprop", "timestamp|user", known=tuple(VERSION_FACTS))
    for one in entries:
        if one.facts.get("ns") != FILE:
            continue
        one.facts["imagerepository"] = "local" if one.file else ""
        if one.file:
            versions = one.file.versions[::-1][: call.integer("iilimit") or 1]
            one.facts["imageinfo"] = [version_facts(call.wiki, one.file, version, names) for version in versions]
    return {}


def _stashimageinfo(call: Call, entries: list[Entry]) -> Mapping[str, Any]:
    if not call.has("siifilekey"):
        raise ApiError("missingparam", "siifilekey")
    wrong_owner = "internal_api_error_UploadStashWrongOwnerException"
    stashed = [owned_stash(call, key, wrong_owner) for key in call.values("siifilekey")]
    return {"stashimageinfo": [stash_facts(call.wiki, stash) for stash in stashed]}


MODULES: Mapping[str, Callable[[Call, list[Entry]], Mapping[str, Any]]] = {
    "info": _info,
    "revisions": _revisions,
    "imageinfo": _imageinfo,
    "stashimageinfo": _stashimageinfo,
}
