"""1,000 readers by mail, against smtplib on one kept connection with the same messages.

`python -m benchmarks.mail LATENCY_SECONDS [FOLDER]` is the server of both: it takes every mail, and
with FOLDER keeps each as a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import itertools
import json
import os
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from benchmarks.measure import Row, in_turns, timed
from socialcast import Announcement, Audience, Broadcast, Channel
from socialcast.testing.stage import picture

__all__ = ["mail"]

_SENDER = "press@example.org"
_NEWS = Announcement(key="news", title="Open doors", text="The doors open at nine. " * 20, photos=[picture(1, (800, 600))])
_LATENCY_SECONDS = 0.002  # for each mail's commands together a server has 8 ms, as one in the same town may
_LIMIT = 1.2
_LONGEST_MAIL_BYTES = 1 << 25


def mail(readers: int, *, rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "readers.txt").write_text("\n".join(f"reader{number}@journal.example" for number in range(readers)))
        (folder / "kept").mkdir()
        with _serving(0, folder / "kept") as port:
            _publish(folder, port, "first")
        mails = [_addressed(file.read_bytes()) for file in (folder / "kept").iterdir()]
        assert len(mails) == readers
        ledgers = map(str, itertools.count())
        note = f"{sum(len(message) for _, message in mails) // readers:,} bytes each, by smtplib on one connection"
        rows = []
        for name, server, limit, told in _servers(folder, readers):
            with server as port:
                ours, baseline = in_turns(
                    partial(_timed_publish, folder, port, ledgers), partial(timed, partial(_send, mails, port)), rounds
                )
            rows.append(Row(name=name, ours=ours, baseline=baseline, unit="s", limit=limit, note=told or note))
    return rows


def _servers(folder: Path, readers: int) -> list[tuple[str, AbstractContextManager[int], float | None, str]]:
    """Name, port, limit and note of each; a real one where the folder of scripts that start them is named."""
    scripts = os.environ.get("SOCIALCAST_SERVERS")
    real = [("… real server", _real(Path(scripts), folder), _LIMIT, "aiosmtpd, each mail a file")] if scripts else []
    return [
        (f"mail{readers}", _serving(_LATENCY_SECONDS), _LIMIT, ""),
        *real,
        ("… no latency", _serving(0), None, "a server that takes no time: the ledger"),
    ]


def _addressed(message: bytes) -> tuple[str, bytes]:
    return str(email.message_from_bytes(message)["To"]), message


def _timed_publish(folder: Path, port: int, ledgers: Iterator[str]) -> float:
    return timed(partial(_publish, folder, port, next(ledgers)))


def _publish(folder: Path, port: int, ledger: str) -> None:
    """Plan, write to everybody, and record each."""
    settings = {"host": "127.0.0.1", "port": port, "sender": _SENDER, "recipients": "readers.txt"}
    channel = Channel(name="press", platform="email", audience=Audience.PRESS, settings=settings, folder=folder)
    with Broadcast([channel], ledger=folder / ledger / "ledger") as broadcast:
        broadcast.publish(_NEWS).raise_for_failures()


def _send(mails: list[tuple[str, bytes]], port: int) -> None:
    """The same mails, as a script would send them."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
        for recipient, message in mails:
            server.sendmail(_SENDER, recipient, message)


@contextlib.contextmanager
def _real(scripts: Path, folder: Path) -> Iterator[int]:
    """The port of a server that others wrote."""
    told = subprocess.run([scripts / "smtp-start", "--dir", folder / "smtp"], capture_output=True, check=True).stdout
    server = json.loads(told)
    try:
        yield server["port"]
    finally:
        subprocess.run([scripts / "server-stop", str(server["pid"])], check=True, capture_output=True)


@contextlib.contextmanager
def _serving(latency_seconds: float, folder: Path | None = None) -> Iterator[int]:
    """The port of a server in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.mail", str(latency_seconds), *([str(folder)] if folder else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


# -- the server ----------------------------------------------------------------------------------------------------------------


async def _serve(latency_seconds: float, folder: Path | None) -> None:
    numbers = itertools.count()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 Go on\r\n")
                message = await reader.readuntil(b"\r\n.\r\n")
                if folder:
                    (folder / str(next(numbers))).write_bytes(message.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
            await asyncio.sleep(latency_seconds)
            if verb == b"QUIT":
                writer.write(b"221 2.0.0 Bye\r\n")
                break
            writer.write(b"250-sink\r\n250 SIZE 0\r\n" if verb == b"EHLO" else b"250 2.0.0 Ok\r\n")
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=_LONGEST_MAIL_BYTES)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
