"""Photos and video on their way: files on the server, which nobody is shown before a message names them."""

from __future__ import annotations

from functools import partial
from typing import Any

import requests
from requests.adapters import BaseAdapter

from socialcast.compose import photos
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Video
from socialcast.model.post import Post
from socialcast.publishers.matrix.api import Api
from socialcast.publishers.matrix.events import Content, caption, film_caption
from socialcast.publishers.matrix.tables import PHOTOS

__all__ = ["Files", "Uploads"]

_AT_ONCE = 4


class Uploads:
    """The media of one account; a file that was sent and not recorded is sent again, since nobody sees either."""

    def __init__(self, api: Api, cache_folder: str | None) -> None:
        self._api, self._cache_folder = api, cache_folder

    def pictures(self, post: Post, steps: Steps, prefix: str = "") -> list[Content]:
        """A message for each photo; the steps' names begin with the prefix."""

        def upload(index: int, photo: Photo) -> Content:
            return self._picture(f"{prefix}photo/{index + 1}", photo, post, steps)

        return steps.each(post.photos, upload, at_once=_AT_ONCE)

    def film(self, video: Video, steps: Steps, prefix: str = "") -> Content:
        """The message that shows the video."""
        send, name = partial(self._send_video, video), f"{prefix}video"
        made = steps.once(name, send, repeatable=True, unsent=lambda: {"filename": _film_name(video)})
        return _content("m.video", made, film_caption(video))

    def _picture(self, name: str, photo: Photo, post: Post, steps: Steps) -> Content:
        made = steps.once(
            name, partial(self._send_photo, photo), repeatable=True, unsent=lambda: {"filename": self._fitted(photo).filename}
        )
        return _content("m.image", made, caption(photo, post))

    def _send_photo(self, photo: Photo) -> dict[str, Any]:
        fitted = self._fitted(photo)
        known = photos.facts(Photo(fitted.path, fitted.data))
        width, height = (known.width, known.height) if known.orientation < 5 else (known.height, known.width)
        info = {"mimetype": fitted.media_type, "size": fitted.size_bytes, "w": width, "h": height}
        url = self._api.upload(fitted.open, fitted.media_type, fitted.filename)
        return {"url": url, "filename": fitted.filename, "info": info}

    def _fitted(self, photo: Photo) -> photos.Fitted:
        return photos.fit(photo, PHOTOS, self._cache_folder)

    def _send_video(self, video: Video) -> dict[str, Any]:
        from socialcast.compose.video import facts

        known = facts(video)
        info = {"mimetype": known.media_type, "size": video.content.size, "w": known.width, "h": known.height}
        if known.seconds is not None:
            info["duration"] = round(known.seconds * 1000)
        filename = _film_name(video)
        return {"url": self._api.upload(video.open, known.media_type, filename), "filename": filename, "info": info}


class Files(BaseAdapter):
    """Reads files by their addresses on Matrix, for the session that fetches the pictures of every other channel."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """The file."""
        return self._api.download(request.url or "")

    def close(self) -> None:
        """Nothing is kept open."""


def _film_name(video: Video) -> str:
    return f"{video.content.sha256[:16]}.mp4"


def _content(kind: str, made: dict[str, Any], words: str) -> Content:
    """The message of a file; one whose words are its name has no caption."""
    return {"msgtype": kind, "body": words or made["filename"], **made, "m.mentions": {}}
