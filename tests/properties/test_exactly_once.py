"""Exactly once, whatever announcement meets whatever channels, faults and deaths of the process.

`python -m pytest tests/properties -m matrix --stories 4000 -n auto` tells many more. Each run prints its seed; with
`--hypothesis-seed SEED` and as many stories, it is told again, failures and all.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, seed, settings

from socialcast.delivery.archive import export_ledger, verify_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.model.receipt import Outcome, Report, State
from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.scenes import scratch_folder
from socialcast.testing.matrix.verdict import Case, judge
from socialcast.testing.stage import SandboxStage, Sight
from tests.properties.stories import Story, stories
from tests.properties.telling import is_stopped, moved, publish, status, tell

_ALWAYS = settings(max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PARTS = 2  # which run side by side
_SETTLED = frozenset({State.PUBLISHED, State.UNKNOWN})


@_ALWAYS
@given(story=stories())
def test_every_story_ends_exactly_once(story: Story) -> None:
    """Nothing is there twice, nothing is lost, the report says what is there, and the ledger tells the same again."""
    holds(story)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(_PARTS))
def test_every_story_of_many_ends_exactly_once(pytestconfig: pytest.Config, part: int) -> None:
    """The same of as many random stories as are asked for, other ones in every run."""
    number: int = pytestconfig.getoption("--stories")
    chosen = pytestconfig.getoption("--hypothesis-seed") or str(random.SystemRandom().randrange(10**6))
    print(f"{number // _PARTS} stories; to tell them again: --stories {number} --hypothesis-seed {chosen}")
    wanted = settings(_ALWAYS, max_examples=number // _PARTS, derandomize=False)
    seed(f"{chosen}/{part}")(wanted(given(story=stories())(holds)))()


def holds(story: Story) -> None:
    """Tell the story, and assert what is promised of it."""
    calm, wanted = told_calmly(story)
    with Sandbox() as sandbox, scratch_folder() as folder:
        for report, ledger in tell(sandbox, story, folder):
            event("a run came to its end" if report else "a run died")
            assert verified(ledger) == []
        assert report is not None
        if is_stopped(sandbox, story, ledger):
            assert not sandbox.requests()
            return
        event(f"ended with exit code {report.exit_code}")
        assert_judged(sandbox, story, report, calm, wanted)
        assert_shown(sandbox, report)
        assert_replayed(sandbox, story, report, ledger)


def told_calmly(story: Story) -> tuple[Report, dict[str, list[Sight]]]:
    """The report where nothing goes wrong, and what the public sees then."""
    calm = msgspec.structs.replace(story, mishaps=(), deaths=())
    with Sandbox() as sandbox, scratch_folder() as folder:
        report = publish(sandbox, calm, folder / "ledger")
        assert report.exit_code == 0 or is_stopped(sandbox, calm, folder / "ledger")
        return report, seen(sandbox, story)


def seen(sandbox: Sandbox, story: Story) -> dict[str, list[Sight]]:
    """What the public sees on each platform."""
    return {place.platform: SandboxStage(sandbox, place.platform).sights() for place in story.places}


def verified(ledger: Path) -> list[str]:
    opened = Ledger(ledger)
    findings = verify_ledger(opened)
    opened.close()
    return findings


def exported(ledger: Path) -> bytes:
    opened = Ledger(ledger)
    document = export_ledger(opened)
    opened.close()
    return document


def assert_judged(sandbox: Sandbox, story: Story, report: Report, calm: Report, wanted: dict[str, list[Sight]]) -> None:
    """Against the run without mishaps: nothing twice, nothing lost, no lie; a channel may wait for one that cannot go on."""
    is_blocked = not story.can_settle or any(outcome.state is State.UNKNOWN for outcome in report.outcomes)
    for place in story.places:
        platform = place.platform
        may_stop = is_blocked or calm[platform].state is not State.PUBLISHED
        case = Case(publisher=platform, what="a story", number=1)
        verdict = judge(case, report[platform], wanted[platform], SandboxStage(sandbox, platform), may_stop=may_stop)
        assert verdict.ok, (verdict, report[platform])


def assert_shown(sandbox: Sandbox, report: Report) -> None:
    """Every address in the report leads to something."""
    for outcome in report.outcomes:
        addresses = {outcome.url, *(item.url for item in outcome.items)} - {""}
        assert not [url for url in addresses if not SandboxStage(sandbox, outcome.platform).opens(url)]


def assert_replayed(sandbox: Sandbox, story: Story, report: Report, ledger: Path) -> None:
    """The ledger, here or on another machine, knows what the report says; what is published is not even asked about."""
    there = moved(ledger, ledger.with_name("another-machine"))
    assert exported(there) == exported(ledger)
    assert statuses(status(sandbox, story, there)) == statuses(status(sandbox, story, ledger)) == statuses(report)
    if not any(outcome.failed for outcome in report.outcomes):
        requests = len(sandbox.requests())
        for known in (ledger, there):
            assert statuses(publish(sandbox, story, known)) == statuses(report)
        assert len(sandbox.requests()) == requests


def statuses(report: Report) -> list[Outcome]:
    """The outcomes, but for how many calls that run made."""
    return [msgspec.structs.replace(outcome, steps_sent=0) for outcome in report.outcomes]
