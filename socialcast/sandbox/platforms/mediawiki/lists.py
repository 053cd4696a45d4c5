"""`list=` submodules of a query: contributions, files by content, the log; newest first, in windows that can be continued."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call
from socialcast.sandbox.platforms.mediawiki.files import VERSION_FACTS, version_facts
from socialcast.sandbox.platforms.mediawiki.state import File, LogEntry, Page, Revision, iso

__all__ = ["MODULES", "PARAMETERS", "Row", "matching_files", "window"]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "usercontribs": ("ucuser", "ucprop", "uclimit", "ucdir", "ucstart", "ucend", "ucnamespace", "uccontinue"),
    "allimages": ("aisha1", "aiprefix", "aiprop", "ailimit", "aidir", "aicontinue"),
    "logevents": ("letype", "leuser", "letitle", "leprop", "lelimit", "ledir", "lestart", "leend", "lecontinue"),
}
_FEW, _MANY, _MANY_FOR_BOTS = 10, 500, 5000
_SHA1 = re.compile(r"[0-9a-f]{40}")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Row(Generic[Item]):
    """A thing in a list that is ordered by time, then by number."""

    id: int
    at: int
    item: Item


def window(call: Call, prefix: str, rows: list[Row[Item]]) -> tuple[list[Item], Mapping[str, Any]]:
    """The rows between start and end, as many as the limit allows, and where the next window begins; `rows` are newest first."""
    ordered = rows[::-1] if call.text(f"{prefix}dir") == "newer" else rows
    kept = _between(call, prefix, ordered)
    start = int(call.text(f"{prefix}continue").rpartition("|")[2] or 0)
    ids = [row.id for row in kept]
    kept = kept[ids.index(start) :] if start in ids else kept
    count = _limit(call, f"{prefix}limit")
    return [row.item for row in kept[:count]], _onward(f"{prefix}continue", kept, count)


def _between(call: Call, prefix: str, rows: list[Row[Item]]) -> list[Row[Item]]:
    start, end = call.timestamp(f"{prefix}start"), call.timestamp(f"{prefix}end")
    first, last = call.integer(f"{prefix}startid"), call.integer(f"{prefix}endid")
    sign = 1 if call.text(f"{prefix}dir") == "newer" else -1
    return [
        row
        for row in rows
        if (start is None or sign * row.at >= sign * start)
        and (end is None or sign * row.at <= sign * end)
        and (first is None or sign * row.id >= sign * first)
        and (last is None or sign * row.id <= sign * last)
    ]


def _limit(call: Call, name: str) -> int:
    most = _MANY_FOR_BOTS if "apihighlimits" in call.user.rights else _MANY
    wanted = most if call.text(name) == "max" else call.integer(name)
    if wanted is not None and not 1 <= wanted <= most:
        call.warn("outofrange", f'The value "{wanted}" for parameter "{name}" must be between 1 and {most:,}.')
    return min(max(1, wanted if wanted is not None else _FEW), most)


def _onward(name: str, rows: list[Row[Item]], count: int) -> Mapping[str, Any]:
    if len(rows) <= count:
        return {}
    return {"continue": {name: re.sub(r"\D", "", iso(rows[count].at)) + f"|{rows[count].id}"}}


Facts = dict[str, Any]
Edit = tuple[Page, Revision]
_CONTRIBUTION: Mapping[str, Callable[[Page, Revision], Facts]] = {
    "ids": lambda page, revision: {"pageid": page.id, "revid": revision.id, "parentid": revision.parent_id},
    "title": lambda page, _: {"ns": page.title.namespace, "title": str(page.title)},
    "timestamp": lambda _, revision: {"timestamp": iso(revision.at)},
    "comment": lambda _, revision: {"comment": revision.comment},
    "size": lambda _, revision: {"size": revision.size},
    "sizediff": lambda page, revision: {"sizediff": revision.size - _size_before(page, revision)},
    "flags": lambda page, revision: {
        "new": revision.parent_id == 0,
        "minor": revision.minor,
        "top": revision.id == page.latest.id,
    },
    "tags": lambda _, revision: {"tags": list(revision.tags)},
}


def _size_before(page: Page, revision: Revision) -> int:
    return next((other.size for other in page.revisions if other.id == revision.parent_id), 0)


def _usercontribs(call: Call) -> Mapping[str, Any]:
    if not call.has("ucuser"):
        raise ApiError("missingparam", "ucuser")
    users, namespaces = call.values("ucuser"), call.values("ucnamespace")
    names = call.values("ucprop", "ids|title|timestamp|comment|size|flags", known=tuple(_CONTRIBUTION))
    edits = [
        Row(revision.id, revision.at, (page, revision))
        for page, revision in call.wiki.revisions()
        if revision.user in users and (not namespaces or str(page.title.namespace) in namespaces)
    ]
    shown, onward = window(call, "uc", edits)
    return {"usercontribs": [_contribution(edit, names) for edit in shown], **onward}


def _contribution(edit: Edit, names: Iterable[str]) -> Facts:
    page, revision = edit
    told: Facts = {"userid": revision.user_id, "user": revision.user}
    for name in names:
        told |= _CONTRIBUTION[name](page, revision)
    return told


def matching_files(call: Call, prefix: str) -> list[File]:
    """The files that `list=allimages` is asked for, in alphabetical order."""
    sha1 = call.text(f"{prefix}sha1").lower()
    if sha1 and not _SHA1.fullmatch(sha1):
        raise ApiError("invalidsha1hash")
    start = call.text(f"{prefix}prefix").replace("_", " ")
    return [
        file
        for title, file in sorted(call.wiki.files.items())
        if (not sha1 or file.latest.blob.sha1 == sha1) and title.name.startswith(start)
    ]


def _allimages(call: Call) -> Mapping[str, Any]:
    files, count = matching_files(call, "ai"), _limit(call, "ailimit")
    files = [file for file in files if file.name >= call.text("aicontinue")]
    names = call.values("aiprop", "timestamp|url", known=tuple(VERSION_FACTS))
    onward = {"continue": {"aicontinue": files[count].name}} if len(files) > count else {}
    return {"allimages": [_image(call, file, names) for file in files[:count]], **onward}


def _image(call: Call, file: File, names: Iterable[str]) -> Facts:
    facts = version_facts(call.wiki, file, file.latest, names)
    return {"name": file.name, **facts, "ns": file.title.namespace, "title": str(file.title)}


_LOG: Mapping[str, Callable[[LogEntry], Facts]] = {
    "ids": lambda line: {"logid": line.id},
    "title": lambda line: {"ns": line.title.namespace, "title": str(line.title)},
    "type": lambda line: {"type": line.kind, "action": line.action},
    "user": lambda line: {"user": line.user},
    "timestamp": lambda line: {"timestamp": iso(line.at)},
    "comment": lambda line: {"comment": line.comment},
}


def _logevents(call: Call) -> Mapping[str, Any]:
    asked = {"letype": call.text("letype"), "leuser": call.text("leuser"), "letitle": call.text("letitle")}
    rows = [
        Row(line.id, line.at, line)
        for line in reversed(call.wiki.log)
        if asked["letype"] in ("", line.kind) and asked["leuser"] in ("", line.user) and asked["letitle"] in ("", str(line.title))
    ]
    names = call.values("leprop", "ids|title|type|user|timestamp|comment", known=tuple(_LOG))
    shown, onward = window(call, "le", rows)
    return {"logevents": [_logged(line, names) for line in shown], **onward}


def _logged(line: LogEntry, names: Iterable[str]) -> Facts:
    told: Facts = {}
    for name in names:
        told |= _LOG[name](line)
    return told


MODULES: Mapping[str, Callable[[Call], Mapping[str, Any]]] = {
    "usercontribs": _usercontribs,
    "allimages": _allimages,
    "logevents": _logevents,
}
