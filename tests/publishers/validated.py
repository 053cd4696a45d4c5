"""Which operations of the platforms' own descriptions our requests were held against: told at the end of every test run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

__all__ = ["note", "note_beside", "pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]

_described: dict[str, int] = {}
_held: dict[str, set[str]] = {}
_beside: dict[str, set[str]] = {}


def note(platform: str, operation: str, described: int) -> None:
    """One request, and its answer where that is described, was held against one of so many operations."""
    _described[platform] = described
    _held.setdefault(platform, set()).add(operation)


def note_beside(platform: str, request: str) -> None:
    """One request that the description has nothing about: the bytes of an upload, a token, live events of a later year."""
    _beside.setdefault(platform, set()).add(request)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """A process that runs a part of the tests hands over what it saw."""
    yield
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["validated"] = [_described, _plain(_held), _plain(_beside)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What such a process saw."""
    described, held, beside = getattr(node, "workeroutput", {}).get("validated", ({}, {}, {}))
    _described.update(described)
    for kept, told in ((_held, held), (_beside, beside)):
        for platform, names in told.items():
            kept.setdefault(platform, set()).update(names)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The list: how many operations a description has, and which of them were seen."""
    if _held:
        terminalreporter.section("requests held against the platforms' own descriptions")
    for platform, operations in sorted(_held.items()):
        terminalreporter.line(f"{platform}: {len(operations)} of {_described[platform]} operations seen, each request valid")
        terminalreporter.line("    " + ", ".join(sorted(operations)))
        if beside := _beside.get(platform):
            terminalreporter.line("    not in the description: " + ", ".join(sorted(beside)))


def _plain(found: dict[str, set[str]]) -> dict[str, list[str]]:
    return {platform: sorted(names) for platform, names in found.items()}
