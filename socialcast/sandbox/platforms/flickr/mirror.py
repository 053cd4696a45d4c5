"""Flickr's hosts and routes, and the files that it serves."""

from __future__ import annotations

import re
from typing import ClassVar

from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect, send_file

from socialcast.sandbox.mirror import Card, Request, Response, Route
from socialcast.sandbox.platforms.flickr.albums import Albums
from socialcast.sandbox.platforms.flickr.cards import public_cards
from socialcast.sandbox.platforms.flickr.comments import Comments
from socialcast.sandbox.platforms.flickr.lists import Lists, People
from socialcast.sandbox.platforms.flickr.methods import METHODS, Method
from socialcast.sandbox.platforms.flickr.photos import Licenses, Photos
from socialcast.sandbox.platforms.flickr.state import SERVER, Photo
from socialcast.sandbox.platforms.flickr.tables import DOCS
from socialcast.sandbox.platforms.flickr.upload import Uploads

__all__ = ["FlickrMirror"]

_REST = "/services/rest/"
_BASE58 = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_PAGE = re.compile(r"/photos/(?P<person>[^/]+)/(?P<page>.+)")
_FILE = re.compile(r"(?P<id>\d+)_(?P<secret>[0-9a-f]+)(_[a-z0-9]{1,2})?\.\w+")


def _rest_routes(method: Method) -> tuple[Route, ...]:
    source, when = f"{DOCS}{method.name}.html", ("method", method.name)
    return tuple(Route(method=verb, path=_REST, handler=method.handler, source=source, when=when) for verb in ("GET", "POST"))


class FlickrMirror(People, Lists, Photos, Licenses, Comments, Albums, Uploads):
    """Flickr."""

    name = "flickr"
    HOSTS = ("api.flickr.com", "www.flickr.com", "up.flickr.com", "live.staticflickr.com", "flic.kr")
    ROUTES: ClassVar[tuple[Route, ...]] = (
        *(route for method in METHODS.values() for route in _rest_routes(method)),
        Route(method="GET", path=_REST, handler="unknown_method", source=f"{DOCS}response.json.html"),
        Route(method="POST", path=_REST, handler="unknown_method", source=f"{DOCS}response.json.html"),
        Route(method="POST", path="/services/upload/", handler="upload", source=f"{DOCS}upload.api.html"),
        Route(method="GET", path=f"/{SERVER}/{{file}}", handler="static_file", source=f"{DOCS}misc.urls.html"),
        Route(method="GET", path="/p/{short}", handler="short_url", source=f"{DOCS}misc.urls.html"),
    )

    def static_file(self, request: Request, file: str) -> Response:
        """A public photo's file; every size is the one that was uploaded."""
        found = _FILE.fullmatch(file)
        photo = self._public(found["id"]) if found else None
        if found is None or photo is None or found["secret"] not in (photo.secret, photo.original_secret):
            return NotFound().get_response()
        return send_file(photo.blob.path, request.environ, mimetype=photo.file.mimetype)

    def short_url(self, request: Request, short: str) -> Response:
        """flic.kr: the photo's id in base 58."""
        number = 0
        for character in short:
            number = number * len(_BASE58) + _BASE58.find(character)
        photo = self._public(str(number))
        if photo is None:
            return NotFound().get_response()
        return redirect(photo.page_url)

    def not_found(self, request: Request) -> Response | None:
        """Pages under a member's NSID are those under their path alias; other pages of photos and albums do not exist."""
        found = _PAGE.fullmatch(request.path)
        if found is None:
            return None
        member = self.members.get(found["person"])
        return redirect(f"https://www.flickr.com/photos/{member.name}/{found['page']}") if member else NotFound().get_response()

    def cards(self) -> list[Card]:
        """Public albums, photos and comments, newest first."""
        self.finish_tickets()
        return public_cards(self)

    def _public(self, photo_id: str) -> Photo | None:
        self.finish_tickets()
        photo = self.photos.get(photo_id)
        return photo if photo and photo.is_public else None
