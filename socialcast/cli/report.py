"""`socialcast report KEY`."""

from __future__ import annotations

from pathlib import Path

import click

from socialcast.broadcast.story import Story
from socialcast.cli.options import channels_option, json_option, ledger_option, only_option, sandbox_option
from socialcast.cli.place import Place
from socialcast.cli.show import finding_json, print_json, report_json

__all__ = ["command"]


@click.command("report")
@click.argument("key")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it as one page, too.")
@channels_option
@only_option
@ledger_option
@sandbox_option
@json_option
def command(
    key: str,
    html: Path | None,
    channels: Path,
    only: tuple[str, ...],
    ledger: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Tell all that the ledger knows of the announcement KEY, as Markdown for a job's summary: outcomes, links, adaptations, what
    became public when, replies that wait, and figures. No platform is asked: `replies` and `metrics` do that.
    """
    from socialcast.preview import report_markdown, report_page  # what only those need who ask for it

    with Place(channels, ledger, sandbox, only).open() as broadcast:
        story = broadcast.story(key)
    if html:
        html.write_text(report_page(story), encoding="utf-8")
    if as_json:
        print_json(_plain(story))
    else:
        click.echo(report_markdown(story))


def _plain(story: Story) -> dict[str, object]:
    moments = [{"at": each.at.isoformat(), "channel": each.channel, "what": each.what, "url": each.url} for each in story.moments]
    figures = [
        {"at": each.at.isoformat(), "channel": each.channel, "name": each.name, "value": each.value} for each in story.points
    ]
    findings = [{"at": each.at.isoformat(), "channel": each.channel, **finding_json(each.finding)} for each in story.findings]
    own = {"revision": story.revision, "timeline": moments, "waiting": story.waiting, "figures": figures, "findings": findings}
    return {**report_json(story.report), **own}
