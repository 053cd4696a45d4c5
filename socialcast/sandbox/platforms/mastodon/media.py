"""Files: processed for a while, attached to one status, and cleaned away where they are not (docs "media", 2026-07-02)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from werkzeug.utils import send_file

from socialcast.sandbox.media import sniffed
from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.mastodon.access import Call, operation
from socialcast.sandbox.platforms.mastodon.entities import attachment_view
from socialcast.sandbox.platforms.mastodon.instances import Instances
from socialcast.sandbox.platforms.mastodon.refusals import NOT_FOUND, NOT_READY, RefusalError, answer, invalid, missing_media
from socialcast.sandbox.platforms.mastodon.state import Attachment, Instance, User
from socialcast.sandbox.platforms.mastodon.tables import LIMITS, MIB, Server

__all__ = ["Media", "focus_of"]

_UNREADABLE = frozenset({"image/heic", "image/heif"})  # ours: what the sandbox has no decoder for, and takes at its word


class Media(Instances):
    """The part of the mirror that keeps files."""

    @operation
    def upload_media(self, call: Call) -> Response:
        """200 where the file is ready at once, 202 where it is still processed."""
        sent = call.request.files.get("file")
        if sent is None:
            raise invalid("File can't be blank")
        described = self._described(call.told, call.server)
        file = self.media.save(sent.stream)
        attachment = self._keep(call, file, sniffed(file.path))
        attachment.description, attachment.focus = described
        call.instance.media[attachment.id] = attachment
        now = self.clock.now()
        return answer(attachment_view(attachment, now), 200 if now >= attachment.ready_at else 202)

    @operation
    def get_media(self, call: Call, id: str) -> Response:
        """206 while it is processed, 422 where that failed, 404 once it is attached."""
        attachment = self._unattached(call, id)
        if self.clock.now() < attachment.ready_at:
            return answer(attachment_view(attachment, self.clock.now()), 206)
        if attachment.is_broken:
            raise RefusalError(422, "Error processing thumbnail for uploaded media")
        return answer(attachment_view(attachment, self.clock.now()))

    @operation
    def change_media(self, call: Call, id: str) -> Response:
        """Description and focus, as long as it is not attached."""
        attachment = self._unattached(call, id)
        description, focus = self._described(call.told, call.server)
        attachment.description = description if "description" in call.told else attachment.description
        attachment.focus = focus if "focus" in call.told else attachment.focus
        return answer(attachment_view(attachment, self.clock.now()))

    @operation
    def delete_media(self, call: Call, id: str) -> Response:
        """Only what no status uses (4.4)."""
        attachment = call.instance.media.get(id)
        if attachment and attachment.user is call.user and (attachment.status_id or attachment.scheduled_id):
            raise RefusalError(422, "Media attachment is currently used by a status")
        del call.instance.media[self._unattached(call, id).id]
        return answer({})

    def get_file(self, request: Request, id: str, file: str) -> Response:
        """The file itself, which whoever has its address may read."""
        attachment = self.instance_at(request.host).media.get(id)
        if attachment is None or not attachment.url.endswith(f"/{file}"):
            return Response(status=404)
        response = send_file(attachment.file.path, request.environ, mimetype=attachment.mime_type, conditional=True)
        response.direct_passthrough = False  # otherwise the request is not closed with the answer
        return response

    def settle(self, instance: Instance) -> None:
        """Clean away what nobody attached within a day."""
        super().settle(instance)
        oldest = self.clock.now() - LIMITS.unattached_seconds
        for each in [
            each for each in instance.media.values() if not each.status_id and not each.scheduled_id and each.at < oldest
        ]:
            del instance.media[each.id]

    def attachable(self, call: Call, ids: list[str], status_id: str = "") -> list[Attachment]:
        """The media of these ids, in order, as a status may have them. Raises RefusalError."""
        if len(ids) > call.server.max_media_attachments:
            raise RefusalError(422, f"Cannot attach more than {call.server.max_media_attachments} files")
        found = {id: each for id in ids if (each := call.instance.media.get(id)) and _is_free(each, call.user, status_id)}
        missing = [id for id in ids if id not in found]
        if missing and call.server.stale_media == "refused":
            raise missing_media(missing)
        media = list(found.values())
        if len(media) > 1 and any(each.kind != "image" for each in media):
            raise RefusalError(422, "Cannot attach a video to a post that already contains images")
        if any(each.is_broken or self.clock.now() < each.ready_at for each in media):
            raise NOT_READY
        return media

    def _unattached(self, call: Call, id: str) -> Attachment:
        attachment = call.instance.media.get(id)
        if attachment is None or attachment.user is not call.user or attachment.status_id:
            raise NOT_FOUND
        return attachment

    def _described(self, told: dict[str, Any], server: Server) -> tuple[str | None, tuple[float, float] | None]:
        description = told.get("description")
        if description and len(description) > server.description_limit:
            raise invalid(f"Description is too long (maximum is {server.description_limit} characters)")
        return description, focus_of(told.get("focus"))

    def _keep(self, call: Call, file: Blob, mime_type: str) -> Attachment:
        server, now = call.server, self.clock.now()
        if mime_type not in server.supported_mime_types:
            raise invalid("File content type is invalid, File is invalid")
        family = mime_type.partition("/")[0]
        max_bytes = server.image_size_limit if family == "image" else server.video_size_limit
        if file.size > max_bytes:
            raise invalid(f"File file size must be less than {max_bytes // MIB} MB")
        size, is_animated = _picture(file.path, mime_type, server) if family == "image" else (None, False)
        seconds = server.image_seconds if family == "image" and not is_animated else LIMITS.video_seconds
        id = self.next_id()
        name = f"{file.sha1[:16]}.{mime_type.rpartition('/')[2]}"
        return Attachment(
            id=id,
            user=call.user,
            file=file,
            mime_type=mime_type,
            kind="gifv" if is_animated else family,
            at=now,
            ready_at=now + seconds,
            url=f"https://{call.request.host}/system/media_attachments/files/{id}/original/{name}",
            size=size,
            is_broken=family == "video" and not _has_pictures(file.path, mime_type),
        )


def focus_of(value: Any) -> tuple[float, float] | None:
    """The point that must stay in sight; whatever is no two numbers is passed over, and numbers are kept in the picture."""
    try:
        x, y = (max(-1.0, min(1.0, float(part))) for part in str(value).split(","))
    except ValueError:
        return None
    return x, y


def _is_free(attachment: Attachment, user: User, status_id: str) -> bool:
    return attachment.user is user and attachment.status_id in ("", status_id)


def _picture(path: Path, mime_type: str, server: Server) -> tuple[tuple[int, int] | None, bool]:
    """A picture's measures, and whether it moves. Raises RefusalError for what cannot be read or has too many pixels."""
    if mime_type in _UNREADABLE:
        return None, False
    try:
        with Image.open(path) as image:
            size, is_animated = image.size, getattr(image, "is_animated", False)
    except (UnidentifiedImageError, OSError, struct.error, Image.DecompressionBombError):
        raise RefusalError(422, "File type of uploaded media could not be verified") from None
    if size[0] * size[1] > server.image_matrix_limit:
        raise RefusalError(422, f"{size[0]}x{size[1]} images are not supported")
    return size, is_animated and mime_type == "image/gif"


def _has_pictures(path: Path, mime_type: str) -> bool:
    """Whether a film in boxes has those that hold pictures and say where; other films are taken at their word."""
    if mime_type not in ("video/mp4", "video/quicktime"):
        return True
    found: set[bytes] = set()
    end = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() + 8 <= end:
            start, head = file.tell(), file.read(8)
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(file.read(8), "big") if size == 1 else size or end - start
            found.add(head[4:])
            if size < 8 or start + size > end:
                return False
            file.seek(start + size)
    return {b"moov", b"mdat"} <= found
