from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from socialcast import Video
from socialcast.wire.bodies import BLOCK_BYTES, Form, Piece, open_piece

NAMES = st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters='"\\')
FILE = bytes(range(100))


@pytest.fixture(params=["path", "bytes"])
def video(request: pytest.FixtureRequest, tmp_path: Path) -> Video:
    """A file of a hundred bytes, by its path or in memory."""
    if request.param == "bytes":
        return Video(FILE)
    path = tmp_path / "film.mp4"
    path.write_bytes(FILE)
    return Video(path)


@pytest.mark.parametrize(
    ("start", "length", "read"),
    [(40, 3, FILE[40:43]), (0, 100, FILE), (90, 50, FILE[90:]), (0, 0, b"")],
    ids=["inside", "whole", "past the end", "nothing"],
)
def test_a_piece_is_read_from_its_place_and_no_further(video: Video, start: int, length: int, read: bytes) -> None:
    """A piece holds its own bytes and tells how many they are, which is what its request announces."""
    with open_piece(video, start, length) as piece:
        assert (piece.len, _sent(piece)) == (len(read), read)


def test_a_long_piece_is_whole(tmp_path: Path) -> None:
    """What takes several blocks arrives in their order, though each is read into the same memory."""
    content, path = random.Random(1).randbytes(3 * BLOCK_BYTES + 7), tmp_path / "film.mp4"
    path.write_bytes(content)
    with open_piece(Video(path), 1, len(content)) as piece:
        assert _sent(piece) == content[1:]


def test_a_file_that_was_cut_ends_the_piece() -> None:
    """Where the file ends, so does what is sent: nothing is made up, and nothing waits."""
    with BytesIO(FILE) as file:
        assert _sent(Piece(file, 200)) == FILE


@given(
    fields=st.dictionaries(st.text(NAMES, min_size=1), st.text(st.characters(codec="utf-8"), max_size=20), max_size=3),
    filename=st.text(NAMES, min_size=1),
    content=st.binary(max_size=300),
    as_file=st.booleans(),
)
def test_a_form_says_what_was_put_into_it(fields: dict[str, str], filename: str, content: bytes, as_file: bool) -> None:
    """A server reads the same fields and the same file, of a body as long as announced."""
    form = Form([*fields.items(), ("media", (filename, BytesIO(content) if as_file else content, "video/mp4"))])
    body = _sent(form)
    assert len(body) == form.len
    environ = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": form.content_type}
    _, read, files = parse_form_data({**environ, "REQUEST_METHOD": "POST"})
    assert read.to_dict() == fields
    with closing(files["media"]) as media:
        assert (media.filename, media.mimetype, media.read()) == (filename, "video/mp4", content)


def test_a_file_is_sent_from_where_it_stands() -> None:
    """Who has read a file's beginning sends the rest, as requests itself does."""
    file = BytesIO(FILE)
    file.seek(60)
    form = Form([("media", ("film.mp4", file, "video/mp4"))])
    body = _sent(form)
    assert (len(body), FILE[60:] in body, FILE[59:] in body) == (form.len, True, False)


def _sent(body: Iterable[bytes | memoryview]) -> bytes:
    """What goes out; each block is used before the next is asked for."""
    sent = bytearray()
    for block in body:
        sent += block
    return bytes(sent)
