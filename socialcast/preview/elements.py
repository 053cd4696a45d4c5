"""What pages and comments are made of: words of others are text, whatever they hold; no script runs and nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from socialcast.compose.characters import harmless

__all__ = ["code", "markdown_table", "page", "table", "text"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; }
caption { font-weight: bold; text-align: start; padding: .3rem 0; }
th { white-space: nowrap; }
th, td { border: 1px solid; padding: .3rem .6rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
td { min-width: 5rem; }
td > a { display: inline-block; min-width: 14rem; }
td:first-child { white-space: nowrap; }
td:nth-child(2) { overflow-wrap: break-word; }
h1, p { overflow-wrap: anywhere; }
figure { margin: 0 0 1.5rem; }
svg { max-width: 100%; height: auto; }
"""


def page(title: str, body: Iterable[str]) -> str:
    """One self-contained page with that title, which is text, and that body, which is HTML."""
    head = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="referrer" content="no-referrer">\n<meta name="viewport" content="width=device-width">',
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n<main>",
    )
    return "\n".join([*head, *body, "</main>\n</html>\n"])


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; what a column tells as "where" is a link, and nothing else, since strangers write addresses, too."""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in heads)
    body = "\n".join(
        f"<tr>{''.join(f'<td dir=auto>{_cell(*each)}</td>' for each in zip(heads, row, strict=True))}</tr>" for row in rows
    )
    inner = f"<table>\n<caption>{text(caption)}</caption>\n<tr>{head}</tr>\n{body}\n</table>"
    return f'<div class="wide" role="region" aria-label="{text(caption)}" tabindex="0">\n{inner}\n</div>'


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The same for a comment; the cells are Markdown already."""
    return [
        f"| {' | '.join(heads)} |",
        f"| {' | '.join(['---'] * len(heads))} |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def text(words: str) -> str:
    """Words of others within HTML."""
    return escape(harmless(words), quote=True)


def code(words: str) -> str:
    """Words of others within Markdown: between backticks, which nothing in them can end."""
    plain = harmless(words).replace("\n", " ").replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""


def _cell(head: str, words: str) -> str:
    """The text, as a link where it tells an address; none is followed with what led there."""
    shown = text(words)
    is_address = head == "where" and words.startswith(("https://", "http://")) and not set(words) & set(" \n\t")
    return f'<a href="{shown}" rel="noreferrer noopener nofollow">{shown}</a>' if is_address else shown
