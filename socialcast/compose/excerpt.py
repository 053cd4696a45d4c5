"""Of two long texts, what is around the first difference."""

from __future__ import annotations

__all__ = ["excerpt"]

_SHOWN_CHARACTERS, _SAME_CHARACTERS = 60, 20  # from a little before the difference


def excerpt(text: str, other: str) -> str:
    """The text on one line in quotation marks, or of a long one the part in which it begins to differ from the other."""
    alike = min(len(text), len(other))  # where one goes on after the end of the other
    same = next((index for index, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), alike)
    start = max(0, same - _SAME_CHARACTERS) if len(text) > _SHOWN_CHARACTERS else 0
    part = text[start : start + _SHOWN_CHARACTERS].replace("\n", "↵")
    return f"“{'…' if start else ''}{part}{'…' if start + _SHOWN_CHARACTERS < len(text) else ''}”"
