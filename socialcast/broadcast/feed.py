"""Sending the pictures of a live event: one source to the ingest of every channel that hosts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import requests

from socialcast.model.errors import ConfigurationError, TerminalError
from socialcast.publisher import Ingest, Publisher
from socialcast.wire.clock import Cancel
from socialcast.wire.ffmpeg import Encoder, Health

__all__ = ["FeedEvent", "send"]

_SANDBOX_TIMEOUT_SECONDS = 30
_STILL_FAILING_SECONDS = 5.0  # an ingest that failed so shortly before the end was not reached at the end


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The encoder's health, or what became of one channel's ingest in ffmpeg's words."""

    health: Health | None = None
    channel: str = ""
    message: str = ""


def send(
    ingests: Mapping[str, Ingest],
    publishers: Mapping[str, Publisher],
    source: str,
    *,
    source_format: str,
    cancel: Cancel,
    on_event: Callable[[FeedEvent], None],
) -> dict[str, str]:
    """Send until the source ends or it is cancelled; gives what is wrong by channel, empty where nothing is.

    Raises ConfigurationError, and TerminalError where no ingest was reached.
    """
    in_sandbox = any(publisher.connection.transport.sandbox_url for publisher in publishers.values())
    addresses = {channel: None if in_sandbox else address(ingest) for channel, ingest in ingests.items()}
    encoder = Encoder(source, list(addresses.values()), source_format=source_format)
    watch = _Watch(addresses, publishers, on_event)
    _tell_sandbox(ingests, publishers, is_active=True)
    try:
        encoder.run(cancel, watch.healthy, watch.line)
    finally:
        _tell_sandbox(ingests, publishers, is_active=False)
    if watch.failing and len(watch.failing) == len(ingests):
        raise TerminalError("no ingest was reached: " + "; ".join(f"{name}: {said}" for name, said in watch.failing.items()))
    return {channel: watch.failing.get(channel, "") for channel in ingests}


def address(ingest: Ingest) -> str:
    """What an encoder sends to: the server's address and the key."""
    return f"{ingest.url.rstrip('/')}/{ingest.key.reveal()}"


class _Watch:
    """Knows which ingest ffmpeg complains of, and until when it did."""

    def __init__(
        self, addresses: Mapping[str, str | None], publishers: Mapping[str, Publisher], on_event: Callable[[FeedEvent], None]
    ) -> None:
        self._addresses, self._publishers, self._on_event = addresses, publishers, on_event
        self._sent_seconds = 0.0
        self._troubles: dict[str, tuple[float, str]] = {}

    def healthy(self, health: Health) -> None:
        self._sent_seconds = health.sent_seconds
        self._on_event(FeedEvent(health=health))

    def line(self, said: str) -> None:
        channel = next((name for name, address in self._addresses.items() if address and address in said), "")
        message = said.rpartition("] ")[2]  # behind the part of ffmpeg that says it
        for name, place in self._addresses.items():
            message = message.replace(place or "\0", name)
        for publisher in self._publishers.values():
            message = publisher.connection.transport.redactor.redact(message)
        if channel:
            self._troubles[channel] = (self._sent_seconds, message)
        self._on_event(FeedEvent(channel=channel, message=message))

    @property
    def failing(self) -> dict[str, str]:
        """What was said last of the ingests that could not be reached at the end."""
        since = self._sent_seconds - _STILL_FAILING_SECONDS
        return {channel: said for channel, (at_seconds, said) in self._troubles.items() if at_seconds >= since}


def _tell_sandbox(ingests: Mapping[str, Ingest], publishers: Mapping[str, Publisher], *, is_active: bool) -> None:
    """In a sandbox run nothing is sent: the mirrors are told that pictures come in."""
    for channel, ingest in ingests.items():
        publisher = publishers[channel]
        if (sandbox_url := publisher.connection.transport.sandbox_url) is None:
            continue
        told = {"key": ingest.key.reveal(), "active": is_active}
        with requests.Session() as admin:
            admin.trust_env = False  # a proxy is no way to a sandbox on this machine
            try:
                answer = admin.post(
                    f"{sandbox_url}/_sandbox/ingest/{publisher.name}", json=told, timeout=_SANDBOX_TIMEOUT_SECONDS
                )
                answer.raise_for_status()
            except requests.RequestException as error:
                raise ConfigurationError(f"the sandbox at {sandbox_url} takes no pictures for {channel}: {error}") from None
