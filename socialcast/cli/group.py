"""A group that knows its commands by name and imports one when it is used, so that `--help` costs next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from socialcast.wire.suggest import suggest

__all__ = ["LazyGroup"]

_WANTS_JSON = "socialcast.json"


class LazyGroup(click.Group):
    """The commands of a package: module NAME holds `command`, and `summaries` says what each does."""

    def __init__(self, *args: Any, package: str, summaries: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._package, self._summaries = package, summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a person meets them."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of that name."""
        if cmd_name not in self._summaries:
            ctx.fail(f"there is no command {cmd_name!r}: {suggest(cmd_name, self._summaries)}")
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether JSON is wanted, which an error has to know even when the rest cannot be read."""
        ctx.meta[_WANTS_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong is told in words and ends in its exit code."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's own business
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a person gets words, never a traceback
            from socialcast.cli.failures import tell  # what an error needs, `--help` does not

            ctx.exit(tell(error, as_json=ctx.meta[_WANTS_JSON]))
