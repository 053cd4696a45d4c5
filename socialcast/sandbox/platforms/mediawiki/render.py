"""A small preview of wikitext as safe HTML: what it does not know stays visible as text, and nothing passes unescaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape

from markupsafe import Markup, escape

from socialcast.sandbox.mirror import Picture
from socialcast.sandbox.platforms.mediawiki.titles import CATEGORY, FILE, InvalidTitle, Title

__all__ = ["Links", "Rendered", "render"]

_ISLAND = re.compile(
    r"(?s)<nowiki>(?P<nowiki>.*?)</nowiki>|<nowiki ?/>|<pre>(?P<pre>.*?)</pre>|(?P<comment><!--.*?-->)"
    r"|<ref[^>/]*>(?P<note>.*?)</ref>|(?P<reference><(?:ref|references)[^>]*/>)"
    r"|\{\{(?P<template>(?:[^{}]|\{\{(?:[^{}]|\{\{[^{}]*\}\})*\}\})*)\}\}"
    r"|\[\[(?P<link>(?:[^\[\]]|\[\[[^\[\]]*\]\]|\[[^\[\]]*\])+)\]\]"
    r"|\[(?P<address>https?://[^\s\]]+)(?:[ ]+(?P<label>[^\]]*))?\]|(?P<bare>https?://[^\s<>\[\]{}|\"']+)"
)
_EMPHASIS = (("'''''", "<b><i>", "</i></b>"), ("'''", "<b>", "</b>"), ("''", "<i>", "</i>"))
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*")
_ITEMS = {
    "*": Markup("<ul><li>{}</li></ul>"),
    "#": Markup("<ol><li>{}</li></ol>"),
    ":": Markup("<dl><dd>{}</dd></dl>"),
    ";": Markup("<dl><dt>{}</dt></dl>"),
}
_REFERENCE = re.compile(r"&amp;(#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);")  # a character reference in wikitext stays one
_TAGS = re.compile(r"&lt;(/?)(s|b|i|u|small|sub|sup|del|ins|code|blockquote)&gt;|&lt;(br) ?/?&gt;")
_FILE_WORDS = re.compile(
    r"(?i)(thumb|thumbnail|frame|frameless|border|left|right|center|none|upright.*|\d*x?\d+px|lang=.*|link=.*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where links lead: the address of a page, and of a file or None when there is no such file."""

    page: Callable[[Title], str]
    file: Callable[[str], str | None]


@dataclass(slots=True, kw_only=True)
class Rendered:
    """The page as HTML, with what was found on the way."""

    html: Markup = field(default_factory=Markup)
    pictures: list[Picture] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)


def render(text: str, links: Links) -> Rendered:
    """The preview of this wikitext."""
    preview = _Preview(links)
    preview.found.html = preview.blocks(text)
    return preview.found


class _Preview:
    def __init__(self, links: Links) -> None:
        self.links = links
        self.found = Rendered()

    def blocks(self, text: str) -> Markup:
        """Lines as headings, lists and paragraphs; islands such as templates may run over several lines."""
        islands: list[Markup] = []

        def keep(match: re.Match[str]) -> str:
            islands.append(self.island(match))
            return f"\x02{len(islands) - 1}\x03"

        text = _ISLAND.sub(keep, text.replace("\x02", "").replace("\x03", ""))
        html = Markup("\n").join(_block(part) for part in re.split(r"\n{2,}", text) if part.strip())
        return Markup(re.sub(r"\x02(\d+)\x03", lambda match: islands[int(match[1])], html))  # noqa: S704 - escaped piece by piece

    def island(self, match: re.Match[str]) -> Markup:
        kind = match.lastgroup if match.lastgroup != "label" else "address"
        makers: Mapping[str, Callable[[str], Markup]] = {
            "nowiki": lambda text: escape(unescape(text)),
            "pre": lambda text: Markup("<pre>{}</pre>").format(unescape(text)),
            "comment": lambda _: Markup(),
            "note": lambda note: Markup('<small class="ref">[{}]</small>').format(self.inside(note)),
            "reference": lambda _: Markup(),
            "template": self.template,
            "link": self.link,
            "address": lambda address: _anchor(address, self.inside(match["label"] or address)),
            "bare": lambda address: _anchor(address, escape(address)),
        }
        return makers[kind](match[kind]) if kind else Markup()  # <nowiki/>, which only keeps marks apart

    def inside(self, text: str) -> Markup:
        """Inline text, without the block around it."""
        return Markup(re.sub(r"^<p>|</p>$", "", self.blocks(text)))  # noqa: S704 - what blocks made is escaped

    def template(self, body: str) -> Markup:
        name, *arguments = (part.strip() for part in _split(body))
        self.found.templates.append(name)
        shown = Markup("<br>").join(self.inside(argument) for argument in arguments if argument)
        return Markup('<span class="template">{{{{{}}}}}<small>{}</small></span>').format(name, Markup(" ") + shown)

    def link(self, body: str) -> Markup:
        target, *rest = _split(body)
        try:
            title = Title.parse(target.partition("#")[0])
        except InvalidTitle:
            return escape(f"[[{body}]]")
        if title.namespace == FILE and not target.strip().startswith(":"):
            return self.picture(title, rest)
        if title.namespace == CATEGORY and not target.strip().startswith(":"):
            self.found.categories.append(title.name)
            return Markup()
        return _anchor(self.links.page(title), self.inside(rest[-1]) if rest else escape(target))

    def picture(self, title: Title, options: list[str]) -> Markup:
        words = [option.strip() for option in options]
        alt = next((unescape(word.removeprefix("alt=").strip()) for word in words if word.startswith("alt=")), "")
        captions = [word for word in words if not word.startswith("alt=") and not _FILE_WORDS.fullmatch(word)]
        caption = self.inside(captions[-1]) if captions else Markup()
        url = self.links.file(title.name)
        if url is None:
            return Markup('<a class="missing" href="{}">{}</a>').format(self.links.page(title), str(title))
        self.found.pictures.append(Picture(url=url, alt=alt, caption=caption.striptags()))
        shown = Markup('<a href="{}"><img src="{}" alt="{}"></a>').format(self.links.page(title), url, alt)
        return Markup('<span class="figure">{}<small>{}</small></span>').format(shown, Markup(" ") + caption)


def _anchor(address: str, label: Markup) -> Markup:
    return Markup('<a href="{}" rel="nofollow">{}</a>').format(address, label)


def _split(body: str) -> list[str]:
    """The parts between the bars, leaving links and templates inside them whole."""
    parts, depth = [""], 0
    for piece in re.split(r"(\[\[|\{\{|\]\]|\}\}|\|)", body):
        depth += {"[[": 1, "{{": 1, "]]": -1, "}}": -1}.get(piece, 0)
        if piece == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _block(text: str) -> Markup:
    joined = Markup("\n").join(_line(line) for line in text.strip("\n").split("\n"))
    return joined if joined.startswith("<") and not joined.startswith(("<b>", "<i>")) else Markup("<p>{}</p>").format(joined)


def _line(line: str) -> Markup:
    if heading := _HEADING.fullmatch(line):
        return Markup("<h{0}>{1}</h{0}>").format(len(heading[1]), _inline(heading[2]))
    if line.startswith("----"):
        return Markup("<hr>")
    marks = line[: len(line) - len(line.lstrip("*#:;"))]
    html = _inline(line[len(marks) :].strip() if marks else line)
    for mark in reversed(marks):
        html = _ITEMS[mark].format(html)
    return html


def _inline(text: str) -> Markup:
    html = _REFERENCE.sub(r"&\1;", str(escape(text)).replace("&#39;", "'"))
    for marks, opening, closing in _EMPHASIS:
        html = re.sub(rf"{marks}(.+?){marks}", rf"{opening}\1{closing}", html)
    html = _TAGS.sub(lambda tag: f"<{tag[1] or ''}{tag[2] or tag[3]}>", html)
    return Markup(html)  # noqa: S704 - escaped above, and only known tags were put back
