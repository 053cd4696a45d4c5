"""Live videos: scheduled, on the air once pictures come in, ended, and then a video (Live Video API docs, 2026-11-22)."""

from __future__ import annotations

import json
from typing import Any

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.facebook.access import Page, answer, operation
from socialcast.sandbox.platforms.facebook.posts import is_false, stamp
from socialcast.sandbox.platforms.facebook.refusals import RefusalError, parameter
from socialcast.sandbox.platforms.facebook.state import LiveVideo, Video
from socialcast.sandbox.platforms.facebook.tables import LIMITS
from socialcast.sandbox.platforms.facebook.videos import Videos

__all__ = ["LiveVideos"]

_INGEST = "rtmps://live-api-s.facebook.com:443/rtmp/"
_OPEN = frozenset({"UNPUBLISHED", "SCHEDULED_UNPUBLISHED"})
_STATES = _OPEN | {"LIVE_NOW"}


class LiveVideos(Videos):
    """The part of the mirror that is on the air."""

    def reset(self) -> None:
        """Forget all live videos."""
        super().reset()
        self.live_videos: dict[str, LiveVideo] = {}

    def set_ingest(self, key: str, is_active: bool) -> None:
        """Pictures begin or cease to come in with that key."""
        live = next((live for live in self.live_videos.values() if live.key == key), None)
        if live is None:
            raise KeyError("no live video has that key")
        live.is_receiving = is_active

    @operation("publish_video")
    def add_live_videos(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{page}/live_videos: only old and followed Pages, since June 2024."""
        self.require_own(page, node)
        if page.page_age_days < LIMITS.live_page_days or page.followers < LIMITS.live_followers:
            message = "To go live, the Page has to be at least 60 days old and have at least 100 followers."
            raise RefusalError(200, f"(#200) {message}", 1363120, status=403)
        status = told.get("status", "UNPUBLISHED")
        if status not in _STATES:
            raise parameter("Param status must be one of {LIVE_NOW, SCHEDULED_UNPUBLISHED, UNPUBLISHED}")
        starts_at = _start_of(told)
        if status == "SCHEDULED_UNPUBLISHED" and not starts_at:
            raise parameter("A scheduled live video needs event_params with a start_time")
        live = LiveVideo(
            id=self.ids.digits(16),
            page=page,
            at=self.clock.now(),
            title=told.get("title", ""),
            description=told.get("description", ""),
            status="UNPUBLISHED" if status == "LIVE_NOW" else status,
            key=f"FB-{self.ids.digits(16)}-0-sandbox",
            starts_at=starts_at,
        )
        self.live_videos[live.id] = live
        return answer({"id": live.id, **_ingest(live)})

    @operation("pages_read_engagement")
    def list_live_videos(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{page}/live_videos, by state, newest first."""
        self.require_own(page, node)
        wanted = json.loads(told["broadcast_status"]) if "broadcast_status" in told else None
        own = [live for live in reversed(self.live_videos.values()) if live.page is page]
        found = [self.live_node(live) for live in own if wanted is None or self.live_state(live) in wanted]
        return answer(self.paged(request, found, told))

    def live_state(self, live: LiveVideo) -> str:
        """Its state now; what was ended is processed for some seconds and then a video."""
        if live.ended_at is None:
            return live.status
        return "PROCESSING" if self.clock.now() < live.ended_at + LIMITS.processing_seconds else "VOD"

    def live_node(self, live: LiveVideo) -> dict[str, Any]:
        """The live video as the API gives it."""
        video = live.video or live.id
        told = {
            "id": live.id,
            "title": live.title,
            "description": live.description,
            "status": self.live_state(live),
            "creation_time": stamp(live.at),
            "created_time": stamp(live.at),
            "permalink_url": f"/{live.page.id}/videos/{video}/",
            "video": {"id": video},
            "live_views": 0,
            "ingest_streams": [{"id": live.id, "stream_health": {"video_bitrate": 4_500_000.0 if live.is_receiving else 0.0}}],
        }
        return told | _ingest(live) | ({"planned_start_time": live.starts_at} if live.starts_at else {})

    def change_live(self, live: LiveVideo, told: dict[str, Any]) -> None:
        """What POST /{live} changes. Raises RefusalError for what the state does not allow."""
        if "end_live_video" in told and not is_false(told, "end_live_video"):
            self._end(live)
        elif told.get("status") == "LIVE_NOW":
            self._begin(live)
        live.title, live.description = told.get("title", live.title), told.get("description", live.description)

    def _begin(self, live: LiveVideo) -> None:
        if live.ended_at is not None:
            raise parameter("The live video has ended already", 1363144)
        if not live.is_receiving:  # our reading: the reference names no code for a start without pictures
            raise parameter("The live video cannot start before video is received", 1363145)
        if live.status != "LIVE":
            live.status = "LIVE"
            post = self.new_post(live.page, message=live.description, live=live)
            live.post = post.id

    def _end(self, live: LiveVideo) -> None:
        if live.status != "LIVE":
            raise parameter("The live video is not live", 1363146)
        if live.ended_at is None:
            live.ended_at, live.is_receiving = self.clock.now(), False
            video = Video(id=self.ids.digits(16), page=live.page, at=self.clock.now(), title=live.title, is_video=True)
            video.finished_at, video.published, video.post = self.clock.now(), True, live.post
            self.videos[video.id] = video
            live.video = video.id


def _start_of(told: dict[str, Any]) -> str:
    given = told.get("event_params", "")
    params = json.loads(given) if isinstance(given, str) and given else given or {}
    return str(params.get("start_time", told.get("planned_start_time", "")))


def _ingest(live: LiveVideo) -> dict[str, str]:
    if live.ended_at is not None:
        return {}
    return {"stream_url": f"rtmp://live-api-s.facebook.com:80/rtmp/{live.key}", "secure_stream_url": _INGEST + live.key}
