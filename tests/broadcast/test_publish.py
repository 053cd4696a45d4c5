"""A broadcast reaches every channel once, or says for each one why not."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from socialcast import Announcement, Broadcast, Cancelled, Channel, ConfigurationError, Event, Override, Photo, State
from socialcast.broadcast import Phase
from socialcast.model.errors import LedgerBusy
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy

Make = Callable[..., Broadcast]
HELLO = Announcement(key="hello", text="Doors open at nine.")


def posts(sandbox: Sandbox) -> list[tuple[str, str]]:
    return sorted((card.account, card.text) for card in sandbox.mirror("plaza").cards())


def test_every_channel_has_it_once(make: Make, sandbox: Sandbox) -> None:
    """One run publishes everywhere, the next one sends nothing and reports the same."""
    first = make("a", "b", "c").publish(HELLO)
    sent = len(sandbox.requests("plaza"))
    second = make("a", "b", "c").publish(HELLO)
    assert posts(sandbox) == [(name, HELLO.text) for name in "abc"]
    assert len(sandbox.requests("plaza")) == sent
    assert [o.url for o in second.outcomes] == [o.url for o in first.outcomes]
    assert [o.steps_sent for o in second.outcomes] == [0, 0, 0]


def test_the_receipt_states_what_became_of_a_photo(make: Make) -> None:
    """The plan says that it is made smaller, the receipt which size and quality came of it, on a second run too."""
    noise = Image.effect_noise((1800, 1500), 90).convert("RGB")
    out = BytesIO()
    noise.save(out, "JPEG", quality=98)
    said = msgspec.structs.replace(HELLO, photos=(Photo(out.getvalue(), alt="Noise"),))
    roomy = Channel(name="a", platform="plaza", policy=Policy.ADAPT)
    assert "sent as" not in make(roomy).plan(said)["a"].post.adaptations[0].message
    for _ in range(2):
        told = make(roomy).publish(said)["a"].adaptations[0]
        assert (told.code, "sent as 1800 x 1500 pixels, quality" in told.message) == ("photo.recompressed", True)


def test_a_new_channel_gets_what_the_others_have(make: Make, sandbox: Sandbox) -> None:
    """A channel that was added later is published on alone."""
    make("a").publish(HELLO)
    assert make("a", "b").publish(HELLO).exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text), ("b", HELLO.text)]


def test_changed_content_under_a_used_key_is_refused(make: Make, sandbox: Sandbox) -> None:
    """The key of a published announcement cannot say something else."""
    make("a").publish(HELLO)
    report = make("a", "b").publish(msgspec.structs.replace(HELLO, text="Doors open at ten."))
    assert report["b"].state is State.REFUSED
    assert "used for other content" in report["b"].reason
    assert posts(sandbox) == [("a", HELLO.text)]
    assert make("a").publish(msgspec.structs.replace(HELLO, text="Doors open at ten.")).exit_code == 1
    assert not make("a").plan(HELLO).is_stopped
    plan = make("a").plan(msgspec.structs.replace(HELLO, text="Doors open at ten."))
    assert (plan.is_stopped, [problem.code for problem in plan.general]) == (True, ["key.changed_content"])


def test_a_mistake_can_be_corrected_while_nothing_was_sent(make: Make, sandbox: Sandbox) -> None:
    """As long as every call was refused, the same key may say something else; then what was sent binds it."""
    sandbox.fault("plaza", "status_before", handler="add_post", status=403, count=1)
    assert make("a").publish(msgspec.structs.replace(HELLO, text="Doors open at nyne."))["a"].state is State.REFUSED
    assert make("a").publish(HELLO).exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]
    assert make("a").remembered("hello") == HELLO
    assert make("a").publish(msgspec.structs.replace(HELLO, text="Doors open at ten.")).exit_code == 1


def test_a_lost_answer_binds_the_key(make: Make, sandbox: Sandbox) -> None:
    """What may have been sent counts as sent."""
    sandbox.fault("plaza", "status_after", handler="add_post", status=502)
    sandbox.fault("plaza", "status_before", handler="find_posts", status=403, count=9)
    assert make("a").publish(HELLO)["a"].state is State.UNKNOWN
    assert "something was sent" in make("a").publish(msgspec.structs.replace(HELLO, text="Doors open at ten."))["a"].reason
    assert posts(sandbox) == [("a", HELLO.text)]


def test_nothing_is_public_when_a_required_channel_cannot(make: Make, sandbox: Sandbox) -> None:
    """A required channel whose token fails stops the others before they are public."""
    broadcast = make("a", "b")
    sandbox.account("plaza", "b")
    sandbox.mirror("plaza").expire_credentials("b")
    report = broadcast.publish(HELLO)
    assert report.exit_code == 1
    assert (report["a"].state, report["b"].state) == (State.HELD, State.REFUSED)
    assert "make a new token" in report["b"].hint
    assert posts(sandbox) == []


def test_an_optional_channel_stops_nobody(make: Make, sandbox: Sandbox) -> None:
    """A channel that is not required may fail alone."""
    broadcast = make("a", "b?")
    sandbox.account("plaza", "b")
    sandbox.mirror("plaza").expire_credentials("b")
    report = broadcast.publish(HELLO)
    assert report.exit_code == 0
    assert report["b"].state is State.REFUSED
    assert posts(sandbox) == [("a", HELLO.text)]


def test_problems_on_any_required_channel_send_nothing(make: Make, sandbox: Sandbox) -> None:
    """Preflight tells all problems of all channels, and no request leaves."""
    report = make("a", "b").publish(msgspec.structs.replace(HELLO, text="Too long. " * 40))
    assert report.exit_code == 1
    assert {problem.channel for problem in report.problems} == {"a", "b"}
    assert sandbox.requests("plaza") == []


def test_a_channel_can_be_left_out(make: Make, sandbox: Sandbox) -> None:
    """The announcement may skip a channel, and the outcome repeats the reason."""
    report = make("a", "b").publish(msgspec.structs.replace(HELLO, channels={"b": Override(skip="not for them")}))
    assert report.exit_code == 0
    assert (report["b"].state, report["b"].reason) == (State.SKIPPED, "not for them")
    assert posts(sandbox) == [("a", HELLO.text)]


def test_an_override_of_nobody_is_a_problem(make: Make) -> None:
    """A channel name in the announcement that the channels file lacks is told with the names there are."""
    plan = make("a", "b").plan(msgspec.structs.replace(HELLO, channels={"bee": Override(text="x")}))
    assert plan.is_stopped
    assert [problem.code for problem in plan.problems] == ["channels.unknown"]


def test_an_override_of_nobody_stops_the_broadcast_whichever_channel_comes_first(make: Make, sandbox: Sandbox) -> None:
    """The problem is nobody's, so that an optional channel does not take it upon itself."""
    report = make("a?", "b").publish(msgspec.structs.replace(HELLO, channels={"bee": Override(text="x")}))
    assert report.exit_code == 1
    assert posts(sandbox) == []


def test_an_override_of_a_channel_that_is_left_out_this_time_is_no_problem(tmp_path: Path) -> None:
    """With `only`, the announcement may speak of the file's other channels."""
    file = tmp_path / "channels.toml"
    file.write_text('[channels.a]\nplatform = "plaza"\n[channels.b]\nplatform = "plaza"\n')
    with Broadcast.from_file(file, only=["a"]) as broadcast:
        plan = broadcast.plan(msgspec.structs.replace(HELLO, channels={"b": Override(text="x")}))
    assert plan.problems == ()


def test_a_plan_sends_nothing_and_has_a_digest(make: Make, sandbox: Sandbox) -> None:
    """Plans of the same announcement agree, and another text is another digest."""
    first, again = make("a").plan(HELLO), make("a").plan(HELLO)
    assert first.digest == again.digest
    assert make("a").plan(msgspec.structs.replace(HELLO, text="Other")).digest != first.digest
    assert sandbox.requests("plaza") == []


def test_an_embargo_is_waited_for_when_asked(make: Make, sandbox: Sandbox) -> None:
    """With wait, the run stays until the time and then makes it public, not before."""
    embargo = sandbox.clock.datetime() + timedelta(hours=2)
    report = make("a").publish(msgspec.structs.replace(HELLO, embargo=embargo), wait=True)
    assert report.exit_code == 0
    assert report["a"].published_at is not None
    assert report["a"].published_at >= embargo


def test_a_lost_answer_is_found_by_the_next_process(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """A process that dies between the platform's effect and its own record posts nothing twice."""
    sandbox.fault("plaza", "timeout_after", method="POST", seconds=0.1)
    assert make("a").publish(HELLO).exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]


def test_an_unreachable_platform_can_be_run_again(make: Make, sandbox: Sandbox) -> None:
    """A platform that stays away leaves the channel held, and a later run publishes."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    report = make("a").publish(HELLO)
    assert (report["a"].state, report.exit_code) == (State.HELD, 75)
    sandbox.clear_faults()
    assert make("a").resume("hello").exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]


def test_what_may_be_public_stays_unknown_until_somebody_has_looked(make: Make, sandbox: Sandbox) -> None:
    """A run that cannot look does not say that nothing is public; the next one that can finds the post."""
    sandbox.fault("plaza", "reset_after", handler="add_post")
    sandbox.fault("plaza", "refuse_429", handler="find_posts", count=50)
    assert make("a").publish(HELLO).exit_code == 4
    sandbox.clear_faults()
    sandbox.mirror("plaza").expire_credentials("a")
    report = make("a").publish(HELLO)
    assert (report["a"].state, report.exit_code) == (State.UNKNOWN, 4)
    assert "may have published it" in report["a"].reason
    assert make("a").publish(msgspec.structs.replace(HELLO, text="Changed")).exit_code == 4
    sandbox.mirror("plaza").expired.clear()  # type: ignore[attr-defined]
    assert make("a").publish(HELLO).exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]


def test_the_ledger_says_unknown_while_it_is_being_made_public(make: Make) -> None:
    """What a killed process leaves behind is not called prepared."""
    seen: list[str] = []

    def look(event: Event) -> None:
        if event.phase is Phase.COMMIT and event.step:
            seen.extend(delivery.state for delivery in broadcast.ledger.deliveries("hello").values())

    broadcast = make("a", on_event=look)
    broadcast.publish(HELLO)
    assert seen == ["unknown"]


def test_a_defect_is_logged_without_secrets(
    make: Make, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that puts a token into its exception, or into one that was chained to it, puts it into no log line."""
    from plaza.publisher import PlazaPublisher

    def broken(publisher: Any, *arguments: Any) -> Any:
        token = publisher.settings.token.reveal()
        try:
            raise ValueError(f"no good: {token}")
        except ValueError as error:
            raise KeyError(token) from error

    monkeypatch.setattr(PlazaPublisher, "prepare", broken)
    token = sandbox.account("plaza", "a").credentials["token"]
    report = make("a").publish(HELLO)
    assert (report["a"].state, report["a"].code) == (State.REFUSED, "internal")
    assert "Traceback" in caplog.text
    assert token not in caplog.text + repr(report)


def test_status_and_resume_go_by_the_ledger(make: Make) -> None:
    """Status tells what the ledger knows; an unknown key suggests the nearest."""
    report = make("a").publish(HELLO)
    assert make("a").status("hello")["a"].url == report["a"].url
    with pytest.raises(ConfigurationError, match="knows no announcement 'helo': did you mean 'hello'"):
        make("a").resume("helo")


def test_resume_and_status_are_about_the_channels_that_it_was_for(make: Make, sandbox: Sandbox) -> None:
    """A run of some channels, wherever it ended, goes on with those."""
    sandbox.fault("plaza", "status_before", handler="me", status=403, count=1)
    assert make("a").publish(HELLO)["a"].state is State.REFUSED
    everywhere = make("a", "b")
    assert [outcome.channel for outcome in everywhere.status("hello").outcomes] == ["a"]
    assert [outcome.channel for outcome in everywhere.resume("hello").outcomes] == ["a"]
    assert posts(sandbox) == [("a", HELLO.text)]
    everywhere.publish(HELLO)
    assert [outcome.channel for outcome in everywhere.status("hello").outcomes] == ["a", "b"]


def test_every_thing_that_happens_is_told(make: Make) -> None:
    """Progress events name the channel's phases in order, its steps, and its outcome."""
    events: list[Event] = []
    make("a", on_event=events.append).publish(msgspec.structs.replace(HELLO, photos=(picture(1),)))
    phases = [event.phase for event in events if not event.step]
    assert phases == [Phase.CHECK, Phase.PREPARE, Phase.READY, Phase.COMMIT, Phase.DONE]
    assert [event.step.split("/")[0] for event in events if event.step] == ["photo", "post"]
    assert events[-1].outcome is not None
    assert events[-1].outcome.state is State.PUBLISHED


def test_a_broken_callback_breaks_nothing(make: Make, sandbox: Sandbox) -> None:
    """An observer that raises does not cost the publication."""

    def broken(event: Event) -> None:
        raise ValueError("the progress bar fell over")

    assert make("a", on_event=broken).publish(HELLO).exit_code == 0


def test_a_stop_from_another_thread_can_be_resumed(make: Make, sandbox: Sandbox) -> None:
    """A stop in the middle sends nothing more; the next run goes on and nothing is posted twice."""
    announcement = msgspec.structs.replace(HELLO, photos=(picture(1), picture(2), picture(3)))
    broadcast = make("a", on_event=lambda event: broadcast.cancel() if event.step == "photo/1" else None)
    with pytest.raises(Cancelled):
        broadcast.publish(announcement)
    assert posts(sandbox) == []
    uploaded = [record for record in sandbox.requests("plaza") if record.path == "/pictures" and record.method == "POST"]
    assert len(uploaded) == 2
    assert make("a").resume("hello").exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]
    assert len(sandbox.mirror("plaza").pictures) == 3  # type: ignore[attr-defined]


def test_it_runs_inside_an_event_loop(make: Make, sandbox: Sandbox) -> None:
    """publish_async leaves the loop free, and gives the same report."""

    async def both() -> tuple[int, int]:
        ticks = 0
        task = asyncio.ensure_future(make("a").publish_async(HELLO))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0)
        return (await task).exit_code, ticks

    code, ticks = asyncio.run(both())
    assert code == 0
    assert ticks > 1
    assert posts(sandbox) == [("a", HELLO.text)]


def test_a_cancelled_task_stops_no_other(make: Make, sandbox: Sandbox) -> None:
    """Of two announcements on one Broadcast, the one whose task goes on is published."""
    go_on = threading.Event()
    broadcast = make("a", on_event=lambda event: go_on.wait(10))

    async def two() -> int:
        stopped = asyncio.ensure_future(broadcast.publish_async(Announcement(key="one", text="One")))
        other = asyncio.ensure_future(broadcast.publish_async(Announcement(key="two", text="Two")))
        while len(broadcast.ledger.rows("SELECT key FROM leases")) < 2:
            await asyncio.sleep(0.01)
        stopped.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        return (await other).exit_code

    assert asyncio.run(two()) == 0
    assert posts(sandbox) == [("a", "Two")]


def test_a_cancelled_task_can_be_resumed(make: Make, sandbox: Sandbox) -> None:
    """Cancelling the task stops the run cleanly."""
    reached = threading.Event()
    go_on = threading.Event()

    def hold(event: Event) -> None:
        if event.step == "photo/0":
            reached.set()
            go_on.wait(10)

    async def cancelled() -> None:
        announcement = msgspec.structs.replace(HELLO, photos=(picture(1), picture(2)))
        task = asyncio.ensure_future(make("a", on_event=hold).publish_async(announcement))
        await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert posts(sandbox) == []
    assert make("a").resume("hello").exit_code == 0
    assert posts(sandbox) == [("a", HELLO.text)]


def test_several_broadcasts_in_one_process(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """Broadcasts on threads of their own do not disturb each other."""
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(make(f"c{n}").publish, Announcement(key=f"k{n}", text=f"Text {n}")) for n in range(8)]
    assert [job.result().exit_code for job in jobs] == [0] * 8
    assert posts(sandbox) == [(f"c{n}", f"Text {n}") for n in range(8)]


def _publish_in_child(broadcast: Broadcast) -> None:
    os._exit(broadcast.publish(Announcement(key="child", text="From a worker")).exit_code)


def test_announcements_that_begin_at_once_share_one_ledger(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """Threads that are the first to need it leave no file open behind when the broadcast is closed."""
    broadcast, together = make("a"), threading.Barrier(8)

    def publish(number: int) -> int:
        together.wait(10)
        return broadcast.publish(msgspec.structs.replace(HELLO, key=f"hello-{number}", text=f"Doors {number}.")).exit_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(publish, range(8))) == {0}
    broadcast.close()
    assert not (tmp_path / "ledger-wal").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_has_connections_of_its_own(make: Make, sandbox: Sandbox) -> None:
    """Two processes on one connection would read each other's answers."""
    broadcast = make("a")
    broadcast.publish(HELLO)
    before = sandbox.connections
    worker = multiprocessing.get_context("fork").Process(target=_publish_in_child, args=(broadcast,))
    worker.start()
    worker.join(60)
    own = sandbox.connections - before
    broadcast.publish(Announcement(key="parent", text="From the parent"))
    assert own >= 2  # one to the sandbox's administration, one to the platform


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_workers_publish(make: Make, sandbox: Sandbox) -> None:
    """A worker forked after a publication publishes with the same Broadcast."""
    broadcast = make("a")
    broadcast.publish(HELLO)
    worker = multiprocessing.get_context("fork").Process(target=_publish_in_child, args=(broadcast,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
    assert posts(sandbox) == [("a", HELLO.text), ("a", "From a worker")]


def test_two_runs_at_once_post_once(make: Make, sandbox: Sandbox) -> None:
    """Of two processes with the same announcement, one publishes and the other is turned away or finds it done."""
    from socialcast import LedgerError

    def run() -> int:
        try:
            return make("a", "b").publish(HELLO).exit_code
        except LedgerError:
            return 75

    with ThreadPoolExecutor(2) as pool:
        codes = [job.result() for job in [pool.submit(run), pool.submit(run)]]
    assert 0 in codes
    assert posts(sandbox) == [("a", HELLO.text), ("b", HELLO.text)]


def test_a_run_that_slept_past_its_lease_sends_nothing_more(make: Make, sandbox: Sandbox) -> None:
    """The process that took over publishes; the one that wakes up leaves at its next step."""

    def sleep(event: Event) -> None:
        if event.phase is Phase.PREPARE and not event.step:
            sleeper.ledger.write("UPDATE leases SET owner = 'elsewhere:1:1', expires_at = 0")
            make("a").publish(HELLO).raise_for_failures()

    sleeper = make("a", on_event=sleep)
    with pytest.raises(LedgerBusy, match="taken over"):
        sleeper.publish(HELLO)
    assert posts(sandbox) == [("a", HELLO.text)]
    assert make("a").status("hello")["a"].state is State.PUBLISHED


def test_unknown_platforms_and_channels_suggest_the_nearest(tmp_path: Path) -> None:
    """A misspelt name is told with the right one."""
    broadcast = Broadcast([Channel(name="a", platform="flikr")], ledger=tmp_path / "ledger")
    with pytest.raises(ConfigurationError, match="no publisher for platform 'flikr': did you mean 'flickr'"):
        broadcast.plan(HELLO)
    file = tmp_path / "channels.toml"
    file.write_text('[channels.news]\nplatform = "plaza"\n')
    with pytest.raises(ConfigurationError, match="no channel 'mews': did you mean 'news'"):
        Broadcast.from_file(file, only=["mews"])


def test_all_missing_credentials_are_told_at_once(tmp_path: Path) -> None:
    """Who forgot the tokens of two channels learns of both."""
    channels = [Channel(name="a", platform="plaza"), Channel(name="b", platform="plaza")]
    broadcast = Broadcast(channels, ledger=tmp_path / "ledger")
    with pytest.raises(ConfigurationError, match=r"(?s)SOCIALCAST_A_TOKEN.*SOCIALCAST_B_TOKEN"):
        broadcast.publish(HELLO)
    broadcast.close()


def test_a_thread_that_breaks_off_is_told(make: Make, sandbox: Sandbox) -> None:
    """When a later post of a thread is refused, the outcome says that part of it is public, and the exit code too."""
    broadcast = make(Channel(name="a", platform="plaza", policy=Policy.ADAPT))
    sandbox.fault("plaza", "status_before", handler="add_post", nth=2, status=422)
    report = broadcast.publish(msgspec.structs.replace(HELLO, text="The doors open at nine. " * 9))
    assert len(posts(sandbox)) == 1
    assert (report["a"].state, report["a"].partly_public, report.exit_code) == (State.REFUSED, True, 3)
    assert "part of it is public already" in report["a"].reason


def test_two_channels_need_two_names(tmp_path: Path) -> None:
    """A name that is used twice is refused before it hides a channel."""
    twice = [Channel(name="a", platform="plaza"), Channel(name="a", platform="x")]
    with pytest.raises(ConfigurationError, match="two channels are named 'a'"):
        Broadcast(twice, ledger=tmp_path / "ledger")


def test_waits_are_told(make: Make, sandbox: Sandbox) -> None:
    """Who watches learns how long a channel waits, and why."""
    events: list[Event] = []
    sandbox.fault("plaza", "refuse_429", handler="add_post", retry_after=30)
    make("a", on_event=events.append).publish(HELLO)
    (told,) = [event for event in events if event.wait_seconds]
    assert told.wait_seconds is not None
    assert told.wait_seconds >= 30
    assert told.reason
