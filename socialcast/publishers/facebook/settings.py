"""What a Facebook channel can be set to, and how long each version of the Graph API lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.problems import Problem, Severity
from socialcast.wire.secrets import Secret

__all__ = ["FacebookSettings", "Place", "version_problems"]

_NEWEST = "v26.0"

# Until when each version is served, None where Meta has not said (Graph API changelog, 2026-11-22). What is older is dead.
_LAST_DAYS: Mapping[str, date | None] = {
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    _NEWEST: None,
}
_WARNED_AHEAD = timedelta(days=90)


class Place(Enum):
    """Where on the Page: in its feed, or as its live event."""

    FEED = "feed"
    LIVE = "live"


class FacebookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One Page, and how it is published on."""

    page_id: Annotated[str, Meta(pattern=r"^\d+$", description="the Page's number, in quotes")]
    access_token: Annotated[Secret, Meta(description="a Page token, got from a long-lived user token; it does not expire")]
    app_secret: Annotated[Secret | None, Meta(description="the app's secret, where the app demands signed calls")] = None
    place: Annotated[Place, Meta(description="post in the Page's feed, or host the announcement's live event")] = Place.FEED
    schedule: Annotated[bool, Meta(description="leave an embargo to Facebook, 10 minutes to 30 days ahead")] = False
    version: Annotated[str, Meta(pattern=r"^v\d+\.\d$", description="the version of the Graph API")] = _NEWEST


def version_problems(version: str, now: datetime) -> Iterator[Problem]:
    """An error for a version that is dead, which Facebook would replace by another one silently; a warning ahead of its end."""
    last_day = _LAST_DAYS.get(version)
    is_unknown_and_old = version not in _LAST_DAYS and _number(version) < _number(_NEWEST)
    fix = f'set version = "{_NEWEST}", or leave it out'
    if is_unknown_and_old or (last_day and _ending(last_day) <= now):
        message = f"version {version} of the Graph API is no longer served"
        yield Problem(code="version.dead", path="version", message=message, fix=fix)
    elif last_day and _ending(last_day) - now < _WARNED_AHEAD:
        message = f"version {version} of the Graph API is served until {last_day}"
        yield Problem(code="version.ending", severity=Severity.WARNING, path="version", message=message, fix=fix)


def _number(version: str) -> float:
    return float(version[1:])


def _ending(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
