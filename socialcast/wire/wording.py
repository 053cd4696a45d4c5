"""How a channel words what it says: its language, its time zone, its template; read from the channels file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.errors import ConfigurationError
from socialcast.model.languages import require_language
from socialcast.wire.moments import zone_of
from socialcast.wire.suggest import suggest

__all__ = ["DATES", "TEMPLATE_FIELDS", "Wording", "field_names"]

TEMPLATE_FIELDS = {
    "title": "the headline",
    "text": "the text; its shorter variant, its first part or its beginning where it has no room",
    "link": "the announcement's address",
    "live": "the address of the live event",
    "video": "the address of the video on the channel that hosts it, where this one does not show it",
    "album": "the address of the album on the channel that hosts it, where this one does not show all photos",
    "tags": "the tags as hashtags, without those that the text has already",
    "credit": "who is to be credited",
    "starts": "when the live event starts, in the channel's language and time zone",
    "ends": "when it ends",
}
DATES = ("starts", "ends")
_FIELD = re.compile(r"\{([^{}]*)\}")


class Wording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a channel words what it says. Raises ConfigurationError for what cannot be meant."""

    language: Annotated[
        str, Meta(description="its language, such as `fr`: announcements that have `texts.fr` are said in it")
    ] = ""
    time_zone: Annotated[str, Meta(description="where its readers live, such as `Europe/Zurich`; for dates in the template")] = ""
    template: Annotated[str, Meta(description="what a post is made of, see below")] = ""
    numbered: Annotated[bool, Meta(description='end each post of a thread with " (1/3)"')] = False

    def __post_init__(self) -> None:
        if self.language:
            require_language(self.language, "language")
        if self.time_zone:
            zone_of(self.time_zone, "time_zone")
        if self.template:
            _require_fields(self.template)


def field_names(template: str) -> list[str]:
    """The names of the fields in a template, in order."""
    return _FIELD.findall(template)


def _require_fields(template: str) -> None:
    for complaint in _complaints(template):
        raise ConfigurationError(f"template: {complaint}")


def _complaints(template: str) -> Iterator[str]:
    """A template names fields and does nothing else, so that whoever reads it sees what will be posted."""
    if re.search(r"[{}]", _FIELD.sub("", template)) or "{{" in template:
        yield "a brace begins or ends the name of a field, as in {title}, and there is no loop, condition or other language"
    for name in field_names(template):
        if name not in TEMPLATE_FIELDS:
            yield f"{{{name}}} is no field, and a template has no loops: {suggest(_bare(name), TEMPLATE_FIELDS)}"
    if set(field_names(template)) & set(DATES) and find_spec("babel") is None:
        yield "dates need: pip install 'socialcast[dates]'"


def _bare(name: str) -> str:
    """The name alone, of `title!r`, `title.upper()` or `photos[0]`."""
    return re.split(r"[^A-Za-z_]", name.strip())[0]
