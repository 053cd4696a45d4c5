"""How a status's text is counted and shown (user documentation, "Posting", 2026-07; formatter of the server)."""

from __future__ import annotations

from collections.abc import Callable

import regex
from markupsafe import Markup, escape

__all__ = ["hashtags", "length", "markup", "mentions"]

_LINK = regex.compile(r"https?://[^\s<>\"]*[^\s<>\"?!.,;:'\u2026\u201d\u2019)\]]", regex.IGNORECASE)
_MENTION = regex.compile(r"(?<![\w/@])@(\w+(?:[\w.-]*\w)?)(?:@([\p{L}\p{N}.-]+\p{L}))?(?![\w@])")
_HASHTAG = regex.compile(r"(?<![\w/&#])#([\p{L}\p{N}\p{M}_·]*[\p{L}_][\p{L}\p{N}\p{M}_·]*)")
_GRAPHEME = regex.compile(r"\X")
_PARTS = regex.compile(f"(?P<link>{_LINK.pattern})|(?P<mention>{_MENTION.pattern})|(?P<tag>{_HASHTAG.pattern})", regex.IGNORECASE)
_SHOWN_LINK = 30


def length(text: str, per_link: int) -> int:
    """How many characters it counts: grapheme clusters, a link always the same number, a mention without its server."""
    counted = _LINK.sub("x" * per_link, text)
    return len(_GRAPHEME.findall(_MENTION.sub(lambda found: f"@{found[1]}", counted)))


def mentions(text: str) -> list[tuple[str, str]]:
    """The names and servers that a text speaks to, in order."""
    return [(found[1], found[2] or "") for found in _MENTION.finditer(_LINK.sub(" ", text))]


def hashtags(text: str) -> list[str]:
    """The tags of a text as written, each once."""
    return list(dict.fromkeys(found[1] for found in _HASHTAG.finditer(_LINK.sub(" ", text))))


def markup(text: str, domain: str, address: Callable[[str, str], str | None]) -> Markup:
    """The text as HTML; `address` gives the page of a name at a server, or None for one that nobody has."""

    def part(found: regex.Match[str]) -> Markup:
        if found["link"]:
            return _link(found["link"])
        if found["tag"]:
            name = found["tag"][1:]
            html = Markup('<a href="https://{}/tags/{}" class="mention hashtag" rel="tag">#<span>{}</span></a>')
            return html.format(domain, name, name)
        user, _, server = found["mention"][1:].partition("@")
        url = address(user, server)
        if url is None:
            return escape(found[0])
        html = Markup('<span class="h-card" translate="no"><a href="{}" class="u-url mention">@<span>{}</span></a></span>')
        return html.format(url, user)

    html, done = Markup(""), 0
    for found in _PARTS.finditer(text):
        html += escape(text[done : found.start()]) + part(found)
        done = found.end()
    return _paragraphs(html + escape(text[done:]))


def _link(url: str) -> Markup:
    """A link as readers see it: without its scheme, and cut in sight alone."""
    scheme = regex.match(r"https?://(?:www\.)?", url, regex.IGNORECASE)[0]
    rest = url[len(scheme) :]
    shown, hidden = rest[:_SHOWN_LINK], rest[_SHOWN_LINK:]
    return Markup(
        '<a href="{}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">{}</span>'
        '<span class="{}">{}</span><span class="invisible">{}</span></a>'
    ).format(url, scheme, "ellipsis" if hidden else "", shown, hidden)


def _paragraphs(html: Markup) -> Markup:
    text = regex.sub(r"\r\n?", "\n", str(html)).strip("\n")
    paragraphs = [each.replace("\n", "<br />") for each in regex.split(r"\n{2,}", text)]
    return Markup("".join(f"<p>{each}</p>" for each in paragraphs)) if text else Markup("")  # noqa: S704 - escaped above
