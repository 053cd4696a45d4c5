"""What people write below an album, a photo or a video on Flickr, where comments stand side by side, and our answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Item, Receipt
from socialcast.publishers.flickr.client import FlickrClient

__all__ = ["add", "answer_words", "find", "one_page", "place_of"]

_HOME = "https://www.flickr.com/photos/"
_AT_ONCE = 20  # photos that are asked for their comments, each by a call, for one page
_BEFORE = timedelta(days=1)  # how long before the last photo is public somebody may have commented on the first
_SECOND = 1
_GROUPS = {"album": ("photosets", "photoset_id")}
_OF_PHOTOS = ("photos", "photo_id")
_NAMED = re.compile(r"\[https?://(?:www\.)?flickr\.com/photos/([^/\]\s]+)/?\]")
_LED_TO = re.compile(r"#comment(\d+)")

Comment = Mapping[str, Any]


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far comments were read, in Unix seconds: by Flickr's clock, what changed before `since`, and by ours, when that was
    asked for; of what changed since, some is `waiting` to be asked for its comments."""

    since: int = 0
    listed_at: int = 0
    waiting: tuple[str, ...] = ()


def one_page(api: FlickrClient, receipt: Receipt, own_id: str, now: datetime, cursor: str) -> Replies:
    """All comments below some of what was commented on, or changed otherwise, since the last time."""
    place = msgspec.json.decode(cursor, type=Place) if cursor else _begin(receipt)
    if not place.waiting:
        place = _changed(api, receipt, place, int(now.timestamp()))
    some, later = place.waiting[:_AT_ONCE], place.waiting[_AT_ONCE:]
    items = {item.id: item for item in receipt.items}
    replies = tuple(reply for id in some for reply in _below(api, items[id], own_id))
    there = msgspec.structs.replace(place, waiting=later)
    return Replies(page=replies, cursor=msgspec.json.encode(there).decode(), more=bool(later))


def place_of(receipt: Receipt, to: Reply | None) -> Item:
    """What of the announcement an answer stands below: that which the reply's id names, or the main one."""
    named = to.id.split("-")[1:2] if to else []
    return next((item for item in receipt.items if item.id in named), receipt.items[0])


def answer_words(api: FlickrClient, place: Item, text: str, to: Reply | None) -> str:
    """The text, which names whom it answers, and leads to what it answers where that person said more than one thing.

    Raises TerminalError where that is gone, which Flickr itself would not say.
    """
    if to is None:
        return text
    comments = _listed(api, place)
    said = next((comment for comment in comments if comment["id"] == to.id), None)
    if said is None:
        raise TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")
    words = f"[{_HOME}{said['author']}] {text}"
    is_clear = [comment["author"] for comment in comments].count(said["author"]) == 1
    return words if is_clear else f"{words}\n\n{said['permalink']}"


def add(api: FlickrClient, place: Item, words: str) -> str:
    """The id of a new comment."""
    group, argument = _GROUPS.get(place.kind, _OF_PHOTOS)
    made = api.call(f"{group}.comments.addComment", **{argument: place.id, "comment_text": words})
    return str(made["comment"].get("id", ""))


def find(api: FlickrClient, place: Item, words: str, own_id: str, to: Reply | None) -> str | None:
    """The account's own comment with these words there, if it is not older than what it answers."""
    since = int(to.at.timestamp()) if to else 0
    own = (said for said in _listed(api, place) if said["author"] == own_id and int(said["datecreate"]) >= since)
    return next((str(said["id"]) for said in own if said["_content"] == words), None)


def _begin(receipt: Receipt) -> Place:
    """From before anything was public; whatever the account's clock says, a day is enough."""
    return Place(since=int((receipt.published_at - _BEFORE).timestamp()) if receipt.published_at else 0)


def _changed(api: FlickrClient, receipt: Receipt, place: Place, now: int) -> Place:
    """What may have new comments: the album, if it has any, and photos that changed, which a comment makes them do.

    The last second in which something changed is asked for again, since it may not have been over.
    """
    changed: dict[str, int] = {}
    for row in api.pages("photos.recentlyUpdated", "photos", "photo", min_date=max(place.since, 1), extras="last_update"):
        changed[row["id"]] = int(row["lastupdate"])
    waiting = (item.id for item in receipt.items if (_has_comments(api, item) if item.kind == "album" else item.id in changed))
    is_over = now - place.listed_at > _SECOND
    return Place(max([place.since + is_over, *changed.values()]), now, tuple(waiting))


def _has_comments(api: FlickrClient, album: Item) -> bool:
    told = api.found("photosets.getInfo", "photoset", photoset_id=album.id, user_id="me")
    return told is not None and str(told.get("count_comments", "")) != "0"


def _listed(api: FlickrClient, place: Item) -> Sequence[Comment]:
    """All comments there, the oldest first; none where it is gone."""
    group, argument = _GROUPS.get(place.kind, _OF_PHOTOS)
    found = api.found(f"{group}.comments.getList", "comments", **{argument: place.id}) or {}
    return found.get("comment") or ()


def _below(api: FlickrClient, place: Item, own_id: str) -> Iterator[Reply]:
    """What stands there; each answers the thing itself, unless it leads to an earlier comment or names who wrote one."""
    by_number: dict[str, str] = {}
    by_author: dict[str, str] = {}
    for said in _listed(api, place):
        yield _reply(said, _answered(said["_content"], by_number, by_author) or place.id, own_id)
        by_number[said["id"].rpartition("-")[2]] = by_author[said["author"]] = said["id"]


def _answered(text: str, by_number: Mapping[str, str], by_author: Mapping[str, str]) -> str | None:
    numbers = (by_number.get(number) for number in reversed(_LED_TO.findall(text)))
    authors = (by_author.get(author) for author in _NAMED.findall(text))
    return next((id for id in (*numbers, *authors) if id), None)


def _reply(said: Comment, parent: str, own_id: str) -> Reply:
    return Reply(
        id=said["id"],
        author=said["authorname"],
        author_url=f"{_HOME}{said['author']}/",
        at=datetime.fromtimestamp(int(said["datecreate"]), UTC),
        text=said["_content"],
        url=said["permalink"],
        parent=parent,
        is_own=said["author"] == own_id,
    )
