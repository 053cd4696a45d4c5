"""The handshake of RTMP, with which an encoder finds out that a server is there; no stream is taken."""

from __future__ import annotations

import os
from socket import MSG_PEEK, socket

__all__ = ["is_rtmp", "shake_hands"]

_VERSION = b"\x03"
_PACKET_BYTES = 1536


def is_rtmp(connection: socket) -> bool:
    """Whether the client begins to speak RTMP; no HTTP request begins so."""
    return connection.recv(1, MSG_PEEK) == _VERSION


def shake_hands(connection: socket) -> None:
    """Answer the client's packet by one of our own and by its own (RTMP specification 1.0, 5.2)."""
    with connection.makefile("rb") as stream:
        theirs = stream.read(1 + _PACKET_BYTES)[1:]
        connection.sendall(_VERSION + bytes(8) + os.urandom(_PACKET_BYTES - 8) + theirs)
        stream.read(_PACKET_BYTES)
