"""What the mirror of X accepts and, above all, what it refuses."""

from __future__ import annotations

import io
import json
import os
import time
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy
import yaml
from oauthlib.oauth1 import Client as OAuth1Client
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from PIL import Image
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1
from werkzeug.test import EnvironBuilder, run_wsgi_app

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Account, Clock, UnplayedError
from socialcast.sandbox.platforms.x import XMirror
from socialcast.sandbox.platforms.x.tables import LIMITS, OPERATIONS
from socialcast.sandbox.platforms.x.text import find_urls, weight

documentation = pytest.mark.documentation
description = pytest.mark.description

API = "https://api.twitter.com"
INVALID_TYPE = "https://api.x.com/2/problems/invalid-request"
MP4 = b"\0\0\0\x18ftypmp42" + bytes(2000)


class WsgiAdapter(BaseAdapter):
    """Lets requests, and with it tweepy, speak to the sandbox without a socket."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        as_text = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        request.headers = requests.structures.CaseInsensitiveDict(as_text)
        base_url = request.url.removesuffix(request.path_url)
        builder = EnvironBuilder(request.path_url, base_url, method=request.method, data=request.body, headers=as_text)
        chunks, status, headers = run_wsgi_app(self.app, builder.get_environ(), buffered=True)
        response = requests.Response()
        response.status_code, response.headers = int(status.split()[0]), requests.structures.CaseInsensitiveDict(headers)
        response.raw, response.request, response.url = io.BytesIO(b"".join(chunks)), request, request.url
        return response

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class X:
    """The mirror behind a requests session, and shorthand for the calls that tests need often."""

    mirror: XMirror
    session: requests.Session

    def account(self, name: str = "davos", **wishes: Any) -> Account:
        return self.mirror.account(name, **wishes)

    def call(self, method: str, path: str, account: Account | None = None, **how: Any) -> requests.Response:
        auth = sign_in(account or self.account())
        return self.session.request(method, how.pop("host", API) + path, auth=how.pop("auth", auth), **how)

    def post(self, text: str = "", account: Account | None = None, **body: Any) -> requests.Response:
        return self.call("POST", "/2/tweets", account, json={**({"text": text} if text else {}), **body})

    def reply(self, text: str, parent: str, account: Account | None = None) -> requests.Response:
        return self.post(text, account, reply={"in_reply_to_tweet_id": parent})

    def upload(self, content: bytes, account: Account | None = None, kind: str = "image/png") -> requests.Response:
        files = {"media": ("photo", content, kind)}
        return self.call("POST", "/2/media/upload", account, data={"media_category": "tweet_image"}, files=files)

    def photo(self, colour: str = "red", account: Account | None = None) -> str:
        id: str = self.upload(picture(colour), account).json()["data"]["id"]
        return id

    def initialize(self, size: int, kind: str = "video/mp4", category: str = "tweet_video") -> requests.Response:
        body = {"media_type": kind, "total_bytes": size, "media_category": category}
        return self.call("POST", "/2/media/upload/initialize", json=body)

    def append(self, id: str, index: object, content: bytes) -> requests.Response:
        files = {"media": ("segment", content)}
        return self.call("POST", f"/2/media/upload/{id}/append", data={"segment_index": index}, files=files)

    def finalize(self, id: str) -> requests.Response:
        return self.call("POST", f"/2/media/upload/{id}/finalize", json={})

    def status(self, id: str) -> requests.Response:
        return self.call("GET", "/2/media/upload", params={"command": "STATUS", "media_id": id})

    def chunked(self, content: bytes, kind: str = "video/mp4", category: str = "tweet_video") -> str:
        id: str = self.initialize(len(content), kind, category).json()["data"]["id"]
        self.append(id, 0, content)
        self.finalize(id)
        return id

    def timeline(self, account: Account | None = None, **params: Any) -> requests.Response:
        account = account or self.account()
        return self.call("GET", f"/2/users/{account.id}/tweets", account, params=params)


def sign_in(account: Account) -> Any:
    keys = account.credentials
    if "oauth2_access_token" in keys:
        return Bearer(keys["oauth2_access_token"])
    return OAuth1(keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"])


class Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def picture(colour: str = "red", kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def refused(response: requests.Response, status: int, words: str) -> bool:
    """Whether the answer is X's refusal with these words, in one of its two shapes."""
    body = response.json()
    said = [body.get("detail", ""), *(error["message"] for error in body.get("errors", ()))]
    return response.status_code == status and body["status"] == status and any(words in text for text in said)


@pytest.fixture
def x(tmp_path: Path) -> X:
    clock = Clock()
    mirror = XMirror(clock, MediaStore(tmp_path))
    session = requests.Session()
    session.mount("https://", WsgiAdapter(App({"x": mirror}, clock)))
    return X(mirror, session)


# --- who may call -----------------------------------------------------------------------------------------------------


@documentation
def test_tweepy_signs_in_posts_and_deletes(x: X) -> None:
    """What tweepy signs, the mirror accepts."""
    keys = x.account().credentials
    client = tweepy.Client(**keys)
    client.session = x.session
    me = client.get_me(user_auth=True, user_fields=["verified_type"])
    made = client.create_tweet(text="Davos opens — today & tomorrow")
    assert (me.data.id, me.data.username) == (int(x.account().id), "davos")
    assert [card.text for card in x.mirror.cards()] == ["Davos opens — today & tomorrow"]
    assert client.delete_tweet(made.data["id"]).data == {"deleted": True}
    assert x.mirror.cards() == []


@documentation
@pytest.mark.parametrize("spoiled", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"])
def test_a_wrong_key_or_secret_is_unauthorized(x: X, spoiled: str) -> None:
    """Each of the four parts counts."""
    account = x.account()
    stranger = Account(id=account.id, name="davos", credentials={**account.credentials, spoiled: "sandbox-wrong"})
    answer = x.post("Hello", stranger)
    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
    assert x.mirror.cards() == []


def signed(x: X, **how: Any) -> requests.Response:
    """GET /2/users/me with a signature of the test's own making."""
    keys = x.account().credentials
    signer = OAuth1Client(keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"], **how)
    _, headers, _ = signer.sign(f"{API}/2/users/me")
    return x.session.get(f"{API}/2/users/me", headers=headers)


@documentation
def test_an_old_timestamp_and_a_used_nonce_are_unauthorized(x: X) -> None:
    """A signature works once, and within five minutes."""
    now = int(time.time())
    assert signed(x, nonce="first", timestamp=str(now)).status_code == 200
    assert refused(signed(x, nonce="first", timestamp=str(now)), 401, "Unauthorized")
    assert refused(signed(x, nonce="second", timestamp=str(now - 400)), 401, "Unauthorized")
    assert refused(signed(x, nonce="third", timestamp=str(now + 400)), 401, "Unauthorized")


@documentation
def test_tokens_of_another_app_and_missing_credentials_are_unauthorized(x: X) -> None:
    """A user's token belongs to the app it was given to."""
    ours, theirs = x.account("davos").credentials, x.account("press").credentials
    mixed = Account(
        id="1",
        name="davos",
        credentials={**theirs, "access_token": ours["access_token"]} | {"access_token_secret": ours["access_token_secret"]},
    )
    assert refused(x.post("Hello", mixed), 401, "Unauthorized")
    assert refused(x.call("GET", "/2/users/me", auth=Bearer("sandbox-unknown")), 401, "Unauthorized")
    assert refused(x.session.get(f"{API}/2/users/me"), 401, "Unauthorized")


@documentation
def test_expired_credentials_stop_working(x: X) -> None:
    """Revoking ends OAuth 1.0a tokens."""
    assert x.call("GET", "/2/users/me").status_code == 200
    x.mirror.expire_credentials("davos")
    assert refused(x.call("GET", "/2/users/me"), 401, "Unauthorized")


def refresh(x: X, auth: Any = None, **form: str) -> requests.Response:
    return x.session.post("https://api.x.com/2/oauth2/token", data={"grant_type": "refresh_token", **form}, auth=auth)


@documentation
def test_oauth2_tokens_live_two_hours_and_refresh_tokens_work_once(x: X) -> None:
    """A refresh gives a new pair, and the old refresh token is dead."""
    account = x.account(auth="oauth2")
    keys = account.credentials
    assert set(keys) == {"client_id", "oauth2_access_token", "refresh_token"}
    assert x.call("GET", "/2/users/me", account).status_code == 200
    x.mirror.clock.advance(7200)
    assert refused(x.call("GET", "/2/users/me", account), 401, "Unauthorized")
    fresh = refresh(x, client_id=keys["client_id"], refresh_token=keys["refresh_token"]).json()
    assert fresh["expires_in"] == 7200
    assert fresh["refresh_token"] != keys["refresh_token"]
    assert x.call("GET", "/2/users/me", auth=Bearer(fresh["access_token"])).status_code == 200
    again = refresh(x, client_id=keys["client_id"], refresh_token=keys["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")


@documentation
def test_the_token_endpoint_knows_its_clients(x: X) -> None:
    """A public client names itself in the body, a confidential one with HTTP Basic; other grants are not answered."""
    public, secret = x.account("davos", auth="oauth2"), x.account("press", auth="oauth2", confidential=True)
    token = {"refresh_token": public.credentials["refresh_token"]}
    assert refresh(x, **token, client_id="sandbox-somebody").json()["error"] == "unauthorized_client"
    assert refresh(x, **token, client_id=public.credentials["client_id"]).status_code == 200
    token = {"refresh_token": secret.credentials["refresh_token"]}
    named = refresh(x, **token, client_id=secret.credentials["client_id"])
    assert (named.status_code, named.json()["error"]) == (401, "unauthorized_client")
    basic = (secret.credentials["client_id"], secret.credentials["client_secret"])
    assert refresh(x, auth=basic, **token).status_code == 200
    assert refresh(x, grant_type="password").json()["error"] == "unsupported_grant_type"


@documentation
def test_a_missing_scope_is_a_bare_403(x: X) -> None:
    """Without media.write no upload, with the body that X gives."""
    account = x.account(auth="oauth2", scopes="tweet.read users.read tweet.write")
    answer = x.upload(picture(), account)
    assert answer.json() == {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"}
    assert x.post("Hello", account).status_code == 201


@documentation
def test_the_rate_window_is_told_enforced_and_reopened(x: X) -> None:
    """Every answer tells the window; past it comes 429, and the clock opens the next one."""
    limit = OPERATIONS["get_me"].calls_per_window
    first = x.call("GET", "/2/users/me")
    assert first.headers["x-rate-limit-limit"] == str(limit)
    assert first.headers["x-rate-limit-remaining"] == str(limit - 1)
    assert first.headers["x-transaction-id"]
    x.mirror.users[x.account().id].windows["get_me"].used = limit
    over = x.call("GET", "/2/users/me")
    assert over.json() == {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    assert over.headers["x-rate-limit-remaining"] == "0"
    x.mirror.clock.advance(int(over.headers["x-rate-limit-reset"]) - x.mirror.clock.now() + 1)
    assert x.call("GET", "/2/users/me").status_code == 200


@documentation
def test_every_call_has_its_price(x: X) -> None:
    """Posts, links, deletions, alt texts and reads cost what the price list says, the same read once a day."""
    user = x.mirror.users[x.account(credits_usd=1).id]

    def price_of(call: Any) -> float:
        before = user.credits
        call()
        return float(before - user.credits)

    assert price_of(lambda: x.post("Plain")) == 0.015
    assert price_of(lambda: x.post("Live at example.com")) == 0.200
    assert price_of(lambda: x.timeline()) == pytest.approx(0.002)
    assert price_of(lambda: x.timeline()) == 0
    assert price_of(lambda: x.call("GET", "/2/users/me")) == 0.010
    photo = x.photo()
    assert price_of(lambda: x.call("POST", "/2/media/metadata", json={"id": photo})) == 0.005
    assert price_of(lambda: x.call("DELETE", f"/2/tweets/{x.mirror.cards()[0].id}")) == 0.010


@documentation
def test_reads_cost_more_when_the_app_is_not_the_users(x: X) -> None:
    """Owned reads need the user to own the app."""
    account = x.account(app_owner=False, credits_usd=1)
    x.post("Plain")
    x.timeline()
    assert float(x.mirror.users[account.id].credits) == pytest.approx(1 - 0.015 - 0.005)


@documentation
def test_without_credits_every_call_is_402_and_nothing_is_made(x: X) -> None:
    """An empty balance stops writes and reads."""
    account = x.account(credits_usd=0.015)
    assert x.post("The last one").status_code == 201
    for answer in (x.post("One more"), x.timeline(), x.upload(picture())):
        assert answer.status_code == 402
        assert answer.json()["title"] == "CreditsDepleted"
    assert [card.account for card in x.mirror.cards()] == [f"@{account.name}"]


# --- posts ------------------------------------------------------------------------------------------------------------


@documentation
@pytest.mark.parametrize(
    ("body", "parameter", "words"),
    [
        ({}, "text", "One of text or media must be present"),
        ({"text": " \n"}, "text", "One of text or media must be present"),
        ({"text": "a", "colour": "red"}, "$", "colour: is not defined in the schema"),
        ({"text": "a", "reply": {}}, "$.reply", "in_reply_to_tweet_id: is missing"),
        ({"text": "a", "reply": {"in_reply_to_tweet_id": 5}}, "$.reply.in_reply_to_tweet_id", "int found, str expected"),
        ({"text": "a", "media": {"media_ids": ["1", "2", "3", "4", "5"]}}, "$.media.media_ids", "maximum of 4 items"),
        ({"text": "a", "media": {"media_ids": []}}, "$.media.media_ids", "minimum of 1 items"),
        ({"text": "a", "media": {"media_ids": ["x"]}}, "$.media.media_ids[0]", "does not match the regex"),
        ({"text": "a", "media": {"media_ids": ["77"]}}, "media.media_ids", "Your media IDs are invalid."),
        ({"text": "a", "poll": {"options": ["yes"], "duration_minutes": 60}}, "$.poll.options", "minimum of 2 items"),
        ({"text": "a", "reply_settings": "nobody"}, "$.reply_settings", "nobody"),
        ({"text": None}, "$.text", "null found, str expected"),
    ],
)
def test_a_malformed_post_is_refused(x: X, body: dict[str, Any], parameter: str, words: str) -> None:
    """400 names the parameter and what is wrong with it."""
    answer = x.call("POST", "/2/tweets", json=body)
    assert refused(answer, 400, words)
    assert answer.json()["type"] == INVALID_TYPE
    assert list(answer.json()["errors"][0]["parameters"]) == [parameter]
    assert x.mirror.cards() == []


@documentation
def test_a_body_that_is_no_json_object_is_refused(x: X) -> None:
    """X wants an object, declared as JSON."""
    for how in ({"data": {"text": "a"}}, {"json": ["a"]}, {"data": b"{", "headers": {"Content-Type": "application/json"}}):
        assert refused(x.call("POST", "/2/tweets", **how), 400, "Request body must be a JSON object")


@documentation
def test_what_the_mirror_does_not_play_is_501(x: X) -> None:
    """A key that X knows and the mirror cannot show is refused aloud, not swallowed."""
    answer = x.post("Hello", community_id="1")
    assert (answer.status_code, answer.json()["keys"]) == (501, ["community_id"])


@documentation
@pytest.mark.parametrize(("length", "premium"), [(LIMITS.text_max_weight, False), (LIMITS.premium_text_max_weight, True)])
def test_one_character_too_many_is_not_permitted(x: X, length: int, premium: bool) -> None:
    """The longest text passes, one more does not."""
    account = x.account(premium=premium)
    assert x.post("a" * length, account).status_code == 201
    assert refused(x.post("b" * (length + 1), account), 403, "You are not permitted to perform this action")


@documentation
@pytest.mark.parametrize(
    "text", ["世" * 140, "👩‍👩‍👧‍👦" * 140, "e\u0301" * 280, "example.com " + "a" * 256, "https://example.org/" + "p" * 300]
)
def test_weights_are_twitter_texts(x: X, text: str) -> None:
    """Wide characters and emoji sequences count 2, a URL 23 whatever its length, composed letters 1."""
    assert weight(unicodedata.normalize("NFC", text)) <= 280
    assert x.post(text).status_code == 201


@documentation
def test_two_cashtags_and_a_quote_are_forbidden(x: X) -> None:
    """Self-serve apps get one cashtag and no quotes."""
    first = x.post("Up goes $ABC").json()["data"]["id"]
    assert refused(x.post("Up go $ABC and $XYZ"), 403, "1 cashtag")
    assert refused(x.post("Look", quote_tweet_id=first), 403, "You can only reply to or quote posts")


@documentation
def test_the_same_text_again_is_a_duplicate(x: X) -> None:
    """Even after deletion, but not for another account, other media, or much later."""
    first = x.post("Davos opens").json()["data"]["id"]
    expected = {
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
    }
    assert x.post("Davos opens").json() == expected
    assert x.post("Davos opens", x.account("press")).status_code == 201
    assert x.post("Davos opens", media={"media_ids": [x.photo()]}).status_code == 201
    assert x.post("Davos opens", media={"media_ids": [x.photo()]}).json() == expected
    x.call("DELETE", f"/2/tweets/{first}")
    assert x.post("Davos opens").json() == expected
    x.mirror.clock.advance(LIMITS.duplicate_window_seconds)
    assert x.post("Davos opens").status_code == 201


@documentation
def test_replies_need_a_visible_parent(x: X) -> None:
    """A parent that is gone, or not shown yet, refuses the reply for certain."""
    assert refused(x.reply("Yes", "123"), 403, "deleted or not visible")
    x.mirror.visibility_delay_seconds = 5
    parent = x.post("Question").json()["data"]["id"]
    assert refused(x.reply("Answer", parent), 403, "deleted or not visible")
    x.mirror.clock.advance(5)
    assert x.reply("Answer", parent).status_code == 201
    assert x.mirror.cards()[0].parent == parent


@documentation
def test_replies_go_to_own_posts_and_to_those_that_mention_the_account(x: X) -> None:
    """The rule for self-serve apps since 2026-02-23."""
    press = x.account("press")
    silent = x.post("What a day", press).json()["data"]["id"]
    summoned = x.post("What do you say, @Davos?", press).json()["data"]["id"]
    answer = x.reply("Thanks", silent)
    assert refused(answer, 403, "You can only reply to or quote posts where you are mentioned or are the author.")
    assert answer.json()["type"] == "https://api.x.com/2/problems/not-authorized-for-resource"
    assert x.reply("Thanks", summoned).status_code == 201


@documentation
def test_only_the_author_deletes_and_only_once(x: X) -> None:
    """403 for others, 404 for what is gone."""
    id = x.post("Mine").json()["data"]["id"]
    assert refused(x.call("DELETE", f"/2/tweets/{id}", x.account("press")), 403, "not authorized")
    assert x.call("DELETE", f"/2/tweets/{id}").json() == {"data": {"deleted": True}}
    assert refused(x.call("DELETE", f"/2/tweets/{id}"), 404, "Could not find tweet")


# --- reads ------------------------------------------------------------------------------------------------------------


@documentation
def test_urls_come_back_shortened_and_escaped_with_what_they_stand_for(x: X) -> None:
    """The text alone does not show what was sent; the entities do."""
    photo = x.photo()
    sent = "Q&A <live> at https://example.org/live?a=1 and example.com"
    made = x.post(sent, media={"media_ids": [photo]}).json()["data"]
    told = x.timeline(**{"tweet.fields": "entities,attachments"}).json()["data"][0]
    assert told["text"] == made["text"]
    assert told["text"].startswith("Q&amp;A &lt;live&gt; at https://t.co/")
    urls = told["entities"]["urls"]
    assert [told["text"][url["start"] : url["end"]] for url in urls] == [url["url"] for url in urls]
    assert [url["expanded_url"] for url in urls] == [
        "https://example.org/live?a=1",
        "http://example.com",
        f"https://x.com/davos/status/{made['id']}/photo/1",
    ]
    assert told["attachments"]["media_keys"] == [urls[-1]["media_key"]] == [f"3_{photo}"]


@documentation
def test_a_thread_tells_its_conversation_and_parents_in_both_spellings(x: X) -> None:
    """tweet.fields answers with the older names, post.fields with the newer ones."""
    first = x.post("One").json()["data"]["id"]
    second = x.reply("Two", first).json()["data"]["id"]
    old = x.call("GET", f"/2/tweets/{second}", params={"tweet.fields": "conversation_id,referenced_tweets"}).json()["data"]
    new = x.call("GET", f"/2/tweets/{second}", params={"post.fields": "conversation_id", "expansions": "referenced_posts"})
    parent = [{"type": "replied_to", "id": first}]
    assert (old["conversation_id"], old["referenced_tweets"], old["edit_history_tweet_ids"]) == (first, parent, [second])
    assert (new.json()["data"]["referenced_posts"], new.json()["data"]["edit_history_post_ids"]) == (parent, [second])


@documentation
def test_a_long_post_is_cut_and_its_note_is_whole(x: X) -> None:
    """Premium texts past 280 come in full only as note_tweet."""
    account = x.account(premium=True)
    text = " ".join(["word"] * 100)
    x.post(text, account)
    told = x.timeline(account, **{"tweet.fields": "note_tweet"}).json()["data"][0]
    assert told["text"].endswith("…")
    assert len(told["text"]) <= 280
    assert told["note_tweet"]["text"] == text


@documentation
def test_the_search_finds_a_conversation_of_the_last_week(x: X) -> None:
    """Newest first, page by page, from an id on; the root itself is no answer, and what is older than seven days is not found."""
    root = x.post("Doors open").json()["data"]["id"]
    ids = [x.mirror.reply_as("ann", root, f"Nice {number}") for number in range(12)]

    def search(query: str = f"conversation_id:{root}", **more: Any) -> dict[str, Any]:
        return x.call("GET", "/2/tweets/search/recent", params={"query": query, "max_results": 10, **more}).json()

    first = search()
    assert [post["id"] for post in first["data"]] == ids[:1:-1]
    assert first["data"][0]["text"] == "@davos Nice 11"
    assert [post["id"] for post in search(next_token=first["meta"]["next_token"])["data"]] == ids[1::-1]
    assert [post["id"] for post in search(since_id=ids[-3])["data"]] == ids[:-3:-1]
    assert len(search(f"in_reply_to_tweet_id:{ids[0]}").get("data", [])) == 0
    x.mirror.clock.advance(7 * 86_400 + 1)
    assert search() == {"meta": {"result_count": 0}}


@documentation
@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"query": "x" * 513}, 400),
        ({"query": "conversation_id:1", "max_results": 9}, 400),
        ({"query": "conversation_id:1", "exclude": "replies"}, 400),
        ({"query": "conversation_id:1", "next_token": "!"}, 400),
        ({"query": "from:davos"}, 501),
    ],
)
def test_a_malformed_search_is_refused(x: X, params: dict[str, Any], status: int) -> None:
    """Without a query, with too long a one, too few results, parameters of other calls; of the language only a part is played."""
    assert x.call("GET", "/2/tweets/search/recent", params=params).status_code == status


@documentation
def test_an_app_answers_only_those_who_mention_the_account(x: X) -> None:
    """People's answers begin with the name, unless they took it away: X refuses an app's answer to those."""
    root = x.post("Doors open").json()["data"]["id"]
    assert x.reply("Thank you", x.mirror.reply_as("ann", root, "Nice")).status_code == 201
    assert x.reply("Thank you, too", x.mirror.speak_as("bob", root, "Meh")).status_code == 403


@documentation
def test_the_author_of_a_thread_hides_replies(x: X) -> None:
    """Folded away on the site and still found by the search; nobody else hides them, and the first post is no reply."""
    root = x.post("Doors open").json()["data"]["id"]
    rude = x.mirror.reply_as("bob", root, "Rude")

    def hide(id: str, hidden: Any = True, **more: Any) -> Any:
        return x.call("PUT", f"/2/tweets/{id}/hidden", json={"hidden": hidden, **more})

    assert hide(rude).json() == {"data": {"hidden": True}}
    assert {card.text: bool(card.warning) for card in x.mirror.cards()}["@davos Rude"] is True
    found = x.call("GET", "/2/tweets/search/recent", params={"query": f"conversation_id:{root}"}).json()
    assert rude in {post["id"] for post in found["data"]}
    assert hide(rude, False).json() == {"data": {"hidden": False}}
    assert not any(card.warning for card in x.mirror.cards())
    assert hide(root).status_code == 403
    assert hide("1").status_code == 404
    assert (hide(rude, "yes").status_code, hide(rude, why="x").status_code) == (400, 400)
    theirs = x.post("Mine", x.account("ann")).json()["data"]["id"]
    assert hide(x.mirror.reply_as("bob", theirs, "Yes")).status_code == 403


@documentation
def test_people_do_by_hand_what_x_lets_them(x: X) -> None:
    """Nobody edits, a reply has its limit, and the settings of the thread hold."""
    root = x.post("Doors open, @ann", reply_settings="mentionedUsers").json()["data"]["id"]
    nice = x.mirror.reply_as("ann", root, "Nice")
    x.mirror.moderate_as("davos", nice, "hidden")
    assert [bool(card.warning) for card in x.mirror.cards()] == [True, False]
    for act in (
        lambda: x.mirror.reply_as("bob", root, "x"),
        lambda: x.mirror.reply_as("ann", root, "x" * 280),
        lambda: x.mirror.speak_as("ann", root, " "),
        lambda: x.mirror.edit_as("ann", nice, "x"),
        lambda: x.mirror.moderate_as("davos", root, "hidden"),
        lambda: x.mirror.moderate_as("davos", nice, "gone"),
    ):
        with pytest.raises(UnplayedError):
            act()
    x.mirror.remove_as("davos", root)
    assert [card.id for card in x.mirror.cards()] == [nice]


@documentation
def test_figures_move_with_the_clock(x: X) -> None:
    """Impressions, likes and reposts grow; replies are those that there are."""
    root = x.post("Doors open").json()["data"]["id"]
    x.mirror.reply_as("ann", root, "Nice")

    def figures() -> dict[str, int]:
        told = x.call("GET", "/2/tweets", params={"ids": root, "tweet.fields": "public_metrics"}).json()
        metrics: dict[str, int] = told["data"][0]["public_metrics"]
        return metrics

    assert (figures()["impression_count"], figures()["reply_count"]) == (0, 1)
    x.mirror.clock.advance(86_400)
    later = figures()
    assert later["impression_count"] > later["like_count"] > later["retweet_count"] > 0
    for number in range(2):
        x.mirror.remove_as("ann", x.mirror.reply_as("ann", root, f"Again {number}"))
    assert figures()["reply_count"] == 1


@documentation
def test_the_timeline_pages_filters_and_lags(x: X) -> None:
    """Newest first, five at least a page, and posts appear there late if the mirror is told so."""
    ids = [x.post(f"Number {number}").json()["data"]["id"] for number in range(7)]
    x.reply("An answer", ids[0])
    first = x.timeline(max_results=5, exclude="replies").json()
    second = x.timeline(max_results=5, exclude="replies", pagination_token=first["meta"]["next_token"]).json()
    assert [post["id"] for post in first["data"] + second["data"]] == ids[::-1]
    assert "next_token" not in second["meta"]
    assert first["meta"]["newest_id"] == ids[-1]
    assert x.timeline(since_id=ids[-1]).json()["meta"]["result_count"] == 1
    x.mirror.clock.advance(60)
    after = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(x.mirror.clock.now() - 30))
    assert x.timeline(start_time=after).json() == {"meta": {"result_count": 0}}
    x.mirror.timeline_lag_seconds = 10
    late = x.post("Late").json()["data"]["id"]
    assert x.timeline(start_time=after).json() == {"meta": {"result_count": 0}}
    x.mirror.clock.advance(10)
    assert [post["id"] for post in x.timeline(start_time=after).json()["data"]] == [late]


@documentation
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"max_results": 4}, "is not between 5 and 100"),
        ({"max_results": 101}, "is not between 5 and 100"),
        ({"start_time": "yesterday"}, "is not a valid RFC 3339 time"),
        ({"start_time": "2026-13-01T00:00:00Z"}, "is not a valid RFC 3339 time"),
        ({"since_id": "abc"}, "does not match"),
        ({"pagination_token": "!"}, "is not valid"),
        ({"tweet.fields": "colour"}, "[colour] is not valid"),
        ({"post.fields": "note_tweet"}, "[note_tweet] is not valid"),
        ({"colour": "red"}, "The query parameter [colour] is not one of"),
    ],
)
def test_a_malformed_read_is_refused(x: X, params: dict[str, Any], words: str) -> None:
    """400 names the parameter."""
    answer = x.timeline(**params)
    assert refused(answer, 400, words)
    assert list(answer.json()["errors"][0]["parameters"]) == list(params)


@documentation
def test_missing_posts_and_users_are_errors_with_status_200(x: X) -> None:
    """A lookup answers what there is and names what there is not."""
    id = x.post("Here").json()["data"]["id"]
    both = x.call("GET", "/2/tweets", params={"ids": f"{id},1"})
    assert (both.status_code, [post["id"] for post in both.json()["data"]]) == (200, [id])
    assert both.json()["errors"] == [
        {
            "value": "1",
            "detail": "Could not find tweet with ids: [1].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": "ids",
            "resource_id": "1",
            "type": "https://api.x.com/2/problems/resource-not-found",
        }
    ]
    assert x.call("GET", "/2/tweets/1").json().keys() == {"errors"}
    assert x.call("GET", "/2/users/1").json()["errors"][0]["resource_type"] == "user"
    too_many = ",".join(str(number) for number in range(101))
    assert refused(x.call("GET", "/2/tweets", params={"ids": too_many}), 400, "is not between 1 and 100")


# --- media ------------------------------------------------------------------------------------------------------------


@documentation
def test_photos_carry_their_alt_text_to_the_public(x: X) -> None:
    """Upload, describe, post: the visitor meets picture and alt text, and the file is served."""
    uploaded = x.upload(picture()).json()["data"]
    assert uploaded["image"] == {"w": 60, "h": 40, "image_type": "image/png"}
    assert (uploaded["media_key"], uploaded["expires_after_secs"]) == (f"3_{uploaded['id']}", 86_400)
    body = {"id": uploaded["id"], "metadata": {"alt_text": {"text": "The plenary hall"}}}
    assert x.call("POST", "/2/media/metadata", json=body).json()["data"]["id"] == uploaded["id"]
    file = f"/media/{uploaded['id']}.png"
    assert x.session.get(f"https://pbs.twimg.com{file}").status_code == 404
    id = x.post(media={"media_ids": [uploaded["id"]]}).json()["data"]["id"]
    card = x.mirror.cards()[0]
    assert (card.id, card.account, card.url, card.kind) == (id, "@davos", f"https://x.com/davos/status/{id}", "post")
    assert [(shown.url, shown.alt) for shown in card.pictures] == [(f"https://pbs.twimg.com{file}", "The plenary hall")]
    assert x.session.get(card.pictures[0].url).content == picture()
    params = {"expansions": "attachments.media_keys", "media.fields": "alt_text"}
    told = x.call("GET", f"/2/tweets/{id}", params=params).json()["includes"]["media"]
    assert told == [{"media_key": f"3_{uploaded['id']}", "type": "photo", "alt_text": "The plenary hall"}]


@documentation
def test_images_may_come_as_base64(x: X) -> None:
    """The JSON form of the simple upload."""
    body = {"media": b64encode(picture(kind="WEBP")).decode(), "media_category": "tweet_image"}
    assert x.call("POST", "/2/media/upload", json=body).json()["data"]["image"]["image_type"] == "image/webp"


@documentation
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture(kind="JPEG"), "image/png"),
        (picture()[:-20], "image/png"),
        (picture(kind="BMP"), "application/octet-stream"),
        (b"no image", "image/jpeg"),
    ],
    ids=["mislabelled", "truncated", "wrong format", "not an image"],
)
def test_a_bad_image_is_refused(x: X, content: bytes, kind: str) -> None:
    """The file is really opened."""
    assert refused(x.upload(content, kind=kind), 400, "Your media is not valid")


@documentation
def test_the_simple_upload_knows_its_fields_and_limits(x: X) -> None:
    """One image of at most 5 MiB, with its category, and nothing else."""
    files = {"media": ("photo", picture(), "image/png")}
    path = "/2/media/upload"
    too_large = picture() + bytes(LIMITS.image_max_bytes)
    assert refused(x.upload(too_large), 400, "File size must be <= 5242880 bytes")
    assert refused(x.call("POST", path, data={"media_category": "tweet_video"}, files=files), 400, "Only images")
    assert refused(x.call("POST", path, files=files), 400, "$.media_category: is missing")
    extra = {"media_category": "tweet_image", "command": "INIT"}
    assert refused(x.call("POST", path, data=extra, files=files), 400, "$.command: is not defined in the schema")
    assert refused(x.call("POST", path, files={"media_category": (None, "tweet_image")}), 400, "$.media: is missing")


@documentation
def test_alt_text_has_its_limit_and_needs_the_users_own_media(x: X) -> None:
    """1000 characters, on media that exist."""
    photo = x.photo()

    def describe(id: str, text: str, account: Account | None = None) -> requests.Response:
        body = {"id": id, "metadata": {"alt_text": {"text": text}}}
        return x.call("POST", "/2/media/metadata", account, json=body)

    assert describe(photo, "a" * 1000).status_code == 200
    assert refused(describe(photo, "a" * 1001), 400, "at most 1000 characters")
    assert refused(describe("1", "a"), 404, "Could not find media")
    assert refused(describe(photo, "a", x.account("press")), 404, "Could not find media")


@documentation
def test_media_of_others_lapsed_repeated_or_mixed_are_refused(x: X) -> None:
    """Up to four own images or one own GIF or video, used within a day."""
    other = x.photo(account=x.account("press"))
    photos = [x.photo(colour) for colour in ("red", "green", "blue", "white")]
    video = x.chunked(MP4)
    x.mirror.clock.advance(2)
    assert refused(x.post("a", media={"media_ids": [other]}), 400, "Your media IDs are invalid.")
    assert refused(x.post("a", media={"media_ids": [photos[0], video]}), 400, "Up to 4 images, or 1 GIF, or 1 video")
    assert refused(x.post("a", media={"media_ids": [photos[0], photos[0]]}), 400, "Up to 4 images")
    poll = {"options": ["yes", "no"], "duration_minutes": 60}
    assert refused(x.post("a", media={"media_ids": photos}, poll=poll), 400, "At most one of media, poll")
    assert x.post("a", media={"media_ids": photos}).status_code == 201
    x.mirror.clock.advance(LIMITS.media_lapse_seconds)
    assert refused(x.post("b", media={"media_ids": [video]}), 400, "Your media IDs are invalid.")


@documentation
def test_a_video_comes_in_segments_in_any_order(x: X) -> None:
    """The same index again replaces the segment; processing follows the clock; then the video can be posted and seen."""
    id = x.initialize(len(MP4)).json()["data"]["id"]
    assert refused(x.status(id), 404, "Could not find media")
    x.append(id, 1, MP4[1000:])
    x.append(id, 0, b"torn")
    assert x.append(id, 0, MP4[:1000]).json()["data"]["expires_at"] > x.mirror.clock.now()
    data = x.finalize(id).json()["data"]
    assert (data["media_key"], data["size"]) == (f"13_{id}", len(MP4))
    assert data["processing_info"] == {"state": "pending", "progress_percent": 0, "check_after_secs": 1}
    assert refused(x.post("Replay", media={"media_ids": [id]}), 400, "not processed")
    x.mirror.clock.advance(1)
    assert x.status(id).json()["data"]["processing_info"]["state"] == "in_progress"
    x.mirror.clock.advance(1)
    assert x.status(id).json()["data"]["processing_info"] == {"state": "succeeded", "progress_percent": 100}
    assert x.post("Replay", media={"media_ids": [id]}).status_code == 201
    shown = x.mirror.cards()[0].pictures[0]
    assert (shown.kind, x.session.get(shown.url).content) == ("video", MP4)


@documentation
def test_finalize_needs_a_body_and_every_segment(x: X) -> None:
    """A missing body, a gap and a wrong size are refused, and the upload can still be mended."""
    id = x.initialize(len(MP4)).json()["data"]["id"]
    path = f"/2/media/upload/{id}/finalize"
    assert refused(x.call("POST", path), 400, "Request body must be a JSON object")
    assert refused(x.finalize(id), 400, "a segment is missing")
    x.append(id, 1, MP4)
    assert refused(x.finalize(id), 400, "a segment is missing")
    x.append(id, 0, MP4)
    assert refused(x.finalize(id), 400, "Segments do not add up")
    x.append(id, 0, MP4[:1000])
    x.append(id, 1, MP4[1000:])
    assert x.finalize(id).status_code == 200
    assert x.finalize(id).json()["data"]["id"] == id
    assert refused(x.append(id, 0, MP4), 400, "finalized already")


@documentation
def test_segments_have_their_limits(x: X) -> None:
    """Index 0 to 999, a few MiB each, on an upload of one's own."""
    id = x.initialize(len(MP4)).json()["data"]["id"]
    assert refused(x.append(id, 1000, MP4), 400, "between 0 and 999")
    assert refused(x.append(id, "first", MP4), 400, "must be an integer")
    assert refused(x.append("1", 0, MP4), 404, "Could not find media")
    assert refused(x.append(id, 0, bytes(LIMITS.segment_max_bytes + 1)), 413, "Payload Too Large")


@documentation
@pytest.mark.parametrize(
    ("size", "kind", "category", "words"),
    [
        (LIMITS.video_max_bytes + 1, "video/mp4", "tweet_video", "File size must be <="),
        (LIMITS.gif_max_bytes + 1, "image/gif", "tweet_gif", "File size must be <="),
        (0, "video/mp4", "tweet_video", "total_bytes"),
        (10, "image/png", "tweet_video", "media_type is not allowed"),
        (10, "video/mp4", "tweet_film", "$.media_category"),
    ],
)
def test_initialize_refuses_what_x_does_not_take(x: X, size: int, kind: str, category: str, words: str) -> None:
    """Too large, empty, of the wrong type, of an unknown category."""
    answer = x.initialize(size, kind, category)
    assert answer.status_code == 400
    assert words in answer.text


@documentation
def test_a_broken_video_fails_in_processing(x: X) -> None:
    """Finalize accepts it, and the status says failed with the reason."""
    id = x.chunked(b"no video at all")
    x.mirror.clock.advance(2)
    info = x.status(id).json()["data"]["processing_info"]
    assert (info["state"], info["error"]["name"]) == ("failed", "InvalidMedia")
    assert refused(x.post("Replay", media={"media_ids": [id]}), 400, "not processed")


@documentation
def test_a_gif_has_limits_of_its_own(x: X) -> None:
    """1280x1080 at most."""
    fits, wide = picture(kind="GIF", size=(1280, 20)), picture(kind="GIF", size=(1281, 20))
    x.chunked(fits, "image/gif", "tweet_gif")
    id = x.initialize(len(wide), "image/gif", "tweet_gif").json()["data"]["id"]
    x.append(id, 0, wide)
    assert refused(x.finalize(id), 400, "too many pixels or frames")


@documentation
def test_subtitles_join_a_video(x: X) -> None:
    """An SRT file in one of the languages, on a video of the named category."""
    video = x.chunked(MP4)
    srt = x.chunked(b"1\n00:00:00,000 --> 00:00:02,000\nWelcome\n", "text/srt", "subtitles")

    def join(**changes: Any) -> requests.Response:
        subtitles = {"id": srt, "language_code": "EN", "display_name": "English"}
        body = {"id": video, "media_category": "TweetVideo", "subtitles": subtitles, **changes}
        return x.call("POST", "/2/media/subtitles", json=body)

    assert join().json()["data"]["associated_subtitles"]["language_code"] == "EN"
    assert refused(join(media_category="AmplifyVideo"), 400, "not of this category")
    assert refused(join(subtitles={"id": video, "language_code": "EN", "display_name": "English"}), 400, "subtitle file")
    assert refused(join(subtitles={"id": srt, "language_code": "en", "display_name": "English"}), 400, "regex")


@documentation
def test_reset_forgets_everything(x: X) -> None:
    """A clean platform: no posts, and no account's keys work any more."""
    account = x.account()
    x.post("Hello")
    x.mirror.reset()
    assert x.mirror.cards() == []
    assert refused(x.post("Hello", account), 401, "Unauthorized")


# --- against X's machine-readable description -------------------------------------------------------------------------

SPECS = Path(os.environ.get("SOCIALCAST_SPECS", ""))
needs_specs = pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder")


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    """The published description; checking the description itself is left out, since it is X's and takes minutes."""
    spec = json.loads((SPECS / "x-openapi-2.167.json").read_text(encoding="utf-8"))
    return OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))


@description
@needs_specs
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # openapi-core does not check OAuth; the tests above do
def test_requests_and_answers_fit_the_description(x: X, openapi: OpenAPI) -> None:
    """Every call of a broadcast, as the mirror takes and answers it, is as X describes it.

    The description has only the newer names, so reads are made with `post.fields`. POST /2/tweets has no such parameter and
    answers with the older `edit_history_tweet_ids`, which the description neither knows nor forbids.
    """
    host = {"host": "https://api.x.com"}
    photo, video = x.photo(), x.initialize(len(MP4)).json()["data"]["id"]
    calls = [
        x.call("GET", "/2/users/me", params={"user.fields": "verified_type"}, **host),
        x.call("GET", f"/2/users/{x.account().id}", **host),
        x.call(
            "POST",
            "/2/media/upload/initialize",
            json={"media_type": "video/mp4", "total_bytes": 5, "media_category": "tweet_video"},
            **host,
        ),
        x.call("POST", f"/2/media/upload/{video}/append", json={"media": b64encode(MP4).decode(), "segment_index": 0}, **host),
        x.call("POST", f"/2/media/upload/{video}/finalize", json={}, **host),
        x.call("GET", "/2/media/upload", params={"media_id": video, "command": "STATUS"}, **host),
        x.call("POST", "/2/media/upload", json={"media": b64encode(picture()).decode(), "media_category": "tweet_image"}, **host),
        x.call("POST", "/2/media/metadata", json={"id": photo, "metadata": {"alt_text": {"text": "Hall"}}}, **host),
        x.call("POST", "/2/tweets", json={"text": "See example.com", "media": {"media_ids": [photo]}}, **host),
    ]
    id = calls[-1].json()["data"]["id"]
    fields = {"post.fields": "entities,attachments,created_at,public_metrics"}
    calls += [
        x.call("GET", "/2/tweets", params={"ids": f"{id},1", **fields}, **host),
        x.call("GET", f"/2/tweets/{id}", params={"expansions": "attachments.media_keys,author_id", **fields}, **host),
        x.call("GET", f"/2/users/{x.account().id}/tweets", params={"max_results": 5, **fields}, **host),
        x.call("GET", "/2/tweets/search/recent", params={"query": f"conversation_id:{id}", **fields}, **host),
        x.call("PUT", f"/2/tweets/{x.mirror.reply_as('ann', id, 'Nice')}/hidden", json={"hidden": True}, **host),
        x.call("DELETE", f"/2/tweets/{id}", **host),
    ]
    srt = x.chunked(b"1\n00:00:00,000 --> 00:00:02,000\nWelcome\n", "text/srt", "subtitles")
    subtitles = {"id": srt, "language_code": "EN", "display_name": "English"}
    calls.append(
        x.call("POST", "/2/media/subtitles", json={"id": video, "media_category": "TweetVideo", "subtitles": subtitles}, **host)
    )
    for answer in calls:
        assert answer.ok, answer.text
        openapi.validate_request(RequestsOpenAPIRequest(answer.request))
        openapi.validate_response(RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(answer))


def _cases(file: str, *groups: str) -> list[Any]:
    tests = yaml.safe_load((SPECS / "twitter-text" / file).read_text(encoding="utf-8"))["tests"]
    return [case for group in groups for case in tests[group]]


@description
@needs_specs
def test_texts_weigh_what_twitter_text_says() -> None:
    """All published cases of weighted counting."""
    cases = _cases("validate.yml", "WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")
    wrong = [c for c in cases if weight(unicodedata.normalize("NFC", c["text"])) != c["expected"]["weightedLength"]]
    assert wrong == []


@description
@needs_specs
def test_urls_are_found_where_twitter_text_finds_them() -> None:
    """All published cases of URLs in a text."""
    cases = _cases("extract.yml", "urls", "tco_urls_with_params")
    found = [[case["text"][start:end] for start, end in find_urls(case["text"])] for case in cases]
    assert found == [case["expected"] for case in cases]
