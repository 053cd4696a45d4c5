"""What is taken back and published anew is there anew, whatever a platform remembers of what it had."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Broadcast
from socialcast.model.capabilities import Aspect
from socialcast.model.reports import CorrectionOutcome, Means
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.matrix.scenes import provable
from socialcast.testing.stage import SandboxStage, picture, sample
from socialcast.wire.settings import Correction, Policy
from socialcast.wire.transport import READS

REFUSING = frozenset({"x"})
PATIENCE_SECONDS = 600
WISHES: dict[str, dict[str, Any]] = {"mediawiki": {"admin": True}}  # nobody else takes files back there


def replaced() -> Iterator[str]:
    """The platforms on which photos cannot be changed, and can be taken back."""
    for name in provable():
        table = publisher_class(name).capabilities
        if table.retract and table.photos and not (table.edits and Aspect.MEDIA in table.edits.aspects):
            yield name


class Place:
    """One channel of a platform, corrected by replacing."""

    def __init__(self, sandbox: Sandbox, folder: Path, platform: str) -> None:
        self.sandbox, self.stage, self.folder = sandbox, SandboxStage(sandbox, platform), folder
        self.wrong = sample(publisher_class(platform))
        self.right = _changed(self.wrong, platform)

    @contextmanager
    def open(self, ledger: str) -> Iterator[Broadcast]:
        self.sandbox.account(self.stage.platform, "contract", **WISHES.get(self.stage.platform, {}))
        channel = msgspec.structs.replace(self.stage.channel("contract"), correction=Correction.REPLACE, policy=Policy.ADAPT)
        clock = SandboxClock(self.sandbox)
        with Broadcast([channel], ledger=self.folder / ledger, sandbox=self.sandbox, clock=clock) as broadcast:
            yield broadcast

    def publish(self, announcement: Announcement, ledger: str) -> None:
        self.sandbox.reset()
        with self.open(ledger) as broadcast:
            broadcast.publish(announcement).raise_for_failures()

    def correct(self, ledger: str) -> CorrectionOutcome:
        """As often as it takes to be through."""
        for _ in range(4):
            with self.open(ledger) as broadcast:
                report = broadcast.correct(self.right)
            if report.exit_code == 0:
                break
            self.sandbox.advance(PATIENCE_SECONDS)
        return report["contract"]

    def shown(self) -> list[Any]:
        """What visitors see, but for a wiki's count of revisions, in which the former ones stay."""
        return [tuple(fact for fact in sight if not fact.startswith("revisions: ")) for sight in self.stage.sights()]


def _changed(announcement: Announcement, platform: str) -> Announcement:
    """With another picture, and the same words, unless the platform refuses to hear them again."""
    text = announcement.text.replace("the ", "The ") if platform in REFUSING else announcement.text
    return msgspec.structs.replace(announcement, text=text, photos=(picture(7), *announcement.photos[1:]))


@pytest.fixture
def place(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Place]:
    return lambda platform: Place(sandbox, tmp_path, platform)


@pytest.mark.parametrize("platform", list(replaced()))
def test_a_replacement_is_what_would_have_been_published(place: Callable[[str], Place], platform: str) -> None:
    """And nothing of what was there before is left; also where one of its calls or its answer was lost."""
    there = place(platform)
    there.publish(there.right, "as it should be")
    wanted = there.shown()
    there.publish(there.wrong, "first")
    published = len(there.sandbox.requests(platform))
    told = there.correct("first")
    assert (told.means, told.failed, there.shown()) == (Means.REPLACE, False, wanted), told
    calls = there.sandbox.requests(platform)[published:]
    writes = [number for number, call in enumerate(calls, 1) if call.method not in READS]
    for nth, effect in itertools.product(writes, ("status_before", "reset_after")):
        there.publish(there.wrong, f"{effect} {nth}")
        there.sandbox.fault(platform, effect, nth=nth)
        told = there.correct(f"{effect} {nth}")
        assert (told.failed, there.shown()) == (False, wanted), (effect, calls[nth - 1], told)


def test_nothing_is_taken_back_for_words_that_would_be_refused(place: Callable[[str], Place]) -> None:
    """X takes words no second time, not even of a post that is gone: it is said before anything happens, with what to do."""
    there = place("x")
    there.right = msgspec.structs.replace(there.right, text=there.wrong.text)
    there.publish(there.wrong, "first")
    before = there.shown()
    told = there.correct("first")
    assert (told.means, told.failed, there.shown()) == (Means.NONE, True, before)
    assert told.reason.startswith("x refuses words that a deleted post had")
    assert "change a word" in told.hint
