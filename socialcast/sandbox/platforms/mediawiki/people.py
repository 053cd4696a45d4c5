"""What other users do by hand: answer on talk pages, edit, delete (Help:Talk pages, 2026-11-22)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.mediawiki import wikitext
from socialcast.sandbox.platforms.mediawiki.limits import MAX_PAGE_BYTES
from socialcast.sandbox.platforms.mediawiki.sessions import rights_of
from socialcast.sandbox.platforms.mediawiki.state import User, Wiki
from socialcast.sandbox.platforms.mediawiki.titles import InvalidTitle, Title
from socialcast.sandbox.platforms.mediawiki.visit import card_id

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.mediawiki.mirror import MediawikiMirror

__all__ = ["remove", "reply", "rewrite"]

_GROUPS = ("*", "user")
_HEADING = "Comment"
_INDENT = re.compile(r"[:*#]*")


def reply(mirror: MediawikiMirror, name: str, id: str, text: str) -> str:
    """Answer in the last section of a talk page, or in that named after # in the id; elsewhere begin one on its talk page."""
    id, _, heading = id.partition("#")
    wiki, title = _found(mirror, id)
    if not text.strip():
        raise UnplayedError("an answer has words")
    talk = title if title.is_talk else Title(title.namespace + 1, title.name)
    whole = wiki.pages[talk].latest.text if talk in wiki.pages else ""
    number = _section(whole, heading) if title.is_talk else None
    if number is None:
        answered = wikitext.new_section(whole, _HEADING, f"{text} ~~~~")
        comment = f"/* {_HEADING} */ new section"
    else:
        section = wikitext.section_text(whole, number) or ""
        answered = wikitext.replace_section(whole, number, _answered(section, text)) or ""
        comment = f"/* {wikitext.sections(whole)[number - 1].heading} */ Reply"
    _save(mirror, wiki, talk, name, answered, comment)
    return card_id(wiki, talk)


def rewrite(mirror: MediawikiMirror, name: str, id: str, text: str) -> None:
    """Save a page with another text."""
    wiki, title = _found(mirror, id)
    _save(mirror, wiki, title, name, text, wikitext.automatic_summary(wiki.pages[title].latest.text, text))


def remove(mirror: MediawikiMirror, name: str, id: str) -> None:
    """Delete a page; as everybody can ask an administrator to, the name may be anyone's."""
    wiki, title = _found(mirror, id)
    wiki.delete(title, _user(mirror, name), "Deleted by hand", mirror.clock.now())


def _found(mirror: MediawikiMirror, id: str) -> tuple[Wiki, Title]:
    for wiki in mirror.wikis.values():
        for title in wiki.pages:
            if card_id(wiki, title) == id:
                return wiki, title
    raise KeyError(id)


def _save(mirror: MediawikiMirror, wiki: Wiki, title: Title, name: str, text: str, comment: str) -> None:
    user = _user(mirror, name)
    stored = wikitext.before_save(text, user, mirror.clock.now())
    if len(stored.encode()) > MAX_PAGE_BYTES:
        raise UnplayedError(f"a page has at most {MAX_PAGE_BYTES} bytes")
    if title not in wiki.pages or wiki.pages[title].latest.text != stored:
        wiki.save(title, user, stored, comment, mirror.clock.now())


def _user(mirror: MediawikiMirror, name: str) -> User:
    try:
        known = Title.parse(f"User:{name}").name
    except InvalidTitle:
        raise UnplayedError(f"{name!r} cannot be a user's name") from None
    return mirror.users.setdefault(known, User(id=len(mirror.users) + 1, name=known, groups=_GROUPS, rights=rights_of(_GROUPS)))


def _section(whole: str, heading: str) -> int | None:
    """The number of the section that is answered; None where there is none."""
    numbered = list(enumerate(wikitext.sections(whole), 1))
    if not heading:
        return numbered[-1][0] if numbered else None
    for number, section in numbered:
        if section.heading == heading:
            return number
    raise KeyError(heading)


def _answered(section: str, text: str) -> str:
    """A level deeper than the last line; a line break would end the indentation, so each line has its own."""
    last = section.rstrip().rpartition("\n")[2]
    found = _INDENT.match(last)
    indent = ":" * ((found.end() if found else 0) + 1)
    lines = [f"{indent}{line}" for line in text.strip().split("\n")]
    return "\n".join([section.rstrip(), *lines]) + " ~~~~"
