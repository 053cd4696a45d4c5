"""Live events: made private with the channel's reusable stream, then on the air, off it, and a recording."""

from __future__ import annotations

from typing import Any

from googleapiclient.errors import HttpError

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Live
from socialcast.model.errors import TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, LiveState, LiveStatus
from socialcast.publisher import Ingest
from socialcast.publishers.youtube import words
from socialcast.publishers.youtube.client import YoutubeClient
from socialcast.publishers.youtube.errors import reason_of
from socialcast.publishers.youtube.sightings import find_broadcast
from socialcast.publishers.youtube.tables import YoutubeSettings
from socialcast.wire.secrets import Secret

__all__ = ["LiveEvents"]

_MAX_STREAM_TITLE = 128
_BEFORE_TEST = frozenset({"created", "ready"})
_ON_AIR = frozenset({"liveStarting", "live"})
_STATES = {"live": LiveState.LIVE, "complete": LiveState.ENDED, "revoked": LiveState.ENDED}  # all others: scheduled


class LiveEvents:
    """The live events of one channel."""

    def __init__(self, client: YoutubeClient, settings: YoutubeSettings) -> None:
        self._client, self._settings = client, settings

    def create(self, post: Post, live: Live, steps: Steps) -> str:
        """The id of a private event that is bound to the channel's stream and says what the post says."""
        stream_id = steps.once("live/stream", lambda: self._stream(post), lambda: self._find_stream(post))
        event_id = steps.once(
            "live", lambda: self._insert(post, live), lambda: find_broadcast(self._client, words.mark(post, "live"))
        )
        steps.once("live/bind", lambda: self._bind(event_id, stream_id), repeatable=True)
        steps.once("live/details", lambda: self._describe(event_id, post, live), repeatable=True)
        return event_id

    def ingest(self, event: Item) -> Ingest:
        """Where the event's stream takes pictures, over TLS."""
        told = self._stream_of(self._event(event), "cdn")["cdn"]["ingestionInfo"]
        return Ingest(url=told["rtmpsIngestionAddress"], key=Secret(told["streamName"]))

    def status(self, event: Item) -> LiveStatus:
        """Where the event is in its life; the recording has the event's own address."""
        broadcast = self._event(event)
        life = broadcast["status"]["lifeCycleStatus"]
        state = _STATES.get(life, LiveState.SCHEDULED)
        if state is LiveState.ENDED:
            return self._after(event, broadcast)
        stream = self._stream_of(broadcast, "status")["status"]
        return LiveStatus(
            state=state,
            receiving=stream["streamStatus"] == "active",
            health=stream.get("healthStatus", {}).get("status", ""),
            viewers=self._viewers(event) if state is LiveState.LIVE else None,
        )

    def start(self, event: Item, steps: Steps) -> None:
        """Put it on the air, by way of a test where the event has a monitor stream, which YouTube then insists on."""
        broadcast = steps.read(lambda: self._event(event))
        life = broadcast["status"]["lifeCycleStatus"]
        if life in _ON_AIR:
            return
        self._require_pictures(broadcast, steps)
        if life in _BEFORE_TEST and broadcast["contentDetails"].get("monitorStream", {}).get("enableMonitorStream"):
            self._move(event, "testing", "live/test", steps)
            steps.read(lambda: self._require_testing(event))
        self._move(event, "live", "live/start", steps)

    def end(self, event: Item, steps: Steps) -> None:
        """Take it off the air for good."""
        if steps.read(lambda: self._event(event))["status"]["lifeCycleStatus"] != "complete":
            self._move(event, "complete", "live/end", steps)

    def change(self, event: Item, post: Post, live: Live) -> str:
        """Give it the times that it has from now on, and how it is played; once it has begun, both are history."""
        shown, wanted = self._event(event), words.broadcast_body(post, live, self._settings)
        if shown["status"]["lifeCycleStatus"] not in _BEFORE_TEST or words.is_as_planned(shown, wanted):
            return event.id
        said = {name: shown["snippet"][name] for name in ("title", "description")}  # what an update leaves out is cleared
        body = {"id": event.id, "snippet": {**wanted["snippet"], **said}, "contentDetails": wanted["contentDetails"]}
        return str(self._client.call("liveBroadcasts.update", part="snippet,contentDetails", body=body).get("id", ""))

    # -- making it -----------------------------------------------------------------------------------------------------

    def _stream(self, post: Post) -> str:
        """The channel's own stream; one that can be used again serves every event."""
        return self._find_stream(post) or self._insert_stream(post)

    def _find_stream(self, post: Post) -> str | None:
        title = _stream_title(post)
        streams = self._client.items("liveStreams.list", part="snippet", mine=True)
        return next((str(stream["id"]) for stream in streams if stream["snippet"]["title"] == title), None)

    def _insert_stream(self, post: Post) -> str:
        body = {
            "snippet": {"title": _stream_title(post)},
            "cdn": {"ingestionType": "rtmp", "resolution": "variable", "frameRate": "variable"},
            "contentDetails": {"isReusable": True},
        }
        return str(self._client.call("liveStreams.insert", part="snippet,cdn,contentDetails", body=body).get("id", ""))

    def _insert(self, post: Post, live: Live) -> str:
        body = words.broadcast_body(post, live, self._settings)
        return str(self._client.call("liveBroadcasts.insert", part="snippet,status,contentDetails", body=body).get("id", ""))

    def _bind(self, event_id: str, stream_id: str) -> str:
        bound = self._client.call("liveBroadcasts.bind", part="id,contentDetails", id=event_id, streamId=stream_id)
        return str(bound.get("contentDetails", {}).get("boundStreamId", ""))

    def _describe(self, event_id: str, post: Post, live: Live) -> str:
        body = {"id": event_id, **words.details_body(post, live, self._settings)}
        return str(self._client.call("videos.update", part="snippet,status", body=body).get("id", ""))

    # -- its life ------------------------------------------------------------------------------------------------------

    def _event(self, event: Item) -> dict[str, Any]:
        return self._client.one("liveBroadcasts.list", event.id, "snippet,status,contentDetails")

    def _stream_of(self, broadcast: dict[str, Any], part: str) -> dict[str, Any]:
        stream_id = broadcast["contentDetails"].get("boundStreamId")
        if not stream_id:
            raise TerminalError("the event is bound to no stream", hint="bind it to one in YouTube Studio")
        return self._client.one("liveStreams.list", stream_id, part)

    def _after(self, event: Item, broadcast: dict[str, Any]) -> LiveStatus:
        is_recorded = broadcast["status"].get("recordingStatus") == "recorded"
        return LiveStatus(state=LiveState.REPLAY if is_recorded else LiveState.ENDED, replay_url=event.url if is_recorded else "")

    def _viewers(self, event: Item) -> int | None:
        told = self._client.one("videos.list", event.id, "liveStreamingDetails").get("liveStreamingDetails", {})
        return int(told["concurrentViewers"]) if "concurrentViewers" in told else None

    def _require_pictures(self, broadcast: dict[str, Any], steps: Steps) -> None:
        stream = steps.read(lambda: self._stream_of(broadcast, "status"))
        if stream["status"]["streamStatus"] != "active":
            raise TerminalError(
                "no pictures come in", code="errorStreamInactive", hint="start the encoder, then start the event again"
            )

    def _require_testing(self, event: Item) -> str:
        """The step to the test takes some seconds, and none to the air is allowed before it."""
        if self._event(event)["status"]["lifeCycleStatus"] not in {"testing", *_ON_AIR}:
            raise TransientError("the event's test has not begun yet", hint="run it again to go on")
        return "testing"

    def _move(self, event: Item, wanted: str, step: str, steps: Steps) -> None:
        """Bring it to another state, whatever an earlier step says: the platform was asked, and is not there."""
        steps.once(step, lambda: self._transition(event.id, wanted), repeatable=True, valid=lambda done: False)

    def _transition(self, event_id: str, wanted: str) -> str:
        try:
            moved = self._client.call("liveBroadcasts.transition", part="status", id=event_id, broadcastStatus=wanted)
        except HttpError as error:
            if reason_of(error) != "redundantTransition":
                raise
            return event_id
        return str(moved.get("id", ""))


def _stream_title(post: Post) -> str:
    return f"socialcast {post.channel}"[:_MAX_STREAM_TITLE]
