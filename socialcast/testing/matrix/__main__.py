"""`python -m socialcast.testing.matrix [--publisher NAME] [--kill] [--seed N] [--json]`."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator

import click
import msgspec

from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.faults import Recorded, fault_cases, provable, run_fault
from socialcast.testing.matrix.kills import count_writes, kill_cases, run_kill
from socialcast.testing.matrix.verdict import Total, Verdict, totals

_MOMENTS = 5
_LONGEST_MOMENT_MS = 400


@click.command()
@click.option(
    "--publisher", "names", multiple=True, metavar="NAME", help="Only this publisher; all that have a mirror without it."
)
@click.option("--kill", is_flag=True, help="Kill the process at every boundary, instead of spoiling every request.")
@click.option("--seed", type=int, help="For the random moments of --kill; printed, so that a failure can be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def main(names: tuple[str, ...], kill: bool, seed: int | None, as_json: bool) -> None:
    """Prove "exactly once": judge by the sandbox what the public sees after every fault; exit code 1 where it does not hold."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    with Sandbox() as sandbox:
        verdicts = [verdict for name in names or provable() for verdict in _verdicts(Recorded(sandbox, name), kill, seed)]
    failures = [verdict for verdict in verdicts if not verdict.ok]
    if as_json:
        table = [msgspec.to_builtins(total) for total in totals(verdicts)]
        told = [{**msgspec.to_builtins(verdict), "case": str(verdict.case)} for verdict in failures]
        click.echo(json.dumps({"seed": seed, "totals": table, "failures": told}, indent=2))
    else:
        click.echo("\n".join([*map(_row, totals(verdicts)), *map(_failure, failures), f"seed {seed}"]))
    sys.exit(1 if failures else 0)


def _verdicts(run: Recorded, kill: bool, seed: int) -> Iterator[Verdict]:
    if not kill:
        yield from (run_fault(run, case) for case in fault_cases(run))
        return
    chance = random.Random(f"{seed}/{run.publisher}")  # noqa: S311 - repeatable is what it is for
    moments = sorted(chance.uniform(0, _LONGEST_MOMENT_MS) for _ in range(_MOMENTS))
    yield from (run_kill(run, case) for case in kill_cases(run, count_writes(run), moments))


def _row(total: Total) -> str:
    ends = f"{total.published} published, {total.unknown} unknown, {total.stopped} stopped"
    broken = f"{total.duplicates} duplicates, {total.losses} losses, {total.lies} wrong reports"
    return f"{total.publisher:10} {total.cases:5} cases: {ends}; {broken}"


def _failure(verdict: Verdict) -> str:
    wrong = [verdict.lie, f"{len(verdict.duplicates)} twice", f"{len(verdict.losses)} lost"]
    return f"FAILED {verdict.case}: {', '.join(filter(None, wrong))}"


if __name__ == "__main__":
    main()
