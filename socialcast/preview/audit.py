"""An audit as Markdown for a job's summary, and as a page; what stands on the platforms is text, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator

from socialcast.model.reports import Audit, AuditReport, Finding
from socialcast.preview.elements import code, markdown_table, page, table, text

__all__ = ["FINDING_HEADS", "audit_markdown", "audit_page", "finding_row"]

FINDING_HEADS = ("channel", "what", "where", "announced", "shown")


def audit_markdown(report: AuditReport) -> str:
    """The report as GitHub and GitLab show it."""
    channels = [(code(each.channel), each.platform, code(_told(each))) for each in report.outcomes]
    lines = [f"## {code(report.key)}: {_verdict(report)}", "", *markdown_table(("channel", "platform", "outcome"), channels)]
    if rows := [tuple(map(code, row)) for row in _rows(report)]:
        lines += ["", *markdown_table(FINDING_HEADS, rows)]
    return "\n".join([*lines, ""])


def audit_page(report: AuditReport) -> str:
    """One self-contained page; no script runs and nothing is fetched."""
    channels = [(each.channel, each.platform, _told(each)) for each in report.outcomes]
    rows = list(_rows(report))
    heading = f"<h1>{text(report.key)}: {text(_verdict(report))}</h1>"
    read = table("How every channel was read", ("channel", "platform", "outcome"), channels)
    return page(f"Audit: {report.key}", [heading, read, table("What differs", FINDING_HEADS, rows) if rows else ""])


def _verdict(report: AuditReport) -> str:
    count = sum(len(outcome.findings) for outcome in report.outcomes)
    unread = sum(outcome.failed for outcome in report.outcomes)
    told = [f"{count} difference{'s' if count != 1 else ''}" if count else "as announced"]
    return ", ".join([*told, *([f"{unread} not read"] if unread else [])])


def _told(outcome: Audit) -> str:
    adoption = outcome.adoption.value if outcome.adoption else ""
    told = ": ".join(filter(None, (adoption, "not read" if outcome.failed else outcome.done, outcome.reason)))
    return f"{told} (not looked at: {', '.join(outcome.unseen)})" if outcome.unseen else told


def _rows(report: AuditReport) -> Iterator[tuple[str, ...]]:
    for outcome in report.outcomes:
        for finding in outcome.findings:
            yield finding_row(outcome.channel, finding)


def finding_row(channel: str, finding: Finding) -> tuple[str, ...]:
    """What stands below the heads."""
    return channel, _what(finding), finding.item.url or finding.item.id, finding.expected, finding.found


def _what(finding: Finding) -> str:
    aspect = f"{finding.aspect} " if finding.aspect else f"{finding.item.kind} "
    return f"{aspect}{finding.difference.value}{f' ({finding.by})' if finding.by else ''}"
