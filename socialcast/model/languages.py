"""Languages of what is said, told by their tags (BCP 47) such as "fr" or "pt-BR"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from socialcast.model.errors import ConfigurationError

__all__ = ["best_language", "in_language", "require_language", "words_in"]

S = TypeVar("S", bound=msgspec.Struct)

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def require_language(tag: str, path: str) -> None:
    """Raise ConfigurationError unless it can be the tag of a language."""
    if not _TAG.fullmatch(tag):
        raise ConfigurationError(f"{path}: {tag!r} is no tag of a language; write it as fr, de or pt-BR are written")


def best_language(wanted: str, available: Iterable[str]) -> str:
    """The available language that serves best: the wanted one, a wider one (RFC 4647, lookup), else one of the same family."""
    tags = {tag.casefold(): tag for tag in available}
    narrowed = wanted.casefold()
    while narrowed:
        if narrowed in tags:
            return tags[narrowed]
        narrowed = narrowed.rpartition("-")[0]
    family = wanted.casefold().partition("-")[0]
    return next((tag for folded, tag in tags.items() if folded.partition("-")[0] == family), "")


def in_language(value: S, language: str, nothing: msgspec.Struct) -> S:
    """The value with its words in that other language alone, or in its own where none is named."""
    return msgspec.structs.replace(value, **words_in(value, language, nothing))


def words_in(value: msgspec.Struct, language: str, nothing: msgspec.Struct) -> dict[str, Any]:
    """The fields that make it say its words in that other language alone, or in its own where none is named.

    `nothing` stands for words that there are not; what is None in words is the same in all languages.
    """
    if not language:
        return {"texts": {}}
    texts: Any = getattr(value, "texts")  # noqa: B009 - all that has words in other languages has this field
    words = texts.get(language) or texts.get(best_language(language, texts), nothing)
    return {"texts": {}, **{name: text for name in words.__struct_fields__ if (text := getattr(words, name)) is not None}}
