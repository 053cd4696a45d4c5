"""The sandbox answers encoders that look for a server, and shows what is on the air."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.rtmp import RtmpMirror

PACKET = bytes(8) + bytes(range(256)) * 5 + bytes(248)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"rtmp": RtmpMirror}) as running:
        yield running


def test_the_handshake_returns_what_was_sent(sandbox: Sandbox) -> None:
    """RTMP specification 1.0, 5.2: version 3, a packet of the server's own, and the client's own back."""
    address = urlsplit(sandbox.url)
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(b"\x03" + PACKET)
        with connection.makefile("rb") as stream:
            version, _, echo = stream.read(1), stream.read(1536), stream.read(1536)
        connection.sendall(PACKET)
    assert version == b"\x03"
    assert echo == PACKET


def test_only_a_known_key_goes_on_the_air(sandbox: Sandbox) -> None:
    """Pictures with a wrong key are nobody's."""
    mirror = sandbox.mirror("rtmp")
    key = sandbox.account("rtmp", "stream").credentials["stream_key"]
    with pytest.raises(KeyError):
        mirror.set_ingest("another-key", True)
    mirror.set_ingest(key, True)
    assert [card.kind for card in mirror.cards()] == ["live event"]
    mirror.expire_credentials("stream")
    assert mirror.cards() == []


def test_the_watch_page_says_what_is_so(sandbox: Sandbox) -> None:
    """The page is there before, while and after pictures come in."""
    key = sandbox.account("rtmp", "stream").credentials["stream_key"]

    def said() -> str:
        return requests.get(f"{sandbox.url}/at/watch.example.org/", timeout=10).text

    assert "Nothing is on the air" in said()
    sandbox.mirror("rtmp").set_ingest(key, True)
    assert "On the air" in said()
    sandbox.mirror("rtmp").set_ingest(key, False)
    assert "Nothing is on the air" in said()
