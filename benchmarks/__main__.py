"""`python -m benchmarks [NAME...] [--json] [--quick] [--check]`: the table of ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks import afterwards, start
from benchmarks.compose import compose
from benchmarks.fanout import fanout
from benchmarks.fitting import fitting
from benchmarks.flickr import album
from benchmarks.ledger import ledger
from benchmarks.mail import mail
from benchmarks.measure import Row
from benchmarks.newsroom import newsroom
from benchmarks.page import page
from benchmarks.video import PLATFORMS, video


def _video(platform: str, *, quick: bool) -> list[Row]:
    size_bytes = PLATFORMS[platform].size_bytes
    return video(platform, size_bytes=size_bytes // 4 if quick else size_bytes, rounds=1 if quick else 3)


BENCHMARKS: Mapping[str, Callable[..., list[Row]]] = {
    "import": start.imports,
    "help": start.helps,
    "lazy": start.lazy,
    "ledger": ledger,
    "compose100": lambda *, quick: compose(100, rounds=3 if quick else 21),
    "fit24": fitting,
    "mail1000": lambda *, quick: mail(100 if quick else 1000, rounds=1 if quick else 3),
    "newsroom": newsroom,
    "plan800": lambda *, quick: page(80 if quick else 800, rounds=3 if quick else 7),
    "flickr800": lambda *, quick: album(80 if quick else 800, rounds=1 if quick else 2),
    "replies1000": lambda *, quick: afterwards.replies(1000, rounds=1 if quick else 3),
    "audit1000": lambda *, quick: afterwards.audit(1000, rounds=1 if quick else 3),
    "stream100000": lambda *, quick: afterwards.stream(10_000 if quick else 100_000),
    "fanout100": lambda *, quick: fanout(20 if quick else 100, limit=1.5, rounds=1 if quick else 3),
    "fanout1000": lambda *, quick: fanout(200 if quick else 1000, limit=2.0, rounds=1),
    **{
        f"{name}{asked.size_bytes // 1_000_000}m".replace("1000m", "1g"): partial(_video, name)
        for name, asked in PLATFORMS.items()
    },
}
_COLUMNS = "{:26} {:>10} {:>10} {:>7} {:>7}  {:4} {}"


def main() -> int:
    words = _words()
    rows = []
    if not words.json:
        print(_machine(), "", _COLUMNS.format("name", "ours", "baseline", "ratio", "limit", "ok", ""), sep="\n")
    for name in words.names or BENCHMARKS:
        began = time.perf_counter()
        for row in BENCHMARKS[name](quick=words.quick):
            rows.append(row)
            if not words.json:
                print(_line(row), flush=True)
        print(f"{name}: {time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if words.json:
        print(json.dumps({"machine": _machine(), "rows": [_plain(row) for row in rows]}, indent=2))
    return int(words.check and any(row.ok is False for row in rows))


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHMARKS], help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sizes, in well under a minute")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a limit is exceeded")
    return parser.parse_args()


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def _line(row: Row) -> str:
    facts: Sequence[float | None] = (row.baseline, row.ratio, row.limit)
    told = ["" if fact is None else f"{fact:.2f}" for fact in facts]
    verdict = {None: "", True: "yes", False: "NO"}[row.ok]
    return _COLUMNS.format(row.name, f"{row.ours:.1f} {row.unit}", *told, verdict, row.note)


def _plain(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "ours": row.ours,
        "baseline": row.baseline,
        "unit": row.unit,
        "ratio": row.ratio,
        "limit": row.limit,
        "ok": row.ok,
        "note": row.note,
    }


if __name__ == "__main__":
    sys.exit(main())
