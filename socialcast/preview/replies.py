"""What is said below an announcement as one page: no script runs, nothing is fetched, and whatever strangers wrote is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from socialcast.delivery.conversation import Kept, Standing
from socialcast.preview.elements import text

__all__ = ["write_replies_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
article { border-top: 1px solid; padding: .75rem 0; }
h2, p { margin: 0 0 .25rem; }
h2 { font-size: 1rem; }
.said { white-space: pre-wrap; }
small { opacity: .8; }
"""
_WORDS = {Standing.WAITING: "waits for an answer", Standing.ANSWERED: "answered", Standing.GONE: "deleted since"}


def write_replies_page(path: Path, key: str, replies: Iterable[Kept]) -> None:
    """Write the page, reply by reply, however many there are; raises OSError."""
    with path.open("w", encoding="utf-8") as page:
        page.writelines(_lines(key, replies))


def _lines(key: str, replies: Iterable[Kept]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n<meta name="referrer" content="no-referrer">\n'
    yield '<meta name="viewport" content="width=device-width">\n'
    yield f"<title>Replies: {text(key)}</title>\n<style>{_STYLE}</style>\n<h1>Replies: {text(key)}</h1>\n<main>\n"
    any_said = False
    for kept in replies:
        any_said = True
        yield _article(kept)
    yield "" if any_said else "<p>Nobody has said anything so far.</p>\n"
    yield "</main>\n</html>\n"


def _article(kept: Kept) -> str:
    reply = kept.reply
    language = f' lang="{text(reply.language)}"' if reply.language else ""
    notes = [_WORDS[kept.standing], *(["hidden"] if reply.hidden else []), *filter(None, [reply.forbidden])]
    return (
        f'<article>\n<h2><bdi dir="auto">{text(reply.author)}</bdi> on {text(kept.channel)}</h2>\n'
        f'<p class="said" dir="auto"{language}>{text(reply.text)}</p>\n'
        f"<small>{_when(kept)}; {text('; '.join(notes))}; id <code>{text(reply.id)}</code></small>\n</article>\n"
    )


def _when(kept: Kept) -> str:
    time = f'<time datetime="{kept.reply.at.isoformat()}">{kept.reply.at:%Y-%m-%d %H:%M} UTC</time>'
    if not kept.reply.url.startswith(("https://", "http://")):  # no other address may be followed
        return time
    return f'<a href="{text(kept.reply.url)}" rel="noreferrer noopener nofollow">{time}</a>'
