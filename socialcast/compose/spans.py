"""What a platform makes active in a text, found as X finds it: addresses, mentions, lists, hashtags and cashtags.

Written from the published test cases of twitter-text (conformance/extract.yml and validate.yml, read 2026-08-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

import regex

from socialcast.compose.addresses import find_addresses

__all__ = ["IN_HASHTAG", "Kind", "Span", "find_spans", "whole_spans"]


class Kind(Enum):
    """What a span is."""

    ADDRESS = "address"
    MENTION = "mention"
    LIST = "list"
    HASHTAG = "hashtag"
    CASHTAG = "cashtag"


class Span(NamedTuple):
    """One active piece of a text, its sign included."""

    start: int
    end: int
    kind: Kind


_REMEMBERED_TEXTS = 512  # many channels say the same
_ACCENTED = (
    r"\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B\u02BB"
)
_NO_MENTION_END = rf"(?![@＠{_ACCENTED}\u0300-\u036F\u1E00-\u1EFF]|://)"
_NAME = r"[@＠][A-Za-z0-9_]{1,20}+"

# Letters, marks and digits of any script, and signs that stand inside words: joiners, the Hebrew maqaf and geresh, the
# Catalan middle dot, the Tibetan tsheg, Japanese wave dashes, voicing marks, double hyphen and ditto mark.
IN_HASHTAG = (
    r"\p{L}\p{M}\p{Decimal_Number}_"
    r"\u200C\u200D\uA67E\u05BE\u05F3\u05F4\uFF5E\u301C\u309B\u309C\u30A0\u30FB\u3003\u0F0B\u0F0C\u00B7"
)
_HASHTAG = (
    rf"(?<![&{IN_HASHTAG}--[\uFE0E\uFE0F]])[#＃](?![\uFE0F\u20E3])"
    rf"(?=[{IN_HASHTAG}]*[\p{{L}}\p{{M}}])[{IN_HASHTAG}]++(?![#＃]|://)"
)

_MENTION = rf"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<=(?<![A-Za-z0-9_+~.\-])[Rr][Tt]:?)){_NAME}"
_CASHTAG = r"(?<![^\s\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?=[\s\p{P}$+<=>^`|~]|\Z)"
_ACTIVE = regex.compile(
    rf"(?P<LIST>{_MENTION}/[A-Za-z][A-Za-z0-9_\-]{{0,24}}+{_NO_MENTION_END})|(?P<MENTION>{_MENTION}{_NO_MENTION_END})"
    rf"|(?P<HASHTAG>{_HASHTAG})|(?P<CASHTAG>{_CASHTAG})",
    regex.VERSION1,  # with differences of sets
)

# Elsewhere names are longer and have hosts (@press@social.example.org, @press.example.org), and what only looks like a
# hashtag may be one: none of it is cut, whether X would make it active or not.
_LOOKS_ACTIVE = regex.compile(r"(?:[@＠#＃$][\p{L}\p{M}\p{N}_]+(?:[.\-][\p{L}\p{M}\p{N}_]+)*)+")


def find_spans(text: str) -> list[Span]:
    """Everything active in the text, in order; what stands inside an address belongs to it."""
    return list(_find_spans(text))


@lru_cache(maxsize=_REMEMBERED_TEXTS)
def _find_spans(text: str) -> list[Span]:
    addresses = [Span(start, end, Kind.ADDRESS) for start, end in find_addresses(text)]
    if not regex.search(r"[@＠#＃$]", text):
        return addresses
    named = [Span(found.start(), found.end(), Kind[found.lastgroup]) for found in _ACTIVE.finditer(text)]
    return sorted([*addresses, *_outside(named, addresses)])


def whole_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of all that is never cut: each grapheme, and whatever is active on any platform."""
    active = [*find_spans(text), *(found.span() for found in _LOOKS_ACTIVE.finditer(text))]
    graphemes = [found.span() for found in regex.finditer(r"\X", text)]
    return list(_joined(sorted((start, end) for start, end, *_ in [*active, *graphemes])))


def _outside(spans: list[Span], addresses: list[Span]) -> Iterator[Span]:
    return (span for span in spans if not any(span.start < there.end and there.start < span.end for there in addresses))


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that overlap become one."""
    group: list[Any] = []
    for span in spans:
        if group and span[0] >= group[1]:
            yield group[0], group[1]
            group = []
        group = [group[0], max(group[1], span[1])] if group else list(span)
    if group:
        yield group[0], group[1]
