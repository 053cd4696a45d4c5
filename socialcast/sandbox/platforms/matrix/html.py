"""Formatted bodies as careful programs show them: the specification's elements and attributes, no others (1.19)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html.parser import HTMLParser

from markupsafe import escape

__all__ = ["sanitised"]

_VOID = frozenset({"br", "hr", "img"})
_TAGS = frozenset(
    {
        *("del", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "p", "a", "ul", "ol", "sup", "sub", "li", "b", "i", "u"),
        *("strong", "em", "s", "code", "hr", "br", "div", "table", "thead", "tbody", "tr", "th", "td", "caption", "pre", "span"),
        *("img", "details", "summary"),
    }
)
_HIDDEN = frozenset({"script", "style", "mx-reply"})  # with all that stands in them
_SCHEMES = ("https:", "http:", "ftp:", "mailto:", "magnet:")
_ATTRIBUTES: Mapping[tuple[str, str], Callable[[str], bool]] = {
    ("a", "href"): lambda value: value.lower().startswith(_SCHEMES),
    ("ol", "start"): str.isdecimal,
    ("code", "class"): lambda value: value.startswith("language-"),
    ("img", "src"): lambda value: value.startswith("mxc://"),
    ("img", "alt"): bool,
    ("img", "title"): bool,
}


def _may_have(tag: str, name: str, value: str) -> bool:
    passes = _ATTRIBUTES.get((tag, name))
    return passes is not None and passes(value)


class _Sanitiser(HTMLParser):
    def __init__(self, source: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.open: list[str] = []
        self._hidden = 0
        self._source = source

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if self._hidden or tag not in _TAGS:
            return
        kept = {name: value for name, value in attributes if value and _may_have(tag, name, value)}
        if tag == "img":
            if "src" not in kept:
                return
            kept["src"] = self._source(kept["src"])
        if tag == "a":
            kept["rel"] = "noopener noreferrer"
        told = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.pieces.append(f"<{tag}{told}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        if self._hidden or tag not in self.open:
            return
        while self.open:
            closed = self.open.pop()
            self.pieces.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, text: str) -> None:
        if not self._hidden:
            self.pieces.append(str(escape(text)))


def sanitised(html: str, source: Callable[[str], str]) -> str:
    """The HTML that may be shown, every element closed; `source` gives a file's address for its mxc one."""
    sanitiser = _Sanitiser(source)
    sanitiser.feed(html)
    sanitiser.close()
    return "".join([*sanitiser.pieces, *(f"</{tag}>" for tag in reversed(sanitiser.open))])
