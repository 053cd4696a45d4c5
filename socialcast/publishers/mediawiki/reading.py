"""What wikitext says to a reader: its addresses, its files with their alt text, a file's licence; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import unescape
from typing import NamedTuple

from socialcast.publishers.mediawiki.files import FREE_LICENCES
from socialcast.publishers.mediawiki.wikitext import sections

__all__ = ["FILE_NAMES", "ShownFile", "addresses", "bare_title", "is_substituted", "licence_of", "shown_files"]

FILE_NAMES = frozenset({"file", "image"})  # the canonical names of the namespace work on every wiki

_LICENCE_HEADING = "{{int:license-header}}"
_LICENCE_TAG = re.compile(r"\{\{\s*(?:self\s*\|\s*)?([^{}|]+?)\s*[|}]", re.IGNORECASE)
_TAGS = {tag: licence for licence, tag in FREE_LICENCES.items()}
_SUBSTITUTED = re.compile(r"\{\{\s*(?:safe)?subst\s*:|\[\[[^\[\]|]+\|\s*\]\]", re.IGNORECASE)


class ShownFile(NamedTuple):
    """A file that a page shows."""

    name: str
    alt: str


def addresses(text: str) -> tuple[str, ...]:
    """Where the text leads to outside the wiki, in order."""
    return tuple(unescape(str(link.url)) for link in _parsed(text).filter_external_links())


def shown_files(text: str, namespaces: Collection[str] = FILE_NAMES) -> Iterator[ShownFile]:
    """The files that the page shows, in order, by the names of their namespace in lower case."""
    for link in _parsed(text).filter_wikilinks():
        namespace, colon, name = str(link.title).partition(":")
        if colon and namespace.strip().lower() in namespaces:
            options = [option.strip() for option in _options(link.text)]
            alt = next((option[4:] for option in options if option.startswith("alt=")), "")
            yield ShownFile(" ".join(name.replace("_", " ").split()), unescape(alt))


def licence_of(page: str, *, is_commons: bool) -> str:
    """The licence that a file's page tells, in the form in which announcements name it; empty where it tells none."""
    told = next((section.content for section in sections(page) if section.heading == _LICENCE_HEADING), "")
    line = next((line for line in told.splitlines() if not line.startswith("[[")), "")
    tag = _LICENCE_TAG.match(line)
    return _TAGS.get(tag[1].lower(), tag[1]) if is_commons and tag else unescape(line)


def is_substituted(text: str) -> bool:
    """Whether the wiki replaces some of it when it is saved (Help:Substitution and the pipe trick, 2026-11-27)."""
    return _SUBSTITUTED.search(text) is not None


def bare_title(title: str) -> str:
    """The title without its namespace, which every wiki calls by its own names, and as a wiki begins it."""
    bare = title.rpartition(":")[2].strip()
    return bare[:1].upper() + bare[1:]


def _options(text: object) -> Iterator[str]:
    """What stands between the bars of a file's link; bars inside of what is nested there are none."""
    from mwparserfromhell.nodes import Text  # needed only where something is read back

    option = ""
    for node in getattr(text, "nodes", ()):
        first, *more = str(node).split("|") if isinstance(node, Text) else (str(node),)
        option += first
        for following in more:
            yield option
            option = following
    yield option


def _parsed(text: str):  # type: ignore[no-untyped-def]
    from mwparserfromhell import parse  # needed only where something is read back

    return parse(text)
