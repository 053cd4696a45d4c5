"""Live broadcasts and the streams that feed them, with the order of their states (Live Streaming API docs, 2026-11-22)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.youtube.access import Channel, answer, call, json_body, stamp
from socialcast.sandbox.platforms.youtube.playlists import Playlists
from socialcast.sandbox.platforms.youtube.refusals import RefusalError, bad, forbidden
from socialcast.sandbox.platforms.youtube.tables import LIMITS, TRANSITIONS
from socialcast.sandbox.platforms.youtube.videos import Video

__all__ = ["Broadcast", "Live", "Stream"]

_LATE = timedelta(minutes=10)  # a start just past is tolerated; how far is not documented
_LATENCIES = frozenset({"normal", "low", "ultraLow"})
_RESOLUTIONS = frozenset({"240p", "360p", "480p", "720p", "1080p", "1440p", "2160p", "variable"})
_FRAME_RATES = frozenset({"30fps", "60fps", "variable"})
_INGESTIONS = frozenset({"rtmp", "dash", "hls", "webrtc"})
_DOMAIN = "youtube.liveBroadcast"


@dataclass(slots=True, kw_only=True, eq=False)
class Stream:
    """An ingest point; `key` lets anybody send."""

    id: str
    channel: Channel
    title: str
    cdn: dict[str, Any]
    key: str
    is_reusable: bool
    is_active: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Broadcast:
    """An event; its video has the same id."""

    video: Video
    starts_at: str
    ends_at: str
    details: dict[str, Any]
    state: str = "created"
    stream: Stream | None = None
    history: dict[str, str] = field(default_factory=dict)


class Live(Playlists):
    """The part of the mirror that is on the air."""

    def reset(self) -> None:
        """Forget all events and streams."""
        super().reset()
        self.streams: dict[str, Stream] = {}
        self.broadcasts: dict[str, Broadcast] = {}

    def set_ingest(self, key: str, is_active: bool) -> None:
        """Pictures begin or cease to come in with that key; events that start and stop by themselves do so."""
        stream = next((stream for stream in self.streams.values() if stream.key == key), None)
        if stream is None:
            raise KeyError("no stream has that key")
        stream.is_active = is_active
        for broadcast in self.broadcasts.values():
            starts, stops = broadcast.details.get("enableAutoStart"), broadcast.details.get("enableAutoStop")
            if broadcast.stream is stream and is_active and starts and broadcast.state == "ready":
                self._enter(broadcast, "live")
            elif broadcast.stream is stream and not is_active and stops and broadcast.state == "live":
                self._enter(broadcast, "complete")

    @call
    def list_streams(self, channel: Channel, request: Request) -> Response:
        """GET /liveStreams?mine=true or by id."""
        _one_filter(request, "mine", "id")
        ids = request.args.get("id", "").split(",")
        own = [stream for stream in self.streams.values() if stream.channel is channel]
        found = [stream for stream in own if "mine" in request.args or stream.id in ids]
        return answer(self.page([_stream(one) for one in found], request, "youtube#liveStreamListResponse"))

    @call
    def insert_stream(self, channel: Channel, request: Request) -> Response:
        """POST /liveStreams."""
        _require_live(channel)
        body = json_body(request)
        title, cdn = body.get("snippet", {}).get("title", ""), body.get("cdn", {})
        if not 1 <= len(title) <= LIMITS.stream_title_characters:
            raise bad("invalidTitle", "The title is invalid.")
        known = ((_RESOLUTIONS, "resolution"), (_FRAME_RATES, "frameRate"), (_INGESTIONS, "ingestionType"))
        for values, name in known:
            if cdn.get(name) not in values:
                raise bad(
                    f"{name}Required" if name not in cdn else f"invalid{name[0].upper()}{name[1:]}", f"cdn.{name} is invalid."
                )
        if (cdn["resolution"] == "variable") != (cdn["frameRate"] == "variable"):
            raise bad("invalidFormat", "Resolution and frame rate are both variable or neither is.")
        reusable = bool(body.get("contentDetails", {}).get("isReusable", True))
        key = f"sandbox-stream-key-{self.token_of(16)}"
        stream = Stream(id=self.token_of(24), channel=channel, title=title, cdn=cdn, key=key, is_reusable=reusable)
        self.streams[stream.id] = stream
        return answer(_stream(stream))

    @call
    def delete_stream(self, channel: Channel, request: Request) -> Response:
        """DELETE /liveStreams."""
        del self.streams[self._own_stream(channel, request.args.get("id", "")).id]
        return answer(status=204)

    @call
    def list_broadcasts(self, channel: Channel, request: Request) -> Response:
        """GET /liveBroadcasts, by exactly one filter."""
        _one_filter(request, "broadcastStatus", "id", "mine")
        states = {"upcoming": {"created", "ready"}, "active": {"testing", "live"}, "completed": {"complete"}}
        wanted = states.get(request.args.get("broadcastStatus", ""))
        ids = request.args["id"].split(",") if "id" in request.args else None
        found = [
            _broadcast(one)
            for one in reversed(self.broadcasts.values())
            if one.video.channel is channel and (ids is None or one.video.id in ids) and (wanted is None or one.state in wanted)
        ]
        return answer(self.page(found, request, "youtube#liveBroadcastListResponse"))

    @call
    def insert_broadcast(self, channel: Channel, request: Request) -> Response:
        """POST /liveBroadcasts: an event, and the video that it will be."""
        _require_live(channel)
        body = json_body(request)
        snippet, status, details = (body.get(part, {}) for part in ("snippet", "status", "contentDetails"))
        title = _title(snippet)
        if "privacyStatus" not in status:
            raise bad("privacyStatusRequired", "The privacy status is required.")
        if details.get("latencyPreference", "normal") not in _LATENCIES:
            raise bad("invalidLatencyPreferenceOptions", "The latency preference is invalid.")
        video = Video(
            id=self.token_of(11),
            channel=channel,
            at=self.clock.datetime(),
            snippet={"title": title, "description": snippet.get("description", ""), "categoryId": "22"},
            status={"license": "youtube", "embeddable": True, "publicStatsViewable": True, **status},
        )
        starts_at = self._start(snippet)
        self.videos[video.id] = video
        broadcast = Broadcast(video=video, starts_at=starts_at, ends_at=snippet.get("scheduledEndTime", ""), details=details)
        self.broadcasts[video.id] = broadcast
        return answer(_broadcast(broadcast))

    @call
    def update_broadcast(self, channel: Channel, request: Request) -> Response:
        """PUT /liveBroadcasts: the named parts, whole."""
        body, parts = json_body(request), request.args.get("part", "")
        broadcast = self._own_broadcast(channel, body.get("id", ""))
        if "snippet" in parts:
            snippet = body.get("snippet", {})
            title = _title(snippet)
            broadcast.starts_at, broadcast.ends_at = self._start(snippet), snippet.get("scheduledEndTime", "")
            broadcast.video.snippet |= {"title": title, "description": snippet.get("description", "")}
        if "status" in parts:
            broadcast.video.status |= body.get("status", {})
        if "contentDetails" in parts:
            broadcast.details = body.get("contentDetails", {})
        return answer(_broadcast(broadcast))

    @call
    def delete_broadcast(self, channel: Channel, request: Request) -> Response:
        """DELETE /liveBroadcasts, and its video with it; not while it is on the air."""
        broadcast = self._own_broadcast(channel, request.args.get("id", ""))
        if broadcast.state in ("testing", "live"):
            raise forbidden("liveBroadcastDeletionNotAllowed", "The broadcast cannot be deleted in its current status.", _DOMAIN)
        del self.broadcasts[broadcast.video.id], self.videos[broadcast.video.id]
        return answer(status=204)

    @call
    def bind_broadcast(self, channel: Channel, request: Request) -> Response:
        """POST /liveBroadcasts/bind: to a stream, or to none."""
        broadcast = self._own_broadcast(channel, request.args.get("id", ""))
        if broadcast.state not in ("created", "ready"):
            raise forbidden("liveBroadcastBindingNotAllowed", "The current status does not allow it.", _DOMAIN)
        id = request.args.get("streamId")
        broadcast.stream = self._own_stream(channel, id) if id else None
        broadcast.state = "ready" if id else "created"
        return answer(_broadcast(broadcast))

    @call
    def transition_broadcast(self, channel: Channel, request: Request) -> Response:
        """POST /liveBroadcasts/transition: only from the right state, and only while pictures come in."""
        broadcast = self._own_broadcast(channel, request.args.get("id", ""))
        wanted = request.args.get("broadcastStatus", "")
        if wanted not in TRANSITIONS:
            raise bad("invalidParameter", f"Invalid value '{wanted}' for broadcastStatus.")
        monitored = broadcast.details.get("monitorStream", {}).get("enableMonitorStream", True)
        if broadcast.state == wanted:
            raise forbidden("redundantTransition", "Redundant transition", _DOMAIN)
        is_skipping = wanted == "live" and monitored and broadcast.state == "ready"
        if broadcast.state not in TRANSITIONS[wanted] or is_skipping or (wanted == "testing" and not monitored):
            raise forbidden("invalidTransition", "Invalid transition", _DOMAIN)
        if wanted != "complete" and not (broadcast.stream and broadcast.stream.is_active):
            raise forbidden("errorStreamInactive", "Stream is inactive", _DOMAIN)
        self._enter(broadcast, wanted)
        return answer(_broadcast(broadcast))

    def _enter(self, broadcast: Broadcast, state: str) -> None:
        broadcast.state = state
        broadcast.history[state] = stamp(self.clock.datetime())

    def _start(self, snippet: dict[str, Any]) -> str:
        told = snippet.get("scheduledStartTime")
        if not told:
            raise bad("scheduledStartTimeRequired", "The scheduled start time is required.")
        try:
            moment = datetime.fromisoformat(told)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or moment < self.clock.datetime() - _LATE:
            raise bad("invalidScheduledStartTime", "The scheduled start time is invalid.")
        return str(told)

    def _own_stream(self, channel: Channel, id: str) -> Stream:
        stream = self.streams.get(id)
        if stream is None or stream.channel is not channel:
            raise RefusalError(404, "liveStreamNotFound", "Stream not found")
        return stream

    def _own_broadcast(self, channel: Channel, id: str) -> Broadcast:
        broadcast = self.broadcasts.get(id)
        if broadcast is None or broadcast.video.channel is not channel:
            raise RefusalError(404, "liveBroadcastNotFound", "Broadcast not found", _DOMAIN)
        return broadcast


def _title(snippet: dict[str, Any]) -> str:
    """The title, which every write of the snippet names (LiveBroadcastSnippet: required for insert and update)."""
    title = str(snippet.get("title", ""))
    if not title.strip():
        raise bad("titleRequired", "The title is required.")
    if len(title) > LIMITS.title_characters or set("<>") & set(title):
        raise bad("invalidTitle", "The title is invalid.")
    return title


def _require_live(channel: Channel) -> None:
    if not channel.live_enabled:
        raise forbidden("liveStreamingNotEnabled", "The user is not enabled for live streaming.", _DOMAIN)


def _one_filter(request: Request, *names: str) -> None:
    if sum(name in request.args for name in names) != 1:
        raise bad("missingRequiredParameter" if not set(names) & set(request.args) else "incompatibleParameters", "One filter.")


def _stream(stream: Stream) -> dict[str, Any]:
    ingestion = {
        "streamName": stream.key,
        "ingestionAddress": "rtmp://a.rtmp.youtube.com/live2",
        "backupIngestionAddress": "rtmp://b.rtmp.youtube.com/live2?backup=1",
        "rtmpsIngestionAddress": "rtmps://a.rtmps.youtube.com/live2",
        "rtmpsBackupIngestionAddress": "rtmps://b.rtmps.youtube.com/live2?backup=1",
    }
    health = {"status": "good" if stream.is_active else "noData"}
    return {
        "kind": "youtube#liveStream",
        "id": stream.id,
        "snippet": {"title": stream.title, "channelId": stream.channel.id},
        "cdn": {**stream.cdn, "ingestionInfo": ingestion},
        "status": {"streamStatus": "active" if stream.is_active else "ready", "healthStatus": health},
        "contentDetails": {"isReusable": stream.is_reusable},
    }


def _broadcast(broadcast: Broadcast) -> dict[str, Any]:
    video, times = broadcast.video, {"live": "actualStartTime", "complete": "actualEndTime"}
    told = {name: broadcast.history[state] for state, name in times.items() if state in broadcast.history}
    ends = {"scheduledEndTime": broadcast.ends_at} if broadcast.ends_at else {}
    snippet = {
        "title": video.snippet["title"],
        "description": video.snippet["description"],
        "channelId": video.channel.id,
        "scheduledStartTime": broadcast.starts_at,
        "publishedAt": stamp(video.at),
        "liveChatId": f"sandbox-chat-of-{video.id}",
    }
    bound = {"boundStreamId": broadcast.stream.id} if broadcast.stream else {}
    recording = {"live": "recording", "complete": "recorded"}.get(broadcast.state, "notRecording")
    status = {"privacyStatus": video.status["privacyStatus"], "lifeCycleStatus": broadcast.state, "recordingStatus": recording}
    return {
        "kind": "youtube#liveBroadcast",
        "id": video.id,
        "snippet": snippet | ends | told,
        "status": status,
        "contentDetails": {**broadcast.details, **bound},
    }
