"""`socialcast resolve KEY CHANNEL --published URL | --absent`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import show_report

__all__ = ["command"]


@click.command("resolve")
@click.argument("key")
@click.argument("channel")
@click.option(
    "--published", metavar="URL", help="All of it is there, at this address (a mail: its Message-ID): nothing more is sent."
)
@click.option("--absent", is_flag=True, help="It is not there: the next run sends it.")
@channels_option
@ledger_option
@sandbox_option
@json_option
def command(
    key: str,
    channel: str,
    published: str | None,
    absent: bool,
    channels: Path,
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Say what you saw on the platform, where the outcome of the announcement KEY on CHANNEL is unknown.

    The ledger keeps what you said. Nothing is sent; the exit code is that of `status` afterwards.
    """
    if absent == (published is not None):
        raise click.UsageError("say one of --published URL and --absent")
    with Place(channels, ledger, sandbox).open() as broadcast:
        report = broadcast.resolve(key, channel, published)
    show_report(report, as_json=as_json)
    sys.exit(report.exit_code)
