"""A rehearsal tells every request as it would be sent, in the same words on every machine, and no secret."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError
from socialcast.broadcast.rehearsal import Rehearsal
from socialcast.model.receipt import State
from socialcast.publishers.x import XPublisher
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.scenes import provable
from socialcast.testing.stage import SandboxStage, clip, film, sample
from socialcast.wire.settings import Policy


def rehearsed(folder: Path, announcement: Announcement, *channels: Channel, seed: str = "socialcast") -> Rehearsal:
    """On a machine of its own: another folder, another sandbox, another time."""
    with Sandbox(seed=seed) as sandbox, Broadcast(channels, ledger=folder / "ledger") as broadcast:
        sandbox.advance(1000.0 * len(seed))
        rehearsal = broadcast.rehearse(announcement, sandbox)
    assert not folder.exists() or not list(folder.iterdir())
    return rehearsal


def x_channel() -> Channel:
    return Channel(name="news", platform="x", policy=Policy.ADAPT, settings={"access_token": "env:X_ACCESS_TOKEN"})


@pytest.mark.parametrize("platform", provable())
def test_every_publisher_sends_the_same_requests_on_every_machine(platform: str, tmp_path: Path) -> None:
    """Ids, times, nonces and signatures of two rehearsals differ, and their lists do not; no secret is in them."""
    table = publisher_class(platform).capabilities
    announcement = sample(publisher_class(platform), video=film(table.video) if table.video else None)
    with Sandbox() as sandbox:
        channel = SandboxStage(sandbox, platform).channel(**{"folder": "site"} if platform == "newsroom" else {})
    here = rehearsed(tmp_path / "here", announcement, channel)
    there = rehearsed(tmp_path / "there", announcement, channel, seed="another")
    assert here.report["contract"].state is State.PUBLISHED
    assert here.requests == there.requests
    assert here.requests["contract"] or platform in ("newsroom", "email")  # files, and SMTP: neither is a request of HTTP
    with Sandbox() as sandbox:
        wishes = publisher_class(platform).sandbox_wishes(channel.settings)
        credentials = sandbox.account(platform, "contract", **wishes).credentials.values()
    told = msgspec.json.encode(here.requests).decode()
    assert not [value for value in credentials if len(value) > 4 and value in told]


def test_what_is_told_is_what_is_sent(tmp_path: Path) -> None:
    """Text, alt text and the photo's bytes stand in the requests; a secret stands there by the name of its place."""
    announcement = sample(XPublisher, photos=1, video=None)
    requests = rehearsed(tmp_path / "here", announcement, x_channel()).requests["news"]
    [photo] = [content for request in requests for content in request.body if content.sha256]
    assert photo.sha256 == hashlib.sha256(announcement.photos[0].data or b"").hexdigest()
    posts = [json.loads(request.body[0].text or "") for request in requests if request.url.endswith("/2/tweets")]
    assert " ".join(post["text"] for post in posts).startswith("The doors of the old observatory")
    assert posts[0]["media"]["media_ids"] == ["<id 1>"]
    assert posts[1]["reply"]["in_reply_to_tweet_id"].startswith("<id ")
    signed = requests[0].headers["Authorization"]
    assert 'oauth_token="<env:X_ACCESS_TOKEN>"' in signed
    assert 'oauth_consumer_key="<env:SOCIALCAST_NEWS_CONSUMER_KEY>"' in signed
    assert all(f'oauth_{name}="<{name}>"' in signed for name in ("nonce", "timestamp", "signature"))


def test_every_request_that_reaches_the_sandbox_is_told_once(tmp_path: Path) -> None:
    """The list holds the calls that the platform got, in their order, without those that ask the same again."""
    announcement = sample(XPublisher, photos=0, video=clip())
    with Sandbox() as sandbox, Broadcast([x_channel()], ledger=tmp_path / "ledger") as broadcast:
        told = broadcast.rehearse(announcement, sandbox).requests["news"]
        got = [record.method for record in sandbox.requests("x")]
    assert len(told) <= len(got)
    assert [request.method for request in told if request.method != "GET"] == [method for method in got if method != "GET"]


def test_an_embargo_is_waited_for_in_no_time_and_told_where_it_is_sent(tmp_path: Path) -> None:
    """The time at which a platform ends an embargo is the announcement's own, so it stays in the request."""
    embargo = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    page = Channel(
        name="page",
        platform="facebook",
        policy=Policy.ADAPT,
        settings={"page_id": "123456789012345", "schedule": True},
    )
    announcement = Announcement(key="later", text="The doors open at nine.", embargo=embargo)
    rehearsal = rehearsed(tmp_path / "here", announcement, page)
    assert rehearsal.report["page"].state in (State.PUBLISHED, State.HELD)
    forms = [parse_qs(content.text or "") for request in rehearsal.requests["page"] for content in request.body]
    assert [form["scheduled_publish_time"] for form in forms if "scheduled_publish_time" in form] == [
        [str(int(embargo.timestamp()))]
    ]


def test_what_cannot_be_published_is_rehearsed_to_its_refusal(tmp_path: Path) -> None:
    """Where an error stops the plan, nothing is sent, and the report says why."""
    channel = msgspec.structs.replace(x_channel(), policy=Policy.REFUSE)
    rehearsal = rehearsed(tmp_path / "here", Announcement(key="long", text="The doors open at nine. " * 40), channel)
    assert rehearsal.requests == {"news": ()}
    assert "text.thread" in rehearsal.report["news"].reason


def test_a_platform_without_a_mirror_cannot_be_rehearsed(tmp_path: Path) -> None:
    """The error names the channel, since another package's publisher may come without one."""
    with (
        Sandbox(mirrors={}) as sandbox,
        Broadcast([x_channel()], ledger=tmp_path / "ledger") as broadcast,
        pytest.raises(ConfigurationError, match="news"),
    ):
        broadcast.rehearse(sample(XPublisher, photos=0, video=None), sandbox)


def test_an_address_that_a_host_gives_is_a_placeholder_also_where_it_is_digested(tmp_path: Path) -> None:
    """The wiki's page leads to the film, so the page's text, and its MD5, have other bytes in each rehearsal."""
    wiki = {"url": "https://wiki.example.org/w/api.php", "contact": "a@example.org", "mode": "edit", "page": "Open doors"}
    channels = (
        Channel(name="film", platform="youtube", policy=Policy.ADAPT),
        Channel(name="wiki", platform="mediawiki", policy=Policy.ADAPT, settings=wiki),
    )
    announcement = Announcement(key="film", title="Open doors", text="The doors open at nine.", video=clip())
    here = rehearsed(tmp_path / "here", announcement, *channels)
    there = rehearsed(tmp_path / "there", announcement, *channels, seed="another")
    assert here.requests == there.requests
    [page] = [text for request in here.requests["wiki"] for c in request.body if "createonly=1" in (text := c.text or "")]
    assert "watch%3Fv%3D<id " in page
    assert "md5=<md5>" in page
