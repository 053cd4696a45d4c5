"""What Flickr can do, what it is set to, and what its errors mean."""

from __future__ import annotations

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
    EditRules,
    LinkRules,
    MetricRule,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
    TagRules,
    TextRules,
    VideoRules,
)
from socialcast.model.errors import (
    CredentialsExpired,
    DuplicatePost,
    ErrorRule,
    NotAllowed,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "COUNTED_SINGLY", "ERRORS", "FlickrSettings", "Safety"]

_TAGS_PER_PHOTO = 75
_OUR_TAGS = 2  # the marks by which an upload is found again

COUNTED_SINGLY = 20  # photos whose favourites and comments are counted, which takes two calls for each
_METRICS = (
    MetricRule(name="views", definition="how often each photo and video was viewed, added up"),
    MetricRule(name="album_views", definition="how often the album was viewed"),
    MetricRule(name="likes", definition="how many accounts have each among their favourites", summable=True),
    MetricRule(name="comments", definition="comments on the album, the photos and the video, our own among them"),
)

CAPABILITIES = Capabilities(
    documented="Flickr API, 'Uploading Photos' and the method pages",
    checked=date(2026, 8, 22),
    text=TextRules(titled=True, max_title_length=255),
    photos=PhotoRules(
        max_count=5000,
        types=frozenset({"image/jpeg", "image/png", "image/gif"}),
        max_bytes=200 * MB,
        alt_text=AltText(support=Support.EMULATED),
    ),
    video=VideoRules(
        types=frozenset(
            {"video/mp4", "video/quicktime", "video/x-msvideo", "video/x-ms-wmv", "video/mpeg", "video/ogg", "video/3gpp"}
        ),
        max_bytes=1000 * MB,
        max_seconds=600,
        with_photos=True,
    ),
    link=LinkRules(clickable=True),
    tags=TagRules(max_count=_TAGS_PER_PHOTO - _OUR_TAGS),
    album=Support.NATIVE,
    media_required=True,
    gives=frozenset({"album"}),
    recovery=Recovery(
        marker="machine tag on each photo, line in the album's description",
        settle_seconds=(2, 15, 60),
        lost_ledger="photos, video and album, however old",
    ),
    edits=EditRules(
        aspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.TAGS, Aspect.ALT_TEXT, Aspect.LICENCE}),
    ),
    answer=True,
    replies=ReplyRules(),
    metrics=_METRICS,
    inspects=frozenset(Aspect) - {Aspect.LIVE},
    notes={
        "edits": "without any licence in the new announcement, the one that a photo has stays",
        "answer": "by a comment on the album, or on the only photo or video",
        "replies": "comments on the album, its photos and the video; they stand side by side: an answer names whom it answers",
        "metrics": f"likes and comments where there are {COUNTED_SINGLY} photos and videos at most: each takes calls of its own",
        "inspects": "of an album, how many photos it shows, not in which order; a photo's title is its alt text",
        "text.max_title_length": "by practice; the page names no limit",
        "photos.max_count": "photos in one album; a free account holds 1,000 photos and videos in all",
        "photos.max_bytes": "the account check asks for the account's own limit",
        "photos.alt_text": "the title begins with the alt text, because screen readers say it; the description has all of it",
        "video.max_seconds": "Pro accounts; free ones play 180 seconds",
        "tags.max_count": f"{_TAGS_PER_PHOTO} for each photo, {_OUR_TAGS} of them our own marks",
    },
)


class Safety(Enum):
    """Who is shown a photo without asking, as Flickr moderates it."""

    SAFE = "safe"
    MODERATE = "moderate"
    RESTRICTED = "restricted"


class FlickrSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One Flickr account and how it shows what it publishes."""

    api_key: Annotated[Secret, Meta(description="the key of your own Flickr app")]
    api_secret: Annotated[Secret, Meta(description="the secret that came with the key")]
    oauth_token: Annotated[Secret, Meta(description="the account's token for the app, with the permission write or delete")]
    oauth_token_secret: Annotated[Secret, Meta(description="the secret that came with the token")]
    at_once: Annotated[int, Meta(ge=1, le=32, description="how many uploads at the same time")] = 8
    comments: Annotated[bool, Meta(description="whether everybody may comment, or nobody")] = True
    album: Annotated[str, Meta(description="the album's title; the announcement's title if empty")] = ""
    safety: Annotated[Safety, Meta(description="how Flickr is to moderate the photos")] = Safety.SAFE
    hidden: Annotated[bool, Meta(description="keep the photos out of public searches")] = False


_UPLOAD = "/services/upload"
_SIGN_IN = "sign in again and store the new token"

# Codes mean other things on the upload than on the methods; a row with `call` speaks of the upload only and stands first.
ERRORS = (
    ErrorRule(status=413, raises=TerminalError, hint="make the file smaller"),
    ErrorRule(status=429, raises=RateLimited, hint="the key has 3,600 calls an hour for all its users; use a key of your own"),
    ErrorRule(call=_UPLOAD, code="2", raises=TerminalError, hint="the upload arrived without its photo; please report it"),
    ErrorRule(call=_UPLOAD, code="3", raises=TransientError, fate="unknown"),
    ErrorRule(call=_UPLOAD, code="4", raises=TerminalError, hint="the file is empty"),
    ErrorRule(call=_UPLOAD, code="5", raises=TerminalError, hint="use JPEG, PNG, GIF or one of the video types"),
    ErrorRule(
        call=_UPLOAD, code="6", raises=NotAllowed, hint="the account's upload limit is reached; free some space or upgrade it"
    ),
    ErrorRule(call=_UPLOAD, code="7", raises=NotAllowed, hint="the account's limit for videos is reached"),
    ErrorRule(call=_UPLOAD, code="8", raises=TerminalError, hint="make the file smaller"),
    ErrorRule(
        call=_UPLOAD, code="9", raises=DuplicatePost, hint="the account has this photo already; delete it there or leave it out"
    ),
    ErrorRule(call=_UPLOAD, code="14", raises=TransientError, hint="Flickr is at its capacity"),
    ErrorRule(call=_UPLOAD, code="15", raises=NotAllowed, hint='the account may only upload safe photos: safety = "safe"'),
    ErrorRule(code="95", raises=TerminalError, hint="Flickr wants HTTPS"),
    ErrorRule(code="96", raises=CredentialsExpired, hint="check api_secret, oauth_token_secret and this machine's clock"),
    ErrorRule(code="97", raises=CredentialsExpired, hint="check api_secret and oauth_token_secret"),
    ErrorRule(code="98", raises=CredentialsExpired, hint=_SIGN_IN),
    ErrorRule(code="99", raises=NotAllowed, hint="sign in again with the permission write, or delete to be able to retract"),
    ErrorRule(
        code="100",
        raises=CredentialsExpired,
        hint="the API key is wrong, expired or disabled; keys are made at flickr.com/services/apps",
    ),
    ErrorRule(code="105", raises=TransientError, fate="unknown"),
    ErrorRule(code="106", raises=TransientError, fate="unknown"),
    ErrorRule(code="111", raises=TerminalError),
    ErrorRule(code="112", raises=TerminalError),
    ErrorRule(code="114", raises=TerminalError),
    ErrorRule(code="115", raises=TerminalError),
    ErrorRule(
        code="116", raises=TerminalError, hint="Flickr refuses a link in the text, because it was used for abuse; leave it out"
    ),
    ErrorRule(words="posting comments too fast", raises=RateLimited),
    # for some seconds after an upload the other methods do not know the photo yet (platform notes, 2026-08-22)
    ErrorRule(words="photo not found", raises=TransientError, hint="if it was deleted on Flickr, publish under a new key"),
)
