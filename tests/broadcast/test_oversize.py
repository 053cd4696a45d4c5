"""A photo over every platform's limit is brought under each, and the original stays as it is."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from socialcast import Broadcast, State, load_announcement
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock

EXAMPLES = Path(__file__).parents[2] / "examples"
CHANNELS = EXAMPLES / "channels.toml"


@pytest.mark.large
def test_a_photo_over_every_limit_arrives_everywhere(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly 300 MB go to X (5 MB), Flickr (200 MB) and a wiki (100 MiB): fitted to each, told in the receipt."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    runpy.run_path(str(EXAMPLES / "panorama.py"))["main"](tmp_path / "event")
    original = tmp_path / "event" / "panorama.jpg"
    before = original.stat()
    assert before.st_size > 200_000_000
    file = tmp_path / "channels.toml"
    adapting = re.sub(r'^(platform = "(?:flickr|mediawiki)")$', r'\1\npolicy = "adapt"', CHANNELS.read_text(), flags=re.MULTILINE)
    file.write_text(adapting)
    with Broadcast.from_file(file, sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        report = broadcast.publish(load_announcement(tmp_path / "event" / "panorama.md"))
    assert [outcome.state for outcome in report.outcomes] == [State.PUBLISHED] * 3, msgspec.to_builtins(report)
    assert all("photo.recompressed" in {change.code for change in outcome.adaptations} for outcome in report.outcomes)
    assert (original.stat().st_size, original.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
