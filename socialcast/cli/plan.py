"""`socialcast plan FILE`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

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
from socialcast.cli.place import Place, make_sandbox
from socialcast.cli.show import show_plan
from socialcast.model.announcement import Announcement
from socialcast.wire.announcements import load_announcement

if TYPE_CHECKING:
    from socialcast.broadcast.rehearsal import Rehearsal

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
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one page that shows every post as its readers will see it.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown for a comment under a pull request.")
@click.option(
    "--requests",
    is_flag=True,
    help="List every request as it would be sent, from a rehearsal in a sandbox; secrets are shown as names.",
)
@json_option
def command(
    file: Path,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    save: Path | None,
    html: Path | None,
    markdown: bool,
    requests: bool,
    as_json: bool,
) -> None:
    """Show what every channel will say of the announcement in FILE, what had to be adapted, and every problem.

    Nothing is published. The digest is the same for the same input on every machine; `publish --approved DIGEST` sends
    nothing else. The plan is kept beside the ledger, so that a later difference can be named. Exit code 1 means that an
    error would stop it.
    """
    if markdown and (as_json or requests):
        raise click.UsageError(f"say one of --markdown and {'--json' if as_json else '--requests'}")
    announcement, place = load_announcement(file), Place(channels, ledger, sandbox, only)
    with place.open() as broadcast:
        plan = broadcast.plan(announcement)
        _keep(plan, broadcast, save, is_to_stay=not place.has_own_sandbox)
        if html:
            _write_page(plan, announcement, html, broadcast)
        rehearsal = _rehearsed(broadcast, announcement) if requests else None
    if markdown:
        _print_markdown(plan, announcement)
    else:
        show_plan(plan, rehearsal, as_json=as_json)
    sys.exit(1 if plan.is_stopped else 0)


def _write_page(plan: Plan, announcement: Announcement, file: Path, broadcast: Broadcast) -> None:
    from socialcast.preview import plan_page  # what only those need who ask for it

    file.write_text(plan_page(plan, announcement, os.fspath(broadcast.media_folder)), encoding="utf-8")


def _rehearsed(broadcast: Broadcast, announcement: Announcement) -> Rehearsal:
    with make_sandbox() as sandbox:
        return broadcast.rehearse(announcement, sandbox)


def _print_markdown(plan: Plan, announcement: Announcement) -> None:
    from socialcast.preview import plan_markdown  # what only those need who ask for it

    click.echo(plan_markdown(plan, announcement))


def _keep(plan: Plan, broadcast: Broadcast, save: Path | None, *, is_to_stay: bool) -> None:
    if save:
        save.write_bytes(msgspec.json.format(msgspec.json.encode(plan.content)))
    if is_to_stay:
        with suppress(OSError):  # a checkout that cannot be written shows the plan all the same
            broadcast.keep(plan)
