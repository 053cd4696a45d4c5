"""Uploads: sessions that are resumed to the byte, and small files in one request (resumable upload guide, 2026-11-22)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.youtube.access import Access, Channel, answer
from socialcast.sandbox.platforms.youtube.refusals import RefusalError, bad
from socialcast.sandbox.platforms.youtube.tables import LIMITS

__all__ = ["Session", "Uploads", "small_upload"]

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")

Finish = Callable[[Blob], dict[str, Any]]


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One upload: what was announced, what has arrived, and the resource that it became."""

    id: str
    channel: Channel
    total_bytes: int | None
    type: str
    path: Path
    lapses_at: float
    finish: Finish
    received_bytes: int = 0
    resource: dict[str, Any] | None = None


class Uploads(Access):
    """The part of the mirror that takes bytes."""

    def reset(self) -> None:
        """Forget all sessions."""
        super().reset()
        self.sessions: dict[str, Session] = {}

    def open_session(self, channel: Channel, request: Request, most_bytes: int, finish: Finish) -> Response:
        """Answer the opening request with the session's address. Raises RefusalError."""
        declared = request.headers.get("X-Upload-Content-Length")
        total = int(declared) if declared else None
        if total is not None and total > most_bytes:
            raise RefusalError(413, "mediaBodyTooLarge", "The media is too large.")
        id = f"sandbox-upload-{self.token_of(24)}"
        session = Session(
            id=id,
            channel=channel,
            total_bytes=total,
            type=request.headers.get("X-Upload-Content-Type", "application/octet-stream"),
            path=self.media.folder / id,
            lapses_at=self.clock.now() + LIMITS.session_seconds,
            finish=finish,
        )
        session.path.touch()
        self.sessions[id] = session
        query = urlencode({**request.args.to_dict(), "upload_id": id})
        headers = {"Location": f"https://{request.host}{request.path}?{query}", "X-GUploader-UploadID": id}
        return Response("", 200, headers)

    def send_bytes(self, channel: Channel, request: Request) -> Response:
        """Take a piece, or tell how far the session is. Raises RefusalError."""
        session = self.sessions.get(request.args.get("upload_id", ""))
        if session is None or session.channel is not channel or self.clock.now() > session.lapses_at:
            raise RefusalError(404, "notFound", "Not Found", "global")
        if session.resource is not None:
            return answer(session.resource)
        start, end, total = _piece(request)
        if total is not None:
            _agree_on_total(session, total)
        if start is not None:
            self._append(session, request.stream, start, end)
        if session.received_bytes == session.total_bytes:
            session.resource = session.finish(self._blob(session))
            return answer(session.resource)
        return _so_far(session)

    def _append(self, session: Session, stream: IO[bytes], start: int, end: int) -> None:
        if start != session.received_bytes:
            raise RefusalError(400, "badRequest", f"Expected byte {session.received_bytes}, got {start}.", "global")
        size, is_last = end + 1 - start, end + 1 == session.total_bytes
        if not is_last and size % LIMITS.piece_bytes:
            raise RefusalError(400, "badRequest", "A piece that is not the last is a multiple of 262144 bytes.", "global")
        with session.path.open("ab") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
        arrived = session.path.stat().st_size
        if arrived != end + 1:
            session.received_bytes = arrived - arrived % LIMITS.piece_bytes  # it keeps whole units of what came
            with session.path.open("r+b") as file:
                file.truncate(session.received_bytes)
            return
        session.received_bytes = arrived

    def _blob(self, session: Session) -> Blob:
        with session.path.open("rb") as file:
            blob = self.media.save(file)
        session.path.unlink()
        return blob


def small_upload(request: Request, most_bytes: int) -> tuple[bytes, bytes]:
    """Metadata and content of a file that came with its one request. Raises RefusalError."""
    kind = request.args.get("uploadType", "media")
    content, metadata = request.get_data(), b"{}"
    if kind == "multipart":
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        parts = list(message_from_bytes(head + content, policy=HTTP).iter_parts())
        if len(parts) != len(("metadata", "file")):
            raise bad("mediaBodyRequired", "The request does not include the file.")
        metadata, content = (bytes(part.get_payload(decode=True)) for part in parts)
    if not content:
        raise bad("mediaBodyRequired", "The request does not include the file.")
    if len(content) > most_bytes:
        raise RefusalError(413, "mediaBodyTooLarge", "The media is too large.")
    return metadata, content


def stored(uploads: Uploads, content: bytes) -> Blob:
    """A small file, kept."""
    return uploads.media.save(BytesIO(content))


def _piece(request: Request) -> tuple[int | None, int, int | None]:
    """Where the piece begins, its last byte and the size of all; no beginning asks how far it is."""
    told = request.headers.get("Content-Range")
    if told is None:
        size = request.content_length or 0
        return (0, size - 1, size) if size else (None, -1, None)
    found = _RANGE.fullmatch(told)
    if found is None:
        raise RefusalError(400, "badRequest", f"Invalid Content-Range: {told}", "global")
    total = None if found[3] == "*" else int(found[3])
    if found[1] and int(found[2]) + 1 - int(found[1]) != (request.content_length or 0):
        raise RefusalError(400, "badRequest", f"Content-Range {told} is not of {request.content_length} bytes.", "global")
    return (int(found[1]), int(found[2]), total) if found[1] else (None, -1, total)


def _agree_on_total(session: Session, total: int) -> None:
    if session.total_bytes is None:
        session.total_bytes = total
    if total != session.total_bytes:
        raise RefusalError(400, "badRequest", f"The session is for {session.total_bytes} bytes, not {total}.", "global")


def _so_far(session: Session) -> Response:
    headers = {"Range": f"bytes=0-{session.received_bytes - 1}"} if session.received_bytes else {}
    return Response("", 308, headers)
