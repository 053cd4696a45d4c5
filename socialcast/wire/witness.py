"""What a session sends, to the byte: addresses, headers and bodies as they leave it, and the ids it was told in between.

A body is looked at while it passes, so that a video of gigabytes takes no more memory than it does without a witness.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
import requests

__all__ = ["Content", "Sent", "Witness", "replace_tokens"]

_SHOWN_BYTES = 1 << 16  # a longer text is told by its digest, as a file is
_BLOCK_BYTES = 1 << 16
_TOKEN = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9a-fA-F]{4}|[A-Za-z0-9_-]+")  # escapes first, so that none hides in a token
_FORM = re.compile(r'multipart/form-data;.*boundary="?([^";]+)')
_SHORTEST_ID = 5


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A body, or a part of one: its text where it is a short text, else its size and SHA-256 (hex).

    A part of a form has a name, and the name of its file if it is one.
    """

    name: str = ""
    filename: str = ""
    type: str = ""
    text: str | None = None
    size_bytes: int | None = None
    sha256: str = ""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it left."""

    channel: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: tuple[Content, ...] = ()


class Witness:
    """Keeps what the channels send, and which ids the platforms told them; safe from several threads."""

    def __init__(self) -> None:
        self._watched: list[_Watched] = []
        self._said: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self.told: set[str] = set()  # what answers held, looks like an id, and had not been said to that platform before

    @property
    def sent(self) -> list[Sent]:
        """Everything that was sent, in the order in which it was begun."""
        return [watched.sent for watched in self._watched]

    def watch(
        self, channel: str, request: requests.PreparedRequest, send: Callable[[], requests.Response], *, streams: bool
    ) -> requests.Response:
        """The answer of `send`, which sends that request."""
        watched = _Watched(channel, request)
        with self._lock:
            self._watched.append(watched)
        response = send()
        answer = f"{response.headers} {'' if streams else response.text}"
        with self._lock:
            said = self._said.setdefault(channel, set())
            said |= set(_ids(msgspec.json.encode(watched.sent).decode()))
            self.told |= set(_ids(answer)) - said
        return response


def replace_tokens(text: str, replacement: Callable[[str], str]) -> str:
    """The text with each of its words and numbers replaced; escapes in it stay what they are."""
    return _TOKEN.sub(lambda found: found[0] if found[0][0] in "%\\" else replacement(found[0]), text)


def _ids(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if len(found[0]) >= _SHORTEST_ID and any(map(str.isdigit, found[0])) and found[0][0] not in "%\\":
            yield found[0]


class _Watched:
    """A request under way: its body gives itself up to be looked at block by block."""

    def __init__(self, channel: str, request: requests.PreparedRequest) -> None:
        self._head = (channel, request.method or "", request.url or "", {name: _text(v) for name, v in request.headers.items()})
        self._body = _content(_text(request.headers.get("Content-Type", "")))
        body: Any = request.body
        if isinstance(body, str | bytes):
            self._body.take(body.encode() if isinstance(body, str) else body)
        elif body is not None:
            request.body = _Passing(body, self._body.take)  # type: ignore[assignment]

    @property
    def sent(self) -> Sent:
        channel, method, url, headers = self._head
        return Sent(channel=channel, method=method, url=url, headers=headers, body=tuple(self._body.contents()))


class _Passing:
    """A body in blocks, each shown to somebody before it goes on."""

    def __init__(self, body: Any, show: Callable[[bytes], None]) -> None:
        self._body, self._show = body, show

    def __iter__(self) -> Iterator[bytes]:
        read = getattr(self._body, "read", None)
        for block in iter(partial(read, _BLOCK_BYTES), b"") if read else self._body:
            self._show(bytes(block))
            yield block


class _Whole:
    """A body or a part that is one thing."""

    def __init__(self, kind: str, name: str = "", filename: str = "") -> None:
        self._content = Content(type=kind, name=name, filename=filename)
        self._digest, self._size_bytes, self._head = hashlib.sha256(), 0, bytearray()

    def take(self, block: bytes) -> None:
        self._digest.update(block)
        self._size_bytes += len(block)
        self._head += block[: max(0, _SHOWN_BYTES - len(self._head))]

    def contents(self) -> Iterator[Content]:
        if (text := self._short_text()) is not None:
            if text or self._content.name:
                yield msgspec.structs.replace(self._content, text=text)
        else:
            yield msgspec.structs.replace(self._content, size_bytes=self._size_bytes, sha256=self._digest.hexdigest())

    def _short_text(self) -> str | None:
        try:
            return self._head.decode() if self._size_bytes <= _SHOWN_BYTES and 0 not in self._head else None
        except UnicodeDecodeError:
            return None


class _Form:
    """multipart/form-data, part by part."""

    def __init__(self, boundary: str) -> None:
        from werkzeug.sansio import multipart  # of the sandbox, without which nobody looks on

        self._events, self._decoder = multipart, multipart.MultipartDecoder(boundary.encode())
        self._parts: list[_Whole] = []

    def take(self, block: bytes) -> None:
        self._decoder.receive_data(block)
        while not isinstance(event := self._decoder.next_event(), self._events.NeedData | self._events.Epilogue):
            if isinstance(event, self._events.Data):
                self._parts[-1].take(event.data)
            elif isinstance(event, self._events.Field | self._events.File):
                filename = getattr(event, "filename", "")
                self._parts.append(_Whole(event.headers.get("Content-Type", ""), event.name, filename))

    def contents(self) -> Iterator[Content]:
        for part in self._parts:
            yield from part.contents()


def _content(kind: str) -> _Whole | _Form:
    form = _FORM.match(kind)
    return _Form(form[1]) if form else _Whole(kind)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
