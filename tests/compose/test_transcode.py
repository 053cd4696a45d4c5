"""A video that a platform does not take is transcoded where that is allowed, and otherwise told with the line that mends it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Cancelled, Channel, ConfigurationError, Event, State, Video
from socialcast.compose import moving, transcode
from socialcast.compose.photos import facts as photo_facts
from socialcast.compose.video import facts
from socialcast.model.capabilities import VideoRules
from socialcast.model.problems import Severity
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip
from socialcast.wire import ffmpeg
from socialcast.wire.clock import Cancel
from socialcast.wire.settings import VideoWishes

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")

RULES = VideoRules(codecs=frozenset({"h264"}), audio_codecs=frozenset({"aac"}), max_bytes=20_000_000)


@pytest.fixture(scope="module")
def webm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film as hardly any platform takes it."""
    path = tmp_path_factory.mktemp("films") / "open doors.webm"
    words = ["-r", "75", "-deadline", "realtime", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip().path), *words], check=True, timeout=60)
    return path


def mend(video: Video, rules: VideoRules, folder: Path) -> Video:
    return transcode.transcoded(video, rules, str(folder), Cancel(), lambda percent: None)


def test_everything_that_is_not_taken_is_told(webm: Path) -> None:
    """Container, codecs, size, frame rate and length, each with its own code."""
    known = facts(Video(webm))._replace(frames_per_second=75, width=1920, height=1080)
    rules = msgspec.structs.replace(RULES, max_bytes=10, max_side=1280, max_frames_per_second=60, max_seconds=1)
    found = {misfit.code: misfit.is_mendable for misfit in transcode.misfits("film", 20, known, rules)}
    assert found.pop("video.too_long") is False
    assert set(found) == {f"video.{what}" for what in ("too_large", "type", "codec", "sound", "too_wide", "frame_rate")}
    assert all(found.values())


def test_a_film_becomes_what_the_platform_takes(webm: Path, tmp_path: Path) -> None:
    """Within pixels and frame rate, and as long as before."""
    made = mend(Video(webm, alt="Doors"), msgspec.structs.replace(RULES, max_side=100, max_frames_per_second=60), tmp_path)
    known = facts(made)
    assert (known.media_type, known.codec, known.audio_codec) == ("video/mp4", "h264", "aac")
    assert (known.width, known.height, known.frames_per_second <= 60) == (100, 56, True)
    assert known.seconds == pytest.approx(facts(Video(webm)).seconds, abs=0.1)
    assert (made.alt, Path(str(made.path)).name) == ("Doors", "open doors.mp4")


def test_a_place_in_a_film_is_told_and_goes_without_encoding(tmp_path: Path) -> None:
    """A phone's film warns of it; where it may be adapted, the place is gone and the picture is the same to the bit."""
    located = tmp_path / "film.mov"
    place = ["-metadata", "com.apple.quicktime.location.ISO6709=+46.8000+009.8000/", "-metadata", "comment=GPS +46.8000"]
    words = ["-c", "copy", "-movflags", "use_metadata_tags", *place]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip().path), *words, str(located)], check=True, timeout=60)
    rules = msgspec.structs.replace(RULES, types=frozenset({"video/mp4", "video/quicktime"}))
    (told,) = transcode.misfits("film.mov", 1, facts(Video(located)), rules)
    made = mend(Video(located), rules, tmp_path / "cache")
    assert (told.code, told.severity) == ("video.location", Severity.WARNING)
    assert b"46.8" in located.read_bytes()
    assert b"46.8" not in Path(str(made.path)).read_bytes()
    assert list(transcode.misfits("film.mp4", 1, facts(made), rules)) == []


def test_what_fits_is_copied_and_not_encoded(tmp_path: Path) -> None:
    """A film that is only in the wrong container keeps picture and sound to the bit."""
    wrapped = tmp_path / "film.mkv"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip().path), "-c", "copy", str(wrapped)], check=True, timeout=60)
    made = mend(Video(wrapped), RULES, tmp_path / "cache")

    def streams(path: object) -> bytes:
        words = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-c", "copy", "-f", "streamhash", "-"]
        return subprocess.run(words, check=True, timeout=60, capture_output=True).stdout

    assert streams(made.path) == streams(clip().path)


def test_a_film_with_too_many_bytes_fits_afterwards(tmp_path: Path) -> None:
    """The rate of the picture is bounded by the length."""
    large = tmp_path / "large.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2,noise=c0s=60:c0f=t", "-crf", "5", str(large)]
    subprocess.run(["ffmpeg", "-v", "error", *source], check=True, timeout=60)
    rules = msgspec.structs.replace(RULES, max_bytes=large.stat().st_size // 4)
    assert mend(Video(large), rules, tmp_path / "cache").content.size <= rules.max_bytes


def test_the_line_that_is_told_does_it(webm: Path) -> None:
    """A person who copies it into a shell gets the file."""
    line = transcode.command_line(Video(webm), facts(Video(webm)), RULES)
    words = shlex.split(line)
    subprocess.run([words[0], "-y", "-v", "error", *words[1:]], check=True, timeout=60, cwd=webm.parent)
    made = Video(webm.with_name("open doors-adapted.mp4"))
    assert list(transcode.misfits("film", made.content.size, facts(made), RULES)) == []


def test_a_film_is_not_transcoded_twice(webm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier run made is taken, by the content of the film, wherever it lies now."""
    first = mend(Video(webm), RULES, tmp_path)
    monkeypatch.setattr(ffmpeg, "convert", lambda words, cancel: pytest.fail("transcoded again"))
    elsewhere = tmp_path / "moved.webm"
    elsewhere.write_bytes(webm.read_bytes())
    assert mend(Video(elsewhere), RULES, tmp_path).content == first.content
    assert mend(Video(webm.read_bytes()), RULES, tmp_path).content == first.content


def test_a_film_in_memory_is_transcoded_too(webm: Path, tmp_path: Path) -> None:
    """As every medium, it may be bytes."""
    assert facts(mend(Video(webm.read_bytes()), RULES, tmp_path)).codec == "h264"


def test_a_run_that_is_stopped_stops_ffmpeg_and_leaves_nothing(webm: Path, tmp_path: Path) -> None:
    """Half a film is never taken for a whole one."""
    cancel = Cancel()
    with pytest.raises(Cancelled):
        transcode.transcoded(Video(webm), RULES, str(tmp_path), cancel, lambda percent: cancel.request())
    assert list(tmp_path.iterdir()) == []


def test_what_ffmpeg_cannot_do_is_told_in_its_words(webm: Path, tmp_path: Path) -> None:
    """An error names the reason, and nothing is kept."""
    with pytest.raises(ConfigurationError, match="ffmpeg cannot convert it: "):
        list(ffmpeg.convert([*ffmpeg.source_words(str(webm), "avi"), str(tmp_path / "film.mp4")], Cancel()))


def test_a_list_of_other_files_is_not_followed(tmp_path: Path) -> None:
    """A film that says it is a playlist brings no file of this machine with it."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(Path(str(clip().path)).read_bytes())
    playlist = tmp_path / "film.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:2,\nfile:{secret}\n#EXT-X-ENDLIST\n")
    with pytest.raises(ConfigurationError):
        mend(Video(playlist), RULES, tmp_path / "cache")


def test_the_poster_is_a_picture_of_the_film(tmp_path: Path) -> None:
    """At the time that was chosen, in the film's size, with its description."""
    film = moving.fitted(
        msgspec.structs.replace(clip(), poster_at="0:01"),
        {moving.POSTER_CHOSEN},
        RULES,
        str(tmp_path),
        Cancel(),
        lambda percent: None,
    )
    assert film.poster is not None
    assert (photo_facts(film.poster).width, photo_facts(film.poster).height, film.poster.alt) == (192, 108, clip().alt)


# -- in a broadcast --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def broadcast(sandbox: Sandbox, folder: Path, events: list[Event], *, adapt: bool) -> Broadcast:
    channel = Channel(name="news", platform="x", video=VideoWishes(adapt=adapt))
    return Broadcast([channel], ledger=folder / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox), on_event=events.append)


def test_without_leave_the_plan_gives_the_line(sandbox: Sandbox, tmp_path: Path, webm: Path) -> None:
    """Nothing is sent, and the problem says how to mend it."""
    said = Announcement(key="film", text="Doors open.", video=Video(webm, alt="Doors"))
    with broadcast(sandbox, tmp_path, [], adapt=False) as press:
        report = press.publish(said)
        assert report["news"].state is State.REFUSED
        told = {problem.code: problem.fix for problem in press.plan(said)["news"].errors}
    assert set(told) == {"video.type", "video.codec", "video.sound"}
    assert [fix for fix in told.values() if "ffmpeg -i 'open doors.webm'" in fix] == [told["video.type"]]


@pytest.mark.parametrize("by_channel", [True, False])
def test_with_leave_it_is_published_and_said(sandbox: Sandbox, tmp_path: Path, webm: Path, by_channel: bool) -> None:
    """By the channel or the announcement: transcoded with progress, and the receipt names it."""
    said = Announcement(key="film", text="Doors open.", video=Video(webm, alt="Doors", adapt=not by_channel))
    events: list[Event] = []
    with broadcast(sandbox, tmp_path, events, adapt=by_channel) as press:
        outcome = press.publish(said)["news"]
    assert outcome.state is State.PUBLISHED, outcome.reason
    assert [change.code for change in outcome.adaptations] == ["video.transcoded"]
    assert [event.percent for event in events if event.step == "transcode"]
    assert len(sandbox.mirror("x").cards()[0].pictures) == 1
