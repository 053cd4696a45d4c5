"""`socialcast doctor [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from socialcast.broadcast import Checkup
from socialcast.cli.options import BareSandbox, channels_option, json_option, only_option, own_sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import print_json
from socialcast.wire.announcements import load_announcement

__all__ = ["command"]

_SOON_DAYS = 14  # time enough for somebody who is away to sign in again


@click.command("doctor", cls=BareSandbox)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@channels_option
@only_option
@own_sandbox_option
@json_option
def command(file: Path | None, channels: Path, only: tuple[str, ...], sandbox: str | None, as_json: bool) -> None:
    """Ask every platform who you are, what the credentials may do and for how long, and what is left of quotas.

    With an announcement in FILE also what it costs, and whether it fits under the accounts' own limits. Nothing is changed
    and nothing recorded. Exit code 1 means that a required channel could not publish.
    """
    announcement = load_announcement(file) if file else None
    with Place(channels, sandbox=sandbox, only=only).open() as broadcast:
        checkups = broadcast.examine(announcement)
    if as_json:
        print_json({"channels": {checkup.channel: _plain(checkup) for checkup in checkups}})
    else:
        click.echo("\n\n".join("\n".join(_lines(checkup)) for checkup in checkups))
    sys.exit(0 if all(checkup.is_fit for checkup in checkups if checkup.required) else 1)


def _plain(checkup: Checkup) -> dict[str, Any]:
    account, access = checkup.account, checkup.access
    return {
        "platform": checkup.platform,
        "required": checkup.required,
        "fit": checkup.is_fit,
        "reason": checkup.reason,
        "hint": checkup.hint,
        "account": {"id": account.id, "name": account.name, "url": account.url} if account else None,
        "limits": account.limits if account else {},
        "scopes": list(access.scopes),
        "expires_at": access.expires_at.isoformat() if access.expires_at else None,
        "days_left": _days_left(checkup),
        "left": access.left,
        "costs": [{"amount": str(cost.amount), "unit": cost.unit, "why": cost.why} for cost in checkup.costs],
        "problems": [str(problem) for problem in checkup.problems],
    }


def _days_left(checkup: Checkup) -> int | None:
    expires_at = checkup.access.expires_at
    return (expires_at - datetime.now(UTC)).days if expires_at else None


def _lines(checkup: Checkup) -> Iterator[str]:
    verdict = click.style("well", fg="green") if checkup.is_fit else click.style("not fit to publish", fg="red")
    yield f"{click.style(checkup.channel, bold=True)} ({checkup.platform}): {verdict}"
    if checkup.reason:
        yield "  " + checkup.reason.replace("\n", "\n  ")
    if checkup.hint:
        yield f"  to do: {checkup.hint}"
    if checkup.account and not checkup.account.id:
        yield "  there is nobody to ask: it shows when it is used"
    elif checkup.account:
        yield "  account " + " ".join(filter(None, (checkup.account.name or checkup.account.id, checkup.account.url)))
    if checkup.access.scopes:
        yield f"  may {', '.join(checkup.access.scopes)}"
    if (days := _days_left(checkup)) is not None:
        yield click.style(f"  the credentials end in {days} days", fg="yellow" if days <= _SOON_DAYS else None)
    yield from (f"  {amount:,} {unit} left" for unit, amount in checkup.access.left.items())
    limits = checkup.account.limits if checkup.account else {}
    yield from (f"  limit {path}: {value:,}" for path, value in limits.items())
    yield from (f"  costs {cost}{f': {cost.why}' if cost.why else ''}" for cost in checkup.costs)
    yield from (f"  {problem}" for problem in checkup.problems)
