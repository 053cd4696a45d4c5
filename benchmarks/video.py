"""A video of 1 GB to YouTube, X, Facebook and Vimeo, of 100 MB to Bluesky, by `curl -T` of the same file to the same server.

Run as a module it is one side: `python -m benchmarks.video SIDE PLATFORM URL FILE FOLDER` prints its figures.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest import mock

import msgspec

from benchmarks.alone import LIBRARIES
from benchmarks.measure import Row, in_turns, measured_child, memory_mb, started_child, timed
from benchmarks.sink import Served, serving
from socialcast import Announcement, Broadcast, Channel, Video
from socialcast.broadcast import Event, Phase
from socialcast.registry import publisher_class
from socialcast.testing.stage import clip
from socialcast.wire.clock import Clock, SystemClock

__all__ = ["PLATFORMS", "video"]

_LATENCY_SECONDS = 0.05
_SMALL_BYTES = 1_000_000
_YOUTUBE_CHUNK_MB = (256 << 10) / 1e6  # YouTube keeps whole blocks of 256 KiB of what breaks off
_LOOK_SECONDS, _KILL_LIMIT_SECONDS = 0.01, 60


class _Asked(NamedTuple):
    """At most so many times curl with a file of that size, of which latency is the lesser part; so many megabytes sent twice
    when the upload is killed and run again, and so many of memory more than with a small file."""

    times: float
    twice_mb: float | None = None
    size_bytes: int = 1_000_000_000
    memory_mb: float = 20
    settings: Mapping[str, str] = {}


PLATFORMS: Mapping[str, _Asked] = {
    "youtube": _Asked(2.0, twice_mb=_YOUTUBE_CHUNK_MB),
    "x": _Asked(3.0),
    "facebook": _Asked(3.0),
    "vimeo": _Asked(2.0),
    "bluesky": _Asked(1.2, size_bytes=100_000_000, memory_mb=8, settings={"video_service": ""}),  # a blob, in one request
}


def video(platform: str, *, size_bytes: int, rounds: int) -> list[Row]:
    """Time, the library's own time, what a kill in the middle costs, and memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = _video_file(Path(folder, "video.mp4"), size_bytes)
        small = _video_file(Path(folder, "small.mp4"), _SMALL_BYTES)
        _curl(file)  # from here on, the file is in the page cache for everybody
        runs: list[dict[str, float]] = []

        def ours() -> float:
            runs.append(_side("ours", platform, file))
            return runs[-1]["upload_seconds"]

        seconds = in_turns(ours, lambda: _curl(file), rounds)
        return [
            *_times(platform, size_bytes, runs, *seconds),
            *(_alone(platform, words, file, seconds[1]) for words in LIBRARIES[platform]),
            _interrupted(platform, file),
            _memory(platform, median(run["peak_mb"] for run in runs), _side("ours", platform, small)["peak_mb"]),
        ]


def _video_file(path: Path, size_bytes: int) -> Path:
    """A clip, and a box of free space behind it, which takes no room on the disk (ISO 14496-12, 8.1.2)."""
    with clip().open() as source, path.open("wb") as file:
        file.write(source.read())
        free_bytes = size_bytes - file.tell()
        file.write((1).to_bytes(4, "big") + b"free" + free_bytes.to_bytes(8, "big"))  # 1: the size stands behind the name
        file.truncate(size_bytes)
    return path


# -- the rows ----------------------------------------------------------------------------------------------------------------


def _times(platform: str, size_bytes: int, runs: list[dict[str, float]], ours: float, curl: float) -> list[Row]:
    whole = median(run["seconds"] for run in runs)
    digest = median(run["digest_seconds"] for run in runs)
    asked = PLATFORMS[platform]
    limit = asked.times if size_bytes >= asked.size_bytes else None
    note = f"{digest:.2f} s of it the file's digest, before anything is sent"
    return [
        Row(name=f"{platform} {size_bytes // 10**6} MB", ours=ours, baseline=curl, unit="s", limit=limit, note="by curl"),
        Row(name=f"{platform}, whole publication", ours=whole, baseline=curl, unit="s", note=note),
    ]


def _alone(platform: str, words: str, file: Path, curl: float) -> Row:
    seconds = _side(words, platform, file)["upload_seconds"]
    return Row(name=f"{platform}, library alone", ours=seconds, baseline=curl, unit="s", note=words)


def _interrupted(platform: str, file: Path) -> Row:
    """A process is killed when half of the file has come, and another one goes on, as of an hour later."""
    size_bytes = file.stat().st_size
    with serving(_LATENCY_SECONDS) as sink, tempfile.TemporaryDirectory() as place:
        with started_child("benchmarks.video", "ours", platform, sink.url, file, place) as child:
            _await(sink, size_bytes // 2)
            child.kill()
        _measured("later", platform, sink, file, Path(place))
        twice_mb = (sink.uploaded_bytes - size_bytes) / 1e6
    note = "after a kill in the middle"
    return Row(name=f"{platform}, sent twice", ours=twice_mb, unit="MB", limit=PLATFORMS[platform].twice_mb, note=note)


def _memory(platform: str, large_mb: float, small_mb: float) -> Row:
    note = f"{large_mb:.1f} MB, and {small_mb:.1f} MB with a file of 1 MB"
    return Row(name=f"{platform}, memory", ours=large_mb - small_mb, unit="MB", limit=PLATFORMS[platform].memory_mb, note=note)


# -- the sides ---------------------------------------------------------------------------------------------------------------


def _curl(file: Path) -> float:
    """What curl itself takes for the time, without its start; Expect is off, for which others do not ask either."""
    with serving(_LATENCY_SECONDS) as sink:
        words = ("curl", "-sS", "-o", "/dev/null", "-H", "Expect:", "-w", "%{time_total}", "-T", file, f"{sink.url}/file")
        return float(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def _side(side: str, platform: str, file: Path) -> dict[str, float]:
    with serving(_LATENCY_SECONDS) as sink, tempfile.TemporaryDirectory() as place:
        return _measured(side, platform, sink, file, Path(place))


def _measured(side: str, platform: str, sink: Served, file: Path, place: Path) -> dict[str, float]:
    return measured_child("benchmarks.video", side, platform, sink.url, file, place)


def _await(sink: Served, uploaded_bytes: int) -> None:
    until = time.monotonic() + _KILL_LIMIT_SECONDS
    while sink.uploaded_bytes < uploaded_bytes:
        if time.monotonic() > until:
            raise TimeoutError("the upload did not come to its middle")
        time.sleep(_LOOK_SECONDS)


class _LaterClock(SystemClock):
    """An hour ahead: what was sent before has had its time to be seen."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


def main(side: str, platform: str, url: str, file: Path, place: Path) -> None:
    """Publish, and tell the figures."""
    if side in LIBRARIES[platform]:
        figures = {"upload_seconds": timed(lambda: LIBRARIES[platform][side](url, file))}
    else:
        figures = _publish(platform, url, file, place, _LaterClock() if side == "later" else SystemClock())
    print(json.dumps({**figures, "peak_mb": memory_mb("VmHWM")}))


def _publish(platform: str, url: str, file: Path, place: Path, clock: Clock) -> dict[str, float]:
    """The seconds of the upload, as the phase that prepares takes them, of the file's digest and of everything."""
    importlib.import_module("socialcast.compose.video")
    began: dict[Phase, float] = {}

    def note(event: Event) -> None:
        began.setdefault(event.phase, time.perf_counter())

    film = Video(file, title="Open doors")
    digest_seconds = timed(lambda: film.content)
    announcement = Announcement(key="open-doors", title="Open doors", text="The dome opens", video=film)
    channels = [Channel(name="film", platform=platform, settings=PLATFORMS[platform].settings)]
    with _any_size(platform), Broadcast(channels, ledger=place / "ledger", sandbox=url, clock=clock, on_event=note) as broadcast:
        seconds = timed(lambda: broadcast.publish(announcement).raise_for_failures())
    upload_seconds = began[Phase.READY] - began[Phase.PREPARE]
    return {"upload_seconds": upload_seconds, "digest_seconds": digest_seconds, "seconds": digest_seconds + seconds}


def _any_size(platform: str) -> AbstractContextManager[object]:
    """X takes 512 MB; to compare it with the others, it is given as much as they are."""
    publisher = publisher_class(platform)
    if platform != "x" or publisher.capabilities.video is None:
        return nullcontext()
    rules = msgspec.structs.replace(publisher.capabilities.video, max_bytes=None)
    return mock.patch.object(publisher, "capabilities", msgspec.structs.replace(publisher.capabilities, video=rules))


if __name__ == "__main__":
    _, side, platform, url, file, place = sys.argv
    main(side, platform, url, Path(file), Path(place))
