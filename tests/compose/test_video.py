"""Videos and subtitles are read by their content, and every problem is told before anything is sent."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from socialcast import Live, Photo, Video
from socialcast.compose.preflight import check
from socialcast.compose.render import render
from socialcast.compose.video import UnreadableSubtitles, facts, subtitles_as
from socialcast.model.announcement import Announcement, Subtitles
from socialcast.model.capabilities import Capabilities, LiveRules, PhotoRules, Recovery, VideoRules
from socialcast.model.post import Post
from socialcast.testing.stage import clip, picture
from socialcast.wire.settings import Policy

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nThe doors open.\n\n2\n00:00:01,600 --> 00:00:02,000\nCome in!\n"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.500\nThe doors open.\n\n00:01.600 --> 00:02.000\nCome in!\n"
START = datetime(2027, 1, 1, 9, tzinfo=UTC)
RULES = VideoRules(max_bytes=1_000_000, min_seconds=1, max_seconds=60, subtitles=frozenset({"srt"}), poster=PhotoRules())
TABLE = Capabilities(
    documented="invented",
    checked=date(2026, 11, 1),
    video=RULES,
    live=LiveRules(max_title_length=20, max_seconds=3600),
    recovery=Recovery(marker="none"),
)


def film(**fields: object) -> Video:
    return msgspec.structs.replace(clip(), **fields)


def codes(post_fields: dict[str, object], rules: VideoRules = RULES) -> list[tuple[str, str]]:
    post = Post(key="key", channel="news", platform="plaza", parts=("Doors open.",), **post_fields)  # type: ignore[arg-type]
    table = msgspec.structs.replace(TABLE, video=rules)
    return [(problem.code, problem.path) for problem in check(post, table, Policy.REFUSE)]


def of_video(rules: VideoRules = RULES, **fields: object) -> list[tuple[str, str]]:
    return codes({"video": film(**fields)}, rules)


def test_a_sound_video_has_no_problem() -> None:
    """A film with poster, subtitles and chapters that fit is left in peace."""
    assert of_video(poster=picture(1), subtitles=(Subtitles(data=SRT),), chapters=("0:00 Doors", "0:01 Hall")) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "video.empty"),
        (b"no film at all" * 100, "video.unreadable"),
        (Path(str(clip().path)).read_bytes()[:-4000], "video.truncated"),
    ],
)
def test_what_is_no_whole_video_is_refused(content: bytes, code: str) -> None:
    """Nothing is uploaded that no platform would show."""
    assert of_video(path=None, data=content) == [(code, "video")]


def test_a_missing_file_is_named() -> None:
    """A path that leads nowhere is a problem, and no crash."""
    assert of_video(path="nowhere.mp4") == [("video.missing", "video")]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (RULES.__class__(types=frozenset({"video/webm"})), "video.type"),
        (RULES.__class__(codecs=frozenset({"vp9"})), "video.codec"),
        (RULES.__class__(max_seconds=1), "video.too_long"),
        (RULES.__class__(min_seconds=3), "video.too_short"),
        (RULES.__class__(max_bytes=100), "video.too_large"),
    ],
)
def test_what_the_platform_does_not_take_is_told(rules: VideoRules, code: str) -> None:
    """Container, codec, length and size are held against the table."""
    assert of_video(rules) == [(code, "video")]


@pytest.mark.parametrize(
    ("track", "code"),
    [
        (b"no subtitles", "subtitles.unreadable"),
        (b"\xff\xfe1", "subtitles.unreadable"),
        (SRT.replace(b"--> 00:00:01,500", b"--> soon"), "subtitles.unreadable"),
        (SRT.replace(b"00:00:01,600 -->", b"00:00:09,600 -->"), "subtitles.unreadable"),
        (SRT.replace(b"--> 00:00:02,000", b"--> 00:09:02,000"), "subtitles.outside"),
    ],
)
def test_subtitles_are_read(track: bytes, code: str) -> None:
    """Subtitles that do not parse, or are another film's, are found before anything is sent."""
    assert of_video(subtitles=(Subtitles(data=track),)) == [(code, "video.subtitles[0]")]


def test_each_language_has_one_set_of_subtitles() -> None:
    """A second set in one language would replace the first."""
    assert of_video(subtitles=(Subtitles(data=SRT), Subtitles(data=VTT))) == [("subtitles.twice", "video.subtitles[1]")]


@pytest.mark.parametrize(
    ("chapters", "code"),
    [
        (("Doors",), "chapters.unreadable"),
        (("0:01 Hall",), "chapters.first"),
        (("0:00 Doors", "0:59 Hall"), "chapters.outside"),
        (("0:00 Doors", "0:01 Hall", "0:01 Roof"), "chapters.order"),
    ],
)
def test_chapters_are_in_the_film(chapters: tuple[str, ...], code: str) -> None:
    """Chapters are lines with a time, in order, from the beginning on."""
    assert [found for found, _ in of_video(chapters=chapters)] == [code]


def test_a_poster_that_is_no_picture_is_told() -> None:
    """The poster is read like every photo."""
    assert of_video(poster=Photo(b"no picture", alt="x")) == [("poster.unreadable", "video.poster")]


def test_what_has_no_place_is_named() -> None:
    """A platform without posters and subtitles is adapted to, in words."""
    table = msgspec.structs.replace(TABLE, video=VideoRules())
    said = Announcement(text="Doors open.", video=film(poster=picture(1), subtitles=(Subtitles(data=SRT),)))
    post = render(said, table, {}, channel="news", platform="plaza")
    assert {change.code for change in post.adaptations} == {"video.poster", "video.subtitles"}


@pytest.mark.parametrize(
    ("event", "code", "path"),
    [
        (Live(title="The opening of the doors", starts_at=START), "live.title_too_long", "live.title"),
        (Live(title="Doors", starts_at=START, ends_at=START.replace(hour=19)), "live.too_long", "live.ends_at"),
        (Live(title="Doors", starts_at=START, low_latency=True), "live.low_latency", "live.low_latency"),
        (Live(title="Doors", starts_at=START, poster=Photo("nowhere.jpg", alt="x")), "poster.missing", "live.poster"),
    ],
)
def test_a_live_event_is_held_against_the_table(event: Live, code: str, path: str) -> None:
    """Title, length, latency and poster of an event to create."""
    assert codes({"live": event}) == [(code, path)]


def test_an_event_that_exists_is_somebody_elses() -> None:
    """Only what is to be created is checked."""
    assert codes({"live": Live(url="https://live.example.org/doors", title="The opening of the doors")}) == []


@pytest.mark.parametrize("track", [SRT, VTT, b"\xef\xbb\xbf" + SRT, SRT.replace(b"\n", b"\r\n")])
def test_subtitles_change_their_format(track: bytes) -> None:
    """Either format comes out of either, with the same words."""
    assert subtitles_as(Subtitles(data=track), "vtt").startswith(b"WEBVTT")
    text = subtitles_as(Subtitles(data=track), "srt").replace(b"\r\n", b"\n")
    assert text.split() == SRT.split()


def test_subtitles_that_fit_are_not_touched() -> None:
    """Settings and styles of a file survive where its format is taken."""
    styled = VTT.replace(b"00:01.500", b"00:01.500 line:0")
    assert subtitles_as(Subtitles(data=styled), "vtt") == styled
    with pytest.raises(UnreadableSubtitles, match=r"line 3: 'soon --> later'"):
        subtitles_as(Subtitles(data=b"WEBVTT\n\nsoon --> later\nx\n"), "srt")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg to make films of all kinds")
@pytest.mark.parametrize(
    ("suffix", "media_type", "codec"),
    [
        ("mp4", "video/mp4", "h264"),
        ("mov", "video/quicktime", "h264"),
        ("mkv", "video/x-matroska", "h264"),
        ("webm", "video/webm", "vp9"),
    ],
)
def test_a_film_is_known_by_its_content(tmp_path: Path, suffix: str, media_type: str, codec: str) -> None:
    """Container, codec and length are read from the file, whatever its name says."""
    made = tmp_path / f"film.{suffix}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip().path), str(made)], check=True, timeout=60)
    found = facts(Video(made.rename(tmp_path / "film.bin")))
    assert (found.media_type, found.codec, round(found.seconds or 0)) == (media_type, codec, 2)
