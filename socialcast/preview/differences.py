"""Where a post says something else than the announcement does, word by word; and what in it can be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, pairwise

import msgspec

from socialcast.compose.spans import Kind, find_spans

__all__ = ["Piece", "left_out", "pieces"]

_WORD = re.compile(r"https?://\S+|[#@]\w+|\w+|[^\w\s]")
_MOST_WORDS = 4000  # comparing takes the square of it
_WEB = ("http://", "https://")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some text of a post: whether the announcement does not say it, what it is if it is active, and where it leads."""

    text: str
    added: bool = False
    kind: str = ""
    url: str = ""


def pieces(parts: Sequence[str], said: str) -> list[list[Piece]]:
    """The parts of a thread, each cut where something begins or ends that the announcement does not say, or that is active."""
    added = _added([_words(part) for part in parts], [word for word, _, _ in _words(said)])
    return [list(_pieces(part, spans)) for part, spans in zip(parts, added, strict=True)]


def left_out(parts: Sequence[str], said: str) -> list[str]:
    """What the announcement says and the post does not, in pieces of at least three words."""
    words = _words(said)
    shown = [word for part in parts for word, _, _ in _words(part)]
    if max(len(words), len(shown)) > _MOST_WORDS:
        return []
    matcher = SequenceMatcher(None, [word for word, _, _ in words], shown, autojunk=False)
    gone = [(first, last) for tag, first, last, _, _ in matcher.get_opcodes() if tag in ("delete", "replace")]
    return [said[words[first][1] : words[last - 1][2]] for first, last in gone if last - first >= 3]


def _words(text: str) -> list[tuple[str, int, int]]:
    return [(found[0], *found.span()) for found in _WORD.finditer(text)]


def _added(parts: Sequence[Sequence[tuple[str, int, int]]], said: Sequence[str]) -> list[list[tuple[int, int]]]:
    """For each part, the ranges of characters that are not said."""
    every = [(number, start, end) for number, words in enumerate(parts) for _, start, end in words]
    found: list[list[tuple[int, int]]] = [[] for _ in parts]
    if max(len(every), len(said)) > _MOST_WORDS:
        return found
    matcher = SequenceMatcher(None, said, [word for words in parts for word, _, _ in words], autojunk=False)
    for tag, _, _, first, last in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            for number, run in groupby(every[first:last], key=lambda place: place[0]):
                ranges = [(start, end) for _, start, end in run]
                found[number].append((ranges[0][0], ranges[-1][1]))
    return found


def _pieces(text: str, added: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    spans = find_spans(text)
    cuts = {0, len(text), *(edge for start, end in added for edge in (start, end)), *(e for s in spans for e in (s.start, s.end))}
    for start, end in pairwise(sorted(cuts)):
        span = next((span for span in spans if span.start <= start < span.end), None)
        address = text[span.start : span.end] if span and span.kind is Kind.ADDRESS else ""
        yield Piece(
            text=text[start:end],
            added=any(first <= start < last for first, last in added),
            kind=span.kind.value if span else "",
            url=address if address.lower().startswith(_WEB) else "",
        )
