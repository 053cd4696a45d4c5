"""Matrix: what is written into a room, who could read it, and one event of each whatever happens; on mirror and Synapse."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from socialcast import Announcement, Audience, Broadcast, Channel, ConfigurationError, Override, State
from socialcast.compose.markup import markdown
from socialcast.model.errors import NotAllowed
from socialcast.model.receipt import Outcome, Receipt
from socialcast.publishers.matrix import MatrixPublisher, events
from socialcast.publishers.matrix.tables import MAX_CONTENT_BYTES
from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.matrix import MatrixMirror
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture
from socialcast.wire.settings import Policy
from tests.publishers.relay import Relay

ROOM = "#press:matrix.example"
NEWS = Announcement(key="news", title="Open doors", text="The doors open at nine.")

# -- what is written ---------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Tags()
    reader.feed(page)
    return reader.found


def test_a_message_is_formatted_and_plain() -> None:
    """Headings, lists and links are there in both; a picture from elsewhere, which would tell its server who reads, is a link."""
    said = events.message("# Doors\n\nThey **open**.\n\n- soup\n\n![the hall](https://example.org/hall.jpg)")
    assert said["body"] == "Doors\n\nThey open.\n\n- soup\n\nthe hall (https://example.org/hall.jpg)"
    found = tags(said["formatted_body"])
    assert [tag for tag, _ in found] == ["h3", "p", "strong", "ul", "li", "p", "a"]
    assert found[-1] == ("a", {"href": "https://example.org/hall.jpg"})
    assert said["m.mentions"] == {}


@given(st.text(alphabet="<>&\"'`*_#[]()!@ \nab:/"))
def test_words_never_become_markup(words: str) -> None:
    """What the author wrote as plain text shows as its characters: no element but paragraphs, breaks and links."""
    formatted = events.message(markdown(words))["formatted_body"]
    assert {tag for tag, _ in tags(formatted)} <= {"p", "br", "a"}


@pytest.mark.parametrize("body", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))"])
def test_html_in_the_long_form_is_shown(body: str) -> None:
    """Nothing in it runs, is loaded or is followed."""
    assert {tag for tag, _ in tags(events.message(body)["formatted_body"])} <= {"p"}


def test_the_same_words_give_the_same_transaction_and_tell_nothing() -> None:
    """Each step has its own on every machine, and nobody reads the announcement's name in it."""
    steps = [("secret-merger", "press", name) for name in ("post/text", "post/photo/1")] + [
        ("secret-merger", "news", "post/text")
    ]
    assert len({events.transaction(*step) for step in steps}) == 3
    assert events.transaction(*steps[0]) == events.transaction(*steps[0])
    assert "secret" not in events.transaction(*steps[0])


@given(st.text("abcXYZ0-_+/ ", min_size=1), st.text("abcXYZ0-_+/", min_size=1))
def test_an_address_leads_back_to_its_event(room: str, event: str) -> None:
    """Whatever characters ids have."""
    address = events.address_of(f"!{room}:example.org", f"${event}", server="example.org")
    assert events.read_address(address) == (f"!{room}:example.org", f"${event}")


# -- on the mirror -----------------------------------------------------------------------------------------------------------


class Desk:
    """A press office with one room on the sandbox's homeserver."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self._folder = sandbox, folder
        mirror = sandbox.mirror("matrix")
        assert isinstance(mirror, MatrixMirror)
        self.mirror = mirror

    def broadcast(self, *, press: bool = True, ledger: str = "ledger", **settings: Any) -> Broadcast:
        wanted = {**MatrixPublisher.sandbox_settings, **settings}
        audience = Audience.PRESS if press else Audience.PUBLIC
        channel = Channel(name="press", platform="matrix", policy=Policy.ADAPT, audience=audience, settings=wanted)
        return Broadcast([channel], ledger=self._folder / ledger, sandbox=self.sandbox, clock=SandboxClock(self.sandbox))

    def publish(self, announcement: Announcement = NEWS, **options: Any) -> Outcome:
        recover = options.pop("recover", False)
        with self.broadcast(**options) as broadcast:
            report = broadcast.publish(announcement, recover=recover)
        (outcome,) = report.outcomes
        return outcome

    @property
    def room(self) -> Any:
        (room,) = self.mirror.rooms.values()
        return room

    def said(self) -> list[str]:
        return [event.content["body"] for event in self.room.events if event.type == "m.room.message" and event.content]

    def set_state(self, kind: str, content: dict[str, Any]) -> None:
        with self.mirror.lock:
            self.mirror.add(self.room, self.room.creators[0], kind, content, "")


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path) -> Desk:
    return Desk(sandbox, tmp_path)


def test_a_room_that_is_made_is_closed(desk: Desk) -> None:
    """Who is not invited finds, reads and enters nothing, and who is invited reads without writing."""
    assert desk.publish().state is State.PUBLISHED
    assert desk.room.told("m.room.join_rules")["join_rule"] == "invite"
    assert desk.room.told("m.room.history_visibility")["history_visibility"] == "invited"
    assert desk.room.told("m.room.guest_access")["guest_access"] == "forbidden"
    assert desk.room.visibility == "private"
    assert desk.room.power_to_send("m.room.message", is_state=False) == 50


OPENINGS = [
    ("m.room.join_rules", {"join_rule": "public"}, "join_rule is 'public'"),
    ("m.room.join_rules", {"join_rule": "restricted", "allow": []}, "join_rule is 'restricted'"),
    ("m.room.join_rules", {}, "join_rule is"),
    ("m.room.history_visibility", {"history_visibility": "world_readable"}, "history_visibility is 'world_readable'"),
]


@pytest.mark.parametrize(("kind", "content", "why"), OPENINGS)
def test_a_room_that_was_opened_between_two_runs_gets_nothing(desk: Desk, kind: str, content: dict[str, Any], why: str) -> None:
    """Material for the press is refused before anything is sent, with what is open and what to do."""
    desk.publish()
    before = desk.said()
    desk.set_state(kind, content)
    outcome = desk.publish(Announcement(key="secret", text="The director resigns.", audience=Audience.PRESS))
    assert outcome.state is State.REFUSED
    assert why in outcome.reason
    assert "close the room" in outcome.hint
    assert outcome.steps_sent == 0
    assert desk.said() == before


def test_a_room_where_guests_may_ask_to_come_in_gets_nothing(desk: Desk) -> None:
    """Knocking is for people with an account."""
    desk.publish()
    desk.set_state("m.room.join_rules", {"join_rule": "knock"})
    assert desk.publish(Announcement(key="fine", text="Still closed.")).state is State.PUBLISHED
    desk.set_state("m.room.guest_access", {"guest_access": "can_join"})
    assert "guests" in desk.publish(Announcement(key="secret", text="The director resigns.")).reason


def test_a_room_that_the_directory_lists_gets_nothing(desk: Desk) -> None:
    """Everybody finds it there."""
    desk.publish()
    desk.room.visibility = "public"
    outcome = desk.publish(Announcement(key="secret", text="The director resigns."))
    assert (outcome.state, "directory" in outcome.reason) == (State.REFUSED, True)


def test_a_room_that_is_opened_while_an_embargo_is_waited_for_gets_nothing(desk: Desk) -> None:
    """It is looked at right before the message, not only when all is prepared."""
    embargo = desk.sandbox.clock.datetime().replace(microsecond=0).astimezone(UTC)
    event = msgspec.structs.replace(NEWS, embargo=datetime.fromtimestamp(embargo.timestamp() + 3600, UTC))
    assert desk.publish(event).state is State.HELD
    with desk.broadcast() as broadcast:
        publisher, steps = broadcast.open("press", "news")
        post = broadcast.plan(event)["press"].post
        assert post is not None
        draft = publisher.prepare(post, steps)
        desk.set_state("m.room.join_rules", {"join_rule": "public"})
        with pytest.raises(NotAllowed, match="nothing for the press goes there"):
            publisher.commit(post, draft, steps)
    assert desk.said() == []


def test_a_public_channel_may_write_in_a_public_room(desk: Desk) -> None:
    """Only the press has to be among itself; and without `audience` a channel is public."""
    desk.publish(press=False)
    desk.set_state("m.room.join_rules", {"join_rule": "public"})
    assert desk.publish(Announcement(key="more", text="Everybody may read it."), press=False).state is State.PUBLISHED
    refused = desk.publish(Announcement(key="secret", text="The director resigns.", audience=Audience.PRESS), press=False)
    assert (refused.state, "public" in refused.reason) == (State.REFUSED, True)


def test_an_encrypted_room_is_refused_unless_allowed(desk: Desk) -> None:
    """Encryption is not offered, and whoever reads there expects it."""
    desk.publish()
    desk.set_state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    outcome = desk.publish(Announcement(key="more", text="Unencrypted."))
    assert (outcome.state, "encrypted" in outcome.reason, "allow_encrypted" in outcome.hint) == (State.REFUSED, True, True)
    assert desk.publish(Announcement(key="more", text="Unencrypted."), allow_encrypted=True).state is State.PUBLISHED


def test_who_never_was_is_invited_and_who_left_is_left_alone(desk: Desk) -> None:
    """Each once, over all announcements; before anything is said, so that they can read it."""
    guests = [desk.sandbox.account("matrix", name).id for name in ("ada", "bo")]
    desk.publish(invite=guests)
    kinds = [(event.type, event.state_key) for event in desk.room.events]
    assert kinds.index(("m.room.member", guests[1])) < kinds.index(("m.room.message", None))
    with desk.mirror.lock:
        desk.mirror.add(desk.room, guests[1], "m.room.member", {"membership": "leave"}, guests[1])
    desk.publish(Announcement(key="more", text="More."), invite=guests)
    changes = [event.content["membership"] for event in desk.room.events if event.state_key in guests]
    assert changes == ["invite", "invite", "leave"]


def test_malformed_ids_are_told_before_anything_is_sent(desk: Desk) -> None:
    """All of them, and nothing is made."""
    outcome = desk.publish(invite=["bob", "@bob", "@b b:example.org", f"@{'b' * 255}:example.org", "@fine:example.org"])
    assert outcome.state is State.REFUSED
    assert outcome.reason.count("is nobody's id on Matrix") == 4
    assert desk.mirror.rooms == {}


def test_a_text_that_no_event_holds_is_told_before_anything_is_sent(desk: Desk) -> None:
    """One byte below the limit it is published; the server would refuse what is a little longer still."""
    room = MAX_CONTENT_BYTES - events.size_bytes(events.message("")) - len("<p></p>")
    assert desk.publish(Announcement(key="most", text="a" * (room // 2))).state is State.PUBLISHED
    outcome = desk.publish(Announcement(key="more", text="a" * (room // 2 + 1)))
    assert (outcome.state, "fit into one message" in outcome.reason) == (State.REFUSED, True)


def test_an_address_that_leads_nowhere_is_told(desk: Desk) -> None:
    """Without a name nothing is made, and at another server nothing can be."""
    nameless = desk.publish(room_name="")
    assert (nameless.state, "leads to no room" in nameless.reason, "room_name" in nameless.hint) == (State.REFUSED, True, True)
    with desk.broadcast() as broadcast:
        publisher, steps = broadcast.open("press", "news")
        publisher.settings = msgspec.structs.replace(publisher.settings, room="#press:elsewhere.example")
        with pytest.raises(NotAllowed, match=r"cannot be made from matrix\.example"):
            steps.read(publisher.account)
    assert desk.mirror.rooms == {}


def test_a_channel_of_another_server_has_its_room_in_the_sandbox(desk: Desk) -> None:
    """Whatever its address or id, so that a rehearsal can be had; the room is closed."""
    for number, room in enumerate(("#press:example.org", "!abc:example.org", "!opaque")):
        desk.sandbox.reset()
        outcome = desk.publish(ledger=str(number), homeserver="https://matrix.example.org", room=room, room_name="")
        assert outcome.state is State.PUBLISHED, outcome


@pytest.mark.parametrize("room", ["press", "#press", "#pr ess:example.org", ""])
def test_what_is_no_room_is_no_setting(desk: Desk, room: str) -> None:
    """It is told by the settings, before anything is asked."""
    with desk.broadcast(room=room) as broadcast, pytest.raises(ConfigurationError, match="room"):
        broadcast.publish(NEWS)


def test_credentials_are_asked_for(tmp_path: Path) -> None:
    """A token, or a user with a password."""
    channel = Channel(name="press", platform="matrix", settings={**MatrixPublisher.sandbox_settings, "user": "press"})
    with Broadcast([channel], ledger=tmp_path / "ledger") as broadcast, pytest.raises(ConfigurationError, match="access_token"):
        broadcast.publish(NEWS)


def test_the_press_reads_the_embargo_first_in_its_language(desk: Desk) -> None:
    """Bold, above the title; a public channel, which gets it afterwards, says nothing of it."""
    event = msgspec.structs.replace(NEWS, language="de", embargo=datetime(2100, 1, 1, 9, tzinfo=UTC))
    for press, first in ((True, "**Sperrfrist bis"), (False, "# Open doors")):
        with desk.broadcast(press=press) as broadcast:
            post = broadcast.plan(event)["press"].post
            assert post is not None
            assert post.parts[0].startswith(first)


def test_an_alias_that_leads_elsewhere_now_is_told(desk: Desk) -> None:
    """Half of an announcement in one room and half in another helps nobody."""
    embargo = datetime.fromtimestamp(desk.sandbox.clock.now() + 3600, UTC)
    event = msgspec.structs.replace(NEWS, embargo=embargo)
    assert desk.publish(event).state is State.HELD
    desk.mirror._open_room(next(iter(desk.mirror.users.values())), "#other:matrix.example")
    desk.mirror.aliases[ROOM] = desk.mirror.aliases["#other:matrix.example"]
    outcome = desk.publish(event)
    assert (outcome.state, "another room" in outcome.reason) == (State.REFUSED, True)


def test_an_edit_an_answer_and_what_is_taken_back(desk: Desk) -> None:
    """An edit stands for the text, an answer below it; taken back, neither the text nor what it was changed into is there."""
    outcome = desk.publish(msgspec.structs.replace(NEWS, photos=(picture(0),)))
    receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
    with desk.broadcast() as broadcast:
        publisher, steps = broadcast.open("press", "news")
        post = broadcast.plan(msgspec.structs.replace(NEWS, text="They open at ten."))["press"].post
        assert post is not None
        for _ in range(2):
            publisher.amend(receipt, post, steps, name="correct/1")
            answer = publisher.answer(receipt, "It *begins*.", steps, name="live/start")
        relations = {e.relation["rel_type"]: e for e in desk.room.events if e.relation}
        assert relations["m.replace"].content["m.new_content"]["body"].endswith("They open at ten.")
        assert relations["m.thread"].id == answer.id
        assert relations["m.thread"].content["body"] == "It *begins*."
        assert len([e for e in desk.room.events if e.type == "m.room.message"]) == 4
        publisher.retract(receipt, steps)
        publisher.retract(receipt, steps)
    assert desk.said() == ["It *begins*."]


def test_an_announcement_replies_to_a_message(desk: Desk) -> None:
    """By its address; anything else is told beforehand."""
    first = desk.publish()
    address = events.address_of(desk.room.id, first.id, server="matrix.example")
    desk.publish(Announcement(key="reply", text="More.", channels={"press": Override(reply_to=address)}))
    assert desk.room.events[-1].relation == {"m.in_reply_to": {"event_id": first.id}}
    wrong = desk.publish(Announcement(key="no", text="No.", channels={"press": Override(reply_to="https://example.org/1")}))
    assert "is not the address of a message on Matrix" in wrong.reason


def test_what_stands_in_a_room_that_was_opened_can_be_taken_back(desk: Desk) -> None:
    """Nothing more goes there, and that is when it has to go."""
    desk.publish()
    desk.set_state("m.room.join_rules", {"join_rule": "public"})
    with desk.broadcast() as broadcast:
        assert broadcast.retract("news").exit_code == 0
    assert desk.said() == []


def test_what_was_taken_back_is_not_claimed_to_be_there(desk: Desk) -> None:
    """A lost ledger does not know of it, and the server gives the old event for its transaction: that is no publication."""
    desk.publish()
    with desk.broadcast() as broadcast:
        assert broadcast.retract("news").exit_code == 0
    for recover in (True, False):
        outcome = desk.publish(ledger=f"lost-{recover}", recover=recover)
        assert (outcome.state, outcome.partly_public) == (State.REFUSED, False), outcome
        assert "was taken back" in outcome.reason
        assert "give the announcement another" in outcome.hint
    assert desk.said() == []


def test_a_message_that_was_sent_and_cannot_be_looked_at_is_not_told_as_refused(desk: Desk, sandbox: Sandbox) -> None:
    """The token ended between the two: it may be there, and the next run finds it."""
    sandbox.fault("matrix", "expired_token", handler="get_event", account="press")
    assert desk.publish().state is State.UNKNOWN
    said = desk.said()
    assert said
    with desk.mirror.lock:
        desk.mirror.renew_credentials("press")
    assert desk.publish().state is State.PUBLISHED
    assert desk.said()[: len(said)] == said
    assert len(set(desk.said())) == len(desk.said())


def test_older_servers_tell_how_long_to_wait_in_the_body_alone() -> None:
    """Their milliseconds are waited for."""
    from socialcast.publishers.matrix.publisher import _retry_after

    assert _retry_after({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}) == 2.5
    assert _retry_after({"errcode": "M_LIMIT_EXCEEDED"}) is None
    assert _retry_after(None) is None


# -- on Synapse --------------------------------------------------------------------------------------------------------------


PASSWORD = "a-pass-of-tests"


class House:
    """The real server, an account of its own for each test, since each may make ten rooms, and what members read."""

    def __init__(self, facts: dict[str, Any], folder: Path) -> None:
        self.facts, self.folder = facts, folder
        self.user = f"press-{uuid.uuid4().hex[:12]}"
        self.room = f"#{self.user}:localhost"
        self._tokens = {name: user["access_token"] for name, user in facts["users"].items()}
        self.register("press", self.user)

    def register(self, name: str, user: str) -> str:
        """The id of somebody new, who is called so in the calls below; each may be invited a few times only."""
        wanted = {"username": user, "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
        told = requests.post(f"{self.facts['url']}/_matrix/client/v3/register", json=wanted, timeout=30).json()
        self._tokens[name] = told["access_token"]
        return str(told["user_id"])

    def broadcast(self, ledger: str = "ledger", **settings: Any) -> Broadcast:
        wanted = {"homeserver": self.facts["url"], "user": self.user, "room": self.room, "room_name": "Press", **settings}
        channel = Channel(name="press", platform="matrix", policy=Policy.ADAPT, audience=Audience.PRESS, settings=wanted)
        return Broadcast([channel], ledger=self.folder / ledger)

    def publish(self, announcement: Announcement, ledger: str = "ledger", *, recover: bool = False, **settings: Any) -> Outcome:
        with self.broadcast(ledger, **settings) as broadcast:
            report = broadcast.publish(announcement, recover=recover)
        (outcome,) = report.outcomes
        return outcome

    def call(self, verb: str, where: str, body: Any = None, user: str = "press") -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[user]}"}
        address = f"{self.facts['url']}/_matrix/client/{where}"
        return requests.request(verb, address, json=body, headers=headers, timeout=30).json()

    def size_of(self, mxc: str) -> int:
        """Of a file, as who reads it gets it."""
        headers = {"Authorization": f"Bearer {self._tokens['bob']}"}
        where = f"{self.facts['url']}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
        return len(requests.get(where, headers=headers, timeout=30).content)

    @property
    def room_id(self) -> str:
        return str(self.call("GET", f"v3/directory/room/{quote(self.room)}")["room_id"])

    def messages(self, user: str = "press") -> list[dict[str, Any]]:
        """All that stands in the room, oldest first."""
        told = self.call("GET", f"v3/rooms/{self.room_id}/messages?dir=b&limit=100", user=user)
        return [event for event in reversed(told["chunk"]) if event["type"] == "m.room.message" and event["content"]]


@pytest.fixture(scope="module")
def server(start_server: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return start_server("synapse-start")


@pytest.fixture
def house(server: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("SOCIALCAST_PRESS_PASSWORD", PASSWORD)
    return House(server, tmp_path)


FULL = msgspec.structs.replace(
    NEWS, body="## Programme\n\n* soup & <b>", photos=(picture(0), picture(1)), video=clip(), audience=Audience.PRESS
)
FILES = ("m.text", "m.image", "m.image", "m.video")


@pytest.mark.server
def test_a_journalist_reads_all_of_it_once(house: House) -> None:
    """Invited, they read text, photos with their descriptions and the film; again, and on an empty machine, nothing is added."""
    first = house.publish(FULL, invite=["@bob:localhost"])
    assert first.state is State.PUBLISHED, first
    again, elsewhere = house.publish(FULL), house.publish(FULL, "another", recover=True)
    assert (again.items, again.steps_sent, elsewhere.items) == (first.items, 0, first.items)
    assert "errcode" not in house.call("POST", f"v3/join/{quote(house.room)}", {}, user="bob")
    said = house.messages(user="bob")
    assert tuple(event["content"]["msgtype"] for event in said) == FILES
    assert "<h4>Programme</h4>" in said[0]["content"]["formatted_body"]
    assert "soup &amp; &lt;b&gt;" in said[0]["content"]["formatted_body"]
    assert [event["content"]["body"].partition("\n")[0] for event in said[1:3]] == [photo.alt for photo in FULL.photos]
    info = said[1]["content"]["info"]
    assert (info["w"], info["h"], info["mimetype"]) == (48, 32, "image/jpeg")
    assert house.size_of(said[1]["content"]["url"]) == info["size"]


@pytest.mark.server
def test_a_machine_that_knows_nothing_adds_nothing_even_without_recovering(house: House) -> None:
    """The same device with the same transaction ids is given the same events."""
    first, elsewhere = house.publish(FULL), house.publish(FULL, "another")
    assert elsewhere.items == first.items
    assert len(house.messages()) == len(FILES)


@pytest.mark.server
def test_after_a_lost_device_the_room_is_looked_through(house: House) -> None:
    """Another device knows no transaction of the first; the messages are found by their field."""
    first = house.publish(FULL)
    elsewhere = house.publish(FULL, "another", recover=True, device_id="ANOTHER")
    assert elsewhere.items == first.items
    assert len(house.messages()) == len(FILES)


@pytest.mark.server
@pytest.mark.parametrize("lost", [b"/login", b"/createRoom", b"/upload", b"m.room.message", b'"m.image"', b"/invite"])
def test_a_lost_answer_doubles_nothing(house: House, lost: bytes) -> None:
    """Whichever answer is lost after its effect, each message is there once."""
    with Relay(house.facts["url"]) as relay:
        relay.swallow = lost
        outcome = house.publish(FULL, homeserver=relay.url, invite=[f"@guest-of-{house.user}:localhost"])
    assert outcome.state is State.PUBLISHED, outcome
    assert relay.swallow == b""
    assert tuple(event["content"]["msgtype"] for event in house.messages()) == FILES


@pytest.mark.server
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("device", ["", "ANOTHER"])
def test_killed_with_its_ledger_lost_everything_is_there_once(house: House, device: str) -> None:
    """A process is killed when the second photo's message stands and nobody told it; an empty machine finishes, also as another
    device."""
    for number in range(2):
        (house.folder / f"{number}.jpg").write_bytes(picture(number).data or b"")
    (house.folder / "event.md").write_text(
        "---\nkey: killed\ntext: The doors open.\nphotos:\n  - {path: 0.jpg, alt: One}\n  - {path: 1.jpg, alt: Two}\n---\n"
    )
    with Relay(house.facts["url"], hangs=True) as relay:
        relay.swallow = b'"body": "Two"'
        process = _start(house, relay.url, "--ledger", "first.sqlite3")
        assert relay.swallowed.wait(60)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert [event["content"]["body"] for event in house.messages()] == ["The doors open.", "One", "Two"]
        again = _start(house, relay.url, "--ledger", "second.sqlite3", "--recover", device=device)
        told = again.communicate(timeout=60)
    assert again.returncode == 0, told
    assert [event["content"]["body"] for event in house.messages()] == ["The doors open.", "One", "Two"]


def _start(house: House, url: str, *options: str, device: str = "") -> subprocess.Popen[str]:
    device_line = f'device_id = "{device}"\n' if device else ""
    (house.folder / "channels.toml").write_text(
        f'[channels.press]\nplatform = "matrix"\naudience = "press"\nhomeserver = "{url}"\nuser = "{house.user}"\n'
        f'room = "{house.room}"\nroom_name = "Press"\n{device_line}'
    )
    command = [sys.executable, "-m", "socialcast", "publish", "event.md", *options]
    return subprocess.Popen(
        command, cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.server
def test_a_room_that_became_public_is_refused_there_too(house: House) -> None:
    """Synapse tells the same of it."""
    house.publish(NEWS)
    house.call("PUT", f"v3/rooms/{house.room_id}/state/m.room.join_rules", {"join_rule": "public"})
    outcome = house.publish(Announcement(key="secret", text="The director resigns.", audience=Audience.PRESS))
    assert (outcome.state, "join_rule is 'public'" in outcome.reason) == (State.REFUSED, True)
    assert len(house.messages()) == 1


@pytest.mark.server
def test_edits_and_redactions_are_what_synapse_knows(house: House) -> None:
    """The edit is bundled with the text, the thread counted; taken back, nothing of either text is to be had."""
    outcome = house.publish(NEWS)
    receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
    with house.broadcast() as broadcast:
        publisher, steps = broadcast.open("press", "news")
        post = broadcast.plan(msgspec.structs.replace(NEWS, text="They open at ten."))["press"].post
        assert post is not None
        publisher.amend(receipt, post, steps, name="correct/1")
        publisher.answer(receipt, "It begins.", steps, name="live/start")
        told = house.call("GET", f"v3/rooms/{house.room_id}/event/{outcome.id}")["unsigned"]["m.relations"]
        assert told["m.replace"]["content"]["m.new_content"]["body"].endswith("They open at ten.")
        assert told["m.thread"]["count"] == 1
        publisher.retract(receipt, steps)
        publisher.retract(receipt, steps)
    assert [event["content"]["body"] for event in house.messages()] == ["It begins."]


@pytest.mark.server
def test_synapse_gives_what_was_taken_back_and_that_is_told(house: House) -> None:
    """The old event comes back for its transaction, without its words."""
    house.publish(NEWS)
    with house.broadcast() as broadcast:
        assert broadcast.retract("news").exit_code == 0
    outcome = house.publish(NEWS, "another", recover=True)
    assert (outcome.state, "was taken back" in outcome.reason) == (State.REFUSED, True), outcome
    assert house.messages() == []


@pytest.mark.server
@pytest.mark.parametrize(("user", "secret"), [(None, "PASSWORD"), ("", "ACCESS_TOKEN")])
def test_a_wrong_token_and_a_wrong_password_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch, user: str | None, secret: str
) -> None:
    """Before anything is sent, with what to do, and without the secret."""
    monkeypatch.setenv(f"SOCIALCAST_PRESS_{secret}", "correct-horse-battery")
    outcome = house.publish(NEWS, user=house.user if user is None else user)
    assert (outcome.state, outcome.steps_sent, bool(outcome.hint)) == (State.REFUSED, 0, True)
    assert "battery" not in repr(outcome)


@pytest.mark.server
def test_an_address_of_another_server_is_told(house: House) -> None:
    """Nothing can be made there."""
    house.call("GET", "versions")
    outcome = house.publish(NEWS, room="#press:elsewhere.invalid")
    assert outcome.state in (State.REFUSED, State.HELD)
    assert "alias" in outcome.reason or "cannot be made" in outcome.reason
