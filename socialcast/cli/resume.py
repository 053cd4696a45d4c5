"""`socialcast resume KEY`."""

from __future__ import annotations

from functools import partial
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

    The announcement comes from the ledger, and so do the channels that it was for, unless --only names some; its photos
    have to be where they were.
    """
    place, progress = Place(channels, ledger, sandbox, only), watch()
    with place.open(on_event=progress) as broadcast:
        run = partial(broadcast.resume, key, wait=wait, recover=recover)
        report = deliver(key, run, broadcast, place, progress)
        finish(report, broadcast, place, as_json=as_json)
