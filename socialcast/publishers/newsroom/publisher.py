"""The publisher: write a draft that nobody sees, rename it into place, renew index and feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from socialcast.compose.markup import markdown
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Live
from socialcast.model.errors import ConfigurationError, Conflict
from socialcast.model.post import Post
from socialcast.model.receipt import Account, Draft, Item, LiveState, Receipt
from socialcast.model.sight import Seen, Sight
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.newsroom import echo, media
from socialcast.publishers.newsroom.folder import PAGE, Folder
from socialcast.publishers.newsroom.lists import Lists
from socialcast.publishers.newsroom.pages import TEMPLATES, Pages
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
        self._pages = Pages(settings, self._theme())
        self._lists = Lists(self._folder, self._pages, settings)
        self.session.mount("file://", echo.Files())

    def _theme(self) -> Path | None:
        """The folder of templates. Raises ConfigurationError for one that changes nothing, which is a slip."""
        if not self.settings.templates:
            return None
        folder = self.connection.folder / self.settings.templates
        if not any((folder / name).is_file() for name in TEMPLATES):
            raise ConfigurationError(
                f"channel {self.connection.channel!r}: no template is in {folder}, which may hold {', '.join(TEMPLATES)}"
            )
        return folder

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
        """Write the page anew from all that the post says; media that it has already are not made again."""
        steps.once(name, lambda: self._rewritten(receipt.id, post, steps), repeatable=True)
        return receipt

    def show_live(self, receipt: Receipt, state: LiveState, url: str, steps: Steps, *, name: str) -> None:
        """Write the page anew with the event where it stands now; the recording takes the place of the event's address."""

        def moved(record: Record) -> Record:
            event = record.event or Event()
            return msgspec.structs.replace(record, event=msgspec.structs.replace(event, state=state, url=url or event.url))

        steps.once(name, lambda: self._changed(receipt.id, moved), repeatable=True)

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Leave a page that says so, and nothing of what it said; the calendar shows the event as cancelled. Of a page that
        somebody removed, no list tells any more."""
        steps.once("retract", lambda: self._withdrawn(receipt.id), repeatable=True)

    def inspect(self, receipt: Receipt) -> Sight:
        """The page as its file shows it."""
        return Sight(items=tuple(self._seen(item) for item in receipt.items))

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """The one page with everything; its text is the Markdown that it is made of."""
        return echo.expected(post, receipt)

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Copies of the page in folders of other names."""
        names = self._folder.copies(receipt.id, post.key)
        return tuple(Item(id=name, kind="page", url=f"{self.settings.base}{name}/") for name in names)

    def rebuild(self) -> int:
        """Write all pages and lists anew from what is public, and tell how many pages there are: for new templates, and for
        lists that were lost. Raises ConfigurationError for a template that is wrong."""
        self._folder.make()
        with self._folder.alone():
            records = self._folder.all_records()
            for record in records:
                self._write_page(self._folder.root / record.slug, record)
            self._lists.rebuild(records)
        return len(records)

    # -- the draft -----------------------------------------------------------------------------------------------------

    def _write_draft(self, post: Post, name: str, steps: Steps) -> str:
        self._folder.make()
        slug = slug_of(post.key)
        if (already := self._published(post)) is not None:
            return already
        draft = self._folder.new_draft(name, slug)
        record = self._record(post, draft, steps)
        self._pages.require_sound(self._dated(record))  # a template that is wrong is told while nothing is public
        self._folder.write(draft / RECORD, record.to_json())
        return slug

    def _record(self, post: Post, draft: Path, steps: Steps, known: Mapping[str, media.Sizes] | None = None) -> Record:
        """What the page will be made of; its media are put into the draft's folder."""
        shelf = media.Shelf(post, draft, self.connection.cache_folder, known)
        return Record(
            key=post.key,
            digest=_digest(post),
            slug=slug_of(post.key),
            language=post.language,
            title=post.title,
            text="\n\n".join(post.parts),
            link=post.link.url if post.link else "",
            link_title=post.link.title if post.link else "",
            tags=post.tags,
            licence=post.licence,
            credit=post.credit,
            pictures=shelf.pictures(steps),
            film=shelf.film(),
            event=_event(post.live),
        )

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
            self._write_page(draft, record)
            self._folder.publish(draft, slug)
        return slug

    def _dated(self, record: Record) -> Record:
        now = self._now()
        return msgspec.structs.replace(record, published_at=now, changed_at=now)

    def _now(self) -> datetime:
        return self.connection.clock.now().astimezone(UTC).replace(microsecond=0)

    def _seen(self, item: Item) -> Seen:
        record, html = self._folder.record(item.id), self._folder.html(item.id)
        if record is None or record.withdrawn or html is None:
            return Seen(item=item, gone=True)
        return echo.seen(item, record, self._folder.root / item.id, html, self._pages)

    # -- changes ---------------------------------------------------------------------------------------------------------

    def _rewritten(self, slug: str, post: Post, steps: Steps) -> str:
        before = self._public(slug)
        draft = self._folder.new_draft(f"{slug}.amended", slug)
        after = self._record(post, draft, steps, media.known_sizes(before, self._folder.root / slug))

        def amended(record: Record) -> Record:
            return msgspec.structs.replace(after, **_kept(record), event=_moved_on(record.event, after.event))

        return self._changed(slug, amended, draft)

    def _withdrawn(self, slug: str) -> str:
        def bare(record: Record) -> Record:
            event = record.event and Event(starts_at=record.event.starts_at, ends_at=record.event.ends_at)
            return Record(digest=record.digest, language=record.language, event=event, withdrawn=True, **_kept(record))

        if self._folder.record(slug) is not None:
            return self._changed(slug, bare)
        with self._folder.alone():
            self._lists.forget(slug)
        return slug

    def _changed(self, slug: str, change: Callable[[Record], Record], draft: Path | None = None) -> str:
        """Write the page as it is to be, with the media in the draft, and renew what lists it: all of that depends on this change
        and not on the archive."""
        with self._folder.alone():
            before = self._public(slug)
            record = change(before)
            if record != before:
                if before.withdrawn:
                    raise Conflict(f"{self._address(before.key)} was withdrawn", hint="publish a new announcement")
                record = msgspec.structs.replace(record, changed_at=self._now(), sequence=before.sequence + 1)
            if draft:
                self._folder.take_in(draft, slug)
            self._write_page(self._folder.root / slug, record)
            self._folder.remove_media(slug, but=record.files)
            self._lists.renew(record)
        return slug

    def _public(self, slug: str) -> Record:
        if (record := self._folder.record(slug)) is None:
            raise Conflict(f"the page {slug} is gone from {self._folder.root}", hint="put it back from a copy")
        return record

    def _write_page(self, page: Path, record: Record) -> None:
        html = self._pages.page(record)
        written = msgspec.structs.replace(record, page_digest=hashlib.sha256(html).hexdigest())
        self._folder.write(page / RECORD, written.to_json())
        self._folder.write(page / PAGE, html)

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


def _kept(record: Record) -> dict[str, Any]:
    """What stays of a record whatever its announcement says."""
    return {name: getattr(record, name) for name in ("key", "slug", "published_at", "changed_at", "sequence", "page_digest")}


def _moved_on(before: Event | None, after: Event | None) -> Event | None:
    """What the announcement says of its event now, and where it stands; a recording stays in the place of its address."""
    if before is None or after is None:
        return after
    url = before.url if before.state is LiveState.REPLAY else after.url or before.url
    return msgspec.structs.replace(after, state=before.state, url=url)
