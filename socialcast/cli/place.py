"""Where a command works: its channels, its ledger, and the platforms or a sandbox."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from socialcast.broadcast import Broadcast, Event
from socialcast.model.errors import ConfigurationError

if TYPE_CHECKING:
    from socialcast.sandbox import Sandbox

__all__ = ["OWN_SANDBOX", "Place", "make_sandbox", "serve"]

OWN_SANDBOX = "own"  # stands where an address would: a sandbox that lives as long as the command
DEFAULT_CHANNELS = Path("channels.toml")
_LOOK_SECONDS = 1.0  # Ctrl-C does not interrupt an endless wait on every system


class Place(NamedTuple):
    """The channels file, and the ledger and the sandbox where they were given."""

    channels: Path
    ledger: Path | None = None
    sandbox: str | None = None
    only: tuple[str, ...] = ()

    @property
    def has_own_sandbox(self) -> bool:
        """Whether what is published ends with the command."""
        return self.sandbox == OWN_SANDBOX

    @contextmanager
    def open(self, *, on_event: Callable[[Event], None] | None = None) -> Iterator[Broadcast]:
        """The broadcast of this place, closed at the end."""
        with ExitStack() as stack:
            sandbox: Sandbox | str | None = self.sandbox
            ledger = self.ledger
            if self.has_own_sandbox:
                sandbox = stack.enter_context(make_sandbox())
                ledger = ledger or Path(stack.enter_context(TemporaryDirectory(prefix="socialcast-")), "ledger.sqlite3")
            broadcast = Broadcast.from_file(self.channels, ledger=ledger, only=self.only, sandbox=sandbox, on_event=on_event)
            yield stack.enter_context(broadcast)

    def command(self, *words: str) -> str:
        """A command line that works in the same place, to be copied."""
        given = {"--channels": self.channels, "--ledger": self.ledger, "--sandbox": self.sandbox}
        options = [str(part) for name, value in given.items() if value not in (None, DEFAULT_CHANNELS) for part in (name, value)]
        chosen = [part for name in self.only for part in ("--only", name)]
        return shlex.join(["socialcast", *words, *options, *chosen])


def make_sandbox(port: int = 0, **options: Any) -> Sandbox:
    """A sandbox, not started; raises ConfigurationError where its extra is not installed."""
    try:
        from socialcast.sandbox import Sandbox  # an extra that publishing in earnest does without

        return Sandbox(port, **options)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("socialcast"):
            raise
        raise ConfigurationError(
            f"{error.name} is not installed; the sandbox needs: pip install 'socialcast[sandbox]'"
        ) from error


def serve() -> None:
    """Return after Ctrl-C, or when asked to end, as a CI job that is over asks."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        while True:
            threading.Event().wait(_LOOK_SECONDS)
