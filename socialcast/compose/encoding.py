"""A picture encoded anew: upright, in colours that the format holds, and the best that fits in so many bytes."""

from __future__ import annotations

from bisect import bisect_left
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["encode"]

_WRITERS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What is tried in turn until it fits: quality first, then size. Each rung is a scale and a quality.
_SMALLER = tuple(0.85 * 0.93**step for step in range(48))
_LOSSY = (*((1.0, quality) for quality in range(95, 69, -1)), *((scale, 80) for scale in _SMALLER))
_LADDERS = {"image/jpeg": _LOSSY, "image/webp": _LOSSY, "image/png": tuple((scale, 95) for scale in (1.0, *_SMALLER))}


def encode(image: Image.Image, media_type: str, *, orientation: int, max_bytes: int | None, exif: bytes) -> bytes | None:
    """The best encoding that fits, or None where even the smallest does not; the same picture gives the same bytes.

    The ladder falls in size, so that halving it finds the rung in a few tries.
    """
    options = {"exif": exif, "icc_profile": image.info.get("icc_profile")}
    picture, ladder = _in_mode_for(media_type, _upright(image, orientation)), _LADDERS[media_type]
    picture.info.clear()  # whatever else the file told is not written again
    last: tuple[int, bytes] = (-1, b"")

    def fits(rung: int) -> bool:
        nonlocal last
        last = (rung, _at(picture, *ladder[rung], media_type, options))
        return max_bytes is None or len(last[1]) <= max_bytes

    rung = 0 if fits(0) else bisect_left(range(len(ladder)), True, lo=1, key=fits)
    if rung == len(ladder):
        return None
    return last[1] if last[0] == rung else _at(picture, *ladder[rung], media_type, options)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image.copy()


def _at(picture: Image.Image, scale: float, quality: int, media_type: str, options: dict[str, Any]) -> bytes:
    if scale < 1:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = BytesIO()
    picture.save(out, _WRITERS[media_type], quality=quality, optimize=True, **options)
    return out.getvalue()


def _in_mode_for(media_type: str, picture: Image.Image) -> Image.Image:
    """The picture in colours that the format can hold; what was transparent is white where there is no transparency."""
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")  # 16 bits a pixel, which a plain conversion would cut off
    transparent, has_alpha = picture.has_transparency_data, media_type != "image/jpeg"
    if not transparent:
        kept = ("L", "RGB") if has_alpha else ("L", "RGB", "CMYK")
        return picture if picture.mode in kept else picture.convert("RGB")
    if has_alpha:
        return picture.convert("RGBA")
    background = Image.new("RGBA", picture.size, "white")
    background.alpha_composite(picture.convert("RGBA"))
    return background.convert("RGB")
