"""A witness sees bodies as they pass, whatever they are made of, and changes no byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
import requests

from socialcast.wire.bodies import Form, Piece
from socialcast.wire.witness import Content, Witness, replace_tokens

LONG = bytes(range(256)) * 1000


def passed(witness: Witness, body: Any, kind: str) -> bytes:
    """The bytes that go on."""
    request = requests.Request("POST", "https://api.example/upload", data=body, headers={"Content-Type": kind}).prepare()
    went: list[bytes] = []

    def send() -> requests.Response:
        blocks = [request.body] if isinstance(request.body, bytes) else request.body
        went.extend(block.encode() if isinstance(block, str) else bytes(block) for block in _blocks(blocks))
        return requests.Response()

    witness.watch("news", request, send, streams=True)
    return b"".join(went)


def _blocks(body: Any) -> Iterable[Any]:
    return [body] if isinstance(body, str) else body


@pytest.mark.parametrize("body", [LONG, BytesIO(LONG), Piece(BytesIO(LONG), len(LONG)), iter([LONG[:5], LONG[5:]])])
def test_a_file_is_told_by_size_and_digest(body: Any) -> None:
    """Bytes, an open file, a piece of one and blocks give the same, and pass whole."""
    witness = Witness()
    assert passed(witness, body, "video/mp4") == LONG
    [sent] = witness.sent
    assert sent.body == (Content(type="video/mp4", size_bytes=len(LONG), sha256=hashlib.sha256(LONG).hexdigest()),)


def test_a_form_is_told_part_by_part() -> None:
    """Fields by their text, files by their digest, whatever the boundary."""
    witness = Witness()
    form = Form([("title", "Überall"), ("photo", ("a.jpg", BytesIO(LONG), "image/jpeg"))])
    assert len(passed(witness, form, form.content_type)) == form.len
    title, photo = witness.sent[0].body
    assert title == Content(name="title", text="Überall")
    assert (photo.name, photo.filename, photo.type, photo.size_bytes) == ("photo", "a.jpg", "image/jpeg", len(LONG))
    assert photo.sha256 == hashlib.sha256(LONG).hexdigest()


def test_escapes_hide_in_no_word() -> None:
    """A percent sign's two digits belong to it and not to the word after it."""
    assert replace_tokens(r"user=123%40N01&x=\u00e9a1", str.upper) == r"USER=123%40N01&X=\u00e9A1"
