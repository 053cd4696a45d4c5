"""Reading X: users, posts by id, timelines, in the older and the newer spelling (X API docs, 2026-08-22)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from socialcast.sandbox.audience import audience
from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.x.access import User, answer, operation
from socialcast.sandbox.platforms.x.media import Media
from socialcast.sandbox.platforms.x.parameters import (
    Page,
    Selection,
    check_id,
    check_parameters,
    page,
    pagination_token,
    post_ids,
    selection,
)
from socialcast.sandbox.platforms.x.posts import Post, Posts, media_entities, shown_text
from socialcast.sandbox.platforms.x.problems import missing
from socialcast.sandbox.platforms.x.tables import LIMITS, NEW_SPELLING, PRICES, SUFFIXES
from socialcast.sandbox.platforms.x.text import tagged_entities, weight

__all__ = ["Reads", "media_url", "meta", "on_page"]


class Reads(Posts):
    """The part of the mirror that answers reads."""

    def reset(self) -> None:
        """Show new posts in timelines at once again."""
        super().reset()
        self.timeline_lag_seconds = 0.0

    @operation
    def get_me(self, user: User, request: Request) -> Response:
        """GET /2/users/me."""
        check_parameters(request, "get_me")
        user.charge_reads("user", [user.id], PRICES.read_user, self.today())
        return answer({"data": _user(user, selection(request).user_fields)})

    @operation
    def get_user(self, user: User, request: Request, id: str) -> Response:
        """GET /2/users/{id}."""
        check_parameters(request, "get_user")
        check_id(id)
        found = self.users.get(id)
        if found is None:
            return answer({"errors": [missing("user", id)]})
        user.charge_reads("user", [id], PRICES.read_user, self.today())
        return answer({"data": _user(found, selection(request).user_fields)})

    @operation
    def get_post(self, user: User, request: Request, id: str) -> Response:
        """GET /2/tweets/{id}."""
        check_parameters(request, "get_post")
        check_id(id)
        if id not in self.posts:
            return answer({"errors": [missing("tweet", id)]})
        data, includes = self._told(user, [self.posts[id]], selection(request))
        return answer({"data": data[0], **includes})

    @operation
    def get_posts(self, user: User, request: Request) -> Response:
        """GET /2/tweets: those that exist under `data`, the others under `errors`."""
        check_parameters(request, "get_posts")
        ids = post_ids(request)
        data, includes = self._told(user, [self.posts[id] for id in ids if id in self.posts], selection(request))
        errors = [missing("tweet", id, "ids") for id in ids if id not in self.posts]
        return answer({key: value for key, value in {"data": data, **includes, "errors": errors}.items() if value})

    @operation
    def get_timeline(self, user: User, request: Request, id: str) -> Response:
        """GET /2/users/{id}/tweets, newest first."""
        check_parameters(request, "get_timeline")
        check_id(id)
        if id not in self.users:
            return answer({"errors": [missing("user", id)]})
        wanted = page(request)
        posts = self._timeline(id, wanted)
        shown = posts[: wanted.max_results]
        data, includes = self._told(user, shown, selection(request), owned=id == user.id and user.app_owner)
        told = meta(shown, more=len(posts) > len(shown))
        return answer({"data": data, **includes, "meta": told} if data else {"meta": told})

    def _timeline(self, user_id: str, wanted: Page) -> list[Post]:
        settled = self.clock.now() - self.timeline_lag_seconds
        posts = (post for post in self.posts.values() if post.author.id == user_id and post.created_at <= settled)
        return sorted((post for post in posts if on_page(post, wanted)), key=lambda post: int(post.id), reverse=True)

    def _told(
        self, user: User, posts: Sequence[Post], wanted: Selection, *, owned: bool = False
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The posts and what they include, paid for by the user."""
        price = PRICES.owned_read if owned else PRICES.read_post
        user.charge_reads("post", [post.id for post in posts], price, self.today())
        data = [_spelled(self._post(post, wanted), wanted) for post in posts]
        includes = {name: items for name, items in _includes(posts, wanted).items() if items}
        return data, {"includes": includes} if includes else {}

    def _post(self, post: Post, wanted: Selection) -> dict[str, Any]:
        names = wanted.post_fields | {name.partition(".")[0] for name in wanted.expansions}
        fields = {name: _POST_FIELDS[name](post) for name in sorted(names & _POST_FIELDS.keys())}
        if "public_metrics" in names:
            fields["public_metrics"] = self._metrics(post)
        told = {name: value for name, value in fields.items() if value}
        return {"id": post.id, "text": shown_text(post), "edit_history_tweet_ids": [post.id], **told}

    def _metrics(self, post: Post) -> dict[str, int]:
        reach = audience(post.id, post.created_at, self.clock.now())
        return {
            "retweet_count": reach.shares,
            "reply_count": self.replies[post.id],
            "like_count": reach.likes,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": reach.views,
        }


def media_url(media: Media) -> str:
    """Where the public finds the file."""
    suffix = SUFFIXES[media.type]
    if media.rules.kind == "video":
        return f"https://video.twimg.com/tweet_video/{media.id}.{suffix}"
    return f"https://pbs.twimg.com/media/{media.id}.{suffix}"


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def on_page(post: Post, wanted: Page) -> bool:
    """Whether a post lies in the part that was asked for."""
    id = int(post.id)
    return (
        (wanted.before_id is None or id < wanted.before_id)
        and (wanted.since_id is None or id > wanted.since_id)
        and (wanted.until_id is None or id < wanted.until_id)
        and (wanted.start_time is None or post.created_at >= wanted.start_time)
        and (wanted.end_time is None or post.created_at < wanted.end_time)
        and not ("replies" in wanted.exclude and post.parent is not None)
    )


def meta(shown: Sequence[Post], *, more: bool) -> dict[str, Any]:
    """What stands beside the posts: how many there are, and the token of the next page."""
    if not shown:
        return {"result_count": 0}
    told = {"result_count": len(shown), "newest_id": shown[0].id, "oldest_id": shown[-1].id}
    return {**told, "next_token": pagination_token(shown[-1].id)} if more else told


def _spelled(told: Mapping[str, Any], wanted: Selection) -> dict[str, Any]:
    if not wanted.new_spelling:
        return dict(told)
    inner = {key: _spelled(value, wanted) if isinstance(value, dict) else value for key, value in told.items()}
    return {NEW_SPELLING.get(key, key): value for key, value in inner.items()}


def _entities(post: Post) -> dict[str, Any]:
    text = shown_text(post)
    urls = [entity for entity in post.rendered.urls if text[entity["start"] : entity["end"]] == entity["url"]]
    urls = [*urls, *media_entities(post, len(text) - len(post.media_url))]
    return {**({"urls": urls} if urls else {}), **tagged_entities(text)}


def _note(post: Post) -> dict[str, Any]:
    if weight(post.text) <= LIMITS.text_max_weight:
        return {}
    entities = {**({"urls": post.rendered.urls} if post.rendered.urls else {}), **tagged_entities(post.rendered.text)}
    return {"text": post.rendered.text, **({"entities": entities} if entities else {})}


_POST_FIELDS: Mapping[str, Callable[[Post], Any]] = {
    "attachments": lambda post: {"media_keys": [media.key for media in post.media]} if post.media else {},
    "author_id": lambda post: post.author.id,
    "conversation_id": lambda post: post.conversation_id,
    "created_at": lambda post: _timestamp(post.created_at),
    "entities": _entities,
    "in_reply_to_user_id": lambda post: post.parent.author.id if post.parent else "",
    "note_tweet": _note,
    "referenced_tweets": lambda post: [{"type": "replied_to", "id": post.parent.id}] if post.parent else [],
    "reply_settings": lambda post: post.facts["who can reply"],
}
_USER_FIELDS: Mapping[str, Callable[[User], Any]] = {
    "created_at": lambda user: _timestamp(user.created_at),
    "protected": lambda user: False,
    "subscription_type": lambda user: "Premium" if user.premium else "None",
    "verified": lambda user: user.premium,
    "verified_type": lambda user: "blue" if user.premium else "none",
}
_MEDIA_FIELDS: Mapping[str, Callable[[Media], Any]] = {
    "alt_text": lambda media: media.alt_text,
    "height": lambda media: media.height,
    "url": lambda media: media_url(media) if media.rules.kind == "photo" else "",
    "width": lambda media: media.width,
}


def _user(user: User, fields: Iterable[str]) -> dict[str, Any]:
    told = {name: _USER_FIELDS[name](user) for name in sorted(fields) if name in _USER_FIELDS}
    return {"id": user.id, "name": user.name, "username": user.name, **told}


def _media(media: Media, fields: Iterable[str]) -> dict[str, Any]:
    told = {name: _MEDIA_FIELDS[name](media) for name in sorted(fields) if name in _MEDIA_FIELDS}
    return {"media_key": media.key, "type": media.rules.kind, **{name: value for name, value in told.items() if value}}


def _includes(posts: Sequence[Post], wanted: Selection) -> dict[str, list[dict[str, Any]]]:
    media = {item.id: item for post in posts for item in post.media} if "attachments.media_keys" in wanted.expansions else {}
    users = {post.author.id: post.author for post in posts} if "author_id" in wanted.expansions else {}
    return {
        "media": [_media(item, wanted.media_fields) for item in media.values()],
        "users": [_user(author, wanted.user_fields) for author in users.values()],
    }
