"""The query parameters of X's reads: which there are, what they may hold, and what X says of others (X API docs, 2026-08-22)."""

from __future__ import annotations

import re
from base64 import b32hexdecode, b32hexencode
from binascii import Error as Base32Error
from dataclasses import dataclass
from datetime import datetime

from socialcast.sandbox.mirror import Request
from socialcast.sandbox.platforms.x.problems import invalid
from socialcast.sandbox.platforms.x.tables import FIELDS, LIMITS, NEW_SPELLING, PARAMETERS, POST_FIELDS

__all__ = ["Page", "Selection", "check_parameters", "page", "post_ids", "selection"]

_ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_OLD_SPELLING = {new: old for old, new in NEW_SPELLING.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a read is to tell, in the older spelling; `new_spelling` says how to spell the answer."""

    post_fields: frozenset[str]
    user_fields: frozenset[str]
    media_fields: frozenset[str]
    expansions: frozenset[str]
    new_spelling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a timeline is asked for; times in Unix seconds."""

    max_results: int
    before_id: int | None
    since_id: int | None
    until_id: int | None
    start_time: float | None
    end_time: float | None
    exclude: frozenset[str]


def check_parameters(request: Request, name: str) -> None:
    """Refuse parameters that the call does not have, and values that a list parameter does not know."""
    known = sorted(PARAMETERS[name])
    for parameter, value in request.args.items():
        if parameter not in known:
            raise invalid(f"The query parameter [{parameter}] is not one of [{','.join(known)}]", parameter, value)
        for item in _list(request, parameter) - FIELDS.get(parameter, _list(request, parameter)):
            raise invalid(f"The `{parameter}` query parameter value [{item}] is not valid", parameter, item)


def selection(request: Request) -> Selection:
    """The fields and expansions asked for."""
    fields = frozenset[str]().union(*(_list(request, parameter) for parameter in POST_FIELDS))
    return Selection(
        post_fields=frozenset(_OLD_SPELLING.get(field, field) for field in fields),
        user_fields=_list(request, "user.fields"),
        media_fields=_list(request, "media.fields"),
        expansions=frozenset(_OLD_SPELLING.get(name, name) for name in _list(request, "expansions")),
        new_spelling="post.fields" in request.args,
    )


def post_ids(request: Request) -> list[str]:
    """The ids of a lookup of several posts."""
    ids = request.args.get("ids", "").split(",")
    if len(ids) > LIMITS.lookup_max_ids:
        raise invalid(f"The number of values in the `ids` query parameter list [{len(ids)}] is not between 1 and 100", "ids")
    for id in ids:
        check_id(id, "ids")
    return ids


def check_id(id: str, parameter: str = "id") -> None:
    """Refuse what cannot be an id."""
    if not _ID.fullmatch(id):
        raise invalid(f"The `{parameter}` query parameter value [{id}] does not match ^[0-9]{{1,19}}$", parameter, id)


def page(request: Request, least: int = LIMITS.timeline_min_results, tokens: tuple[str, ...] = ("pagination_token",)) -> Page:
    """The part of a timeline, or of what a search finds, that the request asks for; `least` results are the fewest to ask for."""
    return Page(
        max_results=_max_results(request, least),
        before_id=next(filter(None, (_pagination(request, token) for token in tokens)), None),
        since_id=_optional_id(request, "since_id"),
        until_id=_optional_id(request, "until_id"),
        start_time=_time(request, "start_time"),
        end_time=_time(request, "end_time"),
        exclude=_list(request, "exclude"),
    )


def pagination_token(id: str) -> str:
    """The token that continues a timeline below this id."""
    return b32hexencode(id.encode()).decode().rstrip("=").lower()


def _list(request: Request, parameter: str) -> frozenset[str]:
    return frozenset(filter(None, request.args.get(parameter, "").split(",")))


def _max_results(request: Request, least: int) -> int:
    text = request.args.get("max_results", str(LIMITS.timeline_default_results))
    most = LIMITS.timeline_max_results
    if not (re.fullmatch("[0-9]+", text) and least <= int(text) <= most):
        message = f"The `max_results` query parameter value [{text}] is not between {least} and {most}"
        raise invalid(message, "max_results", text)
    return int(text)


def _optional_id(request: Request, parameter: str) -> int | None:
    text = request.args.get(parameter)
    if text is None:
        return None
    check_id(text, parameter)
    return int(text)


def _time(request: Request, parameter: str) -> float | None:
    text = request.args.get(parameter)
    if text is None:
        return None
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text).timestamp()
    except ValueError:  # a day or an hour that does not exist
        pass
    raise invalid(f"The `{parameter}` query parameter value [{text}] is not a valid RFC 3339 time", parameter, text)


def _pagination(request: Request, parameter: str) -> int | None:
    token = request.args.get(parameter)
    if token is None:
        return None
    try:
        return int(b32hexdecode(token.upper() + "=" * (-len(token) % 8)))
    except (Base32Error, ValueError):
        raise invalid(f"The `{parameter}` query parameter value is not valid", parameter, token) from None
