"""Edits: read, change, and save against the revision that was read, so that nobody's work is overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from mwclient.errors import EditError

from socialcast.model.errors import Conflict, OutcomeUnknown
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import MARKER, open_request, section_of, with_section

__all__ = ["Change", "find_edit", "one_section", "proposal", "remove_file", "save", "take_back", "whole_page"]

_LISTED = 500  # what an account without higher limits may ask for at once


class Page(NamedTuple):
    """A page as it was read: its text and who saved its current revision; `revid` 0 where there is none."""

    title: str
    text: str = ""
    revid: int = 0
    user: str = ""
    comment: str = ""
    read_at: str = ""

    def is_by(self, user: str) -> bool:
        """Whether that user's last announcement is what stands there."""
        return self.user == user and MARKER.search(self.comment) is not None


class Change(NamedTuple):
    """What to save, against the page as it was read."""

    page: Page
    parameters: dict[str, Any]


def whole_page(wiki: Wiki, title: str, text: str) -> Change:
    """A page that is written anew; only where there is none, an empty one, or the one that our last announcement left."""
    page = _read(wiki, title)
    if page.text and not page.is_by(wiki.username) and page.text != _our_last_text(wiki, title):
        raise Conflict(
            f"{title} was last changed by {page.user}; nothing was overwritten",
            hint="choose another page, or a section of this one",
        )
    return Change(page, {"text": text})


def one_section(wiki: Wiki, title: str, heading: str, content: str) -> Change:
    """A section that is written anew; only where there is none, an empty one, or the one that our last announcement left."""
    page = _read(wiki, title)
    there = _content_of(page.text, heading)
    if there and not page.is_by(wiki.username) and there != _content_of(_our_last_text(wiki, title), heading):
        raise Conflict(
            f"the section {heading!r} of {title} was written by somebody else; nothing was overwritten",
            hint="choose another heading",
        )
    return Change(page, {"text": with_section(page.text, heading, content)})


def proposal(wiki: Wiki, talk: str, heading: str, text: str) -> Change:
    """One more section of a talk page; not while a request of ours there waits for an answer.

    With the revision and a summary of its own, the wiki itself refuses a second copy as long as nobody else has edited the
    page (MediaWiki's source, 2026-11-22; so does 1.39).
    """
    page = _read(wiki, talk)
    if waiting := open_request(page.text, text, wiki.username):
        raise Conflict(
            f"your request {waiting!r} on {talk} still waits for an answer, which volunteers give in their own time",
            hint=f"wait for it; add to it by hand if need be: {wiki.url_of(talk)}",
        )
    return Change(page, {"section": "new", "sectiontitle": heading, "text": text})


def save(wiki: Wiki, change: Change, summary: str, flags: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Save against the revision that was read; `basetimestamp` would let an own edit pass whose answer was lost."""
    page, parameters = change
    base: dict[str, Any] = {"baserevid": page.revid, "nocreate": 1} if page.revid else {"createonly": 1}
    if "text" in parameters:
        base["md5"] = hashlib.md5(parameters["text"].encode(), usedforsecurity=False).hexdigest()
    answer = wiki.post(
        "edit", title=page.title, summary=summary, starttimestamp=page.read_at, **base, **parameters, **(flags or {})
    )
    if answer["result"] != "Success":
        raise EditError(answer["result"])
    if "nochange" in answer:
        return _saved(page.revid, page.title, page.read_at)
    return _saved(answer["newrevid"], answer["title"], answer["newtimestamp"])


def take_back(wiki: Wiki, revid: int, summary: str, marker: str) -> dict[str, Any]:
    """Undo our edit, or delete or blank the page that it made; raises Conflict where somebody has edited since."""
    found = wiki.query(prop="revisions|info", revids=revid, rvprop="ids")["query"].get("pages")
    if not found or "revisions" not in found[0]:
        return {"gone": revid}
    page = _read(wiki, found[0]["title"])
    if marker in page.comment and page.user == wiki.username:
        return {"revid": page.revid}
    if page.revid != revid:
        raise Conflict(f"{page.title} was changed by {page.user} since", hint=f"edit it by hand: {wiki.url_of(page.title)}")
    if found[0]["revisions"][0]["parentid"]:
        return save(wiki, Change(page, {"undo": revid}), summary)
    if "delete" in wiki.rights:
        return wiki.post("delete", title=page.title, reason=summary)
    return save(wiki, Change(page, {"text": ""}), summary)  # only administrators delete, but the page can be emptied


def remove_file(wiki: Wiki, filename: str, reason: str) -> dict[str, Any]:
    """Delete a file, as far as it is there; needs the right to."""
    page = _read(wiki, f"File:{filename}")
    return wiki.post("delete", title=page.title, reason=reason) if page.revid else {"gone": filename}


def find_edit(wiki: Wiki, title: str, marker: str) -> dict[str, Any] | None:
    """Our edit with that marker in its summary, in what we did lately or else in the page's history; None if there is none."""
    lately = {"list": "usercontribs", "ucuser": wiki.username, "uclimit": _LISTED, "ucprop": "ids|title|timestamp|comment"}
    history = {"prop": "revisions", "titles": title, "rvlimit": _LISTED, "rvprop": "ids|timestamp|user|comment"}
    for question in (lately, history):
        answer = wiki.query(**question)
        for edit in _edits_in(answer["query"]):
            if marker in edit.get("comment", "") and edit.get("user", wiki.username) == wiki.username:
                return _saved(edit["revid"], edit["title"], edit["timestamp"])
        if "continue" not in answer:
            return None
    raise OutcomeUnknown(f"{title} and this account were edited too often since to tell", hint="look at the page's history")


def _edits_in(query: dict[str, Any]) -> list[dict[str, Any]]:
    pages = query.get("pages", [])
    return [
        *query.get("usercontribs", []),
        *({**edit, "title": page["title"]} for page in pages for edit in page.get("revisions", [])),
    ]


def _content_of(page: str, heading: str) -> str:
    section = section_of(page, heading)
    return section.content if section else ""


def _our_last_text(wiki: Wiki, title: str) -> str:
    """The page as our last announcement left it, empty if there was none.

    A protection, a move or a revert by others makes them the last to have saved what is still ours.
    """
    answer = wiki.query(prop="revisions", titles=title, rvlimit=_LISTED, rvprop="ids|timestamp|user|comment")
    for edit in _edits_in(answer["query"]):
        if edit.get("user") == wiki.username and MARKER.search(edit.get("comment", "")):
            return _page_in(wiki.query(prop="revisions", revids=edit["revid"], rvprop="ids|content", rvslots="main")).text
    return ""


def _read(wiki: Wiki, title: str) -> Page:
    parts = "ids|user|comment|timestamp|content"
    return _page_in(wiki.query(prop="revisions", titles=title, rvprop=parts, rvslots="main", curtimestamp=1))


def _page_in(answer: dict[str, Any]) -> Page:
    found, read_at = answer["query"]["pages"][0], answer.get("curtimestamp", "")
    if "revisions" not in found:
        return Page(found["title"], read_at=read_at)
    last = found["revisions"][0]
    text = last["slots"]["main"]["content"]
    return Page(found["title"], text, last["revid"], last.get("user", ""), last.get("comment", ""), read_at)


def _saved(revid: int, title: str, timestamp: str) -> dict[str, Any]:
    return {"revid": revid, "title": title, "timestamp": timestamp}
