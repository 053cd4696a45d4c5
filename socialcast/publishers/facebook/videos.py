"""A video on its way to Facebook: in parts that go on where they stopped, unpublished, with its picture and subtitles.

That an unpublished video (`published=false` at the end of the upload) is made public by setting `published` on it is what the
generated SDK describes; no guide shows it, and it is not verified against Facebook. The same holds for the time of a schedule.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import requests

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Subtitles, Video
from socialcast.model.errors import TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.model.receipt import Readiness
from socialcast.publisher import Connection
from socialcast.publishers.facebook import words
from socialcast.publishers.facebook.graph import Graph, GraphAPIError, codes_of, error_data
from socialcast.publishers.facebook.posts import RECOVERY_WINDOW, find_video
from socialcast.publishers.facebook.tables import PHOTOS
from socialcast.wire.bodies import open_piece

__all__ = ["Videos", "readiness"]

# Facebook proposes parts of a megabyte, each of which costs a round trip; it takes longer ones. A connection that breaks
# loses its part, and one that Facebook does not take is too long: the next is half as long, so that a bad line gets on as well.
# Of a gigabyte in parts of this length, round trips take less time than the bytes do, even on a fast line.
_PART_BYTES, _SHORTEST_PART_BYTES = 64 << 20, 1 << 20
_BYTES = "application/octet-stream"
_SESSION_SECONDS = 20 * 3600  # no document says how long one lives
_MOST_SESSIONS = 3
_WRONG_OFFSET, _SESSION_ENDED = 1363037, (1363033, 1363041)
_STILL_UPLOADING = ("", "uploading", "upload_failed", "expired")
_FAILED = ("error", "expired", "upload_failed")


class Videos:
    """The video of one post."""

    def __init__(self, graph: Graph, page_id: str, connection: Connection, post: Post, steps: Steps) -> None:
        self._graph, self._page_id, self._connection = graph, page_id, connection
        self._post, self._steps = post, steps
        self._ended: set[str] = set()
        self._part_bytes = _PART_BYTES

    def upload(self, video: Video) -> str:
        """The id of the video, which nobody sees yet."""
        for _ in range(_MOST_SESSIONS):
            session = self._session(video)
            if not session["id"]:
                return str(session["video"])  # an earlier run has published it with all that belongs to it
            if self._send_parts(video, session) and self._finish(video, session):
                return self._furnished(video, str(session["video"]))
            self._ended.add(session["id"])
        raise TransientError("Facebook ends each session of the upload before its time", hint="run it again later")

    def _furnished(self, video: Video, video_id: str) -> str:
        """The video with its picture and subtitles."""
        self._add_picture(video, video_id)
        for track in video.subtitles:
            self._add_subtitles(track, video_id)
        return video_id

    def _session(self, video: Video) -> dict[str, Any]:
        """The session and the video's id, recorded before the first byte."""

        def send() -> dict[str, Any]:
            size_bytes = video.content.size
            told = self._graph.post_video(f"{self._page_id}/videos", upload_phase="start", file_size=size_bytes)
            facts = {"id": told.get("upload_session_id"), "video": told.get("video_id"), "offset": told.get("start_offset")}
            return {**facts, "expires_at": self._now().timestamp() + _SESSION_SECONDS} if all(facts.values()) else {}

        def find() -> dict[str, Any] | None:
            since = self._now() - RECOVERY_WINDOW
            found = find_video(self._graph, self._page_id, words.text_of(self._post), since)
            return {"id": "", "video": found} if found else None

        return self._steps.once("video/session", send, find, valid=self._is_open)

    def _is_open(self, session: dict[str, Any]) -> bool:
        """Whether bytes may go there; one that has done its work needs to stay open no longer."""
        if not session["id"] or self._steps.recorded(f"video/finish/{session['id']}") == "done":
            return True
        return session["id"] not in self._ended and session["expires_at"] > self._now().timestamp()

    def _send_parts(self, video: Video, session: dict[str, Any]) -> bool:
        """Whether all bytes are there; the session may end in between."""
        offset: int | None = int(session["offset"])
        while offset is not None and offset < video.content.size:
            offset = self._part(video, session["id"], offset)["next"]
        return offset is not None

    def _part(self, video: Video, session_id: str, start: int) -> dict[str, Any]:
        def is_current(part: dict[str, Any]) -> bool:
            return bool(part["session"] == session_id)

        send = partial(self._send_part, video, session_id, start)
        return self._steps.once(f"video/part/{start}", send, repeatable=True, valid=is_current)

    def _send_part(self, video: Video, session_id: str, start: int) -> dict[str, Any]:
        """Where to go on. A part that is there already is answered with that place as well, in an error."""
        fields = {"upload_phase": "transfer", "upload_session_id": session_id, "start_offset": start}
        try:
            with open_piece(video, start, self._part_bytes) as part:
                files = {"video_file_chunk": ("part", part, _BYTES)}
                told = self._graph.post_video(f"{self._page_id}/videos", files=files, **fields)
        except (requests.ConnectionError, requests.Timeout):
            self._shorten_parts()
            raise
        except GraphAPIError as error:
            subcode = codes_of(error)[1]
            if subcode in _SESSION_ENDED:
                return {"session": session_id, "next": None}
            if subcode != _WRONG_OFFSET:
                raise
            told = error_data(error)
        following = int(told.get("start_offset", start))
        if following > start:
            return {"session": session_id, "next": following}
        self._shorten_parts()
        return {}  # nothing was taken, which no step counts as done

    def _shorten_parts(self) -> None:
        self._part_bytes = max(_SHORTEST_PART_BYTES, self._part_bytes // 2)

    def _finish(self, video: Video, session: dict[str, Any]) -> bool:
        """Whether the upload is at its end, unpublished; the session may have ended before."""

        def send() -> str:
            fields = {**words.video_fields(self._post, video), "upload_session_id": session["id"], "published": False}
            try:
                told = self._graph.post_video(f"{self._page_id}/videos", upload_phase="finish", **fields)
            except GraphAPIError as error:
                if codes_of(error)[1] not in _SESSION_ENDED:
                    raise
                return "ended"
            return "done" if told.get("success") else ""

        def find() -> str | None:
            status = self._graph.get(session["video"], fields="status").get("status") or {}
            return None if status.get("video_status", "") in _STILL_UPLOADING else "done"

        return self._steps.once(f"video/finish/{session['id']}", send, find) == "done"

    def _add_picture(self, video: Video, video_id: str) -> None:
        if video.poster is None:
            return
        poster: Photo = video.poster

        def send() -> str:
            fitted = fit(poster, PHOTOS, self._connection.cache_folder)
            with fitted.open() as file:
                files = {"source": (fitted.filename, file, fitted.media_type)}
                told = self._graph.post(f"{video_id}/thumbnails", files=files, is_preferred=True)
            return "done" if told.get("success") else ""

        self._steps.once(f"video/poster/{video_id}", send, repeatable=True)

    def _add_subtitles(self, track: Subtitles, video_id: str) -> None:
        def send() -> str:
            from socialcast.compose.video import subtitles_as  # needs no import where nobody has subtitles

            name, locale = words.captions_name(track), words.locale(track.language)
            files = {"captions_file": (name, subtitles_as(track, "srt"), _BYTES)}
            told = self._graph.post(f"{video_id}/captions", files=files, default_locale=locale)
            return "done" if told.get("success") else ""

        self._steps.once(f"video/subtitles/{track.language}/{video_id}", send, repeatable=True)

    def _now(self) -> datetime:
        return self._connection.clock.now()


def readiness(graph: Graph, video_id: str) -> Readiness:
    """One look at whether Facebook has processed a video; raises TerminalError when it could not."""
    status = graph.get(video_id, fields="status").get("status") or {}
    state = status.get("video_status", "")
    if state in _FAILED:
        raise TerminalError(f"Facebook could not process the video: {state}", hint="encode it anew: H.264 with AAC in MP4")
    progress = status.get("processing_progress")
    return Readiness(
        ready=state == "ready", look_again_after_seconds=5, progress_percent=int(progress) if progress is not None else None
    )
