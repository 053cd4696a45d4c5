"""Moments as people write them: by the clock of a place, such as 2036-12-06T09:00[Europe/Zurich] (RFC 9557)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from socialcast.model.errors import ConfigurationError
from socialcast.wire.suggest import suggest

__all__ = ["moment_in_zone", "zone_of"]

_BY_MINUTES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?Z|[+-]\d\d:\d\d)?")  # seconds are not asked for
_ZONED = re.compile(r"(?P<local>[^\[\]]+?)\s*\[(?P<zone>[^\[\]]+)\]")


def moment_in_zone(value: Any, where: str) -> Any:
    """The moment that a text with an offset, or with a zone in brackets, means; any other value as it is. Raises
    ConfigurationError."""
    if not isinstance(value, str):
        return value
    zoned = _ZONED.fullmatch(value)
    if zoned is None:
        return _moment(value, where, "2036-12-06T09:00+01:00") if _BY_MINUTES.fullmatch(value) else value
    local = _moment(zoned["local"], where, "2036-12-06T09:00")
    if local.tzinfo is not None:
        raise ConfigurationError(f"{where}: {value} has an offset and a zone; leave one of them out")
    return local.replace(tzinfo=zone_of(zoned["zone"], where))


def _moment(text: str, where: str, example: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {text!r} is no time ({error}): write it as {example}") from None


def zone_of(name: str, where: str) -> ZoneInfo:
    """The time zone of that name. Raises ConfigurationError with the nearest known one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        if not known:
            raise ConfigurationError(
                f"{where}: this machine has no table of time zones: pip install 'socialcast[dates]'"
            ) from None
        raise ConfigurationError(f"{where}: there is no time zone {name!r}: {suggest(name, known)}") from None
