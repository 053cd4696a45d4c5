"""The dialogue on talk pages: what people write there, revision by revision, and our answers, each in its place.

Who wrote a comment and when is told by the revision that brought it, since anybody can sign with any name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from socialcast.compose.markup import escape_wikitext
from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Seen
from socialcast.publishers.mediawiki import talk
from socialcast.publishers.mediawiki.pages import WITH_TEXT, Change, Page, page_in, read, revision, save
from socialcast.publishers.mediawiki.reading import bare_title
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.publishers.mediawiki.standing import TEXTS_AT_ONCE, Edit, edit_of
from socialcast.publishers.mediawiki.talk import Comment
from socialcast.publishers.mediawiki.wiki import FILES, Wiki
from socialcast.publishers.mediawiki.wikitext import summary_of

__all__ = ["KIND", "answer_item", "one_page", "said", "send_answer", "take_back", "title_for", "why_kept"]

KIND = "comment"  # of the items that answers are
_TITLES_AT_ONCE = 50
_A_MOMENT = timedelta(seconds=1)  # a wiki's times are whole seconds


class Talk(msgspec.Struct, frozen=True):
    """A talk page with something new: whose it is, and where reading begins, at a revision (0: the page's beginning)."""

    page_id: int
    title: str
    item_id: str
    since: int


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far talk pages were read, by page and revision, and which are still to be read today."""

    read: dict[str, int] = msgspec.field(default_factory=dict)
    waiting: tuple[Talk, ...] = ()


def one_page(wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, cursor: str) -> Replies:
    """What up to fifty edits of one talk page brought, the oldest first."""
    place = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
    waiting = place.waiting or tuple(_changed(wiki, settings, receipt, place.read))
    if not waiting:
        return Replies(cursor=_encoded(Cursor(place.read)))
    first, *others = waiting
    replies, end, has_more = _read(wiki, first, _request(wiki, settings, receipt.items))
    rest = (msgspec.structs.replace(first, since=end), *others) if has_more else tuple(others)
    there = Cursor({**place.read, str(first.page_id): end}, rest)
    return Replies(page=replies, cursor=_encoded(there), more=bool(rest))


def title_for(wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, to: Reply | None) -> str:
    """The talk page where an answer belongs. Raises TerminalError where there is none any more."""
    if to:
        page = _page_of_comment(wiki, to.id)
        title = page.title if page else ""
    else:
        title = next((title for _, title in _talk_titles(wiki, settings, receipt.items)), "")
    if not title:
        raise TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")
    return title


def send_answer(
    wiki: Wiki, settings: MediawikiSettings, title: str, receipt: Receipt, text: str, marker: str, to: Reply | None
) -> dict[str, Any]:
    """Save an answer below that comment, or where none is meant below our request, or in a section of its own."""
    page, id = read(wiki, title), to.id if to else _request(wiki, settings, receipt.items)
    comment = _comment(page, id) if id is not None else None
    if comment:
        summary = summary_of(f"/* {comment.heading} */ Reply", marker)
        return save(wiki, Change(page, {"text": talk.answered(page.text, comment, text)}), summary)
    if id is not None:
        raise TerminalError(
            "what you answer was removed from the talk page", code="reply.gone", hint="there is nothing to answer any more"
        )
    heading = bare_title(title)
    new = {"section": "new", "sectiontitle": heading, "text": f"{escape_wikitext(text.strip())} ~~~~"}
    return save(wiki, Change(page, new), summary_of(f"/* {heading} */ new section", marker))


def answer_item(wiki: Wiki, revid: int) -> Item:
    """The comment that this edit of ours brought."""
    page, comment = _brought(wiki, revid)
    if page is None or comment is None:  # deleted since
        return Item(id=str(revid), kind=KIND)
    return Item(id=comment.id, kind=KIND, url=wiki.revision_url(page.title, revid, comment.heading))


def said(wiki: Wiki, item: Item) -> Seen:
    """A comment as it stands on its talk page."""
    page = _page_of_comment(wiki, item.id)
    comment = _comment(page, item.id) if page else None
    return Seen(item=item, text=comment.text) if comment else Seen(item=item, gone=True)


def why_kept(wiki: Wiki, item: Item) -> str:
    """Why a comment of ours has to stay; empty where it need not."""
    page = _page_of_comment(wiki, item.id)
    comment = _comment(page, item.id) if page else None
    return "others have answered it" if page and comment and talk.is_answered(page.text, comment) else ""


def take_back(wiki: Wiki, item: Item, summary: str) -> dict[str, Any]:
    """Remove a comment of ours, as far as it is there."""
    page = _page_of_comment(wiki, item.id)
    comment = _comment(page, item.id) if page else None
    if page is None or comment is None:
        return {"gone": item.id}
    return save(wiki, Change(page, {"text": talk.without(page.text, comment)}), summary)


# -- which talk pages ------------------------------------------------------------------------------------------------------


def _changed(wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, known: Mapping[str, int]) -> Iterator[Talk]:
    """The talk pages that were edited since they were read, asked for fifty at once."""
    items = {title: item for item, title in _talk_titles(wiki, settings, receipt.items)}
    titles = list(items)
    for start in range(0, len(titles), _TITLES_AT_ONCE):
        answer = wiki.query(prop="info", titles="|".join(titles[start : start + _TITLES_AT_ONCE]))
        for page in answer["query"]["pages"]:
            item, id = items.get(page["title"]), page.get("pageid", 0)
            if item and id and page["lastrevid"] > known.get(str(id), 0):
                since = known.get(str(id)) or _begin(wiki, settings, receipt, item, id)
                yield Talk(id, page["title"], item.id, since)


def _talk_titles(wiki: Wiki, settings: MediawikiSettings, items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """The talk page of each of our pages and files; a request stands on one itself."""
    pages = {item.id: item for item in items if item.kind == "page"}
    if pages:
        asked = wiki.query(prop="revisions", revids="|".join(pages), rvprop="ids")["query"].get("pages", ())
        for page in asked:
            title = page["title"] if settings.resolved_mode is Mode.PROPOSE else _talk_of(wiki, page["ns"], page["title"])
            yield from ((pages[str(told["revid"])], title) for told in page.get("revisions", ()))
    for item in items:
        if item.kind == "file":
            yield item, _talk_of(wiki, FILES, f"File:{item.id}")


def _talk_of(wiki: Wiki, number: int, title: str) -> str:
    """Talk pages have the next odd number (Manual:Namespace, 2026-11-27)."""
    return title if number % 2 else f"{wiki.namespace(number + 1)}:{title.partition(':')[2] if number else title}"


def _begin(wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, item: Item, page_id: int) -> int:
    """The revision after which the talk is about what was published."""
    if settings.resolved_mode is Mode.PROPOSE:
        return int(item.id)
    if receipt.published_at is None:
        return 0
    before = receipt.published_at - _A_MOMENT
    asked = wiki.query(prop="revisions", pageids=page_id, rvprop="ids", rvlimit=1, rvstart=before.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return next((int(told["revid"]) for told in asked["query"]["pages"][0].get("revisions", ())), 0)


# -- what is said there ----------------------------------------------------------------------------------------------------


def _read(wiki: Wiki, place: Talk, request: str | None) -> tuple[tuple[Reply, ...], int, bool]:
    """The new comments, the last revision that was read, and whether there are more."""
    start = {"rvstartid": place.since} if place.since else {}
    answer = wiki.query(
        prop="revisions", pageids=place.page_id, rvdir="newer", rvlimit=TEXTS_AT_ONCE, rvprop=WITH_TEXT, rvslots="main", **start
    )
    edits = [edit_of(told) for told in answer["query"]["pages"][0].get("revisions", ())]
    known: set[str] = set()
    if edits and edits[0].revid == place.since:
        known = {comment.id for comment in talk.comments(edits.pop(0).text, place.page_id)}
    replies = tuple(reply for edit in edits for reply in _new(wiki, edit, place, known, request))
    return replies, edits[-1].revid if edits else place.since, "continue" in answer


def _new(wiki: Wiki, edit: Edit, place: Talk, known: set[str], request: str | None) -> Iterator[Reply]:
    """What one edit brought; of a talk page with a request of ours, in its section alone."""
    said = talk.comments(edit.text, place.page_id)
    ours = next((comment for comment in said if comment.id == request), None)
    for comment in said:
        if comment.id not in known and (request is None or (ours and comment.section == ours.section and comment != ours)):
            parent = talk.parent_of(comment, said)
            yield Reply(
                id=comment.id,
                author=edit.user,
                at=datetime.fromisoformat(edit.at),
                text=comment.text,
                url=wiki.revision_url(place.title, edit.revid, comment.heading),
                author_url=wiki.url_of(f"User:{edit.user}") if edit.user else "",
                parent=parent.id if parent and parent.id != request else place.item_id,
                is_own=edit.user == wiki.username,
            )
        known.add(comment.id)


def _request(wiki: Wiki, settings: MediawikiSettings, items: Sequence[Item]) -> str | None:
    """The comment that our request is, by which its section is found; None without one, empty where it is gone."""
    if settings.resolved_mode is not Mode.PROPOSE:
        return None
    revid = next((int(item.id) for item in items if item.kind == "page"), 0)
    _, comment = _brought(wiki, revid)
    return comment.id if comment else ""


def _brought(wiki: Wiki, revid: int) -> tuple[Page | None, Comment | None]:
    """The page with that edit, and the first comment that it brought."""
    after = revision(wiki, revid)
    if after is None:
        return None, None
    before = revision(wiki, after.parentid) if after.parentid else None
    known = {comment.id for comment in talk.comments(before.text, after.id)} if before else set()
    return after, next((comment for comment in talk.comments(after.text, after.id) if comment.id not in known), None)


def _comment(page: Page, id: str) -> Comment | None:
    return next((comment for comment in talk.comments(page.text, page.id) if comment.id == id), None)


def _page_of_comment(wiki: Wiki, id: str) -> Page | None:
    """The talk page that a comment's id names; None where that is gone."""
    number = id.partition("-")[0]
    answer = wiki.query(prop="revisions", pageids=number, rvprop=WITH_TEXT, rvslots="main", curtimestamp=1)
    page = page_in(answer)
    return page if page.revid else None


def _encoded(place: Cursor) -> str:
    return msgspec.json.encode(place).decode()
