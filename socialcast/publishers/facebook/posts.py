"""One post being sent, and how it is found again among the Page's latest if the answer is lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from socialcast.model.errors import DuplicatePost, OutcomeUnknown
from socialcast.publishers.facebook import words
from socialcast.publishers.facebook.graph import GONE, Graph, GraphAPIError, codes_of
from socialcast.publishers.facebook.tables import CAPABILITIES
from socialcast.wire.clock import Clock

__all__ = [
    "CLOCK_TOLERANCE",
    "RECOVERY_WINDOW",
    "Attempt",
    "Likeness",
    "Wanted",
    "attached_photos",
    "compare",
    "find_twins",
    "find_video",
    "recent_posts",
    "shown_photos",
]

CLOCK_TOLERANCE = timedelta(minutes=2)  # between this machine's clock and Facebook's
RECOVERY_WINDOW = timedelta(days=90)  # how far an empty ledger makes us look back
_SAME_TEXT, _SAME_PHOTOS = 506, (100, 1366051)
_SEEN = "id,message,created_time,permalink_url,attachments{media_type,target,subattachments{media_type,target}}"


class Wanted(NamedTuple):
    """The post that is looked for; on a machine with an empty ledger the photos were uploaded anew, and their ids differ."""

    text: str
    photo_ids: tuple[str, ...]
    photos_are_new: bool


class Likeness(Enum):
    """SAME: it is ours; UNCLEAR: it may be, and a person has to say; OTHER: it is not."""

    SAME = "same"
    UNCLEAR = "unclear"
    OTHER = "other"


class Attempt:
    """One post, which Facebook may keep until its time comes.

    `begun` is when an earlier run began to send it, None where the ledger knows of none.
    """

    def __init__(
        self,
        graph: Graph,
        page_id: str,
        clock: Clock,
        fields: Mapping[str, Any],
        wanted: Wanted,
        *,
        scheduled: bool,
        begun: datetime | None,
        recovering: bool,
    ) -> None:
        self._graph, self._page_id, self._clock = graph, page_id, clock
        self._fields, self._wanted, self._scheduled = fields, wanted, scheduled
        self._since = begun and begun - CLOCK_TOLERANCE
        self._may_be_there = bool(begun) or recovering
        self._looks_left: int | None = None  # until a duplicate that is nowhere to be seen is called unknown

    def send(self) -> str:
        """The id of the new post."""
        self._since = self._since or self._clock.now() - CLOCK_TOLERANCE
        is_first, self._may_be_there = not self._may_be_there, True
        try:
            return str(self._graph.post(f"{self._page_id}/feed", **self._fields).get("id", ""))
        except GraphAPIError as error:
            if _is_duplicate(error) and is_first:
                self._may_be_there = False  # what is refused at the first try made nothing
                raise self._said_before(error) from error
            if _is_duplicate(error):
                self._looks_left = len(CAPABILITIES.recovery.settle_seconds)
            raise

    def find(self) -> str | None:
        """The post's id, None if it is not there. Raises OutcomeUnknown for what cannot be told apart."""
        unclear = ""
        for found in recent_posts(self._graph, self._page_id, self._begin(), scheduled=self._scheduled):
            likeness = compare(found, self._wanted)
            if likeness is Likeness.SAME:
                return str(found["id"])
            if likeness is Likeness.UNCLEAR:
                unclear = found.get("permalink_url") or found["id"]
        if unclear:
            raise OutcomeUnknown(f"{unclear} is like this post as far as can be told; it may be the one")
        if story := self._story_of_photo():
            return story
        self._expect_duplicate()
        return None

    def _begin(self) -> datetime:
        return self._since or self._clock.now() - RECOVERY_WINDOW

    def _story_of_photo(self) -> str | None:
        """The post that the first photo hangs on: a photo knows its post before the listing does."""
        if not (first := next(iter(self._wanted.photo_ids), "")):
            return None
        try:
            photo = self._graph.get(first, fields="id,page_story_id")
        except GraphAPIError as error:
            if codes_of(error) != GONE:
                raise
            return None  # it has lapsed, so that no post can show it
        return photo.get("page_story_id") or None

    def _said_before(self, error: GraphAPIError) -> DuplicatePost:
        """The refusal of content that this announcement cannot have brought there; tells where it is."""
        listed = recent_posts(self._graph, self._page_id, self._clock.now() - RECOVERY_WINDOW, scheduled=False)
        alike = (found for found in listed if compare(found, self._wanted) is Likeness.SAME)
        shown = next((str(found.get("permalink_url") or found["id"]) for found in alike), "")
        return DuplicatePost(
            f"the Page already shows this content{': ' if shown else ''}{shown}",
            code=str(codes_of(error)[1] or codes_of(error)[0]),
            hint="if that is this announcement, run it with --recover; if not, change its words or photos",
        )

    def _expect_duplicate(self) -> None:
        if self._looks_left is None:
            return
        self._looks_left -= 1
        if self._looks_left <= 0:
            raise OutcomeUnknown(
                "Facebook says that the Page has this content already, but it is not among its posts",
                code="506",
                hint="look at the Page: if the announcement is not there, change its words or photos",
            )


def recent_posts(graph: Graph, page_id: str, since: datetime, *, scheduled: bool) -> Iterator[dict[str, Any]]:
    """The Page's posts made since then, the newest first; with those that wait for their time."""
    listed = graph.pages(f"{page_id}/published_posts", fields=_SEEN, since=int(since.timestamp()))
    yield from (post for post in listed if _made_at(post, since) >= since)
    if scheduled:
        waiting = graph.pages(f"{page_id}/scheduled_posts", fields=_SEEN)
        yield from (post for post in waiting if _made_at(post, since) >= since)


def compare(found: Mapping[str, Any], wanted: Wanted) -> Likeness:
    """How a post is like the wanted one; photo ids, which were given to one announcement alone, decide where they are known.

    Of a large album Facebook may list the first photos only, so that their number proves nothing against a post.
    """
    kinds, ids = _media(found)
    if set(ids) & set(wanted.photo_ids):
        return Likeness.SAME
    is_of_the_kind = bool(ids) == bool(wanted.photo_ids) and "video" not in kinds
    if not is_of_the_kind or _comparable(found.get("message", "")) != _comparable(wanted.text):
        return Likeness.OTHER
    if wanted.photo_ids and not wanted.photos_are_new:
        return Likeness.OTHER
    return Likeness.SAME if wanted.text.strip() and len(ids) == len(wanted.photo_ids) else Likeness.UNCLEAR


def find_video(graph: Graph, page_id: str, text: str, since: datetime) -> str | None:
    """The id of a video that the Page shows with that text."""
    for found in recent_posts(graph, page_id, since, scheduled=True):
        target = next((each for each in _attached(found) if "video" in str(each.get("media_type", ""))), None)
        if target and text.strip() and _comparable(found.get("message", "")) == _comparable(text):
            return str(target["target"]["id"])
    return None


def find_twins(graph: Graph, page_id: str, text: str, photo_count: int, since: datetime) -> Iterator[dict[str, Any]]:
    """The Page's posts since then with that text and as many photos, or a film where there are none."""
    for found in recent_posts(graph, page_id, since, scheduled=False):
        if text.strip() and _comparable(found.get("message", "")) == _comparable(text) and len(_media(found)[1]) == photo_count:
            yield found


def attached_photos(post: Mapping[str, Any]) -> list[str]:
    """The ids of the photos that a post lists, in order."""
    return _media(post)[1]


def shown_photos(graph: Graph, post_id: str) -> list[str]:
    """The ids of the photos that the post of that id shows, in order."""
    return attached_photos(graph.get(post_id, fields=_SEEN))


def _attached(post: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What hangs on a post: of an album its photos, else the one thing there is."""
    for attachment in (post.get("attachments") or {}).get("data", ()):
        yield from (attachment.get("subattachments") or {}).get("data") or (attachment,)


def _media(post: Mapping[str, Any]) -> tuple[set[str], list[str]]:
    """The kinds of what hangs on a post, and the ids of its photos; a link's card is no medium."""
    attached = list(_attached(post))
    kinds = {str(each.get("media_type", "photo")) for each in attached}
    photos: Sequence[Mapping[str, Any]] = [each for each in attached if each.get("media_type", "photo") in ("photo", "album")]
    return kinds, [str(each["target"]["id"]) for each in photos if "id" in each.get("target", {})]


def _made_at(post: Mapping[str, Any], otherwise: datetime) -> datetime:
    return words.moment(post.get("created_time")) or otherwise


def _comparable(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _is_duplicate(error: GraphAPIError) -> bool:
    return codes_of(error) == _SAME_PHOTOS or codes_of(error)[0] == _SAME_TEXT
