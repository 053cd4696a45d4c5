"""What comes after a post on X: how it is shown now, what people answer, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.x.access import Access
from socialcast.publishers.x.tables import METRICS, REPLY_RULE
from socialcast.publishers.x.timeline import parent_of, read, said, shown_addresses

__all__ = ["numbers", "one_page", "sight"]

_LOOKUP_MAX_IDS = 100
_PAGE_SIZE = 100
_LOOKUP, _SEARCH = "/2/tweets", "/2/tweets/search/recent"
_SHOWN = {"expansions": "attachments.media_keys", "media.fields": "alt_text,type,url"}
_SAID = "author_id,created_at,entities,lang,note_tweet,referenced_tweets"
_NEW_SAID = "author_id,created_at,entities,lang,note_post"
_KINDS = {"photo": "photo", "video": "video", "animated_gif": "photo"}


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a conversation was read: `since` is the newest post of an earlier day, `newest` that of this one, which X gives
    first, and `token` the page that comes next."""

    since: str = ""
    newest: str = ""
    token: str = ""


def sight(access: Access, items: Sequence[Item]) -> Sight:
    """The posts as they are shown now."""
    posts, media = _looked_up(access, items, "attachments,entities,note_tweet", "attachments,entities,note_post", _SHOWN)
    return Sight(items=tuple(_seen(item, posts.get(item.id), media) for item in items))


def numbers(access: Access, items: Sequence[Item]) -> tuple[Metric, ...]:
    """What X counts of each post that is still there."""
    posts, _ = _looked_up(access, items, "public_metrics", "public_metrics", {})
    return tuple(metric for item in items if item.id in posts for metric in _counted(item.id, posts[item.id]))


def one_page(access: Access, root_id: str, own_id: str, username: str, cursor: str) -> Replies:
    """What was said below the first post, the newest first, as the search gives it."""
    place = msgspec.json.decode(cursor, type=Place) if cursor else Place()
    query = {"query": f"conversation_id:{root_id}", "max_results": _PAGE_SIZE, "sort_order": "recency"}
    query |= {"since_id": place.since} if place.since else {}
    query |= {"next_token": place.token} if place.token else {}
    old, new = _with_author(_SAID), _with_author(_NEW_SAID, "post.fields", "referenced_posts")
    page = read(access, _SEARCH, query, old, new)
    names = {user["id"]: user["username"] for user in page.get("includes", {}).get("users", ())}
    newest, token = place.newest or page["meta"].get("newest_id", ""), page["meta"].get("next_token", "")
    after = Place(place.since, newest, token) if token else Place(newest or place.since)
    replies = tuple(_reply(post, names, own_id, username) for post in page.get("data", ()))
    return Replies(page=replies, cursor=msgspec.json.encode(after).decode(), more=bool(token))


def _with_author(fields: str, name: str = "tweet.fields", *expansions: str) -> dict[str, str]:
    return {name: fields, "expansions": ",".join(("author_id", *expansions)), "user.fields": "username"}


def _reply(post: Mapping[str, Any], names: Mapping[str, str], own_id: str, username: str) -> Reply:
    author, text, language = names.get(post["author_id"], ""), said(post), post.get("lang", "")
    mentioned = {mention["username"].lower() for mention in (post.get("entities") or {}).get("mentions", ())}
    is_own = post["author_id"] == own_id
    return Reply(
        id=post["id"],
        author=author,
        author_url=f"https://x.com/{author}" if author else "",
        at=datetime.fromisoformat(post["created_at"]),
        text=text,
        url=f"https://x.com/{author or 'i/web'}/status/{post['id']}",
        parent=parent_of(post) or "",
        language="" if language in ("und", "zxx") else language,  # X's words for "cannot tell" and "no language"
        is_own=is_own,
        forbidden="" if is_own or username.lower() in mentioned else REPLY_RULE,
    )


def _looked_up(
    access: Access, items: Sequence[Item], fields: str, new_fields: str, more: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Posts by id and media by key, with as few calls as it takes."""
    posts: dict[str, Any] = {}
    media: dict[str, Any] = {}
    for start in range(0, len(items), _LOOKUP_MAX_IDS):
        some = [item.id for item in items[start : start + _LOOKUP_MAX_IDS]]
        old, new = {"tweet.fields": fields, **more}, {"post.fields": new_fields, **more}
        page = read(access, _LOOKUP, {"ids": ",".join(some)}, old, new)
        posts |= {post["id"]: post for post in page.get("data", ())}
        media |= {medium["media_key"]: medium for medium in page.get("includes", {}).get("media", ())}
    return posts, media


def _seen(item: Item, post: Mapping[str, Any] | None, media: Mapping[str, Any]) -> Seen:
    if post is None:
        return Seen(item=item, gone=True)
    keys = (post.get("attachments") or {}).get("media_keys", ())
    shown = tuple(_medium(media[key]) for key in keys if key in media)
    return Seen(item=item, text=said(post), links=tuple(shown_addresses(post)), media=shown)


def _medium(told: Mapping[str, Any]) -> SeenMedium:
    kind = _KINDS.get(told["type"], told["type"])
    return SeenMedium(id=told["media_key"], kind=kind, alt=told.get("alt_text", ""), url=told.get("url", ""))


def _counted(id: str, post: Mapping[str, Any]) -> Iterator[Metric]:
    counts = post.get("public_metrics") or {}
    for name, (spellings, _) in METRICS.items():
        value = next((counts[spelling] for spelling in spellings if spelling in counts), None)
        if value is not None:
            yield Metric(name=name, value=value, item_id=id)
