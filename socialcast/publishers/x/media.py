"""Photos, videos and subtitles on their way to X; nothing of it is visible before a post shows it."""

from __future__ import annotations

import math
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tweepy

from socialcast.compose.photos import Fitted
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Media, Photo, Subtitles, Video
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Readiness
from socialcast.publishers.x.access import Access
from socialcast.wire.bodies import open_piece
from socialcast.wire.clock import Clock

__all__ = ["Uploaded", "Uploads", "readiness"]

# X keeps unattached media for 24 hours after they are complete (media guide, 2026-08-22); the rest is for the way.
_LIFE_SECONDS = 20 * 3600
_SEGMENT_BYTES = 4 << 20  # pieces of 5 MiB were answered with 431 once (abraham/twitteroauth#1257)
_MAX_SEGMENTS = 1000  # segment_index is 0 to 999 (OpenAPI file 2.167)
_SEGMENTS_AT_ONCE = 12  # each waits for its answer meanwhile; with four, most of the time went by in waiting


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """A medium on X: the id that posts name, the key that timelines show, and until when it can be used (Unix seconds)."""

    id: str
    key: str
    expires_at: float


# What stands for media that are not sent: a post that shows some is found by its words and their number.
_NOT_SENT = Uploaded(id="", key="", expires_at=math.inf)


class Uploads:
    """The uploads of one delivery; each call is a step, so that what was sent is not sent again."""

    def __init__(self, access: Access, clock: Clock, steps: Steps) -> None:
        self._access, self._clock, self._steps = access, clock, steps

    def photo(self, name: str, photo: Photo, fitted: Fitted) -> Uploaded:
        """The photo with its alt text."""

        def send() -> dict[str, Any]:
            fields = {"media_category": "tweet_image"}
            answer = self._access.send_file("/2/media/upload", fields, fitted.filename, fitted.open, fitted.media_type)
            return self._told(answer.json())

        uploaded = self._step(name, send)
        self._describe(name, uploaded, photo.alt)
        return uploaded

    def video(self, video: Video, prefix: str = "") -> Uploaded:
        """The video with its description and subtitles, which X may still be processing."""
        uploaded = self._in_segments(f"{prefix}video", video, _media_type(video, "video/mp4"), "tweet_video")
        self._describe(f"{prefix}video", uploaded, video.alt)
        for number, track in enumerate(video.subtitles, 1):
            self._subtitles(f"{prefix}subtitles/{number}", uploaded, track)
        return uploaded

    def _subtitles(self, name: str, video: Uploaded, track: Subtitles) -> None:
        uploaded = self._in_segments(name, track, _media_type(track, "text/srt"), "subtitles")
        self._set(f"{name}/set", video, "/2/media/subtitles", subtitles_body(video.id, uploaded.id, track.language))

    def _describe(self, name: str, uploaded: Uploaded, alt: str) -> None:
        if alt:
            self._set(f"{name}/alt", uploaded, "/2/media/metadata", alt_text_body(uploaded.id, alt))

    def _set(self, name: str, uploaded: Uploaded, path: str, body: dict[str, Any]) -> None:
        """Say something of a medium; said again of the one that replaces it when it has lapsed."""

        def send() -> str:
            self._access.request("POST", path, json=body)
            return uploaded.id

        self._steps.once(name, send, repeatable=True, valid=uploaded.id.__eq__)

    def _in_segments(self, name: str, media: Media, media_type: str, category: str) -> Uploaded:
        size_bytes = media.content.size
        body = {"media_type": media_type, "total_bytes": size_bytes, "media_category": category}
        uploaded = self._step(
            f"{name}/start", lambda: self._told(self._access.request("POST", "/2/media/upload/initialize", json=body))
        )

        def work(index: int, segment: Segment) -> str:
            return self._segment(f"{name}/segment/{index}", uploaded, media, segment)

        self._steps.each(segments(size_bytes), work, at_once=_SEGMENTS_AT_ONCE)
        if uploaded is not _NOT_SENT:
            self._finish(f"{name}/finish", uploaded)
        return uploaded

    def _segment(self, name: str, uploaded: Uploaded, media: Media, segment: Segment) -> str:
        def send() -> str:
            path, fields = f"/2/media/upload/{uploaded.id}/append", {"segment_index": segment.number}
            self._access.send_file(
                path, fields, "segment", lambda: open_piece(media, segment.offset, segment.length), "application/octet-stream"
            )
            return uploaded.id

        return self._steps.once(name, send, repeatable=True, valid=uploaded.id.__eq__)

    def _finish(self, name: str, uploaded: Uploaded) -> None:
        def send() -> str:
            # An absent body was answered 400 "Request body must be a JSON object" (trypostit/trypost#202, 2026-07).
            self._access.request("POST", f"/2/media/upload/{uploaded.id}/finalize", json={})
            return uploaded.id

        def find() -> str | None:
            try:
                status = _status(self._access, uploaded.id)
            except tweepy.NotFound:
                return None  # how X answers before the end (drswork/go-twitter#16)
            return uploaded.id if "processing_info" in status or "size" in status else None

        self._steps.once(name, send, find, valid=uploaded.id.__eq__)

    def _step(self, name: str, send: Any) -> Uploaded:
        known = self._steps.once(
            name, send, repeatable=True, valid=lambda known: known["expires_at"] > self._now(), unsent=lambda: _NOT_SENT
        )
        return known if isinstance(known, Uploaded) else msgspec.convert(known, Uploaded)

    def _told(self, answer: Any) -> dict[str, Any]:
        given = answer["data"]
        life_seconds = min(_LIFE_SECONDS, given.get("expires_after_secs") or _LIFE_SECONDS)
        uploaded = Uploaded(id=given["id"], key=given.get("media_key") or "", expires_at=self._now() + life_seconds)
        plain: dict[str, Any] = msgspec.to_builtins(uploaded)
        return plain

    def _now(self) -> float:
        return self._clock.now().timestamp()


class Segment(NamedTuple):
    """One piece of a file."""

    number: int
    offset: int
    length: int


def segments(size_bytes: int) -> Iterator[Segment]:
    """The pieces of a file of that size, at most as many as X takes."""
    length = max(_SEGMENT_BYTES, -(-size_bytes // _MAX_SEGMENTS))
    for number, offset in enumerate(range(0, size_bytes, length)):
        yield Segment(number, offset, min(length, size_bytes - offset))


def readiness(access: Access, media_id: str) -> Readiness:
    """One look at whether X has processed a video; raises TerminalError when it could not."""
    info = _status(access, media_id).get("processing_info") or {"state": "succeeded"}
    if info["state"] == "failed":
        error = info.get("error") or {}
        words = error.get("message") or error.get("name") or "without a reason"
        raise TerminalError(
            f"X could not process the video: {words}", code=str(error.get("code", "")), hint="encode it anew: H.264 with AAC"
        )
    return Readiness(
        ready=info["state"] == "succeeded",
        look_again_after_seconds=float(info.get("check_after_secs") or 1),
        progress_percent=info.get("progress_percent"),
    )


def alt_text_body(media_id: str, alt: str) -> dict[str, Any]:
    """What gives a medium its alt text."""
    return {"id": media_id, "metadata": {"alt_text": {"text": alt}}}


def subtitles_body(video_id: str, track_id: str, language: str) -> dict[str, Any]:
    """What gives a video its subtitles; X wants two capitals for the language."""
    track = {"id": track_id, "language_code": language[:2].upper(), "display_name": language}
    return {"id": video_id, "media_category": "TweetVideo", "subtitles": track}


def _status(access: Access, media_id: str) -> dict[str, Any]:
    answer = access.request("GET", "/2/media/upload", params={"command": "STATUS", "media_id": media_id})
    status: dict[str, Any] = answer["data"]
    return status


def _media_type(media: Media, usual: str) -> str:
    """By the file's name; subtitles are .srt or .vtt, which the standard table calls otherwise or not at all."""
    suffix = Path(media.path or "").suffix.lower()
    return {".srt": "text/srt", ".vtt": "text/vtt"}.get(suffix) or mimetypes.guess_type(media.path or "")[0] or usual
