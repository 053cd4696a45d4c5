"""Mastodon: what is compared and what limits are read, posts on the servers that the mirror plays, and on one by others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from socialcast import Announcement, Broadcast, Channel, Override, State
from socialcast.model.receipt import Receipt
from socialcast.publishers.mastodon import words
from socialcast.publishers.mastodon.instance import limits_of
from socialcast.publishers.mastodon.posts import Likeness, Wanted, compare
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture
from socialcast.wire.settings import Policy
from tests.publishers.openapi import Description
from tests.publishers.validated import note

SERVERS = ("mastodon", "mastodon-4.2", "mastodon-replay-500", "gotosocial", "pleroma", "pixelfed", "snac")
LONG = "The doors of the old observatory open to everybody at nine, with a talk on the winter sky. "


# -- what a server tells -----------------------------------------------------------------------------------------------------


def test_limits_are_read_in_the_new_shape_and_the_old() -> None:
    """What the second version tells wins over what Pleroma told in the first."""
    told = {"max_toot_chars": 5000, "upload_limit": 10, "configuration": {"statuses": {"max_media_attachments": 6}}}
    assert limits_of(told) == {"text.max_length": 5000, "photos.max_bytes": 10, "video.max_bytes": 10, "photos.max_count": 6}


ODD = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3)
NAMES = st.sampled_from(
    ["configuration", "statuses", "media_attachments", "max_characters", "image_size_limit", "max_toot_chars"]
)


@given(st.recursive(ODD, lambda inner: st.dictionaries(NAMES, inner), max_leaves=12))
def test_limits_that_nobody_understands_are_none(told: Any) -> None:
    """Whatever a server tells, only whole numbers above zero are limits, and nothing raises."""
    assert all(type(value) is int and value > 0 for value in limits_of(told).values())


# -- what is compared --------------------------------------------------------------------------------------------------------

WANTED = Wanted("Open doors, @bea@other.example: https://example.org/open-doors?a=1&b=2", "", ("m1", "m2"), 2)
HTML = (
    '<p>Open doors, <span class="h-card"><a href="https://other.example/@bea">@<span>bea</span></a></span>: '
    '<a href="https://example.org/open-doors?a=1&amp;b=2"><span class="invisible">https://</span>'
    '<span class="ellipsis">example.org/open-doors</span><span class="invisible">?a=1&amp;b=2</span></a></p>'
)


@pytest.mark.parametrize(
    ("found", "likeness"),
    [
        ({"content": HTML, "media_attachments": [{"id": "m8"}, {"id": "m9"}]}, Likeness.SAME),
        ({"content": HTML, "media_attachments": [{"id": "m8"}]}, Likeness.SAME),
        ({"content": "<p>Other words</p>", "media_attachments": [{"id": "m2"}]}, Likeness.SAME),
        ({"content": HTML, "media_attachments": [{"id": "m7"}, {"id": "m8"}, {"id": "m9"}]}, Likeness.OTHER),
        ({"content": HTML, "in_reply_to_id": "7"}, Likeness.OTHER),
        ({"content": HTML.replace("b=2", "b=3")}, Likeness.CLOSE),
        ({"content": HTML.replace("Open", "<em>Open</em>").replace("doors,", "*doors*,")}, Likeness.CLOSE),
        ({"content": HTML.replace("Open", "Closed")}, Likeness.OTHER),
    ],
)
def test_media_decide_then_words(found: Any, likeness: Likeness) -> None:
    """A post with a medium of ours is ours; another is by its words and by what it answers, and markup makes it doubtful."""
    assert compare({"id": "1", **found}, WANTED) is likeness


def test_media_without_words_are_nobodys() -> None:
    """After a lost ledger nobody can tell whether such a post is this one."""
    wanted = Wanted("", "", ("m1",), 1)
    assert compare({"id": "1", "content": "", "media_attachments": [{"id": "m9"}]}, wanted) is Likeness.UNCLEAR


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_keys_differ_where_anything_does(one: list[str], other: list[str]) -> None:
    """Servers with one store for all accounts replay what another announcement was answered."""
    plain = [[part.replace("\0", "") for part in parts] for parts in (one, other)]
    assert (words.idempotency_key(*plain[0]) == words.idempotency_key(*plain[1])) == (plain[0] == plain[1])


# -- on the servers that the mirror plays ------------------------------------------------------------------------------------


class House:
    """One account on a server that the sandbox plays, and what its visitors see."""

    def __init__(self, sandbox: Sandbox, folder: Path, **wishes: Any) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.account = sandbox.account("mastodon", "toot", **wishes)

    def broadcast(self, ledger: str = "ledger", **settings: Any) -> Broadcast:
        wanted = {"url": "https://social.example", **settings}
        channel = Channel(name="toot", platform="mastodon", policy=Policy.ADAPT, settings=wanted)
        return Broadcast([channel], ledger=self.folder / ledger, sandbox=self.sandbox, clock=SandboxClock(self.sandbox))

    def publish(self, announcement: Announcement, ledger: str = "ledger", *, recover: bool = False, **settings: Any) -> Any:
        with self.broadcast(ledger, **settings) as broadcast:
            return broadcast.publish(announcement, recover=recover)["toot"]

    def posts(self) -> list[dict[str, Any]]:
        """What the server tells of its account, the oldest first."""
        listed = self.get(f"accounts/{self.get('accounts/verify_credentials')['id']}/statuses")
        return sorted(listed, key=lambda post: (post["created_at"], len(post["id"]), post["id"]))

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.account.credentials['access_token']}", "Host": "social.example"}
        return requests.get(f"{self.sandbox.url}/api/v1/{path}", headers=headers, timeout=30).json()

    def written(self, path: str = "/api/v1/statuses") -> list[Any]:
        """The requests that wrote there."""
        return [sent for sent in self.sandbox.requests("mastodon") if sent.method != "GET" and sent.path == path]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> House:
    return House(sandbox, tmp_path)


def doors(**fields: Any) -> Announcement:
    return Announcement(**{"key": "doors", "text": LONG.strip(), "photos": [picture(0)], **fields})


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("effect", ["reset_before", "reset_after", "status_after", "status_before", "refuse_429"])
def test_on_every_server_one_announcement_is_one_post(server: str, effect: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Whatever a server makes of a repeated key, and whether the call arrived or not, there is one post with its picture."""
    house = House(sandbox, tmp_path, server=server)
    sandbox.fault("mastodon", effect, method="POST", handler="create_status")
    outcome = house.publish(doors())
    again = house.publish(doors(), "other-machine", recover=True)
    assert (outcome.state, again.state) == (State.PUBLISHED, State.PUBLISHED), (outcome, again)
    (post,) = house.posts()
    assert [medium["description"] for medium in post["media_attachments"]] == ["The dome, view 1"]
    assert again.id == outcome.id == post["id"]


def test_a_longer_limit_makes_one_post_of_a_thread(sandbox: Sandbox, tmp_path: Path) -> None:
    """The server tells 5,000 characters, and gets the text whole."""
    house = House(sandbox, tmp_path, server="gotosocial")
    house.publish(doors(text=LONG * 20))
    assert len(house.posts()) == 1


def test_limits_that_nobody_understands_are_passed_over(sandbox: Sandbox, tmp_path: Path) -> None:
    """The published limits make a thread; its later posts are unlisted, each an answer to the one before."""
    house = House(sandbox, tmp_path, tells={"statuses": {"max_characters": "many"}, "media_attachments": None})
    assert house.publish(doors(text=LONG * 12)).state is State.PUBLISHED
    first, second, third = house.posts()
    assert [second["in_reply_to_id"], third["in_reply_to_id"]] == [first["id"], second["id"]]
    assert [post["visibility"] for post in (first, second, third)] == ["public", "unlisted", "unlisted"]


def test_an_app_that_may_not_write_is_refused_before_anything_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    """The scopes that it lacks are named, with what to do."""
    house = House(sandbox, tmp_path, scopes="read")
    outcome = house.publish(doors())
    assert outcome.state is State.REFUSED
    assert "write:media, write:statuses" in outcome.reason
    assert "Preferences, Development" in outcome.hint
    assert not house.written("/api/v2/media")


def test_a_token_of_another_server_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's words, and where to make one."""
    house.sandbox.mirror("mastodon").expire_credentials("toot")
    outcome = house.publish(doors())
    assert (outcome.state, "new token" in outcome.hint) == (State.REFUSED, True)


def test_what_the_settings_wish_arrives(house: House) -> None:
    """Visibility, content warning, sensitive media and the language of the words."""
    house.publish(doors(language="de-AT"), visibility="unlisted", content_warning="Crowds", sensitive=True)
    (post,) = house.posts()
    assert (post["visibility"], post["spoiler_text"], post["sensitive"], post["language"]) == ("unlisted", "Crowds", True, "de")


def test_a_content_warning_takes_room_in_every_post(house: House) -> None:
    """A text that would fit alone becomes a thread, and nothing is refused."""
    outcome = house.publish(doors(text=("word " * 100)[:499]), content_warning="Crowds and noise")
    assert (outcome.state, len(house.posts())) == (State.PUBLISHED, 2)


def test_an_address_is_short_only_with_its_scheme(house: House) -> None:
    """Mastodon makes no link of a bare address and counts all of it; a text with a long one becomes a thread."""
    path = "example.org/" + "open-doors/" * 8
    outcome = house.publish(doors(text=("word " * 84 + path)[:500]))
    assert (outcome.state, len(house.posts())) == (State.PUBLISHED, 1)
    outcome = house.publish(doors(key="longer", text="word " * 88 + path))
    assert (outcome.state, len(house.posts())) == (State.PUBLISHED, 3)
    outcome = house.publish(doors(key="linked", text="word " * 88 + f"https://{path}"))
    assert (outcome.state, len(house.posts())) == (State.PUBLISHED, 4)


def test_media_that_the_server_dropped_are_sent_anew(house: House) -> None:
    """Held for a day, the uploads are gone; none is lost, and nothing is there twice."""
    embargo = house.sandbox.clock.datetime() + timedelta(days=2)
    assert house.publish(doors(embargo=embargo)).state is State.HELD
    house.sandbox.advance(2 * 86_400 + 60)
    assert house.publish(doors(embargo=embargo)).state is State.PUBLISHED
    (post,) = house.posts()
    assert len(post["media_attachments"]) == 1
    assert len(house.written("/api/v2/media")) == 2


@pytest.mark.parametrize("server", ["mastodon", "pleroma", "pixelfed"])
def test_media_dropped_before_their_time_are_sent_anew(
    server: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says so twice, and shows no post with them, gets them again, under a key that it has not answered yet."""
    house = House(sandbox, tmp_path, server=server)
    monkeypatch.setattr("socialcast.publishers.mastodon.media._LIFE_SECONDS", 10 * 86_400)
    embargo = house.sandbox.clock.datetime() + timedelta(days=2)
    house.publish(doors(embargo=embargo))
    house.sandbox.advance(2 * 86_400 + 60)
    assert house.publish(doors(embargo=embargo)).state is State.PUBLISHED
    (post,) = house.posts()
    assert len(post["media_attachments"]) == 1


def test_the_server_keeps_an_embargo(house: House) -> None:
    """It has the post, nobody sees it before, and afterwards it is found; a lost answer schedules nothing twice."""
    embargo = house.sandbox.clock.datetime() + timedelta(hours=2)
    house.sandbox.fault("mastodon", "reset_after", method="POST", handler="create_status")
    assert house.publish(doors(embargo=embargo), schedule=True).state is State.HELD
    assert house.posts() == []
    assert len(house.get("scheduled_statuses")) == 1
    house.sandbox.advance(2 * 3600 + 60)
    outcome = house.publish(doors(embargo=embargo), schedule=True)
    (post,) = house.posts()
    assert (outcome.state, outcome.id) == (State.PUBLISHED, post["id"])


def test_a_server_without_schedules_publishes_nothing_early(sandbox: Sandbox, tmp_path: Path) -> None:
    """The embargo is kept here."""
    house = House(sandbox, tmp_path, server="pixelfed")
    embargo = sandbox.clock.datetime() + timedelta(hours=2)
    assert house.publish(doors(embargo=embargo), schedule=True).state is State.HELD
    assert not house.posts()
    sandbox.advance(2 * 3600 + 60)
    assert house.publish(doors(embargo=embargo), schedule=True).state is State.PUBLISHED
    assert len(house.posts()) == 1


def test_a_correction_changes_words_and_alt_text_and_keeps_the_picture(house: House) -> None:
    """Media that are not named again would vanish."""
    outcome = house.publish(doors(), content_warning="Crowds")
    receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
    with house.broadcast(content_warning="Crowds") as broadcast:
        publisher, steps = broadcast.open("toot", "doors")
        right = publisher.compose(doors(text="Open doors at ten.", photos=[picture(1)]), {})
        publisher.amend(receipt, right, steps, name="correct/1")
    (post,) = house.posts()
    assert words.plain(post["content"]).strip() == "Open doors at ten."
    assert [medium["description"] for medium in post["media_attachments"]] == ["The dome, view 2"]
    assert (post["spoiler_text"], bool(post["edited_at"])) == ("Crowds", True)


def test_the_focus_of_a_photo_is_told(house: House) -> None:
    """Where the server crops, the point that the author chose stays in sight; a photo without one is sent without."""
    house.publish(doors(photos=[msgspec.structs.replace(picture(1), focus=(0.25, -0.5)), picture(2)]))
    (post,) = house.posts()
    told = [medium["meta"].get("focus") for medium in post["media_attachments"]]
    assert told == [{"x": 0.25, "y": -0.5}, None]


def test_an_answer_is_given_once_and_a_post_taken_back(house: House) -> None:
    """The answer hangs on the thread's last post; what somebody deleted by hand is no error."""
    outcome = house.publish(doors())
    receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
    with house.broadcast() as broadcast:
        publisher, steps = broadcast.open("toot", "doors")
        house.sandbox.fault("mastodon", "reset_after", method="POST", handler="create_status")
        answer = publisher.answer(receipt, "The stream is on: https://example.org/live", steps, name="live/start/post")
        first, second = house.posts()
        assert (second["id"], second["in_reply_to_id"]) == (answer.id, first["id"])
        publisher.retract(Receipt(id=answer.id, url=answer.url, items=(*receipt.items, answer)), steps)
        assert house.posts() == []
        publisher.retract(receipt, broadcast.open("toot", "again")[1])


def test_an_answer_to_a_post_elsewhere_is_found_by_its_address(house: House) -> None:
    """The server looks it up; an address that leads nowhere is refused before anything is public."""
    asked = house.publish(doors(key="asked")).url
    address = house.posts()[0]["url"]
    house.publish(doors(key="said", text="We said so.", channels={"toot": Override(reply_to=address)}))
    assert house.posts()[-1]["in_reply_to_id"] == house.posts()[0]["id"], asked
    lost = doors(key="lost", channels={"toot": Override(reply_to="https://social.example/@nobody/1")})
    assert house.publish(lost).state is State.REFUSED


def test_a_video_is_awaited_and_shown_with_its_poster(house: House) -> None:
    """It is not attached before the server has processed it."""
    film = clip()
    film = type(film)(film.path, alt=film.alt, poster=picture(0, (1280, 720)))
    outcome = house.publish(Announcement(key="film", text="A film.", video=film))
    (post,) = house.posts()
    assert (outcome.state, post["media_attachments"][0]["description"]) == (State.PUBLISHED, film.alt)


@pytest.mark.description
@pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder")
def test_requests_are_as_described(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call exists, with the fields and parameters that the description has."""
    known = Description(Path(os.environ["SOCIALCAST_SPECS"], "mastodon-openapi.json"))
    sent: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def keep(self: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request)
        return send(self, request, **options)

    monkeypatch.setattr(requests.Session, "send", keep)
    test_what_the_settings_wish_arrives(house)
    test_an_answer_to_a_post_elsewhere_is_found_by_its_address(house)
    with house.broadcast() as broadcast:
        told = broadcast.publish(doors())["toot"]
        publisher, _ = broadcast.open("toot", "doors")
        for read in (publisher.inspect, publisher.replies, publisher.measure):
            read(Receipt(id=told.id, url=told.url, items=told.items))
    for request in sent:
        if "/api/" in (request.path_url or ""):
            _hold(known, request)


def _hold(known: Description, request: requests.PreparedRequest) -> None:
    path = request.path_url.partition("?")[0]
    method, template = known._operation(str(request.method), path)
    operation = known.operations[method, template]
    names = {rule["name"] for rule in map(known._resolved, operation.get("parameters", ()))}
    asked = {part.partition("=")[0] for part in request.path_url.partition("?")[2].split("&") if part}
    assert asked <= names, f"{method} {path}: {asked - names}"
    note("mastodon", f"{method} {template}", len(known.operations))
