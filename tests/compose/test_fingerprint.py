"""Whether two pictures look alike, however a platform has scaled or encoded them."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from socialcast.compose.fingerprint import MAX_DISTANCE, distance, fingerprint


def noise(seed: int) -> Image.Image:
    small = Image.frombytes("L", (9, 8), random.Random(seed).randbytes(72))
    return small.resize((900, 600), Image.Resampling.BICUBIC).convert("RGB")


def printed(picture: Image.Image, kind: str = "PNG", **options: object) -> int:
    file = io.BytesIO()
    picture.save(file, kind, **options)  # type: ignore[arg-type]
    file.seek(0)
    return fingerprint(file)


@pytest.mark.parametrize("seed", range(8))
def test_scaled_and_recoded_it_is_the_same_picture(seed: int) -> None:
    """A tenth of the size, and JPEG of poor quality, stay below the limit."""
    original = noise(seed)
    assert distance(printed(original), printed(original.resize((90, 60)), "JPEG", quality=40)) <= MAX_DISTANCE


def test_other_pictures_are_others() -> None:
    """Any two of twelve are further apart than the limit."""
    prints = [printed(noise(seed)) for seed in range(12)]
    assert min(distance(one, other) for one in prints for other in prints if one is not other) > MAX_DISTANCE


def test_a_turned_camera_makes_no_other_picture() -> None:
    """A photo that says how it is to be turned is the same as the one that was turned."""
    original, exif = noise(1), Image.Exif()
    exif[0x0112] = 6
    turned = original.transpose(Image.Transpose.ROTATE_90)
    assert distance(printed(original), printed(turned, "JPEG", exif=exif, quality=95)) <= MAX_DISTANCE


def test_what_is_no_picture_is_an_error() -> None:
    """A page that came in place of a photo is told."""
    with pytest.raises(OSError):
        fingerprint(io.BytesIO(b"<html>"))
