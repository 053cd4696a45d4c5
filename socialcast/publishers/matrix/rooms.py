"""The room: found or made, entered, and looked at before every message: who could read what is written there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import requests

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Audience
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.publishers.matrix.api import Api, code_of, path
from socialcast.publishers.matrix.events import transaction
from socialcast.publishers.matrix.tables import MatrixSettings

__all__ = ["Rooms"]

_ABSENT = "M_NOT_FOUND"
_CLOSED = {  # state that keeps others out: the field, what is taken, and what holds where it was never set
    "m.room.join_rules": ("join_rule", frozenset({"invite", "knock"}), "public"),
    "m.room.history_visibility": ("history_visibility", frozenset({"invited", "joined", "shared"}), "shared"),
}
_MADE_CLOSED = (
    {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "invited"}},
    {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
)
_WRITERS_LEVEL = 50  # who was invited reads; a stranger's post could not be told from the press office's
_MAKING = "room/make"
_MAKE_CLOSED = "close the room again, see who came in, and run it again"


class Invited(NamedTuple):
    """How many were to be invited, and who could not be, with the reason."""

    total: int
    refused: list[tuple[str, str]]

    @property
    def remark(self) -> str:
        """For whoever keeps the list; empty where all is well."""
        told = ", ".join(f"{user} ({why})" for user, why in self.refused)
        return f"{len(self.refused)} of {self.total} are not invited: {told}" if told else ""


class Rooms:
    """The channel's room."""

    def __init__(self, api: Api, settings: MatrixSettings, audience: Audience) -> None:
        self._api, self._settings, self._audience = api, settings, audience

    def look(self) -> str:
        """The room's id, where it is there and the account in it; raises NotAllowed where it is not fit for the channel."""
        room = self.find()
        if not room or not self._is_in(room):
            return ""
        self.require_fit(room)
        return room

    def find(self) -> str:
        """The room's id; empty where it is still to be made. Raises NotAllowed where there is none."""
        if self._settings.room.startswith("!"):
            return self._settings.room
        try:
            return str(self._api.get(path("/directory/room/{}", self._settings.room))["room_id"])
        except requests.HTTPError as error:
            if code_of(error) != _ABSENT:
                raise
        self._require_makeable()
        return ""

    def enter(self, steps: Steps) -> str:
        """The id of the room, in which the account is now, and which is fit for the channel."""
        found = steps.read(self.find)
        room = found if found and not steps.begun_at(_MAKING) else steps.once(_MAKING, self._make, lambda: self.find() or None)
        if (begun := steps.note("room", room)) != room:
            raise NotAllowed(
                f"{self._settings.room} leads to another room than the one where this announcement was begun",
                hint=f"let it lead to {begun} again, or give the announcement a key of its own",
            )
        if not steps.read(partial(self._is_in, room)):
            steps.once("join", self._join, repeatable=True)
        steps.read(partial(self.require_fit, room))
        return room

    def require_fit(self, room: str) -> None:
        """Raise NotAllowed for a room that others can read where the channel is for the press, and for one that is encrypted."""
        if self._audience is Audience.PRESS:
            self._require_closed(room)
        if self._state(room, "m.room.encryption") is not None and not self._settings.allow_encrypted:
            raise NotAllowed(
                f"the room {self._settings.room} is encrypted, which socialcast does not do",
                hint="use a room without encryption, or set allow_encrypted = true: what is written there is then unencrypted",
            )

    def invite(self, room: str, users: tuple[str, ...], steps: Steps) -> Invited:
        """Invite whoever never was: who left, declined or was banned is left alone."""
        known = steps.read(partial(self._members, room)) if users else {}
        refused = []
        for user in users:
            if user not in known and (why := self._invite(room, user, steps)):
                refused.append((user, why))
        return Invited(len(users), refused)

    # -- looking ---------------------------------------------------------------------------------------------------------

    def _require_closed(self, room: str) -> None:
        for kind, (field, closed, unset) in _CLOSED.items():
            value = (self._state(room, kind) or {}).get(field, unset)
            if value not in closed:
                self._refuse_open(f"its {field} is {value!r}")
            if value == "knock" and (self._state(room, "m.room.guest_access") or {}).get("guest_access") == "can_join":
                self._refuse_open("guests without an account may ask to come in")
        if self._api.get(path("/directory/list/room/{}", room)).get("visibility") != "private":
            self._refuse_open("the server's directory lists it")

    def _refuse_open(self, why: str) -> None:
        raise NotAllowed(f"the room {self._settings.room} is open, so nothing for the press goes there: {why}", hint=_MAKE_CLOSED)

    def _state(self, room: str, kind: str) -> dict[str, Any] | None:
        try:
            return self._api.get(path("/rooms/{}/state/{}", room, kind))
        except requests.HTTPError as error:
            if code_of(error) == _ABSENT:
                return None
            raise

    def _is_in(self, room: str) -> bool:
        return room in self._api.get("/joined_rooms")["joined_rooms"]

    def _members(self, room: str) -> Mapping[str, str]:
        """What everybody is to the room who ever had to do with it."""
        listed = self._api.get(path("/rooms/{}/members", room))["chunk"]
        return {event["state_key"]: event["content"].get("membership", "") for event in listed}

    # -- making and entering ---------------------------------------------------------------------------------------------

    def _require_makeable(self) -> None:
        room, own = self._settings.room, self._api.server_name
        if not self._settings.room_name:
            raise NotAllowed(
                f"{room} leads to no room", hint="correct the address, or set room_name to have a closed room made there"
            )
        if (server := room.partition(":")[2]) != own:
            raise NotAllowed(f"{room} leads to no room, and one of {server} cannot be made from {own}", hint="make it there")

    def _make(self) -> str:
        wanted = {
            "preset": "private_chat",
            "visibility": "private",
            "name": self._settings.room_name,
            "room_alias_name": self._settings.room[1:].partition(":")[0],
            "initial_state": _MADE_CLOSED,
            "power_level_content_override": {"events_default": _WRITERS_LEVEL},
        }
        return self.find() or str(self._api.post("/createRoom", wanted)["room_id"])

    def _join(self) -> str:
        return str(self._api.post(path("/join/{}", self._settings.room), {})["room_id"])

    def _invite(self, room: str, user: str, steps: Steps) -> str:
        """Why that user could not be invited; empty where they were."""

        def send() -> str:
            self._api.post(path("/rooms/{}/invite", room), {"user_id": user})
            return "invited"

        try:
            steps.once(f"invite/{transaction(user)[:16]}", send, lambda: self._members(room).get(user))
        except TerminalError as error:
            return error.message
        return ""
