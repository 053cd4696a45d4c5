"""The pytest plugin: a sandbox for users' own tests, and the stages on which the contract suite runs.

pytest loads this for everybody who has socialcast installed, so nothing heavy is imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from socialcast.sandbox import Sandbox
    from socialcast.testing.stage import SandboxStage


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --publisher, which narrows the contract suite to some platforms."""
    group = parser.getgroup("socialcast")
    group.addoption(
        "--publisher", action="append", default=[], metavar="NAME", help="run the contract suite for this platform only"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every contract test once per platform of the registry."""
    if "platform" in metafunc.fixturenames and metafunc.module.__name__ == "socialcast.testing.test_contract":
        metafunc.parametrize("platform", _platforms(metafunc.config))


def _platforms(config: pytest.Config) -> list[str]:
    from socialcast.registry import platforms

    chosen: list[str] = config.getoption("--publisher")
    if unknown := set(chosen) - set(platforms()):
        raise pytest.UsageError(f"--publisher: no publisher is registered as {', '.join(sorted(unknown))}")
    return chosen or platforms()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox, clean for each test: give it to `Broadcast(..., sandbox=sandbox)`."""
    from socialcast.sandbox import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def stage(sandbox: Sandbox, platform: str) -> SandboxStage:
    """The mirror of the platform under test."""
    from socialcast.testing.stage import SandboxStage

    return SandboxStage(sandbox, platform)
