"""The wall: what a visitor of every platform sees now, each card's own page, and the table of routes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from socialcast.sandbox.mirror import Act, Card, Picture, Request, Response

if TYPE_CHECKING:
    from socialcast.sandbox.app import App

__all__ = ["all_cards", "card_page", "respond"]

_AT = "/at/"
_PLATFORM = "/platform/"
_PEOPLE = "/people/"
_WALL_CARDS = 30
_WALL_PICTURES = 8
_DEEPEST = 3
_IN_GRID = frozenset({"photo", "video"})
_FIRST_HUE, _GOLDEN_ANGLE = 205, 137  # neighbours differ clearly, however many platforms there are
_LINK = re.compile(r"""(\b(?:href|src|poster)=)(["'])(.*?)\2""", re.DOTALL)
# Control characters would be obeyed by a terminal that shows the page's source, and overrides of the direction make "gnp.exe"
# look like "exe.png"; they are shown as signs that stand for them.
_CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_CONTROLS |= dict.fromkeys((*range(0x80, 0xA0), 0x202D, 0x202E), 0xFFFD)
_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action {}; frame-ancestors 'none'"
)
# Uploads and wiki pages are other people's: no script in them may run, and nothing may be fetched from elsewhere.
_SAFE_HEADERS = {
    "Content-Security-Policy": _POLICY.format("'none'"),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_TEMPLATES = Environment(
    loader=PackageLoader("socialcast.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


_OWN_HEADERS = {**_SAFE_HEADERS, "Content-Security-Policy": _POLICY.format("'self'")}


class Page(Response):
    """A page of the sandbox's own, whose links lead to the right place already."""


@dataclass(frozen=True, slots=True)
class Node:
    """A card with the cards that answer it or belong to it, oldest first."""

    card: Card
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture in a card's grid and the permalink it leads to."""

    picture: Picture
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A card as a page shows it: how far it is indented, and its pictures, those of an album's photos included."""

    card: Card
    depth: int
    figures: tuple[Figure, ...]


def all_cards(app: App) -> dict[str, list[Card]]:
    """What the public sees now on each platform, newest first."""
    return {name: _cards(app, name) for name in app.mirrors}


def respond(app: App, request: Request) -> Response:
    """The page that a person's browser asked for."""
    if request.method == "POST" and request.path.startswith(_PEOPLE):
        return _people(app, request)
    if request.method not in ("GET", "HEAD"):
        return _page(app, "missing.html", 405, path=request.path)
    for prefix, page in _PAGES.items():
        if request.path == prefix or (prefix.count("/") > 1 and request.path.startswith(prefix)):
            return page(app, request)
    return _missing(app, request)


def card_page(app: App, platform: str, request: Request) -> Response | None:
    """The page of the card whose permalink the request asks for, if the public can see one."""
    cards = _cards(app, platform)
    wanted = _address(request.believed_url)
    card = next((card for card in cards if _address(card.url) == wanted), None)
    if card is None:
        return None
    parent = next((other for other in cards if other.id == card.parent), None)
    entries = list(_entries(_node(card, _children(cards))))
    states = {platform: app.mirrors[platform].MODERATION}
    return _page(app, "card.html", platform=platform, card=card, parent=parent, entries=entries, states=states)


def _cards(app: App, platform: str) -> list[Card]:
    mirror = app.mirrors[platform]
    with mirror.lock:
        return mirror.cards()


def _address(url: str) -> tuple[str, str, str, str]:
    parts = urlsplit(url)
    return parts.netloc.lower(), unquote(parts.path).rstrip("/"), parts.query, parts.fragment


def _children(cards: Sequence[Card]) -> Mapping[str, list[Card]]:
    children: defaultdict[str, list[Card]] = defaultdict(list)
    for card in reversed(cards):
        children[card.parent].append(card)
    return children


def _node(card: Card, children: Mapping[str, list[Card]]) -> Node:
    return Node(card, tuple(_node(child, children) for child in children.get(card.id, ())))


def _threads(cards: list[Card]) -> list[list[Entry]]:
    children, known = _children(cards), {card.id for card in cards}
    return [list(_entries(_node(card, children))) for card in cards if card.parent not in known]


def _entries(node: Node, depth: int = 0) -> Iterator[Entry]:
    in_grid = [child.card for child in node.children if child.card.kind in _IN_GRID]
    answers = [child for child in node.children if child.card.kind not in _IN_GRID]
    shown = {picture.url: Figure(picture, node.card.url) for picture in node.card.pictures}
    shown |= {picture.url: Figure(picture, card.url) for card in in_grid for picture in card.pictures}
    yield Entry(node.card, depth, tuple(shown.values()))
    deeper = depth + (len(answers) > 1)  # a plain thread stays in one line, however long it is
    for answer in answers:
        yield from _entries(answer, min(deeper, _DEEPEST))


def _wall(app: App, request: Request) -> Response:
    threads = {name: _threads(cards) for name, cards in all_cards(app).items()}
    return _threads_page(app, threads, max_threads=_WALL_CARDS)


def _platform(app: App, request: Request) -> Response:
    name = request.path.removeprefix(_PLATFORM)
    if name not in app.mirrors:
        return _missing(app, request)
    return _threads_page(app, {name: _threads(_cards(app, name))}, max_threads=None)


def _threads_page(app: App, threads: Mapping[str, list[list[Entry]]], max_threads: int | None) -> Response:
    states = {name: app.mirrors[name].MODERATION for name in threads}
    return _page(app, "wall.html", threads=threads, max_threads=max_threads, max_pictures=_WALL_PICTURES, states=states)


def _people(app: App, request: Request) -> Response:
    """What a person did with a card by its form, and then the card again."""
    platform, form = request.path.removeprefix(_PEOPLE), request.form
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":  # a form on somebody else's page
        return _page(app, "refused.html", 403, reason="The form was not on a page of this sandbox")
    try:
        act, text = (Act.MODERATE, form["state"]) if "state" in form else (Act(form["act"]), form.get("text", ""))
        app.act(platform, act, form["name"], form["id"], text.replace("\r\n", "\n"))
    except (KeyError, ValueError) as error:
        return _page(app, "refused.html", 400, reason=str(error))
    return Response(status=303, headers={**_OWN_HEADERS, "Location": _PLATFORM + quote(platform)})


def _routes(app: App, request: Request) -> Response:
    return _page(app, "routes.html", mirrors=app.mirrors)


def _missing(app: App, request: Request) -> Response:
    return _page(app, "missing.html", 404, path=request.path)


def _visit(app: App, request: Request) -> Response:
    host, _, path = request.environ["PATH_INFO"].removeprefix(_AT).partition("/")
    raw = request.environ["RAW_URI"].removeprefix(_AT).partition("/")[2]
    there = {"HTTP_HOST": host, "PATH_INFO": f"/{path}", "RAW_URI": f"/{raw}"}
    visited = Request({**request.environ, **there})
    response = app.visit(visited)
    if response.mimetype == "text/html" and not isinstance(response, Page):
        response.set_data(_localised(app, visited.believed_url, response.get_data(as_text=True)))
    if response.location:
        response.location = _local(app, visited.believed_url, response.location)
    response.headers.update(_OWN_HEADERS if isinstance(response, Page) else _SAFE_HEADERS)
    return response


_PAGES: Mapping[str, Callable[[App, Request], Response]] = {
    "/": _wall,
    "/routes": _routes,
    _PLATFORM: _platform,
    _AT: _visit,
}


def _local(app: App, base: str, url: str) -> str:
    there = urlsplit(urljoin(base, url))
    if url.startswith(("#", _AT)) or not app.hosts.platform(there.netloc):
        return url
    return _AT + there.netloc + there._replace(scheme="", netloc="", path=there.path or "/").geturl()


def _localised(app: App, base: str, html: str) -> Markup:
    return Markup(_LINK.sub(lambda m: f"{m[1]}{m[2]}{_local(app, base, m[3])}{m[2]}", html))  # noqa: S704 - as safe as it was


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %B %Y, %H:%M UTC}"


def _page(app: App, template: str, status: int = 200, **values: Any) -> Response:
    html: str = _TEMPLATES.get_template(template).render(
        values,
        at=partial(_local, app, ""),
        localised=partial(_localised, app),
        in_utc=_in_utc,
        now=app.clock.datetime(),
        hues={name: (_FIRST_HUE + _GOLDEN_ANGLE * index) % 360 for index, name in enumerate(app.mirrors)},
    )
    return Page(html.translate(_CONTROLS), status, _OWN_HEADERS, mimetype="text/html")
