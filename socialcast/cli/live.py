"""`socialcast live start|end|replay|status|feed KEY`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from functools import partial
from pathlib import Path
from typing import Any

import click

from socialcast.broadcast.feed import FeedEvent
from socialcast.broadcast.live import LiveShow
from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import print_json
from socialcast.model.receipt import LiveState
from socialcast.model.reports import LiveOutcome, LiveReport
from socialcast.wire.clock import Cancel
from socialcast.wire.ffmpeg import Health

__all__ = ["command"]

_LOOK_SECONDS = 0.2  # Ctrl-C does not interrupt an endless wait on every system
_TOLD_EVERY_SECONDS = 5.0
_TOO_SLOW = 0.9
_START_SECONDS = 30.0
_PICTURES = {True: "pictures come in", False: "no pictures come in", None: "whether pictures come in is not told"}
_BEFORE_THE_END = (LiveState.SCHEDULED, LiveState.LIVE)

_MOMENTS: dict[str, tuple[str, Callable[[LiveShow], LiveReport]]] = {
    "start": ("Put the live event of KEY on the air on every channel that hosts it, and say so in the posts.", LiveShow.start),
    "end": ("Take the live event of KEY off the air for good, and say so in the posts.", LiveShow.end),
    "replay": ("Tell where the recording of KEY is, once the platforms have it.", LiveShow.replay),
    "status": ("Ask every channel that hosts the live event of KEY where it is.", LiveShow.status),
}


@click.group("live")
def command() -> None:
    """Put a live event on the air, send pictures to it, take it off, and show the recording.

    Each moment happens once on each channel, however often the command is run.
    """


def _placed(function: Callable[..., None]) -> Callable[..., None]:
    """The options that tell where it works."""
    for option in (json_option, sandbox_option, ledger_option, only_option, channels_option):
        function = option(function)
    return function


def _moment(name: str, summary: str, bring: Callable[[LiveShow], LiveReport]) -> click.Command:
    @click.command(name, help=summary)
    @click.argument("key")
    @_placed
    def run(key: str, channels: Path, only: tuple[str, ...], ledger: Path | None, sandbox: str | None, as_json: bool) -> None:
        with Place(channels, ledger, sandbox, only).open() as broadcast:
            report = bring(broadcast.live(key))
        _finish(report, as_json=as_json)

    return run


for _name, (_summary, _bring) in _MOMENTS.items():
    command.add_command(_moment(_name, _summary, _bring))


@command.command("feed")
@click.argument("key")
@click.argument("source")
@click.option(
    "--format", "source_format", default="", metavar="NAME", help="ffmpeg's name for the kind of device, such as avfoundation."
)
@_placed
def feed(
    key: str,
    source: str,
    source_format: str,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Send SOURCE, a file or a device, with ffmpeg to every channel that hosts the live event of KEY, until Ctrl-C.

    It connects again by itself. The stream keys are arguments of the ffmpeg process while it runs.
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        show = broadcast.live(key)
        report = _until_stopped(partial(show.feed, source, source_format=source_format, on_event=_FeedLines()))
    _finish(report, as_json=as_json)


def _until_stopped(send: Callable[..., LiveReport]) -> LiveReport:
    """Wait in the main thread, where Ctrl-C and a service's stop arrive, so that the stream is brought to a clean end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cancel = Cancel()
    with futures.ThreadPoolExecutor(1) as pool:
        run = pool.submit(send, cancel=cancel)
        try:
            while not run.done():
                try:
                    futures.wait([run], _LOOK_SECONDS)
                except KeyboardInterrupt:
                    click.echo("ending the stream", err=True)
                    cancel.request()
        finally:
            cancel.request()
        return run.result()


class _FeedLines:
    """Says on stderr how the encoder does, now and then, and at once when something goes wrong."""

    def __init__(self) -> None:
        self._told_at_seconds = -_TOLD_EVERY_SECONDS

    def __call__(self, event: FeedEvent) -> None:
        if event.message:
            click.echo(f"{event.channel}: {event.message}" if event.channel else f"ffmpeg: {event.message}", err=True)
        elif event.health and event.health.sent_seconds >= self._told_at_seconds + _TOLD_EVERY_SECONDS:
            self._told_at_seconds = event.health.sent_seconds
            click.echo(f"sent {event.health.sent_seconds:.0f} s, speed {event.health.speed:.2f}{_slow(event.health)}", err=True)


def _slow(health: Health) -> str:
    """A word where the machine cannot keep up; at the beginning every encoder lags."""
    is_slow = health.speed < _TOO_SLOW and health.sent_seconds > _START_SECONDS
    return ": this machine is too slow for the picture, and viewers will see it stop" if is_slow else ""


def _finish(report: LiveReport, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": report.key, "channels": {outcome.channel: _plain(outcome) for outcome in report.outcomes}})
    else:
        click.echo("\n".join([report.key, *(line for outcome in report.outcomes for line in _lines(outcome))]))
    sys.exit(report.exit_code)


def _plain(outcome: LiveOutcome) -> dict[str, Any]:
    status = outcome.status
    return {
        "platform": outcome.platform,
        "is_host": outcome.is_host,
        "state": status.state.value if status else None,
        "receiving": status.receiving if status else None,
        "health": status.health if status else "",
        "viewers": status.viewers if status else None,
        "replay_url": status.replay_url if status else "",
        "url": outcome.url,
        "done": outcome.done,
        "failed": outcome.failed,
        "unknown": outcome.unknown,
        "is_waiting": outcome.is_waiting,
        "reason": outcome.reason,
        "hint": outcome.hint,
        "code": outcome.code,
    }


def _lines(outcome: LiveOutcome) -> Iterator[str]:
    state = outcome.status.state.value if outcome.status else ""
    missed = click.style("unknown" if outcome.unknown else "failed", fg="red")
    told = missed if outcome.failed else ", ".join(part for part in (state, outcome.done) if part)
    yield f"  {outcome.channel} ({outcome.platform}): {told} {outcome.url}".rstrip()
    if outcome.status and outcome.status.state in _BEFORE_THE_END:
        yield f"    {_PICTURES[outcome.status.receiving]}; {outcome.status.health or 'health not told'}"
    if outcome.status and outcome.status.replay_url:
        yield f"    recording: {outcome.status.replay_url}"
    for label, words in (("reason", outcome.reason), ("to do", outcome.hint)):
        if words:
            yield f"    {label}: {words}"
