"""Videos: the classic resumable upload, processing, publication, captions and thumbnails (Video API docs, 2026-11-22)."""

from __future__ import annotations

import re
import shutil
from typing import Any

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.facebook.access import Page, answer, operation
from socialcast.sandbox.platforms.facebook.posts import Posts, is_false
from socialcast.sandbox.platforms.facebook.refusals import GONE, RefusalError, parameter
from socialcast.sandbox.platforms.facebook.state import Video
from socialcast.sandbox.platforms.facebook.tables import LIMITS

__all__ = ["Videos"]

_WRONG_OFFSET, _SESSION_OVER = 1363037, 1363033
_CAPTIONS_NAME = re.compile(r".+\.([a-z]{2}_[A-Z]{2})\.srt")
_SIGNS = ((4, b"ftyp"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV"))


class Videos(Posts):
    """The part of the mirror that takes videos."""

    def reset(self) -> None:
        """Forget all videos."""
        super().reset()
        self.videos: dict[str, Video] = {}

    @operation("pages_manage_posts")
    def add_videos(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{page}/videos: in phases, or in one request."""
        self.require_own(page, node)
        phases = {"start": self._start, "transfer": self._transfer, "finish": self._finish, "cancel": self._cancel}
        phase = told.get("upload_phase")
        if phase is None:
            return self._whole(page, request, told)
        if phase not in phases:
            raise parameter("Param upload_phase must be one of {CANCEL, FINISH, START, TRANSFER}")
        return phases[phase](page, request, told)

    @operation("pages_manage_posts")
    def add_captions(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{video}/captions: a SubRip file whose name tells the locale."""
        video, file = self.own_video(page, node), request.files.get("captions_file")
        named = _CAPTIONS_NAME.fullmatch((file.filename or "") if file else "")
        if file is None or named is None:
            raise parameter("The captions file is to be named like film.en_US.srt", 1363008)
        video.captions[named[1]] = self.media.save(file.stream)
        return answer({"success": True})

    @operation("pages_manage_posts")
    def add_thumbnails(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{video}/thumbnails: the picture shown before it plays."""
        video, file = self.own_video(page, node), request.files.get("source")
        if file is None:
            raise RefusalError(324, "(#324) Requires upload file")
        video.thumbnail = self.media.save(file.stream)
        return answer({"success": True})

    # -- the phases ----------------------------------------------------------------------------------------------------

    def _start(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        size = int(told.get("file_size") or 0)
        if not LIMITS.video_smallest_bytes <= size <= LIMITS.video_bytes:
            raise RefusalError(352, "(#352) The video file you selected is in a format or of a size that we don't support.")
        video = Video(id=self.ids.digits(16), page=page, at=self.clock.now(), total_bytes=size, session=self.ids.digits(16))
        video.path = self.media.folder / f"upload-{video.session}"
        video.path.write_bytes(b"")  # after a reset the session of that name is another one
        self.videos[video.id] = video
        return answer({"upload_session_id": video.session, "video_id": video.id, **_offsets(video)})

    def _transfer(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        video, file = self._in_session(page, told), request.files.get("video_file_chunk")
        if file is None or video.path is None:
            raise RefusalError(324, "(#324) Requires upload file")
        if int(told.get("start_offset", -1)) != video.received_bytes:
            raise RefusalError(6001, "There was a problem uploading your video file.", _WRONG_OFFSET, data=_offsets(video))
        with video.path.open("ab") as whole:
            shutil.copyfileobj(file.stream, whole, 1 << 20)
        video.received_bytes = video.path.stat().st_size
        if video.received_bytes > video.total_bytes:
            raise RefusalError(6000, "There was a problem uploading your video file.", 1363019)
        return answer(_offsets(video))

    def _finish(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        video = self._in_session(page, told)
        if video.received_bytes != video.total_bytes or video.path is None:
            raise RefusalError(6000, "There was a problem uploading your video file.", 1363019, data=_offsets(video))
        if video.finished_at is None:
            with video.path.open("rb") as file:
                video.blob = self.media.save(file)
            self._complete(video, told)
        return answer({"success": True})

    def _cancel(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        self._in_session(page, told).cancelled = True
        return answer({"success": True})

    def _whole(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        file = request.files.get("source")
        if file is None:
            raise RefusalError(324, "(#324) Requires upload file")
        video = Video(id=self.ids.digits(16), page=page, at=self.clock.now(), blob=self.media.save(file.stream))
        self.videos[video.id] = video
        self._complete(video, told)
        return answer({"id": video.id})

    def _complete(self, video: Video, told: dict[str, Any]) -> None:
        if video.blob is None:
            raise AssertionError("completed without a file")
        with video.blob.path.open("rb") as file:
            head = file.read(16)
        video.is_video = any(head[at : at + len(sign)] == sign for at, sign in _SIGNS)
        video.title, video.description = told.get("title", ""), told.get("description", "")
        video.finished_at = self.clock.now()
        video.scheduled_for = self.schedule_of(told)
        if video.scheduled_for is not None or not is_false(told, "published"):
            self.publish_video(video)

    # -- what the calls share ------------------------------------------------------------------------------------------

    def own_video(self, page: Page, id: str) -> Video:
        """A video of this Page that was not taken back. Raises RefusalError."""
        video = self.videos.get(id)
        if video is None or video.page is not page or video.cancelled:
            raise GONE
        return video

    def publish_video(self, video: Video) -> None:
        """Show it on the Page, now or at its time; a second time changes nothing."""
        if not video.post:
            post = self.new_post(video.page, message=video.description, video=video, scheduled_for=video.scheduled_for)
            video.post = post.id
        self.posts[video.post].scheduled_for = video.scheduled_for
        video.published = True

    def video_state(self, video: Video) -> str:
        """Where it is in its processing."""
        if video.finished_at is None:
            return "uploading"
        if self.clock.now() < video.finished_at + LIMITS.processing_seconds:
            return "processing"
        return "ready" if video.is_video else "error"

    def is_shown(self, video: Video) -> bool:
        """Whether visitors see it."""
        return bool(video.post) and self.is_public(self.posts[video.post]) and self.video_state(video) == "ready"

    def video_node(self, video: Video) -> dict[str, Any]:
        """The video as the API gives it."""
        state = self.video_state(video)
        done = {"uploading": "in_progress"}.get(state, "complete")
        processed = {"ready": "complete", "error": "error", "processing": "in_progress"}.get(state, "not_started")
        told: dict[str, Any] = {
            "id": video.id,
            "title": video.title,
            "description": video.description,
            "published": video.published and self.is_public(self.posts[video.post]),
            "permalink_url": f"/{video.page.id}/videos/{video.id}/",
            "status": {
                "video_status": state,
                "uploading_phase": {"status": done},
                "processing_phase": {"status": processed},
                "publishing_phase": {"status": "complete" if self.is_shown(video) else "not_started"},
            },
        }
        if video.scheduled_for is not None:
            told["scheduled_publish_time"] = int(video.scheduled_for)
        return told | ({"post_id": video.post} if video.post else {})

    def change_video(self, video: Video, told: dict[str, Any]) -> None:
        """What POST /{video} changes."""
        video.title = told.get("name", told.get("title", video.title))
        video.description = told.get("description", video.description)
        if "scheduled_publish_time" in told:
            video.scheduled_for = self.schedule_of({**told, "published": "false"})
            self.publish_video(video)
        elif "published" in told and not is_false(told, "published"):
            video.scheduled_for = None
            self.publish_video(video)
        if video.post:
            self.posts[video.post].message = video.description

    def _in_session(self, page: Page, told: dict[str, Any]) -> Video:
        session = str(told.get("upload_session_id", ""))
        video = next((video for video in self.videos.values() if video.session == session and video.page is page), None)
        if video is None or video.cancelled or self.clock.now() > video.at + LIMITS.session_seconds:
            raise RefusalError(6000, "The session has expired. Please start a new session.", _SESSION_OVER)
        return video


def _offsets(video: Video) -> dict[str, str]:
    """Where the next piece begins and ends, as strings; equal when all has come."""
    end = min(video.received_bytes + LIMITS.piece_bytes, video.total_bytes)
    return {"start_offset": str(video.received_bytes), "end_offset": str(end)}
