"""`socialcast plan FILE`."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click
import msgspec

from socialcast.broadcast import Broadcast, Plan
from socialcast.cli.options import (
    BareSandbox,
    announcement_argument,
    channels_option,
    json_option,
    ledger_option,
    only_option,
    own_sandbox_option,
)
from socialcast.cli.place import Place
from socialcast.cli.show import show_plan
from socialcast.wire.announcements import load_announcement

__all__ = ["command"]


@click.command("plan", cls=BareSandbox)
@announcement_argument
@channels_option
@only_option
@ledger_option
@own_sandbox_option
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what the digest is made of, for --approved on another machine.",
)
@json_option
def command(
    file: Path,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Show what every channel will say of the announcement in FILE, what had to be adapted, and every problem.

    Nothing is published. The digest is the same for the same input on every machine; `publish --approved DIGEST` sends
    nothing else. The plan is kept beside the ledger, so that a later difference can be named. Exit code 1 means that an
    error would stop it.
    """
    announcement, place = load_announcement(file), Place(channels, ledger, sandbox, only)
    with place.open() as broadcast:
        plan = broadcast.plan(announcement)
        _keep(plan, broadcast, save, is_to_stay=not place.has_own_sandbox)
    show_plan(plan, as_json=as_json)
    sys.exit(1 if plan.is_stopped else 0)


def _keep(plan: Plan, broadcast: Broadcast, save: Path | None, *, is_to_stay: bool) -> None:
    if save:
        save.write_bytes(msgspec.json.format(msgspec.json.encode(plan.content)))
    if is_to_stay:
        with suppress(OSError):  # a checkout that cannot be written shows the plan all the same
            broadcast.keep(plan)
