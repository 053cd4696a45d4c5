"""What is different between two posts, by the aspects of it that the platform shows; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from socialcast.compose.addresses import find_addresses
from socialcast.compose.below import without_words_below
from socialcast.compose.text import sentence_ends
from socialcast.model.announcement import Photo, told_by_content
from socialcast.model.capabilities import Aspect, Capabilities, Support
from socialcast.model.post import Post

__all__ = ["changed_aspects", "new_addresses", "new_sentences", "shown_aspects"]


class _Side(NamedTuple):
    """What belongs to an aspect, and whether a platform shows it at all."""

    of: Callable[[Post], Any]
    is_shown: Callable[[Capabilities], bool]


def changed_aspects(before: Post, after: Post, capabilities: Capabilities) -> tuple[Aspect, ...]:
    """The aspects that differ, of those that the platform shows."""
    if not capabilities.captions:
        before, after = without_words_below(before), without_words_below(after)
    shown = shown_aspects(capabilities)
    return tuple(aspect for aspect in shown if _SIDES[aspect].of(before) != _SIDES[aspect].of(after))


def shown_aspects(capabilities: Capabilities) -> tuple[Aspect, ...]:
    """The aspects that the platform shows, by its table, or by what can be read back or changed.

    The state of an event is read back from posts about it, too, which have none of their own.
    """
    said = (capabilities.inspects - {Aspect.LIVE}) | (capabilities.edits.aspects if capabilities.edits else frozenset())
    return tuple(aspect for aspect, side in _SIDES.items() if aspect in said or side.is_shown(capabilities))


def new_addresses(before: Post, after: Post) -> list[str]:
    """The addresses that the later post has and the earlier one has not, in order."""
    known = set(_addresses(before))
    return [url for url in dict.fromkeys(_addresses(after)) if url not in known]


def new_sentences(before: str, after: str) -> str:
    """The sentences that the later text has and the earlier one has not, in order."""
    known = set(_sentences(before))
    return " ".join(sentence for sentence in _sentences(after) if sentence not in known)


def _addresses(post: Post) -> list[str]:
    return [part[start:end] for part in post.parts for start, end in find_addresses(part)]


def _sentences(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in pairwise([0, *sentence_ends(text)])]


def _pictures(post: Post) -> Any:
    """What every photo and film shows and tells of its place, in order."""
    media = [told_by_content(medium) for medium in (*post.photos, *([post.video] if post.video else []))]
    return post.photos_each, [(told.get("sha256", ""), told.get("keep_location", False)) for told in media]


def _described(photo: Photo) -> tuple[str, str, str]:
    return photo.alt, photo.caption, photo.credit


_SIDES: Mapping[Aspect, _Side] = {
    Aspect.TEXT: _Side(lambda post: post.parts, lambda table: True),
    Aspect.TITLE: _Side(lambda post: post.title, lambda table: bool(table.text and table.text.titled)),
    Aspect.LINKS: _Side(lambda post: post.link, lambda table: bool(table.link and table.link.card is not Support.NONE)),
    Aspect.TAGS: _Side(lambda post: post.tags, lambda table: table.tags is not None),
    Aspect.MEDIA: _Side(_pictures, lambda table: bool(table.photos or table.video)),
    Aspect.ALT_TEXT: _Side(lambda post: [_described(photo) for photo in post.photos], lambda table: bool(table.photos)),
    Aspect.LICENCE: _Side(lambda post: (post.licence, [photo.licence for photo in post.photos]), lambda table: False),
    Aspect.LIVE: _Side(lambda post: post.live, lambda table: table.live is not None),
}
