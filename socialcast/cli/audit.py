"""`socialcast audit KEY`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.progress import watch
from socialcast.cli.show import finding_json, outcome_json, outcome_lines, print_json
from socialcast.compose.characters import harmless
from socialcast.compose.excerpt import excerpt
from socialcast.model.reports import Adoption, Audit, AuditReport
from socialcast.wire.announcements import load_announcement

__all__ = ["command"]

_AUDITED = (None, Adoption.KNOWN, Adoption.FOUND)  # what these are told to have failed at is the audit


@click.command("audit")
@click.argument("key", metavar="KEY")
@click.option("--pictures", is_flag=True, help="Fetch every photo, and look whether it is the same to the eye.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it as a page, too.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a job's summary.")
@click.option("--adopt", is_flag=True, help="Rebuild a lost ledger: KEY is the announcement's file; nothing is sent.")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(
    key: str,
    pictures: bool,
    html: Path | None,
    markdown: bool,
    adopt: bool,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Read every channel back and compare it with what was announced as KEY: what is missing, removed, there twice, or changed,
    by the platform or by people. Nothing is changed.

    With --adopt KEY is the announcement's file, as it was published: every channel is searched for it, what is there goes into
    the ledger as published, and is compared.

    Exit code 0 means that all is as announced, as far as each platform lets it be read; 3 that something differs, or that a
    channel could not be read; 1 that none could.
    """
    place = Place(channels, ledger, sandbox, only)
    report = _adopted(key, place, pictures=pictures) if adopt else _audited(key, place, pictures=pictures)
    if html:
        from socialcast.preview import audit_page  # what only those need who ask for a page

        html.write_text(audit_page(report), encoding="utf-8")
    _show(report, as_json=as_json, markdown=markdown)
    sys.exit(report.exit_code)


def _audited(key: str, place: Place, *, pictures: bool) -> AuditReport:
    with place.open() as broadcast:
        return broadcast.audit(key, pictures=pictures)


def _adopted(file: str, place: Place, *, pictures: bool) -> AuditReport:
    """The audit of what was looked for, which waits where a platform is slow to show what it has, and says so."""
    announcement, progress = load_announcement(Path(file)), watch("looking for it on every channel; nothing is sent")
    with place.open(on_event=progress) as broadcast, progress:
        return broadcast.adopt(announcement, pictures=pictures)


def _show(report: AuditReport, *, as_json: bool, markdown: bool) -> None:
    if as_json:
        print_json({"key": report.key, "channels": {outcome.channel: _plain(outcome) for outcome in report.outcomes}})
    elif markdown:
        from socialcast.preview import audit_markdown

        click.echo(audit_markdown(report), nl=False)
    else:
        click.echo("\n".join([report.key, *(line for outcome in report.outcomes for line in _lines(outcome))]))


def _plain(outcome: Audit) -> dict[str, Any]:
    told = list(map(finding_json, outcome.findings))
    adoption = {"adoption": outcome.adoption.value} if outcome.adoption else {}
    return {**outcome_json(outcome), **adoption, "findings": told, "unseen": list(outcome.unseen)}


def _lines(outcome: Audit) -> Iterator[str]:
    adoption = outcome.adoption.value if outcome.adoption else ""
    yield from outcome_lines(outcome, adoption, failed="failed" if outcome.adoption in _AUDITED else adoption)
    for finding in outcome.findings:
        by = f" by {harmless(finding.by)}" if finding.by else ""
        about = finding.aspect or finding.item.kind
        yield f"    {about} {click.style(finding.difference.value, fg='red')}{by}: {finding.item.url or finding.item.id}"
        for label, words, other in (
            ("announced", finding.expected, finding.found),
            ("shown", finding.found, finding.expected),
        ):
            if words:
                yield f"      {label}: {harmless(excerpt(words, other))}"
    if outcome.unseen:
        yield f"    not looked at: {', '.join(outcome.unseen)}"
