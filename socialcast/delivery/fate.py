"""What became of a call: done, not done, or unknown; read from the record of the exchange and a table of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from socialcast.model.errors import (
    ErrorRule,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    SocialcastError,
    TerminalError,
    TransientError,
)
from socialcast.wire.transport import Exchange

__all__ = ["Answer", "judge", "read_answer"]

_REQUEST_IDS = ("x-transaction-id", "x-request-id", "x-flickr-request-id", "x-amz-request-id")


class Answer(NamedTuple):
    """A platform's error as its body tells it; an empty `code` and `message` in a 2xx means that it is none."""

    code: str = ""
    message: str = ""


def judge(
    error: Exception,
    exchanges: Sequence[Exchange],
    *,
    rules: Sequence[ErrorRule],
    read: Callable[[Exchange], Answer],
    now: datetime,
    writing: bool,
) -> Exception:
    """The error to go on with: a PublishError that tells the call's fate, or the error itself where nothing was called."""
    if isinstance(error, SocialcastError) or not exchanges:
        return error
    last = exchanges[-1]
    may_have_acted = writing and any(exchange.is_write and exchange.left for exchange in exchanges)
    if last.status is None:
        return _without_answer(error, last, may_have_acted=may_have_acted)
    answer = _told(read, last)
    if 400 <= last.status < 500 or (last.status < 500 and answer.code):
        return _refusal(last, answer, rules, now, may_have_acted=may_have_acted)
    if may_have_acted:
        return OutcomeUnknown(_words(answer, last, error), status=last.status, request_id=_request_id(last.headers))
    if 300 <= last.status < 400:
        return TerminalError(f"{last.host} redirected the call; check the address in the settings", status=last.status)
    return TransientError(_words(answer, last, error), status=last.status, retry_after=_retry_after(last.headers, now))


def read_answer(exchange: Exchange) -> Answer:
    """Code and message of the JSON error shapes in common use; publishers with another shape bring their own reader."""
    body = exchange.json()
    if not isinstance(body, dict) or (exchange.status or 0) < 400:
        return Answer()
    first = next(iter(body.get("errors") or ()), None)
    parts = [body, *([first] if isinstance(first, dict) else [])]
    code = next((str(part[name]) for part in reversed(parts) for name in ("code", "error", "title") if part.get(name)), "")
    message = next(
        (str(part[name]) for part in parts for name in ("detail", "message", "error_description") if part.get(name)), ""
    )
    return Answer(code, message)


def _told(read: Callable[[Exchange], Answer], exchange: Exchange) -> Answer:
    try:
        return read(exchange)
    except Exception:  # noqa: BLE001 - a body of a shape that nobody foresaw must not make a lost write look refused
        return Answer()


def _without_answer(error: Exception, last: Exchange, *, may_have_acted: bool) -> PublishError:
    if not last.left:
        return TransientError(f"{last.host} cannot be reached ({type(error).__name__})")
    kind = OutcomeUnknown if may_have_acted else TransientError
    return kind(f"{last.host} did not answer {last.method} {last.path} ({type(error).__name__})")


def _refusal(last: Exchange, answer: Answer, rules: Sequence[ErrorRule], now: datetime, *, may_have_acted: bool) -> PublishError:
    rule = next((r for r in rules if r.fits(status=last.status, code=answer.code, message=answer.message, call=last.path)), None)
    usual: type[PublishError] = RateLimited if last.status == 429 else TerminalError
    may_be_done = rule is not None and rule.fate == "unknown" and may_have_acted
    kind = OutcomeUnknown if may_be_done else rule.raises if rule else usual
    return kind(
        answer.message or f"{last.host} refused {last.method} {last.path}",
        status=last.status,
        code=answer.code,
        hint=rule.hint if rule else "",
        request_id=_request_id(last.headers),
        retry_after=_retry_after(last.headers, now),
    )


def _words(answer: Answer, last: Exchange, error: Exception) -> str:
    return (
        answer.message or f"{last.host} answered {last.method} {last.path} in a way that tells nothing ({type(error).__name__})"
    )


def _request_id(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in _REQUEST_IDS if name in headers), "")


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait as told by Retry-After (seconds or a date), X's x-rate-limit-reset or Mastodon's X-RateLimit-Reset."""
    if told := headers.get("retry-after"):
        return float(told) if told.isdigit() else _seconds_until(told, now)
    for limit in ("x-rate-limit", "x-ratelimit"):
        if headers.get(f"{limit}-remaining") == "0":
            return _seconds_until(headers.get(f"{limit}-reset", ""), now)
    return None


def _seconds_until(moment: str, now: datetime) -> float | None:
    """From now until a time that is told in Unix seconds, as HTTP tells dates, or as ISO 8601 does; None for anything else."""
    for read in (_unix_time, datetime.fromisoformat, parsedate_to_datetime):
        try:
            return max(0.0, (read(moment) - now).total_seconds())
        except (ValueError, TypeError, OverflowError, OSError):
            continue
    return None


def _unix_time(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
