"""Moments in the words of a language."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["moment_in_words"]

_LEFT_TO_RIGHT_MARK = "\u200e"  # holds the parts of "UTC+1" in their order in a line that is written from the right


def moment_in_words(moment: datetime, language: str, time_zone: str) -> str:
    """Day, time and distance from UTC, such as "Saturday, December 5, 2026, 8:00 PM (UTC+1)"; in the moment's own zone if no
    other is named, in English if the language is not known."""
    from babel import dates  # only templates with dates need it

    there = moment.astimezone(ZoneInfo(time_zone)) if time_zone else moment
    locale = _locale(language)
    day, hour = dates.format_date(there, "full", locale=locale), dates.format_time(there, "short", locale=locale)
    both = str(dates.get_datetime_format("full", locale=locale)).replace("'", "").format(hour, day)
    mark = _LEFT_TO_RIGHT_MARK if locale.text_direction == "rtl" else ""
    return f"{both} ({mark}{_distance(there)}{mark})"


def _locale(language: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    tag = language
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale("en")


def _distance(moment: datetime) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (f"{'-' if minutes < 0 else '+'}{hours}" if minutes else "") + (f":{rest:02}" if rest else "")
