"""The publisher: it prepares media, posts a thread part by part, and finds again what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import tweepy

from socialcast.compose.photos import fit
from socialcast.compose.spans import Kind, find_spans
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo
from socialcast.model.cost import Cost
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Account, Draft, Item, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Publisher
from socialcast.publishers.x import costs, echo
from socialcast.publishers.x.access import Access, open_access
from socialcast.publishers.x.attempt import CLOCK_TOLERANCE, RECOVERY_WINDOW, Attempt, content, permalink, post_id
from socialcast.publishers.x.media import Uploaded, Uploads, readiness
from socialcast.publishers.x.settings import XSettings
from socialcast.publishers.x.tables import CAPABILITIES, ERRORS, PHOTOS, read_answer
from socialcast.publishers.x.timeline import Wanted, comparable, own_posts, posted_at, said
from socialcast.wire.transport import Exchange

__all__ = ["XPublisher"]

_PHOTOS_AT_ONCE = 4


class XPublisher(Publisher):
    """One account on X."""

    name = "x"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = XSettings
    settings: XSettings
    _username = "i/web"  # stands for the name in a permalink as long as nobody has asked for it

    @classmethod
    def sandbox_wishes(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """An OAuth 2.0 account for a channel that has a client id."""
        return {"auth": "oauth2"} if "client_id" in settings else {}

    def require_credentials(self) -> None:
        """Raise ConfigurationError unless the settings hold one whole set of credentials."""
        self.settings.require_credentials(self.connection.channel)

    @property
    def identity(self) -> str:
        """The user's id, with which OAuth 1.0a tokens begin; OAuth 2.0 tokens tell nothing."""
        token = self.settings.access_token
        return token.reveal().partition("-")[0] if token else ""

    def account(self) -> Account:
        """The account's id and name."""
        me = self._access.call("get_me")["data"]
        self._username = me["username"]
        return Account(id=me["id"], name=self._username, url=f"https://x.com/{self._username}")

    def check(self, post: Post) -> list[Problem]:
        """Warnings of what it will cost, and of tokens that the next run will miss."""
        return [*costs.warnings(post), *_no_post(post), *_cashtags(post), *self._lost_tokens()]

    def cost(self, post: Post) -> tuple[Cost, ...]:
        """The dollars that X charges for it."""
        return costs.cost(post)

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the media."""
        return _draft(post, self._media(post, steps))

    def ready(self, draft: Draft) -> Readiness:
        """One look at whether X has processed the video."""
        videos = draft.ids("video")
        return readiness(self._access, videos[0]) if videos else Readiness(ready=True)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make the posts, each an answer to the one before; the first shows the media, or as many photos as it holds."""
        media = self._media(post, steps)
        self._await_replaced(draft, _draft(post, media), steps)
        ids = self._thread(post, media, post_id(post.reply_to), steps)
        items = self._items(ids)
        return Receipt(id=ids[0], url=items[0].url, published_at=posted_at(ids[0]), items=items)

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """The post's parts below the last post of the thread."""
        prefix = f"{name}/"
        return self._items(self._thread(post, self._media(post, steps, prefix), receipt.items[-1].id, steps, prefix))

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One answer to the last post of the thread, or to what somebody said."""
        if to and to.forbidden:
            raise NotAllowed("X would refuse this answer", hint=to.forbidden)
        parent = to.id if to else receipt.items[-1].id
        if to and not steps.recorded(name) and not steps.begun_at(name):
            self._require_there(to, steps)
        return self._items([self._post(text, (), parent, steps, name)])[0]

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the posts, the newest first."""
        for item in reversed(receipt.items):
            steps.once(f"delete/{item.id}", lambda id=item.id: self._delete(id), repeatable=True)  # type: ignore[misc]

    def inspect(self, receipt: Receipt) -> Sight:
        """The posts as X shows them."""
        return echo.sight(self._access, receipt.items)

    def comparable(self, text: str) -> str:
        """Without the scheme and the last slash that X gives to bare domains."""
        return comparable(text)

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Other posts of the account since then that say what one of these says."""
        since = (receipt.published_at or self.connection.clock.now() - RECOVERY_WINDOW) - CLOCK_TOLERANCE
        ours, wanted = {item.id for item in receipt.items}, set(map(comparable, filter(None, post.parts)))
        found = own_posts(self._access, self._own_id(), since)
        return self._items([one["id"] for one in found if one["id"] not in ours and comparable(said(one)) in wanted])

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """A hundred of what was said below the first post, the newest first; X finds the last seven days."""
        self._require_name()
        return echo.one_page(self._access, receipt.id, self._own_id(), self._username, since)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What X counts of each post."""
        return echo.numbers(self._access, receipt.items)

    def read_error(self, exchange: Exchange) -> Answer:
        """Code and words of an error in either of X's shapes."""
        return read_answer(exchange)

    def _thread(self, post: Post, media: Sequence[Uploaded], parent: str | None, steps: Steps, prefix: str = "") -> list[str]:
        """The ids of the parts' posts, each an answer to the one before; the first shows the media, or as many as it holds."""
        ids: list[str] = []
        each = post.photos_each or len(media)
        for number, text in enumerate(post.parts or [""]):
            shown = media[number * each : (number + 1) * each]
            ids.append(self._post(text, shown, ids[-1] if ids else parent, steps, f"{prefix}post/{number + 1}"))
        return ids

    def _items(self, ids: Sequence[str]) -> tuple[Item, ...]:
        return tuple(Item(id=id, kind="post", url=permalink(id, self._username)) for id in ids)

    def _require_there(self, reply: Reply, steps: Steps) -> None:
        """Raise TerminalError where its author, or X, took it away: X would say that it may not be visible yet."""
        if "data" not in steps.read(lambda: self._access.request("GET", f"/2/tweets/{reply.id}")):
            raise TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")

    def _require_name(self) -> None:
        if self._username == XPublisher._username:
            self.account()

    def _post(self, text: str, shown: Sequence[Uploaded], parent: str | None, steps: Steps, step: str) -> str:
        """The id of one post, made as the step of that name."""
        fields = content(text, shown, parent, self.settings.reply_settings)
        wanted = Wanted(text, parent, tuple(medium.key for medium in shown))
        attempt = Attempt(
            self._access, self._own_id, self.connection.clock, fields, wanted, steps.begun_at(step), steps.is_recovering
        )
        return steps.once(step, attempt.send, attempt.find)

    @cached_property
    def _access(self) -> Access:
        return open_access(self.settings, self.connection, self.session)

    def _own_id(self) -> str:
        return self.identity or self._id_by_asking

    @cached_property
    def _id_by_asking(self) -> str:
        return self.account().id

    def _media(self, post: Post, steps: Steps, prefix: str = "") -> tuple[Uploaded, ...]:
        """The uploaded media, none of which has lapsed; nothing once posts show all of them."""
        showing = -(-len(post.photos) // post.photos_each) if post.photos_each else 1
        if steps.recorded(f"{prefix}post/{showing}"):
            return ()
        uploads = Uploads(self._access, self.connection.clock, steps)
        if post.video:
            return (uploads.video(post.video, prefix),)

        def work(index: int, photo: Photo) -> Uploaded:
            fitted = fit(photo, PHOTOS, self.connection.cache_folder)
            return uploads.photo(f"{prefix}photo/{index + 1}", photo, fitted)

        return tuple(steps.each(post.photos, work, at_once=_PHOTOS_AT_ONCE))

    def _await_replaced(self, prepared: Draft, now: Draft, steps: Steps) -> None:
        """A video that lapsed while it was held was sent anew, and X may not have processed that yet."""
        if now.items and now != prepared and not steps.read(lambda: self.ready(now)).ready:
            raise TransientError("the video had lapsed and was sent anew; X is still processing it", hint="run it again")

    def _delete(self, id: str) -> str | None:
        """The id of a post that is gone now, whoever deleted it; None if X says that it is still there."""
        try:
            answer = self._access.call("delete_tweet", id)
        except tweepy.NotFound:
            return id
        return id if answer["data"]["deleted"] else None

    def _lost_tokens(self) -> Iterator[Problem]:
        if self.settings.refresh_token and not self.settings.token_store and self.connection.transport.sandbox_url is None:
            yield Problem(
                code="credentials.not_kept",
                severity=Severity.WARNING,
                path="token_store",
                message="X replaces the refresh token at each use and cannot keep the new one: the next run will be refused",
                fix='set token_store = "file:x-tokens.json" or "keyring:x-tokens"',
            )


def _draft(post: Post, media: Sequence[Uploaded]) -> Draft:
    kind = "video" if post.video else "photo"
    return Draft(items=tuple(Item(id=medium.id, kind=kind) for medium in media))


def _cashtags(post: Post) -> Iterator[Problem]:
    """X refuses a second one (`.../problems/one-cashtag`, read 2026-08-22), when the first posts of a thread may be public."""
    for part in post.parts:
        names = [part[span.start : span.end] for span in find_spans(part) if span.kind is Kind.CASHTAG]
        if len(names) > 1:
            message = f"{', '.join(names)} stand in one post, and X takes one cashtag"
            yield Problem(code="text.cashtags", path="text", message=message, fix="write the others without the dollar sign")


def _no_post(post: Post) -> Iterator[Problem]:
    if post.reply_to and not post_id(post.reply_to):
        yield Problem(
            code="reply.no_post",
            path=f"channels.{post.channel}.reply_to",
            message=f"{post.reply_to!r} is not the address of a post on X",
            fix="write it as https://x.com/NAME/status/NUMBER",
        )
