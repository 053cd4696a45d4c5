"""Colour profiles: kept where every viewer can use them, else the colours become sRGB, which is what no profile means."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["as_shown", "is_usable"]

_SPACES = {"RGB": "RGB", "RGBA": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}  # modes as ICC.1:2022 names their spaces
_KEPT_SPACES = ("RGB", "GRAY")
_KEPT_BYTES = 4096  # Display P3 and Adobe RGB take some 500; a profile of a printer or scanner would crowd out the picture


def is_usable(profile: bytes, mode: str) -> bool:
    """Whether a picture of that mode can be read by the profile."""
    return _read(profile, _space_of(mode)) is not None


def as_shown(picture: Image.Image, profile: bytes | None, *, keeps_profile: bool = True) -> tuple[Image.Image, bytes | None]:
    """The picture with the profile to write beside it; None stands for sRGB, as for a profile that cannot be read."""
    space = _space_of(picture.mode)
    opened = _read(profile, space) if profile else None
    if opened is None:
        return (picture if space in _KEPT_SPACES else picture.convert("RGB")), None
    if keeps_profile and profile and len(profile) <= _KEPT_BYTES and space in _KEPT_SPACES:
        return picture, profile
    from PIL import ImageCms

    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    converted = ImageCms.profileToProfile(picture, opened, _srgb(), outputMode=mode)
    return converted or picture, None


def _space_of(mode: str) -> str:
    return _SPACES.get(mode, "GRAY" if mode in ("1", "LA") or mode.startswith("I") else "RGB")


def _read(profile: bytes, space: str) -> Any:
    """The profile, opened; None where it is broken or another colour space's."""
    from PIL import ImageCms  # with it comes a library that only few photos need

    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        return opened if opened.profile.xcolor_space.strip() == space and _converts(opened, space) else None
    except (OSError, ImageCms.PyCMSError):
        return None


def _converts(opened: Any, space: str) -> bool:
    """A profile may open and still lack the tables that its colours are told by."""
    from PIL import ImageCms

    mode = next(mode for mode, of in _SPACES.items() if of == space)
    return ImageCms.buildTransform(opened, _srgb(), mode, "RGB") is not None


@cache
def _srgb() -> Any:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
