"""What X and Facebook answer about what was published: its posts as they stand, and what people say below, page by page.

Everything follows from a number, so that who asks for it knows it beforehand: the announcement is a thread of `part(n)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from benchmarks.answers import Answer, Asked

__all__ = ["FACEBOOK_POST", "PAGE_SIZE", "X_POST", "answer_with_echoes", "part", "post_id"]

PAGE_SIZE = 100
X_POST, FACEBOOK_POST = 1990000000000000001, "2244994945_1"
_BEGAN = datetime(2026, 11, 22, 19, tzinfo=UTC)
_WORDS = "The dome turns to another star, and somebody in the last row asks how old its light is. " * 3
_AUTHORS = 50


def part(number: int) -> str:
    """What the post of that number in the thread says; two of them do not fit into one post."""
    return f"Statement {number}. {_WORDS[:220].strip()}."


def post_id(number: int) -> str:
    """The id of that post on X."""
    return str(X_POST + number)


def answer_with_echoes(asked: Asked, total: int) -> Answer | None:
    """One page of `total` replies or posts; None for what asks for neither."""
    found = next((answers for pattern, answers in _ANSWERS.items() if re.fullmatch(pattern, asked.call)), None)
    return Answer(json.dumps(found(_query(asked), total)).encode()) if found else None


def _query(asked: Asked) -> dict[str, str]:
    _, _, query = asked.head.split(" ", 2)[1].partition("?")
    return {name: values[0] for name, values in parse_qs(query).items()}


def _said(number: int) -> str:
    return f"Reply {number}: how do we get home afterwards, and is there soup for everybody who is cold? 🔭"


def _at(number: int) -> datetime:
    return _BEGAN + timedelta(seconds=number)


# -- X ------------------------------------------------------------------------------------------------------------------------


def _x_lookup(query: Mapping[str, str], total: int) -> dict[str, Any]:
    numbers = [int(id) - X_POST for id in query["ids"].split(",")]
    return {"data": [_x_post(number) for number in numbers]}


def _x_timeline(query: Mapping[str, str], total: int) -> dict[str, Any]:
    return _x_page(query, total, "pagination_token", _x_post)


def _x_search(query: Mapping[str, str], total: int) -> dict[str, Any]:
    users = [{"id": str(number), "username": f"visitor{number}"} for number in range(_AUTHORS)]
    return {**_x_page(query, total, "next_token", _x_reply), "includes": {"users": users}}


def _x_page(query: Mapping[str, str], total: int, token: str, post: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    first, following = _bounds(query.get(token, "0"), total)
    more = {"next_token": str(following)} if following < total else {}
    numbers: Iterable[int] = range(first, following)
    return {"data": [post(number) for number in numbers], "meta": {"newest_id": post_id(total), "result_count": 1, **more}}


def _x_post(number: int) -> dict[str, Any]:
    answered = {"referenced_tweets": [{"type": "replied_to", "id": post_id(number - 1)}]} if number else {}
    return {"id": post_id(number), "text": part(number), "author_id": "1", **answered}


def _x_reply(number: int) -> dict[str, Any]:
    mention = {"start": 0, "end": 5, "username": "news", "id": "1"}
    return {
        "id": str(X_POST + 1_000_000 + number),
        "text": f"@news {_said(number)}",
        "author_id": str(number % _AUTHORS),
        "created_at": f"{_at(number):%Y-%m-%dT%H:%M:%S}.000Z",
        "lang": "en",
        "entities": {"mentions": [mention]},
        "referenced_tweets": [{"type": "replied_to", "id": post_id(0)}],
    }


# -- Facebook -----------------------------------------------------------------------------------------------------------------


def _facebook_comments(query: Mapping[str, str], total: int) -> dict[str, Any]:
    first, following = _bounds(query.get("after", "0"), total)
    more = {"next": "https://graph.facebook.com/more"} if following < total else {}
    cursors = {"before": str(first), "after": str(following)}
    return {"data": [_facebook_comment(number) for number in range(first, following)], "paging": {"cursors": cursors, **more}}


def _facebook_comment(number: int) -> dict[str, Any]:
    id = f"1_{number}"
    return {
        "id": id,
        "message": _said(number),
        "from": {"id": str(number % _AUTHORS), "name": f"Visitor {number % _AUTHORS}"},
        "created_time": f"{_at(number):%Y-%m-%dT%H:%M:%S}+0000",
        "permalink_url": f"https://www.facebook.com/news/posts/1?comment_id={number}",
        "is_hidden": False,
        "can_comment": True,
    }


def _bounds(token: str, total: int) -> tuple[int, int]:
    first = int(token)
    return first, min(first + PAGE_SIZE, total)


_ANSWERS: Mapping[str, Callable[[Mapping[str, str], int], dict[str, Any]]] = {
    "GET /2/tweets": _x_lookup,
    "GET /2/users/[0-9]+/tweets": _x_timeline,
    "GET /2/tweets/search/recent": _x_search,
    f"GET /v[0-9.]+/{FACEBOOK_POST}/comments": _facebook_comments,
}
