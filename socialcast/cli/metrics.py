"""`socialcast metrics KEY`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines, print_json
from socialcast.model.reports import Measured, MetricsReport

__all__ = ["command"]


@click.command("metrics")
@click.argument("key")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(key: str, channels: Path, only: tuple[str, ...], ledger: Path | None, sandbox: str | None, as_json: bool) -> None:
    """Ask every platform what it counts of the announcement KEY: views, likes, shares, comments, with what it means by them.

    The ledger keeps each answer with its time; `socialcast report` draws them. Added up is only what means the same everywhere.
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        report = broadcast.measure(key)
    if as_json:
        told = {outcome.channel: _plain(outcome) for outcome in report.outcomes}
        print_json({"key": report.key, "at": report.at.isoformat(), "totals": report.totals, "channels": told})
    else:
        click.echo("\n".join(_report_lines(report)))
    sys.exit(report.exit_code)


def _plain(outcome: Measured) -> dict[str, object]:
    own = {"numbers": msgspec.to_builtins(outcome.numbers), "items": msgspec.to_builtins(outcome.metrics)}
    return {**outcome_json(outcome), **own}


def _report_lines(report: MetricsReport) -> Iterator[str]:
    yield f"{report.key}, at {report.at:%Y-%m-%d %H:%M:%S %Z}"
    for outcome in report.outcomes:
        yield from outcome_lines(outcome)
        yield from (f"    {number.value:>9,.0f} {number.name}: {number.definition}" for number in outcome.numbers)
    if report.totals:
        yield "  together: " + ", ".join(f"{value:,.0f} {name}" for name, value in report.totals.items())
