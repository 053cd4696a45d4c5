"""One account on one wiki: what it composes, sends, reads back and changes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from html import unescape
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from socialcast.compose import photos
from socialcast.compose.markup import escape_wikitext
from socialcast.delivery.fate import Answer
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import ConfigurationError, NotAllowed
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, Receipt
from socialcast.model.sight import Left, Sight
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.mediawiki import conversation, corrections, echo, pages, retraction, rules, uploads
from socialcast.publishers.mediawiki.errors import ERRORS, read_answer
from socialcast.publishers.mediawiki.files import description_page, file_name, other_name, with_real_names
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.publishers.mediawiki.tables import CAPABILITIES, OF_REQUESTS, PHOTOS, RIGHTS
from socialcast.publishers.mediawiki.talk import without_signatures
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import (
    PAGE,
    PROPOSAL,
    fill_names,
    fill_template,
    marker_of,
    split_heading,
    summary_of,
    talk_page_of,
    title_of,
)
from socialcast.wire.transport import Exchange

__all__ = ["MediawikiPublisher"]


class MediawikiPublisher(Publisher):
    """One account on one wiki, which edits, proposes or uploads."""

    name = "mediawiki"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = MediawikiSettings
    fills_template = False
    settings: MediawikiSettings
    sandbox_settings: ClassVar[Mapping[str, Any]] = {
        "url": "https://wiki.example.org/w/api.php",
        "contact": "press@example.org",
        "mode": "edit",
        "page": "{title}",
    }
    sandbox_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "section": {"page": "Press", "section": "{title}"},
        "upload": {"url": "https://commons.wikimedia.org/w/api.php", "mode": "upload"},
        "propose": {
            "url": "https://en.wikipedia.org/w/api.php",
            "mode": "propose",
            "page": "Observatory",
            "employer": "The Observatory",
            "client": "The Observatory",
            "affiliation": "press officer",
        },
    }

    def __init__(self, settings: MediawikiSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        self._mode = settings.resolved_mode
        self._template = self._read_template()
        self._wiki = Wiki(settings, self.session)
        self._photo_rules = PHOTOS
        if self._mode is Mode.PROPOSE:
            self.capabilities = OF_REQUESTS  # type: ignore[misc]

    @property
    def identity(self) -> str:
        """The account and the place it writes to: one account may well write to two pages."""
        settings = self.settings
        who = settings.username or (settings.access_token.reveal() if settings.access_token else "")
        return f"{who} {self.place}" if who else ""

    @property
    def place(self) -> str:
        """The wiki's page, or its files."""
        return f"{self.settings.url} {self._mode.value} {self.settings.page} {self.settings.section}"

    def require_credentials(self) -> None:
        """Raise ConfigurationError unless there is a bot password or an access token."""
        if not self.settings.access_token and not (self.settings.username and self.settings.password):
            raise ConfigurationError(f"channel {self.connection.channel!r} lacks username and password, or access_token")

    def account(self) -> Account:
        """Who this is, the wiki's limits, and whether the account may do what this channel is for."""
        answer = self._wiki.query(meta="siteinfo", siprop="general", uiprop="rights")["query"]
        user, site = answer["userinfo"], answer["general"]
        if "blockid" in user or "blockedby" in user:
            raise NotAllowed(f"{user['name']} is blocked", code="blocked", hint="talk to the wiki's administrators")
        wanted = {"edit", "upload"} if self.settings.shows_photos else {"edit"}
        if missing := wanted - set(user["rights"]):
            hint = "tick them for the bot password at Special:BotPasswords, or set upload_photos = false"
            raise NotAllowed(f"{user['name']} lacks the rights {', '.join(sorted(missing))}", code="permissiondenied", hint=hint)
        limits = {"photos.max_bytes": int(site["maxuploadsize"])} if "maxuploadsize" in site else {}
        if limits:
            self._photo_rules = msgspec.structs.replace(PHOTOS, max_bytes=limits["photos.max_bytes"])
        return Account(id=str(user["id"]), name=user["name"], url=self._wiki.url_of(f"User:{user['name']}"), limits=limits)

    def access(self) -> Access:
        """Those of the account's rights that publishing needs."""
        return Access(scopes=tuple(sorted(self._wiki.rights & RIGHTS)))

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """The page that is changed and its wikitext to the byte; in mode upload, the files' pages one after another."""
        said = self.said(announcement)
        post = Post(
            key=said.resolved_key,
            channel=self.connection.channel,
            platform=self.name,
            title=self._page_for(said),
            photos=said.photos if self.settings.shows_photos else (),
            link=said.link,
            live=said.live,
            tags=said.tags,
            language=said.language,
            audience=said.audience,
            licence=said.licence,
            credit=said.credit,
            adaptations=tuple(rules.adaptations(said, links, self.settings)),
        )
        text = self._wikitext(said, links, post)
        return msgspec.structs.replace(post, parts=(text,) if text else ())

    def check(self, post: Post) -> list[Problem]:
        """What politeness, policy and the form of names forbid."""
        return list(rules.problems(post, self.settings))

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Put the photos into the stash, and see that nobody else's work stands where this is to go."""
        if self._mode is not Mode.UPLOAD and steps.recorded("page") is None:
            steps.read(lambda: self._find_edit(post) or self._change(post, post.parts[0]))
        keys = steps.each(post.photos, lambda index, photo: self._stash(post, index, photo, steps))
        return Draft(items=tuple(Item(id=key, kind="stash") for key in keys))

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Publish the files from the stash, then the page that shows them."""
        keys = draft.ids("stash")
        files = steps.each(post.photos, lambda index, photo: self._publish(post, index, photo, keys[index], steps))
        items = tuple(self._file_item(file) for file in files)
        if self._mode is Mode.UPLOAD:
            return Receipt(id=items[0].id, url=items[0].url, items=items)
        edit = steps.once("page", send=lambda: self._save(post, files), find=lambda: self._find_edit(post))
        page = Item(id=str(edit["revid"]), kind="page", url=self._url_of(edit["title"], post))
        return Receipt(id=page.id, url=page.url, published_at=datetime.fromisoformat(edit["timestamp"]), items=(page, *items))

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Correct our text where nobody else has changed it, and the pages of our files; what others edited elsewhere stays."""
        if self.capabilities.edits is None:
            raise self.not_offered("changing a request that was made")
        corrected = [self._correct(page, receipt, post, steps, name) for page in receipt.items if page.kind == "page"]
        self._describe_files(receipt, post, steps, name)
        if not corrected:
            return receipt
        items = tuple({item.id: item for item in (*receipt.items, *corrected)}.values())
        return msgspec.structs.replace(receipt, url=corrected[0].url, items=items)

    def retract(self, receipt: Receipt, steps: Steps) -> tuple[Left, ...]:
        """Undo the edit with its corrections if nobody else has edited since, remove answers, delete files where the account
        may; gives those that stay."""
        marker = self._undoing(receipt.id)
        return tuple(retraction.take_back(self._wiki, self.settings, receipt, steps, marker))

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """What is said on the talk pages of page and files since they were published, or in the section of a request."""
        return conversation.one_page(self._wiki, self.settings, receipt, since)

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """Answer a comment a level deeper than it, or begin a section; found by the marker in its summary."""
        if self._mode is Mode.PROPOSE and name.startswith("live/"):
            raise NotAllowed("announcements have no place on a talk page, so nothing was sent", code="announcement")
        wiki, marker = self._wiki, marker_of(to.id if to else receipt.id, self.connection.channel, name)
        title = steps.read(lambda: conversation.title_for(wiki, self.settings, receipt, to))
        send = partial(conversation.send_answer, wiki, self.settings, title, receipt, text, marker, to)
        made = steps.once(name, send=send, find=lambda: pages.find_edit(wiki, title, marker))
        return steps.read(lambda: conversation.answer_item(wiki, made["revid"]))

    def inspect(self, receipt: Receipt) -> Sight:
        """The page, or our section of it, and the files; who changed what we wrote, wherever else the page was edited."""
        return echo.sight(self._wiki, self.settings, receipt.items)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """The wikitext with the names that the files have; in mode upload the files' pages alone."""
        return echo.expected(post, receipt, self.settings)

    def comparable(self, text: str) -> str:
        """Without signatures, which the wiki writes out."""
        return super().comparable(without_signatures(text))

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Among the last 500 edits of the account, and other sections of the page."""
        files = [self._marker(post, f"file/{index}") for index in range(len(post.photos))]
        return tuple(echo.duplicates(self._wiki, self.settings, receipt, self._marker(post, "page"), files))

    def read_error(self, exchange: Exchange) -> Answer:
        """Code and words of an error in any of MediaWiki's shapes."""
        return read_answer(exchange)

    def _correct(self, page: Item, receipt: Receipt, post: Post, steps: Steps, name: str) -> Item:
        """The page with the new text in our place; it keeps its id, by which its corrections are known, but not its heading."""
        wiki, revid, marker = self._wiki, int(page.id), self._marker(post, name)
        text = with_real_names(post, [item.id for item in receipt.items if item.kind in echo.FILE_KINDS])
        sentence = self.settings.summary or self._subject(post)

        def find() -> dict[str, Any] | None:
            there = pages.revision(wiki, revid)
            return pages.find_edit(wiki, there.title, marker) if there else None

        send = partial(corrections.correct, wiki, self.settings, revid, text, sentence, marker, self._flags)
        edit = steps.once(name, send=send, find=find)
        return msgspec.structs.replace(page, url=self._url_of(edit["title"], post))

    def _describe_files(self, receipt: Receipt, post: Post, steps: Steps, name: str) -> None:
        """Save the description pages that are to say something else."""
        files = [item for item in receipt.items if item.kind in echo.FILE_KINDS]
        told = steps.read(lambda: echo.file_pages(self._wiki, [item.id for item in files]))
        for index, (photo, file) in enumerate(zip(post.photos, files, strict=False)):
            text = description_page(post, photo, self.settings)
            if file.kind == "file" and (file.id not in told or pages.page_of(told[file.id]).text != text):
                step = f"{name}/file/{index}"
                marker = self._marker(post, step)
                send = partial(corrections.describe, self._wiki, file.id, text, self._summary(post, marker))
                steps.once(step, send=send, find=partial(pages.find_edit, self._wiki, f"File:{file.id}", marker))

    # -- composing ---------------------------------------------------------------------------------------------------------

    def _read_template(self) -> str:
        if not self.settings.page_template:
            return PROPOSAL if self._mode is Mode.PROPOSE else PAGE
        file = self.connection.folder / self.settings.page_template
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"channel {self.connection.channel!r}: cannot read the template {file}: {error}") from None

    def _page_for(self, said: Announcement) -> str:
        if self._mode is Mode.UPLOAD:
            return said.title
        page = fill_names(self.settings.page, said, title=title_of(said.title))
        return talk_page_of(page) if self._mode is Mode.PROPOSE else page

    def _wikitext(self, said: Announcement, links: Mapping[str, str], post: Post) -> str:
        if self._mode is Mode.UPLOAD:
            return "\n\n".join(description_page(post, photo, self.settings) for photo in post.photos)
        if self._mode is Mode.PROPOSE and not (said.title and said.text and said.body):
            return ""
        names = [file_name(post.title, photo) for photo in post.photos]
        content = fill_template(self._template, said, links, names, self.settings)
        if not self.settings.writes_section:
            return content
        pattern = "{title}" if self._mode is Mode.PROPOSE else self.settings.section
        heading = fill_names(pattern, said, title=escape_wikitext(" ".join(said.title.split())))
        return f"== {heading} ==\n{content}"

    # -- sending -----------------------------------------------------------------------------------------------------------

    def _stash(self, post: Post, index: int, photo: Photo, steps: Steps) -> str:
        upload, progress = self._upload(post, index, photo, steps), uploads.Progress()
        return steps.once(f"stash/{index}", send=lambda: uploads.stash(self._wiki, upload, progress), repeatable=True)

    def _publish(self, post: Post, index: int, photo: Photo, filekey: str, steps: Steps) -> dict[str, Any]:
        upload = self._upload(post, index, photo, steps)
        send, find = partial(uploads.publish, self._wiki, upload, filekey), partial(uploads.find_file, self._wiki, upload)
        return steps.once(f"file/{index}", send=send, find=find)

    def _upload(self, post: Post, index: int, photo: Photo, steps: Steps) -> uploads.Upload:
        file = photos.fit(photo, self._photo_rules, self.connection.cache_folder)
        name, marker = file_name(post.title, photo, file.media_type), self._marker(post, f"file/{index}")
        page, comment = description_page(post, photo, self.settings), self._summary(post, marker)
        return uploads.Upload(file, name, other_name(name, photo), page, comment, marker, comes_again=bool(steps.generation))

    def _save(self, post: Post, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        change = self._change(post, with_real_names(post, [str(file["filename"]) for file in files]))
        return pages.save(self._wiki, change, self._summary(post, self._marker(post, "page")), self._flags)

    @property
    def _flags(self) -> dict[str, int]:
        return {name: 1 for name in ("minor", "bot") if getattr(self.settings, name)}

    def _change(self, post: Post, text: str) -> pages.Change:
        if self._mode is Mode.PROPOSE:
            return pages.proposal(self._wiki, post.title, *split_heading(text))
        if self.settings.section:
            return pages.one_section(self._wiki, post.title, *split_heading(text))
        return pages.whole_page(self._wiki, post.title, text)

    def _find_edit(self, post: Post) -> dict[str, Any] | None:
        return pages.find_edit(self._wiki, post.title, self._marker(post, "page"), self._undoing)

    def _undoing(self, revid: int | str) -> str:
        """The marker of the edit that takes back the one of that id."""
        return marker_of(str(revid), self.connection.channel, "retract")

    def _marker(self, post: Post, step: str) -> str:
        return marker_of(post.key, post.channel, step)

    def _summary(self, post: Post, marker: str) -> str:
        return summary_of(self.settings.summary or self._subject(post), marker)

    def _file_item(self, file: Mapping[str, Any]) -> Item:
        kind = "file" if file["ours"] else "existing file"  # which is not ours to take back
        return Item(id=file["filename"], kind=kind, url=self._wiki.url_of(f"File:{file['filename']}"))

    def _url_of(self, title: str, post: Post) -> str:
        place = f"#{quote(self._subject(post).replace(' ', '_'))}" if self.settings.writes_section else ""
        return self._wiki.url_of(title) + place

    def _subject(self, post: Post) -> str:
        """The heading of the section as it reads, or the page's name."""
        return unescape(split_heading(post.parts[0])[0]) if self.settings.writes_section else post.title
