"""What became of a call, by the record of its exchanges and the table of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from socialcast.delivery.fate import judge, read_answer
from socialcast.model.errors import (
    ConfigurationError,
    DuplicatePost,
    ErrorRule,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.transport import Exchange

NOW = datetime(2026, 12, 5, 8, tzinfo=UTC)
RULES = (
    ErrorRule(status=403, words="duplicate", raises=DuplicatePost, hint="look at the account"),
    ErrorRule(code="busy", raises=TransientError, fate="unknown"),
)


def exchange(status: int | None = None, method: str = "POST", **facts: Any) -> Exchange:
    return Exchange(method=method, host="api.example", path="/posts", status=status, **facts)


def fate(*exchanges: Exchange, writing: bool = True) -> Any:
    return judge(ValueError("library"), exchanges, rules=RULES, read=read_answer, now=NOW, writing=writing)


@pytest.mark.parametrize(
    ("met", "kind"),
    [
        (exchange(None, left=False), TransientError),  # the connection never stood
        (exchange(None), OutcomeUnknown),  # no answer to a write
        (exchange(None, method="GET"), TransientError),  # no answer to a read
        (exchange(500), OutcomeUnknown),
        (exchange(503, body=b'{"title": "Service Unavailable", "detail": "Service Unavailable"}'), OutcomeUnknown),
        (exchange(502, body=b"<html>Bad gateway</html>"), OutcomeUnknown),
        (exchange(503, method="GET"), TransientError),
        (exchange(200, body=b"<html>"), OutcomeUnknown),  # the library could not read a success
        (exchange(200, method="GET", body=b"<html>"), TransientError),
        (exchange(302), OutcomeUnknown),  # nobody knows what answered
        (exchange(429), RateLimited),
        (exchange(400), TerminalError),
        (exchange(403, body=b'{"detail": "Duplicate content"}'), DuplicatePost),
        (exchange(409, body=b'{"code": "busy"}'), OutcomeUnknown),
    ],
)
def test_the_fate_of_a_call(met: Exchange, kind: type[PublishError]) -> None:
    """Each way a call can end has one meaning."""
    assert type(fate(met)) is kind


def test_a_look_has_no_fate_to_lose() -> None:
    """Whatever happens to a call that changes nothing, it can be made again."""
    assert type(fate(exchange(None), writing=False)) is TransientError
    assert type(fate(exchange(409, body=b'{"code": "busy"}'), writing=False)) is TransientError


def test_a_write_before_the_failing_call_counts() -> None:
    """When a write went through and a later call failed, it may have happened."""
    assert type(fate(exchange(200), exchange(None, method="GET"))) is OutcomeUnknown


def test_an_error_without_a_call_stays_itself() -> None:
    """What never left is no platform's error."""
    error = fate()
    assert isinstance(error, ValueError)
    mine = ConfigurationError("wrong")
    assert judge(mine, [exchange(500)], rules=RULES, read=read_answer, now=NOW, writing=True) is mine


def test_the_platforms_words_and_our_hint_are_kept() -> None:
    """An unknown refusal keeps status, code and request id; a known one adds the hint."""
    told = fate(exchange(418, body=b'{"code": "teapot", "message": "short and stout"}', headers={"x-request-id": "r-1"}))
    assert (told.status, told.code, told.message, told.request_id) == (418, "teapot", "short and stout", "r-1")
    assert fate(exchange(403, body=b'{"detail": "duplicate"}')).hint == "look at the account"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 60)}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": (NOW + timedelta(seconds=60)).isoformat()}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-12-05T08:01:00.000000Z"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-rate-limit-remaining": "5", "x-rate-limit-reset": str(int(NOW.timestamp()) + 60)}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, a date, or X's reset time."""
    assert fate(exchange(429, headers=headers)).retry_after == seconds


@pytest.mark.parametrize("body", [b'{"errors": 5}', b'{"errors": true}'])
def test_a_body_that_nobody_foresaw_does_not_hide_the_fate(body: bytes) -> None:
    """A reader that stumbles over an answer must not make a write look refused, which would be sent again."""
    assert type(fate(exchange(500, body=body))) is OutcomeUnknown
    assert type(fate(exchange(200, body=body), writing=False)) is TransientError
    assert type(fate(exchange(400, body=body))) is TerminalError
