"""Where each setting of a channel comes from, told without its value."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from socialcast.model.errors import ConfigurationError
from socialcast.wire.secrets import read_secret
from socialcast.wire.settings import Channel, environment_variable, is_secret

__all__ = ["Source", "sources"]

_IN_PLAIN_SIGHT = "the channels file, in plain sight"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: the place that is looked at, such as env:NAME, and whether something is there."""

    name: str
    secret: bool
    place: str
    found: bool


def sources(settings: type[msgspec.Struct], channel: Channel) -> Iterator[Source]:
    """Every setting that is given or has to be; optional ones that nobody set are left out."""
    for field in msgspec.structs.fields(settings):
        secret, variable = is_secret(field.type), environment_variable(channel.name, field.name)
        value = channel.settings.get(field.name)
        if value is not None:
            found, place = _look_up(str(value), channel) if secret else (True, "the channels file")
            yield Source(name=field.name, secret=secret, place=place, found=found)
        elif field.required or os.environ.get(variable):
            yield Source(name=field.name, secret=secret, place=f"env:{variable}", found=bool(os.environ.get(variable)))


def _look_up(reference: str, channel: Channel) -> tuple[bool, str]:
    if not reference.startswith(("env:", "file:", "keyring:")):
        return False, _IN_PLAIN_SIGHT
    try:
        read_secret(reference, f"channel {channel.name!r}", channel.folder)
    except ConfigurationError:
        return False, reference
    return True, reference
