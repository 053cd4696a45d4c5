"""The proof of "exactly once", over every publisher that has a mirror; and that it would notice a broken promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.faults import FAULTS, fault_cases, run_fault
from socialcast.testing.matrix.kills import Kills
from socialcast.testing.matrix.scenes import Recorded, provable, recorded, scenes
from socialcast.testing.matrix.verdict import Case, Verdict, totals
from tests.matrix.mutations import MUTATIONS, Mutation, mutate, run_matrix, told

PUBLISHERS = provable()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def failures(verdicts: list[Verdict]) -> list[str]:
    """Every case that broke the promise, in words; the totals are printed, for the record of a run."""
    print(*totals(verdicts), sep="\n")
    return [f"{verdict.case}: {verdict.lie} {verdict.duplicates} {verdict.losses}" for verdict in verdicts if not verdict.ok]


@pytest.mark.matrix
@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_no_fault_doubles_or_loses_anything(sandbox: Sandbox, publisher: str) -> None:
    """Whatever goes wrong at whichever request, the public sees everything once, and the report says what is there."""
    runs = recorded(sandbox, publisher)
    assert not failures([run_fault(run, case) for run in runs for case in fault_cases(run)])


@pytest.mark.matrix
@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_no_kill_doubles_or_loses_anything(sandbox: Sandbox, publisher: str) -> None:
    """Killed at whichever boundary, and run again with its ledger, without it, or twice at once: everything is there once."""
    usual, *others = map(Kills, recorded(sandbox, publisher))
    around_records = [case for case in usual.cases([20, 60]) if case.call == "ledger"]
    around_requests = [case for case in usual.cases([20, 60]) if case.call != "ledger"]
    verdicts = [usual.run(case) for case in (*around_requests, *one_way_each(around_records))]
    verdicts += [killing.run(case) for killing in others for case in one_way_each(killing.cases([20, 60]))]
    assert not failures(verdicts)


def one_way_each(cases: Iterable[Case]) -> Iterator[Case]:
    """Each boundary with one of the three ways to run it again, in turn; `python -m socialcast.testing.matrix` has the time
    for all of them."""
    return (case for number, case in enumerate(cases) if number % 3 == number // 3 % 3)


def lost_answers(run: Recorded) -> Iterator[Case]:
    return (case for case in fault_cases(run) if case.what == "reset after the effect" and "post" in case.call)


def test_a_lost_answer_is_overcome(sandbox: Sandbox) -> None:
    """The small part of the matrix that every test run has time for."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    (run,) = recorded(sandbox, "plaza")
    killing = Kills(run)
    kills = islice(killing.cases([]), 0, None, 23)
    assert not failures([*(run_fault(run, case) for case in lost_answers(run)), *map(killing.run, kills)])


def test_a_kill_that_never_comes_proves_nothing(sandbox: Sandbox) -> None:
    """A process that ended by itself is an error, and counts as no case that went well."""
    killing = Kills(recorded(sandbox, "mastodon")[0])
    case = msgspec.structs.replace(next(killing.cases([])), number=99)
    with pytest.raises(RuntimeError, match="it never came to"):
        killing.run(case)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_guard_is_where_it_is_taken_out(mutation: Mutation, tmp_path: Path) -> None:
    """Whoever moves a guard is told at once, and not by the matrix."""
    mutate(mutation, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_matrix_notices_a_guard_that_is_taken_out(mutation: Mutation, tmp_path: Path) -> None:
    """With the intent not written, the look left out or the lease ignored, things appear twice, and the matrix says so."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    mutate(mutation, tmp_path)
    matrix = run_matrix(tmp_path, "plaza", *mutation.shown_by)
    print(mutation.name, told(matrix))
    assert any(failure["duplicates"] for failure in matrix["failures"])


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_every_kind_of_content_is_in_the_matrix(sandbox: Sandbox, publisher: str) -> None:
    """Whatever a publisher carries is published in it, so that each of its writes is spoiled once."""
    table = publisher_class(publisher).capabilities
    names = [scene.name for scene in scenes(sandbox, publisher)]
    carried = {"photos": table.photos, "video": table.video, "live": table.live}
    assert {name for name, is_carried in carried.items() if is_carried} <= {name.split()[-1] for name in names}
    assert all(any(name.startswith(variant) for name in names) for variant in publisher_class(publisher).sandbox_variants)


def test_every_fault_that_is_promised_is_in_the_matrix() -> None:
    """Refused, reset, silent, 5xx on both sides of the effect, 429, answers that cannot be read, and a dead token."""
    told = " ".join(FAULTS)
    wanted = (
        "refused",
        "reset before",
        "reset after",
        "silence",
        "time-out after",
        "500 before",
        "502 after",
        "503 before",
        "429 with a hint",
    )
    assert all(words in told for words in (*wanted, "429 without", "truncated", "HTML", "without an id", "token expired"))
