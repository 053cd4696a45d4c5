"""Connections to a submission server, shared by the mails that go out at once."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from socialcast.model.errors import TerminalError
from socialcast.wire.smtp import Refused, Server, Submission
from socialcast.wire.transport import Transport

__all__ = ["Lines"]


class Lines:
    """Connections to the server, each used by one mail at a time and kept for the next."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self._server, self._transport = server, transport
        self._idle: queue.LifoQueue[Submission] = queue.LifoQueue()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def send(self, sender: str, recipient: str, message: bytes) -> str:
        """What the server said when it took the mail."""
        with self._line() as line:
            if line.max_bytes is not None and len(message) > line.max_bytes:
                raise TerminalError(
                    f"the mail has {len(message):,} bytes, {self._server.host} takes {line.max_bytes:,}",
                    hint="fewer or smaller pictures, or an album to link to",
                )
            return line.send(sender, recipient, message)

    @contextmanager
    def _line(self) -> Iterator[Submission]:
        """One that is idle, or a new one; after an error it is kept only where the server refused a reader and goes on."""
        try:
            line = self._idle.get_nowait()
        except queue.Empty:
            line = Submission(self._server, self._transport)
        try:
            yield line
        except BaseException as error:
            if isinstance(error, Refused) and error.command == "RCPT" and error.status >= 500:
                self._idle.put(line)
            else:
                line.close()
            raise
        self._idle.put(line)
