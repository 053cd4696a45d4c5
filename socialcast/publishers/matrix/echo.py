"""How messages stand now: their last versions, and which of them were redacted, by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from socialcast.compose.addresses import find_addresses
from socialcast.model.echo import Metric
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.matrix import events
from socialcast.publishers.matrix.api import Api

__all__ = ["contents", "expected", "moment", "numbers", "says", "shown", "sight"]

_KINDS = {"m.image": "photo", "m.video": "video"}
_SPARE = 10  # of our messages that may stand between those of one announcement


def sight(api: Api, room: str, items: Sequence[Item]) -> Sight:
    """The messages as members see them."""
    found = shown(api, room, [item.id for item in items])
    return Sight(items=tuple(_seen(item, found.get(item.id), api.user_id) for item in items))


def shown(api: Api, room: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The events by id, in two calls where they stand together; those that are not there are missing."""
    found: dict[str, dict[str, Any]] = {}
    if len(ids) > 1 and (first := api.beginning(room, ids[0])):
        page = api.messages_after(room, first["end"], limit=len(ids) + _SPARE, senders=[api.user_id])
        found = {event["event_id"]: event for event in (first["event"], *page["chunk"])}
    alone = {id: api.event(room, id) for id in ids if id not in found}
    return {**found, **{id: event for id, event in alone.items() if event}}


def expected(post: Post, receipt: Receipt) -> Sight:
    """The text, a message for each photo with what stands below it, and the video."""
    photos = (SeenMedium(alt=events.caption(photo, post), number=number) for number, photo in enumerate(post.photos))
    films = (SeenMedium(kind="video", alt=events.film_caption(film)) for film in filter(None, [post.video]))
    waiting: Mapping[str, Iterator[dict[str, Any]]] = {
        "post": (_of_text(events.message(part)["body"]) for part in post.parts),
        "photo": ({"media": (photo,)} for photo in photos),
        "video": ({"media": (film,)} for film in films),
    }
    return Sight(items=tuple(Seen(item=item, **next(waiting.get(item.kind, iter(())), {})) for item in receipt.items))


def contents(post: Post, receipt: Receipt, found: Mapping[str, Mapping[str, Any]]) -> Iterator[events.Content | None]:
    """What each message says once it says what the post does, with the file that it shows; None for what is none of the post's.
    Raises TerminalError for a message that is not there any more."""
    for wanted in expected(post, receipt).items:
        if wanted.media is None:
            yield None
            continue
        event = found.get(wanted.item.id)
        if event is None or not event["content"]:
            raise TerminalError(f"{wanted.item.url} is not there any more", hint="take the rest back and publish it anew")
        yield events.message(post.parts[0]) if wanted.text is not None else _captioned(event, wanted.media[0].alt or "")


def says(event: Mapping[str, Any], content: events.Content) -> bool:
    """Whether a message says that already."""
    now = events.content_of(event)
    return all(now.get(name) == content.get(name) for name in ("body", "formatted_body"))


def numbers(api: Api, room: str, items: Sequence[Item]) -> tuple[Metric, ...]:
    """How many reactions each message has."""
    return tuple(Metric(name="reactions", value=api.reactions(room, item.id), item_id=item.id) for item in items)


def moment(event: Mapping[str, Any]) -> datetime:
    """When it was sent, by its server."""
    return datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC)


def _seen(item: Item, event: Mapping[str, Any] | None, own: str) -> Seen:
    if event is None:
        return Seen(item=item, gone=True)
    unsigned = event.get("unsigned", {})
    if (because := unsigned.get("redacted_because")) or not event["content"]:
        by = (because or {}).get("sender", "")
        return Seen(item=item, gone=True, edited_by="" if by == own else by)
    content, edit = events.content_of(event), unsigned.get("m.relations", {}).get("m.replace")
    at = moment(edit) if edit else None
    if kind := _KINDS.get(content["msgtype"]):
        return Seen(item=item, media=(_medium(kind, content),), edited_at=at)
    return Seen(item=item, edited_at=at, **_of_text(content["body"]))


def _of_text(body: str) -> dict[str, Any]:
    return {"text": body, "links": tuple(body[start:end] for start, end in find_addresses(body)), "media": ()}


def _captioned(event: Mapping[str, Any], words: str) -> events.Content:
    content = events.content_of(event)
    kept = {name: value for name, value in content.items() if name not in (events.MARKER, "m.relates_to")}
    return {**kept, "body": words or content.get("filename", "")}


def _medium(kind: str, content: Mapping[str, Any]) -> SeenMedium:
    """A file without a caption has its name as its text."""
    words, name = content["body"], content.get("filename", "")
    return SeenMedium(kind=kind, alt="" if words == name else words, url=content.get("url", ""))
