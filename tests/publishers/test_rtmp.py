"""A server that one runs oneself: the ingest is looked for, the watch page given to everybody, nothing else is sent."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, Live, LiveState, PublishError, State
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.clock import Cancel
from socialcast.wire.rtmp import require_server
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Transport

WATCH = "https://watch.example.org/"
SANDBOX = {"url": "rtmp://ingest.example.org/live", "watch_url": WATCH}


def event(sandbox: Sandbox) -> Announcement:
    starts_at = sandbox.clock.datetime() + timedelta(hours=1)
    return Announcement(key="doors", title="Doors", text="We open at nine.", live=Live(title="Doors", starts_at=starts_at))


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """The server hosts, X posts about it."""
    channels = [Channel(name="stream", platform="rtmp", settings=SANDBOX), Channel(name="news", platform="x")]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as made:
        yield made


def test_feeds_lead_to_the_watch_page(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """The page of the settings is what everybody is told to watch."""
    report = broadcast.publish(event(sandbox))
    report.raise_for_failures()
    assert report["stream"].url.startswith(sandbox.url)
    assert WATCH in sandbox.mirror("x").cards()[0].text


def test_its_state_is_what_was_done(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """The server tells nobody whether it is on the air: started and ended here is what counts, and each is told once."""
    broadcast.publish(event(sandbox)).raise_for_failures()
    show = broadcast.live("doors")
    states = [step().outcomes[0].status.state for step in (show.status, show.start, show.start, show.end)]  # type: ignore[union-attr]
    assert states == [LiveState.SCHEDULED, LiveState.LIVE, LiveState.LIVE, LiveState.ENDED]
    texts = [card.text for card in sandbox.mirror("x").cards()]
    assert [sum(words in text for text in texts) for words in ("Live now", "has ended")] == [1, 1]


def test_it_is_not_claimed_that_pictures_come_in(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """What nobody tells is not told."""
    broadcast.publish(event(sandbox)).raise_for_failures()
    status = broadcast.live("doors").status().outcomes[0].status
    assert status is not None
    assert status.receiving is None


def test_an_announcement_without_an_event_is_not_for_it(broadcast: Broadcast) -> None:
    """Nothing is sent where there is nothing to host."""
    report = broadcast.publish(Announcement(key="words", text="We open at nine."))
    assert report["stream"].state is State.REFUSED


@pytest.mark.parametrize("url", ["http://ingest.example.org/live", "rtmp://ingest.example.org", "ingest.example.org/live"])
def test_an_address_that_is_no_ingest_is_refused(url: str, tmp_path: Path) -> None:
    """The address is checked when the settings are read."""
    channels = [Channel(name="stream", platform="rtmp", settings={**SANDBOX, "url": url, "stream_key": Secret("a-key")})]
    with Broadcast(channels, ledger=tmp_path / "ledger") as made, pytest.raises(ConfigurationError, match="url"):
        made.plan(Announcement(key="words", text="We open at nine."))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of this machine on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def refusal(url: str) -> str:
    with pytest.raises(PublishError) as caught:
        require_server(url, Transport())
    return str(caught.value)


def test_nobody_there_is_told_with_the_address(listener: socket.socket) -> None:
    """Who reads it at night knows where to look."""
    port = listener.getsockname()[1]
    listener.close()
    said = refusal(f"rtmp://127.0.0.1:{port}/live")
    assert f"rtmp://127.0.0.1:{port}" in said
    assert "Connection refused" in said


def test_a_server_of_another_kind_is_told_apart(listener: socket.socket) -> None:
    """A port on which something else answers is no ingest."""

    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(2000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=greet)
    thread.start()
    said = refusal(f"rtmp://127.0.0.1:{listener.getsockname()[1]}/live")
    thread.join(10)
    assert "speaks no RTMP" in said


@pytest.mark.server
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_the_whole_life_on_a_real_server(start_server: Callable[[str], dict[str, Any]], sandbox: Sandbox, tmp_path: Path) -> None:
    """Published, fed with a film, seen by a viewer, ended: on a real RTMP server, the key in no file that we write."""
    facts = start_server("rtmp-start")
    film = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10", "-t", "20", "-pix_fmt", "yuv420p", str(film)]
    subprocess.run(["ffmpeg", "-v", "error", *picture], check=True)
    settings = {"url": facts["url"], "stream_key": Secret(facts["stream_key"]), "watch_url": "https://watch.example.org/"}
    cancel, seen = Cancel(), []
    with Broadcast([Channel(name="stream", platform="rtmp", settings=settings)], ledger=tmp_path / "ledger") as broadcast:
        broadcast.publish(event(sandbox)).raise_for_failures()
        show = broadcast.live("doors")

        def look(happened: Any) -> None:
            if happened.health and happened.health.sent_seconds > 2 and not seen:
                seen.append(codec_at(f"{facts['url']}/{facts['stream_key']}"))
                cancel.request()

        report = show.feed(str(film), cancel=cancel, on_event=look)
    assert not any(outcome.failed for outcome in report.outcomes)
    assert seen == ["h264"]
    assert not [file for file in tmp_path.rglob("ledger*") if facts["stream_key"].encode() in file.read_bytes()]


def codec_at(address: str) -> str:
    """What a viewer's player finds."""
    words = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=codec_name", "-of", "csv=p=0", address]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60).stdout.strip()
