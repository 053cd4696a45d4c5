"""What people do in Bluesky's app: reply as far as the thread's gate lets them, delete, hide replies (lexicons of 2026-08-20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.bluesky.access import stamp
from socialcast.sandbox.platforms.bluesky.appview import AppView
from socialcast.sandbox.platforms.bluesky.lexicons import POST, THREADGATE
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError
from socialcast.sandbox.platforms.bluesky.repo import Write
from socialcast.sandbox.platforms.bluesky.state import Record, User

__all__ = ["People"]

_SHOWN, _HIDDEN = "shown", "hidden"


class People(AppView):
    """The part of the mirror where people speak; nobody edits, as the app has no way to."""

    MODERATION = (_SHOWN, _HIDDEN)

    def reply_as(self, name: str, id: str, text: str) -> str:
        """The address of what a person replies to a post."""
        parent, user = self._existing(id), self.users[self.account(name).id]
        root = self.root_of(parent) or parent
        if not self.admits(root, user.did):
            raise UnplayedError(f"the gate of the thread does not let {name} reply")
        refs = {"root": _strong(parent.first[1].get("reply", {}).get("root"), root), "parent": _strong(None, parent)}
        value = {"text": text, "createdAt": stamp(self.clock.now()), "reply": refs}
        return self._write(user, POST, self.next_key(), value).uri

    def remove_as(self, name: str, id: str) -> None:
        """Its author in the app, or Bluesky's moderation, takes a post away; replies to it stay."""
        record = self._existing(id)
        self._commit(self.users[record.did], [Write("delete", POST, record.rkey)])

    def moderate_as(self, name: str, id: str, state: str) -> None:
        """The author of the thread hides a reply by the thread's gate, or shows it again."""
        record = self._existing(id)
        root = self.root_of(record)
        if root is None or state not in self.MODERATION:
            raise UnplayedError(f"a reply in a thread is {' or '.join(self.MODERATION)}")
        gate = self.gate_of(root)
        value = gate.value if gate else {"post": root.uri, "createdAt": stamp(self.clock.now())}
        hidden = [uri for uri in value.get("hiddenReplies", ()) if uri != id] + [id] * (state == _HIDDEN)
        self._write(self.users[root.did], THREADGATE, root.rkey, {**value, "hiddenReplies": hidden})

    def is_hidden(self, record: Record) -> bool:
        """Whether the app folds a reply away."""
        root = self.root_of(record)
        gate = self.gate_of(root) if root else None
        return gate is not None and record.uri in gate.value.get("hiddenReplies", ())

    def _existing(self, uri: str) -> Record:
        record = self.post_at(uri)
        if record is None:
            raise KeyError(uri)
        return record

    def _write(self, user: User, collection: str, rkey: str, value: dict[str, Any]) -> Record:
        kind = "update" if (collection, rkey) in user.records else "create"
        try:
            write = self._prepared(kind, user, {"collection": collection, "rkey": rkey, "validate": True}, value, "$.record")
            self._commit(user, [write])
        except RefusalError as refusal:
            raise UnplayedError(refusal.message) from None
        return user.records[write.place]


def _strong(told: Mapping[str, str] | None, record: Record) -> dict[str, str]:
    """What refers to a version of a post: as it is told already, or to the one that readers see."""
    return {"uri": told["uri"], "cid": told["cid"]} if told else {"uri": record.uri, "cid": record.first[0]}
