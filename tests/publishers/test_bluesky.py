"""Bluesky: identifiers against published vectors, records as their lexicons have them, and posts on a real network."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, Link, Live, Override, Photo, State
from socialcast.model.post import Post
from socialcast.publishers.bluesky import records
from socialcast.publishers.bluesky.identifiers import cid_of, record_keys, tid
from socialcast.publishers.bluesky.tables import Replies
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import clip, picture, saying
from socialcast.wire.settings import Policy
from tests.publishers.lexicon import faults


def vectors(group: str) -> list[Any]:
    folder = os.environ.get("SOCIALCAST_SPECS")
    if not folder:
        return [pytest.param(None, marks=pytest.mark.skip(reason="SOCIALCAST_SPECS names no folder with AT Protocol's vectors"))]
    document = json.loads(Path(folder, "atproto-lexicons", "cid-tid-vectors.json").read_text(encoding="utf-8"))
    found: list[Any] = document[group]
    return found


# -- identifiers -------------------------------------------------------------------------------------------------------------


@pytest.mark.description
@pytest.mark.parametrize("case", vectors("records"))
def test_a_record_has_the_hash_that_every_server_gives_it(case: Any) -> None:
    """The CID is that of three independent encoders."""
    assert cid_of(case["record"]) == case["cid"]


@pytest.mark.description
@pytest.mark.parametrize("case", vectors("tids"))
def test_a_time_has_the_key_that_the_specification_gives_it(case: Any) -> None:
    """Microseconds and a clock's number make that TID."""
    assert tid(case["microseconds"], case["clock"]) == case["tid"]


# -- records -----------------------------------------------------------------------------------------------------------------

KEY = "3n2vkvrlo2222"
DID, AT = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "2026-11-22T12:00:00.000Z"


def blob(media_type: str, size: int) -> dict[str, Any]:
    link = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"
    return {"$type": "blob", "ref": {"$link": link}, "mimeType": media_type, "size": size}


PICTURES = [{"alt": "A door", "image": blob("image/jpeg", 2_000_000), "aspectRatio": {"width": 4, "height": 3}}] * 10
CAPTIONS = [{"lang": "de", "file": blob("text/vtt", 20_000)}]
LINK = Link("https://example.org/x", title="Doors")
EMBEDS = {
    "nothing": {},
    "images": {0: records.images(PICTURES[:4], in_gallery=False)},
    "gallery": {0: records.images(PICTURES, in_gallery=True)},
    "video": {0: records.video(blob("video/mp4", 300_000_000), "A film", (16, 9), CAPTIONS)},
    "bare video": {0: records.video(blob("video/mp4", 5), "", None, [])},
    "card": {0: records.card(LINK, "", "Open doors", blob("image/jpeg", 1_000_000))},
    "bare card": {0: records.card(Link("https://example.org/x"), "", "")},
}


def written(embeds: dict[int, dict[str, Any]], answered: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    post = Post(key="a", channel="sky", platform="bluesky", parts=(text, "The end."), language="de-CH")
    said_by = records.Said(post, DID, AT, {"bob.example.org": "did:plc:bob"}, ["graphic-media"])
    return records.thread(said_by, record_keys(2, "a"), embeds, answered)


@pytest.mark.description
@pytest.mark.parametrize("name", EMBEDS)
def test_posts_are_as_their_lexicon_has_them(name: str) -> None:
    """Whatever they show, with all that can be followed, labels and what they answer: no field is missing, wrong or unknown."""
    root = {"uri": records.uri_of(DID, records.POSTS, KEY), "cid": cid_of({"$type": records.POSTS}), "value": {}}
    text = "Café with @bob.example.org: example.org/x, #Öffnung"
    posts = written(EMBEDS[name], records.references(root), text)
    assert len(posts[0]["facets"]) == 3
    assert [faults(each) for each in (*posts, records.answer(text, root, root, AT))] == [[], [], []]


@pytest.mark.description
@pytest.mark.parametrize("replies", [each for each in Replies if each is not Replies.EVERYBODY])
def test_who_may_answer_is_said_as_the_lexicon_has_it(replies: Replies) -> None:
    """The rule's record is whole, and there is none where everybody may."""
    uri = records.uri_of(DID, records.POSTS, KEY)
    gate = records.gate(uri, replies, AT)
    assert gate
    assert faults(gate) == []
    assert records.gate(uri, Replies.EVERYBODY, AT) is None


@pytest.mark.description
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"text": "x" * 301}, "graphemes"),
        ({"createdAt": "today"}, "datetime"),
        ({"langs": ["en"] * 4}, "4 items"),
        ({"shout": True}, "not in the lexicon"),
        ({"embed": {"$type": "app.bsky.embed.images", "images": PICTURES}}, "10 items"),
        ({"embed": {"$type": "app.bsky.embed.picture"}}, "none of"),
        ({"embed": records.card(LINK, "", "", blob("image/jpeg", 1_000_001))}, "1000001 bytes"),
        ({"embed": records.card(LINK, "", "", blob("video/mp4", 1))}, "none of"),
        ({"embed": records.images([{"image": blob("image/jpeg", 1)}], in_gallery=False)}, "alt is missing"),
    ],
)
def test_what_no_lexicon_has_is_noticed(change: dict[str, Any], word: str) -> None:
    """The check itself: one wrong thing in a post, and it is told."""
    (post, _) = written({}, [], "Open doors")
    (fault,) = faults({**post, **change})
    assert word in fault


@given(st.integers(1, 30), st.lists(st.text(), min_size=1, max_size=3))
def test_keys_are_the_same_on_every_machine_and_rise(count: int, words: list[str]) -> None:
    """The same words give the same keys, each a valid TID, in the order of the thread."""
    keys = record_keys(count, *words)
    assert keys == record_keys(count, *words) == sorted(set(keys))
    assert all(
        len(key) == 13 and key[0] in "234567abcdefghij" and set(key) <= set("234567abcdefghijklmnopqrstuvwxyz") for key in keys
    )


def test_keys_differ_between_announcements_and_channels() -> None:
    """No two share a record."""
    deliveries = [("a", "news"), ("a", "press"), ("b", "news"), ("an", "ews")]
    assert len({record_keys(1, *words)[0] for words in deliveries}) == len(deliveries)


# -- what can be followed in a text ------------------------------------------------------------------------------------------


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def said(text: str, facet: dict[str, Any]) -> str:
    return text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()


def test_what_is_active_is_marked_by_its_bytes() -> None:
    """Accents and emoji before it do not move a link, a hashtag or a mention."""
    text = "Café 👩‍🚀 with @Bob.example.org: example.org/x, #Öffnung and @nobody.example"
    found = records.facets(text, {"bob.example.org": "did:plc:bob"})
    assert [(said(text, facet), facet["features"][0]) for facet in found] == [
        ("@Bob.example.org", {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bob"}),
        ("example.org/x", {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/x"}),
        ("#Öffnung", {"$type": "app.bsky.richtext.facet#tag", "tag": "Öffnung"}),
    ]


WORDS = ["é", FAMILY, "#tag", "@a.example.org", "https://example.org/é", ".", ","]


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_facets_never_overlap_or_cut_a_character(text: str) -> None:
    """Each is valid UTF-8 by itself, and they stand in order."""
    found = records.facets(text, {"a.example.org": "did:plc:a"})
    ends = [0, *(facet["index"]["byteEnd"] for facet in found)]
    assert all(said(text, facet) for facet in found)
    assert all(end <= facet["index"]["byteStart"] for end, facet in zip(ends, found, strict=False))


def test_the_accounts_own_password_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would open everything, and two-factor sign-in would refuse it; the message says where an app password is made."""
    monkeypatch.setenv("SOCIALCAST_SKY_APP_PASSWORD", "correct horse battery staple")
    channel = Channel(name="sky", platform="bluesky", settings={"identifier": "news.example.org"})
    with (
        Broadcast([channel], ledger=tmp_path / "ledger") as broadcast,
        pytest.raises(ConfigurationError, match="App passwords") as caught,
    ):
        broadcast.publish(Announcement(key="doors", text="Open doors"))
    assert "battery" not in str(caught.value)


def test_the_accounts_address_opens_in_the_sandbox(tmp_path: Path) -> None:
    """It names the account by its DID, which stays; its page shows what was published."""
    channel = Channel(name="sky", platform="bluesky")
    with Sandbox() as sandbox, Broadcast([channel], ledger=tmp_path / "ledger", sandbox=sandbox) as broadcast:
        broadcast.publish(Announcement(key="page-1", text="page-1 opens."))
        publisher, _ = broadcast.open("sky", "page-1")
        page = requests.get(f"{sandbox.url}/at/{publisher.account().url.removeprefix('https://')}", timeout=30)
    assert (page.status_code, "page-1 opens." in page.text) == (200, True)


# -- on a real network -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(start_server: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return start_server("bluesky-start", "--appview")


class Account:
    """One account of the real server, and what its server and the network show of it."""

    def __init__(self, server: dict[str, Any], folder: Path) -> None:
        self.server, self.user, self.folder = server, server["users"]["alice"], folder
        who = {"identifier": self.user["handle"], "password": self.user["app_password"]}
        session = requests.post(f"{server['url']}/xrpc/com.atproto.server.createSession", json=who, timeout=30).json()
        self._headers = {"Authorization": f"Bearer {session['accessJwt']}"}

    def publish(self, announcement: Announcement, ledger: str = "ledger", **settings: Any) -> Any:
        with self.broadcast(ledger, **settings) as broadcast:
            return broadcast.publish(announcement)["sky"]

    def broadcast(self, ledger: str = "ledger", **settings: Any) -> Broadcast:
        wanted = {"identifier": self.user["handle"], "server": self.server["url"], "video_service": "", **settings}
        channel = Channel(name="sky", platform="bluesky", policy=Policy.ADAPT, settings=wanted)
        return Broadcast([channel], ledger=self.folder / ledger)

    def records(self, key: str) -> list[dict[str, Any]]:
        """The account's posts that say so, in the order of their keys."""
        asked = {"repo": self.user["did"], "collection": records.POSTS, "limit": 100, "reverse": "true"}
        listed = self.get("com.atproto.repo.listRecords", **asked)["records"]
        return [record for record in listed if key in record["value"]["text"]]

    def reply_as(self, name: str, uri: str, text: str) -> str:
        """The address of what another user answers to a post."""
        user, did = self.server["users"][name], self.user["did"]
        at = f"{self.server['url']}/xrpc/com.atproto"
        who = {"identifier": user["handle"], "password": user["app_password"]}
        session = requests.post(f"{at}.server.createSession", json=who, timeout=30).json()
        asked = {"repo": did, "collection": records.POSTS, "rkey": uri.rpartition("/")[2]}
        parent = self.get("com.atproto.repo.getRecord", **asked)
        record = records.answer(text, parent, parent, AT)
        body = {"repo": user["did"], "collection": records.POSTS, "record": record}
        headers = {"Authorization": f"Bearer {session['accessJwt']}"}
        return str(requests.post(f"{at}.repo.createRecord", json=body, headers=headers, timeout=30).json()["uri"])

    def file(self, **params: str) -> bytes:
        """A blob that a record shows."""
        return requests.get(f"{self.server['url']}/xrpc/com.atproto.sync.getBlob", params=params, timeout=30).content

    def get(self, method: str, **params: Any) -> dict[str, Any]:
        answer = requests.get(f"{self.server['url']}/xrpc/{method}", params=params, headers=self._headers, timeout=30)
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture
def account(server: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("SOCIALCAST_SKY_APP_PASSWORD", server["users"]["alice"]["app_password"])
    return Account(server, tmp_path)


UNREADABLE = Live(url="https://example.org/live", poster=Photo(b"no picture", alt="x"))
LONG = "The doors of the old observatory open to everybody at nine, with a talk on the winter sky by @bob.test. "


@pytest.mark.server
def test_a_thread_is_there_once_even_for_a_machine_that_knows_nothing(account: Account) -> None:
    """Published, published again, and published on an empty machine: the same posts, in order, with photos and alt text."""
    event = Announcement(key="thread-1", text=f"thread-1 {LONG * 3}thread-1 ends.", photos=[picture(0), picture(1)])
    first, again, elsewhere = (account.publish(event, ledger) for ledger in ("one", "one", "two"))
    assert [outcome.state for outcome in (first, again, elsewhere)] == [State.PUBLISHED] * 3
    assert first.items == again.items == elsewhere.items
    assert again.steps_sent == 0
    root, answer = account.records("thread-1")
    assert [root["uri"], answer["uri"]] == [item.id for item in first.items]
    assert answer["value"]["reply"]["parent"] == {"uri": root["uri"], "cid": root["cid"]}
    assert [image["alt"] for image in root["value"]["embed"]["images"]] == [photo.alt for photo in event.photos]
    assert "app.bsky.richtext.facet#mention" in json.dumps(root["value"]["facets"])


@pytest.mark.server
def test_a_link_is_a_card_and_who_may_answer_is_said_with_the_post(account: Account) -> None:
    """The card says what the announcement says; the rule stands under the post's own key."""
    event = Announcement(
        key="card-1", title="Open doors", text="card-1 opens.", link=Link("https://example.org/x", title="Doors")
    )
    outcome = account.publish(event, replies="nobody", labels=["graphic-media"])
    (post,) = account.records("card-1")
    assert post["value"]["embed"]["external"]["title"] == "Doors"
    assert post["value"]["labels"]["values"] == [{"val": "graphic-media"}]
    key = outcome.id.rpartition("/")[2]
    gate = account.get("com.atproto.repo.getRecord", repo=account.user["did"], collection=records.GATES, rkey=key)
    assert gate["value"]["allow"] == []


@pytest.mark.server
def test_a_card_shows_the_live_events_picture(account: Account) -> None:
    """The poster is the card's picture, and its file is kept; it stands in no post that shows photos."""
    live = Live(url="https://example.org/live", poster=picture(3))
    event = Announcement(key="live-1", title="Talk", text="live-1 begins.", link=Link("https://example.org/live"), live=live)
    account.publish(event)
    account.publish(msgspec.structs.replace(event, key="live-2", text="live-2 begins.", photos=(picture(4),)))
    (card,), (photos,) = account.records("live-1"), account.records("live-2")
    thumb = card["value"]["embed"]["external"]["thumb"]
    kept = {"did": account.user["did"], "cid": thumb["ref"]["$link"]}
    assert account.file(**kept)[:3] == b"\xff\xd8\xff"
    assert photos["value"]["embed"]["$type"] == "app.bsky.embed.images"
    assert faults(card["value"]) == faults(photos["value"]) == []


def test_a_cards_picture_that_cannot_be_read_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    """It is named where it stands in the announcement."""
    event = Announcement(key="live-3", text="live-3 begins.", link="https://example.org/live", live=UNREADABLE)
    channel = Channel(name="sky", platform="bluesky", policy=Policy.ADAPT)
    with Sandbox() as sandbox, Broadcast([channel], ledger=tmp_path / "ledger", sandbox=sandbox) as broadcast:
        problems = broadcast.plan(event).problems
    assert [(problem.code, problem.path) for problem in problems] == [("poster.unreadable", "live.poster")]


@pytest.mark.server
def test_an_older_servers_limit_is_told_and_can_be_set(account: Account, tmp_path: Path) -> None:
    """The server under test takes a million bytes a photo: its refusal names the setting with which it takes the photo."""
    noise = Image.frombytes("RGB", (1300, 1000), random.Random(1).randbytes(1300 * 1000 * 3))
    noise.save(tmp_path / "noise.jpg", quality=92)
    assert 1_000_000 < (tmp_path / "noise.jpg").stat().st_size < 2_000_000
    event = Announcement(key="noise-1", text="noise-1 hums.", photos=[Photo(tmp_path / "noise.jpg", alt="Noise")])
    refused = account.publish(event, "one")
    assert (refused.state, refused.hint) == (State.REFUSED, "the server is older than 2026: set photo_max_bytes = 1000000")
    taken = account.publish(event, "two", photo_max_bytes=1_000_000)
    assert taken.state is State.PUBLISHED
    assert [change.code for change in taken.adaptations] == ["photo.recompressed"]
    assert account.records("noise-1")[0]["value"]["embed"]["images"][0]["image"]["size"] <= 1_000_000


@pytest.mark.server
def test_a_gallery_holds_more_photos_than_four(account: Account) -> None:
    """Where the channel wants it, in order and with their descriptions."""
    event = Announcement(key="six-1", text="six-1 opens.", photos=[picture(number) for number in range(6)])
    account.publish(event, gallery=True)
    (post,) = account.records("six-1")
    assert post["value"]["embed"]["$type"] == "app.bsky.embed.gallery"
    assert [item["alt"] for item in post["value"]["embed"]["items"]] == [photo.alt for photo in event.photos]


@pytest.mark.server
def test_a_video_is_shown_with_description_and_proportions(account: Account) -> None:
    """Where there is no video service it goes to the account's server."""
    film = clip()
    account.publish(Announcement(key="film-1", title="Film", text="film-1 runs.", video=film))
    (post,) = account.records("film-1")
    embed = post["value"]["embed"]
    assert (embed["$type"], embed["alt"]) == ("app.bsky.embed.video", film.alt)
    assert embed["aspectRatio"]["width"] > embed["aspectRatio"]["height"] > 0


@pytest.mark.server
def test_the_same_key_with_other_words_is_not_taken_for_it(account: Account) -> None:
    """A machine that knows nothing finds the older words, says so, and sends nothing."""
    account.publish(Announcement(key="words-1", text="words-1, the first."), "one")
    outcome = account.publish(Announcement(key="words-1", text="words-1, the second."), "two")
    assert outcome.state is State.UNKNOWN
    assert "other words" in outcome.reason
    assert [record["value"]["text"] for record in account.records("words-1")] == ["words-1, the first."]


@pytest.mark.server
def test_an_announcement_answers_a_post_and_is_answered(account: Account) -> None:
    """Both name the root of the thread; the answer is there once."""
    first = account.publish(Announcement(key="root-1", text="root-1 asks."))
    reply = Announcement(key="reply-1", text="reply-1 says.", channels={"sky": Override(reply_to=first.url)})
    second = account.publish(reply)
    with account.broadcast() as broadcast:
        publisher, steps = broadcast.open("sky", "reply-1")
        items = {publisher.answer(_receipt(second), "answer-1 follows.", steps, name="live/start").id for _ in range(2)}
    (root,), (one,), (two,) = (account.records(key) for key in ("root-1", "reply-1", "answer-1"))
    assert one["value"]["reply"] == {name: {"uri": root["uri"], "cid": root["cid"]} for name in ("root", "parent")}
    assert two["value"]["reply"]["root"] == one["value"]["reply"]["root"]
    assert items == {two["uri"]}


@pytest.mark.server
def test_what_is_retracted_is_gone(account: Account) -> None:
    """Every post of the thread; a second time changes nothing."""
    outcome = account.publish(Announcement(key="gone-1", text=f"gone-1 {LONG * 3}gone-1 ends."))
    assert len(account.records("gone-1")) == 2
    with account.broadcast() as broadcast:
        publisher, steps = broadcast.open("sky", "gone-1")
        publisher.retract(_receipt(outcome), steps)
        publisher.retract(_receipt(outcome), steps)
    assert account.records("gone-1") == []


@pytest.mark.server
def test_what_comes_after_is_read_and_answered(account: Account) -> None:
    """On the real network: a stranger's answer is read and answered in place, the thread goes on, all of it reads back and
    is counted."""
    receipt = _receipt(account.publish(Announcement(key="after-1", text="after-1 opens, see https://example.org/x.")))
    asked = account.reply_as("bob", receipt.id, "after-1, when?")
    with account.broadcast() as broadcast:
        publisher, steps = broadcast.open("sky", "after-1")
        (bob,) = _awaited(lambda: publisher.replies(receipt).page)
        assert (bob.id, bob.text, bob.parent, bob.is_own) == (asked, "after-1, when?", receipt.id, False)
        answer = publisher.answer(receipt, "At nine.", steps, name="a", to=bob)
        said = saying("after-1 goes on.", photos=(picture(5),))
        items = {publisher.append(receipt, said, steps, name="say/1") for _ in range(2)}
        ((more,),) = items
        replies = _awaited(lambda: page if len(page := publisher.replies(receipt).page) == 3 else ())
        assert {reply.id: reply.parent for reply in replies if reply.is_own} == {answer.id: asked, more.id: receipt.id}
        receipt = msgspec.structs.replace(receipt, items=(*receipt.items, more))
        first, second = publisher.inspect(receipt).items
        assert (first.links, second.text) == (("https://example.org/x",), "after-1 goes on.")
        assert [medium.alt for medium in second.media or ()] == [picture(5).alt]
        assert _awaited(lambda: _told(publisher.measure(receipt), receipt.id) == {"comments": 2, "likes": 0})
        publisher.retract(receipt, steps)
        assert _awaited(lambda: all(seen.gone for seen in publisher.inspect(receipt).items))


def _awaited(look: Callable[[], Any]) -> Any:
    """What is there once the network has taken it up, which takes it a moment."""
    for _ in range(120):
        if found := look():
            return found
        time.sleep(0.25)
    raise AssertionError("the network has not taken it up")


def _told(metrics: Iterable[Any], item_id: str) -> dict[str, int]:
    """Two figures of an item: the network counts an answer a moment after it shows it."""
    return {metric.name: metric.value for metric in metrics if metric.item_id == item_id and metric.name in ("comments", "likes")}


def _receipt(outcome: Any) -> Any:
    from socialcast.model.receipt import Receipt

    return Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
