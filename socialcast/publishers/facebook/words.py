"""What a post, a photo, a video or a live event says on Facebook; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import urljoin, urlsplit

from socialcast.compose.addresses import find_addresses
from socialcast.model.announcement import Live, Photo, Subtitles, Video
from socialcast.model.post import Post

__all__ = [
    "address",
    "captions_name",
    "live_fields",
    "locale",
    "moment",
    "photo_fields",
    "post_fields",
    "preview_link",
    "schedule_fields",
    "text_of",
    "video_fields",
    "video_text",
]

_HOME = "https://www.facebook.com/"
_OWN_HOSTS = ("facebook.com", "fb.com", "fb.me", "fb.watch")
_REGION_LENGTH = 2
# Facebook names a language with a country; where it is not the language's own name, this is the one that it has.
_COUNTRIES = {
    "ar": "AR", "cs": "CZ", "da": "DK", "el": "GR", "en": "US", "he": "IL", "hi": "IN", "ja": "JP", "ko": "KR", "nb": "NO",
    "sv": "SE", "uk": "UA", "vi": "VN", "zh": "CN",
}  # fmt: skip


def text_of(post: Post) -> str:
    """The one text of a post; Facebook has no threads."""
    return "\n\n".join(post.parts)


def moment(told: str | float | None) -> datetime | None:
    """A time as Facebook tells it: with its offset, or in Unix seconds."""
    if not told:
        return None
    if isinstance(told, str) and not told.isdigit():
        return datetime.fromisoformat(told)
    return datetime.fromtimestamp(float(told), UTC)


def address(told: str) -> str:
    """A permalink whole; of videos and live events Facebook tells the path alone."""
    return told if not told or told.startswith("https://") else urljoin(_HOME, told)


def post_fields(post: Post, photo_ids: Sequence[str]) -> dict[str, Any]:
    """The fields of a post in the feed: its photos, or a card for the first address."""
    text = text_of(post)
    fields: dict[str, Any] = {"message": text} if text else {}
    fields |= {f"attached_media[{index}]": {"media_fbid": photo_id} for index, photo_id in enumerate(photo_ids)}
    if not photo_ids and (link := preview_link(text)):
        fields["link"] = link
    return fields


def schedule_fields(at: datetime) -> dict[str, Any]:
    """What makes a post one that Facebook publishes at that time."""
    return {"published": False, "scheduled_publish_time": int(at.timestamp()), "unpublished_content_type": "SCHEDULED"}


def preview_link(text: str) -> str:
    """The first address of the text that Facebook makes a card of; it refuses its own (error 1609008)."""
    found = (text[start:end] for start, end in find_addresses(text))
    return next((each for each in found if each.startswith(("http://", "https://")) and not _is_own(each)), "")


def photo_fields(photo: Photo, post: Post, *, scheduled: bool) -> dict[str, Any]:
    """The fields of a photo that nobody sees before a post shows it."""
    fields: dict[str, Any] = {"published": False}
    if photo.alt:
        fields["alt_text_custom"] = photo.alt
    if words := _about(photo, post):
        fields["caption"] = words
    return {**fields, "temporary": True} if scheduled else fields


def video_text(post: Post, video: Video) -> str:
    """What is said below a video; Facebook has no field for what it shows, so that the text ends with it."""
    blocks = (text_of(post), _about(video, post), "\n".join(video.chapters), video.alt)
    return "\n\n".join(block for block in blocks if block)


def video_fields(post: Post, video: Video) -> dict[str, Any]:
    """Title and description of a video."""
    fields = {"title": video.title or post.title, "description": text_of(post)}
    return {name: text for name, text in fields.items() if text}


def live_fields(post: Post, live: Live) -> dict[str, Any]:
    """The fields of a live event that is announced and not on the air."""
    fields: dict[str, Any] = {"title": live.title or post.title, "description": live.description or text_of(post)}
    if live.starts_at:
        fields["event_params"] = {"start_time": int(live.starts_at.timestamp())}
    return {name: value for name, value in fields.items() if value}


def locale(language: str) -> str:
    """Facebook's name of a language."""
    name, *others = language.lower().replace("_", "-").split("-")
    region = next((other for other in others if len(other) == _REGION_LENGTH), _COUNTRIES.get(name, name))
    return f"{name}_{region.upper()}"


def captions_name(track: Subtitles) -> str:
    """The file's name, in which Facebook looks for the language."""
    stem = PurePath(track.path).name.split(".")[0] if track.path else "subtitles"
    return f"{stem}.{locale(track.language)}.srt"


def _about(medium: Photo | Video, post: Post) -> str:
    """Caption, credit and licence, in one line."""
    facts = (medium.caption, medium.credit or post.credit, medium.licence or post.licence)
    return " · ".join(fact for fact in facts if fact)


def _is_own(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in _OWN_HOSTS)
