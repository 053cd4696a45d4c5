"""Broadcasts on Plaza, the outside package: small, and with every kind of call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from socialcast import Broadcast, Channel
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock

Make = Callable[..., Broadcast]


def _channel(name: str) -> Channel:
    return Channel(name=name.rstrip("?"), platform="plaza", required=not name.endswith("?"))


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """Makes broadcasts with channels of those names; "name?" is an optional one, and a channel is taken as it is."""
    if not entry_points(group="socialcast.publishers", name="plaza"):
        pytest.skip("the outside package plaza is not installed: pip install tests/outside/plaza")
    made: list[Broadcast] = []

    def new(*names: str | Channel, **options: Any) -> Broadcast:
        channels = [name if isinstance(name, Channel) else _channel(name) for name in names]
        values = {"ledger": tmp_path / "ledger", "sandbox": sandbox, "clock": SandboxClock(sandbox), **options}
        made.append(Broadcast(channels, **values))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()
