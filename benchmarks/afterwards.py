"""Replies and audit: what reading back costs beside the platforms' own paging calls; and the memory of a long stream.

Run as a module it is one side: `python -m benchmarks.afterwards WORK SIDE PLATFORM URL CHANNELS COUNT` prints its figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from benchmarks.answers import CREDENTIALS
from benchmarks.echoes import FACEBOOK_POST, PAGE_SIZE, X_POST, part, post_id
from benchmarks.measure import Row, measured_child, memory_mb, timed
from benchmarks.sink import serving
from socialcast import Announcement, Broadcast, Channel, State
from socialcast.delivery.ledger import Delivery
from socialcast.model.receipt import Item, Outcome
from socialcast.publishers.x.timeline import posted_at
from socialcast.wire.settings import Policy
from socialcast.wire.transport import Transport

__all__ = ["audit", "replies", "stream"]

_LATENCY_SECONDS = 0.05
_CHANNELS = 4
_LIMIT = 1.3
_FEWER_BY = 10  # replies in the run that shows what memory does not depend on
_MEMORY_LIMIT_MB = 4


def replies(count: int, *, rounds: int) -> list[Row]:
    """So many replies below a post on each of four accounts, X and Facebook."""
    return [row for platform in ("x", "facebook") for row in _compared("replies", platform, count, rounds)]


def audit(count: int, *, rounds: int) -> list[Row]:
    """A thread of so many posts on each of four accounts of X."""
    return _compared("audit", "x", count, rounds)


def stream(count: int) -> list[Row]:
    """The peak of reading and going through so many replies, by that of a tenth."""
    peaks = []
    for each in (count // _FEWER_BY, count):
        with serving(0, echoes=each) as sink:
            peaks.append(measured_child("benchmarks.afterwards", "stream", "ours", "facebook", sink.url, 1, each)["peak_mb"])
    note = f"{peaks[1]:.1f} MB at {count}, {peaks[0]:.1f} MB at {count // _FEWER_BY}"
    return [Row(name=f"stream{count}, memory", ours=peaks[1] - peaks[0], unit="MB", limit=_MEMORY_LIMIT_MB, note=note)]


def _compared(work: str, platform: str, count: int, rounds: int) -> list[Row]:
    figures: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": []}
    calls: dict[str, Counter[str]] = {}
    for number in range(rounds):
        for side in sorted(figures, reverse=bool(number % 2)):
            with serving(_LATENCY_SECONDS, echoes=count) as sink:
                figures[side].append(measured_child("benchmarks.afterwards", work, side, platform, sink.url, _CHANNELS, count))
                calls[side] = sink.calls
    if calls["ours"] != calls["bare"]:
        raise AssertionError(f"the sides make other calls: {calls}")
    seconds, cpu = ({side: median(each[unit] for each in told) for side, told in figures.items()} for unit in ("seconds", "cpu"))
    name = f"{work}{count} {platform}"
    note = f"{_CHANNELS} channels, {calls['ours'].total()} calls"
    return [
        Row(name=name, ours=seconds["ours"], baseline=seconds["bare"], unit="s", limit=_LIMIT, note=note),
        Row(name="… processor time", ours=cpu["ours"] * 1000, baseline=cpu["bare"] * 1000, unit="ms"),
    ]


# -- one side, in a process of its own -------------------------------------------------------------------------------------


def main(work: str, side: str, platform: str, url: str, channels: int, count: int) -> None:
    """Do it on one channel, which imports everything, then on all, and tell the figures."""
    _SIDES[side](work, platform, url, 1, min(count, PAGE_SIZE))
    seconds, cpu = _SIDES[side](work, platform, url, channels, count)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": memory_mb("VmHWM")}))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of the processor."""
    began = time.process_time()
    return timed(work), time.process_time() - began


def _ours(work: str, platform: str, url: str, channels: int, count: int) -> tuple[float, float]:
    names = [f"news{number}" for number in range(channels)]
    made = [Channel(name=name, platform=platform, policy=Policy.ADAPT) for name in names]
    said = Announcement(key="talk", text="\n\n".join(part(number) for number in range(count if work == "audit" else 1)))
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("socialcast.broadcast.channels._sandbox_credentials", lambda channel, *others: _credentials(channel)),
        Broadcast(made, ledger=Path(folder, "ledger"), sandbox=url) as broadcast,
    ):
        _note_as_published(broadcast, said, _items(platform, count if work == "audit" else 1))
        return _timed(partial(_WORKS[work], broadcast))


def _note_as_published(broadcast: Broadcast, said: Announcement, items: tuple[Item, ...]) -> None:
    platforms = {name: channel.platform for name, channel in broadcast.channels.items()}
    broadcast.ledger.remember(said.key, said.digest, said.to_json(), 0, platforms)
    for name, platform in platforms.items():
        outcome = Outcome(
            channel=name,
            platform=platform,
            state=State.PUBLISHED,
            id=items[0].id,
            items=items,
            published_at=posted_at(post_id(0)),
        )
        broadcast.ledger.save_delivery(said.key, Delivery(name, platform, "published", outcome, None), 0)


def _items(platform: str, count: int) -> tuple[Item, ...]:
    ids = map(post_id, range(count)) if platform == "x" else [FACEBOOK_POST]
    return tuple(Item(id=id, kind="post") for id in ids)


def _read(broadcast: Broadcast) -> None:
    if broadcast.dialogue("talk").read().exit_code:
        raise AssertionError("not everything could be read")


def _audited(broadcast: Broadcast) -> None:
    report = broadcast.audit("talk")
    if report.exit_code:
        raise AssertionError(f"something differs: {report.outcomes[0].reason} {report.outcomes[0].findings[:2]}")


def _streamed(broadcast: Broadcast) -> None:
    _read(broadcast)
    for kept in broadcast.dialogue("talk"):
        if not kept.reply.text:
            raise AssertionError("a reply says nothing")


def _credentials(channel: Channel) -> dict[str, str]:
    facts = {"number": str(2244994945 + int(channel.name.removeprefix("news"))), "name": channel.name}
    return {name: value.format(**facts) for name, value in CREDENTIALS[channel.platform].items()}


# -- the paging calls by themselves ------------------------------------------------------------------------------------------


def _bare(work: str, platform: str, url: str, channels: int, count: int) -> tuple[float, float]:
    transport = Transport(sandbox_url=url, connections=channels)
    page_through = _PAGED[work, platform]
    with ThreadPoolExecutor(channels) as pool:
        return _timed(lambda: list(pool.map(partial(page_through, transport, count), range(channels))))


def _tweepy(transport: Transport, number: int) -> Callable[..., Any]:
    """Calls signed by the library, over a session such as a channel has, with their answers decoded."""
    import tweepy

    client = tweepy.Client(**_credentials(Channel(name=f"news{number}", platform="x")), return_type=dict)
    client.session = transport.session()
    return lambda path, **query: client.request("GET", path, params=query, user_auth=True).json()


def _x_replies(transport: Transport, count: int, number: int) -> None:
    ask = _tweepy(transport, number)
    ask("/2/users/me")
    fields = {
        "expansions": "author_id",
        "tweet.fields": "author_id,created_at,entities,lang,note_tweet,referenced_tweets",
        "user.fields": "username",
    }
    query = {"query": f"conversation_id:{X_POST}", "max_results": 100, "sort_order": "recency", **fields}
    _page_by("next_token", partial(ask, "/2/tweets/search/recent", **query))


def _x_audit(transport: Transport, count: int, number: int) -> None:
    ask = _tweepy(transport, number)
    shown = {"expansions": "attachments.media_keys", "media.fields": "alt_text,type,url"}
    for start in range(0, count, PAGE_SIZE):
        ids = ",".join(map(post_id, range(start, min(start + PAGE_SIZE, count))))
        ask("/2/tweets", ids=ids, **{"tweet.fields": "attachments,entities,note_tweet"}, **shown)
    query = {"max_results": 100, "start_time": "2025-11-22T00:00:00Z"}
    fields = {"tweet.fields": "entities,referenced_tweets,attachments,note_tweet"}
    _page_by("pagination_token", partial(ask, f"/2/users/{2244994945 + number}/tweets", **query, **fields))


def _page_by(name: str, ask: Callable[..., Any]) -> None:
    token: Mapping[str, str] = {}
    while following := ask(**token)["meta"].get("next_token"):
        token = {name: following}


def _facebook_replies(transport: Transport, count: int, number: int) -> None:
    import facebook

    session = transport.session()
    session.headers["Authorization"] = "Bearer sandbox-token"
    graph = facebook.GraphAPI(session=session)
    fields = "id,message,from,created_time,permalink_url,is_hidden,can_comment,parent"
    query = {"filter": "stream", "order": "chronological", "limit": PAGE_SIZE, "fields": fields}
    while True:
        told = graph.request(f"v26.0/{FACEBOOK_POST}/comments", args=query)
        if "next" not in told["paging"]:
            return
        query["after"] = told["paging"]["cursors"]["after"]


_WORKS: Mapping[str, Callable[[Broadcast], None]] = {"replies": _read, "audit": _audited, "stream": _streamed}
_PAGED = {("replies", "x"): _x_replies, ("audit", "x"): _x_audit, ("replies", "facebook"): _facebook_replies}
_SIDES = {"ours": _ours, "bare": _bare}

if __name__ == "__main__":
    _, work, side, platform, url, channels, count = sys.argv
    main(work, side, platform, url, int(channels), int(count))
