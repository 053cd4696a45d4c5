"""RSS, Atom and JSON Feed of the newest announcements, and the calendar of live events.

No document holds the time at which it was written: the same announcements give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed
from icalendar import Calendar, vDuration, vUri
from icalendar import Event as CalendarEvent
from markupsafe import escape

from socialcast.compose.markup import html
from socialcast.publishers.newsroom.pages import summary_of, title_of
from socialcast.publishers.newsroom.record import Event, Picture, Record
from socialcast.publishers.newsroom.tables import NewsroomSettings
from socialcast.publishers.newsroom.words import speak

__all__ = ["ATOM", "CALENDAR", "JSON_FEED", "RSS", "atom", "calendar", "json_feed", "rss"]

RSS, ATOM, JSON_FEED, CALENDAR = "rss.xml", "atom.xml", "feed.json", "calendar.ics"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_REMEMBERED = 64  # texts in HTML, which three feeds show
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # when a feed without entries was changed
_LENGTH_UNKNOWN = timedelta(hours=1)  # of an event whose end is not told: calendars would show an instant


class _Rss(Rss201rev2Feed):  # type: ignore[misc]
    def latest_post_date(self) -> datetime:
        return _latest(self)


class _Atom(Atom1Feed):  # type: ignore[misc]
    def latest_post_date(self) -> datetime:
        return _latest(self)

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xmlns:at": _TOMBSTONES}

    def write_items(self, handler: Any) -> None:
        for address, when in self.feed["withdrawn"]:
            handler.addQuickElement("at:deleted-entry", "", {"ref": address, "when": when.isoformat()})
        super().write_items(handler)

    def item_attributes(self, item: Mapping[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]}


def rss(records: Sequence[Record], site: NewsroomSettings, withdrawn: Sequence[Record]) -> bytes:
    """RSS 2.0: the whole text of each entry, and the film or the first photo as its enclosure; what was withdrawn is not in it,
    and has changed the feed."""
    feed = _Rss(**_about(site, RSS), withdrawn=_tombstones(withdrawn, site))
    for record in records:
        feed.add_item(**_item(record, site), description=_content(record, site), enclosures=_enclosures(record, site)[:1])
    return str(feed.writeString("utf-8")).encode()


def atom(records: Sequence[Record], site: NewsroomSettings, withdrawn: Sequence[Record]) -> bytes:
    """Atom: a changed entry keeps its id and has a newer time, so that readers replace it; one that was withdrawn is said to be
    deleted (RFC 6721)."""
    feed = _Atom(**_about(site, ATOM), withdrawn=_tombstones(withdrawn, site))
    for record in records:
        told = {"description": str(escape(summary_of(record))), "content": _content(record, site), "language": record.language}
        feed.add_item(**_item(record, site), **told, enclosures=_enclosures(record, site))
    return str(feed.writeString("utf-8")).encode()


def json_feed(records: Sequence[Record], site: NewsroomSettings) -> bytes:
    """JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.title,
        "home_page_url": site.base,
        "feed_url": f"{site.base}{JSON_FEED}",
        "description": site.description,
        "language": site.language,
        "authors": [{"name": site.title, "url": site.base}],
        "items": [_json_item(record, site) for record in records],
    }
    return msgspec.json.format(msgspec.json.encode({name: value for name, value in feed.items() if value != ""}), indent=1)


def calendar(records: Sequence[Record], site: NewsroomSettings) -> bytes:
    """iCalendar: an event keeps its UID, counts its changes, and stays as cancelled when its announcement is withdrawn."""
    made = Calendar()
    named = {"prodid": f"-//{site.title}//socialcast//{site.language.upper()}", "version": "2.0", "method": "PUBLISH"}
    for name, value in {**named, "name": site.title, "x-wr-calname": site.title}.items():
        made.add(name, value)
    made.add("refresh-interval", vDuration(timedelta(hours=1)), parameters={"VALUE": "DURATION"})
    made.add("source", vUri(f"{site.base}{CALENDAR}"), parameters={"VALUE": "URI"})
    for record in records:
        if record.event and record.event.starts_at:
            made.add_component(_calendar_event(record, record.event, record.event.starts_at, site))
    return bytes(made.to_ical())


def _about(site: NewsroomSettings, file: str) -> dict[str, Any]:
    return {
        "title": site.title,
        "link": site.base,
        "description": site.description or site.title,
        "language": site.language,
        "author_name": site.title,
        "author_link": site.base,
        "feed_url": f"{site.base}{file}",
    }


def _item(record: Record, site: NewsroomSettings) -> dict[str, Any]:
    address = f"{site.base}{record.slug}/"
    return {
        "title": title_of(record),
        "link": address,
        "unique_id": address,
        "unique_id_is_permalink": True,
        "pubdate": record.moment.astimezone(UTC),
        "updateddate": (record.changed_at or record.moment).astimezone(UTC),
        "categories": record.tags,
    }


def _json_item(record: Record, site: NewsroomSettings) -> dict[str, Any]:
    address = f"{site.base}{record.slug}/"
    item: dict[str, Any] = {
        "id": address,
        "url": address,
        "title": title_of(record),
        "summary": summary_of(record),
        "content_html": _content(record, site),
        "date_published": record.moment.isoformat(),
        "date_modified": (record.changed_at or record.moment).isoformat(),
        "language": record.language,
        "tags": record.tags,
    }
    if record.pictures:
        item["image"] = f"{address}{record.pictures[0].shown.file}"
    if record.link:
        item["external_url"] = record.link
    if record.film:
        film = {"url": f"{address}{record.film.file}", "mime_type": record.film.media_type, "title": record.film.title}
        seconds = {"duration_in_seconds": round(record.film.seconds)} if record.film.seconds else {}
        item["attachments"] = [{**film, "size_in_bytes": record.film.size_bytes, **seconds}]
    return item


@lru_cache(maxsize=_REMEMBERED)
def _content(record: Record, site: NewsroomSettings) -> str:
    """The text and the pictures, all addresses whole: a reader shows them away from the site."""
    address = f"{site.base}{record.slug}/"
    event = record.event
    watch = [f'<p><a href="{escape(event.url)}">{_live_words(record, event)}</a></p>'] if event and event.url else []
    more = [f'<p><a href="{escape(record.link)}">{escape(record.link_title or record.link)}</a></p>'] if record.link else []
    pictures = [_figure(picture, address) for picture in record.pictures]
    return "\n".join([*watch, html(record.text), *more, *pictures])


def _live_words(record: Record, event: Event) -> str:
    words = speak(record.language)
    title = f": {event.title}" if event.title else ""
    return str(escape(f"{words[event.state.value]}{title}"))


def _figure(picture: Picture, address: str) -> str:
    shown = picture.shown
    image = f'<img src="{address}{shown.file}" width="{shown.width}" height="{shown.height}" alt="{escape(picture.alt)}">'
    caption = " ".join(filter(None, (picture.caption, f"({picture.credit})" if picture.credit else "")))
    return f"<figure>{image}{f'<figcaption>{escape(caption)}</figcaption>' if caption else ''}</figure>"


def _enclosures(record: Record, site: NewsroomSettings) -> list[Any]:
    address = f"{site.base}{record.slug}/"
    film = [(record.film.file, record.film.size_bytes, record.film.media_type)] if record.film else []
    photos = [(picture.shown.file, picture.shown.size_bytes, picture.shown.media_type) for picture in record.pictures]
    return [Enclosure(f"{address}{file}", str(size_bytes), media_type) for file, size_bytes, media_type in [*film, *photos]]


def _calendar_event(record: Record, event: Event, starts_at: datetime, site: NewsroomSettings) -> CalendarEvent:
    address, words = f"{site.base}{record.slug}/", speak(record.language)
    changed = (record.changed_at or record.moment).astimezone(UTC)
    made = CalendarEvent()
    made.add("uid", address)
    made.add("dtstamp", changed)
    made.add("last-modified", changed)
    made.add("sequence", record.sequence)
    made.add("dtstart", starts_at.astimezone(UTC))
    made.add("dtend", (event.ends_at or starts_at + _LENGTH_UNKNOWN).astimezone(UTC))
    made.add("summary", words["withdrawn"] if record.withdrawn else event.title or title_of(record))
    made.add("status", "CANCELLED" if record.withdrawn else "CONFIRMED")
    made.add("url", address)
    if not record.withdrawn:
        made.add("description", event.description or summary_of(record))
    if event.url:
        made.add("conference", vUri(event.url), parameters={"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": words["watch"]})
    return made


def _tombstones(withdrawn: Sequence[Record], site: NewsroomSettings) -> list[tuple[str, datetime]]:
    return [(f"{site.base}{record.slug}/", (record.changed_at or record.moment).astimezone(UTC)) for record in withdrawn]


def _latest(feed: SyndicationFeed) -> datetime:
    """When it was changed last, by what is in it or by what is not any more: a feed's time never goes back."""
    changes = [*(item["updateddate"] for item in feed.items), *(when for _, when in feed.feed["withdrawn"])]
    return max(changes, default=_LONG_AGO)
