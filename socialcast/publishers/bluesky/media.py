"""Photos, video and captions on their way: blobs that nobody sees before a post shows them.

A blob is named by its content, so sending it again changes nothing; one that no post shows is dropped after a while.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import requests

from socialcast.compose import photos
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Subtitles, Video
from socialcast.model.capabilities import PhotoRules
from socialcast.model.errors import TerminalError, TransientError
from socialcast.model.receipt import Readiness
from socialcast.publisher import Connection
from socialcast.publishers.bluesky import records
from socialcast.publishers.bluesky.api import Api
from socialcast.publishers.bluesky.tables import THUMBNAIL, BlueskySettings

__all__ = ["Uploads"]

_AT_ONCE = 4
_LIFE_SECONDS = 15 * 60  # the schema of uploadBlob lets a server drop what is unused after some minutes (2026-08-20)
_TOKEN_SECONDS = 1800  # an upload that takes longer would lose its way to the account's server
_UPLOAD_BLOB, _UPLOAD_VIDEO = "com.atproto.repo.uploadBlob", "app.bsky.video.uploadVideo"
_FAILED = "JOB_STATE_FAILED"
_LOOK_AGAIN_SECONDS = 2.0
_NOT_SENT: dict[str, Any] = {"blob": {}, "job": "", "width": 1, "height": 1}


class Uploads:
    """The media of one account; `once` more where a post does not show them yet and the server may have dropped them."""

    def __init__(self, api: Api, http: requests.Session, settings: BlueskySettings, connection: Connection) -> None:
        self._api, self._http, self._settings, self._connection = api, http, settings, connection

    def pictures(self, shown: tuple[Photo, ...], steps: Steps, prefix: str = "") -> list[records.Picture]:
        """The photos as a post shows them, in steps that begin with that."""
        return steps.each(shown, lambda index, photo: self._picture(f"{prefix}photo/{index + 1}", photo, steps), at_once=_AT_ONCE)

    def thumbnail(self, photo: Photo, steps: Steps) -> dict[str, Any]:
        """The blob of the picture that a card shows."""
        send = partial(self._send_photo, photo, THUMBNAIL)
        blob: dict[str, Any] = self._once("card/picture", send, steps)["blob"]
        return blob

    def video(self, film: Video, steps: Steps) -> str:
        """The job of the video service, or the blob itself where there is no service."""
        return str(self._video(film, steps)["job"])

    def ready(self, job: str) -> Readiness:
        """One look at whether the video is prepared. Raises TerminalError for one that cannot be."""
        told = self._job(job) if job else {"blob": True}
        if told.get("state") == _FAILED:
            why = told.get("message") or told.get("failureCode") or "no reason given"
            raise TerminalError(f"Bluesky could not prepare the video: {why}", hint="encode it anew: H.264 with AAC in MP4")
        return Readiness(
            ready="blob" in told, progress_percent=told.get("progress"), look_again_after_seconds=_LOOK_AGAIN_SECONDS
        )

    def shown_video(self, film: Video, steps: Steps) -> dict[str, Any]:
        """The embed that shows the video, which is prepared."""
        from socialcast.compose.video import facts

        made, known = self._video(film, steps), facts(film)
        blob = steps.read(lambda: self._job(made["job"])).get("blob") if made["job"] else made["blob"]
        if blob is None:
            raise TransientError("Bluesky has not prepared the video yet", hint="run it again")
        captions = [self._captions(track, steps) for track in film.subtitles]
        size = (known.width, known.height) if known.width and known.height else None
        return records.video(blob, film.alt, size, captions)

    def _picture(self, name: str, photo: Photo, steps: Steps) -> records.Picture:
        send = partial(self._send_photo, photo, self._settings.photos)
        made = self._once(name, send, steps)
        return {"alt": photo.alt, "image": made["blob"], "aspectRatio": {"width": made["width"], "height": made["height"]}}

    def _send_photo(self, photo: Photo, rules: PhotoRules) -> dict[str, Any]:
        fitted = photos.fit(photo, rules, self._connection.cache_folder)
        known = photos.facts(Photo(fitted.path, fitted.data))
        sides = (known.width, known.height) if known.orientation < 5 else (known.height, known.width)
        blob = self._api.upload(fitted.open, fitted.media_type)
        return {"blob": blob, "width": sides[0], "height": sides[1], "uploaded_at": self._now()}

    def _captions(self, track: Subtitles, steps: Steps) -> dict[str, Any]:
        from socialcast.compose.video import subtitles_as

        def send() -> dict[str, Any]:
            content = subtitles_as(track, "vtt")
            return {"blob": self._api.upload(lambda: BytesIO(content), "text/vtt"), "uploaded_at": self._now()}

        made = self._once(f"video/captions/{track.language}", send, steps)
        return {"lang": track.language, "file": made["blob"]}

    def _video(self, film: Video, steps: Steps) -> dict[str, Any]:
        return self._once("video", partial(self._send_video, film), steps)

    def _once(self, name: str, send: Callable[[], dict[str, Any]], steps: Steps) -> dict[str, Any]:
        """An upload; posts that show it are found by their keys, so that it needs not be sent to look for them."""
        return steps.once(name, send, repeatable=True, valid=self._is_fresh, unsent=lambda: _NOT_SENT)

    def _send_video(self, film: Video) -> dict[str, Any]:
        if not self._settings.video_service:
            return {"job": "", "blob": self._api.upload(film.open, "video/mp4"), "uploaded_at": self._now()}
        token = self._api.token_for(f"did:web:{self._api.host}", _UPLOAD_BLOB, _TOKEN_SECONDS)
        headers = {"Authorization": f"Bearer {token.reveal()}", "Content-Type": "video/mp4"}
        where = {"did": self._api.did, "name": f"{film.content.sha256[:32]}.mp4"}
        with film.open() as content:
            answer = self._http.post(self._at(_UPLOAD_VIDEO), params=where, data=content, headers=headers)
        told = _status(answer)
        if "jobId" not in told:  # a file that was sent before is refused, and its job told all the same
            answer.raise_for_status()
        return {"job": told["jobId"], "uploaded_at": self._now()}

    def _job(self, job: str) -> dict[str, Any]:
        answer = self._http.get(self._at("app.bsky.video.getJobStatus"), params={"jobId": job})
        answer.raise_for_status()
        return _status(answer)

    def _at(self, method: str) -> str:
        return f"{self._settings.video_service}/xrpc/{method}"

    def _is_fresh(self, made: dict[str, Any]) -> bool:
        """A job of the video service keeps its result; a blob that waits may be dropped."""
        return bool(made.get("job")) or made["uploaded_at"] + _LIFE_SECONDS > self._now()

    def _now(self) -> float:
        return self._connection.clock.now().timestamp()


def _status(answer: requests.Response) -> dict[str, Any]:
    """The state of a job, which the service tells with and without the frame that its schema has (seen 2026-04)."""
    told = answer.json()
    status: dict[str, Any] = told.get("jobStatus", told)
    return status
