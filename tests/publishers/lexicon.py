"""Records held against AT Protocol's lexicons: what one of them has that its schema does not, or lacks that it wants."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import regex

__all__ = ["faults"]

_FORMATS: Mapping[str, str] = {
    "at-uri": r"at://did:[a-z]+:[\w.:%-]+/[a-zA-Z.]+/[\w.~:-]{1,512}",
    "cid": r"b[a-z2-7]{58}",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "did": r"did:[a-z]+:[\w.:%-]+",
    "language": r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*",
    "uri": r"[a-z][a-z0-9+.-]*:\S+",
}


def faults(record: Mapping[str, Any]) -> list[str]:
    """Every difference between a record and the lexicon of its `$type`; a field that the lexicon does not name is one."""
    return list(_checked({"type": "ref", "ref": record["$type"]}, record, "", record["$type"]))


@cache
def _lexicon(name: str) -> dict[str, Any]:
    folder = os.environ.get("SOCIALCAST_SPECS")
    if not folder:
        pytest.skip("SOCIALCAST_SPECS names no folder with AT Protocol's lexicons")
    path = Path(folder, "atproto-lexicons", *f"{name}.json".replace(".", "/", name.count(".")).split("/"))
    definitions: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["defs"]
    return definitions


def _checked(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    yield from _KINDS[schema["type"]](schema, value, home, at)


def _reference(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    name, _, part = schema["ref"].partition("#")
    yield from _checked(_lexicon(name or home)[part or "main"], value, name or home, at)


def _union(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    known = {_whole(ref, home): ref for ref in schema["refs"]}
    if value.get("$type") not in known:
        yield f"{at}: {value.get('$type')} is none of {sorted(known)}"
    else:
        yield from _reference({"ref": known[value["$type"]]}, value, home, at)


def _whole(ref: str, home: str) -> str:
    return home + ref if ref.startswith("#") else ref


def _object(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, inner in value.items():
        if name in properties:
            yield from _checked(properties[name], inner, home, f"{at}.{name}")
        elif name != "$type":
            yield f"{at}: {name} is not in the lexicon"


def _record(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    yield from _object(schema["record"], value, home, at)


def _array(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at}: {len(value)} items"
    for number, item in enumerate(value):
        yield from _checked(schema["items"], item, home, f"{at}[{number}]")


def _text(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{at}: {value!r} is no text"
        return
    if len(value.encode()) > schema.get("maxLength", len(value.encode())):
        yield f"{at}: {len(value.encode())} bytes"
    if len(regex.findall(r"\X", value)) > schema.get("maxGraphemes", len(value)):
        yield f"{at}: too many graphemes"
    if "format" in schema and not re.fullmatch(_FORMATS[schema["format"]], value):
        yield f"{at}: {value!r} is no {schema['format']}"


def _integer(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    if type(value) is not int or value < schema.get("minimum", value):
        yield f"{at}: {value!r} is no such number"


def _blob(schema: Mapping[str, Any], value: Any, home: str, at: str) -> Iterator[str]:
    kind, size = value["mimeType"], value["size"]
    if value.keys() != {"$type", "ref", "mimeType", "size"} or value["$type"] != "blob":
        yield f"{at}: it is no blob"
    if not any(re.fullmatch(accepted.replace("*", ".+"), kind) for accepted in schema.get("accept", ("*",))):
        yield f"{at}: {kind} is none of {schema['accept']}"
    if size > schema.get("maxSize", size):
        yield f"{at}: {size} bytes"


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Any, str, str], Iterator[str]]] = {
    "array": _array,
    "blob": _blob,
    "integer": _integer,
    "object": _object,
    "record": _record,
    "ref": _reference,
    "string": _text,
    "union": _union,
}
