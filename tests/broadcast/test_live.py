"""A live event on its hosts, and what the feeds say about it: each moment once, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Live, LiveReport, LiveState, LiveWords, Override, Wording, Words
from socialcast.model.errors import ConfigurationError
from socialcast.model.reports import LiveOutcome, Means
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip
from socialcast.wire.settings import Correction, Policy

HOSTS = ("film", "page-live")
FEEDS = ("news", "page")
RTMP = {"url": "rtmp://ingest.example.org/live", "watch_url": "https://watch.example.org/"}


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """YouTube and a Facebook Page host the event, X and the Page's feed post about it."""
    channels = [
        Channel(name="film", platform="youtube"),
        Channel(name="page-live", platform="facebook", settings={"place": "live"}),
        Channel(name="news", platform="x"),
        Channel(name="page", platform="facebook"),
    ]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as made:
        yield made


@pytest.fixture
def published(broadcast: Broadcast, sandbox: Sandbox) -> Broadcast:
    """The same with the announcement published."""
    report = broadcast.publish(event(sandbox))
    report.raise_for_failures()
    return broadcast


def event(sandbox: Sandbox, **fields: Any) -> Announcement:
    starts_at = sandbox.mirror("x").clock.datetime() + timedelta(hours=1)
    live = Live(title="Open doors", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), **fields)
    return Announcement(key="doors", title="Open doors", text="We open at nine.", live=live)


def receive(sandbox: Sandbox, broadcast: Broadcast, *, is_active: bool = True) -> None:
    """Pictures come in at every host's ingest, or stop."""
    for channel, ingest in broadcast.live("doors").ingests().items():
        sandbox.mirror({"film": "youtube", "page-live": "facebook"}[channel]).set_ingest(ingest.key.reveal(), is_active)


def writes(sandbox: Sandbox) -> int:
    return sum(request.method not in ("GET", "HEAD") for request in sandbox.requests())


def by_channel(report: LiveReport) -> dict[str, LiveOutcome]:
    return {outcome.channel: outcome for outcome in report.outcomes}


def test_feeds_have_the_address_before_the_event(published: Broadcast, sandbox: Sandbox) -> None:
    """Everybody can be told where to watch before anything is on the air."""
    report = published.status("doors")
    watch = report["film"].url
    assert watch
    texts = [card.text or card.html for name in ("x", "facebook") for card in sandbox.mirror(name).cards()]
    assert any("/watch?v=" in text for text in texts)


def test_each_post_tells_it_in_its_channels_language(sandbox: Sandbox, tmp_path: Path) -> None:
    """A channel that speaks French says in French that it is on the air, by the event's French title."""
    channels = [Channel(name="film", platform="youtube"), Channel(name="nouvelles", platform="x", wording=Wording(language="fr"))]
    said = event(sandbox, texts={"fr": LiveWords(title="Portes ouvertes")})
    said = msgspec.structs.replace(said, texts={"fr": Words(text="Nous ouvrons à neuf heures.")})
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as made:
        made.publish(said).raise_for_failures()
        receive(sandbox, made)
        made.live("doors").start()
    texts = "\n".join(card.text for card in sandbox.mirror("x").cards())
    assert "Nous ouvrons à neuf heures." in texts
    assert "En direct : Portes ouvertes" in texts


def test_nothing_goes_on_the_air_before_pictures_come_in(published: Broadcast, sandbox: Sandbox) -> None:
    """Started too early, each host says that the encoder is to be started first, and no post claims anything."""
    before = [card.text for card in sandbox.mirror("x").cards()]
    report = published.live("doors").start()
    assert [by_channel(report)[name].failed for name in HOSTS] == [True, True]
    assert "encoder" in by_channel(report)["film"].hint
    assert by_channel(report)["film"].url == by_channel(published.live("doors").status())["film"].url
    assert [card.text for card in sandbox.mirror("x").cards()] == before


def test_an_event_that_moves_is_nothing_to_change_where_it_is_not_hosted(published: Broadcast, sandbox: Sandbox) -> None:
    """A feed leads to it, and says when it is in its text alone; the event itself is the host's matter."""
    said = event(sandbox)
    assert said.live is not None
    assert said.live.starts_at is not None
    later = msgspec.structs.replace(said.live, starts_at=said.live.starts_at + timedelta(minutes=30))
    planned = published.plan_correction(msgspec.structs.replace(said, live=later))
    assert [planned[name].means for name in FEEDS] == [Means.NOTHING, Means.NOTHING]
    assert "live" in planned["film"].changes


def test_readers_of_mails_are_called_for_no_moment(sandbox: Sandbox, tmp_path: Path) -> None:
    """They have the address beforehand; three mails more for one event would cost the list its readers."""
    letters = Channel(name="letters", platform="email", settings={"host": "smtp.example.org", "sender": "press@example.org"})
    channels, clock = [Channel(name="film", platform="youtube"), letters], SandboxClock(sandbox)
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as made:
        made.publish(event(sandbox)).raise_for_failures()
        receive(sandbox, made)
        told = by_channel(made.live("doors").start())["letters"]
    assert (told.done, "would be called" in told.reason) == ("left as it is", True)
    mails: Any = sandbox.mirror("email")
    assert len(mails.mails) == 2


def test_the_whole_life_once(published: Broadcast, sandbox: Sandbox) -> None:
    """Scheduled, live, ended, replay: each on every host, told once in every feed, and nothing is sent when it is asked again."""
    show = published.live("doors")
    assert {outcome.status.state for outcome in show.status().outcomes if outcome.status} == {LiveState.SCHEDULED}
    receive(sandbox, published)
    started = by_channel(show.start())
    assert [started[name].status.state for name in HOSTS] == [LiveState.LIVE, LiveState.LIVE]  # type: ignore[union-attr]
    assert [started[name].done for name in FEEDS] == ["answered", "amended"]
    sent = writes(sandbox)
    again = by_channel(show.start())
    assert [again[name].done for name in FEEDS] == ["answered before", "amended before"]
    assert writes(sandbox) == sent
    receive(sandbox, published, is_active=False)
    assert not any(outcome.failed for outcome in show.end().outcomes)
    sandbox.advance(1800)
    replay = by_channel(show.replay())
    assert {replay[name].status.state for name in HOSTS} == {LiveState.REPLAY}  # type: ignore[union-attr]
    sent = writes(sandbox)
    for ask in (show.end, show.replay):
        assert not any(outcome.failed for outcome in ask().outcomes)
    assert writes(sandbox) == sent
    answers = [card.text for card in sandbox.mirror("x").cards()]
    assert [sum(words in text for text in answers) for words in ("Live now", "has ended", "Watch the recording")] == [1, 1, 1]


def test_a_correction_keeps_the_news_of_the_event(published: Broadcast, sandbox: Sandbox) -> None:
    """A post that was amended says the new text and, below it, the last that was said of the event, at its address."""

    def page() -> str:
        (card,) = [card for card in sandbox.mirror("facebook").cards() if card.kind == "post"]
        return card.text

    said = published.remembered("doors")
    receive(sandbox, published)
    started = by_channel(published.live("doors").start())
    last = page().rpartition("\n\n")[2]
    assert last.startswith("Live now: Open doors\nhttps://")
    assert not started["page"].failed
    channels = [msgspec.structs.replace(channel, correction=Correction.REPLY) for channel in published.channels.values()]
    with Broadcast(channels, ledger=published.ledger.path, sandbox=sandbox, clock=SandboxClock(sandbox)) as correcting:
        corrected = correcting.correct(msgspec.structs.replace(said, text="We open at ten."), note="At ten.")
    assert corrected["page"].done == "edited", corrected
    assert page().startswith("We open at ten.")
    assert page().endswith(last)
    assert published.audit("doors")["page"].findings == ()
    (card,) = [card for card in sandbox.mirror("facebook").cards() if card.kind == "post"]
    sandbox.act("facebook", "edit", "page", card.id, card.text.replace("ten", "two"))
    assert [each.aspect for each in published.audit("doors")["page"].findings] == ["text"]
    receive(sandbox, published, is_active=False)
    published.live("doors").end()
    assert page().startswith("We open at ten.")  # amended anew, whatever people made of it
    assert "Live now" not in page()
    assert "has ended" in page()


def test_the_news_end_a_thread_and_stand_below_a_post_that_has_no_room(sandbox: Sandbox, tmp_path: Path) -> None:
    """A thread's last part says it; where the post would be too long with it, an answer does; an audit finds nothing strange."""
    fedi = Channel(name="fedi", platform="mastodon", policy=Policy.ADAPT, settings={"url": "https://social.example"})
    channels = [Channel(name="film", platform="youtube"), fedi]
    for key, length in (("thread", 110), ("full", 73)):
        said = msgspec.structs.replace(event(sandbox), key=key, text="Doors " * length + "open.")
        ledger = tmp_path / key
        with Broadcast(channels, ledger=ledger, sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
            broadcast.publish(said).raise_for_failures()
            show = broadcast.live(key)
            sandbox.mirror("youtube").set_ingest(show.ingests()["film"].key.reveal(), True)
            told = by_channel(show.start())["fedi"]
            assert told.done == {"thread": "amended", "full": "answered"}[key]
            assert by_channel(show.start())["fedi"].done == f"{told.done} before"
            assert broadcast.audit(key)["fedi"].findings == ()
    assert sum("Live now" in card.text for card in sandbox.mirror("mastodon").cards()) == 2


def test_an_event_that_is_over_does_not_begin_again(published: Broadcast, sandbox: Sandbox) -> None:
    """What was ended stays ended; the message says what to do instead."""
    show = published.live("doors")
    receive(sandbox, published)
    show.start()
    show.end()
    report = by_channel(show.start())
    assert report["film"].failed
    assert "new announcement" in report["film"].hint


def test_what_was_started_can_be_ended_after_its_pictures(sandbox: Sandbox, tmp_path: Path) -> None:
    """Vimeo takes an event off the air when the encoder stops; ended after that it is over there as everywhere."""
    channels = [Channel(name="stage", platform="vimeo")]
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as made:
        made.publish(event(sandbox)).raise_for_failures()
        show = made.live("doors")
        key = show.ingests()["stage"].key.reveal()
        sandbox.mirror("vimeo").set_ingest(key, True)
        assert show.start().exit_code == 0
        sandbox.mirror("vimeo").set_ingest(key, False)
        ended = by_channel(show.end())["stage"]
    assert not ended.failed
    assert ended.status
    assert ended.status.state is LiveState.ENDED


def test_news_are_not_replaced_by_older_ones(published: Broadcast, sandbox: Sandbox) -> None:
    """Ended by hand and shown again, the post that leads to the recording stays so when the end is asked for afterwards."""
    show = published.live("doors")
    receive(sandbox, published)
    show.start()
    for host in ("film", "page-live"):
        delivered = next(one for one in show._hosts if one.outcome.channel == host)
        assert delivered.event
        delivered.publisher.end_live(delivered.event, delivered.steps)
    sandbox.advance(1800)
    show.replay()
    assert by_channel(show.end())["page"].done == "left as it is"
    assert any("Watch the recording" in card.text for card in sandbox.mirror("facebook").cards())


def test_news_that_a_platform_would_refuse_are_not_cut(sandbox: Sandbox, tmp_path: Path) -> None:
    """A title that fills a post is told by hand: the report says how long it is, and the event begins all the same."""
    channels = [Channel(name="stream", platform="rtmp", settings=RTMP), Channel(name="news", platform="x")]
    starts_at = sandbox.mirror("x").clock.datetime() + timedelta(hours=1)
    wordy = Announcement(key="doors", text="We open at nine.", live=Live(title="Open doors " * 30, starts_at=starts_at))
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as made:
        made.publish(wordy).raise_for_failures()
        report = by_channel(made.live("doors").start())
    assert report["stream"].done == "put on the air"
    assert report["news"].failed
    assert "280 are allowed" in report["news"].reason
    assert len(sandbox.mirror("x").cards()) == 1


def test_an_event_that_never_began_is_not_ended(published: Broadcast) -> None:
    """Ended before its start, nothing is sent and the reason is told."""
    report = by_channel(published.live("doors").end())
    assert report["film"].failed
    assert "has not started" in report["film"].reason


def test_the_keys_of_the_ingest_stay_secret(published: Broadcast, sandbox: Sandbox, tmp_path: Path) -> None:
    """Whoever has the key can go live in our name: it is in no report and not in the ledger."""
    ingests = published.live("doors").ingests()
    assert set(ingests) == set(HOSTS)
    keys = [ingest.key.reveal() for ingest in ingests.values()]
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    said = repr(published.live("doors").status()) + repr(ingests) + repr(published.status("doors"))
    assert not [key for key in keys if key in said or key.encode() in kept]


def test_without_a_live_event_the_command_says_so(broadcast: Broadcast) -> None:
    """An announcement without an event has nothing to start."""
    only_film = Announcement(
        key="film-only", title="Open doors", text="We open.", video=clip(), channels={"page-live": Override(skip="no event")}
    )
    broadcast.publish(only_film).raise_for_failures()
    with pytest.raises(ConfigurationError, match="no live event"):
        broadcast.live("film-only")


def test_a_start_that_lies_behind_is_told_before_anything_is_sent(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """An event cannot be announced for yesterday."""
    starts_at = sandbox.mirror("x").clock.datetime() - timedelta(days=1)
    late = Announcement(key="late", title="Open doors", text="We open.", live=Live(title="Doors", starts_at=starts_at))
    report = broadcast.publish(late)
    assert report.exit_code == 1
    assert "live.past" in repr(report)
    assert not writes(sandbox)


def test_posts_hold_the_platforms_own_addresses(published: Broadcast, sandbox: Sandbox) -> None:
    """What readers get is the watch page itself, and never the sandbox's copy of it."""
    receive(sandbox, published)
    report = by_channel(published.live("doors").start())
    assert [report[name].url.count(sandbox.url) for name in (*HOSTS, *FEEDS)] == [1, 1, 1, 1]
    texts = [card.text for name in ("x", "facebook") for card in sandbox.mirror(name).cards()]
    assert not [text for text in texts if "127.0.0.1" in text]
