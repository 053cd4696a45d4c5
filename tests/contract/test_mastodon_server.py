"""The contract suite against a server of Mastodon's API that we did not write: the same functions, on a stage of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from socialcast import Announcement, Broadcast, Channel, State
from socialcast.testing.stage import Sight, picture
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
    test_23_a_lost_ledger_is_rebuilt_by_looking,
)
from socialcast.wire.settings import Policy
from tests.conftest import StillClock

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("mastodon-start")


class ServerStage:
    """One account of the server, read over its API without our publisher; `clock` is what a lost answer is waited for on."""

    platform = "mastodon"

    def __init__(self, server: dict[str, Any], clock: Any = None) -> None:
        self._url, self._clock = server["url"], clock
        self._headers = {"Authorization": f"Bearer {server['access_tokens']['alice']}"}

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        channel = Channel(name="contract", platform=self.platform, policy=Policy.ADAPT, settings={"url": self._url, **settings})
        return Broadcast([channel], ledger=ledger, **({"clock": self._clock} if self._clock else {}))

    def posts(self) -> list[dict[str, Any]]:
        """The oldest first."""
        me = self.get("accounts/verify_credentials")["id"]
        return sorted(self.get(f"accounts/{me}/statuses?limit=40"), key=lambda post: int(post["id"]))

    def sights(self) -> list[Sight]:
        """Words, alt texts, and whether a post answers another."""
        return sorted(
            (
                "post",
                re.sub(r"<[^>]+>", "", post["content"]),
                "an answer" if post["in_reply_to_id"] else "",
                *(str(medium["description"]) for medium in post["media_attachments"]),
            )
            for post in self.posts()
        )

    def opens(self, url: str) -> bool:
        return self.get(f"statuses/{url.rpartition('/')[2]}")["url"] == url

    def fail(self, effect: dict[str, Any], path: str = "/api/v1/statuses") -> None:
        """The next such request goes wrong."""
        rule = {"match": {"methods": ["POST"], "path": path}, "effect": effect, "count": 1}
        requests.post(f"{self._url}/api/v1/_mock/faults", json=rule, headers=self._headers, timeout=30).raise_for_status()

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self._url}/api/v1/{path}", headers=self._headers, timeout=30)
        return json.loads(answer.content)

    def clear(self) -> None:
        """Fresh books: this server answers 500 to a key whose post was deleted."""
        requests.post(f"{self._url}/api/v1/_mock/reset", headers=self._headers, timeout=30).raise_for_status()


@pytest.fixture
def stage(server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerStage]:
    """The account, empty before and after each test."""
    monkeypatch.setenv("SOCIALCAST_CONTRACT_ACCESS_TOKEN", server["access_tokens"]["alice"])
    stage = ServerStage(server)
    stage.clear()
    yield stage
    stage.clear()


@pytest.mark.parametrize("effect", [{"type": "status", "status": 500}, {"type": "status", "status": 503}, {"type": "malformed"}])
def test_what_goes_wrong_there_makes_nothing_twice(stage: ServerStage, effect: Any, clock: StillClock, tmp_path: Path) -> None:
    """It is looked for, and made when it is not there, by this machine or by one that knows nothing."""
    patient = ServerStage({"url": stage._url, "access_tokens": {"alice": "alice-token"}}, _Ahead(clock))
    said = Announcement(key="doors", text="Open doors at the observatory.", photos=[picture(0)])
    stage.fail(effect)
    with patient.broadcast(tmp_path / "ledger") as broadcast:
        first = broadcast.publish(said)["contract"]
    with patient.broadcast(tmp_path / "other" / "ledger") as broadcast:
        second = broadcast.publish(said, recover=True)["contract"]
    (post,) = stage.posts()
    assert (first.state, first.id, second.id) == (State.PUBLISHED, post["id"], post["id"])


class _Ahead:
    """The time of the server, on which waiting takes none."""

    def __init__(self, still: StillClock) -> None:
        self._began, self._still = datetime.now(UTC) - still.now(), still

    def now(self) -> Any:
        return self._still.now() + self._began

    def sleep(self, seconds: float, cancel: Any) -> None:
        self._still.sleep(seconds, cancel)
