"""The requests of a rehearsal, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import click
import msgspec

from socialcast.compose.characters import visible
from socialcast.model.receipt import State

if TYPE_CHECKING:
    from socialcast.broadcast.rehearsal import Rehearsal, Request
    from socialcast.model.receipt import Outcome
    from socialcast.wire.witness import Content

__all__ = ["requests_blocks", "requests_json"]

_FORM = "application/x-www-form-urlencoded"


def requests_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """By channel: how its rehearsal ended, and what was sent, bodies as they were."""
    return {
        outcome.channel: {
            "rehearsal": outcome.state.value,
            "reason": outcome.reason,
            "sent": msgspec.to_builtins(rehearsal.requests[outcome.channel]),
        }
        for outcome in rehearsal.report.outcomes
    }


def requests_blocks(rehearsal: Rehearsal) -> list[str]:
    """A block of lines for each channel, the fields of a form each in a line of its own."""
    return [
        "\n".join([_head(outcome, len(rehearsal.requests[outcome.channel])), *_lines(rehearsal.requests[outcome.channel])])
        for outcome in rehearsal.report.outcomes
    ]


def _head(outcome: Outcome, count: int) -> str:
    ended = "" if outcome.state is State.PUBLISHED else f"; the rehearsal ended {outcome.state.value}: {outcome.reason}"
    told = f"{count} request{'' if count == 1 else 's'}{ended}"
    return f"{click.style(outcome.channel, bold=True)} ({outcome.platform}): {visible(told)}"


def _lines(requests: tuple[Request, ...]) -> Iterator[str]:
    for request in requests:
        yield f"  {request.method} {request.url}"
        yield from (f"    {name}: {value}" for name, value in request.headers.items())
        for content in request.body:
            yield from (f"    | {line}" for line in visible(_told(content)).splitlines())


def _told(content: Content) -> str:
    name = f"{content.name} = " if content.name else ""
    if content.text is None:
        what = f"file {content.filename!r} ({content.type})" if content.filename else "bytes"
        return f"{name}{what}: {content.size_bytes:,} bytes, SHA-256 {content.sha256}"
    if content.type.startswith(_FORM):
        return "\n".join(f"{field} = {value}" for field, value in parse_qsl(content.text, keep_blank_values=True))
    return name + content.text
