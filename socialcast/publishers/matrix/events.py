"""What is written into the room, as pure functions of the post and of what was uploaded for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from socialcast.compose.markup import html, plain
from socialcast.model.announcement import Photo, Video
from socialcast.model.post import Post

__all__ = [
    "MARKER",
    "address_of",
    "answer",
    "caption",
    "content_of",
    "edit",
    "film_caption",
    "in_thread",
    "message",
    "read_address",
    "relation_of",
    "reply",
    "size_bytes",
    "transaction",
]

MARKER = "org.socialcast.step"  # servers keep fields that they do not know ("Events")
_HEADING_LEVEL = 3  # the largest that does not shout in a room
_ADDRESS = re.compile(r"https://matrix\.to/#/([^/?\s]+)/([^/?\s]+)(?:\?\S*)?")

Content = dict[str, Any]


def transaction(*derived_from: str) -> str:
    """The transaction id of a step, which is its marker too; it tells nobody what the announcement is called."""
    return hashlib.sha256("\n".join(derived_from).encode()).hexdigest()[:32]


def message(markdown: str) -> Content:
    """A text, plain and formatted; HTML in it is shown, pictures are links, and nobody is called by it."""
    formatted = html(markdown, heading_level=_HEADING_LEVEL, pictures=False)
    return {
        "msgtype": "m.text",
        "body": plain(markdown),
        "format": "org.matrix.custom.html",
        "formatted_body": formatted.strip(),
        "m.mentions": {},
    }


def edit(content: Content, event: str) -> Content:
    """That content in the place of an earlier event's; apps that know no edits show it with a star."""
    starred: Content = {name: f"* {content[name]}" for name in ("body", "formatted_body") if name in content}
    relation = {"rel_type": "m.replace", "event_id": event}
    return {**content, **starred, "m.new_content": content, "m.relates_to": relation}


def in_thread(content: Content, event: str, to: str = "") -> Content:
    """That content in the thread below an event, as a reply to another there; apps that know no threads show it as a reply."""
    reply_to = {"is_falling_back": not to, "m.in_reply_to": {"event_id": to or event}}
    return {**content, "m.relates_to": {"rel_type": "m.thread", "event_id": event, **reply_to}}


def answer(content: Content, to: Mapping[str, Any]) -> Content:
    """That content as a reply to somebody's event where it stands, in its thread or beside it; its author is told of it."""
    called, relation = {**content, "m.mentions": {"user_ids": [to["sender"]]}}, relation_of(to)
    if relation.get("rel_type") == "m.thread":
        return in_thread(called, str(relation["event_id"]), str(to["event_id"]))
    return reply(called, str(to["event_id"]))


def relation_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it says of another event; nothing where that is not said as it should be."""
    told = event["content"].get("m.relates_to")
    return told if isinstance(told, dict) else {}


def content_of(event: Mapping[str, Any]) -> Content:
    """What an event says now, after all edits."""
    last = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
    content = (last or {}).get("content", {}).get("m.new_content")
    return content if isinstance(content, dict) else dict(event["content"])


def reply(content: Content, event: str) -> Content:
    """That content as a reply to an event."""
    return {**content, "m.relates_to": {"m.in_reply_to": {"event_id": event}}}


def caption(photo: Photo, post: Post) -> str:
    """What stands below a photo: its description, which has no other place, then caption, credit and licence."""
    told = (photo.caption, photo.credit or post.credit, photo.licence or post.licence)
    return "\n".join(filter(None, (photo.alt, " · ".join(filter(None, told)))))


def film_caption(video: Video) -> str:
    """What stands below a video."""
    return "\n".join(dict.fromkeys(filter(None, (video.title, video.alt))))


def size_bytes(content: Content) -> int:
    """What it takes of the room that an event has."""
    return len(msgspec.json.encode(content))


def address_of(room: str, event: str = "", *, server: str) -> str:
    """Where a person opens it, with an app that they choose."""
    where = "/".join(quote(part, safe="!#$:@") for part in (room, event) if part)
    return f"https://matrix.to/#/{where}?via={quote(server)}"


def read_address(address: str) -> tuple[str, str] | None:
    """Room and event of such an address; None where it is none of an event."""
    found = _ADDRESS.fullmatch(address)
    if not found or not unquote(found[2]).startswith("$"):
        return None
    return unquote(found[1]), unquote(found[2])
