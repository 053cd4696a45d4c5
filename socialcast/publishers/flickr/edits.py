"""Which calls bring what Flickr shows to a changed announcement; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from socialcast.model.post import Post
from socialcast.publishers.flickr import words
from socialcast.publishers.flickr.echo import Made, Row, shown_tags
from socialcast.publishers.flickr.tables import FlickrSettings

__all__ = ["Change", "album_words", "changes", "media_words"]


class Change(NamedTuple):
    """One call that sets something, and may be repeated; `of` names its step."""

    of: str
    method: str
    arguments: Mapping[str, str]


def album_words(post: Post, album_id: str, settings: FlickrSettings) -> Change:
    """Title and description of the album."""
    said = {"title": words.album_title(post, settings), "description": words.album_description(post)}
    return Change("words", "photosets.editMeta", {"photoset_id": album_id, **said})


def media_words(post: Post, made: Made) -> Change:
    """Title and description of a photo or video."""
    said = {"title": words.title(post, made.medium), "description": words.description(post, made.medium)}
    return Change(f"{made.step}/words", "photos.setMeta", {"photo_id": made.item.id, **said})


def changes(post: Post, made: Made, row: Row, licence_ids: Mapping[str, str]) -> Iterator[Change]:
    """What differs of a photo or video from how it is listed: hundreds of others stay as they are, without a call."""
    photo = {"photo_id": made.item.id}
    if _said(row) != _wanted(post, made):
        yield media_words(post, made)
    if set(shown_tags(row)) != set(words.searched_tags(post)):
        yield Change(f"{made.step}/tags", "photos.setTags", {**photo, "tags": words.tags(post, made.step)})
    licence_id = licence_ids.get(made.medium.licence or post.licence)
    if licence_id is not None and licence_id != str(row["license"]):
        yield Change(f"{made.step}/licence", "photos.licenses.setLicense", {**photo, "license_id": licence_id})


def _said(row: Row) -> tuple[str, Any]:
    return row["title"], words.plain(row["description"]["_content"]) if "description" in row else None


def _wanted(post: Post, made: Made) -> tuple[str, Any]:
    return words.title(post, made.medium), words.plain(words.description(post, made.medium))
