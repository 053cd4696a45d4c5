"""What a newsroom can show, and what it is set to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.capabilities import (
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    PhotoRules,
    Recovery,
    TagRules,
    TextRules,
    VideoRules,
)

__all__ = ["CAPABILITIES", "NewsroomSettings"]

_IN_BROWSERS = PhotoRules(types=frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"}))

CAPABILITIES = Capabilities(
    documented="what browsers show (MDN, media type and codec guides), RSS 2.0.11, RFC 4287, JSON Feed 1.1, RFC 5545",
    checked=date(2026, 11, 26),
    text=TextRules(titled=True),
    photos=_IN_BROWSERS,
    video=VideoRules(
        types=frozenset({"video/mp4", "video/webm"}),
        codecs=frozenset({"h264", "vp8", "vp9", "av1"}),
        subtitles=frozenset({"vtt", "srt"}),
        poster=_IN_BROWSERS,
        with_photos=True,
    ),
    link=LinkRules(),
    tags=TagRules(),
    gives=frozenset({"page"}),
    recovery=Recovery(
        marker="the page's own folder, in which key and digest are written",
        settle_seconds=(0,),
        lost_ledger="everything: the folder is looked at before anything is written",
    ),
    edits=EditRules(aspects=frozenset(Aspect)),
    inspects=frozenset(Aspect),
    shows_live=True,
    notes={
        "gives": "the page's address is known beforehand, so hosts and feeds carry it alike",
        "photos.types": "each is shown in up to three sizes, and whole behind its link",
        "video.subtitles": "SubRip is written as WebVTT, which is what browsers show",
        "retract": "what remains of the page says so, the calendar shows the event as cancelled, and Atom the entry as deleted",
        "edits.aspects": "the page keeps its address and its feeds' ids; they have a newer time, the event a higher number",
        "inspects": "the page in the folder, as its file shows it",
    },
)


class NewsroomSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One site in one folder."""

    folder: Annotated[str, Meta(min_length=1, description="where the files are written; its parent must exist")]
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
            description="the address under which the folder is served; it is part of every page's name, so it stays",
        ),
    ]
    title: Annotated[str, Meta(min_length=1, description="what the site is called, such as News of the Alpine Forum")]
    description: Annotated[str, Meta(description="a sentence about the site, for the index and the feeds")] = ""
    language: Annotated[str, Meta(description="of the index and the feeds (BCP 47)")] = "en"
    templates: Annotated[str, Meta(description="a folder of templates that take the place of ours with the same names")] = ""

    @property
    def base(self) -> str:
        """The address with a slash at its end."""
        return self.url.rstrip("/") + "/"
