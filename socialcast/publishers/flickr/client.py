"""Flickr's methods and its upload, spoken through flickrapi over the channel's own session."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple
from xml.etree import ElementTree

from flickrapi import FlickrAPI, FlickrError
from flickrapi.auth import FlickrAccessToken

from socialcast.publishers.flickr.tables import FlickrSettings
from socialcast.wire.transport import PlatformSession

__all__ = ["GONE", "AlreadyThere", "FlickrClient", "FlickrError", "Uploaded", "read_upload"]

# Without a handler anywhere, Python would print what flickrapi logs at each refused call on the user's terminal.
logging.getLogger("flickrapi").addHandler(logging.NullHandler())

GONE = 1  # what reading, changing or deleting says of a photo or album that is not there

_PER_PAGE = 500
_DUPLICATE = 9


class AlreadyThere(FlickrError):  # type: ignore[misc]  # flickrapi has no types
    """The account has a photo with the same bytes; `photo_id` is that one's."""

    def __init__(self, message: str, photo_id: str) -> None:
        self.photo_id = photo_id
        super().__init__(message, _DUPLICATE)


class Uploaded(NamedTuple):
    """What an upload gives: a photo's id, or the ticket of a medium that is still worked on."""

    photo_id: str
    ticket: str


class FlickrClient:
    """One account; used by many threads at once, since nothing in it changes between calls."""

    def __init__(self, settings: FlickrSettings, session: PlatformSession) -> None:
        token = FlickrAccessToken(settings.oauth_token.reveal(), settings.oauth_token_secret.reveal(), "write")
        self._flickr = FlickrAPI(
            settings.api_key.reveal(), settings.api_secret.reveal(), token=token, store_token=False, format="json"
        )
        self._flickr.flickr_oauth.session = session  # flickrapi's own is shared by all accounts of the process

    def call(self, method: str, **arguments: str | int) -> dict[str, Any]:
        """The answer of a method. Raises FlickrError where Flickr says that it failed, which it does with HTTP 200."""
        answer: dict[str, Any] = json.loads(self._flickr.do_flickr_call(f"flickr.{method}", **arguments))
        if answer["stat"] != "ok":
            raise FlickrError(answer.get("message", ""), answer.get("code"))
        return answer

    def found(self, method: str, group: str, **arguments: str | int) -> dict[str, Any] | None:
        """What a method tells of one thing, None for one that is gone."""
        try:
            told: dict[str, Any] = self.call(method, **arguments)[group]
        except FlickrError as error:
            if error.code != GONE:
                raise
            return None
        return told

    def pages(self, method: str, group: str, item: str, **arguments: str | int) -> Iterator[dict[str, Any]]:
        """Everything that a listing method gives, page after page."""
        page, last = 1, 1
        while page <= last:
            found = self.call(method, page=page, per_page=_PER_PAGE, **arguments)[group]
            yield from found.get(item, ())
            page, last = page + 1, int(found.get("pages", 1))

    def upload(self, file: BinaryIO, filename: str, fields: dict[str, str]) -> Uploaded:
        """Send a file. Raises AlreadyThere and FlickrError."""
        answer = ElementTree.fromstring(  # noqa: S314 - from Flickr itself, over TLS
            self._flickr.upload(filename, fileobj=file, format="rest", **fields)
        )
        error = answer.find("err")
        if error is None:
            return Uploaded(answer.findtext("photoid") or "", answer.findtext("ticketid") or "")
        if error.get("code") == str(_DUPLICATE) and (photo_id := error.get("duplicate_photo_id")):
            raise AlreadyThere(error.get("msg", ""), photo_id)
        raise FlickrError(error.get("msg", ""), error.get("code"))


def read_upload(body: bytes) -> tuple[str, str]:
    """Code and words of the upload's XML answer; empty where it is none or no failure."""
    try:
        error = ElementTree.fromstring(body).find("err")  # noqa: S314 - from Flickr itself, over TLS
    except ElementTree.ParseError:
        return "", ""
    return (error.get("code", ""), error.get("msg", "")) if error is not None else ("", "")
