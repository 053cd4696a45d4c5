"""What a platform can do, as data with four readers: documentation, preflight, tests and the renderer.

A group that is None is not supported; a limit that is None is not known. Units stand in the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum, StrEnum

import msgspec

from socialcast.model.announcement import Audience

__all__ = [
    "MB",
    "AltText",
    "Aspect",
    "Capabilities",
    "EditRules",
    "LinkRules",
    "LiveRules",
    "MetricRule",
    "PhotoRules",
    "Recovery",
    "ReplyRules",
    "Support",
    "TagRules",
    "TextRules",
    "Unit",
    "VideoRules",
    "metric_rules",
]

MB = 1_000_000


class Support(Enum):
    """NATIVE: the platform does it; EMULATED: we do; NONE: nobody does."""

    NATIVE = "native"
    EMULATED = "emulated"
    NONE = "none"


class Unit(Enum):
    """What a text limit counts."""

    CODE_POINT = "code points"
    GRAPHEME = "graphemes"
    UTF8_BYTE = "UTF-8 bytes"
    UTF16_UNIT = "UTF-16 code units"
    X_WEIGHT = "X weights"


class Aspect(StrEnum):
    """One side of what is published, which may be changed or read back."""

    TEXT = "text"
    TITLE = "title"
    LINKS = "links"
    TAGS = "tags"
    MEDIA = "media"  # which photos and films, in which order, to the eye
    ALT_TEXT = "alt text"
    LICENCE = "licence"
    LIVE = "live"


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group of the table."""


class TextRules(_Group, frozen=True, kw_only=True):
    """The text of one post; `link_weight` is what any address counts, whatever its length, `bare_links` whether one without a
    scheme is an address too; `repeatable` whether the same words may come again once the post that said them was deleted;
    `titled` whether its readers see a title above it."""

    max_length: int | None = None
    unit: Unit = Unit.CODE_POINT
    link_weight: int | None = None
    bare_links: bool = False
    repeatable: bool = True
    titled: bool = False
    max_title_length: int | None = None


class AltText(_Group, frozen=True, kw_only=True):
    """How a description for those who do not see the medium is carried."""

    support: Support = Support.NATIVE
    max_length: int | None = None


class PhotoRules(_Group, frozen=True, kw_only=True):
    """Photos of one post; `types` are media types."""

    max_count: int | None = None
    types: frozenset[str] = frozenset({"image/jpeg", "image/png"})
    max_bytes: int | None = None
    max_side: int | None = None  # pixels of the longer side
    max_pixels: int | None = None  # width times height
    alt_text: AltText = AltText()


class VideoRules(_Group, frozen=True, kw_only=True):
    """The video of one post."""

    max_count: int = 1
    types: frozenset[str] = frozenset({"video/mp4"})
    max_bytes: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    codecs: frozenset[str] | None = None  # of the picture, such as "h264"; None: any
    audio_codecs: frozenset[str] | None = None  # such as "aac"; None: any
    max_side: int | None = None  # pixels of the longer side
    max_frames_per_second: float | None = None
    subtitles: frozenset[str] = frozenset()  # formats: "srt", "vtt"
    poster: PhotoRules | None = None  # the picture shown before it plays; None: the platform chooses one itself
    with_photos: bool = False
    alt_text: AltText = AltText()


class LiveRules(_Group, frozen=True, kw_only=True):
    """Live events that the platform hosts."""

    max_title_length: int | None = None
    max_seconds: float | None = None
    low_latency: bool = False
    dvr: bool = False
    poster: PhotoRules | None = None  # the picture shown before it begins; None: the platform shows none of the announcement's
    tells_state: bool = True  # False: a bare server, of which nobody learns whether it is on the air


class LinkRules(_Group, frozen=True, kw_only=True):
    """Whether an address in the text can be followed, and whether the platform draws a card for it."""

    clickable: bool = True
    card: Support = Support.NONE


class TagRules(_Group, frozen=True, kw_only=True):
    """Tags that the platform keeps apart from the text; without this group they are hashtags in the text."""

    max_count: int | None = None


class EditRules(_Group, frozen=True, kw_only=True):
    """What of a published post can be changed, for how long, how often, and whether the public sees what it was before."""

    aspects: frozenset[Aspect] = frozenset({Aspect.TEXT})
    within_seconds: int | None = None
    max_count: int | None = None
    history_public: bool = False


class ReplyRules(_Group, frozen=True, kw_only=True):
    """What is written below a post; `forbidden` is a rule by which some of it may not be answered, in words; `outlive` says that
    it stays when the post is deleted."""

    answerable: bool = True
    within_seconds: int | None = None  # after publication nobody can read them any more
    forbidden: str = ""
    outlive: bool = False


class MetricRule(_Group, frozen=True, kw_only=True):
    """A number that the platform gives; `definition` is the platform's own, in words.

    `summable` says that it means the same as what other platforms give under that name, so that a sum makes sense.
    """

    name: str  # views, likes, shares, comments, watch_seconds ...
    definition: str
    summable: bool = False

    def __str__(self) -> str:
        return self.name


def metric_rules(told: Mapping[str, tuple[object, str]], *, summable: frozenset[str]) -> tuple[MetricRule, ...]:
    """The rules of a table that has, by our name, the platform's and the definition."""
    return tuple(MetricRule(name=name, definition=words, summable=name in summable) for name, (_, words) in told.items())


class Recovery(_Group, frozen=True, kw_only=True):
    """How a write whose answer was lost is found again: by which marker, and when its absence is believed."""

    marker: str
    settle_seconds: tuple[float, ...] = (1.0,)  # looks at these ages of the write; only the last one proves absence
    looks: bool = True  # False: nobody tells afterwards what was taken, so that a lost answer stays unknown
    lost_ledger: str = ""  # what a machine with an empty ledger finds again, and what it does not
    unknown: str = ""  # what no look can decide, so that a person has to; empty where there is no such thing


class Capabilities(_Group, frozen=True, kw_only=True):
    """The whole table of one platform, with the page it was read from and the day."""

    documented: str
    checked: date
    text: TextRules | None = None
    photos: PhotoRules | None = None
    video: VideoRules | None = None
    live: LiveRules | None = None
    link: LinkRules | None = None
    tags: TagRules | None = None
    thread: Support = Support.NONE
    album: Support = Support.NONE
    media_required: bool = False
    captions: bool = True  # caption, credit and licence of a photo or film are said below it
    audience: frozenset[Audience] = frozenset({Audience.PUBLIC})  # whom a channel may be for; PRESS: its readers can be chosen
    embargo: Support = Support.EMULATED
    gives: frozenset[str] = frozenset()  # the links it gives to others: "album", "video", "live" when it hosts, "page" always
    recovery: Recovery
    permalink: bool = True  # False: what was published has no address
    retract: bool = True
    edits: EditRules | None = None  # what is published can be changed
    shows_live: bool = False  # a published post shows by itself where its live event stands
    answer: bool = False  # a published post can be answered
    interrupts: bool = False  # an answer calls its readers, as a mail does, so that nothing but a correction is one
    continues: bool = False  # a thread can be appended to
    replies: ReplyRules | None = None  # what the public writes below it can be read
    inspects: frozenset[Aspect] = frozenset()  # what can be read back
    metrics: tuple[MetricRule, ...] = ()
    notes: dict[str, str] = {}
