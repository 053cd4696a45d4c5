"""A contact sheet: many photos drawn small on one, for a platform that shows fewer than there are."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from math import ceil, sqrt

from PIL import Image

from socialcast.compose import photos
from socialcast.model.announcement import ContactSheet, Photo

__all__ = ["MOST_PHOTOS", "contact_sheet"]

MOST_PHOTOS = 36  # six by six: smaller ones show nothing on a phone
_SIDE = 2048  # pixels, which is as much as feeds show
_GAP = 8
_QUALITY = 88


def contact_sheet(shown: tuple[Photo, ...]) -> ContactSheet:
    """The sheet, row by row in order; its alt text is the numbered list of theirs. A photo that cannot be read leaves a gap."""
    alt = " ".join(f"{number}. {_sentence(photo.alt)}" for number, photo in enumerate(shown, 1) if photo.alt.strip())
    return ContactSheet(data=_drawn(shown, tuple(map(_version, shown))), alt=alt, of=shown)


def _sentence(alt: str) -> str:
    said = alt.strip()
    return said if said[-1] in ".!?…。" else f"{said}."


def _version(photo: Photo) -> str:
    """What changes when the photo's file does."""
    try:
        return photo.content.sha256
    except OSError:
        return ""


@lru_cache(maxsize=4)
def _drawn(shown: tuple[Photo, ...], versions: tuple[str, ...]) -> bytes:
    columns = ceil(sqrt(len(shown)))
    rows = ceil(len(shown) / columns)
    cell = (_SIDE - _GAP) // columns
    sheet = Image.new("RGB", (columns * cell + _GAP, rows * cell + _GAP), "white")
    for index, photo in enumerate(shown):
        try:
            small = photos.miniature(photo, cell - _GAP)
        except photos.UnreadablePhoto:
            continue  # preflight tells it
        left, top = index % columns * cell + _GAP, index // columns * cell + _GAP
        sheet.paste(small, (left + (cell - _GAP - small.width) // 2, top + (cell - _GAP - small.height) // 2))
    out = BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
