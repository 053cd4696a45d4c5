"""Our own code broken on purpose, in a copy of the package, to see that the matrix notices.

`python -m tests.matrix.mutations [PUBLISHER ...]` runs the whole matrix for each mutation and prints the figures.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import socialcast
from socialcast.testing.matrix.scenes import provable

FAULTS: tuple[str, ...] = ()  # options of the matrix
_ONCE = "step = self._known.get(name)\n        if step and step.state == DONE:\n            result: T"
KILLS = ("--kill", "--seed", "1")


class Mutation(NamedTuple):
    """Guards that are taken out of a module, each with what stands there then; and the half of the matrix that has to notice."""

    name: str
    module: str
    guards: dict[str, str]
    shown_by: tuple[str, ...]


MUTATIONS = (
    Mutation(
        name="the intent is not written",
        module="delivery/steps.py",
        guards={"sent_at = self._record(name, INTENT, None)": "sent_at = self._now()"},
        shown_by=KILLS,
    ),
    Mutation(
        name="find is not called",
        module="delivery/steps.py",
        guards={_ONCE: f"find = find and (lambda: None)\n        {_ONCE}"},
        shown_by=FAULTS,
    ),
    Mutation(
        name="the lease is ignored",
        module="delivery/lease.py",
        guards={
            "if holder != owner:": "if not holder:",
            "ledger.leases[key] = owner": "ledger.leases.pop(key, None)",  # by which the ledger refuses another's intents
            "del ledger.leases[key]": "pass",
        },
        shown_by=KILLS,
    ),
)


def mutate(mutation: Mutation, folder: Path) -> None:
    """Put the package there, with the mutation in it."""
    shutil.copytree(Path(socialcast.__file__).parent, folder / "socialcast", ignore=shutil.ignore_patterns("__pycache__"))
    module = folder / "socialcast" / mutation.module
    code = module.read_text(encoding="utf-8")
    for guard, mutated in mutation.guards.items():
        assert code.count(guard) == 1, f"{mutation.name!r} finds its place in {mutation.module} no more: adapt it"
        code = code.replace(guard, mutated)
    module.write_text(code, encoding="utf-8")


def run_matrix(folder: Path, publisher: str, *options: str) -> dict[str, Any]:
    """The matrix of one publisher, run by the package in that folder: its totals and failures."""
    line = [sys.executable, "-m", "socialcast.testing.matrix", "--publisher", publisher, "--json", *options]
    surroundings = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(line, cwd=folder, env=surroundings, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout, done.stderr
    matrix: dict[str, Any] = json.loads(done.stdout)
    return matrix


def told(matrix: dict[str, Any]) -> str:
    """One publisher's half of the matrix in words."""
    (total,) = matrix["totals"]
    broken = f"{total['duplicates']} duplicates, {total['losses']} losses, {total['lies']} wrong reports"
    return f"{len(matrix['failures'])} of {total['cases']} cases fail: {broken}"


def figures(publishers: list[str]) -> Iterator[str]:
    """A line for each mutation, publisher and half of the matrix."""
    for mutation in MUTATIONS:
        with TemporaryDirectory() as name:
            mutate(mutation, Path(name))
            for publisher, (half, options) in product(publishers, (("faults", FAULTS), ("kills", KILLS))):
                yield f"{mutation.name}; {publisher}; {half}: {told(run_matrix(Path(name), publisher, *options))}"


if __name__ == "__main__":
    for line in figures(sys.argv[1:] or provable()):
        print(line, flush=True)
