"""Publishes on Plaza (API 1, invented): one class, and everything else comes with it."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import msgspec

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import MB, AltText, Capabilities, LinkRules, PhotoRules, Recovery, Support, TextRules, Unit
from socialcast.model.errors import CredentialsExpired, ErrorRule, RateLimited
from socialcast.model.post import Post
from socialcast.model.receipt import Account, Draft, Item, Receipt
from socialcast.publisher import Publisher
from socialcast.wire.secrets import Secret

_API = "https://plaza.example"

CAPABILITIES = Capabilities(
    documented="Plaza API reference, 'Limits' (invented)",
    checked=date(2026, 11, 1),
    text=TextRules(max_length=120, unit=Unit.GRAPHEME),
    photos=PhotoRules(max_count=4, max_bytes=2 * MB, alt_text=AltText(max_length=200)),
    link=LinkRules(clickable=True),
    thread=Support.NATIVE,
    recovery=Recovery(marker="the key of each post", settle_seconds=(1,)),
)

ERRORS = (
    ErrorRule(status=401, raises=CredentialsExpired, hint="make a new token in Plaza's settings"),
    ErrorRule(status=429, raises=RateLimited),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a Plaza channel is set to."""

    token: Secret


class PlazaPublisher(Publisher):
    """One account on Plaza."""

    name = "plaza"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = Settings

    @property
    def identity(self) -> str:
        """The token, of which an account has one."""
        token: str = self.settings.token.reveal()
        return token

    def account(self) -> Account:
        """The account's name."""
        me = self._call("GET", "/me")
        return Account(id=me["id"], name=me["name"])

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the pictures; nobody sees one before a post shows it."""
        ids = steps.each(post.photos, lambda index, photo: self._upload(post, index, photo, steps))
        return Draft(items=tuple(Item(id=id, kind="photo") for id in ids))

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Post the thread, part by part."""
        items: list[Item] = []
        for index, text in enumerate(post.parts):
            pictures = draft.ids("photo") if index == 0 else []
            id = self._post(_payload(post, index, text, pictures, items[-1].id if items else None), steps)
            items.append(Item(id=id, kind="post", url=f"{_API}/posts/{id}"))
        return Receipt(id=items[0].id, url=items[0].url, items=tuple(items))

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the posts, the last one first."""
        for item in reversed(receipt.items):
            steps.once(f"delete/{item.id}", lambda id=item.id: self._call("DELETE", f"/posts/{id}"), repeatable=True)

    def _upload(self, post: Post, index: int, photo: Photo, steps: Steps) -> str:
        fitted = fit(photo, CAPABILITIES.photos, self.connection.cache_folder)
        key = _key(post, f"photo/{index} {photo.content.sha256} {photo.alt}")  # an account keeps what no post shows any more

        def send() -> str:
            with fitted.open() as file:
                fields = {"key": key, "alt": photo.alt}
                id: str = self._call("POST", "/pictures", data=fields, files={"picture": (fitted.filename, file)})["id"]
            return id

        return steps.once(f"photo/{index}", send, lambda: self._found("/pictures", key))

    def _post(self, payload: dict[str, Any], steps: Steps) -> str:
        def send() -> str:
            id: str = self._call("POST", "/posts", json=payload)["id"]
            return id

        return steps.once(f"post/{payload['key']}", send, lambda: self._found("/posts", payload["key"]))

    def _found(self, path: str, key: str) -> str | None:
        found = self._call("GET", path, params={"key": key})["found"]
        return found[0]["id"] if found else None

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.settings.token.reveal()}"}
        response = self.session.request(method, _API + path, headers=headers, **options)
        response.raise_for_status()
        return response.json()


def _payload(post: Post, index: int, text: str, pictures: list[str], parent: str | None) -> dict[str, Any]:
    return {"key": _key(post, f"post/{index}"), "text": text, "pictures": pictures, "parent": parent}


def _key(post: Post, step: str) -> str:
    return hashlib.sha256(f"{post.key}\n{post.channel}\n{step}".encode()).hexdigest()[:24]
