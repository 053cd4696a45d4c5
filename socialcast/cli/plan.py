"""`socialcast plan FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socialcast.cli.options import (
    BareSandbox,
    announcement_argument,
    channels_option,
    json_option,
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
@own_sandbox_option
@json_option
def command(file: Path, channels: Path, only: tuple[str, ...], sandbox: str | None, as_json: bool) -> None:
    """Show what every channel will say of the announcement in FILE, what had to be adapted, and every problem.

    Nothing is published. The digest is the same for the same input on every machine. Exit code 1 means that an error
    would stop it.
    """
    announcement = load_announcement(file)
    with Place(channels, sandbox=sandbox, only=only).open() as broadcast:
        plan = broadcast.plan(announcement)
    show_plan(plan, as_json=as_json)
    sys.exit(1 if plan.is_stopped else 0)
