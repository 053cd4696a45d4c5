"""`socialcast publish FILE`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from socialcast.cli.deliver import deliver, finish
from socialcast.cli.options import (
    BareSandbox,
    announcement_argument,
    channels_option,
    json_option,
    ledger_option,
    only_option,
    own_sandbox_option,
    recover_option,
    wait_option,
)
from socialcast.cli.place import Place
from socialcast.cli.plan import command as plan
from socialcast.cli.progress import watch
from socialcast.wire.announcements import load_announcement

__all__ = ["command"]


@click.command("publish", cls=BareSandbox)
@announcement_argument
@channels_option
@only_option
@ledger_option
@own_sandbox_option
@wait_option
@recover_option
@click.option(
    "--approved",
    metavar="DIGEST",
    help="Send only the plan of that digest, or of the file that `plan --save` wrote; what is different stops it.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and publish nothing.")
@json_option
def command(
    file: Path,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    wait: bool,
    recover: bool,
    approved: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish the announcement in FILE on every channel that does not have it yet.

    It may be stopped and run again at any moment: no post appears twice and none is lost. Progress goes to stderr, the
    report to stdout.
    """
    if dry_run:  # leaves with the plan's exit code
        places = {"channels": channels, "ledger": ledger, "sandbox": sandbox, "only": only}
        shown = {"save": None, "html": None, "markdown": False, "requests": False, "as_json": as_json}
        click.get_current_context().invoke(plan, file=file, **shown, **places)
    announcement = load_announcement(file)
    place, progress = Place(channels, ledger, sandbox, only), watch()
    with place.open(on_event=progress) as broadcast:
        run = partial(broadcast.publish, announcement, wait=wait, recover=recover, approved=approved)
        report = deliver(announcement.resolved_key, run, broadcast, place, progress)
        finish(report, broadcast, place, as_json=as_json)
