"""The announcement: frozen, comparable, plain JSON both ways, and a digest that every machine agrees on."""

from __future__ import annotations

import io
import json
import os
import pickle
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast import Announcement, ConfigurationError, Link, Live, Override, Photo, Subtitles, Video
from socialcast.model.announcement import PhotoWords, Words
from socialcast.model.post import Post

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
keys = texts.filter(str.isprintable)
photos = st.builds(
    Photo,
    st.binary(max_size=20),
    alt=texts,
    caption=texts,
    credit=texts,
    licence=texts,
    decorative=st.booleans(),
    texts=st.dictionaries(st.just("fr"), st.builds(PhotoWords, alt=texts)),
)
announcements = st.builds(
    Announcement,
    key=keys,
    title=texts,
    text=texts,
    body=texts,
    link=st.none() | st.builds(Link, texts, title=texts),
    photos=st.lists(photos, max_size=3).map(tuple),
    video=st.none()
    | st.builds(Video, st.binary(max_size=9), subtitles=st.lists(st.builds(Subtitles, st.binary()), max_size=2).map(tuple)),
    live=st.none() | st.builds(Live, texts.filter(bool), starts_at=st.none() | st.datetimes(timezones=st.just(UTC))),
    tags=st.lists(texts, max_size=3).map(tuple),
    embargo=st.none() | st.datetimes(timezones=st.just(UTC)),
    short=texts,
    texts=st.dictionaries(st.sampled_from(["fr", "pt-BR"]), st.builds(Words, title=texts, text=texts, short=texts), max_size=2),
    channels=st.dictionaries(texts, st.builds(Override, text=st.none() | texts, skip=st.none() | texts), max_size=2),
)


@given(announcements)
def test_json_gives_an_equal_announcement_back(announcement: Announcement) -> None:
    """Through JSON and back nothing changes, the digest included."""
    back = Announcement.from_json(announcement.to_json())
    assert back == announcement
    assert back.digest == announcement.digest


@given(announcements)
def test_another_process_finds_the_same_digest(announcement: Announcement) -> None:
    """What was pickled for a worker, or says a default in so many words, is the same announcement."""
    assert pickle.loads(pickle.dumps(announcement)).digest == announcement.digest
    document = json.loads(announcement.to_json()) | {"language": announcement.language}
    assert Announcement.from_json(json.dumps(document)).digest == announcement.digest


@given(photos, photos)
def test_photos_can_stand_in_sets(one: Photo, other: Photo) -> None:
    """Whatever is said of them, and in as many languages."""
    assert len({one, other}) == (1 if one == other else 2)


@given(announcements, keys)
def test_the_digest_tells_content_apart(announcement: Announcement, more: str) -> None:
    """Another text is another digest; another key is not."""
    import msgspec

    assert msgspec.structs.replace(announcement, key=more).digest == announcement.digest
    changed = msgspec.structs.replace(announcement, text=announcement.text + "!" + more)
    assert changed.digest != announcement.digest


def test_the_digest_knows_files_by_content(tmp_path: Path) -> None:
    """The same photo elsewhere, or from memory, is the same announcement; another photo is another one."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo.jpg").write_bytes(b"pixels")
    one = Announcement(text="Hall", photos=[Photo(tmp_path / "one" / "photo.jpg", alt="Hall")])
    two = Announcement(text="Hall", photos=[Photo(str(tmp_path / "two" / "photo.jpg"), alt="Hall")])
    memory = Announcement(text="Hall", photos=[Photo(io.BytesIO(b"pixels"), alt="Hall")])
    other = Announcement(text="Hall", photos=[Photo(b"other pixels", alt="Hall")])
    assert one.digest == two.digest == memory.digest
    assert other.digest != one.digest


def test_digests_of_older_versions_still_hold() -> None:
    """What was published or approved before variants and languages existed keeps its digest, and so its key."""
    said = Announcement(
        title="Open doors",
        text="The dome opens.",
        body="**Long**",
        link="https://example.org/doors",
        photos=[Photo(b"pixels", alt="The dome", caption="At dusk", credit="A. Example", licence="CC-BY-4.0")],
        video=Video(b"film", alt="The doors open", title="Doors", subtitles=[Subtitles(b"words")], chapters=["0:00 Start"]),
        live=Live(title="Live", starts_at=datetime(2036, 12, 6, 9, tzinfo=UTC)),
        tags=["astronomy"],
        channels={"news": Override(text="Come.")},
        credit="A. Example",
    )
    made = Post(
        key="k", channel="news", platform="x", parts=("The dome opens.",), photos=said.photos, video=said.video, live=said.live
    )
    assert said.digest == "3a79927f518a02c060e07422539ed08b4b7190c564a9bb30ee065fa26b4eeeab"
    assert made.digest == "8be444679c65b7d2067f055a6d68fc695bb3fdc6d8594de08772bb24000c9e1d"


def test_a_post_knows_subtitles_by_content(tmp_path: Path) -> None:
    """Who approves a plan approves the subtitles too, wherever they lie on the machine that sends them."""

    def digest(folder: str, words: str) -> str:
        track = tmp_path / folder / "track.srt"
        track.parent.mkdir()
        track.write_text(words)
        video = Video(b"film", alt="Hall", subtitles=[Subtitles(track)])
        return Post(key="k", channel="news", platform="plaza", video=video).digest

    assert digest("one", "Welcome") == digest("two", "Welcome") != digest("three", "Good bye")


def test_a_digest_copies_no_file_in_memory() -> None:
    """Its cost in memory does not grow with the photos."""
    announcement = Announcement(text="Hall", photos=[Photo(bytes(4 << 20), alt="Hall"), Photo(bytes(4 << 20), alt="Door")])
    tracemalloc.start()
    try:
        assert announcement.digest
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_changed_file_changes_the_digest(tmp_path: Path) -> None:
    """A file that was edited in place is read again."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"before")
    announcement = Announcement(text="Hall", photos=[Photo(photo, alt="Hall")])
    before = announcement.digest
    photo.write_bytes(b"behind")
    os.utime(photo, ns=(1, 1))
    assert announcement.digest != before


def test_the_digest_is_stable() -> None:
    """The digest of a given announcement is the same in every version that reads old ledgers."""
    announcement = Announcement(text="Davos opens today", photos=[Photo(b"pixels", alt="The plenary hall, full")])
    assert announcement.digest == "1b16e68527296afd7ff0b0e0edbf2292b282d3d5f38d0ce226ac18be4470366f"


def test_in_code_the_key_is_the_contents_digest() -> None:
    """Without a key, the same content is the same announcement and other content another one."""
    assert Announcement(text="a").resolved_key == Announcement(text="a").resolved_key
    assert Announcement(text="a").resolved_key != Announcement(text="b").resolved_key
    assert Announcement(text="a", key="mine").resolved_key == "mine"


def test_a_naive_datetime_is_refused() -> None:
    """A time without a zone could mean any moment, and the error shows how to write one that does not."""
    with pytest.raises(
        ConfigurationError, match=r"embargo 2026-12-05T08:00:00 has no time zone: write it as 2026-12-05T08:00:00\+01:00"
    ):
        Announcement(text="x", embargo=datetime(2026, 12, 5, 8))  # noqa: DTZ001 - what is refused
    with pytest.raises(ConfigurationError, match=r"live.starts_at"):
        Live("https://example.org", starts_at=datetime(2026, 12, 5, 8))  # noqa: DTZ001


def test_a_channel_may_say_it_otherwise() -> None:
    """An override replaces what it names and nothing else."""
    announcement = Announcement(text="long", title="Title", channels={"news": Override(text="short")})
    assert announcement.for_channel("news").text == "short"
    assert announcement.for_channel("news").title == "Title"
    assert announcement.for_channel("wiki").text == "long"


def test_a_photo_needs_a_source() -> None:
    """A photo of nothing is refused when it is made."""
    with pytest.raises(ConfigurationError, match="Photo needs one of a path, bytes or a file object"):
        Photo(alt="nothing")


def test_a_focus_outside_of_the_photo_is_refused() -> None:
    """From a file, too: as two numbers, each from -1 to 1."""
    assert Photo(b"x", focus=(-1, 1)).focus == (-1, 1)
    with pytest.raises(ConfigurationError, match="from -1 to 1"):
        Photo(b"x", focus=(0, 1.5))


def test_a_title_is_one_line() -> None:
    """Whatever a block of YAML made of it: a mail's subject and a platform's title have no line breaks."""
    said = Announcement(title="Open doors\n  and windows\n", texts={"fr": Words(title="Portes\nouvertes\n")})
    assert said.title == "Open doors and windows"
    assert said.texts["fr"].title == "Portes ouvertes"
    assert Video(b"film", title="The year\n").title == "The year"
    assert Live(url="https://example.org/live", title="a\r\nb").title == "a b"
    assert Override(title="\n").title == ""


def test_the_same_language_twice_is_refused() -> None:
    """Tags are the same however they are written, so one of the two texts would be lost in silence."""
    with pytest.raises(ConfigurationError, match="texts: fr and FR are the same language"):
        Announcement(text="Doors", texts={"fr": Words(text="Portes"), "FR": Words(text="Encore")})
    with pytest.raises(ConfigurationError, match=r"photos\[0\]\.texts: pt-BR and pt-br are the same"):
        Announcement(photos=[Photo(b"x", alt="a", texts={"pt-BR": PhotoWords(alt="b"), "pt-br": PhotoWords(alt="c")})])
