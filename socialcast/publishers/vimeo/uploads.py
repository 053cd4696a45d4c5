"""The video's way to Vimeo: it exists from the first call on, unseen, and takes its bytes by tus from where it stands."""

from __future__ import annotations

from typing import Any

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Video
from socialcast.model.errors import TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.publishers.vimeo import words
from socialcast.publishers.vimeo.api import Api
from socialcast.publishers.vimeo.tables import VimeoSettings
from socialcast.wire.bodies import open_piece

__all__ = ["VideoUpload", "id_of"]

_TUS = {"Tus-Resumable": "1.0.0"}
_PIECE_BYTES = 512 << 20  # any size is taken; PyVimeo's author advises to stay below a thousand pieces
_GONE = frozenset({404, 410})
_SEEN = "uri,link,name,description,created_time,upload"

Created = dict[str, Any]  # its address on the API, its page, where its bytes go, and the file that it was made for


class VideoUpload:
    """One post's video."""

    def __init__(self, api: Api, settings: VimeoSettings, post: Post, video: Video, steps: Steps) -> None:
        self._api, self._settings, self._post, self._video, self._steps = api, settings, post, video, steps

    def created(self) -> Created:
        """The video with all its bytes, which nobody sees yet."""
        created: Created = self._steps.once("video", self._create, self._find)
        if created["sha256"] != self._video.content.sha256:
            raise TerminalError(
                f"{self._video.name} has changed since its upload began", hint="delete the video, and publish it under a new key"
            )
        if not created["is_whole"]:
            link = self._steps.once("video/link", lambda: self._open_link(created), repeatable=True, valid=self._goes_on)
            self._steps.once("video/bytes", lambda: self._send_rest(link), lambda: None, repeatable=True)  # all are not there
        return created

    # -- making it -------------------------------------------------------------------------------------------------------

    def _create(self) -> Created:
        body = words.video_body(self._post, self._settings, self._video.content.size)
        return self._facts(self._api.call("POST", "/me/videos", body, fields="uri,link,upload"))

    def _find(self) -> Created | None:
        """Among the account's own videos; one that another machine had begun takes its bytes again."""
        for found in self._api.listed("/me/videos", fields=_SEEN):
            if words.says(found, self._post, "video"):
                return self._facts(found)
        return None

    def _facts(self, told: dict[str, Any]) -> Created:
        upload = told.get("upload") or {}
        return {
            "uri": told["uri"],
            "link": told["link"],
            "upload_link": upload.get("upload_link") or "",
            "is_whole": upload.get("status") == "complete",
            "sha256": self._video.content.sha256,
        }

    # -- its bytes -------------------------------------------------------------------------------------------------------

    def _open_link(self, created: Created) -> str:
        """Where its bytes go: what it was made with, or, once that has lapsed, a new one for the same video."""
        link = str(created["upload_link"])
        if link and self._offset(link) is not None:
            return link
        size = str(self._video.content.size)
        body = {"file_name": self._video.name, "upload": {"approach": "tus", "size": size, "status": "in_progress"}}
        told = self._api.call("POST", f"{created['uri']}/versions", body, fields="upload")
        return str((told.get("upload") or {}).get("upload_link", ""))

    def _goes_on(self, link: str) -> bool:
        """Whether a link can still be used, or has done its work."""
        if self._steps.recorded("video/bytes") is not None:
            return True
        return self._steps.read(lambda: self._offset(link)) is not None

    def _offset(self, link: str) -> int | None:
        """How many bytes are there; None for a link that has lapsed."""
        answer = self._api.session.head(link, headers=_TUS)
        if answer.status_code in _GONE:
            return None
        answer.raise_for_status()
        return int(answer.headers["Upload-Offset"])

    def _send_rest(self, link: str) -> str:
        size, offset = self._video.content.size, self._offset(link)
        if offset is None:
            raise TransientError("the upload's address has lapsed", hint="run it again: another one is opened")
        while offset < size:
            offset = self._send_piece(link, offset)
        return "done"

    def _send_piece(self, link: str, start: int) -> int:
        """Where to go on. What breaks off is gone on with from where Vimeo stands; asking is left to the next try."""
        with open_piece(self._video, start, _PIECE_BYTES) as piece:
            headers = {**_TUS, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
            answer = self._api.session.patch(link, data=piece, headers=headers)  # type: ignore[arg-type]  # memory is sent as bytes are
        answer.raise_for_status()
        reached = int(answer.headers["Upload-Offset"])
        if reached <= start:
            raise TransientError("the upload does not get on: Vimeo took none of the bytes")
        return reached


def id_of(uri: str) -> str:
    """ "/videos/258684937" is 258684937."""
    return uri.rstrip("/").rpartition("/")[2]
