"""The YouTube publisher against the sandbox's YouTube; every request is held against the API's own description."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, Live, LiveState, Privacy, State, Subtitles, Video
from socialcast.model.receipt import Outcome, Receipt
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture
from socialcast.wire.transport import SandboxAdapter
from tests.publishers.discovery import Request, youtube
from tests.publishers.torn import killed_while_sending
from tests.publishers.validated import note, note_beside

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nThe doors open.\n"
VTT = "WEBVTT\n\n00:00.000 --> 00:01.500\nDie Türen gehen auf.\n".encode()
FILM_BYTES = clip().content.size


class Station:
    """One channel on YouTube, as many machines to publish from as a test wants, and what was sent."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.operations: Counter[str] = Counter()
        self.sent_bytes = 0

    @contextlib.contextmanager
    def machine(self, ledger: str = "ledger", **settings: Any) -> Iterator[Broadcast]:
        channel = Channel(name="film", platform="youtube", settings=settings)
        clock = SandboxClock(self.sandbox)
        with Broadcast([channel], ledger=self.folder / ledger, sandbox=self.sandbox, clock=clock) as broadcast:
            yield broadcast

    def publish(self, said: Announcement, *, ledger: str = "ledger", recover: bool = False, **settings: Any) -> Outcome:
        with self.machine(ledger, **settings) as broadcast:
            return broadcast.publish(said, recover=recover)["film"]

    @property
    def mirror(self) -> Any:
        return self.sandbox.mirror("youtube")

    @property
    def video(self) -> Any:
        """The only video there is, public or not."""
        (video,) = self.mirror.videos.values()
        return video

    def open_account(self, **wishes: Any) -> None:
        self.sandbox.account("youtube", "film", **wishes)

    def calls(self, handler: str) -> int:
        return sum(record.handler == handler for record in self.sandbox.requests("youtube"))


def held_request(request: Any) -> str:
    """The operation that a request is, as the description has it."""
    is_json = "json" in request.headers.get("Content-Type", "")
    body = request.body.encode() if isinstance(request.body, str) else request.body
    operation = youtube().check(Request(request.method, request.url, body if is_json else b""))
    note("youtube", operation, len(youtube().operations))
    return operation


@pytest.fixture
def station(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    """What is not as described is kept until the end: raised in a call, it would be taken for a lost answer."""
    made, send, undescribed = Station(sandbox, tmp_path), SandboxAdapter.send, list[AssertionError]()

    def checked(self: SandboxAdapter, request: Any, *args: Any, **options: Any) -> Any:
        is_described = "/youtube/v3/" in request.url and "upload_id=" not in request.url
        if "upload_id=" in request.url:
            made.sent_bytes += int(request.headers.get("Content-Length") or 0)
        if not is_described:
            note_beside("youtube", f"{request.method} {urlsplit(request.url).path}")
        operation = ""
        try:
            operation = held_request(request) if is_described else ""
        except AssertionError as error:
            undescribed.append(error)
        answer = send(self, request, *args, **options)
        try:
            if operation and answer.ok and answer.content and "json" in answer.headers.get("Content-Type", ""):
                youtube().check_answer(operation, answer.json())
            made.operations.update([operation] if operation else [])
        except AssertionError as error:
            undescribed.append(error)
        return answer

    monkeypatch.setattr(SandboxAdapter, "send", checked)
    yield made
    assert not undescribed


def film(**fields: Any) -> Announcement:
    video = msgspec.structs.replace(clip(), **fields)
    return Announcement(key="doors", title="Open doors", text="We open at nine.", video=video, tags=["open doors", "stars"])


def event(station: Station, **fields: Any) -> Announcement:
    starts_at = station.sandbox.clock.datetime() + timedelta(hours=1)
    return Announcement(key="doors", text="We open.", live=Live(title="Open doors", starts_at=starts_at, **fields))


# -- videos ------------------------------------------------------------------------------------------------------------------


def test_nobody_sees_it_before_the_commit(station: Station) -> None:
    """Uploaded, processed and adorned in private; public at once, and not earlier."""
    embargo = station.sandbox.clock.datetime() + timedelta(hours=2)
    held = msgspec.structs.replace(film(), embargo=embargo)
    assert station.publish(held).state is State.HELD
    assert station.video.status["privacyStatus"] == "private"
    station.sandbox.advance(7201)
    assert station.publish(held).state is State.PUBLISHED
    assert station.mirror.privacy(station.video) == "public"


def test_it_says_what_was_written(station: Station) -> None:
    """Title, text, chapters, credit, licence, tags, category, language and the declaration about children."""
    said = film(chapters=("0:00 Doors", "0:01 Hall"), credit="A. Example", licence="CC-BY-4.0", caption="The hall.")
    station.publish(said, category_id="28", made_for_kids=True)
    snippet, status = station.video.snippet, station.video.status
    assert snippet["title"] == "Open doors at the observatory"
    for words in ("We open at nine.", "0:00 Doors\n0:01 Hall", "The hall.", "A. Example · CC-BY-4.0", clip().alt):
        assert words in snippet["description"]
    assert snippet["tags"][:2] == ["open doors", "stars"]
    assert (snippet["categoryId"], snippet["defaultLanguage"]) == ("28", "en")
    assert (status["license"], status["selfDeclaredMadeForKids"]) == ("creativeCommon", True)


def test_an_upload_goes_on_where_it_broke_off(station: Station) -> None:
    """The session is recorded before the first byte; another process asks how much has arrived and sends the rest."""
    big = Video(data=padded(3 << 20), alt="A test picture", title="Open doors")
    said = Announcement(key="doors", title="Open doors", text="We open.", video=big)
    station.sandbox.fault("youtube", "reset_before", handler="send_file", method="PUT", nth=1)
    outcome = station.publish(said)
    for _ in range(3):
        outcome = station.publish(said) if outcome.state is not State.PUBLISHED else outcome
    assert outcome.state is State.PUBLISHED, outcome
    assert station.video.blob.size == 3 << 20
    assert station.calls("insert_video") == 1


def test_a_killed_upload_is_resumed_at_once_and_not_restarted(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed with half of the film on its way, the run after it sends the rest, by the request log, and waits for nothing."""
    big = Video(data=padded(8 << 20), alt="A test picture", title="Open doors")
    said = Announcement(key="doors", title="Open doors", text="We open.", video=big)
    with killed_while_sending("upload_id=", 4 << 20, monkeypatch):
        station.publish(said)
    began = station.sandbox.clock.now()
    assert station.publish(said).state is State.PUBLISHED
    assert station.sandbox.clock.now() - began < 60  # what is processed is waited for
    log = [record for record in station.sandbox.requests("youtube") if record.handler == "send_file"]
    torn, *_, rest = [record.received_bytes for record in log if record.received_bytes]
    assert (torn, rest) == (4 << 20, 4 << 20)
    assert (station.video.blob.size, station.calls("insert_video")) == (8 << 20, 1)


def padded(size: int) -> bytes:
    """The clip with a box of free space behind it, which every player skips."""
    content = Path(str(clip().path)).read_bytes()
    free = size - len(content)
    return content + free.to_bytes(4, "big") + b"free" + bytes(free - 8)


def test_a_lost_last_answer_makes_no_second_video(station: Station) -> None:
    """The finished session tells its video again."""
    station.sandbox.fault("youtube", "reset_after", handler="send_file", method="PUT", nth=1)
    outcome = station.publish(film())
    assert outcome.state is State.PUBLISHED, outcome
    assert outcome.id == station.video.id


def test_an_empty_machine_finds_it_by_its_mark(station: Station) -> None:
    """Without the ledger, a run that recovers finds the video by a tag that visitors do not see."""
    first = station.publish(film())
    second = station.publish(film(), ledger="another", recover=True)
    assert (second.state, second.id) == (State.PUBLISHED, first.id)
    assert station.calls("insert_video") == 1


def test_subtitles_poster_and_playlist_belong_to_it(station: Station) -> None:
    """Two languages, whatever their format, the picture, and the playlist that is made when there is none."""
    tracks = (Subtitles(data=SRT), Subtitles(data=VTT, language="de"))
    for key in ("first", "second"):
        said = msgspec.structs.replace(film(subtitles=tracks, poster=picture(1)), key=key)
        assert station.publish(said, playlist="The Davos Debates").state is State.PUBLISHED
    videos = list(station.mirror.videos.values())
    assert [sorted(caption.language for caption in video.captions.values()) for video in videos] == [["de", "en"]] * 2
    assert all(video.thumbnail for video in videos)
    assert station.operations["youtube.playlists.insert"] == 1
    (playlist,) = station.mirror.playlists.values()
    assert len(playlist.places) == 2


def test_what_youtube_cannot_convert_is_told(station: Station) -> None:
    """A video that fails in processing is never made public; the reason says what to do."""
    station.open_account(verified_phone=True)
    with station.machine() as broadcast:
        publisher, steps = broadcast.open("film", "doors")
        post = broadcast.plan(film())["film"].post
        assert post is not None
        assert post.video is not None
        broken = msgspec.structs.replace(post, video=Video(data=b"no film at all" * 99, alt="x"))
        draft = publisher.prepare(broken, steps)
        station.sandbox.advance(10)
        with pytest.raises(Exception, match="invalidFile") as caught:
            publisher.ready(draft)
    assert "H.264" in str(getattr(caught.value, "hint", ""))
    assert station.mirror.cards() == []


def test_a_project_without_an_audit_is_recognised(station: Station) -> None:
    """YouTube says that all went well; the outcome says that nobody can see it."""
    station.open_account(audited=False)
    outcome = station.publish(film())
    assert (outcome.state, outcome.code) == (State.REFUSED, "lockedPrivate")
    assert "audit" in outcome.hint


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_longer_video_than_the_account_may_have_is_refused_before_it_is_sent(station: Station, tmp_path: Path) -> None:
    """Without a verified phone number a video lasts fifteen minutes at most."""
    made = tmp_path / "long.mp4"
    picture = ["-f", "lavfi", "-i", "color=s=64x36:r=1:d=905", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, str(made)], check=True, timeout=60)
    station.open_account(verified_phone=False)
    outcome = station.publish(film(path=str(made)))
    assert outcome.state is State.REFUSED
    assert "lasts 0:15:05, 0:15:00 are allowed" in outcome.reason
    assert station.calls("insert_video") == 0


@pytest.mark.parametrize("scopes", ["youtube.upload", "youtube.readonly"])
def test_a_token_that_may_do_less_is_refused_with_the_scope_it_lacks(station: Station, scopes: str) -> None:
    """The scope is named before anything is sent."""
    station.open_account(scopes=scopes)
    outcome = station.publish(film())
    assert outcome.state is State.REFUSED
    assert "youtube.force-ssl" in outcome.reason + outcome.hint
    assert station.calls("insert_video") == 0


def test_the_quota_is_known_before_anything_is_sent(station: Station) -> None:
    """The plan tells what of the project's day it takes, by bucket; when it is used up, until when."""
    station.open_account(daily_units=1)
    with station.machine() as broadcast:
        plan = broadcast.plan(film())
        (told,) = [problem for problem in plan.problems if problem.code == "cost.quota"]
    assert {cost.unit: cost.day_has for cost in plan["film"].costs} == {"units": 10_000, "uploads": 100}
    assert "1 of 100 uploads" in told.message
    assert "of 10,000 units" in told.message
    outcome = station.publish(film())
    assert "midnight Pacific" in outcome.hint


def test_an_embargo_can_be_left_to_youtube(station: Station) -> None:
    """With schedule = true YouTube makes it public at the time, and a later run finds it so."""
    embargo = station.sandbox.clock.datetime() + timedelta(hours=2)
    held = msgspec.structs.replace(film(), embargo=embargo)
    assert station.publish(held, schedule=True).state is State.HELD
    station.sandbox.advance(7201)
    assert [card.title for card in station.mirror.cards()] == ["Open doors at the observatory"]
    assert station.publish(held, schedule=True).state is State.PUBLISHED


def test_unlisted_is_for_those_who_have_the_link(station: Station) -> None:
    """It is published, and on no list."""
    assert station.publish(film(), privacy="unlisted").state is State.PUBLISHED
    assert station.video.status["privacyStatus"] == "unlisted"
    assert station.mirror.cards() == []


def test_taken_back_it_is_gone(station: Station) -> None:
    """What was deleted already is deleted."""
    outcome = station.publish(film())
    receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
    for ledger in ("ledger", "another"):
        with station.machine(ledger) as broadcast:
            publisher, steps = broadcast.open("film", "doors")
            publisher.retract(receipt, steps)
    assert not station.mirror.videos


# -- live --------------------------------------------------------------------------------------------------------------------


def test_a_live_event_has_its_life(station: Station) -> None:
    """Made and bound in private, announced, on the air when pictures come in, and then a recording at the same address."""
    outcome = station.publish(event(station))
    assert outcome.state is State.PUBLISHED, outcome
    with station.machine() as broadcast:
        show = broadcast.live("doors")
        (ingest,) = show.ingests().values()
        assert ingest.url.startswith("rtmps://")
        assert show.start().outcomes[0].failed
        station.mirror.set_ingest(ingest.key.reveal(), True)
        states = [step().outcomes[0].status for step in (show.start, show.status, show.end, show.end)]
    assert [status.state for status in states if status] == [LiveState.LIVE, LiveState.LIVE, LiveState.REPLAY, LiveState.REPLAY]
    assert station.calls("transition_broadcast") == 2
    assert ingest.key.reveal().encode() not in b"".join(path.read_bytes() for path in station.folder.glob("ledger*"))


def test_the_stream_is_used_again(station: Station) -> None:
    """One reusable stream serves every event of the channel."""
    station.publish(event(station))
    station.publish(msgspec.structs.replace(event(station), key="again"))
    assert (len(station.mirror.streams), len(station.mirror.broadcasts)) == (1, 2)


def test_an_event_says_how_it_is_to_be_watched(station: Station) -> None:
    """Privacy, delay and rewinding are as the announcement says."""
    station.publish(event(station, privacy=Privacy.UNLISTED, low_latency=True, dvr=False, description="Ask us anything."))
    (broadcast,) = station.mirror.broadcasts.values()
    assert station.video.status["privacyStatus"] == "unlisted"
    assert (broadcast.details["latencyPreference"], broadcast.details["enableDvr"]) == ("low", False)
    assert station.video.snippet["description"].startswith("Ask us anything.")


def test_a_channel_that_may_not_go_live_is_told_where_to_enable_it(station: Station) -> None:
    """The first time takes a day, which is good to know early."""
    station.open_account(live_enabled=False)
    outcome = station.publish(event(station))
    assert (outcome.state, outcome.code) == (State.REFUSED, "liveStreamingNotEnabled")
    assert "youtube.com/features" in outcome.hint


# -- the description -----------------------------------------------------------------------------------------------------------


def test_every_kind_of_request_is_described(station: Station) -> None:
    """Video, subtitles, poster, playlist, event and deletion: each request was held against the discovery document."""
    tracks = (Subtitles(data=SRT),)
    live = msgspec.structs.replace(film(subtitles=tracks, poster=picture(1)), live=event(station).live)
    outcome = station.publish(live, playlist="Doors")
    assert outcome.state is State.PUBLISHED, outcome
    with station.machine() as broadcast:
        show = broadcast.live("doors")
        (ingest,) = show.ingests().values()
        station.mirror.set_ingest(ingest.key.reveal(), True)
        show.start()
        show.end()
        publisher, steps = broadcast.open("film", "doors")
        publisher.retract(Receipt(id=outcome.id, url=outcome.url, items=outcome.items), steps)
    assert set(station.operations) >= {
        "youtube.captions.insert",
        "youtube.channels.list",
        "youtube.liveBroadcasts.bind",
        "youtube.liveBroadcasts.delete",
        "youtube.liveBroadcasts.insert",
        "youtube.liveBroadcasts.list",
        "youtube.liveBroadcasts.transition",
        "youtube.liveStreams.insert",
        "youtube.liveStreams.list",
        "youtube.playlistItems.insert",
        "youtube.playlistItems.list",
        "youtube.playlists.insert",
        "youtube.playlists.list",
        "youtube.thumbnails.set",
        "youtube.videos.delete",
        "youtube.videos.insert",
        "youtube.videos.list",
        "youtube.videos.update",
    }
