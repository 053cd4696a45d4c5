"""Work on what was published: on every channel that has it, at once, and with one outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import msgspec

from socialcast.delivery.steps import Steps
from socialcast.model.errors import OutcomeUnknown, PublishError, TransientError
from socialcast.model.receipt import Draft, Item, Outcome, Receipt
from socialcast.model.reports import ChannelOutcome
from socialcast.publisher import Publisher

__all__ = ["Delivered", "about", "guarded", "in_sight", "on_all"]

Told = TypeVar("Told", bound=ChannelOutcome)
T = TypeVar("T")


class Delivered(NamedTuple):
    """One channel that has the announcement, ready for more work on it."""

    publisher: Publisher
    steps: Steps
    outcome: Outcome
    draft: Draft

    @property
    def event(self) -> Item | None:
        """The live event that this channel hosts."""
        return next((item for item in self.draft.items if item.kind == "live"), None)

    @property
    def receipt(self) -> Receipt:
        """What the publisher gave when it published it."""
        told = self.outcome
        return Receipt(id=told.id, url=told.url, published_at=told.published_at, items=told.items)


def about(one: Delivered, kind: type[Told], **facts: object) -> Told:
    """An outcome of that kind for this channel."""
    known = {"channel": one.outcome.channel, "platform": one.outcome.platform, "url": one.outcome.url}
    return kind(**{**known, **facts})  # type: ignore[arg-type]


def guarded(one: Delivered, work: Callable[[], Told], failed: Callable[..., Told]) -> Told:
    """What came of the work; a channel that fails, which `failed` makes an outcome of, keeps no other from its own."""
    try:
        return work()
    except PublishError as error:
        redact = one.publisher.connection.transport.redactor.redact
        unclear = isinstance(error, OutcomeUnknown | TransientError)
        hint = error.hint or ("run it again" if unclear else "")
        return failed(failed=True, reason=redact(error.message), hint=redact(hint), code=error.code)


def on_all(channels: Sequence[Delivered], work: Callable[[Delivered], T]) -> list[T]:
    """What the work gives on each channel, all at once, in their order."""
    if not channels:
        return []
    with ThreadPoolExecutor(len(channels), thread_name_prefix="socialcast-channel") as pool:
        return list(pool.map(work, channels))


def in_sight(one: Delivered, outcome: Told) -> Told:
    """The outcome with an address that can be opened: in a sandbox run, the sandbox's."""
    return msgspec.structs.replace(outcome, url=one.publisher.connection.transport.visible_url(outcome.url))
