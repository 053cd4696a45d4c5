"""What everything that a broadcast does is done with: its channels, the ledger, the connections and the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from socialcast.broadcast.channels import open_channels
from socialcast.delivery.ledger import Delivery, Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.errors import ConfigurationError
from socialcast.model.problems import Problem, Severity
from socialcast.publisher import Publisher
from socialcast.wire.clock import Cancel, Clock
from socialcast.wire.retry import Patience
from socialcast.wire.settings import Channel
from socialcast.wire.transport import Transport

if TYPE_CHECKING:
    from socialcast.wire.witness import Witness

__all__ = ["Workshop"]

Opened = TypeVar("Opened", Ledger, Transport)
_CONNECTIONS_EACH, _MOST_CONNECTIONS = 32, 1024  # kept per host; urllib3 fills and empties a slot for each, used or not


class Workshop:
    """Ledger and connections are opened when they are needed; `known_names` are all channels that there are, in their order."""

    def __init__(
        self, channels: Iterable[Channel], ledger: str | os.PathLike[str], sandbox_url: str | None, clock: Clock
    ) -> None:
        self.channels = _by_name(channels)
        self.known_names = tuple(self.channels)
        self.knows_file = False  # whether those are all channels of a file, and not some that a program chose
        self.ledger_path, self.sandbox_url, self.clock = Path(ledger), sandbox_url, clock
        self.witness: Witness | None = None
        self._transports: list[Transport] = []  # one, once it is needed, and likewise below
        self._ledgers: list[Ledger] = []

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened on first use."""
        return _first(self._ledgers, lambda: Ledger(self.ledger_path))

    @property
    def media_folder(self) -> Path:
        """Where fitted photos are kept, by their content."""
        return self.ledger_path.parent / "media"

    @property
    def plans_folder(self) -> Path:
        """Where plans are kept that somebody may approve."""
        return self.ledger_path.parent / "plans"

    def new_transport(self) -> Transport:
        """Connections of their own, which the caller closes."""
        connections = min(_CONNECTIONS_EACH * max(1, len(self.channels)), _MOST_CONNECTIONS)
        return Transport(sandbox_url=self.sandbox_url, connections=connections, witness=self.witness)

    def publishers(self, channels: Mapping[str, Channel], *, to_send: bool) -> dict[str, Publisher]:
        """A publisher for each channel; to plan, secrets may be missing. Raises ConfigurationError."""
        if self._transports and not self._transports[0].is_own:
            self._transports = []
        transport = _first(self._transports, self.new_transport)
        return open_channels(channels.values(), transport, self.clock, self.media_folder, to_send=to_send)

    def steps(self, publisher: Publisher, key: str) -> Steps:
        """The steps of one announcement on one channel, for work that is no broadcast."""
        return Steps(
            self.ledger,
            key,
            publisher.connection.channel,
            judge=publisher.judge,
            patience=Patience(self.clock, Cancel()),
            settle_seconds=publisher.capabilities.recovery.settle_seconds,
        )

    def earlier(self, announcement: Announcement) -> tuple[dict[str, Delivery], tuple[Problem, ...]]:
        """What the ledger has of it, and the problem that it was about something else, if any of that was sent.

        Raises ConfigurationError where a channel has another platform now.
        """
        key = announcement.resolved_key
        known, rows = self.ledger.announcement(key), self.ledger.deliveries(key)
        self.require_same_platforms(key, rows)
        if known is None or known[0] == announcement.digest:
            return rows, ()
        if not self.ledger.has_sent(key):  # corrected in time: nobody saw what it was before
            return {}, ()
        message = f"the key {key!r} was used for other content, of which something was sent already"
        fix = "bring what is there to this with `socialcast correct`, or give a new announcement its own key"
        return rows, (Problem(code="key.changed_content", path="key", message=message, fix=fix),)

    def require_same_platforms(self, key: str, rows: Mapping[str, Delivery]) -> None:
        """Raise ConfigurationError where a channel was on another platform when something of it was sent there."""
        for name in sorted(self.ledger.senders(key) & rows.keys() & self.channels.keys()):
            before, now = rows[name].platform, self.channels[name].platform
            if before != now:
                raise ConfigurationError(
                    f"channel {name!r} has {key!r} on {before}, and its platform is {now} now: give it back, and {now} a"
                    " channel of its own"
                )

    def said_before(self, announcement: Announcement) -> tuple[Problem, ...]:
        """A warning where the same was published under another key, as when its file was renamed since."""
        others = [key for key in self.ledger.keys_of(announcement.digest) if key != announcement.resolved_key]
        sent = [key for key in others if self.ledger.has_sent(key)]
        if not sent or self.ledger.has_sent(announcement.resolved_key):
            return ()
        message = f"the same was published under the key {sent[0]!r}, so it appears a second time"
        fix = f"if its file was only renamed, name it so again, or write the key into it: {sent[0]}"
        return (Problem(code="key.same_content", severity=Severity.WARNING, path="key", message=message, fix=fix),)

    def close(self) -> None:
        """Close connections and the ledger."""
        for transport in self._transports:
            transport.close()
        for ledger in self._ledgers:
            ledger.close()
        self._transports, self._ledgers = [], []


def _first(opened: list[Opened], make: Callable[[], Opened]) -> Opened:
    """What is open, made by whichever thread comes first; without a lock, which a fork could leave held."""
    if not opened:
        made = make()
        opened.append(made)
        if opened[0] is not made:
            opened.remove(made)
            made.close()
    return opened[0]


def _by_name(channels: Iterable[Channel]) -> dict[str, Channel]:
    named: dict[str, Channel] = {}
    for channel in channels:
        if named.setdefault(channel.name, channel) is not channel:
            raise ConfigurationError(f"two channels are named {channel.name!r}; give each its own name")
    return named
