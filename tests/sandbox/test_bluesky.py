"""The sandbox's Bluesky refuses what Bluesky refuses, under Bluesky's own names, and hashes as Bluesky does."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.bluesky import BlueskyMirror, cids
from socialcast.sandbox.platforms.bluesky.formats import FORMATS, tid
from socialcast.testing.stage import clip
from tests.publishers.lexicon import faults

pytestmark = pytest.mark.documentation

FILM = Path(str(clip().path)).read_bytes()
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
QUOTE_GATE = "app.bsky.feed.postgate"
AT = "2026-11-22T12:00:00.000Z"
KEY = "3n2vkvrlo2222"
ELSEWHERE = "bafyreihz7loavf5vrbfjrxjiecpvvxmfq3x32qv5npg2pfgq67rxsa62zy"
RATIO = {"width": 4, "height": 3}


def post(text: str = "Doors open", **fields: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": AT, "langs": ["en"], **fields}


def photo(colour: int = 9, kind: str = "JPEG", padding: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (colour, 2, 1)).save(file, kind)
    return file.getvalue() + bytes(padding)


def images(*blobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.images", "images": [{"alt": "a door", "image": blob, **fields} for blob in blobs]}


def facet(start: int, end: int, **feature: Any) -> dict[str, Any]:
    told = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/", **feature}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [told]}


class Account:
    """One account's calls, as a client sends them."""

    def __init__(self, sandbox: Sandbox, name: str = "stage", **wishes: Any) -> None:
        self.sandbox = sandbox
        mirror = sandbox.mirror("bluesky")
        assert isinstance(mirror, BlueskyMirror)
        self.mirror = mirror
        self.credentials = sandbox.account("bluesky", name, **wishes).credentials
        self.http = requests.Session()
        self.http.trust_env = False
        self.session = self.sign_in().json()
        self.did, self.token = self.session["did"], self.session["accessJwt"]
        self.pds = self.session["didDoc"]["service"][0]["serviceEndpoint"].removeprefix("https://")

    def call(self, verb: str, nsid: str, body: Any = None, *, token: str | None = None, host: str = "", **more: Any) -> Any:
        headers = {"Host": host or self.pds, **more.pop("headers", {})}
        if token != "":
            headers["Authorization"] = f"Bearer {token or self.token}"
        url = f"{self.sandbox.url}/xrpc/{nsid}"
        return self.http.request(verb, url, json=body, headers=headers, timeout=30, allow_redirects=False, **more)

    def get(self, nsid: str, **params: Any) -> requests.Response:
        more = {name: params.pop(name) for name in ("token", "host") if name in params}
        answer: requests.Response = self.call("GET", nsid, params=params, **more)
        return answer

    def sign_in(self, **fields: Any) -> requests.Response:
        told = {"identifier": self.credentials["identifier"], "password": self.credentials["app_password"], **fields}
        answer: requests.Response = self.call("POST", "com.atproto.server.createSession", told, token="", host="bsky.social")
        return answer

    def put(self, record: dict[str, Any], rkey: str = KEY, collection: str = POST, **fields: Any) -> requests.Response:
        told = {"repo": self.did, "collection": collection, "rkey": rkey, "record": record, **fields}
        answer: requests.Response = self.call("POST", "com.atproto.repo.putRecord", told)
        return answer

    def apply(self, *writes: dict[str, Any], **fields: Any) -> requests.Response:
        answer: requests.Response = self.call(
            "POST", "com.atproto.repo.applyWrites", {"repo": self.did, "writes": list(writes), **fields}
        )
        return answer

    def delete(self, rkey: str = KEY, **fields: Any) -> requests.Response:
        told = {"repo": self.did, "collection": POST, "rkey": rkey, **fields}
        answer: requests.Response = self.call("POST", "com.atproto.repo.deleteRecord", told)
        return answer

    def read(self, rkey: str = KEY) -> requests.Response:
        return self.get("com.atproto.repo.getRecord", repo=self.did, collection=POST, rkey=rkey, token="")

    def upload(self, content: bytes, kind: str = "image/jpeg") -> requests.Response:
        answer: requests.Response = self.call("POST", "com.atproto.repo.uploadBlob", data=content, headers={"Content-Type": kind})
        return answer

    def blob(self, content: bytes, kind: str = "image/jpeg") -> dict[str, Any]:
        return dict(self.upload(content, kind).json()["blob"])

    def service_token(self, aud: str, lxm: str, **fields: Any) -> str:
        return str(self.get("com.atproto.server.getServiceAuth", aud=aud, lxm=lxm, **fields).json()["token"])

    def visit(self, url: str) -> requests.Response:
        host, _, path = url.removeprefix("https://").partition("/")
        return self.http.get(f"{self.sandbox.url}/{path}", headers={"Host": host}, timeout=30, allow_redirects=False)


def create(record: dict[str, Any], rkey: str, collection: str = POST) -> dict[str, Any]:
    kind = "com.atproto.repo.applyWrites#create"
    return {"$type": kind, "collection": collection, "rkey": rkey, "value": record}


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"bluesky": BlueskyMirror}) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox)


@pytest.fixture(scope="module")
def specs() -> Path:
    folder = os.environ.get("SOCIALCAST_SPECS")
    if not folder:
        pytest.skip("SOCIALCAST_SPECS is unset: no folder of the platforms' own descriptions")
    return Path(folder, "atproto-lexicons")


# -- hashes, keys, formats -------------------------------------------------------------------------------------------------


def test_content_hashes_are_those_of_three_other_encoders(specs: Path) -> None:
    """Records and files get the CID that the vectors give them, byte for byte; times get their keys."""
    vectors = json.loads(Path(specs, "cid-tid-vectors.json").read_text())
    for each in vectors["records"]:
        assert cids.dag_cbor(each["record"]).hex() == each["dag_cbor_hex"]
        assert cids.of_record(each["record"]) == each["cid"]
    for each in vectors["tids"]:
        assert tid(each["microseconds"], each["clock"]) == each["tid"]


@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256))])
def test_files_get_the_hashes_of_the_vectors(account: Account, specs: Path, content: bytes) -> None:
    """The upload's answer names the CID of the raw bytes."""
    vectors = json.loads(Path(specs, "cid-tid-vectors.json").read_text())["raw_blobs"]
    wanted = next(each["cid"] for each in vectors if base64.b64decode(each["base64"]) == content)
    assert account.blob(content, "application/octet-stream")["ref"] == {"$link": wanted}


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("tid", "tid"),
        ("recordkey", "record-key"),
        ("datetime", "datetime"),
        ("aturi", "at-uri"),
        ("handle", "handle"),
        ("language", "language"),
    ],
)
def test_formats_take_and_refuse_the_samples(specs: Path, name: str, format: str) -> None:
    """The samples that atproto's implementations are checked by."""
    _, fits = FORMATS[format]
    for verdict in ("valid", "invalid"):
        file = Path(specs, "interop-syntax", f"{name}_syntax_{verdict}.txt")
        lines = file.read_text().splitlines() if file.exists() else []
        samples = [line for line in lines if line.strip() and not line.startswith("#")]
        wrong = [sample for sample in samples if fits(sample) is not (verdict == "valid")]
        assert wrong == []


@given(st.integers(0, 2**53 - 1), st.integers(0, 1023), st.integers(0, 2**53 - 1), st.integers(0, 1023))
def test_keys_sort_as_their_times(one: int, one_clock: int, other: int, other_clock: int) -> None:
    """And every key is one that a post may have."""
    assert FORMATS["tid"][1](tid(one, one_clock))
    assert (tid(one, one_clock) < tid(other, other_clock)) is ((one, one_clock) < (other, other_clock))


# -- access ----------------------------------------------------------------------------------------------------------------


def test_signing_in_tells_where_the_account_lives(account: Account) -> None:
    """The session names the account's own server, which is not the gateway, and the directory says the same."""
    assert account.pds.endswith(".host.bsky.network")
    assert account.visit(f"https://plc.directory/{account.did}").json() == account.session["didDoc"]
    assert account.visit("https://plc.directory/did:plc:none").status_code == 404
    resolved = account.get("com.atproto.identity.resolveHandle", handle=account.session["handle"], token="")
    assert resolved.json() == {"did": account.did}
    assert refused(account.get("com.atproto.identity.resolveHandle", handle="nobody.example", token="")) == (
        400,
        "InvalidRequest",
    )


def test_a_wrong_password_is_refused(account: Account) -> None:
    """As is a body without one, and an account that was taken down."""
    assert refused(account.sign_in(password="wrong")) == (401, "AuthenticationRequired")
    assert refused(account.sign_in(identifier="nobody.example")) == (401, "AuthenticationRequired")
    told = {"identifier": account.did}
    bare = account.call("POST", "com.atproto.server.createSession", told, token="")
    assert (*refused(bare), bare.json()["message"]) == (400, "InvalidRequest", 'Missing required key "password" at $')
    account.mirror.users[account.did].status = "takendown"
    assert refused(account.sign_in()) == (401, "AccountTakedown")
    assert refused(account.put(post())) == (401, "AccountTakedown")


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, (401, "AuthMissing")),
        ({"Authorization": "Bearer made.up.token"}, (400, "InvalidToken")),
        ({"Authorization": "Basic YTpi"}, (400, "InvalidToken")),
    ],
)
def test_tokens_are_checked(account: Account, headers: dict[str, str], refusal: tuple[int, str]) -> None:
    """A call without one, or with one that nobody gave out, makes nothing."""
    told = {"repo": account.did, "collection": POST, "rkey": KEY, "record": post()}
    assert refused(account.call("POST", "com.atproto.repo.putRecord", told, token="", headers=headers)) == refusal
    assert refused(account.read()) == (400, "RecordNotFound")


def test_access_ends_after_two_hours_and_is_refreshed(account: Account) -> None:
    """A refresh gives a new pair and retires the old one, which for a while still gives the same pair again."""
    account.sandbox.advance(7201)
    assert refused(account.put(post())) == (400, "ExpiredToken")
    assert refused(account.call("POST", "com.atproto.server.refreshSession")) == (400, "InvalidToken")
    old = account.session["refreshJwt"]
    fresh = account.call("POST", "com.atproto.server.refreshSession", token=old).json()
    again = account.call("POST", "com.atproto.server.refreshSession", token=old).json()
    assert fresh["refreshJwt"] == again["refreshJwt"] != old
    account.token = fresh["accessJwt"]
    assert account.put(post()).status_code == 200
    account.sandbox.advance(7201)
    assert refused(account.call("POST", "com.atproto.server.refreshSession", token=old)) == (400, "ExpiredToken")


def test_a_revoked_password_ends_everything(account: Account) -> None:
    """Access, refresh and sign-in; once its owner lets it in again, signing in works and old sessions do not."""
    account.mirror.expire_credentials("stage")
    assert refused(account.put(post())) == (400, "ExpiredToken")
    refresh = account.session["refreshJwt"]
    assert refused(account.call("POST", "com.atproto.server.refreshSession", token=refresh)) == (400, "ExpiredToken")
    assert refused(account.sign_in()) == (401, "AuthenticationRequired")
    account.mirror.renew_credentials("stage")
    assert refused(account.put(post())) == (400, "ExpiredToken")
    assert account.sign_in().status_code == 200


def test_nobody_signs_in_more_than_thirty_times_in_five_minutes(account: Account) -> None:
    """Then 429 until the time that a header names."""
    answers = [account.sign_in() for _ in range(30)]
    assert refused(answers[-1]) == (429, "RateLimitExceeded")
    assert {answer.status_code for answer in answers[:-1]} == {200}
    left = int(answers[-1].headers["RateLimit-Reset"]) - account.sandbox.clock.now()
    assert 0 < left <= 300
    assert answers[-1].headers["RateLimit-Policy"] == "30;w=300"
    account.sandbox.advance(301)
    assert account.sign_in().status_code == 200


def test_only_the_right_host_answers(account: Account) -> None:
    """Writes go to the account's own server or the gateway, not to another server, and not to readers' hosts."""
    told = {"repo": account.did, "collection": POST, "rkey": KEY, "record": post()}
    hosts = ("public.api.bsky.app", "video.bsky.app", "other.us-east.host.bsky.network", "bsky.social", account.pds)
    answers = [account.call("POST", "com.atproto.repo.putRecord", told, host=host) for host in hosts]
    assert [answer.status_code for answer in answers] == [501, 501, 400, 200, 200]
    assert refused(answers[2]) == (400, "InvalidToken")


def test_unknown_calls_are_refused_aloud(account: Account) -> None:
    """A method that there is not, and one that is called the wrong way."""
    assert refused(account.get("com.atproto.repo.nope")) == (501, "MethodNotImplemented")
    assert refused(account.get("com.atproto.repo.putRecord")) == (400, "InvalidRequest")


# -- writing ---------------------------------------------------------------------------------------------------------------


def test_putting_the_same_again_changes_nothing(account: Account) -> None:
    """The repeat is answered like the first, without a commit, however the swap stands; there is one post."""
    first, again = account.put(post(), swapRecord=None), account.put(post(), swapRecord=None)
    assert first.json()["cid"] == again.json()["cid"] == cids.of_record(post())
    assert (first.json()["validationStatus"], "commit" in first.json(), "commit" in again.json()) == ("valid", True, False)
    assert account.put(post(), swapRecord=ELSEWHERE, swapCommit=ELSEWHERE).status_code == 200
    assert len(account.mirror.cards()) == 1


def test_another_content_under_a_used_key_is_refused(account: Account) -> None:
    """With swapRecord null, or the hash of something else; the first content stays."""
    cid = account.put(post()).json()["cid"]
    for swap in (None, ELSEWHERE):
        answer = account.put(post("Doors closed"), swapRecord=swap)
        assert refused(answer) == (400, "InvalidSwap")
        assert answer.json()["message"] == f"Record was at {cid}"
    assert account.read().json()["value"]["text"] == "Doors open"


def test_a_swap_holds_against_the_commit(account: Account) -> None:
    """Whoever names an older state of the repository is refused."""
    commit = account.put(post()).json()["commit"]["cid"]
    account.put(post("another"), "3n2vkvrlo2223")
    assert refused(account.put(post("third"), "3n2vkvrlo2224", swapCommit=commit)) == (400, "InvalidSwap")
    assert refused(account.put(post("fourth"), "3n2vkvrlo2224", swapRecord=ELSEWHERE)) == (400, "InvalidSwap")


def test_an_edited_post_is_shown_as_it_was(account: Account) -> None:
    """The repository has the new version; readers go on with the first one."""
    first = account.put(post()).json()["cid"]
    second = account.put(post("Doors closed")).json()["cid"]
    assert account.read().json()["cid"] == second != first
    uri = f"at://{account.did}/{POST}/{KEY}"
    (seen,) = account.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"]
    assert (seen["cid"], seen["record"]["text"]) == (first, "Doors open")
    assert account.mirror.cards()[0].text == "Doors open"


def test_creating_under_a_used_key_is_an_internal_error(account: Account) -> None:
    """Alone and in a batch, of which then nothing is made."""
    told = {"repo": account.did, "collection": POST, "record": post(), "rkey": KEY}
    answers = [account.call("POST", "com.atproto.repo.createRecord", told) for _ in range(2)]
    assert (answers[0].status_code, refused(answers[1])) == (200, (500, "InternalServerError"))
    batch = account.apply(create(post("new"), "3n2vkvrlo2223"), create(post("old"), KEY))
    assert refused(batch) == (500, "InternalServerError")
    assert refused(account.read("3n2vkvrlo2223")) == (400, "RecordNotFound")


def test_creating_without_a_key_makes_one_each_time(account: Account) -> None:
    """Which is why nobody who wants one post does it."""
    told = {"repo": account.did, "collection": POST, "record": post()}
    uris = {account.call("POST", "com.atproto.repo.createRecord", told).json()["uri"] for _ in range(3)}
    assert len(uris) == 3


def test_a_batch_is_whole_or_not_at_all(account: Account) -> None:
    """A thread whose last post does not fit leaves no post behind; 201 writes are too many."""
    keys = [tid(1_795_348_800_000_000 + number, 0) for number in range(201)]
    broken = account.apply(create(post("1"), keys[0]), create(post("x" * 301), keys[1]))
    assert refused(broken) == (400, "InvalidRequest")
    assert "$.writes[1].record.text" in broken.json()["message"]
    assert refused(account.apply(*(create(post(), key) for key in keys))) == (400, "InvalidRequest")
    assert account.mirror.cards() == []
    whole = account.apply(*(create(post(), key) for key in keys[:200]))
    assert len(whole.json()["results"]) == 200
    assert {each["validationStatus"] for each in whole.json()["results"]} == {"valid"}


@pytest.mark.parametrize("kind", ["update", "delete"])
def test_a_batch_changes_nothing_that_is_not_there(account: Account, kind: str) -> None:
    """Unlike the single deletion, which is a success."""
    write = {**create(post(), KEY), "$type": f"com.atproto.repo.applyWrites#{kind}"}
    assert refused(account.apply(write)) == (500, "InternalServerError")


def test_deleting_twice_is_a_success(account: Account) -> None:
    """Only a wrong hash is refused."""
    account.put(post())
    assert refused(account.delete(swapRecord=ELSEWHERE)) == (400, "InvalidSwap")
    first, second = account.delete(), account.delete()
    assert (list(first.json()), second.status_code, second.json()) == (["commit"], 200, {})
    assert refused(account.read()) == (400, "RecordNotFound")
    assert account.mirror.cards() == []


def test_nobody_writes_into_another_repository(account: Account) -> None:
    """The token says whose it is."""
    other = Account(account.sandbox, "other")
    told = {"repo": other.did, "collection": POST, "rkey": KEY, "record": post()}
    assert refused(account.call("POST", "com.atproto.repo.putRecord", told)) == (401, "AuthenticationRequired")
    told["repo"] = "nobody.example"
    assert refused(account.call("POST", "com.atproto.repo.putRecord", told)) == (403, "AccountNotFound")


def test_an_hour_has_so_many_points(account: Account) -> None:
    """A creation costs three and putRecord two; then 429 until the reset, and nothing is made."""
    account.put(post())
    window = account.mirror.windows["writes", account.did, 3600]
    assert window.used == 2
    account.apply(create(post(), "3n2vkvrlo2223"), create(post(), "3n2vkvrlo2224"))
    assert window.used == 8
    window.used = 4999
    answer = account.put(post("late"), "3n2vkvrlo2225")
    assert refused(answer) == (429, "RateLimitExceeded")
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("5000", "1")
    assert refused(account.read("3n2vkvrlo2225")) == (400, "RecordNotFound")
    account.sandbox.advance(3601)
    assert account.put(post("late"), "3n2vkvrlo2225").status_code == 200


def test_records_are_listed_newest_key_first(account: Account) -> None:
    """Page by page."""
    keys = ["3n2vkvrlo2222", "3n2vkvrlo2223", "3n2vkvrlo2224"]
    for key in keys:
        account.put(post(key), key)
    where = {"repo": account.did, "collection": POST, "limit": 2}
    first = account.get("com.atproto.repo.listRecords", **where).json()
    rest = account.get("com.atproto.repo.listRecords", **where, cursor=first["cursor"]).json()
    texts = [each["value"]["text"] for each in [*first["records"], *rest["records"]]]
    assert texts == keys[::-1]
    assert refused(account.get("com.atproto.repo.listRecords", **{**where, "limit": 101})) == (400, "InvalidRequest")


# -- what a record may be --------------------------------------------------------------------------------------------------

_GRAPHEME = "👨‍👩‍👧"
_REPLY = {"uri": f"at://did:plc:abc/{POST}/{KEY}", "cid": ELSEWHERE}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "x" * 301}, "grapheme too big (maximum 300, got 301) at $.record.text"),
        ({"text": _GRAPHEME * 167}, "string too big (maximum 3000, got 3006) at $.record.text"),
        ({"createdAt": "2026-11-22T12:00:00"}, "Invalid datetime"),
        ({"createdAt": "2026-11-22T12:00:00-00:00"}, "Invalid datetime"),
        ({"langs": ["en", "de", "fr", "it"]}, "array too big (maximum 3, got 4) at $.record.langs"),
        ({"langs": ["x_y"]}, "Invalid language"),
        ({"tags": ["a"] * 9}, "array too big (maximum 8, got 9)"),
        ({"tags": ["x" * 65]}, "grapheme too big (maximum 64, got 65) at $.record.tags[0]"),
        ({"tags": None}, "Expected array value type (got null) at $.record.tags"),
        ({"facets": [facet(-1, 3)]}, "integer too small (minimum 0, got -1)"),
        ({"facets": [facet(0, 3, uri="nope")]}, "Invalid uri"),
        ({"facets": [{"index": {"byteStart": 0, "byteEnd": 3}, "features": [{"uri": "https://a"}]}]}, '"$type" property'),
        ({"reply": {"root": _REPLY}}, 'Missing required key "parent" at $.record.reply'),
        ({"reply": {"root": _REPLY, "parent": {**_REPLY, "cid": "x"}}}, "Invalid CID string"),
        ({"reply": {"root": {**_REPLY, "uri": "x"}, "parent": _REPLY}}, "Invalid at-uri"),
        ({"embed": {"images": []}}, '"$type" property'),
        ({"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://a.example", "title": "t"}}}, "description"),
        ({"labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "a"}] * 11}}, "array too big"),
        ({"score": 1.5}, "got 1.5) at $.record.score"),
        ({"$type": "app.bsky.feed.like"}, "Invalid $type: expected app.bsky.feed.post, got app.bsky.feed.like"),
    ],
)
def test_what_a_post_cannot_be(account: Account, fields: dict[str, Any], words: str) -> None:
    """The refusal names the place, and nothing is made."""
    answer = account.put(post(**{"text": "Doors open", **fields}))
    assert refused(answer) == (400, "InvalidRequest")
    assert words in answer.json()["message"]
    assert refused(account.read()) == (400, "RecordNotFound")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * 300},
        {"text": _GRAPHEME * 166},
        {"text": ""},
        {"createdAt": "2026-11-22T13:00:00.123456+01:00"},
        {"langs": ["en", "de-CH", "zh-Hant"]},
        {"labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}},
        {"ratio": 1.0, "unknown": {"a": [1, None, True]}},
    ],
)
def test_what_a_post_can_be(account: Account, fields: dict[str, Any]) -> None:
    """The limits themselves fit, and fields that no lexicon names are kept."""
    answer = account.put(post(**{"text": "Doors open", **fields}))
    assert answer.json()["validationStatus"] == "valid", answer.text


@pytest.mark.parametrize(
    ("rkey", "collection", "words"),
    [
        ("nope", POST, "Invalid TID string"),
        ("knzzzzzzzzzzz", POST, "Invalid TID string"),
        ("a/b", POST, "Invalid record key"),
        ("other", "app.bsky.actor.profile", 'Expected "self"'),
    ],
)
def test_which_keys_a_record_cannot_have(account: Account, rkey: str, collection: str, words: str) -> None:
    """A post's is a time, a profile's is the word self."""
    answer = account.put({**post(), "$type": collection}, rkey, collection)
    assert refused(answer) == (400, "InvalidRequest")
    assert words in answer.json()["message"]


def test_records_that_nobody_knows_are_kept_unchecked(account: Account) -> None:
    """Unless the caller insists; and a post that was written past the checks is shown to nobody."""
    note = {"$type": "org.example.note", "words": 3}
    assert account.put(note, "self", "org.example.note").json()["validationStatus"] == "unknown"
    assert refused(account.put(note, "self", "org.example.note", validate=True)) == (400, "InvalidRequest")
    assert "validationStatus" not in account.put(post("x" * 301), validate=False).json()
    assert account.mirror.cards() == []


@pytest.mark.parametrize(
    ("body", "kind", "refusal"),
    [
        (b"{", "application/json", (400, "SyntaxError")),
        (b"{}", "text/plain", (400, "InvalidRequest")),
        (b"{}", "", (400, "InvalidRequest")),
        (b'["a"]', "application/json", (400, "InvalidRequest")),
        (b'{"text": "' + b"x" * 1_000_000 + b'"}', "application/json", (413, "PayloadTooLargeError")),
    ],
)
def test_a_body_is_json_of_a_megabyte_at_most(account: Account, body: bytes, kind: str, refusal: tuple[int, str]) -> None:
    """And says that it is."""
    headers = {"Content-Type": kind} if kind else {}
    assert refused(account.call("POST", "com.atproto.repo.putRecord", data=body, headers=headers)) == refusal


# -- files -----------------------------------------------------------------------------------------------------------------


def test_the_server_believes_the_bytes(account: Account) -> None:
    """A PNG that is said to be a JPEG is a PNG; a text is what it is said to be."""
    assert account.blob(photo(kind="PNG"))["mimeType"] == "image/png"
    assert account.blob(FILM, "application/octet-stream")["mimeType"] == "video/mp4"
    words = account.blob(b"WEBVTT\n", "text/vtt; charset=utf-8")
    assert (words["mimeType"], words["size"]) == ("text/vtt", 7)
    assert words["ref"]["$link"] == cids.of_digest(hashlib.sha256(b"WEBVTT\n").hexdigest())


def test_a_post_shows_its_photos(account: Account) -> None:
    """With their alt texts, at addresses that work once the post is there, and only then."""
    blob = account.blob(photo())
    address = f"https://cdn.bsky.app/img/feed_fullsize/plain/{account.did}/{blob['ref']['$link']}"
    assert account.visit(address).status_code == 404
    assert account.put(post(embed=images(blob, aspectRatio=RATIO))).status_code == 200
    (card,) = account.mirror.cards()
    assert [(picture.url, picture.alt) for picture in card.pictures] == [(address, "a door")]
    assert account.visit(address).content == photo()
    stored = account.get("com.atproto.sync.getBlob", did=account.did, cid=blob["ref"]["$link"], token="")
    assert (stored.content, stored.headers["Content-Type"]) == (photo(), "image/jpeg")


def test_a_file_that_nobody_uses_is_dropped(account: Account) -> None:
    """After a while, and with the last post that used it; then it has to be sent again."""
    blob = account.blob(photo())
    account.sandbox.advance(3601)
    assert refused(account.put(post(embed=images(blob)))) == (400, "BlobNotFound")
    account.blob(photo())
    assert account.put(post(embed=images(blob))).status_code == 200
    account.sandbox.advance(3601)
    assert account.get("com.atproto.sync.getBlob", did=account.did, cid=blob["ref"]["$link"], token="").status_code == 200
    account.token = account.sign_in().json()["accessJwt"]
    account.delete()
    assert refused(account.put(post(embed=images(blob)))) == (400, "BlobNotFound")
    fresh = account.blob(photo(7))
    account.put(post(embed=images(fresh)))
    account.delete()
    assert refused(account.put(post(embed=images(fresh)))) == (400, "BlobNotFound")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"mimeType": "image/png"}, (400, "InvalidMimeType")),
        ({"size": 5}, (400, "InvalidSize")),
        ({"mimeType": "text/plain"}, (400, "InvalidRequest")),
        ({"size": 2_000_001}, (400, "InvalidRequest")),
        ({"ref": {"$link": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"}}, (400, "BlobNotFound")),
        ({"$type": "file"}, (400, "InvalidRequest")),
    ],
)
def test_a_reference_says_what_the_file_is(account: Account, change: dict[str, Any], refusal: tuple[int, str]) -> None:
    """Its type, its size and its hash."""
    assert refused(account.put(post(embed=images({**account.blob(photo()), **change})))) == refusal


def test_photos_have_limits(account: Account) -> None:
    """Four of them, two million bytes each, and alt text, though it may be empty."""
    blob = account.blob(photo())
    assert refused(account.put(post(embed=images(*[blob] * 5)))) == (400, "InvalidRequest")
    assert refused(account.put(post(embed=images(blob, aspectRatio={"width": 0, "height": 3})))) == (400, "InvalidRequest")
    without = {"$type": "app.bsky.embed.images", "images": [{"image": blob}]}
    assert 'Missing required key "alt"' in account.put(post(embed=without)).json()["message"]
    room = 2_000_000 - len(photo())
    assert refused(account.put(post(embed=images(account.blob(photo(padding=room + 1)))))) == (400, "InvalidRequest")
    fitting = account.blob(photo(padding=room))
    assert account.put(post(embed=images(fitting, blob, blob, blob, alt=""))).status_code == 200


def test_the_server_has_a_limit_for_files(sandbox: Sandbox) -> None:
    """A self-hosted one a lower one than Bluesky's."""
    account = Account(sandbox, "own", pds="pds.example", blob_max_bytes=1000)
    sandbox.app.register_host("pds.example", "bluesky")
    assert account.upload(photo()).status_code == 200
    assert refused(account.upload(photo(padding=1000))) == (413, "PayloadTooLarge")
    assert refused(account.call("POST", "com.atproto.repo.uploadBlob", data=b"x")) == (400, "InvalidRequest")


def test_a_gallery_needs_alt_texts_and_shapes(account: Account) -> None:
    """It shows as many as twenty pictures."""
    kind, blob = "app.bsky.embed.gallery", account.blob(photo())
    item = {"$type": f"{kind}#image", "image": blob, "alt": "a door", "aspectRatio": RATIO}
    assert refused(account.put(post(embed={"$type": kind, "items": [item] * 21}))) == (400, "InvalidRequest")
    shapeless = {name: value for name, value in item.items() if name != "aspectRatio"}
    assert refused(account.put(post(embed={"$type": kind, "items": [shapeless]}))) == (400, "InvalidRequest")
    assert account.put(post(embed={"$type": kind, "items": [item] * 20})).status_code == 200
    assert len(account.mirror.cards()[0].pictures) == 20


# -- video -----------------------------------------------------------------------------------------------------------------


def send_film(account: Account, content: bytes = FILM, **changes: Any) -> requests.Response:
    token = changes.pop("token", "") or account.service_token(f"did:web:{account.pds}", "com.atproto.repo.uploadBlob")
    told = {"did": account.did, "name": "film.mp4", **changes}
    answer: requests.Response = account.call(
        "POST",
        "app.bsky.video.uploadVideo",
        data=content,
        params=told,
        token=token,
        host="video.bsky.app",
        headers={"Content-Type": "video/mp4"},
    )
    return answer


def job(account: Account, id: str) -> dict[str, Any]:
    answer = account.get("app.bsky.video.getJobStatus", jobId=id, token="", host="video.bsky.app")
    return dict(answer.json()["jobStatus"])


def test_a_video_is_processed_and_shown(account: Account) -> None:
    """Its job moves with the clock; the answer to the upload is the status itself; the post has alt text and subtitles."""
    status = send_film(account).json()
    states = [status["state"]]
    for _ in range(4):
        account.sandbox.advance(1.6)
        states.append(job(account, status["jobId"])["state"])
    assert [state.removeprefix("JOB_STATE_") for state in states] == [
        "CREATED",
        "ENCODING",
        "SCANNING",
        "UPLOADING",
        "COMPLETED",
    ]
    blob = job(account, status["jobId"])["blob"]
    captions = [{"lang": "en", "file": account.blob(b"WEBVTT\n", "text/vtt")}]
    embed = {"$type": "app.bsky.embed.video", "video": blob, "alt": "a film", "captions": captions}
    assert account.put(post(embed=embed)).json()["validationStatus"] == "valid"
    (card,) = account.mirror.cards()
    assert [(picture.kind, picture.alt) for picture in card.pictures] == [("video", "a film")]
    assert card.facts["subtitles"] == "en"
    assert account.visit(card.pictures[0].url).content == FILM


def test_a_video_sent_again_is_there_already(account: Account) -> None:
    """409 with the first one's job."""
    first, second = send_film(account), send_film(account)
    assert refused(second) == (409, "already_exists")
    assert second.json()["jobId"] == first.json()["jobId"]


def test_a_file_that_is_no_video_fails(account: Account) -> None:
    """Later, as the job says, and not at the upload; it may be sent again."""
    id = send_film(account, b"no film").json()["jobId"]
    account.sandbox.advance(2)
    assert (job(account, id)["state"], job(account, id)["failureCode"]) == ("JOB_STATE_FAILED", "validation_failure")
    assert send_film(account, b"no film").status_code == 200


@pytest.mark.parametrize(
    ("aud", "lxm"), [("did:web:bsky.social", "com.atproto.repo.uploadBlob"), ("", "app.bsky.video.uploadVideo")]
)
def test_a_service_token_is_for_one_server_and_one_method(account: Account, aud: str, lxm: str) -> None:
    """That of the gateway is not that of the account's own server."""
    token = account.service_token(aud or f"did:web:{account.pds}", lxm)
    assert send_film(account, token=token).status_code == 401


def test_what_the_video_service_does_not_take(account: Account) -> None:
    """Another account's video, another type, a job that there is not."""
    other = Account(account.sandbox, "other")
    assert refused(send_film(account, did=other.did)) == (401, "InvalidToken")
    token = account.service_token(f"did:web:{account.pds}", "com.atproto.repo.uploadBlob")
    told = {"did": account.did, "name": "film.mov"}
    headers = {"Content-Type": "video/quicktime"}
    host = "video.bsky.app"
    answer = account.call("POST", "app.bsky.video.uploadVideo", data=FILM, params=told, token=token, host=host, headers=headers)
    assert refused(answer) == (400, "InvalidRequest")
    assert refused(account.get("app.bsky.video.getJobStatus", jobId="none", token="", host=host)) == (400, "InvalidRequest")
    assert refused(account.get("app.bsky.video.getJobStatus", jobId="none", host=host)) == (400, "InvalidToken")


def test_a_service_token_lapses(account: Account) -> None:
    """After a minute, or when it was asked to; never later than an hour."""
    aud, lxm, now = f"did:web:{account.pds}", "com.atproto.repo.uploadBlob", int(time.time())
    short, long = account.service_token(aud, lxm), account.service_token(aud, lxm, exp=now + 1800)
    account.sandbox.advance(120)
    assert refused(send_film(account, token=short)) == (400, "ExpiredToken")
    assert send_film(account, token=long).status_code == 200
    for told in ({"exp": now + 7200, "lxm": lxm}, {"exp": now - 9, "lxm": lxm}, {"exp": now + 1800}):
        assert refused(account.get("com.atproto.server.getServiceAuth", aud=aud, **told)) == (400, "BadExpiration")


def test_the_day_has_so_many_videos(account: Account) -> None:
    """And none for an account without a confirmed address."""
    lxm = "app.bsky.video.getUploadLimits"

    def limits(of: Account) -> dict[str, Any]:
        token = of.service_token("did:web:video.bsky.app", lxm)
        return dict(of.get(lxm, token=token, host="video.bsky.app").json())

    send_film(account)
    told = limits(account)
    assert (told["canUpload"], told["remainingDailyVideos"]) == (True, 24)
    for number in range(24):
        send_film(account, FILM + bytes([number]))
    assert not limits(account)["canUpload"]
    assert send_film(account, FILM + b"one more").status_code == 403
    unconfirmed = limits(Account(account.sandbox, "new", email_confirmed=False))
    assert (unconfirmed["canUpload"], unconfirmed["error"]) == (False, "unconfirmed_email")


# -- what is seen ----------------------------------------------------------------------------------------------------------


def thread(account: Account, parent_cid: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """A post and its reply in one batch, the reference computed in advance."""
    root = {"uri": f"at://{account.did}/{POST}/{KEY}", "cid": parent_cid or cids.of_record(post("1"))}
    reply = post("2", reply={"root": root, "parent": root})
    answer = account.apply(create(post("1"), KEY), create(reply, "3n2vkvrlo2322"))
    first, second = answer.json()["results"]
    return first, second


def test_a_thread_hangs_together(account: Account) -> None:
    """On the wall and for readers, in order."""
    first, second = thread(account)
    cards = {card.id: card for card in account.mirror.cards()}
    assert cards[second["uri"]].parent == first["uri"]
    tree = account.get("app.bsky.feed.getPostThread", uri=first["uri"]).json()["thread"]
    assert tree["post"]["replyCount"] == 1
    assert [reply["post"]["uri"] for reply in tree["replies"]] == [second["uri"]]
    below = account.get("app.bsky.feed.getPostThread", uri=second["uri"], depth=0).json()["thread"]
    assert (below["parent"]["post"]["uri"], "replies" in below) == (first["uri"], False)


def test_a_reply_to_a_version_that_is_not_there_stands_apart(account: Account) -> None:
    """Servers take a wrong hash; the wall says that it holds nothing."""
    _, second = thread(account, ELSEWHERE)
    card = next(card for card in account.mirror.cards() if card.id == second["uri"])
    assert (card.parent, "version" in card.facts["reply"]) == ("", True)


def test_a_deleted_parent_is_told(account: Account) -> None:
    """The reply stays."""
    first, second = thread(account)
    account.delete()
    tree = account.get("app.bsky.feed.getPostThread", uri=second["uri"]).json()["thread"]
    assert tree["parent"]["notFound"] is True
    assert refused(account.get("app.bsky.feed.getPostThread", uri=first["uri"])) == (400, "NotFound")


def test_only_facets_make_links(account: Account) -> None:
    """Their places count bytes of UTF-8; what only looks like a link is text, and markup is shown as it is."""
    text = "Café 🚪 https://a.example <b> #doors @stage"
    raw = text.encode()

    def place(words: str, **feature: str) -> dict[str, Any]:
        start = raw.index(words.encode())
        return facet(start, start + len(words.encode()), **feature)

    kind = "app.bsky.richtext.facet"
    facets = [
        place("#doors", **{"$type": f"{kind}#tag", "tag": "doors"}),
        place("Café 🚪", uri="https://example.org/?a=1&b=2"),
        place("@stage", **{"$type": f"{kind}#mention", "did": account.did}),
    ]
    account.put(post(text, facets=facets))
    (card,) = account.mirror.cards()
    assert card.text == text
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="nofollow noopener noreferrer">Café 🚪</a>' in card.html
    assert f'<a href="https://bsky.app/profile/{account.did}"' in card.html
    assert '<a href="https://bsky.app/hashtag/doors"' in card.html
    assert " https://a.example &lt;b&gt; " in card.html
    assert "broken facets" not in card.facts


@pytest.mark.parametrize(
    "facets",
    [
        [facet(0, 99)],
        [facet(3, 1)],
        [facet(0, 4)],  # amid the é
        [facet(0, 3), facet(2, 3)],
        [facet(0, 3, uri="javascript:alert(1)")],
    ],
)
def test_broken_facets_are_passed_over_and_told(account: Account, facets: list[dict[str, Any]]) -> None:
    """Servers take facets outside the text, amid a letter or overlapping; the app makes no links of them."""
    assert account.put(post("Café", facets=facets)).json()["validationStatus"] == "valid"
    (card,) = account.mirror.cards()
    assert card.facts["broken facets"] == "1"
    assert card.html.count("<a ") == len(facets) - 1


def test_a_link_card_is_shown_as_it_was_supplied(account: Account) -> None:
    """Title, words and picture; the thumbnail may have a million bytes."""
    external = {"uri": "https://example.org/live", "title": "Live", "description": "From eight"}
    heavy = account.blob(photo(padding=1_000_000))
    embed = {"$type": "app.bsky.embed.external", "external": {**external, "thumb": heavy}}
    assert refused(account.put(post(embed=embed))) == (400, "InvalidRequest")
    account.put(post(embed={**embed, "external": {**external, "thumb": account.blob(photo())}}))
    (card,) = account.mirror.cards()
    assert (card.facts["card"], card.facts["card title"]) == ("https://example.org/live", "Live")
    assert len(card.pictures) == 1


def test_gates_hold_under_the_posts_own_key(account: Account) -> None:
    """Whoever puts one elsewhere limits nobody."""
    uri = f"at://{account.did}/{POST}/{KEY}"
    gate = {"$type": GATE, "post": uri, "createdAt": AT, "allow": []}
    quotes = {"$type": QUOTE_GATE, "post": uri, "createdAt": AT, "embeddingRules": [{"$type": f"{QUOTE_GATE}#disableRule"}]}
    account.apply(create(post(), KEY), create(gate, "3n2vkvrlo2223", GATE))
    assert "replies by" not in account.mirror.cards()[0].facts
    elsewhere = f"at://{account.did}/{POST}/3n2vkvrlo2223"
    account.put({**gate, "post": elsewhere}, collection=GATE)
    assert "replies by" not in account.mirror.cards()[0].facts
    account.put(gate, collection=GATE)
    account.put(quotes, collection=QUOTE_GATE)
    facts = account.mirror.cards()[0].facts
    assert (facts["replies by"], facts["quotes by"]) == ("nobody", "nobody")
    many = {**gate, "allow": [{"$type": f"{GATE}#mentionRule"}] * 6}
    assert refused(account.put(many, collection=GATE)) == (400, "InvalidRequest")


def test_readers_without_an_account_wait_for_the_index(account: Account) -> None:
    """One's own server knows one's own post at once, the public host a little later."""
    uri = account.put(post()).json()["uri"]
    public = {"uris": [uri], "token": "", "host": "public.api.bsky.app"}
    assert len(account.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"]) == 1
    assert account.get("app.bsky.feed.getPosts", **public).json() == {"posts": []}
    account.sandbox.advance(3)
    assert len(account.get("app.bsky.feed.getPosts", **public).json()["posts"]) == 1
    assert refused(account.get("app.bsky.feed.getPosts", uris=[uri] * 26)) == (400, "InvalidRequest")
    assert refused(account.get("app.bsky.feed.getPosts", uris=[uri], token="")) == (401, "AuthMissing")


def test_an_account_has_a_feed_and_a_profile(account: Account) -> None:
    """Newest first, without replies where that is asked; the profile is a record of its own."""
    profile = {"$type": "app.bsky.actor.profile", "displayName": "The stage"}
    account.put(profile, "self", "app.bsky.actor.profile")
    _, second = thread(account)
    feed = account.get("app.bsky.feed.getAuthorFeed", actor=account.did).json()["feed"]
    alone = account.get("app.bsky.feed.getAuthorFeed", actor=account.did, filter="posts_no_replies").json()["feed"]
    assert ([each["post"]["record"]["text"] for each in feed], len(alone)) == (["2", "1"], 1)
    page = account.get("app.bsky.feed.getAuthorFeed", actor=account.did, limit=1).json()
    rest = account.get("app.bsky.feed.getAuthorFeed", actor=account.did, cursor=page["cursor"]).json()
    assert (page["feed"][0]["post"]["uri"], len(rest["feed"]), "cursor" in rest) == (second["uri"], 1, False)
    seen = account.get("app.bsky.actor.getProfile", actor=account.session["handle"]).json()
    assert (seen["displayName"], seen["postsCount"]) == ("The stage", 2)
    assert refused(account.get("app.bsky.actor.getProfile", actor="nobody.example")) == (400, "InvalidRequest")


def test_readers_get_media_as_views(account: Account) -> None:
    """Each embed in the shape that the app shows, with addresses instead of files; a quote holds the quoted post."""
    blob, video = account.blob(photo()), account.blob(FILM, "video/mp4")
    quoted = account.put(post()).json()
    reference = {"uri": quoted["uri"], "cid": quoted["cid"]}
    gallery = "app.bsky.embed.gallery"
    embeds: dict[str, Any] = {
        "images": images(blob, aspectRatio=RATIO),
        "gallery": {
            "$type": gallery,
            "items": [{"$type": f"{gallery}#image", "image": blob, "alt": "a door", "aspectRatio": RATIO}],
        },
        "video": {"$type": "app.bsky.embed.video", "video": video, "alt": "a film"},
        "external": {
            "$type": "app.bsky.embed.external",
            "external": {"uri": "https://example.org/", "title": "t", "description": "d", "thumb": blob},
        },
        "record": {"$type": "app.bsky.embed.record", "record": reference},
        "recordWithMedia": {
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": reference},
            "media": images(blob),
        },
        "nothing": {"$type": "org.example.embed"},
    }
    seen = {}
    for number, (name, embed) in enumerate(embeds.items()):
        uri = account.put(post(name, embed=embed), f"3n2vkvrlo233{'234567a'[number]}").json()["uri"]
        (view,) = account.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"]
        seen[name] = view.get("embed", {})
    assert seen["nothing"] == {}
    assert {name: view["$type"] for name, view in seen.items() if view} == {
        name: f"app.bsky.embed.{name}#view" for name in embeds if name != "nothing"
    }
    assert seen["images"]["images"][0]["fullsize"].startswith("https://cdn.bsky.app/img/")
    assert (seen["gallery"]["items"][0]["alt"], seen["gallery"]["items"][0]["aspectRatio"]) == ("a door", RATIO)
    assert (seen["video"]["cid"], seen["video"]["alt"]) == (video["ref"]["$link"], "a film")
    assert seen["external"]["external"]["thumb"].endswith(blob["ref"]["$link"])
    assert seen["record"]["record"]["value"]["text"] == "Doors open"
    assert seen["recordWithMedia"]["media"]["images"][0]["alt"] == "a door"
    (original,) = account.get("app.bsky.feed.getPosts", uris=[quoted["uri"]]).json()["posts"]
    assert original["quoteCount"] == 2


def test_servers_describe_themselves_and_their_repositories(account: Account) -> None:
    """By the DID of the host, and by handle, document and collections."""
    account.put(post())
    assert account.get("com.atproto.server.describeServer", token="").json()["did"] == f"did:web:{account.pds}"
    told = account.get("com.atproto.repo.describeRepo", repo=account.did, token="").json()
    assert (told["handle"], told["didDoc"], told["collections"]) == (
        account.session["handle"],
        account.session["didDoc"],
        [POST],
    )
    assert account.get("com.atproto.server.getSession").json()["handle"] == account.session["handle"]


def test_a_posts_page_opens_under_handle_and_did(account: Account) -> None:
    """And is gone with the post."""
    account.put(post())
    url = f"https://bsky.app/profile/{account.session['handle']}/post/{KEY}"
    page = account.visit(url)
    assert (page.status_code, "Doors open" in page.text) == (200, True)
    moved = account.visit(f"https://bsky.app/profile/{account.did}/post/{KEY}")
    assert (moved.status_code, moved.headers["Location"]) == (302, url)
    account.delete()
    assert account.visit(url).status_code == 404


def test_an_accounts_page_shows_its_posts_under_handle_and_did(account: Account) -> None:
    """What it says of itself and its posts, nothing of it as markup; nobody else's page is there."""
    url = f"https://bsky.app/profile/{account.session['handle']}"
    assert "<article>" not in account.visit(url).text
    account.put(post("Doors <b>open</b>"))
    account.put({"$type": "app.bsky.actor.profile", "displayName": "A <Forum>"}, "self", "app.bsky.actor.profile")
    page = account.visit(url)
    assert (page.status_code, "Doors &lt;b&gt;open" in page.text, "A &lt;Forum&gt;" in page.text) == (200, True, True)
    assert f"{url}/post/{KEY}" in page.text
    moved = account.visit(f"https://bsky.app/profile/{account.did}")
    assert (moved.status_code, moved.headers["Location"]) == (302, url)
    assert account.visit("https://bsky.app/profile/nobody.example").status_code == 404


def test_an_answer_can_be_lost_after_the_work(account: Account) -> None:
    """The post is there, and the repeat says so without a second one."""
    account.sandbox.fault("bluesky", "reset_after", handler="put_record")
    with pytest.raises(requests.ConnectionError):
        account.put(post(), swapRecord=None)
    assert "commit" not in account.put(post(), swapRecord=None).json()
    account.sandbox.fault("bluesky", "expired_token", handler="put_record", account="stage")
    assert refused(account.put(post())) == (400, "ExpiredToken")


# -- people ----------------------------------------------------------------------------------------------------------------


def says(account: Account, name: str, uri: str, text: str) -> str:
    """A reply by hand, and time for the index to know of it."""
    reply = account.sandbox.act("bluesky", "reply", name, uri, text)
    account.sandbox.advance(60)
    return reply


def conversation(account: Account, uri: str) -> dict[str, Any]:
    return dict(account.get("app.bsky.feed.getPostThread", uri=uri).json()["thread"])


def gate(uri: str, **fields: Any) -> dict[str, Any]:
    return {"$type": GATE, "post": uri, "createdAt": AT, **fields}


def test_people_reply_in_a_thread(account: Account, specs: Path) -> None:
    """Each reply names its parent and the root, in the versions that readers see, as the lexicon wants it."""
    root = account.put(post()).json()
    nice = says(account, "ann", root["uri"], "Nice")
    says(account, "bob", nice, "Indeed")
    (below,) = conversation(account, root["uri"])["replies"]
    assert (below["post"]["author"]["handle"], below["post"]["replyCount"]) == ("ann.bsky.social", 1)
    record = below["replies"][0]["post"]["record"]
    strong = {"uri": below["post"]["uri"], "cid": below["post"]["cid"]}
    assert record["reply"] == {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": strong}
    assert faults(record) == []
    assert [card.text for card in account.mirror.cards() if card.parent == nice] == ["Indeed"]


def test_a_gate_keeps_replies_out(account: Account) -> None:
    """Who is not mentioned replies by no way; what is written past it is seen by nobody."""
    ann = account.sandbox.account("bluesky", "ann").id
    mention = facet(0, 3, **{"$type": "app.bsky.richtext.facet#mention", "did": ann})
    del mention["features"][0]["uri"]
    root = account.put(post("Ann opens", facets=[mention])).json()
    account.put(gate(root["uri"], allow=[{"$type": f"{GATE}#mentionRule"}]), collection=GATE)
    says(account, "ann", root["uri"], "Thank you")
    with pytest.raises(UnplayedError):
        says(account, "bob", root["uri"], "Me, too")
    bob = Account(account.sandbox, "bob")
    strong = {"uri": root["uri"], "cid": root["cid"]}
    assert bob.put(post("Me, too", reply={"root": strong, "parent": strong})).status_code == 200
    account.sandbox.advance(60)
    shown = conversation(account, root["uri"])
    assert ([each["post"]["record"]["text"] for each in shown["replies"]], shown["post"]["replyCount"]) == (["Thank you"], 1)
    assert "Me, too" not in {card.text for card in account.mirror.cards()}
    account.put(gate(root["uri"], allow=[]), collection=GATE)
    assert conversation(account, root["uri"])["replies"] == []


def test_the_author_of_a_thread_hides_replies(account: Account, specs: Path) -> None:
    """By hand or by the record: apps fold it away by the gate that comes with the root, and the reply is still given."""
    root = account.put(post()).json()["uri"]
    rude = says(account, "bob", root, "Rude")
    account.sandbox.act("bluesky", "moderate", "stage", rude, "hidden")
    shown = conversation(account, root)
    assert shown["post"]["threadgate"]["record"]["hiddenReplies"] == [rude]
    assert faults(shown["post"]["threadgate"]["record"]) == []
    assert [each["post"]["uri"] for each in shown["replies"]] == [rude]
    assert [card.warning != "" for card in account.mirror.cards()] == [True, False]
    account.sandbox.act("bluesky", "moderate", "stage", rude, "shown")
    assert conversation(account, root)["post"]["threadgate"]["record"]["hiddenReplies"] == []
    for id, state in ((root, "hidden"), (rude, "gone")):
        with pytest.raises(UnplayedError):
            account.sandbox.act("bluesky", "moderate", "stage", id, state)


def test_people_do_by_hand_what_bluesky_lets_them(account: Account) -> None:
    """Nobody edits, texts have their limit, and the replies to what is deleted stay."""
    root = account.put(post()).json()["uri"]
    nice = says(account, "ann", root, "Nice")
    for act, text in (("edit", "x"), ("reply", "x" * 301)):
        with pytest.raises(UnplayedError):
            account.sandbox.act("bluesky", act, "ann", nice, text)
    with pytest.raises(KeyError):
        account.sandbox.act("bluesky", "reply", "ann", f"{root}x", "x")
    account.sandbox.act("bluesky", "remove", "moderator", root)
    assert account.get("app.bsky.feed.getPosts", uris=root).json()["posts"] == []
    assert conversation(account, nice)["parent"]["notFound"] is True


def test_figures_move_with_the_clock(account: Account) -> None:
    """Likes and reposts of the crowd grow, and those of accounts come on top."""
    uri = account.put(post()).json()["uri"]

    def figures() -> tuple[int, int]:
        (shown,) = account.get("app.bsky.feed.getPosts", uris=uri).json()["posts"]
        return shown["likeCount"], shown["repostCount"]

    assert figures() == (0, 0)
    for collection in ("app.bsky.feed.like", "app.bsky.feed.repost"):
        record = {"$type": collection, "subject": {"uri": uri, "cid": ELSEWHERE}, "createdAt": AT}
        account.put(record, collection=collection)
    assert figures() == (1, 1)
    account.sandbox.advance(86_400)
    account.token = account.sign_in().json()["accessJwt"]
    likes, reposts = figures()
    assert likes > reposts > 1
