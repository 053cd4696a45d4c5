"""What a channel's language changes in what is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from socialcast.model.announcement import Announcement
from socialcast.model.languages import best_language
from socialcast.model.post import Adaptation

__all__ = ["about_language"]

# Alt texts of photos have a rule of their own, and nobody misses a shorter variant.
_WORDS = {
    "": ("title", "text", "body"),
    "photos": ("caption",),
    "video": ("alt", "title", "caption"),
    "live": ("title", "description"),
}


def about_language(announcement: Announcement, said: Announcement, wanted: str) -> Iterator[Adaptation]:
    """What to tell of a channel that wants that language and says it so: in another one, or not all of it."""
    if wanted and not best_language(wanted, [said.language]):
        message = f"it is said in {said.language!r}, as there are no words in {wanted!r}"
        yield Adaptation(code="language.missing", message=message)
    if said.language != announcement.language and (paths := list(_unsaid(announcement, said))):
        message = f"not said in {said.language!r}, and so left out: {', '.join(paths)}"
        yield Adaptation(code="language.partly", message=message, routine=True)


def _unsaid(announcement: Announcement, said: Announcement) -> Iterator[str]:
    """The paths of what has words in the announcement's own language, and none here."""
    for kind in ("", "video", "live"):
        own, other = (getattr(value, kind) if kind else value for value in (announcement, said))
        yield from (f"{kind}.{name}".lstrip(".") for name in _WORDS[kind] if _is_lost(own, other, name))
    photos = zip(announcement.photos, said.photos, strict=True)
    if captions := sum(_is_lost(own, other, "caption") for own, other in photos):
        yield f"{captions} of the photos' captions"


def _is_lost(own: Any, other: Any, name: str) -> bool:
    return bool(getattr(own, name, "") and not getattr(other, name, ""))
