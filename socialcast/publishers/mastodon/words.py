"""What a post says, and whether another says the same; pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from html.parser import HTMLParser

from socialcast.compose.addresses import find_addresses

__all__ = ["comparable", "idempotency_key", "language", "letters", "plain", "same"]

_MENTION = re.compile(r"(@[\w.-]+)@[\w.-]+")
_NO_LETTER = re.compile(r"[\W_]+")


def idempotency_key(*parts: str) -> str:
    """The same on every machine, and nobody else's: some servers keep keys of all accounts in one place."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def language(tag: str) -> str:
    """The language's own code, which is what servers keep."""
    return tag.partition("-")[0].lower()


def plain(html: str) -> str:
    """The text of a post that a server tells as HTML; addresses are whole, though readers see their beginning."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.said)


def comparable(text: str) -> str:
    """The text without the hosts of whom it mentions, which servers leave out of what they show."""
    return _MENTION.sub(r"\1", text)


def same(one: str, other: str) -> bool:
    """Whether two texts are equal but for what servers change: the spaces, and the hosts of whom a text mentions."""
    return _bare(one) == _bare(other)


def letters(text: str) -> str:
    """The letters and digits of a text without its addresses: what no markup changes."""
    for start, end in reversed(find_addresses(text)):
        text = text[:start] + text[end:]
    return _NO_LETTER.sub("", _bare(text)).casefold()


def _bare(text: str) -> str:
    return "".join(comparable(unicodedata.normalize("NFC", text)).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("br", "p"):
            self.said.append("\n")
