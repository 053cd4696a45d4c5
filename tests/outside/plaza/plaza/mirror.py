"""Plays Plaza (API 1, invented) in the sandbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socialcast.sandbox.mirror import Account, Blob, Card, Mirror, Picture, Request, Response, Route

HOSTS = ("plaza.example",)
LIMITS = {"text": 120, "pictures": 4, "alt": 200, "picture_bytes": 2_000_000}
SOURCE = "Plaza API reference (invented)"


@dataclass(frozen=True)
class _Post:
    id: str
    key: str
    account: str
    text: str
    pictures: list[str]
    parent: str | None
    at: datetime


class PlazaMirror(Mirror):
    """Plaza, as strict as its documentation."""

    name = "plaza"
    HOSTS = HOSTS
    ROUTES = (
        Route(method="GET", path="/me", handler="me", source=SOURCE),
        Route(method="POST", path="/pictures", handler="add_picture", source=SOURCE),
        Route(method="GET", path="/pictures", handler="find_pictures", source=SOURCE),
        Route(method="GET", path="/pictures/{id}", handler="show_picture", source=SOURCE),
        Route(method="POST", path="/posts", handler="add_post", source=SOURCE),
        Route(method="GET", path="/posts", handler="find_posts", source=SOURCE),
        Route(method="DELETE", path="/posts/{id}", handler="delete_post", source=SOURCE),
    )

    def reset(self) -> None:
        """Forget every picture and post."""
        super().reset()
        self.pictures: dict[str, tuple[str, str, Blob]] = {}  # id -> key, alt text, file
        self.posts: dict[str, _Post] = {}
        self.expired: set[str] = set()

    def open_account(self, name: str, **wishes: Any) -> Account:
        """An account with a token."""
        return Account(id=self.ids.digits(6), name=name, credentials={"token": f"plaza-{name}-{self.ids.hexadecimal(8)}"})

    def expire_credentials(self, name: str) -> None:
        """End this account's token."""
        self.expired.add(name)

    def renew_credentials(self, name: str) -> None:
        """Let this account's token work again."""
        self.expired.discard(name)

    def cards(self) -> list[Card]:
        """All posts, newest first."""
        return [self._card(post) for post in reversed(self.posts.values())]

    def me(self, request: Request) -> Response:
        """Who asks."""
        account = self._account_of(request)
        return _json({"id": account.id, "name": account.name}) if account else _refuse(401, "token")

    def add_picture(self, request: Request) -> Response:
        """Keep a picture."""
        if self._account_of(request) is None:
            return _refuse(401, "token")
        if len(request.form["alt"]) > LIMITS["alt"]:
            return _refuse(422, "alt")
        blob = self.media.save(request.files["picture"].stream)
        if blob.size > LIMITS["picture_bytes"]:
            return _refuse(413, "picture")
        id = self.ids.digits(8)
        self.pictures[id] = (request.form["key"], request.form["alt"], blob)
        return _json({"id": id}, 201)

    def find_pictures(self, request: Request) -> Response:
        """Own pictures by key."""
        return _json({"found": [{"id": id} for id, (key, _, _) in self.pictures.items() if key == request.args["key"]]})

    def show_picture(self, request: Request, id: str) -> Response:
        """The picture itself."""
        return Response(self.pictures[id][2].path.read_bytes(), mimetype="image/jpeg")

    def add_post(self, request: Request) -> Response:
        """Publish a post."""
        account, wanted = self._account_of(request), request.get_json()
        if account is None:
            return _refuse(401, "token")
        if len(wanted["text"]) > LIMITS["text"]:
            return _refuse(422, "text")
        if len(wanted["pictures"]) > LIMITS["pictures"] or not set(wanted["pictures"]) <= set(self.pictures):
            return _refuse(422, "pictures")
        if wanted["parent"] and wanted["parent"] not in self.posts:
            return _refuse(422, "parent")
        post = _Post(id=self.ids.digits(8), account=account.name, at=self.clock.datetime(), **wanted)
        self.posts[post.id] = post
        return _json({"id": post.id}, 201)

    def find_posts(self, request: Request) -> Response:
        """Own posts by key."""
        return _json({"found": [{"id": post.id} for post in self.posts.values() if post.key == request.args["key"]]})

    def delete_post(self, request: Request, id: str) -> Response:
        """Remove a post."""
        if self._account_of(request) is None:
            return _refuse(401, "token")
        return _json({"deleted": self.posts.pop(id, None) is not None})

    def _account_of(self, request: Request) -> Account | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        owner = next((account for account in self.accounts.values() if account.credentials["token"] == token), None)
        return owner if owner and owner.name not in self.expired else None

    def _card(self, post: _Post) -> Card:
        pictures = tuple(Picture(url=f"https://plaza.example/pictures/{id}", alt=self.pictures[id][1]) for id in post.pictures)
        url = f"https://plaza.example/posts/{post.id}"
        return Card(
            id=post.id,
            kind="post",
            account=post.account,
            url=url,
            at=post.at,
            text=post.text,
            pictures=pictures,
            parent=post.parent or "",
        )


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _refuse(status: int, field: str) -> Response:
    return _json({"code": f"bad_{field}", "message": f"{field} is not accepted"}, status)
