"""The limits that a server tells of itself, in the shapes of several servers and versions; others are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["limits_of"]

_Path = tuple[str, ...]

_STATUSES, _MEDIA = ("configuration", "statuses"), ("configuration", "media_attachments")
_PLACES: tuple[tuple[str, _Path], ...] = (  # later ones win
    ("text.max_length", ("max_toot_chars",)),  # Pleroma and what came of it, version 1
    ("photos.alt_text.max_length", ("description_limit",)),
    ("video.alt_text.max_length", ("description_limit",)),
    ("photos.max_bytes", ("upload_limit",)),
    ("video.max_bytes", ("upload_limit",)),
    ("text.max_length", (*_STATUSES, "max_characters")),
    ("text.link_weight", (*_STATUSES, "characters_reserved_per_url")),
    ("photos.max_count", (*_STATUSES, "max_media_attachments")),
    ("photos.alt_text.max_length", (*_MEDIA, "description_limit")),
    ("video.alt_text.max_length", (*_MEDIA, "description_limit")),
    ("photos.max_bytes", (*_MEDIA, "image_size_limit")),
    ("photos.max_pixels", (*_MEDIA, "image_matrix_limit")),
    ("video.poster.max_bytes", (*_MEDIA, "image_size_limit")),
    ("video.poster.max_pixels", (*_MEDIA, "image_matrix_limit")),
    ("video.max_bytes", (*_MEDIA, "video_size_limit")),
    ("video.max_frames_per_second", (*_MEDIA, "video_frame_rate_limit")),
)


def limits_of(told: Any) -> dict[str, int]:
    """The limits by their paths in the capabilities; only whole numbers above zero are limits, everything else says nothing."""
    return dict(_found(told))


def _found(told: Any) -> Iterator[tuple[str, int]]:
    for limit, place in _PLACES:
        value = _at(told, place)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            yield limit, value


def _at(told: Any, place: _Path) -> Any:
    for name in place:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told
