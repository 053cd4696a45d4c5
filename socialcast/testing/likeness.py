"""How alike two pictures are to the eye: the structural similarity of Wang, Bovik, Sheikh and Simoncelli (2004)."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageMath

__all__ = ["ssim"]

_WINDOW = 8  # pixels a side; the mean over blocks stands for the mean over windows that glide
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # the constants of the paper for 8 bits


def ssim(one: Image.Image, other: Image.Image) -> float:
    """1.0 for the same picture, by its brightness; both have the same size."""
    x, y = one.convert("L").convert("F"), other.convert("L").convert("F")
    names = {
        "mx": _mean(x),
        "my": _mean(y),
        "mxx": _mean(_product(x, x)),
        "myy": _mean(_product(y, y)),
        "mxy": _mean(_product(x, y)),
    }
    alike = ImageMath.lambda_eval(_formula, **names)
    return float(alike.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))


def _formula(of: Any) -> Any:
    mx, my = of["mx"], of["my"]
    together, apart = of["mxy"] - mx * my, of["mxx"] - mx * mx + of["myy"] - my * my
    return ((2 * mx * my + _C1) * (2 * together + _C2)) / ((mx * mx + my * my + _C1) * (apart + _C2))


def _product(x: Image.Image, y: Image.Image) -> Image.Image:
    product: Image.Image = ImageMath.lambda_eval(lambda of: of["x"] * of["y"], x=x, y=y)
    return product


def _mean(image: Image.Image) -> Image.Image:
    blocks = max(1, image.width // _WINDOW), max(1, image.height // _WINDOW)
    return image.resize(blocks, Image.Resampling.BOX)
