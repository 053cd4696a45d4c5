"""A newsroom of 1,000 announcements with ten photos each: what one more and one change cost, by those in a newsroom of ten."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.measure import Row, in_turns, timed
from socialcast.broadcast import Broadcast
from socialcast.model.announcement import Announcement
from socialcast.model.post import Post
from socialcast.model.receipt import Receipt
from socialcast.publishers.newsroom.folder import Folder
from socialcast.publishers.newsroom.record import RECORD, Entry, Event, Record
from socialcast.testing.stage import picture
from socialcast.wire.settings import Channel

__all__ = ["newsroom"]

_URL = "https://news.example.org/"
_PHOTOS = tuple(picture(number, (600, 400)) for number in range(10))
_FIRST, _BETWEEN = datetime(2018, 1, 1, 9, tzinfo=UTC), timedelta(days=3)


def newsroom(*, quick: bool) -> list[Row]:
    rounds = 5 if quick else 21
    with tempfile.TemporaryDirectory() as name:
        large, small = (_Newsroom(Path(name), f"of-{count}", count, _BETWEEN) for count in (1000, 10))
        month = _Newsroom(Path(name), "one-month", 1000, timedelta(minutes=30))
        one_more = in_turns(large.publish, small.publish, rounds)
        one_change = in_turns(large.amend, small.amend, rounds)
        in_a_month = in_turns(month.amend, small.amend, rounds)
    return [
        _row("newsroom", one_more, "one more announcement, by ten"),
        _row("… change", one_change, "the latest one changed, by ten"),
        _row("… in one month", in_a_month, "the same, all 1,000 of one month, by ten"),
    ]


def _row(name: str, figures: tuple[float, float], note: str) -> Row:
    return Row(name=name, ours=figures[0] * 1000, baseline=figures[1] * 1000, unit="ms", limit=1.2, note=note)


class _Newsroom:
    """A newsroom that has so many announcements already; each of them has photos, every tenth a live event."""

    def __init__(self, root: Path, name: str, count: int, between: timedelta) -> None:
        self._folder = root / name
        channel = Channel(name="site", platform="newsroom", settings={"folder": str(self._folder), "url": _URL, "title": "News"})
        self._broadcast = Broadcast([channel], ledger=root / f"{name}-ledger")
        self._number = 0
        self.publish()
        _fill(self._folder, count, between)

    def publish(self) -> float:
        """Seconds that one more takes."""
        self._number += 1
        self._latest = f"new-{self._number}"
        said = Announcement(key=self._latest, title="Doors", text="We open at nine.", photos=_PHOTOS)
        return timed(lambda: self._broadcast.publish(said).raise_for_failures())

    def amend(self) -> float:
        """Seconds that other words take in the latest, which stands on the first page and in all feeds."""
        self._number += 1
        outcome = self._broadcast.status(self._latest)["site"]
        publisher, steps = self._broadcast.open("site", self._latest)
        receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
        words = Post(
            key=self._latest, channel="site", platform="newsroom", parts=(f"We open at {self._number}.",), photos=_PHOTOS
        )
        return timed(lambda: publisher.amend(receipt, words, steps, name=f"amend/{self._number}"))


def _fill(root: Path, count: int, between: timedelta) -> None:
    """Older announcements, made of the one that is there: their own records and lists, and its media by other names."""
    folder, page = Folder(root, _URL), root / "new-1"
    pattern = msgspec.json.decode((page / RECORD).read_bytes(), type=Record)
    months: dict[str, list[Entry]] = {}
    for number in range(count):
        at, slug = _FIRST + number * between, f"older-{number}"
        event = Event(title="The talk", starts_at=at + timedelta(days=1), url=_URL) if number % 10 == 0 else None
        record = msgspec.structs.replace(pattern, key=slug, slug=slug, published_at=at, changed_at=at, event=event)
        shutil.copytree(page, root / slug, copy_function=os.link)
        (root / slug / RECORD).unlink()
        (root / slug / RECORD).write_bytes(record.to_json())
        months.setdefault(record.month, []).append(Entry(slug=slug, published_at=at, title=f"Announcement {number}"))
        folder.note(record)
    for month, entries in months.items():
        (root / ".newsroom" / "months" / f"{month}.json").write_bytes(msgspec.json.encode(entries[::-1]))
