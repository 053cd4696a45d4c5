"""What a visitor sees: public albums, public photos, and the comments under both."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from socialcast.sandbox.mirror import Act, Card, Picture
from socialcast.sandbox.platforms.flickr.state import Comment, FlickrState, Photo, Photoset

__all__ = ["public_cards"]


def public_cards(state: FlickrState) -> list[Card]:
    """All that is public, newest first; an album is public when one of its photos is."""
    albums: dict[str, str] = {}
    cards: list[Card] = []
    for photoset in state.photosets.values():
        photos = [photo for photo in map(state.photos.__getitem__, photoset.photos) if photo.is_public]
        albums |= {photo.id: photoset.id for photo in photos if photo.id not in albums}
        if photos:
            cards += [_album(photoset, photos), *(_comment(photoset, one) for one in photoset.comments.values())]
    for photo in state.photos.values():
        if photo.is_public:
            cards += [_photo(photo, albums.get(photo.id, "")), *(_comment(photo, one) for one in photo.comments.values())]
    return sorted(cards, key=lambda card: card.at, reverse=True)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _picture(photo: Photo) -> Picture:
    # Flickr has no field for alt text: screen readers are told the title.
    caption = Markup(photo.description).striptags()  # noqa: S704 - only to strip its tags
    return Picture(url=photo.image_url, alt=photo.title, caption=caption, kind=photo.file.kind)


def _album(photoset: Photoset, photos: list[Photo]) -> Card:
    return Card(
        id=photoset.id,
        kind="album",
        account=photoset.owner.name,
        url=photoset.page_url,
        at=_time(photoset.created),
        title=photoset.title,
        text=photoset.description,
        pictures=tuple(map(_picture, photos)),
        facts={"photos": str(len(photos)), "licence": ", ".join(sorted({photo.license.name for photo in photos}))},
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def _photo(photo: Photo, album: str) -> Card:
    return Card(
        id=photo.id,
        kind="photo",
        account=photo.owner.name,
        url=photo.page_url,
        at=_time(photo.posted),
        title=photo.title,
        text=photo.description,
        pictures=(_picture(photo),),
        parent=album,
        facts={"licence": photo.license.name, "tags": ", ".join(tag.raw for tag in photo.tags.values())},
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def _comment(place: Photo | Photoset, comment: Comment) -> Card:
    return Card(
        id=comment.id,
        kind="comment",
        account=comment.author.name,
        url=f"{place.page_url}#comment{comment.id.rpartition('-')[2]}",
        at=_time(comment.at),
        text=comment.text,
        parent=place.id,
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )
