"""ffmpeg sends one source to many ingests; judged by a real RTMP server and by ffprobe."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socialcast import ConfigurationError
from socialcast.wire.clock import Cancel
from socialcast.wire.ffmpeg import Encoder, Health

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def ingest(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("rtmp-start")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twenty seconds of a test picture without sound."""
    path = str(tmp_path_factory.mktemp("film") / "film.mp4")
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10", "-t", "20", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, path], check=True)
    return path


def seen_at(address: str) -> dict[str, Any]:
    """The streams that a viewer gets."""
    words = [
        "ffprobe",
        "-v",
        "error",
        "-read_intervals",
        "%+1",
        "-show_entries",
        "stream=codec_name,width",
        "-of",
        "json",
        address,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return {stream["codec_name"]: stream for stream in json.loads(done.stdout or "{}").get("streams", [])}


@pytest.mark.server
@needs_ffmpeg
def test_a_viewer_sees_the_source_with_sound(ingest: dict[str, Any], film: str) -> None:
    """While it is sent, the server gives back picture and sound, silence where the source has none; a refused ingest is told
    and harms no other."""
    address, wrong = f"{ingest['url']}/{ingest['stream_key']}", f"{ingest['url']}/no-such-key"
    cancel, seen, lines, health = Cancel(), [], [], []

    def look() -> None:
        seen.append(seen_at(address))
        cancel.request()

    def on_health(told: Health) -> None:
        health.append(told)
        if len(health) == 4:  # two seconds in
            viewer.start()

    viewer = threading.Thread(target=look)
    Encoder(film, [address, wrong]).run(cancel, on_health, lines.append)
    viewer.join()
    assert set(seen[0]) == {"h264", "aac"}
    assert seen[0]["h264"]["width"] == 320
    assert any("no-such-key" in line for line in lines)
    assert health[-1].sent_seconds > 1


@needs_ffmpeg
def test_a_source_that_is_no_video_is_refused(tmp_path: Path) -> None:
    """A text under a film's name is told before anything is sent."""
    (tmp_path / "film.mp4").write_text("no film", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"film\.mp4 cannot be sent"):
        Encoder(str(tmp_path / "film.mp4"), [None])


def test_a_missing_ffmpeg_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg the error says what to install."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="install ffmpeg"):
        Encoder("film.mp4", [None])
