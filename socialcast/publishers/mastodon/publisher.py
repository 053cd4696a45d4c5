"""The publisher: media are uploaded out of sight, then each post of the thread is made, an answer to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import count, takewhile, zip_longest
from typing import Any

from socialcast.compose.preflight import with_limits
from socialcast.delivery.steps import Steps
from socialcast.model.capabilities import Capabilities
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Connection, Publisher
from socialcast.publishers.mastodon import echo, words
from socialcast.publishers.mastodon.api import Api, MastodonNotFoundError
from socialcast.publishers.mastodon.instance import limits_of
from socialcast.publishers.mastodon.media import Uploads
from socialcast.publishers.mastodon.posts import moment
from socialcast.publishers.mastodon.tables import CAPABILITIES, ERRORS, MastodonSettings, read_answer
from socialcast.publishers.mastodon.thread import SCHEDULED, Threads, media_of, share_of
from socialcast.wire.transport import Exchange

__all__ = ["MastodonPublisher"]

_SCHEDULED_AHEAD = timedelta(minutes=5)  # at least (documentation of statuses, 2026-07-02)
_PUBLISHED_CHARACTERS = 500
_NEEDED_SCOPES = ("read:accounts", "read:statuses", "write:media", "write:statuses")


class MastodonPublisher(Publisher):
    """One account on one server."""

    name = "mastodon"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = MastodonSettings
    settings: MastodonSettings
    sandbox_settings = {"url": "https://social.example"}  # noqa: RUF012 - a mapping that nobody changes

    def __init__(self, settings: MastodonSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        self._take(self._with_room({"text.max_length": settings.max_characters or _PUBLISHED_CHARACTERS}))

    @property
    def identity(self) -> str:
        """The server and the token, of which an account may have several; the account's id tells these apart."""
        return f"{self.settings.url.rstrip('/')} {self.settings.access_token.reveal()}"

    def account(self) -> Account:
        """The account and the server's limits, under which it composes from now on. Raises NotAllowed for an app that may not
        publish."""
        _require_scopes(self._api.app_scopes())
        self._take(self._limits)
        return Account(id=self._own_id, name=str(self._me["acct"]), url=str(self._me.get("url") or ""), limits=self._limits)

    def access(self) -> Access:
        """What the app may do, where the server tells."""
        return Access(scopes=self._api.app_scopes())

    def check(self, post: Post) -> list[Problem]:
        """An answer needs the address of a post."""
        return list(_no_post(post))

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload the media, and find what is answered; the draft names the media that the server still works on."""
        steps.note("answered", steps.read(partial(self._answered, post.reply_to)) if post.reply_to else "")
        kind = "video" if post.video else "photo"
        return Draft(items=tuple(Item(id=one.id, kind=kind) for one in self._threads.media(post, steps) if not one.is_processed))

    def ready(self, draft: Draft) -> Readiness:
        """One look at whether the server has processed the media."""
        return self._uploads.ready([item.id for item in draft.items])

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make the posts; of one that the server was told to publish by itself, see that it did."""
        posts = self._threads.write(post, steps.note("answered", ""), draft, steps)
        items = tuple(map(_item, posts))
        at = moment(posts[0]["at"]) if posts[0]["at"] else None
        lost = len(media_of(post)) - sum(one["media"] for one in posts)
        remark = f"the server has lost {lost} of the photos or videos: look at the post" if lost > 0 else ""
        return Receipt(id=items[0].id, url=items[0].url, published_at=at, items=items, remark=remark)

    @property
    def schedules(self) -> bool:
        """Whether the server keeps the embargo."""
        return self.settings.schedule

    def schedule(self, post: Post, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let the server make it public. Raises TransientError for what it does not take, which is then kept here."""
        if steps.recorded(SCHEDULED):
            return
        if len(post.parts) > 1:
            raise _kept_here("the server schedules single posts, and this is a thread")
        if at < self.connection.clock.now() + _SCHEDULED_AHEAD:
            raise _kept_here("the server schedules five minutes ahead at least")
        if not steps.read(lambda: self._tells_version):
            raise _kept_here("the server does not tell that it schedules posts, and one that does not would publish at once")
        self._threads.schedule(post, steps.note("answered", ""), draft, at, steps)

    # -- after publication -----------------------------------------------------------------------------------------------

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Change the words of the posts, and the alt texts; servers show what was there before."""
        texts, items = post.parts or ("",), _announced(receipt, steps)
        if len(texts) != len(items):
            raise TerminalError(
                f"it was published in {len(items)} posts, and the new text makes {len(texts)}",
                hint="change its length, or take it back and publish it anew",
            )
        for number, (item, text) in enumerate(zip(items, texts, strict=True)):
            alts = [medium.alt for medium in share_of(post, number, media_of(post))]
            steps.once(f"{name}/{number + 1}", partial(self._edit, item.id, text, alts), repeatable=True)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One answer to the last post of the thread, or to somebody's reply, who is named so that they learn of it."""
        if known := steps.recorded(name):
            return _item(known)
        parent = to.id if to else receipt.items[-1].id
        said = f"@{to.author.removeprefix('@')} {text}" if to else text
        told = steps.read(lambda: echo.answered(self._api, to) if to else self._api.get(parent))
        return _item(self._threads.answer(said, told, parent, receipt.id, steps, name))

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """The post's parts below the last post of the thread. Raises TransientError while the server works on the media."""
        posts = self._threads.write(post, receipt.items[-1].id, Draft(), steps, f"{name}/")
        return tuple(map(_item, posts))

    def inspect(self, receipt: Receipt) -> Sight:
        """The posts as the account's server shows them."""
        return echo.sight(self._api, receipt.items)

    def comparable(self, text: str) -> str:
        """Without the hosts of whom it mentions."""
        return super().comparable(words.comparable(text))

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """The whole thread each time, its own posts among it, as far as the server has received it."""
        return echo.replies(self._api, receipt.id, self._own_id)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """What the account's server counts of each post."""
        return echo.numbers(self._api, receipt.items)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete the posts, the newest first; other servers are asked to."""
        for item in reversed(receipt.items):
            steps.once(f"delete/{item.id}", partial(self._delete, item.id), repeatable=True)

    def read_error(self, exchange: Exchange) -> Answer:
        """The words of an error."""
        return read_answer(exchange)

    # -- what they share -------------------------------------------------------------------------------------------------

    @cached_property
    def _api(self) -> Api:
        return Api(self.settings, self.session)

    @cached_property
    def _uploads(self) -> Uploads:
        return Uploads(self._api, self.connection, self._rules)

    @cached_property
    def _threads(self) -> Threads:
        return Threads(self._api, self._uploads, self.settings, self.connection.clock, lambda: self._own_id)

    @cached_property
    def _me(self) -> Any:
        return self._api.me()

    @property
    def _own_id(self) -> str:
        return str(self._me["id"])

    @cached_property
    def _limits(self) -> dict[str, int]:
        return self._with_room(limits_of(self._instance))

    @cached_property
    def _instance(self) -> Any:
        return self._api.instance()

    @property
    def _tells_version(self) -> bool:
        """Whether the server tells which version of Mastodon's API it has, as Mastodon does since 4.3."""
        versions = self._instance.get("api_versions")
        return isinstance(versions, Mapping) and isinstance(versions.get("mastodon"), int)

    def _with_room(self, limits: dict[str, int]) -> dict[str, int]:
        """The limits with the room that the content warning takes in every post, and no more characters than are wished for."""
        if (longest := limits.get("text.max_length")) is None:
            return limits
        wished = min(longest, self.settings.max_characters or longest)
        return {**limits, "text.max_length": max(1, wished - len(self.settings.content_warning))}

    def _take(self, limits: dict[str, int]) -> None:
        """Compose under these from now on."""
        self.capabilities = with_limits(CAPABILITIES, limits)  # type: ignore[misc]

    def _rules(self) -> Capabilities:
        return with_limits(self.capabilities, self._limits)

    def _answered(self, url: str) -> str:
        if id := self._api.resolve(url):
            return id
        raise TerminalError(f"{self.settings.url} finds no post at {url}", hint="check the address, and that it is public")

    # -- single calls ----------------------------------------------------------------------------------------------------

    def _edit(self, id: str, text: str, alts: Sequence[str]) -> str:
        """Media have to be named again, or they vanish."""
        now = self._api.get(id)
        shown = [str(medium["id"]) for medium in now.get("media_attachments") or ()]
        fields: dict[str, Any] = {"status": text, "sensitive": bool(now.get("sensitive"))}
        if warning := now.get("spoiler_text"):
            fields["spoiler_text"] = warning
        if shown:
            fields["media_attributes"] = [
                {"id": one} if alt is None else {"id": one, "description": alt}
                for one, alt in zip_longest(shown, alts[: len(shown)])
            ]
        return str(self._api.edit(id, fields)["id"])

    def _delete(self, id: str) -> str:
        """The id of a post that is gone now, whoever deleted it."""
        with suppress(MastodonNotFoundError):
            self._api.delete(id)
        return id


def _announced(receipt: Receipt, steps: Steps) -> Sequence[Item]:
    """The posts that it was published in, without those by which the thread went on since."""
    published = takewhile(lambda number: steps.recorded(f"post/{number}"), count(1))
    return receipt.items[: len(list(published)) or None]


def _item(told: Mapping[str, Any]) -> Item:
    return Item(id=told["id"], kind="post", url=told["url"])


def _kept_here(why: str) -> TransientError:
    return TransientError(why, hint="run it again when the embargo ends, or with --wait")


def _require_scopes(scopes: Sequence[str]) -> None:
    """Raise NotAllowed where the server tells what the app may do, and that is too little."""
    missing = [scope for scope in _NEEDED_SCOPES if not {scope, scope.partition(":")[0]} & set(scopes)]
    if scopes and missing:
        raise NotAllowed(
            f"the app of this token lacks {', '.join(missing)}",
            hint="give the app the scopes read and write under Preferences, Development, and make its token anew",
        )


def _no_post(post: Post) -> Iterator[Problem]:
    if post.reply_to and not post.reply_to.startswith(("https://", "http://")):
        yield Problem(
            code="reply.no_post",
            path=f"channels.{post.channel}.reply_to",
            message=f"{post.reply_to!r} is not the address of a post",
            fix="write it as https://example.social/@name/123, as a browser shows it",
        )
