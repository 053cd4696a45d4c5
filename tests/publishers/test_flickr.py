"""The Flickr publisher, against the sandbox's Flickr."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from socialcast.compose.preflight import with_limits
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Link, Photo, Video
from socialcast.model.errors import (
    CredentialsExpired,
    DuplicatePost,
    NotAllowed,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.model.post import Post
from socialcast.model.receipt import Draft, Receipt
from socialcast.publisher import Connection
from socialcast.publishers.flickr import FlickrPublisher, words
from socialcast.publishers.flickr.client import FlickrClient, FlickrError
from socialcast.publishers.flickr.licences import is_offered, licence_id, licence_ids, licence_url
from socialcast.publishers.flickr.tables import Safety
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Exchange, Transport


class Newsroom:
    """One account on the sandbox's Flickr, its publisher, and as many machines to publish from as a test wants."""

    def __init__(self, sandbox: Sandbox, folder: Path, **settings: Any) -> None:
        self.sandbox, self.folder, self.clock = sandbox, folder, SandboxClock(sandbox)
        wishes = {"perms": settings.pop("perms")} if "perms" in settings else {}
        account = sandbox.account("flickr", "news", **wishes)
        secrets = {name: Secret(value) for name, value in account.credentials.items()}
        self.transport = Transport(sandbox_url=sandbox.url)
        connection = Connection(channel="news", transport=self.transport, clock=self.clock)
        self.publisher = FlickrPublisher(FlickrPublisher.Settings(**secrets, **settings), connection)
        self.visitor = FlickrClient(self.publisher.settings, self.transport.session())
        self._ledgers: list[Ledger] = []

    def steps(self, machine: str = "one", key: str = "hall", *, recover: bool = False) -> Steps:
        """The steps of an announcement on that machine, as its ledger knows them."""
        ledger = Ledger(self.folder / machine / "ledger")
        self._ledgers.append(ledger)
        return Steps(
            ledger,
            key,
            "news",
            judge=self.publisher.judge,
            patience=Patience(self.clock, Cancel()),
            settle_seconds=self.publisher.capabilities.recovery.settle_seconds,
            recover=recover,
        )

    def publish(self, post: Post, machine: str = "one", *, recover: bool = False) -> Receipt:
        """From prepare to commit."""
        steps = self.steps(machine, post.key, recover=recover)
        draft = self.publisher.prepare(post, steps)
        while not (readiness := self.publisher.ready(draft)).ready:
            self.sandbox.advance(readiness.look_again_after_seconds)
        return self.publisher.commit(post, draft, steps)

    def photo(self, photo_id: str) -> dict[str, Any]:
        """What Flickr tells of a photo."""
        found: dict[str, Any] = self.visitor.call("photos.getInfo", photo_id=photo_id)["photo"]
        return found

    def stream(self) -> list[str]:
        """The ids of everything on the account."""
        return [photo["id"] for photo in self.visitor.pages("people.getPhotos", "photos", "photo", user_id="me")]

    def sent(self, operation: str) -> int:
        """How often a method was called, or the upload."""
        return sum(record.operation == f"flickr.{operation}" or record.handler == operation for record in self.sandbox.requests())

    def close(self) -> None:
        """Close files and connections."""
        for ledger in self._ledgers:
            ledger.close()
        self.transport.close()


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path)
    yield newsroom
    newsroom.close()


def jpeg(seat: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (48 + seat, 32), (40, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def photos(count: int, **fields: Any) -> tuple[Photo, ...]:
    usual = {"caption": "In the hall", "credit": "Ann & Bo", "licence": "CC-BY-4.0"}
    return tuple(Photo(jpeg(n), alt=f"The hall <from> seat {n}. It is full.", **{**usual, **fields}) for n in range(count))


def composed(publisher: FlickrPublisher, *, key: str = "hall", count: int = 3, **fields: Any) -> Post:
    values = {"title": "Open doors", "text": "The doors open at nine.", "photos": photos(count), "tags": ("open doors", "davos")}
    return publisher.compose(Announcement(key=key, **{**values, **fields}), {})


# -- what is published -----------------------------------------------------------------------------------------------------


def test_prepare_leaves_everything_private(room: Newsroom) -> None:
    """Nobody but the account sees a photo before the commit."""
    draft = room.publisher.prepare(composed(room.publisher), room.steps())
    seen = [room.photo(photo_id)["visibility"] for photo_id in draft.ids("photo")]
    assert len(seen) == 3
    assert not any(int(each["ispublic"]) or int(each["isfriend"]) or int(each["isfamily"]) for each in seen)


def test_commit_makes_every_photo_public_in_the_album_in_order(room: Newsroom) -> None:
    """The album holds the photos in the announcement's order, all public, and is the receipt's main item."""
    receipt = room.publish(composed(room.publisher, count=5))
    ids = [item.id for item in receipt.items if item.kind == "photo"]
    album = room.visitor.call("photosets.getPhotos", photoset_id=receipt.id, user_id="me")["photoset"]
    assert [photo["id"] for photo in album["photo"]] == ids
    assert all(int(room.photo(photo_id)["visibility"]["ispublic"]) for photo_id in ids)
    assert receipt.url.endswith(f"/albums/{receipt.id}")


def test_a_photo_carries_its_words_tags_and_licence(room: Newsroom) -> None:
    """Alt text, caption, credit and licence are in the description, escaped; the title is what a screen reader says."""
    receipt = room.publish(composed(room.publisher, count=2))
    photo = room.photo(receipt.items[1].id)
    described = photo["description"]["_content"]
    assert photo["title"]["_content"] == "The hall <from> seat 0. It is full."
    assert "The hall &lt;from&gt; seat 0. It is full." in described
    assert "In the hall" in described
    assert 'Ann &amp; Bo · <a href="https://creativecommons.org/licenses/by/4.0/">CC-BY-4.0</a>' in described
    assert photo["license"] == "11"
    assert {"open doors", "davos"} <= {tag["raw"] for tag in photo["tags"]["tag"]}


def test_feeds_can_link_to_the_album_before_it_is_public(room: Newsroom) -> None:
    """The draft gives the album's address."""
    draft = room.publisher.prepare(composed(room.publisher), room.steps())
    assert draft.links == {"album": next(item.url for item in draft.items if item.kind == "album")}


def test_a_single_photo_needs_no_album_and_says_what_the_announcement_says(room: Newsroom) -> None:
    """Its own page is the address, and the announcement's words begin its description."""
    post = composed(room.publisher, count=1, link=Link("https://example.org/doors"))
    receipt = room.publish(post)
    assert [item.kind for item in receipt.items] == ["photo"]
    assert receipt.url.endswith(f"/{receipt.id}/")
    assert room.photo(receipt.id)["description"]["_content"].startswith(
        "Open doors\n\nThe doors open at nine.\n\nhttps://example.org/doors\n\nThe hall"
    )
    assert room.sent("photosets.create") == 0


def test_a_video_is_awaited_licensed_and_published_in_the_album(room: Newsroom) -> None:
    """It is not ready before it is converted, and ends in the same album as the photos."""
    video = Video(b"\0\0\0\x18ftypmp42" + b"\0" * 2000, alt="A walk through the hall", licence="CC-BY-4.0")
    post = composed(room.publisher, count=2, video=video)
    steps = room.steps()
    draft = room.publisher.prepare(post, steps)
    assert not room.publisher.ready(draft).ready
    room.sandbox.advance(3600)
    assert room.publisher.ready(draft).ready
    receipt = room.publisher.commit(post, draft, steps)
    film = next(item for item in receipt.items if item.kind == "video")
    album = room.visitor.call("photosets.getPhotos", photoset_id=receipt.id, user_id="me")["photoset"]
    assert [photo["id"] for photo in album["photo"]][-1] == film.id
    assert room.photo(film.id)["license"] == "11"
    assert int(room.photo(film.id)["visibility"]["ispublic"])


def test_an_announcement_with_a_video_only_is_its_page(room: Newsroom) -> None:
    """Without photos there is no album; the video is the main item."""
    post = composed(room.publisher, photos=(), video=Video(b"\0\0\0\x18ftypmp42" + b"\0" * 2000, alt="A walk"))
    receipt = room.publish(post)
    assert [item.kind for item in receipt.items] == ["video"]


def test_comments_can_be_closed(sandbox: Sandbox, tmp_path: Path) -> None:
    """`comments = false` lets nobody comment."""
    room = Newsroom(sandbox, tmp_path, comments=False)
    receipt = room.publish(composed(room.publisher, count=1))
    assert int(room.photo(receipt.id)["permissions"]["permcomment"]) == 0
    room.close()


def test_words_of_any_script_are_signed_and_arrive(room: Newsroom) -> None:
    """The sandbox checks the signature over every field, and Flickr's rules for it leave ~ alone and write a space as %20."""
    alt = "Ein Saal voller Gäste ~ 100% & mehr: 会場は満席 🎉"
    receipt = room.publish(composed(room.publisher, photos=(Photo(jpeg(0), alt=alt),), tags=("Zürich 2026", "会場")))
    photo = room.photo(receipt.id)
    assert photo["title"]["_content"] == alt
    assert {"Zürich 2026", "会場"} <= {tag["raw"] for tag in photo["tags"]["tag"]}


@pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder with Flickr's method list")
def test_every_call_is_one_that_flickr_describes(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known methods, with their required arguments and no unknown ones."""
    described = json.loads((Path(os.environ["SOCIALCAST_SPECS"]) / "flickr-methods.json").read_text())
    calls: list[tuple[str, set[str]]] = []
    real = FlickrClient.call

    def call(self: FlickrClient, method: str, **arguments: str | int) -> dict[str, Any]:
        calls.append((f"flickr.{method}", set(arguments)))
        return real(self, method, **arguments)

    monkeypatch.setattr(FlickrClient, "call", call)
    room = Newsroom(sandbox, tmp_path, perms="delete")
    room.steps().read(room.publisher.account)
    room.publish(composed(room.publisher, video=Video(b"\0\0\0\x18ftypmp42" + b"\0" * 2000, alt="A walk")))
    post = composed(room.publisher, video=None)
    receipt = room.publish(post, "two", recover=True)
    room.publisher.inspect(receipt)
    room.publisher.duplicates(post, receipt)
    room.publisher.measure(receipt)
    room.publisher.replies(receipt)
    said = room.publisher.answer(receipt, "At nine.", room.steps("two"), name="answer")
    changed = composed(room.publisher, video=None, tags=("late",), text="At ten.", licence="CC-BY-2.0")
    room.publisher.amend(receipt, changed, room.steps("two"), name="revision/1")
    room.publisher.retract(msgspec.structs.replace(receipt, items=(*receipt.items, said)), room.steps("two"))
    room.close()
    signed = {"oauth_token"}  # goes in the Authorization header
    newer = {"user_id"}  # of albums, which the pages require since 2014 and the list lacks
    for method, given in calls:
        known = described[method]["args"]
        required = {name for name, need in known.items() if need == "required"} - signed
        assert required <= given <= {*known, *newer}, method
    assert len({method for method, _ in calls}) >= 20


# -- exactly once ----------------------------------------------------------------------------------------------------------


def test_a_lost_answer_uploads_nothing_twice(room: Newsroom) -> None:
    """The photo that arrived is found by its mark in the photostream, which does not lag behind as the search does."""
    room.sandbox.fault("flickr", "reset_after", handler="upload", nth=2)
    receipt = room.publish(composed(room.publisher))
    assert sorted(room.stream()) == sorted(item.id for item in receipt.items if item.kind == "photo")
    assert room.sent("upload") == 3


def test_an_upload_that_never_arrived_is_sent_again(room: Newsroom) -> None:
    """Absent after the settling time is absent."""
    room.sandbox.fault("flickr", "reset_before", handler="upload", nth=2)
    room.publish(composed(room.publisher))
    assert len(room.stream()) == 3


def test_an_empty_machine_finds_everything_by_one_listing(room: Newsroom) -> None:
    """Recovering asks for the photostream and the index once, however many photos there are, and uploads none."""
    first = room.publish(composed(room.publisher, count=20))
    before = room.sent("people.getPhotos")
    again = room.publish(composed(room.publisher, count=20), "two", recover=True)
    assert again == first
    assert room.sent("upload") == 20
    assert room.sent("photosets.create") == 1
    assert room.sent("people.getPhotos") - before <= 2  # one to find, one for the licences


def test_photos_of_long_ago_are_found_by_the_index(room: Newsroom) -> None:
    """The photostream is listed for a day; what is older is found by searching for the announcement's tag."""
    first = room.publish(composed(room.publisher))
    room.sandbox.advance(30 * 24 * 3600)
    assert room.publish(composed(room.publisher), "two", recover=True) == first


def test_an_empty_machine_that_is_not_told_to_recover_doubles_nothing_either(room: Newsroom) -> None:
    """The server's duplicate check names the photo, and it carries our mark."""
    first = room.publish(composed(room.publisher, count=1))
    assert room.publish(composed(room.publisher, count=1), "two") == first
    assert room.stream() == [first.id]


def test_a_photo_that_somebody_published_by_hand_stays_as_it_is(room: Newsroom) -> None:
    """Its privacy, words and licence are not ours; a copy of our own is published beside it."""
    fields = {"title": "Mine", "tags": "private", "is_public": "0", "is_friend": "0", "is_family": "0"}
    by_hand = room.visitor.upload(io.BytesIO(jpeg(0)), "mine.jpg", fields).photo_id
    room.sandbox.advance(60)
    before = room.photo(by_hand)
    receipt = room.publish(composed(room.publisher, count=1))
    after = room.photo(by_hand)
    assert receipt.id != by_hand
    assert [after[name] for name in ("title", "visibility", "license")] == [
        before[name] for name in ("title", "visibility", "license")
    ]
    assert len(room.stream()) == 2


def test_two_announcements_with_the_same_photo_are_two_posts(room: Newsroom) -> None:
    """Each has its own photo, with its own words."""
    one = room.publish(composed(room.publisher, key="monday", count=1))
    two = room.publish(composed(room.publisher, key="tuesday", count=1))
    assert one.id != two.id


@pytest.mark.parametrize("effect", ["reset_after", "html", "no_id", "truncated"])
def test_an_album_is_made_once_whatever_happens_to_the_answer(room: Newsroom, effect: str) -> None:
    """It is found by the mark in its description."""
    room.sandbox.fault("flickr", effect, handler="photosets_create")
    receipt = room.publish(composed(room.publisher))
    albums = list(room.visitor.pages("photosets.getList", "photosets", "photoset"))
    assert [album["id"] for album in albums] == [receipt.id]


def test_a_video_whose_answer_was_lost_is_found(room: Newsroom) -> None:
    """Its mark is looked for as a photo's is, and the conversion need not be asked for by a ticket nobody has."""
    video = Video(b"\0\0\0\x18ftypmp42" + b"\0" * 2000, alt="A walk")
    room.sandbox.fault("flickr", "reset_after", handler="upload")
    receipt = room.publish(composed(room.publisher, photos=(), video=video))
    assert room.stream() == [receipt.id]


def test_eight_uploads_at_once_share_their_connections(room: Newsroom) -> None:
    """Every signature is accepted from every thread, and no connection is opened for each call."""
    before = room.sandbox.connections
    room.publish(composed(room.publisher, count=40))
    assert len(room.stream()) == 40
    assert room.sandbox.connections - before <= room.publisher.settings.at_once + 1


# -- licences --------------------------------------------------------------------------------------------------------------


def test_a_licence_that_flickr_lacks_is_named_and_never_replaced_by_another(room: Newsroom) -> None:
    """All rights reserved, the right licence in words, and an adaptation that says so."""
    post = composed(room.publisher, photos=photos(1, licence="CC-BY-SA-3.0"))
    receipt = room.publish(post)
    assert [adaptation.code for adaptation in post.adaptations] == ["photo.licence_in_words"]
    assert room.photo(receipt.id)["license"] == "0"
    assert "CC-BY-SA-3.0" in room.photo(receipt.id)["description"]["_content"]


def test_a_licence_that_the_account_gives_by_default_costs_no_call(room: Newsroom) -> None:
    """One listing shows which photos have their licence already."""
    room.publish(
        composed(room.publisher, photos=photos(3, licence="CC-BY-SA-3.0"))
    )  # the sandbox's default is all rights reserved
    assert room.sent("photos.licenses.setLicense") == 0


def test_licences_are_found_by_address() -> None:
    """Numbers may change and spellings of an address differ."""
    told = licence_ids(
        [
            {"id": 0, "url": ""},
            {"id": "77", "url": "http://creativecommons.org/licenses/by-sa/4.0/deed.en"},
            {"id": "9", "url": "https://www.creativecommons.org/publicdomain/zero/1.0"},
        ]
    )
    assert [licence_id(name, told) for name in ("CC-BY-SA-4.0", "cc0-1.0", "MIT", "CC-BY-4.0")] == ["77", "9", "0", None]


@pytest.mark.parametrize(
    ("licence", "url", "offered"),
    [
        ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", True),
        ("CC-BY-NC-ND-2.0", "https://creativecommons.org/licenses/by-nc-nd/2.0/", True),
        ("CC-BY-SA-3.0", "https://creativecommons.org/licenses/by-sa/3.0/", False),
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", True),
        ("All rights reserved", "", False),
    ],
)
def test_a_licence_has_its_address_and_is_offered_or_not(licence: str, url: str, offered: bool) -> None:
    """Creative Commons 2.0 and 4.0 and the public domain are what Flickr knows."""
    assert (licence_url(licence), is_offered(licence)) == (url, offered)


# -- the account -----------------------------------------------------------------------------------------------------------


def test_the_account_tells_who_it_is_and_what_it_may_upload(room: Newsroom) -> None:
    """Id, address and limits that fit into the capabilities table."""
    account = room.publisher.account()
    assert account.id in account.url
    table = with_limits(room.publisher.capabilities, account.limits)
    assert table.photos
    assert table.photos.max_bytes == account.limits["photos.max_bytes"]


def test_a_token_that_may_only_read_is_told_before_anything_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    """The hint says which permission to ask for."""
    room = Newsroom(sandbox, tmp_path, perms="read")
    with pytest.raises(NotAllowed) as caught:
        room.steps().read(room.publisher.account)
    assert "write" in caught.value.hint
    room.close()


def test_an_expired_token_is_told_as_such(room: Newsroom) -> None:
    """Flickr's 98 comes with HTTP 200."""
    room.sandbox.mirror("flickr").expire_credentials("news")
    with pytest.raises(CredentialsExpired) as caught:
        room.steps().read(room.publisher.account)
    assert (caught.value.code, caught.value.hint) == ("98", "sign in again and store the new token")


def test_one_token_is_one_identity(room: Newsroom) -> None:
    """Two channels with one account are told apart by nothing."""
    assert room.publisher.identity == room.publisher.settings.oauth_token.reveal()
    assert room.publisher.identity not in repr(room.publisher.settings)


# -- taking it back --------------------------------------------------------------------------------------------------------


def test_retract_deletes_photos_and_album_and_what_is_gone_is_gone(sandbox: Sandbox, tmp_path: Path) -> None:
    """A photo that somebody deleted by hand in between is no error."""
    room = Newsroom(sandbox, tmp_path, perms="delete")
    receipt = room.publish(composed(room.publisher))
    room.visitor.call("photos.delete", photo_id=receipt.items[1].id)
    room.publisher.retract(receipt, room.steps())
    assert room.stream() == []
    assert list(room.visitor.pages("photosets.getList", "photosets", "photoset")) == []
    room.close()


def test_retract_without_the_permission_says_which_one_it_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    """Deleting needs the permission delete."""
    room = Newsroom(sandbox, tmp_path, perms="write")
    receipt = room.publish(composed(room.publisher, count=1))
    with pytest.raises(NotAllowed) as caught:
        room.publisher.retract(receipt, room.steps())
    assert "delete" in caught.value.hint
    assert room.stream() == [receipt.id]
    room.close()


# -- errors ----------------------------------------------------------------------------------------------------------------


UPLOAD, REST = "/services/upload/", "/services/rest/"


def told(room: Newsroom, path: str, code: int, message: str = "no", *, writing: bool = True, status: int = 200) -> Exception:
    """What a publisher makes of an answer."""
    xml = f'<rsp stat="fail"><err code="{code}" msg="{message}"/></rsp>'.encode()
    body = xml if path == UPLOAD else msgspec.json.encode({"stat": "fail", "code": code, "message": message})
    exchange = Exchange(method="POST", host="flickr", path=path, status=status, body=body)
    return room.publisher.judge(RuntimeError(), [exchange], writing=writing)


@pytest.mark.parametrize(
    ("path", "code", "kind"),
    [
        *((UPLOAD, code, TerminalError) for code in (2, 4, 5, 8, 10, 11, 12, 13)),
        *((UPLOAD, code, NotAllowed) for code in (6, 7, 15)),
        *((path, code, OutcomeUnknown) for path in (UPLOAD, REST) for code in (105, 106)),
        (UPLOAD, 3, OutcomeUnknown),
        (UPLOAD, 9, DuplicatePost),
        (UPLOAD, 14, TransientError),
        *((path, code, CredentialsExpired) for path in (UPLOAD, REST) for code in (96, 97, 98, 100)),
        *((path, 99, NotAllowed) for path in (UPLOAD, REST)),
        *((REST, code, TerminalError) for code in (2, 3, 9, 14, 95, 111, 112, 114, 115, 116)),
    ],
)
def test_every_code_means_what_it_means_there(room: Newsroom, path: str, code: int, kind: type[PublishError]) -> None:
    """The upload and the methods give one number to different things."""
    error = told(room, path, code)
    assert type(error) is kind
    assert isinstance(error, PublishError)
    assert (error.code, error.message) == (str(code), "no")


def test_a_photo_that_is_too_fresh_is_asked_for_again(room: Newsroom) -> None:
    """For some seconds after the upload the other methods do not know it."""
    assert isinstance(told(room, REST, 1, "Photo not found"), TransientError)
    assert isinstance(told(room, REST, 1, "No title specified"), TerminalError)


def test_too_many_calls_and_too_large_a_file_have_their_own_hint(room: Newsroom) -> None:
    """Both are plain HTTP statuses."""
    assert isinstance(told(room, REST, 0, status=429), RateLimited)
    assert "smaller" in str(told(room, UPLOAD, 0, status=413))


def test_an_answer_that_is_no_failure_reads_as_none(room: Newsroom) -> None:
    """Success and nonsense tell no code."""
    bodies = (b'{"stat":"ok"}', b"<rsp stat='ok'><photoid>5</photoid></rsp>", b"<html>busy", b"[]", b"")
    for body in bodies:
        assert room.publisher.read_error(Exchange(method="POST", host="h", path=REST, status=200, body=body)) == ("", "")


@pytest.mark.parametrize("code", [105, 106])
def test_an_album_that_perhaps_was_made_is_looked_for(room: Newsroom, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """ "Failed for now" is no proof for a call that adds something, and sandbox faults cannot say it after the effect."""
    api, failed = room.publisher._api, []
    call = api.call

    def answer(method: str, **arguments: Any) -> dict[str, Any]:
        result = call(method, **arguments)
        if method == "photosets.create" and not failed:
            failed.append(method)
            raise FlickrError("Write operation failed", code)
        return result

    monkeypatch.setattr(api, "call", answer)
    room.publish(composed(room.publisher))
    assert failed
    assert len(list(room.visitor.pages("photosets.getList", "photosets", "photoset"))) == 1


# -- words -----------------------------------------------------------------------------------------------------------------


POST = Post(
    key="hall",
    channel="news",
    platform="flickr",
    photos=photos(2),
    parts=("Doors & more",),
    tags=("#davos", 'open "doors"', "a b"),
)
SETTINGS = FlickrPublisher.Settings(
    api_key=Secret("key"), api_secret=Secret("key-secret"), oauth_token=Secret("token"), oauth_token_secret=Secret("token-secret")
)


def test_a_mark_is_the_same_on_every_machine_and_differs_by_key_channel_and_step() -> None:
    """It is derived from those three and nothing else."""
    others = [
        words.mark(msgspec.structs.replace(POST, key="other"), "photo/0"),
        words.mark(msgspec.structs.replace(POST, channel="other"), "photo/0"),
        words.mark(POST, "photo/1"),
    ]
    assert words.mark(POST, "photo/0") == words.mark(msgspec.structs.replace(POST, title="changed"), "photo/0")
    assert len({words.mark(POST, "photo/0"), *others}) == 4
    assert words.mark(POST, "photo/0").isalnum()


def test_tags_with_spaces_are_quoted_and_marks_come_last() -> None:
    """Flickr separates tags by spaces."""
    tags = words.upload_fields(POST, POST.photos[0], "photo/0", SETTINGS)["tags"]
    assert tags.startswith('davos "open doors" "a b" socialcast:id=')
    assert words.mark_in(tags) == words.mark(POST, "photo/0")


@pytest.mark.parametrize(
    ("alt", "title"),
    [
        ("A full hall.", "A full hall."),
        ("A full hall. " + "Seats and more seats. " * 30, "A full hall."),
        ("word " * 100, "word " * 49 + "word…"),
        ("", "In the hall"),
    ],
)
def test_a_title_is_as_much_of_the_alt_text_as_a_title_holds(alt: str, title: str) -> None:
    """Whole, or its first sentence, or as many words as fit; the caption where there is no alt text."""
    shown = words.upload_fields(POST, Photo(b"x", alt=alt, caption="In the hall"), "photo/0", SETTINGS)["title"]
    assert shown == title
    assert len(shown) <= 255


def test_an_album_is_called_as_the_settings_say_or_as_the_announcement_is() -> None:
    """The first one that is given of setting, title, text and key."""
    named = msgspec.structs.replace(POST, title="Open doors")
    wished = msgspec.structs.replace(SETTINGS, album="Press photos")
    assert [words.album_title(POST, SETTINGS), words.album_title(named, SETTINGS), words.album_title(named, wished)] == [
        "Doors & more",
        "Open doors",
        "Press photos",
    ]
    assert words.album_description(POST).startswith("Doors &amp; more\n\nsocialcast:id=")


def test_safety_and_hiding_are_sent_as_flickr_numbers_them() -> None:
    """1 to 3, and 2 for hidden."""
    settings = msgspec.structs.replace(SETTINGS, safety=Safety.RESTRICTED, hidden=True)
    fields = words.upload_fields(POST, POST.photos[0], "photo/0", settings)
    assert (fields["safety_level"], fields["hidden"], fields["is_public"]) == ("3", "2", "0")


def test_an_animation_is_warned_of(room: Newsroom) -> None:
    """Flickr shows its first picture only."""
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    problems = room.publisher.check(composed(room.publisher, photos=(Photo(out.getvalue(), alt="A flag"), *photos(1))))
    assert [(problem.code, problem.path) for problem in problems] == [("photos.animated", "photos[0]")]


def test_a_draft_is_plain_data(room: Newsroom) -> None:
    """It goes through the ledger unchanged."""
    draft = room.publisher.prepare(composed(room.publisher), room.steps())
    assert msgspec.json.decode(msgspec.json.encode(draft), type=Draft) == draft
