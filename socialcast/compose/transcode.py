"""A video made to fit a platform by ffmpeg: what does not fit, the command that mends it, and the file that comes of it.

A picture or a sound that fits is copied, not encoded. The result has no place and no serial number in it, and is kept by the
content of its source and the command, so that a run that is repeated does not transcode again.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import NamedTuple

import msgspec

from socialcast.compose.cache import Cache
from socialcast.compose.video import VideoFacts, facts
from socialcast.model.announcement import Photo, Video
from socialcast.model.capabilities import VideoRules
from socialcast.model.errors import ConfigurationError
from socialcast.model.problems import Severity
from socialcast.wire import ffmpeg
from socialcast.wire.clock import Cancel

__all__ = ["Misfit", "command_line", "is_possible", "misfits", "poster_frame", "transcoded"]

_TYPE, _CODEC, _SOUND = "video/mp4", "h264", "aac"  # what every platform takes
_DEMUXERS = {  # ffmpeg's names; a file that is none of these is not handed to it
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/x-ms-wmv": "asf",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "video/ogg": "ogg",
}
_SOUND_KBITS = 128
_QUALITY = ("-preset", "medium", "-crf", "20")  # near what the eye cannot tell from the source
_SHARE_OF_LIMIT = 0.95  # of the bytes that are allowed; the rest is for the container and for peaks
_BUFFER_SECONDS = 1
_MOST_KBITS = 100_000  # no film needs more at that quality, and ffmpeg's own numbers end at 2,000,000
_LEAST_KBITS = 100  # less shows nothing
_PLAIN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-movflags", "+faststart", "-fflags", "+bitexact")
_ONE_AT_A_TIME = Lock()  # ffmpeg takes all processors by itself, and two channels often need the same


class Misfit(NamedTuple):
    """One thing that the platform does not take, or should not be given; whether transcoding mends it."""

    code: str
    message: str
    is_mendable: bool = True
    severity: Severity = Severity.ERROR


def misfits(name: str, size_bytes: int, facts: VideoFacts, rules: VideoRules) -> Iterator[Misfit]:
    """Everything about the file that the platform does not take, and the place in it, which readers should not be told."""
    if facts.has_location:
        yield Misfit("video.location", f"{name} tells where it was made", severity=Severity.WARNING)
    if rules.max_bytes is not None and size_bytes > rules.max_bytes:
        yield Misfit("video.too_large", f"{name} has {size_bytes:,} bytes, {rules.max_bytes:,} are allowed")
    if facts.media_type not in rules.types:
        yield Misfit("video.type", f"{name} is {facts.media_type}, which the platform does not take")
    if rules.codecs is not None and facts.codec not in rules.codecs:
        yield Misfit("video.codec", f"{name} is encoded in {facts.codec}; taken are {', '.join(sorted(rules.codecs))}")
    if rules.audio_codecs is not None and facts.audio_codec and facts.audio_codec not in rules.audio_codecs:
        taken = ", ".join(sorted(rules.audio_codecs))
        yield Misfit("video.sound", f"the sound of {name} is encoded in {facts.audio_codec}; taken are {taken}")
    if rules.max_side is not None and max(facts.width, facts.height) > rules.max_side:
        yield Misfit("video.too_wide", f"{name} has {facts.width} x {facts.height} pixels, {rules.max_side} a side are allowed")
    most = rules.max_frames_per_second
    if most is not None and facts.frames_per_second > most + 0.01:
        told = f"{name} has {facts.frames_per_second:g} pictures a second, {most:g} are allowed"
        yield Misfit("video.frame_rate", told)
    if facts.seconds is None:
        return
    if rules.max_seconds is not None and facts.seconds > rules.max_seconds:
        told = f"{name} lasts {clock(facts.seconds)}, {clock(rules.max_seconds)} are allowed"
        yield Misfit("video.too_long", told, is_mendable=False)
    if rules.min_seconds is not None and facts.seconds < rules.min_seconds:
        told = f"{name} lasts {facts.seconds:.1f} seconds, {rules.min_seconds:g} are needed"
        yield Misfit("video.too_short", told, is_mendable=False)


def clock(seconds: float) -> str:
    """As people say it: 0:02:20."""
    return str(timedelta(seconds=round(seconds)))


def is_possible(facts: VideoFacts, rules: VideoRules) -> bool:
    """Whether the platform takes what we can make, and it would still show something."""
    takes = (
        facts.media_type in _DEMUXERS
        and _TYPE in rules.types
        and all(codecs is None or codec in codecs for codec, codecs in ((_CODEC, rules.codecs), (_SOUND, rules.audio_codecs)))
    )
    kbits = _most_kbits(facts, rules)
    return takes and (kbits is None or kbits >= _LEAST_KBITS)


def command_line(video: Video, facts: VideoFacts, rules: VideoRules) -> str:
    """What a person would type to mend it."""
    source = Path(video.path) if video.path else Path("video")
    words = _options(video.content.size, facts, rules)
    return shlex.join(["ffmpeg", "-i", source.name, *words, f"{source.stem}-adapted.mp4"])


def transcoded(video: Video, rules: VideoRules, cache_folder: str, cancel: Cancel, on_percent: Callable[[int], None]) -> Video:
    """The video as the platform takes it. Raises ConfigurationError where ffmpeg is missing, fails, or does not get there."""
    known = facts(video)
    options, demuxer = _options(video.content.size, known, rules), _demuxer(video)
    name = f"{Path(video.path).stem if video.path else 'video'}.mp4"

    def make(source: str, target: Path) -> None:
        last = -1
        for seconds in ffmpeg.convert([*ffmpeg.source_words(source, demuxer), *options, str(target)], cancel):
            percent = min(95, int(20 * seconds / known.seconds) * 5) if known.seconds else 0
            if percent != last:
                on_percent(last := percent)

    made = msgspec.structs.replace(video, path=str(_kept(video, options, name, cache_folder, cancel, make)), data=None)
    left = list(misfits(video.name, made.content.size, facts(made), rules))
    if left:
        raise ConfigurationError(f"{left[0].message}, also after it was transcoded: give this channel another video")
    return made


def poster_frame(video: Video, seconds: float, cache_folder: str, cancel: Cancel) -> Photo:
    """The picture of the video at that time. Raises ConfigurationError where there is none."""
    demuxer, before = _demuxer(video), ("-ss", f"{seconds:.3f}")
    options = ("-map", "0:v:0", "-frames:v", "1", "-q:v", "2", "-map_metadata", "-1")

    def make(source: str, target: Path) -> None:
        for _ in ffmpeg.convert([*before, *ffmpeg.source_words(source, demuxer), *options, str(target)], cancel):
            pass

    return Photo(_kept(video, [*before, *options], "poster.jpg", cache_folder, cancel, make), alt=video.alt or video.title)


def _demuxer(video: Video) -> str:
    if (found := _DEMUXERS.get(facts(video).media_type)) is None:
        raise ConfigurationError(f"{video.name} is of no kind that is converted: export it as MP4")
    return found


def _kept(
    video: Video, words: Sequence[str], name: str, cache_folder: str, cancel: Cancel, make: Callable[[str, Path], None]
) -> Path:
    """What was made of the video by those words, made now where no earlier run did."""
    cache = Cache(cache_folder)
    recipe = hashlib.sha256(msgspec.json.encode([video.content.sha256, words])).hexdigest()[:32]
    with _ONE_AT_A_TIME:
        cancel.check()
        if (found := cache.find(recipe)) is not None:
            return found
        with cache.made(recipe, name) as target, _as_file(video, target.parent) as source:
            make(source, target)
            if not target.exists() or not target.stat().st_size:
                raise ConfigurationError(f"{video.name} has no picture there")
        return Path(cache_folder) / recipe / name


@contextmanager
def _as_file(video: Video, folder: Path) -> Iterator[str]:
    """Its path; what is in memory is written out, since ffmpeg has to look at a file's end."""
    if video.path:
        yield video.path
        return
    with NamedTemporaryFile(dir=folder) as file:
        file.write(video.data or b"")
        file.flush()
        yield file.name


def _options(size_bytes: int, facts: VideoFacts, rules: VideoRules) -> list[str]:
    """The words between input and output."""
    codes = {misfit.code for misfit in misfits("", size_bytes, facts, rules)}
    keeps_picture = facts.codec == _CODEC and codes.isdisjoint({"video.too_large", "video.too_wide", "video.frame_rate"})
    picture = ("-c:v", "copy") if keeps_picture else _picture(facts, rules)
    sound = ("-c:a", "copy") if facts.audio_codec == _SOUND else ("-c:a", "aac", "-b:a", f"{_SOUND_KBITS}k", "-ac", "2")
    streams = ("-map", "0:v:0", *(("-map", "0:a:0") if facts.audio_codec else ()))
    return [*streams, *picture, *(sound if facts.audio_codec else ()), *_PLAIN]


def _picture(facts: VideoFacts, rules: VideoRules) -> tuple[str, ...]:
    """H.264 with even sides, as its colours need, at most as large, as fast and as heavy as the platform takes."""
    scale = min(1.0, rules.max_side / max(facts.width, facts.height)) if rules.max_side else 1.0
    width, height = (max(2, int(side * scale / 2) * 2) for side in (facts.width, facts.height))
    most, kbits = rules.max_frames_per_second, _most_kbits(facts, rules)
    rate = ("-fpsmax", f"{most:g}") if most else ()  # some containers do not tell theirs
    weight = ("-maxrate", f"{kbits}k", "-bufsize", f"{kbits * _BUFFER_SECONDS}k") if kbits else ()
    scaled = ("-vf", f"scale={width}:{height}") if (width, height) != (facts.width, facts.height) else ()
    return ("-c:v", "libx264", *_QUALITY, "-pix_fmt", "yuv420p", *scaled, *rate, *weight)


def _most_kbits(facts: VideoFacts, rules: VideoRules) -> int | None:
    """What the picture may take a second, so that the whole fits, with the buffer that it may use at once."""
    if not rules.max_bytes or not facts.seconds:
        return None
    kbits = int(rules.max_bytes * 8 * _SHARE_OF_LIMIT / (facts.seconds + _BUFFER_SECONDS) / 1000) - _SOUND_KBITS
    return kbits if kbits < _MOST_KBITS else None
