"""Videos with their thumbnails and captions: parts that are written whole, processing over the clock (docs, 2026-11-22)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from PIL import Image, UnidentifiedImageError

from socialcast.sandbox.audience import audience
from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.youtube.access import Channel, answer, call, json_body, stamp
from socialcast.sandbox.platforms.youtube.files import is_video, seconds_of
from socialcast.sandbox.platforms.youtube.refusals import RefusalError, bad, forbidden, missing
from socialcast.sandbox.platforms.youtube.tables import LIMITS
from socialcast.sandbox.platforms.youtube.uploads import Uploads, small_upload, stored

__all__ = ["Caption", "Video", "Videos", "parts"]

_PRIVACIES = frozenset({"public", "unlisted", "private"})
_LICENCES = frozenset({"youtube", "creativeCommon"})
_CATEGORIES = frozenset(["1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"])
_THUMBNAIL_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_SNIPPET = ("title", "description", "tags", "categoryId", "defaultLanguage", "defaultAudioLanguage")
_STATUS = (
    "privacyStatus",
    "publishAt",
    "license",
    "embeddable",
    "publicStatsViewable",
    "selfDeclaredMadeForKids",
    "containsSyntheticMedia",
)
_STATUS_DEFAULTS = {"privacyStatus": "public", "license": "youtube", "embeddable": True, "publicStatsViewable": True}


@dataclass(slots=True, kw_only=True, eq=False)
class Caption:
    """Subtitles in one language."""

    id: str
    video: str
    language: str
    name: str
    blob: Blob
    is_draft: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Video:
    """One video, or the video that a broadcast is."""

    id: str
    channel: Channel
    at: datetime
    snippet: dict[str, Any]
    status: dict[str, Any]
    blob: Blob | None = None
    type: str = ""
    ready_at: float = 0.0
    failure: str = ""
    rejection: str = ""
    thumbnail: Blob | None = None
    captions: dict[str, Caption] = field(default_factory=dict)
    has_comments: bool = True  # until its owner turns them off, which no call of the API does


class Videos(Uploads):
    """The part of the mirror that keeps videos."""

    def reset(self) -> None:
        """Forget all videos."""
        super().reset()
        self.videos: dict[str, Video] = {}

    @call
    def insert_video(self, channel: Channel, request: Request) -> Response:
        """POST /upload/youtube/v3/videos: open a session; the other ways to upload cannot be asked what happened."""
        if request.args.get("uploadType") != "resumable":
            raise RefusalError(400, "badRequest", "This sandbox takes videos by resumable upload only.", "global")
        body = json_body(request)
        snippet, status = _snippet(body.get("snippet", {})), _status(body.get("status", {}), self.clock.datetime())

        def finish(blob: Blob) -> dict[str, Any]:
            video = self._new_video(channel, snippet, status, blob)
            return self._resource(video, {"snippet", "status"})

        return self.open_session(channel, request, LIMITS.video_bytes, finish)

    @call
    def send_file(self, channel: Channel, request: Request) -> Response:
        """PUT to a session's address."""
        return self.send_bytes(channel, request)

    @call
    def list_videos(self, channel: Channel, request: Request) -> Response:
        """GET /videos: by id; private ones to their owner only."""
        ids = [id for id in request.args.get("id", "").split(",") if id]
        if not ids:
            raise bad("missingRequiredParameter", "No filter selected.")
        found = [video for id in ids if (video := self.videos.get(id)) and self.may_see(channel, video)]
        return answer(self.page([self._resource(video, parts(request)) for video in found], request))

    @call
    def update_video(self, channel: Channel, request: Request) -> Response:
        """PUT /videos: the named parts, whole; a field that is left out is cleared."""
        body, named = json_body(request), parts(request)
        video = self.own_video(channel, body.get("id", ""))
        if "snippet" in named:
            given = body.get("snippet", {})
            if "categoryId" not in given:
                raise bad("invalidCategoryId", "The snippet.categoryId property is required.")
            video.snippet = _snippet(given)
        if "status" in named:
            video.status = _status(body.get("status", {}), self.clock.datetime())
        return answer(self._resource(video, named))

    @call
    def delete_video(self, channel: Channel, request: Request) -> Response:
        """DELETE /videos."""
        del self.videos[self.own_video(channel, request.args.get("id", "")).id]
        return answer(status=204)

    @call
    def set_thumbnail(self, channel: Channel, request: Request) -> Response:
        """POST /upload/youtube/v3/thumbnails/set: one image, again and again."""
        video = self.own_video(channel, request.args.get("videoId", ""))
        if not channel.verified_phone:
            message = "The authenticated user doesn't have permissions to upload and set custom video thumbnails."
            raise forbidden("forbidden", message)
        if request.args.get("uploadType") == "resumable":
            return self.open_session(channel, request, LIMITS.thumbnail_bytes, lambda blob: self._set(video, blob))
        _, content = small_upload(request, LIMITS.thumbnail_bytes)
        return answer(self._set(video, stored(self, content)))

    @call
    def list_captions(self, channel: Channel, request: Request) -> Response:
        """GET /captions of a video."""
        video = self.own_video(channel, request.args.get("videoId", ""))
        return answer({"kind": "youtube#captionListResponse", "items": [_caption(one) for one in video.captions.values()]})

    @call
    def insert_caption(self, channel: Channel, request: Request) -> Response:
        """POST /upload/youtube/v3/captions: one track for each language and name."""
        if request.args.get("uploadType") == "resumable":
            snippet = json_body(request).get("snippet", {})
            self._check_caption(channel, snippet)
            return self.open_session(
                channel, request, LIMITS.caption_bytes, lambda blob: self._new_caption(channel, snippet, blob)
            )
        metadata, content = small_upload(request, LIMITS.caption_bytes)
        snippet = json.loads(metadata).get("snippet", {})
        self._check_caption(channel, snippet)
        return answer(self._new_caption(channel, snippet, stored(self, content)))

    def put_caption(self, request: Request) -> Response:
        """PUT to a session's address, or, without one, another file for a track that exists."""
        return self.send_file(request) if "upload_id" in request.args else self.update_caption(request)

    @call
    def update_caption(self, channel: Channel, request: Request) -> Response:
        """PUT /captions: another file for a track."""
        id = json_body(request).get("id", "")
        caption = next((one for video in self.videos.values() for one in video.captions.values() if one.id == id), None)
        if caption is None or self.own_video(channel, caption.video) is None:
            raise missing("caption")

        def finish(blob: Blob) -> dict[str, Any]:
            caption.blob = blob
            return _caption(caption)

        return self.open_session(channel, request, LIMITS.caption_bytes, finish)

    @call
    def delete_caption(self, channel: Channel, request: Request) -> Response:
        """DELETE /captions."""
        for video in self.videos.values():
            if video.channel is channel and video.captions.pop(request.args.get("id", ""), None) is not None:
                return answer(status=204)
        raise missing("caption")

    # -- what the calls share ------------------------------------------------------------------------------------------

    def own_video(self, channel: Channel, id: str) -> Video:
        """A video of this channel. Raises RefusalError."""
        video = self.videos.get(id)
        if video is None or (video.channel is not channel and video.status["privacyStatus"] == "private"):
            raise missing("video")
        if video.channel is not channel:
            raise forbidden("forbidden", "The video is another channel's.")
        return video

    def privacy(self, video: Video) -> str:
        """Who sees it now: what was asked for, unless the project is locked or its time has come."""
        if not video.channel.audited:
            return "private"
        at = video.status.get("publishAt")
        return "public" if at and datetime.fromisoformat(at) <= self.clock.datetime() else str(video.status["privacyStatus"])

    def page(self, items: list[dict[str, Any]], request: Request, kind: str = "youtube#videoListResponse") -> dict[str, Any]:
        """One page of a list, with the token of the next."""
        size = min(int(request.args.get("maxResults", "5")), LIMITS.page_size) if "id" not in request.args else len(items)
        start = int(request.args.get("pageToken", "0"))
        page: dict[str, Any] = {
            "kind": kind,
            "items": items[start : start + size],
            "pageInfo": {"totalResults": len(items), "resultsPerPage": size},
        }
        return page | ({"nextPageToken": str(start + size)} if start + size < len(items) else {})

    def statistics(self, video: Video) -> dict[str, str]:
        """Its figures, as strings of digits; a video that is private has none yet."""
        now, since = self.clock.now(), datetime.fromisoformat(video.status.get("publishAt", video.at.isoformat())).timestamp()
        reach = audience(video.id, now if self.privacy(video) == "private" else since, now)
        return {"viewCount": str(reach.views), "likeCount": str(reach.likes), "favoriteCount": "0"}

    def may_see(self, channel: Channel, video: Video) -> bool:
        """Whether that channel's owner sees the video."""
        return video.channel is channel or self.privacy(video) != "private"

    def _new_video(self, channel: Channel, snippet: dict[str, Any], status: dict[str, Any], blob: Blob) -> Video:
        video = Video(
            id=self.token_of(11),
            channel=channel,
            at=self.clock.datetime(),
            snippet=snippet,
            status=status,
            blob=blob,
            ready_at=self.clock.now() + LIMITS.processing_seconds,
        )
        if blob.size == 0 or not is_video(blob.path):
            video.failure = "emptyFile" if blob.size == 0 else "invalidFile"
        elif not channel.verified_phone and seconds_of(blob.path) > LIMITS.unverified_seconds:
            video.rejection = "length"
        self.videos[video.id] = video
        return video

    def _set(self, video: Video, blob: Blob) -> dict[str, Any]:
        try:
            with Image.open(blob.path) as image:
                kind = image.format
        except UnidentifiedImageError:
            kind = None
        if kind not in _THUMBNAIL_TYPES:
            raise bad("imageFormatUnsupported", "The provided image format is not supported.")
        video.thumbnail = blob
        return {"kind": "youtube#thumbnailSetResponse", "items": [{"default": {"url": self._file_url(blob)}}]}

    def _check_caption(self, channel: Channel, snippet: Mapping[str, Any]) -> None:
        video = self.own_video(channel, snippet.get("videoId", ""))
        if not snippet.get("language") or "name" not in snippet:
            raise bad("invalidMetadata", "The request contains invalid metadata.")
        if any((one.language, one.name) == (snippet["language"], snippet["name"]) for one in video.captions.values()):
            raise RefusalError(409, "captionExists", "The specified video already has a track with that language and name.")

    def _new_caption(self, channel: Channel, snippet: Mapping[str, Any], blob: Blob) -> dict[str, Any]:
        self._check_caption(channel, snippet)
        caption = Caption(
            id=self.token_of(32),
            video=snippet["videoId"],
            language=snippet["language"],
            name=snippet["name"],
            blob=blob,
            is_draft=bool(snippet.get("isDraft")),
        )
        self.videos[caption.video].captions[caption.id] = caption
        return _caption(caption)

    def _file_url(self, blob: Blob) -> str:
        return f"https://i.ytimg.com/media/{blob.sha256}"

    def _resource(self, video: Video, named: set[str]) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": "youtube#video", "id": video.id}
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "snippet": lambda: self._told_snippet(video),
            "status": lambda: self._told_status(video),
            "processingDetails": lambda: {"processingStatus": self._processing(video)},
            "fileDetails": lambda: {"fileSize": str(video.blob.size if video.blob else 0), "fileType": "video"},
            "statistics": lambda: self.statistics(video),
        }
        return told | {part: make() for part, make in makers.items() if part in named}

    def _told_snippet(self, video: Video) -> dict[str, Any]:
        told = {
            **video.snippet,
            "channelId": video.channel.id,
            "channelTitle": video.channel.name,
            "publishedAt": stamp(video.at),
        }
        return told | ({"thumbnails": {"default": {"url": self._file_url(video.thumbnail)}}} if video.thumbnail else {})

    def _told_status(self, video: Video) -> dict[str, Any]:
        done = self.clock.now() >= video.ready_at
        state = "failed" if video.failure else "rejected" if video.rejection else "processed"
        reasons = {"failureReason": video.failure, "rejectionReason": video.rejection} if done else {}
        told = {name: value for name, value in video.status.items() if name != "publishAt" or self.privacy(video) == "private"}
        why = {name: value for name, value in reasons.items() if value}
        return told | {"privacyStatus": self.privacy(video), "uploadStatus": state if done else "uploaded"} | why

    def _processing(self, video: Video) -> str:
        if self.clock.now() < video.ready_at:
            return "processing"
        return "failed" if video.failure else "terminated" if video.rejection else "succeeded"


def parts(request: Request) -> set[str]:
    """The parts that the request names."""
    return {part.strip() for part in request.args.get("part", "").split(",")}


def _caption(caption: Caption) -> dict[str, Any]:
    snippet = {"videoId": caption.video, "language": caption.language, "name": caption.name, "isDraft": caption.is_draft}
    return {"kind": "youtube#caption", "id": caption.id, "snippet": snippet}


def _snippet(given: Mapping[str, Any]) -> dict[str, Any]:
    """The part as it is kept. Raises RefusalError for what YouTube does not take."""
    title, description = str(given.get("title", "")), str(given.get("description", ""))
    if not title.strip() or len(title) > LIMITS.title_characters or set("<>") & set(title):
        raise bad("invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if len(description.encode()) > LIMITS.description_bytes or set("<>") & set(description):
        raise bad("invalidDescription", "The request metadata specifies an invalid video description.")
    tags = given.get("tags") or []
    if sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1) > LIMITS.tags_characters:
        raise bad("invalidTags", "The request metadata specifies invalid video keywords.")
    if given.get("categoryId", "22") not in _CATEGORIES:
        raise bad("invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.")
    return {"title": title, "description": description, "categoryId": "22"} | {n: given[n] for n in _SNIPPET if n in given}


def _status(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The part as it is kept; what is absent has its default, and privacy's is public."""
    status: dict[str, Any] = _STATUS_DEFAULTS | {name: given[name] for name in _STATUS if given.get(name) is not None}
    if status["privacyStatus"] not in _PRIVACIES or status["license"] not in _LICENCES:
        raise bad("invalidVideoMetadata", "The request metadata is invalid.")
    if at := status.get("publishAt"):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise bad("invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time.") from None
        if status["privacyStatus"] != "private" or moment.tzinfo is None:
            raise bad("invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time.")
        if moment <= now:
            del status["publishAt"]
            status["privacyStatus"] = "public"  # a time in the past publishes at once
    return status
