"""Wikitext as the server handles it on saving: sections, signatures, three-way merge, automatic summaries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from socialcast.sandbox.platforms.mediawiki.state import User
from socialcast.sandbox.platforms.mediawiki.titles import Title

__all__ = [
    "Section",
    "automatic_summary",
    "before_save",
    "merge",
    "new_section",
    "redirect_target",
    "replace_section",
    "section_text",
    "sections",
]

_HEADING = re.compile(r"(?m)^(={1,6})[ \t]*(.+?)[ \t]*\1[ \t]*(?:<!--.*?-->[ \t]*)*$")
_OPAQUE = re.compile(r"(?s)<nowiki>.*?</nowiki>|<!--.*?-->|<pre>.*?</pre>")
_SIGNATURE = re.compile(r"~{3,5}")
_REDIRECT = re.compile(r"(?i)\s*#REDIRECT\s*:?\s*\[\[([^\[\]|#<>{}]+)")
_QUOTED_CHARACTERS = 200
_REPLACED_SHARE = 10


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and everything under it, its own subsections included; positions count characters."""

    level: int
    heading: str
    start: int
    end: int


def sections(text: str) -> list[Section]:
    """The sections below the lead, in order; number 1 is the first."""
    hidden = [match.span() for match in _OPAQUE.finditer(text)]
    found = [m for m in _HEADING.finditer(text) if not any(start <= m.start() < end for start, end in hidden)]
    starts = [(len(match[1]), match[2], match.start()) for match in found]
    return [
        Section(level, heading, start, _end(starts[n + 1 :], level, len(text)))
        for n, (level, heading, start) in enumerate(starts)
    ]


def _end(later: Sequence[tuple[int, str, int]], level: int, length: int) -> int:
    return next((start for other, _, start in later if other <= level), length)


def _span(text: str, number: int) -> tuple[int, int] | None:
    found = sections(text)
    if number == 0:
        return 0, found[0].start if found else len(text)
    return (found[number - 1].start, found[number - 1].end) if number <= len(found) else None


def section_text(text: str, number: int) -> str | None:
    """The wikitext of one section, 0 being the lead; None if there is no such section."""
    span = _span(text, number)
    return None if span is None else text[span[0] : span[1]].rstrip("\n")


def replace_section(text: str, number: int, replacement: str) -> str | None:
    """The page with one section replaced; None if there is no such section."""
    span = _span(text, number)
    if span is None:
        return None
    before, after = text[: span[0]], text[span[1] :]
    return before + (f"{replacement.rstrip()}\n\n{after}" if after else replacement)


def new_section(text: str, heading: str, body: str) -> str:
    """The page with a section added at its end."""
    section = f"== {heading} ==\n\n{body}" if heading else body
    return f"{text}\n\n{section}" if text else section


def before_save(text: str, user: User, at: float) -> str:
    """The text as it is stored: signatures written out, white space at the end gone."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces, done = [], 0
    for opaque in _OPAQUE.finditer(unix):
        pieces += [_signed(unix[done : opaque.start()], user, at), opaque[0]]
        done = opaque.end()
    return "".join([*pieces, _signed(unix[done:], user, at)]).rstrip()


def _signed(text: str, user: User, at: float) -> str:
    name = user.name
    time = datetime.fromtimestamp(at, UTC).strftime("%H:%M, %-d %B %Y (UTC)")
    named = (
        f"[[Special:Contributions/{name}|{name}]]" if user.is_anonymous else f"[[User:{name}|{name}]] ([[User talk:{name}|talk]])"
    )
    return _SIGNATURE.sub(lambda tildes: {3: named, 4: f"{named} {time}", 5: time}[len(tildes[0])], text)


def merge(base: str, current: str, mine: str) -> str | None:
    """Both changes of `base` together, or None where they meet.

    MediaWiki asks diff3. Here each side's changes count as one run of lines, so two people who both changed several
    places get a conflict a little sooner.
    """
    if current == mine or base == mine:
        return current
    if base == current:
        return mine
    lines, theirs, ours = base.split("\n"), current.split("\n"), mine.split("\n")
    (their_start, their_end), (our_start, our_end) = _changed(lines, theirs), _changed(lines, ours)
    if their_end < our_start:
        return "\n".join([*theirs[: our_start + len(theirs) - len(lines)], *ours[our_start:]])
    if our_end < their_start:
        return "\n".join([*ours[: their_start + len(ours) - len(lines)], *theirs[their_start:]])
    return None


def _changed(base: list[str], other: list[str]) -> tuple[int, int]:
    """The run of lines of `base`, from start to before end, outside which `other` is the same."""
    shorter = min(len(base), len(other))
    start = next((n for n in range(shorter) if base[n] != other[n]), shorter)
    same = next((n for n in range(shorter - start) if base[-1 - n] != other[-1 - n]), shorter - start)
    return start, len(base) - same


def redirect_target(text: str) -> Title | None:
    """The page that this page sends its readers to, if it does."""
    found = _REDIRECT.match(text)
    return Title.parse(found[1]) if found else None


def automatic_summary(old: str | None, new: str) -> str:
    """What MediaWiki writes as the summary of an edit without one."""
    quoted = " ".join(new[:_QUOTED_CHARACTERS].split("\n"))
    if old is None:
        return f'Created page with "{quoted}"' if new else "Created blank page"
    if old and not new:
        return "Blanked the page"
    shrunk = len(new.encode()) * _REPLACED_SHARE < len(old.encode()) and len(new) < _QUOTED_CHARACTERS
    return f'Replaced content with "{quoted}"' if shrunk else ""
