"""Words that would harm whoever opens a page on which they are more than text: they mark the document."""

from __future__ import annotations

__all__ = ["ATTACKS", "MARK"]

MARK = "data-harmed"
_HARM = "document.documentElement.dataset.harmed=1"
ATTACKS = (
    f"<script>{_HARM}</script>",
    f'"><img src=x onerror="{_HARM}">',
    f"'><svg/onload={_HARM}>",
    f"</style></title></textarea><script>{_HARM}</script>",
    f"[click](javascript:{_HARM}) {{{{Vorlage|<script>{_HARM}</script>}}}} [[Datei:x.jpg]] '''bold''' == heading ==",
    f"`` </code></pre></details><script>{_HARM}</script> | cell |\n\n# heading @everybody",
)
