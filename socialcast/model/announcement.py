"""What an author writes once: the announcement and the media, links and wishes it carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum, StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec.structs import force_setattr

from socialcast.model.data import Data
from socialcast.model.errors import ConfigurationError
from socialcast.model.languages import best_language, in_language, require_language, words_in
from socialcast.model.media import ContactSheet, Media, Photo, PhotoWords, Subtitles, Video, VideoWords

__all__ = [
    "Announcement",
    "Audience",
    "ContactSheet",
    "Link",
    "Live",
    "LiveWords",
    "Media",
    "Override",
    "Photo",
    "PhotoWords",
    "Privacy",
    "Subtitles",
    "Video",
    "VideoWords",
    "Words",
    "digest_of",
    "told_by_content",
]

_OVERRIDDEN = ("title", "text", "short", "body", "tags")
_KEY_LENGTH_IN_CODE = 16  # hexadecimal characters of the digest: 64 bits, plenty for one organisation's announcements


class Audience(StrEnum):  # of text, so that a set of them can be put in order
    """Who may see it; material for the press never goes to a public channel."""

    PUBLIC = "public"
    PRESS = "press"

    def may_see(self, material: Audience) -> bool:
        """Whether it may be shown what is for that audience; material for the press is for the press alone."""
        return material is Audience.PUBLIC or self is Audience.PRESS


class Link(Data, frozen=True):
    """An address that the announcement points to."""

    url: str
    title: str = ""


class LiveWords(Data, frozen=True):
    """What is said of a live event in another language."""

    title: str = ""
    description: str = ""


class Words(Data, frozen=True):
    """What the announcement says in another language; link and tags are the same where none are given."""

    title: str = ""
    text: str = ""
    short: str = ""
    body: str = ""
    link: Link | None = None
    tags: tuple[str, ...] | None = None


class Privacy(Enum):
    """Who finds it on the platform: everybody, or those who were given the link."""

    PUBLIC = "public"
    UNLISTED = "unlisted"


class Live(Data, frozen=True):
    """A live event to watch: one that exists, by its `url`, or one to create on every channel that hosts live events.

    `starts_at` and `ends_at` are aware datetimes, `poster` is shown before it begins. Raises ConfigurationError for an
    event that has neither an address nor a start, or that ends before it starts.
    """

    url: str = ""
    title: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    description: str = ""
    poster: Photo | None = None
    privacy: Privacy = Privacy.PUBLIC
    low_latency: bool = False
    dvr: bool = True
    texts: Mapping[str, LiveWords] = {}

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_aware(self.starts_at, "live.starts_at")
        _require_aware(self.ends_at, "live.ends_at")
        if not self.url and self.starts_at is None:
            raise ConfigurationError("live needs the url of an event that exists, or starts_at to create one")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ConfigurationError(
                f"live.ends_at {self.ends_at.isoformat()} is not after live.starts_at {self.starts_at.isoformat()}"
            )

    @property
    def is_to_create(self) -> bool:
        """Whether the channels that host live events make it."""
        return not self.url


class Override(Data, frozen=True):
    """What one channel says instead; `reply_to` is the address of the post that this one answers, `skip` is the reason why it
    gets nothing."""

    title: str | None = None
    text: str | None = None
    short: str | None = None
    body: str | None = None
    tags: tuple[str, ...] | None = None
    reply_to: str | None = None
    skip: str | None = None


_NO_OVERRIDE = Override()


class Announcement(Data, frozen=True, kw_only=True, dict=True):
    """One announcement for all channels.

    `text` is what feeds show, `short` a shorter variant for those that have no room for it, `body` the long form (Markdown) for
    pages and descriptions; `texts` says the same in other languages, by their tags;
    `embargo` is an aware datetime before which nothing is public; `channels` holds overrides by channel name.
    """

    key: str = ""
    title: str = ""
    text: str = ""
    short: str = ""
    body: str = ""
    link: Link | None = None
    photos: tuple[Photo, ...] = ()
    video: Video | None = None
    live: Live | None = None
    tags: tuple[str, ...] = ()
    language: str = "en"
    audience: Audience = Audience.PUBLIC
    embargo: datetime | None = None
    licence: str = ""
    credit: str = ""
    channels: Mapping[str, Override] = {}
    texts: Mapping[str, Words] = {}

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            key: str = "",
            title: str = "",
            text: str = "",
            short: str = "",
            body: str = "",
            link: Link | str | None = None,
            photos: Iterable[Photo] = (),
            video: Video | None = None,
            live: Live | None = None,
            tags: Iterable[str] = (),
            language: str = "en",
            audience: Audience = Audience.PUBLIC,
            embargo: datetime | None = None,
            licence: str = "",
            credit: str = "",
            channels: Mapping[str, Override] = ...,
            texts: Mapping[str, Words] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_aware(self.embargo, "embargo")
        for name in ("photos", "tags"):  # a list is what people write
            force_setattr(self, name, tuple(getattr(self, name)))
        link: Any = self.link
        if isinstance(link, str):
            force_setattr(self, "link", Link(link))
        require_language(self.language, "language")
        if not self.key.isprintable():
            raise ConfigurationError(f"key {self.key!r} has characters that cannot be printed: write letters, digits and -")
        for path, value in self._worded():
            for language in value.texts:
                self._require_other(language, f"{path}texts.{language}")
            if len(value.texts) > 1:
                _require_different(value.texts, f"{path}texts")

    def _worded(self) -> Iterator[tuple[str, Announcement | Photo | Video | Live]]:
        """All that can be said in other languages, with its place."""
        yield "", self
        yield from ((f"photos[{index}].", photo) for index, photo in enumerate(self.photos))
        for name, value in (("video", self.video), ("live", self.live)):
            if value:
                yield f"{name}.", value
                yield from [(f"{name}.poster.", value.poster)] if value.poster else []

    def _require_other(self, language: str, path: str) -> None:
        require_language(language, path)
        if language.casefold() == self.language.casefold():
            raise ConfigurationError(
                f"{path}: {language} is the announcement's own language; its words stand where they always do"
            )

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything said here, files by their content: equal on every machine."""
        return digest_of(msgspec.structs.replace(self, key=""))

    @property
    def resolved_key(self) -> str:
        """The key that re-runs are told apart by: the given one, or the beginning of the digest."""
        return self.key or self.digest[:_KEY_LENGTH_IN_CODE]

    def for_channel(self, channel: str, language: str = "") -> Announcement:
        """The announcement as this channel says it: in its language, if there are words in it, its override applied."""
        override = self.channels.get(channel, _NO_OVERRIDE)
        spoken = self.spoken_on(channel, language)
        changes = dict(self._words_in(spoken)) if self._has_other_words or spoken != self.language else {}
        changes |= {name: value for name in _OVERRIDDEN if (value := getattr(override, name)) is not None}
        if not changes:
            return self
        if override.text is not None and override.short is None:
            changes["short"] = ""  # it is the shorter variant of another text
        return msgspec.structs.replace(self, **changes, key=self.resolved_key)

    def spoken_on(self, channel: str, language: str) -> str:
        """The language that a channel speaks: its own, if the announcement or its override has words in it."""
        if self.channels.get(channel, _NO_OVERRIDE).text is not None:
            return language or self.language
        return best_language(language, [self.language, *self.texts]) or self.language

    @cached_property
    def _has_other_words(self) -> bool:
        return any(value.texts for _, value in self._worded())

    @cached_property
    def _said_in(self) -> dict[str, Mapping[str, Any]]:
        """What was asked for by language: a hundred channels speak a few, and share the photos that are said in each."""
        return {}

    def _words_in(self, language: str) -> Mapping[str, Any]:
        """The fields that say it in that language alone, in which there may be no words."""
        if language not in self._said_in:
            self._said_in[language] = self._fields_in(language)
        return self._said_in[language]

    def _fields_in(self, language: str) -> Mapping[str, Any]:
        other = "" if language == self.language else language
        return {
            **words_in(self, other, Words()),
            "language": language,
            "photos": tuple(in_language(photo, other, PhotoWords()) for photo in self.photos),
            "video": _with_poster(self.video, other, VideoWords()),
            "live": _with_poster(self.live, other, LiveWords()),
        }


P = TypeVar("P", Video | None, Live | None)


def _with_poster(value: P, language: str, nothing: msgspec.Struct) -> P:
    if value is None:
        return value
    poster = value.poster and in_language(value.poster, language, PhotoWords())
    return msgspec.structs.replace(value, poster=poster, **words_in(value, language, nothing))


def digest_of(data: msgspec.Struct) -> str:
    """SHA-256 (hex) of the data's JSON with each file told by its content and not by its place: equal on every machine."""
    return hashlib.sha256(msgspec.json.encode(told_by_content(data), order="sorted")).hexdigest()


def told_by_content(value: Any) -> Any:
    """Plain data with each file told by its content, and without what equals a default: msgspec leaves out only what is the
    very same object, which a value that was written out or came from another process is not."""
    if isinstance(value, tuple):
        return [told_by_content(item) for item in value]
    if isinstance(value, Mapping):
        return {name: told_by_content(item) for name, item in value.items()}
    if not isinstance(value, msgspec.Struct):
        return value
    told = {name: told_by_content(item) for name, default in _defaults(type(value)) if (item := getattr(value, name)) != default}
    if isinstance(value, Media):
        content = {} if isinstance(value, ContactSheet) else {"sha256": _sha256(value)}
        told = {name: item for name, item in told.items() if name not in ("path", "data")} | content
    return told


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Each field's name and default."""
    fields = msgspec.structs.fields(kind)
    return tuple((f.name, f.default_factory() if f.default_factory is not msgspec.NODEFAULT else f.default) for f in fields)


def _sha256(media: Media) -> str:
    try:
        return media.content.sha256
    except OSError:
        return "unreadable"  # preflight tells which file and why


def _require_different(tags: Iterable[str], path: str) -> None:
    """Tags of languages are the same however they are written, and of two only one would be said."""
    seen: dict[str, str] = {}
    for tag in tags:
        if (other := seen.setdefault(tag.casefold(), tag)) != tag:
            raise ConfigurationError(f"{path}: {other} and {tag} are the same language; leave one of them out")


def _require_aware(moment: datetime | None, path: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ConfigurationError(
            f"{path} {moment.isoformat()} has no time zone: write it as {moment.isoformat()}+01:00 or with a Z"
        )
    if moment is not None and moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():
        raise ConfigurationError(_about_changed_clocks(moment, path))


def _about_changed_clocks(moment: datetime, path: str) -> str:
    """What to say of an hour that clocks skip or show twice; an hour early is what an embargo is there to prevent."""
    either, other = (moment.replace(fold=fold).isoformat() for fold in (0, 1))
    local = f"{path} {moment.replace(tzinfo=None).isoformat()}"
    exists = moment.astimezone(UTC).astimezone(moment.tzinfo).replace(fold=0) == moment.replace(fold=0)
    happens = "happens twice" if exists else "does not happen"
    return f"{local} {happens} in {moment.tzinfo}, as clocks change: write {either} or {other}"
