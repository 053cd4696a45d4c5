"""The preflight rules for what moves: a video with its poster, subtitles and chapters, and a live event."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from socialcast.compose import photos
from socialcast.compose.described import ALT_TOO_LONG, is_file_name
from socialcast.model.announcement import Live, Photo, Video
from socialcast.model.capabilities import Capabilities, VideoRules
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem, Severity
from socialcast.wire import ffmpeg
from socialcast.wire.clock import Cancel

if TYPE_CHECKING:  # the libraries under it are imported where there is a video
    from socialcast.compose.video import VideoFacts

OnPercent: TypeAlias = Callable[[int], None]

__all__ = ["POSTER_CHOSEN", "TRANSCODED", "adaptations", "fitted", "live", "poster_problems", "video"]

TRANSCODED, POSTER_CHOSEN = "video.transcoded", "video.poster_chosen"

_EXPORT = "export it as MP4 with H.264 and AAC"
_REMEDIES = {
    "video.empty": "copy it again from where it came",
    "video.truncated": "copy it again from where it came",
    "video.unreadable": _EXPORT,
    "video.no_picture": "give it a file with a picture track",
    "video.too_long": "cut it, or give this channel another video",
    "video.too_short": "give it a longer one",
}
_TIME = r"(?:(?P<hours>\d+):)?(?P<minutes>\d{1,2}):(?P<seconds>[0-5]\d)"
_MOMENT, _CHAPTER = re.compile(_TIME), re.compile(_TIME + r" +\S")
_ROUNDING_SECONDS = 1.0  # players and editors round the length of a file differently


def video(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    """What is wrong with the post's video and all that belongs to it."""
    rules, film = capabilities.video, post.video
    if film is None or rules is None:
        return
    from socialcast.compose import video as reader

    if not film.alt.strip():
        message, fix = f"{film.name} has no description", "tell what it shows, for those who do not see it"
        yield Problem(code="video.alt_missing", path="video.alt", severity=Severity.WARNING, message=message, fix=fix)
    elif is_file_name(film.alt, film):
        message = f"{film.alt.strip()!r} is the name of a file and tells nobody what the video shows"
        yield Problem(code="video.alt_is_file_name", path="video.alt", message=message, fix="tell what it shows")
    elif (longest := rules.alt_text.max_length) is not None and len(film.alt) > longest:
        message = f"{len(film.alt)} characters, {longest} are allowed"
        yield Problem(code="video.alt_too_long", path="video.alt", message=message, fix=ALT_TOO_LONG)
    yield from poster_problems(film.poster, "video.poster")
    try:
        facts = reader.facts(film)
    except reader.UnreadableVideo as error:
        yield Problem(code=error.code, path="video", message=str(error), fix=_REMEDIES[error.code])
    except OSError as error:
        fix = "check the path, and that the file can be read"
        yield Problem(code="video.missing", path="video", message=f"{film.name} cannot be read: {error.strerror}", fix=fix)
    else:
        yield from _file(post, film, facts, rules)
        if rules.poster:
            yield from _poster_time(film, facts)
        yield from _subtitles(film, facts)
        yield from _chapters(film, facts)


def adaptations(post: Post, capabilities: Capabilities, *, may_transcode: bool) -> list[Adaptation]:
    """What will be made of the post's video before it is sent: a file that the platform takes, and the poster that was chosen."""
    rules, film = capabilities.video, post.video
    if film is None or rules is None:
        return []
    made = []
    if film.poster_at and rules.poster:
        words = f"the picture at {film.poster_at} is shown before the video plays"
        made.append(Adaptation(code=POSTER_CHOSEN, message=words, routine=True))
    if may_transcode and (told := _mendable(film, rules)):
        made.append(Adaptation(code=TRANSCODED, message=f"the video is transcoded: {told}", routine=True))
    return made


def fitted(film: Video, codes: Collection[str], rules: VideoRules, folder: str, cancel: Cancel, on_percent: OnPercent) -> Video:
    """The video as those adaptations say. Raises ConfigurationError where it cannot be made so."""
    from socialcast.compose import transcode

    if POSTER_CHOSEN in codes:
        poster = transcode.poster_frame(film, moment(film.poster_at) or 0.0, folder, cancel)
        film = msgspec.structs.replace(film, poster=poster, poster_at="")
    return transcode.transcoded(film, rules, folder, cancel, on_percent) if TRANSCODED in codes else film


def _mendable(film: Video, rules: VideoRules) -> str:
    """What transcoding would mend, in words; empty where there is nothing, or it would not help."""
    from socialcast.compose import transcode
    from socialcast.compose import video as reader

    try:
        facts = reader.facts(film)
        wrong = [each.message for each in transcode.misfits(film.name, film.content.size, facts, rules) if each.is_mendable]
    except (reader.UnreadableVideo, OSError):
        return ""  # told as a problem
    return "; ".join(wrong) if wrong and transcode.is_possible(facts, rules) else ""


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
        message, fix = f"{post.platform} does not offer low latency", "tell whoever answers there that the picture comes later"
        yield Problem(code="live.low_latency", path="live.low_latency", severity=Severity.WARNING, message=message, fix=fix)
    yield from poster_problems(event.poster, "live.poster")


def _file(post: Post, film: Video, facts: VideoFacts, rules: VideoRules) -> Iterator[Problem]:
    from socialcast.compose import transcode

    is_mended = any(change.code == TRANSCODED for change in post.adaptations)
    mending = _mending(film, facts, rules)
    for misfit in transcode.misfits(film.name, film.content.size, facts, rules):
        if misfit.is_mendable and is_mended:
            continue
        fix = next(mending) if misfit.is_mendable else _REMEDIES.get(misfit.code, _EXPORT)
        yield Problem(code=misfit.code, path="video", severity=misfit.severity, message=misfit.message, fix=fix)
    if is_mended and not ffmpeg.is_installed():
        message, fix = f"{film.name} has to be transcoded, and ffmpeg is not installed", "install it: apt install ffmpeg"
        yield Problem(code="video.ffmpeg_missing", path="video", message=message, fix=fix)


def _mending(film: Video, facts: VideoFacts, rules: VideoRules) -> Iterator[str]:
    """What to do about each thing that transcoding mends; one line mends them all, so it is told once."""
    from socialcast.compose import transcode

    if transcode.is_possible(facts, rules):
        yield f"allow it with video.adapt = true, or run: {transcode.command_line(film, facts, rules)}"
        yield from repeat("the same mends it")
    yield from repeat(_EXPORT)


def _poster_time(film: Video, facts: VideoFacts) -> Iterator[Problem]:
    if not film.poster_at:
        return
    seconds = moment(film.poster_at)
    if seconds is None:
        message = f"{film.poster_at!r} is no time in the film"
        yield Problem(code="poster.unreadable", path="video.poster_at", message=message, fix='write it as "0:12"')
    elif facts.seconds is not None and seconds >= facts.seconds:
        message = f"{film.poster_at} is after the video's end at {_clock(facts.seconds)}"
        yield Problem(code="poster.outside", path="video.poster_at", message=message, fix="choose an earlier picture")
    if film.poster:
        message = "the video has a poster already"
        yield Problem(code="poster.twice", path="video.poster_at", message=message, fix="give poster or poster_at")
    elif not ffmpeg.is_installed():
        message = "a picture has to be taken from the film, and ffmpeg is not installed"
        yield Problem(code="video.ffmpeg_missing", path="video.poster_at", message=message, fix="install it: apt install ffmpeg")


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


def poster_problems(photo: Photo | None, path: str) -> Iterator[Problem]:
    """What is wrong with the picture of a film or a live event."""
    if photo is None:
        return
    try:
        photos.facts(photo)
    except photos.UnreadablePhoto as error:
        code = error.code.replace("photos.", "poster.")
        yield Problem(code=code, path=path, message=str(error), fix="give it a JPEG or PNG, or leave it out")


def moment(time: str) -> int | None:
    """The seconds of a time such as "1:30"; None for what is none."""
    return _seconds(_MOMENT.fullmatch(time))


def _start(chapter: str) -> int | None:
    return _seconds(_CHAPTER.match(chapter))


def _seconds(found: re.Match[str] | None) -> int | None:
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    return sum(int(parts[unit] or 0) * weight for unit, weight in _UNITS.items()) if found else None


_UNITS: Mapping[str, int] = {"hours": 3600, "minutes": 60, "seconds": 1}


def _length(event: Live) -> float | None:
    return (event.ends_at - event.starts_at).total_seconds() if event.starts_at and event.ends_at else None


def _clock(seconds: float) -> str:
    """As people say it: 0:02:20."""
    return str(timedelta(seconds=round(seconds)))
