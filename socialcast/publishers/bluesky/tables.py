"""What Bluesky can do, what its errors mean and what a channel can be set to (lexicons of 2026-08-20, guides of April 2026)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.capabilities import (
    MB,
    AltText,
    Aspect,
    Capabilities,
    LinkRules,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
    TextRules,
    Unit,
    VideoRules,
    metric_rules,
)
from socialcast.model.errors import (
    ConfigurationError,
    CredentialsExpired,
    ErrorRule,
    NotAllowed,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "ERRORS", "MAX_TEXT_BYTES", "METRICS", "PHOTOS", "THUMBNAIL", "BlueskySettings", "Replies"]

MAX_TEXT_BYTES = 3000  # of a post, beside its 300 graphemes (app.bsky.feed.post, 2026-08-20)

PHOTOS = PhotoRules(
    max_count=4,
    types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    max_bytes=2 * MB,
    max_side=4000,
    alt_text=AltText(max_length=2000),
)

GALLERY = msgspec.structs.replace(PHOTOS, max_count=10)  # of twenty that the schema takes, clients show ten (2026-08-20)

THUMBNAIL = msgspec.structs.replace(PHOTOS, max_bytes=MB, max_side=2000)  # of a card (app.bsky.embed.external, 2026-08-20)

# Our names, Bluesky's fields, and what it counts (app.bsky.feed.defs#postView, 2026-08-20); nobody counts views.
METRICS: Mapping[str, tuple[str, str]] = {
    "likes": ("likeCount", "how many accounts like it now"),
    "shares": ("repostCount", "how many accounts reposted it without words of their own"),
    "quotes": ("quoteCount", "how many posts quote it"),
    "comments": ("replyCount", "how many posts answer it directly, those of the thread among them"),
    "bookmarks": ("bookmarkCount", "how many accounts keep it for themselves"),
}
_SUMMABLE = frozenset({"likes", "shares", "comments"})

CAPABILITIES = Capabilities(
    documented="AT Protocol lexicons of 2026-08-20, docs.bsky.app guides of April 2026",
    checked=date(2026, 11, 26),
    text=TextRules(max_length=300, unit=Unit.GRAPHEME),
    photos=PHOTOS,
    video=VideoRules(max_bytes=300 * MB, max_seconds=600, subtitles=frozenset({"vtt", "srt"})),
    link=LinkRules(clickable=True, card=Support.EMULATED),
    thread=Support.NATIVE,
    captions=False,
    recovery=Recovery(
        marker="a record key derived from key and channel, which the account's server takes once",
        settle_seconds=(0,),
        lost_ledger="every post; nothing is sent again, since the server refuses a second record under the key",
    ),
    answer=True,
    continues=True,
    replies=ReplyRules(outlive=True),
    inspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT}),
    metrics=metric_rules(METRICS, summable=_SUMMABLE),
    notes={
        "photos.max_count": "ten with `gallery = true`",
        "photos.max_bytes": "less on a server of before 2026: see `photo_max_bytes`",
        "photos.max_side": "the schema names none; the app scales to 4,000 pixels (unverified)",
        "photos.alt_text.max_length": "the app's; the schema names none (unverified)",
        "video.max_bytes": "of the schema; the video service tells what is left for the day",
        "video.max_seconds": "of Bluesky's video service",
        "link.card": "the server fetches nothing: the card says what the announcement does, with the live event's picture",
        "replies": "of the whole thread, as the network shows it to the account; deleted and blocked ones are not told",
        "edits": "the server would take it, and the app would go on showing the first version",
    },
)


class Replies(Enum):
    """Who may answer: everybody, nobody, or those whom the post mentions, whom the account follows, or who follow it."""

    EVERYBODY = "everybody"
    NOBODY = "nobody"
    MENTIONED = "mentioned"
    FOLLOWING = "following"
    FOLLOWERS = "followers"


class BlueskySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    identifier: Annotated[str, Meta(description="the account's handle or DID, such as news.example.org", min_length=3)]
    app_password: Annotated[Secret, Meta(description="made in the app under Settings, Privacy and security, App passwords")]
    server: Annotated[str, Meta(description="where the account signs in", pattern=r"^https?://[^/]+$")] = "https://bsky.social"
    video_service: Annotated[
        str, Meta(description="what prepares videos; empty: they go to the server as they are", pattern=r"^(https?://[^/]+)?$")
    ] = "https://video.bsky.app"
    gallery: Annotated[bool, Meta(description="up to ten photos in one post; older apps show none of more than four")] = False
    photo_max_bytes: Annotated[
        int, Meta(description="of one photo; 1000000 for a server of before 2026, which takes no more", ge=100_000, le=2 * MB)
    ] = 2 * MB
    replies: Annotated[Replies, Meta(description="who may answer")] = Replies.EVERYBODY
    labels: Annotated[
        tuple[str, ...], Meta(description="what the account says of its own posts, such as graphic-media", max_length=10)
    ] = ()

    @property
    def photos(self) -> PhotoRules:
        """What one post shows: as many as the channel wants, as large as the account's server takes them."""
        return msgspec.structs.replace(GALLERY if self.gallery else PHOTOS, max_bytes=self.photo_max_bytes)

    def require_credentials(self, channel: str) -> None:
        """Raise ConfigurationError for a password that is no app password: one that opens the whole account."""
        if not _APP_PASSWORD.fullmatch(self.app_password.reveal()):
            raise ConfigurationError(
                f"channel {channel!r}: app_password is not one (xxxx-xxxx-xxxx-xxxx): make one in the app under Settings,"
                " Privacy and security, App passwords; the account's own password has no place here"
            )


_APP_PASSWORD = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")
_SIGN_IN = "make a new app password in the app under Settings, Privacy and security, App passwords"

ERRORS = (
    ErrorRule(status=429, raises=RateLimited),
    ErrorRule(code="RateLimitExceeded", raises=RateLimited),
    ErrorRule(code="AuthFactorTokenRequired", raises=CredentialsExpired, hint=f"that is the account's own password: {_SIGN_IN}"),
    ErrorRule(code="AccountTakedown", raises=NotAllowed, hint="Bluesky has taken the account down: see the app"),
    ErrorRule(code="AccountDeactivated", raises=NotAllowed, hint="activate the account in the app"),
    ErrorRule(status=401, raises=CredentialsExpired, hint=_SIGN_IN),
    ErrorRule(status=403, raises=NotAllowed, hint="the account or its password may not do this"),
    ErrorRule(code="ExpiredToken", raises=CredentialsExpired, hint="run it again: it signs in anew"),
    ErrorRule(code="BlobNotFound", raises=TransientError, hint="the server dropped an upload that waited: run it again"),
    ErrorRule(words="could not find blob", raises=TransientError, hint="the server dropped an upload that waited: run it again"),
    ErrorRule(code="BlobTooLarge", raises=TerminalError, hint="the server takes smaller files than Bluesky's own"),
    ErrorRule(words="blob too big", raises=TerminalError, hint="the server is older than 2026: set photo_max_bytes = 1000000"),
    ErrorRule(status=413, raises=TerminalError, hint="the server takes smaller files than Bluesky's own"),
    ErrorRule(code="InvalidMimeType", raises=TerminalError),
)
