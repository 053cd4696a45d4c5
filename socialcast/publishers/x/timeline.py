"""The account's own timeline, where a post whose answer was lost is found and recognised."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

import tweepy

from socialcast.publishers.x.access import Access

__all__ = [
    "Likeness",
    "Wanted",
    "comparable",
    "compare",
    "own_posts",
    "parent_of",
    "posted_at",
    "read",
    "said",
    "shown_addresses",
]

_PAGE_SIZE = 100

# As the guides spell them, and as the OpenAPI file does since 2026-08-07; which of them a server knows is not written anywhere.
_FIELDS = {"tweet.fields": "entities,referenced_tweets,attachments,note_tweet"}
_NEW_FIELDS = {"post.fields": "entities,attachments,note_post", "expansions": "referenced_posts"}

_EPOCH_MS = 1288834974657  # of the ids, whose upper bits are milliseconds
_SHORTENED = re.compile(r"https?://t\.co/\w+|pic\.(?:x|twitter)\.com/\w+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_LAST_SLASH = re.compile(r"/(?=\s|$)")


class Wanted(NamedTuple):
    """The post that is looked for: its text, the post that it answers, and the keys of its media."""

    text: str
    parent: str | None
    media_keys: tuple[str, ...]


class Likeness(Enum):
    """SAME: it is ours; UNCLEAR: it may be, and a person has to say; OTHER: it is not."""

    SAME = "same"
    UNCLEAR = "unclear"
    OTHER = "other"


def own_posts(access: Access, user_id: str, since: datetime) -> Iterator[dict[str, Any]]:
    """The account's own posts since then, the newest first."""
    query = {"max_results": _PAGE_SIZE, "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    while True:
        page = read(access, f"/2/users/{user_id}/tweets", query, _FIELDS, _NEW_FIELDS)
        yield from page.get("data") or ()
        if not (following := page.get("meta", {}).get("next_token")):
            return
        query["pagination_token"] = following


def compare(found: dict[str, Any], wanted: Wanted) -> Likeness:
    """How a post of the timeline is like the wanted one.

    Media keys were given to this announcement alone, so they decide where they are equal. They differ where the media
    were uploaded anew; then the text does, and without a text nobody can tell.
    """
    keys = (found.get("attachments") or {}).get("media_keys") or []
    if parent_of(found) != wanted.parent or len(keys) != len(wanted.media_keys):
        return Likeness.OTHER
    if keys and set(keys) == set(wanted.media_keys):
        return Likeness.SAME
    theirs, ours = comparable(said(found)), comparable(wanted.text)
    if ours and theirs == ours:
        return Likeness.SAME
    return Likeness.UNCLEAR if _without_addresses(theirs) == _without_addresses(ours) else Likeness.OTHER


def posted_at(post_id: str) -> datetime:
    """When a post was made, as its id tells."""
    return datetime.fromtimestamp(((int(post_id) >> 22) + _EPOCH_MS) / 1000, UTC)


def read(access: Access, path: str, query: Mapping[str, Any], fields: Mapping[str, str], new_fields: Mapping[str, str]) -> Any:
    """The answer to a read that asks for these fields, in the spelling that the server knows."""
    try:
        return access.request("GET", path, params={**query, **fields})
    except tweepy.BadRequest:
        return access.request("GET", path, params={**query, **new_fields})


def parent_of(found: Mapping[str, Any]) -> str | None:
    """The id of the post that this one answers."""
    references = found.get("referenced_tweets") or found.get("referenced_posts") or []
    return next((reference["id"] for reference in references if reference["type"] == "replied_to"), None)


def said(found: Mapping[str, Any]) -> str:
    """The text as its author wrote it: unescaped, with t.co undone and without the address of its media."""
    real = {address["url"]: "" if address.get("media_key") else address.get("expanded_url", "") for address in _addresses(found)}
    text = html.unescape(_whole(found).get("text", ""))
    return _SHORTENED.sub(lambda seen: real.get(seen[0], ""), text).strip()


def shown_addresses(found: Mapping[str, Any]) -> Iterator[str]:
    """Where the addresses in the text lead, in their order."""
    return (address["expanded_url"] for address in _addresses(found) if not address.get("media_key"))


def comparable(text: str) -> str:
    """Without what X changes: normalisation, spaces, and the scheme and last slash that it gives to bare domains."""
    plain = _SCHEME.sub("", unicodedata.normalize("NFC", text))
    return " ".join(_LAST_SLASH.sub("", plain).split())


def _whole(found: Mapping[str, Any]) -> Mapping[str, Any]:
    whole: Mapping[str, Any] = found.get("note_tweet") or found.get("note_post") or found
    return whole


def _addresses(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    addresses: list[dict[str, Any]] = (_whole(found).get("entities") or found.get("entities") or {}).get("urls") or []
    return addresses


def _without_addresses(text: str) -> str:
    return " ".join(word for word in text.split() if "." not in word and "/" not in word)
