"""Work on what was published: on every channel that has it, at once, and with one outcome for each."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeVar

import msgspec

from socialcast.broadcast.links import is_page, links_for
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.revisions import former_links
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.errors import Cancelled, LedgerError, OutcomeUnknown, PublishError, TransientError
from socialcast.model.receipt import Draft, Item, Outcome, Receipt, State
from socialcast.model.reports import ChannelOutcome
from socialcast.publisher import Publisher
from socialcast.wire.clock import Clock
from socialcast.wire.settings import Channel

__all__ = ["Delivered", "Published", "about", "guarded", "in_sight", "on_all", "with_said"]

logger = logging.getLogger("socialcast.broadcast")

Told = TypeVar("Told", bound=ChannelOutcome)
T = TypeVar("T")
W = TypeVar("W")


class Delivered(NamedTuple):
    """One channel that has the announcement, ready for more work on it."""

    publisher: Publisher
    steps: Steps
    outcome: Outcome
    draft: Draft
    channel: Channel
    keep: Callable[[Callable[[Outcome], Outcome]], None]  # changes the outcome that the ledger has, under the lease

    @property
    def event(self) -> Item | None:
        """The live event that this channel hosts."""
        return next((item for item in self.draft.items if item.kind == "live"), None)

    @property
    def receipt(self) -> Receipt:
        """What the publisher gave when it published it."""
        told = self.outcome
        return Receipt(id=told.id, url=told.url, published_at=told.published_at, items=told.items)

    @property
    def everything(self) -> Receipt:
        """The same with what was answered below it since."""
        return msgspec.structs.replace(self.receipt, items=(*self.outcome.items, *self.outcome.said))

    def visible(self, items: Iterable[Item]) -> tuple[Item, ...]:
        """The items with addresses that can be opened: in a sandbox run, the sandbox's."""
        visible = self.publisher.connection.transport.visible_url
        return tuple(msgspec.structs.replace(item, url=visible(item.url)) for item in items)


class Published(NamedTuple):
    """An announcement, the channels that have it, and the right to work on it alone, which `lease` gives."""

    key: str
    announcement: Announcement
    channels: tuple[Delivered, ...]
    ledger: Ledger
    clock: Clock
    lease: Callable[[], AbstractContextManager[None]]

    def links_for(self, one: Delivered, before: int | None = None) -> dict[str, str]:
        """The addresses that this channel's post is composed with: now, or before the revision of that number."""
        there = {each.channel.name: each.draft.links for each in self.channels if each.outcome.state is State.PUBLISHED}
        if before is not None:
            there |= former_links(self.ledger, self.key, before)
        return links_for(one.channel.name, there, self.pages())

    def pages(self) -> list[str]:
        """The channels whose addresses were known beforehand."""
        return [each.channel.name for each in self.channels if _is_page(each, self.announcement)]


def _is_page(one: Delivered, announcement: Announcement) -> bool:
    return is_page(one.publisher, announcement, one.draft.links, required=one.channel.required)


def about(one: Delivered, kind: type[Told], **facts: object) -> Told:
    """An outcome of that kind for this channel."""
    known = {"channel": one.outcome.channel, "platform": one.outcome.platform, "url": one.outcome.url}
    return kind(**{**known, **facts})  # type: ignore[arg-type]


def guarded(one: Delivered, work: Callable[[], Told], failed: Callable[..., Told]) -> Told:
    """What came of the work; a channel that fails, which `failed` makes an outcome of, keeps no other from its own."""
    redact = one.publisher.connection.transport.redactor.redact
    try:
        return work()
    except (Cancelled, LedgerError):
        raise  # the whole run ends
    except PublishError as error:
        unknown = isinstance(error, OutcomeUnknown)
        hint = error.hint or ("run it again" if unknown or isinstance(error, TransientError) else "")
        return failed(failed=True, unknown=unknown, reason=redact(error.message), hint=redact(hint), code=error.code)
    except Exception as error:  # noqa: BLE001 - one publisher's defect must not cost the other channels their outcome
        logger.error("channel %s failed\n%s", one.outcome.channel, redact(traceback.format_exc()))
        reason = redact(f"{type(error).__name__}: {error}")
        return failed(failed=True, reason=reason, hint="this is a defect in the publisher; please report it", code="internal")


def on_all(channels: Sequence[W], work: Callable[[W], T]) -> list[T]:
    """What the work gives on each channel's share, all at once, in their order."""
    if not channels:
        return []
    with ThreadPoolExecutor(len(channels), thread_name_prefix="socialcast-channel") as pool:
        return list(pool.map(work, channels))


def in_sight(one: Delivered, outcome: Told) -> Told:
    """The outcome with an address that can be opened: in a sandbox run, the sandbox's."""
    return msgspec.structs.replace(outcome, url=one.publisher.connection.transport.visible_url(outcome.url))


def with_said(outcome: Outcome, *, item: Item) -> Outcome:
    """The outcome of a channel on which this account has answered, so that the answer can be taken back, too; after all else,
    where that is gone already."""
    if item in outcome.said:
        return outcome
    is_left = outcome.partly_public or outcome.state is State.RETRACTED
    return msgspec.structs.replace(outcome, said=(*outcome.said, item), partly_public=is_left)
