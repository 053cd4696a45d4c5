"""What tells of the announcements: the first page, the archive, the feeds and the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socialcast.publishers.newsroom import feeds
from socialcast.publishers.newsroom.folder import PAGE, Folder
from socialcast.publishers.newsroom.pages import Pages, title_of
from socialcast.publishers.newsroom.record import Entry, Record
from socialcast.publishers.newsroom.tables import NewsroomSettings

__all__ = ["Lists"]

_NEWEST = 20  # on the first page and in the feeds


class Lists:
    """The lists of one site; whoever writes them has the folder alone."""

    def __init__(self, folder: Folder, pages: Pages, site: NewsroomSettings) -> None:
        self._folder, self._pages, self._site = folder, pages, site

    def rebuild(self, records: Sequence[Record]) -> None:
        """Write all lists anew, from everything that is public."""
        for record in records:
            self._folder.note(record)
        for month in {record.month for record in records}:
            self._write_month(month, _ordered(_entries([record for record in records if record.month == month])))
        self._write_newest(self._folder.newest(_NEWEST))
        self._write_calendar()

    def renew(self, record: Record) -> None:
        """Renew what tells of it: its month, the first page and the feeds if it is among the newest, the calendar if it has an
        event. All of it is written again by a run that was cut short, for what is remembered is written last."""
        others = [entry for entry in self._folder.month(record.month) if entry.slug != record.slug]
        entries = _ordered([*others, *_entries([record])])
        if entries != self._folder.month(record.month):  # else the month's page has it as it is
            self._write_month(record.month, entries)
        self._folder.note(record)
        newest = self._folder.newest(_NEWEST)
        if len(newest) < _NEWEST or record.moment >= newest[-1].published_at:
            self._write_newest(newest)
        if record.event or not (self._folder.root / feeds.CALENDAR).exists():
            self._write_calendar()

    def forget(self, slug: str) -> None:
        """Let no list tell of a page that is gone."""
        for month in self._folder.months():
            entries = self._folder.month(month)
            others = [entry for entry in entries if entry.slug != slug]
            if others != entries:
                self._write_month(month, others)
        self._write_newest(self._folder.newest(_NEWEST))
        self._write_calendar()

    def _write_month(self, month: str, entries: list[Entry]) -> None:
        archive = self._folder.root / "archive"
        archive.mkdir(exist_ok=True)
        self._folder.write(archive / f"{month}.html", self._pages.archive(month, entries))
        self._folder.write_month(month, entries)

    def _write_newest(self, entries: list[Entry]) -> None:
        records, site, withdrawn = self._folder.records(entries), self._site, self._folder.withdrawn()
        files = {
            PAGE: self._pages.index(records, self._folder.months()),
            feeds.RSS: feeds.rss(records, site, withdrawn),
            feeds.ATOM: feeds.atom(records, site, withdrawn),
            feeds.JSON_FEED: feeds.json_feed(records, site),
        }
        for name, data in files.items():
            self._folder.write(self._folder.root / name, data)

    def _write_calendar(self) -> None:
        self._folder.write(self._folder.root / feeds.CALENDAR, feeds.calendar(self._folder.with_events(), self._site))


def _entries(records: Iterable[Record]) -> list[Entry]:
    """What the lists tell of them; nothing of what was withdrawn."""
    return [
        Entry(slug=record.slug, published_at=record.moment, title=title_of(record), language=record.language)
        for record in records
        if not record.withdrawn
    ]


def _ordered(entries: Iterable[Entry]) -> list[Entry]:
    """The latest first."""
    return sorted(entries, key=lambda entry: (entry.published_at, entry.slug), reverse=True)
