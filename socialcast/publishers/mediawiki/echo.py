"""What comes after an edit or an upload: how pages and files are shown now, and what else bears the announcement's marker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from socialcast.model.post import Post
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.mediawiki.conversation import KIND, said
from socialcast.publishers.mediawiki.files import description_page, with_real_names
from socialcast.publishers.mediawiki.pages import LISTED, edits_in, page_of
from socialcast.publishers.mediawiki.reading import (
    FILE_NAMES,
    ShownFile,
    addresses,
    bare_title,
    is_substituted,
    licence_of,
    shown_files,
)
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.publishers.mediawiki.standing import Standing, standing
from socialcast.publishers.mediawiki.wiki import FILES, Wiki
from socialcast.publishers.mediawiki.wikitext import sections

__all__ = ["FILE_KINDS", "duplicates", "expected", "file_pages", "sight"]

FILE_KINDS = ("file", "existing file")
_TITLES_AT_ONCE = 50


def sight(wiki: Wiki, settings: MediawikiSettings, items: Sequence[Item]) -> Sight:
    """The pages, files and comments as they are shown now; files are asked for fifty at once."""
    files = file_pages(wiki, [item.id for item in items if item.kind in FILE_KINDS])

    def seen(item: Item) -> Seen:
        if item.kind in FILE_KINDS:
            return _seen_file(wiki, settings, item, files.get(item.id, {}))
        return said(wiki, item) if item.kind == KIND else _seen_page(wiki, settings, item, files)

    return Sight(items=tuple(map(seen, items)))


def expected(post: Post, receipt: Receipt, settings: MediawikiSettings) -> Sight:
    """What `sight` tells while nobody changes anything. What the wiki substitutes on saving is not compared."""
    files = [item for item in receipt.items if item.kind in FILE_KINDS]
    numbers = {item.id: number for number, item in enumerate(files)}
    text = with_real_names(post, [item.id for item in files]) if settings.resolved_mode is not Mode.UPLOAD else ""
    return Sight(
        items=tuple(
            _expected_file(post, settings, item, numbers[item.id])
            if item.id in numbers
            else _expected_page(post, item, text, numbers)
            for item in receipt.items
        )
    )


def duplicates(
    wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, page_marker: str, file_markers: Iterable[str]
) -> Iterator[Item]:
    """What else is there of this announcement: a second section on its page, or whatever lately got one of its markers."""
    known, markers, titles = {item.id for item in receipt.items}, {page_marker, *file_markers}, set[str]()
    for item in receipt.items:
        if item.kind == "page" and (stands := standing(wiki, settings, int(item.id))):
            titles.add(stands.page.title)
            yield from _second_sections(stands, item)
    lately = wiki.query(list="usercontribs", ucuser=wiki.username, uclimit=LISTED, ucprop="ids|title|timestamp|comment")
    found = [
        _item(wiki, edit)
        for edit in edits_in(lately["query"])
        if edit["title"] not in titles and any(marker in edit.get("comment", "") for marker in markers)
    ]
    candidates = {item.id: item for item in found if item.id not in known}
    yield from (seen.item for seen in sight(wiki, settings, tuple(candidates.values())).items if not seen.gone)


# -- as it is --------------------------------------------------------------------------------------------------------------


def file_pages(wiki: Wiki, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the wiki tells of the files, by name."""
    told: dict[str, dict[str, Any]] = {}
    for start in range(0, len(names), _TITLES_AT_ONCE):
        answer = wiki.query(
            titles="|".join(f"File:{name}" for name in names[start : start + _TITLES_AT_ONCE]),
            prop="imageinfo|revisions",
            iiprop="url|user|timestamp",
            rvprop="ids|user|comment|timestamp|content",
            rvslots="main",
        )
        told |= {page["title"].partition(":")[2]: page for page in answer["query"]["pages"]}
    return told


def _seen_page(wiki: Wiki, settings: MediawikiSettings, item: Item, files: Mapping[str, dict[str, Any]]) -> Seen:
    stands = standing(wiki, settings, int(item.id))
    if stands is None:
        return Seen(item=item, gone=True)
    changed = stands.changed_by
    by, at = (changed.user, datetime.fromisoformat(changed.at)) if changed else ("", None)
    by = "" if by == wiki.username else by
    if stands.is_gone:
        return Seen(item=item, gone=True, edited_by=by, edited_at=at)
    names = FILE_NAMES | {wiki.namespace(FILES).lower()}
    shown = shown_files(stands.now, names)
    return Seen(
        item=item,
        title=bare_title(stands.page.title),
        text=stands.now,
        links=addresses(stands.now),
        media=tuple(_medium(file, files.get(file.name, {})) for file in shown),
        edited_at=at,
        edited_by=by,
        revision=str(stands.page.revid),
    )


def _medium(file: ShownFile, told: Mapping[str, Any]) -> SeenMedium:
    return SeenMedium(id=file.name, alt=file.alt, url=_address(told))


def _seen_file(wiki: Wiki, settings: MediawikiSettings, item: Item, told: Mapping[str, Any]) -> Seen:
    """A file that is there; whoever saved its page, or the file itself, last."""
    if not told.get("imageinfo"):
        return Seen(item=item, gone=True)
    page, file = page_of(told), told["imageinfo"][0]
    others = [user for user in (page.user, file.get("user", "")) if user not in ("", wiki.username)]
    is_edited = bool(others) or not page.is_by(wiki.username)
    return Seen(
        item=item,
        text=page.text,
        links=addresses(page.text),
        media=(SeenMedium(id=item.id, url=_address(told)),),
        licence=licence_of(page.text, is_commons=settings.is_commons),
        edited_at=datetime.fromisoformat(page.saved_at) if is_edited and page.saved_at else None,
        edited_by=others[0] if others else "",
        revision=str(page.revid),
    )


def _address(told: Mapping[str, Any]) -> str:
    return next((str(file.get("url", "")) for file in told.get("imageinfo", ())), "")


def _second_sections(stands: Standing, item: Item) -> Iterator[Item]:
    place, page = stands.place, stands.page.text
    same = [section for section in sections(page) if place.words and section.heading == place.heading]
    for section in same:
        if place.words in section.content and section != place.section_of(page):
            yield msgspec.structs.replace(item, id=f"{item.id}#{section.start}")


def _item(wiki: Wiki, edit: Mapping[str, Any]) -> Item:
    title = edit["title"]
    if edit["ns"] == FILES:
        return Item(id=title.partition(":")[2], kind="file", url=wiki.url_of(title))
    return Item(id=str(edit["revid"]), kind="page", url=wiki.url_of(title))


# -- as it should be -------------------------------------------------------------------------------------------------------


def _expected_page(post: Post, item: Item, text: str, numbers: Mapping[str, int]) -> Seen:
    media = (SeenMedium(id=name, alt=alt, number=numbers.get(name)) for name, alt in shown_files(text))
    return Seen(
        item=item,
        title=bare_title(post.title),
        text=None if is_substituted(text) else text,
        links=addresses(text),
        media=tuple(media),
    )


def _expected_file(post: Post, settings: MediawikiSettings, item: Item, number: int) -> Seen:
    if item.kind != "file" or number >= len(post.photos):  # somebody else's page tells of a file that was there before
        return Seen(item=item)
    photo = post.photos[number]
    text = description_page(post, photo, settings)
    return Seen(
        item=item,
        text=None if is_substituted(text) else text,
        links=None if is_substituted(text) else addresses(text),
        media=(SeenMedium(id=item.id, number=number),),
        licence=photo.licence or post.licence,
    )
