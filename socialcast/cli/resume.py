"""`socialcast resume KEY`."""

from __future__ import annotations

from pathlib import Path

import click

from socialcast.cli.deliver import deliver, finish
from socialcast.cli.options import (
    channels_option,
    json_option,
    ledger_option,
    only_option,
    recover_option,
    sandbox_option,
    wait_option,
)
from socialcast.cli.place import Place
from socialcast.cli.progress import watch

__all__ = ["command"]


@click.command("resume")
@click.argument("key")
@channels_option
@only_option
@ledger_option
@sandbox_option
@wait_option
@recover_option
@json_option
def command(
    key: str,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    wait: bool,
    recover: bool,
    as_json: bool,
) -> None:
    """Finish what an earlier run of the announcement KEY left: after Ctrl-C, a crash, an embargo or a repair.

    The announcement comes from the ledger; its photos have to be where they were.
    """
    place, progress = Place(channels, ledger, sandbox, only), watch()
    with place.open(on_event=progress) as broadcast:
        report = deliver(broadcast.remembered(key), broadcast, place, progress, wait=wait, recover=recover)
        finish(report, broadcast, place, as_json=as_json)
