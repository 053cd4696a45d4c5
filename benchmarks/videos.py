"""What YouTube, X, Facebook and Vimeo answer to a video, of which they keep nothing but how far it is.

One server takes one video. The bytes of a request that breaks off count as far as the platform keeps them: all of them on
Vimeo, whole blocks on YouTube, none of a part of a form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.answers import Answer, Asked

__all__ = ["Videos"]

_ID = "258684937"
_NUMBER = re.compile(r"(?<=/)\d{3,}(?=/|$)")  # an id, and no version
_OTHER_HOSTS = ("plain.example",)  # whose account is asked for by the same path as Vimeo's
_YOUTUBE_BLOCK_BYTES = 256 << 10
_CLOSING_BYTES = len("\r\n--") + len("--\r\n")  # around the boundary at a form's end


class Videos:
    """The video that this server is given."""

    def __init__(self) -> None:
        self._size = self._received = 0
        self._is_public = False

    def answer(self, asked: Asked) -> Answer | None:
        """None for what has nothing to do with a video."""
        answers = _ANSWERS.get(_NUMBER.sub("N", asked.call))
        return answers(self, asked) if answers and asked.header("Host") not in _OTHER_HOSTS else None

    def break_off(self, asked: Asked, body_bytes: int) -> None:
        """The request ended after so many bytes of its body."""
        if asked.call == "PATCH /upload":
            self._received += body_bytes
        elif asked.call == _YOUTUBE_PUT:
            self._received = (self._received + body_bytes) // _YOUTUBE_BLOCK_BYTES * _YOUTUBE_BLOCK_BYTES

    # -- YouTube ---------------------------------------------------------------------------------------------------------

    def _youtube_token(self, asked: Asked) -> Answer:
        scope = "https://www.googleapis.com/auth/youtube.force-ssl"
        return _json({"access_token": "sandbox-access-token", "expires_in": 3599, "scope": scope, "token_type": "Bearer"})

    def _youtube_channel(self, asked: Asked) -> Answer:
        lists = {"relatedPlaylists": {"uploads": "UUsandbox"}}
        return _json({"items": [{"id": "UCsandbox", "snippet": {"title": "News"}, "contentDetails": lists, "status": {}}]})

    def _youtube_open(self, asked: Asked) -> Answer:
        self._size = int(asked.header("X-Upload-Content-Length"))
        location = f"{_origin(asked)}{asked.path}?uploadType=resumable&upload_id=1"
        return Answer(b"", headers={"Location": location})

    def _youtube_put(self, asked: Asked) -> Answer:
        self._received += asked.length_bytes
        if self._received >= self._size:
            return self._youtube_video(asked)
        stored = {"Range": f"bytes=0-{self._received - 1}"} if self._received else {}
        return Answer(b"", "308 Resume Incomplete", stored)

    def _youtube_video(self, asked: Asked) -> Answer:
        return _json(self._resource())

    def _youtube_look(self, asked: Asked) -> Answer:
        return _json({"items": [self._resource()]})

    def _youtube_change(self, asked: Asked) -> Answer:
        self._is_public = True
        return self._youtube_video(asked)

    def _resource(self) -> dict[str, Any]:
        privacy = "public" if self._is_public else "private"
        status = {"uploadStatus": "processed", "privacyStatus": privacy}
        return {"id": "abc123def45", "status": status, "fileDetails": {"fileSize": str(self._received)}}

    # -- X ---------------------------------------------------------------------------------------------------------------

    def _x_start(self, asked: Asked) -> Answer:
        return _json({"data": {"id": _ID, "media_key": f"13_{_ID}", "expires_after_secs": 86400}})

    def _x_done(self, asked: Asked) -> Answer:
        return _json({"data": {"id": _ID, "media_key": f"13_{_ID}", "size": self._received}})

    def _x_append(self, asked: Asked) -> Answer:
        self._received += asked.length_bytes
        return _json({"data": {"expires_at": 0}})

    # -- Facebook --------------------------------------------------------------------------------------------------------

    def _facebook_look(self, asked: Asked) -> Answer:
        page = {"id": asked.path.rpartition("/")[2], "name": "News", "link": "https://www.facebook.com/news"}
        video = {"status": {"video_status": "ready"}, "published": self._is_public, "permalink_url": "/news/videos/1/"}
        return _json({**page, **video, "created_time": "2026-11-22T19:00:04+0000"})

    def _facebook_change(self, asked: Asked) -> Answer:
        self._is_public = True
        return _json({"success": True})

    def _facebook_upload(self, asked: Asked) -> Answer:
        if b"=start" in asked.body:
            return _json({"upload_session_id": "1", "video_id": _ID, "start_offset": "0", "end_offset": "1048576"})
        if b"video_file_chunk" in asked.body:
            self._received += asked.length_bytes - _around_the_file(asked.body)
            return _json({"start_offset": str(self._received), "end_offset": str(self._received + (1 << 20))})
        return _json({"success": True})

    # -- Vimeo -----------------------------------------------------------------------------------------------------------

    def _vimeo_scopes(self, asked: Asked) -> Answer:
        return _json({"scope": "public private create edit upload"})

    def _vimeo_account(self, asked: Asked) -> Answer:
        return _json({"uri": "/users/1", "name": "News", "link": "https://vimeo.com/news"})

    def _vimeo_make(self, asked: Asked) -> Answer:
        upload = {"status": "in_progress", "approach": "tus", "upload_link": f"{_origin(asked)}/upload?ticket=1"}
        return _json({"uri": f"/videos/{_ID}", "link": f"https://vimeo.com/{_ID}", "upload": upload})

    def _vimeo_take(self, asked: Asked) -> Answer:
        self._received += asked.length_bytes
        return Answer(b"", "204 No Content", {"Upload-Offset": str(self._received)})

    def _vimeo_offset(self, asked: Asked) -> Answer:
        return Answer(b"", headers={"Upload-Offset": str(self._received)})

    def _vimeo_video(self, asked: Asked) -> Answer:
        return _json({"uri": f"/videos/{_ID}", "upload": {"status": "complete"}, "transcode": {"status": "complete"}})


def _json(content: object) -> Answer:
    return Answer(json.dumps(content).encode())


def _origin(asked: Asked) -> str:
    """How the client called this server; the sandbox's header tells the scheme that it believes in."""
    return f"{asked.header('X-Sandbox-Scheme') or 'http'}://{asked.header('Host')}"


def _around_the_file(form: bytes) -> int:
    """What a form's last field has around it, told by the form's beginning."""
    boundary, _, _ = form.partition(b"\r\n")
    before = form.index(b"\r\n\r\n", form.index(b'filename="')) + 4
    return before + len(boundary) - len("--") + _CLOSING_BYTES


_YOUTUBE_OPEN, _YOUTUBE_PUT = (f"{verb} /upload/youtube/v3/videos" for verb in ("POST", "PUT"))

_ANSWERS: Mapping[str, Callable[[Videos, Asked], Answer]] = {
    "POST /token": Videos._youtube_token,
    "GET /youtube/v3/channels": Videos._youtube_channel,
    _YOUTUBE_OPEN: Videos._youtube_open,
    _YOUTUBE_PUT: Videos._youtube_put,
    "GET /youtube/v3/videos": Videos._youtube_look,
    "PUT /youtube/v3/videos": Videos._youtube_change,
    "POST /2/media/upload/initialize": Videos._x_start,
    "POST /2/media/upload/N/append": Videos._x_append,
    "POST /2/media/upload/N/finalize": Videos._x_done,
    "GET /2/media/upload": Videos._x_done,
    "GET /v26.0/N": Videos._facebook_look,
    "POST /v26.0/N": Videos._facebook_change,
    "POST /v26.0/N/videos": Videos._facebook_upload,
    "GET /oauth/verify": Videos._vimeo_scopes,
    "GET /me": Videos._vimeo_account,
    "POST /me/videos": Videos._vimeo_make,
    "HEAD /upload": Videos._vimeo_offset,
    "PATCH /upload": Videos._vimeo_take,
    "GET /videos/N": Videos._vimeo_video,
    "PATCH /videos/N": Videos._vimeo_video,
}
