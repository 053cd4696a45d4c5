"""Photos: what a file is, what has to change for a platform, and the file that is sent.

A file that fits is sent as it is. Location and serial numbers go without touching a pixel; only a photo of the wrong
type or of too many bytes is encoded anew, and then the best that fits. The same photo and rules give the same bytes.
"""

from __future__ import annotations

import hashlib
import mimetypes
import mmap
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO, NamedTuple

import msgspec
from PIL import Image, ImageFile
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from socialcast.compose import metadata
from socialcast.compose.cache import Cache
from socialcast.compose.colours import is_usable
from socialcast.compose.encoding import encode, fitting_size, on_white, shown
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.model.content import Content, content_of
from socialcast.model.errors import ConfigurationError
from socialcast.model.post import Adaptation

__all__ = ["Fitted", "PhotoFacts", "UnreadablePhoto", "adaptations", "facts", "fit", "made", "miniature"]

MAX_MEGAPIXELS = 250  # more than any camera gives; a small file that declares more is there to fill the memory
MAX_FRAMES = 2000  # of an animation: three minutes at a film's pace, which is what videos are for
_REMEMBERED_FILES = 4096
_RECIPE = 2  # counts up when the same photo and rules give other bytes, so that kept results are not mistaken for it
_DECODED_AT_ONCE = BoundedSemaphore(min(4, os.cpu_count() or 1))  # more would take memory and save no time

# How the content begins, and who reads it. Pillow's own opener would warn about photos above 89 megapixels, which cameras make,
# and would start programs for some formats.
_READERS: dict[str, tuple[bytes, str]] = {
    "image/jpeg": (rb"\xff\xd8\xff", "PIL.JpegImagePlugin:JpegImageFile"),
    "image/png": (rb"\x89PNG\r\n\x1a\n", "PIL.PngImagePlugin:PngImageFile"),
    "image/gif": (rb"GIF8[79]a", "PIL.GifImagePlugin:GifImageFile"),
    "image/webp": (rb"(?s)RIFF....WEBP", "PIL.WebPImagePlugin:WebPImageFile"),
    "image/tiff": (rb"II\*\0|MM\0\*", "PIL.TiffImagePlugin:TiffImageFile"),
    "image/bmp": (rb"BM", "PIL.BmpImagePlugin:BmpImageFile"),
    "image/avif": (rb"(?s)....ftypavi[fs]", "PIL.AvifImagePlugin:AvifImageFile"),
    "image/heic": (rb"(?s)....ftyp(?:he[iv][cmsx]|mif1|msf1)", "pillow_heif:HeifImageFile"),
}
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_SAME_TYPE = {"image/heif": "image/heic"}  # one suffix has either name
_FOR_OPAQUE = ("image/jpeg", "image/png", "image/webp")
_FOR_TRANSPARENT = ("image/png", "image/webp", "image/jpeg")


class UnreadablePhoto(ConfigurationError):
    """A file that cannot be published as a photo; `code` says why, as preflight tells it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class PhotoFacts(NamedTuple):
    """What a photo file is, read without decoding it; width and height are as stored, before its orientation is applied."""

    media_type: str
    width: int
    height: int
    size_bytes: int
    has_location: bool
    has_serial: bool
    orientation: int
    has_transparency: bool
    is_animated: bool
    suffix_matches: bool
    has_bad_profile: bool = False
    is_cmyk: bool = False


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


def facts(photo: Photo) -> PhotoFacts:
    """What the photo's file is. Raises UnreadablePhoto."""
    if photo.path is None:
        return _facts(photo)
    with _told_as_missing(photo):
        found = os.stat(photo.path)  # noqa: PTH116 - the path is text
    return _facts_of_file(photo.path, found.st_size, found.st_mtime_ns)


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
    with _told_as_undecodable(photo), _image_of(photo, known.media_type) as image:
        return on_white(shown(image, known.orientation, PhotoRules(max_side=side), keeps_profile=False)[0])


# -- reading -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=_REMEMBERED_FILES)
def _facts_of_file(path: str, size: int, mtime_ns: int) -> PhotoFacts:
    return _facts(Photo(path))


def _facts(photo: Photo) -> PhotoFacts:
    with _told_as_missing(photo), _told_as_enormous(photo), _bytes_of(photo) as data:
        media_type = _media_type(photo, data)
        blocks = _findings_in_blocks(photo, data, media_type) if media_type in metadata.LOSSLESS else None
        if blocks and blocks.frames > MAX_FRAMES:
            message = f"{photo.name} is an animation of {blocks.frames:,} pictures, {MAX_FRAMES:,} are the most"
            raise UnreadablePhoto("photos.endless", message)
        with _image_of(photo, media_type) as image:
            width, height = image.size
            private = blocks or _findings_by_decoding(photo, image)
            profile = image.info.get("icc_profile")
            return PhotoFacts(
                media_type=media_type,
                width=width,
                height=height,
                size_bytes=len(data),
                has_location=private.has_location,
                has_serial=private.has_serial,
                orientation=private.orientation,
                has_transparency=image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info,
                is_animated=private.frames > 1,
                suffix_matches=_suffix_matches(photo, media_type),
                has_bad_profile=profile is not None and not is_usable(profile, image.mode),
                is_cmyk=image.mode == "CMYK",
            )


def _suffix_matches(photo: Photo, media_type: str) -> bool:
    told = mimetypes.guess_type(photo.path)[0] if photo.path else None
    return told is None or _SAME_TYPE.get(told, told) == media_type


def _media_type(photo: Photo, data: Any) -> str:
    """The type by the content, whatever the name says."""
    for media_type, (beginning, _) in _READERS.items():
        if re.match(beginning, data):
            return media_type
    raise UnreadablePhoto("photos.unreadable", f"{photo.name} is no photo that can be read; give a JPEG, PNG, GIF or WebP file")


def _reader(photo: Photo, media_type: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    """Who reads the format, imported when the first such photo comes."""
    module, _, name = _READERS[media_type][1].partition(":")
    try:
        reader: Callable[[BinaryIO], ImageFile.ImageFile] = getattr(import_module(module), name)
    except ModuleNotFoundError:
        message = f"{photo.name} is {media_type}, which needs: pip install 'socialcast[heif]'"
        raise UnreadablePhoto("photos.heif_missing", message) from None
    return reader


def _findings_in_blocks(photo: Photo, data: Any, media_type: str) -> metadata.Findings:
    try:
        return metadata.findings(data, media_type)
    except metadata.Incomplete as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name}: {error}") from None


def _findings_by_decoding(photo: Photo, image: ImageFile.ImageFile) -> metadata.Findings:
    """What a file of another format tells; only decoding it shows whether it is all there."""
    try:
        found = metadata.findings_in_image(image)
        with _DECODED_AT_ONCE:
            image.load()
        shown = metadata.findings_in_exif(image.getexif()).orientation  # Pillow turns a TIFF upright by itself
    except (OSError, EOFError, SyntaxError, ValueError, RuntimeError, struct.error) as error:
        raise UnreadablePhoto("photos.truncated", f"{photo.name} is not complete: {error}") from None
    return found._replace(orientation=shown, frames=2 if getattr(image, "is_animated", False) else 1)


@contextmanager
def _bytes_of(photo: Photo) -> Iterator[Any]:
    """The file's bytes, mapped rather than read: a look at the headers does not need the picture in memory."""
    if photo.path is None:
        if not photo.data:
            raise UnreadablePhoto("photos.empty", f"{photo.name}: there is nothing in it")
        yield photo.data
        return
    with Path(photo.path).open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise UnreadablePhoto("photos.empty", f"{photo.name} is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


@contextmanager
def _image_of(photo: Photo, media_type: str) -> Iterator[ImageFile.ImageFile]:
    """The image, not decoded yet; one that would fill the memory is refused here."""
    reader = _reader(photo, media_type)
    with photo.open() as file:
        try:
            image = reader(file)
        except (SyntaxError, OSError, ValueError, RuntimeError) as error:
            raise UnreadablePhoto("photos.unreadable", f"{photo.name} cannot be read: {error}") from None
        if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
            raise UnreadablePhoto("photos.enormous", f"{photo.name} declares {image.width} x {image.height} pixels")
        yield image


@contextmanager
def _told_as_missing(photo: Photo) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UnreadablePhoto("photos.missing", f"{photo.name} cannot be read: {reason}") from None


@contextmanager
def _told_as_enormous(photo: Photo) -> Iterator[None]:
    """A frame of an animation may declare more pixels than the file's beginning did."""
    try:
        yield
    except (DecompressionBombError, DecompressionBombWarning) as error:
        raise UnreadablePhoto("photos.enormous", f"{photo.name} declares too many pixels: {error}") from None


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
        with _bytes_of(photo) as data:
            topics = {metadata.PRIVATE: not photo.keep_location, metadata.PROFILE: facts.has_bad_profile}
            return f"cleaned{suffix}", metadata.cleaned(data, facts.media_type, {topic for topic, goes in topics.items() if goes})
    with _told_as_undecodable(photo):
        return _encoded(photo, facts, rules, suffix)


@contextmanager
def _told_as_undecodable(photo: Photo) -> Iterator[None]:
    """One of the few that are decoded at a time; what is damaged inside is told by name."""
    try:
        with _told_as_enormous(photo), _DECODED_AT_ONCE:
            yield
    except (OSError, SyntaxError, EOFError, RuntimeError) as error:
        raise UnreadablePhoto("photos.unreadable", f"{photo.name} cannot be decoded: {error}") from None


def _encoded(photo: Photo, facts: PhotoFacts, rules: PhotoRules, suffix: str) -> tuple[str, bytes]:
    media_type = _result_type(facts, rules)
    with _image_of(photo, facts.media_type) as image:
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
