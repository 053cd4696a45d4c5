"""Progress on a terminal: a line for each channel, drawn anew as it goes on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from socialcast.cli.progress import ChannelProgress, Progress

__all__ = ["LiveProgress"]


class LiveProgress(Progress):
    """A line with a bar for each channel, which makes room for the report at the end."""

    def __init__(self, opening: str) -> None:
        super().__init__(opening)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(20), TextColumn("{task.fields[told]}", markup=False))
        self._bars = Bars(*columns, console=Console(stderr=True), transient=True)
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        self._checking = self._bars.add_task(self._opening, total=None, told="")  # 800 photos take a while
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def show(self, name: str, channel: ChannelProgress) -> None:
        """Draw the line of that channel."""
        self._bars.update(self._checking, visible=False)
        if name not in self._lines:
            self._lines[name] = self._bars.add_task(name, total=None, told="")
        total = (channel.photos or 1) + 1  # the last share is the outcome's
        done = total if channel.outcome else channel.photos_done
        self._bars.update(self._lines[name], told=str(channel), total=total, completed=done)

    def say(self, line: str) -> None:
        """Say something above the table."""
        self._bars.console.print(line, markup=False, highlight=False)
