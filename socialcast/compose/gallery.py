"""Which photos a post shows, and where those are that it does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from socialcast.model.announcement import Announcement, Photo
from socialcast.model.capabilities import Capabilities, Support
from socialcast.model.post import Adaptation
from socialcast.wire.settings import MorePhotos

__all__ = ["Gallery", "elsewhere", "gallery"]

_HOSTED = {"album": "an album", "video": "it"}


class Gallery(NamedTuple):
    """The photos of a post; `each` is how many a post of the thread shows, 0 for all in the first; `told` is how many of the
    announcement's photos its readers see."""

    photos: tuple[Photo, ...]
    told: int
    adaptations: tuple[Adaptation, ...] = ()
    each: int = 0

    def with_room(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The posts of the thread, with as many more as the photos need; those say which photos they show."""
        total = len(self.photos)
        missing = range(len(parts) * self.each, total, self.each) if self.each else range(0)
        return (*parts, *(_range(first + 1, min(first + self.each, total), total) for first in missing))


def gallery(said: Announcement, capabilities: Capabilities, links: Mapping[str, str], more: MorePhotos) -> Gallery:
    """The photos that the platform can show, the rest as the channel wants it."""
    most, total = _most_photos(said, capabilities), len(said.photos)
    if most is None or total <= most:
        return Gallery(said.photos, total)
    if more is MorePhotos.THREAD and most and capabilities.thread is not Support.NONE:
        message = f"the {total} photos stand in {-(-total // most)} posts of a thread"
        return Gallery(said.photos, total, (Adaptation(code="photos.thread", message=message, routine=True),), most)
    if more is MorePhotos.SHEET and most:
        return _with_sheet(said, capabilities, links, most)
    return Gallery(said.photos[:most], most, (_rest(most, total, links),))


def elsewhere(kind: str, links: Mapping[str, str]) -> tuple[str, bool]:
    """Where the reader finds what this channel does not show, and whether that is as it should be: what hosts have no
    address of yet stands under an empty one."""
    if kind not in links:
        return f"left out: no channel hosts {_HOSTED[kind]}", False
    return (f"behind the link {links[kind]}", False) if links[kind] else ("on another channel", True)


def _with_sheet(said: Announcement, capabilities: Capabilities, links: Mapping[str, str], most: int) -> Gallery:
    """All but one as they are, and the last a sheet with as many of the others as it holds and its alt text can tell."""
    from socialcast.compose.sheet import MOST_PHOTOS, contact_sheet

    single, others = said.photos[: most - 1], said.photos[most - 1 :][:MOST_PHOTOS]
    longest = capabilities.photos.alt_text.max_length if capabilities.photos else None
    while longest is not None and len(others) > 1 and _alt_length(others) > longest:
        others = others[:-1]
    told, total = len(single) + len(others), len(said.photos)
    message = f"{len(others)} photos stand on a contact sheet"
    changes = [Adaptation(code="photos.sheet", message=message, routine=True)]
    if told < total:
        changes.append(_rest(told, total, links))
    return Gallery((*single, contact_sheet(others)), told, tuple(changes))


def _alt_length(photos: tuple[Photo, ...]) -> int:
    """At most that long is the sheet's alt text: each with its number, two full stops and two spaces."""
    return sum(len(photo.alt) + len(str(number)) + 4 for number, photo in enumerate(photos, 1))


def _rest(shown: int, total: int, links: Mapping[str, str]) -> Adaptation:
    where, routine = elsewhere("album", links)
    some = f"{shown} of {total} photos, the rest is {where}"
    return Adaptation(code="photos.album", message=some if shown else f"none of the photos: they are {where}", routine=routine)


def _most_photos(said: Announcement, capabilities: Capabilities) -> int | None:
    """How many photos the post can show: none beside a video where the platform takes one or the other."""
    photos, video = capabilities.photos, capabilities.video
    if photos is None or (said.video and video and not video.with_photos):
        return 0
    return photos.max_count


def _range(first: int, last: int, total: int) -> str:
    """Figures alone, which need no language."""
    return f"{first}–{last} / {total}" if first < last else f"{first} / {total}"
