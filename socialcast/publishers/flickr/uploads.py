"""Uploads that happen once: sent privately with our marks, and found again by them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from socialcast.compose.photos import Fitted, fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Video
from socialcast.model.capabilities import PhotoRules
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.publishers.flickr import words
from socialcast.publishers.flickr.client import AlreadyThere, FlickrClient
from socialcast.publishers.flickr.tables import FlickrSettings
from socialcast.wire.clock import Clock

__all__ = ["Uploads", "recent_photos", "ticket_of"]

_RECENT = timedelta(days=1)  # how far back the photostream is listed, which does not lag; the search index knows what is older
_FRESH_SECONDS = 2.0


class Uploads:
    """The photos and the video of one post."""

    def __init__(self, api: FlickrClient, settings: FlickrSettings, post: Post, steps: Steps, clock: Clock) -> None:
        self._api, self._settings, self._post, self._steps = api, settings, post, steps
        self._seen = _Sightings(api, post, clock)

    def photo(self, index: int, rules: PhotoRules, cache_folder: str | None) -> str:
        """The id of that photo on Flickr."""
        name, photo = f"photo/{index}", self._post.photos[index]
        mark = words.mark(self._post, name)

        def send() -> str:
            self._seen.expect(mark)
            return self._send_photo(fit(photo, rules, cache_folder), self._fields(photo, name), mark)

        return self._steps.once(name, send, lambda: self._seen.find(mark))

    def video(self, video: Video) -> dict[str, str]:
        """The ticket of the video's conversion, or the video's id where an earlier run's upload was found."""
        mark = words.mark(self._post, "video")

        def send() -> dict[str, str]:
            self._seen.expect(mark)
            with video.open() as file:
                uploaded = self._api.upload(file, video.name, {**self._fields(video, "video"), "async": "1"})
            return {"ticket": uploaded.ticket} if uploaded.ticket else {}

        return self._steps.once("video", send, self._found_video)

    def finished_video(self, ticket: str) -> str:
        """The id of a converted video, by its ticket, or by its mark once Flickr has forgotten the ticket."""
        told = self._steps.read(lambda: ticket_of(self._api, ticket))
        found = told.get("photoid") or (self._steps.read(self._found_video) or {}).get("video")
        if not found:
            raise TerminalError("Flickr knows neither the ticket nor the mark of the video", hint="publish under a new key")
        return str(found)

    def _found_video(self) -> dict[str, str] | None:
        found = self._seen.find(words.mark(self._post, "video"))
        return {"video": found} if found else None

    def _fields(self, medium: Photo | Video, step: str) -> dict[str, str]:
        return words.upload_fields(self._post, medium, step, self._settings)

    def _send_photo(self, fitted: Fitted, fields: dict[str, str], mark: str) -> str:
        """Upload it; a photo with the same bytes that carries our mark is the one whose answer was lost.

        One without it came by another hand or announcement. Its privacy, licence and words are not ours to change, so
        that a copy is uploaded beside it.
        """
        try:
            with fitted.open() as file:
                return self._api.upload(file, fitted.filename, {**fields, "dedup_check": "1"}).photo_id
        except AlreadyThere as duplicate:
            if mark in self._marks_of(duplicate.photo_id):
                return duplicate.photo_id
        with fitted.open() as file:
            return self._api.upload(file, fitted.filename, fields).photo_id

    def _marks_of(self, photo_id: str) -> list[str]:
        tags = self._api.call("photos.getInfo", photo_id=photo_id)["photo"]["tags"].get("tag", ())
        return [words.mark_in(tag["raw"]) for tag in tags]


class _Sightings:
    """Which of a post's marks the account carries; one listing answers for hundreds of photos.

    The first look for a mark may be answered by any listing of this run; a later one waits for something to appear,
    so that its listing has to be fresh.
    """

    def __init__(self, api: FlickrClient, post: Post, clock: Clock) -> None:
        self._api, self._post, self._clock = api, post, clock
        self._lock = threading.Lock()
        self._looked_for: set[str] = set()
        self._listing: dict[str, str] | None = None
        self._listed_at = 0.0

    def find(self, mark: str) -> str | None:
        """The id of what carries the mark."""
        with self._lock:
            stale = mark in self._looked_for and self._now() - self._listed_at > _FRESH_SECONDS
            self._looked_for.add(mark)
            if self._listing is None or stale:
                self._listing, self._listed_at = self._list(), self._now()
            return self._listing.get(mark)

    def expect(self, mark: str) -> None:
        """Something with that mark is being sent: what was listed before says nothing about it."""
        self._looked_for.add(mark)

    def _list(self) -> dict[str, str]:
        """Both views: the photostream, which does not lag but is long, and the index, which knows all but the latest."""
        found: dict[str, str] = {}
        for photo in (*recent_photos(self._api, self._clock.now()), *self._indexed()):
            for tag in photo["machine_tags"].split():
                found.setdefault(words.mark_in(tag), photo["id"])
        return found

    def _indexed(self) -> Iterator[dict[str, Any]]:
        name, value = words.post_tag(self._post)
        query = {"user_id": "me", "machine_tags": f'{name}="{value}"', "extras": "machine_tags"}
        return self._api.pages("photos.search", "photos", "photo", **query)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def recent_photos(api: FlickrClient, now: datetime) -> Iterator[dict[str, Any]]:
    """The account's photos of the last day, private ones too, with machine tags and licence."""
    since = int((now - _RECENT).timestamp())
    return api.pages("people.getPhotos", "photos", "photo", user_id="me", min_upload_date=since, extras="machine_tags,license")


def ticket_of(api: FlickrClient, ticket: str) -> dict[str, Any]:
    """What Flickr tells about a conversion."""
    told: dict[str, Any] = api.call("photos.upload.checkTickets", tickets=ticket)["uploader"]["ticket"][0]
    return told
