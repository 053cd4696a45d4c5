"""More photos than a post holds: behind a link, in a thread, or on a contact sheet, as the channel wants it, and named."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageStat

from socialcast.compose import sheet
from socialcast.compose.preflight import check
from socialcast.compose.render import render
from socialcast.model.announcement import Announcement, ContactSheet, Photo
from socialcast.model.capabilities import AltText, Capabilities, PhotoRules, Recovery, Support, TextRules
from socialcast.model.post import Post
from socialcast.testing.stage import picture
from socialcast.wire.settings import MorePhotos, Policy

TABLE = Capabilities(
    documented="invented",
    checked=date(2026, 11, 1),
    text=TextRules(max_length=280),
    photos=PhotoRules(max_count=4, alt_text=AltText(max_length=1000)),
    thread=Support.NATIVE,
    recovery=Recovery(marker="none"),
)
TEN = Announcement(text="Doors open.", photos=tuple(picture(number) for number in range(10)))


def shown(more: MorePhotos, said: Announcement = TEN, table: Capabilities = TABLE) -> Post:
    return render(said, table, {}, channel="news", platform="plaza", more_photos=more)


def told(post: Post) -> list[tuple[str, str, bool]]:
    return [(change.code, change.message, change.routine) for change in post.adaptations]


def test_by_default_the_rest_is_behind_the_album() -> None:
    """Nothing has changed for a channel that wishes nothing."""
    post = render(TEN, TABLE, {"album": "https://example.org/album"}, channel="news", platform="plaza")
    assert len(post.photos) == 4
    assert told(post) == [("photos.album", "4 of 10 photos, the rest is behind the link https://example.org/album", False)]


def test_a_thread_shows_all_of_them_in_order() -> None:
    """Four a post; posts without words of their own say which photos they show."""
    post = shown(MorePhotos.THREAD)
    assert (post.photos, post.photos_each) == (TEN.photos, 4)
    assert post.parts == ("Doors open.", "5–8 / 10", "9–10 / 10")
    assert told(post) == [("photos.thread", "the 10 photos stand in 3 posts of a thread", True)]
    assert check(post, TABLE, Policy.REFUSE) == []


def test_a_long_text_and_its_photos_share_the_thread() -> None:
    """The posts that there are show the photos; none is added for them."""
    said = msgspec.structs.replace(TEN, text=" ".join(["The doors open at nine."] * 40))
    post = shown(MorePhotos.THREAD, said)
    assert len(post.parts) >= 3
    assert not [part for part in post.parts if "/ 10" in part]


def test_where_there_are_no_threads_the_rest_is_named() -> None:
    """A wish that the platform cannot fulfil is no reason to lose photos silently."""
    post = shown(MorePhotos.THREAD, table=msgspec.structs.replace(TABLE, thread=Support.NONE))
    assert [code for code, _, _ in told(post)] == ["photos.album"]


def test_a_contact_sheet_shows_the_rest_and_tells_what_it_shows() -> None:
    """Three photos as they are, and a sheet of seven whose alt text lists them."""
    post = shown(MorePhotos.SHEET)
    last = post.photos[-1]
    assert isinstance(last, ContactSheet)
    assert post.photos[:3] == TEN.photos[:3]
    assert last.of == TEN.photos[3:]
    assert last.alt.startswith("1. The dome, view 4. 2. The dome, view 5. ")
    assert last.alt.endswith("7. The dome, view 10.")
    assert told(post) == [("photos.sheet", "7 photos stand on a contact sheet", True)]
    assert check(post, TABLE, Policy.REFUSE) == []


def test_the_sheet_has_every_photo_in_its_place() -> None:
    """Row by row: each cell has its photo's colour."""
    drawn = Image.open(BytesIO(shown(MorePhotos.SHEET).photos[-1].data or b""))
    cell = drawn.width // 3
    for index, photo in enumerate(TEN.photos[3:]):
        left, top = index % 3 * cell, index // 3 * cell
        middle = drawn.crop((left + cell // 2 - 9, top + cell // 2 - 9, left + cell // 2 + 9, top + cell // 2 + 9))
        wanted = Image.open(BytesIO(photo.data or b"")).getpixel((9, 9))
        assert ImageStat.Stat(middle).mean == pytest.approx(wanted, abs=4)


def test_more_than_the_sheet_or_its_alt_text_holds_is_named() -> None:
    """No photo stands there without its alt text, and none is left out in silence."""
    table = msgspec.structs.replace(TABLE, photos=PhotoRules(max_count=2, alt_text=AltText(max_length=70)))
    post = shown(MorePhotos.SHEET, table=table)
    assert len(post.photos[-1].alt) <= 70
    assert [code for code, _, _ in told(post)] == ["photos.sheet", "photos.album"]
    assert told(post)[1][1].startswith("4 of 10 photos")
    fifty = msgspec.structs.replace(TEN, photos=tuple(picture(number) for number in range(50)))
    assert told(shown(MorePhotos.SHEET, fifty, msgspec.structs.replace(TABLE, photos=PhotoRules(max_count=1))))[0][1].startswith(
        f"{sheet.MOST_PHOTOS} photos"
    )


def test_a_photo_of_the_sheet_that_cannot_be_read_is_told_by_its_place(tmp_path: Path) -> None:
    """It is checked like every other, by the number that it has in the announcement."""
    photos = (*TEN.photos[:5], Photo(tmp_path / "gone.jpg", alt="Gone"), Photo(b"no photo"))
    post = shown(MorePhotos.SHEET, msgspec.structs.replace(TEN, photos=photos))
    found = {(problem.code, problem.path) for problem in check(post, TABLE, Policy.REFUSE)}
    assert found == {
        ("photos.missing", "photos[5]"),
        ("photos.unreadable", "photos[6]"),
        ("photos.alt_missing", "photos[6].alt"),
    }


def test_a_sheet_has_the_same_digest_whatever_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that was approved on one machine is the same on another with another version of the encoder."""
    before = shown(MorePhotos.SHEET).digest
    monkeypatch.setattr(sheet, "_drawn", lambda *given: b"other bytes")
    assert shown(MorePhotos.SHEET).digest == before
    assert shown(MorePhotos.SHEET, msgspec.structs.replace(TEN, photos=TEN.photos[:9])).digest != before
