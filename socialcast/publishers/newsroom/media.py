"""Pictures in the sizes that pages show, a film and its subtitles: written once, into the draft, and never touched again."""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec

from socialcast.compose.photos import Fitted, facts, fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Video
from socialcast.model.capabilities import PhotoRules
from socialcast.model.post import Post
from socialcast.publishers.newsroom.record import SIDES, Film, Picture, Size, Track
from socialcast.publishers.newsroom.tables import CAPABILITIES

__all__ = ["film", "pictures"]

_AT_ONCE = 4
_TURNED = 5  # EXIF orientations from this one on show a picture's height as its width
_SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


def pictures(post: Post, draft: Path, cache_folder: str | None, steps: Steps) -> tuple[Picture, ...]:
    """Every photo of the post, written into the draft's folder. Raises UnreadablePhoto and OSError."""

    def write(index: int, photo: Photo) -> Picture:
        return _picture(photo, f"photo-{index + 1}", post, draft, cache_folder)

    return tuple(steps.each(post.photos, write, at_once=_AT_ONCE))


def film(post: Post, video: Video, draft: Path, cache_folder: str | None) -> Film:
    """The post's video with its poster and subtitles, written into the draft's folder. Raises OSError."""
    from socialcast.compose.video import facts as video_facts  # its library is needed where there is a video

    known = video_facts(video)
    file = draft / f"film.{_SUFFIXES[known.media_type]}"
    with video.open() as source:
        _write(source, file)
    return Film(
        file=file.name,
        media_type=known.media_type,
        size_bytes=video.content.size,
        seconds=known.seconds,
        title=video.title,
        alt=video.alt,
        caption=video.caption,
        credit=video.credit or post.credit,
        licence=video.licence or post.licence,
        poster=_picture(video.poster, "poster", post, draft, cache_folder) if video.poster else None,
        tracks=_tracks(video, draft),
        chapters=video.chapters,
    )


def _tracks(video: Video, draft: Path) -> tuple[Track, ...]:
    from socialcast.compose.video import subtitles_as

    tracks = tuple(Track(file=f"film.{number}.vtt", language=text.language) for number, text in enumerate(video.subtitles, 1))
    for track, text in zip(tracks, video.subtitles, strict=True):
        _write(BytesIO(subtitles_as(text, "vtt")), draft / track.file)
    return tracks


def _picture(photo: Photo, name: str, post: Post, draft: Path, cache_folder: str | None) -> Picture:
    rules = CAPABILITIES.photos or PhotoRules()
    whole = _written(photo, rules, f"{name}", draft, cache_folder)
    smaller = [side for side in SIDES if side < max(whole.width, whole.height)]
    sizes = [
        _written(photo, msgspec.structs.replace(rules, max_side=side), f"{name}-{side}", draft, cache_folder) for side in smaller
    ]
    return Picture(
        sizes=(*sizes, whole),
        alt="" if photo.decorative else photo.alt,
        caption=photo.caption,
        credit=photo.credit or post.credit,
        licence=photo.licence or post.licence,
    )


def _written(photo: Photo, rules: PhotoRules, name: str, draft: Path, cache_folder: str | None) -> Size:
    fitted = fit(photo, rules, cache_folder)
    file = draft / f"{name}.{_SUFFIXES[fitted.media_type]}"
    with fitted.open() as source:
        _write(source, file)
    width, height = _shown_size(fitted)
    return Size(file=file.name, width=width, height=height, media_type=fitted.media_type, size_bytes=fitted.size_bytes)


def _write(source: BinaryIO, file: Path) -> None:
    """On the disk before the draft is renamed: a power cut must not leave a page with empty pictures."""
    with file.open("wb") as target:
        shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())


def _shown_size(fitted: Fitted) -> tuple[int, int]:
    known = facts(Photo(fitted.path, fitted.data))
    return (known.height, known.width) if known.orientation >= _TURNED else (known.width, known.height)
