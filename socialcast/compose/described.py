"""Alt texts: they say what a medium shows, and never what its file is called."""

from __future__ import annotations

import re

from socialcast.model.announcement import Media

__all__ = ["is_file_name"]

_SUFFIXED = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|hei[cf]|avif|tiff?|bmp|svg|mp4|mov|webm|mkv)", re.IGNORECASE)
_NUMBERED = re.compile(  # as cameras, telephones and programs call what they save
    r"(?:img|image|dscn?|dscf|pxl|mvi|gopr|p|[fp]h?oto|pic|picture|bild|scan|screen ?shot|whatsapp image|untitled)"
    r"[-_ ]*(?:\(\d+\)|\d[\d\-_ .:]*(?:at [\d.: ]+)?)",
    re.IGNORECASE,
)


def is_file_name(alt: str, medium: Media) -> bool:
    """Whether the alt text is the name of the medium's file, or looks like the name of one."""
    words = " ".join(alt.split())
    if _SUFFIXED.fullmatch(words) or _NUMBERED.fullmatch(words):
        return True
    stem = medium.name.rpartition(".")[0]
    return bool(medium.path) and words in (medium.name, stem if re.search(r"[\d_]", stem) else medium.name)
