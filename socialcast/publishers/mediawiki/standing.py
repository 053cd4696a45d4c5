"""How what we wrote on a page stands there now: as we left it, changed by others, or gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from socialcast.publishers.mediawiki.pages import WITH_TEXT, Page, edits_in, read, revision
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import MARKER, Section, replaced, sections, split_heading

__all__ = ["TEXTS_AT_ONCE", "Edit", "Place", "Standing", "corrects", "edit_of", "our_place", "standing"]

TEXTS_AT_ONCE = 50  # what an account without higher limits gets with their content
_MOST_CALLS = 10  # of a page that was edited more often since, the newest edit counts as the one that changed it
_CORRECTED = re.compile(r"\[\[Special:Diff/(\d+)\]\]")
_PLACEHOLDER = re.compile(r"\\\{\w+\\\}")
_OUR_LEVEL = 2


def corrects(revid: int, marker: str) -> str:
    """What an edit's summary says of the one that it corrects, and by what both are found to belong together."""
    return f"corrects [[Special:Diff/{revid}]] {marker}"


class Edit(NamedTuple):
    """One revision of a page, by whom and when."""

    revid: int
    user: str
    comment: str
    at: str
    text: str


class Place(NamedTuple):
    """Which part of a page is ours: all of it, or the section that has this heading and began with these words; below those of
    a request others answer."""

    heading: str = ""
    words: str = ""
    is_shared: bool = False

    def part_of(self, page: str) -> str:
        """Our part of that page, with its heading; empty where it is not there."""
        if not self.heading:
            return page
        section = self.section_of(page)
        if section is None or not section.content:
            return ""
        content = self.words if self.is_shared and self.words in section.content else section.content
        return f"== {section.heading} ==\n{content}"

    def section_of(self, page: str) -> Section | None:
        """The section with our words, or the first of our heading; somebody may have renamed it or opened another like it."""
        named = [section for section in sections(page) if section.heading == self.heading]
        ours = [section for section in named or sections(page) if self.words and self.words in section.content]
        return ours[-1] if ours else next(iter(named), None)

    def with_part(self, page: str, part: str) -> str:
        """The page with another text in our place."""
        section = self.section_of(page)
        return replaced(page, section, *split_heading(part)) if self.heading and section else part


@dataclass(frozen=True)
class Standing:
    """A page on which we saved something: as it is now, as we first saved it and last left it, and what it said before us.

    `own` are our edit and its corrections, `edits` all since the first, both the newest first.
    """

    page: Page
    first: Page
    before: str
    own: tuple[int, ...]
    edits: tuple[Edit, ...]
    place: Place
    ours: str

    @property
    def now(self) -> str:
        """What is in our place."""
        return self.place.part_of(self.page.text)

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing in its place, or others brought back what was there before us."""
        return not self.now or (self.changed_by is not None and self.now == self.place.part_of(self.before))

    @property
    def changed_by(self) -> Edit | None:
        """The edit that brought our part to what it is; None where it is as we left it."""
        if self.now == self.ours:
            return None
        since = [edit for edit in self.edits if edit.revid >= self.own[0]]
        return next(_changes(since, self.place), self.edits[0])

    @property
    def stranger(self) -> Edit | None:
        """The newest edit of the page that does not belong to ours, wherever it was."""
        return next((edit for edit in self.edits if edit.revid not in self.own), None)


def standing(wiki: Wiki, settings: MediawikiSettings, revid: int) -> Standing | None:
    """How our edit stands; None where its page was deleted."""
    first = revision(wiki, revid)
    page = read(wiki, first.title) if first else None
    if first is None or page is None or not page.revid:
        return None
    edits = () if page.revid == revid else tuple(_edits_since(wiki, page.title, revid))
    needs_before = first.parentid and (edits or settings.writes_section)
    earlier = revision(wiki, first.parentid) if needs_before else None
    before = earlier.text if earlier else ""
    own = _own(edits, revid, wiki.username)
    left, without = _last_saved(edits, own[0]) or (first.text, before)
    place = our_place(settings, left, without)
    return Standing(page, first, before, own, edits, place, place.part_of(left))


def our_place(settings: MediawikiSettings, saved: str, before: str) -> Place:
    """The part that an edit wrote, by the page as it was before and as it was saved."""
    if not settings.writes_section:
        return Place()
    is_shared = settings.resolved_mode is Mode.PROPOSE
    wanted = ".+" if is_shared else _PLACEHOLDER.sub(".+", re.escape(settings.section))
    fitting = [section for section in sections(saved) if re.fullmatch(wanted, section.heading)]
    known = {(section.heading, section.content) for section in sections(before)}
    new = [section for section in fitting if (section.heading, section.content) not in known] or fitting
    ours = min(new, key=lambda section: section.level != _OUR_LEVEL, default=None)
    return Place(ours.heading, ours.content, is_shared) if ours else Place("-", "", is_shared)


def _edits_since(wiki: Wiki, title: str, revid: int) -> Iterator[Edit]:
    asked: dict[str, Any] = {"prop": "revisions", "titles": title, "rvprop": WITH_TEXT, "rvslots": "main"}
    more: dict[str, Any] = {}
    for _ in range(_MOST_CALLS):
        answer = wiki.query(**asked, rvlimit=TEXTS_AT_ONCE, rvendid=revid, **more)
        yield from (edit_of(told) for told in edits_in(answer["query"]))
        if not (more := answer.get("continue", {})):
            return


def edit_of(told: dict[str, Any]) -> Edit:
    """What a query tells of one edit; what administrators hid of it is left out."""
    text = told.get("slots", {}).get("main", {}).get("content", "")
    return Edit(told["revid"], told.get("user", ""), told.get("comment", ""), told["timestamp"], text)


def _own(edits: Sequence[Edit], revid: int, user: str) -> tuple[int, ...]:
    """Our edit and its corrections, each of which names one of them."""
    chain = [revid]
    for edit in reversed(edits):
        if edit.user == user and MARKER.search(edit.comment) and _corrected_by(edit) in chain:
            chain.append(edit.revid)
    return tuple(reversed(chain))


def _last_saved(edits: Sequence[Edit], revid: int) -> tuple[str, str] | None:
    """The page as that correction left it, and as it was before it; None for an edit that was never corrected."""
    pairs = ((edit.text, older.text) for edit, older in pairwise(edits) if edit.revid == revid)
    return next(pairs, None)


def _changes(edits: Iterable[Edit], place: Place) -> Iterator[Edit]:
    """The edits that changed that part, the newest first."""
    return (edit for edit, older in pairwise(edits) if place.part_of(edit.text) != place.part_of(older.text))


def _corrected_by(edit: Edit) -> int:
    found = _CORRECTED.search(edit.comment)
    return int(found[1]) if found else 0
