"""The same calls to the mirror and to mastodon_mock, a server by others, give the same statuses, texts and shapes.

It is a stand-in and no Mastodon: where it is laxer than Mastodon's own documentation and code, the mirror follows those, and the
case stands in `STRICTER` with what each answers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from werkzeug.test import Client

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Clock
from socialcast.sandbox.platforms.mastodon import MastodonMirror

pytestmark = pytest.mark.server

STATUS, MEDIA, SCHEDULED = "/api/v1/statuses", "/api/v2/media", "/api/v1/scheduled_statuses"
NOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)

# status, headers, body from verb, path, headers, and what requests calls json, data, files, params
Send = Callable[..., tuple[int, dict[str, str], Any]]


@dataclass
class Party:
    """Two accounts on one of the two, and what was answered to each step."""

    send: Send
    tokens: dict[str, str]
    trace: list[Any] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("alice", "bob"):
            told = self.send("GET", "/api/v1/accounts/verify_credentials", {"Authorization": f"Bearer {self.tokens[name]}"})
            self.ids[told[2]["id"]] = name

    def call(self, verb: str, path: str, *, token: str | None = "alice", key: str = "", **how: Any) -> Any:
        """One call whose answer is compared, as far as it can be the same on both."""
        headers = {"Authorization": f"Bearer {self.tokens.get(token, token)}"} if token else {}
        status, head, body = self.send(verb, path, {**headers, **({"Idempotency-Key": key} if key else {})}, **how)
        links = re.findall(r'rel="(\w+)"', head.get("link", "")) if path != SCHEDULED else []
        self.trace.append((verb, path if "/" not in path[8:] else "...", status, *links, self._comparable(body)))
        return body

    def post(self, status: str = "", key: str = "", **fields: Any) -> Any:
        return self.call("POST", STATUS, key=key, json={**({"status": status} if status else {}), **fields})

    def photo(self, **fields: str) -> str:
        file = io.BytesIO()
        Image.new("RGB", (8, 6), "red").save(file, "PNG")
        return str(self.call("POST", MEDIA, files={"file": ("a.png", file.getvalue(), "image/png")}, data=fields)["id"])

    def _comparable(self, body: Any) -> Any:
        """Ids by the order in which they came, and of what else only one side can know no more than that it is there."""
        if isinstance(body, list):
            return [self._comparable(each) for each in body]
        if not isinstance(body, dict):
            return self.ids.get(body, _WORDS.get(body, body)) if isinstance(body, str) else body
        if "id" in body:
            self.ids.setdefault(body["id"], f"id {len(self.ids)}")
        kept = {name: value for name, value in body.items() if name not in _OF_ONE_SIDE}
        compared = {name: "..." if name in _OPAQUE and value else self._comparable(value) for name, value in kept.items()}
        return dict(sorted(compared.items()))


# what each server words, counts or places in its own way
_OPAQUE = frozenset({"url", "uri", "preview_url", "created_at", "edited_at", "scheduled_at", "content"})
# the stand-in's words for what Mastodon says otherwise, by its code and its documentation's examples
_WORDS = {
    "This method requires an authenticated user": "The access token is invalid",
    "Validation failed: Text is too long (maximum is 500 characters)": "Validation failed: Text character limit of 500 exceeded",
    "Validation failed: Media attachments count is too high (maximum is 4)": "Cannot attach more than 4 files",
    "Validation failed: file Field required": "Validation failed: File can't be blank",
}
# what only one has: the mirror's newer fields, the stand-in's of accounts, and what both may leave out
_OF_ONE_SIDE = frozenset(
    {
        *("account", "avatar", "avatar_static", "header", "header_static", "application", "blurhash", "meta", "text_url"),
        *("preview_remote_url", "quote_approval_policy", "quotes_count", "pinned", "details", "tags", "quote", "poll"),
        *("sensitive", "language", "discoverable", "indexable", "display_name", "statuses_count", "params"),
        *("attribution_domains", "hide_collections", "limited", "moved", "noindex", "roles", "suspended", "bookmarked"),
        *("card", "favourited", "reblogged", "muted", "filtered", "last_status_at"),
    }
)


@pytest.fixture(scope="module")
def real(start_server: Callable[..., dict[str, Any]]) -> Iterator[Callable[[], Party]]:
    """Fresh books on the server by others."""
    facts = start_server("mastodon-start")
    with requests.Session() as session:
        session.trust_env = False

        def send(verb: str, path: str, headers: dict[str, str], **how: Any) -> tuple[int, dict[str, str], Any]:
            answer = session.request(verb, facts["url"] + path, headers=headers, timeout=60, **how)
            return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.json()

        yield lambda: Party(send, facts["access_tokens"])


@pytest.fixture
def mirror(tmp_path: Path) -> Callable[[], Party]:
    """The same on the mirror."""
    clock = Clock()
    mastodon = MastodonMirror(clock, MediaStore(tmp_path))
    client = Client(App({"mastodon": mastodon}, clock))
    tokens = {name: mastodon.account(name).credentials["access_token"] for name in ("alice", "bob")}

    def send(verb: str, path: str, headers: dict[str, str], **how: Any) -> tuple[int, dict[str, str], Any]:
        files = {name: (io.BytesIO(content), *more) for name, (filename, content, kind) in how.pop("files", {}).items()
                 for more in [(filename, kind)]}  # fmt: skip
        sent = {**how, "data": {**how.get("data", {}), **files}} if files or "data" in how else how
        query = {"query_string": sent.pop("params")} if "params" in sent else {}
        more: dict[str, Any] = {"base_url": "https://social.example", "headers": headers, "buffered": True, **query}
        answer = client.open(path, method=verb, **more, **sent)
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.json

    return lambda: Party(send, tokens)


def sign_in(party: Party) -> None:
    for token in (None, "made-up", "alice", "bob"):
        party.call("GET", "/api/v1/accounts/verify_credentials", token=token)


def posts(party: Party) -> None:
    party.post("Hello @bob and https://example.org/?a=b&c=d\nline\n\npara <b> & more #Open", language="en")
    party.post()
    party.post("x" * 500)
    party.post("x" * 501)
    for visibility in ("unlisted", "private", "direct"):
        party.post("x", visibility=visibility, spoiler_text="warning")
    for key in ("ann-1", "ann-1", "ann-2"):
        party.post("Doors open", key)
    party.call("POST", STATUS, data={"status": "as a form", "visibility": "unlisted"})
    party.call("POST", STATUS, token=None, json={"status": "x"})


def threads(party: Party) -> None:
    root = party.post("1")["id"]
    second = party.post("2", in_reply_to_id=root)["id"]
    party.post("3", in_reply_to_id=second, visibility="unlisted")
    party.call("POST", STATUS, token="bob", json={"status": "@alice when?", "in_reply_to_id": second})
    for id in (root, second):
        party.call("GET", f"{STATUS}/{id}/context")
        party.call("GET", f"{STATUS}/{id}", token=None)
    party.call("POST", f"{STATUS}/{root}/favourite", token="bob")
    party.call("GET", f"{STATUS}/{root}")
    party.call("POST", f"{STATUS}/{root}/unfavourite", token="bob")
    party.call("GET", f"{STATUS}/99")
    party.call("GET", f"{STATUS}/99/context")


def edits(party: Party) -> None:
    id = party.post("Doors open", spoiler_text="a")["id"]
    party.call("PUT", f"{STATUS}/{id}", json={"status": "Doors closed", "spoiler_text": "b"})
    for page in ("", "/history", "/source"):
        party.call("GET", f"{STATUS}/{id}{page}")
    party.call("PUT", f"{STATUS}/99", json={"status": "x"})
    party.call("PUT", f"{STATUS}/{id}", token=None, json={"status": "x"})
    party.call("DELETE", f"{STATUS}/{id}")
    for verb in ("DELETE", "GET", "PUT"):
        party.call(verb, f"{STATUS}/{id}", **({"json": {"status": "x"}} if verb == "PUT" else {}))


def files(party: Party) -> None:
    first = party.photo(description="The hall", focus="0.5,-0.5")
    second = party.photo()
    party.call("GET", f"/api/v1/media/{first}")
    party.call("PUT", f"/api/v1/media/{second}", data={"description": "The stage"})
    party.post("Doors open", media_ids=[first, second])
    party.post("x", media_ids=[str(number) for number in range(5)])
    third = party.photo()
    for _ in range(2):
        party.call("DELETE", f"/api/v1/media/{third}")
    party.call("GET", "/api/v1/media/99")
    party.call("PUT", "/api/v1/media/99", data={"description": "x"})
    party.call("POST", MEDIA, data={"description": "x"})
    party.call("POST", MEDIA, token=None, files={"file": ("a.png", b"x", "image/png")})


def schedules(party: Party) -> None:
    id = party.post("Later", scheduled_at=NOON.isoformat())["id"]
    party.post("Now", scheduled_at=(datetime.now(UTC) + timedelta(minutes=4)).isoformat())
    party.post("Now", scheduled_at="2026-01-01T00:00:00Z")
    party.call("GET", SCHEDULED)
    party.call("GET", f"{SCHEDULED}/{id}")
    party.call("PUT", f"{SCHEDULED}/{id}", json={"scheduled_at": (NOON + timedelta(hours=1)).isoformat()})
    for _ in range(2):
        party.call("DELETE", f"{SCHEDULED}/{id}")
    party.call("GET", SCHEDULED, token=None)


def pages(party: Party) -> None:
    account = party.call("GET", "/api/v1/accounts/verify_credentials", token="bob")["id"]
    ids = []
    for number in range(5):
        ids.append(party.call("POST", STATUS, token="bob", json={"status": f"{number}"})["id"])
    path = f"/api/v1/accounts/{account}/statuses"
    wanted: list[dict[str, Any]] = [{"limit": 2}, {"limit": 2, "max_id": ids[3]}, {"limit": 2, "min_id": ids[0]}]
    for query in (*wanted, {"limit": 2, "since_id": ids[0]}, {"max_id": ids[0], "min_id": ids[0]}):
        party.call("GET", path, token="bob", params=query)
    party.call("GET", "/api/v1/accounts/99/statuses")
    party.call("GET", STATUS, params={"id[]": [ids[0], ids[1], "99"]})


def instances(party: Party) -> None:
    for path in ("/api/v2/instance", "/api/v1/instance"):
        _, _, told = party.send("GET", path, {})
        limits = told["configuration"]
        party.trace.append((sorted(limits["statuses"]), limits["statuses"], sorted(limits["polls"]), "version" in told))
        party.trace.append(sorted(limits["media_attachments"].keys() - {"description_limit"}))


SCENARIOS = [sign_in, posts, threads, edits, files, schedules, pages, instances]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_mirror_and_server_answer_alike(
    scenario: Callable[[Party], None], mirror: Callable[[], Party], real: Callable[[], Party]
) -> None:
    """Statuses, fields and what stands in them."""
    ours, theirs = mirror(), real()
    for party in (ours, theirs):
        scenario(party)
    assert ours.trace == theirs.trace


# the call, what Mastodon answers by its documentation and code, and what the stand-in does
STRICTER: dict[str, tuple[Callable[[Party, str], Any], int, int]] = {
    "media that are not there": (lambda party, id: party.post("x", media_ids=["99"]), 422, 200),
    "a parent that is not there": (lambda party, id: party.post("x", in_reply_to_id="99"), 404, 200),
    "a visibility that is none": (lambda party, id: party.post("x", visibility="foo"), 422, 200),
    "an edit to nothing": (lambda party, id: party.call("PUT", f"{STATUS}/{id}", json={"status": ""}), 422, 200),
    "another's post": (lambda party, id: party.call("PUT", f"{STATUS}/{id}", token="bob", json={"status": "x"}), 404, 403),
    "another's source": (lambda party, id: party.call("GET", f"{STATUS}/{id}/source", token="bob"), 404, 200),
    "a source for anybody": (lambda party, id: party.call("GET", f"{STATUS}/{id}/source", token=None), 401, 200),
    "no picture": (lambda party, id: party.call("POST", MEDIA, files={"file": ("a.png", b"x", "image/png")}), 422, 200),
}


@pytest.mark.parametrize("case", STRICTER)
def test_where_the_stand_in_is_laxer_the_mirror_is_not(case: str, mirror: Callable[[], Party], real: Callable[[], Party]) -> None:
    """Each known difference is still one: where the stand-in grows stricter, the case moves up."""
    act, *wanted = STRICTER[case]
    statuses = []
    for party in (mirror(), real()):
        act(party, party.post("Doors open")["id"])
        statuses.append(party.trace[-1][2])
    assert statuses == wanted
