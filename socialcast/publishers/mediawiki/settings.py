"""What a MediaWiki channel can be set to, and what these settings must hold together."""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from socialcast.model.errors import ConfigurationError
from socialcast.wire.secrets import Secret

__all__ = ["Markup", "MediawikiSettings", "Mode"]

ENGLISH_WIKIPEDIA = "en.wikipedia.org"
COMMONS = "commons.wikimedia.org"

_API = re.compile(r"(?:https://[^/\s?#]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)/(?:[^\s?#]*/)?api\.php")
_WIKIMEDIA = re.compile(
    r"(?:.+\.)?(?:wikipedia|wikimedia|wiktionary|wikibooks|wikinews|wikiquote|wikisource|wikiversity|wikivoyage|wikidata"
    r"|wikifunctions|mediawiki)\.org"
)
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_KNOWN_PLACEHOLDERS = {"title", "key", "date"}


class Mode(Enum):
    """Write a page or a section; propose a change on an article's talk page; or upload the photos alone."""

    EDIT = "edit"
    PROPOSE = "propose"
    UPLOAD = "upload"


class Markup(Enum):
    """How the announcement's body is written."""

    MARKDOWN = "markdown"
    WIKITEXT = "wikitext"


class MediawikiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account on one wiki, and what it does there."""

    url: Annotated[str, Meta(description="the wiki's api.php, such as https://wiki.example.org/w/api.php")]
    contact: Annotated[str, Meta(description="the operator's mail or web address, for the User-Agent that wikis ask for")]
    username: Annotated[str, Meta(description="a bot password's name, such as Press@socialcast")] = ""
    password: Annotated[Secret | None, Meta(description="the bot password")] = None
    access_token: Annotated[Secret | None, Meta(description="an owner-only OAuth 2.0 token, in place of both")] = None
    mode: Annotated[Mode | None, Meta(description="edit, propose or upload; propose on Wikimedia's wikis, else edit")] = None
    page: Annotated[str, Meta(description="the page, or the article to propose for; may hold {title}, {key}, {date}")] = ""
    section: Annotated[str, Meta(description="write only the section of this heading; may hold {title}, {key}, {date}")] = ""
    page_template: Annotated[str, Meta(description="a wikitext file in the channel's folder, with $title, $text, $body, ...")] = (
        ""
    )
    markup: Annotated[Markup, Meta(description="how the body is written: markdown, or wikitext taken as it is")] = Markup.MARKDOWN
    summary: Annotated[str, Meta(description="the edit summary's sentence; the title if empty")] = ""
    minor: Annotated[bool, Meta(description="mark edits as minor")] = False
    bot: Annotated[bool, Meta(description="mark edits as a bot's, which needs the right to")] = False
    upload_photos: Annotated[bool, Meta(description="upload the photos and show them on the page")] = True
    categories: Annotated[tuple[str, ...], Meta(description="categories of the uploaded files")] = ()
    source: Annotated[str, Meta(description="where the photos come from, in wikitext; {{own}} if you took them")] = ""
    permission: Annotated[str, Meta(description="the rights holder's permission, in wikitext, such as {{subst:PP}}")] = ""
    employer: Annotated[str, Meta(description="who pays you; a proposal must tell")] = ""
    client: Annotated[str, Meta(description="on whose behalf you propose; a proposal must tell")] = ""
    affiliation: Annotated[str, Meta(description="your relation to the subject; a proposal must tell")] = ""
    no_conflict_of_interest: Annotated[bool, Meta(description="declare it, to edit Wikipedia's articles directly")] = False
    maxlag_seconds: Annotated[int, Meta(description="wait when the wiki's replicas lag more than this", ge=1)] = 5

    def __post_init__(self) -> None:
        for problem in filter(None, (_address(self), _contact(self), _page(self), _placeholders(self), _proposal(self))):
            raise ConfigurationError(problem)

    @property
    def host(self) -> str:
        """The wiki's name in the network."""
        return urlsplit(self.url).netloc

    @property
    def resolved_mode(self) -> Mode:
        """The chosen mode, or the one that is polite on that wiki."""
        return self.mode or (Mode.PROPOSE if _WIKIMEDIA.fullmatch(self.host) else Mode.EDIT)

    @property
    def shows_photos(self) -> bool:
        """Whether the photos are uploaded."""
        return self.resolved_mode is Mode.UPLOAD or (self.resolved_mode is Mode.EDIT and self.upload_photos)

    @property
    def writes_section(self) -> bool:
        """Whether it writes one section, with its heading, and not a whole page."""
        return self.resolved_mode is Mode.PROPOSE or (self.resolved_mode is Mode.EDIT and bool(self.section))

    @property
    def is_wikipedia(self) -> bool:
        """Whether the wiki is a Wikipedia, of any language."""
        return self.host.endswith(".wikipedia.org")

    @property
    def is_commons(self) -> bool:
        """Whether the wiki is Wikimedia Commons."""
        return self.host == COMMONS


def _address(settings: MediawikiSettings) -> str:
    return (
        "" if _API.fullmatch(settings.url) else f"url is {settings.url!r}; give the full https:// address of the wiki's api.php"
    )


def _contact(settings: MediawikiSettings) -> str:
    if settings.contact.strip() and settings.contact.isprintable() and settings.contact.isascii():
        return ""
    return "contact must be a mail or web address of yours: wikis refuse or slow down programs that name nobody to write to"


def _page(settings: MediawikiSettings) -> str:
    if settings.page.strip() or settings.resolved_mode is Mode.UPLOAD:
        return ""
    return f"mode {settings.resolved_mode.value} needs a page"


def _placeholders(settings: MediawikiSettings) -> str:
    unknown = {*_PLACEHOLDER.findall(settings.page + settings.section)} - _KNOWN_PLACEHOLDERS
    return f"page and section take {{title}}, {{key}} and {{date}}, not {{{min(unknown)}}}" if unknown else ""


def _proposal(settings: MediawikiSettings) -> str:
    if settings.resolved_mode is not Mode.PROPOSE:
        return ""
    missing = [name for name in ("employer", "client", "affiliation") if not getattr(settings, name).strip()]
    if missing:
        return f"a proposal must disclose your interest (Wikipedia's WP:PAID): set {', '.join(missing)}, or another mode"
    if settings.host != ENGLISH_WIKIPEDIA and not settings.page_template:
        return "a proposal here needs its own language and form, the English one fits no other wiki: set page_template"
    return ""
