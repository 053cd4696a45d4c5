"""Photos: what has to change in a file for a platform, and the file that is sent.

A file that fits is sent as it is. Location and serial numbers go without touching a pixel; only a photo of the wrong
type or of too many bytes is encoded anew, and then the best that fits. The same photo and rules give the same bytes.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec
from PIL import Image

from socialcast.compose import metadata
from socialcast.compose.cache import Cache
from socialcast.compose.encoding import encode, fitting_size, on_white, shown
from socialcast.compose.photo_files import PhotoFacts, UnreadablePhoto, bytes_of, facts, image_of, told_as_undecodable
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.model.content import Content, content_of
from socialcast.model.post import Adaptation

__all__ = ["Fitted", "PhotoFacts", "UnreadablePhoto", "adaptations", "facts", "fit", "made", "miniature"]

_RECIPE = 2  # counts up when the same photo and rules give other bytes, so that kept results are not mistaken for it
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_FOR_OPAQUE = ("image/jpeg", "image/png", "image/webp")
_FOR_TRANSPARENT = ("image/png", "image/webp", "image/jpeg")


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """The file that is sent: on disk, or in memory where there is no folder to keep it in."""

    filename: str
    media_type: str
    path: str | None = None
    data: bytes | None = None
    made: str = ""  # what came of it, where it was encoded anew: size in pixels and quality

    def open(self) -> BinaryIO:
        """Its bytes from the beginning; the caller closes it."""
        return Path(self.path).open("rb") if self.path else BytesIO(self.data or b"")

    @property
    def content(self) -> Content:
        """Its size and digests."""
        return content_of(self.path, self.data)

    @property
    def size_bytes(self) -> int:
        """Its size."""
        return self.content.size

    @property
    def sha256(self) -> str:
        """Its SHA-256 in hexadecimal."""
        return self.content.sha256

    @property
    def sha1(self) -> str:
        """Its SHA-1 in hexadecimal."""
        digest = hashlib.sha1(usedforsecurity=False)
        with self.open() as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()


def adaptations(facts: PhotoFacts, rules: PhotoRules, where: str, made: str = "") -> list[Adaptation]:
    """What `fit` will change in the photo at that place of the announcement, and what was `made` of it if that is known; pure."""
    is_new = not _keeps_pixels(facts, rules)
    told = [
        Adaptation(code=code, message=f"{where}{words}", routine=routine)
        for code, words, routine, applies in _changes(facts, rules, is_new)
        if applies
    ]
    if told and made:
        told[0] = msgspec.structs.replace(told[0], message=f"{told[0].message}; sent as {made}")
    return told


def fit(photo: Photo, rules: PhotoRules, cache_folder: str | None) -> Fitted:
    """The photo as the platform takes it; the original is never touched. Raises UnreadablePhoto."""
    known = _relevant_facts(photo)
    media_type = _result_type(known, rules)
    filename = _filename(photo, media_type)
    if _keeps_pixels(known, rules) and not _is_to_clean(known):
        return Fitted(filename=filename, media_type=media_type, path=photo.path, data=photo.data)
    if cache_folder is None:
        name, data = _changed(photo, known, rules)
        return Fitted(filename=filename, media_type=media_type, data=data, made=_in_words(name, len(data)))
    cache, recipe = Cache(cache_folder), _recipe(photo, rules)
    kept = cache.find(recipe) or cache.put(recipe, *_changed(photo, known, rules))
    return Fitted(filename=filename, media_type=media_type, path=str(kept), made=_in_words(kept.name, kept.stat().st_size))


def made(photo: Photo, rules: PhotoRules, cache_folder: str | None) -> str:
    """What `fit` made of the photo, in words; empty where nothing was encoded, or it is not known any more."""
    kept = Cache(cache_folder).find(_recipe(photo, rules)) if cache_folder else None
    return _in_words(kept.name, kept.stat().st_size) if kept else ""


def miniature(photo: Photo, side: int) -> Image.Image:
    """The photo upright in sRGB, on white, at most so many pixels a side. Raises UnreadablePhoto."""
    known = facts(photo)
    with told_as_undecodable(photo), image_of(photo, known.media_type) as image:
        return on_white(shown(image, known.orientation, PhotoRules(max_side=side), keeps_profile=False)[0])


# -- what has to change --------------------------------------------------------------------------------------------------


def _changes(facts: PhotoFacts, rules: PhotoRules, is_new: bool) -> Iterator[tuple[str, str, bool, bool]]:
    """Every change there can be: its code, its words, whether it is routine, and whether it applies."""
    result, size = _result_type(facts, rules), fitting_size(facts.width, facts.height, rules)
    shown, smaller = ((s[::-1] if facts.orientation > 4 else s) for s in ((facts.width, facts.height), size))
    limit = f"to fit in {rules.max_bytes:,} bytes" if rules.max_bytes else ""
    is_heavy, is_lossy = _has_too_many_bytes(facts, rules), result != "image/png"
    private = [name for name, has in (("location", facts.has_location), ("serial numbers", facts.has_serial)) if has]
    yield "photo.converted", f": {facts.media_type} becomes {result}", False, result != facts.media_type
    yield "photo.resized", f": {_by(shown)} pixels become {_by(smaller)}", False, shown != smaller
    yield "photo.resized", f" is scaled down {limit}", False, is_heavy and not is_lossy
    words = f" is compressed, and scaled down if that is not enough, {limit}"
    yield "photo.recompressed", words, False, is_heavy and is_lossy
    yield "photo.colours", ": its CMYK colours become sRGB", False, facts.is_cmyk and is_new
    words = ": what is transparent becomes white"
    yield "photo.flattened", words, False, facts.has_transparency and is_new and result == "image/jpeg"
    words = ": only the first picture of the animation is kept"
    yield "photo.stilled", words, False, facts.is_animated and is_new
    yield "photo.orientation_applied", " is turned the right way up", True, is_new and facts.orientation != 1
    yield "photo.location_removed", f": {' and '.join(private)} removed", True, bool(private)
    words = ": its colour profile cannot be used and is left out; the colours are shown as sRGB"
    yield "photo.profile_removed", words, True, facts.has_bad_profile


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _relevant_facts(photo: Photo) -> PhotoFacts:
    """The facts, without those that the author wants to be left alone."""
    known = facts(photo)
    return known._replace(has_location=False, has_serial=False) if photo.keep_location else known


def _is_to_clean(facts: PhotoFacts) -> bool:
    return facts.has_location or facts.has_serial or facts.has_bad_profile


def _keeps_pixels(facts: PhotoFacts, rules: PhotoRules) -> bool:
    """Whether the picture's own bytes can stay; blocks can only be taken out of some formats.

    Colours for print are not what screens show, and no platform says that it takes them.
    """
    removable = facts.media_type in metadata.LOSSLESS or not _is_to_clean(facts)
    has_size = fitting_size(facts.width, facts.height, rules) == (facts.width, facts.height)
    fits = facts.media_type in rules.types and has_size and not _has_too_many_bytes(facts, rules)
    return fits and removable and not facts.is_cmyk


def _has_too_many_bytes(facts: PhotoFacts, rules: PhotoRules) -> bool:
    return rules.max_bytes is not None and facts.size_bytes > rules.max_bytes


def _result_type(facts: PhotoFacts, rules: PhotoRules) -> str:
    """The type that is sent: its own, or the first one that the platform takes and that can show it."""
    if _keeps_pixels(facts, rules):
        return facts.media_type
    wanted = _FOR_TRANSPARENT if facts.has_transparency else _FOR_OPAQUE
    return next((media_type for media_type in wanted if media_type in rules.types), "image/jpeg")


# -- changing it -------------------------------------------------------------------------------------------------------


def _changed(photo: Photo, facts: PhotoFacts, rules: PhotoRules) -> tuple[str, bytes]:
    """The new file's content, and a name that tells what came of it."""
    suffix = _SUFFIXES.get(_result_type(facts, rules), "")
    if _keeps_pixels(facts, rules):
        with bytes_of(photo) as data:
            topics = {metadata.PRIVATE: not photo.keep_location, metadata.PROFILE: facts.has_bad_profile}
            return f"cleaned{suffix}", metadata.cleaned(data, facts.media_type, {topic for topic, goes in topics.items() if goes})
    with told_as_undecodable(photo):
        return _encoded(photo, facts, rules, suffix)


def _encoded(photo: Photo, facts: PhotoFacts, rules: PhotoRules, suffix: str) -> tuple[str, bytes]:
    media_type = _result_type(facts, rules)
    with image_of(photo, facts.media_type) as image:
        credit_blocks = metadata.credit_blocks(image, media_type, keep_location=photo.keep_location)
        made = encode(image, media_type, orientation=facts.orientation, rules=rules, credit_blocks=credit_blocks)
    if made is None:
        raise UnreadablePhoto("photos.too_large", f"{photo.name} cannot be made to fit in {rules.max_bytes:,} bytes")
    quality = f"-q{made.quality}" if made.quality else ""
    return f"{made.width}x{made.height}{quality}{suffix}", made.data


# -- keeping it --------------------------------------------------------------------------------------------------------

_MADE = re.compile(r"(?P<width>\d+)x(?P<height>\d+)(?:-q(?P<quality>\d+))?\.\w+")


def _in_words(name: str, size_bytes: int) -> str:
    """What a kept file's name tells: "2000 x 1333 pixels, quality 88, 812,345 bytes"."""
    if not (told := _MADE.fullmatch(name)):
        return ""
    quality = f", quality {told['quality']}" if told["quality"] else ""
    return f"{told['width']} x {told['height']} pixels{quality}, {size_bytes:,} bytes"


def _filename(photo: Photo, media_type: str) -> str:
    """The file's own name, with the suffix of what it now is."""
    name = Path(photo.path) if photo.path else Path("photo")
    if mimetypes.guess_type(name.name)[0] == media_type:
        return name.name
    return name.stem + (_SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or "")


def _recipe(photo: Photo, rules: PhotoRules) -> str:
    limits = [rules.max_bytes, rules.max_side, rules.max_pixels]
    recipe = [_RECIPE, photo.content.sha256, sorted(rules.types), limits, photo.keep_location]
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()[:32]
