"""What is written on a wiki: pages, sections, proposals and summaries, built from the announcement; pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from string import Template
from typing import NamedTuple

from socialcast.compose.markup import escape_wikitext, quote_address, wikitext
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.errors import ConfigurationError
from socialcast.publishers.mediawiki.settings import Markup, MediawikiSettings, Mode

__all__ = [
    "HEADING", "ILLEGAL_IN_TITLES", "MARKER", "PAGE", "PROPOSAL", "Section", "fill_names", "fill_template", "has_namespace",
    "marker_of", "open_request", "replaced", "section_of", "sections", "split_heading", "summary_of", "talk_page_of",
    "template_of", "title_of", "with_section",
]  # fmt: skip

PAGE = """\
$text

$photos

$body

$links

$tags
"""

# Template:Edit COI and Wikipedia:Simple conflict of interest edit request, read 2026-11-22.
PROPOSAL = """\
{{edit COI}}
* '''Specific text to be added or removed:'''
$body
* '''Reason for the change:''' $text
* '''References supporting change:'''
$links
I have a conflict of interest. Employer: $employer; client: $client; affiliation: $affiliation. ~~~~
"""

HEADING = re.compile(r"^(?P<marks>={1,6})[ \t]*(?P<words>.+?)[ \t]*(?P=marks)[ \t]*$", re.MULTILINE)
MARKER = re.compile(r"\(sc:[0-9a-f]{12}\)")
ILLEGAL_IN_TITLES = re.compile(r"[#<>\[\]|{}_\x00-\x1f\x7f]|~{3,}|%[0-9A-Fa-f]{2}")  # Manual:Page title, 2026-11-22

_MARKER_DIGITS = 12
_LONGEST_SENTENCE = 300  # a summary is cut after 500 characters, and the marker must stay
_EMPTY_LINES = re.compile(r"\n{3,}")
_TEMPLATE_NAME = re.compile(r"\{\{\s*([^{}|\s][^{}|]*?)\s*[|}]")
# Their canonical names work on every wiki, whatever its language (Manual:Namespace, 2026-11-22).
_SUBJECTS = ("user", "project", "wikipedia", "file", "mediawiki", "template", "help", "category", "portal", "draft", "module")


# -- what stands on a page -------------------------------------------------------------------------------------------------


def fill_template(
    template: str, said: Announcement, links: Mapping[str, str], files: Sequence[str], settings: MediawikiSettings
) -> str:
    """The template with the announcement in it; what the author wrote is escaped, unless the body is given as wikitext."""
    values = {
        "title": escape_wikitext(said.title),
        "text": _paragraphs(said.text),
        "body": _body(said.body, settings),
        "link": quote_address(said.link.url) if said.link else "",
        "links": _links(said, links, photos_shown=bool(files)),
        "photos": "\n".join(_photo(name, photo) for name, photo in zip(files, said.photos, strict=False)),
        "tags": ", ".join(escape_wikitext(tag) for tag in said.tags),
        "date": day_of(said),
        "credit": escape_wikitext(said.credit),
        "licence": escape_wikitext(said.licence),
        "key": escape_wikitext(said.resolved_key),
        "employer": escape_wikitext(settings.employer),
        "client": escape_wikitext(settings.client),
        "affiliation": escape_wikitext(settings.affiliation),
    }
    try:
        filled = Template(template).substitute(values)
    except (KeyError, ValueError) as error:
        known = ", ".join(f"${name}" for name in values)
        raise ConfigurationError(
            f"page_template {settings.page_template}: {error}; it may hold {known}, and $$ for a dollar sign"
        ) from None
    return unicodedata.normalize("NFC", _EMPTY_LINES.sub("\n\n", filled).strip())  # as the wiki itself stores a page


def title_of(words: str) -> str:
    """The words as they can be part of a page's name."""
    return " ".join(ILLEGAL_IN_TITLES.sub(" ", unicodedata.normalize("NFC", words)).split())


def fill_names(pattern: str, said: Announcement, *, title: str) -> str:
    """A page's or section's name with {title}, {key} and {date} filled in; a date that is not known stays as it is."""
    values = {"title": title, "key": said.resolved_key, "date": day_of(said) or "{date}"}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], pattern)


def day_of(said: Announcement) -> str:
    """The day it is about: of the embargo, or else of the live event."""
    moment = said.embargo or (said.live.starts_at if said.live else None)
    return moment.date().isoformat() if moment else ""


def _paragraphs(text: str) -> str:
    return "\n\n".join(escape_wikitext(part).replace("\n", "<br />\n") for part in re.split(r"\n{2,}", text.strip()))


def _body(body: str, settings: MediawikiSettings) -> str:
    if settings.markup is Markup.WIKITEXT or settings.resolved_mode is Mode.PROPOSE:
        return body
    return wikitext(body, heading_level=3 if settings.section else 2)


def _links(said: Announcement, links: Mapping[str, str], *, photos_shown: bool) -> str:
    named: dict[str, str] = {}  # each address once
    for address, words in (
        (said.live.url, said.live.title) if said.live else ("", ""),
        (said.link.url, said.link.title) if said.link else ("", ""),
        (links.get("video", ""), said.video.title) if said.video else ("", ""),
        (links.get("album", ""), "") if said.photos and not photos_shown else ("", ""),
    ):
        named.setdefault(address, words)
    return "\n".join(f"* {_link(address, words)}" for address, words in named.items() if address)


def _link(address: str, words: str) -> str:
    return f"[{quote_address(address)} {escape_wikitext(words)}]" if words else quote_address(address)


def _photo(name: str, photo: Photo) -> str:
    alt, caption = escape_wikitext(" ".join(photo.alt.split())), escape_wikitext(" ".join(photo.caption.split()))
    return "[[" + "|".join(part for part in (f"File:{name}", "thumb", f"alt={alt}", caption) if part) + "]]"


# -- sections and talk pages -----------------------------------------------------------------------------------------------


class Section(NamedTuple):
    """One section of a page: its level, its heading, what stands below it, and where both begin and end."""

    level: int
    heading: str
    content: str
    start: int
    end: int


def sections(page: str) -> Iterator[Section]:
    """The sections of a page, each with the deeper ones that belong to it."""
    headings = list(HEADING.finditer(page))
    for index, heading in enumerate(headings):
        level = len(heading["marks"])
        end = next((later.start() for later in headings[index + 1 :] if len(later["marks"]) <= level), len(page))
        yield Section(level, heading["words"], page[heading.end() : end].strip(), heading.start(), end)


def section_of(page: str, heading: str) -> Section | None:
    """The first section of that heading."""
    return next((section for section in sections(page) if section.heading == heading), None)


def split_heading(text: str) -> tuple[str, str]:
    """The heading in the first line, and the rest."""
    first_line, _, content = text.partition("\n")
    return first_line.removeprefix("== ").removesuffix(" =="), content


def with_section(page: str, heading: str, content: str) -> str:
    """The page with that content in the section, which is added at the end where there is none."""
    section = section_of(page, heading)
    return replaced(page, section, heading, content) if section else f"{page}\n\n== {heading} ==\n{content}".strip()


def replaced(page: str, section: Section, heading: str, content: str) -> str:
    """The page with that heading and content in place of the section, on its level."""
    marks = "=" * section.level
    first_line = (
        page[section.start : section.end].partition("\n")[0] if heading == section.heading else f"{marks} {heading} {marks}"
    )
    return f"{page[: section.start]}{first_line}\n{content}\n\n{page[section.end :]}".strip()


def has_namespace(page: str) -> bool:
    """Whether the page is outside the wiki's main namespace, by its canonical English name."""
    return _is_talk(page) or _namespace(page) in _SUBJECTS


def talk_page_of(page: str) -> str:
    """Where that page is discussed."""
    if _is_talk(page):
        return page
    if _namespace(page) in _SUBJECTS:
        namespace, _, name = page.partition(":")
        return f"{namespace.strip()} talk:{name}"
    return f"Talk:{page}"


def open_request(talk: str, request: str, user: str) -> str:
    """The heading of a request of that user which nobody has answered yet, empty where there is none.

    Those who answer give the request's template another parameter than R or N, or take it away (Template:Edit COI).
    """
    unanswered = re.compile(rf"\{{\{{\s*{_title_pattern(template_of(request))}\s*(?:\|\s*[RN]\s*)?\}}\}}", re.IGNORECASE)
    signed = re.compile(rf"\[\[[^\[\]|]*:\s*{_title_pattern(user)}\s*[|\]#]")
    found = (part.heading for part in sections(talk) if unanswered.search(part.content) and signed.search(part.content))
    return next(found, "")


def template_of(request: str) -> str:
    """The name of the first template in a text, empty where there is none."""
    found = _TEMPLATE_NAME.search(request)
    return found[1] if found else ""


def _title_pattern(title: str) -> str:
    return "[ _]+".join(re.escape(word) for word in re.split("[ _]+", title))


def _namespace(page: str) -> str:
    namespace, colon, _ = page.partition(":")
    return namespace.strip().replace("_", " ").lower() if colon else ""


def _is_talk(page: str) -> bool:
    return re.fullmatch(r"(?:.+ )?talk", _namespace(page)) is not None


# -- markers and summaries -------------------------------------------------------------------------------------------------


def marker_of(key: str, channel: str, step: str) -> str:
    """What an edit of this step is found by, the same on every machine."""
    digest = hashlib.sha256("\n".join((key, channel, step)).encode()).hexdigest()
    return f"(sc:{digest[:_MARKER_DIGITS]})"


def summary_of(sentence: str, marker: str) -> str:
    """An edit summary that says what, with what, and by which marker it is found again."""
    words = " ".join(sentence.split())
    short = words if len(words) <= _LONGEST_SENTENCE else words[: _LONGEST_SENTENCE - 1] + "…"
    return f"{short} {marker} socialcast".strip()
