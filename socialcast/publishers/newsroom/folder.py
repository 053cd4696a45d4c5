"""The folder on disk: what is ours in it, how files get there whole, and how one run at a time changes it.

Everything that is not public lies in `.newsroom`, which only the owner may read: drafts, the lists of the months, the lock.
A page becomes public by the rename of its finished folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock

from socialcast.model.errors import ConfigurationError, NotAllowed
from socialcast.publishers.newsroom.media import is_ours
from socialcast.publishers.newsroom.record import RECORD, Entry, Record

__all__ = ["PAGE", "Folder", "place"]

T = TypeVar("T")

PAGE = "index.html"  # in the root and in every page's folder
_HIDDEN = ".newsroom"
_EVENTS, _WITHDRAWN = "events.json", "withdrawn.json"
_MOST_EVENTS = 100  # in the calendar, those that start last
_MOST_WITHDRAWN = 20  # as many as the feeds have entries
_WAIT_SECONDS = 120.0  # for another run that writes its index


class _Site(msgspec.Struct, frozen=True, kw_only=True):
    """What marks a folder as a newsroom's."""

    format: int
    url: str


class _Noted(msgspec.Struct, frozen=True, order=True):
    """A page on a list of few, by the moment that puts it there."""

    at: datetime
    slug: str


class _Keyed(msgspec.Struct, frozen=True):
    """What tells of a record whose page it is."""

    key: str
    withdrawn: bool = False


class Folder:
    """One site's folder."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self._url = root, url
        self._hidden = root / _HIDDEN

    # -- whose it is ---------------------------------------------------------------------------------------------------

    def require_ours(self) -> None:
        """Raise NotAllowed, with nothing touched, where the folder is somebody else's or cannot be written."""
        if not self.root.exists():
            self._require_parent()
            return
        if not self.root.is_dir():
            raise NotAllowed(f"{self.root} is a file", hint="name a folder for the newsroom")
        self._require_site()
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise NotAllowed(f"{self.root} cannot be written", hint="give the account that publishes the right to write there")

    def make(self) -> None:
        """Make the folder ours. Raises NotAllowed and OSError."""
        self.require_ours()
        self.root.mkdir(exist_ok=True)
        self._hidden.mkdir(mode=0o700, exist_ok=True)
        for name in ("drafts", "months"):
            (self._hidden / name).mkdir(exist_ok=True)
        with self.alone():
            self.write(self._hidden / "site.json", msgspec.json.encode(_Site(format=1, url=self._url)))

    def _require_parent(self) -> None:
        if not self.root.parent.is_dir():
            hint = "make it, or correct the folder in the settings"
            raise NotAllowed(f"{self.root.parent}, in which the newsroom's folder is to be, is not there", hint=hint)

    def _require_site(self) -> None:
        marker = self._hidden / "site.json"
        if not marker.exists():
            foreign = sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))
            if foreign:
                some = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
                hint = "give the newsroom an empty folder of its own; nothing was touched"
                raise NotAllowed(f"{self.root} holds files that are not a newsroom's: {some}", hint=hint)
            return
        site = _read(marker, _Site)
        if site.url != self._url:
            hint = "give the new address a new folder: every page and feed names the old one, and readers would see all as new"
            raise NotAllowed(f"{self.root} is the newsroom of {site.url}, and the settings say {self._url}", hint=hint)

    # -- one at a time -------------------------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other run changes the folder."""
        with FileLock(self._hidden / "lock", timeout=_WAIT_SECONDS):
            yield

    # -- files ---------------------------------------------------------------------------------------------------------

    def write(self, path: Path, data: bytes) -> None:
        """The file appears whole or not at all; one that has these bytes already is left as it is, its time too."""
        if path.is_file() and path.read_bytes() == data:
            return
        temporary = self._hidden / f"{path.parent.name}-{path.name}.new"
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:  # such as a full disk, of which the system does not say where
            temporary.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from error
        place(temporary, path)

    def remove_media(self, slug: str, *, but: Collection[str]) -> None:
        """Remove the page's media, but for these; what is not ours stays."""
        for path in (self.root / slug).iterdir():
            if is_ours(path.name) and path.name not in but:
                path.unlink(missing_ok=True)

    # -- drafts and pages ----------------------------------------------------------------------------------------------

    def draft(self, name: str) -> Path:
        """The folder of a draft, which nobody but the owner sees."""
        return self._hidden / "drafts" / name

    def new_draft(self, name: str, slug: str) -> Path:
        """A new, empty folder for a draft; older ones of the same page are removed."""
        for older in (self._hidden / "drafts").glob(f"{slug}.*"):
            shutil.rmtree(older)
        draft = self.draft(name)
        draft.mkdir()
        return draft

    def take_in(self, draft: Path, slug: str) -> None:
        """Put all files of a draft into the page's folder, each whole, and remove the draft."""
        for path in draft.iterdir():
            place(path, self.root / slug / path.name)
        draft.rmdir()

    def publish(self, draft: Path, slug: str) -> None:
        """Make a finished draft the page of that name, in one rename."""
        _sync(draft)
        place(draft, self.root / slug)

    def record(self, slug: str) -> Record | None:
        """What is public under that name; None where nothing is. Raises NotAllowed where it is not ours."""
        if not os.path.lexists(self.root / slug):
            return None
        try:
            return _read(self.root / slug / RECORD, Record)
        except (OSError, ConfigurationError):
            hint = "move it away, or give the announcement another key; nothing was touched"
            raise NotAllowed(f"{self.root / slug} is not a page of the newsroom", hint=hint) from None

    def html(self, slug: str) -> bytes | None:
        """The page as it is served; None where it is gone."""
        path = self.root / slug / PAGE
        return path.read_bytes() if path.is_file() else None

    def copies(self, slug: str, key: str) -> list[str]:
        """The names of other folders that hold a page of that key, which somebody copied."""
        others = (path for path in sorted(self.root.glob(f"*/{RECORD}")) if path.parent.name != slug)
        return [path.parent.name for path in others if (there := _read(path, _Keyed)).key == key and not there.withdrawn]

    def all_records(self) -> list[Record]:
        """Everything that is public, by the names of the pages; what is not a page of ours is passed over."""
        return [_read(path, Record) for path in sorted(self.root.glob(f"*/{RECORD}"))]

    def records(self, entries: list[Entry]) -> list[Record]:
        """What is public of these."""
        found = (self.record(entry.slug) for entry in entries)
        return [record for record in found if record is not None]

    # -- lists: what they cost depends on a month, not on the archive --------------------------------------------------

    def months(self) -> list[str]:
        """The months of the archive, the latest first."""
        return sorted((path.stem for path in (self._hidden / "months").glob("*.json")), reverse=True)

    def month(self, name: str) -> list[Entry]:
        """The announcements of a month, the latest first."""
        path = self._month(name)
        return list(_read(path, tuple[Entry, ...])) if path.exists() else []

    def newest(self, count: int) -> list[Entry]:
        """The latest announcements of all."""
        found: list[Entry] = []
        for name in self.months():
            found += self.month(name)
            if len(found) >= count:
                break
        return found[:count]

    def write_month(self, name: str, entries: list[Entry]) -> None:
        """Remember the announcements of a month."""
        if entries:
            self.write(self._month(name), msgspec.json.encode(entries))
        else:
            self._month(name).unlink(missing_ok=True)

    def note(self, record: Record) -> None:
        """Put a page with a live event into the calendar, and one that was withdrawn where the feeds tell of it."""
        if record.event and record.event.starts_at:
            self._note(_EVENTS, _Noted(record.event.starts_at, record.slug), _MOST_EVENTS)
        if record.withdrawn and record.changed_at:
            self._note(_WITHDRAWN, _Noted(record.changed_at, record.slug), _MOST_WITHDRAWN)

    def with_events(self) -> list[Record]:
        """The pages of the calendar, the earliest event first; withdrawn ones too."""
        return self._noted(_EVENTS)

    def withdrawn(self) -> list[Record]:
        """The pages that were withdrawn last, the earliest first."""
        return self._noted(_WITHDRAWN)

    def _note(self, file: str, page: _Noted, most: int) -> None:
        others = [other for other in self._notes(file) if other.slug != page.slug]
        self.write(self._hidden / file, msgspec.json.encode(sorted([*others, page])[-most:]))

    def _noted(self, file: str) -> list[Record]:
        found = (self.record(page.slug) for page in self._notes(file))
        return [record for record in found if record is not None]

    def _notes(self, file: str) -> tuple[_Noted, ...]:
        path = self._hidden / file
        return _read(path, tuple[_Noted, ...]) if path.exists() else ()

    def _month(self, name: str) -> Path:
        return self._hidden / "months" / f"{name}.json"


def place(source: Path, target: Path) -> None:
    """The one way in which anything becomes visible."""
    source.replace(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """A power cut must not take a name back, or leave it without its content."""
    if os.name == "nt":
        return  # folders cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
