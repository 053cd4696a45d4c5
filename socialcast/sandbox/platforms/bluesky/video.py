"""The video service: one upload, a job that takes a while, and a file in the account's own store (page "Video", 2026-09-28)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socialcast.sandbox.media import sniffed
from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.bluesky.access import Call, operation
from socialcast.sandbox.platforms.bluesky.identity import Identity
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError, answer, invalid
from socialcast.sandbox.platforms.bluesky.state import Job, User
from socialcast.sandbox.platforms.bluesky.tables import LIMITS, VIDEO_DID

__all__ = ["VideoService"]

_DAY = 86_400
_COMPLETED, _FAILED = "JOB_STATE_COMPLETED", "JOB_STATE_FAILED"
# the share of the processing time from which a state holds, and the progress that it tells
_STATES: Sequence[tuple[float, str, int]] = (
    (0.0, "JOB_STATE_CREATED", 0),
    (0.2, "JOB_STATE_ENCODING", 30),
    (0.5, "JOB_STATE_SCANNING", 60),
    (0.8, "JOB_STATE_UPLOADING", 90),
    (1.0, _COMPLETED, 100),
)
_UPLOAD = "com.atproto.repo.uploadBlob"


class VideoService(Identity):
    """The part of the mirror that is video.bsky.app."""

    def reset(self) -> None:
        """Forget all jobs."""
        super().reset()
        self.jobs: dict[str, Job] = {}

    @operation
    def get_upload_limits(self, call: Call) -> Response:
        """What the account may still send today."""
        self._require_claims(call, VIDEO_DID, "app.bsky.video.getUploadLimits")
        return answer(self._limits(call.user))

    @operation
    def upload_video(self, call: Call) -> Response:
        """A whole video; the answer is the job's status itself, which the schema would have under `jobStatus`."""
        user, request = call.user, call.request
        self._require_claims(call, f"did:web:{user.pds}", _UPLOAD)
        if call.told.get("did") != user.did:
            raise RefusalError(401, "InvalidToken", "the token is not of the account that did names")
        if request.mimetype != "video/mp4":
            raise invalid(f"Wrong request encoding (Content-Type): {request.mimetype}")
        if request.received_bytes > LIMITS.video_bytes:
            raise RefusalError(413, "PayloadTooLarge", "request entity too large")
        file = self.media.save(request.stream)
        known = next((job for job in self._jobs_of(user) if job.file.sha256 == file.sha256 and job.is_playable), None)
        if known:
            return answer({**self._status(known), "error": "already_exists", "message": "Video already exists"}, 409)
        limits = self._limits(user)
        if not limits["canUpload"]:
            raise RefusalError(403, limits["error"], limits["message"])
        is_playable = sniffed(file.path) == "video/mp4"
        job = Job(id=self.ids.hexadecimal(24), user=user, file=file, at=self.clock.now(), is_playable=is_playable)
        self.jobs[job.id] = job
        return answer(self._status(job))

    @operation
    def get_job_status(self, call: Call) -> Response:
        """How far a job is; no token is needed, but a wrong one is refused."""
        job = self.jobs.get(call.told.get("jobId", ""))
        if job is None:
            raise invalid("Job not found")
        return answer({"jobStatus": self._status(job)})

    def _status(self, job: Job) -> dict[str, Any]:
        done = (self.clock.now() - job.at) / LIMITS.processing_seconds
        _, state, progress = next(step for step in reversed(_STATES) if done >= step[0])
        told: dict[str, Any] = {"jobId": job.id, "did": job.user.did, "state": state, "progress": progress}
        if state == "JOB_STATE_CREATED":
            return told
        if not job.is_playable:
            words = "the file is not a video that can be played"
            return {
                **told,
                "state": _FAILED,
                "failureCode": "validation_failure",
                "error": "validation_failure",
                "message": words,
            }
        if state == _COMPLETED:
            told["blob"] = self.keep(job.user, job.file, "video/mp4").reference
        return told

    def _limits(self, user: User) -> dict[str, Any]:
        today = [job for job in self._jobs_of(user) if job.at > self.clock.now() - _DAY]
        left = LIMITS.daily_videos - len(today)
        left_bytes = LIMITS.daily_video_bytes - sum(job.file.size for job in today)
        told = {"canUpload": True, "remainingDailyVideos": max(left, 0), "remainingDailyBytes": max(left_bytes, 0)}
        if not user.email_confirmed:
            return {**told, "canUpload": False, "error": "unconfirmed_email", "message": "Confirm your email to upload videos"}
        if left <= 0 or left_bytes <= 0:
            return {**told, "canUpload": False, "error": "daily_limit_exceeded", "message": "Daily upload limit reached"}
        return told

    def _jobs_of(self, user: User) -> list[Job]:
        return [job for job in self.jobs.values() if job.user is user]

    def _require_claims(self, call: Call, aud: str, lxm: str) -> None:
        """The token is for this service and this method. Raises RefusalError."""
        claims = call.token.claims if call.token else {}
        if claims.get("aud") != aud:
            raise RefusalError(401, "BadJwtAudience", f"jwt audience does not match service did: {aud} is expected")
        if claims.get("lxm") != lxm:
            raise RefusalError(401, "BadJwtLexiconMethod", f"bad jwt lexicon method (lxm): {lxm} is expected")
