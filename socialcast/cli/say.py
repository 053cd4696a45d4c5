"""`socialcast say KEY TEXT`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines, print_json
from socialcast.model.announcement import Photo

__all__ = ["command"]


@click.command("say")
@click.argument("key")
@click.argument("text")
@click.option(
    "--photo", "photos", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="A photo; several may be."
)
@click.option("--alt", "alts", multiple=True, metavar="TEXT", help="What the photo shows, for each in turn.")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(
    key: str,
    text: str,
    photos: Sequence[Path],
    alts: Sequence[str],
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Say TEXT at the end of the thread of KEY, on every channel that has threads, as in a live interview.

    Each statement appears once, in the order of all who speak: who comes second waits. The same words again finish what was cut
    short, and are not said twice.
    """
    if len(photos) != len(alts):
        raise click.UsageError(f"{len(photos)} photos and {len(alts)} descriptions: give each --photo an --alt")
    shown = [Photo(path, alt=alt) for path, alt in zip(photos, alts, strict=True)]
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        report = broadcast.say(key, text, shown)
    if as_json:
        told = {outcome.channel: outcome_json(outcome) for outcome in report.outcomes}
        print_json({"key": report.key, "number": report.number, "channels": told})
    else:
        lines = (line for outcome in report.outcomes for line in outcome_lines(outcome))
        click.echo("\n".join([f"{report.key}, statement {report.number}", *lines]))
    sys.exit(report.exit_code)
