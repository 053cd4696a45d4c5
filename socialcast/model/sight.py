"""What a platform shows now of what was published, and what it kept when it was to be taken back."""

from __future__ import annotations

from datetime import datetime

from socialcast.model.data import Record
from socialcast.model.receipt import Item, LiveState

__all__ = ["Left", "Seen", "SeenMedium", "Sight"]


class SeenMedium(Record, frozen=True, kw_only=True):
    """A photo or film as it is shown; `url` is where its file is read, `number` tells which of the post's photos it should be."""

    id: str = ""
    kind: str = "photo"
    alt: str | None = None
    url: str = ""
    licence: str | None = None
    number: int | None = None


class Seen(Record, frozen=True, kw_only=True):
    """One item as it is shown now; a field that is None was not told.

    `text` is as its author wrote it: shortened addresses undone, nothing escaped. `tags` are as the platform keeps them. `gone`
    says that the public does not see it
    any more. `edited_by` names whoever changed it last, where the platform tells and it was not this account.
    """

    item: Item
    gone: bool = False
    title: str | None = None
    text: str | None = None
    links: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    media: tuple[SeenMedium, ...] | None = None
    licence: str | None = None
    live: LiveState | None = None
    edited_at: datetime | None = None
    edited_by: str = ""
    revision: str = ""


class Sight(Record, frozen=True, kw_only=True):
    """Everything that a receipt lists, as it is shown now, in the receipt's order."""

    items: tuple[Seen, ...]


class Left(Record, frozen=True, kw_only=True):
    """What could not be taken back: where it is and why it stays."""

    item: Item
    reason: str
    hint: str = ""
