"""What a lexicon is made of, each kind able to say what is wrong with a value (atproto specification, "Lexicon", 2026-08-20)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

import regex

from socialcast.sandbox.platforms.bluesky.formats import FORMATS

__all__ = [
    "Array",
    "BlobRef",
    "Boolean",
    "Integer",
    "Kind",
    "Object",
    "SchemaError",
    "Text",
    "Union",
    "Unknown",
    "check_data_model",
]

_GRAPHEME = regex.compile(r"\X")
_LARGEST_INTEGER = 2**53 - 1


class SchemaError(Exception):
    """A value that the schema does not take, in the server's words."""


class Kind(Protocol):
    """One kind of value."""

    def check(self, value: Any, at: str) -> None:
        """Raise SchemaError where the value, which stands `at` that place, does not fit."""


def check_data_model(value: Any, at: str) -> None:
    """Raise SchemaError for what no record can hold: a fraction, or an integer past what JavaScript counts exactly."""
    if isinstance(value, dict):
        for name, part in value.items():
            check_data_model(part, f"{at}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            check_data_model(part, f"{at}[{index}]")
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) > _LARGEST_INTEGER):
        raise _expected("one of null, boolean, integer, string, cid, bytes, array or object value type", value, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string."""

    max_bytes: int | None = None
    max_graphemes: int | None = None
    format: str = ""

    def check(self, value: Any, at: str) -> None:
        """Type, length, format."""
        if not isinstance(value, str):
            raise _expected("string value type", value, at)
        if self.max_graphemes is not None:
            _at_most("grapheme", self.max_graphemes, sum(1 for _ in _GRAPHEME.finditer(value)), at)
        if self.max_bytes is not None:
            _at_most("string", self.max_bytes, len(value.encode()), at)
        if self.format:
            name, fits = FORMATS[self.format]
            if not fits(value):
                raise SchemaError(f"Invalid {name} (got {json.dumps(value, ensure_ascii=False)}) at {at}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number."""

    minimum: int | None = None
    maximum: int | None = None

    def check(self, value: Any, at: str) -> None:
        """Type and range."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise _expected("integer value type", value, at)
        if self.minimum is not None and value < self.minimum:
            raise SchemaError(f"integer too small (minimum {self.minimum}, got {value}) at {at}")
        if self.maximum is not None:
            _at_most("integer", self.maximum, value, at)


class Boolean:
    """True or false."""

    def check(self, value: Any, at: str) -> None:
        """Type."""
        if not isinstance(value, bool):
            raise _expected("boolean value type", value, at)


class Unknown:
    """Any object."""

    def check(self, value: Any, at: str) -> None:
        """Type."""
        if not isinstance(value, dict):
            raise _expected("object value type", value, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRef:
    """A reference to an uploaded file."""

    accept: tuple[str, ...] = ("*/*",)
    max_bytes: int | None = None

    def check(self, value: Any, at: str) -> None:
        """Shape, type and size, as the reference states them."""
        link = value.get("ref") if isinstance(value, dict) and value.get("$type") == "blob" else None
        is_blob = isinstance(link, dict) and link.keys() == {"$link"} and FORMATS["cid"][1](str(link["$link"]))
        if not is_blob or not isinstance(value.get("mimeType"), str) or not isinstance(value.get("size"), int):
            raise _expected("blob value type", value, at)
        if not any(fnmatchcase(value["mimeType"], pattern) for pattern in self.accept):
            raise _expected(" or ".join(f'"{each}"' for each in self.accept), value["mimeType"], f"{at}.mimeType")
        if self.max_bytes is not None:
            _at_most("blob", self.max_bytes, value["size"], at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A list."""

    items: Kind
    max_count: int | None = None

    def check(self, value: Any, at: str) -> None:
        """Type, length and each item."""
        if not isinstance(value, list):
            raise _expected("array value type", value, at)
        if self.max_count is not None:
            _at_most("array", self.max_count, len(value), at)
        for index, item in enumerate(value):
            self.items.check(item, f"{at}[{index}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object; what it does not name is left alone, as lexicons have it."""

    required: tuple[str, ...] = ()
    nullable: tuple[str, ...] = ()
    properties: Mapping[str, Kind] = field(default_factory=dict)

    def check(self, value: Any, at: str) -> None:
        """Type, what is required, and each property it knows."""
        if not isinstance(value, dict):
            raise _expected("object value type", value, at)
        for name in self.required:
            if name not in value:
                raise SchemaError(f'Missing required key "{name}" at {at}')
        for name, kind in self.properties.items():
            if name in value and not (value[name] is None and name in self.nullable):
                kind.check(value[name], f"{at}.{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """One of several objects, told by `$type`; an open one lets through what it does not know."""

    members: Mapping[str, Kind]
    is_closed: bool = False

    def check(self, value: Any, at: str) -> None:
        """The member that it says it is."""
        kind = value.get("$type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            raise _expected('an object which includes the "$type" property value type', value, at)
        if kind in self.members:
            self.members[kind].check(value, at)
        elif self.is_closed:
            *names, last = (f'"{name}"' for name in self.members)
            raise _expected(f"one of {', '.join(names)} or {last}", kind, f"{at}.$type")


def _at_most(what: str, most: int, got: int, at: str) -> None:
    if got > most:
        raise SchemaError(f"{what} too big (maximum {most}, got {got}) at {at}")


def _expected(what: str, value: Any, at: str) -> SchemaError:
    return SchemaError(f"Expected {what} (got {_brief(value)}) at {at}")


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": ...' for name in value) + "}"
    return json.dumps(value, ensure_ascii=False)
