"""The publisher: everything that a post shows is uploaded, then one call writes the whole thread, or nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import msgspec
import requests

from socialcast.compose.moving import poster_problems
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Account, Draft, Item, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.bluesky import echo, records
from socialcast.publishers.bluesky.api import Api, is_absent
from socialcast.publishers.bluesky.identifiers import record_keys
from socialcast.publishers.bluesky.media import Uploads
from socialcast.publishers.bluesky.tables import CAPABILITIES, ERRORS, MAX_TEXT_BYTES, PHOTOS, BlueskySettings

__all__ = ["BlueskyPublisher"]

_POST = re.compile(r"https://bsky\.app/profile/([\w.:-]+)/post/(\w+)/?")
_CREATE = "com.atproto.repo.applyWrites#create"


class BlueskyPublisher(Publisher):
    """One account on Bluesky or another server of its network."""

    name = "bluesky"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = BlueskySettings
    settings: BlueskySettings

    def __init__(self, settings: BlueskySettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        if settings.photos != PHOTOS:
            self.capabilities = msgspec.structs.replace(CAPABILITIES, photos=settings.photos)  # type: ignore[misc]

    def require_credentials(self) -> None:
        """Raise ConfigurationError for a password that opens the whole account."""
        self.settings.require_credentials(self.connection.channel)

    @property
    def identity(self) -> str:
        """The name that the account signs in with."""
        return self.settings.identifier.lower()

    def account(self) -> Account:
        """The account's DID, which stays when its handle changes."""
        return Account(id=self._api.did, name=self._api.handle, url=records.profile_of(self._api.did))

    def check(self, post: Post) -> list[Problem]:
        """A post of few graphemes can be of many bytes; an answer needs the address of a post; a card may have a picture."""
        return [*_too_many_bytes(post), *_no_post(post), *poster_problems(_card_picture(post), "live.poster")]

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the media, and look up whom the text mentions and what it answers."""
        steps.note("mentions", self._mentioned(post, steps))
        steps.note("answered", steps.read(partial(self._answered, post.reply_to)) if post.reply_to else [])
        self._uploads.pictures(post.photos, steps)
        job = self._uploads.video(post.video, steps) if post.video else ""
        self._thumbnail(post, steps)
        return Draft(items=(Item(id=job, kind="video"),) if job else ())

    def ready(self, draft: Draft) -> Readiness:
        """Whether the video is prepared."""
        for job in draft.ids("video"):
            return self._uploads.ready(job)
        return Readiness(ready=True)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Write the thread, and who may answer it, in one call that makes all of it or nothing."""
        keys = record_keys(len(post.parts) or 1, post.key, post.channel)
        made = steps.recorded("posts") or steps.once("posts", self._writing(post, keys, steps), partial(self._find, post, keys))
        items = tuple(map(_item, made["uris"]))
        at = datetime.fromisoformat(made["at"])
        return Receipt(id=items[0].id, url=items[0].url, published_at=at, items=items)

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One answer to the last post of the thread, or to what somebody said."""
        (key,) = record_keys(1, receipt.id, name)
        at = steps.note(f"{name}/at", self._now())

        def send() -> str:
            parent = self._said(to) if to else self._get(receipt.items[-1].id)
            record = records.answer(text, self._get(receipt.id), parent, at)
            return self._write([self._creation(records.POSTS, key, record)])

        return _item(steps.once(name, send, partial(self._found, key)))

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """The post's parts below the last post of the thread, all of them or none; their words and photos give the keys."""
        photos = [photo.content.sha256 for photo in post.photos]
        keys = record_keys(len(post.parts) or 1, receipt.id, *post.parts, *photos)
        if not steps.recorded(name):
            steps.once(name, self._appending(receipt, post, keys, steps, name), partial(self._found, keys[0]))
        return tuple(_item(records.uri_of(self._api.did, records.POSTS, key)) for key in keys)

    def inspect(self, receipt: Receipt) -> Sight:
        """The posts as the network shows them, or as the account's server keeps them where it does not yet."""
        return echo.sight(self._api, receipt.items, lambda uri: self._record(_key_of(uri)))

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """The thread's answers, its own posts among them; where the network cuts a large thread, page by page."""
        return echo.one_page(self._api, receipt.id, self._api.did, since)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What the network counts of each post."""
        return echo.numbers(self._api, receipt.items)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the posts, the last one first, and the rule that says who may answer."""
        for item in reversed(receipt.items):
            steps.once(f"delete/{item.id}", partial(self._delete, records.POSTS, _key_of(item.id)), repeatable=True)
        steps.once("delete/gate", partial(self._delete, records.GATES, _key_of(receipt.id)), repeatable=True)

    # -- writing and looking ---------------------------------------------------------------------------------------------

    @cached_property
    def _api(self) -> Api:
        return Api(self.settings, self.connection, self.session)

    @cached_property
    def _uploads(self) -> Uploads:
        return Uploads(self._api, self.session, self.settings, self.connection)

    def _writing(self, post: Post, keys: Sequence[str], steps: Steps) -> Any:
        """The call with everything that it says fixed; its time is that of the first try."""
        at = steps.note("posts/at", self._now())
        embeds = self._embeds(post, steps)
        said = records.Said(post, self._api.did, at, steps.note("mentions", {}), self.settings.labels)
        posts = records.thread(said, keys, embeds, steps.note("answered", []))
        writes = [self._creation(records.POSTS, key, record) for key, record in zip(keys, posts, strict=True)]
        if gate := records.gate(records.uri_of(self._api.did, records.POSTS, keys[0]), self.settings.replies, at):
            writes.append(self._creation(records.GATES, keys[0], gate))

        def send() -> dict[str, Any]:
            self._write(writes)
            return self._made(keys, at)

        return send

    def _appending(self, receipt: Receipt, post: Post, keys: Sequence[str], steps: Steps, name: str) -> Any:
        """The call with everything that it says fixed; its time is that of the first try."""
        root, last = (steps.read(partial(self._get, uri)) for uri in (receipt.id, receipt.items[-1].id))
        answered = [records.references(root)[0], records.references(last)[1]]
        dids = steps.note(f"{name}/mentions", self._mentioned(post, steps))
        said = records.Said(post, self._api.did, steps.note(f"{name}/at", self._now()), dids, self.settings.labels)
        posts = records.thread(said, keys, self._embeds(post, steps, f"{name}/"), answered)
        return partial(self._write, [self._creation(records.POSTS, key, each) for key, each in zip(keys, posts, strict=True)])

    def _mentioned(self, post: Post, steps: Steps) -> dict[str, str]:
        """The accounts of the handles in the text that there are."""
        dids = {handle: steps.read(partial(self._did_of, handle)) for handle in records.handles("\n".join(post.parts))}
        return {handle: did for handle, did in dids.items() if did}

    def _said(self, reply: Reply) -> records.Record:
        """What somebody said, as a record. Raises TerminalError where it is gone."""
        if (post := echo.shown(self._api, [reply.id]).get(reply.id)) is None:
            raise TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")
        return echo.as_record(post)

    def _embeds(self, post: Post, steps: Steps, prefix: str = "") -> dict[int, records.Record]:
        """What each post of the thread shows: a video, its share of the photos, or else the link as a card."""
        if post.video:
            return {0: self._uploads.shown_video(post.video, steps)}
        pictures = self._uploads.pictures(post.photos, steps, prefix)
        each = post.photos_each or len(pictures) or 1
        if pictures:
            shown = partial(records.images, in_gallery=self.settings.gallery)
            return {start // each: shown(pictures[start : start + each]) for start in range(0, len(pictures), each)}
        if not post.link:
            return {}
        return {0: records.card(post.link, post.title, post.parts[0] if post.parts else "", self._thumbnail(post, steps))}

    def _thumbnail(self, post: Post, steps: Steps) -> records.Record | None:
        """The blob of the card's picture; None where the post has none, or shows no card."""
        poster = _card_picture(post)
        return self._uploads.thumbnail(poster, steps) if poster else None

    def _write(self, writes: Sequence[Mapping[str, Any]]) -> str:
        told = self._api.procedure("com.atproto.repo.applyWrites", {"repo": self._api.did, "validate": True, "writes": writes})
        return str(told["results"][0]["uri"])

    def _find(self, post: Post, keys: Sequence[str]) -> dict[str, Any] | None:
        """The thread under its keys, at the server that keeps it; its first post tells of all, since they came together."""
        record = self._record(keys[0])
        if record is None:
            return None
        if record["text"] != (post.parts or ("",))[0]:
            shown = records.permalink(records.uri_of(self._api.did, records.POSTS, keys[0]))
            raise TerminalError(f"{shown} has this key and other words", hint="give the new announcement its own key")
        return self._made(keys, record["createdAt"])

    def _made(self, keys: Sequence[str], at: str) -> dict[str, Any]:
        return {"uris": [records.uri_of(self._api.did, records.POSTS, key) for key in keys], "at": at}

    def _found(self, key: str) -> str | None:
        return records.uri_of(self._api.did, records.POSTS, key) if self._record(key) else None

    def _record(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._get(records.uri_of(self._api.did, records.POSTS, key))["value"]
        except requests.HTTPError as error:
            if is_absent(error):
                return None
            raise
        return found

    def _get(self, uri: str) -> dict[str, Any]:
        """A record with its address and hash."""
        did, collection, key = uri.removeprefix("at://").split("/")
        return self._api.query("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=key)

    def _answered(self, url: str) -> list[dict[str, str]]:
        """How an answer names what it answers: the first post of the thread, and the post itself."""
        name, key = _POST.fullmatch(url).groups()  # type: ignore[union-attr] # `check` has seen to it
        did = name if name.startswith("did:") else self._did_of(name)
        return records.references(self._get(records.uri_of(did, records.POSTS, key)))

    def _did_of(self, handle: str) -> str:
        """The account of that handle; empty for none, which leaves the words as they are."""
        try:
            return str(self._api.query("com.atproto.identity.resolveHandle", handle=handle)["did"])
        except requests.HTTPError as error:
            if error.response.status_code == 400:
                return ""
            raise

    def _delete(self, collection: str, key: str) -> str:
        self._api.procedure("com.atproto.repo.deleteRecord", {"repo": self._api.did, "collection": collection, "rkey": key})
        return "deleted"

    @staticmethod
    def _creation(collection: str, key: str, record: Mapping[str, Any]) -> dict[str, Any]:
        return {"$type": _CREATE, "collection": collection, "rkey": key, "value": record}

    def _now(self) -> str:
        return self.connection.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _item(uri: str) -> Item:
    return Item(id=uri, kind="post", url=records.permalink(uri))


def _key_of(uri: str) -> str:
    return uri.rpartition("/")[2]


def _card_picture(post: Post) -> Photo | None:
    """The live event's own picture, where the post shows a card: photos and films take its place, and nothing is fetched."""
    shows_card = post.link and not post.photos and not post.video
    return post.live.poster if shows_card and post.live else None


def _too_many_bytes(post: Post) -> Iterator[Problem]:
    for number, text in enumerate(post.parts, 1):
        if (size := len(text.encode())) > MAX_TEXT_BYTES:
            yield Problem(
                code="text.too_many_bytes",
                path="text",
                message=f"post {number} has {size} bytes, {MAX_TEXT_BYTES} are allowed",
                fix="use fewer emoji, or shorten it",
            )


def _no_post(post: Post) -> Iterator[Problem]:
    if post.reply_to and not _POST.fullmatch(post.reply_to):
        yield Problem(
            code="reply.no_post",
            path=f"channels.{post.channel}.reply_to",
            message=f"{post.reply_to!r} is not the address of a post on Bluesky",
            fix="write it as https://bsky.app/profile/NAME/post/KEY",
        )
