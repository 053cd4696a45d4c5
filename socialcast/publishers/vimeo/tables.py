"""What Vimeo can do, what its errors mean and what a channel can be set to (API 3.4, its description and help, 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from socialcast.delivery.fate import Answer
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
    TagRules,
    TextRules,
    VideoRules,
    metric_rules,
)
from socialcast.model.errors import (
    CredentialsExpired,
    ErrorRule,
    NotAllowed,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Exchange

__all__ = [
    "CAPABILITIES",
    "COMMENTS_OFF",
    "ERRORS",
    "METRICS",
    "POSTER",
    "VimeoSettings",
    "read_answer",
    "seconds_until_reset",
]

POSTER = PhotoRules(max_bytes=10 * MB)

COMMENTS_OFF = "comments on this video are off: let everybody comment in its settings on Vimeo"

# By our name: where the video has it, and what it means.
METRICS: Mapping[str, tuple[str, str]] = {
    "views": ("stats.plays", "how often the video was played; absent where Vimeo hides it"),
    "likes": ("metadata.connections.likes.total", "how many accounts like it now"),
    "comments": ("metadata.connections.comments.total", "how many comments there are, our own among them"),
}

CAPABILITIES = Capabilities(
    documented="Vimeo API 3.4: OpenAPI file of December 2023, upload guide, live events of a newer endpoint list",
    checked=date(2026, 11, 22),
    text=TextRules(max_length=5000, titled=True, max_title_length=128),
    video=VideoRules(
        types=frozenset({"video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-msvideo", "video/x-ms-wmv"}),
        max_bytes=250_000 * MB,
        max_seconds=24 * 3600,
        subtitles=frozenset({"vtt", "srt"}),
        poster=POSTER,
    ),
    live=LiveRules(max_title_length=128, low_latency=True, dvr=True),
    link=LinkRules(clickable=True),
    tags=TagRules(max_count=20),
    media_required=True,
    gives=frozenset({"video", "live"}),
    recovery=Recovery(
        marker="a mark that is the description while it is private; once it is public, title and description",
        settle_seconds=(2, 15, 60),
        lost_ledger="videos and live events by mark or words, however old; bytes that are missing are sent then, unseen",
        unknown="a video whose words somebody changed on Vimeo",
    ),
    edits=EditRules(
        aspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.TAGS, Aspect.LICENCE, Aspect.LIVE}),
    ),
    answer=True,
    replies=ReplyRules(forbidden="nobody answers where the comments on a video were turned off"),
    inspects=frozenset(Aspect) - {Aspect.MEDIA, Aspect.ALT_TEXT},
    metrics=metric_rules(METRICS, summable=frozenset({"likes"})),
    notes={
        "edits": "without any licence in the new announcement, the one that the video has stays; the file stays, too",
        "answer": "by a comment below the video; not below a live event. The token needs interact",
        "replies": "comments below the video, on two levels; not those below a live event",
        "video.max_bytes": "unverified; what is left of the account's own quota counts, and is asked for",
        "video.poster": "no document names a limit; 10 MB are ample",
        "tags": "20 for a video (unverified)",
        "live.poster": "the announcement's is not shown",
        "live": "for Enterprise plans; other plans get an error that says so",
    },
)


class VimeoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    access_token: Annotated[
        Secret,
        Meta(description="a token with private, upload and edit; create for live events, interact to answer, delete to retract"),
    ]
    privacy: Annotated[Privacy, Meta(description="whether everybody finds it, or those who have the link")] = Privacy.PUBLIC
    showcase: Annotated[str, Meta(description="the number of a showcase that gets every video", pattern=r"^\d*$")] = ""


_SIGN_IN = "make a token at developer.vimeo.com/apps with the scopes private, upload and edit"
_LIVE = "live events are for Vimeo's Enterprise plans: host the event on YouTube, Facebook or a server of your own"

ERRORS = (
    ErrorRule(status=401, raises=CredentialsExpired, hint=_SIGN_IN),
    *(ErrorRule(code=code, raises=CredentialsExpired, hint=_SIGN_IN) for code in ("8000", "8001", "8002", "8003")),
    ErrorRule(status=429, raises=RateLimited),
    ErrorRule(code="9000", raises=RateLimited),
    ErrorRule(code="4101", raises=NotAllowed, hint="the account's quota is used up: delete videos, or wait for its next period"),
    ErrorRule(code="4102", raises=NotAllowed, hint="the plan's storage is used up: delete videos, or take a larger plan"),
    ErrorRule(call="/me/live_events", status=403, raises=NotAllowed, hint=_LIVE),
    ErrorRule(call="/me/live_events", status=404, raises=NotAllowed, hint=_LIVE),
    ErrorRule(code="3411", raises=NotAllowed, hint="confirm the account's mail address at vimeo.com/settings"),
    ErrorRule(code="3301", raises=NotAllowed, hint="Vimeo takes it for spam: change the words"),
    ErrorRule(code="3413", raises=NotAllowed, hint=COMMENTS_OFF),
    ErrorRule(code="2204", raises=TerminalError, hint="the message names what does not fit; a free plan has no unlisted videos"),
    ErrorRule(code="2205", raises=TerminalError),
    ErrorRule(code="2230", raises=TerminalError),
    ErrorRule(status=403, raises=NotAllowed, hint=f"the plan or the token forbids it; {_SIGN_IN}"),
    ErrorRule(call="/videos/", status=404, raises=TerminalError, hint="it was deleted on Vimeo; publish under a new key"),
    *(
        ErrorRule(call="/upload", status=status, raises=TransientError, hint="the upload is asked where it stands")
        for status in (404, 409, 410, 412, 460)
    ),
    ErrorRule(status=409, raises=TransientError),
)


def read_answer(exchange: Exchange) -> Answer:
    """Code and words of an error, with the parameters that do not fit."""
    body = exchange.json()
    if not isinstance(body, dict) or (exchange.status or 0) < 400:
        return Answer()
    wrong = [
        str(each.get("error") or each.get("field")) for each in body.get("invalid_parameters") or () if isinstance(each, dict)
    ]
    words = " ".join([str(body.get("error") or body.get("developer_message") or ""), *wrong]).strip()
    return Answer(str(body.get("error_code") or ""), words)


def seconds_until_reset(exchange: Exchange | None, now: datetime) -> float | None:
    """How long a rate limit lasts: the header is a date in ISO 8601, though texts speak of Unix time (platform notes)."""
    told: Any = exchange.headers.get("X-RateLimit-Reset", "") if exchange and exchange.status == 429 else ""
    try:
        reset = float(told) if told.isdigit() else datetime.fromisoformat(told).timestamp()
    except ValueError:
        return None
    return max(0.0, reset - now.timestamp())
