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
    assert "not looked at: title" in done.output


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
