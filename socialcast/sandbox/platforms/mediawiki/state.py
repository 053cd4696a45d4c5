"""What a wiki remembers: users, sessions, pages with their revisions, files with their versions, and the upload stash."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from socialcast.sandbox.media import Blob
from socialcast.sandbox.platforms.mediawiki.limits import STASH_SECONDS
from socialcast.sandbox.platforms.mediawiki.titles import FILE, Title, url_name

__all__ = [
    "File",
    "FileVersion",
    "Job",
    "LogEntry",
    "Page",
    "Revision",
    "Session",
    "Stash",
    "User",
    "Wiki",
    "is_wikimedia",
    "iso",
]

_WIKIMEDIA = ("*.wikipedia.org", "commons.wikimedia.org")
_COMMONS = "commons.wikimedia.org"
# Commons takes no MP4; a wiki of one's own takes what its LocalSettings.php says, here MediaWiki's list and common additions.
_FREE_FORMATS = ("png", "gif", "jpg", "jpeg", "webp", "tif", "tiff", "svg", "pdf", "ogg", "ogv", "oga", "webm")
_OWN_FORMATS = ("png", "gif", "jpg", "jpeg", "webp", "pdf", "ogg", "webm", "mp4")
# Uploads: 380 in 72 minutes; edits: the number for established users in MediaWiki's defaults. Both change from wiki to wiki.
_WIKIMEDIA_RATES = {"edit": (90, 60), "upload": (380, 4320)}


def iso(at: float) -> str:
    """A time as MediaWiki writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_wikimedia(host: str) -> bool:
    """Whether Wikimedia's policies hold on this host."""
    return any(fnmatchcase(host, pattern) for pattern in _WIKIMEDIA)


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A user, or with id 0 the IP address of somebody who is not signed in."""

    id: int
    name: str
    groups: tuple[str, ...]
    rights: frozenset[str]
    password: str = ""
    bot_password: str = ""
    access_token: str = ""
    block_reason: str = ""
    captcha: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether edits would be published under the IP address."""
        return self.id == 0


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What a session cookie or an access token stands for; its secret makes the tokens that writes need."""

    id: str
    secret: str
    user: User | None = None

    def token(self, kind: str) -> str:
        """The token of that kind, the same for the whole session."""
        if kind != "login" and self.user is None:
            return "+\\"
        who = self.user.name if self.user and kind != "login" else ""
        return hashlib.sha256(f"{self.secret}/{who}/{kind}".encode()).hexdigest()[:40] + "+\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One saved state of a page; times are whole seconds, as in MediaWiki."""

    id: int
    parent_id: int
    at: int
    user: str
    user_id: int
    comment: str
    text: str
    minor: bool = False
    bot: bool = False
    tags: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of wikitext."""
        return len(self.text.encode())


@dataclass(slots=True, kw_only=True, eq=False)
class Page:
    """A page that exists, with its revisions from the oldest to the newest."""

    id: int
    title: Title
    revisions: list[Revision] = field(default_factory=list)

    @property
    def latest(self) -> Revision:
        """The revision that visitors see."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """One uploaded version of a file."""

    blob: Blob
    at: int
    user: str
    user_id: int
    comment: str
    mime: str
    width: int
    height: int


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """A published file, with its versions from the oldest to the newest."""

    title: Title
    versions: list[FileVersion] = field(default_factory=list)

    @property
    def latest(self) -> FileVersion:
        """The version that visitors see."""
        return self.versions[-1]

    @property
    def name(self) -> str:
        """The name as the database holds it, with underscores."""
        return self.title.name.replace(" ", "_")


@dataclass(slots=True, kw_only=True, eq=False)
class Stash:
    """A file that only its uploader can see; `blob` is the first chunk until all chunks have been joined."""

    key: str
    user: str
    blob: Blob
    at: float
    size: int = 0
    chunks: list[Blob] = field(default_factory=list)

    @property
    def offset(self) -> int:
        """Where the next chunk begins."""
        return sum(chunk.size for chunk in self.chunks)


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """Work that the server does later; `run` gives the answer that the poll then finds."""

    user: str
    stages: tuple[tuple[float, str], ...]  # (until, stage), in order
    run: Callable[[], dict[str, Any] | Exception]
    answer: dict[str, Any] | Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A line of the public log."""

    id: int
    kind: str
    action: str
    title: Title
    at: int
    user: str
    comment: str


class Wiki:
    """One wiki; what differs from wiki to wiki are plain attributes that a test may set."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.is_wikimedia = is_wikimedia(host)
        self.generator = "MediaWiki 1.46.0-wmf.5" if self.is_wikimedia else "MediaWiki 1.39.17"
        self.script_path = "/w" if self.is_wikimedia else ""
        self.max_upload_bytes = 100 << 20
        self.file_extensions = _FREE_FORMATS if self.is_wikimedia else _OWN_FORMATS
        self.async_uploads = self.is_wikimedia
        self.anonymous_edits = True
        self.rate_limits = dict(_WIKIMEDIA_RATES) if self.is_wikimedia else {}
        self.forbidden_texts: frozenset[str] = frozenset()
        self.protected_titles: frozenset[str] = frozenset()
        self.tags: frozenset[str] = frozenset()
        self.sessions: dict[str, Session] = {}
        self.pages: dict[Title, Page] = {}
        self.files: dict[Title, File] = {}
        self.deleted_at: dict[Title, float] = {}
        self.deleted_files: dict[str, Title] = {}  # by sha1 of the content
        self.stash: dict[str, Stash] = {}
        self.jobs: dict[str, Job] = {}
        self.log: list[LogEntry] = []
        self.done_at: defaultdict[tuple[str, str], list[float]] = defaultdict(list)  # (user, action)
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def number(self, kind: str) -> int:
        """The next number of its kind: pages, revisions and log entries count separately."""
        self._numbers[kind] += 1
        return self._numbers[kind]

    def revisions(self) -> Iterator[tuple[Page, Revision]]:
        """Every revision of every page that exists, the newest first."""
        pairs = ((page, revision) for page in self.pages.values() for revision in page.revisions)
        return iter(sorted(pairs, key=lambda pair: pair[1].id, reverse=True))

    def save(
        self,
        title: Title,
        user: User,
        text: str,
        comment: str,
        at: float,
        *,
        minor: bool = False,
        bot: bool = False,
        tags: tuple[str, ...] = (),
    ) -> Page:
        """Add a revision, and the page with it if there is none."""
        if title not in self.pages:
            self.pages[title] = Page(id=self.number("page"), title=title)
        page = self.pages[title]
        parent_id = page.latest.id if page.revisions else 0
        page.revisions.append(
            Revision(
                id=self.number("revision"),
                parent_id=parent_id,
                at=int(at),
                user=user.name,
                user_id=user.id,
                comment=comment,
                text=text,
                minor=minor,
                bot=bot,
                tags=tags,
            )
        )
        return page

    def delete(self, title: Title, user: User, reason: str, at: float) -> LogEntry:
        """Take a page away, and the file with it."""
        del self.pages[title]
        self.deleted_at[title] = at
        if file := self.files.pop(title, None):
            self.deleted_files.update({version.blob.sha1: title for version in file.versions})
        return self.note("delete", "delete", title, user, reason, at)

    def note(self, kind: str, action: str, title: Title, user: User, comment: str, at: float) -> LogEntry:
        """Write a line of the public log."""
        number = self.number("log")
        self.log.append(LogEntry(id=number, kind=kind, action=action, title=title, at=int(at), user=user.name, comment=comment))
        return self.log[-1]

    def settle(self, now: float) -> None:
        """Do the jobs that are due, and drop what has been too long in the stash."""
        for job in self.jobs.values():
            if job.answer is None and now >= job.stages[-1][0]:
                job.answer = job.run()
        self.stash = {key: stash for key, stash in self.stash.items() if now < stash.at + STASH_SECONDS}

    def page_url(self, title: Title | str) -> str:
        """The address of a page for a visitor."""
        path = title.path if isinstance(title, Title) else url_name(title)
        return f"https://{self.host}/wiki/{path}"

    def file_url(self, name: str) -> str:
        """The address of a file's latest version; the folders come from the name's MD5, as everywhere in MediaWiki."""
        folder = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        place = f"{folder[0]}/{folder[:2]}/{url_name(name)}"
        if not self.is_wikimedia:
            return f"https://{self.host}/images/{place}"
        project = "commons" if self.host == _COMMONS else self.host.split(".")[0]
        return f"https://upload.wikimedia.org/wikipedia/{project}/{place}"

    def file(self, name: str) -> File | None:
        """The file of that name on this wiki."""
        return self.files.get(Title.parse(name, FILE))
