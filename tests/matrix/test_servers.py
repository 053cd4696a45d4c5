"""The proof of "exactly once" before servers that we did not write, and the proxy that it is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from socialcast.testing.matrix.servers import OnServer
from socialcast.testing.matrix.verdict import Case, Verdict, totals
from socialcast.testing.proxy import KILLS
from tests.matrix.servers import SERVERS, Facts

pytestmark = pytest.mark.server


def told(verdicts: list[Verdict]) -> list[str]:
    """Every case that broke the promise, in words; the totals are printed, for the record of a run."""
    print(*totals(verdicts), sep="\n")
    return [f"{verdict.case}: {verdict.lie} {verdict.duplicates} {verdict.losses}" for verdict in verdicts if not verdict.ok]


@pytest.mark.matrix
@pytest.mark.parametrize("server", SERVERS)
def test_no_fault_before_a_real_server_doubles_or_loses_anything(
    start_server: Callable[..., Facts], server: str, tmp_path: Path
) -> None:
    """Whatever goes wrong at whichever call, and whoever is killed there, the server has everything once."""
    with SERVERS[server](start_server, tmp_path) as real:
        run = OnServer(real)
        assert run.wanted
        assert not told([run.run(case) for case in run.cases()])


def of_the_message(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.call == "message" and (case.what in KILLS or "effect" in case.what)]


def test_a_mail_whose_answer_is_lost_is_there_once(start_server: Callable[..., Facts], tmp_path: Path) -> None:
    """The part of it that every test run has time for: a mail was taken, and the sender did not hear of it or was killed."""
    with SERVERS["email"](start_server, tmp_path) as real:
        run = OnServer(real)
        cases = of_the_message(run.cases())
        assert len(cases) == 8
        assert not told([run.run(case) for case in cases])
