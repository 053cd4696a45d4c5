"""A run that a person can stop at any moment and go on with later."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import suppress
from typing import NoReturn

import click

from socialcast.broadcast import Broadcast
from socialcast.cli.failures import Stopped
from socialcast.cli.place import Place
from socialcast.cli.progress import Progress
from socialcast.cli.show import show_report
from socialcast.model.errors import Cancelled, LedgerBusy, LedgerError
from socialcast.model.receipt import Report

__all__ = ["deliver", "finish"]

_LOOK_SECONDS = 0.2  # Ctrl-C does not interrupt an endless wait on every system


def deliver(key: str, run: Callable[[], Report], broadcast: Broadcast, place: Place, progress: Progress) -> Report:
    """The report of a run of that key; raises Stopped, with how to go on, when Ctrl-C or a failing ledger ended it early."""
    try:
        with progress, futures.ThreadPoolExecutor(1) as pool:
            return _result(pool.submit(run), broadcast, progress)
    except (Cancelled, KeyboardInterrupt):
        raise Stopped(_how_to_go_on(key, place, has_begun=progress.has_begun)) from None
    except LedgerBusy:
        raise
    except LedgerError as error:
        if not progress.has_begun:
            raise
        raise Stopped(f"{error}; when that is mended, go on with: {place.command('resume', key)}") from error


def finish(report: Report, broadcast: Broadcast, place: Place, *, as_json: bool) -> NoReturn:
    """Print the report, with notes for a person, and leave with its exit code."""
    with suppress(OSError):  # nobody reads it, or the disk is full: what was published stays published
        show_report(report, as_json=as_json)
        for note in () if as_json else _notes(report, broadcast, place):
            click.echo(note, err=True)
    _leave(report.exit_code)


def _leave(exit_code: int) -> NoReturn:
    """Exit with that code even when what is still buffered cannot be written."""
    try:
        sys.stdout.flush()
    except (OSError, AttributeError):  # a closed pipe, or no stdout at all
        sys.stdout = None  # or Python would try again, and exit with a code of its own
    sys.exit(exit_code)


def _notes(report: Report, broadcast: Broadcast, place: Place) -> Iterator[str]:
    if place.has_own_sandbox:
        yield (
            "The sandbox ended with this command, so these addresses do not open any more. To look at the posts, start"
            " `socialcast sandbox` in another terminal and add: --sandbox http://127.0.0.1:8025"
        )
    elif report.exit_code == 0 and not any(outcome.steps_sent for outcome in report.outcomes):
        yield "Every channel had it already, so nothing was sent."
        if place.sandbox:
            yield f"If the sandbox is not the same any more, delete the record of it: {broadcast.ledger.path}"


def _result(run: futures.Future[Report], broadcast: Broadcast, progress: Progress) -> Report:
    """Wait in the main thread, where Ctrl-C arrives, so that it never tears a write of the run's own."""
    stopping = False
    try:
        while not run.done():
            try:
                futures.wait([run], _LOOK_SECONDS)
            except KeyboardInterrupt:
                progress.say("stopping: calls under way are finished first")
                stopping = True
            if stopping:
                broadcast.cancel()  # again each time: the first may have come before the run could hear it
        return run.result()
    finally:
        broadcast.cancel()


def _how_to_go_on(key: str, place: Place, *, has_begun: bool) -> str:
    if not has_begun:
        return "stopped before anything was sent"
    if place.has_own_sandbox:
        return "stopped; the sandbox of this run ended with it: run the same command again"
    return f"stopped; what was done is saved; go on with: {place.command('resume', key)}"
