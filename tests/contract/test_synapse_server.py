"""The contract suite against Synapse, a real homeserver: the same functions, on a stage that is a server we did not write."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests

from socialcast import Broadcast, Channel, load_announcement
from socialcast.testing.stage import Sight
from socialcast.testing.test_contract import (  # noqa: F401 - collected here, to run on this module's stage
    announcement,
    publisher,
    test_02_published_content_is_visible,
    test_03_alt_text_arrives,
    test_04_same_key_twice_is_one_post,
    test_05_empty_machine_posts_nothing_twice,
    test_13_alt_text_is_required,
    test_15_draft_and_receipt_survive_json,
    test_16_retract_removes_or_says_it_cannot,
    test_18_an_audit_of_what_nobody_changed_finds_nothing,
    test_19_what_was_taken_back_is_seen_to_be_gone,
    test_20_what_is_not_offered_is_said,
    test_21_numbers_have_a_definition,
    test_22_replies_are_read_once,
    test_23_a_lost_ledger_is_rebuilt_by_looking,
)
from socialcast.wire.settings import Policy

pytestmark = pytest.mark.server

PASSWORD = "a-pass-of-tests"


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("synapse-start")


class ServerStage:
    """One room, read over the server's API without our publisher; its account is its own, since each may make ten rooms."""

    platform = "matrix"

    def __init__(self, server: dict[str, Any]) -> None:
        self._url, self.user = server["url"], f"press-{uuid.uuid4().hex[:12]}"
        wanted = {"username": self.user, "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
        told = requests.post(f"{self._url}/_matrix/client/v3/register", json=wanted, timeout=30).json()
        self._headers = {"Authorization": f"Bearer {told['access_token']}"}

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        wanted = {"homeserver": self._url, "user": self.user, "room": f"#{self.user}:localhost", "room_name": "Press room"}
        channel = Channel(name="contract", platform=self.platform, policy=Policy.ADAPT, settings={**wanted, **settings})
        return Broadcast([channel], ledger=ledger)

    def sights(self) -> list[Sight]:
        """The messages that stand in the room."""
        found = self._get(f"directory/room/{quote(f'#{self.user}:localhost')}")
        if found.status_code == 404:
            return []
        listed = self._get(f"rooms/{quote(found.json()['room_id'])}/messages", dir="b", limit="100").json()["chunk"]
        said = [event["content"] for event in listed if event["type"] == "m.room.message" and event["content"]]
        return sorted((each["msgtype"], each["body"], each.get("formatted_body", "")) for each in said)

    def opens(self, url: str) -> bool:
        """What a program does with the address: it asks the server for that event of that room."""
        room, event = map(unquote, re.fullmatch(r"https://matrix\.to/#/([^/]+)/([^?]+)\?via=localhost", url).groups())  # type: ignore[union-attr]
        return self._get(f"rooms/{quote(room)}/event/{quote(event)}").status_code == 200

    def _get(self, where: str, **params: str) -> requests.Response:
        return requests.get(f"{self._url}/_matrix/client/v3/{where}", params=params, headers=self._headers, timeout=30)


@pytest.fixture
def stage(server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> ServerStage:
    """An account and a room of its own for each test, so that none sees what another wrote."""
    monkeypatch.setenv("SOCIALCAST_CONTRACT_PASSWORD", PASSWORD)
    return ServerStage(server)


def test_the_example_event_is_readable_there(stage: ServerStage, tmp_path: Path) -> None:
    """The example, seven photographs and film and all, is messages in the room, each photograph with its description."""
    event = load_announcement(Path(__file__).parents[2] / "examples" / "open-doors" / "event.md")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        report = broadcast.publish(event)
        again = broadcast.publish(event)
    assert report.exit_code == 0, report
    assert again["contract"].steps_sent == 0
    photos = [sight for sight in stage.sights() if sight[0] == "m.image"]
    assert len(photos) == len(event.photos) == 7
    assert all(any(photo.alt in body for _, body, _ in photos) for photo in event.photos)
