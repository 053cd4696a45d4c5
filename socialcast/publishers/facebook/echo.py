"""What comes after a post on Facebook: how it is shown now, what people comment, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from socialcast.compose.addresses import find_addresses
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, LiveState, Receipt
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.facebook import words
from socialcast.publishers.facebook.graph import GONE, Graph, GraphAPIError, codes_of
from socialcast.publishers.facebook.live import STATES
from socialcast.publishers.facebook.posts import attached_photos
from socialcast.publishers.facebook.tables import CLOSED, COUNTS, INSIGHTS

__all__ = ["comment", "expected", "find_comment", "numbers", "one_page", "sight"]

_PER_PAGE = 100
_COMMENT = "id,message,from,created_time,parent,permalink_url,is_hidden,can_comment"
_POST = "message,is_published,created_time,updated_time,attachments{media_type,target,subattachments{media_type,target}}"
_VIDEO = "title,description,published"
_EVENT = "title,description,status"
_PHOTO = "alt_text_custom,images,page_story_id"
_ALL_OF_IT = ".summary(total_count).limit(0)"
_NOT_COUNTED = frozenset({3, 10, 100, *range(200, 300)})  # a number that died, or one that the token may not read


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far comments were read, the oldest first: those of an earlier day end at `since`, in Unix seconds, those of this one
    at `newest`, and `after` is where the next page begins."""

    since: int = 0
    newest: int = 0
    after: str = ""


def one_page(graph: Graph, receipt: Receipt, page_id: str, cursor: str) -> Replies:
    """A hundred comments on both levels, the oldest first; those of the second at which an earlier day ended come again."""
    place = msgspec.json.decode(cursor, type=Place) if cursor else Place()
    wanted: dict[str, Any] = {"since": place.since} if place.since else {}
    wanted |= {"after": place.after} if place.after else {}
    edge, fields = f"{receipt.id}/comments", {"filter": "stream", "order": "chronological", "fields": _COMMENT}
    told = graph.get(edge, limit=_PER_PAGE, **fields, **wanted)
    replies = tuple(_reply(said, receipt.id, page_id) for said in told.get("data", ()))
    newest = max([place.newest, *(int(reply.at.timestamp()) for reply in replies)])
    after = Graph.next_page(told)
    there = Place(place.since, newest, after) if after else Place(since=newest or place.since)
    return Replies(page=replies, cursor=msgspec.json.encode(there).decode(), more=bool(after))


def comment(graph: Graph, parent_id: str, text: str) -> str:
    """The id of a new comment below a post or a comment. Raises TerminalError where the comment is gone."""
    try:
        return str(graph.post(f"{parent_id}/comments", message=text).get("id", ""))
    except GraphAPIError as error:
        if codes_of(error) != GONE:
            raise
        raise TerminalError(
            "what you answer was deleted, or hidden from the Page", code="reply.gone", hint="there is nothing to answer any more"
        ) from error


def find_comment(graph: Graph, receipt: Receipt, page_id: str, text: str, to: Reply | None) -> str | None:
    """The id of the Page's comment with that text in that place.

    Facebook shows two levels, and hangs an answer to an answer below the comment that began it.
    """
    places = {to.id, to.parent} - {receipt.id} if to else {""}
    fields = "id,message,from,parent"
    listed = graph.pages(f"{receipt.id}/comments", filter="stream", order="reverse_chronological", fields=fields)
    own = (said for said in listed if (said.get("from") or {}).get("id") == page_id and said.get("message") == text)
    return next((str(said["id"]) for said in own if (said.get("parent") or {}).get("id", "") in places), None)


def sight(graph: Graph, receipt: Receipt) -> Sight:
    """Post and photos, the video, or the event, as they are shown now; photos are asked for one by one."""
    photos = {item.id: _looked_at(graph, item.id, _PHOTO) for item in receipt.items if item.kind == "photo"}
    look = {"post": _post, "video": _video, "live": _event, "photo": _photo}
    return Sight(items=tuple(look[item.kind](graph, item, photos) for item in receipt.items))


def expected(post: Post, usual: Sight) -> Sight:
    """What `sight` tells while nobody changes anything: posts have no title, and films no alt text of their own."""
    main, *others = usual.items
    text = words.text_of(post)
    if main.item.kind == "video" and post.video:
        film = words.video_fields(post, post.video)
        shown = msgspec.structs.replace(main, title=film.get("title", ""), media=(SeenMedium(kind="video"),))
    elif main.item.kind == "live" and post.live:
        event = words.live_fields(post, post.live)
        title, text = event.get("title", ""), event.get("description", "")
        shown = msgspec.structs.replace(main, title=title, media=None)
    else:
        shown = msgspec.structs.replace(main, title=None)
    return Sight(items=(msgspec.structs.replace(shown, text=text, links=_addresses(text)), *others))


def numbers(graph: Graph, item: Item) -> tuple[Metric, ...]:
    """What Facebook counts of a post, or of the post that shows a video."""
    post_id = item.id if item.kind == "post" else graph.get(item.id, fields="post_id").get("post_id", "")
    return tuple(Metric(name=name, value=value, item_id=item.id) for name, value in _counted(graph, post_id)) if post_id else ()


def _counted(graph: Graph, post_id: str) -> Iterator[tuple[str, float]]:
    told = graph.get(post_id, fields=",".join(["shares", *(f"{edge}{_ALL_OF_IT}" for edge in COUNTS.values())]))
    yield "shares", (told.get("shares") or {}).get("count", 0)  # it is left out while there is none
    for name, edge in COUNTS.items():
        if (count := ((told.get(edge) or {}).get("summary") or {}).get("total_count")) is not None:
            yield name, count
    for name, metric in INSIGHTS.items():
        if (value := _insight(graph, post_id, metric)) is not None:
            yield name, value


def _insight(graph: Graph, post_id: str, metric: str) -> float | None:
    """One number in a call of its own, since a dead one fails the whole call; None where Facebook does not tell it."""
    try:
        told = graph.get(f"{post_id}/insights", metric=metric).get("data") or ()
    except GraphAPIError as error:
        if codes_of(error)[0] not in _NOT_COUNTED or codes_of(error) == GONE:
            raise
        return None
    return next((float(value["value"]) for one in told for value in one.get("values", ())), None)


def _reply(said: Mapping[str, Any], root_id: str, page_id: str) -> Reply:
    """Facebook leaves the author out for the sake of privacy, or where the token may not read what visitors write."""
    author = said.get("from") or {}
    is_own = author.get("id") == page_id
    return Reply(
        id=said["id"],
        author=author.get("name", ""),
        at=datetime.fromisoformat(said["created_time"]),
        text=said.get("message", ""),
        url=words.address(said.get("permalink_url", "")),
        parent=(said.get("parent") or {}).get("id", root_id),
        is_own=is_own,
        hidden=said.get("is_hidden"),
        forbidden="" if is_own or said.get("can_comment", True) else CLOSED,
    )


def _looked_at(graph: Graph, id: str, fields: str) -> dict[str, Any] | None:
    """What Facebook tells of a thing, None for one that is gone."""
    try:
        return graph.get(id, fields=f"id,{fields}")
    except GraphAPIError as error:
        if codes_of(error) != GONE:
            raise
        return None


def _post(graph: Graph, item: Item, photos: Mapping[str, dict[str, Any] | None]) -> Seen:
    """Facebook tells one time of edits and comments, and no other: what differs counts as edited, since Facebook changes no
    text itself."""
    told = _looked_at(graph, item.id, _POST)
    if told is None or not told.get("is_published", True):
        return Seen(item=item, gone=True)
    text = told.get("message", "")
    media = tuple(_shown_photos(graph, item.id, attached_photos(told), photos))
    edited = told["updated_time"] if told.get("updated_time", told.get("created_time")) != told.get("created_time") else None
    return Seen(item=item, text=text, links=_addresses(text), media=media, edited_at=words.moment(edited))


def _shown_photos(
    graph: Graph, post_id: str, listed: Sequence[str], photos: Mapping[str, dict[str, Any] | None]
) -> Iterator[SeenMedium]:
    """The photos in the post's order; of a large album Facebook may list the first only, and the others know their post."""
    others = [id for id, photo in photos.items() if id not in listed and photo and photo.get("page_story_id") == post_id]
    for id in (*listed, *others):
        if photo := photos[id] if id in photos else _looked_at(graph, id, _PHOTO):
            yield _medium(photo)


def _photo(graph: Graph, item: Item, photos: Mapping[str, dict[str, Any] | None]) -> Seen:
    return Seen(item=item, gone=photos[item.id] is None)


def _video(graph: Graph, item: Item, photos: Mapping[str, dict[str, Any] | None]) -> Seen:
    told = _looked_at(graph, item.id, _VIDEO)
    if told is None or not told.get("published", True):
        return Seen(item=item, gone=True)
    text = told.get("description", "")
    media = (SeenMedium(id=item.id, kind="video"),)
    return Seen(item=item, title=told.get("title", ""), text=text, links=_addresses(text), media=media)


def _event(graph: Graph, item: Item, photos: Mapping[str, dict[str, Any] | None]) -> Seen:
    told = _looked_at(graph, item.id, _EVENT)
    if told is None:
        return Seen(item=item, gone=True)
    text, state = told.get("description", ""), STATES.get(told.get("status", ""), LiveState.SCHEDULED)
    return Seen(item=item, title=told.get("title", ""), text=text, links=_addresses(text), live=state)


def _medium(photo: Mapping[str, Any]) -> SeenMedium:
    """A photo with the address of its largest size, which Facebook lists first."""
    url = next((size["source"] for size in photo.get("images", ())), "")
    return SeenMedium(id=photo["id"], alt=photo.get("alt_text_custom", ""), url=url)


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in find_addresses(text))
