"""What a channel shows of an announcement, and that nothing of it is dropped in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from socialcast.compose.render import render
from socialcast.model.announcement import Announcement, Live, Photo, Video
from socialcast.model.capabilities import Capabilities, LiveRules, PhotoRules, Recovery, TextRules, VideoRules
from socialcast.model.post import Post

VIDEO = Video(b"film", alt="The doors open")
PHOTOS = tuple(Photo(bytes([number]), alt=f"View {number}") for number in range(3))


def post(announcement: Announcement, **rules: Any) -> Post:
    table = Capabilities(documented="here", checked=date(2026, 8, 1), text=TextRules(), recovery=Recovery(marker="id"), **rules)
    return render(announcement, table, {}, channel="news", platform="plaza")


@pytest.mark.parametrize(
    ("photos", "video", "shown"),
    [
        (PhotoRules(max_count=4), VideoRules(), 0),  # one or the other
        (PhotoRules(max_count=4), VideoRules(with_photos=True), 3),
        (PhotoRules(max_count=2), VideoRules(with_photos=True), 2),
        (PhotoRules(max_count=2), None, 2),  # the video is behind a link, or left out
        (PhotoRules(), None, 3),
        (None, VideoRules(), 0),
    ],
)
def test_photos_that_are_not_shown_are_named(photos: PhotoRules | None, video: VideoRules | None, shown: int) -> None:
    """A post shows the photos that its platform takes, beside a video too, and says which are left out."""
    made = post(Announcement(key="k", text="Doors open.", photos=PHOTOS, video=VIDEO), photos=photos, video=video)
    assert made.photos == PHOTOS[:shown]
    told = [adaptation.message for adaptation in made.adaptations if adaptation.code == "photos.album"]
    assert len(told) == (shown < len(PHOTOS))


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("See https://example.org/open.", True),
        ("See https://example.org/open/ for more", True),
        ("(https://example.org/open)", True),
        ("See https://example.org/open-doors", False),
        ("See https://example.org/open.html", False),
        ("See https://example.org/open/map", False),
        ("See https://example.org/open?day=2", False),
    ],
)
def test_a_link_is_left_out_only_where_the_text_holds_it(text: str, is_there: bool) -> None:
    """A longer address that begins with the link does not stand for it."""
    link = "https://example.org/open"
    (part,) = post(Announcement(key="k", text=text, link=link)).parts
    assert part == (text if is_there else f"{text}\n\n{link}")


@pytest.mark.parametrize(("rules", "is_told"), [(LiveRules(), True), (LiveRules(poster=PhotoRules()), False), (None, False)])
def test_the_picture_of_a_live_event_is_not_dropped_in_silence(rules: LiveRules | None, is_told: bool) -> None:
    """Where the event is created without it, the plan says so."""
    event = Live(title="Doors", starts_at=datetime(2100, 1, 1, tzinfo=UTC), poster=PHOTOS[0])
    made = post(Announcement(key="k", text="Doors open.", live=event), live=rules)
    assert any(adaptation.code == "live.poster" for adaptation in made.adaptations) is is_told
