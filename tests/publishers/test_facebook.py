"""The Facebook publisher, against the sandbox's Facebook."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
import requests
from PIL import Image
from requests.structures import CaseInsensitiveDict

from socialcast.compose.preflight import check
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Link, Live, Photo, Privacy, Subtitles, Video
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
from socialcast.model.problems import Severity
from socialcast.model.receipt import Draft, Item, LiveState, Receipt
from socialcast.publisher import Connection
from socialcast.publishers.facebook import FacebookPublisher, videos, words
from socialcast.publishers.facebook.graph import Graph, GraphAPIError
from socialcast.publishers.facebook.posts import Likeness, Wanted, compare
from socialcast.publishers.facebook.settings import Place
from socialcast.publishers.facebook.usage import Usage, read_usage
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, saying
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Policy
from socialcast.wire.transport import Exchange, Transport
from tests.publishers import validated
from tests.publishers.graph import Described


class Newsroom:
    """One Page of the sandbox's Facebook, a channel on it, and as many machines to publish from as a test wants."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, wishes: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.sandbox, self.folder, self.clock = sandbox, folder, SandboxClock(sandbox)
        self.account = sandbox.account("facebook", "news", **(wishes or {}))
        given = {name: value if name == "page_id" else Secret(value) for name, value in self.account.credentials.items()}
        self.transport = Transport(sandbox_url=sandbox.url)
        self.connection = Connection(channel="news", transport=self.transport, clock=self.clock)
        self.settings = FacebookPublisher.Settings(**{**given, **settings})
        self.publisher = FacebookPublisher(self.settings, self.connection)
        self.visitor = Graph(self.settings, self.connection, self.transport.session())
        self._ledgers: list[Ledger] = []

    @property
    def page(self) -> str:
        return self.settings.page_id

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
        while not (readiness := steps.read(lambda: self.publisher.ready(draft))).ready:
            self.sandbox.advance(readiness.look_again_after_seconds)
        return self.publisher.commit(post, draft, steps)

    def feed(self) -> list[dict[str, Any]]:
        """What the public sees in the feed."""
        return list(self.visitor.pages(f"{self.page}/published_posts", fields="id,message,attachments"))

    def sent(self, method: str, end: str) -> int:
        """How often a call with that end of the path was made."""
        return sum(record.method == method and record.path.endswith(end) for record in self.sandbox.requests("facebook"))

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


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path, place=Place.LIVE)
    yield newsroom
    newsroom.close()


def jpeg(seat: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (48 + seat, 32), (40, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def photos(count: int) -> tuple[Photo, ...]:
    return tuple(Photo(jpeg(n), alt=f"The hall from seat {n}", caption="In the hall", credit="Ann & Bo") for n in range(count))


def composed(room: Newsroom, *, key: str = "hall", count: int = 3, **fields: Any) -> Post:
    values = {"title": "Open doors", "text": "The doors open at nine.", "photos": photos(count)}
    return room.publisher.compose(Announcement(key=key, **{**values, **fields}), {})


def event(room: Newsroom, **fields: Any) -> Post:
    live = Live(title="Opening", starts_at=room.clock.now() + timedelta(days=1), **fields)
    return composed(room, live=live)


# -- what is published -----------------------------------------------------------------------------------------------------


def test_photos_hang_on_one_post_in_order_with_their_alt_texts(room: Newsroom) -> None:
    """Each is uploaded out of sight, and the one post shows them all."""
    receipt = room.publish(composed(room))
    photo_ids = [item.id for item in receipt.items if item.kind == "photo"]
    shown = [photo["target"]["id"] for photo in _attached(room.feed()[0])]
    assert shown == photo_ids
    alts = [room.visitor.get(photo_id, fields="alt_text_custom")["alt_text_custom"] for photo_id in photo_ids]
    assert alts == [photo.alt for photo in photos(3)]
    assert (receipt.items[0].kind, receipt.items[0].id, bool(receipt.url)) == ("post", receipt.id, True)


def test_prepare_leaves_nothing_in_the_feed(room: Newsroom) -> None:
    """Nobody sees a photo before the commit."""
    draft = room.publisher.prepare(composed(room), room.steps())
    assert len(draft.ids("photo")) == 3
    assert room.feed() == []


def test_a_single_photo_takes_the_same_way(room: Newsroom) -> None:
    """Its upload is invisible too, and the post is the one commit."""
    receipt = room.publish(composed(room, count=1))
    assert receipt.id.startswith(f"{room.page}_")
    assert [photo["target"]["id"] for photo in _attached(room.feed()[0])] == [receipt.items[1].id]


def test_many_photos_go_into_one_post(room: Newsroom) -> None:
    """The number is not limited by any document."""
    receipt = room.publish(composed(room, count=25))
    assert len(_attached(room.feed()[0])) == 25
    assert len(receipt.items) == 26


def test_a_text_shows_the_card_of_its_first_address(room: Newsroom) -> None:
    """The address stays in the text as well."""
    post = composed(room, count=0, link=Link("https://example.org/doors"))
    room.publish(post)
    assert words.post_fields(post, [])["link"] == "https://example.org/doors"
    assert room.feed()[0]["message"] == "The doors open at nine.\n\nhttps://example.org/doors"


def test_a_video_is_public_at_the_commit_and_not_before(room: Newsroom) -> None:
    """It is uploaded and processed unpublished."""
    film = Video(b"\0\0\0\x18ftypmp42" + b"\0" * 5000, alt="A walk through the hall", title="A walk")
    post = composed(room, count=0, video=film)
    steps = room.steps()
    draft = room.publisher.prepare(post, steps)
    assert not room.publisher.ready(draft).ready
    room.sandbox.advance(3600)
    assert room.publisher.ready(draft).ready
    assert not room.visitor.get(draft.items[0].id, fields="published")["published"]
    receipt = room.publisher.commit(post, draft, steps)
    seen = room.visitor.get(receipt.id, fields="published,title,description")
    assert (seen["published"], seen["title"]) == (True, "A walk")
    assert seen["description"].endswith("A walk through the hall")


def test_what_belongs_to_a_video_ends_its_text_and_is_named(room: Newsroom) -> None:
    """Facebook has no field for it; the plan tells."""
    film = Video(b"film", alt="A walk", credit="Ann", chapters=("0:00 The door", "0:10 The hall"))
    post = composed(room, count=0, video=film)
    assert post.parts == ("The doors open at nine.\n\nAnn\n\n0:00 The door\n0:10 The hall\n\nA walk",)
    assert [adaptation.code for adaptation in post.adaptations] == ["video.in_text"]


def test_a_video_gets_its_picture_and_subtitles(room: Newsroom) -> None:
    """Both are there before it is public, each in its own call."""
    pytest.importorskip("socialcast.compose.video", reason="subtitles are converted there")
    track = Subtitles(b"1\n00:00:00,000 --> 00:00:01,000\nWelcome\n", language="de")
    film = msgspec.structs.replace(clip(), poster=photos(1)[0], subtitles=(track,))
    room.publisher.prepare(composed(room, count=0, video=film), room.steps())
    assert (room.sent("POST", "/thumbnails"), room.sent("POST", "/captions")) == (1, 1)


def test_a_post_without_words_shows_its_photos(room: Newsroom) -> None:
    """A text is not required."""
    room.publish(composed(room, title="", text=""))
    assert "message" not in room.feed()[0]


# -- exactly once ----------------------------------------------------------------------------------------------------------


def test_a_lost_answer_posts_nothing_twice(room: Newsroom) -> None:
    """The post is found by the photos that hang on it."""
    room.sandbox.fault("facebook", "reset_after", method="POST", nth=4)
    receipt = room.publish(composed(room))
    assert [post["id"] for post in room.feed()] == [receipt.id]
    assert room.sent("POST", "/feed") == 1


def test_a_post_that_never_arrived_is_sent_again(room: Newsroom) -> None:
    """Absent after the settling time is absent."""
    room.sandbox.fault("facebook", "reset_before", method="POST", nth=4)
    room.publish(composed(room))
    assert len(room.feed()) == 1


def test_a_text_whose_answer_was_lost_is_found_by_its_words(room: Newsroom) -> None:
    """Among the Page's posts since it was sent."""
    room.sandbox.fault("facebook", "reset_after", method="POST", nth=1)
    receipt = room.publish(composed(room, count=0))
    assert [post["id"] for post in room.feed()] == [receipt.id]


@pytest.mark.parametrize("count", [0, 2])
def test_a_500_that_published_all_the_same_is_found(room: Newsroom, count: int) -> None:
    """Code 2 says "try again" of posts that were made; it is looked for and never just repeated."""
    room.sandbox.fault("facebook", "status_after", method="POST", nth=count + 1, status=500)
    room.publish(composed(room, count=count))
    assert (len(room.feed()), room.sent("POST", "/feed")) == (1, 1)


def test_an_empty_machine_finds_the_post_though_its_photos_were_sent_anew(room: Newsroom) -> None:
    """Then the words and the number of photos tell."""
    first = room.publish(composed(room))
    again = room.publish(composed(room), "two", recover=True)
    assert again.id == first.id
    assert len(room.feed()) == 1


def test_an_empty_machine_does_not_guess_without_words(room: Newsroom) -> None:
    """Photos that were sent anew have other ids, and with nothing else to go by a person has to look."""
    room.publish(composed(room, title="", text=""))
    with pytest.raises(OutcomeUnknown):
        room.publish(composed(room, title="", text=""), "two", recover=True)
    assert len(room.feed()) == 1


def test_an_empty_machine_finds_the_published_video_and_sends_no_byte(room: Newsroom) -> None:
    """It is among the posts, by its text."""
    post = composed(room, count=0, video=clip())
    first = room.publish(post)
    before = room.sent("POST", "/videos")
    assert room.publish(post, "two", recover=True).id == first.id
    assert room.sent("POST", "/videos") == before


def test_two_announcements_with_one_text_are_two_posts(room: Newsroom) -> None:
    """Photos of one are no evidence of the other."""
    one = room.publish(composed(room, key="monday"))
    two = room.publish(composed(room, key="tuesday"))
    assert one.id != two.id


def test_photos_that_lapsed_while_held_are_sent_anew(room: Newsroom) -> None:
    """Facebook drops unpublished photos after a day."""
    post, steps = composed(room, count=2), room.steps()
    draft = room.publisher.prepare(post, steps)
    room.sandbox.advance(23 * 3600)
    receipt = room.publisher.commit(post, draft, steps)
    assert not {item.id for item in receipt.items} & set(draft.ids("photo"))
    assert len(_attached(room.feed()[0])) == 2


def test_a_run_that_was_cut_short_looks_for_the_photos_that_it_had_sent(room: Newsroom) -> None:
    """They are not replaced by others as long as a post may show them, however late it is."""
    post = composed(room, count=2)
    room.publisher.prepare(post, room.steps())
    crashed, graph = room.steps(), room.publisher._graph
    post_id = graph.post(f"{room.page}/feed", **words.post_fields(post, room.publisher._photos(post, crashed)))["id"]
    crashed._record("post", "intent", None)
    room.sandbox.advance(23 * 3600)
    assert room.publish(post).id == post_id
    assert room.sent("POST", "/photos") == 2


# -- duplicates ------------------------------------------------------------------------------------------------------------


def test_the_words_of_somebody_else_are_refused_with_their_address(room: Newsroom) -> None:
    """506 on a first try means that the post is not ours."""
    room.visitor.post(f"{room.page}/feed", message="The doors open at nine.")
    with pytest.raises(DuplicatePost) as caught:
        room.publish(composed(room, count=0))
    assert "facebook.com" in caught.value.message
    assert "--recover" in caught.value.hint
    assert len(room.feed()) == 1


def test_a_duplicate_on_a_later_try_is_evidence(room: Newsroom) -> None:
    """An empty machine that is told to recover takes the post that is there."""
    first = room.publish(composed(room, count=0))
    assert room.publish(composed(room, count=0), "two", recover=True).id == first.id


SEEN = {
    "id": "1_5",
    "message": "The doors\nopen",
    "attachments": {
        "data": [
            {
                "media_type": "album",
                "subattachments": {"data": [{"media_type": "photo", "target": {"id": each}} for each in "78"]},
            }
        ]
    },
}


@pytest.mark.parametrize(
    ("wanted", "likeness"),
    [
        (Wanted("other words", ("7", "8"), photos_are_new=False), Likeness.SAME),
        (Wanted("The doors open", ("1", "2"), photos_are_new=False), Likeness.OTHER),
        (Wanted("The doors open", ("1", "2"), photos_are_new=True), Likeness.SAME),
        (Wanted("The doors open", ("1",), photos_are_new=True), Likeness.UNCLEAR),
        (Wanted("The doors open", (), photos_are_new=False), Likeness.OTHER),
    ],
)
def test_photo_ids_decide_and_words_only_where_they_are_new(wanted: Wanted, likeness: Likeness) -> None:
    """An id was given to one announcement alone."""
    assert compare(SEEN, wanted) is likeness


def test_the_card_of_a_link_is_no_photo() -> None:
    """A text with a card is compared by its words; a video beside the words makes it another post."""
    card = {"id": "1_6", "message": "Doors", "attachments": {"data": [{"media_type": "link", "target": {"url": "x"}}]}}
    film = {"id": "1_7", "message": "Doors", "attachments": {"data": [{"media_type": "video", "target": {"id": "9"}}]}}
    wanted = Wanted("Doors", (), photos_are_new=False)
    assert [compare(card, wanted), compare(film, wanted)] == [Likeness.SAME, Likeness.OTHER]


# -- the way of a video ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos, "_PART_BYTES", 1000)
    monkeypatch.setattr(videos, "_SHORTEST_PART_BYTES", 100)


def film(size: int = 4500) -> Video:
    return Video((b"\0\0\0\x18ftypmp42" + bytes(range(256)) * (size // 256 + 1))[:size], alt="A walk")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("effect", ["reset_before", "reset_after", "html", "no_id"])
@pytest.mark.parametrize("nth", [1, 2, 4, 6, 7])
def test_an_interrupted_upload_goes_on_where_facebook_is(room: Newsroom, effect: str, nth: int) -> None:
    """Start, each part and the end may lose their answers; the bytes arrive once and whole."""
    room.sandbox.fault("facebook", effect, method="POST", nth=nth)
    receipt = room.publish(composed(room, count=0, video=film()))
    assert room.visitor.get(receipt.id, fields="published")["published"]
    assert len(room.feed()) == 1


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_is_lost_is_followed_by_shorter_ones(room: Newsroom) -> None:
    """A line that breaks every minute gets on all the same."""
    room.sandbox.fault("facebook", "reset_before", method="POST", nth=2)
    room.publish(composed(room, count=0, video=film(2000)))
    assert room.sent("POST", "/videos") == 1 + 1 + 4 + 1  # start, the lost part, four of half its length, the end


@pytest.mark.usefixtures("small_parts")
def test_another_process_goes_on_with_the_next_part(room: Newsroom) -> None:
    """What one run has sent is not sent again."""
    room.sandbox.fault("facebook", "refuse_429", method="POST", nth=4, count=9, retry_after=600)
    post = composed(room, count=0, video=film())
    with pytest.raises(TransientError):
        room.publish(post)
    room.sandbox.clear_faults()
    before = room.sent("POST", "/videos")
    room.publish(post)
    assert room.sent("POST", "/videos") - before == 4  # three of the five parts, and the end


@pytest.mark.usefixtures("small_parts")
def test_a_lapsed_session_is_followed_by_another(room: Newsroom) -> None:
    """A run that comes a day later begins anew."""
    room.sandbox.fault("facebook", "refuse_429", method="POST", nth=4, count=9, retry_after=600)
    post = composed(room, count=0, video=film())
    with pytest.raises(TransientError):
        room.publish(post)
    room.sandbox.clear_faults()
    room.sandbox.advance(25 * 3600)
    receipt = room.publish(post)
    assert room.visitor.get(receipt.id, fields="published")["published"]


# -- schedules -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 2])
def test_facebook_keeps_an_embargo_when_it_is_told_to(sandbox: Sandbox, tmp_path: Path, count: int) -> None:
    """The post waits unseen, is public by itself, and the commit afterwards finds it so."""
    room = Newsroom(sandbox, tmp_path, schedule=True)
    at = room.clock.now() + timedelta(hours=2)
    post, steps = composed(room, count=count, embargo=at), room.steps()
    assert room.publisher.schedules
    draft = room.publisher.prepare(post, steps)
    room.publisher.schedule(post, draft, at, steps)
    assert room.feed() == []
    room.sandbox.advance(2 * 3600 + 60)
    receipt = room.publisher.commit(post, room.publisher.prepare(post, room.steps()), room.steps())
    assert [shown["id"] for shown in room.feed()] == [receipt.id]
    assert room.sent("POST", "/feed") == 1
    room.close()


def test_a_scheduled_video_is_public_in_time(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its time is set on the unpublished video."""
    room = Newsroom(sandbox, tmp_path, schedule=True)
    at = room.clock.now() + timedelta(hours=2)
    post, steps = composed(room, count=0, video=clip(), embargo=at), room.steps()
    draft = room.publisher.prepare(post, steps)
    room.publisher.schedule(post, draft, at, steps)
    assert not room.visitor.get(draft.items[0].id, fields="id,published").get("published")
    room.sandbox.advance(2 * 3600 + 60)
    room.publisher.commit(post, draft, steps)
    assert room.visitor.get(draft.items[0].id, fields="id,published")["published"]
    room.close()


def test_a_lost_answer_to_a_schedule_is_found_among_what_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    """The listing of scheduled posts is asked as well."""
    room = Newsroom(sandbox, tmp_path, schedule=True)
    at = room.clock.now() + timedelta(hours=2)
    post, steps = composed(room, count=0, embargo=at), room.steps()
    room.sandbox.fault("facebook", "reset_after", method="POST", nth=1)
    room.publisher.schedule(post, room.publisher.prepare(post, steps), at, steps)
    assert room.sent("POST", "/feed") == 1
    room.close()


@pytest.mark.parametrize("ahead", [timedelta(minutes=9), timedelta(days=31)])
def test_what_facebook_does_not_schedule_is_held_with_the_reason(sandbox: Sandbox, tmp_path: Path, ahead: timedelta) -> None:
    """10 minutes to 30 days ahead; nothing is sent outside of that."""
    room = Newsroom(sandbox, tmp_path, schedule=True)
    at = room.clock.now() + ahead
    post, steps = composed(room, count=0, embargo=at), room.steps()
    with pytest.raises(TransientError, match="10 minutes to 30 days"):
        room.publisher.schedule(post, Draft(), at, steps)
    assert room.sent("POST", "/feed") == 0
    room.close()


# -- live events -----------------------------------------------------------------------------------------------------------


def prepared_event(studio: Newsroom) -> tuple[Item, Steps]:
    steps = studio.steps()
    draft = studio.publisher.prepare(event(studio), steps)
    assert draft.links == {"live": draft.items[0].url}
    return draft.items[0], steps


def test_only_the_live_place_gives_the_link(room: Newsroom, studio: Newsroom) -> None:
    """A feed channel of the same Page posts about the event."""
    said = Announcement(text="x", live=Live(title="Opening", starts_at=room.clock.now() + timedelta(days=1)))
    assert (room.publisher.gives(said), studio.publisher.gives(said)) == (frozenset(), {"live"})
    assert room.publisher.identity != studio.publisher.identity
    assert room.publisher.place != studio.publisher.place


def test_an_event_is_created_unseen_and_once(studio: Newsroom) -> None:
    """A lost answer is found by the words and the start."""
    studio.sandbox.fault("facebook", "reset_after", method="POST", nth=1)
    item, _ = prepared_event(studio)
    assert studio.sent("POST", "/live_videos") == 1
    assert studio.visitor.get(item.id, fields="title,status") == {
        "id": item.id,
        "title": "Opening",
        "status": "SCHEDULED_UNPUBLISHED",
    }
    assert studio.publisher.live_status(item).state is LiveState.SCHEDULED


def test_the_ingest_is_asked_for_and_its_key_is_a_secret(studio: Newsroom) -> None:
    """The server ends with a slash, the key begins behind it, and logs blank it out."""
    item, _ = prepared_event(studio)
    ingest = studio.publisher.ingest(item)
    assert ingest.url.startswith("rtmps://")
    assert ingest.url.endswith("/rtmp/")
    assert ingest.key.reveal() not in repr(ingest)
    assert studio.transport.redactor.redact(ingest.key.reveal()) == "***"
    assert not any(ingest.key.reveal().encode() in file.read_bytes() for file in studio.folder.rglob("ledger*"))


def test_an_event_without_pictures_does_not_go_on_the_air(studio: Newsroom) -> None:
    """The error says what to do first."""
    item, steps = prepared_event(studio)
    with pytest.raises(TerminalError, match="no pictures") as caught:
        studio.publisher.go_live(item, steps)
    assert "encoder" in caught.value.hint


def test_an_event_goes_on_the_air_ends_and_leaves_its_recording(studio: Newsroom) -> None:
    """Each moment is one call, and asking again makes none."""
    item, steps = prepared_event(studio)
    send_pictures(studio, item)
    assert studio.publisher.live_status(item).receiving
    for _ in range(2):
        studio.publisher.go_live(item, steps)
    assert studio.publisher.live_status(item).state is LiveState.LIVE
    for _ in range(2):
        studio.publisher.end_live(item, steps)
    assert studio.publisher.live_status(item).state is LiveState.ENDED
    assert studio.sent("POST", f"/{item.id}") == 2
    studio.sandbox.advance(3600)
    replay = studio.publisher.live_status(item)
    assert replay.state is LiveState.REPLAY
    assert replay.replay_url.startswith("https://www.facebook.com/")


def test_an_event_that_is_over_does_not_begin_again(studio: Newsroom) -> None:
    """The error says what to do instead."""
    item, steps = prepared_event(studio)
    send_pictures(studio, item)
    studio.publisher.go_live(item, steps)
    studio.publisher.end_live(item, steps)
    with pytest.raises(TerminalError, match="only once"):
        studio.publisher.go_live(item, steps)


def test_lost_answers_on_the_air_change_nothing(studio: Newsroom) -> None:
    """Both moments set a state, and setting it twice is the same."""
    item, steps = prepared_event(studio)
    send_pictures(studio, item)
    for moment in (studio.publisher.go_live, studio.publisher.end_live):
        studio.sandbox.fault("facebook", "reset_after", method="POST", nth=1)
        moment(item, steps)
    assert studio.publisher.live_status(item).state is LiveState.ENDED


def test_a_page_that_is_too_small_is_told_the_rule(sandbox: Sandbox, tmp_path: Path) -> None:
    """Before anything is sent, with both numbers and the permission."""
    studio = Newsroom(sandbox, tmp_path, place=Place.LIVE, wishes={"followers": 42})
    with pytest.raises(NotAllowed) as caught:
        studio.steps().read(studio.publisher.account)
    assert all(word in caught.value.hint for word in ("60 days", "100 followers", "publish_video"))
    studio.close()


def test_a_refused_event_is_told_the_rule_as_well(sandbox: Sandbox, tmp_path: Path) -> None:
    """Facebook refuses with a permission's code."""
    studio = Newsroom(sandbox, tmp_path, place=Place.LIVE, wishes={"followers": 42})
    with pytest.raises(NotAllowed) as caught:
        studio.publisher.prepare(event(studio), studio.steps())
    assert "100 followers" in caught.value.hint
    studio.close()


def test_the_live_place_leaves_photos_to_the_feed_and_says_so(studio: Newsroom) -> None:
    """The adaptation is a routine one, so that the same announcement may go to both."""
    post = event(studio)
    assert post.photos == ()
    assert [(each.code, each.routine) for each in post.adaptations] == [("live.without_media", True)]
    assert check(post, studio.publisher.capabilities, Policy.REFUSE) == []


def test_an_unlisted_event_is_stopped(studio: Newsroom) -> None:
    """A Page's events are public."""
    problems = studio.publisher.check(event(studio, privacy=Privacy.UNLISTED))
    assert [(problem.code, problem.severity) for problem in problems] == [("live.privacy", Severity.ERROR)]


def send_pictures(studio: Newsroom, item: Item) -> None:
    """What an encoder does."""
    mirror, key = studio.sandbox.mirror("facebook"), studio.publisher.ingest(item).key
    with mirror.lock:
        mirror.set_ingest(key.reveal(), True)


# -- after publication -----------------------------------------------------------------------------------------------------


def test_a_post_is_amended_once(room: Newsroom) -> None:
    """A second run sends nothing."""
    receipt = room.publish(composed(room))
    for _ in range(2):
        room.publisher.amend(receipt, saying("Live now"), room.steps(), name="live/start/post")
    assert room.feed()[0]["message"] == "Live now"
    assert room.sent("POST", f"/{receipt.id}") == 1


def test_a_video_is_amended_in_its_description(room: Newsroom) -> None:
    """Videos have no message."""
    receipt = room.publish(composed(room, count=0, video=clip()))
    room.publisher.amend(receipt, saying("Seen by all"), room.steps(), name="live/start/post")
    assert room.visitor.get(receipt.id, fields="description")["description"] == "Seen by all"


def test_an_answer_is_one_comment_though_its_answer_was_lost(room: Newsroom) -> None:
    """It is found among the Page's own comments."""
    receipt = room.publish(composed(room, count=0))
    room.sandbox.fault("facebook", "reset_after", method="POST", nth=1)
    said = room.publisher.answer(receipt, "The replay: https://example.org", room.steps(), name="live/replay/post")
    assert said.kind == "comment"
    assert said.url.startswith("https://www.facebook.com/")  # of the comment, or of the post where Facebook gives it none
    assert len(list(room.visitor.pages(f"{receipt.id}/comments", fields="id"))) == 1


def test_retract_deletes_everything_and_what_is_gone_is_gone(room: Newsroom) -> None:
    """A post that somebody deleted by hand is no error."""
    receipt = room.publish(composed(room))
    room.visitor.delete(receipt.id)
    room.publisher.retract(receipt, room.steps())
    assert room.feed() == []
    assert room.sent("DELETE", f"/{receipt.items[1].id}") == 1


# -- the account -----------------------------------------------------------------------------------------------------------


def test_the_account_is_the_page(room: Newsroom) -> None:
    """Id, name and address."""
    account = room.publisher.account()
    assert account.id == room.page
    assert account.name
    assert account.url.startswith("https://")


def test_the_token_is_in_no_address(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of a read, a write nor a deletion; it goes in a header."""
    asked: list[requests.PreparedRequest] = []
    send = requests.Session.send
    monkeypatch.setattr(
        requests.Session, "send", lambda self, each, **options: (asked.append(each), send(self, each, **options))[1]
    )
    room.publisher.account()
    room.publisher.retract(room.publish(composed(room)), room.steps())
    token = room.settings.access_token.reveal()
    assert {each.method for each in asked} == {"GET", "POST", "DELETE"}
    assert not [each.url for each in asked if token in (each.url or "")]
    assert all(each.headers["Authorization"] == f"Bearer {token}" for each in asked)


def test_an_expired_token_is_told_as_such(room: Newsroom) -> None:
    """With what to do."""
    room.sandbox.mirror("facebook").expire_credentials("news")
    with pytest.raises(CredentialsExpired) as caught:
        room.steps().read(room.publisher.account)
    assert "sign in again" in caught.value.hint


# -- versions --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "today", "found"),
    [
        ("v26.0", datetime(2026, 11, 23, tzinfo=UTC), []),
        ("v27.0", datetime(2026, 11, 23, tzinfo=UTC), []),
        ("v22.0", datetime(2026, 11, 23, tzinfo=UTC), []),
        ("v21.0", datetime(2026, 11, 23, tzinfo=UTC), [("version.ending", Severity.WARNING)]),
        ("v21.0", datetime(2027, 1, 21, tzinfo=UTC), [("version.dead", Severity.ERROR)]),
        ("v20.0", datetime(2026, 11, 23, tzinfo=UTC), [("version.dead", Severity.ERROR)]),
        ("v3.1", datetime(2026, 11, 23, tzinfo=UTC), [("version.dead", Severity.ERROR)]),
    ],
)
def test_a_version_is_warned_of_before_its_end_and_refused_after_it(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, version: str, today: datetime, found: list[tuple[str, Severity]]
) -> None:
    """Facebook would serve a dead one by another, silently."""
    monkeypatch.setattr(room.clock, "now", lambda: today)
    publisher = FacebookPublisher(msgspec.structs.replace(room.settings, version=version), room.connection)
    assert [(problem.code, problem.severity) for problem in publisher.check(composed(room))] == found


# -- limits of calls -------------------------------------------------------------------------------------------------------


def answered(**headers: str) -> requests.Response:
    response = requests.Response()
    response.headers = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def test_usage_is_the_highest_of_all_shares() -> None:
    """Three headers tell it, in two shapes; one that cannot be read tells nothing."""
    business = json.dumps({"123": [{"type": "pages", "call_count": 20, "total_time": 96, "estimated_time_to_regain_access": 7}]})
    assert read_usage({"x-app-usage": '{"call_count":28,"total_time":81}'}) == (81, 0)
    assert read_usage({"x-business-use-case-usage": business, "x-page-usage": "{"}) == (96, 420)
    assert read_usage({}) == (0, 0)


def test_above_75_percent_each_call_waits_once(room: Newsroom) -> None:
    """It is slowed down, not stopped."""
    usage = Usage(room.clock)
    usage.note(answered(X_App_Usage='{"call_count":80}'))
    with pytest.raises(RateLimited) as caught:
        usage.check()
    assert caught.value.retry_after
    usage.check()


def test_above_95_percent_no_call_is_made_before_the_time_that_facebook_tells(room: Newsroom) -> None:
    """Calls made while throttled would make it longer."""
    usage = Usage(room.clock)
    usage.note(answered(X_Business_Use_Case_Usage='{"1":[{"call_count":99,"estimated_time_to_regain_access":10}]}'))
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            usage.check()
    assert caught.value.retry_after == pytest.approx(600, abs=5)
    room.sandbox.advance(601)
    usage.check()


def test_every_answer_is_read_for_its_usage(room: Newsroom) -> None:
    """The library loses headers, the session does not."""
    room.publisher.account()
    requests.hooks.dispatch_hook("response", room.publisher.session.hooks, answered(X_Page_Usage='{"total_cputime":97}'))
    before = len(room.sandbox.requests("facebook"))
    with pytest.raises(RateLimited) as caught:
        room.publisher.account()
    assert caught.value.retry_after == pytest.approx(300, abs=5)
    assert len(room.sandbox.requests("facebook")) == before


@pytest.mark.parametrize(
    ("code", "subcode", "seconds"), [(4, 0, 300), (32, 0, 300), (80001, 0, 300), (368, 1390008, 1800), (190, 463, None)]
)
def test_a_refused_call_is_not_followed_by_another_at_once(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, code: int, subcode: int, seconds: float | None
) -> None:
    """What is tried while Facebook throttles makes it longer; an error of another kind stops nothing."""
    room.publisher.account()
    refused = GraphAPIError({"error": {"message": "no", "code": code, "error_subcode": subcode}})
    with monkeypatch.context() as patch:
        patch.setattr(room.publisher._graph._library, "request", Mock(side_effect=refused))
        with pytest.raises(GraphAPIError):
            room.publisher._graph.post(f"{room.page}/feed", message="x")
    if seconds is None:
        assert room.publisher.account().id == room.page
        return
    with pytest.raises(RateLimited) as caught:
        room.publisher.account()
    assert caught.value.retry_after == pytest.approx(seconds, abs=5)


# -- errors ----------------------------------------------------------------------------------------------------------------


def told(room: Newsroom, code: int, subcode: int = 0, *, status: int = 400, message: str = "no", writing: bool = True) -> Any:
    """What a publisher makes of an answer."""
    error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "Abc"}
    path = f"/v26.0/{room.page}/feed"
    exchange = Exchange(method="POST", host="graph", path=path, status=status, body=msgspec.json.encode({"error": error}))
    return room.publisher.judge(RuntimeError(), [exchange], writing=writing)


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (1, 0, OutcomeUnknown),
        (2, 0, OutcomeUnknown),
        *((code, 0, RateLimited) for code in (4, 17, 32, 341, 613, 80001, 80006)),
        (368, 1390008, RateLimited),
        (368, 0, NotAllowed),
        (506, 0, OutcomeUnknown),
        (100, 1366051, OutcomeUnknown),
        (100, 1363047, OutcomeUnknown),
        (100, 1609010, OutcomeUnknown),
        (100, 33, TransientError),
        *((100, subcode, TerminalError) for subcode in (0, 1366046, 1349125, 2061006, 1609008)),
        *((code, 0, NotAllowed) for code in (10, 200, 210, 299, 283)),
        (100, 1404078, NotAllowed),
        *((190, subcode, CredentialsExpired) for subcode in (0, 458, 460, 463, 467, 492, 99999)),
        (102, 0, CredentialsExpired),
        *((368, subcode, TerminalError) for subcode in (1404102, 1346003)),
        *((6000, subcode, TransientError) for subcode in (1363030, 1363019, 1363037, 1363033, 1363041)),
        *((code, 0, TerminalError) for code in (352, 389, 6000, 6001)),
    ],
)
def test_every_code_means_what_the_table_says(room: Newsroom, code: int, subcode: int, kind: type[PublishError]) -> None:
    """A subcode that the table knows decides; another leaves it to the code."""
    error = told(room, code, subcode)
    assert type(error) is kind
    assert "no" in error.message


def test_dead_tokens_tell_how_they_died(room: Newsroom) -> None:
    """Each subcode has its own hint, and all say what to do."""
    hints = {subcode: told(room, 190, subcode).hint for subcode in (458, 460, 463, 467, 492)}
    assert len(set(hints.values())) == 5
    assert all("sign in again" in hint for hint in hints.values())
    assert "expired" in hints[463]
    assert "password" in hints[460]


def test_a_500_on_a_write_is_unknown_and_on_a_read_worth_another_try(room: Newsroom) -> None:
    """Code 2 comes with HTTP 500."""
    assert type(told(room, 2, status=500)) is OutcomeUnknown
    assert type(told(room, 2, status=500, writing=False)) is TransientError


def test_missing_permissions_are_named(room: Newsroom) -> None:
    """Also where Facebook calls it an invalid parameter."""
    for error in (told(room, 200), told(room, 100, message="(#100) No permission to publish the video")):
        assert isinstance(error, NotAllowed)
        assert all(word in error.hint for word in ("pages_manage_posts", "publish_video", "CREATE_CONTENT"))


def test_a_token_that_may_not_post_is_told_what_it_lacks(sandbox: Sandbox, tmp_path: Path) -> None:
    """The mirror refuses as Facebook does, and nothing is public."""
    room = Newsroom(sandbox, tmp_path, wishes={"scopes": "pages_read_engagement pages_show_list"})
    with pytest.raises(NotAllowed) as caught:
        room.publish(composed(room, count=0))
    assert "pages_manage_posts" in caught.value.hint
    assert room.feed() == []
    room.close()


def test_a_group_is_told_that_it_is_none_of_our_places_any_more(room: Newsroom) -> None:
    """The hint names the year and what to use instead."""
    message = "(#100) Tried accessing nonexisting field (link) on node type (Group)"
    hint = told(room, 100, message=message).hint
    assert all(word in hint for word in ("April 2024", "press room", 'audience = "press"'))


def test_the_id_of_a_group_is_refused_before_anything_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    """The account check says so."""
    room = Newsroom(sandbox, tmp_path, page_id="424242424242424")
    with pytest.raises(NotAllowed) as caught:
        room.steps().read(room.publisher.account)
    assert "April 2024" in caught.value.hint
    room.close()


def test_an_answer_that_is_no_error_reads_as_none(room: Newsroom) -> None:
    """Success and nonsense tell no code."""
    for body in (b'{"id":"1"}', b"<html>busy", b"[]", b"", b'{"error":"busy"}'):
        assert room.publisher.read_error(Exchange(method="POST", host="h", path="/", status=200, body=body)) == ("", "")


# -- words -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See https://example.org/a and https://example.org/b", "https://example.org/a"),
        ("Live: https://www.facebook.com/1/videos/2\nhttps://example.org", "https://example.org"),
        ("Only https://fb.watch/abc/", ""),
        ("At example.org", ""),
        ("Nothing", ""),
    ],
)
def test_the_card_is_of_the_first_address_that_facebook_takes(text: str, link: str) -> None:
    """It refuses cards of its own pages."""
    assert words.preview_link(text) == link


@pytest.mark.parametrize(
    ("language", "locale"), [("en", "en_US"), ("de", "de_DE"), ("pt-BR", "pt_BR"), ("ja", "ja_JP"), ("zh-Hant-TW", "zh_TW")]
)
def test_a_language_has_facebooks_name(language: str, locale: str) -> None:
    """With a country, which is also in the file's name."""
    assert words.locale(language) == locale
    assert words.captions_name(Subtitles("talk.vtt", language=language)) == f"talk.{locale}.srt"


def test_photos_for_a_schedule_are_temporary() -> None:
    """Else Facebook takes no post that waits for its time."""
    post = Post(key="hall", channel="news", platform="facebook", licence="CC-BY-4.0")
    shown = words.photo_fields(photos(1)[0], post, scheduled=True)
    assert shown == {
        "published": False,
        "alt_text_custom": "The hall from seat 0",
        "caption": "In the hall · Ann & Bo · CC-BY-4.0",
        "temporary": True,
    }


def test_a_draft_is_plain_data(room: Newsroom) -> None:
    """It goes through the ledger unchanged."""
    draft = room.publisher.prepare(composed(room), room.steps())
    assert msgspec.json.decode(msgspec.json.encode(draft), type=Draft) == draft


def _attached(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The photos of a post."""
    first = post["attachments"]["data"][0]
    found: list[dict[str, Any]] = first.get("subattachments", {}).get("data") or [first]
    return found


# -- the description -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder with Meta's description")
def test_every_call_is_one_that_facebook_describes(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known edges with known parameters of their types, known fields, and no value that an enumeration lacks."""
    calls: list[Call] = []
    request, post_video = Graph._request, Graph.post_video

    def noted(method: str, path: str, given: Mapping[str, str], files: Any, send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Also a call whose answer is lost is one."""
        answer: dict[str, Any] = {}
        calls.append((method, path, {**given, **dict.fromkeys(files or {}, "(file)")}, answer))
        answer.update(send())
        return answer

    def note(self: Graph, path: str, **options: Any) -> dict[str, Any]:
        method = options.get("method") or ("GET" if "args" in options else "POST")
        given = {**(options.get("args") or options.get("post_args") or {})}
        return noted(method, path, given, options.get("files"), lambda: request(self, path, **options))

    def note_video(self: Graph, path: str, *, files: Any = None, **fields: Any) -> dict[str, Any]:
        plain = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        return noted("POST", path, plain, files, lambda: post_video(self, path, files=files, **fields))

    monkeypatch.setattr(Graph, "_request", note)
    monkeypatch.setattr(Graph, "post_video", note_video)
    described = Described(Path(os.environ["SOCIALCAST_SPECS"]))
    for page_id in _do_everything(sandbox, tmp_path):
        described.know(page_id, "Page")
    for call in calls:
        described.hold(*call)
    for kind, method, edge in described.seen:
        validated.note("facebook", f"{method} {kind}/{edge}".rstrip("/"), described.operations)
    assert len(described.seen) >= 23


Call = tuple[str, str, Mapping[str, str], Mapping[str, Any]]


def _do_everything(sandbox: Sandbox, folder: Path) -> Iterator[str]:
    """Publish, find again, schedule, amend, answer, go live and take it all back; gives the Pages that it did so on."""
    feed = Newsroom(sandbox, folder / "feed", schedule=True)
    yield feed.page
    feed.steps().read(feed.publisher.account)
    for key, fields in {"photos": {}, "text": {"count": 0}, "film": {"count": 0, "video": _illustrated()}}.items():
        post = composed(feed, key=key, **{"text": key, **fields})
        receipt = feed.publish(post)
        feed.publish(post, "two", recover=True)
        feed.publisher.amend(receipt, saying("Live now"), feed.steps(key=key), name="amend")
        if key != "film":
            sandbox.fault("facebook", "reset_after", method="POST", nth=1)
            feed.publisher.answer(receipt, "The replay", feed.steps(key=key), name="answer")
        _read_everything(feed, post, receipt)
        feed.publisher.retract(receipt, feed.steps(key=key))
    at = feed.clock.now() + timedelta(hours=1)
    for key, fields in {"later": {"count": 1}, "later film": {"count": 0, "video": film()}}.items():
        post, steps = composed(feed, key=key, text=key, embargo=at, **fields), feed.steps(key=key)
        draft = feed.publisher.prepare(post, steps)
        sandbox.fault("facebook", "reset_after", method="POST", nth=1)
        feed.publisher.schedule(post, draft, at, steps)
        feed.publisher.commit(post, draft, steps)
    feed.close()
    studio = Newsroom(sandbox, folder / "live", place=Place.LIVE)
    sandbox.fault("facebook", "reset_after", method="POST", nth=1)
    item, steps = prepared_event(studio)
    studio.publisher.ingest(item)
    send_pictures(studio, item)
    studio.publisher.go_live(item, steps)
    studio.publisher.end_live(item, steps)
    studio.publisher.retract(Receipt(id=item.id, url=item.url, items=(item,)), steps)
    studio.close()


def _read_everything(feed: Newsroom, post: Post, receipt: Receipt) -> None:
    """What comes after publication, with an answer to somebody."""
    feed.publisher.inspect(receipt)
    feed.publisher.duplicates(post, receipt)
    feed.publisher.measure(receipt)
    said = feed.publisher.replies(receipt).page
    if said:
        feed.publisher.answer(receipt, "At nine", feed.steps(key=post.key), name="to", to=said[0])


def _illustrated() -> Video:
    """A film with a picture and subtitles."""
    said = Subtitles(data=b"1\n00:00:00,000 --> 00:00:01,500\nThe doors open.\n")
    return msgspec.structs.replace(film(), poster=photos(1)[0], subtitles=(said,))
