"""`action=query`: which pages are meant, and which submodules tell about them; `action=parse` and `action=paraminfo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socialcast.sandbox.platforms.mediawiki import lists, meta, props, wikitext
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call, words
from socialcast.sandbox.platforms.mediawiki.edit import find_page
from socialcast.sandbox.platforms.mediawiki.props import Entry
from socialcast.sandbox.platforms.mediawiki.titles import InvalidTitle, Title

__all__ = ["PARAMETERS", "PARSE_PARAMETERS", "parse", "query"]

PARAMETERS = words("titles pageids revids prop list meta redirects continue generator")
PARSE_PARAMETERS = words("page pageid prop")
_SOURCES = ("titles", "pageids", "revids")
_MANY = 50
_MANY_FOR_BOTS = 500

Query = Callable[[Call], Mapping[str, Any]]


def query(call: Call) -> Mapping[str, Any]:
    """Everything that was asked for, in one answer."""
    told: dict[str, Any] = {}
    onward: dict[str, str] = {}
    for kind, table in (("meta", meta.MODULES), ("list", lists.MODULES)):
        for name in _chosen(call, kind, table):
            told |= table[name](call)
            onward |= told.pop("continue", {})
    told |= _pages(call)
    pages_onward = told.pop("continue", {})
    result: dict[str, Any] = {} if pages_onward else {"batchcomplete": True}
    if onward or pages_onward:  # the mark says whether the same pages come again
        result["continue"] = {**onward, **pages_onward, "continue": "||" if pages_onward else "-||"}
    return result | ({"query": told} if told else {})


def _chosen(call: Call, kind: str, table: Mapping[str, Any]) -> list[str]:
    names = call.values(kind)
    for name in names:
        # MediaWiki only warns of an unknown submodule; here one that no test of ours has met must not pass for an empty answer.
        if name not in table:
            raise ApiError("badvalue", kind, name)
        call.known |= (
            set(meta.PARAMETERS.get(name, ())) | set(lists.PARAMETERS.get(name, ())) | set(props.PARAMETERS.get(name, ()))
        )
    return names


def _pages(call: Call) -> Mapping[str, Any]:
    chosen = _chosen(call, "prop", props.MODULES)
    given = [name for name in _SOURCES if call.has(name)]
    if len(given) > 1:
        raise ApiError("multisource", *given[:2])
    entries, notes = _generated(call) if call.has("generator") else _named(call, given[0]) if given else ([], {})
    told = dict(notes)
    for name in chosen:
        told |= props.MODULES[name](call, entries)
    missing_first = sorted(entries, key=lambda entry: entry.page is not None)
    return told | ({"pages": [entry.facts for entry in missing_first]} if entries else {})


def _named(call: Call, source: str) -> tuple[list[Entry], dict[str, Any]]:
    many = _MANY_FOR_BOTS if "apihighlimits" in call.user.rights else _MANY
    values = call.values(source, limit=many)
    if source != "titles" and (strange := [value for value in values if not value.isdecimal()]):
        raise ApiError("badinteger", strange[0], source)
    return {"titles": _by_title, "pageids": _by_page, "revids": _by_revision}[source](call, values)


def _by_title(call: Call, values: list[str]) -> tuple[list[Entry], dict[str, Any]]:
    entries: dict[str, Entry] = {}
    normalized, redirects = [], []
    for value in values:
        try:
            title = Title.parse(value)
        except InvalidTitle:
            facts = {"title": value, "invalidreason": "The requested page title contains invalid characters.", "invalid": True}
            entries[value] = Entry(facts=facts)
            continue
        if str(title) != value:
            normalized.append({"fromencoded": False, "from": value, "to": str(title)})
        page = call.wiki.pages.get(title)
        target = wikitext.redirect_target(page.latest.text) if page and call.has("redirects") else None
        if target:
            redirects.append({"from": str(title), "to": str(target)})
        entries[str(target or title)] = props.entry(call.wiki, target or title)
    notes = {"normalized": normalized, "redirects": redirects}
    return list(entries.values()), {name: note for name, note in notes.items() if note}


def _by_page(call: Call, values: list[str]) -> tuple[list[Entry], dict[str, Any]]:
    titles = {str(page.id): title for title, page in call.wiki.pages.items()}
    found = [(value, titles.get(value)) for value in values]
    missing = [Entry(facts={"pageid": int(value), "missing": True}) for value, title in found if title is None]
    return [props.entry(call.wiki, title) for _, title in found if title is not None] + missing, {}


def _by_revision(call: Call, values: list[str]) -> tuple[list[Entry], dict[str, Any]]:
    entries: dict[Title, Entry] = {}
    found = {str(revision.id): (page, revision) for page, revision in call.wiki.revisions()}
    for value in values:
        if value in found:
            page, revision = found[value]
            entries.setdefault(page.title, props.entry(call.wiki, page.title)).wanted.append(revision)
    bad = {value: {"revid": int(value), "missing": True} for value in values if value not in found}
    return list(entries.values()), ({"badrevids": bad} if bad else {})


def _generated(call: Call) -> tuple[list[Entry], dict[str, Any]]:
    name = call.text("generator")
    if name != "allimages":
        raise ApiError("badvalue", "generator", name)
    call.known |= {f"g{parameter}" for parameter in lists.PARAMETERS[name]}
    files = lists.matching_files(call, "gai")
    return [props.entry(call.wiki, file.title) for file in files], {}


def parse(call: Call) -> Mapping[str, Any]:
    """`action=parse` for a page's sections and wikitext; rendering HTML is left to the page view."""
    title, page = find_page(call, "page")
    if page is None:
        raise ApiError("missingtitle")
    told: dict[str, Any] = {"title": str(title), "pageid": page.id}
    for name in call.values("prop", "sections|wikitext|revid"):
        if name not in _PARSED:
            raise ApiError("badvalue", "prop", name)
        told[name] = _PARSED[name](page.latest.id, page.latest.text)
    return {"parse": told}


_PARSED: Mapping[str, Callable[[int, str], Any]] = {
    "sections": lambda _, text: [
        {
            "level": str(section.level),
            "line": section.heading,
            "index": str(number),
            "byteoffset": len(text[: section.start].encode()),
        }
        for number, section in enumerate(wikitext.sections(text), 1)
    ],
    "wikitext": lambda _, text: text,
    "revid": lambda revision_id, _: revision_id,
}
