"""What a video and a live event say on YouTube; pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from socialcast.compose.markup import plain
from socialcast.model.announcement import Announcement, Live, Privacy, Video
from socialcast.model.post import Adaptation, Post
from socialcast.publishers.youtube.tables import YoutubeSettings

__all__ = [
    "adapted",
    "broadcast_body",
    "changed_status",
    "details_body",
    "is_as_planned",
    "is_mark",
    "mark",
    "moment",
    "privacy_of_live",
    "said_tags",
    "tags",
    "tags_length",
    "video_body",
]

_MARK_LENGTH = 24  # hexadecimal characters, 96 bits
_MARK = re.compile(rf"socialcast-[0-9a-f]{{{_MARK_LENGTH}}}")
_CREATIVE_COMMONS = re.compile(r"CC-BY-\d\.\d", re.IGNORECASE)
_ANGLE_BRACKETS = re.compile(r"[<>]")
_PRIVATE = "private"
_TIMES = ("scheduledStartTime", "scheduledEndTime")
_PLAYED = ("enableDvr", "latencyPreference")

# What can be written of a video's status. A field that an update leaves out falls back to its default (Videos: update,
# 2026-11-22), so that all are sent back.
_WRITABLE_STATUS = (
    "containsSyntheticMedia",
    "embeddable",
    "license",
    "privacyStatus",
    "publicStatsViewable",
    "publishAt",
    "selfDeclaredMadeForKids",
)


def mark(post: Post, step: str) -> str:
    """What tells one upload from all others, the same on every machine.

    It is a tag: visitors do not see the tags of a video, the owner always reads them. Only what has no tags when it is
    made, a live event or a playlist, carries it as its description while it is private.
    """
    digest = hashlib.sha256("\n".join((post.key, post.channel, step)).encode()).hexdigest()
    return f"socialcast-{digest[:_MARK_LENGTH]}"


def adapted(post: Post, said: Announcement) -> Post:
    """The post with YouTube's title and description, every difference from the announcement named."""
    title = (post.video.title if post.video else "") or post.title or _first_line(said.text)
    description = _description(post, said)
    live = msgspec.structs.replace(post.live, title=post.live.title or title) if post.live else None
    changes = [*_without_brackets(title, description, live), *_licence_in_words(post)]
    if live:
        live = msgspec.structs.replace(live, title=_clean(live.title), description=_clean(live.description))
    parts = (_clean(description),) if description else ()
    return msgspec.structs.replace(post, title=_clean(title), parts=parts, live=live, adaptations=(*post.adaptations, *changes))


def tags(post: Post, step: str) -> list[str]:
    """The announcement's tags, and our mark."""
    return [*said_tags(post), mark(post, step)]


def said_tags(post: Post) -> tuple[str, ...]:
    """The announcement's tags, without what YouTube has another use for."""
    words = (re.sub(r"[<>,]", "", tag).lstrip("#").strip() for tag in post.tags)
    return tuple(dict.fromkeys(filter(None, words)))


def is_mark(tag: str) -> bool:
    """Whether it is one of ours, which tells readers nothing."""
    return _MARK.fullmatch(tag) is not None


def tags_length(tags: list[str]) -> int:
    """How YouTube counts them: the commas between them, and quotes around each with a space."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def video_body(post: Post, settings: YoutubeSettings) -> dict[str, Any]:
    """A video that nobody sees yet, with everything that it will say."""
    return {
        "snippet": _snippet(post, settings, post.title, _text(post), "video"),
        "status": {
            "privacyStatus": _PRIVATE,
            "license": _licence(_licence_name(post)),
            "selfDeclaredMadeForKids": settings.made_for_kids,
            "embeddable": True,
            "publicStatsViewable": True,
        },
    }


def broadcast_body(post: Post, live: Live, settings: YoutubeSettings) -> dict[str, Any]:
    """A live event that nobody sees yet; its mark stands where the description will be, since it has no tags yet.

    It starts when it is told to, on all channels at once, and not when the first picture comes in.
    """
    times = {"scheduledStartTime": live.starts_at, "scheduledEndTime": live.ends_at}
    return {
        "snippet": {
            "title": live.title,
            "description": mark(post, "live"),
            **{name: moment(time) for name, time in times.items() if time},
        },
        "status": {"privacyStatus": _PRIVATE, "selfDeclaredMadeForKids": settings.made_for_kids},
        "contentDetails": {
            "enableAutoStart": False,
            "enableAutoStop": False,
            "enableDvr": live.dvr,
            "recordFromStart": True,
            "latencyPreference": "low" if live.low_latency else "normal",
            "monitorStream": {"enableMonitorStream": False},
        },
    }


def is_as_planned(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether an event has the times already, and is played as it is to be."""
    times = all(_at(shown["snippet"].get(name)) == _at(wanted["snippet"].get(name)) for name in _TIMES)
    return times and all(shown["contentDetails"].get(name) == wanted["contentDetails"][name] for name in _PLAYED)


def details_body(post: Post, live: Live, settings: YoutubeSettings) -> dict[str, Any]:
    """What only the video that a live event also is can say: description, tags, category and licence."""
    body = video_body(post, settings)
    return {**body, "snippet": _snippet(post, settings, live.title, live.description or _text(post), "live")}


def amended_body(video: Mapping[str, Any], post: Post, kind: str, settings: YoutubeSettings) -> dict[str, Any]:
    """A video, or the one that an event is, with what the post says now; who may see it stays as it is."""
    wanted = details_body(post, post.live, settings) if kind == "live" and post.live else video_body(post, settings)
    return {**changed_status(video, license=wanted["status"]["license"]), "snippet": wanted["snippet"]}


def changed_status(video: Mapping[str, Any], **changes: str) -> dict[str, Any]:
    """A video's status with some fields changed and the others as they are; once seen, it has no date to appear at."""
    kept = {name: video["status"][name] for name in _WRITABLE_STATUS if name in video["status"]}
    if changes.get("privacyStatus") != _PRIVATE:
        kept.pop("publishAt", None)
    return {"id": video["id"], "status": {**kept, **changes}}


def privacy_of_live(live: Live, settings: YoutubeSettings) -> str:
    """The more private of what the event and the channel say."""
    is_unlisted = Privacy.UNLISTED in (live.privacy, settings.privacy)
    return str((Privacy.UNLISTED if is_unlisted else Privacy.PUBLIC).value)


def moment(time: datetime) -> str:
    """RFC 3339 in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _at(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None


def _snippet(post: Post, settings: YoutubeSettings, title: str, description: str, step: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": description,
        "tags": tags(post, step),
        "categoryId": settings.category_id,
        "defaultLanguage": post.language,
        "defaultAudioLanguage": post.language,
    }


def _text(post: Post) -> str:
    return "\n\n".join(post.parts)


def _description(post: Post, said: Announcement) -> str:
    """Text and link first, because YouTube folds a description after a few lines."""
    video = post.video
    words = (video.caption, video.alt, "\n".join(video.chapters)) if video else ()
    blocks = (*post.parts, plain(said.body), *words, _rights(post, video))
    return "\n\n".join(block for block in blocks if block)


def _rights(post: Post, video: Video | None) -> str:
    credit = (video.credit if video else "") or post.credit
    return " · ".join(part for part in (credit, _licence_name(post)) if part)


def _licence_name(post: Post) -> str:
    return (post.video.licence if post.video else "") or post.licence


def _licence(name: str) -> str:
    """YouTube has one Creative Commons licence, CC BY; one with more conditions would be widened by it."""
    return "creativeCommon" if _CREATIVE_COMMONS.fullmatch(name) else "youtube"


def _licence_in_words(post: Post) -> list[Adaptation]:
    name = _licence_name(post)
    if not name or _licence(name) != "youtube":
        return []
    message = f"YouTube has no {name}: shown there under its standard licence, and {name} in the description"
    return [Adaptation(code="video.licence_in_words", message=message, routine=True)]


def _without_brackets(title: str, description: str, live: Live | None) -> list[Adaptation]:
    texts = (title, description, *((live.title, live.description) if live else ()))
    if not any(map(_ANGLE_BRACKETS.search, texts)):
        return []
    return [Adaptation(code="text.angle_brackets", message="YouTube takes no < and no >: they are left out")]


def _clean(text: str) -> str:
    return _ANGLE_BRACKETS.sub("", text)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
