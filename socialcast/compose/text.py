"""Texts: how long they are on a platform, and how one becomes the posts of a thread."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import regex

from socialcast.compose.spans import whole_spans
from socialcast.compose.weights import weigh
from socialcast.model.capabilities import TextRules

__all__ = ["sentence_ends", "split", "weigh"]


_Span: TypeAlias = tuple[int, int]
_Tear: TypeAlias = Callable[[str, int, int], Iterable[_Span]]


class _Cut(IntEnum):
    """What it costs to end a post here; one or two posts more (100 each) are better than a torn sentence."""

    PARAGRAPH = 0
    LINE = 10
    SENTENCE = 20
    CLAUSE = 250
    WORD = 350
    INSIDE = 1000


_POST_COST = 100
_EMPTINESS_COST = 30  # for an empty post, with the square of what is left free: keeps the parts about equal
_OVERFULL_COST = 100_000

_REMEMBERED_TEXTS = 512  # many channels of a platform say the same
_WORD = re.compile(r"\S+")
_GAP_AFTER_MORE_THAN_A_WORD = re.compile(r"(?<=[^\w\s])\s+|[^\S\n]*\n\s*")  # the only ones that can end a sentence
_SENTENCE_END = regex.compile(
    r"""(?:(?!\.)\p{Sentence_Terminal}|…|(?<!\b\p{Lu}\p{Ll}?)\.)[\p{Pe}\p{Pf}"']*$"""
)  # not after Dr. or J.
_SENTENCE_END_INSIDE = regex.compile(r"[。！？]+[\p{Pe}\p{Pf}]*")  # where a script writes no spaces
_CLAUSE_END = regex.compile(r"[,;:、，；：–—]$")
_CUTS_INSIDE = {
    **dict.fromkeys("。！？", _Cut.SENTENCE),
    **dict.fromkeys("、，；：", _Cut.CLAUSE),
}  # where a script writes no spaces


class _Piece(NamedTuple):
    """What is never torn: its place, its weight, the weight of the gap after it, and what a cut there costs."""

    start: int
    end: int
    weight: int
    gap_weight: int
    cut: _Cut


def sentence_ends(text: str) -> list[int]:
    """Where the text may be cut after a whole sentence, line or paragraph: the positions after each, the text's end included."""
    ends = {found.end() for found in _SENTENCE_END_INSIDE.finditer(text)}
    for gap in _GAP_AFTER_MORE_THAN_A_WORD.finditer(text):
        end, following = gap.span()
        word = text[_start_of_word(text, end) : end]
        if word and _cut_between(word, gap[0], text[following : following + 1]) <= _Cut.SENTENCE:
            ends.add(end)
    last = len(text.rstrip())
    return sorted({*ends, last} if last else ends)


def _start_of_word(text: str, end: int) -> int:
    while end and not text[end - 1].isspace():
        end -= 1
    return end


def split(text: str, rules: TextRules, *, first_reserved: int = 0, numbered: bool = False) -> list[str]:
    """The posts of a thread that says the text, cut between paragraphs or sentences, and inside one that is longer than a post.

    Graphemes, addresses, mentions and hashtags are never cut, so a part is over the limit only where one of these alone
    is. `first_reserved` is the weight to keep free in the first part; `numbered` adds " (1/3)" where there are several.
    """
    return list(_split(text.strip(), rules, first_reserved, numbered))


@lru_cache(maxsize=_REMEMBERED_TEXTS)
def _split(text: str, rules: TextRules, first_reserved: int, numbered: bool) -> Sequence[str]:
    limit = rules.max_length
    if not text:
        return []
    if limit is None or weigh(text, rules) <= limit - first_reserved:
        return [text]
    if not numbered:
        return _parts(text, rules, limit, limit - first_reserved)
    digits = 0
    while True:
        digits += 1
        room = limit - len(f" ({'9' * digits}/{'9' * digits})")
        parts = _parts(text, rules, room, room - first_reserved)
        if len(parts) < 10**digits:
            return [f"{part} ({number}/{len(parts)})" for number, part in enumerate(parts, 1)]


def _parts(text: str, rules: TextRules, limit: int, first_limit: int) -> list[str]:
    """The parts within the limits.

    Pieces are weighed one by one, and a part can weigh more than its pieces (a tail such as `_example.com` becomes an
    address where a cut frees it of what stood before), so the whole is tried again with that much less room.
    """
    margin = 0
    while True:
        pieces = _pieces(text, rules, limit - margin, first_limit - margin)
        spans = _best_spans(pieces, limit - margin, first_limit - margin)
        parts = [text[pieces[start].start : pieces[end - 1].end] for start, end in spans]
        capacities = [first_limit, *[limit] * (len(parts) - 1)]
        joined = [(part, most) for part, most, (start, end) in zip(parts, capacities, spans, strict=True) if end - start > 1]
        excess = max((weigh(part, rules) - most for part, most in joined), default=0)
        if excess <= 0:
            return parts
        margin += excess


def _pieces(text: str, rules: TextRules, limit: int, first_limit: int) -> list[_Piece]:
    """The sentences of the text; one that is longer than a post comes in words, a word that is in its smallest pieces."""
    spans = list(_fitting_spans(text, (0, len(text)), (_sentences, _words, _smallest), rules, (first_limit, limit)))
    pieces = []
    for (start, end), (following, _) in itertools.zip_longest(spans, spans[1:], fillvalue=(len(text), len(text))):
        gap = text[end:following]
        cut = (
            _cut_between(text[start:end], gap, text[following : following + 1])
            if gap
            else _CUTS_INSIDE.get(text[end - 1], _Cut.INSIDE)
        )
        pieces.append(_Piece(start, end, weigh(text[start:end], rules), weigh(gap, rules), cut))
    return pieces


def _fitting_spans(text: str, span: _Span, tears: Sequence[_Tear], rules: TextRules, limits: tuple[int, int]) -> Iterator[_Span]:
    """The span in parts that fit, each torn only as far as it must be; `limits` are those of the first post and the others."""
    tear, *finer = tears
    for start, end in tear(text, *span):
        if not finer or weigh(text[start:end], rules) <= limits[start > 0]:
            yield start, end
        else:
            yield from _fitting_spans(text, (start, end), finer, rules, limits)


def _sentences(text: str, start: int, end: int) -> Iterator[_Span]:
    for stop in sentence_ends(text):
        while text[start].isspace():
            start += 1
        yield start, stop
        start = stop


def _words(text: str, start: int, end: int) -> Iterator[_Span]:
    return (found.span() for found in _WORD.finditer(text, start, end))


def _smallest(text: str, start: int, end: int) -> Iterator[_Span]:
    return ((start + first, start + last) for first, last in whole_spans(text[start:end]))


def _cut_between(word: str, gap: str, following: str) -> _Cut:
    if "\n" in gap:
        return _Cut.PARAGRAPH if gap.count("\n") > 1 else _Cut.LINE
    if word[-1].isalnum():  # as most do: nothing ends with such a one
        return _Cut.WORD
    if not following.islower() and _SENTENCE_END.search(word):
        return _Cut.SENTENCE
    return _Cut.CLAUSE if _CLAUSE_END.search(word) else _Cut.WORD


def _best_spans(pieces: Sequence[_Piece], limit: int, first_limit: int) -> list[tuple[int, int]]:
    """The cheapest way to make posts of the pieces, as (first, last + 1) of each."""
    costs, starts = [0.0], [0]
    for end in range(1, len(pieces) + 1):
        options = _posts_ending_at(end, pieces, limit, first_limit)
        cost, start = min((costs[start] + cost, start) for start, cost in options)
        costs.append(cost)
        starts.append(start)
    spans, end = [], len(pieces)
    while end:
        spans.append((starts[end], end))
        end = starts[end]
    return spans[::-1]


def _posts_ending_at(end: int, pieces: Sequence[_Piece], limit: int, first_limit: int) -> Iterator[tuple[int, float]]:
    """Start and cost of every post whose last piece is the one before `end`."""
    cut_cost = pieces[end - 1].cut if end < len(pieces) else 0
    weight = -pieces[end - 1].gap_weight
    for start in range(end - 1, -1, -1):
        weight += pieces[start].weight + pieces[start].gap_weight
        capacity = first_limit if start == 0 else limit
        if weight <= capacity:
            yield start, _POST_COST + cut_cost + _EMPTINESS_COST * (1 - weight / capacity) ** 2
        elif start == end - 1:
            yield start, _OVERFULL_COST + cut_cost
        if weight > limit:
            return
