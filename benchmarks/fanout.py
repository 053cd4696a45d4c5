"""One announcement to hundreds of accounts on X, by the wire limit; and what it costs in memory.

Run as a module it is the publishing process: `python -m benchmarks.fanout SIDE URL CHANNELS PHOTO FOLDER` prints its figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
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
from benchmarks.sink import serving
from benchmarks.wire import replay_seconds
from socialcast import Announcement, Broadcast, Channel, Photo
from socialcast.publisher import Connection
from socialcast.publishers.x.access import Access
from socialcast.publishers.x.settings import XSettings
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
        recorded = _recorded(folder, photo)
        wire: list[float] = []
        sides: dict[str, list[dict[str, float]]] = {side: [] for side in _SIDES}
        for number in range(rounds):
            with serving(_LATENCY_SECONDS) as sink:
                wire.append(replay_seconds(sink.url, recorded, channels))
            for side, measured in sides.items():
                with serving(_LATENCY_SECONDS) as sink:
                    run = folder / f"{side}-{number}"
                    measured.append(measured_child("benchmarks.fanout", side, sink.url, channels, photo, run))
    seconds = {side: median(figures["seconds"] for figures in measured) for side, measured in sides.items()}
    growth_mb = median(figures["growth_mb"] for figures in sides["ours"])
    name, limit_seconds = f"fanout{channels}", median(wire)
    note = f"by the wire limit; {len(recorded)} requests each, sink"
    return [
        Row(name=name, ours=seconds["ours"], baseline=limit_seconds, unit="s", limit=limit, note=note),
        Row(
            name=f"{name}, by tweepy", ours=seconds["ours"], baseline=seconds["tweepy"], unit="s", note="same calls and sessions"
        ),
        Row(name=f"{name}, tweepy alone", ours=seconds["tweepy"], baseline=limit_seconds, unit="s", note="by the wire limit"),
        Row(name=f"{name}, requests alone", ours=seconds["requests"], baseline=limit_seconds, unit="s", note="unsigned"),
        Row(name=f"{name}, memory", ours=growth_mb, unit="MB", limit=_MEMORY_LIMIT_MB, note="growth while publishing"),
    ]


def _recorded(folder: Path, photo: Path) -> list[bytes]:
    """The requests of one channel, byte for byte; those of the warm-up, which are the same, come first."""
    (kept := folder / "requests").mkdir()
    with serving(0, kept) as sink:
        measured_child("benchmarks.fanout", "ours", sink.url, 1, photo, folder / "recorded")
    files = sorted(kept.iterdir())
    return [file.read_bytes() for file in files[len(files) // 2 :]]


# -- the publishing process ------------------------------------------------------------------------------------------------


def main(side: str, url: str, channels: int, photo: str, folder: Path) -> None:
    """Publish to one channel, which imports everything, then to all."""
    publish = _SIDES[side]
    publish(url, 1, photo, folder / "warm-up")
    before_mb = memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets VmHWM back to what is used now
    seconds = timed(lambda: publish(url, channels, photo, folder))
    print(json.dumps({"seconds": seconds, "growth_mb": memory_mb("VmHWM") - before_mb}))


def _publish(url: str, channels: int, photo: str, folder: Path) -> None:
    """Credentials come from the settings, as in earnest: only a sandbox opens accounts, one after the other."""
    names = [f"news{number}" for number in range(channels)]
    announcement = Announcement(
        key="open-doors", text="The dome opens on Saturday", photos=[Photo(photo, alt="The dome at dusk")]
    )
    with (
        mock.patch("socialcast.broadcast.channels._sandbox_credentials", lambda channel, *others: _credentials(channel.name)),
        Broadcast([Channel(name=name, platform="x") for name in names], ledger=folder / "ledger", sandbox=url) as broadcast,
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
    """Requests of the same sizes without signatures and without any client: what requests takes by itself, a thread each."""
    content = Path(photo).read_bytes()
    threads = [threading.Thread(target=_post, args=(url, content)) for _ in range(channels)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _post(url: str, photo: bytes) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"{url}/2/users/me").json()
        media = session.post(f"{url}/2/media/upload", data=photo, headers={"Content-Type": "image/jpeg"}).json()["data"]
        session.post(f"{url}/2/media/metadata", json={"id": media["id"], "metadata": {}}).json()
        session.post(f"{url}/2/tweets", json={"text": "The dome opens on Saturday", "media": {"media_ids": [media["id"]]}}).json()


def _tweet(transport: Transport, channel: str, photo: str) -> None:
    settings = resolve_settings(XSettings, Channel(name=channel, platform="x"), given=_credentials(channel))
    connection = Connection(channel=channel, transport=transport, clock=SystemClock())
    access = Access(settings, connection, transport.session())
    access.call("get_me")
    fields = {"media_category": "tweet_image"}
    photo_content = partial(BytesIO, Path(photo).read_bytes())
    media = access.send_file("/2/media/upload", fields, "photo.jpg", photo_content, "image/jpeg").json()["data"]
    access.request("POST", "/2/media/metadata", json={"id": media["id"], "metadata": {"alt_text": {"text": "The dome at dusk"}}})
    access.call("create_tweet", text="The dome opens on Saturday", media_ids=[media["id"]])


_SIDES = {"ours": _publish, "tweepy": _publish_by_tweepy, "requests": _publish_by_requests}


def _credentials(channel: str) -> dict[str, str]:
    number = 2244994945 + int(channel.removeprefix("news"))
    return {name: value.format(number=number, name=channel) for name, value in CREDENTIALS["x"].items()}


if __name__ == "__main__":
    _, side, url, channels, photo, folder = sys.argv
    main(side, url, int(channels), photo, Path(folder))
