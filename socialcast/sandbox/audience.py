"""How many people see, like and share something as time goes by: figures that the clock alone decides."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

__all__ = ["Audience", "audience"]

_LEAST_REACH, _MOST_REACH = 400, 40_000
_HALF_LIFE_SECONDS = 6 * 3600.0  # how soon half of all who will ever see it have seen it
_STEP_SECONDS = 60.0  # figures stand still in between, as counters of platforms do, and as two reads in a test expect
_VIEWS_PER_LIKE, _VIEWS_PER_SHARE = 25, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Figures that never fall; all are 0 in the first minute."""

    views: int
    likes: int
    shares: int


def audience(id: str, published_at: float, now: float) -> Audience:
    """How many have seen, liked and shared what has been public since then; ids differ in how far they reach."""
    minutes = max(0.0, now - published_at) // _STEP_SECONDS
    draw = int.from_bytes(hashlib.sha256(id.encode()).digest()[:4])
    reach = _LEAST_REACH + draw % (_MOST_REACH - _LEAST_REACH)
    views = round(reach * -math.expm1(-math.log(2) * minutes * _STEP_SECONDS / _HALF_LIFE_SECONDS))
    return Audience(views=views, likes=views // _VIEWS_PER_LIKE, shares=views // _VIEWS_PER_SHARE)
