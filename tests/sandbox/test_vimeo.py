"""The sandbox's Vimeo refuses what Vimeo refuses, with Vimeo's own codes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.vimeo import VimeoMirror
from socialcast.testing.stage import clip
from tests.publishers.openapi import Description

FILM = Path(str(clip().path)).read_bytes()
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
EVENT = {"title": "Doors", "schedule": {"type": "single", "start_time": "2100-01-01T09:00:00Z"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"vimeo": VimeoMirror}) as running:
        yield running


class Account:
    """One account's calls, as a client sends them."""

    def __init__(self, sandbox: Sandbox, name: str, **wishes: Any) -> None:
        self.sandbox, self.mirror = sandbox, sandbox.mirror("vimeo")
        self.token = sandbox.account("vimeo", name, **wishes).credentials["access_token"]
        self.http = requests.Session()

    def call(
        self, method: str, path: str, body: Any = None, *, accept: str = "application/vnd.vimeo.*+json;version=3.4", **params: Any
    ) -> requests.Response:
        headers = {"Host": "api.vimeo.com", "Authorization": f"bearer {self.token}", "Accept": accept}
        return self.http.request(method, self.sandbox.url + path, json=body, params=params, headers=headers, timeout=30)

    def create(self, size: int = len(FILM), **fields: Any) -> requests.Response:
        body = {"upload": {"approach": "tus", "size": str(size)}, "name": "Doors", "privacy": {"view": "nobody"}, **fields}
        return self.call("POST", "/me/videos", body)

    def send(self, method: str, link: str, content: bytes = b"", **headers: str) -> requests.Response:
        """A request to a link on another host, without the token."""
        host, _, rest = link.removeprefix("https://").partition("/")
        return self.http.request(
            method, f"{self.sandbox.url}/{rest}", data=content, headers={"Host": host, **headers}, timeout=30
        )

    def patch(self, link: str, offset: int, content: bytes, **headers: str) -> requests.Response:
        return self.send("PATCH", link, content, **{**TUS, "Upload-Offset": str(offset), **headers})

    def video(self, **fields: Any) -> str:
        """A whole one; its path."""
        made = self.create(**fields).json()
        assert self.patch(made["upload"]["upload_link"], 0, FILM).status_code == 204
        return str(made["uri"])


def refused(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error_code"]


def wrong(answer: requests.Response) -> list[str]:
    """The parameters that do not fit."""
    return [each["field"] for each in answer.json()["invalid_parameters"]]


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox, "stage")


# -- access ----------------------------------------------------------------------------------------------------------------


def test_tokens_are_checked(account: Account) -> None:
    """One that was revoked, and a call that names no version, are refused."""
    assert account.call("GET", "/me").status_code == 200
    assert refused(account.call("GET", "/me", accept="*/*"))[0] == 400
    account.mirror.expire_credentials("stage")
    assert refused(account.call("GET", "/me")) == (401, 8003)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("upload", "POST", "/me/videos"),
        ("private", "GET", "/me/videos"),
        ("edit", "PATCH", "/videos/1"),
        ("delete", "DELETE", "/videos/1"),
        ("create", "POST", "/me/live_events"),
    ],
)
def test_each_call_needs_its_scope(account: Account, scope: str, method: str, path: str) -> None:
    """And the refusal names it."""
    scopes = " ".join({"public", "private", "upload", "edit", "delete", "create"} - {scope})
    limited = Account(account.sandbox, "limited", scopes=scopes)
    answer = limited.call(method, path, {})
    assert refused(answer) == (403, 3200)
    assert scope in answer.json()["error"]


def test_a_minute_has_so_many_calls(account: Account) -> None:
    """Then 429 until the next one, which a header names as a date."""
    user = next(iter(account.mirror.users.values()))  # type: ignore[attr-defined]
    user.calls = {int(account.sandbox.clock.now() // 60): 599, int(account.sandbox.clock.now() // 60) + 1: 599}
    answers = [account.call("GET", "/me") for _ in range(2)]
    assert refused(answers[-1]) == (429, 9000)
    assert "T" in answers[-1].headers["X-RateLimit-Reset"]
    account.sandbox.advance(120)
    assert account.call("GET", "/me").status_code == 200


# -- videos ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"name": "x" * 129}, 2204, "name"),
        ({"description": "x" * 5001}, 2204, "description"),
        ({"privacy": {"view": "friends"}}, 2204, "privacy.view"),
        ({"license": "gpl"}, 2204, "license"),
        ({"upload": {"approach": "tus", "size": "large"}}, 2204, "upload.size"),
        ({"upload": {"approach": "streaming"}}, 2230, "upload.approach"),
    ],
)
def test_what_a_video_cannot_be(account: Account, fields: dict[str, Any], code: int, field: str) -> None:
    """Each parameter that does not fit is named."""
    answer = account.create(**fields)
    assert refused(answer) == (400, code)
    assert wrong(answer) == [field]


def test_the_old_way_to_upload_is_refused(account: Account) -> None:
    """A body that is no JSON, and the parameter of years ago."""
    assert refused(account.call("POST", "/me/videos", {"type": "streaming"})) == (400, 3116)
    headers = {"Host": "api.vimeo.com", "Authorization": f"bearer {account.token}", "Accept": "application/vnd.vimeo.*+json"}
    answer = account.http.post(f"{account.sandbox.url}/me/videos", data=b"{", headers=headers, timeout=30)
    assert refused(answer) == (400, 2205)


def test_a_plan_has_its_limits(account: Account) -> None:
    """Room for files, unlisted videos, live events."""
    poor = Account(account.sandbox, "poor", plan="free", free_bytes=100)
    assert refused(poor.create()) == (403, 4101)
    assert refused(poor.create(10, privacy={"view": "unlisted"})) == (403, 3200)
    assert refused(poor.call("POST", "/me/live_events", EVENT)) == (403, 3200)


def test_a_video_is_there_before_its_bytes(account: Account) -> None:
    """Its page does not play; with its bytes it is transcoded on the sandbox's clock."""
    made = account.create(privacy={"view": "anybody"})
    assert made.status_code == 201
    (card,) = account.mirror.cards()
    assert card.facts["state"] == "does not play yet"
    account.patch(made.json()["upload"]["upload_link"], 0, FILM)
    states = [account.call("GET", made.json()["uri"], fields="transcode.status").json()["transcode"]["status"]]
    account.sandbox.advance(10)
    states.append(account.call("GET", made.json()["uri"], fields="transcode.status").json()["transcode"]["status"])
    assert states == ["in_progress", "complete"]


def test_what_is_no_video_fails_in_transcoding(account: Account) -> None:
    """It is taken, and ends with an error."""
    made = account.create(7).json()
    account.patch(made["upload"]["upload_link"], 0, b"no film")
    account.sandbox.advance(10)
    assert account.call("GET", made["uri"]).json()["transcode"]["status"] == "error"


def test_what_is_gone_is_gone(account: Account) -> None:
    """Deleted once; another account's video is not there at all."""
    uri = account.video()
    assert refused(Account(account.sandbox, "other").call("DELETE", uri)) == (404, 5000)
    assert account.call("DELETE", uri).status_code == 204
    assert refused(account.call("DELETE", uri)) == (404, 5000)


def test_only_a_picture_becomes_the_thumbnail(account: Account) -> None:
    """And it is shown once it is made active."""
    uri, buffer = account.video(privacy={"view": "anybody"}), io.BytesIO()
    Image.new("RGB", (64, 36)).save(buffer, "PNG")
    made = account.call("POST", f"{uri}/pictures", {}).json()
    assert refused(account.call("PATCH", made["uri"], {"active": True})) == (404, 5000)
    assert account.send("PUT", made["link"], b"no picture").status_code == 400
    assert account.send("PUT", made["link"], buffer.getvalue()).status_code == 200
    assert account.call("PATCH", made["uri"], {"active": True}).json()["active"] is True
    assert [shown.kind for shown in account.mirror.cards()[0].pictures] == ["photo", "video"]


def test_only_webvtt_becomes_a_text_track(account: Account) -> None:
    """A track has a type, a language and a name."""
    uri = account.video()
    assert wrong(account.call("POST", f"{uri}/texttracks", {"language": "en"})) == ["type", "name"]
    track = {"type": "subtitles", "language": "en", "name": "English", "active": True}
    link = account.call("POST", f"{uri}/texttracks", track).json()["link"]
    assert account.send("PUT", link, b"1\n00:00:00,000 --> 00:00:01,000\nHello\n").status_code == 400
    assert account.send("PUT", link, b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n").status_code == 200


def test_a_list_has_pages(account: Account) -> None:
    """Newest first where it is asked for, at most a hundred at once, and only the fields that were named."""
    uris = [account.create().json()["uri"] for _ in range(3)]
    first = account.call("GET", "/me/videos", per_page=2, sort="date", direction="desc", fields="uri").json()
    assert first["data"] == [{"uri": uri} for uri in reversed(uris[1:])]
    assert first["paging"]["next"]
    assert wrong(account.call("GET", "/me/videos", per_page=101)) == ["per_page"]


# -- bytes -----------------------------------------------------------------------------------------------------------------


def link_of(account: Account, size: int = len(FILM)) -> str:
    return str(account.create(size).json()["upload"]["upload_link"])


def test_an_upload_tells_where_it_stands(account: Account) -> None:
    """And takes the rest from there."""
    link = link_of(account)
    assert account.patch(link, 0, FILM[:100]).headers["Upload-Offset"] == "100"
    told = account.send("HEAD", link, **TUS)
    assert (told.headers["Upload-Offset"], told.headers["Upload-Length"]) == ("100", str(len(FILM)))
    assert account.patch(link, 100, FILM[100:]).status_code == 204


@pytest.mark.parametrize(
    ("headers", "offset", "status"),
    [
        ({}, 5, 409),
        ({"Tus-Resumable": "0.2.0"}, 0, 412),
        ({"Content-Type": "video/mp4"}, 0, 415),
        ({"Upload-Checksum": "sha1 " + base64.b64encode(hashlib.sha1(b"other").digest()).decode()}, 0, 460),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(account: Account, headers: dict[str, str], offset: int, status: int) -> None:
    """Another place, another version, another type, other bytes than announced; nothing is kept of it."""
    link = link_of(account)
    assert account.patch(link, offset, FILM[:100], **headers).status_code == status
    assert account.send("HEAD", link, **TUS).headers["Upload-Offset"] == "0"


def test_more_bytes_than_announced_are_refused(account: Account) -> None:
    """The size was told when it was made."""
    assert account.patch(link_of(account, 10), 0, FILM).status_code == 413


def test_a_checksum_that_holds_is_taken(account: Account) -> None:
    """It is compared, and not ignored."""
    checksum = "sha1 " + base64.b64encode(hashlib.sha1(FILM).digest()).decode()
    assert account.patch(link_of(account), 0, FILM, **{"Upload-Checksum": checksum}).status_code == 204


def test_the_upload_is_not_made_a_second_time(account: Account) -> None:
    """Creation is the API's; a client that makes it anew by tus gets 404."""
    assert account.send("POST", link_of(account), **TUS).status_code == 404


def test_a_link_lapses_and_a_version_replaces_it(account: Account) -> None:
    """After a day; the video keeps its id."""
    made = account.create().json()
    account.sandbox.advance(86_401)
    assert account.patch(made["upload"]["upload_link"], 0, FILM).status_code == 404
    body = {"file_name": "film.mp4", "upload": {"approach": "tus", "size": str(len(FILM))}}
    fresh = account.call("POST", f"{made['uri']}/versions", body).json()["upload"]["upload_link"]
    assert account.patch(fresh, 0, FILM).status_code == 204
    assert account.call("GET", made["uri"]).json()["upload"]["status"] == "complete"


# -- live ------------------------------------------------------------------------------------------------------------------


def state(account: Account, uri: str) -> str:
    video = account.call("GET", f"/me{uri}").json()["live_video"]
    return str(video["live"]["status"]) if video else ""


def test_an_event_is_on_the_air_once_it_is_active_and_pictures_come_in(account: Account) -> None:
    """Then it is over for good, and its recording follows."""
    made = account.call("POST", "/me/live_events", EVENT).json()
    states = [state(account, made["uri"])]
    account.call("POST", f"/me{made['uri']}/activate")
    states.append(state(account, made["uri"]))
    account.mirror.set_ingest(made["stream_key"], True)
    states.append(state(account, made["uri"]))
    account.call("POST", f"/me{made['uri']}/end")
    states.append(state(account, made["uri"]))
    account.sandbox.advance(60)
    assert [*states, state(account, made["uri"])] == ["", "ready", "streaming", "archiving", "done"]
    assert account.call("POST", f"/me{made['uri']}/activate").status_code == 400


def test_an_event_that_is_not_active_does_not_end(account: Account) -> None:
    made = account.call("POST", "/me/live_events", EVENT).json()
    assert account.call("POST", f"/me{made['uri']}/end").status_code == 400


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 129}, "title"),
        ({"schedule": {"start_time": "noon"}}, "schedule.start_time"),
        ({"stream_privacy": {"view": "friends"}}, "stream_privacy.view"),
    ],
)
def test_what_an_event_cannot_be(account: Account, fields: dict[str, Any], field: str) -> None:
    """Each parameter that does not fit is named."""
    assert wrong(account.call("POST", "/me/live_events", {**EVENT, **fields})) == [field]


def test_the_wall_shows_public_events_with_their_state(account: Account) -> None:
    """One that is for nobody is nowhere."""
    made = account.call("POST", "/me/live_events", {**EVENT, "stream_privacy": {"view": "nobody"}}).json()
    assert account.mirror.cards() == []
    account.call("PATCH", f"/me{made['uri']}", {"stream_privacy": {"view": "anybody"}})
    account.call("POST", f"/me{made['uri']}/activate")
    account.mirror.set_ingest(made["stream_key"], True)
    assert account.mirror.cards()[0].facts["state"] == "live now"


def test_a_request_that_breaks_off_makes_nothing(account: Account) -> None:
    """Only bytes of an upload are kept as far as they came; half a request is none."""
    body = json.dumps({"upload": {"approach": "tus", "size": "10"}, "name": "Half"}).encode()
    head = f"POST /me/videos HTTP/1.1\r\nHost: api.vimeo.com\r\nAuthorization: bearer {account.token}\r\n"
    with socket.create_connection(("127.0.0.1", int(account.sandbox.url.rpartition(":")[2])), timeout=30) as client:
        client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode() + body)
        client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert not client.recv(1000)
    (record,) = account.sandbox.requests("vimeo")
    assert (record.handler, record.status, record.received_bytes) == ("add_video", 0, len(body))
    assert not account.mirror.videos


# -- comments --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def film(account: Account) -> str:
    return account.video(privacy={"view": "anybody"})


def says(account: Account, name: str, uri: str, text: str) -> str:
    """A person's comment or reply; its path."""
    account.sandbox.advance(1)
    video = "/".join(uri.split("/")[:3])
    return f"{video}/comments/{account.sandbox.act('vimeo', 'reply', name, uri.rpartition('/')[2], text)}"


def heard(account: Account, path: str, **params: Any) -> list[str]:
    return [each["text"] for each in account.call("GET", path, **params).json()["data"]]


def test_people_and_accounts_comment_on_two_levels(account: Account, film: str) -> None:
    """A reply to a reply by hand stands below the same comment; the API has none."""
    nice = says(account, "ann", film, "Nice")
    says(account, "bob", film, "Too long")
    thanks = account.call("POST", f"{nice}/replies", {"text": "Thanks"})
    assert (thanks.status_code, thanks.json()["user"]["name"]) == (201, "stage")
    says(account, "cid", thanks.json()["uri"], "Indeed")
    assert heard(account, f"{film}/comments") == ["Nice", "Too long"]
    assert heard(account, f"{film}/comments", direction="desc", per_page=1) == ["Too long"]
    assert heard(account, f"{nice}/replies") == ["Thanks", "Indeed"]
    assert refused(account.call("POST", f"{thanks.json()['uri']}/replies", {"text": "x"})) == (404, 5000)
    following = account.call("GET", f"{film}/comments", per_page=1).json()["paging"]["next"]
    assert heard(account, following) == ["Too long"]
    assert {card.text for card in account.mirror.cards() if card.parent == nice.rpartition("/")[2]} == {"Thanks", "Indeed"}


def test_a_comment_is_its_authors(account: Account, film: str) -> None:
    """Nobody else changes or deletes it through the API; its replies go with it."""
    nice, own = says(account, "ann", film, "Nice"), account.call("POST", f"{film}/comments", {"text": "Welcome"}).json()["uri"]
    says(account, "bob", own, "Thanks")
    assert refused(account.call("PATCH", nice, {"text": "x"})) == (403, 3414)
    assert refused(account.call("DELETE", nice)) == (403, 3415)
    assert account.call("PATCH", own, {"text": "Welcome all"}).json()["text"] == "Welcome all"
    assert account.call("DELETE", own).status_code == 204
    assert refused(account.call("GET", own)) == (404, 5000)
    assert account.call("GET", film, fields="metadata.connections.comments.total").json() == {
        "metadata": {"connections": {"comments": {"total": 1}}}
    }


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": 1}, ["x"]])
def test_a_comment_has_words(account: Account, film: str, body: Any) -> None:
    """Without any, its own code."""
    assert refused(account.call("POST", f"{film}/comments", body)) == (400, 2207)
    assert refused(account.call("POST", f"{says(account, 'ann', film, 'Nice')}/replies", body)) == (400, 2207)


@pytest.mark.parametrize("privacy", [{"view": "anybody", "comments": "nobody"}, {"view": "nobody"}])
def test_where_comments_are_off_nobody_comments(account: Account, privacy: dict[str, str]) -> None:
    """By the owner's wish, or as nobody sees the video."""
    film = account.video(privacy=privacy)
    assert refused(account.call("POST", f"{film}/comments", {"text": "x"})) == (403, 3413)
    with pytest.raises(UnplayedError):
        says(account, "ann", film, "x")
    assert wrong(account.call("PATCH", film, {"privacy": {"comments": "friends"}})) == ["privacy.comments"]


def test_what_is_not_there_has_no_comments(account: Account, film: str) -> None:
    """A video or comment that is not, another's private video, a direction that is not."""
    other, private = Account(account.sandbox, "other"), account.video()
    nice = says(account, "ann", film, "Nice")
    for caller, path in ((account, "/videos/1/comments"), (account, f"{film}/comments/1"), (other, f"{private}/comments")):
        assert refused(caller.call("GET", path)) == (404, 5000)
    assert refused(account.call("GET", f"{private}/comments/{nice.rpartition('/')[2]}")) == (404, 5000)
    assert wrong(account.call("GET", f"{film}/comments", direction="up")) == ["direction"]
    assert refused(Account(account.sandbox, "shy", scopes="public").call("POST", f"{film}/comments", {"text": "x"})) == (
        403,
        3200,
    )


def test_people_do_by_hand_what_vimeo_lets_them(account: Account, film: str) -> None:
    """A comment is its author's; the team changes the description and deletes what is there."""
    nice, act, id = says(account, "ann", film, "Nice"), account.sandbox.act, film.rpartition("/")[2]
    comment = nice.rpartition("/")[2]
    act("vimeo", "edit", "ann", comment, "Nicer")
    act("vimeo", "edit", "colleague", id, "We open at ten.")
    assert heard(account, f"{film}/comments") == ["Nicer"]
    assert account.call("GET", film).json()["description"] == "We open at ten."
    for name, target, text in (("bob", comment, "x"), ("ann", comment, ""), ("ann", id, "x" * 5001)):
        with pytest.raises(UnplayedError):
            act("vimeo", "edit", name, target, text)
    act("vimeo", "remove", "colleague", comment)
    assert heard(account, f"{film}/comments") == []
    act("vimeo", "remove", "colleague", id)
    assert refused(account.call("GET", film)) == (404, 5000)


def test_a_tag_is_taken_away_and_each_change_has_its_time(account: Account, film: str) -> None:
    """The others stay; a tag that is not there is invalid."""
    made = account.call("GET", film, fields="modified_time").json()["modified_time"]
    assert account.call("PUT", f"{film}/tags", [{"name": "stars"}, {"name": "open doors"}]).status_code == 200
    account.sandbox.advance(60)
    assert account.call("DELETE", f"{film}/tags/open%20doors").status_code == 204
    assert wrong(account.call("DELETE", f"{film}/tags/open%20doors")) == ["word"]
    told = account.call("GET", film, fields="tags,modified_time").json()
    assert ([tag["name"] for tag in told["tags"]], told["modified_time"] > made) == (["stars"], True)
    account.sandbox.advance(60)
    account.sandbox.act("vimeo", "edit", "colleague", film.rpartition("/")[2], "We open at ten.")
    assert account.call("GET", film).json()["modified_time"] > told["modified_time"]


def test_figures_move_with_the_clock(account: Account, film: str) -> None:
    """Plays and likes grow; a private video has none."""
    private, fields = account.video(), "stats.plays,metadata.connections.likes.total,metadata.connections.comments.total"
    account.sandbox.advance(86_400)
    told = account.call("GET", film, fields=fields).json()
    assert told["stats"]["plays"] > told["metadata"]["connections"]["likes"]["total"] > 0
    assert told["metadata"]["connections"]["comments"] == {"total": 0}
    assert account.call("GET", private, fields="stats.plays").json() == {"stats": {"plays": 0}}


@pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder with Vimeo's description")
def test_comments_fit_the_description(account: Account, film: str) -> None:
    """Calls and answers hold against Vimeo's own OpenAPI file."""
    known = Description(Path(os.environ["SOCIALCAST_SPECS"], "vimeo-openapi-3.4-2023-12.yaml"))
    nice = says(account, "ann", film, "Nice")
    own = account.call("POST", f"{film}/comments", {"text": "Welcome"}).json()["uri"]
    calls = [
        ("GET", f"{film}/comments?direction=desc&per_page=5", None),
        ("GET", nice, None),
        ("POST", f"{nice}/replies", {"text": "Thanks"}),
        ("GET", f"{nice}/replies", None),
        ("PATCH", own, {"text": "Welcome all"}),
        ("DELETE", own, None),
    ]
    for method, path, body in calls:
        answer = account.call(method, path, body)
        known.hold(method, f"https://api.vimeo.com{path}", body, answer.status_code, answer.json() if answer.content else None)
