"""How a text comes within a platform's limit, in the order in which an author would want it: said shorter, told in a thread,
cut after a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from socialcast.compose.template import Layout
from socialcast.compose.text import sentence_ends, split, weigh
from socialcast.model.capabilities import TextRules
from socialcast.model.post import Adaptation

__all__ = ["Fitted", "Wanted", "fit_text"]

_CUT_MARK = " …"
_LEAST_FIRST_SHARE = 1 / 3  # of the first post is for its text; where addresses and hashtags need more, they follow the text


class Wanted(NamedTuple):
    """What is to be said: the text, the author's shorter variant of it, and all that stands around it."""

    layout: Layout
    text: str
    short: str
    rules: TextRules
    numbered: bool = False

    @property
    def limit(self) -> int:
        """What one post may weigh."""
        return self.rules.max_length or 0

    def excess(self, post: str) -> int:
        """By how much a post is too long; at most 0 where it fits."""
        return weigh(post, self.rules) - self.limit


class Fitted(NamedTuple):
    """The posts that say it, and how they differ from what was wanted."""

    parts: tuple[str, ...]
    adaptations: tuple[Adaptation, ...] = ()


def fit_text(wanted: Wanted, *, threads: bool) -> Fitted:
    """The posts that say it; one that is too long where nothing makes it fit, which preflight tells."""
    whole = wanted.layout.filled(wanted.text)
    if not whole:
        return Fitted(())
    if wanted.rules.max_length is None or wanted.excess(whole) <= 0:
        return Fitted((whole,))
    fitted = _shorter(wanted) or (_thread(wanted, whole) if threads else _cut(wanted))
    return fitted or Fitted((whole,))


def _shorter(wanted: Wanted) -> Fitted | None:
    post = wanted.layout.filled(wanted.short)
    if not wanted.short or wanted.excess(post) > 0:
        return None
    message = "the shorter variant stands for the text, which is too long"
    return Fitted((post,), (Adaptation(code="text.short", message=message, routine=True),))  # the author wrote it for this


def _thread(wanted: Wanted, whole: str) -> Fitted:
    """The first post, which most readers see alone, has addresses and hashtags, as it has the media."""
    parts = _framed(wanted) or split(whole, wanted.rules, numbered=wanted.numbered)
    message = f"the text is a thread of {len(parts)} posts"
    return Fitted(tuple(parts), (Adaptation(code="text.thread", message=message),))


def _framed(wanted: Wanted) -> list[str]:
    """The posts with everything but the text in the first one; none where that has too little room."""
    frame = "x"
    reserved = weigh(wanted.layout.filled(frame), wanted.rules) - len(frame)
    while wanted.text and "text" in wanted.layout.fields and wanted.limit - reserved >= wanted.limit * _LEAST_FIRST_SHARE:
        first, *others = split(wanted.text, wanted.rules, first_reserved=reserved, numbered=wanted.numbered)
        post = wanted.layout.filled(first)
        if wanted.excess(post) <= 0:
            return [post, *others]
        reserved += wanted.excess(post)
    return []


def _cut(wanted: Wanted) -> Fitted | None:
    """As many whole sentences as there is room for with every address, then as many hashtags."""
    text = wanted.short or wanted.text
    for end in reversed(sentence_ends(text) or [0]):
        begun = text if end == len(text) else text[:end] + _CUT_MARK
        if wanted.excess(wanted.layout.filled(begun, ())) <= 0:
            tags = _with_room(wanted, begun)
            return Fitted((wanted.layout.filled(begun, tags),), tuple(_about_cut(wanted, text, end, tags)))
    return None


def _with_room(wanted: Wanted, text: str) -> list[str]:
    tags: list[str] = []
    for tag in wanted.layout.tags:
        if wanted.excess(wanted.layout.filled(text, [*tags, tag])) <= 0:
            tags.append(tag)
    return tags


def _about_cut(wanted: Wanted, text: str, end: int, tags: list[str]) -> Iterator[Adaptation]:
    if text is not wanted.text:
        message = "the shorter variant stands for the text, which is too long"
        yield Adaptation(code="text.short", message=message, routine=True)
    if end < len(text):
        message = f"the text is cut after {text[:end][-30:]!r}: {len(text) - end} of its {len(text)} characters are left out"
        yield Adaptation(code="text.cut", message=message)
    if missing := [tag for tag in wanted.layout.tags if tag not in tags]:
        yield Adaptation(code="text.hashtags", message=f"there is no room for {' '.join(missing)}")
