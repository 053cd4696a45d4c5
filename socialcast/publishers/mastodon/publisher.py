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
from socialcast.model.announcement import Photo, Video
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
from socialcast.publishers.mastodon.media import Uploaded, Uploads
from socialcast.publishers.mastodon.posts import Attempt, MediaLapsed, Wanted, find_scheduled, made, moment
from socialcast.publishers.mastodon.tables import CAPABILITIES, ERRORS, MastodonSettings, Visibility, narrower, read_answer
from socialcast.wire.transport import Exchange

__all__ = ["MastodonPublisher"]

_SCHEDULED = "scheduled"  # the step in which the server is told to publish by itself
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
        return Draft(items=tuple(Item(id=one.id, kind=kind) for one in self._media(post, steps) if not one.is_processed))

    def ready(self, draft: Draft) -> Readiness:
        """One look at whether the server has processed the media."""
        return self._uploads.ready([item.id for item in draft.items])

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make the posts; of one that the server was told to publish by itself, see that it did."""
        posts = self._thread(post, steps.note("answered", ""), draft, steps)
        items = tuple(map(_item, posts))
        at = moment(posts[0]["at"]) if posts[0]["at"] else None
        lost = _media_count(post) - sum(one["media"] for one in posts)
        remark = f"the server has lost {lost} of the photos or videos: look at the post" if lost > 0 else ""
        return Receipt(id=items[0].id, url=items[0].url, published_at=at, items=items, remark=remark)

    @property
    def schedules(self) -> bool:
        """Whether the server keeps the embargo."""
        return self.settings.schedule

    def schedule(self, post: Post, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let the server make it public. Raises TransientError for what it does not take, which is then kept here."""
        if steps.recorded(_SCHEDULED):
            return
        if len(post.parts) > 1:
            raise _kept_here("the server schedules single posts, and this is a thread")
        if at < self.connection.clock.now() + _SCHEDULED_AHEAD:
            raise _kept_here("the server schedules five minutes ahead at least")
        if not steps.read(lambda: self._tells_version):
            raise _kept_here("the server does not tell that it schedules posts, and one that does not would publish at once")
        media = self._media(post, steps)
        self._uploads.require_ready(media, [item.id for item in draft.items], steps)
        text = _text(post, 0)
        fields = {**self._fields(text, post.language, media, steps.note("answered", ""), is_first=True), "scheduled_at": at}
        wanted = Wanted(text, "", tuple(one.id for one in media), len(media))
        key = words.idempotency_key(self.settings.url, self._own_id, post.key, post.channel, _SCHEDULED, text, at.isoformat())
        steps.once(_SCHEDULED, lambda: made(self._api.post(fields, key)), lambda: find_scheduled(self._api, wanted, at))

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
            alts = [medium.alt for medium in _shown(post, number)]
            steps.once(f"{name}/{number + 1}", partial(self._edit, item.id, text, alts), repeatable=True)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One answer to the last post of the thread, or to somebody's reply, who is named so that they learn of it."""
        if known := steps.recorded(name):
            return _item(known)
        parent = to.id if to else receipt.items[-1].id
        said = f"@{to.author.removeprefix('@')} {text}" if to else text
        told = steps.read(lambda: echo.answered(self._api, to) if to else self._api.get(parent))
        fields = self._fields(said, str(told.get("language") or ""), (), parent, is_first=False)
        fields["visibility"] = narrower(fields["visibility"], str(told.get("visibility") or ""))
        key = words.idempotency_key(self.settings.url, self._own_id, receipt.id, name, said)
        attempt = self._attempt(fields, Wanted(said, parent, (), 0), key, name, steps)
        return _item(steps.once(name, attempt.send, attempt.find))

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """The post's parts below the last post of the thread. Raises TransientError while the server works on the media."""
        posts = self._thread(post, receipt.items[-1].id, Draft(), steps, f"{name}/")
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

    def _media(self, post: Post, steps: Steps, prefix: str = "") -> list[Uploaded]:
        """The media on the server; nothing once posts show all of them."""
        if steps.recorded(f"{prefix}post/{_showing(post)}") or (not prefix and steps.recorded(_SCHEDULED)):
            return []

        def is_shown(index: int) -> bool:
            step = f"{prefix}post/{index // post.photos_each + 1 if post.photos_each else 1}"
            return bool(steps.recorded(step) or steps.begun_at(step))

        return self._uploads.of(post, steps, prefix, is_shown=is_shown)

    def _thread(self, post: Post, parent: str, draft: Draft, steps: Steps, prefix: str = "") -> list[dict[str, Any]]:
        """The parts' posts, each an answer to the one before, as steps that begin with the prefix; with one, they go on with a
        thread."""
        posts: list[dict[str, Any]] = []
        for number in range(len(post.parts) or 1):
            posts.append(self._published(post, number, posts[-1]["id"] if posts else parent, draft, steps, prefix))
        return posts

    def _published(self, post: Post, number: int, parent: str, draft: Draft, steps: Steps, prefix: str) -> dict[str, Any]:
        """One post of the thread, with media that are sent anew where the server has dropped them."""
        media = self._media(post, steps, prefix)
        try:
            return self._post(post, number, parent, media, draft, steps, prefix)
        except MediaLapsed:
            self._uploads.forget(tuple(one.id for one in media))
            return self._post(post, number, parent, self._media(post, steps, prefix), draft, steps, prefix)

    def _post(
        self, post: Post, number: int, parent: str, media: Sequence[Uploaded], draft: Draft, steps: Steps, prefix: str
    ) -> dict[str, Any]:
        step, text = f"{prefix}post/{number + 1}", _text(post, number)
        self._uploads.require_ready(list(media), [item.id for item in draft.items], steps)
        shown = _share(post, number, media)
        fields = self._fields(text, post.language, shown, parent, is_first=number == 0 and not prefix)
        wanted = Wanted(text, parent, tuple(one.id for one in shown), len(_share(post, number, _all_media(post))))
        marks = (post.key, post.channel, f"{steps.generation}{step}", text, *self._uploads.lapsed)
        key = words.idempotency_key(self.settings.url, self._own_id, *marks)
        attempt = self._attempt(fields, wanted, key, step, steps)
        if (
            number == 0
            and not prefix
            and self._may_be_scheduled(post, steps)
            and (came := self._come(post, attempt, wanted, steps))
        ):
            return steps.once(step, lambda: came)
        return steps.once(step, attempt.send, attempt.find)

    def _attempt(self, fields: Mapping[str, Any], wanted: Wanted, key: str, step: str, steps: Steps) -> Attempt:
        return Attempt(self._api, lambda: self._own_id, self.connection.clock, fields, wanted, key, steps.begun_at(step))

    def _fields(self, text: str, language: str, media: Sequence[Uploaded], parent: str, *, is_first: bool) -> dict[str, Any]:
        """The fields of a new post, as the library names them."""
        visibility = self.settings.visibility
        if not is_first and visibility is Visibility.PUBLIC and self.settings.thread_unlisted:
            visibility = Visibility.UNLISTED
        wishes = {
            "media_ids": [one.id for one in media],
            "in_reply_to_id": parent,
            "spoiler_text": self.settings.content_warning,
            "sensitive": self.settings.sensitive,
            "language": words.language(language),
        }
        return {"status": text, "visibility": visibility.value, **{name: wish for name, wish in wishes.items() if wish}}

    # -- schedules -------------------------------------------------------------------------------------------------------

    def _may_be_scheduled(self, post: Post, steps: Steps) -> bool:
        begun = steps.recorded(_SCHEDULED) or steps.begun_at(_SCHEDULED)
        return bool(begun or (self.schedules and post.embargo and steps.is_recovering))

    def _come(self, post: Post, attempt: Attempt, wanted: Wanted, steps: Steps) -> dict[str, Any] | None:
        """The post that the server made by itself; None where it was never told to."""
        if found := steps.read(attempt.find):
            return found
        waits = post.embargo and steps.read(partial(find_scheduled, self._api, wanted, post.embargo))
        if waits or steps.recorded(_SCHEDULED):
            raise TransientError(
                "the server was to make it public, and has not yet", hint="run it again; on the server, see the scheduled posts"
            )
        return None

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


def _text(post: Post, number: int) -> str:
    return post.parts[number] if post.parts else ""


def _all_media(post: Post) -> Sequence[Photo | Video]:
    return (post.video,) if post.video else post.photos


def _media_count(post: Post) -> int:
    return len(_all_media(post))


def _showing(post: Post) -> int:
    """The number of the post that shows the last medium."""
    return -(-len(post.photos) // post.photos_each) if post.photos_each else 1


def _shown(post: Post, number: int) -> Sequence[Photo | Video]:
    return _share(post, number, _all_media(post))


def _share(post: Post, number: int, media: Sequence[Any]) -> Sequence[Any]:
    """What the post of that number shows of them: its share of the photos, or everything in the first."""
    each = post.photos_each or len(media)
    return media[number * each : (number + 1) * each]


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
