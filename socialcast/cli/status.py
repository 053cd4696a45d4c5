"""`socialcast status KEY`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import show_report

__all__ = ["command"]


@click.command("status")
@click.argument("key")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(key: str, channels: Path, only: tuple[str, ...], ledger: Path | None, sandbox: str | None, as_json: bool) -> None:
    """Tell where every channel stands with the announcement KEY, by the ledger; no platform is asked.

    The exit code is that of the run which left it so: 0 where it is published, or taken back, as a whole.
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        report = broadcast.status(key)
    show_report(report, as_json=as_json)
    sys.exit(report.standing_code)
