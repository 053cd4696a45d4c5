"""Problems that only YouTube knows of; pure."""

from __future__ import annotations

from collections.abc import Iterator

from socialcast.model.announcement import Live, Privacy
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.publishers.youtube import quota, words
from socialcast.publishers.youtube.tables import CAPABILITIES, MAX_TAGS_LENGTH, YoutubeSettings

__all__ = ["problems"]

_MAX_DESCRIPTION_BYTES = CAPABILITIES.text.max_length if CAPABILITIES.text else None


def problems(post: Post, settings: YoutubeSettings) -> list[Problem]:
    """Everything that YouTube would refuse or not do."""
    live = post.live if post.live and post.live.is_to_create else None
    return [
        *_title(post),
        *_reply(post),
        *_tags(post),
        *_live_description(live),
        *_schedule(post, live, settings),
        *_quota(post, settings),
    ]


def _title(post: Post) -> Iterator[Problem]:
    if not post.title:
        fix = "give the announcement or the video a title"
        yield Problem(code="title.missing", path="title", message="YouTube shows nothing without a title", fix=fix)


def _reply(post: Post) -> Iterator[Problem]:
    if post.reply_to:
        path = f"channels.{post.channel}.reply_to"
        yield Problem(code="reply.unsupported", path=path, message="a video on YouTube answers no post", fix="remove it")


def _tags(post: Post) -> Iterator[Problem]:
    length = words.tags_length(words.tags(post, "video"))
    if length > MAX_TAGS_LENGTH:
        message = f"they have {length} characters together, our own mark included; {MAX_TAGS_LENGTH} are allowed"
        yield Problem(code="tags.too_long", path="tags", message=message, fix="leave some out")


def _live_description(live: Live | None) -> Iterator[Problem]:
    size_bytes = len(live.description.encode()) if live else 0
    if _MAX_DESCRIPTION_BYTES is not None and size_bytes > _MAX_DESCRIPTION_BYTES:
        message = f"it counts {size_bytes} UTF-8 bytes, {_MAX_DESCRIPTION_BYTES} are allowed"
        yield Problem(code="live.description_too_long", path="live.description", message=message, fix="shorten it")


def _schedule(post: Post, live: Live | None, settings: YoutubeSettings) -> Iterator[Problem]:
    if not (settings.schedule and post.embargo):
        return
    if settings.privacy is not Privacy.PUBLIC:
        message = "YouTube makes a scheduled video public and never unlisted; the embargo is kept by running it again"
        yield Problem(code="embargo.not_scheduled", path="embargo", severity=Severity.WARNING, message=message)
    elif live:
        fix = "set schedule = false on this channel"
        yield Problem(code="embargo.live", path="embargo", message="YouTube makes no live event public by itself", fix=fix)


def _quota(post: Post, settings: YoutubeSettings) -> Iterator[Problem]:
    """What it takes of the project's day, which all of the project's channels share."""
    costs = quota.cost(post, playlist=bool(settings.playlist))
    told = " and ".join(f"{cost.amount:,} of {cost.day_has:,} {cost.unit}" for cost in costs)
    if told:
        message = f"it takes {told} that the project has for a day"
        yield Problem(code="cost.quota", severity=Severity.WARNING, path="", message=message)
