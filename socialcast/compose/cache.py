"""Files that were made of others, kept by what they were made of, so that no run makes them twice; and not for ever."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Cache"]

MAX_BYTES = 2_000_000_000
KEPT_SECONDS = 24 * 3600.0  # what was used since then may be on its way to a platform, and stays whatever the limit
_LOOK_EVERY_BYTES = 100_000_000
_ENTRY = re.compile(r"[0-9a-f]{32}")


class Cache:
    """One folder with an entry for each recipe; an entry is a folder with one file, whose name tells what came of it."""

    _unlooked_bytes = _LOOK_EVERY_BYTES  # a run that writes little looks once

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def find(self, recipe: str) -> Path | None:
        """The file that was made by the recipe, if it is there; it counts as used now."""
        entry = self._folder / recipe
        try:
            name = min(os.listdir(entry), default=None)  # noqa: PTH208 - a name is all that is wanted
            os.utime(entry)
        except OSError:
            return None
        return entry / name if name else None

    def put(self, recipe: str, name: str, data: bytes) -> Path:
        """Keep what was made under that name."""
        with self.made(recipe, name) as path:
            path.write_bytes(data)
        return self._folder / recipe / name

    @contextmanager
    def made(self, recipe: str, name: str) -> Iterator[Path]:
        """Where to write what is made; it appears complete or not at all, whoever else makes it at the same time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=self._folder) as making:
            path = Path(making) / name
            yield path
            with path.open("rb+") as file:
                os.fsync(file.fileno())  # or a power cut could leave the name without the content
            size_bytes = path.stat().st_size
            (self._folder / recipe).mkdir(exist_ok=True)
            path.replace(self._folder / recipe / name)
        self._look(size_bytes)

    def _look(self, written_bytes: int) -> None:
        """Now and then, drop what was not used for longest until the rest is below the limit, and what a kill left half made."""
        Cache._unlooked_bytes += written_bytes
        if Cache._unlooked_bytes < _LOOK_EVERY_BYTES:
            return
        Cache._unlooked_bytes = 0
        total, long_ago = 0, time.time() - KEPT_SECONDS
        for used_at, size_bytes, entry in sorted(self._entries(), reverse=True):
            total += size_bytes
            if used_at < long_ago and (total > MAX_BYTES or not _ENTRY.fullmatch(entry.name)):
                shutil.rmtree(entry, ignore_errors=True)

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Every entry, with when it was used and its size; other files of the folder are somebody else's."""
        for entry in self._folder.iterdir():
            if entry.is_dir() and (_ENTRY.fullmatch(entry.name) or entry.name.startswith("making-")):
                try:
                    yield entry.stat().st_mtime, sum(file.stat().st_size for file in entry.iterdir()), entry
                except OSError:
                    continue  # another process dropped it meanwhile
