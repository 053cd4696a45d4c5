"""A photo over every platform's limit is brought under each, and the original stays as it is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from PIL import Image

from socialcast import Broadcast, State, load_announcement
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMITED = {"news", "photos", "wiki", "page", "sky", "fedi"}
UNLIMITED = {"site"}


@pytest.mark.large
def test_a_photo_over_every_limit_arrives_everywhere(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly 300 MB go to Bluesky (2 MB), Facebook (4), X (5), Mastodon (16), a wiki (100 MiB), Flickr (200): fitted, told."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    runpy.run_path(str(EXAMPLES / "panorama.py"))["main"](tmp_path / "event")
    original = tmp_path / "event" / "panorama.jpg"
    before = original.stat()
    assert before.st_size > 200_000_000
    with Broadcast.from_file(EXAMPLES / "channels.toml", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        report = broadcast.publish(load_announcement(tmp_path / "event" / "panorama.md"))
    told = {outcome.channel: outcome for outcome in report.outcomes if outcome.state is not State.SKIPPED}
    assert {name: outcome.state for name, outcome in told.items()} == dict.fromkeys(LIMITED | UNLIMITED, State.PUBLISHED)
    assert all("photo.recompressed" in {change.code for change in told[name].adaptations} for name in LIMITED)
    assert (original.stat().st_size, original.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
