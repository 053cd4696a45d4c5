"""The preflight rules for what moves: a video with its poster, subtitles and chapters, and a live event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from socialcast.compose import photos
from socialcast.compose.described import is_file_name
from socialcast.model.announcement import Live, Photo, Video
from socialcast.model.capabilities import Capabilities, VideoRules
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity

if TYPE_CHECKING:  # the libraries under it are imported where there is a video
    from socialcast.compose.video import VideoFacts

__all__ = ["live", "video"]

_EXPORT = "export it as MP4 with H.264 and AAC"
_REMEDIES = {
    "video.empty": "copy it again from where it came",
    "video.truncated": "copy it again from where it came",
    "video.unreadable": _EXPORT,
    "video.no_picture": "give it a file with a picture track",
}
_CHAPTER = re.compile(r"(?:(?P<hours>\d+):)?(?P<minutes>\d{1,2}):(?P<seconds>[0-5]\d) +\S")
_ROUNDING_SECONDS = 1.0  # players and editors round the length of a file differently


def video(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    """What is wrong with the post's video and all that belongs to it."""
    rules, film = capabilities.video, post.video
    if film is None or rules is None:
        return
    from socialcast.compose import video as reader

    if not film.alt.strip():
        message = f"{film.name} has no description"
        yield Problem(code="video.alt_missing", path="video.alt", severity=Severity.WARNING, message=message)
    elif is_file_name(film.alt, film):
        message = f"{film.alt.strip()!r} is the name of a file and tells nobody what the video shows"
        yield Problem(code="video.alt_is_file_name", path="video.alt", message=message, fix="tell what it shows")
    yield from _poster(film.poster, "video.poster")
    try:
        facts = reader.facts(film)
    except reader.UnreadableVideo as error:
        yield Problem(code=error.code, path="video", message=str(error), fix=_REMEDIES[error.code])
    except OSError as error:
        fix = "check the path, and that the file can be read"
        yield Problem(code="video.missing", path="video", message=f"{film.name} cannot be read: {error.strerror}", fix=fix)
    else:
        yield from _file(film, facts, rules)
        yield from _subtitles(film, facts)
        yield from _chapters(film, facts)


def live(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    """What is wrong with a live event that this channel is to create."""
    rules, event = capabilities.live, post.live
    if rules is None or event is None or not event.is_to_create:
        return
    title = event.title or post.title
    if rules.max_title_length is not None and len(title) > rules.max_title_length:
        message = f"it has {len(title)} characters, {rules.max_title_length} are allowed"
        yield Problem(code="live.title_too_long", path="live.title", message=message, fix="shorten it")
    length = _length(event)
    if rules.max_seconds is not None and length is not None and length > rules.max_seconds:
        message = f"it lasts {_clock(length)}, {_clock(rules.max_seconds)} are allowed"
        yield Problem(code="live.too_long", path="live.ends_at", message=message, fix="make two events of it")
    if event.low_latency and not rules.low_latency:
        message = f"{post.platform} does not offer low latency: the picture comes later there"
        yield Problem(code="live.low_latency", path="live.low_latency", severity=Severity.WARNING, message=message)
    yield from _poster(event.poster, "live.poster")


def _file(film: Video, facts: VideoFacts, rules: VideoRules) -> Iterator[Problem]:
    size_bytes, seconds = film.content.size, facts.seconds
    if rules.max_bytes is not None and size_bytes > rules.max_bytes:
        message = f"{film.name} has {size_bytes:,} bytes, {rules.max_bytes:,} are allowed"
        yield Problem(code="video.too_large", path="video", message=message, fix="give it a smaller encoding")
    if facts.media_type not in rules.types:
        message = f"{film.name} is {facts.media_type}, which the platform does not take"
        yield Problem(code="video.type", path="video", message=message, fix=_EXPORT)
    if rules.codecs is not None and facts.codec not in rules.codecs:
        message = f"{film.name} is encoded in {facts.codec}; taken are {', '.join(sorted(rules.codecs))}"
        yield Problem(code="video.codec", path="video", message=message, fix=_EXPORT)
    if seconds is None:
        return
    if rules.max_seconds is not None and seconds > rules.max_seconds:
        message = f"{film.name} lasts {_clock(seconds)}, {_clock(rules.max_seconds)} are allowed"
        yield Problem(code="video.too_long", path="video", message=message, fix="cut it, or give this channel another video")
    if rules.min_seconds is not None and seconds < rules.min_seconds:
        message = f"{film.name} lasts {seconds:.1f} seconds, {rules.min_seconds:g} are needed"
        yield Problem(code="video.too_short", path="video", message=message, fix="give it a longer one")


def _subtitles(film: Video, facts: VideoFacts) -> Iterator[Problem]:
    from socialcast.compose.video import UnreadableSubtitles, end_of

    languages = [track.language for track in film.subtitles]
    for index, track in enumerate(film.subtitles):
        path = f"video.subtitles[{index}]"
        if track.language in languages[:index]:
            message = f"there are subtitles in {track.language!r} already"
            yield Problem(code="subtitles.twice", path=path, message=message, fix="name the language of each")
        try:
            end_seconds = end_of(track)
        except UnreadableSubtitles as error:
            fix = "export them as WebVTT or SubRip, in UTF-8"
            yield Problem(code="subtitles.unreadable", path=path, message=str(error), fix=fix)
        except OSError as error:
            message = f"{track.name} cannot be read: {error.strerror}"
            yield Problem(code="subtitles.missing", path=path, message=message, fix="check the path")
        else:
            if facts.seconds is not None and end_seconds > facts.seconds + _ROUNDING_SECONDS:
                message = f"{track.name} goes on until {_clock(end_seconds)}, the video ends at {_clock(facts.seconds)}"
                yield Problem(code="subtitles.outside", path=path, message=message, fix="give it the subtitles of this video")


def _chapters(film: Video, facts: VideoFacts) -> Iterator[Problem]:
    starts = [_start(line) for line in film.chapters]
    for index, (line, start) in enumerate(zip(film.chapters, starts, strict=True)):
        path = f"video.chapters[{index}]"
        if start is None:
            message, fix = f"{line!r} is no chapter", 'write it as "1:30 The speech"'
            yield Problem(code="chapters.unreadable", path=path, message=message, fix=fix)
        elif index == 0 and start:
            yield Problem(code="chapters.first", path=path, message="the first chapter begins at 0:00", fix="add one at 0:00")
        elif facts.seconds is not None and start >= facts.seconds:
            message = f"{line!r} begins after the video's end at {_clock(facts.seconds)}"
            yield Problem(code="chapters.outside", path=path, message=message, fix="take it out")
    known = [start for start in starts if start is not None]
    if known != sorted(set(known)):
        message = "the chapters are not in the order of their times"
        yield Problem(code="chapters.order", path="video.chapters", message=message, fix="sort them")


def _poster(photo: Photo | None, path: str) -> Iterator[Problem]:
    if photo is None:
        return
    try:
        photos.facts(photo)
    except photos.UnreadablePhoto as error:
        code = error.code.replace("photos.", "poster.")
        yield Problem(code=code, path=path, message=str(error), fix="give it a JPEG or PNG, or leave it out")


def _start(chapter: str) -> int | None:
    found = _CHAPTER.match(chapter)
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    return sum(int(parts[unit] or 0) * weight for unit, weight in _UNITS.items()) if found else None


_UNITS: Mapping[str, int] = {"hours": 3600, "minutes": 60, "seconds": 1}


def _length(event: Live) -> float | None:
    return (event.ends_at - event.starts_at).total_seconds() if event.starts_at and event.ends_at else None


def _clock(seconds: float) -> str:
    """As people say it: 0:02:20."""
    return str(timedelta(seconds=round(seconds)))
