"""The contract suite against a real MediaWiki: the same functions, on a stage that is a server we did not write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    test_20_what_is_not_offered_is_said,
    test_22_replies_are_read_once,
    test_23_a_lost_ledger_is_rebuilt_by_looking,
)
from socialcast.wire.settings import Policy

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("mediawiki-start")


class ServerStage:
    """One page of the real wiki, read over its API without our publisher."""

    platform = "mediawiki"

    def __init__(self, server: dict[str, Any], page: str) -> None:
        self._server, self._page = server, page

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        wanted = {"url": self._server["api"], "contact": "press@example.org", "mode": "edit", "page": self._page}
        channel = Channel(name="contract", platform=self.platform, policy=Policy.ADAPT, settings={**wanted, **settings})
        return Broadcast([channel], ledger=ledger)

    def sights(self) -> list[Sight]:
        """The page's wikitext and revisions, and the files that it shows with their description pages."""
        (page,) = self._query(titles=self._page, prop="revisions|images", rvprop="content|comment", rvslots="main", rvlimit=20)
        if "missing" in page:
            return []
        revisions = [(r["comment"], r["slots"]["main"]["content"]) for r in page["revisions"]]
        files = [image["title"] for image in page.get("images", [])]
        texts = [self._query(titles=title, prop="revisions", rvprop="content", rvslots="main")[0] for title in files]
        shown = [(t["title"], t["revisions"][0]["slots"]["main"]["content"]) for t in texts]
        return sorted(
            [("page", self._page, *(text for revision in revisions for text in revision)), *(("file", *one) for one in shown)]
        )

    def opens(self, url: str) -> bool:
        return requests.get(url, timeout=30).status_code == 200

    def _query(self, **wanted: Any) -> list[dict[str, Any]]:
        asked = {"action": "query", "format": "json", "formatversion": 2, **wanted}
        pages: list[dict[str, Any]] = requests.get(self._server["api"], params=asked, timeout=30).json()["query"]["pages"]
        return pages


@pytest.fixture
def stage(server: dict[str, Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ServerStage:
    """A page of its own for each test, so that none sees what another wrote."""
    monkeypatch.setenv("SOCIALCAST_CONTRACT_USERNAME", server["user"])
    monkeypatch.setenv("SOCIALCAST_CONTRACT_PASSWORD", server["password"])
    return ServerStage(server, request.node.name.replace("_", " ").capitalize())


def test_the_example_event_is_readable_there(stage: ServerStage, tmp_path: Path) -> None:
    """The example, seven photographs and all, is a page and files that anybody reads over the wiki's own API."""
    event = load_announcement(Path(__file__).parents[2] / "examples" / "open-doors" / "event.md")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        report = broadcast.publish(event)
        again = broadcast.publish(event)
    assert report.exit_code == 0, report
    assert again["contract"].steps_sent == 0
    page, *files = sorted(stage.sights(), key=lambda sight: sight[0] != "page")
    assert len(files) == len(event.photos) == 7
    assert all(any(photo.alt in part for part in page) for photo in event.photos)
    assert all(any(photo.licence in words for photo in event.photos) for _, _, words in files)
