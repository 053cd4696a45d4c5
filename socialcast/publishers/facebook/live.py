"""Live events of a Page: created out of sight, put on the air, ended, and their recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialcast.model.announcement import Live
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import LiveState, LiveStatus
from socialcast.publisher import Ingest
from socialcast.publishers.facebook import words
from socialcast.publishers.facebook.graph import Graph, GraphAPIError, codes_of
from socialcast.publishers.facebook.tables import LIVE_RULE
from socialcast.wire.secrets import Secret

__all__ = ["STATES", "create", "find", "ingest", "status"]

_MADE = "id,title,description,planned_start_time,permalink_url"
_STATUS = "status,live_views,permalink_url,video{id,permalink_url},ingest_streams{is_master,stream_health}"
_WAITING = ("SCHEDULED_UNPUBLISHED", "SCHEDULED_LIVE", "UNPUBLISHED", "LIVE")
STATES: Mapping[str, LiveState] = {
    "UNPUBLISHED": LiveState.SCHEDULED,
    "SCHEDULED_UNPUBLISHED": LiveState.SCHEDULED,
    "SCHEDULED_LIVE": LiveState.SCHEDULED,
    "SCHEDULED_EXPIRED": LiveState.ENDED,
    "SCHEDULED_CANCELED": LiveState.ENDED,
    "LIVE": LiveState.LIVE,
    "LIVE_STOPPED": LiveState.ENDED,
    "PROCESSING": LiveState.ENDED,
    "VOD": LiveState.REPLAY,
}
_NO_RIGHT = frozenset({10, 100, *range(200, 300)})


def create(graph: Graph, page_id: str, post: Post, live: Live) -> str:
    """The id of the new event, which nobody sees before it is on the air. Raises NotAllowed for a Page that may have none."""
    try:
        made = graph.post(f"{page_id}/live_videos", status="SCHEDULED_UNPUBLISHED", **words.live_fields(post, live))
    except GraphAPIError as error:
        if codes_of(error)[0] not in _NO_RIGHT:
            raise
        raise NotAllowed(str(error.message), code=str(codes_of(error)[0]), hint=LIVE_RULE) from error
    return str(made.get("id", ""))


def find(graph: Graph, page_id: str, post: Post, live: Live) -> str | None:
    """The id of the event with the same words and start."""
    wanted = words.live_fields(post, live)
    listed = graph.pages(f"{page_id}/live_videos", fields=_MADE, broadcast_status=_WAITING)
    return next((str(event["id"]) for event in listed if _is_like(event, wanted)), None)


def ingest(graph: Graph, event_id: str) -> Ingest:
    """The server, and the key behind its last slash."""
    told = graph.get(event_id, fields="secure_stream_url").get("secure_stream_url", "")
    if not told:
        raise TerminalError("Facebook gives no address to send to: the event is over", hint="create another event")
    url, _, key = told.rpartition("/")
    return Ingest(url=f"{url}/", key=Secret(key))


def status(graph: Graph, event_id: str) -> LiveStatus:
    """Where the event is in its life."""
    told = graph.get(event_id, fields=_STATUS)
    health = _health(told)
    return LiveStatus(
        state=STATES.get(told["status"], LiveState.SCHEDULED),
        receiving=bool(health),
        health=health,
        viewers=told.get("live_views"),
        replay_url=_replay(told),
    )


def _is_like(event: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Facebook tells the start of some events only; where it does, it counts."""
    same_words = all(event.get(name, "") == wanted.get(name, "") for name in ("title", "description"))
    start, told = (wanted.get("event_params") or {}).get("start_time"), words.moment(event.get("planned_start_time"))
    return same_words and (told is None or start is None or int(told.timestamp()) == start)


def _health(told: Mapping[str, Any]) -> str:
    """What Facebook measures of the pictures that come in, empty where none do."""
    streams = told.get("ingest_streams") or ()
    listed = streams.get("data", ()) if isinstance(streams, dict) else streams
    measured: Mapping[str, Any] = next((stream["stream_health"] for stream in listed if stream.get("stream_health")), {})
    return ", ".join(f"{name.replace('_', ' ')} {value:,.0f}" for name, value in sorted(measured.items()) if value)


def _replay(told: Mapping[str, Any]) -> str:
    if told.get("status") != "VOD":
        return ""
    return words.address((told.get("video") or {}).get("permalink_url") or told.get("permalink_url", ""))
