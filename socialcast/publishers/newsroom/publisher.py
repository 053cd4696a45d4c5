"""The publisher: write a draft that nobody sees, rename it into place, renew index and feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from socialcast.compose.markup import markdown
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Live
from socialcast.model.errors import Conflict
from socialcast.model.post import Post
from socialcast.model.receipt import Account, Draft, Item, LiveState, Receipt
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.newsroom import media
from socialcast.publishers.newsroom.folder import PAGE, Folder
from socialcast.publishers.newsroom.lists import Lists
from socialcast.publishers.newsroom.pages import Pages
from socialcast.publishers.newsroom.record import RECORD, Event, Record, slug_of
from socialcast.publishers.newsroom.tables import CAPABILITIES, NewsroomSettings

__all__ = ["NewsroomPublisher"]

_NO_START = datetime(1970, 1, 1, tzinfo=UTC)


class NewsroomPublisher(Publisher):
    """One site in one folder."""

    name = "newsroom"
    capabilities = CAPABILITIES
    Settings = NewsroomSettings
    settings: NewsroomSettings
    fills_template = False
    sandbox_settings: ClassVar[Mapping[str, Any]] = {"url": "https://news.example.org/", "title": "News"}

    def __init__(self, settings: NewsroomSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        root = connection.folder / settings.folder
        self._folder = Folder(root.absolute(), settings.base)
        self._pages = Pages(settings, connection.folder / settings.templates if settings.templates else None)
        self._lists = Lists(self._folder, self._pages, settings)

    @classmethod
    def sandbox_wishes(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The address under which the sandbox serves a folder of its own: no rehearsal writes into the real one."""
        return {**super().sandbox_wishes(settings), "address": settings.get("url", "")}

    @property
    def identity(self) -> str:
        """The folder."""
        return str(self._folder.root)

    def account(self) -> Account:
        """The site. Raises NotAllowed for a folder that is somebody else's, is another site's or cannot be written."""
        self._folder.require_ours()
        return Account(id=self.settings.base, name=self.settings.title, url=self.settings.base)

    def foreseen(self, announcement: Announcement) -> Mapping[str, str]:
        """The page's address, which follows from the key."""
        return {"page": self._address(announcement.resolved_key)}

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """The text and below it the long form, as Markdown; an event that others host is watched at their address."""
        said, post = self.said(announcement), super().compose(announcement, links)
        parts = (markdown(said.text or ("" if said.body else said.title)), said.body.strip())
        return msgspec.structs.replace(
            post, parts=("\n\n".join(filter(None, parts)),), live=_watched(said.live, links.get("live", ""))
        )

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Write page and media into a folder that only the owner may read."""
        name = self._draft_name(post)

        def is_there(result: str) -> bool:
            return (self._folder.draft(name) / RECORD).exists() or self._published(post) is not None

        steps.once("draft", lambda: self._write_draft(post, name, steps), repeatable=True, valid=is_there)
        url = self._address(post.key)
        return Draft(items=(Item(id=slug_of(post.key), kind="page", url=url),), links={"page": url})

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Rename the draft into place, then renew everything that lists it."""
        page = draft.items[0]
        steps.once("page", lambda: self._make_public(post), lambda: self._published(post))
        steps.once("index", lambda: self._changed(page.id, lambda record: record), repeatable=True)
        record = self._folder.record(page.id)
        return Receipt(id=page.id, url=page.url, published_at=record.published_at if record else None, items=draft.items)

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Write the page anew with that text."""
        self._change(receipt, steps, name, text="\n\n".join(post.parts))
        return receipt

    def show_live(self, receipt: Receipt, state: LiveState, url: str, steps: Steps, *, name: str) -> None:
        """Write the page anew with the event where it stands now; the recording takes the place of the event's address."""

        def moved(record: Record) -> Event:
            event = record.event or Event()
            return msgspec.structs.replace(event, state=state, url=url or event.url)

        self._change(receipt, steps, name, event=moved)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Leave a page that says so, and nothing of what it said; the calendar shows the event as cancelled."""
        nothing = {"title": "", "text": "", "link": "", "link_title": "", "tags": (), "pictures": (), "film": None, "credit": ""}

        def bare(record: Record) -> Event | None:
            return record.event and Event(starts_at=record.event.starts_at, ends_at=record.event.ends_at)

        self._change(receipt, steps, "retract", **nothing, event=bare, withdrawn=True)

    def rebuild(self) -> int:
        """Write all pages and lists anew from what is public, and tell how many pages there are: for new templates, and for
        lists that were lost. Raises ConfigurationError for a template that is wrong."""
        self._folder.make()
        with self._folder.alone():
            records = self._folder.all_records()
            for record in records:
                self._write_page(record)
            self._lists.rebuild(records)
        return len(records)

    # -- the draft -----------------------------------------------------------------------------------------------------

    def _write_draft(self, post: Post, name: str, steps: Steps) -> str:
        self._folder.make()
        slug = slug_of(post.key)
        if (already := self._published(post)) is not None:
            return already
        draft = self._folder.new_draft(name, slug)
        cache = self.connection.cache_folder
        record = Record(
            key=post.key,
            digest=_digest(post),
            slug=slug,
            language=post.language,
            title=post.title,
            text=post.parts[0] if post.parts else "",
            link=post.link.url if post.link else "",
            link_title=post.link.title if post.link else "",
            tags=post.tags,
            licence=post.licence,
            credit=post.credit,
            pictures=media.pictures(post, draft, cache, steps),
            film=media.film(post, post.video, draft, cache) if post.video else None,
            event=_event(post.live),
        )
        self._pages.page(self._dated(record))  # a template that is wrong is told while nothing is public
        self._folder.write(draft / RECORD, record.to_json())
        return slug

    def _draft_name(self, post: Post) -> str:
        return f"{slug_of(post.key)}.{_digest(post)[:24]}{_digest_of_address(post)}"

    # -- the page ------------------------------------------------------------------------------------------------------

    def _published(self, post: Post) -> str | None:
        """The page that this announcement has already. Raises Conflict where the key's page says something else."""
        record = self._folder.record(slug_of(post.key))
        if record is None:
            return None
        if record.digest != _digest(post) or record.withdrawn:
            what = "was withdrawn" if record.withdrawn else "says something else"
            raise Conflict(f"{self._address(post.key)} is there and {what}", hint="give the announcement a key of its own")
        return record.slug

    def _make_public(self, post: Post) -> str:
        if (already := self._published(post)) is not None:
            return already
        draft, slug = self._folder.draft(self._draft_name(post)), slug_of(post.key)
        with self._folder.alone():
            record = self._dated(msgspec.json.decode((draft / RECORD).read_bytes(), type=Record))
            self._folder.write(draft / RECORD, record.to_json())
            self._folder.write(draft / PAGE, self._pages.page(record))
            self._folder.publish(draft, slug)
        return slug

    def _dated(self, record: Record) -> Record:
        now = self.connection.clock.now().astimezone(UTC).replace(microsecond=0)
        return msgspec.structs.replace(record, published_at=now, changed_at=now)

    # -- changes ---------------------------------------------------------------------------------------------------------

    def _change(self, receipt: Receipt, steps: Steps, name: str, **changes: Any) -> None:
        now = self.connection.clock.now().astimezone(UTC).replace(microsecond=0)

        def changed(record: Record) -> Record:
            values = {field: value(record) if callable(value) else value for field, value in changes.items()}
            if all(getattr(record, field) == value for field, value in values.items()):
                return record
            return msgspec.structs.replace(record, **values, changed_at=now, sequence=record.sequence + 1)

        steps.once(name, lambda: self._changed(receipt.id, changed), repeatable=True)

    def _changed(self, slug: str, change: Callable[[Record], Record]) -> str:
        """Write the page as it is to be, and renew what lists it: all of that depends on this change and not on the archive."""
        with self._folder.alone():
            before = self._folder.record(slug)
            if before is None:
                raise Conflict(f"the page {slug} is gone from {self._folder.root}", hint="put it back from a copy")
            record = change(before)
            self._write_page(record)
            for file in {*before.files} - {*record.files}:
                self._folder.remove(self._folder.root / slug / file)
            self._lists.renew(record)
        return slug

    def _write_page(self, record: Record) -> None:
        page = self._folder.root / record.slug
        self._folder.write(page / RECORD, record.to_json())
        self._folder.write(page / PAGE, self._pages.page(record))

    def _address(self, key: str) -> str:
        return f"{self.settings.base}{slug_of(key)}/"


def _digest(post: Post) -> str:
    """The digest of what the author said, which another machine finds again: it may fit photos and film to other bytes, and
    other channels may host the event."""
    live = post.live and msgspec.structs.replace(post.live, url="", starts_at=post.live.starts_at or _NO_START)
    video = post.video and msgspec.structs.replace(post.video, path=None, data=b"a film", poster=None)
    return msgspec.structs.replace(post, live=live, video=video, adaptations=(), embargo=None).digest


def _digest_of_address(post: Post) -> str:
    """What tells drafts of one announcement apart, whose event is watched at another address now."""
    return hashlib.sha256((post.live.url if post.live else "").encode()).hexdigest()[:8]


def _watched(live: Live | None, url: str) -> Live | None:
    return msgspec.structs.replace(live, url=url) if live and url and not live.url else live


def _event(live: Live | None) -> Event | None:
    if live is None:
        return None
    return Event(title=live.title, description=live.description, starts_at=live.starts_at, ends_at=live.ends_at, url=live.url)
