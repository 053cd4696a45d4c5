"""The web server of one's own site: it serves the files of a folder, and reads the pages as a visitor's browser does.

The folder is real, so nothing is played here but the server. What visitors see is read from the served HTML alone: the first
page leads to all others, as it would a search engine (HTML Living Standard, read 2026-11-26).
"""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from socialcast.sandbox.mirror import Account, Card, Mirror, Picture, Request, Response, Route

__all__ = ["NewsroomMirror"]

_INDEX = "index.html"
_TYPES = {".xml": "application/xml", ".json": "application/json", ".ics": "text/calendar", ".vtt": "text/vtt"}
_MOST_PAGES = 2000


class NewsroomMirror(Mirror):
    """A folder for each site, each served under its own address."""

    name = "newsroom"
    HOSTS = ("news.example.org",)
    ROUTES = (
        Route(method="GET", path="/{path:path}", handler="serve", source="RFC 9110, 9.3.1: any web server with static files"),
        Route(method="GET", path="/", handler="serve", source="RFC 9110, 9.3.1: any web server with static files"),
    )

    def reset(self) -> None:
        """Remove all sites."""
        super().reset()
        for folder in self.media.folder.glob("newsroom-*"):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
        self._sites: dict[str, Path] = {}

    def open_account(self, name: str, *, address: str = "", folder: str = "", **wishes: Any) -> Account:
        """A folder that is served under that address: one of the sandbox's own, unless another is wished for."""
        site = Path(folder or self.media.folder / f"newsroom-{name}").absolute()
        address = (address or f"https://{self.HOSTS[0]}/").rstrip("/") + "/"
        self._sites[address] = site
        return Account(id=address, name=name, credentials={"folder": str(site)})

    def expire_credentials(self, name: str) -> None:
        """The disk is gone: what stands in the folder's place is a file, which nobody can write into."""
        folder = Path(self.accounts[name].credentials["folder"])
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_bytes(b"")

    def renew_credentials(self, name: str) -> None:
        """The disk is back, and empty."""
        Path(self.accounts[name].credentials["folder"]).unlink(missing_ok=True)

    def cards(self) -> list[Card]:
        """Every announcement that a visitor finds from the first page on, the newest first."""
        found = [card for address in self._sites for card in self._cards_of(address)]
        return sorted(found, key=lambda card: (card.at, card.url), reverse=True)

    def serve(self, request: Request, path: str = "") -> Response:
        """GET: the file, or the index of a folder."""
        file = self._file(request.base_url)
        if file is None:
            return Response("Not found", 404, mimetype="text/plain")
        mimetype = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(file.read_bytes(), mimetype=mimetype)

    def _file(self, url: str) -> Path | None:
        """The file behind an address; what is hidden or lies outside the site is none."""
        for address, folder in self._sites.items():
            parts, site = urlsplit(url), urlsplit(address)
            if parts.netloc == site.netloc and f"{parts.path}/".startswith(site.path):
                names = [name for name in unquote(parts.path[len(site.path) :]).split("/") if name]
                if any(name.startswith(".") for name in names):
                    return None
                file = folder.joinpath(*names)
                file = file / _INDEX if file.is_dir() else file
                return file if file.is_file() else None
        return None

    # -- a visitor -----------------------------------------------------------------------------------------------------

    def _cards_of(self, address: str) -> Iterator[Card]:
        for url, page in self._pages(address):
            if page.words["article"]:
                yield self._card(url, page)

    def _pages(self, address: str) -> Iterator[tuple[str, _Page]]:
        """Every page of the site, by the links in the pages."""
        waiting, seen = [address], {address}
        while waiting and len(seen) < _MOST_PAGES:
            url = waiting.pop(0)
            file = self._file(url)
            if file is None or file.suffix != ".html":
                continue
            page = _Page(file.read_text(encoding="utf-8"))
            yield page.canonical or url, page
            links = [urljoin(url, link).removesuffix(_INDEX) for link in page.links]
            new = [link for link in dict.fromkeys(links) if link.startswith(address) and link not in seen]
            waiting += new
            seen |= set(new)

    def _card(self, url: str, page: _Page) -> Card:
        return Card(
            id=url,
            kind="announcement",
            account=page.site,
            url=url,
            at=datetime.fromisoformat(page.published) if page.published else datetime.fromtimestamp(0, UTC),
            title=" ".join(page.words["h1"].split()),
            text=" ".join(page.words["text"].split()),
            pictures=tuple(page.pictures(url)),
            facts={"live": " ".join(page.words["aside"].split())} if page.words["aside"] else {},
        )


class _Page(HTMLParser):
    """What a visitor reads on a page: words by the element that they stand in, links, pictures with their alt texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = dict.fromkeys(("article", "h1", "text", "aside"), "")
        self.links: list[str] = []
        self.canonical = self.published = self.site = ""
        self._images: list[tuple[str, str]] = []
        self._captions: dict[int, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(html)

    def pictures(self, url: str) -> Iterator[Picture]:
        """The pictures of the article."""
        for number, (source, alt) in enumerate(self._images):
            yield Picture(url=urljoin(url, source), alt=alt, caption=" ".join(self._captions.get(number, "").split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element tells."""
        told = {name: value or "" for name, value in attrs}
        if tag not in ("img", "meta", "link", "br", "hr", "source", "track"):
            self._open.append((tag, told.get("class", "")))
        if tag == "a":
            self.links.append(told.get("href", ""))
        elif tag == "link" and told.get("rel") == "canonical":
            self.canonical = told.get("href", "")
        elif tag == "meta":
            self.published = told["content"] if told.get("property") == "article:published_time" else self.published
            self.site = told["content"] if told.get("property") == "og:site_name" else self.site
        elif tag == "img" and any(name == "article" for name, _ in self._open):
            self._images.append((told.get("src", ""), told.get("alt", "")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while self._open and self._open.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        """Put the words where they are read."""
        for tag, kind in self._open:
            for place in {tag, kind} & set(self.words):
                self.words[place] += data
        if any(tag == "figcaption" for tag, _ in self._open) and self._images:
            number = len(self._images) - 1
            self._captions[number] = self._captions.get(number, "") + data
