"""What YouTube can do, and what a channel is set to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.announcement import Privacy
from socialcast.model.capabilities import (
    MB,
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    LiveRules,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
    TagRules,
    TextRules,
    Unit,
    VideoRules,
    metric_rules,
)
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "MAX_TAGS_LENGTH", "METRICS", "POSTER", "UNVERIFIED_MAX_SECONDS", "YoutubeSettings"]

MAX_TAGS_LENGTH = 500  # of all together: commas count, and quotes around a tag with a space (Videos resource, 2026-11-22)
UNVERIFIED_MAX_SECONDS = 900  # without a verified phone number (YouTube help, 2026-11-22)

POSTER = PhotoRules(max_bytes=50 * MB)

# Our names, YouTube's fields, and what it counts (Videos resource, 2026-11-22).
METRICS: Mapping[str, tuple[str, str]] = {
    "views": ("viewCount", "how often the video was watched"),
    "likes": ("likeCount", "how many accounts like it now; absent where the owner hides it"),
    "comments": ("commentCount", "how many comments and answers to them there are; absent where they are closed"),
}

CAPABILITIES = Capabilities(
    documented="YouTube Data API v3, discovery document revision 20261104, with the Live Streaming API",
    checked=date(2026, 11, 22),
    text=TextRules(max_length=5000, unit=Unit.UTF8_BYTE, titled=True, max_title_length=100),
    video=VideoRules(
        types=frozenset(
            {
                "video/3gpp",
                "video/mp4",
                "video/mpeg",
                "video/quicktime",
                "video/webm",
                "video/x-flv",
                "video/x-matroska",
                "video/x-ms-wmv",
                "video/x-msvideo",
            }
        ),
        max_bytes=256 * 1024**3,
        max_seconds=12 * 3600,
        subtitles=frozenset({"srt", "vtt"}),
        poster=POSTER,
    ),
    live=LiveRules(max_title_length=100, low_latency=True, dvr=True, poster=POSTER),
    link=LinkRules(clickable=True),
    tags=TagRules(),
    media_required=True,
    embargo=Support.NATIVE,
    gives=frozenset({"video", "live"}),
    recovery=Recovery(
        marker="upload session; then a tag on the video, which visitors do not see, in the uploads playlist",
        settle_seconds=(2, 30, 120),
        lost_ledger="a whole video, captions, playlist and live event, however old. An upload that was under way begins anew;"
        " what there was of it stays private",
    ),
    edits=EditRules(aspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.TAGS, Aspect.LICENCE, Aspect.LIVE})),
    answer=True,
    replies=ReplyRules(forbidden="comments that YouTube holds back for review have to be approved in YouTube Studio first"),
    inspects=frozenset({Aspect.TITLE, Aspect.TEXT, Aspect.LINKS, Aspect.TAGS}),
    metrics=metric_rules(METRICS, summable=frozenset({"likes"})),
    notes={
        "answer": "by a comment below the video; an announcement cannot answer a post of somebody else",
        "edits": "50 units of the quota each; a live event's times until it begins; who may see it stays as it is",
        "replies": "comments and answers to them, those held back for review too; the token needs youtube.force-ssl",
        "text.max_length": "the whole description, in bytes",
        "video.max_seconds": "900 for a channel without a verified phone number; the account check says so",
        "video.poster": "50 MB since 2026-09-14, 2 MB before",
        "tags": f"{MAX_TAGS_LENGTH} characters in all, our own mark included",
        "embargo": 'with schedule = true and privacy = "public"; live events never',
        "recovery.settle_seconds": "the uploads playlist usually lags by seconds, sometimes by minutes",
    },
)


class YoutubeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One YouTube channel and how it shows what it publishes."""

    client_id: Annotated[Secret, Meta(description="the id of your own OAuth client")]
    client_secret: Annotated[Secret, Meta(description="the secret that came with the id")]
    refresh_token: Annotated[Secret, Meta(description="the channel's token for the client, with the scope youtube.force-ssl")]
    playlist: Annotated[str, Meta(description="the title of a playlist that gets everything; made if there is none")] = ""
    category_id: Annotated[str, Meta(pattern=r"^\d+$", description="the number of the category; 22 is People & Blogs")] = "22"
    made_for_kids: Annotated[bool, Meta(description="declare it as made for children, which closes comments and chat")] = False
    privacy: Annotated[Privacy, Meta(description="whether everybody finds it, or those who have the link")] = Privacy.PUBLIC
    notify_subscribers: Annotated[bool, Meta(description="tell the subscribers of a new video")] = True
    schedule: Annotated[bool, Meta(description="leave the end of an embargo to YouTube")] = False
