"""One announcement to hundreds of accounts, by the wire limit; and what it costs in memory.

On the plain platform, whose publisher makes its three calls over the session itself, it shows what socialcast takes; on X
what tweepy, its signatures and four calls take on top.

Run as a module it is the publishing process: `python -m benchmarks.fanout SIDE URL CHANNELS PHOTO FOLDER` prints its figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from unittest import mock

import requests

from benchmarks.answers import CREDENTIALS
from benchmarks.measure import Row, measured_child, memory_mb, timed
from benchmarks.photos import photo_files
from benchmarks.plain import PlainPublisher
from benchmarks.sink import serving
from benchmarks.wire import replay_seconds
from socialcast import Announcement, Broadcast, Channel, Photo
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.x.access import Access
from socialcast.publishers.x.settings import XSettings
from socialcast.registry import publisher_class
from socialcast.wire.clock import SystemClock
from socialcast.wire.settings import resolve_settings
from socialcast.wire.transport import Transport

__all__ = ["fanout"]

_LATENCY_SECONDS = 0.2
_PHOTO_BYTES = 1_000_000
_MEMORY_LIMIT_MB = 60
_THREADS = 256  # as many as a broadcast uses


def fanout(channels: int, *, limit: float, rounds: int) -> list[Row]:
    """Text, photo with alt text, and the account check, on that many channels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (photo,) = photo_files(folder, 1, _PHOTO_BYTES)
        recorded = {platform: _recorded(folder, platform, photo) for platform in _PLATFORMS}
        wire: dict[str, list[float]] = {platform: [] for platform in _PLATFORMS}
        sides: dict[str, list[dict[str, float]]] = {side: [] for side in _SIDES}
        for number in range(rounds):
            for platform, requests_of_one in recorded.items():
                with serving(_LATENCY_SECONDS) as sink:
                    wire[platform].append(replay_seconds(sink.url, requests_of_one, channels))
            for side, measured in sides.items():
                with serving(_LATENCY_SECONDS) as sink:
                    run = folder / f"{side}-{number}"
                    measured.append(measured_child("benchmarks.fanout", side, sink.url, channels, photo, run))
    seconds = {side: median(figures["seconds"] for figures in measured) for side, measured in sides.items()}
    limits = {platform: median(measured) for platform, measured in wire.items()}
    growth_mb = median(figures["growth_mb"] for figures in sides["plain"])
    return [
        _by(f"fanout{channels}", seconds["plain"], limits["plain"], "by the wire limit; no client library", limit),
        _by("… requests alone", seconds["requests"], limits["plain"], "the same calls, a thread each, by the wire limit"),
        _by("… on X", seconds["x"], limits["x"], "signed, through tweepy; by the wire limit"),
        _by("… on X, by tweepy", seconds["x"], seconds["tweepy"], "by tweepy alone, same calls and sessions"),
        Row(name="… memory", ours=growth_mb, unit="MB", limit=_MEMORY_LIMIT_MB, note="growth while publishing"),
    ]


def _by(name: str, ours: float, baseline: float, note: str, limit: float | None = None) -> Row:
    return Row(name=name, ours=ours, baseline=baseline, unit="s", limit=limit, note=note)


def _recorded(folder: Path, platform: str, photo: Path) -> list[bytes]:
    """The requests of one channel, byte for byte; those of the warm-up, which are the same, come first."""
    (kept := folder / f"requests-{platform}").mkdir()
    with serving(0, kept) as sink:
        measured_child("benchmarks.fanout", platform, sink.url, 1, photo, folder / f"recorded-{platform}")
    files = sorted(kept.iterdir())
    return [file.read_bytes() for file in files[len(files) // 2 :]]


# -- the publishing process ------------------------------------------------------------------------------------------------


def main(side: str, url: str, channels: int, photo: str, folder: Path) -> None:
    """Publish to one channel, which imports everything, then to all."""
    publish = _SIDES[side]
    with mock.patch("socialcast.broadcast.channels.publisher_class", _publisher_class):
        _measure(lambda *which: publish(url, *which), channels, photo, folder)


def _publisher_class(platform: str) -> type[Publisher]:
    return PlainPublisher if platform == "plain" else publisher_class(platform)


def _measure(publish: Callable[[int, str, Path], None], channels: int, photo: str, folder: Path) -> None:
    publish(1, photo, folder / "warm-up")
    before_mb = memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets VmHWM back to what is used now
    seconds = timed(lambda: publish(channels, photo, folder))
    print(json.dumps({"seconds": seconds, "growth_mb": memory_mb("VmHWM") - before_mb}))


def _publish(platform: str, url: str, channels: int, photo: str, folder: Path) -> None:
    """Credentials come from the settings, as in earnest: only a sandbox opens accounts, one after the other."""
    names = [f"news{number}" for number in range(channels)]
    announcement = Announcement(
        key="open-doors", text="The dome opens on Saturday", photos=[Photo(photo, alt="The dome at dusk")]
    )
    with (
        mock.patch("socialcast.broadcast.channels._sandbox_credentials", lambda channel, *others: _credentials(channel)),
        Broadcast([Channel(name=name, platform=platform) for name in names], ledger=folder / "ledger", sandbox=url) as broadcast,
    ):
        broadcast.publish(announcement).raise_for_failures()


def _publish_by_tweepy(url: str, channels: int, photo: str, folder: Path) -> None:
    """The same calls without plan, steps, ledger and phases: what the client libraries take by themselves."""
    transport = Transport(sandbox_url=url, connections=channels)
    with ThreadPoolExecutor(min(channels, _THREADS)) as pool:
        for done in [pool.submit(_tweet, transport, f"news{number}", photo) for number in range(channels)]:
            done.result()
    transport.close()


def _publish_by_requests(url: str, channels: int, photo: str, folder: Path) -> None:
    """The calls of the plain platform without anything around them: what requests takes by itself, a thread each."""
    content = Path(photo).read_bytes()
    threads = [threading.Thread(target=_post, args=(url, f"news{number}", content)) for number in range(channels)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _post(url: str, channel: str, photo: bytes) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer sandbox-token-of-{channel}"
        session.get(f"{url}/me").json()
        files = {"picture": ("photo.jpg", photo, "image/jpeg")}
        picture = session.post(f"{url}/pictures", data={"alt": "The dome at dusk"}, files=files).json()["id"]
        session.post(f"{url}/posts", json={"text": "The dome opens on Saturday", "pictures": [picture]}).json()


def _tweet(transport: Transport, channel: str, photo: str) -> None:
    account = Channel(name=channel, platform="x")
    settings = resolve_settings(XSettings, account, given=_credentials(account))
    connection = Connection(channel=channel, transport=transport, clock=SystemClock())
    access = Access(settings, connection, transport.session())
    access.call("get_me")
    fields = {"media_category": "tweet_image"}
    photo_content = partial(BytesIO, Path(photo).read_bytes())
    media = access.send_file("/2/media/upload", fields, "photo.jpg", photo_content, "image/jpeg").json()["data"]
    access.request("POST", "/2/media/metadata", json={"id": media["id"], "metadata": {"alt_text": {"text": "The dome at dusk"}}})
    access.call("create_tweet", text="The dome opens on Saturday", media_ids=[media["id"]])


_PLATFORMS = ("plain", "x")
_SIDES: Mapping[str, Callable[[str, int, str, Path], None]] = {
    **{platform: partial(_publish, platform) for platform in _PLATFORMS},
    "requests": _publish_by_requests,
    "tweepy": _publish_by_tweepy,
}


def _credentials(channel: Channel) -> dict[str, str]:
    number = 2244994945 + int(channel.name.removeprefix("news"))
    return {name: value.format(number=number, name=channel.name) for name, value in CREDENTIALS[channel.platform].items()}


if __name__ == "__main__":
    _, side, url, channels, photo, folder = sys.argv
    main(side, url, int(channels), photo, Path(folder))
