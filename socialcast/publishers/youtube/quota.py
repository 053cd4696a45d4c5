"""What calls cost in YouTube's daily quota, and what an announcement will cost; from the quota page, 2026-11-22."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from socialcast.model.cost import Cost
from socialcast.model.post import Post

__all__ = ["BUCKETS", "OTHERS", "UNITS", "UPLOADS", "Price", "calls_for", "cost", "cost_of"]

UPLOADS, OTHERS = "videos.insert", "units"

# What a project has for a day since 2026-06-01, by bucket.
BUCKETS: Mapping[str, int] = {UPLOADS: 100, OTHERS: 10_000}
_NAMES = {UPLOADS: "uploads", OTHERS: "units"}


class Price(NamedTuple):
    """Which bucket a call is taken from, and how much of it."""

    bucket: str
    units: int


_WRITE = Price(OTHERS, 50)
_LIST = Price(OTHERS, 1)

UNITS: Mapping[str, Price] = {
    "videos.insert": Price(UPLOADS, 1),
    "videos.list": _LIST,
    "videos.update": _WRITE,
    "videos.delete": _WRITE,
    "channels.list": _LIST,
    "thumbnails.set": _WRITE,
    "captions.insert": Price(OTHERS, 400),
    "captions.list": Price(OTHERS, 50),
    "comments.list": _LIST,
    "comments.insert": _WRITE,
    "comments.delete": _WRITE,
    "commentThreads.list": _LIST,
    "commentThreads.insert": _WRITE,
    "playlists.list": _LIST,
    "playlists.insert": _WRITE,
    "playlists.update": _WRITE,
    "playlistItems.list": _LIST,
    "playlistItems.insert": _WRITE,
    "liveBroadcasts.list": _LIST,
    "liveBroadcasts.insert": _WRITE,
    "liveBroadcasts.bind": _WRITE,
    "liveBroadcasts.transition": _WRITE,
    "liveBroadcasts.delete": _WRITE,
    "liveStreams.list": _LIST,
    "liveStreams.insert": _WRITE,
}


def cost(post: Post, *, playlist: bool) -> tuple[Cost, ...]:
    """What an announcement takes from each bucket of the day."""
    spent = sorted(cost_of(calls_for(post, playlist=playlist)).items())
    return tuple(Cost(amount=Decimal(units), unit=_NAMES[bucket], day_has=BUCKETS[bucket]) for bucket, units in spent)


def cost_of(calls: Iterable[str]) -> dict[str, int]:
    """What those calls take from each bucket."""
    spent: Counter[str] = Counter()
    for call in calls:
        spent[UNITS[call].bucket] += UNITS[call].units
    return dict(spent)


def calls_for(post: Post, *, playlist: bool) -> list[str]:
    """The calls of a first run in which nothing goes wrong; the playlist and the stream exist already."""
    live = post.live if post.live and post.live.is_to_create else None
    calls = ["channels.list"]
    if post.video:
        calls += ["videos.insert", "videos.list", *_PUBLICATION, *len(post.video.subtitles) * ["captions.insert"]]
    if live:
        calls += ["liveStreams.list", "liveBroadcasts.insert", "liveBroadcasts.bind", "videos.update", *_PUBLICATION]
    posters = (post.video and post.video.poster, live and live.poster)
    calls += sum(poster is not None for poster in posters) * ["thumbnails.set"]
    if playlist:
        calls += [
            "playlists.list",
            "playlists.list",
            *(bool(post.video) + bool(live)) * ["playlistItems.list", "playlistItems.insert"],
        ]
    return calls


_PUBLICATION = ("videos.list", "videos.update", "videos.list")
