"""`socialcast capabilities [PLATFORM]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Column, Table

from socialcast.cli.options import json_option
from socialcast.cli.show import print_json
from socialcast.model.capabilities import Capabilities
from socialcast.model.errors import ConfigurationError
from socialcast.registry import platforms, publisher_class

__all__ = ["command"]

_ABOUT_THE_TABLE = ("documented", "checked", "notes", "recovery")  # sentences, which fit the table of one platform only
_PATH_WIDTH, _COLUMN_WIDTH = 36, 22  # characters


@click.command("capabilities")
@click.argument("platform", required=False)
@json_option
def command(platform: str | None, as_json: bool) -> None:
    """Show what PLATFORM can do, with the page that says so; without a name, all platforms beside each other."""
    tables = {platform: publisher_class(platform).capabilities} if platform else _installed()
    if as_json:
        print_json({name: msgspec.to_builtins(table, order="sorted") for name, table in tables.items()})
    else:
        columns = {name: dict(_leaves(table)) for name, table in tables.items()}
        _print(columns if platform else {name: _comparable(leaves) for name, leaves in columns.items()})


def _installed() -> dict[str, Capabilities]:
    """The tables of all platforms whose library is there; the others are named."""
    found = {}
    for name in platforms():
        try:
            found[name] = publisher_class(name).capabilities
        except ConfigurationError as error:
            click.echo(f"{name} is left out: {error}", err=True)
    return found


def _comparable(leaves: Mapping[str, str]) -> dict[str, str]:
    return {path: value for path, value in leaves.items() if not path.startswith(_ABOUT_THE_TABLE)}


def _leaves(struct: msgspec.Struct, group: str = "") -> Iterator[tuple[str, str]]:
    for name in struct.__struct_fields__:
        value, path = getattr(struct, name), group + name
        if isinstance(value, msgspec.Struct):
            yield from _leaves(value, f"{path}.")
        elif isinstance(value, Mapping):
            yield from ((f"{path}.{key}", str(words)) for key, words in value.items())
        elif value is None and not group:
            yield path, "not supported"
        else:
            yield path, _in_words(value)


def _in_words(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, frozenset | tuple):
        return ", ".join(sorted(map(_in_words, value))) or "none"
    return str(value.value if isinstance(value, Enum) else value)


def _print(columns: Mapping[str, Mapping[str, str]]) -> None:
    """As many platforms beside each other as the terminal has room for, the others below."""
    console, names = Console(), list(columns)
    at_once = max(1, (console.width - _PATH_WIDTH) // _COLUMN_WIDTH)
    for start in range(0, len(names), at_once):
        console.print(_drawn({name: columns[name] for name in names[start : start + at_once]}))


def _drawn(columns: Mapping[str, Mapping[str, str]]) -> Table:
    table = Table(Column("", no_wrap=True), *columns)
    for path in dict.fromkeys(path for leaves in columns.values() for path in leaves):
        table.add_row(path, *(leaves.get(path, "") for leaves in columns.values()))
    return table
