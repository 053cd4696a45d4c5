"""`socialcast doctor` tells whether every channel could publish, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.model.receipt import Access
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox

Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
_READING = {"people_get_upload_status", "auth_oauth_check_token", "login", "token"}  # by POST, and changing nothing
EXAMPLES = Path(__file__).parents[2] / "examples"


def test_every_platform_tells_what_it_knows(run_json: RunJson, sandbox: Sandbox) -> None:
    """Accounts, scopes, limits, quota and cost of the example event, on every platform of ours."""
    event = str(EXAMPLES / "open-doors" / "event.md")
    told = run_json("doctor", event, "--channels", str(EXAMPLES / "channels.toml"), "--sandbox", sandbox.url)["channels"]
    assert all(channel["fit"] for channel in told.values())
    assert all(channel["account"]["id"] for name, channel in told.items() if name != "stream")
    assert told["photos"]["scopes"] == ["delete"]
    assert {"edit", "upload"} <= set(told["wiki"]["scopes"])
    assert "youtube.force-ssl" in told["film"]["scopes"]
    assert "pages_manage_posts" in told["page"]["scopes"]
    assert told["stage"]["left"]["bytes"] > 0
    assert told["photos"]["limits"]["photos.max_bytes"] > 0
    assert {cost["unit"] for cost in told["news"]["costs"]} == {"USD"}


def test_it_changes_nothing(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """Nothing is public or uploaded afterwards, only tokens are asked for, and no ledger is made."""
    where = ("--channels", str(EXAMPLES / "channels.toml"), "--sandbox", sandbox.url)
    assert run("doctor", *where).exit_code == 0
    for name in ("x", "flickr", "mediawiki", "youtube", "facebook", "vimeo"):
        assert not sandbox.mirror(name).cards()
        for record in sandbox.requests(name):
            assert record.method == "GET" or record.handler in _READING, record
    assert not list(folder.rglob("*ledger*"))


def test_a_channel_that_cannot_publish_is_told_and_hides_no_other(
    run: Run, run_json: RunJson, folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing secret is told with its place, the other channels with their accounts; the exit code is 1."""
    result = run("doctor")
    assert result.exit_code == 1
    assert "the environment variable TOWN_TOKEN is not set" in result.stdout
    assert "SOCIALCAST_VILLAGE_TOKEN" in result.stdout
    sandbox.fault("plaza", "expired_token", account="town")
    told = run_json("doctor", "--sandbox", sandbox.url)["channels"]
    assert sorted(channel["fit"] for channel in told.values()) == [False, True]
    (sick,) = [channel for channel in told.values() if not channel["fit"]]
    assert "new token" in sick["hint"]


def test_an_optional_channel_does_not_fail_it(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """Only required channels decide over the exit code."""
    channels = (folder / "channels.toml").read_text(encoding="utf-8")
    (folder / "channels.toml").write_text(channels.replace('platform = "plaza"', 'platform = "plaza"\nrequired = false'))
    result = run("doctor")
    assert (result.exit_code, result.stdout.count("not fit to publish")) == (0, 2)


def test_credentials_that_end_soon_are_told(run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The days that are left stand in the report."""
    ends = datetime.now(UTC) + timedelta(days=3, hours=1)
    monkeypatch.setattr(publisher_class("plaza"), "access", lambda self: Access(expires_at=ends))
    assert "the credentials end in 3 days" in run("doctor", "--sandbox", sandbox.url).stdout


def test_an_announcement_is_held_against_the_accounts(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """An announcement that does not fit makes the channel unfit, with the problem's path and fix."""
    text = (folder / "event.md").read_text(encoding="utf-8").replace("alt: The roof", "caption: The roof")
    (folder / "event.md").write_text(text, encoding="utf-8")
    result = run("doctor", "event.md", "--sandbox", sandbox.url)
    assert result.exit_code == 1
    assert "photos.alt_missing at town: photos[1].alt" in result.stdout
