"""The rows of the table, and how two sides are timed fairly: in turns, by their medians."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Row", "in_turns", "measured_child", "memory_mb", "started_child", "timed", "timed_process"]

RUN_LIMIT_SECONDS = 120


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: `ours` by `baseline`, or `ours` itself where there is none, is at most `limit`; some have no limit."""

    name: str
    ours: float
    unit: str
    baseline: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.baseline if self.baseline else None

    @property
    def ok(self) -> bool | None:
        if self.limit is None:
            return None
        return (self.ours if self.ratio is None else self.ratio) <= self.limit


def in_turns(ours: Callable[[], float], baseline: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Medians of both sides; they take turns, so that a busy moment of the machine hits both, and each goes first in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            seconds[side].append((ours, baseline)[side]())
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def timed(work: Callable[[], object]) -> float:
    """Seconds on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def timed_process(*words: str | Path) -> float:
    """Seconds of a whole Python process, from its start to its end."""
    return timed(lambda: _run(words))


def measured_child(module: str, *words: object) -> dict[str, Any]:
    """What a module, run in a process of its own, prints as JSON: memory is told apart only between processes."""
    figures: dict[str, Any] = json.loads(_run(["-m", module, *map(str, words)]))
    return figures


def started_child(module: str, *words: object) -> subprocess.Popen[bytes]:
    """A module that runs in a process of its own, to be ended by whoever started it."""
    return subprocess.Popen([sys.executable, "-m", module, *map(str, words)], env=_environment(), stdout=subprocess.DEVNULL)


def memory_mb(field: str) -> float:
    """This process's memory as the kernel tells it: VmRSS now, VmHWM at its highest."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise RuntimeError(f"this kernel does not tell {field}")
    return int(found[1]) / 1024


def _run(words: Sequence[str | Path]) -> bytes:
    """Its output; what it says on stderr is shown, a failure ends the benchmark."""
    done = subprocess.run(
        [sys.executable, *words], env=_environment(), stdout=subprocess.PIPE, timeout=RUN_LIMIT_SECONDS, check=True
    )
    return done.stdout


def _environment() -> dict[str, str]:
    """The same for all children: this socialcast and these benchmarks, wherever they lie."""
    found = find_spec("socialcast")
    if found is None or found.origin is None:
        raise RuntimeError("socialcast cannot be imported here")
    places = dict.fromkeys([str(Path(found.origin).parents[1]), str(Path(__file__).parents[1])])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": ""}
