"""Fills the marked blocks of the documentation from the code, so that no page restates a number.

A block begins with `<!-- generated: NAME -->` and ends with `<!-- /generated -->`. With --check nothing is written:
a stale, unknown or missing block is an error.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from socialcast.publisher import Publisher
from socialcast.registry import publisher_class
from socialcast.wire.secrets import Secret
from socialcast.wire.wording import TEMPLATE_FIELDS, Wording

DOCS = Path(__file__).parent
CHANNELS = sorted(page.stem for page in (DOCS / "channels").glob("*.md") if page.stem != "index")
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n)(?P<old>.*?)(<!-- /generated -->)", re.DOTALL)


def main() -> int:
    check, stale = "--check" in sys.argv[1:], []
    for page in sorted(DOCS.rglob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = _filled(old, page)
        if new != old:
            stale.append(page)
            if not check:
                page.write_text(new, encoding="utf-8")
    missing = [
        f"channels/{name}.md lacks its {block} block"
        for name in CHANNELS
        for block in ("capabilities", "settings", "errors")
        if not _has(name, block)
    ]
    for line in [
        *missing,
        *(f"{page.relative_to(DOCS)} is {'stale: python3 -m docs.generate' if check else 'renewed'}" for page in stale),
    ]:
        print(line)
    return 1 if missing or (check and stale) else 0


def _filled(text: str, page: Path) -> str:
    return _BLOCK.sub(lambda block: block[1] + _content(block["name"], page) + block[4], text)


def _has(channel: str, block: str) -> bool:
    return f"<!-- generated: {block} -->" in (DOCS / "channels" / f"{channel}.md").read_text(encoding="utf-8")


def _content(name: str, page: Path) -> str:
    if name in _PER_CHANNEL:
        return _PER_CHANNEL[name](publisher_class(page.stem)) + "\n"
    return _GENERAL[name]() + "\n"


# -- per channel -----------------------------------------------------------------------------------------------------------


def capabilities_table(kind: type[Publisher]) -> str:
    table = kind.capabilities
    notes = table.notes
    rows = [
        (path, _shown(value), notes.get(path, ""))
        for path, value in leaves(table)
        if path not in ("documented", "checked", "notes")
    ]
    head = f"From {table.documented}; checked on {table.checked}.\n\n"
    return head + _table(("capability", "value", "note"), rows)


def settings_table(kind: type[Publisher]) -> str:
    return _options("setting", kind.Settings)


def _options(what: str, kind: type[msgspec.Struct]) -> str:
    rows = []
    for field in msgspec.structs.fields(kind):
        annotation, description = _described(field.type)
        default = "required" if field.required else _default(field.default)
        rows.append((f"`{field.name}`", _type_name(annotation), default, description))
    return _table((what, "type", "default", "what it does"), rows)


def errors_table(kind: type[Publisher]) -> str:
    rows = []
    for rule in kind.errors:
        signs = {"HTTP": rule.status, "code": rule.code, "says": rule.words, "at": rule.call}
        sign = ", ".join(f"{name} {value}" for name, value in signs.items() if value is not None)
        rows.append((sign, rule.raises.__name__, "unknown" if rule.fate == "unknown" else "nothing was made", rule.hint))
    return _table(("the platform says", "error", "outcome", "what to do"), rows)


_PER_CHANNEL: Mapping[str, Callable[[type[Publisher]], str]] = {
    "capabilities": capabilities_table,
    "settings": settings_table,
    "errors": errors_table,
}


# -- for all ---------------------------------------------------------------------------------------------------------------


def matrix() -> str:
    tables = {name: dict(leaves(publisher_class(name).capabilities)) for name in CHANNELS}
    paths = sorted({path for table in tables.values() for path in table} - {"documented", "notes"})
    rows = [(f"`{path}`", *(_shown(tables[name].get(path, "—")) for name in CHANNELS)) for path in paths]
    return _table(("capability", *CHANNELS), rows)


def recovery() -> str:
    rules = {name: publisher_class(name).capabilities.recovery for name in CHANNELS}
    rows = [
        (name, rule.marker, f"{rule.settle_seconds[-1]:g} s", rule.lost_ledger or "—", rule.unknown or "nothing")
        for name, rule in rules.items()
    ]
    head = ("platform", "found again by", "absence believed after", "with an empty ledger and `--recover`", "stays unknown")
    return _table(head, rows)


def wording() -> str:
    return _options("option", Wording)


def template_fields() -> str:
    return _table(("field", "what it is"), [(f"`{{{name}}}`", what) for name, what in TEMPLATE_FIELDS.items()])


def promises() -> str:
    from socialcast.testing import test_contract

    tests = sorted(name for name in vars(test_contract) if name.startswith("test_"))
    return "\n".join(f"{number}. {vars(test_contract)[name].__doc__.strip()}" for number, name in enumerate(tests, 1))


def error_tree() -> str:
    from socialcast.model import errors

    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    return f"```text\n{tree}\n```"


def command_line() -> str:
    import click

    from socialcast.cli import cli

    context = click.Context(cli, info_name="socialcast")
    pages = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None:
            usage = command.get_help(click.Context(command, info_name=name, parent=context, terminal_width=100))
            pages.append(f"### {name}\n\n```text\n{usage}\n```")
    return "\n\n".join(pages)


_GENERAL: Mapping[str, Callable[[], str]] = {
    "matrix": matrix,
    "recovery": recovery,
    "wording": wording,
    "template-fields": template_fields,
    "promises": promises,
    "error-tree": error_tree,
    "cli": command_line,
}


# -- shared ----------------------------------------------------------------------------------------------------------------


def leaves(group: msgspec.Struct, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a capabilities table with its path; False for a group that the platform does not have."""
    kinds = get_type_hints(type(group))
    for name in group.__struct_fields__:
        value = getattr(group, name)
        if isinstance(value, msgspec.Struct):
            yield from leaves(value, f"{prefix}{name}.")
        elif value is None and any(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind in get_args(kinds[name])):
            yield f"{prefix}{name}", False
        else:
            yield f"{prefix}{name}", value


def _shown(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(_shown(item) for item in value)) or "none"
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "no limit known"}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)


def _default(value: Any) -> str:
    if value in (msgspec.NODEFAULT, None, "", ()):
        return ""
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{_shown(value)}`"


def _described(annotation: Any) -> tuple[Any, str]:
    """The type itself and the description that msgspec.Meta gives it."""
    metas = [meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    bare = get_args(annotation)[0] if metas else annotation
    return bare, next((meta.description or "" for meta in metas), "")


def _type_name(annotation: Any) -> str:
    if Secret in (annotation, *get_args(annotation)):
        return "secret"
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type) and issubclass(kind, Enum)]
    if kinds:
        return ", ".join(f"`{member.value}`" for member in kinds[0])
    if get_origin(annotation) is tuple:
        return "list"
    return getattr(annotation, "__name__", str(annotation)).replace("|", "or")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
