"""What people do in a Matrix program of their own: answer in a room, edit what they said, redact (specification 1.19)."""

from __future__ import annotations

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.matrix.events import check_content
from socialcast.sandbox.platforms.matrix.media import Media
from socialcast.sandbox.platforms.matrix.refusals import RefusalError
from socialcast.sandbox.platforms.matrix.state import Event, Room, User

__all__ = ["People"]

_MESSAGE = "m.room.message"


class People(Media):
    """The part of the mirror that has people beside those who publish; a room lets in whom it lets in."""

    def reply_as(self, name: str, id: str, text: str) -> str:
        """The id of what a person answers to a message, or says in a room; whoever is not in it goes in first, if let in."""
        room, event = self._existing(id)
        user = self._person(name)
        self._go_in(room, user)
        relation = {"m.relates_to": {"m.in_reply_to": {"event_id": event.id}}} if event else {}
        return self._say(room, user, {"msgtype": "m.text", "body": text, **relation})

    def edit_as(self, name: str, id: str, text: str) -> None:
        """The sender of a message puts another version in its place."""
        room, event = self._existing(id)
        user = self._person(name)
        if event is None or event.sender != user.id:
            raise UnplayedError("only the sender of a message edits it")
        new = {"msgtype": "m.text", "body": text}
        edit = {"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event.id}}
        self._say(room, user, {**new, "body": f"* {text}", **edit})

    def remove_as(self, name: str, id: str) -> None:
        """The sender, or somebody with the power to, redacts a message."""
        room, event = self._existing(id)
        user = self._person(name)
        if event is None or (event.sender != user.id and room.power_of(user.id) < room.power_to("redact")):
            raise UnplayedError(f"{name} cannot redact this")
        because = self.add(room, user.id, "m.room.redaction", {"redacts": id}, redacts=id)
        self.redact_event(room, event, because)

    def _existing(self, id: str) -> tuple[Room, Event | None]:
        """The room of that id, or the message and its room."""
        if id in self.rooms:
            return self.rooms[id], None
        for room in self.rooms.values():
            if event := room.find(id):
                return room, event
        raise KeyError(id)

    def _person(self, name: str) -> User:
        return self.users[self.account(name).id]

    def _go_in(self, room: Room, user: User) -> None:
        membership = room.membership(user.id)
        is_open = room.told("m.room.join_rules").get("join_rule") == "public" and membership != "ban"
        if membership not in ("join", "invite") and not is_open:
            raise UnplayedError(f"the room does not let {user.localpart} in")
        if membership != "join":
            self._put_member(room, user, user.id, "join")

    def _say(self, room: Room, user: User, content: dict[str, object]) -> str:
        if not str(content["body"]).removeprefix("* ").strip():
            raise UnplayedError("a message has words")
        try:
            self.require_power(room, user, _MESSAGE, is_state=False)
            check_content(room.id, user.id, _MESSAGE, content)
        except RefusalError as refusal:
            raise UnplayedError(str(refusal)) from None
        return self.add(room, user.id, _MESSAGE, content).id
