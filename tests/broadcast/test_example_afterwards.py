"""The example event on all of its channels, and everything that comes after publication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from socialcast import Announcement, Broadcast
from socialcast.model.reports import Means
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.announcements import load_announcement

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTS = {"film", "photos", "stage"}


@pytest.fixture
def event() -> Announcement:
    return load_announcement(EXAMPLES / "open-doors" / "event.md")


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path, event: Announcement) -> Iterator[Broadcast]:
    clock = SandboxClock(sandbox)
    with Broadcast.from_file(EXAMPLES / "channels.toml", ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as broadcast:
        broadcast.publish(event).raise_for_failures()
        yield broadcast


def test_hosts_and_feeds_are_read_again_as_they_were_composed(
    broadcast: Broadcast, event: Announcement, sandbox: Sandbox
) -> None:
    """Nothing differs from what was announced before somebody changes it by hand, and one changed word is one changed text:
    a host, which knew no other host's address, is not held to one. Taken back, only what platforms keep is left, and listed."""
    assert [finding for outcome in broadcast.audit(event.key).outcomes for finding in outcome.findings] == []
    later = msgspec.structs.replace(event, text=event.text.replace("10:00", "11:00"))
    planned = broadcast.plan_correction(later)
    assert {o.changes for o in planned.outcomes if o.means is not Means.NOTHING} == {("text",)}
    assert not [o.reason for o in planned.outcomes if o.channel in HOSTS and "album" in o.reason]
    (post, *_) = [card for card in sandbox.mirror("facebook").cards() if card.account == "page"]
    sandbox.act("facebook", "edit", "page", post.id, "Something else")
    changed = {outcome.channel for outcome in broadcast.audit(event.key).outcomes if outcome.findings}
    assert changed == {"page"}
    left = {outcome.channel: outcome.left for outcome in broadcast.retract(event.key).outcomes if outcome.left}
    assert set(left) == {"stream", "wiki"}
    assert all(each.item.url and each.reason for stays in left.values() for each in stays)
