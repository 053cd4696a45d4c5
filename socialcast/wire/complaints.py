"""What the decoder finds wrong, in the words of those who write the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args

import msgspec

__all__ = ["in_words"]

_KINDS: Mapping[str, str] = {
    "array": "a list",
    "bool": "true or false",
    "date": "a date without a time",
    "datetime": "a time",
    "float": "a number",
    "int": "a number",
    "null": "nothing",
    "object": "a table",
    "str": "text",
}
_TIME = "a time with its zone, such as 2036-12-06T09:00:00+01:00"
_PLACE = re.compile(r" - at `\$?\.?(?P<place>[^`]*)`$")
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`"), "should be {wanted}, and is {got}"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), f"should be {_TIME}"),
    (re.compile(r"Invalid enum value '?(?P<value>.+?)'?"), "cannot be {value!r}"),
    (re.compile(r"Object missing required field `(?P<field>[^`]+)`"), "lacks {field}"),
    (re.compile(r"Object contains unknown field `(?P<field>[^`]+)`"), "has no field {field!r}"),
    (re.compile(r"Expected `str` matching regex (?P<pattern>.+)"), "does not look as it should: {pattern}"),
)


def in_words(message: str, kind: type[msgspec.Struct]) -> str:
    """A decoder's message about a `kind` as a sentence about the place it names; what is not known is left as it is."""
    found = _PLACE.search(message)
    place, complaint = (found["place"], message[: found.start()]) if found else ("", message)
    for pattern, words in _WORDS:
        if match := pattern.fullmatch(complaint):
            facts = {name: _kinds(value) if name in ("wanted", "got") else value for name, value in match.groupdict().items()}
            sentence = f"{place or 'it'} {words.format(**facts)}"
            choices = _choices(kind, place) if "value" in facts else ()
            return f"{sentence}: it is one of {', '.join(choices)}" if choices else sentence
    return message


def _choices(kind: type, place: str) -> list[str]:
    """What can stand there, where it is one of a few words."""
    for name in re.sub(r"\[[^\]]*\]", "", place).split("."):
        fields = msgspec.structs.fields(kind) if issubclass(kind, msgspec.Struct) else ()
        kind = next((part for field in fields if field.encode_name == name for part in _parts(field.type)), object)
    return [str(member.value) for member in kind] if issubclass(kind, Enum) else []


def _parts(annotation: Any) -> Iterator[type]:
    """The structures and enumerations that an annotation names, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct | Enum):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _kinds(names: str) -> str:
    """ "datetime | null" is a time; that it may be left out helps nobody who wrote something."""
    kinds = [name for name in names.split(" | ") if name != "null"] or ["null"]
    return " or ".join(_TIME if kind == "datetime" and len(kinds) == 1 else _KINDS.get(kind, kind) for kind in kinds)
