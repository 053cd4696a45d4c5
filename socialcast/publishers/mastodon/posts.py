"""One post being sent, and how it is found again on the account's own timeline if the answer is lost.

The key that goes with it spares a second post on servers that keep it, and proves nothing: some ignore it, some refuse a
second use of it whatever became of the first, some answer it with the first answer, errors too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from socialcast.model.errors import OutcomeUnknown, TerminalError
from socialcast.publishers.mastodon import words
from socialcast.publishers.mastodon.api import Api, MastodonError, status_of
from socialcast.publishers.mastodon.tables import MEDIA_USED, NO_SOURCE
from socialcast.wire.clock import Clock

__all__ = ["Attempt", "Likeness", "MediaLapsed", "Wanted", "compare", "find_scheduled", "made", "moment"]

_CLOCK_TOLERANCE = timedelta(minutes=2)  # between this machine's clock and the server's
_RECOVERY_WINDOW = timedelta(days=30)  # how far an empty ledger makes us look back
_MAY_BE_WORKING = frozenset({502, 503, 504})  # of a proxy, behind which the server may still make the post


class Wanted(NamedTuple):
    """The post that is looked for: its text, the post that it answers, and all ids that its media ever had."""

    text: str
    parent: str
    media_ids: tuple[str, ...]
    media_count: int


class Likeness(Enum):
    """SAME: it is ours; CLOSE: its source has to tell; UNCLEAR: a person has to say; OTHER: it is not."""

    SAME = "same"
    CLOSE = "close"
    UNCLEAR = "unclear"
    OTHER = "other"


class MediaLapsed(TerminalError):
    """The server has dropped the media, and no post shows them."""


class Attempt:
    """One post; `begun` is when an earlier run began to send it, None where the ledger knows of none."""

    def __init__(
        self,
        api: Api,
        account_id: Callable[[], str],
        clock: Clock,
        fields: Mapping[str, Any],
        wanted: Wanted,
        key: str,
        begun: datetime | None,
    ) -> None:
        self._api, self._account_id, self._clock = api, account_id, clock
        self._fields, self._wanted, self._key = fields, wanted, key
        self._since = begun and begun - _CLOCK_TOLERANCE
        self._refused_keys, self._refused_media = 0, 0

    def send(self) -> dict[str, Any]:
        """The new post. Raises MediaLapsed where media are gone that no post shows."""
        self._since = self._since or self._clock.now() - _CLOCK_TOLERANCE
        key = f"{self._key}-{self._refused_keys}" if self._refused_keys else self._key
        try:
            return made(self._api.post(self._fields, key))
        except MastodonError as error:
            self._learn(error)
            raise

    def find(self) -> dict[str, Any] | None:
        """The post on the timeline, None if it is not there. Raises OutcomeUnknown for what cannot be told apart."""
        unclear = ""
        for found in self._recent():
            likeness = self._compared(found)
            if likeness is Likeness.SAME:
                return made(found)
            if likeness is Likeness.UNCLEAR:
                unclear = str(found.get("url") or found["id"])
        if unclear:
            raise OutcomeUnknown(f"{unclear} is like this post as far as can be told; it may be the one")
        return None

    def _learn(self, error: MastodonError) -> None:
        """What was refused goes with a new key next time, since a server may answer the old one with the same refusal.

        Media that are refused a second time were looked for in between, and no post has them.
        """
        status = status_of(error)
        if status is not None and status not in _MAY_BE_WORKING:
            self._refused_keys += 1
        if MEDIA_USED in str(error):
            self._refused_media += 1
            if self._refused_media > 1:
                raise MediaLapsed("the server has dropped the uploads", hint="run it again") from error

    def _recent(self) -> Iterator[Mapping[str, Any]]:
        since = self._since or self._clock.now() - _RECOVERY_WINDOW
        for found in self._api.posts(self._account_id()):
            if moment(found["created_at"]) < since:
                return
            yield found

    def _compared(self, found: Mapping[str, Any]) -> Likeness:
        likeness = compare(found, self._wanted)
        if likeness is not Likeness.CLOSE:
            return likeness
        try:
            source = self._api.source(str(found["id"]))
        except MastodonError as error:
            if status_of(error) in NO_SOURCE:
                return Likeness.UNCLEAR
            raise
        return Likeness.SAME if words.same(source, self._wanted.text) else Likeness.OTHER


def compare(found: Mapping[str, Any], wanted: Wanted) -> Likeness:
    """How a post of the timeline is like the wanted one.

    A medium is in one post alone, so its id decides. Of media that were uploaded anew the ids differ; then the text does. Some
    servers lose a picture on the way, so that a post may have fewer.
    """
    media = [str(medium["id"]) for medium in found.get("media_attachments") or ()]
    if set(media) & set(wanted.media_ids):
        return Likeness.SAME
    if str(found.get("in_reply_to_id") or "") != wanted.parent or len(media) > wanted.media_count:
        return Likeness.OTHER
    said = words.plain(str(found.get("content") or ""))
    if words.letters(said) != words.letters(wanted.text):
        return Likeness.OTHER
    if not wanted.text.strip():
        return Likeness.UNCLEAR if media else Likeness.OTHER
    return Likeness.SAME if words.same(said, wanted.text) else Likeness.CLOSE


def find_scheduled(api: Api, wanted: Wanted, at: datetime) -> dict[str, Any] | None:
    """The post among those that the server keeps until that time."""
    for found in api.scheduled():
        params = found.get("params") or {}
        ids = {str(id) for id in params.get("media_ids") or ()}
        same_words = words.same(str(params.get("text") or ""), wanted.text) and bool(wanted.text.strip())
        is_in_time = abs(moment(found["scheduled_at"]) - at) < timedelta(minutes=1)
        if ids & set(wanted.media_ids) or (is_in_time and same_words and len(ids) == wanted.media_count):
            return made(found)
    return None


def made(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be remembered of a post: its id, address, time, and how many media it shows; nothing of one without an id,
    which the library tells as None."""
    if not told.get("id"):
        return {}
    at = told.get("created_at") or told.get("scheduled_at")
    return {
        "id": str(told["id"]),
        "url": str(told.get("url") or told.get("uri") or ""),
        "at": moment(at).isoformat() if at else "",
        "media": len(told.get("media_attachments") or ()),
    }


def moment(told: Any) -> datetime:
    """A time as the library gives it, or as the server wrote it."""
    when = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    return when if when.tzinfo else when.replace(tzinfo=UTC)
