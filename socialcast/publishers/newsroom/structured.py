"""What search engines and link previews read of a page: schema.org as JSON-LD (documentation of 2025-12, read 2026-11-26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialcast.model.receipt import LiveState
from socialcast.publishers.newsroom.record import Event, Film, Picture, Record
from socialcast.publishers.newsroom.tables import NewsroomSettings

__all__ = ["structured"]

_SCHEMA = "https://schema.org/"


def structured(record: Record, site: NewsroomSettings, title: str, summary: str) -> dict[str, Any]:
    """The page's meaning: a NewsArticle, and with it the event, the broadcast and the film that it is about."""
    address = f"{site.base}{record.slug}/"
    publisher = {"@type": "Organization", "name": site.title, "url": site.base}
    article = {
        "@type": "NewsArticle",
        "@id": f"{address}#article",
        "headline": title,
        "description": summary,
        "url": address,
        "mainEntityOfPage": address,
        "inLanguage": record.language,
        "datePublished": _time(record.published_at),
        "dateModified": _time(record.changed_at),
        "keywords": list(record.tags),
        "license": _licence(record.licence),
        "image": [_picture(picture, address) for picture in record.pictures],
        "author": publisher,
        "publisher": publisher,
    }
    about = [*_event(record, address, publisher, title, summary), *_film(record.film, record, address, title, summary)]
    return _given({"@context": "https://schema.org", "@graph": [_given(part) for part in (article, *about)]})


def _event(record: Record, address: str, organizer: Mapping[str, Any], title: str, summary: str) -> list[dict[str, Any]]:
    event = record.event
    if event is None or event.starts_at is None:
        return []
    name = event.title or title
    told = {
        "@type": "Event",
        "@id": f"{address}#event",
        "name": name,
        "description": event.description or summary,
        "startDate": _time(event.starts_at),
        "endDate": _time(event.ends_at),
        "eventStatus": f"{_SCHEMA}EventScheduled",
        "eventAttendanceMode": f"{_SCHEMA}OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": event.url or address},
        "image": [f"{address}{picture.shown.file}" for picture in record.pictures[:1]],
        "organizer": organizer,
    }
    return [told, _broadcast(event, address, name)]


def _broadcast(event: Event, address: str, name: str) -> dict[str, Any]:
    """Whether it is on the air now; what is over has an end."""
    return {
        "@type": "BroadcastEvent",
        "@id": f"{address}#broadcast",
        "name": name,
        "isLiveBroadcast": event.state is LiveState.LIVE,
        "startDate": _time(event.starts_at),
        "endDate": _time(event.ends_at),
        "broadcastOfEvent": {"@id": f"{address}#event"},
    }


def _film(film: Film | None, record: Record, address: str, title: str, summary: str) -> list[dict[str, Any]]:
    if film is None:
        return []
    return [
        {
            "@type": "VideoObject",
            "@id": f"{address}#film",
            "name": film.title or title,
            "description": film.alt or summary,
            "contentUrl": f"{address}{film.file}",
            "encodingFormat": film.media_type,
            "thumbnailUrl": f"{address}{film.poster.shown.file}" if film.poster else None,
            "uploadDate": _time(record.published_at),
            "duration": f"PT{round(film.seconds)}S" if film.seconds else None,
            "license": _licence(film.licence),
            "creditText": film.credit,
        }
    ]


def _picture(picture: Picture, address: str) -> dict[str, Any]:
    return _given(
        {
            "@type": "ImageObject",
            "url": f"{address}{picture.shown.file}",
            "contentUrl": f"{address}{picture.whole.file}",
            "width": picture.shown.width,
            "height": picture.shown.height,
            "caption": picture.caption or picture.alt,
            "creditText": picture.credit,
            "license": _licence(picture.licence),
        }
    )


def _licence(spdx_id: str) -> str | None:
    """The page of a licence by its SPDX id."""
    return f"https://spdx.org/licenses/{spdx_id}.html" if spdx_id else None


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _given(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in told.items() if value not in (None, "", [])}
