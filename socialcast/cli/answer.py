"""`socialcast answer REPLY "text"`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines, print_json

__all__ = ["command"]


@click.command("answer")
@click.argument("reply")
@click.argument("text")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(
    reply: str, text: str, channels: Path, only: tuple[str, ...], ledger: Path | None, sandbox: str | None, as_json: bool
) -> None:
    """Answer REPLY, named by the id or the address that `socialcast replies` shows, with TEXT, in its place and once.

    The same words are not sent twice below one reply, whatever stopped an earlier run. What a platform's rules forbid is told,
    and nothing is sent.
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        outcome = broadcast.answer(reply, text)
    if as_json:
        print_json({"channel": outcome.channel, **outcome_json(outcome)})
    else:
        click.echo("\n".join(outcome_lines(outcome)))
    sys.exit(4 if outcome.unknown else 1 if outcome.failed else 0)
