"""A picture encoded anew: upright, in colours that every reader sees alike, and the best that fits in so many bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from PIL import Image, ImageFile

from socialcast.compose.colours import as_shown
from socialcast.model.capabilities import PhotoRules

__all__ = ["Encoded", "encode", "fitting_size", "on_white", "shown"]

_WRITERS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_OPTIONS: dict[str, dict[str, Any]] = {"image/jpeg": {}, "image/png": {"optimize": True}, "image/webp": {"method": 4}}
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
_SMALLER = tuple(0.85 * 0.97**step for step in range(112))
_LOSSY = (*((1.0, quality) for quality in range(95, 69, -1)), *((scale, 80) for scale in _SMALLER))
_LADDERS = {"image/jpeg": _LOSSY, "image/webp": _LOSSY, "image/png": tuple((scale, 95) for scale in (1.0, *_SMALLER))}
# Bytes by quality, of a noisy picture of 2.7 megapixels, measured 2026-11-27; close to the best they fall fastest.
_USUAL = {70: 0.33, 75: 0.36, 80: 0.41, 85: 0.49, 90: 0.64, 91: 0.68, 92: 0.72, 93: 0.79, 94: 0.89, 95: 1.0}
_DETAIL = 1.7  # the power of the scale with which the bytes of photos grow: less than the area, since detail is lost
_GUESSES = 3  # by what is usual, before the middle is tried: no picture takes more than twice the tries of halving


class Encoded(NamedTuple):
    """A picture's new bytes, its size as it is shown, and the quality (0 to 100) of a format that has one."""

    data: bytes
    width: int
    height: int
    quality: int | None


def encode(
    image: ImageFile.ImageFile, media_type: str, *, orientation: int, rules: PhotoRules, credit_blocks: dict[str, Any]
) -> Encoded | None:
    """The best encoding that the rules take, or None where even the smallest has too many bytes.

    The same picture gives the same bytes. `credit_blocks` are the blocks that tell who made it, as Pillow's writers take them.
    """
    picture, profile = shown(image, orientation, rules)
    picture = _in_mode_for(media_type, picture)
    picture.info.clear()  # whatever else the file told is not written again
    options = {**_OPTIONS[media_type], **credit_blocks, "icc_profile": profile}
    ladder = _LADDERS[media_type]
    found = _first_fitting(ladder, lambda rung: _at(picture, *ladder[rung], media_type, options), rules.max_bytes)
    if found is None:
        return None
    rung, data = found
    width, height = _size_at(picture, ladder[rung][0])
    return Encoded(data, width, height, None if media_type == "image/png" else ladder[rung][1])


def shown(
    image: ImageFile.ImageFile, orientation: int, rules: PhotoRules, *, keeps_profile: bool = True
) -> tuple[Image.Image, bytes | None]:
    """The picture upright, at most as large as the rules take it, with the profile to write beside it; None stands for sRGB."""
    size, profile = fitting_size(*image.size, rules), image.info.get("icc_profile")
    if image.mode in ("RGB", "L"):
        image.draft(image.mode, size)  # a JPEG is decoded at half its size or less where no more is needed
    image.load()
    if (image.width < image.height) != (size[0] < size[1]):
        size = size[1], size[0]  # a TIFF, which Pillow turns by itself
    picture = _turned(_scaled(_in_full_colours(image), size), orientation)
    return as_shown(picture, profile, keeps_profile=keeps_profile)


def fitting_size(width: int, height: int, rules: PhotoRules) -> tuple[int, int]:
    """The size in pixels at which the platform takes a picture of that size."""
    longest = max(width, height)
    by_side = rules.max_side / longest if rules.max_side else 1.0
    by_area = (rules.max_pixels / (width * height)) ** 0.5 if rules.max_pixels else 1.0
    scale = min(by_side, by_area)
    if scale >= 1:
        return width, height
    return max(1, floor(width * scale + 1e-6)), max(1, floor(height * scale + 1e-6))


def _first_fitting(
    ladder: Sequence[tuple[float, int]], encoded: Callable[[int], bytes], max_bytes: int | None
) -> tuple[int, bytes] | None:
    """The first rung that fits, with its bytes; they fall from rung to rung, so that few have to be tried."""
    data = encoded(0)
    if max_bytes is None or len(data) <= max_bytes:
        return 0, data
    usual = [_usual_size(scale, quality) for scale, quality in ladder]
    too_large, size_there = 0, log(len(data))
    fits, best = len(ladder), b""
    wanted, attempts = log(max_bytes), 0
    while fits - too_large > 1:
        rung = (too_large + fits) // 2
        if attempts % (_GUESSES + 1) < _GUESSES:
            slope = (size_there - log(len(best))) / (usual[too_large] - usual[fits]) if best else 1.0
            likely = usual[too_large] - (size_there - wanted) / max(slope, 0.1)
            rung = next((each for each in range(too_large + 1, fits) if usual[each] <= likely), fits - 1)
        data, attempts = encoded(rung), attempts + 1
        if len(data) <= max_bytes:
            fits, best = rung, data
        else:
            too_large, size_there = rung, log(len(data))
    return (fits, best) if best else None


def _usual_size(scale: float, quality: int) -> float:
    """The logarithm of the bytes that photos have at that scale and quality, in parts of those at quality 95."""
    low = max(each for each in _USUAL if each <= quality)
    high = min(each for each in _USUAL if each >= quality)
    share = (quality - low) / (high - low) if high > low else 0
    return log(_USUAL[low] + share * (_USUAL[high] - _USUAL[low])) + _DETAIL * log(scale)


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _size_at(picture: Image.Image, scale: float) -> tuple[int, int]:
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _at(picture: Image.Image, scale: float, quality: int, media_type: str, options: dict[str, Any]) -> bytes:
    with TemporaryFile() as out:  # a real one: Pillow lets other threads run while it encodes, but not into memory (13.0)
        _scaled(picture, _size_at(picture, scale)).save(out, _WRITERS[media_type], quality=quality, **options)
        out.seek(0)
        return out.read()


def _in_full_colours(image: Image.Image) -> Image.Image:
    """The picture as it can be scaled: palettes and bits are told out, 16 bits a pixel become 8."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")  # a plain conversion would cut off what is above 255
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")


def _in_mode_for(media_type: str, picture: Image.Image) -> Image.Image:
    """The picture in a mode that the format holds."""
    return on_white(picture) if media_type == "image/jpeg" else picture


def on_white(picture: Image.Image) -> Image.Image:
    """The picture with white where it was transparent."""
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white
