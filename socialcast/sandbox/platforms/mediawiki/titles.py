"""Page titles: namespaces, normal form, and what no title may contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from socialcast.sandbox.platforms.mediawiki.limits import MAX_TITLE_BYTES

__all__ = ["CATEGORY", "FILE", "NAMESPACES", "InvalidTitle", "Title", "url_name"]

FILE = 6
CATEGORY = 14
NAMESPACES: Mapping[int, str] = {
    -2: "Media",
    -1: "Special",
    0: "",
    1: "Talk",
    2: "User",
    3: "User talk",
    4: "Project",
    5: "Project talk",
    FILE: "File",
    7: "File talk",
    8: "MediaWiki",
    9: "MediaWiki talk",
    10: "Template",
    11: "Template talk",
    12: "Help",
    13: "Help talk",
    CATEGORY: "Category",
    15: "Category talk",
}
_ALIASES = {**{name.lower(): number for number, name in NAMESPACES.items()}, "image": FILE, "image talk": 7}
_ILLEGAL = re.compile(r"[\[\]{}|#<>\x00-\x1f\x7f]|~{3}|%[0-9A-Fa-f]{2}|&#?\w+;")


class InvalidTitle(ValueError):
    """A title that no page can have."""


@dataclass(frozen=True, slots=True, order=True)
class Title:
    """A title in normal form: namespace number and the name after the colon, with spaces."""

    namespace: int
    name: str

    @classmethod
    def parse(cls, text: str, namespace: int = 0) -> Title:
        """The title that this text means; `namespace` counts where the text names none."""
        cleaned = re.sub(r"[ _]+", " ", text).strip()
        prefix, colon, rest = cleaned.partition(":")
        known = _ALIASES.get(prefix.strip().lower()) if colon and prefix.strip() else None
        name = cleaned.removeprefix(":").strip() if known is None else rest.strip()
        if not name or _ILLEGAL.search(name) or len(name.encode()) > MAX_TITLE_BYTES:
            raise InvalidTitle(text)
        return cls(namespace if known is None else known, name[0].upper() + name[1:])

    def __str__(self) -> str:
        return f"{NAMESPACES[self.namespace]}:{self.name}" if self.namespace else self.name

    @property
    def is_talk(self) -> bool:
        """Whether this is a talk page."""
        return self.namespace > 0 and self.namespace % 2 == 1

    @property
    def subject(self) -> Title:
        """The page that this talk page is about; a page that is no talk page is its own subject."""
        return Title(self.namespace - 1, self.name) if self.is_talk else self

    @property
    def path(self) -> str:
        """The title as it stands in an address."""
        return url_name(str(self))


def url_name(name: str) -> str:
    """A name as it stands in an address: underscores for spaces, the rest escaped."""
    return quote(name.replace(" ", "_"), safe="/:!,;@*()$~'")
