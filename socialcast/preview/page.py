"""The plan as one page: nothing is fetched, no script runs, and whatever the announcement says is text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from socialcast.broadcast.plan import Plan, PlannedChannel
from socialcast.compose.below import below
from socialcast.compose.characters import visible
from socialcast.model.announcement import Announcement, Audience, Photo, Video
from socialcast.model.errors import ConfigurationError
from socialcast.model.problems import Severity
from socialcast.preview.thumbnails import frame, thumbnails
from socialcast.preview.view import FOR_THE_PRESS, count, part_views, totals

__all__ = ["plan_page"]


def plan_page(plan: Plan, announcement: Announcement, cache_folder: str | None = None) -> str:
    """One self-contained HTML page of the plan; small pictures are kept in the folder. Raises ConfigurationError."""
    style, stills = _style(), _stills(plan, cache_folder)
    pictures = (*(photo for channel in plan.channels for photo in _photos(channel)), *filter(None, stills.values()))
    page: str = _template().render(
        plan=plan,
        announcement=announcement,
        title=announcement.title or announcement.text or plan.key,
        channels=[_shown(number, channel, announcement) for number, channel in enumerate(plan.channels, 1)],
        thumbnails=thumbnails(pictures, cache_folder),
        stills=stills,
        below=lambda medium, post: str(below(medium, post)),
        totals=totals(plan),
        verdict=_verdict(plan),
        for_the_press=FOR_THE_PRESS if announcement.audience is Audience.PRESS else "",
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return page


def _shown(number: int, channel: PlannedChannel, announcement: Announcement) -> dict[str, Any]:
    parts, missing = part_views(channel, announcement)
    return {
        "id": f"channel-{number}",
        "planned": channel,
        "shows": channel.seen,
        "parts": parts,
        "left_out": missing,
        "state": _state(channel),
    }


def _photos(channel: PlannedChannel) -> Iterator[Photo]:
    """Every picture that readers of the channel see, a video's and an event's own among them."""
    if post := channel.seen:
        posters = (post.video and post.video.poster, post.live and post.live.poster)
        yield from (*post.photos, *(poster for poster in posters if poster))


def _stills(plan: Plan, cache_folder: str | None) -> dict[Video, Photo | None]:
    """A frame of each video that is shown without a poster."""
    videos = (post.video for channel in plan.channels if (post := channel.seen))
    return {video: frame(video, cache_folder) for video in dict.fromkeys(videos) if video and not video.poster}


def _state(channel: PlannedChannel) -> str:
    if channel.skipped:
        return "skipped"
    told = (count(channel.problems, Severity.ERROR, "error"), count(channel.problems, Severity.WARNING, "warning"))
    return ", ".join(filter(None, told)) or "no problems"


def _verdict(plan: Plan) -> str:
    return "An error stops it: nothing would be sent." if plan.is_stopped else "It can be published."


@cache
def _style() -> str:
    return (files(__package__) / "templates" / "plan.css").read_text(encoding="utf-8")


def _shown_as_text(value: Any) -> Any:
    return visible(value) if isinstance(value, str) else value


@cache
def _template() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # an extra: only this page needs it
    except ImportError:
        raise ConfigurationError("the page of a plan needs: pip install 'socialcast[preview]'") from None
    loader = PackageLoader("socialcast.preview")
    environment = Environment(
        loader=loader, autoescape=True, finalize=_shown_as_text, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("plan.html")
