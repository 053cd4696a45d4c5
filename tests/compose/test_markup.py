"""Markdown as plain text, HTML and wikitext, plain text as Markdown, and text that no wiki takes for markup."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast.compose.markup import escape_wikitext, html, markdown, plain, quote_address, wikitext

ACTIVE = "{}[]|~'_<>&;#*:=!-\n \tRFCa1"
NOT_IN_WIKITEXT = re.compile(r"\{\{|\{\||\[\[|~~~|__|<(?!/?(?:br|code|pre|blockquote)\b)|-\{")

DOCUMENT = """\
# Top *level*

A **bold** word, `code {{x}}` and [a map](https://example.org/map "title").
Softly broken,\\
hard broken, <https://example.org/>, <b>no tag</b>.

- one

  still one
  - deeper
- two

3. three
4. ![a dome](https://example.org/dome.jpg)

> quoted
>
> twice

```python
print("{{x}}")
```

---
"""


def decoded(text: str) -> str:
    """What a wiki shows for character references."""
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text)


@given(st.text() | st.text(ACTIVE, max_size=60))
def test_escaped_text_shows_the_same_characters(text: str) -> None:
    """Decoding the references gives the text back, but for control characters, which no page holds."""
    assert decoded(escape_wikitext(text)) == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)


@given(st.text(ACTIVE, max_size=80))
def test_escaped_text_holds_no_markup(text: str) -> None:
    """Neither inside a line nor at its beginning, nor together with markup around it."""
    escaped = escape_wikitext(text)
    assert not re.search(r"[{}\[\]|~<>]|''|__|&(?!#\d+;)(?=#|\w+;)", escaped)
    assert not re.search(r"^(?:[*#:;=! \t]|----)", escaped, re.MULTILINE)
    assert "''''" not in f"'''{escaped}'''" or not escaped


@given(st.text(ACTIVE + "(`>\\", max_size=80))
def test_markdown_brings_no_wikitext_in(markdown: str) -> None:
    """Whatever the body holds, only what was meant as Markdown becomes markup."""
    assert not NOT_IN_WIKITEXT.search(wikitext(markdown))


@given(st.text(max_size=200))
def test_any_text_is_markdown(markdown: str) -> None:
    """No body makes either of them fail."""
    assert isinstance(plain(markdown) + wikitext(markdown), str)


def test_prose_stays_readable() -> None:
    """Editors of the wiki find ordinary words and addresses as they are."""
    prose = "It's R&D at 10:00 - see https://example.org/a_b?c=1#d (50 %); well-known = good!"
    assert escape_wikitext(prose) == prose


def test_a_document_in_wikitext() -> None:
    """Headings, emphasis, lists, links, quotations and code are translated, everything else is escaped."""
    assert wikitext(DOCUMENT) == "\n\n".join(
        [
            "== Top ''level'' ==",
            "A '''bold''' word, <code>code &#123;&#123;x&#125;&#125;</code> and [https://example.org/map a map]. Softly broken,"
            "<br />hard broken, [https://example.org/ https://example.org/], &#60;b&#62;no tag&#60;/b&#62;.",
            "* one\n*: still one\n** deeper\n* two",
            "# three\n# [https://example.org/dome.jpg a dome]",
            "<blockquote>\nquoted\n\ntwice\n</blockquote>",
            '<pre>print("&#123;&#123;x&#125;&#125;")</pre>',
            "----",
        ]
    )


def test_a_document_in_plain_text() -> None:
    """It reads well without markup, and every address is there."""
    assert plain(DOCUMENT) == "\n\n".join(
        [
            "Top level",
            "A bold word, code {{x}} and a map (https://example.org/map). Softly broken,\nhard broken, https://example.org/, "
            "<b>no tag</b>.",
            "- one\n  still one\n  - deeper\n- two",
            "3. three\n4. a dome (https://example.org/dome.jpg)",
            "> quoted\n>\n> twice",
            'print("{{x}}")',
            "* * *",
        ]
    )


def test_headings_fit_below_the_place_they_stand_in() -> None:
    """Inside a section they begin a level deeper, and none is deeper than six."""
    assert wikitext("# a\n\n###### b", heading_level=3) == "=== a ===\n\n====== b ======"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("\\* no list", "&#42; no list"),
        ("* a\n\n      code\n      more", "* a\n*: <pre>code&#10;more</pre>"),
        ("[![dome](https://example.org/d.jpg)](https://example.org/)", "[https://example.org/ dome]"),
        ("[call](tel:+4181)", "call (tel:+4181)"),
        ("[empty]()", "empty"),
        ("**'quoted'**", "'''&#39;quoted&#39;'''"),
    ],
)
def test_a_detail_of_wikitext(markdown: str, expected: str) -> None:
    """Where both languages differ, the meaning stays."""
    assert wikitext(markdown) == expected


@pytest.mark.parametrize(
    ("address", "quoted"),
    [
        ("https://example.org/a b|c]d", "https://example.org/a%20b%7Cc%5Dd"),
        ("https://example.org/__TOC__~~~~", "https://example.org/_%5FTOC_%5F%7E%7E%7E%7E"),
        ("https://example.org/?a=1&copy;=%20", "https://example.org/?a=1&amp;copy;=%20"),
        ("https://example.org/''", "https://example.org/%27%27"),
    ],
)
def test_an_address_ends_no_markup(address: str, quoted: str) -> None:
    """It leads to the same place and opens or closes nothing on its way."""
    assert quote_address(address) == quoted


ACTIVE_IN_MARKDOWN = "*_`#>-+=~.)(<&;[]!\\1a\n \t"


@given(st.text(ACTIVE_IN_MARKDOWN))
def test_plain_text_as_markdown_shows_its_characters(text: str) -> None:
    """Nothing that was typed as text becomes a list, a heading or an emphasis; spaces at a line's ends are not shown."""
    shown = "\n\n".join(re.findall(r"<p>(.*?)</p>", html(markdown(text)), re.DOTALL)).replace("<br />\n", "\n")
    lines = "\n".join(line.strip() for line in text.split("\n"))
    wanted = re.sub(r"\n{2,}", "\n\n", lines.strip("\n"))
    assert unescape(shown) == wanted


def test_addresses_in_plain_text_become_links() -> None:
    """Whole, and without the full stop that ends the sentence."""
    said = html(markdown("See https://example.org/a_b*c?x=1&y=2, or (https://example.org/z)."))
    assert re.findall(r'href="([^"]*)"', said) == ["https://example.org/a_b*c?x=1&amp;y=2", "https://example.org/z"]


def test_html_begins_below_the_pages_heading_and_passes_no_html_on() -> None:
    """The highest heading becomes the second level; tags and scripts are shown as text."""
    said = html("### One\n\n#### Two\n\n<script>x</script>\n\n[a](javascript:x)")
    assert "<h2>One</h2>" in said
    assert "<h3>Two</h3>" in said
    assert "<script" not in said
    assert "href" not in said


def test_the_parser_is_imported_when_it_is_needed() -> None:
    """Escaping a title costs no Markdown parser."""
    code = "import sys, socialcast.compose.markup as m; m.escape_wikitext('x'); sys.exit('markdown_it' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
