"""`socialcast replies KEY`."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from socialcast.broadcast import Dialogue
from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import outcome_json, outcome_lines
from socialcast.compose.characters import harmless
from socialcast.delivery.conversation import Kept, Standing
from socialcast.model.reports import ReadingReport

__all__ = ["command"]

_STANDINGS = {Standing.WAITING: "waits", Standing.ANSWERED: "answered", Standing.GONE: "deleted since"}


@click.command("replies")
@click.argument("key")
@click.option("--waiting", is_flag=True, help="Only what waits for an answer.")
@click.option("--follow", is_flag=True, help="Go on asking, and tell what is new, until Ctrl-C.")
@click.option(
    "--every", "seconds", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Seconds between two looks."
)
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write them as a page to read, too.")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(
    key: str,
    waiting: bool,
    follow: bool,
    seconds: float,
    html: Path | None,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Read what people say below the announcement KEY, on every channel that can be read; what waits for an answer comes first,
    the oldest of it first. Nothing is left out.

    With --json a JSON object stands on each line: a reply, or at the end how every channel went. Answer with the id or the
    address that is shown: socialcast answer ID "text".
    """
    with Place(channels, ledger, sandbox, only).open() as broadcast:
        dialogue = broadcast.dialogue(key)
        show = _Shown(waiting=waiting, as_json=as_json)
        report = _look(dialogue, show, html)
        while follow and not threading.Event().wait(seconds):  # ends with Ctrl-C
            report = _look(dialogue, show, html)
    sys.exit(report.exit_code)


def _look(dialogue: Dialogue, show: _Shown, html: Path | None) -> ReadingReport:
    report = dialogue.read()
    show.replies(dialogue)
    show.report(report)
    if html:
        from socialcast.preview import write_replies_page  # what only those need who ask for a page

        write_replies_page(html, dialogue.key, dialogue)
    return report


class _Shown:
    """Tells each reply once, and how the channels went where that is news."""

    def __init__(self, *, waiting: bool, as_json: bool) -> None:
        self._waiting, self._as_json = waiting, as_json
        self._told: set[tuple[str, str]] = set()
        self._last: ReadingReport | None = None

    def replies(self, dialogue: Dialogue) -> None:
        for kept in dialogue:
            if self._waiting and kept.standing is not Standing.WAITING:
                return  # all that waits comes first
            if (name := (kept.channel, kept.reply.id)) not in self._told:
                self._told.add(name)
                click.echo(_json_line(_plain(kept)) if self._as_json else "\n".join([*_lines(kept), ""]))

    def report(self, report: ReadingReport) -> None:
        is_news = self._last is None or [each.failed for each in report.outcomes] != [each.failed for each in self._last.outcomes]
        self._last = report
        if self._as_json and is_news:
            channels = {outcome.channel: {**outcome_json(outcome), "new": outcome.new} for outcome in report.outcomes}
            click.echo(_json_line({"key": report.key, "waiting": report.waiting, "channels": channels}))
        elif is_news:
            lines = [line for outcome in report.outcomes for line in outcome_lines(outcome, f"{outcome.new} new")]
            click.echo("\n".join([f"{report.key}: {report.waiting} waiting for an answer", *lines]))


def _json_line(value: dict[str, Any]) -> str:
    """One object on one line, of ASCII alone: a terminal obeys some characters that JSON lets stand."""
    return json.dumps(value)


def _plain(kept: Kept) -> dict[str, Any]:
    reply = kept.reply
    names = ("id", "author", "author_url", "text", "url", "parent", "language", "hidden", "forbidden")
    told = {name: getattr(reply, name) for name in names}
    return {"channel": kept.channel, "standing": _STANDINGS[kept.standing], "at": reply.at.isoformat(), **told}


def _lines(kept: Kept) -> Iterator[str]:
    reply = kept.reply
    told = [_STANDINGS[kept.standing], *(["hidden"] if reply.hidden else [])]
    author = click.style(harmless(reply.author).replace("\n", " ") or "somebody", bold=True)
    yield f"{reply.at.astimezone(UTC):%Y-%m-%d %H:%M} {author} on {kept.channel}, {', '.join(told)}"
    yield from (f"  | {line}" for line in harmless(reply.text).split("\n"))
    yield f"  {harmless(reply.url).replace(chr(10), ' ') or 'id ' + harmless(reply.id)}"
    if reply.forbidden and kept.standing is Standing.WAITING:
        yield f"  cannot be answered from here: {reply.forbidden}"
