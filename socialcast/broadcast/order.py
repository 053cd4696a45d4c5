"""Who hears of a change first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeVar

from socialcast.model.announcement import Audience
from socialcast.wire.settings import Channel

__all__ = ["press_first"]

T = TypeVar("T")


def press_first(items: Iterable[T], channel_of: Callable[[T], Channel]) -> list[list[T]]:
    """What is done at once, and in which order: for channels of the press, then for public ones; in each the order given.

    A correction or a retraction goes so, because who may have written of it already has to know before the readers do. It is
    an order and no condition: where the press cannot be reached, the public is told all the same.
    """
    in_order = sorted(items, key=lambda item: _is_public(channel_of(item)))
    return [list(wave) for _, wave in groupby(in_order, key=lambda item: _is_public(channel_of(item)))]


def _is_public(channel: Channel) -> bool:
    return channel.audience is not Audience.PRESS
