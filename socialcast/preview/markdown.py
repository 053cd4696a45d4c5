"""The plan as Markdown for a comment under a pull request: texts stand in code, where nothing links or notifies anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from socialcast.broadcast.plan import Plan, PlannedChannel
from socialcast.compose.characters import visible
from socialcast.model.announcement import Announcement, Audience
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.preview.view import FOR_THE_PRESS, PartView, count, part_views, totals

__all__ = ["plan_markdown"]

_MAX_LENGTH = 60_000  # GitHub takes 65,536 characters in a comment, GitLab a million (read 2026-11-26)


def plan_markdown(plan: Plan, announcement: Announcement) -> str:
    """The plan as GitHub and GitLab show it, the texts of all channels folded; past their limit, a page is what one needs."""
    head = "\n".join(_head(plan, announcement))
    texts = "\n".join(line for channel in plan.channels for line in _channel(channel, announcement))
    if len(head) + len(texts) > _MAX_LENGTH:
        texts = "The texts are too long for a comment: look at the page that `socialcast plan --html FILE` writes.\n"
    return f"{head}\n{texts}"


def _head(plan: Plan, announcement: Announcement) -> Iterator[str]:
    verdict = "an error stops it: nothing would be sent" if plan.is_stopped else "it can be published"
    yield f"## {_code(announcement.title or plan.key)}: {verdict}"
    yield ""
    if announcement.audience is Audience.PRESS:
        yield f"**{FOR_THE_PRESS}**"
        yield ""
    yield "| channel | platform | shows | problems | made public | costs |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from map(_row, plan.channels)
    yield ""
    if announcement.embargo:
        yield f"Embargo: {announcement.embargo.isoformat(' ', 'minutes')}."
    if costs := totals(plan):
        yield f"Costs together: {', '.join(costs)}."
    yield f"To approve it: `--approved {plan.digest}`"
    yield ""
    yield from (f"- {_problem(problem)}" for problem in plan.problems)
    yield ""


def _row(channel: PlannedChannel) -> str:
    told = (count(channel.problems, Severity.ERROR, "error"), count(channel.problems, Severity.WARNING, "warning"))
    problems, costs = ", ".join(filter(None, told)), ", ".join(map(str, channel.costs))
    when = channel.made_public if channel.post else "not at all"
    cells = (_code(channel.channel), channel.platform, _shows(channel), problems or "none", when, costs)
    return f"| {' | '.join(cells)} |"


def _shows(channel: PlannedChannel) -> str:
    post = channel.seen
    if post is None:
        return "skipped" if channel.skipped else "nothing"
    numbers = (
        (len(post.parts), "text"),
        (len(post.photos), "photo"),
        (int(post.video is not None), "video"),
        (int(post.live is not None), "live event"),
    )
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers if number) or "nothing"


def _channel(channel: PlannedChannel, announcement: Announcement) -> Iterator[str]:
    parts, _ = part_views(channel, announcement)
    yield f"<details><summary>{_escaped(channel.channel)} ({_escaped(channel.platform)})</summary>"
    yield ""
    if channel.skipped:
        yield f"Skipped: {_code(channel.skipped)}"
    if post := channel.seen:
        yield from (f"Title: {_code(post.title)}", "") if post.title else ()
        for part in parts:
            yield from _part(part)
        yield from _media(post)
        yield ""
        yield from (f"- adapted: {_code(adaptation.message)}" for adaptation in post.adaptations)
    yield ""
    yield "</details>"
    yield ""


def _media(post: Post) -> Iterator[str]:
    for number, photo in enumerate(post.photos, 1):
        alt = photo.alt or ("decorative" if photo.decorative else "no alt text")
        yield f"{number}. {_code(photo.name)}: {_code(alt)}"
    if post.video:
        yield f"- video {_code(post.video.name)}: {_code(post.video.alt or 'no alt text')}"
    if post.live:
        starts = f", {post.live.starts_at.isoformat(' ', 'minutes')}" if post.live.starts_at else ""
        yield f"- live event {_code(post.live.title or post.title)}{starts}"


def _part(part: PartView) -> Iterator[str]:
    fence = "`" * max(3, 1 + _longest_run(part.text))
    yield from (f"{part.counted}:", "", f"{fence}text", visible(part.text), fence, "")


def _problem(problem: Problem) -> str:
    where = f"{problem.channel}: {problem.path}".strip(": ")
    return (
        f"**{problem.severity.value}** {_code(problem.code)}{f' at {_code(where)}' if where else ''}: {_code(problem.message)}"
        + (f"; {_code(problem.fix)}" if problem.fix else "")
    )


def _code(text: str) -> str:
    """The text as code in one line; also within a table, where a bar would end the cell."""
    line = " ".join(visible(text).split()).replace("|", "\\|") or " "
    fence = "`" * (1 + _longest_run(line))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _escaped(text: str) -> str:
    """A channel's name within HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
