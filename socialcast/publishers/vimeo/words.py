"""What a video and a live event say on Vimeo; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from socialcast.compose.markup import plain
from socialcast.model.announcement import Announcement, Live, Privacy, Video
from socialcast.model.post import Adaptation, Post
from socialcast.publishers.vimeo.tables import VimeoSettings

__all__ = [
    "adapted",
    "canonical",
    "changed_event",
    "changed_video",
    "event_body",
    "expected_licence",
    "mark",
    "moment",
    "opened_event",
    "opened_video",
    "says",
    "shown_licence",
    "tag_names",
    "video_body",
    "view",
]

_MARK_LENGTH = 24  # hexadecimal characters, 96 bits
_LICENCES: Mapping[str, str] = {  # Creative Commons by its SPDX id without the version
    "CC-BY": "by",
    "CC-BY-SA": "by-sa",
    "CC-BY-ND": "by-nd",
    "CC-BY-NC": "by-nc",
    "CC-BY-NC-SA": "by-nc-sa",
    "CC-BY-NC-ND": "by-nc-nd",
    "CC0": "cc0",
}
_RESERVED = "All Rights Reserved"
_VIEWS = {Privacy.PUBLIC: "anybody", Privacy.UNLISTED: "unlisted"}
_NOBODY = "nobody"


def mark(post: Post, step: str) -> str:
    """What tells one video or event from all others while nobody sees it, the same on every machine."""
    digest = hashlib.sha256("\n".join((post.key, post.channel, step)).encode()).hexdigest()
    return f"socialcast-{digest[:_MARK_LENGTH]}"


def adapted(post: Post, said: Announcement) -> Post:
    """The post with Vimeo's title and description, every difference from the announcement named."""
    title = (post.video.title if post.video else "") or post.title or said.text.strip().partition("\n")[0]
    video = post.video
    words = (video.caption, video.alt, "\n".join(video.chapters)) if video else ()
    rights = " · ".join(part for part in ((video.credit if video else "") or post.credit, _licence_name(post)) if part)
    description = "\n\n".join(block for block in (*post.parts, plain(said.body), *words, rights) if block)
    changes = [*post.adaptations, *_licence_in_words(post)]
    return msgspec.structs.replace(post, title=title, parts=(description,) if description else (), adaptations=tuple(changes))


def view(privacy: Privacy) -> str:
    """Who sees it once it is published."""
    return _VIEWS[privacy]


def video_body(post: Post, settings: VimeoSettings, size_bytes: int) -> dict[str, Any]:
    """A video that nobody sees yet; the address of an unlisted one is secret from the beginning, and stays the same."""
    licence = _LICENCES.get(_family(_licence_name(post)))
    return {
        "upload": {"approach": "tus", "size": str(size_bytes)},
        "name": post.title,
        "description": mark(post, "video"),
        "privacy": {"view": _NOBODY if settings.privacy is Privacy.PUBLIC else view(settings.privacy)},
        "locale": post.language,
        **({"license": licence} if licence else {}),
    }


def opened_video(post: Post, settings: VimeoSettings) -> dict[str, Any]:
    """What makes it public, with its own words."""
    return {"privacy": {"view": view(settings.privacy)}, "name": post.title, "description": _text(post)}


def event_body(post: Post, live: Live) -> dict[str, Any]:
    """A live event that nobody sees yet."""
    start = {"schedule": {"type": "single", "start_time": moment(live.starts_at)}} if live.starts_at else {}
    return {
        "title": live.title or post.title,
        "stream_title": live.title or post.title,
        "stream_description": mark(post, "live"),
        "stream_privacy": {"view": _NOBODY},
        "automatically_title_stream": False,
        "dvr": live.dvr,
        "low_latency": live.low_latency,
        **start,
    }


def opened_event(post: Post, live: Live, settings: VimeoSettings) -> dict[str, Any]:
    """What makes it public; the more private of what event and channel say."""
    is_unlisted = Privacy.UNLISTED in (live.privacy, settings.privacy)
    privacy = Privacy.UNLISTED if is_unlisted else Privacy.PUBLIC
    return {"stream_privacy": {"view": view(privacy)}, "stream_description": live.description or _text(post)}


def changed_video(post: Post) -> dict[str, Any]:
    """What it says from now on; a licence that it has is not taken away."""
    licence = _LICENCES.get(_family(_licence_name(post)))
    said = {"name": post.title, "description": _text(post), "license": licence}
    return {name: value for name, value in said.items() if value or name == "description"}


def changed_event(post: Post, live: Live, settings: VimeoSettings) -> dict[str, Any]:
    """What it says from now on, when it is, and who sees it."""
    return {**event_body(post, live), **opened_event(post, live, settings)}


def tag_names(post: Post) -> list[str]:
    """The announcement's tags, as Vimeo is told them."""
    return [tag.lstrip("#") for tag in post.tags]


def canonical(tag: str) -> str:
    """A tag without capitals and spaces: by its normalised name Vimeo tells it from others (tag.canonical, OpenAPI 3.4)."""
    return "".join(tag.lower().split())


def shown_licence(told: str | None) -> str:
    """What authors call the licence of that name, without its version, which Vimeo does not tell."""
    return next((family for family, name in _LICENCES.items() if name == told), _RESERVED)


def expected_licence(post: Post) -> str | None:
    """The same for what the announcement says; nobody knows where it says nothing."""
    if not (name := _licence_name(post)):
        return None
    return _family(name) if _family(name) in _LICENCES else _RESERVED


def says(found: Mapping[str, Any], post: Post, step: str) -> bool:
    """Whether a video of the account is this one: by its mark, or by all its words once it is public."""
    description = str(found.get("description") or "")
    return description == mark(post, step) or (description == _text(post) and found.get("name") == post.title)


def moment(time: datetime) -> str:
    """RFC 3339 in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(post: Post) -> str:
    return "\n\n".join(post.parts)


def _licence_name(post: Post) -> str:
    video: Video | None = post.video
    return (video.licence if video else "") or post.licence


def _family(licence: str) -> str:
    return licence.rpartition("-")[0].upper()


def _licence_in_words(post: Post) -> list[Adaptation]:
    name = _licence_name(post)
    if not name or not post.video or _family(name) in _LICENCES:
        return []
    message = f"Vimeo has no {name}: shown there with all rights reserved, and {name} in the description"
    return [Adaptation(code="video.licence_in_words", message=message, routine=True)]
