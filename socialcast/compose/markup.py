"""Markdown (CommonMark), as which a body is written, turned into plain text, HTML and MediaWiki's wikitext.

Nothing that the author wrote becomes active in wikitext: templates, links, tags, signatures, magic words and list
markers show as the characters they are. What was meant as Markdown is translated, HTML is shown, not passed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

__all__ = ["escape_wikitext", "html", "markdown", "plain", "quote_address", "wikitext"]

# What MediaWiki would act on (Help:Formatting, Help:Magic words, Help:Signatures, 2026-11-22). One apostrophe or
# underscore is left alone inside a text, so that escaped prose stays readable for the wiki's editors.
_ACTIVE = re.compile(
    r"""
      [<>\[\]{}|~]                     # tags, links, templates, tables, signatures
    | &(?=\#|\w+;)                     # character references
    | '(?=') | (?<=')' | \A' | '\Z     # bold and italic, also together with our own at the edges
    | _(?=_) | (?<=_)_                 # magic words such as __TOC__
    | \b[RPI](?=(?:FC|MID|SBN)\s)      # magic links: RFC, PMID, ISBN
    """,
    re.VERBOSE,
)
_ACTIVE_AT_LINE_START = re.compile(r"^(?:[*#:;=! \t]|-(?=---))", re.MULTILINE)  # lists, headings, cells, preformatted, rules
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # MediaWiki marks stripped parts with \x7f
_LINKED_SCHEMES = ("http://", "https://", "mailto:")
_SAFE_IN_ADDRESS = "!#$%&()*+,-./:;=?@_"  # without what ends or opens something in wikitext
_DEEPEST_HEADING = 6
_ADDRESS = re.compile(r"(https?://[^\s<>]+[^\s<>.,;:!?'\"()\[\]*_~])")
_ACTIVE_IN_MARKDOWN = re.compile(r"[\\`*\[\]<>&]|(?<!\w)_|_(?!\w)")  # CommonMark 0.31
_ACTIVE_AT_MARKDOWN_LINE_START = re.compile(r"^(\d*)([#+~=.)-])", re.MULTILINE)  # headings, lists, fences, underlines


def escape_wikitext(text: str) -> str:
    """The text so that a wiki shows exactly its characters; addresses in it stay links."""
    return _ACTIVE_AT_LINE_START.sub(_as_reference, _escape_inside(text))


def quote_address(address: str) -> str:
    """The address as it can stand in wikitext, alone or in [address words]; it leads to the same place."""
    quoted = quote(address, safe=_SAFE_IN_ADDRESS)
    for active, passive in (("__", "_%5F"), ("~", "%7E"), ("&", "&amp;")):
        quoted = quoted.replace(active, passive)
    return quoted


def plain(markdown: str) -> str:
    """Readable plain text: links as "text (address)", lists with dashes and numbers."""
    return _Plain().document(markdown)


def wikitext(markdown: str, *, heading_level: int = 2) -> str:
    """The same structure in wikitext; `heading_level` is what a Markdown heading of level 1 becomes."""
    return _Wikitext(heading_level).document(markdown)


def html(markdown: str, *, heading_level: int = 2, pictures: bool = True) -> str:
    """The same structure in HTML, headings from `heading_level` on; HTML in the text is shown, not passed on. Without
    `pictures`, the address of one is a link."""
    tokens = _parser().parse(markdown)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    deeper = heading_level - min((int(token.tag[1:]) for token in headings), default=heading_level)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1:]) + deeper, _DEEPEST_HEADING)}"
    for token in tokens if not pictures else ():
        token.children = [part for child in token.children or () for part in _linked(child)]
    rendered: str = _parser().renderer.render(tokens, _parser().options, {})
    return rendered


def markdown(text: str) -> str:
    """Plain text as Markdown that shows its characters, its lines and paragraphs; addresses in it become links."""
    pieces = enumerate(_ADDRESS.split("\n".join(line.strip() for line in text.split("\n"))))
    escaped = "".join(f"<{piece}>" if number % 2 else _ACTIVE_IN_MARKDOWN.sub(r"\\\g<0>", piece) for number, piece in pieces)
    escaped = _ACTIVE_AT_MARKDOWN_LINE_START.sub(r"\1\\\2", escaped)
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "\\\\\n", escaped)  # a backslash at its end breaks a line


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only a body that is written in Markdown needs it

    return MarkdownIt("commonmark", {"html": False})


def _linked(token: Token) -> list[Token]:
    """A picture as the link that leads to it; all else as it is."""
    from markdown_it.token import Token

    if token.type != "image":
        return [token]
    address = str(token.attrs["src"])
    words = Token("text", "", 0, content=token.content or address)
    return [Token("link_open", "a", 1, attrs={"href": address}), words, Token("link_close", "a", -1)]


class _Writer:
    """Walks the tree of a document; a method per type of node, named as markdown-it names the type."""

    def document(self, markdown: str) -> str:
        from markdown_it.tree import SyntaxTreeNode

        return self._blocks(SyntaxTreeNode(_parser().parse(markdown)).children)

    def _blocks(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        return "\n\n".join(self._write(node) for node in nodes)

    def _write(self, node: SyntaxTreeNode) -> str:
        write: Callable[[SyntaxTreeNode], str] = getattr(self, node.type)
        return write(node)

    def inline(self, node: SyntaxTreeNode) -> str:
        return "".join(self._write(child) for child in node.children)

    def paragraph(self, node: SyntaxTreeNode) -> str:
        return self.inline(node)

    def softbreak(self, node: SyntaxTreeNode) -> str:
        return " "


class _Plain(_Writer):
    def heading(self, node: SyntaxTreeNode) -> str:
        return self.inline(node)

    def bullet_list(self, node: SyntaxTreeNode) -> str:
        return "\n".join(self._item("- ", item) for item in node.children)

    def ordered_list(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        return "\n".join(self._item(f"{number}. ", item) for number, item in enumerate(node.children, first))

    def _item(self, marker: str, item: SyntaxTreeNode) -> str:
        blocks = "\n".join(self._write(block) for block in item.children)
        return marker + blocks.replace("\n", "\n" + " " * len(marker))

    def blockquote(self, node: SyntaxTreeNode) -> str:
        return "\n".join(f"> {line}".rstrip() for line in self._blocks(node.children).split("\n"))

    def fence(self, node: SyntaxTreeNode) -> str:
        return node.content.rstrip("\n")

    code_block = fence

    def hr(self, node: SyntaxTreeNode) -> str:
        return "* * *"

    def text(self, node: SyntaxTreeNode) -> str:
        return node.content

    code_inline = text

    def hardbreak(self, node: SyntaxTreeNode) -> str:
        return "\n"

    def em(self, node: SyntaxTreeNode) -> str:
        return self.inline(node)

    strong = em

    def link(self, node: SyntaxTreeNode) -> str:
        return _named(self.inline(node), str(node.attrs["href"]))

    def image(self, node: SyntaxTreeNode) -> str:
        return _named(node.content, str(node.attrs["src"]))


class _Wikitext(_Writer):
    def __init__(self, heading_level: int) -> None:
        self._heading_level = heading_level

    def heading(self, node: SyntaxTreeNode) -> str:
        marks = "=" * min(int(node.tag[1:]) + self._heading_level - 1, _DEEPEST_HEADING)
        return f"{marks} {self.inline(node)} {marks}"

    def paragraph(self, node: SyntaxTreeNode) -> str:
        return _ACTIVE_AT_LINE_START.sub(_as_reference, self.inline(node), count=1)

    def bullet_list(self, node: SyntaxTreeNode) -> str:
        return self._list(node, "")

    ordered_list = bullet_list

    def _list(self, node: SyntaxTreeNode, outer: str) -> str:
        prefix = outer + ("*" if node.type == "bullet_list" else "#")
        return "\n".join(line for item in node.children for line in self._item(item, prefix))

    def _item(self, item: SyntaxTreeNode, prefix: str) -> list[str]:
        """Each block on one line, as wikitext ends a list at a line without its prefix; later ones continue the item."""
        lines: list[str] = []
        for block in item.children:
            if block.type in ("bullet_list", "ordered_list"):
                lines.append(self._list(block, prefix))
            else:
                lines.append((f"{prefix}: " if lines else f"{prefix} ") + self._on_one_line(block))
        return lines or [prefix]

    def _on_one_line(self, block: SyntaxTreeNode) -> str:
        if block.type in ("fence", "code_block"):
            return self._write(block).replace("\n", "&#10;")  # <pre> would show a tag
        return "<br />".join(line for line in self._write(block).split("\n") if line)

    def blockquote(self, node: SyntaxTreeNode) -> str:
        return f"<blockquote>\n{self._blocks(node.children)}\n</blockquote>"

    def fence(self, node: SyntaxTreeNode) -> str:
        return f"<pre>{escape_wikitext(node.content.rstrip())}</pre>"

    code_block = fence

    def hr(self, node: SyntaxTreeNode) -> str:
        return "----"

    def text(self, node: SyntaxTreeNode) -> str:
        return _escape_inside(node.content)

    def hardbreak(self, node: SyntaxTreeNode) -> str:
        return "<br />"

    def em(self, node: SyntaxTreeNode) -> str:
        return f"''{self.inline(node)}''"

    def strong(self, node: SyntaxTreeNode) -> str:
        return f"'''{self.inline(node)}'''"

    def code_inline(self, node: SyntaxTreeNode) -> str:
        return f"<code>{_escape_inside(node.content)}</code>"

    def link(self, node: SyntaxTreeNode) -> str:
        return _external(self.inline(node), str(node.attrs["href"]))

    def image(self, node: SyntaxTreeNode) -> str:
        words = _escape_inside(node.content)
        return words if _is_in_link(node) else _external(words, str(node.attrs["src"]))


def _is_in_link(node: SyntaxTreeNode) -> bool:
    return node.parent is not None and (node.parent.type == "link" or _is_in_link(node.parent))


def _escape_inside(text: str) -> str:
    return _ACTIVE.sub(_as_reference, _CONTROL.sub("", text))


def _as_reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _named(words: str, address: str) -> str:
    return f"{words} ({address})" if words and address and words != address else words or address


def _external(words: str, address: str) -> str:
    """An external link; an address of a kind that MediaWiki does not link is shown instead."""
    if not address.lower().startswith(_LINKED_SCHEMES):
        return _named(words, _escape_inside(address))
    return f"[{quote_address(address)} {words or _escape_inside(address)}]"
