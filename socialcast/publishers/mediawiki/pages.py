"""Edits: read, change, and save against the revision that was read, so that nobody's work is overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mwclient.errors import EditError

from socialcast.model.errors import Conflict, OutcomeUnknown
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import MARKER, open_request, section_of, with_section

__all__ = [
    "LISTED", "WITH_TEXT", "Change", "Page", "edits_in", "find_edit", "one_section", "our_last_text", "page_in", "page_of",
    "proposal", "read", "revision", "save", "saved", "whole_page",
]  # fmt: skip

WITH_TEXT = "ids|user|comment|timestamp|content"
LISTED = 500  # what an account without higher limits may ask for at once


class Page(NamedTuple):
    """A page as it was read: its text and who saved its current revision; `revid` 0 where there is none."""

    title: str
    text: str = ""
    revid: int = 0
    user: str = ""
    comment: str = ""
    read_at: str = ""
    saved_at: str = ""
    parentid: int = 0
    id: int = 0

    def is_by(self, user: str) -> bool:
        """Whether that user's last announcement is what stands there."""
        return self.user == user and MARKER.search(self.comment) is not None


class Change(NamedTuple):
    """What to save, against the page as it was read."""

    page: Page
    parameters: dict[str, Any]


def whole_page(wiki: Wiki, title: str, text: str) -> Change:
    """A page that is written anew; only where there is none, an empty one, or the one that our last announcement left."""
    page = read(wiki, title)
    if page.text and not page.is_by(wiki.username) and page.text != our_last_text(wiki, title):
        raise Conflict(
            f"{title} was last changed by {page.user}; nothing was overwritten",
            hint="choose another page, or a section of this one",
        )
    return Change(page, {"text": text})


def one_section(wiki: Wiki, title: str, heading: str, content: str) -> Change:
    """A section that is written anew; only where there is none, an empty one, or the one that our last announcement left."""
    page = read(wiki, title)
    there = _content_of(page.text, heading)
    if there and not page.is_by(wiki.username) and there != _content_of(our_last_text(wiki, title), heading):
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
    page = read(wiki, talk)
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
        return saved(page.revid, page.title, page.read_at)
    return saved(answer["newrevid"], answer["title"], answer["newtimestamp"])


def find_edit(wiki: Wiki, title: str, marker: str, undone_by: Callable[[int], str] | None = None) -> dict[str, Any] | None:
    """Our edit with that marker in its summary, in what we did lately or else in the page's history; None if there is none.

    `undone_by` gives the marker of the edit that would have taken it back since: a history keeps both.
    """
    lately = {"list": "usercontribs", "ucuser": wiki.username, "uclimit": LISTED, "ucprop": "ids|title|timestamp|comment"}
    history = {"prop": "revisions", "titles": title, "rvlimit": LISTED, "rvprop": "ids|timestamp|user|comment"}
    for question in (lately, history):
        answer = wiki.query(**question)
        ours = [edit for edit in edits_in(answer["query"]) if edit.get("user", wiki.username) == wiki.username]
        for number, edit in enumerate(ours):
            if marker in edit.get("comment", ""):
                is_undone = undone_by and any(undone_by(edit["revid"]) in later.get("comment", "") for later in ours[:number])
                return None if is_undone else saved(edit["revid"], edit["title"], edit["timestamp"])
        if "continue" not in answer:
            return None
    raise OutcomeUnknown(f"{title} and this account were edited too often since to tell", hint="look at the page's history")


def edits_in(query: dict[str, Any]) -> list[dict[str, Any]]:
    """The edits in an answer, each with its page's title."""
    pages = query.get("pages", [])
    return [
        *query.get("usercontribs", []),
        *({**edit, "title": page["title"]} for page in pages for edit in page.get("revisions", [])),
    ]


def _content_of(page: str, heading: str) -> str:
    section = section_of(page, heading)
    return section.content if section else ""


def our_last_text(wiki: Wiki, title: str) -> str:
    """The page as our last announcement left it, empty if there was none.

    A protection, a move or a revert by others makes them the last to have saved what is still ours.
    """
    answer = wiki.query(prop="revisions", titles=title, rvlimit=LISTED, rvprop="ids|timestamp|user|comment")
    for edit in edits_in(answer["query"]):
        if edit.get("user") == wiki.username and MARKER.search(edit.get("comment", "")):
            return page_in(wiki.query(prop="revisions", revids=edit["revid"], rvprop="ids|content", rvslots="main")).text
    return ""


def read(wiki: Wiki, title: str) -> Page:
    """The page as it is now."""
    return page_in(wiki.query(prop="revisions", titles=title, rvprop=WITH_TEXT, rvslots="main", curtimestamp=1))


def revision(wiki: Wiki, revid: int) -> Page | None:
    """The page as that revision has it; None where it is gone."""
    answer = wiki.query(prop="revisions", revids=revid, rvprop=WITH_TEXT, rvslots="main")
    found = answer["query"].get("pages")
    return page_in(answer) if found and "revisions" in found[0] else None


def page_in(answer: dict[str, Any]) -> Page:
    """The first page of an answer, with its first revision."""
    return page_of(answer["query"]["pages"][0], answer.get("curtimestamp", ""))


def page_of(found: Mapping[str, Any], read_at: str = "") -> Page:
    """What a query tells of one page."""
    if "revisions" not in found:
        return Page(found.get("title", ""), read_at=read_at)
    last = found["revisions"][0]
    text = last["slots"]["main"].get("content", "")
    who, why, when = (str(last.get(name, "")) for name in ("user", "comment", "timestamp"))
    return Page(found["title"], text, last["revid"], who, why, read_at, when, last.get("parentid", 0), found["pageid"])


def saved(revid: int, title: str, timestamp: str) -> dict[str, Any]:
    """What is recorded of an edit."""
    return {"revid": revid, "title": title, "timestamp": timestamp}
