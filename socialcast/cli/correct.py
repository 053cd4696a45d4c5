"""`socialcast correct FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import click

from socialcast.cli.options import (
    announcement_argument,
    channels_option,
    json_option,
    ledger_option,
    only_option,
    sandbox_option,
    yes_option,
)
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines, print_json
from socialcast.compose.characters import visible
from socialcast.model.reports import CorrectionOutcome, CorrectionReport, Means
from socialcast.wire.announcements import load_announcement

__all__ = ["command"]


@click.command("correct")
@announcement_argument
@channels_option
@only_option
@ledger_option
@sandbox_option
@click.option("--note", default="", metavar="TEXT", help="What a reply says of the mistake, in place of the new text.")
@click.option("--dry-run", is_flag=True, help="Show how every channel would be corrected, and send nothing.")
@yes_option
@json_option
def command(
    file: Path,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    note: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring what was published under the key of FILE to what FILE says now.

    A post is edited where the platform allows it. Where it does not, `correction = "reply"` or `"replace"` in the channel's
    settings says what is done instead; without that, nothing is sent anywhere. It asks before anything is taken back.
    """
    announcement = load_announcement(file)
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        planned = broadcast.plan_correction(announcement, note=note)
        if dry_run or planned.exit_code:
            _show(planned, as_json=as_json)
            sys.exit(planned.exit_code)
        if not yes:
            _ask(planned)
        report = broadcast.correct(announcement, note=note)
    _show(report, as_json=as_json)
    sys.exit(report.exit_code)


def _ask(planned: CorrectionReport) -> None:
    """Go on where nothing is taken back, or where a person says yes."""
    going = [outcome for outcome in planned.outcomes if outcome.means is Means.REPLACE]
    if not going:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("posts would be taken back, and nobody is there to be asked: add --yes")
    told = [f"  {outcome.channel} ({outcome.platform}): {outcome.url}" for outcome in going]
    click.echo("\n".join(["taken back and published anew:", *told]), err=True)
    click.confirm("Correct it so?", abort=True, err=True)


def _show(report: CorrectionReport, *, as_json: bool) -> None:
    if as_json:
        outcomes = {outcome.channel: _plain(outcome) for outcome in report.outcomes}
        print_json({"key": report.key, "revision": report.revision, "channels": outcomes})
    else:
        lines = (line for outcome in report.outcomes for line in _lines(outcome))
        click.echo("\n".join([f"{report.key}, revision {report.revision}", *lines]))


def _plain(outcome: CorrectionOutcome) -> dict[str, object]:
    own = {name: getattr(outcome, name) for name in ("text", "reply_url", "former_url")}
    return {**outcome_json(outcome), "means": outcome.means.name.lower(), "changes": list(outcome.changes), **own}


def _lines(outcome: CorrectionOutcome) -> Iterator[str]:
    planned = "" if outcome.done else outcome.means.value
    yield from outcome_lines(outcome, planned, failed=outcome.means.value if outcome.means is Means.NONE else "failed")
    if outcome.changes:
        yield f"    changes: {', '.join(outcome.changes)}"
    if outcome.text:
        yield "    the reply:"
        yield indent(visible(outcome.text), "      | ", lambda line: True)
    for label, words in (("it is at", outcome.reply_url), ("instead of", outcome.former_url)):
        if words:
            yield f"    {label}: {words}"
