"""Which channels may have more than their ledger knows: they are looked at before anything is sent, in every later run, too."""

from __future__ import annotations

from collections.abc import Iterable

from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.steps import NOTED

__all__ = ["found_again", "lost_channels", "note_lost"]

_LOST = "ledger/lost"


def note_lost(ledger: Ledger, key: str, channels: Iterable[str], now: float) -> None:
    """An earlier run may have sent something on these, which this ledger does not know."""
    _note(ledger, key, channels, True, now)


def found_again(ledger: Ledger, key: str, channels: Iterable[str], now: float) -> None:
    """What is on these is known now."""
    _note(ledger, key, channels, False, now)


def lost_channels(ledger: Ledger, key: str) -> frozenset[str]:
    """The channels of which nobody knows what was sent."""
    return frozenset(channel for channel, is_lost in ledger.notes(key, _LOST).items() if is_lost)


def _note(ledger: Ledger, key: str, channels: Iterable[str], is_lost: bool, now: float) -> None:
    for channel in channels:
        ledger.record_step(key, channel, Step(_LOST, NOTED, is_lost, now))
