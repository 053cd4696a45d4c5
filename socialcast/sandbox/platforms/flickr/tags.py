"""Tags as Flickr keeps them: as they were typed (raw) and normalised (clean), and machine tags with their three parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MachineTag", "Tag", "clean_tag", "machine_tag_query", "split", "tag_set"]

_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_NAME = "[A-Za-z][A-Za-z0-9_]*"
_MACHINE = re.compile(rf"({_NAME}):({_NAME})=(.+)", re.DOTALL)
_QUERY = re.compile(rf'({_NAME}|\*):(?:({_NAME}|\*)(?:="?([^"]*)"?)?)?')


@dataclass(frozen=True, slots=True)
class MachineTag:
    """Namespace, predicate and normalised value; in a query "" stands for any."""

    namespace: str
    predicate: str
    value: str

    def answers(self, query: MachineTag) -> bool:
        """Whether this tag is one that the query asks for."""
        return all(
            wanted in ("", mine)
            for mine, wanted in (
                (self.namespace, query.namespace),
                (self.predicate, query.predicate),
                (self.value, query.value),
            )
        )


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a photo; `machine` is None for an ordinary one."""

    raw: str
    clean: str
    machine: MachineTag | None


def split(text: str) -> list[str]:
    """The tags of a space-separated list, in which double quotes hold a tag or a machine tag's value together."""
    words = (word.replace('"', "").strip() for word in _WORD.findall(text))
    return [word for word in words if word]


def _clean(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _tag(raw: str) -> Tag:
    """The tag that a typed word makes: lower case without spaces and punctuation, in machine tags only the value so."""
    found = _MACHINE.fullmatch(raw)
    if not found:
        return Tag(raw, _clean(raw), None)
    machine = MachineTag(found[1].lower(), found[2].lower(), _clean(found[3]))
    return Tag(raw, f"{machine.namespace}:{machine.predicate}={machine.value}", machine)


def clean_tag(raw: str) -> str:
    """The form in which tags are compared."""
    return _tag(raw).clean


def tag_set(words: Iterable[str]) -> dict[str, Tag]:
    """The tags of these words by their clean form; of several that are the same when clean, the first."""
    tags: dict[str, Tag] = {}
    for made in map(_tag, words):
        if made.clean:
            tags.setdefault(made.clean, made)
    return tags


def _any(part: str | None) -> str:
    return "" if part in (None, "*") else str(part).lower()


def machine_tag_query(words: Iterable[str]) -> list[MachineTag]:
    """The machine tags that a search names, such as `ns:pred="value"`, `ns:pred=` and `ns:`; what is none is left out."""
    found = (_QUERY.fullmatch(word.strip()) for word in words)
    return [MachineTag(_any(match[1]), _any(match[2]), _clean(match[3] or "")) for match in found if match]
