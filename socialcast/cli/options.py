"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from socialcast.cli.place import OWN_SANDBOX

__all__ = [
    "BareSandbox",
    "announcement_argument",
    "channels_option",
    "json_option",
    "ledger_option",
    "only_option",
    "own_sandbox_option",
    "recover_option",
    "sandbox_option",
    "wait_option",
    "yes_option",
]

_WEB = ("http://", "https://")


class BareSandbox(click.Command):
    """A command whose `--sandbox` may stand alone, which then never takes FILE for its address as click would."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spell out the value of a bare `--sandbox`."""
        spelled_out = [
            f"{argument}={OWN_SANDBOX}" if argument == "--sandbox" and not after.startswith(_WEB) else argument
            for argument, after in zip(args, [*args[1:], ""], strict=False)
        ]
        return super().parse_args(ctx, spelled_out)


def _address(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value in (None, OWN_SANDBOX):
        return value
    if not value.startswith(_WEB):
        raise click.BadParameter(f"{value!r} is not the address of a sandbox, such as http://127.0.0.1:8025")
    return value.rstrip("/")


def _existing(ctx: click.Context, parameter: click.Parameter, value: Path) -> Path:
    if not value.exists():
        raise click.BadParameter(f"there is no file {value}; say where yours is with --channels FILE")
    return value


announcement_argument = click.argument("file", type=click.Path(path_type=Path))
channels_option = click.option(
    "--channels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="channels.toml",
    show_default=True,
    callback=_existing,
    help="The channels file.",
)
only_option = click.option("--only", multiple=True, metavar="NAME", help="Only this channel; may be given several times.")
ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The record of what was published, in place of the one that the channels file names.",
)
own_sandbox_option = click.option(
    "--sandbox",
    metavar="[URL]",
    callback=_address,
    help="Publish into the sandbox at URL, or into one that lives as long as this command; no credential is read.",
)
sandbox_option = click.option(
    "--sandbox", metavar="URL", callback=_address, help="The sandbox that the announcement was published into."
)
wait_option = click.option("--wait", is_flag=True, help="Stay until the embargo ends.")
recover_option = click.option(
    "--recover", is_flag=True, help="Look on the platforms before anything is sent: for a run whose ledger was lost."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object on stdout.")
