"""Which of what is shown stands for which of what was announced, where some of it is missing or new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

__all__ = ["pairs"]


def pairs(wanted: Sequence[str], shown: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Their places, in order: what is the same on both sides, and between that one after another as far as both go."""
    if wanted == shown:  # of many that are all alike, the comparison takes the square
        return zip(range(len(wanted)), range(len(shown)), strict=True)
    blocks = SequenceMatcher(None, wanted, shown, autojunk=False).get_opcodes()
    return (pair for _, start, end, first, last in blocks for pair in zip(range(start, end), range(first, last), strict=False))
