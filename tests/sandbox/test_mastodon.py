"""What the mirror of Mastodon accepts and, above all, what it refuses."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image
from werkzeug.test import Client, TestResponse

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Clock, UnplayedError
from socialcast.sandbox.platforms.mastodon import MastodonMirror
from socialcast.sandbox.platforms.mastodon.tables import OPERATIONS, RATES, SERVERS
from socialcast.sandbox.platforms.mastodon.text import hashtags, length

documentation = pytest.mark.documentation
description = pytest.mark.description

FILM = b"\0\0\0\x18ftypmp42" + bytes(12) + b"\0\0\0\x08moov" + b"\0\0\0\x10mdat" + bytes(8)
TORN_FILM = b"\0\0\0\x18ftypmp42" + bytes(500)
STATUS, SCHEDULED, MEDIA = "/api/v1/statuses", "/api/v1/scheduled_statuses", "/api/v2/media"


@dataclass
class Mastodon:
    """The mirror behind a client, and shorthand for the calls that tests need often."""

    mirror: MastodonMirror
    client: Client
    name: str = "davos"

    def account(self, name: str = "", **wishes: Any) -> str:
        """The token of an account."""
        return self.mirror.account(name or self.name, **wishes).credentials["access_token"]

    def call(self, verb: str, path: str, token: str | None = None, key: str = "", **how: Any) -> TestResponse:
        sent = self.account() if token is None else token
        headers = {**({"Authorization": f"Bearer {sent}"} if sent else {}), **({"Idempotency-Key": key} if key else {})}
        base_url = f"https://{how.pop('host', 'social.example')}"
        return self.client.open(path, method=verb, base_url=base_url, headers=headers, buffered=True, **how)

    def post(self, status: str = "", key: str = "", token: str | None = None, **fields: Any) -> TestResponse:
        told = {**({"status": status} if status else {}), **fields}
        return self.call("POST", STATUS, token, key, json=told)

    def upload(self, content: bytes = b"", token: str | None = None, **fields: str) -> TestResponse:
        data = {"file": (io.BytesIO(content or picture()), "a.jpg"), **fields}
        return self.call("POST", MEDIA, token, data=data)

    def photo(self, **fields: str) -> str:
        return str(self.upload(**fields).json["id"])

    def timeline(self, token: str | None = None, **query: Any) -> TestResponse:
        id = self.mirror.account(self.name).id
        return self.call("GET", f"/api/v1/accounts/{id}/statuses", token, query_string=query)

    def texts(self) -> list[str]:
        """The source of every status of the account, newest first."""
        return [self.call("GET", f"{STATUS}/{each['id']}/source").json["text"] for each in self.timeline().json]


def picture(size: tuple[int, int] = (60, 40), kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


def ahead(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def refused(response: TestResponse, status: int, words: str) -> bool:
    """Whether the answer is a refusal with exactly these words."""
    assert (response.status_code, response.json["error"]) == (status, words)
    return True


@pytest.fixture
def mastodon(tmp_path: Path) -> Mastodon:
    clock = Clock()
    mirror = MastodonMirror(clock, MediaStore(tmp_path))
    return Mastodon(mirror, Client(App({"mastodon": mirror}, clock)))


# -- who may ------------------------------------------------------------------------------------------------------------------


@documentation
def test_only_a_token_that_holds_is_let_in(mastodon: Mastodon) -> None:
    """No token, a made-up one and a revoked one are told apart as the server tells them apart."""
    path = "/api/v1/accounts/verify_credentials"
    for token in ("", "made-up"):
        assert refused(mastodon.call("GET", path, token), 401, "The access token is invalid")
    assert mastodon.call("GET", path).json["acct"] == "davos"
    mastodon.mirror.expire_credentials("davos")
    assert refused(mastodon.call("GET", path), 401, "The access token was revoked")
    mastodon.mirror.renew_credentials("davos")
    assert mastodon.call("GET", path).status_code == 200


@documentation
@pytest.mark.parametrize("scopes", ["read", "write:media", "write:favourites"])
def test_a_token_without_the_scope_posts_nothing(mastodon: Mastodon, scopes: str) -> None:
    """A narrow scope holds what it names and no more."""
    mastodon.account(scopes=scopes)
    assert refused(mastodon.post("Doors open"), 403, "This action is outside the authorized scopes")
    assert not mastodon.mirror.cards()


@documentation
def test_a_disabled_account_does_nothing(mastodon: Mastodon) -> None:
    """Its token is known, and refused with the reason."""
    mastodon.account(is_disabled=True)
    assert refused(mastodon.post("Doors open"), 403, "Your login is currently disabled")


@documentation
def test_an_apps_own_token_cannot_post(mastodon: Mastodon) -> None:
    """Client credentials act for nobody; revoked by the app itself they end."""
    told = {"client_name": "Press", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = mastodon.call("POST", "/api/v1/apps", "", data=told).json
    keys = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    grant = {**keys, "grant_type": "client_credentials", "scope": "write"}
    assert refused(mastodon.call("POST", "/oauth/token", "", data={**grant, "client_secret": "x"}), 401, "invalid_client")
    assert refused(mastodon.call("POST", "/oauth/token", "", data={**grant, "scope": "admin:read"}), 400, "invalid_scope")
    token = mastodon.call("POST", "/oauth/token", "", data=grant).json["access_token"]
    assert mastodon.call("GET", "/api/v1/apps/verify_credentials", token).json["name"] == "Press"
    assert refused(mastodon.post("Doors open", token=token), 401, "This method requires an authenticated user")
    assert refused(mastodon.call("POST", "/oauth/revoke", "", data={"token": token}), 403, "unauthorized_client")
    assert mastodon.call("POST", "/oauth/revoke", "", data={**keys, "token": token}).json == {}
    assert refused(mastodon.post("Doors open", token=token), 401, "The access token was revoked")


@documentation
def test_rates_are_told_and_end(mastodon: Mastodon) -> None:
    """Every answer tells what is left and an ISO time; the call past the limit is refused until then."""
    rate = RATES["media"]
    first = mastodon.upload()
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("30", "29")
    for _ in range(rate.calls - 1):
        last = mastodon.upload()
    assert last.headers["X-RateLimit-Remaining"] == "0"
    over = mastodon.upload()
    assert refused(over, 429, "Too many requests")
    reset = datetime.fromisoformat(over.headers["X-RateLimit-Reset"])
    mastodon.mirror.clock.advance((reset - mastodon.mirror.clock.datetime()).total_seconds() + 1)
    assert mastodon.upload().status_code == 200


# -- text ---------------------------------------------------------------------------------------------------------------------


@documentation
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x" * 500, 500),
        ("https://example.org/" + "a" * 300, 23),
        ("(https://example.org/a).", 26),
        ("@bea@other.example hello", 10),
        ("👨‍👩‍👧é", 2),
        ("write to bea@other.example", 26),
        ("example.org", 11),
    ],
)
def test_characters_are_counted_as_the_server_counts(text: str, count: int) -> None:
    """Grapheme clusters, links 23, mentions without their server."""
    assert length(text, 23) == count


@documentation
def test_text_at_the_limit_passes_and_one_more_is_refused(mastodon: Mastodon) -> None:
    """The warning counts too, and nothing is made by what is refused."""
    link = "https://example.org/" + "a" * 100
    assert mastodon.post("x" * 476 + " " + link).status_code == 200
    for told in ({"status": "x" * 477 + " " + link}, {"status": "x" * 496, "spoiler_text": "Hello"}, {"status": "x" * 501}):
        assert refused(mastodon.post(**told), 422, "Validation failed: Text character limit of 500 exceeded")
    for told in ({}, {"status": " \n "}):
        assert refused(mastodon.post(**told), 422, "Validation failed: Text can't be blank")
    assert len(mastodon.timeline().json) == 1


@documentation
def test_text_is_shown_as_html_and_kept_as_typed(mastodon: Mastodon) -> None:
    """Markup of the author's is escaped; links, mentions of people who are there and hashtags are links; the source is plain."""
    mastodon.account("bea")
    text = "Hi @bea and @nobody <b>\nat https://example.org/?a=1&b=2.\n\n#OpenDoors#2026 #42"
    told = mastodon.post(text).json
    assert told["content"].startswith('<p>Hi <span class="h-card" translate="no"><a href="https://social.example/@bea"')
    assert "@nobody &lt;b&gt;<br />at " in told["content"]
    assert 'href="https://example.org/?a=1&amp;b=2"' in told["content"]
    assert "</a>.</p><p><a href=" in told["content"]
    assert [tag["name"] for tag in told["tags"]] == ["opendoors"]
    assert [each["acct"] for each in told["mentions"]] == ["bea"]
    assert mastodon.texts() == [text]
    assert hashtags("https://example.org/#no #Ünï_2") == ["Ünï_2"]


@documentation
def test_unknown_values_are_refused_or_passed_over(mastodon: Mastodon) -> None:
    """A visibility that is none and a parent that is not there are refused; a language that is none is the default one."""
    assert refused(mastodon.post("x", visibility="friends"), 422, "Validation failed: Visibility is not included in the list")
    assert refused(mastodon.post("x", in_reply_to_id="9"), 404, "The post you are trying to reply to does not appear to exist.")
    assert mastodon.post("x", language="Klingon!").json["language"] == "en"
    assert mastodon.post("x", language="de").json["language"] == "de"
    assert refused(mastodon.call("POST", STATUS, data="{", content_type="application/json"), 400,
                   "Error occurred while parsing request parameters")  # fmt: skip


# -- media --------------------------------------------------------------------------------------------------------------------


@documentation
def test_media_carry_alt_text_and_focus_into_the_post(mastodon: Mastodon) -> None:
    """In the order of the ids, each with what it was described with."""
    first = mastodon.photo(description="The hall, full", focus="-0.5,2")
    second = mastodon.photo()
    changed = mastodon.call("PUT", f"/api/v1/media/{second}", data={"description": "The stage"})
    assert changed.json["description"] == "The stage"
    told = mastodon.post("Doors open", media_ids=[second, first]).json["media_attachments"]
    assert [each["description"] for each in told] == ["The stage", "The hall, full"]
    assert told[1]["meta"]["focus"] == {"x": -0.5, "y": 1.0}
    assert told[1]["meta"]["original"]["size"] == "60x40"
    got = mastodon.call("GET", told[0]["url"].removeprefix("https://social.example"), "")
    assert (got.data, got.mimetype) == (picture(), "image/jpeg")


@documentation
def test_a_media_id_is_good_for_one_post(mastodon: Mastodon) -> None:
    """Used up, another's or made up, it is refused in the same words, and nothing is made: the second lock after the key."""
    used, others = mastodon.photo(), mastodon.upload(token=mastodon.account("bea")).json["id"]
    mastodon.post("First", media_ids=[used])
    for id in (used, others, "42"):
        words = f"Media {id} not found or already attached to another post"
        assert refused(mastodon.post("Again", media_ids=[id]), 422, words)
    assert mastodon.texts() == ["First"]
    for verb in ("GET", "PUT"):
        assert refused(mastodon.call(verb, f"/api/v1/media/{used}"), 404, "Record not found")
    assert refused(mastodon.call("DELETE", f"/api/v1/media/{used}"), 422, "Media attachment is currently used by a status")


@documentation
def test_media_nobody_attached_are_gone_after_a_day(mastodon: Mastodon) -> None:
    """The id is refused from then on."""
    id = mastodon.photo()
    mastodon.mirror.clock.advance(86_401)
    assert refused(mastodon.call("GET", f"/api/v1/media/{id}"), 404, "Record not found")
    assert mastodon.post("Doors open", media_ids=[id]).status_code == 422


@documentation
def test_a_film_is_processed_first(mastodon: Mastodon) -> None:
    """202, then 206, then 200; in between it cannot be attached."""
    sent = mastodon.upload(FILM)
    id = sent.json["id"]
    assert (sent.status_code, sent.json["url"], sent.json["type"]) == (202, None, "video")
    assert mastodon.call("GET", f"/api/v1/media/{id}").status_code == 206
    words = "Cannot attach files that have not finished processing. Try again in a moment!"
    assert refused(mastodon.post("Doors open", media_ids=[id]), 422, words)
    mastodon.mirror.clock.advance(5)
    assert mastodon.call("GET", f"/api/v1/media/{id}").json["url"]
    assert mastodon.post("Doors open", media_ids=[id]).status_code == 200


@documentation
def test_a_film_that_is_cut_short_fails_in_processing(mastodon: Mastodon) -> None:
    """It was taken, as uploads are, and ends in 422."""
    id = mastodon.upload(TORN_FILM).json["id"]
    mastodon.mirror.clock.advance(5)
    assert mastodon.call("GET", f"/api/v1/media/{id}").status_code == 422
    assert mastodon.post("Doors open", media_ids=[id]).status_code == 422


@documentation
def test_files_that_are_none_of_the_instances_kinds_are_refused(mastodon: Mastodon) -> None:
    """By content, by size, by measures and by the length of the description."""
    mastodon.account(image_size_limit=20_000, image_matrix_limit=10_000)
    assert mastodon.call("POST", MEDIA, data={"description": "x"}).json["error"] == "Validation failed: File can't be blank"
    assert mastodon.upload(b"hello").json["error"] == "Validation failed: File content type is invalid, File is invalid"
    assert refused(mastodon.upload(b"\x89PNG\r\n\x1a\n"), 422, "File type of uploaded media could not be verified")
    assert refused(mastodon.upload(picture((200, 100))), 422, "200x100 images are not supported")
    assert mastodon.upload(picture() + bytes(20_000)).json["error"].startswith("Validation failed: File file size must be")
    assert mastodon.upload(description="x" * 1500).status_code == 200
    words = "Validation failed: Description is too long (maximum is 1500 characters)"
    assert refused(mastodon.upload(description="x" * 1501), 422, words)


@documentation
def test_four_pictures_or_one_film(mastodon: Mastodon) -> None:
    """A fifth is refused, and so is a film beside a picture."""
    five = [mastodon.photo() for _ in range(5)]
    film = mastodon.upload(FILM).json["id"]
    mastodon.mirror.clock.advance(5)
    assert refused(mastodon.post("x", media_ids=five), 422, "Cannot attach more than 4 files")
    words = "Cannot attach a video to a post that already contains images"
    assert refused(mastodon.post("x", media_ids=[five[0], film]), 422, words)
    assert mastodon.post("x", media_ids=five[:4]).status_code == 200


# -- the same call again ------------------------------------------------------------------------------------------------------


@documentation
def test_the_same_key_within_the_hour_is_the_same_post(mastodon: Mastodon) -> None:
    """Whatever it says, for this account alone; after the hour it is a second post, and after its deletion not found."""
    first = mastodon.post("Doors open", "ann-1").json["id"]
    assert mastodon.post("Doors closed", "ann-1").json["id"] == first
    assert mastodon.post("Doors open", "ann-1", mastodon.account("bea")).json["id"] != first
    mastodon.mirror.clock.advance(3601)
    assert mastodon.post("Doors open", "ann-1").json["id"] != first
    again = mastodon.post("Doors open", "ann-1").json["id"]
    mastodon.call("DELETE", f"{STATUS}/{again}")
    assert refused(mastodon.post("Doors open", "ann-1"), 404, "Record not found")


@documentation
def test_a_refused_attempt_leaves_the_key_unused(mastodon: Mastodon) -> None:
    """What comes next with it is made."""
    assert mastodon.post("x" * 501, "ann-1").status_code == 422
    assert mastodon.post("Doors open", "ann-1").status_code == 200
    assert mastodon.texts() == ["Doors open"]


@documentation
def test_servers_differ_in_what_a_key_means(mastodon: Mastodon) -> None:
    """Ignored, answered with 500 though the post is there, burned at first sight, or the whole answer replayed."""
    outcomes = {}
    for server in SERVERS:
        where, media = f"{server.replace('.', '-')}.social.example", {}
        token = mastodon.account(server, server=server, domain=where)
        if not SERVERS[server].takes_text_alone:
            sent = {"data": {"file": (io.BytesIO(picture()), "a.jpg")}, "host": where}
            media = {"media_ids": [mastodon.call("POST", MEDIA, token, **sent).json["id"]]}
        told = {"json": {"status": "Doors open", **media}, "host": where}
        first, second = (mastodon.call("POST", STATUS, token, "ann-1", **told) for _ in range(2))
        assert first.status_code == 200
        outcomes[server] = (
            second.status_code,
            second.json.get("id") == first.json["id"],
            len(mastodon.mirror.instances[where].statuses),
        )
    assert outcomes == {
        "mastodon": (200, True, 1),
        "mastodon-4.2": (200, True, 1),
        "mastodon-replay-500": (500, False, 1),
        "gotosocial": (200, False, 2),
        "pleroma": (200, True, 1),
        "pixelfed": (400, False, 1),
        "snac": (200, False, 2),
    }


@documentation
def test_pleroma_replays_refusals_and_to_anybody(mastodon: Mastodon) -> None:
    """A key is nobody's own there, and says so in a header."""
    mastodon.account(server="pleroma")
    assert mastodon.post("x" * 5001, "ann-1").status_code == 422
    again = mastodon.post("Doors open", "ann-1", mastodon.account("bea"))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (422, "true")
    assert not mastodon.texts()


@documentation
def test_pixelfed_burns_the_key_of_a_failed_attempt(mastodon: Mastodon) -> None:
    """It also wants a picture in every post."""
    mastodon.account(server="pixelfed")
    assert refused(mastodon.post("Doors open", "ann-1"), 403, "Empty statuses are not allowed")
    media = [mastodon.photo()]
    assert refused(mastodon.post("Doors open", "ann-1", media_ids=media), 400, "Duplicate idempotency key.")
    assert mastodon.post("Doors open", "ann-2", media_ids=media).status_code == 200


@documentation
def test_before_4_3_a_stale_media_id_was_dropped_in_silence(mastodon: Mastodon) -> None:
    """A second post without its picture appears there."""
    mastodon.account(server="mastodon-4.2")
    id = mastodon.photo()
    for _ in range(2):
        told = mastodon.post("Doors open", media_ids=[id]).json["media_attachments"]
    assert told == []
    assert len(mastodon.texts()) == 2


# -- later --------------------------------------------------------------------------------------------------------------------


@documentation
def test_scheduled_posts_ignore_the_key(mastodon: Mastodon) -> None:
    """Several arise (mastodon#30039), each with an id that no status will have; the key stands in its parameters."""
    two = [mastodon.post("Doors open", "ann-1", scheduled_at=ahead(hours=1)).json for _ in range(2)]
    assert two[0]["id"] != two[1]["id"]
    assert [each["params"]["idempotency"] for each in mastodon.call("GET", SCHEDULED).json] == ["ann-1"] * 2
    assert mastodon.call("DELETE", f"{SCHEDULED}/{two[0]['id']}").json == {}
    assert not mastodon.mirror.cards()
    mastodon.mirror.clock.advance(3600)
    assert mastodon.texts() == ["Doors open"]
    assert refused(mastodon.call("GET", f"{SCHEDULED}/{two[1]['id']}"), 404, "Record not found")
    assert mastodon.timeline().json[0]["id"] != two[1]["id"]


@documentation
def test_less_than_five_minutes_ahead_is_now(mastodon: Mastodon) -> None:
    """The server posts at once, as the stand-in does; a time that is moved there is refused."""
    assert "content" in mastodon.post("Now", scheduled_at=ahead(minutes=4)).json
    later = mastodon.post("Later", scheduled_at=ahead(minutes=10)).json["id"]
    words = "Validation failed: Scheduled at must be in the future"
    assert refused(mastodon.call("PUT", f"{SCHEDULED}/{later}", json={"scheduled_at": ahead(minutes=4)}), 422, words)
    assert refused(mastodon.post("x", scheduled_at="tomorrow"), 422, "Invalid date supplied")
    assert mastodon.texts() == ["Now"]


@documentation
def test_two_scheduled_posts_may_hold_one_picture(mastodon: Mastodon) -> None:
    """It counts as free until one goes out; the other then never comes."""
    media = [mastodon.photo()]
    for text in ("First", "Second"):
        mastodon.post(text, media_ids=media, scheduled_at=ahead(hours=1))
    assert mastodon.call("GET", f"/api/v1/media/{media[0]}").status_code == 200
    mastodon.mirror.clock.advance(3600)
    assert mastodon.texts() == ["First"]


@documentation
def test_twenty_five_a_day_are_scheduled_and_no_more(mastodon: Mastodon) -> None:
    """The twenty-sixth is refused."""
    noon = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12).isoformat()
    answers = [mastodon.post("Doors open", scheduled_at=noon).status_code for _ in range(26)]
    assert answers == [200] * 25 + [422]


# -- changing -----------------------------------------------------------------------------------------------------------------


@documentation
def test_an_edit_is_a_version_and_media_not_named_again_go(mastodon: Mastodon) -> None:
    """Nothing changed is no edit; descriptions change by `media_attributes`; the first version stays readable."""
    media = mastodon.photo(description="A hall")
    id = mastodon.post("Doors open", media_ids=[media], language="de").json["id"]
    path = f"{STATUS}/{id}"
    same = {"status": "Doors open", "media_ids": [media]}
    assert mastodon.call("PUT", path, json=same).json["edited_at"] is None
    form = {"status": "Doors open", "media_ids[]": media, "media_attributes[][id]": media,
            "media_attributes[][description]": "The hall"}  # fmt: skip
    told = mastodon.call("PUT", path, data=form).json
    assert (told["media_attachments"][0]["description"], told["language"]) == ("The hall", "de")
    assert told["edited_at"]
    assert mastodon.call("PUT", path, json={"status": "Doors closed"}).json["media_attachments"] == []
    history = mastodon.call("GET", path + "/history").json
    assert [each["content"] for each in history] == ["<p>Doors open</p>", "<p>Doors open</p>", "<p>Doors closed</p>"]
    assert history[0]["media_attachments"][0]["description"] == "A hall"
    assert refused(mastodon.call("PUT", path, json={"status": ""}), 422, "Validation failed: Text can't be blank")


@documentation
def test_others_posts_cannot_be_changed_or_deleted(mastodon: Mastodon) -> None:
    """They are not found, and stay."""
    id, bea = mastodon.post("Doors open").json["id"], mastodon.account("bea")
    for verb, path in (("PUT", ""), ("DELETE", ""), ("GET", "/source")):
        assert refused(mastodon.call(verb, f"{STATUS}/{id}{path}", bea, json={"status": "x"}), 404, "Record not found")
    assert mastodon.texts() == ["Doors open"]


@documentation
def test_deleting_gives_the_text_back_and_frees_the_media(mastodon: Mastodon) -> None:
    """Twice is not found; what answered it stays and answers nothing."""
    media = mastodon.photo()
    id = mastodon.post("Doors open", media_ids=[media]).json["id"]
    reply = mastodon.post("Yes", in_reply_to_id=id).json["id"]
    told = mastodon.call("DELETE", f"{STATUS}/{id}").json
    assert (told["text"], len(told["media_attachments"])) == ("Doors open", 1)
    assert refused(mastodon.call("DELETE", f"{STATUS}/{id}"), 404, "Record not found")
    assert mastodon.call("GET", f"{STATUS}/{reply}").json["in_reply_to_id"] is None
    assert mastodon.post("Anew", media_ids=[media]).status_code == 200


# -- reading ------------------------------------------------------------------------------------------------------------------


@documentation
def test_pages_lead_to_each_other(mastodon: Mastodon) -> None:
    """Links as headers; `min_id` is the page just above, `since_id` the newest; a limit that is too large is clamped."""
    ids = [mastodon.post(f"{number}").json["id"] for number in range(45)][::-1]
    page = mastodon.timeline(limit=80)
    assert [each["id"] for each in page.json] == ids[:40]
    base = f"https://social.example/api/v1/accounts/{mastodon.mirror.account('davos').id}/statuses"
    assert (
        page.headers["Link"] == f'<{base}?limit=80&max_id={ids[39]}>; rel="next", <{base}?limit=80&min_id={ids[0]}>; rel="prev"'
    )
    assert [each["id"] for each in mastodon.timeline(max_id=ids[39]).json] == ids[40:]
    assert [each["id"] for each in mastodon.timeline(min_id=ids[9], limit=2).json] == ids[7:9]
    assert [each["id"] for each in mastodon.timeline(since_id=ids[9], limit=2).json] == ids[:2]
    assert 'rel="next"' not in mastodon.timeline(max_id=ids[39]).headers["Link"]
    assert "Link" not in mastodon.timeline(max_id=ids[-1]).headers


@documentation
def test_a_thread_reads_in_order_and_counts(mastodon: Mastodon) -> None:
    """Ancestors oldest first, descendants parents before children; replies and favourites of others are counted."""
    bea = mastodon.account("bea")
    root = mastodon.post("1").json["id"]
    second = mastodon.post("2", in_reply_to_id=root, visibility="unlisted").json["id"]
    third = mastodon.post("@davos when?", token=bea, in_reply_to_id=second).json["id"]
    told = mastodon.call("GET", f"{STATUS}/{second}/context").json
    assert [[each["id"] for each in told[side]] for side in ("ancestors", "descendants")] == [[root], [third]]
    assert mastodon.call("POST", f"{STATUS}/{root}/favourite", bea).json["favourites_count"] == 1
    shown = mastodon.call("GET", f"{STATUS}?id[]={root}&id[]={second}&id[]=9", "").json
    assert [(each["replies_count"], each["favourites_count"]) for each in shown] == [(1, 1), (1, 0)]
    assert [each["status"]["id"] for each in mastodon.call("GET", "/api/v1/notifications?types[]=mention").json] == [third]


@documentation
@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_what_is_not_for_everybody_is_not_found(mastodon: Mastodon, visibility: str) -> None:
    """By visitors, on the wall and in the timeline that they see; its author sees it."""
    id = mastodon.post("Among us", visibility=visibility).json["id"]
    for token in ("", mastodon.account("bea")):
        assert refused(mastodon.call("GET", f"{STATUS}/{id}", token), 404, "Record not found")
        assert mastodon.timeline(token).json == []
    assert not mastodon.mirror.cards()
    assert len(mastodon.timeline().json) == 1


@documentation
def test_the_instance_tells_what_it_enforces(mastodon: Mastodon) -> None:
    """Its limits are those of the account's wishes, its name that of the software, and snac has no second version."""
    mastodon.account(max_characters=11, characters_reserved_per_url=5)
    told = mastodon.call("GET", "/api/v2/instance", "").json
    assert told["configuration"]["statuses"] == {
        "max_characters": 11,
        "max_media_attachments": 4,
        "characters_reserved_per_url": 5,
    }
    assert told["api_versions"] == {"mastodon": 10}
    assert mastodon.post("open https://example.org/long").status_code == 200
    assert mastodon.post("open https://example.org/long !").status_code == 422
    mastodon.account("small", server="snac", domain="snac.social.example")
    assert mastodon.call("GET", "/api/v2/instance", "", host="snac.social.example").status_code == 404
    assert "snac" in mastodon.call("GET", "/api/v1/instance", "", host="snac.social.example").json["version"]
    links = mastodon.call("GET", "/.well-known/nodeinfo", "").json["links"]
    assert links[0]["href"] == "https://social.example/nodeinfo/2.0"
    assert mastodon.call("GET", "/nodeinfo/2.0", "").json["software"]["name"] == "mastodon"


@documentation
def test_an_instance_may_tell_what_nobody_understands(mastodon: Mastodon) -> None:
    """Parts of what it tells are missing or strange, for clients that must bear it; what it enforces stays."""
    mastodon.account(tells={"statuses": {"max_characters": "many"}, "media_attachments": None})
    for version in ("v1", "v2"):
        told = mastodon.call("GET", f"/api/{version}/instance/", "").json["configuration"]
        assert told["statuses"] == {"max_characters": "many"}
        assert "media_attachments" not in told
    assert mastodon.post("x" * 501).status_code == 422


@documentation
def test_wishes_that_are_none_are_refused(mastodon: Mastodon) -> None:
    """A slip in a test is told, and opens nothing."""
    with pytest.raises(ValueError, match="no wishes max_letters"):
        mastodon.account(max_letters=3)
    with pytest.raises(ValueError, match="repeats is one of honoured"):
        mastodon.account(repeats="maybe")


@documentation
def test_a_token_is_of_one_instance(mastodon: Mastodon) -> None:
    """Another instance does not know it."""
    mastodon.account("other", domain="other.social.example")
    path = "/api/v1/accounts/verify_credentials"
    assert refused(mastodon.call("GET", path, host="other.social.example"), 401, "The access token is invalid")


@documentation
def test_a_card_shows_what_a_visitor_sees(mastodon: Mastodon) -> None:
    """Warning before the rest, alt text, thread, edits; links drawn short and whole behind."""
    media = mastodon.photo(description="The hall")
    root = mastodon.post("Look https://example.org/" + "a" * 60, spoiler_text="Crowds", media_ids=[media]).json
    mastodon.post("Second", in_reply_to_id=root["id"])
    mastodon.call("PUT", f"{STATUS}/{root['id']}", json={"status": "Look <i>", "spoiler_text": "Crowds", "media_ids": [media]})
    second, first = mastodon.mirror.cards()
    assert (first.warning, first.html) == ("Crowds", "<p>Look &lt;i&gt;</p>")
    assert (first.pictures[0].alt, first.url, second.parent) == ("The hall", root["url"], first.id)
    assert first.facts["versions"] == "2"
    long = mastodon.post("https://example.org/" + "a" * 60).json["id"]
    card = next(card for card in mastodon.mirror.cards() if card.id == long)
    assert card.html.endswith("example.org/aaaaaaaaaaaaaaaaaa…</span></a></p>")
    assert "invisible" not in card.html


# -- against the published schema ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    folder = os.environ.get("SOCIALCAST_SPECS")
    if not folder:
        pytest.skip("SOCIALCAST_SPECS is unset: no folder of published descriptions")
    return dict(json.loads(Path(folder, "mastodon-openapi.json").read_text(encoding="utf-8")))


def fits(schema: dict[str, Any], operation: str, response: TestResponse) -> None:
    """Raise ValidationError where an answer is not what the description says of this call's answers."""
    wanted = OPERATIONS[operation]
    told = schema["paths"][wanted.path][wanted.verb.lower()]["responses"][str(response.status_code)]
    body = told.get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        jsonschema.validate(response.json, {**body, "components": schema["components"]}, jsonschema.Draft202012Validator)


@description
def test_answers_fit_the_published_description(mastodon: Mastodon, schema: dict[str, Any]) -> None:
    """Every kind of answer, and a refusal of each call."""
    told = {"client_name": "Press", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    app = mastodon.call("POST", "/api/v1/apps", "", data=told)
    keys = {name: app.json[name] for name in ("client_id", "client_secret")}
    media, other = mastodon.upload(description="x", focus="0,0"), mastodon.upload(FILM)
    id, spare = media.json["id"], mastodon.photo()
    status = mastodon.post("Hi @davos #Open https://example.org/", media_ids=[id])
    there = f"{STATUS}/{status.json['id']}"
    reply = mastodon.post("Yes", in_reply_to_id=status.json["id"])
    later = mastodon.post("Later", "ann-1", scheduled_at=ahead(hours=1), in_reply_to_id=reply.json["id"])
    moved = f"{SCHEDULED}/{later.json['id']}"
    account = f"/api/v1/accounts/{mastodon.mirror.account('davos').id}"
    answers = [
        ("create_app", app),
        ("create_token", mastodon.call("POST", "/oauth/token", "", data={**keys, "grant_type": "client_credentials"})),
        ("create_token", mastodon.call("POST", "/oauth/token", "", data={**keys, "grant_type": "password"})),
        ("upload_media", media),
        ("upload_media", other),
        ("get_media", mastodon.call("GET", f"/api/v1/media/{other.json['id']}")),
        ("get_media", mastodon.call("GET", f"/api/v1/media/{spare}")),
        ("change_media", mastodon.call("PUT", f"/api/v1/media/{spare}", data={"description": "y"})),
        ("create_status", status),
        ("create_status", later),
        ("edit_status", mastodon.call("PUT", there, json={"status": "Hi", "media_ids": [id]})),
        ("get_status", mastodon.call("GET", there, "")),
        ("get_context", mastodon.call("GET", there + "/context")),
        ("get_history", mastodon.call("GET", there + "/history")),
        ("get_source", mastodon.call("GET", there + "/source")),
        ("favourite", mastodon.call("POST", there + "/favourite")),
        ("unfavourite", mastodon.call("POST", there + "/unfavourite")),
        ("get_statuses", mastodon.call("GET", f"{STATUS}?id[]={status.json['id']}")),
        ("get_account", mastodon.call("GET", account)),
        ("get_account_statuses", mastodon.call("GET", account + "/statuses")),
        ("verify_account", mastodon.call("GET", "/api/v1/accounts/verify_credentials")),
        ("verify_app", mastodon.call("GET", "/api/v1/apps/verify_credentials")),
        ("list_scheduled", mastodon.call("GET", SCHEDULED)),
        ("get_scheduled", mastodon.call("GET", moved)),
        ("move_scheduled", mastodon.call("PUT", moved, json={"scheduled_at": ahead(hours=2)})),
        ("get_notifications", mastodon.call("GET", "/api/v1/notifications")),
        ("delete_status", mastodon.call("DELETE", there)),
        ("get_instance", mastodon.call("GET", "/api/v2/instance")),
        ("get_status", mastodon.call("GET", f"{STATUS}/9")),
        ("create_status", mastodon.post("")),
        ("create_status", mastodon.post("x", token="made-up")),
    ]
    for operation, response in answers:
        fits(schema, operation, response)
    described = {name for name, each in OPERATIONS.items() if each.verified.name == "DESCRIPTION"}
    assert described == {operation for operation, _ in answers}


# -- people ----------------------------------------------------------------------------------------------------------------


@documentation
def test_people_reply_edit_and_delete_on_the_instances_page(mastodon: Mastodon) -> None:
    """A reply names whom it answers, an edit is a version that everybody can look up, and replies outlive what they answer."""
    root = mastodon.post("Doors open").json["id"]
    nice = mastodon.mirror.reply_as("ann", root, "Nice")
    below = mastodon.mirror.reply_as("bob", nice, "@ann Indeed")
    told = mastodon.call("GET", f"{STATUS}/{root}/context").json["descendants"]
    assert [(each["id"], each["account"]["username"], each["in_reply_to_id"]) for each in told] == [
        (nice, "ann", root),
        (below, "bob", nice),
    ]
    assert [each["mentions"][0]["username"] for each in told] == ["davos", "ann"]
    mastodon.mirror.clock.advance(60)
    mastodon.mirror.edit_as("davos", root, "Doors open at ten")
    history = mastodon.call("GET", f"{STATUS}/{root}/history").json
    assert [each["content"] for each in history] == ["<p>Doors open</p>", "<p>Doors open at ten</p>"]
    mastodon.mirror.remove_as("davos", root)
    assert mastodon.call("GET", f"{STATUS}/{root}").status_code == 404
    assert mastodon.call("GET", f"{STATUS}/{nice}").json["in_reply_to_id"] is None


@documentation
def test_people_do_only_what_the_instance_lets_them(mastodon: Mastodon) -> None:
    """Others' statuses are not theirs to edit, texts have their limit, and nobody answers what nobody sees."""
    root, private = (mastodon.post("Doors", visibility=who).json["id"] for who in ("public", "private"))
    acts = [
        lambda: mastodon.mirror.edit_as("ann", root, "x"),
        lambda: mastodon.mirror.reply_as("ann", root, "x" * 500),
        lambda: mastodon.mirror.reply_as("ann", root, " "),
        lambda: mastodon.mirror.reply_as("ann", private, "x"),
        lambda: mastodon.mirror.moderate_as("ann", root, "hidden"),
    ]
    for act in acts:
        with pytest.raises(UnplayedError):
            act()
    with pytest.raises(KeyError):
        mastodon.mirror.remove_as("ann", "1")
