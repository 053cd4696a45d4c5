"""What people say on a talk page, by its wikitext: who signs, how deep it is indented, and where an answer belongs; pure.

From Help:Talk pages, Help:Signatures and Wikipedia's WP:INDENT, read 2026-11-27. A comment is known by its signature, which stays
when its words are mended or it is moved; one without by its words.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from socialcast.compose.markup import escape_wikitext
from socialcast.publishers.mediawiki.wikitext import HEADING

__all__ = ["Comment", "answered", "comments", "is_answered", "parent_of", "without", "without_signatures"]

_SIGNING = re.compile(r"~{3,5}")
_LINK = re.compile(r"\[\[:?([^\[\]|:]+):([^\[\]|]+)(?:\|[^\[\]]*)?\]\]")
# A time with its zone in brackets ends every wiki's signatures, whatever its language.
_TIME = re.compile(r"\d{1,2}[:.]\d{2}\b.*\([^()]{2,12}\)\W*(?:</\w+>\W*)*$")
_YEAR = re.compile(r"\d{4}")
_LONGEST_TIME = 300
_LONGEST_SIGNATURE = 600  # a wiki keeps 255 characters of what a user chose, and adds links
_MARKS = re.compile(r"[:*#;]*")
_TEMPLATE = re.compile(r"(?:\{\{[^{}]*\}\}\s*)+")
_WORD = re.compile(r"\w+")
_DIGITS = 10


class Comment(NamedTuple):
    """One comment: where it stands, from line `start` to before `end`, below which heading, and how it is indented."""

    id: str
    section: int
    heading: str
    marks: str
    start: int
    end: int
    text: str

    @property
    def depth(self) -> int:
        """How far it is indented."""
        return len(self.marks)


class _Block(NamedTuple):
    section: int
    heading: str
    start: int
    end: int
    signed_at: int | None  # where in its last line the signature begins


def comments(page: str, page_id: int) -> list[Comment]:
    """The comments of a talk page, in its order; what stands above the first heading is none."""
    lines, seen, found = page.split("\n"), Counter[str](), []
    for block in _blocks(lines):
        name = _name(lines, block)
        seen[name] += 1
        again = f"-{seen[name]}" if seen[name] > 1 else ""
        marks = _marks(lines[block.start])
        text = _text(lines, block, marks)
        found.append(Comment(f"{page_id}-{name}{again}", block.section, block.heading, marks, block.start, block.end, text))
    return found


def parent_of(comment: Comment, among: Sequence[Comment]) -> Comment | None:
    """What a comment answers: the last one before it in its section that is less indented."""
    before = [other for other in among if other.section == comment.section and other.start < comment.start]
    return next((other for other in reversed(before) if other.depth < comment.depth), None)


def answered(page: str, comment: Comment, text: str) -> str:
    """The page with an answer to that comment, a level deeper, after those that it has; the wiki signs it."""
    lines, marks = page.split("\n"), f"{comment.marks}:"
    answer = [f"{marks} {line}" for line in escape_wikitext(text.strip()).split("\n") if line.strip()]
    end = _end_of_answers(lines, comment)
    return "\n".join([*lines[:end], *answer[:-1], f"{answer[-1]} ~~~~", *lines[end:]])


def is_answered(page: str, comment: Comment) -> bool:
    """Whether something stands below it that is deeper."""
    return _end_of_answers(page.split("\n"), comment) > comment.end


def without(page: str, comment: Comment) -> str:
    """The page without that comment, and without its heading if it stood there alone."""
    lines = page.split("\n")
    rest = [*lines[: comment.start], *lines[comment.end :]]
    above = next((number for number in range(comment.start - 1, -1, -1) if rest[number].strip()), None)
    below = next((line for line in rest[comment.start :] if line.strip()), "=")
    if above is not None and HEADING.match(rest[above]) and below.startswith("="):
        rest = [*rest[:above], *rest[comment.start :]]
    return "\n".join(rest).strip()


def without_signatures(text: str) -> str:
    """The text without what the wiki makes of ~~~~, and without that."""
    lines = (line[:found] if (found := _signature_start(line)) is not None else line for line in text.splitlines())
    return "\n".join(_SIGNING.sub("", line) for line in lines)


# -- how a page is read ----------------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """What is said, up to each signature, or to the next heading where nobody signed."""
    section, heading, start, last = 0, "", None, 0
    for number, line in enumerate([*lines, "= end ="]):
        if found := HEADING.match(line):
            if start is not None and heading and not _TEMPLATE.fullmatch("\n".join(lines[start : last + 1]).strip()):
                yield _Block(section, heading, start, last + 1, None)
            section, heading, start = section + 1, found["words"], None
        elif line.strip():
            start, last = number if start is None else start, number
            if heading and (signed_at := _signature_start(line)) is not None:
                yield _Block(section, heading, start, number + 1, signed_at)
                start = None


def _name(lines: Sequence[str], block: _Block) -> str:
    """What a comment is known by."""
    last = lines[block.end - 1]
    known = "\n".join(lines[block.start : block.end])
    if block.signed_at is not None:
        links = list(_LINK.finditer(last))
        known = " ".join((_user(links[-1]), *_WORD.findall(last.rpartition("]]")[2])))
    return hashlib.sha256(known.encode()).hexdigest()[:_DIGITS]


def _text(lines: Sequence[str], block: _Block, marks: str) -> str:
    said = [line.removeprefix(marks).strip() for line in lines[block.start : block.end - 1]]
    last = lines[block.end - 1][: block.signed_at].removeprefix(marks).strip()
    return "\n".join([*said, last.rstrip(" -–—") if block.signed_at is not None else last]).strip()


def _end_of_answers(lines: Sequence[str], comment: Comment) -> int:
    """The line after the last one that is deeper than the comment, with nothing else in between."""
    end = comment.end
    for number in range(comment.end, len(lines)):
        if lines[number].strip():
            if len(_marks(lines[number])) <= comment.depth:
                break
            end = number + 1
    return end


def _marks(line: str) -> str:
    found = _MARKS.match(line)
    return found[0] if found else ""


def _signature_start(line: str) -> int | None:
    """Where the signature begins that ends this line; None where none does."""
    head, _, time = line.rpartition("]]")
    if not head or len(time) > _LONGEST_TIME or not (_TIME.search(time) and _YEAR.search(time)):
        return None
    links = list(_LINK.finditer(line, max(0, len(line) - _LONGEST_SIGNATURE)))
    if not links:
        return None
    user, start = _user(links[-1]), links[-1].start()
    for link in reversed(links):
        if _user(link) != user:
            break
        start = link.start()
    return start


def _user(link: re.Match[str]) -> str:
    return link[2].partition("#")[0].rpartition("/")[2].strip().replace("_", " ")
