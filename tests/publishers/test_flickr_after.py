"""The Flickr publisher after publication: what is read back, what people comment, corrections and numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socialcast.model.announcement import Link, Video
from socialcast.model.post import Post
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.sandbox import Sandbox
from tests.publishers.test_flickr import Newsroom, composed, jpeg, photos

CLIP = Video(b"\0\0\0\x18ftypmp42" + b"\0" * 2000, alt="A walk through the hall", licence="CC-BY-SA-4.0")
DOORS = Link("https://example.org/doors")


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path, perms="delete")
    yield newsroom
    newsroom.close()


@pytest.fixture
def post(room: Newsroom) -> Post:
    return composed(room.publisher, link=DOORS)


@pytest.fixture
def receipt(room: Newsroom, post: Post) -> Receipt:
    return room.publish(post)


def mirror(room: Newsroom) -> Any:
    return room.sandbox.mirror("flickr")


def compared(seen: Seen) -> tuple[Any, ...]:
    """What both sides tell of an item."""
    media = [(medium.kind, medium.alt or "") for medium in seen.media or ()]
    return seen.item, seen.gone, seen.title, seen.text, seen.links, media, seen.licence


# -- what is shown ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"video": CLIP}, {"count": 1}, {"photos": (), "video": CLIP}, {"licence": "ODbL-1.0"}])
def test_what_is_published_reads_back_as_expected(room: Newsroom, fields: dict[str, Any]) -> None:
    """Album, photos and video: words without escapes and marks, addresses, alt texts, licences."""
    post = composed(room.publisher, link=DOORS, text="Doors & <more>", **fields)
    receipt = room.publish(post)
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(post, receipt).items
    assert [compared(each) for each in seen] == [compared(each) for each in wanted]
    assert [each.item for each in seen] == list(receipt.items)
    assert (seen[0].text or "").startswith("Open doors\n\nDoors & <more>" if len(seen) == 1 else "Doors & <more>")
    assert seen[0].links == ("https://example.org/doors",)
    assert {each.licence for each in seen if each.item.kind == "photo"} <= {"CC-BY-4.0"}


def test_a_licence_that_flickr_lacks_is_expected_as_it_is_shown(room: Newsroom) -> None:
    """All rights reserved; without a licence nothing is expected."""
    post = composed(room.publisher, photos=(*photos(1, licence="CC-BY-3.0"), *photos(2, licence="")[1:]))
    receipt = room.publish(post)
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(post, receipt).items
    assert [each.licence for each in seen[1:]] == ["All Rights Reserved"] * 2
    assert [each.licence for each in wanted[1:]] == ["All Rights Reserved", None]


def test_a_large_album_is_read_in_pages(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """No photo is asked for by itself: pages of the album, and one call each for its words and the names of licences."""
    monkeypatch.setattr("socialcast.publishers.flickr.client._PER_PAGE", 30)
    post = composed(room.publisher, count=60)
    receipt = room.publish(post)
    before = len(room.sandbox.requests())
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(post, receipt).items
    assert len(room.sandbox.requests()) - before == 60 // 30 + 2
    assert [compared(each) for each in seen] == [compared(each) for each in wanted]


def test_what_somebody_changed_by_hand_is_told_as_changed(room: Newsroom, receipt: Receipt) -> None:
    """Words as they stand there now, and when; each photo tells of itself."""
    room.sandbox.advance(60)
    album, photo, *_ = receipt.items
    room.sandbox.act("flickr", "edit", "eve", album.id, "We stay shut")
    room.sandbox.act("flickr", "edit", "eve", photo.id, "Empty <b>seats</b>")
    room.visitor.call("photos.licenses.setLicense", photo_id=photo.id, license_id=0)
    seen = room.publisher.inspect(receipt).items
    assert (seen[0].text, seen[1].text) == ("We stay shut", "Empty seats")
    assert seen[1].licence == "All Rights Reserved"
    assert seen[1].edited_at == room.clock.now().replace(microsecond=0)


def test_what_is_deleted_or_private_is_gone(room: Newsroom, receipt: Receipt) -> None:
    """The album shows one photo less for each; a photo that was taken out of the album is still there."""
    first, second, third = receipt.items[1:]
    room.sandbox.act("flickr", "remove", "eve", first.id)
    private = {"is_public": 0, "is_friend": 0, "is_family": 0, "perm_comment": 0, "perm_addmeta": 0}
    room.visitor.call("photos.setPerms", photo_id=second.id, **private)
    album, *rest = room.publisher.inspect(receipt).items
    assert ([each.gone for each in rest], len(album.media or ())) == ([True, True, False], 1)
    room.visitor.call("photosets.delete", photoset_id=album.item.id)
    assert [each.gone for each in room.publisher.inspect(receipt).items] == [True, True, True, False]
    room.visitor.call("photos.setPerms", photo_id=third.id, **private)
    assert all(each.gone for each in room.publisher.inspect(receipt).items)


def test_many_photos_without_their_album_are_found_in_the_photostream(room: Newsroom) -> None:
    """By pages, not one by one."""
    post = composed(room.publisher, count=30)
    receipt = room.publish(post)
    room.visitor.call("photosets.delete", photoset_id=receipt.id)
    room.visitor.call("photos.delete", photo_id=receipt.items[1].id)
    seen = room.publisher.inspect(receipt).items
    assert [each.gone for each in seen] == [True, True, *[False] * 29]
    assert room.sent("photos.getInfo") == 0


def test_what_bears_the_same_marks_is_a_duplicate(room: Newsroom, post: Post, receipt: Receipt) -> None:
    """Photos and album; what nobody sees, and other announcements, are none."""
    assert room.publisher.duplicates(post, receipt) == ()
    room.publish(composed(room.publisher, key="other", photos=photos(5)[3:]))
    photo = mirror(room).photos[receipt.items[1].id]
    fields = {"title": "Again", "tags": " ".join(tag.raw for tag in photo.tags.values())}
    twin = room.visitor.upload(io.BytesIO(jpeg(9)), "again.jpg", {**fields, "is_public": "1"}).photo_id
    room.visitor.upload(io.BytesIO(jpeg(8)), "again.jpg", {**fields, "is_public": "0"})
    described = mirror(room).photosets[receipt.id].description
    again = room.visitor.call("photosets.create", title="Again", description=described, primary_photo_id=twin)
    found = room.publisher.duplicates(post, receipt)
    assert {item.id for item in found} == {twin, again["photoset"]["id"]}
    assert all(item.url.startswith("https://www.flickr.com/photos/") for item in found)
