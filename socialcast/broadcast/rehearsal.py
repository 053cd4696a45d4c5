"""The requests by which an announcement is published, from a rehearsal of it in a sandbox.

Nobody can list them without sending them: client libraries make most of them, and answers decide over the next one. What a
rehearsal has and the earnest has not, or what differs each time, stands by a name, so that the list is always the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

import msgspec

from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Report
from socialcast.publisher import Publisher
from socialcast.wire.clock import Cancel
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Channel, environment_variable, settings_in_sight
from socialcast.wire.witness import Content, Sent, Witness, replace_tokens

__all__ = ["Rehearsal", "RehearsalClock", "Request", "make_rehearsal"]

_DERIVED = {"idempotency-key": "<idempotency key>"}  # of the account and what it sends, so that no two accounts have one
_UNTOLD = frozenset(  # headers that say nothing of the announcement, and differ from machine to machine
    ("accept", "accept-encoding", "connection", "content-length", "cookie", "host", "user-agent", "x-goog-api-client")
)
_ONCE = re.compile(r"(oauth_(nonce|timestamp|signature))(\"?(?:=|%3D)\"?)[^\"&,\s]+")
_MOMENT = re.compile(
    r"(?<![\w-])\d{4}-\d\d-\d\d[T +](\d\d)(:|%3A)\d\d\2\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?|(?<![\w.-])\d{10}(?![\w.-])"
)
_DIGESTS = ("md5", "sha1", "sha256")
_CONTENT_NAME = re.compile(r"\bbafyrei[a-z2-7]{52}\b")  # of a record by its hash, in which the moment is, too
_BOUNDARY = re.compile(r"(boundary=)\"?[^\";]+\"?")
_LOOKS_BACK = timedelta(days=7)  # how long before now a search for what an earlier run sent may begin
_LOOKS_AHEAD = timedelta(hours=1)  # how long a token that is asked for may live
_SHORTEST_REPLACED = 4  # a shorter value would stand in ordinary words


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request; in its texts `<env:NAME>` and the like stand for secrets, `<id 1>` for what the platform answers."""

    method: str
    url: str
    headers: dict[str, str]
    body: tuple[Content, ...] = ()


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What every channel sends, in order, each request once however often it is asked; and how the rehearsal went."""

    requests: dict[str, tuple[Request, ...]]
    report: Report


class RehearsalClock:
    """The time of a sandbox in this process, where waiting takes none."""

    def __init__(self, sandbox: Any) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        now: datetime = self._sandbox.clock.datetime()
        return now

    def sleep(self, seconds: float, cancel: Cancel) -> None:
        """Move the sandbox's clock forward; raises Cancelled when asked to stop."""
        cancel.check()
        self._sandbox.advance(max(0.0, seconds))


def make_rehearsal(
    announcement: Announcement,
    report: Report,
    witness: Witness,
    publishers: Mapping[str, Publisher],
    channels: Mapping[str, Channel],
    began: datetime,
) -> Rehearsal:
    """What the witness has seen since then, in words that are the same on every machine."""
    words = _Words(announcement, witness.told, publishers, channels, began)
    by_channel: dict[str, list[Request]] = {name: [] for name in channels}
    for sent in sorted(witness.sent, key=lambda sent: list(channels).index(sent.channel)):
        by_channel[sent.channel].append(_shown(sent, words))
    return Rehearsal(requests={name: tuple(_each_once(every)) for name, every in by_channel.items()}, report=report)


def _shown(sent: Sent, words: _Words) -> Request:
    told = {name: value for name, value in sent.headers.items() if name.lower() not in _UNTOLD}
    if any(content.name for content in sent.body):
        told["Content-Type"] = _BOUNDARY.sub(r"\1<boundary>", told["Content-Type"])
    return Request(
        method=sent.method,
        url=words.of(sent.url),
        headers={name: _DERIVED.get(name.lower()) or words.of(value) for name, value in sorted(told.items())},
        body=tuple(
            content if content.text is None else msgspec.structs.replace(content, text=words.of_body(content.text))
            for content in sent.body
        ),
    )


class _Words:
    """Names for what is a rehearsal's own: secrets, ids, and whatever depends on the moment."""

    def __init__(
        self,
        announcement: Announcement,
        told: Collection[str],
        publishers: Mapping[str, Publisher],
        channels: Mapping[str, Channel],
        began: datetime,
    ) -> None:
        said, live = announcement.to_json().decode(), announcement.live
        self._ids = {id for id in told if id not in said}
        self._numbers: dict[str, str] = {}
        self._named = dict(pair for name, publisher in publishers.items() for pair in _names(publisher, channels[name]))
        connections = [publisher.connection for publisher in publishers.values()]
        self._redact = connections[0].transport.redactor.redact
        self._earliest, self._latest = began - _LOOKS_BACK, connections[0].clock.now() + _LOOKS_AHEAD
        self._own_moments = {announcement.embargo, *((live.starts_at, live.ends_at) if live else ())}

    def of(self, text: str) -> str:
        """The text with names in it."""
        for value in sorted(self._named, key=len, reverse=True):
            text = text.replace(value, self._named[value])
        text = _MOMENT.sub(self._moment, _ONCE.sub(r"\1\3<\2>", self._redact(text)))
        return replace_tokens(_CONTENT_NAME.sub("<hash>", text), self._id)

    def of_body(self, text: str) -> str:
        """That of a body; in a form, also without the digest of a field that has other bytes each time."""
        for _, value in parse_qsl(text):
            if self.of(value) != value:
                for kind in _DIGESTS:
                    text = text.replace(hashlib.new(kind, value.encode(), usedforsecurity=False).hexdigest(), f"<{kind}>")
        return self.of(text)

    def _id(self, word: str) -> str:
        """Numbered as they are first shown."""
        return self._numbers.setdefault(word, f"<id {len(self._numbers) + 1}>") if word in self._ids else word

    def _moment(self, found: re.Match[str]) -> str:
        """A time at which the rehearsal looked at the clock, or about it; those that the announcement tells stay."""
        text = unquote(found[0])
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return "<time>" if moment not in self._own_moments and self._earliest <= moment <= self._latest else found[0]


def _names(publisher: Publisher, channel: Channel) -> Iterator[tuple[str, str]]:
    """The values that a sandbox gave, each with what stands for it: a secret's place, or what the channel is set to."""
    in_sight = settings_in_sight(publisher.Settings, channel)
    for field in msgspec.structs.fields(publisher.settings):
        value, variable = getattr(publisher.settings, field.name), environment_variable(channel.name, field.name)
        if isinstance(value, Secret):
            plain, shown = value.reveal(), f"<{in_sight.get(field.name, f'env:{variable}')}>"
        else:
            plain, shown = value, str(in_sight.get(field.name, f"<{field.name}>"))
        if isinstance(plain, str) and len(plain) >= _SHORTEST_REPLACED and plain not in (shown, field.default):
            yield from ((written(plain), shown) for written in (str, quote, quote_plus, partial(quote, safe="")))


def _each_once(requests: Iterable[Request]) -> list[Request]:
    """Without those that ask again what was asked before, as one does until a platform is ready."""
    kept: dict[bytes, Request] = {}
    for request in requests:
        kept.setdefault(msgspec.json.encode(request), request)
    return list(kept.values())
