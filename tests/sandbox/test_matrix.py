"""What the mirror of Matrix accepts and, above all, what it refuses; more of it stands in the comparison with a homeserver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Card, Clock, UnplayedError
from socialcast.sandbox.platforms.matrix import MatrixMirror
from socialcast.sandbox.platforms.matrix.html import sanitised

documentation = pytest.mark.documentation

V3, MEDIA = "/_matrix/client/v3", "/_matrix/media"
TEXT = {"msgtype": "m.text", "body": "Doors open"}


@dataclass
class Matrix:
    """The mirror behind a client, and shorthand for the calls that tests need often."""

    mirror: MatrixMirror
    client: Client

    def account(self, name: str = "press", **wishes: Any) -> Any:
        return self.mirror.account(name, **wishes).credentials

    def call(self, verb: str, path: str, body: Any = None, token: str | None = None, **how: Any) -> TestResponse:
        sent = self.account()["access_token"] if token is None else token
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        more = {"json": body} if isinstance(body, dict) else {"data": body}
        return self.client.open(
            quote(path), method=verb, base_url="https://matrix.example", headers=headers, buffered=True, **more, **how
        )

    def room(self, **wishes: Any) -> str:
        """The path of a new room's calls."""
        return f"{V3}/rooms/{self.call('POST', V3 + '/createRoom', wishes).json['room_id']}"

    def say(self, room: str, txn: str, token: str | None = None, **content: Any) -> TestResponse:
        return self.call("PUT", f"{room}/send/m.room.message/{txn}", {**TEXT, **content}, token)

    def events(self, room: str) -> list[dict[str, Any]]:
        """The messages that were sent to a room, newest first."""
        chunk = self.call("GET", room + "/messages", query_string={"dir": "b", "limit": 100}).json["chunk"]
        return [each for each in chunk if each["type"] == "m.room.message"]

    def sign_in(self, **fields: Any) -> TestResponse:
        told = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "press"}}
        password = self.mirror.users["@press:matrix.example"].password
        return self.call("POST", V3 + "/login", {**told, "password": password, **fields}, "")

    def messages(self) -> list[Card]:
        return [card for card in self.mirror.cards() if card.kind == "message"]


def refused(response: TestResponse, status: int, code: str) -> bool:
    """Whether the answer is a refusal with this code."""
    assert (response.status_code, response.json["errcode"]) == (status, code)
    return True


@pytest.fixture
def matrix(tmp_path: Path) -> Matrix:
    clock = Clock()
    mirror = MatrixMirror(clock, MediaStore(tmp_path))
    return Matrix(mirror, Client(App({"matrix": mirror}, clock)))


@documentation
def test_a_token_that_expires_is_refused_softly_and_renewed_on_the_same_device(matrix: Matrix) -> None:
    """`soft_logout` says that the device stays: after a refresh its transaction ids are still known."""
    told = matrix.account(expires=True)
    room = matrix.room()
    event = matrix.say(room, "ann-1").json["event_id"]
    matrix.mirror.clock.advance(301)
    late = matrix.say(room, "ann-1")
    assert refused(late, 401, "M_UNKNOWN_TOKEN")
    assert late.json["soft_logout"] is True
    renewed = matrix.call("POST", V3 + "/refresh", {"refresh_token": told["refresh_token"]}, "").json
    assert renewed["expires_in_ms"] == 300_000
    assert matrix.say(room, "ann-1", renewed["access_token"]).json["event_id"] == event
    assert refused(matrix.call("POST", V3 + "/refresh", {"refresh_token": told["refresh_token"]}, ""), 403, "M_FORBIDDEN")


@documentation
def test_a_token_that_does_not_expire_is_ended_and_given_back(matrix: Matrix) -> None:
    """As when its owner signs the device out, and then anew."""
    path = V3 + "/account/whoami"
    assert matrix.call("GET", path).json["device_id"] == "SANDBOX"
    matrix.mirror.expire_credentials("press")
    ended = matrix.call("GET", path)
    assert refused(ended, 401, "M_UNKNOWN_TOKEN")
    assert ended.json["soft_logout"] is False
    assert refused(matrix.sign_in(), 403, "M_FORBIDDEN")
    matrix.mirror.renew_credentials("press")
    assert matrix.call("GET", path).status_code == 200


@documentation
def test_an_expired_token_with_a_refresh_token_is_renewed_by_it_and_by_its_owner(matrix: Matrix) -> None:
    """The refresh token still gives a pair; once the owner is back, the old words work again."""
    told = matrix.account(expires=True)
    matrix.mirror.expire_credentials("press")
    assert refused(matrix.call("GET", V3 + "/account/whoami"), 401, "M_UNKNOWN_TOKEN")
    renewed = matrix.call("POST", V3 + "/refresh", {"refresh_token": told["refresh_token"]}, "").json
    assert matrix.call("GET", V3 + "/account/whoami", token=renewed["access_token"]).status_code == 200
    matrix.mirror.renew_credentials("press")
    assert matrix.call("GET", V3 + "/account/whoami").status_code == 200


@documentation
def test_an_account_may_have_a_password_alone(matrix: Matrix) -> None:
    """Whoever fails to sign in too often must wait."""
    told = matrix.account(auth="password")
    assert "access_token" not in told
    assert matrix.sign_in(password=told["password"], device_id="SOC1").json["device_id"] == "SOC1"
    assert [matrix.sign_in(password="wrong").status_code for _ in range(4)] == [403, 403, 403, 429]
    with pytest.raises(ValueError, match="auth is token or password"):
        matrix.account("other", auth="magic")


@documentation
def test_a_deactivated_user_is_told_so(matrix: Matrix) -> None:
    """By the sign-in; its tokens are none."""
    matrix.account(is_deactivated=True)
    assert refused(matrix.sign_in(), 403, "M_USER_DEACTIVATED")
    assert refused(matrix.call("GET", V3 + "/account/whoami"), 401, "M_UNKNOWN_TOKEN")


@documentation
def test_the_same_transaction_of_the_same_device_is_one_event_for_a_day(matrix: Matrix) -> None:
    """Another device and another day make another event; a second sign-in of the same device does not."""
    matrix.account(messages_burst=100)
    room = matrix.room()
    first = matrix.say(room, "ann-1").json
    assert matrix.say(room, "ann-1", body="Other words").json == first
    for _ in range(2):
        other = matrix.say(room, "ann-1", matrix.sign_in(device_id="NEW").json["access_token"]).json
    assert other != first
    assert len(matrix.events(room)) == 2
    assert [each["unsigned"].get("transaction_id") for each in matrix.events(room)] == [None, "ann-1"]
    matrix.mirror.clock.advance(86_401)
    assert matrix.say(room, "ann-1").json != first


@documentation
def test_a_refused_event_leaves_its_transaction_unused(matrix: Matrix) -> None:
    """What comes next with it is sent."""
    room = matrix.room()
    assert refused(matrix.say(room, "ann-1", body="x" * 70_000), 413, "M_TOO_LARGE")
    assert matrix.say(room, "ann-1").status_code == 200


@documentation
def test_too_many_events_wait_as_long_as_they_are_told(matrix: Matrix) -> None:
    """Ten at once, then one in five seconds; a repeat of what was sent is never held up."""
    room = matrix.room()
    for number in range(10):
        assert matrix.say(room, f"x{number}").status_code == 200
    over = matrix.say(room, "x10")
    assert refused(over, 429, "M_LIMIT_EXCEEDED")
    assert 4000 < over.json["retry_after_ms"] <= 5000
    assert over.headers["Retry-After"] == "5"
    assert matrix.say(room, "x9").status_code == 200
    matrix.mirror.clock.advance(over.json["retry_after_ms"] / 1000)
    assert matrix.say(room, "x10").status_code == 200


@documentation
def test_an_alias_marks_a_room_that_is_made_once(matrix: Matrix) -> None:
    """The second room of that name is refused, and none is made."""
    matrix.room(room_alias_name="press")
    again = matrix.call("POST", V3 + "/createRoom", {"room_alias_name": "press"})
    assert refused(again, 400, "M_ROOM_IN_USE")
    assert len(matrix.mirror.rooms) == 1
    for name in ("two words", "a:b"):
        assert refused(matrix.call("POST", V3 + "/createRoom", {"room_alias_name": name}), 400, "M_INVALID_PARAM")
    assert refused(matrix.call("POST", V3 + "/createRoom", {"room_version": "99"}), 400, "M_UNSUPPORTED_ROOM_VERSION")


@documentation
def test_who_is_elsewhere_can_be_invited_and_nobody_is_in_uninvited(matrix: Matrix) -> None:
    """A journalist's own server is not here; a user of this one who was not asked stays out, and reads nothing."""
    room = matrix.room(invite=["@ada:journal.example"])
    assert matrix.call("GET", f"{room}/state/m.room.member/@ada:journal.example").json["membership"] == "invite"
    stranger = matrix.account("stranger")["access_token"]
    for verb, path in (("POST", "/join"), ("GET", "/messages"), ("GET", "/state"), ("PUT", "/send/m.room.message/x")):
        assert refused(matrix.call(verb, room + path, TEXT, stranger), 403, "M_FORBIDDEN")


@documentation
@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("shared", ["here", "invited", "before"]),
        ("invited", ["here", "invited"]),
        ("joined", ["here"]),
        ("world_readable", ["here", "invited", "before"]),
    ],
)
def test_members_read_as_far_back_as_the_room_lets_them(matrix: Matrix, rule: str, seen: list[str]) -> None:
    """From their invitation, from when they came, or all; who left reads no further, as on Synapse even where the world may."""
    guest = matrix.account("guest")
    history = {"type": "m.room.history_visibility", "content": {"history_visibility": rule}}
    room = matrix.room(initial_state=[history])
    for words, act in (("before", "invite"), ("invited", "join"), ("here", "leave"), ("after", "")):
        matrix.say(room, words, body=words)
        if act:
            told = {"user_id": guest["user_id"]} if act == "invite" else {}
            matrix.call("POST", f"{room}/{act}", told, None if act == "invite" else guest["access_token"])
    page = matrix.call("GET", room + "/messages", token=guest["access_token"], query_string={"dir": "b", "limit": 50})
    assert [each["content"]["body"] for each in page.json["chunk"] if each["type"] == "m.room.message"] == seen


@documentation
def test_a_room_can_become_public_and_be_encrypted_between_runs(matrix: Matrix) -> None:
    """What a publisher must look at before it writes is there to be read, and strangers come in."""
    room = matrix.room(preset="private_chat", name="Press")
    stranger = matrix.account("stranger")["access_token"]
    for event_type, content in (
        ("m.room.join_rules", {"join_rule": "public"}),
        ("m.room.history_visibility", {"history_visibility": "world_readable"}),
        ("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
    ):
        assert matrix.call("PUT", f"{room}/state/{event_type}", content).status_code == 200
        assert matrix.call("GET", f"{room}/state/{event_type}", token=stranger if "join" not in event_type else None).json
    assert matrix.call("POST", room + "/join", {}, stranger).status_code == 200
    matrix.say(room, "ann-1")
    card = next(card for card in matrix.mirror.cards() if card.kind == "room")
    assert (card.facts["who may come in"], card.facts["who may read"]) == ("everybody", "everybody, members or not")
    assert card.facts["encrypted"] == "yes"
    assert matrix.messages()[0].facts["encrypted"] == "no, in a room that is"


@documentation
def test_files_have_a_limit_and_are_read_with_a_token_alone(matrix: Matrix) -> None:
    """At the limit it passes; a byte more is refused; a name that was taken lapses in a day."""
    matrix.account(upload_max_bytes=100)
    assert matrix.call("GET", "/_matrix/client/v1/media/config").json == {"m.upload.size": 100}
    assert refused(matrix.call("POST", MEDIA + "/v3/upload", bytes(101)), 413, "M_TOO_LARGE")
    uri = matrix.call("POST", MEDIA + "/v3/upload", bytes(100), content_type="image/png").json["content_uri"]
    path = "/_matrix/client/v1/media/download/" + uri.removeprefix("mxc://")
    got = matrix.call("GET", path)
    assert (len(got.data), got.mimetype) == (100, "image/png")
    assert refused(matrix.call("GET", path, token=""), 401, "M_MISSING_TOKEN")
    place = matrix.call("POST", MEDIA + "/v1/create", {}).json["content_uri"].removeprefix("mxc://")
    assert refused(matrix.call("GET", f"/_matrix/client/v1/media/download/{place}"), 504, "M_NOT_YET_UPLOADED")
    matrix.mirror.clock.advance(86_401)
    assert refused(matrix.call("PUT", f"{MEDIA}/v3/upload/{place}", b"abc"), 404, "M_NOT_FOUND")


@documentation
def test_cards_show_a_room_as_its_members_see_it(matrix: Matrix) -> None:
    """Messages under their room, the last version of each, captions as alt text; what was redacted is gone."""
    room = matrix.room(name="Press", topic="News", power_level_content_override={"events_default": 50})
    assert not matrix.mirror.cards()
    uri = matrix.call("POST", MEDIA + "/v3/upload", b"abc", content_type="image/png").json["content_uri"]
    first = matrix.say(room, "1", format="org.matrix.custom.html", formatted_body="<b>Doors</b><script>x</script>").json[
        "event_id"
    ]
    photo = {"msgtype": "m.image", "url": uri, "filename": "a.png", "body": "The hall, full"}
    second = matrix.say(room, "2", **photo, **{"m.relates_to": {"m.in_reply_to": {"event_id": first}}}).json["event_id"]
    edit = {"m.new_content": {"msgtype": "m.text", "body": "Doors closed"}}
    matrix.say(room, "3", body="* Doors closed", **edit, **{"m.relates_to": {"rel_type": "m.replace", "event_id": first}})
    cards = {card.id: card for card in matrix.mirror.cards()}
    assert len(cards) == 3
    whole = next(card for card in cards.values() if card.kind == "room")
    assert (whole.title, whole.text, whole.facts["who may write"]) == ("Press", "News", "those with the power to")
    assert (cards[first].text, cards[first].html, cards[first].facts["versions"]) == ("Doors closed", "", "2")
    assert (cards[first].parent, cards[second].parent) == (whole.id, first)
    assert cards[second].pictures[0].alt == "The hall, full"
    shown = matrix.call("GET", cards[second].pictures[0].url.removeprefix("https://matrix.example"), token="")
    assert shown.data == b"abc"
    for event in (first, second):
        matrix.call("PUT", f"{room}/redact/{event}/r-{event}", {})
    assert not matrix.messages()


@documentation
@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<b>Doors", "<b>Doors</b>"),
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ('<a href="javascript:alert(1)" onclick="x">a</a>', '<a rel="noopener noreferrer">a</a>'),
        (
            '<a href="https://example.org/?a=1&amp;b">a</a>',
            '<a href="https://example.org/?a=1&amp;b" rel="noopener noreferrer">a</a>',
        ),
        ("<mx-reply>quoted</mx-reply>said", "said"),
        ('<img src="https://elsewhere.example/x.png"><img src="mxc://here/a" alt="A">', '<img src="/a" alt="A">'),
        ("</p>1 &lt; 2<br/><font>x</font>", "1 &lt; 2<br>x"),
        ('<span style="position:fixed">x</span><ul><li>y', "<span>x</span><ul><li>y</li></ul>"),
    ],
)
def test_formatting_is_kept_and_nothing_else(html: str, shown: str) -> None:
    """Elements and attributes of the specification's list, every one closed, and no addresses that run or load from elsewhere."""
    assert sanitised(html, lambda uri: "/" + uri.rpartition("/")[2]) == shown


@documentation
def test_what_it_does_not_know_is_loud(matrix: Matrix) -> None:
    """A verb that a path does not have is the server's refusal; a path that the mirror lacks is the sandbox's."""
    assert refused(matrix.call("DELETE", V3 + "/createRoom"), 405, "M_UNRECOGNIZED")
    assert matrix.call("GET", V3 + "/devices").status_code == 501
    assert matrix.client.get("/", base_url="https://matrix.to").status_code == 200


@documentation
def test_people_answer_edit_and_redact_where_the_room_lets_them(matrix: Matrix) -> None:
    """Whoever is not in a public room goes in first; a message is its sender's, and its redaction also that of the powerful."""
    room = matrix.room(preset="public_chat")
    said = matrix.say(room, "1").json["event_id"]
    nice = matrix.mirror.reply_as("ann", said, "Nice")
    assert matrix.events(room)[0]["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": said}}
    matrix.mirror.edit_as("ann", nice, "Nicer")
    shown = {card.id: card for card in matrix.messages()}
    assert (shown[nice].text, shown[nice].parent, shown[nice].account) == ("Nicer", said, "@ann:matrix.example")
    for act in (
        lambda: matrix.mirror.edit_as("bob", nice, "x"),
        lambda: matrix.mirror.remove_as("ann", said),
        lambda: matrix.mirror.reply_as("bob", said, " "),
        lambda: matrix.mirror.reply_as("bob", said, "x" * 70_000),
        lambda: matrix.mirror.moderate_as("press", nice, "hidden"),
    ):
        with pytest.raises(UnplayedError):
            act()
    with pytest.raises(KeyError):
        matrix.mirror.reply_as("ann", "$nothing", "x")
    matrix.mirror.remove_as("press", nice)
    assert [card.id for card in matrix.messages()] == [said]


@documentation
def test_a_closed_room_lets_nobody_answer_who_is_not_invited(matrix: Matrix) -> None:
    """And whoever is invited comes in by answering."""
    room = matrix.room(preset="private_chat")
    said = matrix.say(room, "1").json["event_id"]
    with pytest.raises(UnplayedError):
        matrix.mirror.reply_as("ann", said, "Nice")
    ann = matrix.mirror.account("ann").id
    matrix.call("POST", f"{room}/invite", {"user_id": ann})
    assert matrix.mirror.reply_as("ann", said, "Nice") in {card.id for card in matrix.messages()}
