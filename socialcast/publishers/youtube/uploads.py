"""The video's upload: begun once, gone on with from any process, and never done twice."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from googleapiclient.http import HttpRequest, MediaIoBaseUpload

from socialcast.delivery.steps import Absent, Steps
from socialcast.model.announcement import Video
from socialcast.model.errors import TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.publishers.youtube import words
from socialcast.publishers.youtube.client import YoutubeClient
from socialcast.publishers.youtube.resumable import Standing, open_session, send_rest, standing
from socialcast.publishers.youtube.sightings import find_upload
from socialcast.publishers.youtube.tables import YoutubeSettings

__all__ = ["VideoUpload"]

_STEP, _SESSION = "video", "video/session"

Session = dict[str, str]  # its address, and the file that it was opened for


class VideoUpload:
    """One video's way to the channel, which it is private on."""

    def __init__(
        self,
        client: YoutubeClient,
        settings: YoutubeSettings,
        post: Post,
        video: Video,
        steps: Steps,
        uploads: Callable[[], str],
    ) -> None:
        self._client, self._settings, self._post = client, settings, post
        self._video, self._steps, self._uploads = video, steps, uploads

    def id(self) -> str:
        """The id of the uploaded video."""
        return self._steps.once(_STEP, self._send, self._find)

    def _send(self) -> str:
        """Send what the session does not have yet; one session makes one video at most, whoever goes on with it.

        The session's address is recorded before the first byte leaves. One that has lapsed is followed by another.
        """
        is_new = self._steps.recorded(_SESSION) is None
        session = self._steps.once(_SESSION, self._open, repeatable=True, valid=self._goes_on)
        so_far = Standing() if is_new else self._standing(session)
        if so_far.is_gone:
            raise TransientError("the upload session is gone", hint="another one is opened")
        if so_far.video_id:
            return so_far.video_id
        with self._request() as request:
            video_id = send_rest(request, session["uri"], so_far.received_bytes)
        self._require_same_file(session)
        return video_id

    def _find(self) -> str | Absent | None:
        """The session tells at once what became of it; where it is gone, or was opened on another machine, the mark does."""
        session: Session | None = self._steps.recorded(_SESSION)
        so_far = self._standing(session) if session else Standing(is_gone=True)
        if not so_far.is_gone:
            return so_far.video_id or Absent.CERTAIN
        mark, size_bytes = words.mark(self._post, _STEP), self._video.content.size
        return find_upload(self._client, self._uploads(), mark, size_bytes, self._steps.begun_at(_STEP))

    def _open(self) -> Session:
        with self._request() as request:
            uri = open_session(request)
        return {"uri": uri, "sha256": self._video.content.sha256} if uri else {}

    def _goes_on(self, session: Session) -> bool:
        """Whether a recorded session can be used; another file must never be sent into it."""
        self._require_same_file(session)
        return not self._steps.read(lambda: self._standing(session)).is_gone

    def _standing(self, session: Session) -> Standing:
        return standing(self._client.http, session["uri"], self._video.content.size)

    def _require_same_file(self, session: Session) -> None:
        """A session's bytes of one file and another's would be published as a broken video (platform notes, 2026-11-22)."""
        if self._video.content.sha256 != session["sha256"]:
            raise TerminalError(
                f"{self._video.name} has changed since its upload began", hint="delete the video, and publish it under a new key"
            )

    @contextmanager
    def _request(self) -> Iterator[HttpRequest]:
        """The library's request for this upload, with the file open."""
        media_type = mimetypes.guess_type(self._video.name)[0] or "application/octet-stream"
        with self._video.open() as file:
            yield self._client.request(
                "videos.insert",
                part="snippet,status",
                body=words.video_body(self._post, self._settings),
                notifySubscribers=self._settings.notify_subscribers,
                # in one piece: the library's own -1 tells a wrong Content-Range when it goes on (2.202.0)
                media_body=MediaIoBaseUpload(file, media_type, chunksize=self._video.content.size, resumable=True),
            )
