"""Live events of Enterprise plans (endpoint list and field notes, 2026-11-22; the shapes of states are our reading)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.vimeo.access import User, answer, chosen, json_body, operation, page_of
from socialcast.sandbox.platforms.vimeo.refusals import GONE, RefusalError, invalid, no_plan
from socialcast.sandbox.platforms.vimeo.tables import LIMITS, PRIVACIES
from socialcast.sandbox.platforms.vimeo.videos import Videos

__all__ = ["Event", "LiveEvents"]

_INGEST = "rtmps://rtmp-global.cloud.vimeo.com:443/live"


@dataclass(slots=True, kw_only=True, eq=False)
class Event:
    """One event; it has a live video once it is activated."""

    id: str
    user: User
    at: float
    key: str
    title: str
    description: str = ""
    view: str = "anybody"
    starts_at: str = ""
    is_activated: bool = False
    is_receiving: bool = False
    was_on_air: bool = False
    ended_at: float | None = None

    @property
    def link(self) -> str:
        """Its page, which the API tells without the host."""
        return f"/event/{self.id}"


class LiveEvents(Videos):
    """The part of the mirror that is on the air."""

    def reset(self) -> None:
        """Forget all events."""
        super().reset()
        self.events: dict[str, Event] = {}

    def set_ingest(self, key: str, is_active: bool) -> None:
        """Pictures begin or cease to come in with that key."""
        event = next((event for event in self.events.values() if event.key == key), None)
        if event is None:
            raise KeyError("no live event has that key")
        event.is_receiving = is_active
        event.was_on_air |= is_active and event.is_activated

    @operation("create")
    def add_event(self, user: User, request: Request) -> Response:
        """POST /me/live_events: for plans that have them."""
        if user.plan != "enterprise":
            raise no_plan("live events")
        told = json_body(request)
        if not told.get("title"):
            raise invalid("title")
        event = Event(id=self.ids.digits(7), user=user, at=self.clock.now(), key=f"sandbox-{self.ids.hexadecimal(24)}", title="")
        _apply(event, told)
        self.events[event.id] = event
        return answer(chosen(self.event_node(event), request.args.get("fields")), 201)

    @operation("private")
    def list_events(self, user: User, request: Request) -> Response:
        """GET /me/live_events."""
        if user.plan != "enterprise":
            raise no_plan("live events")
        own = [event for event in reversed(self.events.values()) if event.user is user]
        return answer(page_of([self.event_node(event) for event in own], request))

    @operation("private")
    def read_event(self, user: User, request: Request, event: str) -> Response:
        """GET /me/live_events/{event}."""
        return answer(chosen(self.event_node(self._own(user, event)), request.args.get("fields")))

    @operation("edit")
    def change_event(self, user: User, request: Request, event: str) -> Response:
        """PATCH /me/live_events/{event}."""
        found = self._own(user, event)
        _apply(found, json_body(request))
        return answer(chosen(self.event_node(found), request.args.get("fields")))

    @operation("delete")
    def delete_event(self, user: User, request: Request, event: str) -> Response:
        """DELETE /me/live_events/{event}."""
        del self.events[self._own(user, event).id]
        return answer(status=204)

    @operation("edit")
    def activate_event(self, user: User, request: Request, event: str) -> Response:
        """POST .../activate: from now on what comes in is on the air."""
        found = self._own(user, event)
        if found.ended_at is not None:
            raise RefusalError(400, 2204, "The live event has ended.")
        found.is_activated = True
        found.was_on_air |= found.is_receiving
        return answer(self._video(found))

    @operation("edit")
    def end_event(self, user: User, request: Request, event: str) -> Response:
        """POST .../end: off the air for good."""
        found = self._own(user, event)
        if not found.is_activated:
            raise RefusalError(400, 2204, "The live event is not active.")
        found.ended_at = found.ended_at or self.clock.now()
        return answer(self.event_node(found))

    def live_state(self, event: Event) -> str:
        """The state of its live video."""
        if event.ended_at is not None:
            return "archiving" if self.clock.now() < event.ended_at + LIMITS.processing_seconds else "done"
        return "streaming" if event.is_activated and event.is_receiving else "ready"

    def event_node(self, event: Event) -> dict[str, Any]:
        """The resource as the API tells it."""
        return {
            "uri": f"/live_events/{event.id}",
            "link": event.link,
            "title": event.title,
            "stream_description": event.description,
            "stream_privacy": {"view": event.view},
            "schedule": {"type": "single", "start_time": event.starts_at},
            "rtmp_link": _INGEST.replace("rtmps", "rtmp").replace(":443", ""),
            "rtmps_link": _INGEST,
            "stream_key": event.key,
            "live_video": self._video(event) if event.is_activated else None,
        }

    def _video(self, event: Event) -> dict[str, Any]:
        link = f"https://vimeo.com{event.link}"
        return {"uri": f"/videos/{event.id}00", "link": link, "live": {"status": self.live_state(event)}}

    def _own(self, user: User, id: str) -> Event:
        event = self.events.get(id)
        if event is None or event.user is not user:
            raise GONE
        return event


def _apply(event: Event, told: dict[str, Any]) -> None:
    """The fields of an event as they were sent. Raises RefusalError."""
    view = (told.get("stream_privacy") or {}).get("view", event.view)
    title, starts_at = told.get("title", event.title), (told.get("schedule") or {}).get("start_time", event.starts_at)
    description = told.get("stream_description", event.description) or ""
    checks = {
        "title": 0 < len(title) <= LIMITS.name_characters,
        "stream_description": len(description) <= LIMITS.description_characters,
        "stream_privacy.view": view in PRIVACIES,
        "schedule.start_time": not starts_at or _is_moment(starts_at),
    }
    if wrong := [name for name, fits in checks.items() if not fits]:
        raise invalid(*wrong)
    event.view, event.title, event.starts_at, event.description = view, title, starts_at, description


def _is_moment(told: str) -> bool:
    try:
        return datetime.fromisoformat(told).tzinfo is not None
    except ValueError:
        return False
