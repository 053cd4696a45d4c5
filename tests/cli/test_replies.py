"""`socialcast replies` and `answer` as a person and a program use them; what strangers write does nothing to either."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
HOSTILE = "<script>alert(1)</script> \x1b[2J\x1b]0;owned\x07 \u202egnp.exe \u2067 \x9b31m\rgone"


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """One account on X."""
    (folder / "channels.toml").write_text('[channels.news]\nplatform = "x"\n', encoding="utf-8")
    (folder / "event.md").write_text("---\nkey: doors\ntext: Doors open.\n---\n", encoding="utf-8")


@pytest.fixture
def said(run: Run, sandbox: Sandbox, files: None) -> str:
    """The id of a hostile reply."""
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    mirror: Any = sandbox.mirror("x")
    with mirror.lock:
        (root,) = mirror.posts
        id: str = mirror.reply_as("ann", root, HOSTILE)
    return id


def test_hostile_words_are_harmless_on_a_terminal(run: Run, sandbox: Sandbox, said: str) -> None:
    """Escape codes, forced directions and carriage returns are named where they stand, and nothing is left out."""
    shown = run("replies", "doors", "--sandbox", sandbox.url).output
    assert not set(shown) & set("\x1b\x07\x9b\r\u202e\u2067")
    assert "⟨U+001B⟩[2J" in shown
    assert "⟨U+202E⟩gnp.exe" in shown
    assert "<script>" in shown


def test_hostile_words_are_text_on_the_page(run: Run, sandbox: Sandbox, said: str, folder: Path) -> None:
    """No element, no script, no forced direction comes of them."""
    run("replies", "doors", "--sandbox", sandbox.url, "--html", "replies.html")
    page = (folder / "replies.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not set(page) & set("\x1b\x07\x9b\u202e\u2067")


def test_json_has_the_words_as_they_were_written(run: Run, sandbox: Sandbox, said: str) -> None:
    """A program gets them exactly, and a terminal that the line is printed on obeys none of them."""
    output = run("replies", "doors", "--sandbox", sandbox.url, "--json").stdout
    assert output.isascii()
    assert "\x1b" not in output
    reply, report = map(json.loads, output.splitlines())
    assert (reply["id"], reply["standing"]) == (said, "waits")
    assert reply["text"].endswith(HOSTILE[-20:])
    assert (report["waiting"], report["channels"]["news"]["new"]) == (1, 1)


def test_answering_by_id_or_address(run: Run, sandbox: Sandbox, said: str) -> None:
    """Either names it; the second time it was answered before, and what is answered does not wait."""
    run("replies", "doors", "--sandbox", sandbox.url)
    first = run("answer", said, "Thank you", "--sandbox", sandbox.url)
    assert first.exit_code == 0, first.output
    again = run("answer", f"{sandbox.url}/at/x.com/ann/status/{said}", "Thank you", "--sandbox", sandbox.url)
    assert "answered before" in again.output
    assert "ann" not in run("replies", "doors", "--waiting", "--sandbox", sandbox.url).output


def test_an_answer_that_nobody_knows_of_ends_in_4(run: Run, sandbox: Sandbox, said: str, sandbox_time: None) -> None:
    """It may be there: neither done nor failed."""
    run("replies", "doors", "--sandbox", sandbox.url)
    sandbox.fault("x", "reset_after", handler="create_post")
    sandbox.fault("x", "status_before", handler="get_timeline", count=99)
    done = run("answer", said, "Thank you", "--sandbox", sandbox.url)
    assert (done.exit_code, "news (x): unknown" in done.output) == (4, True), done.output


def test_an_unknown_reply_is_a_usage_error(run: Run, sandbox: Sandbox, said: str) -> None:
    """It says where to find one."""
    done = run("answer", "4711", "Thank you", "--sandbox", sandbox.url)
    assert done.exit_code == 2
    assert "socialcast replies" in done.output
