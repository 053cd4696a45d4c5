"""What the matrix publishes: every kind of content that a publisher carries, on every kind of channel that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

from socialcast.broadcast import Broadcast
from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Outcome
from socialcast.publisher import Publisher
from socialcast.registry import platforms, publisher_class
from socialcast.sandbox import Sandbox
from socialcast.sandbox.registry import load_mirrors
from socialcast.testing.stage import SandboxStage, Sight, event, film, sample, shows_what_it_gets

__all__ = ["PATIENCE_SECONDS", "Recorded", "Run", "Scene", "provable", "recorded", "scenes", "scratch_folder", "settle"]

PATIENCE_SECONDS = 3600.0  # between two runs: what is being processed or refused for a while is over then
_MOST_RUNS = 5  # how often it is run again until it settles
_BODY = "The doors open at nine, with a talk on the winter sky."
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it


class Scene(NamedTuple):
    """One announcement on one kind of channel."""

    publisher: str
    name: str
    announcement: Announcement
    settings: Mapping[str, Any]


def provable() -> list[str]:
    """The publishers that have a mirror on which something is to be seen."""
    mirrored = [name for name in platforms() if name in load_mirrors()]
    return [name for name in mirrored if shows_what_it_gets(publisher_class(name).capabilities)]


def scenes(sandbox: Sandbox, publisher: str) -> Iterator[Scene]:
    """Photos, a video and a live event, as far as they are carried; and the first of these on each other kind of channel."""
    yield from _on_channel(sandbox, publisher, "", {})
    for variant, settings in publisher_class(publisher).sandbox_variants.items():
        yield from islice(_on_channel(sandbox, publisher, variant, settings), 1)


class Recorded:
    """A run without faults: what it publishes, the requests it makes, and what the public sees then."""

    def __init__(self, sandbox: Sandbox, scene: Scene) -> None:
        self.sandbox, self.scene = sandbox, scene
        self.publisher, self.announcement = scene.publisher, scene.announcement
        with scratch_folder() as folder:
            sandbox.reset()
            settle(self, folder)
        self.calls = [f"{record.method} {record.handler}" for record in sandbox.requests(self.publisher)]
        self.wanted: list[Sight] = self.stage.sights()

    @property
    def stage(self) -> SandboxStage:
        """The publisher's mirror."""
        return SandboxStage(self.sandbox, self.publisher)

    def broadcast(self, ledger: Path) -> Broadcast:
        """As a new process would make it."""
        return self.stage.broadcast(ledger, **self.scene.settings)

    def pass_time(self) -> None:
        """Let be over what is only for a while."""
        self.sandbox.advance(PATIENCE_SECONDS)


def recorded(sandbox: Sandbox, publisher: str) -> list[Recorded]:
    """Every scene of which the public sees something; a live event of Facebook's is not shown before it is on the air."""
    runs = [Recorded(sandbox, scene) for scene in scenes(sandbox, publisher)]
    return [run for run in runs if run.wanted]


class Run(Protocol):
    """An announcement on its way, wherever to."""

    announcement: Announcement

    def broadcast(self, ledger: Path) -> Broadcast:
        """As a new process would make it, with one channel, named "contract"."""

    def pass_time(self) -> None:
        """Let be over what is only for a while."""


def settle(run: Run, folder: Path, *, recover: bool = False) -> Outcome:
    """Publish, and resume, each time as a new process would, until nothing is left to do."""
    for number in range(_MOST_RUNS):
        with run.broadcast(folder / "ledger") as broadcast:
            if number == 0:
                report = broadcast.publish(run.announcement, recover=recover)
            else:
                report = broadcast.resume(run.announcement.resolved_key, recover=recover)
        if report.exit_code == 0:
            break
        run.pass_time()
    return report["contract"]


class scratch_folder(TemporaryDirectory[str]):  # noqa: N801 - used as the function that it extends
    """A folder that is gone afterwards, in memory where there is such a place: a killed process leaves everything that it
    wrote to the system, and waiting for the disk would be most of the time that the matrix takes."""

    def __init__(self) -> None:
        super().__init__(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)

    def __enter__(self) -> Path:  # type: ignore[override]
        return Path(super().__enter__())


def _on_channel(sandbox: Sandbox, publisher: str, variant: str, settings: Mapping[str, Any]) -> Iterator[Scene]:
    with scratch_folder() as folder, SandboxStage(sandbox, publisher).broadcast(folder / "ledger", **settings) as broadcast:
        for kind, announcement in _contents(broadcast.open("contract", "")[0]).items():
            if not broadcast.plan(announcement).is_stopped:
                yield Scene(publisher, f"{variant} {kind}".strip(), announcement, settings)


def _contents(publisher: Publisher) -> dict[str, Announcement]:
    table = publisher.capabilities
    contents = {}
    if table.photos or not (table.video or table.live):
        contents["photos" if table.photos else "text"] = sample(publisher, video=None, live=None, body=_BODY)
    if table.video:
        contents["video"] = sample(publisher, photos=0, video=film(table.video), live=None)
    if table.live and table.live.tells_state:
        contents["live"] = sample(publisher, photos=0, video=None, live=event())
    return contents
