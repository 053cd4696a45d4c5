"""Whoever is corrected before a host is published anew is led to where the host is now; each is told once of everything else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Live
from socialcast.broadcast.correct import Correcting
from socialcast.model.announcement import Audience
from socialcast.model.capabilities import Aspect, EditRules
from socialcast.model.reports import Means
from socialcast.publishers.matrix import MatrixPublisher
from socialcast.publishers.youtube import YoutubePublisher
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.settings import Correction, Policy

STARTS = datetime(2036, 12, 6, 13, tzinfo=UTC)
WRONG = Announcement(key="talk", title="A talk", text="The talk begins at nine.", live=Live(title="The talk", starts_at=STARTS))
LATER = msgspec.structs.replace(WRONG, live=Live(title="The talk", starts_at=STARTS + timedelta(hours=1)))
RIGHT = msgspec.structs.replace(LATER, text="The talk begins at ten.")
PRESS: Any = {"audience": Audience.PRESS, "policy": Policy.ADAPT, "correction": Correction.REPLY}


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """YouTube, as it would be if an event could not be moved."""
    edits = EditRules(aspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.TAGS}))
    monkeypatch.setattr(YoutubePublisher, "capabilities", msgspec.structs.replace(YoutubePublisher.capabilities, edits=edits))


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """A host of the event that cannot be edited, the press, which is always first, a page and a feed."""
    settings = {name: {**publisher_class(name).sandbox_settings} for name in ("matrix", "newsroom", "mastodon")}
    channels = [
        Channel(name="site", platform="newsroom", settings=settings["newsroom"]),
        Channel(name="room", platform="matrix", settings=settings["matrix"], **PRESS),
        Channel(name="film", platform="youtube", policy=Policy.SKIP, correction=Correction.REPLACE),
        Channel(name="feed", platform="mastodon", policy=Policy.ADAPT, settings=settings["mastodon"]),
    ]
    clock = SandboxClock(sandbox)
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as made:
        made.publish(WRONG).raise_for_failures()
        yield made


def link(broadcast: Broadcast) -> str:
    links: dict[str, str] = broadcast.ledger.deliveries("talk")["film"].draft["links"]
    return links["live"]


def shown(sandbox: Sandbox) -> dict[str, str]:
    """What the press and the public read now."""
    texts = {name: " ".join(card.text for card in sandbox.mirror(name).cards()) for name in ("matrix", "mastodon")}
    page = Path(sandbox.mirror("newsroom").accounts["site"].credentials["folder"]) / "talk" / "index.html"
    return {"room": texts["matrix"], "feed": texts["mastodon"], "site": page.read_text(encoding="utf-8")}


def changes(sandbox: Sandbox) -> dict[str, int]:
    """How often each was changed since it was published."""
    edits = [each for each in sandbox.requests("matrix") if each.method == "PUT" and b"m.replace" in each.body]
    return {"room": len(edits), "feed": sum(each.method == "PUT" for each in sandbox.requests("mastodon"))}


def sent(sandbox: Sandbox) -> dict[str, int]:
    """How many messages and edits the press and the feed got so far."""
    records = sandbox.requests()
    return {
        "room": sum(record.platform == "matrix" and record.handler == "send" for record in records),
        "feed": sum(record.platform == "mastodon" and record.method == "PUT" for record in records),
    }


@pytest.mark.parametrize(("right", "edits"), [(RIGHT, 2), (LATER, 1)], ids=["its words, too", "the event alone"])
def test_everybody_is_led_to_the_new_host(broadcast: Broadcast, sandbox: Sandbox, right: Announcement, edits: int) -> None:
    """The press, which heard first, once more; the page and the feed, which waited for the host, once. Repeated, nothing more."""
    old, before = link(broadcast), len(sandbox.requests())
    report = broadcast.correct(right)
    assert (report.exit_code, report["room"].done, "text" in report["room"].changes) == (0, "edited", True)
    new = link(broadcast)
    assert new != old
    for name, words in shown(sandbox).items():
        assert (new in words, old in words) == (True, False), name
    assert sent(sandbox) == {"room": 1 + edits, "feed": 1}
    writes = [record.platform for record in sandbox.requests()[before:] if record.method != "GET"]
    assert writes[0] == ("matrix" if edits == 2 else "youtube")
    assert [finding for outcome in broadcast.audit("talk").outcomes for finding in outcome.findings] == []
    again = broadcast.correct(right)
    assert {outcome.means for outcome in again.outcomes} == {Means.NOTHING}
    assert sent(sandbox) == {"room": 1 + edits, "feed": 1}


@pytest.mark.parametrize("right", [RIGHT, LATER], ids=["its words, too", "the event alone"])
def test_a_run_that_ended_before_it_led_anybody_on_is_finished_by_the_next(
    broadcast: Broadcast, sandbox: Sandbox, right: Announcement
) -> None:
    """The ledger knows which address the press was told."""
    old = link(broadcast)
    with mock.patch.object(Correcting, "_led_anew", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        broadcast.correct(right)
    assert old in shown(sandbox)["room"]
    assert broadcast.correct(right).exit_code == 0
    assert old not in shown(sandbox)["room"]
    assert link(broadcast) in shown(sandbox)["room"]


def test_one_more_correction_leads_on_once_more(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """The press hears of the change and then of the host, which is published anew once more."""
    broadcast.correct(RIGHT)
    before = sent(sandbox)
    later = Live(title="The talk", starts_at=STARTS + timedelta(hours=2))
    report = broadcast.correct(msgspec.structs.replace(RIGHT, tags=["sky"], live=later))
    assert report["room"].changes == ("text", "tags")
    assert report["film"].means is Means.REPLACE
    assert {name: count - before[name] for name, count in sent(sandbox).items()} == {"room": 2, "feed": 1}
    assert link(broadcast) in shown(sandbox)["room"]


def test_the_plan_tells_who_is_led_anew(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Before anything is sent."""
    before = sent(sandbox)
    report = broadcast.plan_correction(LATER)
    assert {outcome.channel: outcome.means for outcome in report.outcomes} == {
        "film": Means.REPLACE,
        **dict.fromkeys(("site", "room", "feed"), Means.EDIT),
    }
    assert sent(sandbox) == before


@pytest.fixture
def unedited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix, as it would be if a message could not be edited."""
    monkeypatch.setattr(MatrixPublisher, "capabilities", msgspec.structs.replace(MatrixPublisher.capabilities, edits=None))


@pytest.mark.usefixtures("unedited")
@pytest.mark.parametrize(("note", "replies"), [("", 2), ("At ten, not at nine.", 1)], ids=["the new text", "a note"])
def test_who_is_told_in_a_reply_gets_the_new_address_in_another(
    broadcast: Broadcast, sandbox: Sandbox, note: str, replies: int
) -> None:
    """The first one, with the mistake, had the old address; a note has none, and is not said twice."""
    for _ in "ab":
        assert broadcast.correct(RIGHT, note=note).exit_code == 0
        assert sent(sandbox)["room"] == 1 + replies
    assert (link(broadcast) in shown(sandbox)["room"]) is not bool(note)
