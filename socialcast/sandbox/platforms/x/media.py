"""Uploads to X: simple and in segments, really opened, processed over the clock, lapsing when unused (X API docs, 2026-08-22)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any

from PIL import Image

from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.x import bodies
from socialcast.sandbox.platforms.x.access import Access, User, answer, operation
from socialcast.sandbox.platforms.x.parameters import check_parameters
from socialcast.sandbox.platforms.x.problems import SEGMENT_TOO_LARGE, RefusalError, invalid, not_found
from socialcast.sandbox.platforms.x.tables import (
    CATEGORIES,
    CHECK_AFTER_SECONDS,
    LIMITS,
    PILLOW_FORMATS,
    PILLOW_TYPES,
    PRICES,
    PROCESSING,
    SUBTITLED,
    Category,
    Stage,
)

__all__ = ["Media", "Uploads"]

LAST_SEGMENT_INDEX = 999


@dataclass(slots=True, kw_only=True, eq=False)
class Media:
    """An upload, from its announcement to its place in posts."""

    id: str
    owner: User
    category: str
    type: str
    total_bytes: int
    lapses_at: float
    segments: dict[int, Blob] = field(default_factory=dict)
    blob: Blob | None = None
    finalized_at: float | None = None
    width: int = 0
    height: int = 0
    alt_text: str = ""
    subtitles: list[dict[str, str]] = field(default_factory=list)
    failure: str = ""

    @property
    def rules(self) -> Category:
        """What its category asks of it."""
        return CATEGORIES[self.category]

    @property
    def key(self) -> str:
        """The media key, known from the first answer on."""
        return f"{self.rules.key_prefix}_{self.id}"


class Uploads(Access):
    """The part of the mirror that takes media."""

    def reset(self) -> None:
        """Forget all media and go back to the usual processing times."""
        super().reset()
        self.uploads: dict[str, Media] = {}
        self.processing: Sequence[Stage] = PROCESSING

    @operation
    def upload(self, user: User, request: Request) -> Response:
        """POST /2/media/upload: an image in one request."""
        category, stream, declared = _whole_file(request)
        if category != "tweet_image":
            raise invalid("Only images are taken in one request; use the chunked upload.", "media_category", category)
        blob = self.media.save(stream)
        media = self._new_media(user, category, declared, blob.size)
        self._complete(media, blob)
        return answer({"data": self._described(media)})

    @operation
    def initialize(self, user: User, request: Request) -> Response:
        """POST /2/media/upload/initialize: announce a file that comes in segments."""
        body = bodies.decode(request, bodies.Initialize)
        rules = CATEGORIES.get(body.media_category)
        if rules is None:
            raise invalid("$.media_category: does not have a value in the enumeration", "media_category", body.media_category)
        if body.media_type not in rules.types:
            raise invalid("media_type is not allowed for this media_category", "media_type", body.media_type)
        media = self._new_media(user, body.media_category, body.media_type, body.total_bytes)
        data = {"id": media.id, "media_key": media.key, "expires_after_secs": self._seconds_left(media)}
        return answer({"data": data})

    @operation
    def append(self, user: User, request: Request, id: str) -> Response:
        """POST /2/media/upload/{id}/append: one segment, in any order; the same index again replaces it."""
        media = self._own_media(user, id)
        index, stream = _segment(request)
        if not 0 <= index <= LAST_SEGMENT_INDEX:
            raise invalid("segment_index must be between 0 and 999", "segment_index", index)
        if media.finalized_at is not None:
            raise invalid("The upload is finalized already", "id", id)
        blob = self.media.save(stream)
        if blob.size > LIMITS.segment_max_bytes:
            raise SEGMENT_TOO_LARGE.refusal()
        media.segments[index] = blob
        return answer({"data": {"expires_at": int(media.lapses_at)}})

    @operation
    def finalize(self, user: User, request: Request, id: str) -> Response:
        """POST /2/media/upload/{id}/finalize: join the segments and start processing."""
        bodies.decode(request, bodies.Finalize)
        media = self._own_media(user, id)
        if media.finalized_at is None:
            _check_segments(media)
            self._complete(media, self._joined(media))
        return answer({"data": self._described(media)})

    @operation
    def get_upload_status(self, user: User, request: Request) -> Response:
        """GET /2/media/upload?command=STATUS: how far processing is; 404 before finalize."""
        check_parameters(request, "get_upload_status")
        if request.args.get("command", "STATUS") != "STATUS":
            raise invalid("The `command` query parameter value is not one of [STATUS]", "command", request.args["command"])
        id = request.args.get("media_id", "")
        media = self._own_media(user, id)
        if media.finalized_at is None:
            raise not_found("media", id)
        return answer({"data": self._described(media)})

    @operation
    def create_metadata(self, user: User, request: Request) -> Response:
        """POST /2/media/metadata: the alt text."""
        body = bodies.decode(request, bodies.MediaMetadata)
        media = self._own_media(user, body.id)
        user.charge(PRICES.media_metadata)
        if body.metadata.alt_text:
            media.alt_text = body.metadata.alt_text.text
        return answer({"data": {"id": media.id, "associated_metadata": {"alt_text": {"text": media.alt_text}}}})

    @operation
    def create_subtitles(self, user: User, request: Request) -> Response:
        """POST /2/media/subtitles: join an uploaded subtitle file to a video."""
        body = bodies.decode(request, bodies.MediaSubtitles)
        video, file = self._own_media(user, body.id), self._own_media(user, body.subtitles.id)
        if video.category != SUBTITLED[body.media_category]:
            raise invalid("The media is not of this category", "media_category", body.media_category)
        if file.category != "subtitles" or file.finalized_at is None:
            raise invalid("The media is not a finalized subtitle file", "subtitles.id", file.id)
        subtitles = {
            "id": file.id,
            "language_code": body.subtitles.language_code,
            "display_name": body.subtitles.display_name,
        }
        video.subtitles.append(subtitles)
        data = {"id": video.id, "media_category": body.media_category, "associated_subtitles": subtitles}
        return answer({"data": data})

    def stage(self, media: Media) -> Stage:
        """Where processing stands now."""
        if not media.rules.processed or media.finalized_at is None:
            return Stage(0, "succeeded", 100)
        passed = self.clock.now() - media.finalized_at
        reached = [stage for stage in self.processing if stage.after_seconds <= passed][-1]
        return Stage(reached.after_seconds, "failed", 100) if media.failure and reached.state == "succeeded" else reached

    def lapsed(self, media: Media) -> bool:
        """Whether its time has run out before a post used it."""
        return self._seconds_left(media) <= 0

    def _new_media(self, user: User, category: str, declared: str, total_bytes: int) -> Media:
        if total_bytes > CATEGORIES[category].max_bytes:
            raise invalid(f"File size must be <= {CATEGORIES[category].max_bytes} bytes", "total_bytes", total_bytes)
        lapses_at = self.clock.now() + LIMITS.upload_session_seconds
        media = Media(
            id=self.next_id(), owner=user, category=category, type=declared, total_bytes=total_bytes, lapses_at=lapses_at
        )
        self.uploads[media.id] = media
        return media

    def _own_media(self, user: User, id: str) -> Media:
        media = self.uploads.get(id)
        if media is None or media.owner is not user or self.lapsed(media):
            raise not_found("media", id)
        return media

    def _joined(self, media: Media) -> Blob:
        with tempfile.TemporaryFile(dir=self.media.folder) as whole:
            for index in sorted(media.segments):
                with media.segments[index].path.open("rb") as segment:
                    shutil.copyfileobj(segment, whole)
            whole.seek(0)
            return self.media.save(whole)

    def _complete(self, media: Media, blob: Blob) -> None:
        _INSPECTIONS[media.rules.kind](media, blob)
        media.blob, media.finalized_at = blob, self.clock.now()
        media.lapses_at = media.finalized_at + LIMITS.media_lapse_seconds
        media.segments.clear()

    def _seconds_left(self, media: Media) -> int:
        return round(media.lapses_at - self.clock.now())

    def _described(self, media: Media) -> dict[str, Any]:
        data = {
            "id": media.id,
            "media_key": media.key,
            "size": media.total_bytes,
            "expires_after_secs": self._seconds_left(media),
        }
        if media.rules.kind == "photo":
            data["image"] = {"w": media.width, "h": media.height, "image_type": media.type}
        if media.rules.kind == "video":
            data["video"] = {"video_type": media.type}
        return {**data, "processing_info": self._processing_info(media)} if media.rules.processed else data

    def _processing_info(self, media: Media) -> dict[str, Any]:
        stage = self.stage(media)
        info: dict[str, Any] = {"state": stage.state, "progress_percent": stage.progress_percent}
        if stage.state in ("pending", "in_progress"):
            info["check_after_secs"] = CHECK_AFTER_SECONDS
        if stage.state == "failed":
            info["error"] = {"code": 1, "name": "InvalidMedia", "message": media.failure}
        return info


def _whole_file(request: Request) -> tuple[str, IO[bytes], str]:
    """Category, content and declared type of a simple upload, which comes as multipart or as JSON."""
    if request.mimetype == "application/json":
        body = bodies.decode(request, bodies.Upload)
        return body.media_category, BytesIO(body.media), ""
    _check_form(request, {"media", "media_category", "additional_owners"}, {"media_category"})
    file = request.files["media"]
    return request.form["media_category"], file.stream, file.mimetype


def _segment(request: Request) -> tuple[int, IO[bytes]]:
    if request.mimetype == "application/json":
        body = bodies.decode(request, bodies.Append)
        return body.segment_index, BytesIO(body.media)
    _check_form(request, {"media", "segment_index"}, {"segment_index"})
    index = request.form["segment_index"]
    if not (index.isascii() and index.isdecimal()):
        raise invalid("segment_index must be an integer", "segment_index", index)
    return int(index), request.files["media"].stream


def _check_form(request: Request, allowed: set[str], required: set[str]) -> None:
    """Refuse a multipart body without its file or fields, or with fields that the call does not have."""
    for name in {*request.form, *request.files} - allowed:
        raise invalid(f"$.{name}: is not defined in the schema and the schema does not allow additional properties", name)
    for name in sorted(required - {*request.form}):
        raise invalid(f"$.{name}: is missing but it is required", name)
    if "media" not in request.files:
        raise invalid("$.media: is missing but it is required", "media")


def _check_segments(media: Media) -> None:
    if sorted(media.segments) != list(range(len(media.segments))) or not media.segments:
        raise invalid("Segments do not add up to provided total file size: a segment is missing", "id", media.id)
    if sum(blob.size for blob in media.segments.values()) != media.total_bytes:
        raise invalid("Segments do not add up to provided total file size", "id", media.id)


def _bad_media() -> RefusalError:
    return invalid("Your media is not valid: media type unrecognized", "media")


def _inspect_image(media: Media, blob: Blob) -> None:
    """Check the image's structure and decode its pixels, so that a mislabelled or cut-off file is noticed."""
    try:
        with Image.open(blob.path, formats=PILLOW_FORMATS) as image:
            image.verify()
        with Image.open(blob.path, formats=PILLOW_FORMATS) as image:
            real_type = PILLOW_TYPES[str(image.format)]
            image.load()
            media.width, media.height = image.size
            frame_count = getattr(image, "n_frames", 1)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _bad_media() from None
    if media.type.startswith("image/") and media.type != real_type:
        raise _bad_media()
    media.type = real_type
    if media.category == "tweet_gif":
        _check_gif(media, frame_count)


def _check_gif(media: Media, frame_count: int) -> None:
    fits = (
        media.width <= LIMITS.gif_max_width
        and media.height <= LIMITS.gif_max_height
        and frame_count <= LIMITS.gif_max_frames
        and media.width * media.height * frame_count <= LIMITS.gif_max_total_pixels
    )
    if not fits:
        raise invalid("The GIF has too many pixels or frames", "id", media.id)


def _inspect_video(media: Media, blob: Blob) -> None:
    """A file that is no MP4 or QuickTime is taken, and fails in processing."""
    with blob.path.open("rb") as file:
        head = file.read(12)
    media.failure = "" if head[4:8] == b"ftyp" else "file is not a video"


def _inspect_subtitles(media: Media, blob: Blob) -> None:
    try:
        text = blob.path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _bad_media() from None
    if "-->" not in text:
        raise _bad_media()


_INSPECTIONS: dict[str, Callable[[Media, Blob], None]] = {
    "photo": _inspect_image,
    "animated_gif": _inspect_image,
    "video": _inspect_video,
    "subtitles": _inspect_subtitles,
}
