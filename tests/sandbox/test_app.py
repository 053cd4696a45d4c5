"""What every mirror gets from the application: routing by host, bodies read, requests recorded, unknown things refused aloud."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator

import pytest
import requests

from socialcast.sandbox import Sandbox

Call = Callable[..., requests.Response]


def test_the_host_header_chooses_the_platform(call: Call) -> None:
    assert call("GET", "/posts/7", host="plaza.example").json() == {"id": "7"}
    assert call("GET", "/posts/7", host="API.plaza.example:443").json() == {"id": "7"}


def test_an_unknown_host_gets_501_that_names_what_was_asked(call: Call) -> None:
    answer = call("POST", "/posts", host="nowhere.example", data={"text": "secret words"})
    assert answer.status_code == 501
    assert {"host": "nowhere.example", "method": "POST", "path": "/posts"}.items() <= answer.json().items()
    assert "secret" not in answer.text


def test_an_unknown_route_gets_501_that_names_the_operation(call: Call) -> None:
    answer = call("POST", "/call", data={"action": "dance"})
    assert answer.status_code == 501
    assert {"platform": "plaza", "path": "/call", "operation": "action=dance"}.items() <= answer.json().items()


def test_a_known_path_with_another_method_is_unknown(call: Call) -> None:
    assert call("DELETE", "/posts/7").status_code == 501


def test_the_platform_may_answer_an_unknown_path_itself(call: Call) -> None:
    answer = call("GET", "/own/thing")
    assert (answer.status_code, answer.text) == (404, "plaza knows no such thing")


def test_a_host_registered_while_it_runs_is_answered(call: Call, sandbox: Sandbox) -> None:
    assert call("GET", "/posts/7", host="square.example").status_code == 501
    sandbox.account("plaza", "news", host="square.example")
    assert call("GET", "/posts/7", host="square.example").json() == {"id": "7"}


def test_a_wiki_on_this_machine_is_told_from_the_wall_by_its_port(call: Call, sandbox: Sandbox) -> None:
    sandbox.account("plaza", "news", host="localhost:1")
    assert call("GET", "/posts/7", host="localhost:1").json() == {"id": "7"}
    assert call("GET", "/", host="localhost:2").headers["Content-Type"].startswith("text/html")


def test_the_most_particular_route_wins_whatever_the_order(call: Call) -> None:
    assert call("GET", "/posts/latest").json() == {"latest": True}


@pytest.mark.parametrize("where", ["params", "data"])
def test_an_operation_is_found_in_the_query_or_in_the_form(call: Call, where: str) -> None:
    assert call("POST", "/call", **{where: {"action": "ping"}}).json() == {"pong": True}


def test_a_name_in_a_path_is_one_segment_unless_it_says_path(call: Call) -> None:
    assert call("GET", "/posts/7/8").status_code == 501
    assert call("PUT", "/media/a%20b/c.jpg", data=b"x").json()["name"] == "a b/c.jpg"


def test_head_is_answered_like_get_without_a_body(call: Call) -> None:
    answer = call("HEAD", "/posts/7")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "11")


def test_a_handlers_bug_is_told_from_an_answer_of_the_platform(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    answer = call("GET", "/broken")
    assert (answer.status_code, answer.headers["X-Sandbox-Bug"], answer.json()["handler"]) == (500, "1", "plaza.broken")
    assert "a mirror's mistake" in caplog.text


def test_a_multipart_upload_arrives_with_its_fields(call: Call) -> None:
    photo = b"0123456789abcdef" * 200_000
    answer = call("POST", "/media", files={"file": ("a.jpg", io.BytesIO(photo))}, data={"alt": "The plenary hall, full"}).json()
    assert answer == {"sha256": hashlib.sha256(photo).hexdigest(), "size": len(photo), "alt": "The plenary hall, full"}


@pytest.mark.parametrize("chunked", [True, False])
def test_a_raw_body_arrives_whole_whether_its_length_is_known_or_not(call: Call, chunked: bool) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b"first,", b"second" * 300_000, b"last"]

    whole = b"".join(pieces())
    answer = call("PUT", "/media/film.mp4", data=pieces() if chunked else whole).json()
    assert answer == {"name": "film.mp4", "sha256": hashlib.sha256(whole).hexdigest(), "size": len(whole)}


@pytest.mark.parametrize(("headers", "scheme"), [({}, "https"), ({"X-Sandbox-Scheme": "http"}, "http")])
def test_a_mirror_knows_the_url_that_the_client_believes(call: Call, headers: dict[str, str], scheme: str) -> None:
    answer = call("GET", "/url?q=a%2Fb&r=%C3%A9", headers=headers).json()
    assert answer == {"url": f"{scheme}://plaza.example/url?q=a%2Fb&r=%C3%A9"}


def test_every_request_is_recorded_in_order(call: Call, sandbox: Sandbox) -> None:
    call("POST", "/call", data={"action": "ping"})
    call("GET", "/nothing", host="nowhere.example")
    first, second = sandbox.requests()
    assert (first.number, first.platform, first.handler, first.operation) == (1, "plaza", "ping", "ping")
    assert (first.method, first.host, first.path, first.status) == ("POST", "plaza.example", "/call", 200)
    assert (second.number, second.platform, second.handler, second.status) == (2, "", "", 501)
    assert sandbox.requests("plaza") == [first]


def test_reset_forgets_everything_but_hosts_and_time(call: Call, sandbox: Sandbox) -> None:
    sandbox.account("plaza", "news", host="forum.example")
    sandbox.fault("plaza", "refuse_429")
    call("POST", "/posts", data={"text": "Davos opens today"})
    sandbox.reset()
    assert (sandbox.requests(), sandbox.mirror("plaza").cards(), sandbox.mirror("plaza").accounts) == ([], [], {})
    assert call("GET", "/posts/7", host="forum.example").status_code == 200


@pytest.fixture
def admin(sandbox: Sandbox, session: requests.Session) -> Call:
    def admin(method: str, path: str, body: object = None) -> requests.Response:
        return session.request(method, f"{sandbox.url}/_sandbox/{path}", json=body, timeout=10)

    return admin


def test_an_account_is_opened_over_http_with_its_wishes_and_host(admin: Call, call: Call, sandbox: Sandbox) -> None:
    answer = admin("POST", "accounts/plaza/news", {"host": "agora.example", "tier": "free"}).json()
    assert answer == {"id": sandbox.account("plaza", "news").id, "name": "news", "credentials": answer["credentials"]}
    assert answer["credentials"] == {"token": "sandbox-news-token", "tier": "free"}
    assert admin("GET", "accounts/plaza/news").json() == answer
    assert call("GET", "/posts/7", host="agora.example").status_code == 200


def test_the_clock_is_read_and_moved_over_http(admin: Call, sandbox: Sandbox) -> None:
    before = admin("GET", "clock").json()["now"]
    assert 3600 <= admin("POST", "clock", {"advance_seconds": 3600}).json()["now"] - before < 3660
    assert admin("POST", "clock", {"advance_seconds": -1}).status_code == 400


def test_faults_are_set_listed_and_cleared_over_http(admin: Call, call: Call) -> None:
    rule = {"platform": "plaza", "effect": "refuse_429", "retry_after": 7}
    assert rule.items() <= admin("POST", "faults", rule).json()[0].items()
    assert call("GET", "/me").headers["Retry-After"] == "7"
    assert admin("DELETE", "faults").json() == admin("GET", "faults").json() == []


def test_requests_cards_and_routes_are_told_as_json(admin: Call, call: Call) -> None:
    call("POST", "/posts", data={"text": "Davos opens today"})
    assert [record["handler"] for record in admin("GET", "requests").json()] == ["publish"]
    assert [card["text"] for card in admin("GET", "cards").json()["plaza"]] == ["Davos opens today"]
    route = next(route for route in admin("GET", "routes").json()["plaza"] if route["handler"] == "ping")
    assert (route["when"], route["verified"]) == (["action", "ping"], "written from the platform's documentation")
    assert admin("POST", "reset").status_code == 200
    assert admin("GET", "cards").json() == {"plaza": []}


def test_a_host_is_registered_over_http(admin: Call, call: Call) -> None:
    assert admin("POST", "hosts", {"host": "market.example", "platform": "plaza"}).status_code == 200
    assert call("GET", "/posts/7", host="market.example").status_code == 200
    assert admin("POST", "hosts", {"host": "market.example", "platform": "nobody"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", {"platform": "plaza", "effect": "earthquake"}, 400),
        ("POST", "faults", {"platform": "plaza", "effect": "html", "colour": "red"}, 400),
        ("POST", "faults", {"platform": "plaza", "effect": "expired_token"}, 400),
        ("POST", "faults", ["plaza"], 400),
        ("GET", "weather", None, 404),
        ("POST", "requests", None, 404),
    ],
)
def test_a_mistaken_wish_is_refused_with_a_reason(admin: Call, method: str, path: str, body: object, status: int) -> None:
    answer = admin(method, path, body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


@pytest.mark.parametrize("path", ["/_sandbox/requests", "/_sandbox/accounts/plaza/news", "/at/plaza.example/page"])
def test_only_loopback_host_names_reach_the_administration(call: Call, path: str) -> None:
    assert call("GET", path, host="rebound.example").status_code == 501
    assert call("GET", path, host="localhost").status_code == 200
    assert json.loads(call("GET", path, host="plaza.example").text)["sandbox"].startswith("unknown route")
