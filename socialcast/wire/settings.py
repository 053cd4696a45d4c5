"""The channels file: which channels there are, and what each publisher is set to."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from socialcast.model.announcement import Audience
from socialcast.model.errors import ConfigurationError
from socialcast.wire.complaints import in_words
from socialcast.wire.secrets import MissingSecret, Secret, is_reference, read_secret
from socialcast.wire.suggest import suggest
from socialcast.wire.wording import Wording

__all__ = [
    "Channel",
    "ChannelsFile",
    "Correction",
    "MorePhotos",
    "PhotoWishes",
    "Policy",
    "VideoWishes",
    "environment_variable",
    "is_secret",
    "read_channels",
    "resolve_settings",
    "settings_in_sight",
]

S = TypeVar("S", bound=msgspec.Struct)

_COMMON = (
    "platform",
    "required",
    "policy",
    "audience",
    "hours_ahead",
    "correction",
    "photos",
    "video",
)  # what every channel may be set to, beside its wording
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Policy(Enum):
    """What happens to an announcement that does not fit a channel: refuse it, adapt it and say how, or skip the channel."""

    REFUSE = "refuse"
    ADAPT = "adapt"
    SKIP = "skip"


class Correction(Enum):
    """What is done about a mistake where the platform lets nobody change a post: tell it in a reply, or take the post back and
    publish it anew."""

    REPLY = "reply"
    REPLACE = "replace"


class MorePhotos(Enum):
    """Where the photos go that one post does not hold: behind a link to the album, into a thread, or onto a contact sheet."""

    ALBUM = "album"
    THREAD = "thread"
    SHEET = "sheet"


class PhotoWishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a channel shows photos; `more` says where those go that one post does not hold."""

    more: MorePhotos = MorePhotos.ALBUM


class VideoWishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a channel shows videos; `adapt` allows to transcode one that the platform does not take."""

    adapt: bool = False


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One configured account: its name here, its platform, who reads it, and the publisher's own settings."""

    name: str
    platform: str
    required: bool = True
    policy: Policy = Policy.REFUSE
    audience: Audience = Audience.PUBLIC
    hours_ahead: float = 0.0  # of the embargo's end
    correction: Correction | None = None
    photos: PhotoWishes = PhotoWishes()
    video: VideoWishes = VideoWishes()
    wording: Wording = Wording()
    settings: Mapping[str, Any] = {}
    folder: Path = Path()  # where `file:` secrets and templates are looked up

    def __post_init__(self) -> None:
        if self.hours_ahead < 0:
            raise ConfigurationError(f"hours_ahead is {self.hours_ahead:g}: nothing is published later than the embargo ends")
        if self.hours_ahead and self.audience is Audience.PUBLIC:
            raise ConfigurationError('hours_ahead is for channels with audience = "press": nobody else gets it under embargo')

    def due_at(self, embargo: datetime) -> datetime:
        """When what is under embargo goes to this channel: the press may have it ahead."""
        return (embargo.astimezone(UTC) - timedelta(hours=self.hours_ahead)).astimezone(embargo.tzinfo)


class ChannelsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole channels file; `ledger` is where the record of what was published is kept."""

    channels: tuple[Channel, ...]
    ledger: Path


def read_channels(path: str | os.PathLike[str]) -> ChannelsFile:
    """The channels of a TOML file; raises ConfigurationError that names the place of what is wrong."""
    file = Path(path)
    document = _read_toml(file)
    _refuse_unknown(document, {"channels", "ledger"}, str(file))
    tables = document.get("channels")
    if not isinstance(tables, dict) or not tables:
        raise ConfigurationError(f'{file} names no channel: add a table such as [channels.news] with platform = "x"')
    ledger = document.get("ledger", ".socialcast/ledger.sqlite3")
    if not isinstance(ledger, str):
        raise ConfigurationError(f"{file}: ledger is the path of a file, in quotes")
    _refuse_shared_variables(tables, file)
    return ChannelsFile(
        channels=tuple(_channel(name, table, file) for name, table in tables.items()), ledger=file.parent / ledger
    )


def resolve_settings(
    settings_type: type[S], channel: Channel, *, given: Mapping[str, str] | None = None, blank_missing_secrets: bool = False
) -> S:
    """The publisher's settings for a channel.

    A field is taken from `given` (a sandbox's credentials), from the channel, or from the environment variable
    SOCIALCAST_<CHANNEL>_<FIELD>. Secrets that are not to be had are an error, or blank where only a plan is wanted, as
    in the checks of a pull request. Raises ConfigurationError for unknown, missing and ill-typed settings.
    """
    where = f"channel {channel.name!r}"
    fields = _fields(settings_type)
    _refuse_unknown(channel.settings, fields, where, also=(*_COMMON, *Wording.__struct_fields__))
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, field in fields.items():
        secret = is_secret(field.type)
        try:
            value = _value_of(name, channel, given, secret=secret)
            if value is None and field.required:
                raise _missing(name, channel, secret=secret)
        except MissingSecret as error:
            missing.append(str(error))
            value = (Secret("") if secret else "") if field.required else None
        if value is not None:
            values[name] = value
    if missing and not blank_missing_secrets:
        raise MissingSecret("\n".join(missing))
    try:
        return msgspec.convert(values, settings_type, dec_hook=_keep_secret, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {in_words(str(error), settings_type)}") from None


def settings_in_sight(settings_type: type[msgspec.Struct], channel: Channel) -> dict[str, Any]:
    """What a channel is set to, as one may show it: secrets and whatever else is looked up by the name of their place."""
    told = {}
    for name, field in _fields(settings_type).items():
        value, secret = channel.settings.get(name), is_secret(field.type)
        if value is None and not secret:
            value = os.environ.get(environment_variable(channel.name, name)) or None
        if value is not None and (not secret or (isinstance(value, str) and is_reference(value))):
            told[name] = value
    return told


@cache  # looking into a class takes longer than all else here, and hundreds of channels may share one
def _fields(settings_type: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(settings_type)}


def _value_of(name: str, channel: Channel, given: Mapping[str, str] | None, *, secret: bool) -> Any:
    if given and name in given:
        return Secret(given[name]) if secret else given[name]
    value = channel.settings.get(name)
    if given is not None and secret:
        return None  # a sandbox run never reads, let alone sends, a real secret
    if value is None:
        value = os.environ.get(environment_variable(channel.name, name)) or None
        return Secret(value) if secret and value is not None else value
    if isinstance(value, str) and (secret or is_reference(value)):
        found = read_secret(value, f"channel {channel.name!r}, {name}", channel.folder)
        return found if secret else found.reveal()
    return value


def _missing(name: str, channel: Channel, *, secret: bool) -> ConfigurationError:
    variable = environment_variable(channel.name, name)
    if secret:
        return MissingSecret(
            f'channel {channel.name!r} lacks {name}: set {name} = "env:NAME" or the environment variable {variable}'
        )
    return ConfigurationError(f"channel {channel.name!r} lacks {name}: add it to [channels.{channel.name}] or set {variable}")


def environment_variable(channel: str, field: str) -> str:
    """The variable that gives a channel's field by convention."""
    return f"SOCIALCAST_{channel}_{field}".upper().replace("-", "_")


def is_secret(annotation: Any) -> bool:
    """Whether a settings field of that type holds a secret."""
    return annotation is Secret or any(is_secret(part) for part in get_args(annotation))


def _keep_secret(wanted: type, value: Any) -> Any:
    if wanted is Secret and isinstance(value, Secret):
        return value
    if wanted is Secret:
        raise ValueError("a secret is written as env:NAME, file:PATH or keyring:NAME")
    return value


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the channels file {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None


def _refuse_shared_variables(names: Iterable[str], file: Path) -> None:
    """Channels that the environment cannot tell apart would publish with each other's secrets."""
    known: dict[str, str] = {}
    for name in names:
        first = known.setdefault(environment_variable(name, ""), name)
        if first != name:
            shared = environment_variable(name, "...")
            raise ConfigurationError(f"{file}: channels {first!r} and {name!r} would both read {shared}; rename one of them")


def _channel(name: str, table: Any, file: Path) -> Channel:
    where = f"[channels.{name}] in {file}"
    if not _CHANNEL_NAME.fullmatch(name):
        raise ConfigurationError(f"{where}: a channel's name is made of letters, digits, - and _")
    if not isinstance(table, dict) or not isinstance(table.get("platform"), str):
        raise ConfigurationError(f'{where} needs a platform, such as platform = "x"')
    common, wording = ({key: table[key] for key in keys if key in table} for keys in (_COMMON, Wording.__struct_fields__))
    settings = {key: value for key, value in table.items() if key not in common and key not in wording}
    document = {**common, "name": name, "wording": wording, "settings": settings, "folder": file.parent}
    try:
        return msgspec.convert(document, Channel, dec_hook=lambda _, v: v)
    except msgspec.ValidationError as error:
        own = error.__cause__ if isinstance(error.__cause__, ConfigurationError) else None  # which names its place itself
        raise ConfigurationError(f"{where}: {own or in_words(str(error), Channel)}") from None


def _refuse_unknown(given: Mapping[str, Any], known: Any, where: str, also: tuple[str, ...] = ()) -> None:
    for name in given:
        if name not in known:
            raise ConfigurationError(f"{where} has an unknown setting {name!r}: {suggest(name, (*known, *also))}")
