"""What one channel will show: composed from the announcement, before anything is sent."""

from __future__ import annotations

from datetime import datetime

import msgspec

from socialcast.model.announcement import Audience, Link, Live, Photo, Video, digest_of

__all__ = ["Adaptation", "Post"]


class Adaptation(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a channel says it differently, named in plan and receipt.

    `routine` ones, such as removing a location, are made under every policy; the others need the policy `adapt`.
    """

    code: str
    message: str
    routine: bool = False


class Post(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of one channel; `parts` are the posts of a thread in order, or the one text there is."""

    key: str
    channel: str
    platform: str
    title: str = ""
    parts: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    photos_each: int = 0  # how many each post of a thread shows; 0: the first shows them all
    video: Video | None = None
    link: Link | None = None
    live: Live | None = None
    tags: tuple[str, ...] = ()
    language: str = "en"
    audience: Audience = Audience.PUBLIC
    embargo: datetime | None = None
    licence: str = ""
    credit: str = ""
    reply_to: str = ""
    adaptations: tuple[Adaptation, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what will be shown, files by their content: equal on every machine."""
        return digest_of(self)
