"""What comes after a video on Vimeo: how it is shown now, what else says the same, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from socialcast.compose.addresses import find_addresses
from socialcast.model.echo import Metric
from socialcast.model.post import Post
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, Sight
from socialcast.publishers.vimeo import words
from socialcast.publishers.vimeo.api import Api
from socialcast.publishers.vimeo.live import state_of
from socialcast.publishers.vimeo.tables import METRICS
from socialcast.publishers.vimeo.uploads import id_of

__all__ = ["expected", "numbers", "sight", "twins"]

_VIDEO = "name,description,license,modified_time,privacy.view,tags"
_EVENT = "title,stream_description,stream_privacy,live_video"
_LISTED = "uri,link,name,description,created_time,privacy"
_UNSEEN = frozenset({"nobody", "disable"})


def sight(api: Api, items: Sequence[Item]) -> Sight:
    """Video and event as they are shown now."""
    look = {"video": _video, "live": _event}
    return Sight(items=tuple(look[item.kind](api, item) for item in items))


def expected(post: Post, items: Sequence[Item]) -> Sight:
    """What `sight` tells while nobody changes anything; where the event stands is for its hours to say."""
    return Sight(items=tuple(_wanted(post, item) for item in items))


def twins(api: Api, post: Post, items: Sequence[Item], since: datetime | None) -> Iterator[Item]:
    """Other public videos with the same title and description, made since then; they are listed with the newest first."""
    ours = {item.id for item in items}
    for video in api.listed("/me/videos", fields=_LISTED):
        if since and datetime.fromisoformat(video["created_time"]) < since:
            return
        is_seen = video["privacy"]["view"] not in _UNSEEN
        if is_seen and id_of(video["uri"]) not in ours and words.says(video, post, "video"):
            yield Item(id=id_of(video["uri"]), kind="video", url=video["link"])


def numbers(api: Api, items: Sequence[Item]) -> Iterator[Metric]:
    """What Vimeo counts of the video; it hides plays from some accounts."""
    for item in items:
        told = api.found(f"/videos/{item.id}", fields=",".join(field for field, _ in METRICS.values())) or {}
        for name, (field, _) in METRICS.items():
            if (value := _at(told, field)) is not None:
                yield Metric(name=name, value=value, item_id=item.id)


def _at(told: Mapping[str, Any], field: str) -> float | None:
    """What stands at "stats.plays"; None where a part of the way is missing."""
    found: Any = told
    for name in field.split("."):
        found = (found or {}).get(name)
    return None if found is None else float(found)


def _video(api: Api, item: Item) -> Seen:
    """Vimeo changes no words itself: those that differ were changed when it says that something was, or before."""
    told = api.found(f"/videos/{item.id}", fields=_VIDEO)
    if told is None or told["privacy"]["view"] in _UNSEEN:
        return Seen(item=item, gone=True)
    edited_at = datetime.fromisoformat(told["modified_time"]) if told.get("modified_time") else None
    tags = tuple(words.canonical(tag["name"]) for tag in told.get("tags") or ())
    facts = {"licence": words.shown_licence(told.get("license")), "edited_at": edited_at, "tags": tags}
    return _said(item, told.get("name") or "", told.get("description") or "", **facts)


def _event(api: Api, item: Item) -> Seen:
    told = api.found(f"/me/live_events/{item.id}", fields=_EVENT)
    if told is None or (told.get("stream_privacy") or {}).get("view") in _UNSEEN:
        return Seen(item=item, gone=True)
    return _said(item, told.get("title") or "", told.get("stream_description") or "", live=state_of(told))


def _wanted(post: Post, item: Item) -> Seen:
    text = "\n\n".join(post.parts)
    if item.kind == "live" and post.live:
        return _said(item, post.live.title or post.title, post.live.description or text)
    tags = tuple(map(words.canonical, words.tag_names(post)))
    return _said(item, post.title, text, licence=words.expected_licence(post), tags=tags)


def _said(item: Item, title: str, text: str, **facts: Any) -> Seen:
    links = tuple(text[start:end] for start, end in find_addresses(text))
    return Seen(item=item, title=title, text=text, links=links, **facts)
