"""A live event's whole life while answers are lost and processes die: each moment is told once, and the event is made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
import requests

from socialcast import Announcement, Broadcast, Channel, Live
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import SandboxStage, Sight
from socialcast.wire.transport import SandboxAdapter

HOSTS = {"film": "youtube", "page-live": "facebook", "stage": "vimeo"}
CHANNELS = [
    Channel(name="film", platform="youtube"),
    Channel(name="page-live", platform="facebook", settings={"place": "live"}),
    Channel(name="stage", platform="vimeo"),
    Channel(name="page", platform="facebook"),
    Channel(name="news", platform="x"),
]
PLATFORMS = ("youtube", "facebook", "vimeo", "x")
LOST = ("reset_before", "reset_after", "status_before", "status_after", "no_id")
_READING, _TOKENS = ("GET", "HEAD"), "/token"  # a new access token changes nothing that is seen
_MOST_RUNS = 4
_PATIENCE_SECONDS = 600.0  # between two runs; what was ended is a recording by then

Moment = Callable[[Broadcast], Any]


class Write(NamedTuple):
    """One request that changes something: the nth that this handler got."""

    platform: str
    handler: str
    nth: int


class Life(NamedTuple):
    """What a life without faults asks for, in its order, and what is there after each moment."""

    writes: list[Write]
    wanted: list[list[Sight]]


class KilledError(BaseException):
    """The process is gone: nothing handles it, and nothing more is sent or recorded."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def life(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Life:
    wanted = list(live_through(sandbox, tmp_path_factory.mktemp("life")))
    counted: Counter[tuple[str, str]] = Counter()
    writes = []
    for record in sandbox.requests():
        if record.method not in _READING and record.path != _TOKENS:
            counted[record.platform, record.handler] += 1
            writes.append(Write(record.platform, record.handler, counted[record.platform, record.handler]))
    return Life(writes, wanted)


def live_through(sandbox: Sandbox, folder: Path) -> Iterator[list[Sight]]:
    """What is seen after each moment; a moment that does not come is asked for again, as a person would."""
    announced = announcement(sandbox)
    moments: list[Moment] = [
        lambda broadcast: broadcast.publish(announced),
        lambda broadcast: broadcast.live("doors").start(),
        lambda broadcast: broadcast.live("doors").end(),
        lambda broadcast: broadcast.live("doors").replay(),
    ]
    for bring in moments:
        for _ in range(_MOST_RUNS):
            with suppress(KilledError), broadcast(sandbox, folder) as made:
                if bring(made).exit_code == 0:
                    break
            sandbox.advance(_PATIENCE_SECONDS)
        if bring is moments[0]:
            pictures_come_in(sandbox, folder)
        sandbox.advance(_PATIENCE_SECONDS)  # what becomes a recording by itself is one, however long the moment took
        yield seen(sandbox)


def announcement(sandbox: Sandbox) -> Announcement:
    starts_at = sandbox.clock.datetime() + timedelta(days=1)
    return Announcement(key="doors", title="Open doors", text="We open.", live=Live(title="Open doors", starts_at=starts_at))


def broadcast(sandbox: Sandbox, folder: Path) -> Broadcast:
    return Broadcast(CHANNELS, ledger=folder / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox))


def pictures_come_in(sandbox: Sandbox, folder: Path) -> None:
    with broadcast(sandbox, folder) as made:
        for channel, ingest in made.live("doors").ingests().items():
            sandbox.mirror(HOSTS[channel]).set_ingest(ingest.key.reveal(), True)


def seen(sandbox: Sandbox) -> list[Sight]:
    """What the public sees, and how many events there are, seen or not."""
    mirrors: dict[str, Any] = {name: sandbox.mirror(name) for name in PLATFORMS}
    events = (mirrors["youtube"].broadcasts, mirrors["facebook"].live_videos, mirrors["vimeo"].events)
    made: list[Sight] = [("events", *(str(len(of_one)) for of_one in events))]
    return made + [sight for name in PLATFORMS for sight in SandboxStage(sandbox, name).sights()]


@contextmanager
def killed_after(nth: int) -> Iterator[None]:
    """The channel that sends the nth write dies when the platform has done it, and sends nothing more until the next run."""
    written, send, dead = count(1), SandboxAdapter.send, set[SandboxAdapter]()

    def deadly(self: SandboxAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if self in dead:
            raise KilledError
        answer = send(self, request, *args, **options)
        if request.method not in _READING and _TOKENS not in str(request.url) and next(written) == nth:
            dead.add(self)
            answer.close()
            raise KilledError
        return answer

    with mock.patch.object(SandboxAdapter, "send", deadly):
        yield


def went_wrong(life: Life, got: list[list[Sight]]) -> list[tuple[int, list[Sight], list[Sight]]]:
    """The moments after which something was there too often, or missing."""
    pairs = [(Counter(now), Counter(wanted)) for now, wanted in zip(got, life.wanted, strict=True)]
    return [
        (number, list((now - wanted).elements()), list((wanted - now).elements()))
        for number, (now, wanted) in enumerate(pairs)
        if now != wanted
    ]


def with_lost_answer(life: Life, sandbox: Sandbox, folder: Path, effect: str, write: Write) -> list[Any]:
    fresh(sandbox)
    sandbox.fault(write.platform, effect, handler=write.handler, nth=write.nth)
    return went_wrong(life, list(live_through(sandbox, folder)))


def with_kill(life: Life, sandbox: Sandbox, folder: Path, nth: int) -> list[Any]:
    fresh(sandbox)
    with killed_after(nth):
        return went_wrong(life, list(live_through(sandbox, folder)))


def fresh(sandbox: Sandbox) -> None:
    sandbox.reset()
    sandbox.clear_faults()


@pytest.mark.parametrize("told_in", [Write("x", "create_post", 2), Write("facebook", "change_node", 2)], ids=str)
def test_a_lost_answer_does_not_tell_a_moment_twice(life: Life, sandbox: Sandbox, tmp_path: Path, told_in: Write) -> None:
    """The small part of it that every test run has time for: the answer to what tells of the start is lost."""
    assert told_in in life.writes
    assert not with_lost_answer(life, sandbox, tmp_path, "reset_after", told_in)


@pytest.mark.matrix
@pytest.mark.parametrize("effect", LOST)
def test_no_lost_answer_doubles_or_loses_a_moment(life: Life, sandbox: Sandbox, tmp_path: Path, effect: str) -> None:
    """Whichever write of the whole life is answered by nothing, by 503 or without an id, the public sees the same after it."""
    wrong = {
        write: found
        for number, write in enumerate(life.writes)
        if (found := with_lost_answer(life, sandbox, tmp_path / str(number), effect, write))
    }
    assert not wrong


@pytest.mark.matrix
def test_no_kill_doubles_or_loses_a_moment(life: Life, sandbox: Sandbox, tmp_path: Path) -> None:
    """Killed after whichever write of the whole life, and run again, the public sees the same after it."""
    numbers = range(1, len(life.writes) + 1)
    wrong = {nth: found for nth in numbers if (found := with_kill(life, sandbox, tmp_path / str(nth), nth))}
    assert not wrong
