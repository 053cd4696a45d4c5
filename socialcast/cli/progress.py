"""How far a run is: a line on stderr for each thing worth knowing, or a live table on a terminal."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import click

from socialcast.broadcast import Event, Phase
from socialcast.model.receipt import Outcome

__all__ = ["ChannelProgress", "Progress", "watch"]

_CHECKING = "checking everything before anything is sent"
_PHOTO_STEP = re.compile(r"photo/\d+")
_WORDS = {
    Phase.CHECK: "checking the account",
    Phase.PREPARE: "preparing",
    Phase.READY: "waiting for the platform to process it",
    Phase.HOLD: "waiting for the embargo",
    Phase.COMMIT: "making it public",
}


@dataclass
class ChannelProgress:
    """How far one channel is."""

    phase: Phase = Phase.CHECK
    photos: int = 0
    percent: int | None = None
    is_transcoding: bool = False
    outcome: Outcome | None = None
    wait_seconds: float | None = None
    reason: str = ""
    _done: set[str] = field(default_factory=set)

    def follow(self, event: Event) -> None:
        """Take in what happened."""
        self.phase, self.percent, self.outcome = event.phase, event.percent, event.outcome
        self.is_transcoding = event.step == "transcode"
        self.wait_seconds, self.reason = event.wait_seconds, event.reason
        self.photos = event.photos or self.photos
        if _PHOTO_STEP.fullmatch(event.step):
            self._done.add(event.step)

    @property
    def photos_done(self) -> int:
        """How many photos are uploaded."""
        return len(self._done)

    @property
    def milestone(self) -> tuple[object, ...]:
        """What changes only where a line is worth its place: the phase, each tenth of the photos, the processing."""
        return self.phase, self.photos_done * 10 // max(self.photos, 1), self.percent, self.wait_seconds

    def __str__(self) -> str:
        if self.outcome:
            return " ".join(part for part in (self.outcome.state.value, self.outcome.url or self.outcome.reason) if part)
        if self.wait_seconds:
            return f"waiting {self.wait_seconds:.0f} s: {self.reason}"
        photos = f", photos {self.photos_done}/{self.photos}" if self.phase is Phase.PREPARE and self.photos_done else ""
        percent = f", {self.percent} %" if self.percent is not None else ""
        words = "transcoding the video" if self.is_transcoding else _WORDS[self.phase]
        return words + photos + percent


class Progress:
    """Follows the events of a run and says each milestone in a line of its own."""

    def __init__(self, opening: str = _CHECKING) -> None:
        self._opening = opening
        self._channels: dict[str, ChannelProgress] = {}
        self._said: dict[str, tuple[object, ...]] = {}

    def __call__(self, event: Event) -> None:
        """Take in an event of the run; the broadcast calls it with one at a time."""
        channel = self._channels.setdefault(event.channel, ChannelProgress())
        channel.follow(event)
        self.show(event.channel, channel)

    def __enter__(self) -> Self:
        self.say(self._opening)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    @property
    def has_begun(self) -> bool:
        """Whether the run came so far that the ledger knows of it."""
        return bool(self._channels)

    def show(self, name: str, channel: ChannelProgress) -> None:
        """Show how far that channel is."""
        if self._said.get(name) != channel.milestone:
            self._said[name] = channel.milestone
            self.say(f"{name}: {channel}")

    def say(self, line: str) -> None:
        """Say something beside the progress."""
        click.echo(line, err=True)


def watch(opening: str = _CHECKING) -> Progress:
    """The progress for whoever reads stderr; `opening` is said first."""
    if sys.stderr is None or not sys.stderr.isatty():
        return Progress(opening)
    from socialcast.cli.bars import LiveProgress  # rich, which only a terminal needs

    return LiveProgress(opening)
