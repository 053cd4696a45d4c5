"""What became of an announcement, as Markdown for a job's summary and as a page to keep: outcomes, times, replies, figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from socialcast.broadcast.story import Story
from socialcast.compose.excerpt import excerpt
from socialcast.delivery.measures import Point
from socialcast.model.announcement import Audience
from socialcast.model.receipt import Outcome
from socialcast.model.reports import Finding
from socialcast.preview.audit import FINDING_HEADS, finding_row
from socialcast.preview.chart import chart, charted
from socialcast.preview.elements import code, markdown_table, page, table, text
from socialcast.preview.view import FOR_THE_PRESS

__all__ = ["report_markdown", "report_page"]

_ADDRESS = re.compile(r"https?://[\w:/?#@!$&()*+,;=%.~-]+", re.ASCII)  # nothing that ends an autolink or a cell
_Rows: TypeAlias = Sequence[tuple[str, ...]]


def report_page(story: Story) -> str:
    """One self-contained page; no script runs and nothing is fetched."""
    title = story.announcement.title or story.report.key
    drawn = [point for point in story.points if point.name == charted(story.points)]
    body = [
        f"<h1>{text(title)}</h1>",
        f"<p><strong>{FOR_THE_PRESS}</strong></p>" if _is_for_the_press(story) else "",
        f"<p>{text(_summary(story, story.report.key))}</p>",
        *(table(caption, heads, rows) for caption, heads, rows in _tables(story) if rows),
    ]
    if drawn:
        body[-1:-1] = [chart(drawn), _as_table(drawn)]
    return page(f"Report: {title}", body)


def report_markdown(story: Story) -> str:
    """The same as GitHub and GitLab show it, without the chart."""
    lines = [f"## {code(story.announcement.title or story.report.key)}", ""]
    lines += [f"**{FOR_THE_PRESS}**", ""] if _is_for_the_press(story) else []
    lines += [_summary(story, code(story.report.key)), ""]
    for caption, heads, rows in _tables(story):
        if rows:
            cells = [tuple(map(_cell, heads, row)) for row in rows]
            lines += [f"### {caption}", "", *markdown_table(heads, cells), ""]
    return "\n".join(lines)


def _as_table(drawn: Sequence[Point]) -> str:
    """All that the chart shows, for those who do not see it; folded, since a figure asked each hour has many rows."""
    rows = [(_when(point.at), point.channel, f"{point.value:,.0f}") for point in drawn]
    told = table(f"{drawn[0].name} over time", ("time", "channel", "how many"), rows)
    return f"<details><summary>The chart as a table</summary>\n{told}\n</details>"


def _cell(head: str, words: str) -> str:
    """Code, but where something is can be followed; a stranger's text never is a link."""
    return f"<{words}>" if head == "where" and _ADDRESS.fullmatch(words) else code(words)


def _is_for_the_press(story: Story) -> bool:
    return story.announcement.audience is Audience.PRESS


def _summary(story: Story, key: str) -> str:
    corrected = f", corrected {story.revision} time{'s' if story.revision != 1 else ''}" if story.revision else ""
    states = [outcome.state.value for outcome in story.report.outcomes]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"{key}{corrected}. Channels: {counted}. Replies that wait for an answer: {story.waiting}."


def _tables(story: Story) -> Iterator[tuple[str, Sequence[str], _Rows]]:
    yield "Channels", ("channel", "platform", "outcome", "where", "what is to be said"), [*map(_row, story.report.outcomes)]
    adapted = [(each.channel, change.code, change.message) for each in story.report.outcomes for change in each.adaptations]
    yield "What had to be adapted", ("channel", "what", "how"), adapted
    moments = [(_when(each.at), each.channel or "all", each.what, each.url) for each in story.moments]
    yield "What happened when", ("time", "channel", "what", "where"), moments
    found = [(_when(each.at), *finding_row(each.channel, _brief(each.finding))) for each in story.findings]
    yield "What the last audit found", ("seen at", *FINDING_HEADS), found
    yield (
        "Waiting longest for an answer",
        ("since", "channel", "who", "what", "where"),
        [(_when(each.reply.at), each.channel, each.reply.author, each.reply.text, each.reply.url) for each in story.oldest],
    )
    latest = [(each.channel, each.name, f"{each.value:,.0f}", _when(each.at)) for each in _latest(story.points)]
    yield "Figures, as each platform counts", ("channel", "what", "how many", "asked at"), latest


def _row(outcome: Outcome) -> tuple[str, ...]:
    said = "; ".join(filter(None, (outcome.reason, outcome.hint)))
    return outcome.channel, outcome.platform, outcome.state.value, outcome.url, said


def _brief(finding: Finding) -> Finding:
    """Of long texts, the place where they differ."""
    texts = finding.expected, finding.found
    expected, found = (excerpt(one, other) if one else "" for one, other in (texts, texts[::-1]))
    return msgspec.structs.replace(finding, expected=expected, found=found)


def _latest(points: Sequence[Point]) -> list[Point]:
    """The last of each series."""
    return list({(point.channel, point.name): point for point in points}.values())


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
