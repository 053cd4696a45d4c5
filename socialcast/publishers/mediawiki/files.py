"""Uploaded photos: their names, and the description pages that tell author, source and licence; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO

from PIL.JpegImagePlugin import JpegImageFile

from socialcast.compose import photos
from socialcast.compose.markup import escape_wikitext
from socialcast.model.announcement import Photo
from socialcast.model.post import Post
from socialcast.publishers.mediawiki.settings import MediawikiSettings
from socialcast.publishers.mediawiki.wikitext import ILLEGAL_IN_TITLES

__all__ = ["FREE_LICENCES", "description_page", "file_name", "other_name", "with_real_names"]

# Commons:Licensing and Commons:Copyright tags, read 2026-11-22: SPDX id -> licence tag. Neither BY-NC nor BY-ND is free.
FREE_LICENCES = {
    "CC0-1.0": "cc-zero",
    **{f"CC-BY-{version}": f"cc-by-{version}" for version in ("1.0", "2.0", "2.5", "3.0", "4.0")},
    **{f"CC-BY-SA-{version}": f"cc-by-sa-{version}" for version in ("1.0", "2.0", "2.5", "3.0", "4.0")},
}

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
_LONGEST_STEM_BYTES = 180  # MediaWiki allows 240 bytes in all
_DIGEST_DIGITS = 8
_NOT_IN_FILE_NAMES = re.compile(r"[/:\\%&~?*\"']")
_EXIF_BLOCK, _TAKEN = 0x8769, 0x9003  # DateTimeOriginal

_COMMONS_PAGE = """\
=={{{{int:filedesc}}}}==
{{{{Information
|description={{{{{language}|1={description}}}}}
|date={date}
|source={source}
|author={author}
|permission={permission}
}}}}
=={{{{int:license-header}}}}==
{{{{{licence}}}}}"""

_OWN_PAGE = """\
== {{{{int:filedesc}}}} ==
{description}
{facts}
== {{{{int:license-header}}}} ==
{licence}"""


def file_name(post_title: str, photo: Photo, media_type: str | None = None) -> str:
    """A name that describes the photo and that no other photo gets: its caption, and the beginning of its digest."""
    words = unicodedata.normalize("NFC", photo.caption or photo.alt or post_title or "Photo")
    stem = " ".join(_NOT_IN_FILE_NAMES.sub(" ", ILLEGAL_IN_TITLES.sub(" ", words)).split()).strip(" .")
    stem = stem.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").strip(" .")
    suffix = _SUFFIXES.get(media_type or _media_type(photo), ".jpg")
    return f"{stem[:1].upper()}{stem[1:]} {_digest(photo)[:_DIGEST_DIGITS]}{suffix}"


def other_name(name: str, photo: Photo) -> str:
    """The name to take where somebody has given that one to another file."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{_digest(photo)[_DIGEST_DIGITS : 3 * _DIGEST_DIGITS]}{dot}{suffix}"


def with_real_names(post: Post, names: Sequence[str]) -> str:
    """The page with the names that the files have: one that was there before keeps its own."""
    text = post.parts[0]
    for photo, name in zip(post.photos, names, strict=False):
        text = text.replace(f"[[File:{file_name(post.title, photo)}|", f"[[File:{name}|")
    return text


def description_page(post: Post, photo: Photo, settings: MediawikiSettings) -> str:
    """The wikitext of the file's page."""
    words = dict.fromkeys(escape_wikitext(" ".join(text.split())) for text in (photo.caption, photo.alt, post.title))
    facts = {
        "author": escape_wikitext(photo.credit or post.credit),
        "date": taken_on(photo),
        "source": settings.source or (post.link.url if post.link else ""),
        "permission": settings.permission,
    }
    licence, description = photo.licence or post.licence, "<br />".join(word for word in words if word)
    if settings.is_commons:
        tag = FREE_LICENCES.get(licence, licence)
        page = _COMMONS_PAGE.format(description=description, language=_language(post), licence=tag, **facts)
    else:
        shown = "\n".join(f"* {name.capitalize()}: {value}" for name, value in facts.items() if value)
        page = _OWN_PAGE.format(description=description, facts=shown, licence=escape_wikitext(licence))
    categories = "\n".join(f"[[Category:{category}]]" for category in settings.categories)
    return unicodedata.normalize("NFC", f"{page}\n{categories}".strip())


def taken_on(photo: Photo) -> str:
    """The day the photo was taken, where its EXIF block tells."""
    with suppress(OSError, SyntaxError, ValueError), JpegImageFile(photo.path or BytesIO(photo.data or b"")) as image:
        told = str(image.getexif().get_ifd(_EXIF_BLOCK).get(_TAKEN, ""))
        found = re.match(r"(\d{4}):(\d{2}):(\d{2})", told)
        return "-".join(found.groups()) if found else ""
    return ""


def _digest(photo: Photo) -> str:
    with suppress(OSError):  # preflight tells
        return photo.content.sha256
    return ""


def _media_type(photo: Photo) -> str:
    with suppress(photos.UnreadablePhoto):  # preflight tells
        return photos.facts(photo).media_type
    return ""


def _language(post: Post) -> str:
    return post.language.partition("-")[0].lower()
