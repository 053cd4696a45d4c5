"""Moments are told in the channel's language and time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from socialcast.compose.dates import moment_in_words

pytest.importorskip("babel", reason="babel is not installed")
OPENING = datetime(2036, 12, 6, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("fr", "Europe/Zurich", ["samedi 6 décembre 2036", "20:00", "(UTC+1)"]),
        ("en", "America/New_York", ["Saturday, December 6, 2036", "2:00", "PM", "(UTC-5)"]),
        ("en-GB", "Asia/Kolkata", ["Sunday, 7 December 2036", "00:30", "(UTC+5:30)"]),
        ("ja", "Asia/Tokyo", ["2036年12月7日日曜日", "4:00", "(UTC+9)"]),
        ("ar", "Europe/London", ["ديسمبر", "(\u200eUTC\u200e)"]),
        ("xx-YY", "Europe/Zurich", ["Saturday, December 6, 2036"]),  # nobody knows it
        ("de-x-private", "Europe/Zurich", ["Samstag, 6."]),
    ],
)
def test_a_moment_is_told_as_readers_there_tell_it(language: str, zone: str, words: list[str]) -> None:
    """Day, hour and the distance from UTC, for those who read it elsewhere."""
    told = moment_in_words(OPENING, language, zone)
    assert [word for word in words if word not in told] == []


def test_without_a_time_zone_it_is_told_as_it_was_written() -> None:
    """The author's own offset is kept."""
    there = OPENING.astimezone(timezone(timedelta(hours=-3)))
    assert moment_in_words(there, "de", "").endswith("16:00 (UTC-3)")


@pytest.mark.parametrize(("hour", "offset"), [(0, "UTC+2"), (1, "UTC+1")])
def test_the_hour_that_comes_twice_is_told_apart(hour: int, offset: str) -> None:
    """In the night when summer time ends, 2:30 comes twice; the distance from UTC says which."""
    told = moment_in_words(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), "de", "Europe/Zurich")
    assert "02:30" in told
    assert told.endswith(f"({offset})")
