"""The pages in HTML, by templates that a site can replace; each is whole by itself and needs no script."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from markupsafe import Markup

from socialcast.compose.markup import html, plain
from socialcast.model.errors import ConfigurationError
from socialcast.publishers.newsroom.record import Entry, Record
from socialcast.publishers.newsroom.structured import structured
from socialcast.publishers.newsroom.tables import NewsroomSettings
from socialcast.publishers.newsroom.words import speak

__all__ = ["TEMPLATES", "Pages", "summary_of", "title_of"]

TEMPLATES = ("base.html", "page.html", "index.html", "archive.html", "withdrawn.html", "macros.html", "style.css")
_LONGEST_TITLE = 90
_REMEMBERED = 256  # summaries: the lists of one change ask for each several times


class Pages:
    """Renders one site. Every method gives a whole file, and raises ConfigurationError for a template that is wrong."""

    def __init__(self, site: NewsroomSettings, templates: Path | None) -> None:
        self._site, self._environment = site, _environment(templates)

    def require_sound(self, record: Record) -> None:
        """Raise ConfigurationError for a template that is wrong, of all that its page needs from now on until it is withdrawn."""
        entry = Entry(slug=record.slug, published_at=record.moment, title=title_of(record), language=record.language)
        self.page(record)
        self.index([record], [record.month])
        self.archive(record.month, [entry])
        self.page(msgspec.structs.replace(record, withdrawn=True))

    def page(self, record: Record) -> bytes:
        """The page of an announcement, or what remains of one that was withdrawn."""
        name = "withdrawn.html" if record.withdrawn else "page.html"
        return self._render(
            name,
            language=record.language,
            root="../",
            address=f"{self._site.base}{record.slug}/",
            record=record,
            title=title_of(record),
            summary=summary_of(record),
            structured=structured(record, self._site, title_of(record), summary_of(record)),
        )

    def index(self, records: Sequence[Record], months: Sequence[str]) -> bytes:
        """The first page, with the newest announcements and the way to all others."""
        return self._render("index.html", root="", address=self._site.base, records=records, months=months)

    def archive(self, month: str, entries: Sequence[Entry]) -> bytes:
        """The list of one month."""
        address = f"{self._site.base}archive/{month}.html"
        return self._render("archive.html", root="../", address=address, month=month, entries=entries)

    def _render(self, name: str, *, language: str = "", **values: Any) -> bytes:
        spoken = language or self._site.language
        known: Mapping[str, Any] = {"title_of": title_of, "summary_of": summary_of, "words": speak(spoken), "language": spoken}
        try:
            return self._environment.get_template(name).render(site=self._site, **known, **values).encode()
        except Exception as error:  # noqa: BLE001 - a template is a program of the site's, which may do anything
            raise ConfigurationError(f"the newsroom's template {_place(error) or name}: {_why(error)}") from None


@lru_cache(maxsize=_REMEMBERED)
def _environment(templates: Path | None) -> Environment:
    """The templates, compiled once for a process; one that was changed is read again."""
    ours = PackageLoader("socialcast.publishers.newsroom")
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(templates), ours]) if templates else ours,
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(markdown=_safe_html, moment=_moment, machine=_machine, clock=_clock)
    return environment


def _place(error: Exception) -> str:
    """The file and the line, as far as Jinja knows them: of what runs, it tells by the names in the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith((".py", ">"))]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def _why(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name}"
    return str(error) or type(error).__name__


def title_of(record: Record) -> str:
    """The title, or the beginning of the text where it has none."""
    if record.title:
        return record.title
    words = summary_of(record)
    return words if len(words) <= _LONGEST_TITLE else words[:_LONGEST_TITLE].rpartition(" ")[0] + " …"


@lru_cache(maxsize=_REMEMBERED)
def summary_of(record: Record) -> str:
    """The first paragraph in one line."""
    return " ".join(plain(record.text.partition("\n\n")[0]).split())


def _safe_html(text: str) -> Markup:
    return Markup(html(text))  # noqa: S704 - the renderer shows HTML of the text instead of passing it on


def _moment(moment: datetime) -> str:
    """The time as people of every language read it, with its zone in words."""
    return f"{moment:%Y-%m-%d %H:%M} {_zone(moment.utcoffset() or timedelta())}"


def _zone(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"UTC{'−' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"


def _machine(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
