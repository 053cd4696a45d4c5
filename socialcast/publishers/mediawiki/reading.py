"""What wikitext says to a reader: its addresses, its files with their alt text, a file's licence; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from socialcast.publishers.mediawiki.files import FREE_LICENCES
from socialcast.publishers.mediawiki.wikitext import sections

__all__ = ["FILE_NAMES", "ShownFile", "addresses", "bare_title", "is_substituted", "licence_of", "shown_files"]

FILE_NAMES = frozenset({"file", "image"})  # the canonical names of the namespace work on every wiki

_LICENCE_HEADING = "{{int:license-header}}"
_LICENCE_TAG = re.compile(r"\{\{\s*(?:self\s*\|\s*)?([^{}|]+?)\s*[|}]", re.IGNORECASE)
_TAGS = {tag: licence for licence, tag in FREE_LICENCES.items()}
_SUBSTITUTED = re.compile(r"\{\{\s*(?:safe)?subst\s*:|\[\[[^\[\]|]+\|\s*\]\]", re.IGNORECASE)
_ADDRESS = re.compile(r"(?P<bracket>\[?)(?P<url>https?://[^\s\[\]<>\"|{}]+)")
_OPAQUE = re.compile(r"<(?:!--|(?P<name>nowiki|pre)\b[^<>]*>)", re.IGNORECASE)
_TOKEN = re.compile(r"\[\[|\]\]|\{\{|\}\}|\|")
_OPENED_BY = {"]]": "[[", "}}": "{{"}
_FILE = re.compile(r"\s*([^:\[\]{}|\n]{1,100}):([^\[\]{}|\n]{1,300})")
_ALT = re.compile(r"\s*alt\s*=", re.IGNORECASE)
_LONGEST_ALT = 5_000  # of an alt text in which others are nested without end


class ShownFile(NamedTuple):
    """A file that a page shows."""

    name: str
    alt: str


def addresses(text: str) -> tuple[str, ...]:
    """Where the text leads to outside the wiki, in order."""
    found = ((link["url"], link["bracket"]) for link in _ADDRESS.finditer(_active(text)))
    return tuple(unescape(url if bracket else _without_punctuation(url)) for url, bracket in found)


def shown_files(text: str, namespaces: Collection[str] = FILE_NAMES) -> tuple[ShownFile, ...]:
    """The files that the page shows, in order, by the names of their namespace in lower case."""
    active = _active(text)
    found = ((cuts[0], _shown_file(active, cuts, namespaces)) for cuts in _links(active))
    return tuple(file for _, file in sorted(found, key=lambda pair: pair[0]) if file)


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


def _active(text: str) -> str:
    """The text without what the wiki shows as it is written, and without comments."""
    pieces, done, endless = [], 0, set[str]()
    lowered = text.lower()
    for opening in _OPAQUE.finditer(text):
        closing = f"</{opening['name'].lower()}>" if opening["name"] else "-->"
        if opening.start() < done or closing in endless:
            continue
        if (end := lowered.find(closing, opening.end())) < 0:
            endless.add(closing)
            continue
        pieces.append(text[done : opening.start()])
        done = end + len(closing)
    return "".join([*pieces, text[done:]])


def _links(text: str) -> Iterator[list[int]]:
    """Of each link in double brackets where its parts begin, and where after its end another would.

    Bars inside of what is nested there are none of its own. What was never closed takes no more time than anything else: a parser
    of the whole language (mwparserfromhell 0.7) reads the rest once more for each, and a vandal could keep it busy for hours.
    """
    opened: list[tuple[str, list[int]]] = []
    count = Counter[str]()
    for token in _TOKEN.finditer(text):
        if token[0] in _OPENED_BY.values():
            opened.append((token[0], [token.end()]))
            count[token[0]] += 1
        elif token[0] == "|":
            if opened:
                opened[-1][1].append(token.end())
        elif count[_OPENED_BY[token[0]]]:
            kind, cuts = "", list[int]()
            while kind != _OPENED_BY[token[0]]:
                kind, cuts = opened.pop()
                count[kind] -= 1
            if kind == "[[":
                yield [*cuts, token.start() + 1]


def _shown_file(text: str, cuts: list[int], namespaces: Collection[str]) -> ShownFile | None:
    target = _FILE.match(text, cuts[0], cuts[1] - 1)
    if not target or target[1].strip().lower() not in namespaces:
        return None
    alts = ((_ALT.match(text, start, end), end) for start, end in pairwise(cuts[1:]))
    alt = next((text[found.end() : min(end - 1, found.end() + _LONGEST_ALT)] for found, end in alts if found), "")
    return ShownFile(" ".join(target[2].replace("_", " ").split()), unescape(alt.strip()))


def _without_punctuation(url: str) -> str:
    """An address in a sentence ends before its punctuation, and a bracket that it did not open (Help:Links, 2026-11-27)."""
    bare = url.rstrip(".,;:!?" if "(" in url else ".,;:!?)")
    return bare.partition("''")[0]
