"""The smallest publisher that can show a photo: what a broadcast costs where no client library signs and wraps its calls."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import AltText, Capabilities, PhotoRules, Recovery, TextRules
from socialcast.model.post import Post
from socialcast.model.receipt import Account, Draft, Item, Receipt
from socialcast.publisher import Publisher
from socialcast.wire.secrets import Secret

__all__ = ["API", "PlainPublisher"]

API = "https://plain.example"


PHOTOS = PhotoRules(max_count=4, alt_text=AltText(max_length=1000))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is set to."""

    token: Secret


class PlainPublisher(Publisher):
    """One account: who am I, a photo with its alt text in one call, a post."""

    name = "plain"
    capabilities = Capabilities(
        documented="invented",
        checked=date(2026, 11, 26),
        text=TextRules(max_length=500),
        photos=PHOTOS,
        recovery=Recovery(marker="none", settle_seconds=(0,)),
    )
    Settings = Settings

    def account(self) -> Account:
        """Whose token it is."""
        me = self._call("GET", "/me")
        return Account(id=me["id"], name=me["name"])

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the photos."""
        ids = steps.each(post.photos, lambda index, photo: self._upload(index, photo, steps))
        return Draft(items=tuple(Item(id=id, kind="photo") for id in ids))

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Post the text with the photos."""
        payload = {"text": post.parts[0], "pictures": draft.ids("photo")}
        id = steps.once("post", lambda: str(self._call("POST", "/posts", json=payload)["id"]))
        return Receipt(id=id, url=f"{API}/posts/{id}")

    def _upload(self, index: int, photo: Photo, steps: Steps) -> str:
        fitted = fit(photo, PHOTOS, self.connection.cache_folder)

        def send() -> str:
            with fitted.open() as file:
                files = {"picture": (fitted.filename, file, fitted.media_type)}
                return str(self._call("POST", "/pictures", data={"alt": photo.alt}, files=files)["id"])

        return steps.once(f"photo/{index}", send)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.settings.token.reveal()}"}
        return self.session.request(method, API + path, headers=headers, **options).json()
