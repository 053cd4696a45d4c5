"""The records that the mirror knows, as schemas (atproto lexicons, commit d6296a1, 2026-08-20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialcast.sandbox.platforms.bluesky.schema import Array, BlobRef, Integer, Kind, Object, Text, Union

__all__ = [
    "GALLERY",
    "IMAGES",
    "LIKE",
    "POST",
    "POSTGATE",
    "PROFILE",
    "RECORDS",
    "REPOST",
    "THREADGATE",
    "VIDEO",
    "Lexicon",
]

POST, THREADGATE, POSTGATE = "app.bsky.feed.post", "app.bsky.feed.threadgate", "app.bsky.feed.postgate"
LIKE, REPOST = "app.bsky.feed.like", "app.bsky.feed.repost"
PROFILE = "app.bsky.actor.profile"
IMAGES, GALLERY, VIDEO = "app.bsky.embed.images", "app.bsky.embed.gallery", "app.bsky.embed.video"
_FACET = "app.bsky.richtext.facet"

_DATETIME, _AT_URI, _URI = Text(format="datetime"), Text(format="at-uri"), Text(format="uri")
_LANGUAGE = Text(format="language")
_TAG = Text(max_bytes=640, max_graphemes=64)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A kind of record: what its key is ("tid", or the one word it must be) and what it holds."""

    key: str
    record: Object


def _object(required: str = "", **properties: Kind) -> Object:
    return Object(required=tuple(required.split()), properties=properties)


_STRONG_REF = _object("uri cid", uri=_AT_URI, cid=Text(format="cid"))
_RATIO = _object("width height", width=Integer(minimum=1), height=Integer(minimum=1))
_IMAGE_FILE = BlobRef(accept=("image/*",), max_bytes=2_000_000)
_SELF_LABELS = Union(
    members={
        "com.atproto.label.defs#selfLabels": _object(
            "values", values=Array(items=_object("val", val=Text(max_bytes=128)), max_count=10)
        )
    }
)
_FACETS = _object(
    "index features",
    index=_object("byteStart byteEnd", byteStart=Integer(minimum=0), byteEnd=Integer(minimum=0)),
    features=Array(
        items=Union(
            members={
                f"{_FACET}#mention": _object("did", did=Text(format="did")),
                f"{_FACET}#link": _object("uri", uri=_URI),
                f"{_FACET}#tag": _object("tag", tag=_TAG),
            }
        )
    ),
)
_IMAGES = _object(
    "images", images=Array(items=_object("image alt", image=_IMAGE_FILE, alt=Text(), aspectRatio=_RATIO), max_count=4)
)
_GALLERY_IMAGE = _object("image alt aspectRatio", image=_IMAGE_FILE, alt=Text(), aspectRatio=_RATIO)
_GALLERY = _object("items", items=Array(items=Union(members={f"{GALLERY}#image": _GALLERY_IMAGE}), max_count=20))
_CAPTION = _object("lang file", lang=_LANGUAGE, file=BlobRef(accept=("text/vtt",), max_bytes=20_000))
_VIDEO = _object(
    "video",
    video=BlobRef(accept=("video/mp4",), max_bytes=300_000_000),
    captions=Array(items=_CAPTION, max_count=20),
    alt=Text(),
    aspectRatio=_RATIO,
    presentation=Text(),
)
_EXTERNAL = _object(
    "external",
    external=_object(
        "uri title description",
        uri=_URI,
        title=Text(),
        description=Text(),
        thumb=BlobRef(accept=("image/*",), max_bytes=1_000_000),
        associatedRefs=Array(items=_STRONG_REF),
    ),
)
_RECORD = _object("record", record=_STRONG_REF)
_MEDIA: Mapping[str, Kind] = {IMAGES: _IMAGES, VIDEO: _VIDEO, GALLERY: _GALLERY, "app.bsky.embed.external": _EXTERNAL}
_EMBEDS: Mapping[str, Kind] = {
    **_MEDIA,
    "app.bsky.embed.record": _RECORD,
    "app.bsky.embed.recordWithMedia": _object("record media", record=_RECORD, media=Union(members=_MEDIA)),
}

RECORDS: Mapping[str, Lexicon] = {
    POST: Lexicon(
        "tid",
        _object(
            "text createdAt",
            text=Text(max_bytes=3000, max_graphemes=300),
            facets=Array(items=_FACETS),
            reply=_object("root parent", root=_STRONG_REF, parent=_STRONG_REF),
            embed=Union(members=_EMBEDS),
            langs=Array(items=_LANGUAGE, max_count=3),
            labels=_SELF_LABELS,
            tags=Array(items=_TAG, max_count=8),
            createdAt=_DATETIME,
        ),
    ),
    THREADGATE: Lexicon(
        "tid",
        _object(
            "post createdAt",
            post=_AT_URI,
            createdAt=_DATETIME,
            hiddenReplies=Array(items=_AT_URI, max_count=300),
            allow=Array(
                items=Union(
                    members={
                        f"{THREADGATE}#mentionRule": _object(),
                        f"{THREADGATE}#followerRule": _object(),
                        f"{THREADGATE}#followingRule": _object(),
                        f"{THREADGATE}#listRule": _object("list", list=_AT_URI),
                    }
                ),
                max_count=5,
            ),
        ),
    ),
    POSTGATE: Lexicon(
        "tid",
        _object(
            "post createdAt",
            post=_AT_URI,
            createdAt=_DATETIME,
            detachedEmbeddingUris=Array(items=_AT_URI, max_count=50),
            embeddingRules=Array(items=Union(members={f"{POSTGATE}#disableRule": _object()}), max_count=5),
        ),
    ),
    PROFILE: Lexicon(
        "self",
        _object(
            displayName=Text(max_bytes=640, max_graphemes=64),
            description=Text(max_bytes=2560, max_graphemes=256),
            pronouns=Text(max_bytes=200, max_graphemes=20),
            website=_URI,
            avatar=BlobRef(accept=("image/png", "image/jpeg"), max_bytes=1_000_000),
            banner=BlobRef(accept=("image/png", "image/jpeg"), max_bytes=1_000_000),
            labels=_SELF_LABELS,
            pinnedPost=_STRONG_REF,
            createdAt=_DATETIME,
        ),
    ),
}
