"""`python -m socialcast.testing.matrix [--publisher NAME] [--kill] [--seed N] [--json]`."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence

import click
import msgspec

from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.faults import fault_cases, run_fault
from socialcast.testing.matrix.kills import Kills
from socialcast.testing.matrix.scenes import Recorded, provable, recorded
from socialcast.testing.matrix.verdict import Total, Verdict, together, totals

_MOMENTS = 5
_COLUMNS = ("publisher", "cases", "twice", "lost", "wrong reports", "unknown", "stopped", "published", "seconds")
_ROW = "{:12} {:>6} {:>6} {:>6} {:>14} {:>8} {:>8} {:>10} {:>8}"


@click.command()
@click.option(
    "--publisher", "names", multiple=True, metavar="NAME", help="Only this publisher; all that have a mirror without it."
)
@click.option("--kill", is_flag=True, help="Kill the process at every boundary, instead of spoiling every request.")
@click.option("--seed", type=int, help="For the random moments of --kill; printed, so that a failure can be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def main(names: tuple[str, ...], kill: bool, seed: int | None, as_json: bool) -> None:
    """Prove "exactly once": judge by the sandbox what the public sees after every fault; exit code 1 where it does not hold."""
    if unknown := set(names) - set(provable()):
        raise click.UsageError(f"no mirror shows what {', '.join(sorted(unknown))} publishes; there are {', '.join(provable())}")
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    tell = (lambda line: None) if as_json else click.echo
    tell(_ROW.format(*_COLUMNS))
    verdicts: list[Verdict] = []
    for name in names or provable():
        of_one = list(_verdicts(name, kill, seed))
        verdicts += of_one
        for line in [*map(_row, totals(of_one)), *map(_failure, _failed(of_one))]:
            tell(line)
    tell(_row(together(verdicts)))
    tell(f"seed {seed}")
    if as_json:
        click.echo(json.dumps(_document(verdicts, seed), indent=2))
    sys.exit(1 if _failed(verdicts) else 0)


def _verdicts(name: str, kill: bool, seed: int) -> Iterator[Verdict]:
    with Sandbox() as sandbox:
        for run in recorded(sandbox, name):
            yield from _killed(run, seed) if kill else (run_fault(run, case) for case in fault_cases(run))


def _killed(run: Recorded, seed: int) -> Iterator[Verdict]:
    kills, chance = Kills(run), random.Random(f"{seed}/{run.publisher}/{run.scene.name}")  # noqa: S311 - it is to be repeatable
    moments_percent = sorted(chance.sample(range(1, 100), _MOMENTS))
    return (kills.run(case) for case in kills.cases(moments_percent))


def _failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if not verdict.ok]


def _row(total: Total) -> str:
    broken = (total.duplicates, total.losses, total.lies)
    return _ROW.format(total.publisher, total.cases, *broken, total.unknown, total.stopped, total.published, round(total.seconds))


def _failure(verdict: Verdict) -> str:
    wrong = [verdict.lie, f"{len(verdict.duplicates)} twice", f"{len(verdict.losses)} lost"]
    return f"FAILED {verdict.case}: {', '.join(filter(None, wrong))}"


def _document(verdicts: Sequence[Verdict], seed: int) -> dict[str, object]:
    failures = [{**msgspec.to_builtins(verdict), "case": str(verdict.case)} for verdict in _failed(verdicts)]
    return {"seed": seed, "totals": msgspec.to_builtins(totals(verdicts)), "failures": failures}


if __name__ == "__main__":
    main()
