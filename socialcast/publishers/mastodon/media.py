"""Photos and videos on their way to a server; nobody sees them before a post shows them, and a post can have each once."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from socialcast.compose.photos import Fitted, fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Video
from socialcast.model.capabilities import Capabilities
from socialcast.model.errors import TransientError
from socialcast.model.post import Post
from socialcast.model.receipt import Readiness
from socialcast.publisher import Connection
from socialcast.publishers.mastodon.api import Api, MastodonNotFoundError

__all__ = ["Uploaded", "Uploads"]

_AT_ONCE = 4
_LIFE_SECONDS = 20 * 3600  # unused media are dropped after about 24 hours (read 2026-07-02); the rest is for the way
_LOOK_AGAIN_SECONDS = 2.0


class Uploaded(NamedTuple):
    """A medium on the server, which may still be working on it."""

    id: str
    is_processed: bool


class Uploads:
    """The media of one account; `rules` are what this server takes."""

    def __init__(self, api: Api, connection: Connection, rules: Callable[[], Capabilities]) -> None:
        self._api, self._connection, self._rules = api, connection, rules
        self._lapsed: set[str] = set()

    def of(self, post: Post, steps: Steps, prefix: str = "", *, is_shown: Callable[[int], bool]) -> list[Uploaded]:
        """The post's media in order; those that have lapsed are sent anew, unless a post may show that one already.

        The steps' names begin with the prefix.
        """

        def work(index: int, send: Callable[[], dict[str, Any]]) -> Uploaded:
            def is_usable(known: dict[str, Any]) -> bool:
                is_fresh = known["expires_at"] > self._now()
                return known["id"] not in self._lapsed and (is_fresh or is_shown(index))

            name = f"{prefix}video" if post.video else f"{prefix}photo/{index + 1}"
            known = steps.once(name, send, repeatable=True, valid=is_usable, unsent=lambda: {"id": "", "processed": True})
            return Uploaded(known["id"], known["processed"])

        if post.video:
            return [work(0, partial(self._send_video, post.video))]
        return steps.each([partial(self._send_photo, photo) for photo in post.photos], work, at_once=_AT_ONCE)

    @property
    def lapsed(self) -> list[str]:
        """What the server has dropped; a post with what was sent anew is another one to it."""
        return sorted(self._lapsed)

    def forget(self, ids: tuple[str, ...]) -> None:
        """The server has dropped these."""
        self._lapsed.update(ids)

    def ready(self, ids: list[str]) -> Readiness:
        """One look at whether all are processed. Raises what the server says of one that cannot be."""
        return Readiness(ready=all(map(self._is_processed, ids)), look_again_after_seconds=_LOOK_AGAIN_SECONDS)

    def require_ready(self, uploaded: list[Uploaded], known: list[str], steps: Steps) -> None:
        """Raise TransientError where one that was sent anew, since the draft was made, is still being processed."""
        anew = [one.id for one in uploaded if not one.is_processed and one.id not in known]
        if anew and not steps.read(lambda: self.ready(anew)).ready:
            raise TransientError("media had lapsed and were sent anew; the server is still working on them", hint="run it again")

    def _is_processed(self, id: str) -> bool:
        try:
            return bool(self._api.medium(id).get("url"))
        except MastodonNotFoundError:
            return True  # a post shows it, or the server does not tell: then the post is refused as long as it is not

    def _send_photo(self, photo: Photo) -> dict[str, Any]:
        rules = self._rules().photos
        assert rules is not None  # noqa: S101 - the table has them
        fitted, focus = fit(photo, rules, self._connection.cache_folder), ",".join(map(str, photo.focus or ()))
        return self._sent(fitted, photo.alt, focus=focus)

    def _send_video(self, video: Video) -> dict[str, Any]:
        rules = self._rules().video
        poster = rules.poster if rules else None
        picture = fit(video.poster, poster, self._connection.cache_folder) if video.poster and poster else None
        media_type = mimetypes.guess_type(video.path or "")[0] or "video/mp4"
        name = Path(video.path or "video.mp4").name
        return self._sent(Fitted(filename=name, media_type=media_type, path=video.path, data=video.data), video.alt, picture)

    def _sent(self, file: Fitted, alt: str, poster: Fitted | None = None, focus: str = "") -> dict[str, Any]:
        parts = {"file": file, **({"thumbnail": poster} if poster else {})}
        fields = {name: value for name, value in (("description", alt), ("focus", focus)) if value}
        with ExitStack() as opened:
            files = {name: (part.filename, opened.enter_context(part.open()), part.media_type) for name, part in parts.items()}
            told = self._api.upload(files, fields)
        return {"id": str(told["id"]), "processed": bool(told.get("url")), "expires_at": self._now() + _LIFE_SECONDS}

    def _now(self) -> float:
        return self._connection.clock.now().timestamp()
