"""Pictures in the sizes that pages show, a film and its subtitles: written once, into the draft, and never touched again.

A file is named after what it was made of, so that a photo keeps its address when others come before it, and no address ever
shows something else, which browsers and feed readers would not notice.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

import msgspec

from socialcast.compose.photos import Fitted, facts, fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Media, Photo, Subtitles, Video
from socialcast.model.capabilities import PhotoRules
from socialcast.model.post import Post
from socialcast.publishers.newsroom.record import SIDES, Film, Picture, Record, Size, Track
from socialcast.publishers.newsroom.tables import CAPABILITIES

__all__ = ["Shelf", "bare_name", "is_ours", "known_sizes", "name_of"]

_AT_ONCE = 4
_DIGITS = 12  # of a file's digest: 48 bits, plenty for one page
_OURS = re.compile(rf"(?P<name>(photo|film|subtitles)-[0-9a-f]{{{_DIGITS}}})(-\d+)?\.\w+")
_TURNED = 5  # EXIF orientations from this one on show a picture's height as its width
_SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


Sizes = tuple[Size, ...]


class Shelf:
    """Where the media of one page are put: a draft's folder, and what the page has already, which is not made again."""

    def __init__(self, post: Post, draft: Path, cache_folder: str | None, known: Mapping[str, Sizes] | None = None) -> None:
        self._post, self._draft, self._cache_folder = post, draft, cache_folder
        self._known = known or {}

    def pictures(self, steps: Steps) -> tuple[Picture, ...]:
        """Every photo of the post. Raises UnreadablePhoto and OSError."""
        return tuple(steps.each(self._post.photos, lambda _, photo: self._picture(photo), at_once=_AT_ONCE))

    def film(self) -> Film | None:
        """The post's video with its poster and subtitles, if it has one. Raises OSError."""
        return self._film(self._post.video) if self._post.video else None

    def _film(self, video: Video) -> Film:
        from socialcast.compose.video import facts as video_facts  # its library is needed where there is a video

        known, post = video_facts(video), self._post
        file = f"{_name('film', video)}.{_SUFFIXES[known.media_type]}"
        with video.open() as source:
            self._write(source, file)
        return Film(
            file=file,
            media_type=known.media_type,
            size_bytes=video.content.size,
            seconds=known.seconds,
            title=video.title,
            alt=video.alt,
            caption=video.caption,
            credit=video.credit or post.credit,
            licence=video.licence or post.licence,
            poster=self._picture(video.poster) if video.poster else None,
            tracks=tuple(map(self._track, video.subtitles)),
            chapters=video.chapters,
        )

    def _track(self, subtitles: Subtitles) -> Track:
        from socialcast.compose.video import subtitles_as

        track = Track(file=f"{_name('subtitles', subtitles)}.vtt", language=subtitles.language)
        self._write(BytesIO(subtitles_as(subtitles, "vtt")), track.file)
        return track

    def _picture(self, photo: Photo) -> Picture:
        return Picture(
            sizes=self._known.get(_name_of(photo)) or self._sizes(photo),
            alt="" if photo.decorative else photo.alt,
            caption=photo.caption,
            credit=photo.credit or self._post.credit,
            licence=photo.licence or self._post.licence,
        )

    def _sizes(self, photo: Photo) -> Sizes:
        rules, name = CAPABILITIES.photos or PhotoRules(), _name_of(photo)
        whole = self._written(photo, rules, name)
        smaller = [side for side in SIDES if side < max(whole.width, whole.height)]
        limits = {side: msgspec.structs.replace(rules, max_side=side) for side in smaller}
        return (*(self._written(photo, limit, f"{name}-{side}") for side, limit in limits.items()), whole)

    def _written(self, photo: Photo, rules: PhotoRules, name: str) -> Size:
        fitted = fit(photo, rules, self._cache_folder)
        file = f"{name}.{_SUFFIXES[fitted.media_type]}"
        with fitted.open() as source:
            self._write(source, file)
        width, height = _shown_size(fitted)
        return Size(file=file, width=width, height=height, media_type=fitted.media_type, size_bytes=fitted.size_bytes)

    def _write(self, source: BinaryIO, file: str) -> None:
        """On the disk before the draft is renamed: a power cut must not leave a page with empty pictures. A photo that is there
        twice is written twice at once, by the same name."""
        part = self._draft / f"{get_ident()}-{file}"
        with part.open("wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        part.replace(self._draft / file)


def known_sizes(record: Record, page: Path) -> dict[str, Sizes]:
    """The pictures that a page has, whole, by the names of their photos."""
    posters = [record.film.poster] if record.film and record.film.poster else []
    return {
        picture.whole.file.partition(".")[0]: picture.sizes
        for picture in (*record.pictures, *posters)
        if all(_is_whole(page / size.file, size) for size in picture.sizes)
    }


def name_of(medium: Photo | Video) -> str:
    """What the files of a photo or film are called, whatever their size."""
    return _name_of(medium) if isinstance(medium, Photo) else _name("film", medium)


def bare_name(file: str) -> str:
    """That name out of a file's; the file's own where it is none of ours."""
    found = _OURS.fullmatch(file)
    return found["name"] if found else file


def is_ours(file: str) -> bool:
    """Whether a file in a page's folder has a name that only media of ours have."""
    return bool(_OURS.fullmatch(file))


def _name(kind: str, medium: Media) -> str:
    return f"{kind}-{medium.content.sha256[:_DIGITS]}"


def _name_of(photo: Photo) -> str:
    """A photo that keeps its location is another file than the same without."""
    if not photo.keep_location:
        return _name("photo", photo)
    return f"photo-{hashlib.sha256(f'{photo.content.sha256} located'.encode()).hexdigest()[:_DIGITS]}"


def _is_whole(path: Path, size: Size) -> bool:
    return path.is_file() and path.stat().st_size == size.size_bytes


def _shown_size(fitted: Fitted) -> tuple[int, int]:
    known = facts(Photo(fitted.path, fitted.data))
    return (known.height, known.width) if known.orientation >= _TURNED else (known.width, known.height)
