"""A plan as the page and the comment show it: counted, compared and summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from socialcast.broadcast.plan import Plan, PlannedChannel
from socialcast.compose.text import weigh
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.capabilities import TextRules
from socialcast.model.cost import Cost
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.preview.differences import Piece, left_out, pieces

__all__ = ["FOR_THE_PRESS", "PartView", "count", "part_views", "said_of", "totals"]

FOR_THE_PRESS = "For the press alone: keep this where only those see it who may."


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """One post of a thread, with the photos it shows, and what it counts of what is allowed."""

    pieces: list[Piece]
    photos: Sequence[Photo]
    text: str
    length: int
    limit: int | None
    unit: str

    @property
    def counted(self) -> str:
        """The length in words."""
        return f"{self.length:,}" + (f" of {self.limit:,}" if self.limit is not None else "") + f" {self.unit}"


def part_views(channel: PlannedChannel, announcement: Announcement) -> tuple[list[PartView], list[str]]:
    """The channel's posts, and what of the announcement's text they leave out."""
    parts = channel.post.parts if channel.post else ()
    rules = (channel.capabilities.text if channel.capabilities else None) or TextRules()
    shown = zip(parts, pieces(parts, said_of(announcement)), _photos_by_part(channel.seen), strict=True) if channel.seen else ()
    views = [
        PartView(pieces=found, photos=photos, text=part, length=weigh(part, rules), limit=rules.max_length, unit=rules.unit.value)
        for part, found, photos in shown
    ]
    return views, left_out(parts, announcement.text) if parts else []


def _photos_by_part(post: Post) -> list[Sequence[Photo]]:
    """Which photos each post of the thread shows; without a number for each, the first shows them all."""
    each = post.photos_each or len(post.photos)
    return [post.photos[number * each : (number + 1) * each] for number in range(len(post.parts))]


def said_of(announcement: Announcement) -> str:
    """All that the announcement itself says in words."""
    return "\n\n".join(filter(None, (announcement.text or announcement.title, announcement.body)))


def totals(plan: Plan) -> list[str]:
    """What it costs on all channels together, by unit."""
    sums: dict[str, Decimal] = {}
    for channel in plan.channels:
        for cost in channel.costs:
            sums[cost.unit] = sums.get(cost.unit, Decimal(0)) + cost.amount
    return [str(Cost(amount=amount, unit=unit)) for unit, amount in sums.items()]


def count(problems: Iterable[Problem], severity: Severity, word: str) -> str:
    """How many there are, in words; empty for none."""
    number = sum(problem.severity is severity for problem in problems)
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
