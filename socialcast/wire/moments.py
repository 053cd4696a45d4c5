"""Moments as people write them: by the clock of a place, such as 2036-12-06T09:00[Europe/Zurich] (RFC 9557)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from socialcast.model.errors import ConfigurationError
from socialcast.wire.suggest import suggest

__all__ = ["moment_in_zone", "zone_of"]

_ZONED = re.compile(r"(?P<local>[^\[\]]+?)\s*\[(?P<zone>[^\[\]]+)\]")


def moment_in_zone(value: Any, where: str) -> Any:
    """The moment that a text with a zone in brackets means; any other value as it is. Raises ConfigurationError."""
    zoned = _ZONED.fullmatch(value) if isinstance(value, str) else None
    if zoned is None:
        return value
    try:
        local = datetime.fromisoformat(zoned["local"])
    except ValueError:
        raise ConfigurationError(f"{where}: {zoned['local']!r} is no time: write it as 2036-12-06T09:00") from None
    if local.tzinfo is not None:
        raise ConfigurationError(f"{where}: {value} has an offset and a zone; leave one of them out")
    return local.replace(tzinfo=zone_of(zoned["zone"], where))


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
