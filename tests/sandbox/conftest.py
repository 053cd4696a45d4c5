"""Plaza, an invented platform with a small mirror, for tests of what all mirrors share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import Account, Card, Mirror, Request, Response, Route, UnplayedError

SOURCE = "Plaza API reference, https://docs.plaza.example/posts"
PIXEL = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


class PlazaMirror(Mirror):
    """Posts, a form with two operations, uploads, and a handler with a bug."""

    name = "plaza"
    MODERATION = ("shown", "hidden")
    HOSTS = ("plaza.example", "*.plaza.example")
    ROUTES = (
        Route(method="GET", path="/posts/{id}", handler="post", source=SOURCE),
        Route(method="GET", path="/posts/latest", handler="latest", source=SOURCE),
        Route(method="POST", path="/posts", handler="publish", source=SOURCE),
        Route(method="POST", path="/call", handler="ping", source=SOURCE, when=("action", "ping")),
        Route(method="GET", path="/call", handler="ping", source=SOURCE, when=("action", "ping")),
        Route(method="POST", path="/media", handler="upload", source=SOURCE),
        Route(method="PUT", path="/media/{name:path}", handler="put", source=SOURCE),
        Route(method="GET", path="/me", handler="me", source=SOURCE),
        Route(method="GET", path="/url", handler="url", source=SOURCE),
        Route(method="GET", path="/moved", handler="moved", source=SOURCE),
        Route(method="GET", path="/page", handler="page", source=SOURCE),
        Route(method="GET", path="/pictures/{name}", handler="picture", source=SOURCE),
        Route(method="GET", path="/broken", handler="broken", source=SOURCE),
    )

    def reset(self) -> None:
        super().reset()
        self.shown: list[Card] = []
        self.expired: set[str] = set()

    def open_account(self, name: str, **wishes: Any) -> Account:
        return Account(id=self.ids.digits(5), name=name, credentials={"token": f"sandbox-{name}-token", **wishes})

    def expire_credentials(self, name: str) -> None:
        self.expired.add(name)

    def cards(self) -> list[Card]:
        return self.shown[::-1]

    def not_found(self, request: Request) -> Response | None:
        return Response("plaza knows no such thing", 404) if request.path.startswith("/own/") else None

    def show(self, id: str, **fields: Any) -> Card:
        url = f"https://plaza.example/news/{id}"
        card = Card(**{"id": id, "kind": "post", "account": "news", "url": url, "at": self.clock.datetime(), **fields})
        self.shown.append(card)
        return card

    def reply_as(self, name: str, id: str, text: str) -> str:
        if not text:
            raise UnplayedError("an answer has words")
        parent = next((card for card in self.shown if card.id == id), None)
        if parent is None:
            raise KeyError(id)
        return self.show(self.ids.digits(4), kind="reply", account=name, text=text, parent=id, acts=parent.acts).id

    def edit_as(self, name: str, id: str, text: str) -> None:
        self._change(id, text=text, facts={"edited by": name})

    def remove_as(self, name: str, id: str) -> None:
        self.shown = [card for card in self.shown if card.id != id]

    def moderate_as(self, name: str, id: str, state: str) -> None:
        self._change(id, facts={"state": state})

    def _change(self, id: str, **fields: Any) -> None:
        self.shown = [replace(card, **fields) if card.id == id else card for card in self.shown]

    def publish(self, request: Request) -> Response:
        card = self.show(self.ids.digits(4), text=request.form["text"])
        return _json({"id": card.id, "text": card.text})

    def post(self, request: Request, id: str) -> Response:
        return _json({"id": id})

    def latest(self, request: Request) -> Response:
        return _json({"latest": True})

    def ping(self, request: Request) -> Response:
        return _json({"pong": True})

    def upload(self, request: Request) -> Response:
        blob = self.media.save(request.files["file"].stream)
        return _json({"sha256": blob.sha256, "size": blob.size, "alt": request.form["alt"]})

    def put(self, request: Request, name: str) -> Response:
        blob = self.media.save(request.stream)
        return _json({"name": name, "sha256": blob.sha256, "size": blob.size})

    def me(self, request: Request) -> Response:
        token = request.authorization.token if request.authorization else ""
        return _json({"error": "expired"}, 401) if token == "sandbox-news-token" and "news" in self.expired else _json({"me": 1})

    def url(self, request: Request) -> Response:
        return _json({"url": request.believed_url})

    def moved(self, request: Request) -> Response:
        return Response(status=302, headers={"Location": "/page"})

    def page(self, request: Request) -> Response:
        return Response(
            '<a href="/page?a=1&amp;b=2">here</a> <a href="https://elsewhere.example/">there</a>', mimetype="text/html"
        )

    def picture(self, request: Request, name: str) -> Response:
        return Response(PIXEL, mimetype="image/gif")

    def broken(self, request: Request) -> Response:
        raise RuntimeError("a mirror's mistake")


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


@pytest.fixture(scope="module")
def _running() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"plaza": PlazaMirror}) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running: Sandbox) -> Sandbox:
    """A sandbox that plays Plaza, clean."""
    _running.reset()
    return _running


@pytest.fixture
def plaza(sandbox: Sandbox) -> PlazaMirror:
    mirror = sandbox.mirror("plaza")
    assert isinstance(mirror, PlazaMirror)
    return mirror


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def call(sandbox: Sandbox, session: requests.Session) -> Callable[..., requests.Response]:
    """Calls Plaza as a client does whose connections all lead to the sandbox."""

    def call(method: str, path: str, host: str = "plaza.example", **more: Any) -> requests.Response:
        headers = {"Host": host, **more.pop("headers", {})}
        return session.request(method, sandbox.url + path, headers=headers, timeout=10, **more)

    return call
