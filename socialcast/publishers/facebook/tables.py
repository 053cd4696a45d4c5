"""What Facebook can do in each of its places, and what its errors mean; facts of Meta's documents, 2026-11-22."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from socialcast.delivery.fate import Answer
from socialcast.delivery.fate import read_answer as read_usual_answer
from socialcast.model.capabilities import (
    MB,
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    LiveRules,
    MetricRule,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
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
from socialcast.publishers.facebook.settings import Place
from socialcast.wire.transport import Exchange

__all__ = [
    "CAPABILITIES",
    "CLOSED",
    "COUNTS",
    "ERRORS",
    "GROUPS",
    "INSIGHTS",
    "LIVE_RULE",
    "PHOTOS",
    "TABLES",
    "read_answer",
]

PHOTOS = PhotoRules(
    types=frozenset({"image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"}),
    max_bytes=4 * MB,
)

CLOSED = "Facebook lets nobody answer this comment"

# Our names of what Facebook counts at the post, and of what its insights tell: `*impressions*` have died in every version.
COUNTS: Mapping[str, str] = {"reactions": "reactions", "comments": "comments"}
INSIGHTS: Mapping[str, str] = {"views": "post_media_view", "viewers": "post_total_media_view_unique"}
_METRICS = (
    MetricRule(name="reactions", definition="reactions of every kind, likes among them"),
    MetricRule(name="comments", definition="comments on the post itself, without what answers them", summable=True),
    MetricRule(name="shares", definition="how often it was shared", summable=True),
    MetricRule(name="views", definition="post_media_view: how often the post was shown; needs the permission read_insights"),
    MetricRule(name="viewers", definition="post_total_media_view_unique: how many people were shown it, an estimate"),
)

CAPABILITIES = Capabilities(
    documented="Graph API v26.0, Pages API and Live Video API of Meta for Developers",
    checked=date(2026, 11, 22),
    text=TextRules(max_length=63_206),
    photos=PHOTOS,
    video=VideoRules(
        types=frozenset({"video/mp4", "video/quicktime"}),
        max_bytes=10_000 * MB,
        max_seconds=240 * 60,
        subtitles=frozenset({"srt"}),
        poster=PHOTOS,
    ),
    live=LiveRules(max_seconds=8 * 3600),
    link=LinkRules(clickable=True, card=Support.NATIVE),
    gives=frozenset({"live"}),
    recovery=Recovery(
        marker="ids of the attached photos, else the text among the Page's latest posts; an upload session's video id",
        settle_seconds=(10, 60),
        lost_ledger="posts and videos of the last ninety days, by their words, and an event that is not over; not older ones."
        " Photos, and a video that is not public yet, are uploaded again, unseen",
        unknown="after a lost ledger, photos without words, and an album of which Facebook lists only a part; content that"
        " Facebook refuses as a duplicate, and does not show",
    ),
    edits=EditRules(),
    answer=True,
    replies=ReplyRules(),
    inspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT, Aspect.LIVE}),
    metrics=_METRICS,
    notes={
        "text.max_length": "by practice; no document names it",
        "photos.max_count": "no document names it; ten are safe",
        "photos.max_bytes": "error 1366046 names 4 MB, the reference 10 MB",
        "photos.types": "PNG below 1 MB is advised",
        "video.alt": "Facebook has no field for it; it ends the video's description",
        "live": 'a channel with place = "live" hosts the event; one with place = "feed" posts',
        "edits": "the text; photos cannot be exchanged, and no document says that their alt texts can be",
        "replies": "comments below the post, hidden ones too; not those below a single photo of several. Without the permission"
        " pages_read_user_content the names of who wrote them are missing",
        "metrics": "of what the token may not read, or Facebook no longer counts, there is no number",
        "embargo": "held here; with schedule = true Facebook keeps it, 10 minutes to 30 days ahead",
    },
)

# One Page may have a channel for each; what the other place does is not this one's.
TABLES: Mapping[Place, Capabilities] = {
    Place.FEED: msgspec.structs.replace(CAPABILITIES, live=None, gives=frozenset()),
    Place.LIVE: msgspec.structs.replace(CAPABILITIES, photos=None, video=None, media_required=True, metrics=()),
}

GROUPS = (
    "Meta removed publishing in groups in April 2024; publish on a Page, and reach a closed circle through the press room: "
    'audience = "press" on a private channel'
)
LIVE_RULE = (
    "to go live, the account must be 60 days old, the Page have 100 followers (Meta, since 2024-06-10), and the token the "
    "permission publish_video"
)

_SIGN_IN = "sign in again, get a long-lived user token, and store the Page token that it gives"
_PERMISSIONS = (
    "the token needs pages_manage_posts and pages_read_engagement, for comments pages_manage_engagement, for videos and live "
    "events publish_video, and its user the task CREATE_CONTENT on the Page"
)
_WAIT = "nothing was made; it goes on when Facebook's limit allows"
_AGAIN = "it was looked for before it was sent again"
_FIRST_DUPLICATE = "look at the Page: if the announcement is not there, change its words or photos"

# A code is "code/subcode" or the subcode alone where it decides, as the platform's table has it.
ERRORS = (
    ErrorRule(status=429, raises=RateLimited, hint=_WAIT),
    ErrorRule(words="node type (group)", raises=NotAllowed, hint=GROUPS),
    ErrorRule(words="publish_to_groups", raises=NotAllowed, hint=GROUPS),
    # Posts are made all the same: arsduo/koala#699 of August 2025 has seven copies of one, from repeating code 2.
    ErrorRule(code="1", raises=TransientError, fate="unknown", hint=_AGAIN),
    ErrorRule(code="2", raises=TransientError, fate="unknown", hint=_AGAIN),
    ErrorRule(code="4", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="17", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="32", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="613", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="80001", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="80006", raises=RateLimited, hint=_WAIT),
    ErrorRule(code="341", raises=RateLimited, hint="the app has reached its limit; run it again later"),
    ErrorRule(code="368/1390008", raises=RateLimited, hint="the Page posts too fast for Facebook; run it again in some hours"),
    ErrorRule(code="368", raises=NotAllowed, hint="Facebook's policies block this content or the Page; see its Page quality"),
    ErrorRule(code="506", raises=DuplicatePost, fate="unknown", hint=_FIRST_DUPLICATE),
    ErrorRule(code="100/1366051", raises=DuplicatePost, fate="unknown", hint=_FIRST_DUPLICATE),
    # also a false alarm on objects that are seconds old (gitroomhq/postiz-app#1562)
    ErrorRule(
        code="100/33",
        raises=TransientError,
        hint="if it was deleted on Facebook, publish under a new key; if it never was there, check page_id and the token",
    ),
    ErrorRule(code="100/1366046", raises=TerminalError, hint="give the photo as JPEG or PNG of less than 4 MB"),
    ErrorRule(code="100/1363047", raises=TransientError, fate="unknown", hint=_AGAIN),
    ErrorRule(code="100/1609010", raises=TransientError, fate="unknown", hint=_AGAIN),
    ErrorRule(code="100/1349125", raises=TerminalError, hint="Facebook does not take this content; change it"),
    ErrorRule(code="100/2061006", raises=TerminalError, hint="the address in the text is not valid; mend it"),
    ErrorRule(code="100/1609008", raises=TerminalError, hint="Facebook makes no card of its own pages; leave the address out"),
    ErrorRule(code="100", words="permission", raises=NotAllowed, hint=_PERMISSIONS),
    ErrorRule(code="100", raises=TerminalError, hint="Facebook does not take these values; please report it"),
    ErrorRule(code="10", raises=NotAllowed, hint=_PERMISSIONS),
    ErrorRule(code="200", raises=NotAllowed, hint=_PERMISSIONS),
    ErrorRule(code="190/458", raises=CredentialsExpired, hint=f"the app was removed from the account: {_SIGN_IN}"),
    ErrorRule(code="190/460", raises=CredentialsExpired, hint=f"the password was changed: {_SIGN_IN}"),
    ErrorRule(code="190/463", raises=CredentialsExpired, hint=f"the token has expired: {_SIGN_IN}"),
    ErrorRule(code="190/467", raises=CredentialsExpired, hint=f"the token was revoked: {_SIGN_IN}"),
    ErrorRule(
        code="190/492", raises=CredentialsExpired, hint=f"the session has ended, or the role on the Page was lost: {_SIGN_IN}"
    ),
    ErrorRule(code="190", raises=CredentialsExpired, hint=_SIGN_IN),
    ErrorRule(code="102", raises=CredentialsExpired, hint=_SIGN_IN),
    ErrorRule(code="283", raises=NotAllowed, hint="complete the Page publishing authorisation on Facebook"),
    ErrorRule(code="1404078", raises=NotAllowed, hint="complete the Page publishing authorisation on Facebook"),
    ErrorRule(code="1404102", raises=TerminalError, hint="Facebook's community standards refuse this content"),
    ErrorRule(code="1404006", raises=NotAllowed, hint="Facebook wants a security check; sign in as the Page's administrator"),
    ErrorRule(code="1346003", raises=TerminalError, hint="Facebook holds an address in the text for abusive; leave it out"),
    ErrorRule(code="1363030", raises=TransientError, hint="the upload took too long; it goes on where it stopped"),
    ErrorRule(code="1363019", raises=TransientError, hint="the upload goes on where it stopped"),
    ErrorRule(code="1363037", raises=TransientError, hint="the upload goes on where Facebook says"),
    ErrorRule(code="1363033", raises=TransientError, hint="the upload's session has ended; run it again for another"),
    ErrorRule(code="1363041", raises=TransientError, hint="the upload's session has ended; run it again for another"),
    ErrorRule(code="352", raises=TerminalError, hint="encode the video anew: H.264 with AAC in MP4"),
    ErrorRule(code="389", raises=TerminalError, hint="Facebook could not fetch the video"),
    ErrorRule(
        code="6000", raises=TerminalError, hint="Facebook could not take the video: see whether it plays, or encode it anew"
    ),
    ErrorRule(
        code="6001", raises=TerminalError, hint="Facebook could not take the video: see whether it plays, or encode it anew"
    ),
)

_KNOWN_CODES = frozenset(rule.code for rule in ERRORS)
_PERMISSION_CODES = range(200, 300)  # all say that one is missing (error reference, 2026-11-22)


def read_answer(exchange: Exchange) -> Answer:
    """Code and words of an error, whatever its HTTP status; what helps Meta's support to find it is among the words."""
    body = exchange.json()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return read_usual_answer(exchange)
    told = [error.get("message"), error.get("error_user_msg"), _trace(error)]
    return Answer(_code(error), " ".join(str(words) for words in told if words))


def _code(error: Mapping[str, object]) -> str:
    """The most special of the names that the table has for this error."""
    code, subcode = error.get("code"), error.get("error_subcode")
    names = (f"{code}/{subcode}", f"{subcode}")
    usual = "200" if code in _PERMISSION_CODES else str(code or "")
    return next((name for name in names if subcode and name in _KNOWN_CODES), usual)


def _trace(error: Mapping[str, object]) -> str:
    facts = {"subcode": error.get("error_subcode"), "trace": error.get("fbtrace_id")}
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    return f"({told})" if told else ""
