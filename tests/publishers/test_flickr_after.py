"""The Flickr publisher after publication: what is read back, what people comment, corrections and numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast.model.announcement import Link, Video
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen, Sight
from socialcast.publishers.flickr import comments
from socialcast.sandbox import Sandbox
from tests.publishers.conversation import all_replies
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


def answer(room: Newsroom, receipt: Receipt, text: str, to: str | None = None, *, name: str = "a") -> Item:
    """Say it, to the comment of that id."""
    reply = next((reply for reply in all_replies(room.publisher, receipt)[0] if reply.id == to), None)
    return room.publisher.answer(receipt, text, room.steps(), name=name, to=reply)


def sights(room: Newsroom, post: Post, receipt: Receipt) -> tuple[Sight, Sight]:
    """What is shown, and what is expected."""
    return room.publisher.inspect(receipt), room.publisher.expected(post, receipt)


def compared(seen: Seen) -> tuple[Any, ...]:
    """What both sides tell of an item."""
    media = [(medium.kind, medium.alt or "") for medium in seen.media or ()]
    return seen.item, seen.gone, seen.title, seen.text, seen.links, set(seen.tags or ()), media, seen.licence


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
    files = [medium.url for each in seen if each.item.kind == "photo" for medium in each.media or ()]
    assert all(room.publisher.session.get(url).ok for url in files)


def test_tags_are_compared_as_flickr_lists_them(room: Newsroom) -> None:
    """Without capitals, spaces and signs, and without our marks; of an album, whose photos are listed, and of a single photo."""
    for key, count in (("album", 2), ("single", 1)):
        post = composed(room.publisher, key=key, count=count, tags=("Open Doors!", "#davos", "Davos", "!?"))
        receipt = room.publish(post)
        photo = next(item for item in receipt.items if item.kind == "photo")
        seen, wanted = ({each.item.id: each for each in sight.items} for sight in sights(room, post, receipt))
        assert set(seen[photo.id].tags or ()) == set(wanted[photo.id].tags or ()) == {"opendoors", "davos"}
        room.visitor.call("photos.addTags", photo_id=photo.id, tags="protest")
        assert set(room.publisher.inspect(receipt).items[-count].tags or ()) == {"opendoors", "davos", "protest"}


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
    before, (album, photo, *_) = room.clock.now().replace(microsecond=0), receipt.items
    room.sandbox.act("flickr", "edit", "eve", album.id, "We stay shut")
    room.sandbox.act("flickr", "edit", "eve", photo.id, "Empty <b>seats</b>")
    room.visitor.call("photos.licenses.setLicense", photo_id=photo.id, license_id=0)
    seen = room.publisher.inspect(receipt).items
    assert (seen[0].text, seen[1].text) == ("We stay shut", "Empty seats")
    assert seen[1].licence == "All Rights Reserved"
    assert seen[1].edited_at
    assert before <= seen[1].edited_at <= room.clock.now()


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


# -- what people say -------------------------------------------------------------------------------------------------------


def test_comments_come_from_the_album_and_its_photos(room: Newsroom, receipt: Receipt) -> None:
    """With who wrote them, where they stand and whom they answer; own ones are marked."""
    album, photo, *_ = receipt.items
    asked = mirror(room).reply_as("ann", photo.id, "When?")
    too = mirror(room).reply_as("bob", asked, "I ask, too")
    nice = mirror(room).reply_as("cy", album.id, "<b>Nice</b>")
    answered = answer(room, receipt, "At nine.", asked)
    told = {reply.id: reply for reply in all_replies(room.publisher, receipt)[0]}
    ann, bob, cy, ours = (told[id] for id in (asked, too, nice, answered.id))
    assert (ann.author, ann.text, ann.parent, ann.is_own) == ("ann", "When?", photo.id, False)
    assert (bob.parent, cy.parent, cy.text) == (asked, album.id, "<b>Nice</b>")
    assert (ours.parent, ours.is_own) == (asked, True)
    assert answered.url.startswith(photo.url)
    assert ann.url.startswith("https://www.flickr.com/photos/news/")
    assert ours.text == f"[{ann.author_url.rstrip('/')}] At nine."


def test_an_answer_belongs_to_one_of_several_comments_of_a_person(room: Newsroom, receipt: Receipt) -> None:
    """The address of the comment tells which, so that the others go on waiting."""
    photo = receipt.items[1]
    first, second, third = (mirror(room).reply_as("ann", photo.id, text) for text in ("When?", "Where?", "Why?"))
    answers = [answer(room, receipt, "Look at the page.", id, name=id) for id in (second, first)]
    own = {reply.id: reply.parent for reply in all_replies(room.publisher, receipt)[0] if reply.is_own}
    assert own == dict(zip([item.id for item in answers], [second, first], strict=True))
    assert third not in own.values()


def test_only_what_changed_is_read_on_another_day(room: Newsroom) -> None:
    """Every comment comes, over pages and days; photos that nobody touched are not asked for."""
    receipt = room.publish(composed(room.publisher, count=25))
    ids = [mirror(room).reply_as("ann", item.id, "Nice") for item in receipt.items[1:]]
    first = room.publisher.replies(receipt)
    assert (first.more, len(first.page)) == (True, 20)
    room.sandbox.advance(60)
    late = mirror(room).reply_as("bob", receipt.items[1].id, "Late")
    rest, cursor = all_replies(room.publisher, receipt, first.cursor)
    assert [reply.id for reply in (*first.page, *rest)] == ids
    found, cursor = all_replies(room.publisher, receipt, cursor)
    assert late in {reply.id for reply in found}
    latest, asked = "", []
    for _ in range(4):
        room.sandbox.advance(60)
        latest = latest or mirror(room).reply_as("cy", receipt.items[2].id, "And now?")
        before = room.sent("photos.comments.getList")
        found, cursor = all_replies(room.publisher, receipt, cursor)
        asked.append(room.sent("photos.comments.getList") - before)
        assert (latest in {reply.id for reply in found}) == (asked[-1] > 0)
    assert asked == [2, 1, 0, 0]  # what changed in the last second is asked once more


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_comment_of_the_second_in_which_it_was_read_is_not_missed(room: Newsroom, receipt: Receipt, seconds: int) -> None:
    """Readings that follow at once do not take that second for over."""
    now, api, cursor = room.clock.now(), room.visitor, ""
    for moment in (now, now + timedelta(seconds=seconds)):
        cursor = comments.one_page(api, receipt, "me", moment, cursor).cursor
    photo, second = mirror(room).photos[receipt.items[1].id], max(each.updated for each in mirror(room).photos.values())
    said = mirror(room).reply_as("ann", photo.id, "Nice")
    photo.updated = second
    later = comments.one_page(api, receipt, "me", now + timedelta(days=1), cursor)
    assert [reply.id for reply in later.page] == [said]


def test_comments_of_what_was_deleted_are_none(room: Newsroom, receipt: Receipt) -> None:
    """And no error; another photo's are told all the same."""
    cursor = room.publisher.replies(receipt).cursor
    room.sandbox.advance(60)
    mirror(room).reply_as("ann", receipt.items[1].id, "Nice")
    said = mirror(room).reply_as("bob", receipt.items[2].id, "Nice")
    room.sandbox.act("flickr", "remove", "eve", receipt.items[1].id)
    room.visitor.call("photosets.delete", photoset_id=receipt.id)
    assert [reply.id for reply in all_replies(room.publisher, receipt, cursor)[0] if reply.id] == [said]


def test_answering_what_was_deleted_says_so(room: Newsroom, receipt: Receipt) -> None:
    """It was there when it was listed; Flickr would take the comment all the same."""
    asked = mirror(room).reply_as("ann", receipt.id, "When?")
    (ann,) = all_replies(room.publisher, receipt)[0]
    room.sandbox.act("flickr", "remove", "ann", asked)
    with pytest.raises(TerminalError, match="deleted") as raised:
        room.publisher.answer(receipt, "At nine.", room.steps(), name="a", to=ann)
    assert raised.value.code == "reply.gone"
    assert room.sent("photosets.comments.addComment") == 0


@pytest.mark.parametrize("effect", ["reset_after", "reset_before", "no_id"])
@pytest.mark.parametrize("place", [0, 1, None])
def test_an_answer_whose_answer_was_lost_is_there_once(room: Newsroom, receipt: Receipt, place: int | None, effect: str) -> None:
    """Found in its place, though the account said the same elsewhere, and to the same person before."""
    other = mirror(room).reply_as("cy", receipt.items[2].id, "What time?")
    answer(room, receipt, "At nine.", other, name="elsewhere")
    if place is None:
        handler, send = "photosets_comments_add_comment", None
    else:
        asked = mirror(room).reply_as("ann", receipt.items[place].id, "When?")
        answer(room, receipt, "At nine.", asked, name="before")
        send = mirror(room).reply_as("ann", receipt.items[place].id, "When again?")
        handler = "photosets_comments_add_comment" if place == 0 else "photos_comments_add_comment"
    room.sandbox.fault("flickr", effect, handler=handler, nth=1)
    item = answer(room, receipt, "At nine.", send)
    assert answer(room, receipt, "At nine.", send) == item
    own = {reply.id: reply.parent for reply in all_replies(room.publisher, receipt)[0] if reply.is_own}
    assert (len(own), own[item.id]) == (2 if place is None else 3, send or receipt.id)


def test_answers_are_taken_back_with_all_else_or_alone(room: Newsroom, receipt: Receipt) -> None:
    """Below photos and below the album; what somebody deleted before is no error."""
    asked = mirror(room).reply_as("ann", receipt.items[1].id, "When?")
    said = (answer(room, receipt, "At nine.", asked, name="a"), answer(room, receipt, "Corrected.", name="b"))
    room.publisher.retract(msgspec.structs.replace(receipt, items=said), room.steps("two"))
    assert [reply.id for reply in all_replies(room.publisher, receipt)[0]] == [asked]
    room.publisher.retract(msgspec.structs.replace(receipt, items=(*receipt.items, *said)), room.steps("three"))
    assert (room.stream(), mirror(room).cards()) == ([], [])


# -- corrections -----------------------------------------------------------------------------------------------------------


def corrected(post: Post, room: Newsroom) -> Post:
    """Other words for all, another alt text and licence for the second photo."""
    first, second, third = post.photos
    second = msgspec.structs.replace(second, alt="The hall, empty", licence="CC-BY-SA-4.0")
    wanted = {
        "photos": (first, second, third),
        "text": "The doors open at ten.",
        "title": "Open gates",
        "tags": ("late", "davos"),
    }
    return composed(room.publisher, link=DOORS, **wanted)


def test_a_correction_changes_words_tags_and_licences(room: Newsroom, post: Post, receipt: Receipt) -> None:
    """Afterwards it reads back as the new announcement, the marks are as they were, and nothing was uploaded."""
    after = corrected(post, room)
    assert room.publisher.amend(receipt, after, room.steps(), name="revision/1") == receipt
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(after, receipt).items
    assert [compared(each) for each in seen] == [compared(each) for each in wanted]
    photo = room.photo(receipt.items[2].id)
    assert {tag["raw"] for tag in photo["tags"]["tag"] if ":" not in tag["raw"]} == {"late", "davos"}
    assert room.publish(post, "two", recover=True) == receipt
    assert (room.sent("upload"), room.publisher.duplicates(after, receipt)) == (3, ())


def test_a_correction_touches_what_differs_and_is_made_once(room: Newsroom, post: Post, receipt: Receipt) -> None:
    """One photo's alt text is one photo's call, and the album's; tags in capitals are the same tags."""
    first, *rest = post.photos
    after = msgspec.structs.replace(
        post, photos=(msgspec.structs.replace(first, alt="The stage"), *rest), tags=("Open Doors", "#Davos")
    )
    for _ in range(2):
        room.publisher.amend(receipt, after, room.steps(), name="revision/1")
    assert [room.sent(f"photos.{name}") for name in ("setMeta", "setTags", "licenses.setLicense")] == [1, 0, 3]
    assert room.sent("photosets.editMeta") == 1
    assert room.photo(receipt.items[1].id)["title"]["_content"] == "The stage"


def test_a_single_photo_is_corrected_with_the_announcements_words(room: Newsroom) -> None:
    """They stand in its own description."""
    receipt = room.publish(composed(room.publisher, count=1))
    after = composed(room.publisher, count=1, text="The doors open at ten.")
    room.publisher.amend(receipt, after, room.steps(), name="revision/1")
    assert "at ten" in room.photo(receipt.id)["description"]["_content"]
    assert room.sent("photos.setMeta") == 1


@pytest.mark.parametrize(
    "handler",
    ["photosets_edit_meta", "photos_set_meta", "photos_set_tags", "photos_licenses_set_license"],
)
def test_a_correction_whose_answer_was_lost_is_made(room: Newsroom, post: Post, receipt: Receipt, handler: str) -> None:
    """Every call may be repeated."""
    room.sandbox.fault("flickr", "reset_after", handler=handler, nth=1)
    after = corrected(post, room)
    room.publisher.amend(receipt, after, room.steps(), name="revision/1")
    seen, wanted = room.publisher.inspect(receipt).items, room.publisher.expected(after, receipt).items
    assert [compared(each) for each in seen] == [compared(each) for each in wanted]


def test_a_correction_leaves_alone_what_was_deleted(room: Newsroom, post: Post, receipt: Receipt) -> None:
    """The others are corrected; without the album, or the only photo, it is said."""
    room.sandbox.act("flickr", "remove", "eve", receipt.items[2].id)
    room.publisher.amend(receipt, corrected(post, room), room.steps(), name="revision/1")
    assert "ten" in mirror(room).photosets[receipt.id].description
    room.sandbox.act("flickr", "remove", "eve", receipt.id)
    with pytest.raises(TerminalError, match="any more"):
        room.publisher.amend(receipt, post, room.steps(), name="revision/2")
    single = room.publish(composed(room.publisher, key="single", count=1))
    room.sandbox.act("flickr", "remove", "eve", single.id)
    with pytest.raises(TerminalError, match="any more"):
        room.publisher.amend(single, composed(room.publisher, key="single", count=1), room.steps(), name="revision/1")


# -- numbers ---------------------------------------------------------------------------------------------------------------


def test_numbers_are_those_that_the_capabilities_define(room: Newsroom, receipt: Receipt) -> None:
    """Of the album and of each photo; they grow with time."""
    mirror(room).reply_as("ann", receipt.id, "When?")
    mirror(room).reply_as("ann", receipt.items[1].id, "When?")
    first = measured(room, receipt)
    assert {name for name, _ in first} == {rule.name for rule in room.publisher.capabilities.metrics}
    assert (first["comments", receipt.id], first["comments", receipt.items[1].id]) == (1, 1)
    room.sandbox.advance(86_400)
    later = measured(room, receipt)
    assert all(later[place] > number for place, number in first.items() if place[0] != "comments")


def test_many_photos_are_counted_by_the_page(room: Newsroom) -> None:
    """Views come with the listing; what takes calls for each is left out."""
    receipt = room.publish(composed(room.publisher, count=21))
    before = len(room.sandbox.requests())
    assert {name for name, _ in measured(room, receipt)} == {"views", "album_views"}
    assert len(room.sandbox.requests()) - before == 2


def test_what_was_deleted_has_no_numbers(room: Newsroom, receipt: Receipt) -> None:
    """The others have theirs."""
    room.sandbox.act("flickr", "remove", "eve", receipt.items[1].id)
    room.visitor.call("photosets.delete", photoset_id=receipt.id)
    assert {id for _, id in measured(room, receipt)} == {item.id for item in receipt.items[2:]}


def measured(room: Newsroom, receipt: Receipt) -> dict[tuple[str, str], float]:
    return {(metric.name, metric.item_id): metric.value for metric in room.publisher.measure(receipt)}
