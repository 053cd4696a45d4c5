"""`socialcast ledger show|export|import|verify`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from socialcast.cli.options import json_option
from socialcast.cli.show import print_json
from socialcast.delivery.archive import export_ledger, import_ledger, verify_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.model.errors import LedgerError
from socialcast.wire.files import write_whole

__all__ = ["command"]

_file = click.argument("ledger", type=click.Path(path_type=Path))


@click.group("ledger")
def command() -> None:
    """Look at a ledger, check it, and carry it to another machine, such as the next runner of a CI job."""


@command.command("show")
@_file
@click.argument("key", required=False)
@json_option
def show(ledger: Path, key: str | None, as_json: bool) -> None:
    """List the announcements that the ledger file LEDGER knows, or every step of one."""
    with _opened(ledger) as opened:
        keys = opened.keys()
        rows = [_announcement(opened, name, with_steps=key is not None) for name in keys if key in (None, name)]
    if key and not rows:
        raise LedgerError(f"{ledger} knows no announcement {key!r}")
    if as_json:
        print_json({"announcements": rows})
    else:
        click.echo("\n".join(line for row in rows for line in _lines(row)) or "the ledger is empty")


@command.command("export")
@_file
@click.argument("key", nargs=-1)
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Where to; on stdout without it.")
def export(ledger: Path, key: tuple[str, ...], to: Path | None) -> None:
    """Write what the ledger file LEDGER knows as JSON, all of it or of some announcements."""
    with _opened(ledger) as opened:
        document = export_ledger(opened, key)
    if to:
        write_whole(to, document)  # perhaps in place of the one that the next job relies on
    else:
        click.echo(document.decode())


@command.command("import")
@_file
@click.argument("document", type=click.Path(path_type=Path))
@json_option
def import_(ledger: Path, document: Path, as_json: bool) -> None:
    """Take the exported DOCUMENT into the ledger file LEDGER, which is made if there is none.

    What is done on either side is done afterwards; a key that means other content is refused.
    """
    exported = document.read_bytes()  # first: a ledger that is made and stays empty would be taken for one that knows all
    with Ledger(ledger) as opened:
        count = import_ledger(opened, exported)
    if as_json:
        print_json({"imported": count})
    else:
        click.echo(f"{count} announcement{'' if count == 1 else 's'} taken in")


@command.command("verify")
@_file
@json_option
def verify(ledger: Path, as_json: bool) -> None:
    """Check the ledger file LEDGER for damage and for rows that make no sense; exit code 1 where there are some."""
    with _opened(ledger) as opened:
        findings = verify_ledger(opened)
    if as_json:
        print_json({"ok": not findings, "findings": findings})
    else:
        click.echo("\n".join(findings) or "the ledger is sound")
    sys.exit(1 if findings else 0)


def _opened(path: Path) -> Ledger:
    """The ledger; looking at one does not make it."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger {path}")
    return Ledger(path)


def _announcement(ledger: Ledger, key: str, *, with_steps: bool) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for name, row in sorted(ledger.deliveries(key).items()):
        channels[name] = {"platform": row.platform, "state": row.state, "url": (row.outcome or {}).get("url", "")}
        if with_steps:
            steps = sorted(ledger.steps(key, name).values(), key=lambda step: step.sent_at)
            channels[name]["steps"] = [
                {"name": s.name, "state": s.state, "result": s.result, "at": datetime.fromtimestamp(s.sent_at, UTC).isoformat()}
                for s in steps
            ]
    digest, _ = ledger.announcement(key) or ("", b"")
    return {"key": key, "digest": digest, "channels": channels}


def _lines(row: dict[str, Any]) -> list[str]:
    lines = [row["key"]]
    for name, channel in row["channels"].items():
        lines.append(f"  {name} ({channel['platform']}): {channel['state']} {channel['url']}".rstrip())
        lines += [f"    {step['at']} {step['state']:7} {step['name']}" for step in channel.get("steps", ())]
    return lines
