"""Rooms: made, joined, left, their state and their names (specification 1.19, "Rooms"; Synapse 1.163.2)."""

from __future__ import annotations

import re
from typing import Any

from socialcast.sandbox.mirror import Account, Response
from socialcast.sandbox.platforms.matrix.access import Call, operation
from socialcast.sandbox.platforms.matrix.events import Events, check_change, check_content, check_powers
from socialcast.sandbox.platforms.matrix.making import USER_ID, check_wishes, first_state
from socialcast.sandbox.platforms.matrix.refusals import BAD_OBJECT, RefusalError, answer, forbidden, missing, not_found
from socialcast.sandbox.platforms.matrix.state import Event, Room, User
from socialcast.sandbox.platforms.matrix.tables import DOMAIN, ROOM_VERSIONS

__all__ = ["Rooms"]

_ALIAS = re.compile(r"#[^:\s]+:[^\s]+")
_MEMBER, _ALIAS_STATE = "m.room.member", "m.room.canonical_alias"


class Rooms(Events):
    """The part of the mirror that keeps rooms."""

    def reset(self) -> None:
        """Forget all rooms and their names."""
        super().reset()
        self.aliases: dict[str, tuple[str, str]] = {}  # by alias: the room and who gave it

    @operation
    def create_room(self, call: Call) -> Response:
        """A room with its first events; an alias that is taken makes none."""
        self.count("room", call.user)
        told = call.body
        preset = told.get("preset") or ("public_chat" if told.get("visibility") == "public" else "private_chat")
        version = str(told.get("room_version") or ROOM_VERSIONS[-1])
        check_wishes(told, preset, version)
        alias = self._alias_of(told)
        room = self._new_room(call.user, version, preset, told)
        for event_type, content, state_key in first_state(call.user, room, preset, told, alias):
            check_content(room.id, call.user.id, event_type, content, state_key)
            self.add(room, call.user.id, event_type, content, state_key)
        self.rooms[room.id] = room
        if alias:
            self.aliases[alias] = (room.id, call.user.id)
        for user_id in told.get("invite", ()):
            self._put_member(room, call.user, user_id, "invite")
        return answer({"room_id": room.id})

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A user, in the room that is wished for."""
        account = super().open_account(name, **wishes)
        wanted = str(wishes.get("room", ""))
        if wanted and wanted not in self.rooms and wanted not in self.aliases:
            self._open_room(self.users[account.id], wanted)
        return account

    @operation
    def get_joined_rooms(self, call: Call) -> Response:
        """Where the caller is."""
        return answer({"joined_rooms": [room.id for room in self.rooms.values() if room.membership(call.user.id) == "join"]})

    @operation
    def join(self, call: Call, room_id: str) -> Response:
        """Come in; who is in already stays."""
        return self._join(call, room_id)

    @operation
    def join_by_any(self, call: Call, room: str) -> Response:
        """Come in by the room's id or one of its names."""
        return self._join(call, self._found(room) if room.startswith("#") else room)

    @operation
    def leave(self, call: Call, room_id: str) -> Response:
        """Go, or turn an invitation down."""
        room = self.rooms.get(room_id)
        if room is None or room.membership(call.user.id) in ("", "ban"):
            raise forbidden(f"{call.user.id} not in room {room_id}.")
        self._put_member(room, call.user, call.user.id, "leave")
        return answer({})

    @operation
    def invite(self, call: Call, room_id: str) -> Response:
        """Ask somebody in; one who is invited already is so again."""
        user_id = _user_id(call)
        room = self._room_of_member(call, room_id)
        if room.membership(user_id) == "join":
            raise forbidden(f"{user_id} is already in the room.")
        if room.membership(user_id) == "ban":
            raise forbidden(f"{user_id} is banned from the room")
        if room.power_of(call.user.id) < room.power_to("invite", 0):
            raise forbidden("You don't have permission to invite users")
        self.count("invite", call.user)
        self._put_member(room, call.user, user_id, "invite", call.body.get("reason"))
        return answer({})

    @operation
    def kick(self, call: Call, room_id: str) -> Response:
        """Put somebody out."""
        user_id = _user_id(call)
        room = self._room_of_member(call, room_id)
        if room.membership(user_id) not in ("join", "invite"):
            raise forbidden("The target user is not in the room")
        self._require_to_kick(room, call.user, user_id)
        self._put_member(room, call.user, user_id, "leave", call.body.get("reason"))
        return answer({})

    @operation
    def get_whole_state(self, call: Call, room_id: str) -> Response:
        """All that holds now; for those who left, what held then."""
        room = self.readable_room(call.user, room_id)
        return answer([self.view(room, event) for event in self._state_for(room, call.user).values()])

    @operation
    def get_state(self, call: Call, room_id: str, event_type: str) -> Response:
        """The content of what holds now of this type."""
        return self._content(call, room_id, event_type, "")

    @operation
    def get_keyed_state(self, call: Call, room_id: str, event_type: str, state_key: str) -> Response:
        """The same, with a key."""
        return self._content(call, room_id, event_type, state_key)

    @operation
    def put_state(self, call: Call, room_id: str, event_type: str) -> Response:
        """Change what holds; what holds already is no new event."""
        return self._put_state(call, room_id, event_type, "")

    @operation
    def put_keyed_state(self, call: Call, room_id: str, event_type: str, state_key: str) -> Response:
        """The same, with a key."""
        return self._put_state(call, room_id, event_type, state_key)

    @operation
    def get_members(self, call: Call, room_id: str) -> Response:
        """Everybody who stands somehow to the room."""
        room = self.readable_room(call.user, room_id)
        wanted = call.request.args.get("membership")
        events = [event for (event_type, _), event in self._state_for(room, call.user).items() if event_type == _MEMBER]
        return answer({"chunk": [self.view(room, each) for each in events if wanted in (None, each.content["membership"])]})

    @operation
    def get_joined_members(self, call: Call, room_id: str) -> Response:
        """Who is in."""
        room = self.readable_room(call.user, room_id)
        members = room.members("join")
        told = {str(each.state_key): each.content for each in members}
        names = ("display_name", "displayname"), ("avatar_url", "avatar_url")
        return answer({"joined": {id: {shown: content.get(name) for shown, name in names} for id, content in told.items()}})

    @operation
    def get_aliases(self, call: Call, room_id: str) -> Response:
        """The room's names on this server."""
        room = self.readable_room(call.user, room_id)
        return answer({"aliases": [alias for alias, (id, _) in self.aliases.items() if id == room.id]})

    @operation
    def find_alias(self, call: Call, alias: str) -> Response:
        """Which room has this name."""
        return answer({"room_id": self._found(alias), "servers": [DOMAIN]})

    @operation
    def put_alias(self, call: Call, alias: str) -> Response:
        """Give a room one more name."""
        room_id = call.body.get("room_id")
        if room_id is None:
            raise missing("room_id")
        if alias in self.aliases:
            raise RefusalError(409, "M_UNKNOWN", f"Room alias {alias} already exists")
        if room_id not in self.rooms:
            raise RefusalError(400, "M_UNKNOWN", "Room does not exist")
        self.joined_room(call.user, room_id)
        self.aliases[_checked_alias(alias)] = (room_id, call.user.id)
        return answer({})

    @operation
    def delete_alias(self, call: Call, alias: str) -> Response:
        """Take a name away."""
        if alias not in self.aliases:
            raise not_found("Unknown room alias")
        room_id, giver = self.aliases[alias]
        room = self.joined_room(call.user, room_id)
        if giver != call.user.id and room.power_of(call.user.id) < room.power_to_send(_ALIAS_STATE, is_state=True):
            raise forbidden("You don't have permission to delete the alias.")
        del self.aliases[alias]
        return answer({})

    @operation
    def get_visibility(self, call: Call, room_id: str) -> Response:
        """Whether the directory lists the room."""
        if room_id not in self.rooms:
            raise not_found("Unknown room")
        return answer({"visibility": self.rooms[room_id].visibility})

    def _open_room(self, user: User, wanted: str) -> None:
        told: dict[str, Any] = {"name": wanted}
        room = self._new_room(user, ROOM_VERSIONS[-1], "private_chat", told)
        alias = "" if wanted.startswith("!") else wanted
        if alias:
            self.aliases[alias] = (room.id, user.id)
        else:
            room.id = wanted
        for event_type, content, state_key in first_state(user, room, "private_chat", told, alias):
            self.add(room, user.id, event_type, content, state_key)
        self.rooms[room.id] = room

    def _found(self, alias: str) -> str:
        if alias not in self.aliases:
            raise not_found(f"Room alias {_checked_alias(alias)} not found")
        return self.aliases[alias][0]

    def _join(self, call: Call, room_id: str) -> Response:
        room = self.rooms.get(room_id)
        if room is None:
            words = "Can't join remote room because no servers that are in the room have been provided."
            raise RefusalError(404, "M_UNKNOWN", words)
        membership = room.membership(call.user.id)
        if membership == "ban":
            raise forbidden("You are banned from this room")
        if membership not in ("join", "invite") and room.told("m.room.join_rules").get("join_rule") != "public":
            raise forbidden("You are not invited to this room.")
        if membership != "join":
            self.count("join", call.user)
            self._put_member(room, call.user, call.user.id, "join")
        return answer({"room_id": room_id})

    def _alias_of(self, told: dict[str, Any]) -> str:
        name = told.get("room_alias_name")
        if name is None:
            return ""
        if re.search(r"\s", name):
            raise RefusalError(400, "M_INVALID_PARAM", "Invalid characters in room alias")
        if ":" in name:
            words = "':' is not permitted in the room alias name. Please note this expects a local part — 'wombat', not "
            raise RefusalError(400, "M_INVALID_PARAM", f"{words}'#wombat:example.com'.")
        alias = f"#{name}:{DOMAIN}"
        if alias in self.aliases:
            raise RefusalError(400, "M_ROOM_IN_USE", "Room alias already taken")
        return alias

    def _new_room(self, user: User, version: str, preset: str, told: dict[str, Any]) -> Room:
        id = f"!{self.opaque()}" if version == "12" else f"!{self.opaque(104)}:{DOMAIN}"
        trusted = tuple(told.get("invite", ())) if preset == "trusted_private_chat" and version == "12" else ()
        visibility = "public" if told.get("visibility") == "public" else "private"
        return Room(id=id, version=version, creators=(user.id, *trusted), visibility=visibility)

    def _room_of_member(self, call: Call, room_id: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None or room.membership(call.user.id) != "join":
            raise forbidden(f"{call.user.id} not in room {room_id}.")
        return room

    def _put_member(self, room: Room, by: User, user_id: str, membership: str, reason: object = None) -> Event:
        user = self.users.get(user_id)
        is_named = user is not None and membership in ("join", "invite")
        named = {"displayname": user.displayname} if user and is_named else {}
        told = {"reason": reason} if reason else {}
        return self.add(room, by.id, _MEMBER, {"membership": membership, **named, **told}, user_id)

    def _state_for(self, room: Room, user: User) -> dict[tuple[str, str], Event]:
        """What holds, for those who are in; for others what held when they left."""
        own = room.state.get((_MEMBER, user.id))
        if own is None or own.content.get("membership") == "join":
            return room.state
        held = [each for each in room.events if each.state_key is not None and each.order <= own.order]
        return {(each.type, str(each.state_key)): each for each in held}

    def _content(self, call: Call, room_id: str, event_type: str, state_key: str) -> Response:
        room = self.readable_room(call.user, room_id)
        event = self._state_for(room, call.user).get((event_type, state_key))
        if event is None:
            raise not_found("Event not found.")
        return answer(event.content)

    def _put_state(self, call: Call, room_id: str, event_type: str, state_key: str) -> Response:
        room = self.joined_room(call.user, room_id)
        check_content(room_id, call.user.id, event_type, call.body, state_key)
        if event_type == _MEMBER:
            return answer({"event_id": self._put_membership(call, room, state_key).id})
        self.require_power(room, call.user, event_type, is_state=True)
        if event_type == "m.room.power_levels":
            check_powers(room.version, room.creators, call.body)
            check_change(room, call.user, call.body)
        if event_type == _ALIAS_STATE:
            self._check_canonical(room, call.body)
        self.count("message", call.user)
        return answer({"event_id": self.add(room, call.user.id, event_type, call.body, state_key).id})

    def _put_membership(self, call: Call, room: Room, user_id: str) -> Event:
        membership = call.body.get("membership")
        if membership not in ("join", "invite", "leave", "ban", "knock"):
            raise BAD_OBJECT
        if user_id != call.user.id:
            self._require_to_kick(room, call.user, user_id)
        return self.add(room, call.user.id, _MEMBER, call.body, user_id)

    def _require_to_kick(self, room: Room, user: User, user_id: str) -> None:
        own = room.power_of(user.id)
        if own < room.power_to("kick") or own <= room.power_of(user_id):
            raise forbidden(f"You cannot kick user {user_id}.")

    def _check_canonical(self, room: Room, content: dict[str, Any]) -> None:
        for alias in (content.get("alias"), *content.get("alt_aliases", ())):
            if alias and self.aliases.get(alias, ("", ""))[0] != room.id:
                raise RefusalError(400, "M_BAD_ALIAS", f"Room alias {alias} does not point to the room")


def _user_id(call: Call) -> str:
    user_id = call.body.get("user_id")
    if user_id is None:
        raise missing("user_id")
    if not str(user_id).startswith("@"):
        raise RefusalError(400, "M_INVALID_PARAM", "Expected UserID string to start with '@'")
    if not USER_ID.fullmatch(str(user_id)):
        raise RefusalError(400, "M_INVALID_PARAM", "Expected UserID to be of the form '@localname:domain'")
    return str(user_id)


def _checked_alias(alias: str) -> str:
    if not _ALIAS.fullmatch(alias):
        raise RefusalError(400, "M_INVALID_PARAM", "Room alias invalid")
    return alias
