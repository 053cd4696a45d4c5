"""What a post looks like when it is read back and nobody has changed it."""

from __future__ import annotations

from collections.abc import Iterator

from socialcast.compose.addresses import find_addresses
from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen, SeenMedium, Sight

__all__ = ["expected_sight"]


def expected_sight(post: Post, receipt: Receipt) -> Sight:
    """The items of the first one's kind with a part each, in order, and the media as the thread has them.

    Of items for which there is no part, such as those that were appended later, nothing is expected but that they are there.
    """
    items = receipt.items or (Item(id=receipt.id, kind="post", url=receipt.url),)
    main = [item for item in items if item.kind == items[0].kind]
    parts = dict(zip((item.id for item in main), enumerate(post.parts or ("",)), strict=False))
    return Sight(items=tuple(_seen(post, item, *parts[item.id]) if item.id in parts else Seen(item=item) for item in items))


def _seen(post: Post, item: Item, number: int, text: str) -> Seen:
    links = tuple(text[start:end] for start, end in find_addresses(text))
    title = post.title if number == 0 else ""
    return Seen(item=item, title=title, text=text, links=links, media=tuple(_media(post, number)), licence=post.licence)


def _media(post: Post, number: int) -> Iterator[SeenMedium]:
    """The media of that part: all of them on the first, unless each part shows some."""
    each = post.photos_each or len(post.photos)
    for index in range(number * each, min((number + 1) * each, len(post.photos))):
        photo = post.photos[index]
        yield SeenMedium(kind="photo", alt=photo.alt, number=index, licence=photo.licence or post.licence)
    if post.video and number == 0:
        yield SeenMedium(kind="video", alt=post.video.alt)
