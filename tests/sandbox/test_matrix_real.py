"""The same calls to the mirror and to Synapse, a homeserver, give the same statuses, codes, words and events."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from werkzeug.test import Client

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Clock
from socialcast.sandbox.platforms.matrix import MatrixMirror

pytestmark = pytest.mark.server

V3, V1, MEDIA = "/_matrix/client/v3", "/_matrix/client/v1", "/_matrix/media"
TEXT = {"msgtype": "m.text", "body": "Doors open"}
NOT_THERE = "$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

# status and body, as JSON where it is, from verb, path, headers, and a body as bytes or None
Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, Any]]


@dataclass
class Party:
    """Three users of one of the two, and what was answered to each step."""

    send: Send
    domain: str
    users: dict[str, dict[str, str]]  # by first name: user_id, password, access_token
    tag: str  # what makes aliases this party's own
    trace: list[Any] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def call(self, verb: str, path: str, body: Any = None, *, user: str | None = "alice", kind: str = "", **query: Any) -> Any:
        """One call whose answer is compared, as far as it can be the same on both."""
        token = self.users[user]["access_token"] if user in self.users else user
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **({"Content-Type": kind} if kind else {})}
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        asked = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        status, told = self.send(verb, f"{quote(path)}{'?' * bool(asked)}{asked}", headers, sent)
        self.trace.append((verb, re.sub(r"[!$#][^/]+|[\w-]{24}", "...", self._comparable(path)), status, self._comparable(told)))
        return told

    def room(self, **wishes: Any) -> str:
        """The path of a new room's calls."""
        return f"{V3}/rooms/{self.call('POST', V3 + '/createRoom', wishes)['room_id']}"

    def say(self, room: str, txn: str, content: Any = TEXT, user: str = "alice", event_type: str = "m.room.message") -> str:
        told = self.call("PUT", f"{room}/send/{event_type}/{txn}", content, user=user)
        return str(told.get("event_id", ""))

    def id(self, name: str) -> str:
        return self.users[name]["user_id"]

    def _comparable(self, told: Any) -> Any:
        """Ids by the order in which they came; times, tokens and places no more than that they are there."""
        if isinstance(told, list):
            return [self._comparable(each) for each in told]
        if isinstance(told, dict):
            kept = {name: _in_order(name, value) for name, value in told.items() if name not in _OF_ONE_SIDE}
            return {
                self._comparable(name): "..." if name in _OPAQUE else self._comparable(value)
                for name, value in sorted(kept.items())
            }
        if isinstance(told, str):
            for first, user in self.users.items():
                told = told.replace(user["user_id"], f"@{first}").replace(user["user_id"][1:].partition(":")[0], first)
            told = told.replace(self.domain, "here").replace(self.tag, "-tag")
            return re.sub(r"[!$][\w-]{18,}(:here)?|(?<=mxc://here/)\w+", lambda found: self._named(found[0]), told)
        return told

    def _named(self, id: str) -> str:
        return self.names.setdefault(id, f"{id[0] if id[0] in '!$' else 'file'} {len(self.names)}")


def _in_order(name: str, value: Any) -> Any:
    """The state of a room, which has no order of its own, in one."""

    def sort(events: list[Any]) -> list[Any]:
        return sorted(events, key=lambda each: (each["type"], each["state_key"]))

    if name == "state" and isinstance(value, dict | list):
        return {"events": sort(value["events"])} if isinstance(value, dict) else sort(value)
    return value


# compared as present
_OPAQUE = frozenset(
    {
        *("age", "origin_server_ts", "start", "end", "next_batch", "prev_batch", "access_token", "refresh_token", "device_id"),
        *("base_url", "unused_expires_at", "versions", "unstable_features", "expires_in_ms", "m.room_versions"),
    }
)
# what Synapse has beside what the specification's publishers need
_OF_ONE_SIDE = frozenset({"device_one_time_keys_count", "device_unused_fallback_key_types", "account_data", "well_known"})


@pytest.fixture(scope="module")
def real(start_server: Callable[..., dict[str, Any]]) -> Iterator[Callable[[], Party]]:
    """Fresh users of Synapse."""
    facts = start_server("synapse-start")
    numbers = itertools.count()
    with requests.Session() as session:
        session.trust_env = False

        def send(verb: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
            answer = session.request(verb, facts["url"] + path, headers=headers, data=body, timeout=60)
            return answer.status_code, _read(answer.content)

        def user(name: str) -> dict[str, str]:
            body = {"username": name, "password": f"{name}-pass", "auth": {"type": "m.login.dummy"}}
            told = send("POST", V3 + "/register", {}, json.dumps(body).encode())[1]
            return {**told, "password": f"{name}-pass"}

        def party() -> Party:
            number = next(numbers)
            users = {name: user(f"{name}{number}") for name in ("alice", "bob", "carol")}
            return Party(send, "localhost", users, f"-real-{number}")

        yield party


@pytest.fixture
def mirror(tmp_path: Path) -> Callable[[], Party]:
    """The same on the mirror."""
    clock = Clock()
    matrix = MatrixMirror(clock, MediaStore(tmp_path))
    client = Client(App({"matrix": matrix}, clock))

    def send(verb: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        place, _, query = path.partition("?")
        how: dict[str, Any] = {"base_url": "https://matrix.example", "headers": headers, "query_string": query, "data": body}
        answer = client.open(place, method=verb, buffered=True, **how)
        return answer.status_code, _read(answer.get_data())

    def user(name: str) -> dict[str, str]:
        told = matrix.account(name, messages_burst=1000).credentials
        return {**told, "password": matrix.users[told["user_id"]].password}

    return lambda: Party(send, "matrix.example", {name: user(name) for name in ("alice", "bob", "carol")}, "-mirrored")


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content


def _sign_in(party: Party, **fields: Any) -> Any:
    told = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": party.id("alice")}}
    return party.call("POST", V3 + "/login", {**told, "password": party.users["alice"]["password"], **fields}, user=None)


def sessions(party: Party) -> None:
    for path in ("/_matrix/client/versions", "/.well-known/matrix/client"):
        party.call("GET", path, user=None)
    _sign_in(party, password="wrong")
    _sign_in(party, identifier={"type": "m.id.user", "user": "nobody"})
    _sign_in(party, type="m.login.nope")
    party.call("POST", V3 + "/login", {}, user=None)
    for body in (b"{", b"[1]", b""):
        party.call("POST", V3 + "/login", body, user=None)
    for token in (None, "made-up", "alice"):
        party.call("GET", V3 + "/account/whoami", user=token)
    party.call("POST", V3 + "/account/whoami", {})
    token = _sign_in(party, device_id="SOC1")["access_token"]
    party.call("GET", V3 + "/account/whoami", user=token)
    party.call("POST", V3 + "/logout", user=token)
    for verb, path in (("GET", "/account/whoami"), ("POST", "/logout")):
        party.call(verb, V3 + path, user=token)


def refreshes(party: Party) -> None:
    def renew(told: Any) -> Any:
        return party.call("POST", V3 + "/refresh", {"refresh_token": told["refresh_token"]}, user=None)

    first = _sign_in(party, refresh_token=True)
    lost, second = renew(first), renew(first)
    for told in (first, lost, second, first):
        party.call("GET", V3 + "/account/whoami", user=told["access_token"])
    renew(first)
    third = renew(second)
    party.call("GET", V3 + "/account/whoami", user=third["access_token"])
    party.call("POST", V3 + "/refresh", {"refresh_token": "made-up"}, user=None)
    party.call("POST", V3 + "/refresh", {}, user=None)


def makings(party: Party) -> None:
    private = {"name": "Press", "topic": "News for the press", "preset": "private_chat"}
    history = {"type": "m.room.history_visibility", "content": {"history_visibility": "invited"}}
    quiet = {"events_default": 50}
    wishes: list[dict[str, Any]] = [
        {**private, "initial_state": [history], "power_level_content_override": quiet, "room_alias_name": f"p{party.tag}"},
        {"preset": "public_chat", "name": "Open"},
        {"preset": "trusted_private_chat", "invite": [party.id("bob")]},
        {"visibility": "public", "room_version": "10", "creation_content": {"m.federate": False}},
        {
            "room_version": "11",
            "initial_state": [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}],
        },
    ]
    for wish in wishes:
        room = party.room(**wish)
        state = party.send(
            "GET", quote(room) + "/state", {"Authorization": f"Bearer {party.users['alice']['access_token']}"}, None
        )
        party.trace.append(sorted((each["type"], str(party._comparable(each["content"]))) for each in state[1]))


def refused_makings(party: Party) -> None:
    alias = f"p{party.tag}"
    party.room(room_alias_name=alias)
    wishes: list[dict[str, Any]] = [
        {"room_alias_name": alias},
        {"preset": "nope"},
        {"invite": ["bad"]},
        {"room_version": "99"},
        {"power_level_content_override": {"users": {party.id("alice"): 100}}},
    ]
    for wish in wishes:
        party.call("POST", V3 + "/createRoom", wish)
    party.call("POST", V3 + "/createRoom", {}, user=None)
    party.call("POST", V3 + "/createRoom", b"[]")


def comings(party: Party) -> None:
    room = party.room(name="Press", invite=[party.id("bob")])
    for path in ("/state/m.room.name", "/state", "/messages", "/joined_members", "/members", "/aliases"):
        party.call("GET", room + path, user="bob")
        party.call("GET", room + path, user="carol")
    for name in ("carol", "bob", "bob"):
        party.call("POST", room + "/join", {}, user=name)
    for user_id in (party.id("bob"), f"@nobody:{party.domain}", "bad", None):
        party.call("POST", room + "/invite", {"user_id": user_id} if user_id else {})
    party.call("POST", room + "/invite", {"user_id": party.id("alice")}, user="carol")
    party.call("POST", room + "/invite", {"user_id": party.id("carol")}, user="bob")
    party.call("POST", room + "/leave", {}, user="carol")
    party.call("POST", room + "/leave", {}, user="carol")
    party.call("POST", room + "/kick", {"user_id": party.id("carol")})
    party.call("POST", room + "/kick", {"user_id": party.id("alice")}, user="bob")
    party.call("POST", room + "/kick", {"user_id": party.id("bob"), "reason": "done"})
    party.call("GET", room + "/state/m.room.name", user="bob")
    party.call("GET", room + "/state/m.room.member/" + party.id("bob"))
    party.call("POST", room + "/join", {}, user="bob")
    party.call("GET", room + "/joined_members")
    party.call("GET", V3 + "/joined_rooms")
    party.call("POST", f"{V3}/rooms/!nope:{party.domain}/join", {})
    party.call("GET", f"{V3}/rooms/!nope:{party.domain}/state")


def names(party: Party) -> None:
    alias, other = (f"#{name}{party.tag}:{party.domain}" for name in ("press", "news"))
    room = party.room(room_alias_name=alias[1:].partition(":")[0])
    path = f"{V3}/directory/room/"
    party.call("GET", path + alias, user=None)
    party.call("GET", path + other, user=None)
    party.call("GET", path + "nope", user=None)
    room_id = room.rpartition("/")[2]
    for _ in range(2):
        party.call("PUT", path + other, {"room_id": room_id})
    party.call("PUT", path + f"#third{party.tag}:{party.domain}", {"room_id": f"!nope:{party.domain}"})
    party.call("GET", room + "/aliases")
    party.call("PUT", room + "/state/m.room.canonical_alias", {"alias": f"#no{party.tag}:{party.domain}"})
    party.call("DELETE", path + other, user="bob")
    for _ in range(2):
        party.call("DELETE", path + other)
    party.call("POST", f"{V3}/join/{alias}", {}, user="bob")
    party.call("POST", f"{V3}/join/{other}", {}, user="bob")


def states(party: Party) -> None:
    room = party.room(name="Press", invite=[party.id("bob")])
    party.call("POST", room + "/join", {}, user="bob")
    for rule in ("public", "public", "invite"):
        party.call("PUT", room + "/state/m.room.join_rules", {"join_rule": rule})
        party.call("GET", room + "/state/m.room.join_rules/")
    party.call("PUT", room + "/state/m.room.history_visibility", {"history_visibility": "world_readable"})
    party.call("GET", room + "/state/m.room.history_visibility", user="carol")
    party.call("GET", room + "/state/m.room.encryption")
    party.call("PUT", room + "/state/m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    party.call("GET", room + "/state/m.room.encryption")
    party.say(room, "plain")
    party.call("PUT", room + "/state/m.room.topic", {"topic": "x"}, user="bob")
    party.call("PUT", room + "/state/m.room.topic", {"topic": "x"}, user="carol")
    party.call("PUT", room + "/state/m.room.name", b"[]")
    party.call("PUT", room + "/state/org.example.note/a", {"words": "x"})
    party.call("GET", room + "/state/org.example.note/a")
    party.call("GET", room + "/state/org.example.note")
    for powers in ({"users": {party.id("bob"): "x"}}, {"users": {party.id("alice"): 100}}, {"users": {party.id("bob"): 50}}):
        party.call("PUT", room + "/state/m.room.power_levels", powers)
    party.call("PUT", room + "/state/m.room.topic", {"topic": "mine"}, user="bob")
    party.call("PUT", room + "/state/m.room.power_levels", {"users": {party.id("bob"): 100}}, user="bob")


def messages(party: Party) -> None:
    room = party.room(power_level_content_override={"events_default": 50}, invite=[party.id("bob")])
    party.call("POST", room + "/join", {}, user="bob")
    party.say(room, "x1", user="bob")
    rich = {**TEXT, "format": "org.matrix.custom.html", "formatted_body": "<b>Doors</b> open", "org.example.key": "k"}
    event = party.say(room, "x1", rich)
    party.say(room, "x1", {**TEXT, "body": "other words"})
    wrong: list[Any] = [{"msgtype": "m.text"}, {"body": "x"}, b"[1]", b"nope", {**TEXT, "body": 1}]
    for number, content in enumerate([*wrong, {**TEXT, "n": 1.5}, {**TEXT, "n": 1 << 60}, {**TEXT, "body": "x" * 70_000}]):
        party.say(room, f"w{number}", content)
    party.say(room, "w1")
    party.say(room, "t" * 300)
    party.say(room, "y", event_type="t" * 256)
    party.say(room, "custom", {"any": ["thing", None, True, 3]}, event_type="org.example.note")
    party.say(f"{V3}/rooms/!nope:{party.domain}", "x1")
    for user in ("alice", "bob", "carol", None):
        party.call("GET", f"{room}/event/{event}", user=user)
    party.call("GET", f"{room}/event/{NOT_THERE}")
    other = _sign_in(party, device_id="OTHER")["access_token"]
    party.call("PUT", f"{room}/send/m.room.message/x1", TEXT, user=other)
    party.call("GET", f"{room}/event/{event}", user=other)
    same = _sign_in(party, device_id="OTHER")["access_token"]
    party.call("PUT", f"{room}/send/m.room.message/x1", TEXT, user=same)


def edits(party: Party) -> None:
    room = party.room(invite=[party.id("bob")])
    party.call("POST", room + "/join", {}, user="bob")
    event = party.say(room, "x1")
    relates = {"m.relates_to": {"rel_type": "m.replace", "event_id": event}}
    for number, words in enumerate(("Doors closed", "Doors ajar")):
        party.say(room, f"e{number}", {**TEXT, "body": f"* {words}", "m.new_content": {**TEXT, "body": words}, **relates})
    party.say(room, "theirs", {**TEXT, "m.new_content": TEXT, **relates}, user="bob")
    party.call("GET", f"{room}/event/{event}")
    relations = f"{V1}/rooms/{room.rpartition('/')[2]}/relations/"
    for kind in ("", "/m.replace", "/m.replace/m.room.message", "/m.thread"):
        party.call("GET", relations + event + kind)
    party.call("GET", relations + event, limit=1)
    party.call("GET", relations + event, user="carol")
    party.call("GET", relations + NOT_THERE)


def threads(party: Party) -> None:
    room = party.room(invite=[party.id("bob")])
    party.call("POST", room + "/join", {}, user="bob")
    root = party.say(room, "x1")
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": root}}
    last = ""
    for number, user in enumerate(("alice", "bob")):
        last = party.say(room, f"t{number}", {**TEXT, "body": f"{number}", **thread}, user)
    party.say(room, "reply", {**TEXT, "m.relates_to": {"m.in_reply_to": {"event_id": root}}})
    relations = f"{V1}/rooms/{room.rpartition('/')[2]}/relations/"
    for kind in ("", "/m.thread", "/m.in_reply_to"):
        party.call("GET", relations + root + kind)
    party.call("GET", f"{room}/event/{root}")
    party.call("GET", f"{room}/event/{root}", user="bob")
    party.say(room, "nested", {**TEXT, "m.relates_to": {"rel_type": "m.thread", "event_id": last}})
    party.say(room, "lost", {**TEXT, "m.relates_to": {"rel_type": "m.thread", "event_id": NOT_THERE}})
    party.say(room, "bad", {**TEXT, "m.relates_to": "x"})
    for event, number in ((root, 1), (root, 2), (NOT_THERE, 3)):
        like = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}}
        party.say(room, f"like{number}", like, event_type="m.reaction")
    party.say(room, "edit", {**TEXT, "m.new_content": TEXT, "m.relates_to": {"rel_type": "m.replace", "event_id": NOT_THERE}})
    party.say(room, "answer", {**TEXT, "m.relates_to": {"m.in_reply_to": {"event_id": NOT_THERE}}})
    party.call("PUT", f"{room}/redact/{last}/r1", {}, user="bob")
    party.call("GET", f"{room}/event/{root}")


def transactions(party: Party) -> None:
    rooms = [party.room() for _ in range(2)]
    for room in rooms:
        event = party.say(room, "same")
        party.say(room, "same", event_type="org.example.note")
        party.call("PUT", f"{room}/redact/{event}/same", {})
        party.call("GET", f"{room}/event/{event}")
    party.say(rooms[0], "with spaces & ümlaut")
    party.say(rooms[0], "with spaces & ümlaut")


def redactions(party: Party) -> None:
    room = party.room(invite=[party.id("bob")])
    party.call("POST", room + "/join", {}, user="bob")
    events = [party.say(room, f"x{number}") for number in range(2)]
    theirs = party.say(room, "x9", user="bob")
    party.call("PUT", f"{room}/redact/{events[0]}/r1", {}, user="bob")
    party.call("PUT", f"{room}/redact/{events[0]}/r1", {}, user="carol")
    for txn in ("r1", "r1", "r2"):
        party.call("PUT", f"{room}/redact/{events[0]}/{txn}", {"reason": "wrong"})
    party.call("PUT", f"{room}/redact/{events[1]}/r3")
    party.call("PUT", f"{room}/redact/{theirs}/r4", {})
    party.call("PUT", f"{room}/redact/{NOT_THERE}/r5", {})
    for event in (*events, theirs):
        party.call("GET", f"{room}/event/{event}")


def pages(party: Party) -> None:
    room = party.room(name="Press", invite=[party.id("bob"), party.id("carol")])
    for number in range(3):
        party.say(room, f"x{number}", {**TEXT, "body": f"{number}"})
    party.call("POST", room + "/join", {}, user="bob")
    party.say(room, "x3", {**TEXT, "body": "3"})
    only = json.dumps({"types": ["m.room.message"]})
    first = party.call("GET", room + "/messages", dir="b", limit=2)
    party.call("GET", room + "/messages", dir="b", limit=3, **{"from": first["end"]})
    forth = party.call("GET", room + "/messages", dir="f", limit=2, filter=only)
    party.call("GET", room + "/messages", dir="f", limit=2, filter=only, **{"from": forth["end"]})
    party.call("GET", room + "/messages", limit=2)
    party.call("GET", room + "/messages", dir="x")
    party.call("GET", room + "/messages", dir="b", **{"from": "bad"})
    for user in ("bob", "carol"):
        party.call("GET", room + "/messages", dir="b", filter=only, user=user)


def contexts(party: Party) -> None:
    room = party.room(name="Press", invite=[party.id("bob")])
    events = [party.say(room, f"x{number}", {**TEXT, "body": f"{number}"}) for number in range(4)]
    party.call("POST", room + "/join", {}, user="bob")
    party.say(room, "x4", {**TEXT, "body": "4"})
    edit = {"m.new_content": TEXT, "m.relates_to": {"rel_type": "m.replace", "event_id": events[3]}}
    party.say(room, "edit", {**TEXT, **edit})
    only = json.dumps({"types": ["m.room.message"]})
    told = party.call("GET", f"{room}/context/{events[2]}", limit=3)
    party.call("GET", room + "/messages", dir="f", limit=9, filter=only, **{"from": told["end"]})
    party.call("GET", room + "/messages", dir="b", limit=1, filter=only, **{"from": told["start"]})
    at_once = party.call("GET", f"{room}/context/{events[1]}", limit=0, filter=only)
    found = party.call("GET", room + "/messages", dir="f", limit=9, filter=only, **{"from": at_once["end"]})
    party.call("GET", room + "/messages", dir="f", limit=9, filter=only, **{"from": found["end"]})
    party.call("PUT", f"{room}/redact/{events[0]}/r1", {})
    for event, user in ((events[0], "alice"), (events[0], "bob"), (events[3], "carol"), (NOT_THERE, "alice")):
        party.call("GET", f"{room}/context/{event}", user=user, limit=0)


def histories(party: Party) -> None:
    for rule in ("shared", "invited", "joined", "world_readable"):
        history = {"type": "m.room.history_visibility", "content": {"history_visibility": rule}}
        room = party.room(initial_state=[history])
        party.say(room, "x0", {**TEXT, "body": "before"})
        party.call("POST", room + "/invite", {"user_id": party.id("bob")})
        party.say(room, "x1", {**TEXT, "body": "invited"})
        party.call("POST", room + "/join", {}, user="bob")
        party.say(room, "x2", {**TEXT, "body": "in"})
        party.call("POST", room + "/leave", {}, user="bob")
        party.say(room, "x3", {**TEXT, "body": "after"})
        party.call("GET", room + "/messages", dir="b", limit=50, filter=json.dumps({"types": ["m.room.message"]}), user="bob")


def files(party: Party) -> None:
    uri = party.call("POST", MEDIA + "/v3/upload", b"abc", kind="image/png", filename="a.png")["content_uri"]
    party.call("POST", MEDIA + "/v3/upload", b"abc", user=None)
    for user in ("alice", None):
        party.call("GET", V1 + "/media/config", user=user)
    place = f"{V1}/media/download/{uri.removeprefix('mxc://')}"
    for path, user in ((place, "bob"), (place + "/b.png", "bob"), (place, None)):
        party.call("GET", path, user=user)
    told = party.call("POST", MEDIA + "/v1/create")
    place = told["content_uri"].removeprefix("mxc://")
    party.call("GET", f"{V1}/media/download/{place}", timeout_ms=100)
    party.call("PUT", f"{MEDIA}/v3/upload/{place}", b"abc", user="bob")
    for _ in range(2):
        party.call("PUT", f"{MEDIA}/v3/upload/{place}", b"abc", kind="image/png")
    party.call("PUT", f"{MEDIA}/v3/upload/{party.domain}/nope", b"abc")
    party.call("PUT", f"{MEDIA}/v3/upload/elsewhere.example/nope", b"abc")


def profiles(party: Party) -> None:
    mine = f"{V3}/profile/{party.id('alice')}"
    for path in (mine, mine + "/displayname", f"{V3}/profile/@nobody:{party.domain}"):
        party.call("GET", path, user=None)
    party.call("PUT", mine + "/displayname", {"displayname": "Press office"})
    party.call("PUT", mine + "/displayname", {"displayname": "x"}, user="bob")
    party.call("GET", mine)


def syncs(party: Party) -> None:
    room = party.room(name="Press", invite=[party.id("bob")])
    quiet = {"presence": {"types": []}, "account_data": {"types": []}}
    room_id = room.rpartition("/")[2]
    wish = json.dumps({**quiet, "room": {"rooms": [room_id], "timeline": {"limit": 2}}})
    told = party.call("GET", V3 + "/sync", timeout=0, filter=wish)
    party.call("GET", V3 + "/sync", timeout=0, filter=wish, since=told["next_batch"])
    party.say(room, "x1")
    party.call("GET", V3 + "/sync", timeout=0, filter=wish, since=told["next_batch"])
    party.call("GET", V3 + "/sync", timeout=0, filter=json.dumps(quiet), user="bob")


SCENARIOS = [
    *(
        sessions,
        refreshes,
        makings,
        refused_makings,
        comings,
        names,
        states,
        messages,
        edits,
        threads,
        transactions,
        redactions,
        pages,
        contexts,
        histories,
    ),
    *(files, profiles, syncs),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_mirror_and_server_answer_alike(
    scenario: Callable[[Party], None], mirror: Callable[[], Party], real: Callable[[], Party]
) -> None:
    """Statuses, codes and words, and every event as a reader gets it."""
    ours, theirs = mirror(), real()
    for party in (ours, theirs):
        scenario(party)
    assert ours.trace == theirs.trace
