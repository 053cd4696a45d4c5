"""Each fault does to a call what it says, over a real connection."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.faults import Effect, Fault

Call = Callable[..., requests.Response]


@pytest.fixture
def publish(call: Call) -> Call:
    def publish(**more: Any) -> requests.Response:
        return call("POST", "/posts", data={"text": "Davos opens today"}, **more)

    return publish


def happened(sandbox: Sandbox) -> int:
    return len(sandbox.mirror("plaza").cards())


@pytest.mark.parametrize("wait", [None, 9])
def test_429_refuses_before_the_effect_with_or_without_a_wait(sandbox: Sandbox, publish: Call, wait: int | None) -> None:
    sandbox.fault("plaza", "refuse_429", retry_after=wait)
    answer = publish()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, str(wait) if wait else None)
    assert happened(sandbox) == 0


@pytest.mark.parametrize(("effect", "posts"), [("status_before", 0), ("status_after", 1)])
def test_a_5xx_comes_before_or_after_the_effect(sandbox: Sandbox, publish: Call, effect: str, posts: int) -> None:
    sandbox.fault("plaza", effect, status=502)
    assert publish().status_code == 502
    assert happened(sandbox) == posts


@pytest.mark.parametrize(("effect", "posts"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_loses_the_answer_before_or_after_the_effect(sandbox: Sandbox, publish: Call, effect: str, posts: int) -> None:
    sandbox.fault("plaza", effect)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        publish()
    assert happened(sandbox) == posts
    assert [(record.status, record.fault) for record in sandbox.requests()] == [(0, effect)]


def test_a_reset_midway_loses_half_of_the_answer(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", Effect.RESET_MIDWAY)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        publish()
    assert happened(sandbox) == 1


def test_a_time_out_after_the_effect_holds_until_the_client_gives_up(sandbox: Sandbox, session: requests.Session) -> None:
    sandbox.fault("plaza", "timeout_after")
    with pytest.raises(requests.ReadTimeout):
        session.post(f"{sandbox.url}/posts", data={"text": "x"}, headers={"Host": "plaza.example"}, timeout=0.2)
    assert happened(sandbox) == 1


def test_a_held_connection_is_let_go_after_its_seconds(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", "timeout_after", seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        publish()


def test_a_held_connection_is_let_go_when_the_sandbox_stops(plaza: Any) -> None:
    reached = threading.Event()

    class Telling(type(plaza)):  # type: ignore[misc]
        def publish(self, request: Any) -> Any:
            reached.set()
            return super().publish(request)

    with Sandbox(mirrors={"plaza": Telling}) as stopping:
        stopping.fault("plaza", "timeout_after")
        client = http.client.HTTPConnection("127.0.0.1", int(stopping.url.rpartition(":")[2]), timeout=10)
        client.request("POST", "/posts", "text=x", {"Host": "plaza.example", "Content-Type": "application/x-www-form-urlencoded"})
        assert reached.wait(10)
        started = time.monotonic()
    with pytest.raises(ConnectionError):
        client.getresponse()
    client.close()
    assert time.monotonic() - started < 5


def test_a_truncated_answer_is_200_with_half_of_the_json(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", "truncated")
    answer = publish()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert happened(sandbox) == 1


def test_an_html_page_comes_with_200_instead_of_the_json(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", "html")
    answer = publish()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert happened(sandbox) == 1


def test_an_answer_without_an_id_is_an_empty_object(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", "no_id")
    answer = publish()
    assert (answer.status_code, answer.json(), happened(sandbox)) == (200, {}, 1)


def test_a_slow_drip_comes_whole_in_many_pieces(sandbox: Sandbox, publish: Call) -> None:
    sandbox.fault("plaza", "slow_drip", seconds=0.2)
    started = time.monotonic()
    answer = publish(stream=True)
    pieces = list(answer.raw.stream(1))
    assert b"Davos opens today" in b"".join(pieces)
    assert time.monotonic() - started > 0.15


def test_an_expired_token_is_refused_in_the_platforms_own_words(sandbox: Sandbox, call: Call) -> None:
    token = sandbox.account("plaza", "news").credentials["token"]
    sandbox.fault("plaza", "expired_token", account="news")
    answer = call("GET", "/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()) == (401, {"error": "expired"})


def test_every_effect_answers_or_loses_the_call_it_was_set_for(sandbox: Sandbox, publish: Call) -> None:
    for effect in Effect:
        sandbox.fault("plaza", effect, account="news", seconds=0.01)
        with contextlib.suppress(requests.RequestException):
            publish()
    assert [record.fault for record in sandbox.requests()] == [effect.value for effect in Effect]


def test_a_fault_befalls_the_nth_matching_call_and_count_calls_from_there(sandbox: Sandbox, call: Call) -> None:
    sandbox.fault("plaza", "status_before", handler="post", nth=2, count=2)
    statuses = [call("GET", path).status_code for path in ("/posts/1", "/me", "/posts/2", "/posts/3", "/posts/4")]
    assert statuses == [200, 200, 503, 503, 200]


def test_a_fault_can_be_for_one_method(sandbox: Sandbox, call: Call) -> None:
    sandbox.fault("plaza", "status_before", handler="ping", method="POST")
    assert call("GET", "/call?action=ping").status_code == 200
    assert call("POST", "/call?action=ping").status_code == 503


def test_two_rules_each_count_every_call(sandbox: Sandbox, call: Call) -> None:
    sandbox.fault("plaza", "status_before", status=500)
    sandbox.fault("plaza", "status_before", status=502, nth=2)
    assert [call("GET", "/me").status_code for _ in range(3)] == [500, 502, 200]


def test_cleared_faults_befall_nobody(sandbox: Sandbox, call: Call) -> None:
    sandbox.fault("plaza", "refuse_429", count=100)
    sandbox.clear_faults()
    assert call("GET", "/me").status_code == 200


@pytest.mark.parametrize("rule", [{"nth": 0}, {"count": 0}, {"effect": Effect.EXPIRED_TOKEN}])
def test_a_rule_that_could_never_apply_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Fault(**{"platform": "plaza", "effect": Effect.HTML, **rule})


def test_a_connection_goes_on_after_a_fault_that_answers(sandbox: Sandbox, call: Call) -> None:
    call("GET", "/me")
    before = sandbox.connections
    sandbox.fault("plaza", "status_before")
    call("PUT", "/media/film.mp4", data=b"x" * 100_000)
    call("GET", "/me")
    assert sandbox.connections == before


def test_a_rule_that_no_call_can_meet_is_refused(sandbox: Sandbox) -> None:
    """A misspelt name would make a test of a fault prove nothing."""
    with pytest.raises(ValueError, match=r"no mirror 'plazza', only plaza"):
        sandbox.fault("plazza", "refuse_429")
    with pytest.raises(ValueError, match=r"no handler 'pubblish', only .*publish"):
        sandbox.fault("plaza", "refuse_429", handler="pubblish")
