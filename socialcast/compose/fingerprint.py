"""Whether two pictures look alike, however a platform has scaled or encoded them: a difference hash of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import IO

__all__ = ["MAX_DISTANCE", "distance", "fingerprint", "lookalikes"]

_SIDE = 8
MAX_DISTANCE = 10  # of 64 bits: what scaling and JPEG change stays below, another picture differs in about half of them


def fingerprint(file: IO[bytes]) -> int:
    """Of each of 64 pairs of neighbours, whether the left one is brighter. Raises OSError for what is no picture.

    A few lines on Pillow, which reads the photos anyway; the packages for it bring numpy and scipy.
    """
    from PIL import Image, ImageOps  # only those need it who look at pictures

    with Image.open(file) as picture:
        picture.draft("L", (_SIDE * 16, _SIDE * 16))  # of a JPEG no more is decoded than is looked at
        small = ImageOps.exif_transpose(picture).convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.BOX)
    rows = [list(small.crop((0, row, _SIDE + 1, row + 1)).tobytes()) for row in range(_SIDE)]
    bits = [left > right for row in rows for left, right in pairwise(row)]
    return sum(bit << index for index, bit in enumerate(bits))


def distance(one: int, other: int) -> int:
    """In how many of the 64 bits they differ."""
    return (one ^ other).bit_count()


def lookalikes(wanted: Sequence[int], shown: Sequence[int]) -> dict[int, int]:
    """Which picture is shown for which: places by places, each once, its own before another's; the others have no lookalike."""
    places: dict[int, int] = {}
    free = set(range(len(shown)))
    for number, mine in enumerate(wanted):
        alike = [place for place in free if distance(mine, shown[place]) <= MAX_DISTANCE]
        if alike:
            places[number] = number if number in alike else min(alike)
            free.remove(places[number])
    return places
