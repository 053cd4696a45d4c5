"""Videos and subtitles: what a file is by its content, and subtitles in the format that a platform takes.

Read by libraries that only a video needs; where they are missing, the error names the extra.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from io import StringIO
from typing import Any, Literal, NamedTuple, TypeAlias

from socialcast.model.announcement import Subtitles, Video
from socialcast.model.content import Content
from socialcast.model.errors import ConfigurationError

try:
    from pymediainfo import MediaInfo
    from webvtt import WebVTT
    from webvtt.errors import MalformedCaptionError, MalformedFileError
except ModuleNotFoundError as error:
    raise ConfigurationError(f"{error.name} is not installed; a video needs: pip install 'socialcast[video]'") from error

Format: TypeAlias = Literal["srt", "vtt"]

__all__ = ["Format", "UnreadableSubtitles", "UnreadableVideo", "VideoFacts", "end_of", "facts", "subtitles_as"]

_REMEMBERED_FILES = 256
_MEDIA_TYPES: Mapping[str, str] = {  # by MediaInfo's name of the container; it tells a type of its own for some of them alone
    "AVI": "video/x-msvideo",
    "Flash Video": "video/x-flv",
    "MPEG-4": "video/mp4",
    "MPEG-PS": "video/mpeg",
    "MPEG-TS": "video/mp2t",
    "Matroska": "video/x-matroska",
    "QuickTime": "video/quicktime",
    "WebM": "video/webm",
    "Windows Media": "video/x-ms-wmv",
}
_ISO_6709 = re.compile(r"[+-]\d{2,6}(\.\d+)?[+-]\d{3,7}")  # a place as phones write it, under a name of each maker's own
_ARROW = "-->"
_TIMES = re.compile(r"((?:\d+:)?[0-5]\d:[0-5]\d[.,]\d{3})\s+-->\s+((?:\d+:)?[0-5]\d:[0-5]\d[.,]\d{3})")
_CODECS: Mapping[str, str] = {"AVC": "h264", "HEVC": "h265", "MPEG-4 Visual": "mpeg4", "MPEG Video": "mpeg2"}


class UnreadableVideo(ConfigurationError):
    """A file that cannot be published as a video; `code` says why, as preflight tells it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class UnreadableSubtitles(ConfigurationError):
    """Timed text that does not parse."""


class VideoFacts(NamedTuple):
    """What a video is by its content, its size as it is shown; `codec` is that of the picture, `audio_codec` is empty where there
    is no sound, `seconds` is None where the file does not say."""

    media_type: str
    codec: str
    seconds: float | None
    width: int
    height: int
    frames_per_second: float
    audio_codec: str
    has_location: bool = False


def facts(video: Video) -> VideoFacts:
    """What the file is, read without decoding it. Raises UnreadableVideo for what no platform would show."""
    return _facts_of_file(video.path, video.content) if video.path else _facts(video)


def end_of(track: Subtitles) -> float:
    """When the last caption ends, in seconds. Raises UnreadableSubtitles where the text does not parse."""
    _, captions = _parse(track)
    return float(max(caption.end_time.in_seconds() for caption in captions.captions))


def subtitles_as(track: Subtitles, format: Format) -> bytes:
    """The timed text in that format, as UTF-8; a file that has it already is handed over as it is."""
    kind, captions = _parse(track)
    if kind == format:
        return _text(track).encode()
    written = StringIO()
    captions.write(written, format=format)
    return written.getvalue().encode()


@lru_cache(maxsize=_REMEMBERED_FILES)
def _facts_of_file(path: str, content: Content) -> VideoFacts:
    """The facts, kept as long as the file has this content."""
    return _facts(Video(path))


def _facts(video: Video) -> VideoFacts:
    if not video.content.size:
        raise UnreadableVideo("video.empty", f"{video.name} is empty")
    with video.open() as file:
        told = MediaInfo.parse(file)
    container, picture = _first(told.general_tracks), _first(told.video_tracks)
    _require_whole(video, container, picture)
    sound = _first(told.audio_tracks)
    width, height = (int(picture.get(side) or 0) for side in ("width", "height"))
    is_turned = abs(float(picture.get("rotation") or 0)) % 180 == 90  # a phone that was held upright
    return VideoFacts(
        media_type=_media_type(container),
        codec=_codec(picture),
        seconds=_seconds(container),
        width=height if is_turned else width,
        height=width if is_turned else height,
        frames_per_second=float(picture.get("frame_rate") or 0),
        audio_codec=_codec(sound) if sound.get("format") else "",
        has_location=any(isinstance(value, str) and _ISO_6709.match(value) for value in container.values()),
    )


def _codec(track: Mapping[str, Any]) -> str:
    name: str = track["format"]
    return _CODECS.get(name, name.lower())


def _require_whole(video: Video, container: Mapping[str, Any], picture: Mapping[str, Any]) -> None:
    if container.get("istruncated") == "Yes":
        raise UnreadableVideo("video.truncated", f"{video.name} ends in the middle: a part of the file is missing")
    if not container.get("format"):
        raise UnreadableVideo("video.unreadable", f"{video.name} is not a video")
    if not picture.get("format"):
        raise UnreadableVideo("video.no_picture", f"{video.name} has no moving picture in it")


def _first(tracks: list[Any]) -> Mapping[str, Any]:
    return tracks[0].to_data() if tracks else {}


def _media_type(container: Mapping[str, Any]) -> str:
    is_quicktime = container.get("format_profile") == "QuickTime"
    name = "QuickTime" if is_quicktime else container["format"]
    return _MEDIA_TYPES.get(name) or container.get("internet_media_type") or "application/octet-stream"


def _seconds(container: Mapping[str, Any]) -> float | None:
    duration_ms = container.get("duration")
    return float(duration_ms) / 1000 if duration_ms else None


def _parse(track: Subtitles) -> tuple[Format, WebVTT]:
    text = _text(track)
    kind: Format = "vtt" if text.startswith("WEBVTT") else "srt"
    try:
        captions = WebVTT.from_buffer(StringIO(text), format=kind)
    except (MalformedFileError, MalformedCaptionError) as error:
        raise UnreadableSubtitles(f"{track.name} is neither WebVTT nor SubRip") from error
    _require_every_caption(track, text, captions)
    return kind, captions


def _require_every_caption(track: Subtitles, text: str, captions: WebVTT) -> None:
    """The library leaves out a caption whose times it cannot read, and takes one that ends before it begins."""
    timings = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if _ARROW in line]
    for number, line in timings:
        if not _runs_forward(line):
            raise UnreadableSubtitles(f"{track.name}, line {number}: {line!r} is no time from and to")
    if not timings or len(timings) != len(captions.captions):
        raise UnreadableSubtitles(f"{track.name} has no caption that can be read, or one without words")


def _runs_forward(line: str) -> bool:
    times = _TIMES.match(line)
    return times is not None and _moment(times[1]) < _moment(times[2])


def _moment(time: str) -> tuple[int, ...]:
    """Comparable whether the hours are written or not."""
    parts = [int(part) for part in re.split(r"[:.,]", time)]
    return (0,) * (4 - len(parts)) + tuple(parts)


def _text(track: Subtitles) -> str:
    with track.open() as file:
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableSubtitles(f"{track.name} is not UTF-8, from byte {error.start} on") from error
