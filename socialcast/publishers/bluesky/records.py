"""The records that are written, as pure functions of the post and of what was uploaded for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import regex

from socialcast.compose.spans import Kind, find_spans
from socialcast.model.announcement import Link
from socialcast.model.post import Post
from socialcast.publishers.bluesky.identifiers import cid_of
from socialcast.publishers.bluesky.tables import Replies

__all__ = [
    "GATES",
    "POSTS",
    "Picture",
    "Said",
    "answer",
    "card",
    "facets",
    "gate",
    "handles",
    "images",
    "permalink",
    "profile_of",
    "references",
    "thread",
    "uri_of",
    "video",
]

_SITE = "https://bsky.app"
POSTS, GATES = "app.bsky.feed.post", "app.bsky.feed.threadgate"

Record = dict[str, Any]
Picture = dict[str, Any]  # blob, alt text and aspect ratio of one photo

_HANDLE = regex.compile(r"(?<![^\s(\p{P}])@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9])")
_MAX_TAG_GRAPHEMES = 64
_MOST_IMAGES = 4
_GATE_RULES = {
    Replies.NOBODY: [],
    **{
        replies: [{"$type": f"{GATES}#{rule}Rule"}]
        for replies, rule in {
            Replies.MENTIONED: "mention",
            Replies.FOLLOWING: "following",
            Replies.FOLLOWERS: "follower",
        }.items()
    },
}


def uri_of(did: str, collection: str, key: str) -> str:
    """The address of a record."""
    return f"at://{did}/{collection}/{key}"


def permalink(uri: str) -> str:
    """Where people see a post."""
    did, _, key = uri.removeprefix("at://").split("/")
    return f"{profile_of(did)}/post/{key}"


def profile_of(did: str) -> str:
    """Where people see an account."""
    return f"{_SITE}/profile/{did}"


class Said(NamedTuple):
    """What all posts of a thread have in common: time, accounts of the handles that it mentions, and labels."""

    post: Post
    did: str
    at: str
    dids: Mapping[str, str]
    labels: Sequence[str]


def thread(said: Said, keys: Sequence[str], embeds: Mapping[int, Record], answered: Sequence[Record]) -> list[Record]:
    """The posts in order, each an answer to the one before, which it names by the hash that it will have.

    `answered` are the root and the post that the whole thread answers, if it does.
    """
    records: list[Record] = []
    named = list(answered)
    for number, text in enumerate(said.post.parts or ("",)):
        record = _post(text, [said.post.language], said.dids, said.at)
        if said.labels:
            record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": each} for each in said.labels]}
        if number in embeds:
            record["embed"] = embeds[number]
        if named:
            record["reply"] = {"root": named[0], "parent": named[-1]}
        records.append(record)
        named.append({"uri": uri_of(said.did, POSTS, keys[number]), "cid": cid_of(record)})
    return records


def gate(post_uri: str, replies: Replies, at: str) -> Record | None:
    """The record that says who may answer; None where everybody may."""
    if replies is Replies.EVERYBODY:
        return None
    return {"$type": GATES, "post": post_uri, "createdAt": at, "allow": _GATE_RULES[replies]}


def references(answered: Record) -> list[Record]:
    """How an answer to that record names the root of its thread, and itself."""
    itself = {"uri": answered["uri"], "cid": answered["cid"]}
    return [answered["value"].get("reply", {}).get("root", itself), itself]


def answer(text: str, root: Record, parent: Record, at: str) -> Record:
    """A post that answers another, in the language of its thread."""
    first, last = references(root)[0], references(parent)[1]
    return {**_post(text, root["value"].get("langs", []), {}, at), "reply": {"root": first, "parent": last}}


def images(pictures: Sequence[Picture], *, in_gallery: bool) -> Record:
    """Up to four photos as every app shows them; more, where a gallery is wished for, as newer ones do."""
    if len(pictures) <= _MOST_IMAGES or not in_gallery:
        return {"$type": "app.bsky.embed.images", "images": list(pictures)}
    items = [{"$type": "app.bsky.embed.gallery#image", **picture} for picture in pictures]
    return {"$type": "app.bsky.embed.gallery", "items": items}


def video(blob: Record, alt: str, size: tuple[int, int] | None, captions: Sequence[Record]) -> Record:
    """A video with its description, proportions and captions."""
    embed: Record = {"$type": "app.bsky.embed.video", "video": blob}
    if alt:
        embed["alt"] = alt
    if size:
        embed["aspectRatio"] = {"width": size[0], "height": size[1]}
    if captions:
        embed["captions"] = list(captions)
    return embed


def card(link: Link, title: str, description: str, thumbnail: Record | None = None) -> Record:
    """What the announcement says of a link, and the blob of its own picture: the server looks nothing up."""
    said: Record = {"uri": link.url, "title": link.title or title or link.url, "description": description}
    return {"$type": "app.bsky.embed.external", "external": {**said, "thumb": thumbnail} if thumbnail else said}


def handles(text: str) -> list[str]:
    """The accounts that a text mentions."""
    return list(dict.fromkeys(found[1].lower() for found in _HANDLE.finditer(text)))


def facets(text: str, dids: Mapping[str, str]) -> list[Record]:
    """What can be followed in the text, in order: addresses, hashtags, and mentions of accounts that there are."""
    return [_facet(text, start, end, feature) for start, end, feature in sorted(_features(text, dids), key=lambda each: each[:2])]


def _post(text: str, languages: Sequence[str], dids: Mapping[str, str], at: str) -> Record:
    record: Record = {"$type": POSTS, "text": text, "createdAt": at, "langs": list(languages)}
    if active := facets(text, dids):
        record["facets"] = active
    return record


def _features(text: str, dids: Mapping[str, str]) -> Iterator[tuple[int, int, Record]]:
    mentions = [found for found in _HANDLE.finditer(text) if found[1].lower() in dids]
    for found in mentions:
        yield found.start(), found.end(), {"$type": "app.bsky.richtext.facet#mention", "did": dids[found[1].lower()]}
    for start, end, kind in find_spans(text):
        said = text[start:end]
        if any(found.start() < end and start < found.end() for found in mentions):
            continue
        if kind is Kind.ADDRESS:
            yield start, end, {"$type": "app.bsky.richtext.facet#link", "uri": said if "://" in said else f"https://{said}"}
        elif kind is Kind.HASHTAG and len(regex.findall(r"\X", said)) <= _MAX_TAG_GRAPHEMES + 1:
            yield start, end, {"$type": "app.bsky.richtext.facet#tag", "tag": said[1:]}


def _facet(text: str, start: int, end: int, feature: Record) -> Record:
    """Places count UTF-8 bytes."""
    index = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
    return {"index": index, "features": [feature]}
