"""What Mastodon can do, what its errors mean and what a channel can be set to (documentation of 2026-07-02, schema of 4.7.0)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.delivery.fate import Answer
from socialcast.model.capabilities import (
    AltText,
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
    TextRules,
    VideoRules,
    metric_rules,
)
from socialcast.model.errors import CredentialsExpired, ErrorRule, NotAllowed, RateLimited, TerminalError, TransientError
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Exchange

__all__ = [
    "CAPABILITIES",
    "ERRORS",
    "MEDIA_USED",
    "METRICS",
    "NO_SOURCE",
    "MastodonSettings",
    "Visibility",
    "narrower",
    "read_answer",
]

_MIB = 1 << 20

_PICTURE = PhotoRules(types=frozenset({"image/jpeg", "image/png"}), max_bytes=16 * _MIB, max_pixels=33_177_600)

# Our names, the fields of a status, and what the account's own server counts; nobody counts views (documentation, 2026-07-02).
METRICS: Mapping[str, tuple[str, str]] = {
    "likes": ("favourites_count", "how many accounts marked it as a favourite, as far as the own server has heard"),
    "shares": ("reblogs_count", "how many accounts boosted it, as far as the own server has heard"),
    "quotes": ("quotes_count", "how many posts quote it (since 4.5), as far as the own server has heard"),
    "comments": (
        "replies_count",
        "how many posts answer it directly, the thread's own too, as far as the own server has heard",
    ),
}
_SUMMABLE = frozenset({"likes", "shares", "comments"})

NO_SOURCE = frozenset({403, 404, 405, 501})  # of a server that does not tell the text as it was written

_DESCRIPTION = AltText(max_length=1500)

CAPABILITIES = Capabilities(
    documented="https://docs.joinmastodon.org of 2026-07-02, with the schema generated from it for 4.7.0",
    checked=date(2026, 11, 27),
    text=TextRules(max_length=500, link_weight=23),
    photos=msgspec.structs.replace(_PICTURE, max_count=4, alt_text=_DESCRIPTION),
    video=VideoRules(
        types=frozenset({"video/mp4", "video/quicktime", "video/webm"}),
        max_bytes=99 * _MIB,
        max_side=3840,
        max_frames_per_second=120,
        poster=_PICTURE,
        alt_text=_DESCRIPTION,
    ),
    link=LinkRules(clickable=True, card=Support.NATIVE),
    thread=Support.NATIVE,
    captions=False,
    embargo=Support.EMULATED,
    recovery=Recovery(
        marker="own timeline: media ids, which one post can have, or the post that is answered and the text; an Idempotency-Key"
        " helps where the server keeps it",
        settle_seconds=(2, 60),
        lost_ledger="posts of the last thirty days, by their words; not older ones. Media are uploaded again, unseen",
        unknown="after a lost ledger, media without words; a post with the same words, on a server that does not give its source",
    ),
    edits=EditRules(aspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.TAGS, Aspect.ALT_TEXT}), history_public=True),
    answer=True,
    continues=True,
    replies=ReplyRules(outlive=True),
    inspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT}),
    metrics=metric_rules(METRICS, summable=_SUMMABLE),
    notes={
        "text.max_length": "the server tells its own; a content warning counts as well",
        "text.unit": "Mastodon counts graphemes, of which there are never more; other servers count code points",
        "text.link_weight": "the server tells its own",
        "photos.max_count": "the server tells its own",
        "photos.types": "what every server takes; others take more",
        "photos.max_bytes": "16 MiB; the server tells its own",
        "photos.max_pixels": "the server tells its own",
        "photos.alt_text.max_length": "since 4.4 the server tells its own",
        "video.max_bytes": "99 MiB; the server tells its own",
        "video.max_side": "of 8,294,400 pixels in a frame",
        "embargo": "with `schedule = true` the server keeps it, five minutes ahead at least; a thread is kept here",
        "edits.aspects": "a server that keeps no edits of media changes the text only",
        "replies": "of the whole thread, as far as the own server has received them",
        "link.card": "every server fetches what a link tells of itself, later and on its own",
    },
)


class Visibility(Enum):
    """Who sees a post: everybody; everybody who has the link or follows; or followers alone."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


_CIRCLES = (*(visibility.value for visibility in Visibility), "direct")


def narrower(one: str, other: str) -> str:
    """Of two visibilities the one that fewer people see; one that nobody knows counts as seen by everybody."""
    return max(one, other, key=lambda each: _CIRCLES.index(each) if each in _CIRCLES else 0)


class MastodonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account on one server."""

    url: Annotated[
        str,
        Meta(description="the server that the account is on, such as https://example.social", pattern=r"^https?://[^/\s]+/?$"),
    ]
    access_token: Annotated[Secret, Meta(description="made under Preferences, Development, with read and write")]
    visibility: Annotated[Visibility, Meta(description="who sees the posts")] = Visibility.PUBLIC
    thread_unlisted: Annotated[
        bool, Meta(description="the posts of a public thread after the first are unlisted, so that timelines show one")
    ] = True
    max_characters: Annotated[
        int, Meta(description="of one post, at most; 0: plans say 500, and the server what it tells", ge=0)
    ] = 0
    content_warning: Annotated[str, Meta(description="what stands before every post, which readers unfold")] = ""
    sensitive: Annotated[bool, Meta(description="media are shown when a reader asks for them")] = False
    schedule: Annotated[bool, Meta(description="an embargo is left to the server, which publishes by itself")] = False


MEDIA_USED = "not found or already attached"
_NEW_TOKEN = "make a new token under Preferences, Development, with the scopes read and write"  # noqa: S105 - words

# Words tell apart what has no code; they are Mastodon's own, in English, which is what an app is answered in.
ERRORS = (
    ErrorRule(status=429, raises=RateLimited),
    ErrorRule(status=401, raises=CredentialsExpired, hint=_NEW_TOKEN),
    ErrorRule(status=403, words="outside the authorized scopes", raises=NotAllowed, hint=_NEW_TOKEN),
    ErrorRule(status=403, words="Empty statuses", raises=TerminalError, hint="this server wants a photo with every post"),
    ErrorRule(
        status=403, raises=NotAllowed, hint="the server or its moderators do not let this account do it: sign in there and look"
    ),
    # Pixelfed answers so whatever became of the first call.
    ErrorRule(status=400, words="Duplicate idempotency key", raises=TransientError, fate="unknown"),
    # An earlier call may have used them: the post is looked for.
    ErrorRule(status=422, words=MEDIA_USED, raises=TransientError, fate="unknown"),
    ErrorRule(status=422, words="not finished processing", raises=TransientError, hint="the server still works on the media"),
    ErrorRule(status=422, call="/api/v1/media", raises=TerminalError, hint="the server cannot process it: encode it anew"),
    ErrorRule(status=422, call="/api/v2/media", raises=TerminalError, hint="the server does not take such a file"),
    ErrorRule(status=413, raises=TerminalError, hint="the server takes smaller files"),
    ErrorRule(status=404, call="/api/v1/accounts/verify_credentials", raises=NotAllowed, hint="check url: no such server there"),
    ErrorRule(status=404, raises=TerminalError, hint="it is gone, or this account may not see it"),
    ErrorRule(status=410, raises=TerminalError, hint="it is gone"),
)


def read_answer(exchange: Exchange) -> Answer:
    """The words of an error, which has no code."""
    body = exchange.json()
    if not isinstance(body, dict) or (exchange.status or 0) < 400:
        return Answer()
    return Answer("", str(body.get("error_description") or body.get("error") or ""))
