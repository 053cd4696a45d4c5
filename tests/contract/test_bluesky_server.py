"""The contract suite against Bluesky's own server and app view: the same functions, on a network that we did not write."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from socialcast import load_announcement
from socialcast.testing.test_contract import (  # noqa: F401 - collected here, to run on this module's stage
    announcement,
    publisher,
    test_01_table_is_complete_and_dated,
    test_02_published_content_is_visible,
    test_03_alt_text_arrives,
    test_04_same_key_twice_is_one_post,
    test_05_empty_machine_posts_nothing_twice,
    test_11_limits_hold_on_both_sides,
    test_12_overlong_text_is_refused_by_both,
    test_13_alt_text_is_required,
    test_15_draft_and_receipt_survive_json,
    test_16_retract_removes_or_says_it_cannot,
    test_23_a_lost_ledger_is_rebuilt_by_looking,
)
from tests.matrix.servers import BlueskyStage, Facts

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Facts]) -> Facts:
    return start_server("bluesky-start", "--appview")


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def stage(server: Facts, numbers: Iterator[int], tmp_path: Path) -> BlueskyStage:
    """An account of its own for each test, since the record keys are the same in all of them."""
    user = _signed_up(server["url"], f"contract{next(numbers)}.test")
    (tmp_path / "password").write_text(user["app_password"], encoding="utf-8")
    settings = {"server": server["url"], "video_service": "", "identifier": user["handle"], "app_password": "file:password"}
    return BlueskyStage({**server, "users": {"alice": user}}, settings, tmp_path)


def _signed_up(url: str, handle: str) -> dict[str, Any]:
    def call(method: str, token: str = "", **body: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.post(f"{url}/xrpc/com.atproto.server.{method}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    name = handle.partition(".")[0]
    made = call("createAccount", handle=handle, email=f"{name}@example.org", password=f"password of {name}")
    password = call("createAppPassword", made["accessJwt"], name="socialcast")["password"]
    return {"handle": handle, "did": made["did"], "app_password": password}


def test_the_example_event_is_readable_there(stage: BlueskyStage, tmp_path: Path) -> None:
    """The example's photographs are there once, as many as one post holds, each with what it shows in words."""
    event = load_announcement(Path(__file__).parents[2] / "examples" / "open-doors" / "event.md")
    shown = msgspec.structs.replace(event, video=None)  # a post shows one or the other
    with stage.broadcast(tmp_path / "ledger", photo_max_bytes=1_000_000) as broadcast:  # this server is older than 2026
        report = broadcast.publish(shown)
        again = broadcast.publish(shown)
    assert report.exit_code == 0, report
    assert again["contract"].steps_sent == 0
    assert [alt for sight in stage.sights() for alt in sight[2:]] == [photo.alt for photo in event.photos[:4]]
