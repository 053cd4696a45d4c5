"""The posts of a thread being made: each answers the one before and shows its share of the media, now or when the server's time
has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Video
from socialcast.model.errors import TransientError
from socialcast.model.post import Post
from socialcast.model.receipt import Draft
from socialcast.publishers.mastodon import words
from socialcast.publishers.mastodon.api import Api
from socialcast.publishers.mastodon.media import Uploaded, Uploads
from socialcast.publishers.mastodon.posts import Attempt, MediaLapsed, Wanted, find_scheduled, made
from socialcast.publishers.mastodon.tables import MastodonSettings, Visibility, narrower
from socialcast.wire.clock import Clock

__all__ = ["SCHEDULED", "Threads", "media_of", "share_of"]

SCHEDULED = "scheduled"  # the step in which the server is told to publish by itself


class Threads:
    """Makes the posts of one account, each once."""

    def __init__(
        self, api: Api, uploads: Uploads, settings: MastodonSettings, clock: Clock, account_id: Callable[[], str]
    ) -> None:
        self._api, self._uploads, self._settings, self._clock, self._account_id = api, uploads, settings, clock, account_id

    def media(self, post: Post, steps: Steps, prefix: str = "") -> list[Uploaded]:
        """The media on the server; nothing once posts show all of them."""
        if steps.recorded(f"{prefix}post/{_showing(post)}") or (not prefix and steps.recorded(SCHEDULED)):
            return []

        def is_shown(index: int) -> bool:
            step = f"{prefix}post/{index // post.photos_each + 1 if post.photos_each else 1}"
            return bool(steps.recorded(step) or steps.begun_at(step))

        return self._uploads.of(post, steps, prefix, is_shown=is_shown)

    def write(self, post: Post, parent: str, draft: Draft, steps: Steps, prefix: str = "") -> list[dict[str, Any]]:
        """The parts' posts, as steps that begin with the prefix; with one, they go on with a thread."""
        posts: list[dict[str, Any]] = []
        for number in range(len(post.parts) or 1):
            posts.append(self._published(post, number, posts[-1]["id"] if posts else parent, draft, steps, prefix))
        return posts

    def answer(self, text: str, told: Mapping[str, Any], parent: str, root: str, steps: Steps, name: str) -> dict[str, Any]:
        """One answer to the post that was `told`, in the thread below `root`: it is seen by no more people than that."""
        fields = self._fields(text, str(told.get("language") or ""), (), parent, is_first=False)
        fields["visibility"] = narrower(fields["visibility"], str(told.get("visibility") or ""))
        attempt = self._attempt(fields, Wanted(text, parent, (), 0), self._key(root, name, text), name, steps)
        return steps.once(name, attempt.send, attempt.find)

    def schedule(self, post: Post, parent: str, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let the server publish the one post at that time."""
        media = self.media(post, steps)
        self._uploads.require_ready(media, [item.id for item in draft.items], steps)
        text = _text(post, 0)
        fields = {**self._fields(text, post.language, media, parent, is_first=True), "scheduled_at": at}
        wanted = Wanted(text, "", tuple(one.id for one in media), len(media))
        key = self._key(post.key, post.channel, SCHEDULED, text, at.isoformat())
        steps.once(SCHEDULED, lambda: made(self._api.post(fields, key)), lambda: find_scheduled(self._api, wanted, at))

    # -- one post ----------------------------------------------------------------------------------------------------------

    def _published(self, post: Post, number: int, parent: str, draft: Draft, steps: Steps, prefix: str) -> dict[str, Any]:
        """One post of the thread, with media that are sent anew where the server has dropped them."""
        media = self.media(post, steps, prefix)
        try:
            return self._post(post, number, parent, media, draft, steps, prefix)
        except MediaLapsed:
            self._uploads.forget(tuple(one.id for one in media))
            return self._post(post, number, parent, self.media(post, steps, prefix), draft, steps, prefix)

    def _post(
        self, post: Post, number: int, parent: str, media: Sequence[Uploaded], draft: Draft, steps: Steps, prefix: str
    ) -> dict[str, Any]:
        step, text, is_first = f"{prefix}post/{number + 1}", _text(post, number), number == 0 and not prefix
        self._uploads.require_ready(list(media), [item.id for item in draft.items], steps)
        shown = share_of(post, number, media)
        fields = self._fields(text, post.language, shown, parent, is_first=is_first)
        wanted = Wanted(text, parent, tuple(one.id for one in shown), len(share_of(post, number, media_of(post))))
        key = self._key(post.key, post.channel, f"{steps.generation}{step}", text, *self._uploads.lapsed)
        attempt = self._attempt(fields, wanted, key, step, steps)
        if is_first and self._may_be_scheduled(post, steps) and (came := self._come(post, attempt, wanted, steps)):
            return steps.once(step, lambda: came)
        return steps.once(step, attempt.send, attempt.find)

    def _attempt(self, fields: Mapping[str, Any], wanted: Wanted, key: str, step: str, steps: Steps) -> Attempt:
        return Attempt(self._api, self._account_id, self._clock, fields, wanted, key, steps.begun_at(step))

    def _key(self, *marks: str) -> str:
        return words.idempotency_key(self._settings.url, self._account_id(), *marks)

    def _fields(self, text: str, language: str, media: Sequence[Uploaded], parent: str, *, is_first: bool) -> dict[str, Any]:
        """The fields of a new post, as the library names them."""
        visibility = self._settings.visibility
        if not is_first and visibility is Visibility.PUBLIC and self._settings.thread_unlisted:
            visibility = Visibility.UNLISTED
        wishes = {
            "media_ids": [one.id for one in media],
            "in_reply_to_id": parent,
            "spoiler_text": self._settings.content_warning,
            "sensitive": self._settings.sensitive,
            "language": words.language(language),
        }
        return {"status": text, "visibility": visibility.value, **{name: wish for name, wish in wishes.items() if wish}}

    # -- a post that the server makes by itself ----------------------------------------------------------------------------

    def _may_be_scheduled(self, post: Post, steps: Steps) -> bool:
        begun = steps.recorded(SCHEDULED) or steps.begun_at(SCHEDULED)
        return bool(begun or (self._settings.schedule and post.embargo and steps.is_recovering))

    def _come(self, post: Post, attempt: Attempt, wanted: Wanted, steps: Steps) -> dict[str, Any] | None:
        """The post that the server made by itself; None where it was never told to."""
        if found := steps.read(attempt.find):
            return found
        waits = post.embargo and steps.read(partial(find_scheduled, self._api, wanted, post.embargo))
        if waits or steps.recorded(SCHEDULED):
            raise TransientError(
                "the server was to make it public, and has not yet", hint="run it again; on the server, see the scheduled posts"
            )
        return None


def media_of(post: Post) -> Sequence[Photo | Video]:
    """All that the post's parts show."""
    return (post.video,) if post.video else post.photos


def share_of(post: Post, number: int, media: Sequence[Any]) -> Sequence[Any]:
    """What the part of that number, from 0, shows of them: its share of the photos, or everything in the first."""
    each = post.photos_each or len(media)
    return media[number * each : (number + 1) * each]


def _text(post: Post, number: int) -> str:
    return post.parts[number] if post.parts else ""


def _showing(post: Post) -> int:
    """The number of the post that shows the last medium, from 1."""
    return -(-len(post.photos) // post.photos_each) if post.photos_each else 1
