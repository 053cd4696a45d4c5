"""What is said below a photo or a film: its caption, whom it is by, and under which licence it may be used."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, TypeVar

import msgspec

from socialcast.model.announcement import Announcement, Photo, Video
from socialcast.model.post import Adaptation, Post

__all__ = ["Below", "about_unsaid", "below", "without_words_below"]

_Medium: TypeAlias = Photo | Video
W = TypeVar("W", Photo, Video, Photo | Video)


class Below(NamedTuple):
    """The words in their order; empty where there are none."""

    caption: str
    credit: str
    licence: str

    def __str__(self) -> str:
        return " · ".join(filter(None, self))


def below(medium: _Medium, said: Announcement | Post) -> Below:
    """A medium's own words, or those that the announcement has for all."""
    return Below(medium.caption, medium.credit or said.credit, medium.licence or said.licence)


def without_words_below(post: Post) -> Post:
    """The post where nothing is said below its media."""
    video = _bare(post.video) if post.video else None
    return msgspec.structs.replace(post, photos=tuple(map(_bare, post.photos)), video=video, credit="", licence="")


def _bare(medium: W) -> W:
    return msgspec.structs.replace(medium, caption="", credit="", licence="")


def about_unsaid(said: Announcement, media: list[_Medium]) -> list[Adaptation]:
    """What a platform leaves out that says nothing below media; most licences ask for the credit."""
    counts = [sum(map(bool, words)) for words in zip(*(below(medium, said) for medium in media), strict=True)]
    told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in zip(counts, Below._fields, strict=False) if count]
    message = f"nothing is said below media there: {', '.join(told)} left out; what a licence asks for, the text has to say"
    return [Adaptation(code="media.captions", message=message, routine=True)] if told else []
