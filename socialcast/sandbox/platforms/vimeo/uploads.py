"""Uploads by tus 1.0.0, to the byte, on a host of their own that wants no token (tus protocol and upload guide, 2026-11-22)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.vimeo.access import Access
from socialcast.sandbox.platforms.vimeo.tables import LIMITS, UPLOAD_HOST

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.vimeo.videos import Video

__all__ = ["Upload", "Uploads"]

_VERSION = "1.0.0"
_BYTES = "application/offset+octet-stream"


@dataclass(slots=True, kw_only=True, eq=False)
class Upload:
    """Where one file of a video goes, and how much of it has arrived."""

    id: str
    video: Video
    total_bytes: int
    path: Path
    lapses_at: float
    received_bytes: int = 0

    @property
    def link(self) -> str:
        """The address that is given away."""
        return f"https://{UPLOAD_HOST}/upload?id={self.id}"


class Uploads(Access):
    """The part of the mirror that takes bytes."""

    def reset(self) -> None:
        """Forget all uploads."""
        super().reset()
        self.uploads: dict[str, Upload] = {}

    def open_upload(self, video: Video, total_bytes: int) -> Upload:
        """A new address for the bytes of that video."""
        id = self.ids.hexadecimal(32)
        lapses_at = self.clock.now() + LIMITS.link_seconds
        upload = Upload(id=id, video=video, total_bytes=total_bytes, path=self.media.folder / id, lapses_at=lapses_at)
        upload.path.touch()
        self.uploads[id] = upload
        return upload

    def tell_offset(self, request: Request) -> Response:
        """HEAD: how much is there."""
        upload, refused = self._upload(request)
        if upload is None:
            return refused
        headers = {"Upload-Offset": str(upload.received_bytes), "Upload-Length": str(upload.total_bytes)}
        return _told(200, **headers) if request.method == "HEAD" else _told(405)

    def take_piece(self, request: Request) -> Response:
        """PATCH: the bytes from where it stands."""
        upload, refused = self._upload(request)
        if upload is None:
            return refused
        if request.mimetype != _BYTES:
            return _told(415)
        if request.headers.get("Upload-Offset") != str(upload.received_bytes):
            return _told(409)
        content = request.get_data()
        if upload.received_bytes + len(content) > upload.total_bytes:
            return _told(413)
        if not _has_checksum(request, content):
            return _told(460)
        with upload.path.open("ab") as file:
            file.write(content)
        upload.received_bytes += len(content)
        if upload.received_bytes == upload.total_bytes:
            self.complete(upload)
        return _told(204, **{"Upload-Offset": str(upload.received_bytes)})

    def refuse_creation(self, request: Request) -> Response:
        """POST: the upload exists already, and a client that makes one anew is told that it is not there."""
        return _told(404)

    def complete(self, upload: Upload) -> None:
        """All bytes have arrived."""
        with upload.path.open("rb") as file:
            upload.video.blob = self.media.save(file)
        upload.path.unlink()
        upload.video.arrived_at = self.clock.now()

    def _upload(self, request: Request) -> tuple[Upload | None, Response]:
        if request.headers.get("Tus-Resumable") != _VERSION:
            return None, _told(412, **{"Tus-Version": _VERSION})
        upload = self.uploads.get(request.args.get("id", ""))
        if upload is None or self.clock.now() > upload.lapses_at or upload.video.is_deleted:
            return None, _told(404)
        return upload, _told(200)


def _has_checksum(request: Request, content: bytes) -> bool:
    """Whether the bytes are those that were announced; nothing announced is nothing to check."""
    algorithm, _, told = request.headers.get("Upload-Checksum", "").partition(" ")
    if not told:
        return True
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode() == told


def _told(status: int, **headers: str) -> Response:
    return Response("", status, {"Tus-Resumable": _VERSION, **headers})
