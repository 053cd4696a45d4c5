"""Small pictures that fit into one page together, each once however many channels show it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from socialcast.compose.photos import Fitted, UnreadablePhoto, fit
from socialcast.model.announcement import Photo, Video
from socialcast.model.capabilities import PhotoRules
from socialcast.model.errors import ConfigurationError
from socialcast.wire.clock import Cancel

__all__ = ["Thumbnail", "frame", "thumbnails"]

_PAGE_BYTES = 2_400_000  # of pictures; a third more as text, and the words beside them
_MOST_BYTES = 60_000
_SIDES = ((12, 640), (60, 400), (200, 240))  # up to so many pictures, so many pixels
_SMALLEST_SIDE = 160
_FRAME_AT = 0.1  # of its length; a first frame is often black


class Thumbnail(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the page: its number there, and its bytes as a data URL; empty where the photo cannot be shown."""

    number: int
    url: str


def thumbnails(photos: Iterable[Photo], cache_folder: str | None) -> Mapping[Photo, Thumbnail]:
    """A thumbnail for each photo, made by as many threads as there are processors; the originals are not kept in memory."""
    every = list(dict.fromkeys(photos))
    each = {_file(photo): photo for photo in every}  # once, whatever the channels say of it
    rules = _rules(len(each))
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="socialcast-thumbnails") as pool:
        urls = pool.map(lambda photo: _url(photo, rules, cache_folder), each.values())
        made = {file: Thumbnail(number=number, url=url) for number, (file, url) in enumerate(zip(each, urls, strict=True), 1)}
    return {photo: made[_file(photo)] for photo in every}


def _file(photo: Photo) -> tuple[str | None, bytes | None, bool]:
    return photo.path, photo.data, photo.keep_location


def frame(video: Video, cache_folder: str | None) -> Photo | None:
    """A picture of the video soon after its beginning; None where it, ffmpeg or a place to keep the picture is missing."""
    if cache_folder is None:
        return None
    try:
        from socialcast.compose.transcode import poster_frame  # which needs an extra
        from socialcast.compose.video import facts

        found = poster_frame(video, (facts(video).seconds or 0) * _FRAME_AT, cache_folder, Cancel())
    except (ConfigurationError, OSError):
        return None  # the film's name stands there; what is wrong with it is told among the problems
    return msgspec.structs.replace(found, alt="A frame of the video")


def _rules(count: int) -> PhotoRules:
    side = next((side for most, side in _SIDES if count <= most), _SMALLEST_SIDE)
    return PhotoRules(types=frozenset({"image/jpeg"}), max_side=side, max_bytes=min(_MOST_BYTES, _PAGE_BYTES // max(count, 1)))


def _url(photo: Photo, rules: PhotoRules, cache_folder: str | None) -> str:
    try:
        made = _fitted(photo, rules, cache_folder)
        with made.open() as file:
            return f"data:{made.media_type};base64,{base64.b64encode(file.read()).decode()}"
    except (UnreadablePhoto, OSError):
        return ""  # a problem on the page tells why


def _fitted(photo: Photo, rules: PhotoRules, cache_folder: str | None) -> Fitted:
    try:
        return fit(photo, rules, cache_folder)
    except OSError:  # a checkout that cannot be written
        return fit(photo, rules, None)
