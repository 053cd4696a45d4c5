"""`socialcast retract KEY`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option, yes_option
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines, print_json
from socialcast.model.receipt import Item, Report, State
from socialcast.model.reports import Retraction, RetractionReport

__all__ = ["command"]


@click.command("retract")
@click.argument("key")
@channels_option
@only_option
@ledger_option
@sandbox_option
@yes_option
@json_option
def command(
    key: str, channels: Path, only: tuple[str, ...], ledger: Path | None, sandbox: str | None, yes: bool, as_json: bool
) -> None:
    """Take back what was published as KEY: posts, photos, films, albums, edits and what was answered below them.

    It asks first. What a platform does not let go is listed with its address, and the exit code is 3 then. Run it again after
    anything that stopped it: what is gone already is no error. The key stays used: publish anew under another one.
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        if not yes:
            _ask(broadcast.status(key))
        report = broadcast.retract(key)
    _show(report, as_json=as_json)
    sys.exit(report.exit_code)


def _ask(report: Report) -> None:
    """Say what will go, and go on where a person says yes."""
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked whether to take it back: add --yes")
    click.echo("\n".join([f"{report.key} will be taken back:", *_what_goes(report)]), err=True)
    click.confirm("Take it back?", abort=True, err=True)


def _what_goes(report: Report) -> Iterator[str]:
    for outcome in report.outcomes:
        if outcome.state is State.PUBLISHED:
            yield f"  {outcome.channel} ({outcome.platform}): {outcome.url}".rstrip(": ")
            yield from (f"    {named}" for named in _named((*outcome.items, *outcome.said)))


def _show(report: RetractionReport, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": report.key, "channels": {outcome.channel: _plain(outcome) for outcome in report.outcomes}})
    else:
        click.echo("\n".join([report.key, *(line for outcome in report.outcomes for line in _lines(outcome))]))


def _plain(outcome: Retraction) -> dict[str, object]:
    left = [
        {"id": each.item.id, "kind": each.item.kind, "url": each.item.url, "reason": each.reason, "hint": each.hint}
        for each in outcome.left
    ]
    return {**outcome_json(outcome), "left": left}


def _lines(outcome: Retraction) -> Iterator[str]:
    yield from outcome_lines(outcome)
    for (reason, hint), alike in groupby(outcome.left, key=lambda left: (left.reason, left.hint)):
        yield from (f"    still there: {named}: {reason}" for named in _named(left.item for left in alike))
        if hint:
            yield f"      to do: {hint}"


def _named(items: Iterable[Item]) -> Iterator[str]:
    """Each by its address; what has none, such as the mails to a thousand readers, is counted."""
    for (kind, has_address), alike in groupby(items, key=lambda item: (item.kind, bool(item.url))):
        those = list(alike)
        if has_address or len(those) == 1:
            yield from (f"{kind} {item.url or item.id}" for item in those)
        else:
            yield f"{len(those)} x {kind}"
