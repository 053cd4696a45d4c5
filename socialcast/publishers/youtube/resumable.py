"""Resumable uploads: a session that makes one video at most, and tells at any time how far it is.

The client library opens a session and sends the first bytes in one go and keeps the session's address to itself, so that a
process that ends in between could not go on with it. Opening and asking are therefore separate calls here; the bytes are
sent by the library.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import HttpRequest

from socialcast.model.errors import TransientError

__all__ = ["Standing", "open_session", "send_rest", "standing"]

_INCOMPLETE = 308
_GONE = frozenset({404, 410})


class Standing(NamedTuple):
    """What a session says of itself: the video that it made, or how many bytes it has, or that it is gone."""

    video_id: str = ""
    received_bytes: int = 0
    is_gone: bool = False


def open_session(request: HttpRequest) -> str:
    """The address of a new session, empty where the answer holds none. Raises ResumableUploadError for a refusal."""
    headers = {
        **request.headers,
        "content-length": str(request.body_size),
        "X-Upload-Content-Type": request.resumable.mimetype(),
        "X-Upload-Content-Length": str(request.resumable.size()),
    }
    response, content = request.http.request(request.uri, method=request.method, body=request.body, headers=headers)
    if response.status >= 300:
        raise ResumableUploadError(response, content)
    return str(response.get("location", ""))


def standing(http: Any, session: str, size_bytes: int) -> Standing:
    """How far the session is; asking changes nothing."""
    headers = {"Content-Length": "0", "Content-Range": f"bytes */{size_bytes}"}
    response, content = http.request(session, method="PUT", headers=headers)
    if response.status == _INCOMPLETE:
        return Standing(received_bytes=_received_bytes(response.get("range", "")))
    if response.status in _GONE:
        return Standing(is_gone=True)
    if response.status >= 300:
        raise HttpError(response, content, uri=session)
    return Standing(video_id=json.loads(content)["id"])


def send_rest(request: HttpRequest, session: str, start: int) -> str:
    """The id of the video, once everything from that byte on has been sent, in one piece where the server takes it so."""
    request.resumable_uri, request.resumable_progress, answer = session, start, None
    while answer is None:
        before = request.resumable_progress
        _, answer = request.next_chunk(num_retries=0)
        if answer is None and request.resumable_progress <= before:
            raise TransientError("the upload does not get on: YouTube took none of the bytes")
    return str(answer.get("id", "")) if isinstance(answer, dict) else ""


def _received_bytes(told: str) -> int:
    """From "bytes=0-524287"; without the header nothing has arrived."""
    return int(told.rpartition("-")[2]) + 1 if told else 0
