"""The nearest right name for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["suggest"]

_TOO_MANY = 100  # such as all time zones
_LEAST_BEGINNING = 3  # letters that a name and a longer, wrong one have in common


def suggest(wrong: str, right: Iterable[str]) -> str:
    """What to say about an unknown name: the nearest known one, or all of them."""
    known = sorted(right)
    begun = [name for name in known if len(name) >= _LEAST_BEGINNING and wrong.startswith(name)]  # `alttext` means alt
    near = sorted(begun, key=len, reverse=True) or get_close_matches(wrong, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    if len(known) > _TOO_MANY:
        return f"none of the {len(known)} that are known is like it"
    return f"known are: {', '.join(known)}" if known else "none is known yet"
