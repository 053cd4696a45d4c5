"""`socialcast demo`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from socialcast.broadcast import Broadcast
from socialcast.cli.deliver import deliver
from socialcast.cli.options import json_option
from socialcast.cli.place import OWN_SANDBOX, Place, make_sandbox, serve
from socialcast.cli.progress import watch
from socialcast.cli.show import show_report
from socialcast.model.announcement import Audience
from socialcast.model.receipt import Report
from socialcast.registry import publisher_class
from socialcast.wire.announcements import load_announcement
from socialcast.wire.settings import Channel, read_channels

if TYPE_CHECKING:
    from socialcast.sandbox import Sandbox

__all__ = ["command"]


@click.command("demo")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="socialcast-demo/ledger.sqlite3",
    show_default=True,
    help="The record of the demo; with it, a second demo sends nothing.",
)
@click.option("--serve", "stay", is_flag=True, help="Publish anew, without a record, and show the wall until Ctrl-C.")
@click.option("--press", is_flag=True, help="Let the press have it, too: a mail to each journalist on a list, and a closed room.")
@json_option
def command(ledger: Path, stay: bool, press: bool, as_json: bool) -> None:
    """Publish the bundled example, an open day with photos, a film and a live event: on all platforms of a sandbox here, and
    on a site of one's own, whose files stay beside the record."""
    channels = _channels(press=press)
    newsroom = None if stay else ledger.parent / "newsroom"
    with make_sandbox() as sandbox:
        _lay_newsroom(sandbox, newsroom)
        publish = partial(_published, channels, sandbox)
        report = publish(ledger) if ledger.exists() and not stay else _published_anew(publish, None if stay else ledger)
        show_report(report, as_json=as_json)
        if press and not as_json:
            _tell_press_room(sandbox, channels, report)
        if stay:
            click.echo(f"The wall: {sandbox.url}\nCtrl-C ends it.", err=True)
            serve()
    if newsroom and not as_json:
        page = newsroom / report["site"].id / "index.html"
        if page.exists():
            click.echo(f"The newsroom's page is a real one, to open in a browser: {page}", err=True)
        words = "socialcast demo --serve --press" if press else "socialcast demo --serve"
        click.echo(f"The sandbox has ended. To look at the posts: {words}", err=True)
    sys.exit(report.exit_code)


def _lay_newsroom(sandbox: Sandbox, folder: Path | None) -> None:
    """Let the newsroom of the example be written into a folder that stays; without one, into the sandbox's own."""
    for channel in _channels(press=False):
        if folder and channel.platform == "newsroom":
            wishes = publisher_class(channel.platform).sandbox_wishes(channel.settings)
            sandbox.account(channel.platform, channel.name, folder=str(folder), **wishes)


def _channels(*, press: bool) -> tuple[Channel, ...]:
    """Those of the example, and the press room's if it is wanted."""
    files = ("channels.toml", "press.toml") if press else ("channels.toml",)
    return tuple(channel for name in files for channel in read_channels(_examples() / name).channels)


def _tell_press_room(sandbox: Sandbox, channels: Iterable[Channel], report: Report) -> None:
    """What this run gave to journalists, and to whom; of mails each sees one, their own."""
    for channel in channels:
        if channel.audience is not Audience.PRESS or not report[channel.name].steps_sent:
            continue
        cards = sandbox.mirror(channel.platform).cards()
        counted = [f"{count} x {kind}" for kind, count in Counter(card.kind for card in cards).items()]
        to = sorted({card.facts["to"] for card in cards if "to" in card.facts})
        told = ", ".join(counted) + (f", to {' and '.join(to)}" if to else "")
        click.echo(f"In the press room, {channel.name}: {told}", err=True)


def _published_anew(publish: Callable[[Path], Report], ledger: Path | None) -> Report:
    """Publish with a new record, and keep it only when it is whole: what is half done ends with its sandbox."""
    if ledger:
        ledger.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=ledger and ledger.parent, prefix="socialcast-") as folder:
        record = Path(folder, "ledger.sqlite3")
        report = publish(record)
        if ledger and report.exit_code == 0:
            record.replace(ledger)
    return report


def _published(channels: Iterable[Channel], sandbox: Sandbox, ledger: Path) -> Report:
    from socialcast.testing.clock import SandboxClock  # needs the sandbox's extra

    examples, progress = _examples(), watch()
    announcement = load_announcement(examples / "open-doors" / "event.md")
    place = Place(examples / "channels.toml", ledger, OWN_SANDBOX)
    with Broadcast(channels, ledger=ledger, sandbox=sandbox, clock=SandboxClock(sandbox), on_event=progress) as broadcast:
        run = partial(broadcast.publish, announcement)
        return deliver(announcement.resolved_key, run, broadcast, place, progress)


def _examples() -> Path:
    """The examples in the installed package, or those of a checkout."""
    package = Path(str(files("socialcast")))
    return next(folder for folder in (package / "examples", package.parent / "examples") if folder.is_dir())
