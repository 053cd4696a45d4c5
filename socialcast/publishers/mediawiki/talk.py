"""What people say on a talk page, by its wikitext: who signs, how deep it is indented, and where an answer belongs; pure."""

from __future__ import annotations

import re

__all__ = ["without_signatures"]

_SIGNING = re.compile(r"~{3,5}")
_LINK = re.compile(r"\[\[:?([^\[\]|:]+):([^\[\]|]+)(?:\|[^\[\]]*)?\]\]")
# A time with its zone in brackets ends every wiki's signatures, whatever its language (Help:Signatures, 2026-11-27).
_TIME = re.compile(r"\d{1,2}[:.]\d{2}\b.*\([^()]{2,12}\)\W*(?:</\w+>\W*)*$")
_YEAR = re.compile(r"\d{4}")
_LONGEST_TIME = 300
_LONGEST_SIGNATURE = 600  # a wiki keeps 255 characters of what a user chose, and adds links


def without_signatures(text: str) -> str:
    """The text without what the wiki makes of ~~~~, and without that."""
    lines = (line[:found] if (found := _signature_start(line)) is not None else line for line in text.splitlines())
    return "\n".join(_SIGNING.sub("", line) for line in lines)


def _signature_start(line: str) -> int | None:
    """Where the signature begins that ends this line; None where none does."""
    head, _, time = line.rpartition("]]")
    if not head or len(time) > _LONGEST_TIME or not (_TIME.search(time) and _YEAR.search(time)):
        return None
    links = list(_LINK.finditer(line, max(0, len(line) - _LONGEST_SIGNATURE)))
    if not links:
        return None
    user = _user(links[-1])
    start = links[-1].start()
    for link in reversed(links):
        if _user(link) != user:
            break
        start = link.start()
    return start


def _user(link: re.Match[str]) -> str:
    return link[2].partition("#")[0].rpartition("/")[2].strip().replace("_", " ")
