"""Files: uploaded at once or to a name that was taken first, read with a token (specification 1.19, "Content repository")."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.utils import send_file

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.matrix.access import Call, operation
from socialcast.sandbox.platforms.matrix.refusals import RefusalError, answer, forbidden, not_found, too_large
from socialcast.sandbox.platforms.matrix.state import File, User
from socialcast.sandbox.platforms.matrix.tables import DOMAIN, LIMITS
from socialcast.sandbox.platforms.matrix.timeline import Timeline

__all__ = ["Media"]

_MEDIA_ID = re.compile(r"[\w-]+")
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; "
    "style-src 'unsafe-inline'; media-src 'self'; object-src 'self';",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, noimageindex",
}


class Media(Timeline):
    """The part of the mirror that keeps files."""

    def reset(self) -> None:
        """Forget all files."""
        super().reset()
        self.files: dict[str, File] = {}

    @operation
    def upload(self, call: Call) -> Response:
        """Any file, whole in the body of the call."""
        self._check_size(call.request)
        file = self._new_file(call.user)
        self._receive(file, call.request)
        return answer({"content_uri": f"mxc://{DOMAIN}/{file.id}"})

    @operation
    def create_media(self, call: Call) -> Response:
        """A name for a file that comes later."""
        self.count("media", call.user)
        file = self._new_file(call.user)
        until = int((file.at + LIMITS.unused_media_seconds) * 1000)
        return answer({"content_uri": f"mxc://{DOMAIN}/{file.id}", "unused_expires_at": until})

    @operation
    def upload_to(self, call: Call, server: str, media_id: str) -> Response:
        """The file for a name; once, and by whoever took the name."""
        self._check_size(call.request)
        if server != DOMAIN:
            raise not_found("Non-local server name specified")
        file = self.files.get(media_id)
        if file is None:
            raise not_found("Unknown media ID")
        if file.user is not call.user:
            raise forbidden("Only the creator of the media ID can upload to it")
        if file.blob:
            raise RefusalError(409, "M_CANNOT_OVERWRITE_MEDIA", "Media ID already has content")
        if self.clock.now() > file.at + LIMITS.unused_media_seconds:
            raise not_found("Media ID has expired")
        self._receive(file, call.request)
        return answer({})

    @operation
    def get_media_config(self, call: Call) -> Response:
        """How large a file may be."""
        return answer({"m.upload.size": self.upload_max_bytes})

    @operation
    def download(self, call: Call, server: str, media_id: str) -> Response:
        """A file, for whoever has a token."""
        return self._file(call.request, server, media_id)

    @operation
    def download_as(self, call: Call, server: str, media_id: str, name: str) -> Response:
        """The same under another name."""
        return self._file(call.request, server, media_id, name)

    def show_media(self, request: Request, media_id: str) -> Response:
        """A picture as a member's program shows it, which has a token where the wall has none."""
        file = self.files.get(media_id)
        return _sent(file, request) if file and file.blob else Response(status=404)

    def _check_size(self, request: Request) -> None:
        if request.content_length is None:
            raise RefusalError(400, "M_UNKNOWN", "Request must specify a Content-Length")
        if request.content_length > self.upload_max_bytes:
            raise too_large("Upload request body is too large")

    def _new_file(self, user: User) -> File:
        file = File(id=self.ids.hexadecimal(24), user=user, at=self.clock.now())
        self.files[file.id] = file
        return file

    def _receive(self, file: File, request: Request) -> None:
        file.blob = self.media.save(request.stream)
        file.mime_type = request.headers.get("Content-Type", file.mime_type)
        file.name = request.args.get("filename", "")

    def _file(self, request: Request, server: str, media_id: str, name: str = "") -> Response:
        file = self.files.get(media_id) if server == DOMAIN else None
        if file is None:
            raise not_found(f"Not found '{request.path}'")
        if file.blob is None:
            raise RefusalError(504, "M_NOT_YET_UPLOADED", "Media has not been uploaded yet")
        response = _sent(file, request)
        named = f"; filename={name or file.name}" if name or file.name else ""
        kind = "inline" if file.mime_type.startswith(("image/", "video/", "audio/", "text/plain")) else "attachment"
        response.headers.update({**_HEADERS, "Content-Disposition": kind + named})
        return response


def _sent(file: File, request: Request) -> Response:
    blob: Any = file.blob
    response = send_file(blob.path, request.environ, mimetype=file.mime_type, conditional=True)
    response.direct_passthrough = False  # otherwise the request is not closed with the answer
    return response
