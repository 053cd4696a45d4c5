"""Photos on their way to Facebook; nobody sees them before a post shows them."""

from __future__ import annotations

from functools import partial
from typing import Any

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.post import Post
from socialcast.publisher import Connection
from socialcast.publishers.facebook import words
from socialcast.publishers.facebook.graph import Graph
from socialcast.publishers.facebook.tables import PHOTOS

__all__ = ["Photos"]

_AT_ONCE = 4
# Facebook drops unpublished photos after about 24 hours (Pages API, 2026-11-22); the rest is for the way.
_LIFE_SECONDS = 20 * 3600


class Photos:
    """The photos of one post; `scheduled` ones wait for a time that Facebook keeps."""

    def __init__(self, graph: Graph, page_id: str, connection: Connection, post: Post, *, scheduled: bool) -> None:
        self._graph, self._page_id, self._connection = graph, page_id, connection
        self._post, self._scheduled = post, scheduled

    def upload(self, steps: Steps) -> list[str]:
        """Their ids, in order; those that have lapsed are sent anew, unless a post may show them already."""
        is_shown = bool(steps.recorded("post") or steps.begun_at("post"))

        def is_usable(known: dict[str, Any]) -> bool:
            return is_shown or bool(known["expires_at"] > self._now())

        def work(index: int, _: object) -> str:
            send = partial(self._send, index)
            known = steps.once(f"photo/{index}", send, repeatable=True, valid=is_usable, unsent=lambda: {"id": ""})
            return str(known["id"])

        return steps.each(self._post.photos, work, at_once=_AT_ONCE)

    def _send(self, index: int) -> dict[str, Any]:
        photo = self._post.photos[index]
        fitted = fit(photo, PHOTOS, self._connection.cache_folder)
        fields = words.photo_fields(photo, self._post, scheduled=self._scheduled)
        with fitted.open() as file:
            files = {"source": (fitted.filename, file, fitted.media_type)}
            photo_id = self._graph.post(f"{self._page_id}/photos", files=files, **fields).get("id")
        return {"id": photo_id, "expires_at": self._now() + _LIFE_SECONDS} if photo_id else {}

    def _now(self) -> float:
        return self._connection.clock.now().timestamp()
