"""`python -m docs.report`: draws docs/report.png, the report of the example event after a day among people, in Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from socialcast import Broadcast, Channel, load_announcement
from socialcast.preview import report_page
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.settings import Correction, read_channels

_ROOT = Path(__file__).parents[1]
_PICTURE = Path(__file__).with_name("report.png")
_SIZE = "1000,2665"
_CHANNELS = ("site", "news", "photos", "film", "page")  # as many as a picture can show
_OPTIONS = ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", "disable-quic", "no-first-run", f"window-size={_SIZE}")
_HOUR = 3600


def main() -> int:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("there is no Chromium on this machine", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "report.html")
        shown.write_text(_report(Path(folder)), encoding="utf-8")
        options = [f"--{option}" for option in (*_OPTIONS, f"user-data-dir={folder}/profile", f"screenshot={_PICTURE}")]
        subprocess.run([browser, *options, shown.as_uri()], check=True, capture_output=True)  # noqa: S603 - ours alone
    return 0


def _report(folder: Path) -> str:
    """Published, talked about, answered, corrected, changed by hand, counted each hour."""
    event = load_announcement(_ROOT / "examples" / "open-doors" / "event.md")
    with (
        Sandbox() as sandbox,
        Broadcast(_channels(), ledger=folder / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast,
    ):
        broadcast.publish(event).raise_for_failures()
        posts = {name: sandbox.mirror(name).cards()[0].id for name in ("facebook", "youtube", "x")}
        sandbox.act("facebook", "reply", "Ann Visitor", posts["facebook"], "Is the exhibition open on Sunday, too?")
        sandbox.act("youtube", "reply", "Ben", posts["youtube"], "The last film had no captions. That was bad.")
        sandbox.act("x", "reply", "carla", posts["x"], "@news Are dogs welcome in the workshop?")
        _count(broadcast, sandbox, event.key, hours=6)
        dialogue = broadcast.dialogue(event.key)
        dialogue.read()
        (asked,) = [kept for kept in dialogue if kept.channel == "page"]
        dialogue.answer(asked, "On Saturday only; the archive is open on Sunday as always.")
        broadcast.correct(msgspec.structs.replace(event, text=event.text.replace("10:00", "09:30")))
        shown = sandbox.mirror("facebook").cards()[0]
        sandbox.act("facebook", "edit", "page", shown.id, shown.text.replace("Admission is free", "Admission is 5 francs"))
        broadcast.audit(event.key)
        _count(broadcast, sandbox, event.key, hours=6)
        return report_page(broadcast.story(event.key))


def _channels() -> list[Channel]:
    """Those of the examples, by a reply where nothing can be edited."""
    known = {channel.name: channel for channel in read_channels(_ROOT / "examples" / "channels.toml").channels}
    return [msgspec.structs.replace(known[name], correction=Correction.REPLY) for name in _CHANNELS]


def _count(broadcast: Broadcast, sandbox: Sandbox, key: str, *, hours: int) -> None:
    for _ in range(hours):
        sandbox.advance(_HOUR)
        broadcast.measure(key)


if __name__ == "__main__":
    sys.exit(main())
