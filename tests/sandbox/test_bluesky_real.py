"""The same calls to the mirror and to Bluesky's own server give the same statuses, error names, hashes and words."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from PIL import Image
from werkzeug.test import Client

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Clock
from socialcast.sandbox.platforms.bluesky import BlueskyMirror

pytestmark = pytest.mark.server

POST, GATE, PROFILE = "app.bsky.feed.post", "app.bsky.feed.threadgate", "app.bsky.actor.profile"
AT = "2026-11-22T12:00:00.000Z"
ELSEWHERE = "bafyreihz7loavf5vrbfjrxjiecpvvxmfq3x32qv5npg2pfgq67rxsa62zy"
NO_FILE = "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
APPLY = "com.atproto.repo.applyWrites"
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"  # of record keys
_WAIT_SECONDS, _POLL_SECONDS = 20.0, 0.2  # the real AppView hears of a post a moment later

# status, body as JSON, from verb, method, query, JSON or bytes, headers
Send = Callable[[str, str, dict[str, Any], Any, dict[str, str]], tuple[int, Any]]


@dataclass
class Party:
    """One account on one of the two, and what was answered to each step."""

    send: Send
    handle: str
    password: str
    did: str = ""
    token: str = ""
    refresh: str = ""
    trace: list[Any] = field(default_factory=list)
    hidden: frozenset[str] = frozenset()  # what else is compared as present: hashes, where records name the account

    def call(self, verb: str, nsid: str, body: Any = None, *, token: str | None = None, kind: str = "", **query: Any) -> Any:
        """One call whose answer is compared, as far as it can be the same on both."""
        status, told = self.quietly(verb, nsid, body, token=token, kind=kind, **query)
        self.trace.append((nsid.rpartition(".")[2], status, self._comparable(told)))
        return told

    def quietly(self, verb: str, nsid: str, body: Any = None, *, token: str | None = None, kind: str = "", **query: Any) -> Any:
        """One call whose answer is not compared."""
        text = self.token if token is None else token
        headers = {**({"Authorization": f"Bearer {text}"} if text else {}), **({"Content-Type": kind} if kind else {})}
        return self.send(verb, nsid, query, body, headers)

    def sign_in(self, **fields: Any) -> Any:
        told = {"identifier": self.handle, "password": self.password, **fields}
        return self.call("POST", "com.atproto.server.createSession", told, token="")

    def put(self, rkey: str, record: Any, collection: str = POST, **fields: Any) -> Any:
        told = {"repo": self.did, "collection": collection, "rkey": rkey, "record": record, **fields}
        return self.call("POST", "com.atproto.repo.putRecord", told)

    def create(self, record: Any, **fields: Any) -> Any:
        told = {"repo": self.did, "collection": POST, "record": record, **fields}
        return self.call("POST", "com.atproto.repo.createRecord", told)

    def apply(self, *writes: Any, **fields: Any) -> Any:
        return self.call("POST", APPLY, {"repo": self.did, "writes": list(writes), **fields})

    def delete(self, rkey: str, **fields: Any) -> Any:
        told = {"repo": self.did, "collection": POST, "rkey": rkey, **fields}
        return self.call("POST", "com.atproto.repo.deleteRecord", told)

    def read(self, rkey: str, **query: Any) -> Any:
        where = {"repo": self.did, "collection": POST, "rkey": rkey, **query}
        return self.call("GET", "com.atproto.repo.getRecord", token="", **where)

    def upload(self, content: bytes, kind: str) -> dict[str, Any]:
        told = self.call("POST", "com.atproto.repo.uploadBlob", content, kind=kind)
        return dict(told.get("blob", {}))

    def _comparable(self, told: Any) -> Any:
        """Without what only one side can know: names, tokens, commits, the times of arrival."""
        if isinstance(told, dict):
            kept = {name: value for name, value in told.items() if name not in _OPAQUE}
            return {
                name: "..." if name in _OF_ONE_SIDE | self.hidden else self._comparable(value) for name, value in kept.items()
            }
        if isinstance(told, list):
            return [self._comparable(each) for each in told]
        if isinstance(told, str):
            told = re.sub(r"Commit was at \w+", "Commit was at ...", told)
            return told.replace(self.did or "\0", "did:me").replace(self.handle, "me.example")
        return told


# compared as present; and what the mirror does not have, or what each server has in another order or measure
_OF_ONE_SIDE = frozenset({"commit", "accessJwt", "refreshJwt", "token", "indexedAt"})
_OPAQUE = frozenset({"viewer", "associated", "threadContext", "email", "emailConfirmed", "emailAuthFactor", "didDoc", "cursor"})


def post(text: str = "Doors open", **fields: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": AT, "langs": ["en"], **fields}


def write(rkey: str, value: Any = None, kind: str = "create", collection: str = POST) -> dict[str, Any]:
    told = {"$type": f"{APPLY}#{kind}", "collection": collection, "rkey": rkey}
    return told if value is None else {**told, "value": value}


def photo(colour: int, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (colour, 2, 1)).save(file, kind)
    return file.getvalue()


def images(*blobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.images", "images": [{"alt": "a door", "image": blob, **fields} for blob in blobs]}


@pytest.fixture(scope="module")
def real(start_server: Callable[..., dict[str, Any]]) -> Iterator[Callable[[], Party]]:
    """A fresh session of an account on Bluesky's own server."""
    facts = start_server("bluesky-start", "--appview")
    user = facts["users"]["alice"]
    with requests.Session() as session:
        session.trust_env = False

        def send(verb: str, nsid: str, query: dict[str, Any], body: Any, headers: dict[str, str]) -> tuple[int, Any]:
            sent = {"data": body} if isinstance(body, bytes) else {"json": body}
            url = f"{facts['url']}/xrpc/{nsid}"
            answer = session.request(verb, url, params=query, headers=headers, timeout=60, **sent)
            return answer.status_code, _read(answer.content, answer.headers.get("Content-Type", ""), answer.json)

        yield lambda: Party(send, user["handle"], user["app_password"])


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Party]:
    """The same on the mirror."""
    clock = Clock()
    bluesky = BlueskyMirror(clock, MediaStore(tmp_path_factory.mktemp("media")))
    client = Client(App({"bluesky": bluesky}, clock))
    account = bluesky.account("alice", blob_max_bytes=5 << 20)
    host = bluesky.users[account.id].pds

    def send(verb: str, nsid: str, query: dict[str, Any], body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        more: dict[str, Any] = {"base_url": f"https://{host}", "headers": headers, "query_string": query}
        answer = client.open(f"/xrpc/{nsid}", method=verb, buffered=True, **more, **sent)
        return answer.status_code, _read(answer.get_data(), answer.content_type or "", lambda: answer.json)

    return lambda: Party(send, account.credentials["identifier"], account.credentials["app_password"])


def _read(content: bytes, kind: str, parsed: Callable[[], Any]) -> Any:
    return parsed() if kind.startswith("application/json") else content


def sessions(party: Party) -> None:
    party.sign_in(password="wrong")
    party.sign_in(identifier="nobody.example")
    party.call("POST", "com.atproto.server.createSession", {"identifier": party.handle}, token="")
    for token in ("", "made.up.token", party.refresh):
        party.call("GET", "com.atproto.server.getSession", token=token)
    party.call("GET", "com.atproto.server.getSession")
    party.call("POST", "com.atproto.server.refreshSession")
    refresh = party.sign_in()["refreshJwt"]
    told = [party.call("POST", "com.atproto.server.refreshSession", token=refresh) for _ in range(2)]
    party.trace.append(token_id(told[0]["refreshJwt"]) == token_id(told[1]["refreshJwt"]))
    party.call("POST", "com.atproto.server.deleteSession", token=told[0]["refreshJwt"])
    party.call("POST", "com.atproto.server.refreshSession", token=told[0]["refreshJwt"])


def token_id(token: str) -> str:
    """The name that a token has for itself; beside it stands the second in which it was made."""
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])


def puts(party: Party) -> None:
    for text in ("Doors open", "Doors open", "Doors closed"):
        party.put("3n2vkvrlo2222", post(text), swapRecord=None)
    party.put("3n2vkvrlo2222", post(), swapRecord=ELSEWHERE, swapCommit=ELSEWHERE)
    party.put("3n2vkvrlo2222", post("Doors closed"), swapRecord=ELSEWHERE)
    party.put("3n2vkvrlo2223", post(), swapRecord=ELSEWHERE)
    party.put("3n2vkvrlo2223", post(), swapCommit=ELSEWHERE)
    party.put("3n2vkvrlo2223", post(), swapRecord="none")
    party.read("3n2vkvrlo2222")
    party.read("3n2vkvrlo2222", cid=ELSEWHERE)
    party.read("3n2vkvrlo2223")
    party.read("3n2vkvrlo2223", repo="nobody.example")
    party.put("3n2vkvrlo2222", post("Doors closed"))
    party.read("3n2vkvrlo2222")
    where: dict[str, Any] = {"repo": party.did, "collection": POST, "limit": 1}
    party.call("GET", "com.atproto.repo.listRecords", token="", **where)
    party.call("GET", "com.atproto.repo.listRecords", token="", **{**where, "collection": "org.example.none"})
    for token in ("", "made.up.token"):
        told = {"repo": party.did, "collection": POST, "rkey": "3n2vkvrlo222a", "record": post()}
        party.call("POST", "com.atproto.repo.putRecord", told, token=token)


def keys(party: Party) -> None:
    for rkey in ("nope", "a/b", ".", "knzzzzzzzzzzz", "3n2vkvrlo222", ""):
        party.put(rkey, post())
    party.put("other", {"$type": PROFILE, "displayName": "Alice"}, PROFILE)
    party.put("self", {"$type": PROFILE, "displayName": "Alice"}, PROFILE)
    party.put("self", {"$type": "org.example.note", "words": 3}, "org.example.note")
    party.put("self", {"$type": "org.example.note", "words": 3}, "org.example.note", validate=True)
    party.put("3n2vkvrlo2224", post(), "nope")
    party.put("3n2vkvrlo2224", post(), repo="did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
    party.put("3n2vkvrlo2224", post(), validate="x")


def bodies(party: Party) -> None:
    for record in ("x", [1], {"text": "no type", "createdAt": AT}, post(**{"$type": "app.bsky.feed.like"})):
        party.put("3n2vkvrlo2225", record)
    nsid = "com.atproto.repo.putRecord"
    for body, kind in ((["a"], ""), ({"repo": party.did}, ""), (b"{}", "text/plain")):
        party.call("POST", nsid, body, kind=kind)
    party.call("GET", nsid)
    party.call("GET", "com.atproto.repo.nope")


def creations(party: Party) -> None:
    for _ in range(2):
        party.create(post(), rkey="3n2vkvrlo2226")
    party.create(post(), rkey=None)
    party.create(post(), swapCommit=ELSEWHERE)
    party.delete("3n2vkvrlo2226", swapRecord=ELSEWHERE)
    party.delete("3n2vkvrlo2226", swapRecord=None)
    for rkey in ("3n2vkvrlo2226", "3n2vkvrlo2226", "nope", "a/b"):
        party.delete(rkey)
    party.delete("3n2vkvrlo2226", repo="did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")


def batches(party: Party) -> None:
    party.apply(write("3n2vkvrlo2322", post("1")), write("3n2vkvrlo2323", post("2")))
    party.apply(write("3n2vkvrlo2324", post("3")), write("3n2vkvrlo2323", post("2")))
    party.read("3n2vkvrlo2324")
    party.apply(write("3n2vkvrlo2325", post()), write("3n2vkvrlo2325", post()))
    party.apply()
    party.apply(*(write("3n2vkvrlo2326", post()) for _ in range(201)))
    party.apply({"collection": POST, "value": post()})
    party.apply({**write("3n2vkvrlo2326", post()), "$type": "org.example.write"})
    party.apply(write("3n2vkvrlo2326", post(), "update"))
    party.apply(write("3n2vkvrlo2326", None, "delete"))
    party.apply(write("3n2vkvrlo2322", None, "delete"), write("3n2vkvrlo2322", post("again")))
    party.apply(write("bad", post()))
    party.apply(write("3n2vkvrlo2326", post()), write("3n2vkvrlo2327", post("x" * 301)))
    party.apply(write("3n2vkvrlo2326", post()), swapCommit=ELSEWHERE)
    gate = {"$type": GATE, "post": _ANY["uri"], "createdAt": AT, "allow": []}
    quiet = [dict(gate, allow=[{"$type": f"{GATE}#{rule}"}]) for rule in ("mentionRule", "listRule", "otherRule")]
    for number, record in enumerate([*quiet, dict(gate, allow=[{"$type": f"{GATE}#mentionRule"}] * 6)]):
        party.apply(write(f"3n2vkvrlo232{number + 2}", record, collection=GATE))


def _facet(start: int, end: int, **feature: Any) -> dict[str, Any]:
    told = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/", **feature}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [told]}


_FAMILY = "👨‍👩‍👧"
_ANY = {"uri": f"at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/{POST}/3n2vkvrlo2222", "cid": ELSEWHERE}
_LABELS = "com.atproto.label.defs#selfLabels"
_EXTERNAL: dict[str, Any] = {"uri": "https://example.org/", "title": "t", "description": "d"}
_FIELDS: tuple[dict[str, Any], ...] = (
    {"text": "x" * 300},
    {"text": "x" * 301},
    {"text": _FAMILY * 166},
    {"text": _FAMILY * 167},
    {"text": "e\u0301🇨🇭👍🏽ก็" * 75},
    {"createdAt": "2026-11-22"},
    {"createdAt": "2026-11-22T12:00:00"},
    {"createdAt": "2026-11-22T12:00:00-00:00"},
    {"createdAt": "2026-02-20T24:00:00Z"},
    {"createdAt": "2026-02-30T00:00:00Z"},
    {"createdAt": "2026-11-22T13:00:00.123456+01:00"},
    {"langs": ["en", "de-CH", "zh-Hant"]},
    {"langs": ["en", "de", "fr", "it"]},
    {"langs": ["x_y"]},
    {"langs": [1]},
    {"tags": ["a"] * 9},
    {"tags": ["x" * 65]},
    {"tags": [_FAMILY * 40]},
    {"tags": None},
    {"facets": [_facet(0, 99)]},
    {"facets": [_facet(3, 1)]},
    {"facets": [_facet(0, 3), _facet(2, 4)]},
    {"facets": [_facet(-1, 3)]},
    {"facets": [_facet(0, 3, uri="nope")]},
    {"facets": [_facet(0, 3, **{"$type": "org.example.feature"})]},
    {"facets": [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [{"uri": "https://example.org/"}]}]},
    {"facets": [_facet(0, 3, **{"$type": "app.bsky.richtext.facet#mention", "did": "alice"})]},
    {"facets": [_facet(0, 3, **{"$type": "app.bsky.richtext.facet#tag", "tag": "x" * 65})]},
    {"reply": {"root": _ANY}},
    {"reply": {"root": {**_ANY, "uri": "x"}, "parent": _ANY}},
    {"reply": {"root": _ANY, "parent": {**_ANY, "cid": "x"}}},
    {"labels": {"$type": _LABELS, "values": [{"val": "graphic-media"}]}},
    {"labels": {"$type": _LABELS, "values": [{"val": "a"}] * 11}},
    {"labels": {"values": []}},
    {"embed": {"$type": "app.bsky.embed.external", "external": _EXTERNAL}},
    {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://example.org/", "title": "t"}}},
    {"embed": {"$type": "org.example.embed", "x": 1}},
    {"embed": {"images": []}},
    {"embed": images()},
    {"embed": images({"a": 1})},
    {"score": 1.5},
    {"score": 1.0, "unknown": [None, True, {"a": "é"}]},
)


def records(party: Party) -> None:
    for number, fields in enumerate(_FIELDS):
        rkey = f"3n2vkvrlp22{_DIGITS[number // len(_DIGITS)]}{_DIGITS[number % len(_DIGITS)]}"
        party.put(rkey, post(**{"text": "Doors open", **fields}))
    party.put("3n2vkvrlp2333", post("x" * 301), validate=False)


def files(party: Party) -> None:
    jpeg: dict[str, Any] = party.upload(photo(1), "image/jpeg")
    party.upload(photo(1, "PNG"), "image/jpeg")
    party.upload(photo(1, "WEBP"), "*/*")
    party.upload(b"hello", "text/plain")
    party.upload(b"hello", "")
    party.upload(b"", "image/jpeg")
    captions = party.upload(b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n", "text/vtt")
    party.upload(bytes(5 << 20), "application/zip")
    party.upload(bytes((5 << 20) + 1), "application/zip")
    party.call("POST", "com.atproto.repo.uploadBlob", b"x", token="", kind="image/jpeg")
    cid = jpeg["ref"]["$link"]
    party.call("GET", "com.atproto.sync.getBlob", token="", did=party.did, cid=cid)
    missing = {**jpeg, "ref": {"$link": NO_FILE}}
    wrong: list[dict[str, Any]] = [{"mimeType": "image/png"}, {"size": 5}, {"size": 3_000_000}, {"mimeType": "text/plain"}]
    for blob in (missing, captions, *({**jpeg, **change} for change in wrong)):
        # the server under test is older: it has 1 MB where the mirror has the 2 MB of today
        told = party.create(post(embed=images(blob)))
        if "maximum" in told.get("message", ""):
            party.trace[-1] = (*party.trace[-1][:2], told["error"])
    party.put("3n2vkvrlq2222", post(embed=images(*[jpeg] * 5)))
    party.put("3n2vkvrlq2222", post(embed={"$type": "app.bsky.embed.images", "images": [{"image": jpeg}]}))
    party.put("3n2vkvrlq2222", post(embed=images(jpeg, aspectRatio={"width": 0, "height": 3})))
    party.put("3n2vkvrlq2222", post(embed={"$type": "app.bsky.embed.video", "video": jpeg}))
    party.put("3n2vkvrlq2222", post(embed=images(jpeg, aspectRatio={"width": 4, "height": 3})))
    party.call("GET", "com.atproto.sync.getBlob", token="", did=party.did, cid=cid)
    party.put("3n2vkvrlq2223", post(embed=images({**jpeg, "size": 5})))
    party.call("GET", "com.atproto.sync.getBlob", token="", did="did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", cid=cid)
    party.delete("3n2vkvrlq2222")
    party.delete("3n2vkvrlq2223")
    party.put("3n2vkvrlq2224", post(embed=images(jpeg)))


def services(party: Party) -> None:
    nsid, lxm, now = "com.atproto.server.getServiceAuth", "com.atproto.repo.uploadBlob", int(time.time())
    told: list[dict[str, Any]] = [
        {"lxm": lxm},
        {"lxm": lxm, "exp": now + 1800},
        {"exp": now + 1800},
        {"lxm": lxm, "exp": now + 9000},
    ]
    for query in (*told, {"lxm": lxm, "exp": now - 99}):
        party.call("GET", nsid, aud="did:web:video.bsky.app", **query)
    party.call("GET", nsid, aud="did:web:video.bsky.app", token="")
    party.call("GET", "com.atproto.identity.resolveHandle", handle=party.handle, token="")
    party.call("GET", "com.atproto.identity.resolveHandle", handle="nobody.example", token="")


def threads(party: Party) -> None:
    party.hidden = frozenset({"cid"})
    root = party.put("3n2vkvrlr2222", post("root"))
    sound, wrong = ({"uri": root["uri"], "cid": cid} for cid in (root["cid"], ELSEWHERE))
    party.put("3n2vkvrlr2223", post("reply", reply={"root": sound, "parent": sound}))
    party.put("3n2vkvrlr2224", post("reply to another version", reply={"root": wrong, "parent": wrong}))
    last = party.put("3n2vkvrlr2225", post("card", embed={"$type": "app.bsky.embed.external", "external": _EXTERNAL}))
    _await_reader(party, last["uri"])
    # no edit here: the AppView of the development network shows it, Bluesky's own does not (bluesky-social/social-app#673)
    thread = party.quietly("GET", "app.bsky.feed.getPostThread", uri=root["uri"])[1]["thread"]
    thread["replies"].sort(key=lambda reply: str(reply["post"]["uri"]))
    party.trace.append(party._comparable(thread))
    party.call("GET", "app.bsky.feed.getPosts", uris=[last["uri"], f"at://{party.did}/{POST}/3n2vkvrlr2zzz"])
    party.call("GET", "app.bsky.feed.getPostThread", uri=f"at://{party.did}/{POST}/3n2vkvrlr2zzz")
    party.call("GET", "app.bsky.feed.getPostThread", uri=root["uri"], token="")
    party.call("GET", "app.bsky.actor.getProfile", actor="nobody.example")


def _await_reader(party: Party, uri: str) -> None:
    """Until readers know the post: the real AppView hears of it a moment later."""
    end = time.monotonic() + _WAIT_SECONDS
    while not party.quietly("GET", "app.bsky.feed.getPosts", uris=[uri])[1].get("posts"):
        assert time.monotonic() < end, "the post did not reach the AppView"
        time.sleep(_POLL_SECONDS)


@pytest.mark.parametrize(
    "scenario",
    [sessions, puts, keys, bodies, creations, batches, records, files, services, threads],
    ids=lambda each: each.__name__,
)
def test_mirror_and_server_answer_alike(
    scenario: Callable[[Party], None], mirror: Callable[[], Party], real: Callable[[], Party]
) -> None:
    """Statuses, error names and words, hashes and what a reader gets."""
    traces = []
    for make in (mirror, real):
        party = make()
        status, session = party.quietly(
            "POST", "com.atproto.server.createSession", {"identifier": party.handle, "password": party.password}, token=""
        )
        assert status == 200, session
        party.did, party.token, party.refresh = session["did"], session["accessJwt"], session["refreshJwt"]
        scenario(party)
        traces.append(party.trace)
    assert len(traces[0]) == len(traces[1]) > 5
    differences = [(ours, theirs) for ours, theirs in zip(*traces, strict=True) if ours != theirs]
    assert differences == []
