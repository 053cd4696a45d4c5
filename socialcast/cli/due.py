"""`socialcast due`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from socialcast.broadcast import Broadcast, Held
from socialcast.cli.deliver import deliver
from socialcast.cli.options import channels_option, json_option, ledger_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.progress import watch
from socialcast.cli.show import print_json, report_json, show_report
from socialcast.model.errors import LedgerBusy
from socialcast.model.receipt import Report

__all__ = ["command"]

_BUSY = 75
_FROM_GOOD_TO_BAD = (0, 75, 1, 3, 4)


@click.command("due")
@channels_option
@ledger_option
@sandbox_option
@click.option("--run", is_flag=True, help="Publish what is due, as `resume` does, one after another.")
@json_option
def command(channels: Path, ledger: Path | None, sandbox: str | None, run: bool, as_json: bool) -> None:
    """List the announcements that are held by an embargo, and which of them are due now: for cron or any other scheduler.

    Listing ends with 0. With --run the exit code is the worst of the runs, and 0 where nothing was due; an announcement at
    which another process works is left to that.
    """
    place, progress = Place(channels, ledger, sandbox), watch()
    with place.open(on_event=progress) as broadcast:
        held = broadcast.held()
        reports: list[Report | None] = []
        for item in held if run else ():
            if item.is_due:
                reports.append(_run(item, broadcast, place, progress))
    _show(held, [report for report in reports if report], as_json=as_json)
    sys.exit(max((report.exit_code if report else _BUSY for report in reports), key=_FROM_GOOD_TO_BAD.index, default=0))


def _run(item: Held, broadcast: Broadcast, place: Place, progress: Any) -> Report | None:
    """The report; None where somebody else is at it."""
    try:
        return deliver(item.key, partial(broadcast.resume, item.key), broadcast, place, progress)
    except LedgerBusy as error:
        click.echo(f"{item.key}: {error}", err=True)
        return None


def _show(held: Iterable[Held], reports: Iterable[Report], *, as_json: bool) -> None:
    if as_json:
        print_json({"held": msgspec.to_builtins(held), "reports": [report_json(report) for report in reports]})
        return
    for item in held:
        when = click.style("due", fg="yellow") + " since" if item.is_due else "held until"
        click.echo(f"{item.key}: {when} {item.due_at.isoformat()} ({', '.join(item.channels)})")
    for report in reports:
        show_report(report, as_json=False)
    if not held:
        click.echo("nothing is held by an embargo")
