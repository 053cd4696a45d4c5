"""What YouTube's errors mean, and how long its limits last; from the errors pages of the Data and Live APIs, 2026-11-22."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from googleapiclient.errors import HttpError

from socialcast.delivery.fate import Answer
from socialcast.model.errors import (
    CredentialsExpired,
    ErrorRule,
    NotAllowed,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.transport import Exchange

__all__ = ["ERRORS", "read_answer", "reason_of", "seconds_to_wait"]

_UPLOADS = "/upload/youtube/v3/videos"
_POSTERS = "/upload/youtube/v3/thumbnails"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY_SECONDS = 86_400.0
_QUOTA = ("quotaExceeded", "dailyLimitExceeded")

_SIGN_IN = "sign in again with the scope youtube.force-ssl and store the new refresh token"
_FRESH = "YouTube may need some seconds to know a new id; if it was deleted there, publish under a new key"

ERRORS = (
    ErrorRule(
        code="invalid_grant",
        raises=CredentialsExpired,
        hint=f"{_SIGN_IN}; while the consent screen is in testing, a token lives for 7 days only",
    ),
    ErrorRule(code="invalid_client", raises=CredentialsExpired, hint="check client_id and client_secret"),
    ErrorRule(code="unauthorized_client", raises=CredentialsExpired, hint="check client_id and client_secret"),
    ErrorRule(
        code="youtubeSignupRequired",
        raises=NotAllowed,
        hint="the Google account has no channel: make one at youtube.com/create_channel",
    ),
    ErrorRule(status=401, raises=CredentialsExpired, hint=_SIGN_IN),
    *(
        ErrorRule(
            code=code, raises=RateLimited, hint="the project's quota is used up until midnight Pacific time; then run it again"
        )
        for code in _QUOTA
    ),
    ErrorRule(
        code="uploadLimitExceeded",
        raises=RateLimited,
        hint="the channel's uploads of the day are used up; run it again in 24 hours",
    ),
    ErrorRule(code="rateLimitExceeded", raises=RateLimited),
    ErrorRule(code="userRateLimitExceeded", raises=RateLimited),
    ErrorRule(
        code="userRequestsExceedRateLimit",
        raises=RateLimited,
        hint="the channel made too many live events in a short time; this can last for 24 hours",
    ),
    ErrorRule(status=429, raises=RateLimited),
    ErrorRule(code="insufficientPermissions", raises=NotAllowed, hint=_SIGN_IN),
    ErrorRule(
        call=_POSTERS,
        code="forbidden",
        raises=NotAllowed,
        hint="a poster needs a channel with a verified phone number: youtube.com/verify; or leave the poster out",
    ),
    ErrorRule(
        code="liveStreamingNotEnabled",
        raises=NotAllowed,
        hint="enable live streaming at youtube.com/features; the first time, that takes up to 24 hours",
    ),
    *(
        ErrorRule(code=code, raises=NotAllowed, hint="YouTube Studio tells what the channel may do live, and why not more")
        for code in ("insufficientLivePermissions", "livePermissionBlocked")
    ),
    *(
        ErrorRule(code=code, raises=NotAllowed, hint="end or delete live events in YouTube Studio first")
        for code in ("userBroadcastsExceedLimit", "concurrentBroadcastsExceedLimit")
    ),
    ErrorRule(
        code="liveBroadcastBindingNotAllowed",
        raises=TerminalError,
        hint="the event is on the air or over, and keeps the stream that it has",
    ),
    ErrorRule(
        code="errorStreamInactive",
        raises=TerminalError,
        hint="no pictures come in: start the encoder, then start the event again",
    ),
    ErrorRule(
        code="invalidTransition",
        raises=TerminalError,
        hint="YouTube Studio tells which state the event is in; an event that is over does not begin again",
    ),
    ErrorRule(
        code="invalidScheduledStartTime",
        raises=TerminalError,
        hint="live.starts_at is too far in the past, or too far ahead",
    ),
    ErrorRule(code="invalidCategoryId", raises=TerminalError, hint="category_id is a number that videoCategories.list gives"),
    ErrorRule(code="invalidPublishAt", raises=TerminalError, hint="only a video that was never public can be scheduled"),
    ErrorRule(
        code="failedPrecondition", raises=TerminalError, hint="the state of the channel forbids it; YouTube Studio may tell why"
    ),
    ErrorRule(
        code="commentsDisabled", raises=NotAllowed, hint="comments are closed there; videos made for children never have them"
    ),
    ErrorRule(code="commentTextTooLong", raises=TerminalError, hint="say it in fewer words"),
    # of a comment that may have been made all the same (Comments: insert, 2026-11-22)
    ErrorRule(code="processingFailure", raises=TransientError, fate="unknown"),
    ErrorRule(code="mediaBodyTooLarge", raises=TerminalError, hint="give a smaller file"),
    *(
        ErrorRule(code=code, raises=TerminalError, hint="give the poster as JPEG or PNG, 1280 by 720 pixels")
        for code in ("imageFormatUnsupported", "imageTooTall", "imageTooWide")
    ),
    ErrorRule(
        code="playlistContainsMaximumNumberOfVideos",
        raises=TerminalError,
        hint="the playlist is full with 5,000 videos; name another one in the settings",
    ),
    ErrorRule(code="playlistNotFound", raises=TerminalError, hint="the playlist was deleted; publish under a new key"),
    *(
        ErrorRule(code=code, raises=TransientError, hint=_FRESH)
        for code in ("videoNotFound", "liveBroadcastNotFound", "liveStreamNotFound")
    ),
    *(
        ErrorRule(call=_UPLOADS, status=status, raises=TransientError, hint="the upload session is gone; another one is opened")
        for status in (404, 410)
    ),
    # parallel changes of one playlist abort each other (Playlists guide, 2026-11-22)
    ErrorRule(status=409, raises=TransientError),
    ErrorRule(status=403, raises=NotAllowed, hint="YouTube Studio tells what the channel may do, and the token what the app may"),
)


def read_answer(exchange: Exchange) -> Answer:
    """The reason and the words of an error, in the shape of the API or in that of the token's address."""
    body = exchange.json()
    if not isinstance(body, dict) or (exchange.status or 0) < 400:
        return Answer()
    error = body.get("error")
    if not isinstance(error, dict):
        return Answer(str(error or ""), str(body.get("error_description") or error or ""))
    listed: list[dict[str, Any]] = error.get("errors") or [{}]
    reason = listed[0].get("reason") or error.get("status") or ""
    return Answer(str(reason), str(error.get("message") or listed[0].get("message") or ""))


def reason_of(error: HttpError) -> str:
    """The reason that an error of the client library carries, empty where it has none."""
    details = error.error_details
    return str(details[0].get("reason", "")) if isinstance(details, list) and details else ""


def seconds_to_wait(code: str, now: datetime) -> float | None:
    """How long a limit lasts that YouTube tells no time for."""
    if code in _QUOTA:
        return _seconds_to_midnight(now.astimezone(_PACIFIC))
    return _DAY_SECONDS if code == "uploadLimitExceeded" else None


def _seconds_to_midnight(local: datetime) -> float:
    """Quotas are reset at midnight Pacific time (quota page, 2026-11-22); the night on which clocks change is not 24 hours."""
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), _PACIFIC)
    return midnight.timestamp() - local.timestamp()
