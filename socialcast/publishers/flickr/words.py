"""What a photo, video or album says on Flickr; pure."""

from __future__ import annotations

import hashlib
import re
from html import escape, unescape

from socialcast.model.announcement import Photo, Video
from socialcast.model.post import Post
from socialcast.publishers.flickr.licences import licence_url
from socialcast.publishers.flickr.tables import FlickrSettings, Safety

__all__ = [
    "album_description",
    "album_title",
    "description",
    "is_alone",
    "mark",
    "mark_in",
    "plain",
    "post_tag",
    "searched_tags",
    "tags",
    "title",
    "upload_fields",
]

_MARK_LENGTH = 24  # hexadecimal characters, 96 bits; lower-case letters and digits survive Flickr's normalising of tags
_TITLE_LENGTH = 255
_SAFETY = {Safety.SAFE: "1", Safety.MODERATE: "2", Safety.RESTRICTED: "3"}
_OUR_TAG = re.compile(r"\bsocialcast:id=([0-9a-f]+)")
_OUR_LINE = re.compile(rf"\s*{_OUR_TAG.pattern}\s*$")
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_NO_LETTER = re.compile(r"[\W_]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s")


def mark(post: Post, step: str) -> str:
    """What tells one upload from all others: the same on every machine, for the announcement, the channel and the step."""
    return hashlib.sha256("\n".join((post.key, post.channel, step)).encode()).hexdigest()[:_MARK_LENGTH]


def mark_in(text: str) -> str:
    """The mark that a tag or a description carries, empty where it carries none."""
    found = _OUR_TAG.search(text)
    return found[1] if found else ""


def plain(description: str) -> str:
    """What people read of a description: without its markup, which Flickr adds to, and without our mark."""
    return _OUR_LINE.sub("", unescape(_MARKUP.sub("", description)))


def is_alone(post: Post) -> bool:
    """Whether there is one photo or video only, which then needs no album and carries the announcement's words itself."""
    return len(post.photos) + (post.video is not None) == 1


def post_tag(post: Post) -> tuple[str, str]:
    """The machine tag that all uploads of a post share, as its name and its value."""
    return "socialcast:post", mark(post, "post")


def upload_fields(post: Post, medium: Photo | Video, step: str, settings: FlickrSettings) -> dict[str, str]:
    """The fields of one upload, which makes it private."""
    return {
        "title": title(post, medium),
        "description": description(post, medium),
        "tags": tags(post, step),
        "is_public": "0",
        "is_friend": "0",
        "is_family": "0",
        "safety_level": _SAFETY[settings.safety],
        "content_type": "1",
        "hidden": "2" if settings.hidden else "1",
    }


def album_title(post: Post, settings: FlickrSettings) -> str:
    """What the album is called."""
    return _shortened(settings.album or post.title or "".join(post.parts[:1]) or post.key)


def album_description(post: Post) -> str:
    """The announcement's words, and the mark by which the album is found again."""
    return "\n\n".join([*(escape(part, quote=False) for part in post.parts), _id_tag(mark(post, "album"))])


def _id_tag(mark: str) -> str:
    return f"socialcast:id={mark}"


def title(post: Post, medium: Photo | Video) -> str:
    """The beginning of the alt text, because the title is all that a screen reader says of a photo in a list."""
    return _shortened(medium.alt or medium.caption or getattr(medium, "title", "") or post.title or post.key)


def description(post: Post, medium: Photo | Video) -> str:
    """All of the alt text, caption, credit and licence; first the announcement's words, where it stands alone."""
    credit, licence = medium.credit or post.credit, medium.licence or post.licence
    words = [post.title, *post.parts] if is_alone(post) else []
    rights = " · ".join(part for part in (escape(credit, quote=False), _linked(licence)) if part)
    texts = [escape(text, quote=False) for text in (*words, medium.alt, medium.caption)]
    return "\n\n".join(text for text in (*texts, rights) if text)


def _linked(licence: str) -> str:
    url = licence_url(licence)
    return f'<a href="{url}">{escape(licence)}</a>' if url else escape(licence, quote=False)


def tags(post: Post, step: str) -> str:
    """Separated by spaces, those with a space in quotes, which no tag itself can hold."""
    name, value = post_tag(post)
    words = [tag.replace('"', "").lstrip("#") for tag in post.tags]
    quoted = [f'"{word}"' if re.search(r"\s", word) else word for word in words if word]
    return " ".join([*quoted, _id_tag(mark(post, step)), f"{name}={value}"])


def searched_tags(post: Post) -> tuple[str, ...]:
    """The announcement's tags without what Flickr leaves out of them in lists: capitals, spaces and signs."""
    return tuple(dict.fromkeys(filter(None, (_NO_LETTER.sub("", tag).lower() for tag in post.tags))))


def _shortened(text: str) -> str:
    """The first line, or as many of its sentences as fit, or as many words."""
    line = " ".join(text.split("\n\n")[0].split())
    if len(line) <= _TITLE_LENGTH:
        return line
    first = _SENTENCE_END.split(line)[0]
    return first if len(first) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"
