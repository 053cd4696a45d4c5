"""What a visitor of bsky.app sees of a post, with its links where facets make them, its media and its card; and of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from socialcast.sandbox.mirror import Card, Picture
from socialcast.sandbox.platforms.bluesky.appview import image_url, video_url
from socialcast.sandbox.platforms.bluesky.lexicons import GALLERY, IMAGES, POSTGATE, THREADGATE, VIDEO
from socialcast.sandbox.platforms.bluesky.state import Record, User
from socialcast.sandbox.platforms.bluesky.tables import SITE

__all__ = ["card_of", "profile_page"]

_FACET = "app.bsky.richtext.facet"
_EXTERNAL, _BOTH = "app.bsky.embed.external", "app.bsky.embed.recordWithMedia"
_UNSEEN = frozenset({"image/heic", "image/heif"})  # the app does not show them


@dataclass(frozen=True, slots=True)
class Span:
    """Some bytes of the text that are a link."""

    start: int
    end: int
    href: str


def card_of(record: Record, user: User, parent: Record | None) -> Card:
    """The card of a post; one that names a version of its parent that there is not stands apart, and says so."""
    value = record.first[1]
    text, reply = value["text"], value.get("reply")
    embed = value.get("embed") or {}
    media = embed.get("media", {}) if embed.get("$type") == _BOTH else embed
    spans, dropped = _spans(text.encode(), value.get("facets", []))
    holds = parent is not None and reply is not None and reply["parent"]["cid"] == parent.cid
    facts = {
        "reply": "" if holds or not reply else "to a post, or a version of one, that is not there",
        "broken facets": str(dropped) if dropped else "",
        "languages": ", ".join(value.get("langs", [])),
        "tags": ", ".join(value.get("tags", [])),
        "labels": ", ".join(label["val"] for label in value.get("labels", {}).get("values", [])),
        "subtitles": ", ".join(caption["lang"] for caption in media.get("captions", [])),
        **_link(media),
        **_gates(record, user),
    }
    return Card(
        id=record.uri,
        kind="post",
        account=f"@{user.handle}",
        url=f"{user.url}/post/{record.rkey}",
        at=_shown_at(value["createdAt"], record.at),
        text=text,
        html=_html(text.encode(), spans),
        pictures=tuple(_pictures(user, media)),
        parent=parent.uri if parent and holds else "",
        facts={name: fact for name, fact in facts.items() if fact},
    )


def profile_page(user: User, profile: Mapping[str, Any], cards: Sequence[Card]) -> str:
    """An account's page: its name, what it says of itself, and its posts, each with its address."""
    name, words = profile.get("displayName") or f"@{user.handle}", profile.get("description", "")
    head = Markup('<!doctype html><html lang="en"><meta charset="utf-8"><title>{}</title><h1>{}</h1><p>@{}</p><p>{}</p>')
    post = Markup('<article><p>{}</p><p><a href="{}"><time datetime="{}">{:%d %B %Y, %H:%M UTC}</time></a></p></article>')
    posts = (post.format(Markup(card.html), card.url, card.at.isoformat(), card.at) for card in cards)  # noqa: S704 - made here
    return str(head.format(name, name, user.handle, words) + Markup("").join(posts))


def _shown_at(told: str, written_at: float) -> datetime:
    """When the app says it was posted: as the record tells, but never in the future of its arrival."""
    arrived = datetime.fromtimestamp(written_at, UTC)
    try:
        return min(datetime.fromisoformat(told).astimezone(UTC), arrived)
    except (ValueError, OverflowError):  # 30 February is a datetime by its form
        return arrived


def _spans(text: bytes, facets: list[dict[str, Any]]) -> tuple[list[Span], int]:
    """The links of a text in order, and how many facets the app passes over: outside the text, amid a letter, or overlapping."""
    spans: list[Span] = []
    dropped = 0
    for facet in sorted(facets, key=lambda each: int(each["index"]["byteStart"])):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        href = next((link for feature in facet["features"] if (link := _href(feature))), "")
        if (spans and start < spans[-1].end) or not _is_whole(text, start, end) or not href:
            dropped += 1
        else:
            spans.append(Span(start, end, href))
    return spans, dropped


def _is_whole(text: bytes, start: int, end: int) -> bool:
    try:
        text[:start].decode()
        text[start:end].decode()
    except UnicodeDecodeError:
        return False
    return start < end <= len(text)


def _href(feature: dict[str, Any]) -> str:
    kind = feature.get("$type", "")
    if kind == f"{_FACET}#link":
        return str(feature["uri"]) if feature["uri"].startswith(("https://", "http://")) else ""
    if kind == f"{_FACET}#mention":
        return f"{SITE}/profile/{feature['did']}"
    return f"{SITE}/hashtag/{quote(feature['tag'])}" if kind == f"{_FACET}#tag" else ""


def _html(text: bytes, spans: list[Span]) -> str:
    """The text with its links, and with none of those that only look like one."""
    html, done = Markup(""), 0
    for span in spans:
        link = Markup('<a href="{}" rel="nofollow noopener noreferrer">{}</a>')
        html += escape(text[done : span.start].decode()) + link.format(span.href, text[span.start : span.end].decode())
        done = span.end
    return str(html + escape(text[done:].decode())).replace("\n", "<br>\n")


def _pictures(user: User, media: dict[str, Any]) -> Iterator[Picture]:
    kind = media.get("$type")
    for item in media.get("images" if kind == IMAGES else "items", []) if kind in (IMAGES, GALLERY) else ():
        if item.get("image", {}).get("mimeType", next(iter(_UNSEEN))) not in _UNSEEN:
            yield Picture(url=image_url(user.did, item["image"]), alt=item["alt"])
    if kind == VIDEO:
        yield Picture(url=video_url(user, media["video"]), alt=media.get("alt", ""), kind="video")
    if kind == _EXTERNAL and "thumb" in media["external"]:
        card = media["external"]
        yield Picture(url=image_url(user.did, card["thumb"]), alt=card["title"], caption=card["title"])


def _link(media: dict[str, Any]) -> dict[str, str]:
    if media.get("$type") != _EXTERNAL:
        return {}
    card = media["external"]
    return {"card": card["uri"], "card title": card["title"], "card text": card["description"]}


def _gates(record: Record, user: User) -> dict[str, str]:
    """Who may answer and quote: the gates count that have the post's own key and name it."""
    told = {}
    gates = (user.records.get((gate, record.rkey)) for gate in (THREADGATE, POSTGATE))
    thread, post = (gate if gate and gate.is_valid else None for gate in gates)
    if thread and thread.value["post"] == record.uri and "allow" in thread.value:
        rules = [rule["$type"].rpartition("#")[2].removesuffix("Rule") for rule in thread.value["allow"]]
        told["replies by"] = ", ".join(rules) or "nobody"
    if post and post.value["post"] == record.uri and post.value.get("embeddingRules"):
        told["quotes by"] = "nobody"
    return told
