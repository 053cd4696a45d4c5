"""How a page is shown now: what it was made of, and where somebody has changed its file by hand, what stands there instead."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import msgspec
import requests
from requests.adapters import BaseAdapter

from socialcast.compose.expected import expected_sight
from socialcast.compose.markup import html as as_html
from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.newsroom.folder import PAGE
from socialcast.publishers.newsroom.media import bare_name, name_of
from socialcast.publishers.newsroom.pages import Pages
from socialcast.publishers.newsroom.record import Film, Picture, Record

__all__ = ["Files", "expected", "seen"]

_COMPARED = ("title", "text", "links", "media")
_MAIN = "<main>{}</main>"


class Files(BaseAdapter):
    """Reads what lies in the folder, for the session that fetches the pictures of every other channel."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """The file."""
        response = requests.Response()
        response.url, response.status_code = request.url or "", 200
        response.raw = BytesIO(Path(url2pathname(urlsplit(response.url).path)).read_bytes())
        return response

    def close(self) -> None:
        """Nothing is kept open."""


def expected(post: Post, receipt: Receipt) -> Sight:
    """What `seen` tells while nobody changes anything; photos and film by the names of their files, which tell their order."""
    links = _links(post.parts[0] if post.parts else "", post.link.url if post.link else "")
    names = [*map(name_of, post.photos), *([name_of(post.video)] if post.video else [])]
    (page,) = expected_sight(post, receipt).items
    media = tuple(msgspec.structs.replace(medium, id=name) for medium, name in zip(page.media or (), names, strict=True))
    return Sight(items=(msgspec.structs.replace(page, links=links, tags=post.tags, media=media),))


def seen(item: Item, record: Record, page: Path, html: bytes, pages: Pages) -> Seen:
    """What the record says, where the page is as it was written; what else stands in it tells a comparison with a page that is
    written from the record now, whatever its template. Whatever differs, people did it: its time is the file's."""
    told = Seen(
        item=item,
        title=record.title,
        text=record.text,
        links=_links(record.text, record.link),
        tags=record.tags,
        media=tuple(_media(record, page)),
        licence=record.licence,
        live=record.event.state if record.event else None,
        edited_at=datetime.fromtimestamp((page / PAGE).stat().st_mtime, UTC),
    )
    if hashlib.sha256(html).hexdigest() == record.page_digest:
        return told
    there, written = _Page(html.decode(errors="replace"), page), _Page(pages.page(record).decode(), page)
    changed = {name: now for name in _COMPARED if (now := getattr(there, name)) != getattr(written, name)}
    if "text" in changed:
        changed["text"] = _in_its_place(there.text, written.text, _Page(_MAIN.format(as_html(record.text))).text)
    return msgspec.structs.replace(told, **changed)


def _in_its_place(there: str, written: str, text: str) -> str:
    """What stands in the text's place, without the words that the page has before and after it."""
    before, _, after = written.partition(text)
    return there.removeprefix(before).removesuffix(after).strip()


def _media(record: Record, page: Path) -> Iterator[SeenMedium]:
    for picture in record.pictures:
        if (file := page / picture.shown.file).is_file():
            yield _medium("photo", picture, file)
    if record.film and (file := page / record.film.file).is_file():
        yield _medium("video", record.film, file)


def _medium(kind: str, medium: Picture | Film, file: Path) -> SeenMedium:
    return SeenMedium(id=bare_name(file.name), kind=kind, alt=medium.alt, url=file.as_uri(), licence=medium.licence)


def _links(markdown: str, *more: str) -> tuple[str, ...]:
    """The addresses that a text in Markdown leads to, and more of them."""
    return (*_Page(_MAIN.format(as_html(markdown))).links, *filter(None, more))


class _Page(HTMLParser):
    """What a reader finds in a page's main part: the heading, the words, where they lead, pictures and films."""

    def __init__(self, html: str, folder: Path | None = None) -> None:
        super().__init__()
        self._folder, self._inside, self._words = folder, {"main": 0, "h1": 0, "video": 0}, {"h1": "", "main": ""}
        self.links: tuple[str, ...] = ()
        self.media: tuple[SeenMedium, ...] = ()
        self.feed(html)
        self.close()
        self.media = tuple(sorted(self.media, key=lambda medium: medium.kind))  # photos first, as the record has them
        self.title, self.text = (" ".join(self._words[place].split()) for place in ("h1", "main"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what it shows."""
        told = {name: value or "" for name, value in attrs}
        if tag in self._inside:
            self._inside[tag] += 1
        if not self._inside["main"]:
            return
        if tag == "a" and "href" in told:
            self.links += (told["href"],)
        elif tag == "img":
            self._show("photo", told.get("src", ""), told.get("alt", ""))
        elif tag == "video":
            self._show("video", told.get("src", ""), told.get("aria-label", ""))
        elif tag == "source" and self._inside["video"] and self.media and not self.media[-1].id:
            *before, film = self.media
            self.media = tuple(before)
            self._show("video", told.get("src", ""), film.alt or "")

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        if self._inside.get(tag):
            self._inside[tag] -= 1

    def handle_data(self, data: str) -> None:
        """Put the words where they are read; a heading is none of the text."""
        if self._inside["main"]:
            self._words["h1" if self._inside["h1"] else "main"] += data

    def _show(self, kind: str, source: str, alt: str) -> None:
        file = self._folder / unquote(source) if self._folder and source else None
        self.media += (SeenMedium(id=bare_name(source), kind=kind, alt=alt, url=file.as_uri() if file else ""),)
