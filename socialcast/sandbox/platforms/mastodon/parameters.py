"""What a call was told: JSON, or a form whose names nest with brackets as Rails reads them; what is unknown is passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from socialcast.sandbox.mirror import Request
from socialcast.sandbox.platforms.mastodon.refusals import RefusalError

__all__ = ["boolean", "moment", "told", "words"]

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_FALSE = frozenset({"", "0", "f", "false", "off"})


def told(request: Request) -> dict[str, Any]:
    """The parameters of the address and the body together. Raises RefusalError for a body that is no JSON object."""
    return _nested(request.args.items(multi=True)) | _body(request)


def _body(request: Request) -> dict[str, Any]:
    if request.mimetype != "application/json":
        return _nested(request.form.items(multi=True))
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise RefusalError(400, "Error occurred while parsing request parameters") from None
    return body if isinstance(body, dict) else {}


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[]=1&a[]=2` is a list, `a[b]=1` a table, `a[][b]=1` a list of tables, a new one where a name comes again."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        _put(found, [name.partition("[")[0], *_BRACKETS.findall(name)], value)
    return found


def _put(table: dict[str, Any], path: list[str], value: str) -> None:
    match path:
        case [name]:
            table[name] = value
        case [name, ""]:
            _list(table, name).append(value)
        case [name, "", *rest]:
            rows = _list(table, name)
            if not rows or rest[0] in rows[-1]:
                rows.append({})
            _put(rows[-1], rest, value)
        case [name, *rest]:
            if not isinstance(table.get(name), dict):
                table[name] = {}
            _put(table[name], rest, value)


def _list(table: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(table.get(name), list):
        table[name] = []
    rows: list[Any] = table[name]
    return rows


def boolean(value: Any) -> bool:
    """A value as Rails reads it."""
    return value is not None and str(value).lower() not in _FALSE


def words(value: Any) -> list[str]:
    """A list of ids, whether one or many were sent."""
    values = value if isinstance(value, list) else [value] if value else []
    return [str(each) for each in values]


def moment(value: Any) -> float | None:
    """A time in Unix seconds; one without an offset is in UTC. Raises RefusalError for what is no date."""
    if not value:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise RefusalError(422, "Invalid date supplied") from None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
