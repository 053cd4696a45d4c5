"""What X can do, what it charges and what its errors mean; facts of the X API docs and OpenAPI file 2.167, 2026-08-22."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from socialcast.delivery.fate import Answer
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
    CredentialsExpired,
    DuplicatePost,
    ErrorRule,
    NotAllowed,
    OutOfCredits,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.transport import Exchange

__all__ = [
    "CAPABILITIES",
    "DUPLICATE",
    "ERRORS",
    "METRICS",
    "PHOTOS",
    "RECOVERY",
    "REPLY_RULE",
    "TEXT",
    "TOKEN_PATH",
    "read_answer",
]

TEXT = TextRules(max_length=280, unit=Unit.X_WEIGHT, link_weight=23, bare_links=True, repeatable=False)
PHOTOS = PhotoRules(
    max_count=4,
    types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    max_bytes=5 * MB,
    alt_text=AltText(max_length=1000),
)
RECOVERY = Recovery(
    marker="own timeline: the parent, the media keys, the text with t.co undone",
    settle_seconds=(10, 60),
    lost_ledger="posts of the last thirty days, by their words; not older ones. Media are uploaded again, unseen",
    unknown="a post with the same words and another address; after a lost ledger also photos without words;"
    " a text that X refuses as said lately, and does not show",
)

REPLY_RULE = "since 2026-02-23 X lets apps answer only posts that mention the account; answer this one in X's own app"

# Our names, by which X's spellings, old and new, are known, and what X counts.
METRICS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "views": (("impression_count",), "how often the post was shown to anybody, the account itself included"),
    "likes": (("like_count",), "how many accounts like it now"),
    "shares": (("retweet_count", "repost_count"), "how many accounts reposted it without words of their own"),
    "quotes": (("quote_count",), "how many posts quote it"),
    "comments": (("reply_count",), "how many posts answer it directly, those of the thread among them"),
    "bookmarks": (("bookmark_count",), "how many accounts keep it for themselves"),
}
_SUMMABLE = frozenset({"likes", "shares", "comments"})

CAPABILITIES = Capabilities(
    documented="https://docs.x.com/x-api, with the OpenAPI file 2.167 and twitter-text configuration 3",
    checked=date(2026, 8, 22),
    text=TEXT,
    photos=PHOTOS,
    video=VideoRules(
        types=frozenset({"video/mp4", "video/quicktime"}),
        max_bytes=512 * MB,
        max_seconds=140,
        codecs=frozenset({"h264"}),
        audio_codecs=frozenset({"aac"}),
        max_frames_per_second=60,
        subtitles=frozenset({"srt", "vtt"}),
        alt_text=PHOTOS.alt_text,
    ),
    link=LinkRules(clickable=True, card=Support.NATIVE),
    thread=Support.NATIVE,
    captions=False,
    answer=True,
    continues=True,
    replies=ReplyRules(within_seconds=7 * 86_400, forbidden=REPLY_RULE, outlive=True),
    inspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT}),
    metrics=metric_rules(METRICS, summable=_SUMMABLE),
    recovery=RECOVERY,
    notes={
        "text.max_length": "Premium accounts may post 25,000; a thread is what everybody else reads as well",
        "text.bare_links": "a bare domain such as example.com counts as an address too, and makes the post cost like one",
        "text.repeatable": "words are refused for a while, whose length X does not publish, after the post that said them",
        "photos.types": "a GIF is sent as the still picture that it begins with",
        "video.max_seconds": "longer for Premium accounts; past the account's limit X refuses the post",
        "video.alt": "sent as metadata of the video, which the OpenAPI file allows; not verified against the platform",
        "edits": "for X Premium alone, as a post of another id; not offered",
        "replies": "X's search, which finds the posts of the last seven days; each that is read costs $0.005",
        "cost": "since 2026-04-20 a post costs $0.015, one with an address $0.200, an alt text $0.005, a look at who we are "
        "$0.010, and a post read back after a lost answer $0.005 ($0.001 if the account owns the app)",
    },
)

DUPLICATE = "duplicate content"
TOKEN_PATH = "/2/oauth2/token"  # noqa: S105 - an address
_NEW_TOKENS = "make new tokens for the app; if they are new, set this machine's clock, since signatures carry the time"
_AUTHORIZE = "authorize the app anew, set refresh_token to what it gives, and delete what token_store keeps"

ERRORS = (
    ErrorRule(status=429, raises=RateLimited, hint="nothing was posted; it goes on by itself when X's limit is reset"),
    ErrorRule(
        status=402, raises=OutOfCredits, hint="buy credits for the X developer account, then run it again; nothing was posted"
    ),
    ErrorRule(call=TOKEN_PATH, raises=CredentialsExpired, hint=_AUTHORIZE),
    ErrorRule(status=401, raises=CredentialsExpired, hint=_NEW_TOKENS),
    # The same words stand on the account already, perhaps from a call of ours whose answer was lost: it is looked for.
    ErrorRule(
        status=403,
        words=DUPLICATE,
        raises=DuplicatePost,
        fate="unknown",
        hint="look at the account: if the announcement is not there, change its words",
    ),
    ErrorRule(
        status=403,
        words="deleted or not visible",
        raises=TransientError,
        hint="the post that this one answers is not visible yet",
    ),
    ErrorRule(
        status=403,
        words="not been mentioned or otherwise engaged",
        raises=NotAllowed,
        hint="X lets apps answer only posts that mention the account",
    ),
    ErrorRule(
        status=403,
        words="mentioned or are the author",
        raises=NotAllowed,
        hint="X lets apps answer only posts that mention the account",
    ),
    ErrorRule(status=403, code="client-forbidden", raises=NotAllowed, hint="put the app into a project with a paid plan"),
    ErrorRule(
        status=403, code="usage-capped", raises=OutOfCredits, hint="raise the spending cap of the app, or wait for the next month"
    ),
    ErrorRule(status=403, words="suspended", raises=NotAllowed, hint="X has suspended the account; only X can lift that"),
    ErrorRule(
        status=403,
        words="video longer than",
        raises=TerminalError,
        hint="give a shorter video: this account may post 140 seconds",
    ),
    ErrorRule(status=403, words="cashtag", raises=TerminalError, hint="leave one $CASHTAG in each post"),
    ErrorRule(status=403, words="invalid url", raises=TerminalError, hint="X objects to an address in the text"),
    ErrorRule(
        status=403,
        words="not permitted to perform",
        raises=NotAllowed,
        hint="give the app Read and write, then make new tokens: old ones stay read-only",
    ),
    ErrorRule(status=403, call="/2/media", raises=NotAllowed, hint="authorize the app anew with the scope media.write"),
    ErrorRule(status=403, raises=NotAllowed, hint="see in the developer portal what the app and the account may do"),
    ErrorRule(status=404, raises=TerminalError, hint="it is gone, or belongs to another account"),
    ErrorRule(status=413, raises=TerminalError, hint="give a smaller file"),
    ErrorRule(status=431, raises=TerminalError, hint="give a smaller file"),
    ErrorRule(
        status=400,
        call="/2/media",
        raises=TerminalError,
        hint="X does not take this file: see whether it plays, or encode it anew",
    ),
    ErrorRule(
        status=400,
        words="media",
        raises=TerminalError,
        hint="X does not know the uploaded media any more; run it again after a day",
    ),
    ErrorRule(status=400, raises=TerminalError, hint="X does not understand the request; please report it"),
)


def read_answer(exchange: Exchange) -> Answer:
    """Code and words of an error in either of X's two shapes; the code is the problem type's last part where there is one.

    A back-end error has no code: it tells nothing about what became of the call.
    """
    body = exchange.json()
    if not isinstance(body, dict) or (exchange.status or 0) < 400:
        return Answer()
    listed = [error for error in body.get("errors") or () if isinstance(error, dict)]
    first = listed[0] if listed else {}
    _, is_problem, kind = str(body.get("type") or "").rpartition("/problems/")
    code = kind if is_problem else first.get("code") or body.get("error") or body.get("title")
    message = (
        first.get("message") or body.get("detail") or body.get("error_description") or first.get("detail") or body.get("title")
    )
    return Answer(str(code or "") if (exchange.status or 0) < 500 else "", str(message or ""))
