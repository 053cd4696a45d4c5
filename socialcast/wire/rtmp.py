"""Whether an RTMP server answers: the handshake that every stream begins with, and nothing after it.

No library of ours speaks RTMP without sending a stream; ffmpeg would put one on the air.
"""

from __future__ import annotations

import os
import ssl
from socket import socket
from urllib.parse import urlsplit

from socialcast.model.errors import TerminalError, TransientError
from socialcast.wire.transport import Transport

__all__ = ["require_server"]

_PORTS = {"rtmp": 1935, "rtmps": 443}
_VERSION = b"\x03"
_PACKET_BYTES = 1536  # each side sends one of its own and returns the other's (RTMP specification 1.0, 5.2)


def require_server(url: str, transport: Transport) -> None:
    """Raise PublishError unless an RTMP server answers at that address; it is asked for nothing else."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        with transport.connect(host, port, tls=parts.scheme == "rtmps") as connection:
            answered = _shake_hands(connection)
    except ssl.SSLCertVerificationError as error:
        raise TerminalError(f"the certificate of {host} does not hold: {error.verify_message}") from error
    except OSError as error:
        raise TransientError(
            f"nobody answers at {parts.scheme}://{host}:{port} ({error.strerror or error})",
            hint="check url, and that the server is running",
        ) from error
    if not answered:
        raise TerminalError(f"{host}:{port} answers, but speaks no RTMP", hint="check url: it is the server's ingest address")


def _shake_hands(connection: socket) -> bool:
    mine = bytes(8) + os.urandom(_PACKET_BYTES - 8)
    connection.sendall(_VERSION + mine)
    theirs = _read(connection, len(_VERSION) + 2 * _PACKET_BYTES)
    connection.sendall(theirs[1 : 1 + _PACKET_BYTES])
    return theirs[:1] == _VERSION and len(theirs) == 1 + 2 * _PACKET_BYTES


def _read(connection: socket, count: int) -> bytes:
    """So many bytes, fewer where the server ends before."""
    read = b""
    while len(read) < count and (piece := connection.recv(count - len(read))):
        read += piece
    return read
