"""`socialcast correct` as a person and a CI job use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def published(run: Run, sandbox: Sandbox, edit: Callable[[str, str, str], None]) -> Sandbox:
    """A sandbox that has the announcement, which has been found wrong since."""
    assert run("publish", "event.md", "--sandbox", sandbox.url).exit_code == 0
    edit("event.md", "at nine", "at ten")
    return sandbox


def said(sandbox: Sandbox) -> str:
    return " ".join(card.text for card in sandbox.mirror("plaza").cards())


def test_a_channel_without_a_wish_is_told_what_to_set(run: Run, published: Sandbox) -> None:
    """Nothing is sent, and the exit code and the words say what to do."""
    done = run("correct", "event.md", "--sandbox", published.url)
    assert done.exit_code == 1
    assert 'correction = "replace" in' in " ".join(done.output.split())
    assert "(plaza): cannot be corrected" in done.output
    assert "at nine" in said(published)


def test_nobody_to_ask_takes_nothing_back(run: Run, published: Sandbox, edit: Callable[[str, str, str], None]) -> None:
    """A dry run tells, a run without a terminal stops, and --yes does it."""
    edit("channels.toml", 'policy = "adapt"', 'policy = "adapt"\ncorrection = "replace"')
    assert "take back and publish anew" in run("correct", "event.md", "--dry-run", "--sandbox", published.url).output
    done = run("correct", "event.md", "--sandbox", published.url)
    assert (done.exit_code, "--yes" in done.output, "at nine" in said(published)) == (2, True, True)
    done = run("correct", "event.md", "--yes", "--sandbox", published.url)
    assert done.exit_code == 0
    assert "instead of: " in done.output
    assert "at nine" not in said(published)
    assert "at ten" in said(published)


def test_a_correction_that_nobody_knows_of_ends_in_4(
    run: Run, published: Sandbox, edit: Callable[[str, str, str], None], sandbox_time: None
) -> None:
    """It may be there: neither done nor failed, in words and in the exit code."""
    edit("channels.toml", 'policy = "adapt"', 'policy = "adapt"\ncorrection = "replace"')
    published.fault("plaza", "reset_after", handler="add_post")
    published.fault("plaza", "status_before", handler="find_posts", count=50)
    done = run("correct", "event.md", "--yes", "--only", "town", "--sandbox", published.url)
    assert (done.exit_code, "town (plaza): unknown" in done.output) == (4, True), done.output
