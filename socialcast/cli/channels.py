"""`socialcast channels`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from socialcast.cli.options import channels_option, json_option
from socialcast.cli.show import print_json
from socialcast.cli.sources import Source, sources
from socialcast.model.errors import ConfigurationError
from socialcast.registry import publisher_class
from socialcast.wire.settings import Channel, read_channels, resolve_settings

__all__ = ["command"]


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    platform: str
    required: bool
    policy: str
    audience: str
    settings: tuple[Source, ...] = ()
    problem: str = ""


@click.command("channels")
@channels_option
@json_option
def command(channels: Path, as_json: bool) -> None:
    """List the channels: platform, policy, and for each setting where it comes from and whether it is found.

    Secrets are named and never shown.
    """
    listed = {channel.name: _listed(channel) for channel in read_channels(channels).channels}
    if as_json:
        print_json({"channels": {name: _plain(entry) for name, entry in listed.items()}})
    else:
        click.echo("\n\n".join("\n".join(_lines(name, entry)) for name, entry in listed.items()))


def _listed(channel: Channel) -> _Listed:
    audience, policy = channel.audience.value, channel.policy.value
    listed = _Listed(platform=channel.platform, required=channel.required, policy=policy, audience=audience)
    try:
        settings = publisher_class(channel.platform).Settings
        listed = replace(listed, settings=tuple(sources(settings, channel)))
        resolve_settings(settings, channel)
    except ConfigurationError as error:
        return replace(listed, problem=str(error))
    return listed


def _plain(entry: _Listed) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(entry)
    return plain | {"settings": {source.pop("name"): source for source in plain["settings"]}}


def _lines(name: str, entry: _Listed) -> Iterator[str]:
    need = "required" if entry.required else "optional"
    yield click.style(name, bold=True) + f" ({entry.platform}, {need}, {entry.audience}, policy {entry.policy})"
    for source in entry.settings:
        found = click.style("found", fg="green") if source.found else click.style("missing", fg="red")
        yield f"  {source.name:<24} {source.place:<44} {found}"
    if entry.problem:
        yield click.style(indent(entry.problem, "  "), fg="red")
