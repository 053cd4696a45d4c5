"""An album of 800 photos on Flickr, by bare flickrapi in a thread pool making the same calls.

Run as a module it is one of the two sides: `python -m benchmarks.flickr SIDE URL WORKERS PHOTOS FOLDER` prints its figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from benchmarks.answers import CREDENTIALS
from benchmarks.measure import Row, measured_child, memory_mb, timed
from benchmarks.photos import photo_files
from benchmarks.sink import serving
from socialcast import Announcement, Broadcast, Channel, Photo
from socialcast.delivery.ledger import Ledger

__all__ = ["album"]

_LATENCY_SECONDS = 0.05
_PHOTO_BYTES = 200_000
_TAGS = f"socialcast:id={'0a1b2c3d' * 3} socialcast:post={'4e5f6a7b' * 3}"
_UPLOAD_FIELDS = dict.fromkeys(("is_public", "is_friend", "is_family"), "0") | dict.fromkeys(
    ("safety_level", "content_type", "hidden", "dedup_check"), "1"
)
_PERMISSIONS = {"is_public": 1, "is_friend": 0, "is_family": 0, "perm_comment": 3, "perm_addmeta": 0}
_FEWER_BY = 8  # photos in the run that shows what memory does not depend on
_LEDGER_LIMIT = 1.05  # a share of five per cent
_MEMORY_LIMIT_MB = 4


def album(photos: int, *, rounds: int) -> list[Row]:
    """Eight and sixteen uploads at a time: time, connections, the ledger's share and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo_files(folder, photos, _PHOTO_BYTES)
        by_8 = {side: _Runs(side, 8, photos, folder) for side in ("ours", "bare", "unrecorded")}
        by_16 = {side: _Runs(side, 16, photos, folder) for side in ("ours", "bare")}
        for sides in (by_8, by_16):
            for number in range(rounds):
                for side in sorted(sides, reverse=bool(number % 2)):
                    sides[side].add()
        fewer = _Runs("ours", 8, photos // _FEWER_BY, folder)
        fewer.add()
    name = f"flickr{photos}"
    return [
        *_rows(f"{name} by 8", by_8),
        *_rows(f"{name} by 16", by_16),
        *_ledger(name, by_8),
        *_memory(name, by_8["ours"], fewer),
    ]


class _Runs:
    """The runs of one side."""

    def __init__(self, side: str, workers: int, photos: int, folder: Path) -> None:
        self.side, self.workers, self.photos, self._folder = side, workers, photos, folder
        self.calls: Counter[str] = Counter()
        self.connections = 0
        self._seconds: list[float] = []
        self._peaks_mb: list[float] = []

    def add(self) -> None:
        """One more, with a sink and a ledger of its own."""
        with serving(_LATENCY_SECONDS) as sink, tempfile.TemporaryDirectory() as place:
            figures = measured_child("benchmarks.flickr", self.side, sink.url, self.workers, self.photos, self._folder, place)
            self.calls, self.connections = sink.calls, max(self.connections, sink.connections)
        self._seconds.append(figures["seconds"])
        self._peaks_mb.append(figures["peak_mb"])

    @property
    def seconds(self) -> float:
        return median(self._seconds)

    @property
    def peak_mb(self) -> float:
        return median(self._peaks_mb)


def _rows(name: str, sides: Mapping[str, _Runs]) -> list[Row]:
    ours, bare = sides["ours"], sides["bare"]
    if ours.calls != bare.calls:
        raise AssertionError(f"the sides make other calls: {ours.calls} and {bare.calls}")
    note = f"bare flickrapi opened {bare.connections}"
    return [
        Row(name=name, ours=ours.seconds, baseline=bare.seconds, unit="s", limit=1.0, note=f"{ours.calls.total()} calls, sink"),
        Row(name=f"{name}, opened", ours=ours.connections, unit="", limit=ours.workers, note=note),
    ]


def _ledger(name: str, sides: Mapping[str, _Runs]) -> list[Row]:
    seconds = sides["ours"].seconds, sides["unrecorded"].seconds
    note = "by the same run that records no step"
    return [Row(name=f"{name}, ledger", ours=seconds[0], baseline=seconds[1], unit="s", limit=_LEDGER_LIMIT, note=note)]


def _memory(name: str, many: _Runs, few: _Runs) -> list[Row]:
    growth = many.peak_mb - few.peak_mb
    note = f"{many.peak_mb:.1f} MB at {many.photos} photos, {few.peak_mb:.1f} MB at {few.photos}"
    return [Row(name=f"{name}, memory", ours=growth, unit="MB", limit=_MEMORY_LIMIT_MB, note=note)]


# -- one side, in a process of its own -------------------------------------------------------------------------------------


def main(side: str, url: str, workers: int, files: list[Path], place: Path) -> None:
    """Publish and tell the figures; what is imported is not counted, since both sides import the same libraries."""
    seconds = _SIDES[side](url, workers, files, place)
    print(json.dumps({"seconds": seconds, "peak_mb": memory_mb("VmHWM")}))


def _ours(url: str, workers: int, files: list[Path], place: Path) -> float:
    import socialcast.publishers.flickr  # noqa: F401 - imported when it is used, which is no part of this

    channel = Channel(name="album", platform="flickr", settings={"at_once": workers})
    photos = [Photo(str(file), alt=f"The dome, view {number}") for number, file in enumerate(files)]
    announcement = Announcement(key="open-doors", title="Open doors", text="The dome opens", photos=photos)
    with Broadcast([channel], ledger=place / "ledger", sandbox=url) as broadcast:
        return timed(lambda: broadcast.publish(announcement).raise_for_failures())


def _unrecorded(url: str, workers: int, files: list[Path], place: Path) -> float:
    """Ours, were it free to write down what was done."""
    with mock.patch.object(Ledger, "begin_step"), mock.patch.object(Ledger, "record_step"):
        return _ours(url, workers, files, place)


def _bare(url: str, workers: int, files: list[Path], place: Path) -> float:
    from flickrapi import FlickrAPI
    from flickrapi.auth import FlickrAccessToken

    key, secret, token, token_secret = CREDENTIALS["flickr"].values()
    flickr = FlickrAPI(
        key, secret, token=FlickrAccessToken(token, token_secret, "write"), store_token=False, format="parsed-json"
    )
    flickr.REST_URL, flickr.UPLOAD_URL = f"{url}/services/rest/", f"{url}/services/upload/"
    return timed(lambda: _upload_all(flickr, workers, files))


def _upload_all(flickr: Any, workers: int, files: Iterable[Path]) -> None:
    """What the publisher calls, in its order."""
    flickr.people.getUploadStatus()
    flickr.auth.oauth.checkToken()

    def upload(numbered: tuple[int, Path]) -> str:
        number, file = numbered
        words = {"title": f"The dome, view {number}", "description": f"The dome, view {number}", "tags": _TAGS}
        return str(flickr.upload(str(file), format="etree", **words, **_UPLOAD_FIELDS).findtext("photoid"))

    def make_public(photo_id: str) -> None:
        flickr.photos.setPerms(photo_id=photo_id, **_PERMISSIONS)

    with ThreadPoolExecutor(workers) as pool:
        ids = list(pool.map(upload, enumerate(files)))
        album = flickr.photosets.create(title="Open doors", primary_photo_id=ids[0])["photoset"]["id"]
        flickr.photosets.editPhotos(photoset_id=album, primary_photo_id=ids[0], photo_ids=",".join(ids))
        list(pool.map(make_public, ids))


_SIDES = {"ours": _ours, "bare": _bare, "unrecorded": _unrecorded}

if __name__ == "__main__":
    _, side, url, workers, photos, folder, place = sys.argv
    main(side, url, int(workers), sorted(Path(folder).glob("*.jpg"))[: int(photos)], Path(place))
