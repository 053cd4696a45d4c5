"""One post being sent, and how it is found again if the answer is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import tweepy

from socialcast.model.errors import DuplicatePost, OutcomeUnknown
from socialcast.publishers.x.access import Access
from socialcast.publishers.x.media import Uploaded
from socialcast.publishers.x.settings import ReplySettings
from socialcast.publishers.x.tables import DUPLICATE, RECOVERY
from socialcast.publishers.x.timeline import Likeness, Wanted, compare, own_posts
from socialcast.wire.clock import Clock

__all__ = ["CLOCK_TOLERANCE", "RECOVERY_WINDOW", "Attempt", "content", "permalink", "post_id"]

CLOCK_TOLERANCE = timedelta(minutes=2)  # between this machine's clock and X's
_PERMALINK = re.compile(r"https://(?:www\.)?(?:x|twitter)\.com/(?:\w+|i/web)/status/(\d+)")
RECOVERY_WINDOW = timedelta(days=30)  # how far an empty ledger makes us look back; each post that is read costs money


class Attempt:
    """One post: `begun` is when an earlier run began to send it, None where the ledger knows of none."""

    def __init__(
        self,
        access: Access,
        user_id: Callable[[], str],
        clock: Clock,
        fields: Mapping[str, Any],
        wanted: Wanted,
        begun: datetime | None,
        recovering: bool,
    ) -> None:
        self._access, self._user_id, self._clock = access, user_id, clock
        self._fields, self._wanted = fields, wanted
        self._since = begun and begun - CLOCK_TOLERANCE
        self._may_be_there = bool(begun) or recovering
        self._looks_left: int | None = None  # until a duplicate that is nowhere to be seen is called unknown

    def send(self) -> str:
        """The id of the new post."""
        self._since = self._since or self._clock.now() - CLOCK_TOLERANCE
        try:
            id: str = self._access.call("create_tweet", **self._fields)["data"]["id"]
        except tweepy.Forbidden as error:
            if DUPLICATE in str(error) and not self._may_be_there:
                raise self._said_before() from error
            if DUPLICATE in str(error):
                self._since, self._looks_left = None, len(RECOVERY.settle_seconds)
            raise
        finally:
            self._may_be_there = True  # a second try may meet what the first one made
        return id

    def _said_before(self) -> DuplicatePost:
        """The refusal of words that this announcement cannot have brought there; tells where they are."""
        since = self._clock.now() - RECOVERY_WINDOW
        alike = (
            found["id"]
            for found in own_posts(self._access, self._user_id(), since)
            if compare(found, self._wanted) is Likeness.SAME
        )
        shown = next(map(permalink, alike), "")
        return DuplicatePost(
            f"X already shows these words{': ' if shown else ''}{shown}",
            status=403,
            hint="if that is this announcement, run it with --recover; if not, change its words",
        )

    def find(self) -> str | None:
        """The id of the post on the timeline, None if it is not there. Raises OutcomeUnknown for what cannot be told apart."""
        since = self._since or self._clock.now() - RECOVERY_WINDOW
        unclear = ""
        for found in own_posts(self._access, self._user_id(), since):
            likeness = compare(found, self._wanted)
            if likeness is Likeness.SAME:
                id: str = found["id"]
                return id
            if likeness is Likeness.UNCLEAR:
                unclear = found["id"]
        if unclear:
            raise OutcomeUnknown(f"{permalink(unclear)} has the same words, but other addresses or media; it may be this post")
        self._expect_duplicate()
        return None

    def _expect_duplicate(self) -> None:
        if self._looks_left is None:
            return
        self._looks_left -= 1
        if self._looks_left <= 0:
            raise OutcomeUnknown(
                "X says that the account has posted these words lately, but they are not on its timeline",
                status=403,
                hint="look at the account: if the announcement is not there, change its words",
            )


def content(text: str, media: Sequence[Uploaded], parent: str | None, reply_settings: ReplySettings) -> dict[str, Any]:
    """The fields of a new post, as the library names them; who may answer is told of the first of a thread."""
    fields: dict[str, Any] = {"text": text} if text else {}
    if media:
        fields["media_ids"] = [medium.id for medium in media]
    if parent:
        fields["in_reply_to_tweet_id"] = parent
    elif reply_settings is not ReplySettings.EVERYONE:
        fields["reply_settings"] = reply_settings.value
    return fields


def permalink(id: str, username: str = "i/web") -> str:
    """The post's address, which works without the account's name as well."""
    return f"https://x.com/{username}/status/{id}"


def post_id(url: str) -> str | None:
    """The id in a post's address; None for anything else."""
    found = _PERMALINK.match(url)
    return found[1] if found else None
