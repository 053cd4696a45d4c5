"""What comes after a post: how it is shown now, what people answer, and its numbers, as the account's own server knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from socialcast.compose.addresses import find_addresses
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.mastodon import words
from socialcast.publishers.mastodon.api import Api, MastodonError, MastodonNotFoundError, status_of
from socialcast.publishers.mastodon.posts import moment
from socialcast.publishers.mastodon.tables import METRICS, NO_SOURCE

__all__ = ["answered", "numbers", "replies", "sight"]

_KINDS = {"image": "photo", "gifv": "photo"}


def answered(api: Api, reply: Reply) -> Mapping[str, Any]:
    """What somebody said, as the server tells it. Raises TerminalError where it is gone."""
    try:
        found: Mapping[str, Any] = api.get(reply.id)
    except MastodonNotFoundError as error:
        raise TerminalError(
            "what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more"
        ) from error
    return found


def sight(api: Api, items: Sequence[Item]) -> Sight:
    """The posts as the server shows them, with the text as it was written."""
    return Sight(items=tuple(_seen(api, item, _looked_up(api, item)) for item in items))


def numbers(api: Api, items: Sequence[Item]) -> tuple[Metric, ...]:
    """What the server counts of each post that is still there; it learns late, or never, of what others' servers do."""
    return tuple(metric for item in items if (post := _looked_up(api, item)) for metric in _counted(item.id, post))


def replies(api: Api, root_id: str, own_id: str) -> Replies:
    """Everything below the first post that the server has received: servers give whole threads, in no pages."""
    told = api.context(root_id).get("descendants") or ()
    return Replies(page=tuple(_reply(post, own_id) for post in told))


def _looked_up(api: Api, item: Item) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = api.get(item.id)
    except MastodonNotFoundError:
        return None
    return found


def _reply(post: Mapping[str, Any], own_id: str) -> Reply:
    """A warning stands before the words, as readers see it."""
    author = post["account"]
    blocks = (str(post.get("spoiler_text") or ""), words.plain(str(post.get("content") or "")).strip())
    return Reply(
        id=str(post["id"]),
        author=str(author["acct"]),
        author_url=str(author.get("url") or ""),
        at=moment(post["created_at"]),
        text="\n\n".join(block for block in blocks if block),
        url=str(post.get("url") or post.get("uri") or ""),
        parent=str(post.get("in_reply_to_id") or ""),
        language=str(post.get("language") or ""),
        is_own=str(author["id"]) == own_id,
    )


def _seen(api: Api, item: Item, post: Mapping[str, Any] | None) -> Seen:
    if post is None:
        return Seen(item=item, gone=True)
    text = _text(api, post)
    return Seen(
        item=item,
        text=text,
        links=tuple(text[start:end] for start, end in find_addresses(text)),
        media=tuple(map(_medium, post.get("media_attachments") or ())),
        edited_at=moment(post["edited_at"]) if post.get("edited_at") else None,
    )


def _text(api: Api, post: Mapping[str, Any]) -> str:
    """The text as it was written; where the server does not give it, what its markup says."""
    try:
        return api.source(str(post["id"]))
    except MastodonError as error:
        if status_of(error) not in NO_SOURCE:
            raise
        return words.plain(str(post.get("content") or "")).strip()


def _medium(told: Mapping[str, Any]) -> SeenMedium:
    kind = str(told.get("type") or "")
    alt, url = str(told.get("description") or ""), str(told.get("url") or "")
    return SeenMedium(id=str(told["id"]), kind=_KINDS.get(kind, kind), alt=alt, url=url)


def _counted(id: str, post: Mapping[str, Any]) -> Iterator[Metric]:
    for name, (field, _) in METRICS.items():
        if isinstance(value := post.get(field), int):
            yield Metric(name=name, value=value, item_id=id)
