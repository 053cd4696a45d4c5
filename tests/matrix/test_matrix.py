"""The proof of "exactly once", over every publisher that has a mirror; and that it would notice a broken promise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.faults import FAULTS, Recorded, fault_cases, provable, run_fault
from socialcast.testing.matrix.kills import count_writes, kill_cases, run_kill
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
    run = Recorded(sandbox, publisher)
    assert not failures([run_fault(run, case) for case in fault_cases(run)])


@pytest.mark.matrix
@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_no_kill_doubles_or_loses_anything(sandbox: Sandbox, publisher: str) -> None:
    """Killed at whichever boundary, and run again with its ledger, without it, or twice at once: everything is there once."""
    run = Recorded(sandbox, publisher)
    assert not failures([run_kill(run, case) for case in kill_cases(run, count_writes(run), [40, 120])])


def lost_answers(run: Recorded) -> Iterator[Case]:
    return (case for case in fault_cases(run) if case.what == "reset after the effect" and "post" in case.call)


def test_a_lost_answer_is_overcome(sandbox: Sandbox) -> None:
    """The small part of the matrix that every test run has time for."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    run = Recorded(sandbox, "plaza")
    kills = islice(kill_cases(run, 2, []), 0, None, 7)
    assert not failures([*(run_fault(run, case) for case in lost_answers(run)), *(run_kill(run, case) for case in kills)])


@pytest.mark.matrix
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_matrix_notices_a_guard_that_is_taken_out(mutation: Mutation, tmp_path: Path) -> None:
    """With the intent not written, the look left out or the lease ignored, things appear twice, and the matrix says so."""
    pytest.importorskip("plaza", reason="the outside package plaza is not installed: pip install tests/outside/plaza")
    mutate(mutation, tmp_path)
    matrix = run_matrix(tmp_path, "plaza", *mutation.shown_by)
    print(mutation.name, told(matrix))
    assert any(failure["duplicates"] for failure in matrix["failures"])


def test_every_fault_that_is_promised_is_in_the_matrix() -> None:
    """Refused, reset, silent, 5xx on both sides of the effect, 429, answers that cannot be read, and a dead token."""
    told = " ".join(FAULTS)
    wanted = ("refused", "reset before", "reset after", "silence", "500 before", "502 after", "503 before", "429 with a hint")
    assert all(words in told for words in (*wanted, "429 without", "truncated", "HTML", "without an id", "token expired"))
