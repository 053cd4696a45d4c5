"""Characters that no announcement needs, and that break, hide or turn around what readers see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import regex

from socialcast.model.post import Post
from socialcast.model.problems import Problem

__all__ = ["character_problems", "harmless", "is_sound", "one_line", "visible"]


class _Kind(NamedTuple):
    """One kind of character to refuse: the code of its problem, what it is, and what to do about it."""

    code: str
    pattern: regex.Pattern[str]
    what: str
    fix: str


_KINDS = (
    _Kind(
        "text.control_character",
        regex.compile(r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFEFF--[\t\n\r]]|\r(?!\n)", regex.VERSION1),
        "is no character that a reader sees, and platforms refuse or drop it",
        "remove it; it often comes with text pasted from elsewhere",
    ),
    _Kind(
        "text.bidi_override",
        regex.compile(r"[\u202D\u202E]"),
        "forces the direction of what follows, so that readers see other words than screen readers and search engines",
        "remove it; where directions mix, put the words between U+2068 and U+2069",
    ),
)
_SEEN_BEFORE = 12  # characters shown before the place, for the author to find it


def is_sound(text: str) -> bool:
    """Whether every character of the text can be published."""
    return (text.isascii() and text.isprintable()) or not any(kind.pattern.search(text) for kind in _KINDS)


def visible(text: str) -> str:
    """The text with each of these characters named where it stands, so that it does nothing to whoever looks at it."""
    for kind in () if is_sound(text) else _KINDS:
        text = kind.pattern.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
    return text


_HOSTILE = regex.compile(
    r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\uFEFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069--[\n]]",
    regex.VERSION1,
)


def harmless(text: str) -> str:
    """What strangers wrote, with everything named that could move a terminal's cursor or turn the words after it around."""
    named: str = _HOSTILE.sub(_named, text.replace("\r\n", "\n"))
    return named


def one_line(text: str) -> str:
    """The text in one line and harmless: a file's name may hold a line that looks like one of ours."""
    return harmless(" ".join(text.splitlines()))


def _named(found: regex.Match[str]) -> str:
    return " " if found[0] == "\t" else f"⟨U+{ord(found[0]):04X}⟩"


def character_problems(post: Post) -> Iterator[Problem]:
    """What readers would not see as it was written, in every text of the post."""
    for path, text in _texts(post):
        for kind in () if is_sound(text) else _KINDS:
            if found := kind.pattern.search(text):
                yield _problem(kind, path, text, found.start())


def _problem(kind: _Kind, path: str, text: str, position: int) -> Problem:
    sign = text[position]
    name = unicodedata.name(sign, "")
    before = text[max(0, position - _SEEN_BEFORE) : position]
    place = f"after {before!a}" if before else "at its beginning"
    message = f"{f'{name}, ' if name else ''}U+{ord(sign):04X}, {place}, {kind.what}"
    return Problem(code=kind.code, path=path, message=message, fix=kind.fix)


def _texts(post: Post) -> Iterator[tuple[str, str]]:
    yield "title", post.title
    yield "text", "\n".join(post.parts)
    yield "tags", "\n".join(post.tags)
    yield "credit", post.credit
    for index, photo in enumerate(post.photos):
        for name in ("alt", "caption", "credit"):
            yield f"photos[{index}].{name}", getattr(photo, name)
    for name in ("alt", "title", "caption", "credit"):
        yield f"video.{name}", getattr(post.video, name, "")
    for name in ("title", "description"):
        yield f"live.{name}", getattr(post.live, name, "")
