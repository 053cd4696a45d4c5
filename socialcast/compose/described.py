"""Alt texts: they say what a medium shows, and never what its file is called."""

from __future__ import annotations

import re

import msgspec

from socialcast.compose.text import sentence_ends
from socialcast.model.announcement import Media, Photo, Video
from socialcast.model.capabilities import PhotoRules, VideoRules
from socialcast.model.post import Adaptation

__all__ = ["ALT_TOO_LONG", "is_file_name", "shorter_alt", "shorter_film_alt"]

ALT_TOO_LONG = "shorten its first sentence; after a whole one it can be cut"
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


def shorter_alt(photos: tuple[Photo, ...], rules: PhotoRules | None) -> tuple[tuple[Photo, ...], list[Adaptation]]:
    """The photos with alt texts that the platform has room for, cut after a sentence; one whose first sentence is too long is
    left whole, which preflight tells."""
    longest = rules.alt_text.max_length if rules else None
    if longest is None or all(len(photo.alt) <= longest for photo in photos):
        return photos, []
    cut = tuple(msgspec.structs.replace(photo, alt=_begun(photo.alt, longest)) for photo in photos)
    pairs = enumerate(zip(photos, cut, strict=True))
    return cut, [_about(f"photos[{index}]", before, after) for index, (before, after) in pairs if before.alt != after.alt]


def shorter_film_alt(film: Video | None, rules: VideoRules | None) -> tuple[Video | None, list[Adaptation]]:
    """The same for a film."""
    longest = rules.alt_text.max_length if rules else None
    if film is None or longest is None or (begun := _begun(film.alt, longest)) == film.alt:
        return film, []
    cut = msgspec.structs.replace(film, alt=begun)
    return cut, [_about("video", film, cut)]


def _begun(alt: str, longest: int) -> str:
    ends = [end for end in sentence_ends(alt) if end <= longest]
    return alt[: ends[-1]] if ends and len(alt) > longest else alt


def _about(path: str, before: Photo | Video, after: Photo | Video) -> Adaptation:
    message = f"{path}: the alt text is cut after a sentence, to {len(after.alt)} of its {len(before.alt)} characters"
    return Adaptation(code=f"{path.partition('[')[0]}.alt_cut", message=message)
