"""What comes back from the public: replies and numbers."""

from __future__ import annotations

from datetime import datetime

from socialcast.model.data import Record

__all__ = ["Metric", "Replies", "Reply"]


class Reply(Record, frozen=True, kw_only=True):
    """What somebody wrote below what was published, as plain text: a comment, a reply, an answer on a talk page.

    `parent` is the id of what it answers, an item of ours or another reply; `is_own` says that this account wrote it.
    `hidden` is None where the platform does not tell. `forbidden` gives the rule by which the platform refuses an answer,
    where that is known before one is sent. The text is hostile: whoever shows it makes it harmless.
    """

    id: str
    author: str
    at: datetime
    text: str
    url: str = ""
    author_url: str = ""
    parent: str = ""
    language: str = ""
    is_own: bool = False
    hidden: bool | None = None
    forbidden: str = ""


class Replies(Record, frozen=True, kw_only=True):
    """One page of replies as the platform gives them, in its order.

    `cursor` goes on from here: at once where there are `more`, or on another day with what came since. It is opaque.
    """

    page: tuple[Reply, ...] = ()
    cursor: str = ""
    more: bool = False


class Metric(Record, frozen=True, kw_only=True):
    """One number of one item, by the name that the capabilities define."""

    name: str
    value: float
    item_id: str = ""
