"""Statuses: posted, scheduled, edited and deleted (docs "statuses" and "scheduled_statuses", 2026-07-02; server code of 4.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import regex

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.mastodon import text
from socialcast.sandbox.platforms.mastodon.access import Call, operation
from socialcast.sandbox.platforms.mastodon.entities import scheduled_view, status_view
from socialcast.sandbox.platforms.mastodon.media import Media, focus_of
from socialcast.sandbox.platforms.mastodon.parameters import boolean, moment, words
from socialcast.sandbox.platforms.mastodon.refusals import NOT_FOUND, RefusalError, answer, invalid
from socialcast.sandbox.platforms.mastodon.state import Attachment, Instance, Scheduled, Status, User, Version
from socialcast.sandbox.platforms.mastodon.tables import LIMITS

__all__ = ["Statuses"]

_VISIBILITIES = ("public", "unlisted", "private", "direct")
_LANGUAGE = regex.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?")
_DEFAULT_LANGUAGE = "en"
# what stands for the text where there is a warning and nothing below it, by the first kind of media that fits
_STAND_INS = {"video": "📹", "gifv": "📹", "audio": "🎵", "image": "🖼"}


class Statuses(Media):
    """The part of the mirror that takes posts."""

    @operation
    def create_status(self, call: Call) -> Response:
        """Post at once, or at `scheduled_at` where that is at least five minutes ahead."""
        parent = self._parent(call)
        media = self.attachable(call, words(call.told.get("media_ids")))
        version = self._version(call, media)
        visibility = str(call.told.get("visibility") or "public")
        if visibility not in _VISIBILITIES:
            raise invalid("Visibility is not included in the list")
        due_at = moment(call.told.get("scheduled_at")) if call.server.schedules else None
        made: dict[str, Any] = {"user": call.user, "app": call.app, "host": call.request.host}
        told: dict[str, Any] = {**made, "visibility": visibility, "parent": parent}
        if due_at is not None and due_at > self.clock.now() + LIMITS.schedule_ahead_seconds:
            return answer(scheduled_view(call.instance, self._schedule(call, due_at, version, told)))
        status = Status(id=self.next_id(), versions=[version], **told)
        self._publish(call.instance, status)
        return answer(status_view(call.instance, status, call.user))

    @operation
    def edit_status(self, call: Call, id: str) -> Response:
        """A new version; media that are not named again go, and a version that changes nothing is none."""
        status = self.own_status(call, id)
        media = self.attachable(call, words(call.told.get("media_ids")), status.id)
        version = _redescribed(self._version(call, media, status.shown), call.told.get("media_attributes"))
        if replace(version, at=status.shown.at) != status.shown:
            status.versions.append(version)
            for each in media:
                each.status_id = status.id
        return answer(status_view(call.instance, status, call.user))

    @operation
    def delete_status(self, call: Call, id: str) -> Response:
        """Gone, with its source told and its media free again for a day, so that it can be written anew."""
        status = self.own_status(call, id)
        told = {**status_view(call.instance, status, call.user), "text": status.shown.text}
        self.remove_status(call.instance, status)
        for attachment in self._media_of(call.instance, status):
            attachment.status_id, attachment.at = "", self.clock.now()
            if boolean(call.told.get("delete_media")):
                del call.instance.media[attachment.id]
        return answer(told)

    @operation
    def favourite(self, call: Call, id: str) -> Response:
        """Like it; twice is once."""
        status = self.visible_status(call, id)
        status.favourites.add(call.user.id)
        return answer(status_view(call.instance, status, call.user))

    @operation
    def unfavourite(self, call: Call, id: str) -> Response:
        """Like it no more."""
        status = self.visible_status(call, id)
        status.favourites.discard(call.user.id)
        return answer(status_view(call.instance, status, call.user))

    @operation
    def get_scheduled(self, call: Call, id: str) -> Response:
        """One that is to come."""
        return answer(scheduled_view(call.instance, self._scheduled(call, id)))

    @operation
    def move_scheduled(self, call: Call, id: str) -> Response:
        """Another time, and nothing else."""
        scheduled = self._scheduled(call, id)
        due_at = moment(call.told.get("scheduled_at"))
        if due_at is None or due_at < self.clock.now() + LIMITS.schedule_ahead_seconds:
            raise invalid("Scheduled at must be in the future")
        scheduled.due_at = due_at
        return answer(scheduled_view(call.instance, scheduled))

    @operation
    def cancel_scheduled(self, call: Call, id: str) -> Response:
        """It will not come; its media are free."""
        self._forget(call.instance, self._scheduled(call, id))
        return answer({})

    def settle(self, instance: Instance) -> None:
        """Publish what is due; one whose media went elsewhere meanwhile never comes."""
        for scheduled in sorted(instance.scheduled.values(), key=lambda each: each.due_at):
            if scheduled.due_at <= self.clock.now():
                self._forget(instance, scheduled)
                media = [instance.media.get(id) for id in scheduled.version.media]
                if all(each and not each.status_id for each in media):
                    self._publish(instance, self._status_of(scheduled))
        super().settle(instance)

    def remove_status(self, instance: Instance, status: Status) -> None:
        """Take it away; what answers it stays, and answers nothing."""
        for other in instance.replies_to(status):
            other.parent = None
        del instance.statuses[status.id]

    def visible_status(self, call: Call, id: str) -> Status:
        """A status that the caller may read. Raises RefusalError."""
        status = call.instance.statuses.get(id)
        if status is None or not may_read(status, call.viewer):
            raise NOT_FOUND
        return status

    def own_status(self, call: Call, id: str) -> Status:
        """A status of the caller's; others' are not found. Raises RefusalError."""
        status = call.instance.statuses.get(id)
        if status is None or status.user is not call.user:
            raise NOT_FOUND
        return status

    def _parent(self, call: Call) -> Status | None:
        id = call.told.get("in_reply_to_id")
        if not id:
            return None
        parent = call.instance.statuses.get(str(id))
        if parent is None or not may_read(parent, call.viewer):
            raise RefusalError(404, "The post you are trying to reply to does not appear to exist.")
        return parent

    def _version(self, call: Call, media: list[Attachment], before: Version | None = None) -> Version:
        """What is to be shown. Raises RefusalError for an empty text and one that is too long."""
        told, server = call.told, call.server
        words, warning = str(told.get("status") or ""), str(told.get("spoiler_text") or "")
        if not words.strip() and warning:
            words = next((_STAND_INS[each.kind] for each in media if each.kind in _STAND_INS), ".")
        if not words.strip() and not media:
            raise invalid("Text can't be blank")
        if text.length(warning + words, server.characters_reserved_per_url) > server.max_characters:
            raise invalid(f"Text character limit of {server.max_characters} exceeded")
        if not (media or told.get("in_reply_to_id") or server.takes_text_alone):
            raise RefusalError(403, "Empty statuses are not allowed")
        language = str(told.get("language") or (before.language if before else ""))
        return Version(
            at=self.clock.now(),
            text=words,
            spoiler_text=warning,
            sensitive=boolean(told.get("sensitive")) or bool(warning),
            language=language if _LANGUAGE.fullmatch(language) else _DEFAULT_LANGUAGE,
            media=tuple(each.id for each in media),
            described={each.id: _description(each, before) for each in media},
        )

    def _schedule(self, call: Call, due_at: float, version: Version, told: dict[str, Any]) -> Scheduled:
        """Put it on the list. Raises RefusalError where that is full; a key is kept and means nothing (issue 30039)."""
        others = [each for each in call.instance.scheduled.values() if each.user is call.user]
        if len(others) >= LIMITS.scheduled_total:
            raise invalid(f"Base You have exceeded the limit of {LIMITS.scheduled_total} scheduled posts")
        if sum(each.due_at // 86_400 == due_at // 86_400 for each in others) >= LIMITS.scheduled_a_day:
            raise invalid(f"Base You have exceeded the limit of {LIMITS.scheduled_a_day} scheduled posts for today")
        key, now = call.request.headers.get("Idempotency-Key"), self.clock.now()
        scheduled = Scheduled(id=self.ids.digits(6), due_at=due_at, made_at=now, version=version, key=key, **told)
        call.instance.scheduled[scheduled.id] = scheduled
        for id in version.media:
            call.instance.media[id].scheduled_id = scheduled.id
        return scheduled

    def _publish(self, instance: Instance, status: Status) -> None:
        instance.statuses[status.id] = status
        for attachment in self._media_of(instance, status):
            attachment.status_id = status.id

    def _status_of(self, scheduled: Scheduled) -> Status:
        version = replace(scheduled.version, at=scheduled.due_at)
        told = {name: getattr(scheduled, name) for name in ("user", "app", "host", "visibility", "parent")}
        return Status(id=self.next_id(), versions=[version], **told)

    def _media_of(self, instance: Instance, status: Status) -> Iterable[Attachment]:
        return [instance.media[id] for id in status.shown.media if id in instance.media]

    def _scheduled(self, call: Call, id: str) -> Scheduled:
        scheduled = call.instance.scheduled.get(id)
        if scheduled is None or scheduled.user is not call.user:
            raise NOT_FOUND
        return scheduled

    def _forget(self, instance: Instance, scheduled: Scheduled) -> None:
        del instance.scheduled[scheduled.id]
        for id in scheduled.version.media:
            if (attachment := instance.media.get(id)) and attachment.scheduled_id == scheduled.id:
                attachment.scheduled_id = ""


def may_read(status: Status, viewer: User | None) -> bool:
    """Whether a viewer sees it: followers there are none, and a direct one is for those that it names."""
    if status.visibility in ("public", "unlisted") or status.user is viewer:
        return True
    named = {name.lower() for name, server in text.mentions(status.shown.text) if not server}
    return viewer is not None and viewer.name.lower() in named


def _description(each: Attachment, before: Version | None) -> tuple[str | None, tuple[float, float] | None]:
    return before.described[each.id] if before and each.id in before.described else (each.description, each.focus)


def _redescribed(version: Version, attributes: Any) -> Version:
    """The version with the descriptions and points that `media_attributes` change."""
    described = dict(version.described)
    for row in attributes if isinstance(attributes, list) else ():
        id = str(row.get("id"))
        if id in described:
            description, focus = described[id]
            focus = focus_of(row["focus"]) if "focus" in row else focus
            described[id] = (row.get("description", description), focus)
    return replace(version, described=described)
