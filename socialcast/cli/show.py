"""Plans and reports as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from textwrap import indent, wrap
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socialcast.broadcast import Plan, PlannedChannel
from socialcast.cli.requests import requests_blocks, requests_json
from socialcast.compose.below import below
from socialcast.compose.characters import harmless, one_line, visible
from socialcast.compose.text import weigh
from socialcast.model.announcement import Audience, Live, Photo, Video
from socialcast.model.capabilities import TextRules
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Outcome, Report, State
from socialcast.model.reports import ChannelOutcome, Finding
from socialcast.registry import publisher_class

if TYPE_CHECKING:
    from socialcast.broadcast.rehearsal import Rehearsal

__all__ = ["finding_json", "outcome_json", "outcome_lines", "print_json", "report_json", "show_plan", "show_report"]

_WIDTH = 110
_SHORT_DIGEST = 12
_COLOURS = {
    State.PUBLISHED: "green",
    State.REFUSED: "red",
    State.UNKNOWN: "red",
    State.HELD: "yellow",
    State.SKIPPED: "yellow",
    State.RETRACTED: "yellow",
}


def print_json(value: Any) -> None:
    """Print exactly one JSON object."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


# -- plans -------------------------------------------------------------------------------------------------------------------


def show_plan(plan: Plan, rehearsal: Rehearsal | None = None, *, as_json: bool) -> None:
    """Print what every channel will show, and what a rehearsal of it has sent."""
    if as_json:
        print_json(_plan_json(plan) | ({"requests": requests_json(rehearsal)} if rehearsal else {}))
    else:
        click.echo("\n\n".join([*(requests_blocks(rehearsal) if rehearsal else ()), _plan_text(plan)]))


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "key": plan.key,
        "digest": plan.digest,
        "announcement_digest": plan.announcement_digest,
        "channels": {channel.channel: _planned_json(channel) for channel in plan.channels},
        "placeholders": dict(plan.placeholders),
        "problems": _plain_problems(plan.problems),
    }


def _plan_text(plan: Plan) -> str:
    blocks = ["\n".join(_planned_lines(channel)) for channel in plan.channels]
    if plan.placeholders:
        blocks.append("\n".join(f"{url} stands for {meaning}" for url, meaning in plan.placeholders.items()))
    blocks += map(_problem_line, plan.general)
    verdict = "an error stops it: nothing would be sent" if plan.is_stopped else "it can be published"
    return "\n\n".join([*blocks, f"{plan.key}: {verdict}\ndigest {plan.digest}"])


def _planned_json(channel: PlannedChannel) -> dict[str, Any]:
    post = channel.seen
    return {
        "platform": channel.platform,
        "required": channel.required,
        "skipped": channel.skipped,
        "title": post.title if post else "",
        "parts": [{"text": part, "length": _length(part, channel.platform)} for part in post.parts] if post else [],
        "photos": [{"file": photo.name, "alt": photo.alt} for photo in post.photos] if post else [],
        "video": _video_json(post.video) if post and post.video else None,
        "live": _live_json(post.live) if post and post.live else None,
        "tags": list(post.tags) if post else [],
        "adaptations": _plain_adaptations(post.adaptations if post else ()),
        "costs": [{"amount": str(cost.amount), "unit": cost.unit, "why": cost.why} for cost in channel.costs],
        "embargo": post.embargo.isoformat() if post and post.embargo else None,
        "due_at": channel.due_at.isoformat() if channel.due_at else None,
        "made_public_by": "platform" if channel.schedules else "socialcast",
    }


def _video_json(video: Video) -> dict[str, Any]:
    return {
        "file": video.name,
        "title": video.title,
        "alt": video.alt,
        "poster": video.poster.name if video.poster else "",
        "subtitles": [track.language for track in video.subtitles],
    }


def _live_json(live: Live) -> dict[str, Any]:
    starts, ends = (moment.isoformat() if moment else None for moment in (live.starts_at, live.ends_at))
    return {"title": live.title, "description": live.description, "starts_at": starts, "ends_at": ends}


def _planned_lines(channel: PlannedChannel) -> Iterator[str]:
    yield click.style(channel.channel, bold=True) + f" ({channel.platform})"
    if channel.skipped:
        yield f"  skipped: {one_line(channel.skipped)}"
    if post := channel.seen:
        yield from map(visible, _post_lines(post))
        yield from _adaptation_lines(post.adaptations)
        if post.audience is Audience.PRESS:
            yield "  for the press alone"
        if post.embargo:
            yield f"  made public {channel.made_public}"
    yield from (f"  costs {cost}{f': {cost.why}' if cost.why else ''}" for cost in channel.costs)
    yield from (f"  {_problem_line(problem)}" for problem in channel.problems)


def _post_lines(post: Post) -> Iterator[str]:
    if post.title:
        yield f"  title: {post.title}"
    for number, part in enumerate(post.parts, start=1):
        yield f"  text {number}/{len(post.parts)}, {_length_in_words(part, post.platform)}"
        yield indent(part, "    | ", lambda line: True)
    for number, photo in enumerate(post.photos, start=1):
        yield from _photo_lines(f"photo {number}/{len(post.photos)}", photo)
        yield from _below_lines(photo, post)
    if post.video:
        yield from _video_lines(post.video)
        yield from _below_lines(post.video, post)
    if post.live:
        yield from _live_lines(post.live)
    if post.tags:
        yield f"  tags: {one_line(', '.join(post.tags))}"


def _photo_lines(what: str, photo: Photo) -> Iterator[str]:
    yield f"  {what}: {one_line(photo.name)}"
    yield from _wrapped("alt: " + (photo.alt or ("decorative" if photo.decorative else "none")))


def _below_lines(medium: Photo | Video, post: Post) -> Iterator[str]:
    if words := str(below(medium, post)):
        yield from _wrapped(f"below: {words}")


def _video_lines(video: Video) -> Iterator[str]:
    yield f"  video: {one_line(video.name)}{f', {video.title}' if video.title else ''}"
    yield from _wrapped(f"alt: {video.alt or 'none'}")
    if video.subtitles:
        yield f"    subtitles: {', '.join(track.language for track in video.subtitles)}"
    if video.poster:
        yield from _photo_lines("poster", video.poster)


def _live_lines(live: Live) -> Iterator[str]:
    times = " to ".join(moment.isoformat(" ", "minutes") for moment in (live.starts_at, live.ends_at) if moment)
    yield f"  live: {', '.join(filter(None, (live.title, times)))}"
    if live.description:
        yield from _wrapped(f"description: {live.description}")
    if live.poster:
        yield from _photo_lines("poster", live.poster)


def _text_rules(platform: str) -> TextRules:
    return publisher_class(platform).capabilities.text or TextRules()


def _length(text: str, platform: str) -> int:
    return weigh(text, _text_rules(platform))


def _length_in_words(text: str, platform: str) -> str:
    rules = _text_rules(platform)
    limit = "" if rules.max_length is None else f" of {rules.max_length}"
    return f"{weigh(text, rules)}{limit} {rules.unit.value}"


# -- reports -----------------------------------------------------------------------------------------------------------------


def show_report(report: Report, *, as_json: bool) -> None:
    """Print how every channel went."""
    if as_json:
        print_json(report_json(report))
    else:
        click.echo(_report_text(report))


def report_json(report: Report) -> dict[str, Any]:
    """The report as programs read it."""
    return {
        "key": report.key,
        "digest": report.digest,
        "outcomes": {outcome.channel: _outcome_json(outcome) for outcome in report.outcomes},
        "problems": _plain_problems(report.problems),
    }


def _report_text(report: Report) -> str:
    below = {str(problem) for problem in report.problems}
    lines = [line for outcome in report.outcomes for line in _outcome_lines(outcome, below)]
    is_news = any(outcome.steps_sent for outcome in report.outcomes)  # what it costs, nobody pays again
    told = [f"  {_problem_line(p)}" for p in _each_once(report.problems) if is_news or p.severity is Severity.ERROR]
    return "\n".join([f"{report.key} (digest {report.digest[:_SHORT_DIGEST]})", *lines, *told])


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "platform": outcome.platform,
        "state": outcome.state.value,
        "id": outcome.id,
        "url": outcome.url,
        "partly_public": outcome.partly_public,
        "steps_sent": outcome.steps_sent,
        "reason": outcome.reason,
        "hint": outcome.hint,
        "code": outcome.code,
        "published_at": outcome.published_at.isoformat() if outcome.published_at else None,
        "retracted_at": outcome.retracted_at.isoformat() if outcome.retracted_at else None,
        "due_at": outcome.due_at.isoformat() if outcome.due_at else None,
        "items": [{"id": item.id, "kind": item.kind, "url": item.url} for item in outcome.items],
        "adaptations": _plain_adaptations(outcome.adaptations),
    }


def _each_once(problems: Iterable[Problem]) -> list[Problem]:
    """One problem for all the channels that have it."""
    channels: dict[Problem, list[str]] = {}
    for problem in problems:
        channels.setdefault(msgspec.structs.replace(problem, channel=""), []).append(problem.channel)
    return [msgspec.structs.replace(problem, channel=", ".join(filter(None, names))) for problem, names in channels.items()]


def _outcome_lines(outcome: Outcome, below: Collection[str]) -> Iterator[str]:
    """What became of one channel; a reason that stands below among the problems is not told twice."""
    state = click.style(outcome.state.value, fg=_COLOURS.get(outcome.state))
    yield f"  {outcome.channel} ({outcome.platform}): {state} {outcome.url}".rstrip()
    at = outcome.retracted_at or (outcome.published_at if outcome.state is State.PUBLISHED else None)
    if at:  # of what was found again, no platform may tell it
        yield f"    at {at:%Y-%m-%d %H:%M:%S %Z}"
    is_below = any(outcome.reason.startswith(problem) for problem in below)
    reason = "" if is_below else outcome.reason
    for label, words in (("reason", reason), ("to do", outcome.hint)):
        if words:
            yield from _wrapped(f"{label}: {words}")
    if outcome.state is State.PUBLISHED:  # of what is not there, nothing was adapted
        yield from (f"  {line}" for line in _adaptation_lines(outcome.adaptations))


# -- work on what was published --------------------------------------------------------------------------------------------


def outcome_json(outcome: ChannelOutcome) -> dict[str, Any]:
    """What every such outcome tells."""
    names = ("platform", "url", "done", "failed", "unknown", "reason", "hint", "code")
    return {name: getattr(outcome, name) for name in names}


def finding_json(finding: Finding) -> dict[str, Any]:
    """What an audit found, with strangers' words made harmless."""
    told: dict[str, Any] = msgspec.to_builtins(finding)
    return {name: harmless(value) if isinstance(value, str) else value for name, value in told.items()}


def outcome_lines(outcome: ChannelOutcome, *told: str, failed: str = "failed") -> Iterator[str]:
    """The same in words; what is told beside what was done stands before it."""
    missed = "unknown" if outcome.unknown else failed
    done = click.style(missed, fg="red") if outcome.failed else ", ".join(filter(None, (*told, outcome.done)))
    yield f"  {outcome.channel} ({outcome.platform}): {done} {outcome.url}".rstrip()
    for label, words in (("reason", outcome.reason), ("to do", outcome.hint)):
        if words:
            yield from _wrapped(f"{label}: {words}")


# -- what both hold ----------------------------------------------------------------------------------------------------------


def _adaptation_lines(adaptations: Iterable[Adaptation]) -> Iterator[str]:
    for adaptation in adaptations:
        yield f"  adapted ({adaptation.code}): {one_line(adaptation.message)}"


def _problem_line(problem: Problem) -> str:
    return click.style(one_line(str(problem)), fg="red" if problem.severity.value == "error" else "yellow")


def _wrapped(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)


def _plain_adaptations(adaptations: Iterable[Adaptation]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = msgspec.to_builtins(list(adaptations))
    return plain


def _plain_problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "channel": problem.channel,
            "path": problem.path,
            "message": problem.message,
            "fix": problem.fix,
        }
        for problem in problems
    ]
