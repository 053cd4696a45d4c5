"""Live events: made private, activated, and over; the shapes beyond the endpoint list are not verified against Vimeo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Live
from socialcast.model.errors import TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, LiveState, LiveStatus
from socialcast.publisher import Ingest
from socialcast.publishers.vimeo import words
from socialcast.publishers.vimeo.api import Api
from socialcast.publishers.vimeo.uploads import id_of
from socialcast.wire.secrets import Secret

__all__ = ["LiveEvents", "state_of"]

_EVENTS = "/me/live_events"
_HOME = "https://vimeo.com"
_SEEN = "uri,link,title,stream_description,live_video"
_STATES: Mapping[str, LiveState] = {  # of the event's live video
    "streaming": LiveState.LIVE,
    "streaming_error": LiveState.LIVE,
    "archiving": LiveState.ENDED,
    "archive_error": LiveState.ENDED,
    "done": LiveState.REPLAY,
}


class LiveEvents:
    """The live events of one account."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, post: Post, live: Live, steps: Steps) -> Item:
        """An event that nobody sees yet."""
        made = steps.once("live", lambda: self._insert(post, live), lambda: self._find(post, live))
        return Item(id=id_of(made["uri"]), kind="live", url=made["link"])

    def ingest(self, event: Item) -> Ingest:
        """Where to send the pictures to, over TLS."""
        told = self._api.call("GET", f"{_EVENTS}/{event.id}", fields="rtmps_link,stream_key")
        if not told.get("stream_key"):
            raise TerminalError("Vimeo gives no stream key for the event", hint="look at the event on vimeo.com")
        return Ingest(url=told["rtmps_link"], key=Secret(told["stream_key"]))

    def status(self, event: Item) -> LiveStatus:
        """Where the event is in its life, by the video that it becomes."""
        video = self._api.call("GET", f"{_EVENTS}/{event.id}", fields=_SEEN).get("live_video") or {}
        status = str((video.get("live") or {}).get("status", ""))
        state = state_of({"live_video": video})
        replay_url = str(video.get("link") or event.url) if state is LiveState.REPLAY else ""
        receiving = status == "streaming" if status else None
        return LiveStatus(state=state, receiving=receiving, health=status, replay_url=replay_url)

    def start(self, event: Item, steps: Steps) -> None:
        """Let the event go on the air as soon as pictures come in."""
        steps.once("live/start", lambda: self._move(event, "activate"), repeatable=True)

    def end(self, event: Item, steps: Steps) -> None:
        """Take it off the air."""
        steps.once("live/end", lambda: self._move(event, "end"), repeatable=True)

    def _insert(self, post: Post, live: Live) -> dict[str, str]:
        return _facts(self._api.call("POST", _EVENTS, words.event_body(post, live), fields="uri,link"))

    def _find(self, post: Post, live: Live) -> dict[str, str] | None:
        wanted = {words.mark(post, "live"), live.description or "\n\n".join(post.parts)}
        for event in self._api.listed(_EVENTS, type="all", fields=_SEEN):
            if event.get("stream_description") in wanted and event.get("title") == (live.title or post.title):
                return _facts(event)
        return None

    def _move(self, event: Item, verb: str) -> str:
        self._api.call("POST", f"{_EVENTS}/{event.id}/{verb}")
        return verb


def state_of(event: Mapping[str, Any]) -> LiveState:
    """Where an event is in its life, by the video that it becomes."""
    status = ((event.get("live_video") or {}).get("live") or {}).get("status", "")
    return _STATES.get(status, LiveState.SCHEDULED)


def _facts(told: Mapping[str, Any]) -> dict[str, str]:
    """Vimeo gives an event's page without its host."""
    link = str(told["link"])
    return {"uri": str(told["uri"]), "link": link if "://" in link else _HOME + link}
