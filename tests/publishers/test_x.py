"""The X publisher, against the sandbox's X and the published descriptions."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import msgspec
import pytest
import requests
from keyring.backend import KeyringBackend
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from PIL import Image
from requests.adapters import BaseAdapter

from socialcast.broadcast import Broadcast
from socialcast.compose.text import weigh
from socialcast.delivery.fate import judge
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Link, Photo, Subtitles, Video
from socialcast.model.errors import (
    ConfigurationError,
    CredentialsExpired,
    DuplicatePost,
    NotAllowed,
    OutcomeUnknown,
    OutOfCredits,
    PublishError,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.model.post import Post
from socialcast.model.receipt import Draft, Receipt
from socialcast.publisher import Connection
from socialcast.publishers.x import XPublisher
from socialcast.publishers.x.attempt import content
from socialcast.publishers.x.media import Uploaded, alt_text_body, segments, subtitles_body
from socialcast.publishers.x.settings import ReplySettings, XSettings
from socialcast.publishers.x.tables import CAPABILITIES, ERRORS, read_answer
from socialcast.publishers.x.timeline import Likeness, Wanted, compare, posted_at
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.bodies import Form
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Channel, Policy
from socialcast.wire.transport import Exchange, Transport
from socialcast.wire.wording import Wording
from tests.publishers.validated import note, note_beside

MIB = 1 << 20
MP4 = b"\0\0\0\x18ftypmp42"
SRT = b"1\n00:00:00,000 --> 00:00:02,000\nWelcome\n"
LOST = ("reset_after", "status_after", "timeout_after", "truncated", "html", "no_id", "reset_midway")


class Newsroom:
    """One account on the sandbox's X, its publisher, and as many machines to publish from as a test wants."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, wishes: dict[str, Any] | None = None, **settings: Any) -> None:
        self.sandbox, self.folder, self.clock, self.settings = sandbox, folder, SandboxClock(sandbox), settings
        self.account = sandbox.account("x", "news", **(wishes or {}))
        self.publisher = self.another()
        self._ledgers: list[Ledger] = []

    def another(self, *, pretend_real: bool = False, wording: Wording | None = None, **changes: Any) -> XPublisher:
        """One more publisher of the account; `pretend_real` makes it believe that this is not a sandbox."""
        transport = Transport(sandbox_url=self.sandbox.url)
        secrets = {name: Secret(value) for name, value in self.account.credentials.items()}
        connection = Connection(
            channel="news",
            transport=transport,
            clock=self.clock,
            wording=wording or Wording(),
            folder=self.folder,
            cache_folder=str(self.folder / "cache"),
        )
        publisher = XPublisher(XSettings(**{**secrets, **self.settings, **changes}), connection)
        if pretend_real:
            transport.sandbox_url = None
        return publisher

    def steps(
        self, machine: str = "one", *, key: str = "opening", recover: bool = False, publisher: XPublisher | None = None
    ) -> Steps:
        """The steps of an announcement on that machine, as its ledger knows them."""
        ledger = Ledger(self.folder / machine / "ledger")
        self._ledgers.append(ledger)
        return Steps(
            ledger,
            key,
            "news",
            judge=(publisher or self.publisher).judge,
            patience=Patience(self.clock, Cancel()),
            settle_seconds=CAPABILITIES.recovery.settle_seconds,
            recover=recover,
        )

    def publish(self, post: Post, machine: str = "one", *, recover: bool = False, publisher: XPublisher | None = None) -> Receipt:
        """From prepare to commit."""
        publisher = publisher or self.publisher
        steps = self.steps(machine, key=post.key, recover=recover, publisher=publisher)
        return publisher.commit(post, self.prepare(post, steps, publisher), steps)

    def prepare(self, post: Post, steps: Steps, publisher: XPublisher | None = None) -> Draft:
        """Prepare, and wait until X has processed the media."""
        publisher = publisher or self.publisher
        draft = publisher.prepare(post, steps)
        while not (readiness := publisher.ready(draft)).ready:
            self.sandbox.advance(readiness.look_again_after_seconds)
        return draft

    def post_by_hand(self, text: str) -> str:
        """The id of a post that somebody makes beside us."""
        id: str = self.publisher._access.call("create_tweet", text=text)["data"]["id"]
        return id

    def shown(self) -> list[Any]:
        """What the public sees, oldest first."""
        return self.sandbox.mirror("x").cards()[::-1]

    def calls(self, handler: str) -> int:
        """How often a call was made."""
        return sum(record.handler == handler for record in self.sandbox.requests("x"))

    def close(self) -> None:
        for ledger in self._ledgers:
            ledger.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.clear_faults()
    yield running
    running.reset()


@pytest.fixture
def news(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(sandbox, tmp_path)
    yield newsroom
    newsroom.close()


@pytest.fixture
def oauth2(sandbox: Sandbox, tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom whose account signs in with OAuth 2.0."""
    newsroom = Newsroom(sandbox, tmp_path, wishes={"auth": "oauth2"})
    yield newsroom
    newsroom.close()


def post(*parts: str, key: str = "opening", **fields: Any) -> Post:
    return Post(key=key, channel="news", platform="x", parts=parts, **fields)


def picture(colour: str = "navy", alt: str = "The hall, full") -> Photo:
    buffer = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(buffer, "JPEG")
    return Photo(buffer.getvalue(), alt=alt)


def film(folder: Path, size_bytes: int = 9 * MIB, **fields: Any) -> Video:
    path = folder / "film.mp4"
    path.write_bytes(MP4 + os.urandom(1024) + bytes(size_bytes - len(MP4) - 1024))
    return Video(path, **fields)


# -- publishing ----------------------------------------------------------------------------------------------------


def test_a_text_becomes_a_post_with_a_permalink_and_its_time(news: Newsroom) -> None:
    receipt = news.publish(post("Davos opens today."))
    (card,) = news.shown()
    assert (card.text, card.id) == ("Davos opens today.", receipt.id)
    assert receipt.url == f"https://x.com/i/web/status/{receipt.id}"
    assert receipt.published_at is not None
    assert abs(receipt.published_at - news.clock.now()) < timedelta(minutes=1)


def test_the_permalink_names_the_account_once_it_is_known(news: Newsroom) -> None:
    name = news.publisher.account().name
    receipt = news.publish(post("Davos opens today."))
    assert receipt.url == f"https://x.com/{name}/status/{receipt.id}"
    assert (
        requests.get(news.publisher.connection.transport.visible_url(receipt.url) or receipt.url, timeout=30).status_code == 200
    )


def test_each_post_of_a_thread_answers_the_one_before(news: Newsroom) -> None:
    receipt = news.publish(post("First.", "Second.", "Third.", photos=(picture(),)))
    ids = [item.id for item in receipt.items]
    assert [card.id for card in news.shown()] == ids
    assert [card.parent for card in news.shown()] == ["", *ids[:2]]
    assert [len(card.pictures) for card in news.shown()] == [1, 0, 0]


def test_a_post_answers_the_one_it_is_told_to(news: Newsroom) -> None:
    earlier = news.post_by_hand("Davos is getting ready.")
    news.publish(post("Davos opens today.", "Come in.", reply_to=f"https://x.com/news/status/{earlier}"))
    assert [card.parent for card in news.shown()] == ["", earlier, news.shown()[1].id]


def test_an_address_that_is_no_post_is_told_before_anything_is_sent(news: Newsroom) -> None:
    problems = news.publisher.check(post("Davos opens today.", reply_to="https://x.com/news"))
    assert [problem.code for problem in problems] == ["reply.no_post"]


@pytest.mark.parametrize("effect", ["", *LOST])
def test_an_answer_to_a_thread_is_made_once(news: Newsroom, effect: str) -> None:
    receipt = news.publish(post("First.", "Second."))
    if effect:
        news.sandbox.fault("x", effect, handler="create_post", seconds=0.1)
    steps = news.steps()
    answers = {
        news.publisher.answer(receipt, "Live now: https://example.org/live", steps, name="live/start/post").id for _ in "ab"
    }
    assert [card.parent for card in news.shown()][2:] == [receipt.items[-1].id]
    assert answers == {news.shown()[-1].id}


def test_a_second_run_sends_nothing(news: Newsroom) -> None:
    announcement = post("First.", "Second.", photos=(picture(),))
    receipt = news.publish(announcement)
    calls = len(news.sandbox.requests("x"))
    assert news.publish(announcement) == receipt
    assert len(news.sandbox.requests("x")) == calls


def test_a_reply_to_a_post_that_is_not_visible_yet_is_tried_again(news: Newsroom) -> None:
    news.sandbox.mirror("x").visibility_delay_seconds = 3  # type: ignore[attr-defined]
    news.publish(post("First.", "Second."))
    assert [card.text for card in news.shown()] == ["First.", "Second."]


def test_photos_arrive_in_order_with_their_alt_texts(news: Newsroom) -> None:
    colours = ["navy", "maroon", "olive", "teal"]
    news.publish(post("Opening.", photos=tuple(picture(colour, f"A {colour} wall") for colour in colours)))
    (card,) = news.shown()
    assert [seen.alt for seen in card.pictures] == [f"A {colour} wall" for colour in colours]


def test_more_photos_than_a_post_holds_stand_in_the_thread(news: Newsroom) -> None:
    """Four a post, in order, and a run that broke off between two posts goes on with the next."""
    photos = tuple(picture(alt=f"View {number}") for number in range(6))
    announcement = post("Opening.", "5–6 / 6", photos=photos, photos_each=4)
    news.sandbox.fault("x", "refuse_429", handler="create_post", nth=2, count=9)
    with pytest.raises(RateLimited):
        news.publish(announcement)
    news.sandbox.clear_faults()
    receipt = news.publish(announcement)
    assert [[seen.alt for seen in card.pictures] for card in news.shown()] == [
        ["View 0", "View 1", "View 2", "View 3"],
        ["View 4", "View 5"],
    ]
    assert news.calls("upload") == 6
    assert news.publish(announcement) == receipt


def test_photos_need_no_text(news: Newsroom) -> None:
    receipt = news.publish(post(photos=(picture(),)))
    assert [len(card.pictures) for card in news.shown()] == [1]
    assert receipt.id == news.shown()[0].id


def test_a_video_arrives_whole_with_subtitles(news: Newsroom, tmp_path: Path) -> None:
    video = film(tmp_path, subtitles=(Subtitles(SRT, language="de-CH"),), alt="The opening")
    news.publish(post("Replay.", video=video))
    (card,) = news.shown()
    (seen,) = card.pictures
    address = Transport(sandbox_url=news.sandbox.url).visible_url(seen.url)
    assert seen.kind == "video"
    assert requests.get(address, timeout=30).content == (tmp_path / "film.mp4").read_bytes()
    assert news.calls("append") == 4  # 9 MiB in pieces of 4, and the subtitles


def test_an_interrupted_upload_goes_on_where_it_was(news: Newsroom, tmp_path: Path) -> None:
    announcement = post("Replay.", video=film(tmp_path))
    news.sandbox.fault("x", "status_before", handler="append", nth=3, count=9)
    with pytest.raises(PublishError):
        news.publish(announcement)
    news.sandbox.clear_faults()
    sent = news.calls("append")
    news.publish(announcement)
    assert news.calls("initialize") == 1
    assert news.calls("append") - sent < 3
    assert len(news.shown()) == 1


def test_a_video_that_x_cannot_process_is_told_with_the_reason(news: Newsroom, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(TerminalError, match="could not process the video") as told:
        news.publish(post("Replay.", video=Video(path)))
    assert told.value.hint
    assert news.shown() == []


def test_prepare_shows_nothing(news: Newsroom) -> None:
    draft = news.publisher.prepare(post("Opening.", photos=(picture(),)), news.steps())
    assert [item.kind for item in draft.items] == ["photo"]
    assert news.shown() == []


def test_who_may_answer_is_said_of_the_first_post(sandbox: Sandbox, tmp_path: Path) -> None:
    news = Newsroom(sandbox, tmp_path, reply_settings=ReplySettings.FOLLOWING)
    sent = recorded(news.publisher)
    news.publish(post("First.", "Second."))
    news.close()
    assert [body.get("reply_settings") for body in posted(sent)] == ["following", None]


def test_retract_deletes_the_newest_first_and_minds_no_gap(news: Newsroom) -> None:
    receipt = news.publish(post("First.", "Second.", "Third."))
    news.publisher._access.call("delete_tweet", receipt.items[1].id)
    news.publisher.retract(receipt, news.steps())
    assert news.shown() == []
    deletions = [record for record in news.sandbox.requests("x") if record.method == "DELETE"]
    assert [record.path.rpartition("/")[2] for record in deletions[1:]] == [item.id for item in receipt.items[::-1]]


# -- exactly once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", LOST)
def test_a_lost_answer_doubles_no_post(news: Newsroom, effect: str) -> None:
    news.sandbox.fault("x", effect, handler="create_post", nth=2, seconds=0.1)
    receipt = news.publish(post("See example.org & more: https://example.org/live?a=1&b=2", "It begins at 8 < 9.", "Third."))
    assert [card.id for card in news.shown()] == [item.id for item in receipt.items]
    assert len(receipt.items) == 3


@pytest.mark.parametrize("effect", ["status_before", "reset_before"])
def test_a_post_that_was_not_made_is_made(news: Newsroom, effect: str) -> None:
    news.sandbox.fault("x", effect, handler="create_post")
    news.publish(post("First.", "Second."))
    assert [card.text for card in news.shown()] == ["First.", "Second."]


def test_a_post_is_found_when_the_timeline_lags(news: Newsroom) -> None:
    news.sandbox.mirror("x").timeline_lag_seconds = 40  # type: ignore[attr-defined]
    news.sandbox.fault("x", "reset_after", handler="create_post")
    news.publish(post("First."))
    assert len(news.shown()) == 1


def test_only_what_is_younger_than_the_attempt_is_taken_for_it(news: Newsroom) -> None:
    """The same words of another day are another post."""
    news.post_by_hand("Good morning, Davos.")
    news.sandbox.advance(86400)
    news.sandbox.fault("x", "status_before", handler="create_post")
    news.publish(post("Good morning, Davos."))
    assert len(news.shown()) == 2


@pytest.mark.parametrize("with_photo", [False, True])
def test_an_empty_machine_finds_what_another_published(news: Newsroom, with_photo: bool) -> None:
    announcement = post(
        "Programme & live: example.org, https://example.org/live?a=1&b=2",
        "Café opens at 8.",
        photos=(picture(),) if with_photo else (),
    )
    receipt = news.publish(announcement)
    news.sandbox.advance(3600)
    assert news.publish(announcement, "two", recover=True) == receipt
    assert len(news.shown()) == 2


def test_the_same_words_with_another_address_are_left_to_a_person(news: Newsroom) -> None:
    news.post_by_hand("Watch live: https://example.org/monday")
    with pytest.raises(OutcomeUnknown, match="may be this post"):
        news.publish(post("Watch live: https://example.org/tuesday"), recover=True)
    assert len(news.shown()) == 1


def test_a_photo_without_words_is_left_to_a_person_on_an_empty_machine(news: Newsroom) -> None:
    announcement = post(photos=(picture(),))
    news.publish(announcement)
    with pytest.raises(OutcomeUnknown, match="may be this post"):
        news.publish(announcement, "two", recover=True)
    assert len(news.shown()) == 1


def test_words_that_x_shows_already_are_refused_with_their_place(news: Newsroom) -> None:
    """Another announcement in the same words is not taken for this one; who knows better says --recover."""
    receipt = news.publish(post("Davos opens today."))
    news.sandbox.advance(3600)
    with pytest.raises(DuplicatePost, match=f"X already shows these words: .*/{receipt.id}") as told:
        news.publish(post("Davos opens today."), "two")
    assert "--recover" in told.value.hint
    assert news.publish(post("Davos opens today."), "three", recover=True).id == receipt.id
    assert len(news.shown()) == 1


def test_a_duplicate_that_nobody_sees_is_unknown(news: Newsroom) -> None:
    """When an earlier run may have posted and X says so, but shows nothing, a person has to look."""
    news.publisher._access.call("delete_tweet", news.post_by_hand("Davos opens today."))
    with pytest.raises(DuplicatePost, match="X already shows these words"):
        news.publish(post("Davos opens today."))
    with pytest.raises(OutcomeUnknown, match="lately") as told:
        news.publish(post("Davos opens today."), "two", recover=True)
    assert "change its words" in told.value.hint
    assert news.shown() == []


def test_the_newer_names_of_the_fields_are_used_where_the_older_are_refused(news: Newsroom) -> None:
    sent = recorded(news.publisher)
    news.sandbox.fault("x", "reset_after", handler="create_post")
    news.sandbox.fault("x", "status_before", handler="get_timeline", status=400)
    news.publish(post("See https://example.org/live"))
    assert ["tweet.fields" in query for query in timeline_queries(sent)] == [True, False]
    assert "post.fields" in timeline_queries(sent)[1]
    assert len(news.shown()) == 1


# -- media that lapse ----------------------------------------------------------------------------------------------


def test_media_that_lapsed_before_the_next_run_are_uploaded_anew(news: Newsroom, tmp_path: Path) -> None:
    announcement = post("Replay.", video=film(tmp_path, 1 * MIB, alt="The opening"))
    first = news.prepare(announcement, news.steps())
    news.sandbox.advance(25 * 3600)
    second = news.prepare(announcement, news.steps())
    assert first.ids("video") != second.ids("video")
    news.publisher.commit(announcement, second, news.steps())
    assert [len(card.pictures) for card in news.shown()] == [1]


def test_photos_that_lapsed_while_they_were_held_are_uploaded_anew(news: Newsroom) -> None:
    announcement, steps = post("Opening.", photos=(picture(),)), news.steps()
    draft = news.prepare(announcement, steps)
    news.sandbox.advance(25 * 3600)
    news.publisher.commit(announcement, draft, steps)
    assert [seen.alt for seen in news.shown()[0].pictures] == ["The hall, full"]


def test_a_video_that_lapsed_while_it_was_held_is_processed_before_it_is_shown(news: Newsroom, tmp_path: Path) -> None:
    announcement, steps = post("Replay.", video=film(tmp_path, 1 * MIB)), news.steps()
    draft = news.prepare(announcement, steps)
    news.sandbox.advance(25 * 3600)
    with pytest.raises(TransientError, match="still processing"):
        news.publisher.commit(announcement, draft, steps)
    news.publish(announcement)
    assert [len(card.pictures) for card in news.shown()] == [1]


def test_a_thread_that_goes_on_a_day_later_uploads_nothing_again(news: Newsroom) -> None:
    announcement = post("First.", "Second.", photos=(picture(),))
    news.sandbox.fault("x", "refuse_429", handler="create_post", nth=2, count=9)
    with pytest.raises(RateLimited):
        news.publish(announcement)
    news.sandbox.clear_faults()
    news.sandbox.advance(25 * 3600)
    news.publish(announcement)
    assert [card.text for card in news.shown()] == ["First.", "Second."]
    assert news.calls("upload") == 1


# -- credentials ---------------------------------------------------------------------------------------------------

SIGNED = {name: Secret("sandbox") for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")}
BEARING = {name: Secret("sandbox") for name in ("client_id", "refresh_token")}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no credentials: set consumer_key, consumer_secret, access_token, access_token_secret, or client_id"),
        ({"consumer_key": Secret("sandbox")}, "lacks consumer_secret, access_token, access_token_secret"),
        ({**SIGNED, **BEARING}, "two kinds"),
        ({"client_id": Secret("sandbox")}, "lacks refresh_token"),
        ({"refresh_token": Secret("sandbox")}, "lacks client_id"),
        ({**SIGNED, "access_token": Secret("")}, "lacks access_token"),
    ],
)
def test_incomplete_credentials_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as told:
        XSettings(**settings).require_credentials("news")
    assert "'news'" in str(told.value)


@pytest.mark.parametrize("settings", [SIGNED, BEARING, {"client_id": Secret("sandbox"), "token_store": "file:tokens"}])
def test_one_whole_set_of_credentials_is_enough(settings: dict[str, Any]) -> None:
    assert XSettings(**settings).require_credentials("news") is None  # type: ignore[func-returns-value]


def test_two_channels_of_one_account_are_known_by_its_id(news: Newsroom) -> None:
    assert news.publisher.identity == news.account.id == news.publisher.account().id


def test_a_revoked_token_is_told_as_such(news: Newsroom) -> None:
    news.sandbox.mirror("x").expire_credentials("news")
    with pytest.raises(CredentialsExpired) as told:
        news.publish(post("Davos opens today."))
    assert "make new tokens" in told.value.hint


def test_an_expired_token_is_renewed_on_the_way(oauth2: Newsroom) -> None:
    oauth2.sandbox.advance(3 * 3600)
    oauth2.publish(post("Opening.", photos=(picture(), picture("olive", "A wall"))))
    assert [seen.alt for seen in oauth2.shown()[0].pictures] == ["The hall, full", "A wall"]
    assert oauth2.calls("refresh_token") == 1


def test_a_token_that_is_known_to_expire_is_renewed_before(oauth2: Newsroom) -> None:
    oauth2.sandbox.advance(3 * 3600)
    oauth2.publish(post("One."))
    oauth2.sandbox.advance(3 * 3600)
    oauth2.publish(post("Two.", key="closing"))
    refused = [record for record in oauth2.sandbox.requests("x") if record.status == 401]
    assert oauth2.calls("refresh_token") == 2
    assert len(refused) == 1


def test_new_tokens_are_kept_before_they_are_used(oauth2: Newsroom, tmp_path: Path) -> None:
    """The store holds the new pair although the next call never came back."""
    publisher = oauth2.another(pretend_real=True, token_store="file:tokens.json")
    oauth2.sandbox.advance(3 * 3600)
    oauth2.sandbox.fault("x", "reset_before", handler="get_me", nth=2, count=9)
    with pytest.raises(requests.ConnectionError):
        publisher.account()
    oauth2.sandbox.clear_faults()
    kept = json.loads((tmp_path / "tokens.json").read_text())
    assert kept["refresh_token"] != oauth2.account.credentials["refresh_token"]
    assert (tmp_path / "tokens.json").stat().st_mode & 0o077 == 0
    assert oauth2.another(pretend_real=True, token_store="file:tokens.json").account().id == oauth2.account.id
    assert oauth2.calls("refresh_token") == 1


def test_a_renewal_by_another_process_is_taken_over(oauth2: Newsroom) -> None:
    both = [oauth2.another(pretend_real=True, token_store="file:tokens.json") for _ in range(2)]
    assert [publisher.account().id for publisher in both] == [oauth2.account.id] * 2
    oauth2.sandbox.advance(3 * 3600)
    assert [publisher.account().id for publisher in both] == [oauth2.account.id] * 2
    assert oauth2.calls("refresh_token") == 1


def test_a_store_that_cannot_be_written_shows_before_the_refresh_token_is_spent(oauth2: Newsroom) -> None:
    publisher = oauth2.another(pretend_real=True, token_store="file:no/such/folder/tokens.json")
    oauth2.sandbox.advance(3 * 3600)
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        publisher.account()
    assert oauth2.calls("refresh_token") == 0


def test_tokens_are_kept_in_the_keyring(oauth2: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", MemoryKeyring())
    publisher = oauth2.another(pretend_real=True, token_store="keyring:news")
    oauth2.sandbox.advance(3 * 3600)
    publisher.account()
    assert oauth2.another(pretend_real=True, token_store="keyring:news").account().id == oauth2.account.id
    assert oauth2.calls("refresh_token") == 1


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_tokens_cannot_be_kept_in_the_environment(oauth2: Newsroom) -> None:
    publisher = oauth2.another(pretend_real=True, token_store="env:TOKENS")
    with pytest.raises(ConfigurationError, match="file:PATH or keyring:NAME"):
        publisher.require_credentials()


def test_a_refresh_token_put_into_the_store_by_hand_is_taken(oauth2: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(oauth2.account.credentials["refresh_token"])
    publisher = oauth2.another(pretend_real=True, token_store="file:tokens", refresh_token=None, oauth2_access_token=None)
    assert publisher.account().id == oauth2.account.id
    assert json.loads((tmp_path / "tokens").read_text())["access_token"]


@pytest.mark.parametrize("kept", ["{", '{"access_token": "only"}', "{}"])
def test_a_store_that_holds_something_else_is_told(oauth2: Newsroom, tmp_path: Path, kept: str) -> None:
    (tmp_path / "tokens").write_text(kept)
    publisher = oauth2.another(pretend_real=True, token_store="file:tokens")
    with pytest.raises(ConfigurationError, match="token_store keeps cannot be read: delete it"):
        publisher.account()


def test_without_a_store_the_plan_and_the_log_say_what_will_be_lost(oauth2: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    publisher = oauth2.another(pretend_real=True)
    assert [problem.code for problem in publisher.check(post("Davos."))] == ["credentials.not_kept"]
    oauth2.sandbox.advance(3 * 3600)
    with caplog.at_level(logging.WARNING, "socialcast.publishers.x"):
        publisher.account()
    assert "token_store" in caplog.text


def test_a_sandbox_run_leaves_the_kept_tokens_alone(oauth2: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("sandbox-kept-token")
    publisher = oauth2.another(token_store="file:tokens")
    oauth2.sandbox.advance(3 * 3600)
    publisher.account()
    assert (tmp_path / "tokens").read_text() == "sandbox-kept-token"
    assert publisher.check(post("Davos.")) == []


def test_a_spent_refresh_token_is_told_with_the_way_out(oauth2: Newsroom) -> None:
    oauth2.sandbox.advance(3 * 3600)
    oauth2.another().account()
    with pytest.raises(CredentialsExpired) as told:
        oauth2.publish(post("Davos opens today."))
    assert "authorize the app anew" in told.value.hint


def test_renewed_tokens_are_redacted(oauth2: Newsroom) -> None:
    oauth2.sandbox.advance(3 * 3600)
    oauth2.publisher.account()
    token = oauth2.publisher._access.client.bearer_token
    assert token != oauth2.account.credentials["oauth2_access_token"]
    assert token not in oauth2.publisher.connection.transport.redactor.redact(f"Bearer {token}")


def test_a_confidential_app_renews_with_its_secret(sandbox: Sandbox, tmp_path: Path) -> None:
    news = Newsroom(sandbox, tmp_path, wishes={"auth": "oauth2", "confidential": True})
    sandbox.advance(3 * 3600)
    assert news.publisher.account().id == news.account.id


def test_a_sandbox_opens_the_kind_of_account_that_the_channel_has() -> None:
    assert XPublisher.sandbox_wishes({"client_id": "env:ID"}) == {"auth": "oauth2"}
    assert XPublisher.sandbox_wishes({"consumer_key": "env:KEY"}) == {}


# -- what is composed and checked ----------------------------------------------------------------------------------


def test_numbers_fit_into_the_posts_of_a_thread(news: Newsroom) -> None:
    publisher = news.another(wording=Wording(numbered=True))
    composed = publisher.compose(Announcement(text="The doors open at nine, with a talk. " * 20), {})
    last = len(composed.parts)
    assert last > 1
    assert [part.rpartition(" ")[2] for part in composed.parts] == [f"({number}/{last})" for number in range(1, last + 1)]
    assert all(weigh(part, CAPABILITIES.text) <= 280 for part in composed.parts if CAPABILITIES.text)


def test_a_single_post_has_no_number(news: Newsroom) -> None:
    assert news.another(wording=Wording(numbered=True)).compose(Announcement(text="Davos."), {}).parts == ("Davos.",)


def test_a_second_cashtag_is_refused_before_anything_is_sent(news: Newsroom) -> None:
    """X would refuse it, and of a thread only the beginning would be public."""
    composed = news.publisher.compose(Announcement(text="$DOME and $SKY open, for $5."), {})
    (problem,) = news.publisher.check(composed)
    assert problem.code == "text.cashtags"
    assert problem.message.startswith("$DOME, $SKY")
    assert list(news.publisher.check(news.publisher.compose(Announcement(text="$DOME opens."), {}))) == []


def test_what_an_address_costs_is_told(news: Newsroom) -> None:
    composed = news.publisher.compose(Announcement(text="Davos opens.", link=Link("https://example.org")), {})
    (problem,) = news.publisher.check(composed)
    assert (problem.code, problem.severity.value) == ("cost.url", "warning")
    assert "1 of 1 posts" in problem.message
    assert "$0.200" in problem.message


def test_the_plan_tells_what_x_charges(sandbox: Sandbox, tmp_path: Path) -> None:
    """The dollars of the plan are those that the mirror, by its own price list, takes for the run."""
    channel = Channel(name="news", platform="x", policy=Policy.ADAPT)
    photos = [picture(), picture("maroon")]
    said = Announcement(key="opening", text="Davos opens. " * 40, link=Link("https://example.org"), photos=photos)
    with Broadcast([channel], ledger=tmp_path / "l", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        told = sum(cost.amount for cost in broadcast.plan(said)["news"].costs)
        assert broadcast.publish(said).exit_code == 0
    (user,) = sandbox.mirror("x").users.values()
    assert told == 1000 - user.credits


def test_a_post_without_an_address_raises_no_problem(news: Newsroom) -> None:
    assert news.publisher.check(post("Davos opens.")) == []


# -- errors --------------------------------------------------------------------------------------------------------


def refusal(status: int, body: Any, path: str = "/2/tweets", **headers: str) -> Exception:
    told = Exchange(method="POST", host="api.x.com", path=path, status=status, headers=headers, body=msgspec.json.encode(body))
    return judge(ValueError(), [told], rules=ERRORS, read=read_answer, now=datetime(2026, 11, 22, tzinfo=UTC), writing=True)


def problem(detail: str, kind: str = "about:blank", title: str = "Forbidden") -> dict[str, Any]:
    return {"title": title, "detail": detail, "type": kind if ":" in kind else f"https://api.x.com/2/problems/{kind}"}


REPLY_RULE = "You can only reply to or quote posts where you are mentioned or are the author."
UNENGAGED = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author."


@pytest.mark.parametrize(
    ("status", "body", "path", "raises", "hint"),
    [
        (400, problem("One or more parameters were invalid.", "invalid-request"), "/2/tweets", TerminalError, "report"),
        (400, {"errors": [{"message": "Your media IDs are invalid."}]}, "/2/tweets", TerminalError, "run it again"),
        (400, problem("unsupported", "invalid-request"), "/2/media/upload", TerminalError, "this file"),
        (400, {"error": "invalid_request", "error_description": "invalid"}, "/2/oauth2/token", CredentialsExpired, "authorize"),
        (401, problem("Unauthorized", title="Unauthorized"), "/2/tweets", CredentialsExpired, "make new tokens"),
        (402, {"title": "CreditsDepleted", "detail": "no credits"}, "/2/tweets", OutOfCredits, "buy credits"),
        (403, problem("You are not allowed to create a Tweet with duplicate content."), "/2/tweets", OutcomeUnknown, "words"),
        (403, problem(REPLY_RULE, "not-authorized-for-resource"), "/2/tweets", NotAllowed, "mention"),
        (403, problem(UNENGAGED), "/2/tweets", NotAllowed, "mention"),
        (403, problem("You are not permitted to perform this action."), "/2/tweets", NotAllowed, "Read and write"),
        (403, problem("not enrolled", "client-forbidden"), "/2/tweets", NotAllowed, "project"),
        (403, problem("monthly cap", "usage-capped"), "/2/tweets", OutOfCredits, "spending cap"),
        (403, problem("That Tweet is deleted or not visible to you."), "/2/tweets", TransientError, ""),
        (403, problem("Your account is suspended"), "/2/tweets", NotAllowed, "suspended"),
        (403, problem("You are not allowed to post a video longer than 2 minutes."), "/2/tweets", TerminalError, "shorter"),
        (403, problem("Invalid URL"), "/2/tweets", TerminalError, "address"),
        (403, problem("Only one cashtag"), "/2/tweets", TerminalError, "CASHTAG"),
        (403, problem("Forbidden"), "/2/media/upload", NotAllowed, "media.write"),
        (403, problem("Forbidden"), "/2/tweets", NotAllowed, "developer portal"),
        (404, problem("Not found", "resource-not-found", "Not Found Error"), "/2/tweets/1", TerminalError, "gone"),
        (413, {}, "/2/media/upload/1/append", TerminalError, "smaller"),
        (431, {}, "/2/media/upload/1/append", TerminalError, "smaller"),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, "/2/tweets", RateLimited, "by itself"),
    ],
)  # fmt: skip
def test_refusals_mean_what_the_documentation_says(
    status: int, body: Any, path: str, raises: type[PublishError], hint: str
) -> None:
    told = refusal(status, body, path)
    assert type(told) is raises
    assert isinstance(told, PublishError)
    assert hint in told.hint


def test_a_back_end_error_of_a_write_is_unknown() -> None:
    assert type(refusal(503, problem("Service Unavailable", title="Service Unavailable"))) is OutcomeUnknown


def test_a_rate_limit_tells_when_it_ends() -> None:
    headers = {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(datetime(2026, 11, 22, 0, 7, tzinfo=UTC).timestamp())),
    }
    told = refusal(429, problem("Too Many Requests"), **headers)
    assert isinstance(told, RateLimited)
    assert told.retry_after == 420


def test_the_code_of_an_error_is_the_problem_or_the_older_number() -> None:
    told, older = (
        refusal(403, problem(REPLY_RULE, "not-authorized-for-resource")),
        refusal(429, {"errors": [{"code": 88, "message": "No"}]}),
    )
    assert isinstance(told, PublishError)
    assert isinstance(older, PublishError)
    assert (told.code, told.message) == ("not-authorized-for-resource", REPLY_RULE)
    assert (older.code, older.message) == ("88", "No")


def test_a_rate_limit_is_waited_out(news: Newsroom) -> None:
    news.sandbox.fault("x", "refuse_429", handler="create_post", retry_after=300)
    before = news.clock.now()
    news.publish(post("Davos opens today."))
    assert news.clock.now() - before >= timedelta(seconds=300)
    assert len(news.shown()) == 1


def test_without_credits_nothing_is_posted_and_the_hint_says_what_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    news = Newsroom(sandbox, tmp_path, wishes={"credits_usd": 0})
    with pytest.raises(OutOfCredits, match="402") as told:
        news.publish(post("Davos opens today."))
    news.close()
    assert "buy credits" in told.value.hint


# -- pure builders -------------------------------------------------------------------------------------------------


def test_a_post_is_built_from_its_text_media_and_parent() -> None:
    media = [Uploaded(id="7", key="3_7", expires_at=0)]
    assert content("Hello", [], None, ReplySettings.EVERYONE) == {"text": "Hello"}
    assert content("", media, None, ReplySettings.VERIFIED) == {"media_ids": ["7"], "reply_settings": "verified"}
    assert content("More", [], "1", ReplySettings.VERIFIED) == {"text": "More", "in_reply_to_tweet_id": "1"}


def test_media_bodies_are_built_as_x_wants_them() -> None:
    assert alt_text_body("7", "A hall") == {"id": "7", "metadata": {"alt_text": {"text": "A hall"}}}
    assert subtitles_body("7", "8", "de-CH")["subtitles"] == {"id": "8", "language_code": "DE", "display_name": "de-CH"}


@pytest.mark.parametrize("size_bytes", [1, 4 * MIB, 4 * MIB + 1, 512_000_000, 16 << 30])
def test_segments_cover_a_file_of_any_size_in_at_most_a_thousand_pieces(size_bytes: int) -> None:
    pieces = list(segments(size_bytes))
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert [piece.offset for piece in pieces[1:]] == [piece.offset + piece.length for piece in pieces[:-1]]
    assert (pieces[-1].offset + pieces[-1].length, len(pieces) <= 1000) == (size_bytes, True)


def test_an_id_tells_when_the_post_was_made() -> None:
    assert posted_at("1460323737035677698") == datetime(2021, 11, 15, 19, 8, 5, 69000, UTC)


FOUND: dict[str, Any] = {
    "id": "9",
    "text": "Live &amp; free https://t.co/abc123 at 8 https://t.co/pic456",
    "entities": {
        "urls": [
            {"url": "https://t.co/abc123", "expanded_url": "https://example.org/live?a=1"},
            {"url": "https://t.co/pic456", "expanded_url": "https://x.com/news/status/9/photo/1", "media_key": "3_7"},
        ]
    },
    "attachments": {"media_keys": ["3_7"]},
    "referenced_tweets": [{"type": "replied_to", "id": "1"}],
}
SAID = "Live & free https://example.org/live?a=1 at 8"


@pytest.mark.parametrize(
    ("wanted", "likeness"),
    [
        (Wanted(SAID, "1", ("3_8",)), Likeness.SAME),
        (Wanted("Live & free example.org/live?a=1  at 8", "1", ("3_8",)), Likeness.SAME),
        (Wanted("other words", "1", ("3_7",)), Likeness.SAME),
        (Wanted(SAID, "2", ("3_7",)), Likeness.OTHER),
        (Wanted(SAID, None, ("3_7",)), Likeness.OTHER),
        (Wanted(SAID, "1", ()), Likeness.OTHER),
        (Wanted("other words", "1", ("3_8",)), Likeness.OTHER),
        (Wanted("Live & free https://example.org/other at 8", "1", ("3_8",)), Likeness.UNCLEAR),
    ],
)
def test_a_post_on_the_timeline_is_recognised(wanted: Wanted, likeness: Likeness) -> None:
    assert compare(FOUND, wanted) is likeness


def test_the_newer_names_of_the_fields_are_read_too() -> None:
    newer = {**FOUND, "referenced_posts": FOUND["referenced_tweets"], "note_post": {"text": SAID}}
    newer.pop("referenced_tweets")
    assert compare(newer, Wanted(SAID, "1", ("3_8",))) is Likeness.SAME


def test_composed_and_decomposed_letters_are_the_same() -> None:
    found = {"id": "9", "text": "e\u0301"}
    assert compare(found, Wanted("\u00e9", None, ())) is Likeness.SAME


# -- against the published description ------------------------------------------------------------------------------

needs_specs = pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder")


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    """The published description; checking the description itself is left out, since it is X's and takes minutes."""
    path = Path(os.environ["SOCIALCAST_SPECS"]) / "x-openapi-2.167.json"
    return OpenAPI.from_dict(json.loads(path.read_text(encoding="utf-8")), config=Config(spec_validator_cls=None))


@pytest.mark.description
@needs_specs
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # openapi-core does not check OAuth; the sandbox does
def test_every_request_is_as_x_describes_it(news: Newsroom, openapi: OpenAPI, tmp_path: Path) -> None:
    sent = recorded(news.publisher)
    news.publisher.account()
    news.sandbox.fault("x", "reset_after", handler="create_post")
    news.sandbox.fault("x", "status_before", handler="get_timeline", status=400)
    news.publish(post("First: https://example.org", "Second.", photos=(picture(),)))
    subtitles = (Subtitles(SRT, language="en"),)
    receipt = news.publish(post("Replay.", key="replay", video=film(tmp_path, 1 * MIB, alt="A", subtitles=subtitles)))
    news.publisher.retract(receipt, news.steps(key="replay"))
    routes = {(request.method, re.sub(r"\d{9,}", "{id}", request.path_url.partition("?")[0])) for request in sent}
    assert len(routes) == 11
    for request in sent:
        request.url = (request.url or "").replace("api.twitter.com", "api.x.com")
        if "tweet.fields" in request.url:  # the older names are in an older description; the same read with the newer follows
            note_beside("x", f"{request.method} {request.path_url.partition('?')[0]}?tweet.fields")
            continue
        if isinstance(request.body, Form):
            assert_form_is_described(request.body, request.path_url, openapi)
        else:
            openapi.validate_request(RequestsOpenAPIRequest(request))
        note("x", operation_of(request, openapi), len(list(operations(openapi))))


def operations(openapi: OpenAPI) -> Iterator[tuple[str, str]]:
    """Every operation of the description, by verb and path."""
    for path, item in openapi.spec.read_value()["paths"].items():
        yield from ((verb.upper(), path) for verb in item if verb in ("get", "post", "put", "delete"))


def operation_of(request: requests.PreparedRequest, openapi: OpenAPI) -> str:
    """The one with the fewest names in its path that fits."""
    path = request.path_url.partition("?")[0]
    fitting = [each for each in operations(openapi) if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each[1]), path)]
    return " ".join(min((each for each in fitting if each[0] == request.method), key=lambda each: each[1].count("{")))


def assert_form_is_described(form: Form, path: str, openapi: OpenAPI) -> None:
    """A form is read only once, while it is sent, so its fields are compared."""
    described = openapi.spec.read_value()["components"]["schemas"][
        "AppendMediaUploadRequest" if path.endswith("append") else "MediaUploadRequest"
    ]
    names = [part.name for part in form.parts]
    assert set(described["required"]) <= set(names) <= set(described["properties"])


class Recorder(BaseAdapter):
    """Keeps every request that it passes on."""

    def __init__(self, adapter: Any, sent: list[requests.PreparedRequest]) -> None:
        super().__init__()
        self._adapter, self._sent = adapter, sent

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        self._sent.append(request.copy())
        response: requests.Response = self._adapter.send(request, *arguments, **options)
        return response

    def close(self) -> None:
        """The transport closes the adapter."""


def recorded(publisher: XPublisher) -> list[requests.PreparedRequest]:
    """Every request from now on."""
    sent: list[requests.PreparedRequest] = []
    publisher.session.mount("https://", Recorder(publisher.session.get_adapter("https://api.x.com"), sent))
    return sent


def posted(sent: list[requests.PreparedRequest]) -> list[dict[str, Any]]:
    """The bodies of new posts."""
    return [json.loads(request.body or b"") for request in sent if request.method == "POST" and request.path_url == "/2/tweets"]


def timeline_queries(sent: list[requests.PreparedRequest]) -> list[str]:
    return [
        request.path_url for request in sent if request.path_url.partition("?")[0].endswith("/tweets") and request.method == "GET"
    ]
