"""Posts on X: what may be posted, deleted and answered (X API docs and field reports, 2026-08-22 to 2026-09)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.x import bodies
from socialcast.sandbox.platforms.x.access import User, answer, operation
from socialcast.sandbox.platforms.x.media import Media, Uploads
from socialcast.sandbox.platforms.x.problems import (
    CASHTAGS,
    DUPLICATE,
    NOT_AUTHOR,
    NOT_PERMITTED,
    PARENT_INVISIBLE,
    REPLY_RULE,
    RefusalError,
    invalid,
    not_found,
)
from socialcast.sandbox.platforms.x.tables import LIMITS, PRICES
from socialcast.sandbox.platforms.x.text import Rendered, cashtags, find_urls, mentions, normalize, render, weight

__all__ = ["Post", "Posts"]

# Known to X but not played here: an answer would promise something that no reader of the sandbox could see.
NOT_PLAYED = (
    "card_uri",
    "community_id",
    "direct_message_deep_link",
    "edit_options",
    "for_super_followers_only",
    "geo",
    "nullcast",
    "share_with_followers",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Post:
    """A post as its readers see it."""

    id: str
    author: User
    text: str
    rendered: Rendered
    created_at: float
    media: tuple[Media, ...]
    media_url: str
    parent: Post | None
    poll: tuple[str, ...]
    facts: dict[str, str]

    @property
    def url(self) -> str:
        """Where people read it."""
        return f"https://x.com/{self.author.name}/status/{self.id}"

    @property
    def conversation_id(self) -> str:
        """The id of the post that the thread began with."""
        return self.root.id

    @property
    def root(self) -> Post:
        """The post that the thread began with."""
        return self.parent.root if self.parent else self

    @property
    def at(self) -> datetime:
        """When it was made."""
        return datetime.fromtimestamp(self.created_at, UTC)


Fingerprint = tuple[str, str, tuple[str, ...]]


class Posts(Uploads):
    """The part of the mirror that makes and deletes posts."""

    def reset(self) -> None:
        """Forget all posts and show new ones at once again."""
        super().reset()
        self.posts: dict[str, Post] = {}
        self.replies: Counter[str] = Counter()  # how many posts answer one directly
        self.visibility_delay_seconds = 0.0
        self._fingerprints: dict[Fingerprint, float] = {}

    @operation
    def create_post(self, user: User, request: Request) -> Response:
        """POST /2/tweets."""
        body = bodies.decode(request, bodies.NewPost)
        if not_played := [name for name in NOT_PLAYED if getattr(body, name) is not UNSET]:
            return answer({"sandbox": "the mirror does not play these keys", "keys": not_played}, 501)
        text = normalize(body.text)
        media = tuple(self._attachable(user, id, index) for index, id in enumerate(body.media.media_ids if body.media else ()))
        _check_content(user, text, media, body)
        parent = self._parent(user, body.reply.in_reply_to_tweet_id) if body.reply else None
        self._check_duplicate(user, text, media)
        user.charge(_price(user, text, parent))
        post = self._publish(user, text, media, parent, body)
        return answer({"data": {"id": post.id, "text": shown_text(post), "edit_history_tweet_ids": [post.id]}}, 201)

    @operation
    def delete_post(self, user: User, request: Request, id: str) -> Response:
        """DELETE /2/tweets/{id}."""
        post = self.posts.get(id)
        if post is None:
            raise not_found("tweet", id)
        if post.author is not user:
            raise NOT_AUTHOR.refusal()
        user.charge(PRICES.delete)
        self.take_away(post)
        return answer({"data": {"deleted": True}})

    def take_away(self, post: Post) -> None:
        """Show the post to nobody any more; what answers it stays."""
        del self.posts[post.id]
        if post.parent:
            self.replies[post.parent.id] -= 1

    def short_url(self) -> str:
        """A fresh address of X's link shortener, always 23 characters long."""
        return f"https://t.co/{self.ids.hexadecimal(10)}"

    def _attachable(self, user: User, id: str, index: int) -> Media:
        media = self.uploads.get(id)
        usable = media is not None and media.owner is user and media.finalized_at is not None and not self.lapsed(media)
        if media is None or not usable or media.rules.kind == "subtitles":
            raise invalid("Your media IDs are invalid.", "media.media_ids", id)
        if self.stage(media).state != "succeeded":
            raise invalid("Your media IDs are invalid: the media is not processed.", f"media.media_ids[{index}]", id)
        return media

    def _parent(self, user: User, id: str) -> Post:
        """The post to reply to: visible, and the user's own or one that mentions the user (X's rule since 2026-02-23)."""
        parent = self.posts.get(id)
        if parent is None or self.clock.now() < parent.created_at + self.visibility_delay_seconds:
            raise PARENT_INVISIBLE.refusal()
        if parent.author is not user and not mentions(parent.text, user.name):
            raise REPLY_RULE.refusal()
        return parent

    def _check_duplicate(self, user: User, text: str, media: Sequence[Media]) -> None:
        """Refuse what the user posted lately, even if it has been deleted since."""
        fingerprint = (user.id, text, tuple(item.blob.sha256 for item in media if item.blob))
        now = self.clock.now()
        posted_at = self._fingerprints.get(fingerprint)
        if text and posted_at is not None and now - posted_at < LIMITS.duplicate_window_seconds:
            raise DUPLICATE.refusal()
        self._fingerprints[fingerprint] = now

    def _publish(self, user: User, text: str, media: tuple[Media, ...], parent: Post | None, body: bodies.NewPost) -> Post:
        post = Post(
            id=self.next_id(),
            author=user,
            text=text,
            rendered=render(text, self.short_url),
            created_at=self.clock.now(),
            media=media,
            media_url=self.short_url() if media else "",
            parent=parent,
            poll=tuple(body.poll.options) if body.poll else (),
            facts=_facts(body),
        )
        self.posts[post.id] = post
        if parent:
            self.replies[parent.id] += 1
        return post


def shown_text(post: Post) -> str:
    """The text as the API gives it: cut if it is a long post, and with the address of the media behind it."""
    text = post.rendered.text
    if weight(post.text) > LIMITS.text_max_weight:
        text = f"{text[: LIMITS.text_max_weight - 1].rsplit(maxsplit=1)[0]}…"
    return " ".join(filter(None, (text, post.media_url)))


def _price(user: User, text: str, parent: Post | None) -> Decimal:
    if find_urls(text):
        return PRICES.post_with_url
    return PRICES.summoned_reply if parent and parent.author is not user else PRICES.post


def _facts(body: bodies.NewPost) -> dict[str, str]:
    facts = {
        "who can reply": body.reply_settings or "everyone",
        "made with AI": "yes" if body.made_with_ai else "",
        "paid partnership": "yes" if body.paid_partnership else "",
        "poll": " / ".join(body.poll.options) if body.poll else "",
    }
    return {name: value for name, value in facts.items() if value}


def _check_content(user: User, text: str, media: Sequence[Media], body: bodies.NewPost) -> None:
    max_weight = LIMITS.premium_text_max_weight if user.premium else LIMITS.text_max_weight
    exclusive = sum(part is not UNSET for part in (body.media, body.poll, body.quote_tweet_id))
    refusals: tuple[tuple[bool, Callable[[], RefusalError]], ...] = (
        (not text and not media, lambda: invalid("One of text or media must be present", "text")),
        (exclusive > 1, lambda: invalid("At most one of media, poll and quote_tweet_id may be present", "media")),
        (not _fit_together(media), lambda: invalid("Up to 4 images, or 1 GIF, or 1 video", "media.media_ids")),
        (body.quote_tweet_id is not UNSET, REPLY_RULE.refusal),  # quoting is for Enterprise since 2026-04-20
        (weight(text) > max_weight, NOT_PERMITTED.refusal),
        (len(cashtags(text)) > LIMITS.cashtags_max_count, CASHTAGS.refusal),
    )
    for refused, refusal in refusals:
        if refused:
            raise refusal()


def _fit_together(media: Sequence[Media]) -> bool:
    kinds = {item.rules.kind for item in media}
    return len({item.id for item in media}) == len(media) and (kinds <= {"photo"} or len(media) == 1)


def media_entities(post: Post, start: int) -> list[dict[str, Any]]:
    """What the address behind the text stands for, once for each medium."""
    kind = {"video": "video", "animated_gif": "video"}
    return [
        {
            "start": start,
            "end": start + len(post.media_url),
            "url": post.media_url,
            "expanded_url": f"{post.url}/{kind.get(item.rules.kind, 'photo')}/1",
            "display_url": post.media_url.replace("https://t.co/", "pic.x.com/"),
            "media_key": item.key,
        }
        for item in post.media
    ]
