"""The Vimeo publisher against the sandbox's Vimeo."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from requests.structures import CaseInsensitiveDict

from socialcast import Announcement, Broadcast, Channel, Live, LiveState, Privacy, State, Subtitles, Video
from socialcast.model.receipt import Outcome, Receipt
from socialcast.publishers.vimeo.tables import read_answer, seconds_until_reset
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import clip, picture, saying
from socialcast.wire.transport import Exchange, SandboxAdapter
from tests.publishers.openapi import Description
from tests.publishers.torn import killed_while_sending
from tests.publishers.validated import note, note_beside

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nThe doors open.\n"
LIVE = "/me/live_events"  # the published file ends in 2023 and has no live part


@cache
def description() -> Description | None:
    folder = os.environ.get("SOCIALCAST_SPECS")
    return Description(Path(folder, "vimeo-openapi-3.4-2023-12.yaml")) if folder else None


class Studio:
    """One account on Vimeo, and as many machines to publish from as a test wants."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.bytes_sent = 0
        self.authorized_uploads = 0

    @contextlib.contextmanager
    def machine(self, ledger: str = "ledger", **settings: Any) -> Iterator[Broadcast]:
        channel = Channel(name="stage", platform="vimeo", settings=settings)
        clock = SandboxClock(self.sandbox)
        with Broadcast([channel], ledger=self.folder / ledger, sandbox=self.sandbox, clock=clock) as broadcast:
            yield broadcast

    def publish(self, said: Announcement, *, ledger: str = "ledger", recover: bool = False, **settings: Any) -> Outcome:
        with self.machine(ledger, **settings) as broadcast:
            return broadcast.publish(said, recover=recover)["stage"]

    def open_account(self, **wishes: Any) -> None:
        self.sandbox.account("vimeo", "stage", **wishes)

    @property
    def mirror(self) -> Any:
        return self.sandbox.mirror("vimeo")

    @property
    def video(self) -> Any:
        """The only video there is, public or not."""
        (video,) = self.mirror.videos.values()
        return video

    def calls(self, handler: str) -> int:
        return sum(record.handler == handler for record in self.sandbox.requests("vimeo"))


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """What is not as described is kept until the end: raised in a call, it would be taken for a lost answer."""
    made, send, undescribed = Studio(sandbox, tmp_path), SandboxAdapter.send, list[AssertionError]()

    def checked(self: SandboxAdapter, request: Any, *args: Any, **options: Any) -> Any:
        if "cloud.vimeo.com" in request.url:
            made.authorized_uploads += "Authorization" in request.headers
            made.bytes_sent += int(request.headers.get("Content-Length") or 0) if request.method == "PATCH" else 0
        answer = send(self, request, *args, **options)
        known = description()
        if known and "api.vimeo.com" in request.url and LIVE not in request.url:
            body = json.loads(request.body) if request.body else None
            told = answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None
            try:
                operation = known.hold(request.method, request.url, body, answer.status_code, told)
                note("vimeo", operation, len(known.operations))
            except AssertionError as error:
                undescribed.append(error)
        elif known:
            path = re.sub(r"\d+", "{id}", urlsplit(request.url).path)
            note_beside("vimeo", f"{request.method} {path}")
        return answer

    monkeypatch.setattr(SandboxAdapter, "send", checked)
    yield made
    assert not undescribed


def film(**fields: Any) -> Announcement:
    video = msgspec.structs.replace(clip(), **fields)
    return Announcement(key="doors", title="Open doors", text="We open at nine.", video=video, tags=["open doors", "stars"])


def event(studio: Studio, **fields: Any) -> Announcement:
    starts_at = studio.sandbox.clock.datetime() + timedelta(hours=1)
    return Announcement(key="doors", title="Doors", text="We open.", live=Live(title="Doors", starts_at=starts_at, **fields))


def test_a_killed_upload_is_resumed_and_not_restarted(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed with half of the film on its way, the run after it sends the rest, by the request log."""
    said = msgspec.structs.replace(film(), video=Video(data=padded(8 << 20), alt="A test picture", title="Open doors"))
    with killed_while_sending("/upload", 4 << 20, monkeypatch):
        studio.publish(said)
    assert studio.publish(said).state is State.PUBLISHED
    sent = [record.received_bytes for record in studio.sandbox.requests("vimeo") if record.handler == "take_piece"]
    assert sent == [4 << 20, 4 << 20]
    assert (studio.video.blob.size, studio.calls("add_video")) == (8 << 20, 1)


def padded(size: int) -> bytes:
    """The clip with a box of free space behind it, which every player skips."""
    content = Path(str(clip().path)).read_bytes()
    free = size - len(content)
    return content + free.to_bytes(4, "big") + b"free" + bytes(free - 8)


# -- videos ------------------------------------------------------------------------------------------------------------------


def test_nobody_sees_it_before_the_commit(studio: Studio) -> None:
    """It exists from the first call on, and its page shows nothing until it is whole and made public."""
    held = msgspec.structs.replace(film(), embargo=studio.sandbox.clock.datetime() + timedelta(hours=2))
    assert studio.publish(held).state is State.HELD
    assert (studio.video.view, studio.mirror.cards()) == ("nobody", [])
    studio.sandbox.advance(7201)
    assert studio.publish(held).state is State.PUBLISHED
    assert studio.video.view == "anybody"


def test_it_says_what_was_written(studio: Studio) -> None:
    """Title, text, chapters, credit, licence, language and tags; our mark is gone."""
    said = film(chapters=("0:00 Doors", "0:01 Hall"), credit="A. Example", licence="CC-BY-SA-4.0", caption="The hall.")
    assert studio.publish(said, showcase="123").state is State.PUBLISHED
    video = studio.video
    assert (video.name, video.licence, video.locale) == ("Open doors at the observatory", "by-sa", "en")
    for words in ("We open at nine.", "0:00 Doors\n0:01 Hall", "The hall.", "A. Example · CC-BY-SA-4.0", clip().alt):
        assert words in video.description
    assert "socialcast" not in video.description
    assert (video.tags, video.albums) == (["open doors", "stars"], {"123"})


def test_a_licence_that_vimeo_does_not_have_is_said_in_words(studio: Studio) -> None:
    """All rights reserved would be untrue, so the description has it."""
    outcome = studio.publish(film(licence="GFDL-1.3"))
    assert [change.code for change in outcome.adaptations] == ["video.licence_in_words"]
    assert "GFDL-1.3" in studio.video.description


@pytest.mark.parametrize("effect", ["reset_before", "status_before", "reset_after"])
def test_an_upload_goes_on_where_it_broke_off(studio: Studio, effect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server says how much it has, and gets the rest; no token goes to the upload's host."""
    monkeypatch.setattr("socialcast.publishers.vimeo.uploads._PIECE_BYTES", 1 << 20)
    video = Video(data=padded(3 << 20), alt="A test picture", title="Open doors")
    studio.sandbox.fault("vimeo", effect, handler="take_piece", nth=2)
    outcome = studio.publish(Announcement(key="doors", title="Open doors", text="We open.", video=video))
    assert outcome.state is State.PUBLISHED, outcome
    assert studio.video.blob.size == 3 << 20
    assert studio.bytes_sent <= 4 << 20
    assert (studio.calls("add_video"), studio.authorized_uploads) == (1, 0)


def test_a_link_that_lapsed_is_followed_by_another_for_the_same_video(studio: Studio) -> None:
    """The video keeps its id and its address."""
    studio.sandbox.fault("vimeo", "status_before", handler="take_piece", count=100)
    first = studio.publish(film())
    assert first.state is not State.PUBLISHED
    id = studio.video.id
    studio.sandbox.clear_faults()
    studio.sandbox.advance(2 * 86_400)
    assert studio.publish(film()).state is State.PUBLISHED
    assert (studio.video.id, studio.calls("add_version")) == (id, 1)


@pytest.mark.parametrize("handler", ["add_video", "change_video", "add_track", "add_picture"])
def test_a_lost_answer_doubles_nothing(studio: Studio, handler: str) -> None:
    """What was made is found again by its mark, or set a second time without a trace."""
    studio.sandbox.fault("vimeo", "reset_after", handler=handler)
    outcome = studio.publish(film(subtitles=(Subtitles(data=SRT),), poster=picture(1)))
    assert outcome.state is State.PUBLISHED, outcome
    assert [track.language for track in studio.video.tracks.values()] == ["en"]
    assert sum(one.is_active for one in studio.video.pictures.values()) == 1


@pytest.mark.parametrize("is_public", [False, True])
def test_an_empty_machine_finds_it(studio: Studio, is_public: bool) -> None:
    """By the mark while it is private, and by its words once it is public."""
    said = film()
    if not is_public:
        studio.sandbox.fault("vimeo", "status_before", handler="change_video", count=100)
    studio.publish(said)
    studio.sandbox.clear_faults()
    outcome = studio.publish(said, ledger="another", recover=True)
    assert (outcome.state, outcome.id) == (State.PUBLISHED, studio.video.id)
    assert studio.calls("add_video") == 1


def test_subtitles_arrive_as_webvtt_and_the_poster_is_shown(studio: Studio) -> None:
    """Whatever their format, and the picture instead of one that Vimeo chooses."""
    studio.publish(film(subtitles=(Subtitles(data=SRT), Subtitles(data=SRT, language="de")), poster=picture(1)))
    assert all(track.text.startswith("WEBVTT") for track in studio.video.tracks.values())
    assert sorted(track.language for track in studio.video.tracks.values()) == ["de", "en"]
    assert [one.is_active for one in studio.video.pictures.values()] == [True]


def test_an_unlisted_video_has_its_secret_address_from_the_beginning(studio: Studio) -> None:
    """What feeds are told is what opens."""
    outcome = studio.publish(film(), privacy="unlisted")
    assert studio.video.view == "unlisted"
    assert outcome.url.endswith(studio.video.hash)


def test_the_description_can_be_changed(studio: Studio) -> None:
    """Its title and all else stay."""
    outcome = studio.publish(film())
    with studio.machine() as broadcast:
        publisher, steps = broadcast.open("stage", "doors")
        publisher.amend(Receipt(id=outcome.id, url=outcome.url, items=outcome.items), saying("New words"), steps, name="amend")
    assert (studio.video.description, studio.video.name) == ("New words", "Open doors at the observatory")


def test_taken_back_it_is_gone(studio: Studio) -> None:
    """What was deleted already is deleted."""
    outcome = studio.publish(film())
    for ledger in ("ledger", "another"):
        with studio.machine(ledger) as broadcast:
            publisher, steps = broadcast.open("stage", "doors")
            publisher.retract(Receipt(id=outcome.id, url=outcome.url, items=outcome.items), steps)
    assert not studio.mirror.videos


# -- what is refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["private", "upload", "edit"])
def test_a_token_without_a_scope_is_told_which(studio: Studio, missing: str) -> None:
    """Before anything is sent."""
    studio.open_account(scopes=" ".join({"private", "upload", "edit", "delete", "create"} - {missing}))
    outcome = studio.publish(film())
    assert outcome.state is State.REFUSED
    assert f"lacks the scope {missing}" in outcome.reason
    assert studio.calls("add_video") == 0


def test_a_video_over_the_accounts_quota_is_refused_before_it_is_sent(studio: Studio) -> None:
    """The account's own room counts, and not the published limit."""
    studio.open_account(free_bytes=1000)
    outcome = studio.publish(film())
    assert outcome.state is State.REFUSED
    assert "1,000 are allowed" in outcome.reason
    assert studio.calls("add_video") == 0


def test_a_plan_without_unlisted_videos_says_so(studio: Studio) -> None:
    """The plan is named."""
    studio.open_account(plan="free")
    outcome = studio.publish(film(), privacy="unlisted")
    assert outcome.state is State.REFUSED
    assert "plan" in outcome.reason


def test_a_file_that_is_no_video_is_never_public(studio: Studio) -> None:
    """What Vimeo cannot transcode ends with the reason."""
    with studio.machine() as broadcast:
        post = broadcast.plan(film())["stage"].post
        publisher, steps = broadcast.open("stage", "doors")
        assert post is not None
        draft = publisher.prepare(msgspec.structs.replace(post, video=Video(data=b"no film" * 99, alt="x")), steps)
        studio.sandbox.advance(10)
        with pytest.raises(Exception, match="could not process"):
            publisher.ready(draft)
    assert studio.mirror.cards() == []


def test_a_rate_limit_tells_its_end_in_either_form(studio: Studio) -> None:
    """An ISO date, as Vimeo sends, or Unix time, as its texts say."""
    now = studio.sandbox.clock.datetime()
    later = now + timedelta(seconds=90)
    for told in (later.isoformat(), str(int(later.timestamp()))):
        headers = CaseInsensitiveDict({"X-RateLimit-Reset": told})
        exchange = Exchange(method="GET", host="api.vimeo.com", path="/me", status=429, headers=headers)
        assert 88 < (seconds_until_reset(exchange, now) or 0) <= 91


def test_an_error_names_the_parameters(studio: Studio) -> None:
    """Code, words and what does not fit."""
    body = json.dumps({"error": "Wrong.", "error_code": 2204, "invalid_parameters": [{"field": "name", "error": "Too long."}]})
    told = read_answer(Exchange(method="POST", host="api.vimeo.com", path="/me/videos", status=400, body=body.encode()))
    assert told == ("2204", "Wrong. Too long.")


# -- live ----------------------------------------------------------------------------------------------------------------------


def test_a_live_event_has_its_life(studio: Studio) -> None:
    """Made unseen, announced, on the air once pictures come in, ended, and a recording; the key is in no file of ours."""
    outcome = studio.publish(event(studio))
    assert outcome.state is State.PUBLISHED, outcome
    with studio.machine() as broadcast:
        show = broadcast.live("doors")
        (ingest,) = show.ingests().values()
        studio.mirror.set_ingest(ingest.key.reveal(), True)
        states = [step().outcomes[0].status for step in (show.status, show.start, show.start, show.end)]
        studio.sandbox.advance(60)
        states.append(show.replay().outcomes[0].status)
    wanted = [LiveState.SCHEDULED, LiveState.LIVE, LiveState.LIVE, LiveState.ENDED, LiveState.REPLAY]
    assert [status.state for status in states if status] == wanted
    assert (studio.calls("activate_event"), studio.calls("end_event")) == (1, 1)
    assert ingest.key.reveal().encode() not in b"".join(path.read_bytes() for path in studio.folder.glob("ledger*"))


def test_a_started_event_waits_for_its_pictures(studio: Studio) -> None:
    """Activated before the encoder, it is not said to be on the air."""
    studio.publish(event(studio))
    with studio.machine() as broadcast:
        (started,) = broadcast.live("doors").start().outcomes
    assert (started.status and started.status.state, started.is_waiting) == (LiveState.SCHEDULED, True)


def test_a_lost_event_is_found_again(studio: Studio) -> None:
    """By its mark, and on an empty machine by its words."""
    studio.sandbox.fault("vimeo", "reset_after", handler="add_event")
    first = studio.publish(event(studio, description="Ask us anything."))
    second = studio.publish(event(studio, description="Ask us anything."), ledger="another", recover=True)
    assert (first.id, len(studio.mirror.events)) == (second.id, 1)


@pytest.mark.parametrize(("wishes", "words"), [({"plan": "free"}, "Enterprise"), ({"scopes": "private upload edit"}, "create")])
def test_an_account_that_cannot_is_told_why(studio: Studio, wishes: dict[str, str], words: str) -> None:
    """The plan, or the scope of the token."""
    studio.open_account(**wishes)
    outcome = studio.publish(event(studio))
    assert outcome.state is State.REFUSED
    assert words in outcome.reason + outcome.hint


def test_the_more_private_of_event_and_channel_counts(studio: Studio) -> None:
    """An unlisted event stays unlisted on a public channel."""
    studio.publish(event(studio, privacy=Privacy.UNLISTED))
    (made,) = studio.mirror.events.values()
    assert made.view == "unlisted"


# -- the description -----------------------------------------------------------------------------------------------------------


@pytest.mark.description
@pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder with Vimeo's description")
def test_every_kind_of_request_is_described(studio: Studio) -> None:
    """Each request that is no live event's, and its answer, was held against the published file."""
    said = film(subtitles=(Subtitles(data=SRT),), poster=picture(1))
    steps: tuple[Callable[[], Any], ...] = (
        lambda: test_a_link_that_lapsed_is_followed_by_another_for_the_same_video(studio),
        lambda: studio.publish(msgspec.structs.replace(said, key="whole"), showcase="123", recover=True),
    )
    for step in steps:
        step()
    with studio.machine() as broadcast:
        publisher, known = broadcast.open("stage", "whole")
        item = studio.publish(msgspec.structs.replace(said, key="whole"), showcase="123")
        publisher.retract(Receipt(id=item.id, url=item.url, items=item.items), known)
    seen = description()
    assert seen is not None
    assert len(seen.seen) >= 13
