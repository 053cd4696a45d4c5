"""What an announcement costs on X, by the pricing page of 2026-08-22: a first run in which nothing goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from socialcast.compose.addresses import find_addresses
from socialcast.model.cost import Cost
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity

__all__ = ["cost", "warnings"]

_POST, _DEAR_POST, _ALT_TEXT, _ACCOUNT = "post", "post with an address", "alt text", "look at who we are"

# US dollars per call since 2026-04-20.
_PRICES = {_POST: Decimal("0.015"), _DEAR_POST: Decimal("0.200"), _ALT_TEXT: Decimal("0.005"), _ACCOUNT: Decimal("0.010")}


def cost(post: Post) -> tuple[Cost, ...]:
    """The dollars, by what they are charged for."""
    return tuple(
        Cost(amount=count * _PRICES[call], unit="USD", why=f"{count} × {call}") for call, count in _calls(post).items() if count
    )


def warnings(post: Post) -> Iterator[Problem]:
    """That an address makes a post thirteen times as dear."""
    calls = _calls(post)
    if calls[_DEAR_POST]:
        dollars = sum(count * _PRICES[call] for call, count in calls.items() if call in (_POST, _DEAR_POST))
        yield Problem(
            code="cost.url",
            severity=Severity.WARNING,
            path="text",
            message=f"{calls[_DEAR_POST]} of {len(post.parts)} posts hold an address, so X charges ${dollars:.3f}",
            fix=f"without an address a post costs ${_PRICES[_POST]}",
        )


def _calls(post: Post) -> Counter[str]:
    posts = Counter(_DEAR_POST if find_addresses(part) else _POST for part in post.parts or ("",))
    shown = (post.video,) if post.video else post.photos
    return Counter({_ACCOUNT: 1, **posts, _ALT_TEXT: sum(bool(medium.alt) for medium in shown)})
