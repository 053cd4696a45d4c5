"""What comes after a post on Bluesky: how it is shown now, what people answer, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import requests

from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.bluesky.api import Api, is_absent
from socialcast.publishers.bluesky.records import Record, permalink, profile_of
from socialcast.publishers.bluesky.tables import METRICS

__all__ = ["as_record", "numbers", "one_page", "shown", "sight"]

_MOST_POSTS = 25  # of getPosts
_DEPTH = "1000"
_THREAD = "app.bsky.feed.defs#threadViewPost"


def shown(api: Api, uris: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Posts as the network shows them, by address; those that it does not show are missing."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(uris), _MOST_POSTS):
        told = api.query("app.bsky.feed.getPosts", uris=list(uris[start : start + _MOST_POSTS]))
        found |= {post["uri"]: post for post in told["posts"]}
    return found


def as_record(post: Mapping[str, Any]) -> Record:
    """A post that the network shows, in the form in which its server gives it."""
    return {"uri": post["uri"], "cid": post["cid"], "value": post["record"]}


def sight(api: Api, items: Sequence[Item], kept: Callable[[str], Record | None]) -> Sight:
    """The posts as they are shown now; one that the network does not show is gone only if `kept`, which asks the account's
    server, has it no more, since the network learns of posts late."""
    posts = shown(api, [item.id for item in items])
    return Sight(items=tuple(_seen(item, posts.get(item.id), kept) for item in items))


def numbers(api: Api, items: Sequence[Item]) -> tuple[Metric, ...]:
    """What the network counts of each post that it shows."""
    posts = shown(api, [item.id for item in items])
    return tuple(
        Metric(name=name, value=post[field], item_id=item.id)
        for item in items
        if (post := posts.get(item.id))
        for name, (field, _) in METRICS.items()
        if field in post
    )


def one_page(api: Api, root_uri: str, did: str, cursor: str) -> Replies:
    """One tree of answers: that of the thread, then those below the posts at which it was cut, which the cursor lists.

    On another day all of it comes again: the network gives whole trees, and takes up posts late and in no certain order.
    """
    top, *waiting = msgspec.json.decode(cursor, type=list[str]) if cursor else [root_uri]
    tree = _tree(api, top)
    posts, hidden = list(_below(tree)), _hidden(tree)
    waiting += [post["uri"] for post, is_cut in posts if is_cut]
    after = msgspec.json.encode(waiting).decode() if waiting else ""
    return Replies(page=tuple(_reply(post, did, hidden) for post, _ in posts), cursor=after, more=bool(waiting))


def _tree(api: Api, uri: str) -> Mapping[str, Any]:
    """The thread below a post; nothing where it was deleted since it was seen."""
    try:
        thread: dict[str, Any] = api.query("app.bsky.feed.getPostThread", uri=uri, depth=_DEPTH, parentHeight="0")["thread"]
    except requests.HTTPError as error:
        if not is_absent(error):
            raise
        return {}
    return thread


def _below(tree: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every post below the first, and whether it has answers that the tree leaves out; deep trees need no deep stack. What was
    deleted or blocked tells nothing but that it was there."""
    waiting = list(tree.get("replies") or ())
    while waiting:
        node = waiting.pop(0)
        if node.get("$type") != _THREAD:
            continue
        answers = node.get("replies") or ()
        yield node["post"], not answers and node["post"].get("replyCount", 0) > 0
        waiting.extend(answers)


def _hidden(tree: Mapping[str, Any]) -> frozenset[str] | None:
    """The answers that the thread's author has hidden; None where the tree does not begin with the thread, which alone tells."""
    post = tree.get("post") or {}
    if "reply" in post.get("record", {}):
        return None
    return frozenset((post.get("threadgate") or {}).get("record", {}).get("hiddenReplies") or ())


def _reply(post: Mapping[str, Any], did: str, hidden: frozenset[str] | None) -> Reply:
    """Its time is that at which the network took it up: the record's own is what its author's program says."""
    author, record = post["author"], post["record"]
    return Reply(
        id=post["uri"],
        author=author["handle"],
        author_url=profile_of(author["did"]),
        at=datetime.fromisoformat(post["indexedAt"]),
        text=record.get("text", ""),
        url=permalink(post["uri"]),
        parent=((record.get("reply") or {}).get("parent") or {}).get("uri", ""),
        language=next(iter(record.get("langs") or ()), ""),
        is_own=author["did"] == did,
        hidden=None if hidden is None else post["uri"] in hidden,
    )


def _seen(item: Item, post: Mapping[str, Any] | None, kept: Callable[[str], Record | None]) -> Seen:
    record = post["record"] if post else kept(item.id)
    if record is None:
        return Seen(item=item, gone=True)
    embed = (post.get("embed") if post else record.get("embed")) or {}
    return Seen(item=item, text=record["text"], links=tuple(_links(record)), media=tuple(_media(embed)))


def _links(record: Mapping[str, Any]) -> Iterator[str]:
    """Where the text leads; as it is written there, where that is the same without the scheme."""
    text = record["text"].encode()
    for facet in record.get("facets") or ():
        written = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(errors="replace")
        for uri in (feature["uri"] for feature in facet["features"] if "uri" in feature):
            yield written if uri == f"https://{written}" else uri


def _media(embed: Mapping[str, Any]) -> Iterator[SeenMedium]:
    """Photos, or the video, of a post as it is shown, or of its record, which has no addresses of files."""
    for photo in embed.get("images") or embed.get("items") or ():
        yield SeenMedium(alt=photo.get("alt", ""), url=photo.get("fullsize", ""))
    if "playlist" in embed or "video" in embed:
        yield SeenMedium(kind="video", alt=embed.get("alt", ""), url=embed.get("playlist", ""))
