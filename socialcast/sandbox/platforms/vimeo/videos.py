"""Videos with their thumbnails, text tracks and tags (OpenAPI 3.4, 2026-11-22)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.vimeo.access import User, answer, chosen, json_body, operation, page_of, stamp
from socialcast.sandbox.platforms.vimeo.refusals import GONE, RefusalError, invalid, no_plan
from socialcast.sandbox.platforms.vimeo.tables import (
    COMMENTERS,
    FILES_HOST,
    LICENCES,
    LIMITS,
    PRIVACIES,
    TRACK_TYPES,
    UPLOAD_HOST,
)
from socialcast.sandbox.platforms.vimeo.uploads import Upload, Uploads

__all__ = ["Video", "Videos", "file_url"]

_SIGNS = ((0, b"\x1aE\xdf\xa3"), (4, b"ftyp"), (8, b"AVI "), (0, b"FLV"))
_HEAD_BYTES = 16
_PAID_PRIVACIES = frozenset({"unlisted", "password"})


@dataclass(slots=True, kw_only=True, eq=False)
class Picture:
    """A thumbnail; only the active one is shown."""

    id: str
    blob: Blob | None = None
    is_active: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Track:
    """Timed text."""

    id: str
    language: str
    kind: str
    name: str
    is_active: bool
    text: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Video:
    """One video; it exists before its bytes do."""

    id: str
    user: User
    at: float
    hash: str
    modified_at: float
    name: str = ""
    description: str = ""
    view: str = "anybody"
    commenters: str = "anybody"
    licence: str | None = None
    locale: str | None = None
    upload: Upload | None = None
    blob: Blob | None = None
    arrived_at: float = 0.0
    is_deleted: bool = False
    pictures: dict[str, Picture] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    albums: set[str] = field(default_factory=set)

    @property
    def link(self) -> str:
        """Its page; that of an unlisted one holds a secret."""
        return f"https://vimeo.com/{self.id}" + (f"/{self.hash}" if self.view == "unlisted" else "")


class Videos(Uploads):
    """The part of the mirror that keeps videos."""

    def reset(self) -> None:
        """Forget all videos."""
        super().reset()
        self.videos: dict[str, Video] = {}

    @operation("upload")
    def add_video(self, user: User, request: Request) -> Response:
        """POST /me/videos: the video is there from now on, without its bytes."""
        told = json_body(request)
        if "type" in told:
            raise RefusalError(400, 3116, "The type parameter is no longer supported; use upload.")
        size = _announced_bytes(told)
        self._require_space(user, size)
        now = self.clock.now()
        video = Video(id=self.ids.digits(9), user=user, at=now, hash=self.ids.hexadecimal(10), modified_at=now)
        self._apply(user, video, told)
        video.upload = self.open_upload(video, size)
        self.videos[video.id] = video
        return answer(chosen(self.video_node(video), request.args.get("fields")), 201)

    @operation("private")
    def list_videos(self, user: User, request: Request) -> Response:
        """GET /me/videos, sorted by date."""
        own = [video for video in self.videos.values() if video.user is user]
        if request.args.get("direction") == "desc":
            own.reverse()
        return answer(page_of([self.video_node(video) for video in own], request))

    @operation("private")
    def read_video(self, user: User, request: Request, video: str) -> Response:
        """GET /videos/{video}."""
        return answer(chosen(self.video_node(self.own_video(user, video)), request.args.get("fields")))

    @operation("edit")
    def change_video(self, user: User, request: Request, video: str) -> Response:
        """PATCH /videos/{video}: the named fields."""
        found = self.own_video(user, video)
        self._apply(user, found, json_body(request))
        return answer(chosen(self.video_node(found), request.args.get("fields")))

    @operation("delete")
    def delete_video(self, user: User, request: Request, video: str) -> Response:
        """DELETE /videos/{video}."""
        self.own_video(user, video).is_deleted = True
        del self.videos[video]
        return answer(status=204)

    @operation("upload")
    def add_version(self, user: User, request: Request, video: str) -> Response:
        """POST /videos/{video}/versions: another file for the same video."""
        found, told = self.own_video(user, video), json_body(request)
        if not told.get("file_name"):
            raise invalid("file_name")
        found.upload = self.open_upload(found, _announced_bytes(told))
        return answer({"uri": f"/videos/{video}/versions/{self.ids.digits(9)}", "upload": _upload_node(found)}, 201)

    @operation("edit")
    def add_picture(self, user: User, request: Request, video: str) -> Response:
        """POST /videos/{video}/pictures: a thumbnail whose bytes follow."""
        found, id = self.own_video(user, video), self.ids.digits(9)
        found.pictures[id] = Picture(id=id)
        told = {"uri": f"/videos/{video}/pictures/{id}", "active": False, "link": f"https://{UPLOAD_HOST}/picture/{id}"}
        return answer(chosen(told, request.args.get("fields")), 201)

    @operation("edit")
    def change_picture(self, user: User, request: Request, video: str, picture: str) -> Response:
        """PATCH /videos/{video}/pictures/{picture}: show this one."""
        found = self.own_video(user, video)
        if picture not in found.pictures or found.pictures[picture].blob is None:
            raise GONE
        wanted = bool(json_body(request).get("active"))
        for one in found.pictures.values():
            one.is_active = wanted if one.id == picture else one.is_active and not wanted
        return answer({"uri": f"/videos/{video}/pictures/{picture}", "active": wanted})

    def put_picture(self, request: Request, picture: str) -> Response:
        """PUT to a thumbnail's link: a picture and nothing else."""
        found = next((one.pictures[picture] for one in self.videos.values() if picture in one.pictures), None)
        if found is None:
            return Response(status=404)
        blob = self.media.save(request.stream)
        if not _is_picture(blob.path):
            return Response("The file is no picture.", 400)
        found.blob = blob
        return Response(status=200)

    @operation("edit")
    def add_track(self, user: User, request: Request, video: str) -> Response:
        """POST /videos/{video}/texttracks: a track whose text follows."""
        found, told = self.own_video(user, video), json_body(request)
        wrong = [name for name in ("type", "language", "name") if not told.get(name)]
        if wrong or told["type"] not in TRACK_TYPES:
            raise invalid(*(wrong or ["type"]))
        id = self.ids.digits(9)
        track = Track(id=id, language=told["language"], kind=told["type"], name=told["name"], is_active=bool(told.get("active")))
        found.tracks[id] = track
        return answer(chosen(_track_node(found, track), request.args.get("fields")), 201)

    @operation("private")
    def list_tracks(self, user: User, request: Request, video: str) -> Response:
        """GET /videos/{video}/texttracks."""
        found = self.own_video(user, video)
        return answer(page_of([_track_node(found, track) for track in found.tracks.values()], request))

    def put_track(self, request: Request, track: str) -> Response:
        """PUT to a track's link: WebVTT and nothing else."""
        found = next((one.tracks[track] for one in self.videos.values() if track in one.tracks), None)
        text = request.get_data().decode("utf-8", "replace").removeprefix("\ufeff")
        if found is None or not text.startswith("WEBVTT"):
            return Response(status=404 if found is None else 400)
        found.text = text
        return Response(status=200)

    @operation("edit")
    def set_tags(self, user: User, request: Request, video: str) -> Response:
        """PUT /videos/{video}/tags: these words, each once."""
        found, told = self.own_video(user, video), json_body(request)
        named = [str(tag.get("name", "")) for tag in told] if isinstance(told, list) else [str(told.get("name", ""))]
        if not all(named) or len({*found.tags, *named}) > LIMITS.tags:
            raise invalid("name")
        found.tags, found.modified_at = list(dict.fromkeys([*found.tags, *named])), self.clock.now()
        return answer({"data": [_tag_node(tag) for tag in found.tags]})

    @operation("edit")
    def delete_tag(self, user: User, request: Request, video: str, word: str) -> Response:
        """DELETE /videos/{video}/tags/{word}."""
        found = self.own_video(user, video)
        if word not in found.tags:
            raise invalid("word")
        found.tags.remove(word)
        found.modified_at = self.clock.now()
        return answer(status=204)

    @operation("edit")
    def put_in_album(self, user: User, request: Request, album: str, video: str) -> Response:
        """PUT /me/albums/{album}/videos/{video}; again it changes nothing."""
        self.own_video(user, video).albums.add(album)
        return answer(status=204)

    # -- what the calls share ------------------------------------------------------------------------------------------

    def own_video(self, user: User, id: str) -> Video:
        """A video of this account. Raises RefusalError."""
        video = self.videos.get(id)
        if video is None or video.user is not user:
            raise GONE
        return video

    def is_processed(self, video: Video) -> bool:
        """Whether its bytes are a video that can be played by now."""
        return self._transcoding(video) == "complete"

    def video_node(self, video: Video) -> dict[str, Any]:
        """The resource as the API tells it to its owner."""
        return {
            "uri": f"/videos/{video.id}",
            "link": video.link,
            "name": video.name,
            "description": video.description or None,
            "created_time": stamp(video.at),
            "modified_time": stamp(video.modified_at),
            "privacy": {"view": video.view, "comments": video.commenters},
            **({"license": video.licence} if video.licence else {}),  # the description names no null among its values
            "language": video.locale,
            "upload": _upload_node(video),
            "transcode": {"status": self._transcoding(video)},
            "tags": [{"name": tag} for tag in video.tags],
        }

    def _transcoding(self, video: Video) -> str:
        if video.blob is None or self.clock.now() < video.arrived_at + LIMITS.processing_seconds:
            return "in_progress"
        return "complete" if _is_video(video.blob.path) else "error"

    def _require_space(self, user: User, size: int) -> None:
        if size > user.free_bytes:
            raise RefusalError(403, 4101, "The user has reached their upload quota.")

    def _apply(self, user: User, video: Video, told: dict[str, Any]) -> None:
        """The fields of a video as they were sent. Raises RefusalError with all that do not fit."""
        name, description = told.get("name", video.name), told.get("description", video.description) or ""
        privacy, licence = told.get("privacy") or {}, told.get("license", video.licence)
        view, commenters = privacy.get("view", video.view), privacy.get("comments", video.commenters)
        checks = {
            "name": len(name) <= LIMITS.name_characters,
            "description": len(description) <= LIMITS.description_characters,
            "privacy.view": view in PRIVACIES,
            "privacy.comments": commenters in COMMENTERS,
            "license": licence is None or licence in LICENCES,
        }
        if wrong := [field_name for field_name, fits in checks.items() if not fits]:
            raise invalid(*wrong)
        if user.plan == "free" and view in _PAID_PRIVACIES:
            raise no_plan(f"the privacy {view}")
        video.name, video.description, video.view, video.licence = name, description, view, licence
        video.commenters, video.modified_at = commenters, self.clock.now()
        video.locale = told.get("locale", video.locale)


def _announced_bytes(told: dict[str, Any]) -> int:
    """How large the file will be. Raises RefusalError for another way to upload, and without a size."""
    upload = told.get("upload") or {}
    if upload.get("approach") != "tus":
        raise RefusalError(400, 2230, "This sandbox takes uploads by tus only.", ("upload.approach",))
    size = str(upload.get("size", ""))
    if not size.isdigit():
        raise invalid("upload.size")
    return int(size)


def _tag_node(tag: str) -> dict[str, str]:
    canonical = "".join(tag.lower().split())
    return {"name": tag, "canonical": canonical, "uri": f"/tags/{canonical}"}


def _upload_node(video: Video) -> dict[str, Any]:
    upload = video.upload
    if upload is None or video.blob is not None:
        return {"status": "complete", "approach": "tus"}
    return {"status": "in_progress", "approach": "tus", "upload_link": upload.link, "size": upload.total_bytes}


def _track_node(video: Video, track: Track) -> dict[str, Any]:
    return {
        "uri": f"/videos/{video.id}/texttracks/{track.id}",
        "active": track.is_active,
        "type": track.kind,
        "language": track.language,
        "name": track.name,
        "link": f"https://{UPLOAD_HOST}/texttrack/{track.id}",
    }


def file_url(blob: Blob) -> str:
    """Where visitors get a file."""
    return f"https://{FILES_HOST}/media/{blob.sha256}"


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.format in ("JPEG", "PNG", "GIF")
    except UnidentifiedImageError:
        return False


def _is_video(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return any(head[at : at + len(sign)] == sign for at, sign in _SIGNS)
