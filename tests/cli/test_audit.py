"""`socialcast audit` as a person reads it, and as a CI job: exit codes, JSON, Markdown and a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """One account on X."""
    (folder / "channels.toml").write_text('[channels.news]\nplatform = "x"\n', encoding="utf-8")
    (folder / "event.md").write_text("---\nkey: doors\ntext: Doors open.\n---\n", encoding="utf-8")


@pytest.fixture
def published(run: Run, sandbox: Sandbox, files: None) -> Sandbox:
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    return sandbox


@pytest.fixture
def changed(published: Sandbox) -> Sandbox:
    """The post says something hostile now."""
    mirror: Any = published.mirror("x")
    (id, post), *_ = mirror.posts.items()
    mirror.posts[id] = replace(post, rendered=replace(post.rendered, text="<script>`|\x1b[2J\u202e"))
    return published


def test_as_announced(run: Run, published: Sandbox) -> None:
    """Exit code 0, and what nobody looked at is named."""
    done = run("audit", "doors", "--sandbox", published.url)
    assert done.exit_code == 0
    assert "as announced" in done.output
    assert "not looked at: pictures" in done.output


def test_a_lost_ledger_is_rebuilt(run: Run, run_json: RunJson, published: Sandbox, folder: Path) -> None:
    """By the announcement's file, with nothing sent; from then on the key works as before."""
    where = ("--sandbox", published.url, "--ledger", "new.sqlite3")
    count = len(published.requests())
    done = run("audit", "event.md", "--adopt", *where)
    assert done.exit_code == 0, done.output
    assert "adopted, as announced" in done.output
    assert {each.method for each in published.requests()[count:]} == {"GET"}
    assert run_json("audit", "event.md", "--adopt", *where)["channels"]["news"]["adoption"] == "known before"
    assert run("retract", "doors", "--yes", *where).exit_code == 0
    assert published.mirror("x").cards() == []


def test_what_was_adopted_without_a_time_has_a_status(run: Run, sandbox: Sandbox, folder: Path) -> None:
    """Not every platform tells when something became public, and nobody makes a time up."""
    (folder / "channels.toml").write_text('[channels.photos]\nplatform = "flickr"\n', encoding="utf-8")
    event = "---\nkey: doors\ntitle: Doors\ntext: Doors open.\nphotos: [{path: dome.jpg, alt: The dome}]\n---\n"
    (folder / "event.md").write_text(event, encoding="utf-8")
    where = ("--sandbox", sandbox.url)
    assert run("publish", "event.md", *where).exit_code == 0
    assert run("audit", "event.md", "--adopt", *where, "--ledger", "new").exit_code == 0
    told = run("status", "doors", *where, "--ledger", "new")
    assert told.exit_code == 0
    assert "photos (flickr): published http" in told.output
    assert run("report", "doors", *where, "--ledger", "new").exit_code == 0


def test_what_is_not_there_is_no_success(run: Run, sandbox: Sandbox, folder: Path) -> None:
    """The channel is told as absent, with what to do; nothing is claimed of a file that is none."""
    (folder / "channels.toml").write_text('[channels.news]\nplatform = "bluesky"\n', encoding="utf-8")
    done = run("audit", "event.md", "--adopt", "--sandbox", sandbox.url)
    assert done.exit_code == 1
    assert "news (bluesky): absent" in done.output
    assert "to do: publish it" in done.output
    assert run("audit", "none.md", "--adopt", "--sandbox", sandbox.url).exit_code == 2


def test_a_difference_is_told_in_every_form(run: Run, run_json: RunJson, changed: Sandbox, folder: Path) -> None:
    """Exit code 3; words from the platform do nothing to a terminal, to Markdown or to the page."""
    done = run("audit", "doors", "--sandbox", changed.url, "--html", "audit.html")
    assert done.exit_code == 3
    assert "text changed by platform" in done.output
    assert "announced: “Doors open.”" in done.output
    markdown = run("audit", "doors", "--sandbox", changed.url, "--markdown").output
    page = (folder / "audit.html").read_text(encoding="utf-8")
    for shown in (done.output, markdown, page):
        assert not set(shown) & set("\x1b\u202e")
    assert "`<script>'\\|" in markdown
    assert "<script" not in page
    (finding,) = run_json("audit", "doors", "--sandbox", changed.url)["channels"]["news"]["findings"]
    assert (finding["difference"], finding["aspect"], finding["expected"]) == ("changed by platform", "text", "Doors open.")
