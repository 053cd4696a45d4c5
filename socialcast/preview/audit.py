"""An audit as Markdown for a job's summary, and as a page; what stands on the platforms is text, whatever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from socialcast.compose.characters import harmless
from socialcast.model.reports import Audit, AuditReport, Finding

__all__ = ["audit_markdown", "audit_page"]

_HEADS = ("channel", "what", "where", "announced", "shown")
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th { white-space: nowrap; }
th, td { border: 1px solid; padding: .3rem .6rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
"""


def audit_markdown(report: AuditReport) -> str:
    """The report as GitHub and GitLab show it."""
    lines = [f"## {_code(report.key)}: {_verdict(report)}", "", "| channel | platform | outcome |", "| --- | --- | --- |"]
    lines += [f"| {_code(each.channel)} | {each.platform} | {_code(_told(each))} |" for each in report.outcomes]
    if rows := list(_rows(report)):
        lines += ["", f"| {' | '.join(_HEADS)} |", f"|{' --- |' * len(_HEADS)}"]
        lines += [f"| {' | '.join(map(_code, row))} |" for row in rows]
    return "\n".join([*lines, ""])


def audit_page(report: AuditReport) -> str:
    """One self-contained page; no script runs and nothing is fetched."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    channels = [(each.channel, each.platform, _told(each)) for each in report.outcomes]
    rows = list(_rows(report))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>Audit: {_text(report.key)}</title>\n<style>{_STYLE}</style>\n<main>",
            f"<h1>{_text(report.key)}: {_text(_verdict(report))}</h1>",
            _table("How every channel was read", ("channel", "platform", "outcome"), channels),
            _table("What differs", _HEADS, rows) if rows else "",
            "</main>\n</html>\n",
        ]
    )


def _verdict(report: AuditReport) -> str:
    count = sum(len(outcome.findings) for outcome in report.outcomes)
    unread = sum(outcome.failed for outcome in report.outcomes)
    told = [f"{count} difference{'s' if count != 1 else ''}" if count else "as announced"]
    return ", ".join([*told, *([f"{unread} not read"] if unread else [])])


def _told(outcome: Audit) -> str:
    told = ": ".join(filter(None, ("not read" if outcome.failed else outcome.done, outcome.reason)))
    return f"{told} (not looked at: {', '.join(outcome.unseen)})" if outcome.unseen else told


def _rows(report: AuditReport) -> Iterator[tuple[str, ...]]:
    for outcome in report.outcomes:
        for finding in outcome.findings:
            yield outcome.channel, _what(finding), finding.item.url or finding.item.id, finding.expected, finding.found


def _what(finding: Finding) -> str:
    aspect = f"{finding.aspect} " if finding.aspect else f"{finding.item.kind} "
    return f"{aspect}{finding.difference.value}{f' ({finding.by})' if finding.by else ''}"


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in heads)
    body = "\n".join(f"<tr>{''.join(f'<td dir=auto>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<caption>{_text(caption)}</caption>\n<tr>{head}</tr>\n{body}\n</table>"


def _cell(text: str) -> str:
    """The text, and a link where it is nothing but an address; none is followed with what led there."""
    shown = _text(text)
    is_address = text.startswith(("https://", "http://")) and not set(text) & set(" \n\t")
    return f'<a href="{shown}" rel="noreferrer noopener nofollow">{shown}</a>' if is_address else shown


def _text(text: str) -> str:
    return escape(harmless(text), quote=True)


def _code(text: str) -> str:
    """Words of others within backticks, which nothing in them can end."""
    plain = harmless(text).replace("\n", " ").replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""
