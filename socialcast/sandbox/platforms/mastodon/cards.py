"""What a visitor sees of a status: its warning, its media with their descriptions, its versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from socialcast.sandbox.mirror import Act, Card, Picture
from socialcast.sandbox.platforms.mastodon.entities import content
from socialcast.sandbox.platforms.mastodon.state import Instance, Status

__all__ = ["card_of"]

_INVISIBLE = re.compile(r'<span class="invisible">[^<]*</span>')
_CUT = re.compile(r'(<span class="ellipsis">[^<]*)</span>')


def card_of(instance: Instance, status: Status) -> Card:
    """The card of a public status."""
    shown = status.shown
    facts = {
        "visibility": status.visibility if status.visibility != "public" else "",
        "language": shown.language,
        "versions": str(len(status.versions)) if len(status.versions) > 1 else "",
        "favourites": str(len(status.favourites) or ""),
    }
    return Card(
        id=status.id,
        kind="status",
        account=f"@{status.user.name}@{status.host}",
        url=status.url,
        at=_at(status.at),
        text=shown.text,
        warning=shown.spoiler_text or ("Sensitive content" if shown.sensitive and shown.media else ""),
        html=_html(instance, status),
        pictures=tuple(_pictures(instance, status)),
        parent=status.parent.id if status.parent else "",
        facts={name: fact for name, fact in facts.items() if fact},
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _html(instance: Instance, status: Status) -> str:
    """The text as readers' programs draw it: what is marked invisible left out."""
    return _CUT.sub(r"\1…</span>", _INVISIBLE.sub("", content(instance, status.shown.text)))


def _pictures(instance: Instance, status: Status) -> Iterator[Picture]:
    shown = status.shown
    for attachment in (instance.media[id] for id in shown.media if id in instance.media):
        description, _ = shown.described[attachment.id]
        kind = "photo" if attachment.kind == "image" or attachment.mime_type == "image/gif" else "video"
        yield Picture(url=attachment.url, alt=description or "", kind=kind)
