"""What comes after a video on YouTube: how it is shown now, what people comment, and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from googleapiclient.errors import HttpError

from socialcast.compose.addresses import find_addresses
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, Sight
from socialcast.publishers.youtube import words
from socialcast.publishers.youtube.client import YoutubeClient
from socialcast.publishers.youtube.errors import reason_of
from socialcast.publishers.youtube.tables import METRICS

__all__ = ["comment", "expected", "find_comment", "numbers", "one_page", "sight"]

_MOST_IDS = 50
_PER_PAGE = 100
_PUBLISHED, _HELD = "published", "heldForReview"
_CLOSED, _NO_PARENT = "commentsDisabled", ("parentCommentNotFound", "commentNotFound")
_PLAIN = {"textFormat": "plainText"}
_HELD_RULE = "YouTube holds this comment back: approve it in YouTube Studio before you answer"


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A listing of comments that is not read to its end: of which video, public or held back, and from which page on."""

    video_id: str
    status: str = _PUBLISHED
    token: str = ""


def one_page(client: YoutubeClient, items: Sequence[Item], own_id: str, cursor: str) -> Replies:
    """A hundred threads with all that answers them, then those that are held back for review.

    On another day all of it comes again: YouTube orders threads by their beginning, and an old one may have a new answer.
    """
    places = [Place(item.id, status) for item in items for status in (_PUBLISHED, _HELD)]
    place, *waiting = msgspec.json.decode(cursor, type=list[Place]) if cursor else places
    told = _threads(client, place)
    if token := told.get("nextPageToken"):
        waiting.insert(0, Place(place.video_id, place.status, token))
    replies = tuple(_reply(said, place, own_id) for thread in told["items"] for said in _all_of(client, thread))
    return Replies(page=replies, cursor=msgspec.json.encode(waiting).decode() if waiting else "", more=bool(waiting))


def comment(client: YoutubeClient, video_id: str, text: str, to: Reply | None) -> str:
    """The id of a new comment. Raises TerminalError where what it answers is gone."""
    if to is None:
        body: dict[str, Any] = {"snippet": {"videoId": video_id, "topLevelComment": {"snippet": {"textOriginal": text}}}}
        return str(client.call("commentThreads.insert", part="snippet", body=body)["snippet"]["topLevelComment"]["id"])
    try:
        body = {"snippet": {"parentId": _thread_of(to), "textOriginal": text}}
        return str(client.call("comments.insert", part="snippet", body=body)["id"])
    except HttpError as error:
        if reason_of(error) not in _NO_PARENT:
            raise
        raise TerminalError(
            "what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more"
        ) from error


def find_comment(client: YoutubeClient, video_id: str, own_id: str, text: str, to: Reply | None) -> str | None:
    """The id of the channel's own comment with that text in that place."""
    found = _answers(client, _thread_of(to)) if to else _tops(client, video_id)
    own = (said for said in found if _author_of(said["snippet"]) == own_id)
    return next((str(said["id"]) for said in own if _text_of(said["snippet"]) == text), None)


def sight(client: YoutubeClient, items: Sequence[Item]) -> Sight:
    """Title and description of each, as visitors see them; what is private is seen by nobody."""
    videos = _videos(client, items, "snippet,status")
    return Sight(items=tuple(_seen(item, videos.get(item.id)) for item in items))


def expected(post: Post, items: Sequence[Item]) -> Sight:
    """What `sight` tells while nobody changes anything."""
    return Sight(items=tuple(_wanted(post, item) for item in items))


def numbers(client: YoutubeClient, items: Sequence[Item]) -> tuple[Metric, ...]:
    """What YouTube counts of each, where its owner shows it; it tells them as words."""
    videos = _videos(client, items, "statistics")
    return tuple(
        Metric(name=name, value=int(counts[field]), item_id=item.id)
        for item in items
        if (counts := videos.get(item.id, {}).get("statistics", {}))
        for name, (field, _) in METRICS.items()
        if field in counts
    )


def _threads(client: YoutubeClient, place: Place) -> dict[str, Any]:
    """One page of threads; none where comments are closed."""
    more = {"pageToken": place.token} if place.token else {}
    wanted = {"videoId": place.video_id, "moderationStatus": place.status, "order": "time", **_PLAIN, **more}
    try:
        return client.call("commentThreads.list", part="snippet,replies", maxResults=_PER_PAGE, **wanted)
    except HttpError as error:
        if reason_of(error) != _CLOSED:
            raise
        return {"items": []}


def _all_of(client: YoutubeClient, thread: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The comment that began a thread, and what answers it, of which a thread tells a few."""
    yield thread["snippet"]["topLevelComment"]
    inline = thread.get("replies", {}).get("comments", ())
    is_whole = len(inline) >= thread["snippet"].get("totalReplyCount", 0)
    yield from inline if is_whole else _answers(client, thread["id"])


def _answers(client: YoutubeClient, thread_id: str) -> Iterator[dict[str, Any]]:
    """What answers a thread; nothing of one that is gone."""
    try:
        yield from client.items("comments.list", part="snippet", parentId=thread_id, **_PLAIN)
    except HttpError as error:
        if reason_of(error) not in _NO_PARENT:
            raise


def _tops(client: YoutubeClient, video_id: str) -> Iterator[dict[str, Any]]:
    for thread in client.items("commentThreads.list", part="snippet", videoId=video_id, order="time", **_PLAIN):
        yield thread["snippet"]["topLevelComment"]


def _reply(said: Mapping[str, Any], place: Place, own_id: str) -> Reply:
    snippet, is_held = said["snippet"], place.status == _HELD
    is_own = _author_of(snippet) == own_id
    return Reply(
        id=said["id"],
        author=snippet.get("authorDisplayName", ""),
        author_url=snippet.get("authorChannelUrl", ""),
        at=datetime.fromisoformat(snippet["publishedAt"]),
        text=_text_of(snippet),
        url=f"https://www.youtube.com/watch?v={place.video_id}&lc={said['id']}",
        parent=snippet.get("parentId", place.video_id),
        is_own=is_own,
        hidden=is_held,
        forbidden=_HELD_RULE if is_held and not is_own else "",
    )


def _thread_of(reply: Reply) -> str:
    """YouTube has two levels: an answer to an answer hangs below the comment that began it, whose id its own begins with."""
    return reply.id.partition(".")[0]


def _author_of(snippet: Mapping[str, Any]) -> str:
    return str((snippet.get("authorChannelId") or {}).get("value", ""))


def _text_of(snippet: Mapping[str, Any]) -> str:
    """As it was written, which YouTube tells its author alone, or as it is shown."""
    return str(snippet.get("textOriginal") or snippet.get("textDisplay", ""))


def _videos(client: YoutubeClient, items: Sequence[Item], part: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(items), _MOST_IDS):
        ids = ",".join(item.id for item in items[start : start + _MOST_IDS])
        found |= {video["id"]: video for video in client.call("videos.list", part=part, id=ids)["items"]}
    return found


def _seen(item: Item, video: Mapping[str, Any] | None) -> Seen:
    if video is None or video["status"].get("privacyStatus") == "private":
        return Seen(item=item, gone=True)
    snippet = video["snippet"]
    tags = (tag for tag in snippet.get("tags", ()) if not words.is_mark(tag))
    return _said(item, snippet.get("title", ""), snippet.get("description", ""), tags)


def _wanted(post: Post, item: Item) -> Seen:
    text, tags = "\n\n".join(post.parts), words.said_tags(post)
    if item.kind == "live" and post.live:
        return _said(item, post.live.title, post.live.description or text, tags)
    return _said(item, post.title, text, tags)


def _said(item: Item, title: str, text: str, tags: Iterable[str]) -> Seen:
    links = tuple(text[start:end] for start, end in find_addresses(text))
    return Seen(item=item, title=title, text=text, links=links, tags=tuple(tags))
