"""What people do in an instance's own web page: reply, edit, delete (docs "statuses", 2026-07-02)."""

from __future__ import annotations

from dataclasses import replace

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.mastodon import text as texts
from socialcast.sandbox.platforms.mastodon.access import username_of
from socialcast.sandbox.platforms.mastodon.reads import Reads
from socialcast.sandbox.platforms.mastodon.state import App, Instance, Status, User, Version
from socialcast.sandbox.platforms.mastodon.statuses import may_read

__all__ = ["People"]

_WEB = "Web"


class People(Reads):
    """The part of the mirror that has people beside those who publish."""

    def reply_as(self, name: str, id: str, text: str) -> str:
        """The id of what a person of the same instance replies; the page puts the name of whom it answers before the text."""
        instance, parent = self._existing(id)
        user = self._person(instance, name)
        if not may_read(parent, user):
            raise UnplayedError(f"{name} does not see this status")
        named = f"@{parent.user.name}"
        words = _checked(instance, text if named in text.split() else f"{named} {text}" if text.strip() else "")
        version = Version(
            at=self.clock.now(), text=words, spoiler_text="", sensitive=False, language="en", media=(), described={}
        )
        made = {"user": user, "app": self._web(instance), "host": parent.host, "visibility": parent.visibility}
        status = Status(id=self.next_id(), versions=[version], parent=parent, **made)  # type: ignore[arg-type]
        self._publish(instance, status)
        return status.id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """Its author, signed in on the page, edits a status: another version, which everybody can look up."""
        instance, status = self._existing(id)
        if status.user is not self._person(instance, name):
            raise UnplayedError(f"the status is {status.user.name}'s to change")
        words = _checked(instance, text)
        if words != status.shown.text:
            status.versions.append(replace(status.shown, at=self.clock.now(), text=words))

    def remove_as(self, name: str, id: str) -> None:
        """Its author on the page, or the instance's moderators, delete a status."""
        self.remove_status(*self._existing(id))

    def _existing(self, id: str) -> tuple[Instance, Status]:
        for instance in self.instances.values():
            self.settle(instance)
            if id in instance.statuses:
                return instance, instance.statuses[id]
        raise KeyError(id)

    def _person(self, instance: Instance, name: str) -> User:
        known = self.accounts.get(name)
        user = (instance.users.get(known.id) if known else None) or instance.named(username_of(name))
        if user is None:
            user = User(id=self.next_id(), name=username_of(name), created_at=self.clock.now())
            instance.users[user.id] = user
        return user

    def _web(self, instance: Instance) -> App:
        known = next((app for app in instance.apps.values() if app.name == _WEB), None)
        return known or self.add_app(instance, _WEB, frozenset())


def _checked(instance: Instance, words: str) -> str:
    most, server = instance.server.max_characters, instance.server
    if not words.strip() or texts.length(words, server.characters_reserved_per_url) > most:
        raise UnplayedError(f"a status has 1 to {most} characters")
    return words
