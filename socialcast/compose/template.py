"""What a post is made of: a channel's template, filled with what an announcement says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import regex

from socialcast.compose.spans import IN_HASHTAG, Kind, find_spans
from socialcast.model.post import Adaptation
from socialcast.wire.wording import TEMPLATE_FIELDS, field_names

__all__ = ["Layout", "hashtag"]

_DEFAULT = "{text}\n\n{live}\n{link}\n{video}\n{album}\n\n{tags}"
_ADDRESSES = ("live", "link", "video", "album")
_HASHTAG_WORD = regex.compile(rf"[{IN_HASHTAG}]+")
_FIELD = re.compile(r"( ?)\{(\w+)\}")  # with the space before it, which goes where the field is empty


class Layout:
    """A template with all of an announcement in it but the text, of which there may be more or less."""

    def __init__(self, template: str, values: Mapping[str, str], tags: Sequence[str]) -> None:
        self._lines = _lines(template or _DEFAULT)
        self._values = {**dict.fromkeys(TEMPLATE_FIELDS, ""), **values}
        self.fields = frozenset(name for _, names in self._lines for name in names)
        self._hashtags = tuple(dict.fromkeys(filter(None, map(hashtag, tags))))
        self.tags = self._hashtags if "tags" in self.fields else ()

    def filled(self, text: str, tags: Sequence[str] | None = None) -> str:
        """The post with that text, and with all hashtags unless others are given.

        A line whose fields are all empty is left out. No address and no hashtag stands there twice.
        """
        values = {**self._values, "text": text, **self._addresses(text)}
        values["tags"] = " ".join(_unsaid(self.tags if tags is None else tags, text))
        lines: list[str] = []
        for line, names in self._lines:
            if names and not any(values[name] for name in names):
                continue
            lines.append(_FIELD.sub(lambda found: values[found[2]] and found[1] + values[found[2]], line).lstrip(" "))
        return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before).strip()

    def left_out(self, text: str, shown: str) -> list[Adaptation]:
        """What the announcement has and the template leaves no place for, unless what is shown of its text says it."""
        unsaid = [] if "tags" in self.fields else _unsaid(self._hashtags, shown)
        values = {"text": text, **self._addresses(shown), "tags": unsaid}
        names = [name for name, value in values.items() if value and name not in self.fields]
        message = f"the channel's template has no place for: {', '.join(names)}"
        return [Adaptation(code="text.template", message=message, routine=True)] if names else []

    def _addresses(self, text: str) -> dict[str, str]:
        """Each address under its first name alone, and none that the text says."""
        values: dict[str, str] = {}
        for name in _ADDRESSES:
            address = self._values[name]
            values[name] = "" if address in values.values() or _says(text, address) else address
        return values


@lru_cache
def _lines(template: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each line with the names of its fields."""
    return tuple((line, tuple(field_names(line))) for line in template.split("\n"))


def hashtag(tag: str) -> str:
    """The tag as a hashtag: "open doors" becomes #OpenDoors; words of a script without capitals are joined by underscores."""
    words = _HASHTAG_WORD.findall(tag)
    if len(words) < 2:
        return "".join("#" + word for word in words)
    has_capitals = any(word[0].upper() != word[0].lower() for word in words)
    return "#" + ("".join(word[:1].upper() + word[1:] for word in words) if has_capitals else "_".join(words))


def _says(text: str, address: str) -> bool:
    """Whether the text holds that address, and not just a longer one that begins alike."""
    return address in text and _whole(address).search(text) is not None


@lru_cache
def _whole(address: str) -> re.Pattern[str]:
    return re.compile(re.escape(address) + r"(?![/.]*[\w#?&=%~+-])")


def _unsaid(tags: Sequence[str], text: str) -> list[str]:
    if not tags or not ("#" in text or "＃" in text):
        return list(tags)
    said = {text[span.start : span.end].casefold() for span in find_spans(text) if span.kind is Kind.HASHTAG}
    return [tag for tag in tags if tag.casefold() not in said]
