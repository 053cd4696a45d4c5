"""The sandbox: every mirror on one loopback port, started and stopped as a context manager."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from socialcast.sandbox.app import App, RequestRecord
from socialcast.sandbox.faults import Effect, Fault
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Account, Act, Clock, Mirror
from socialcast.sandbox.registry import load_mirrors
from socialcast.sandbox.server import Server

__all__ = ["Sandbox"]


class Sandbox:
    """All platforms on a loopback port: `with Sandbox() as sandbox: ...`.

    `port` 0 takes a free one; `folder` keeps the uploaded files, otherwise they are deleted at the end; `mirrors` replaces
    the mirrors that are installed.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        seed: str = "socialcast",
        latency_seconds: float = 0.0,
        folder: Path | None = None,
        mirrors: Mapping[str, type[Mirror]] | None = None,
    ) -> None:
        self._server = Server(
            port, latency_seconds=latency_seconds
        )  # first, since nothing needs cleaning up if the port is taken
        self._own_folder = tempfile.TemporaryDirectory(prefix="socialcast-") if folder is None else None
        media = MediaStore(folder or Path(self._own_folder.name if self._own_folder else ""), is_kept=folder is not None)
        self.clock = Clock()
        classes = load_mirrors() if mirrors is None else mirrors
        self.mirrors = {name: mirror(self.clock, media, seed) for name, mirror in classes.items()}
        self.app = App(self.mirrors, self.clock)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the wall, and the one that clients connect to."""
        return self._server.url

    @property
    def connections(self) -> int:
        """How many connections were accepted, which tells whether clients use them again."""
        return self._server.connections

    def start(self) -> Self:
        """Begin to answer."""
        self._server.start(self.app, self.app.converse)
        return self

    def stop(self) -> None:
        """Close the port and all connections, and delete the uploaded files unless a folder was given."""
        self._server.stop()
        if self._own_folder:
            self._own_folder.cleanup()

    def mirror(self, name: str) -> Mirror:
        """The mirror of that platform."""
        return self.mirrors[name]

    def account(self, platform: str, name: str, host: str | None = None, **wishes: Any) -> Account:
        """The account of that name with its credentials, opened on first use; `host` is one that the platform has no name for."""
        return self.app.account(platform, name, host, **wishes)

    def act(self, platform: str, act: Act | str, name: str, id: str, text: str = "") -> str:
        """A person of that name replies, edits, removes or moderates by hand; the id of what came of it, or the card's own.

        `id` is that of a card; `text` is what is written, or the state that it is brought into. Raises NotShownError, a
        KeyError, for what is not there, ValueError for what the platform does not let people do.
        """
        return self.app.act(platform, Act(act), name, id, text)

    def reset(self) -> None:
        """Forget accounts, posts, requests and faults, and the files unless they are kept; hosts stay and the clock goes on."""
        self.app.reset()

    def requests(self, platform: str | None = None) -> list[RequestRecord]:
        """The requests so far, oldest first, of one platform or of all."""
        return self.app.requests(platform)

    def fault(self, platform: str, effect: Effect | str, **rule: Any) -> Fault:
        """Let a coming call go wrong; `rule` gives the other fields of `Fault`. Raises ValueError where no call can meet it."""
        fault = Fault(platform=platform, effect=Effect(effect), **rule)
        self.app.add_fault(fault)
        return fault

    def clear_faults(self) -> None:
        """Let everything work again."""
        self.app.faults.clear()

    def advance(self, seconds: float) -> None:
        """Move the clock of all platforms forward."""
        self.clock.advance(seconds)
