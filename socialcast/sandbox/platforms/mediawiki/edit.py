"""`action=edit`, `delete` and `rollback`: saving with conflict rules, and what administrators take back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.platforms.mediawiki import wikitext
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call, words
from socialcast.sandbox.platforms.mediawiki.limits import MAX_PAGE_BYTES, MAX_SUMMARY_CHARACTERS
from socialcast.sandbox.platforms.mediawiki.sessions import require_right, throttle
from socialcast.sandbox.platforms.mediawiki.state import Page, Revision, iso
from socialcast.sandbox.platforms.mediawiki.titles import InvalidTitle, Title

__all__ = [
    "DELETE_PARAMETERS",
    "EDIT_PARAMETERS",
    "ROLLBACK_PARAMETERS",
    "check_tags",
    "delete",
    "edit",
    "find_page",
    "refuse_forbidden",
    "rollback",
    "summary_of",
]

EDIT_PARAMETERS = words(
    "title pageid section sectiontitle text appendtext prependtext summary tags minor notminor bot baserevid basetimestamp "
    "starttimestamp createonly nocreate recreate md5 undo undoafter watchlist token"
)
DELETE_PARAMETERS = words("title pageid reason watchlist token")
ROLLBACK_PARAMETERS = words("title pageid user summary markbot watchlist token")
_SECTION = re.compile(r"\d{1,6}|new")
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one edit asks for, checked but not yet held against conflicts."""

    title: Title
    page: Page | None
    section: str
    heading: str
    text: str
    comment: str
    tags: tuple[str, ...]

    @property
    def current(self) -> str:
        """The page's text now; empty for a page that is not there."""
        return self.page.latest.text if self.page else ""


def edit(call: Call) -> Mapping[str, Any]:
    """Save a page or a section of it."""
    change = _change(call)
    if call.user.captcha and set(_LINK.findall(change.text)) - set(_LINK.findall(change.current)):
        captcha = {"type": "simple", "mime": "text/plain", "id": call.mirror.ids.digits(8)}  # for a person; no program passes
        return {"edit": {"result": "Failure", "captcha": captcha}}
    refuse_forbidden(call, change.text, change.heading, change.comment)
    throttle(call, "edit")
    text = wikitext.before_save(_resolved(call, change), call.user, call.now)
    if len(text.encode()) > MAX_PAGE_BYTES:
        raise ApiError("contenttoobig", MAX_PAGE_BYTES >> 10)
    return {"edit": _save(call, change, text)}


def _change(call: Call) -> Change:
    _check_numbers(call)
    _require_content(call)
    title, page = find_page(call)
    _check_permission(call, title, page)
    section = call.text("section")
    if section and not _SECTION.fullmatch(section):
        raise ApiError("invalidsection")
    current = page.latest.text if page else ""
    if section not in ("", "new") and wikitext.section_text(current, int(section)) is None:
        raise ApiError("nosuchsection", section)
    text, comment, tags = _undone(call, page) if call.has("undo") else (_text(call, current, section), summary_of(call), ())
    heading, comment = _headed(call.text("sectiontitle").strip(), comment) if section == "new" else ("", comment)
    tags = (*tags, *check_tags(call))
    return Change(title=title, page=page, section=section, heading=heading, text=text, comment=comment, tags=tags)


def _headed(heading: str, comment: str) -> tuple[str, str]:
    """Heading and summary of a new section: without a heading the summary becomes it, without a summary one is made."""
    if heading and comment:
        return heading, comment
    either = heading or comment
    return either, f"/* {either} */ new section" if either else ""


def _check_numbers(call: Call) -> None:
    for name in ("pageid", "baserevid", "undo", "undoafter"):
        call.integer(name)
    for name in ("basetimestamp", "starttimestamp"):
        call.timestamp(name)


def _require_content(call: Call) -> None:
    if not any(call.has(name) for name in ("text", "appendtext", "prependtext", "undo")):
        raise ApiError("missingparam", "text, appendtext, prependtext or undo")


def find_page(call: Call, parameter: str = "title") -> tuple[Title, Page | None]:
    """The page that the title or `pageid` means; a title may be that of a page to be made."""
    if call.require_one(parameter, "pageid") == "pageid":
        number = call.integer("pageid")
        page = next((page for page in call.wiki.pages.values() if page.id == number), None)
        if page is None:
            raise ApiError("missingtitle")
        return page.title, page
    try:
        title = Title.parse(call.text(parameter))
    except InvalidTitle as error:
        raise ApiError("invalidtitle", call.text(parameter)) from error
    if title.namespace < 0:
        raise ApiError("pagecannotexist")
    return title, call.wiki.pages.get(title)


def _check_permission(call: Call, title: Title, page: Page | None) -> None:
    if call.user.is_anonymous and not call.wiki.anonymous_edits:
        raise ApiError("permissiondenied", "edit")
    require_right(call, "edit")
    if page is None and call.has("nocreate"):
        raise ApiError("missingtitle")
    _refuse_deleted(call, title, page)
    if page is not None and call.has("createonly"):
        raise ApiError("articleexists")
    if page is None:
        require_right(call, "createtalk" if title.is_talk else "createpage")
    if str(title) in call.wiki.protected_titles and "editprotected" not in call.user.rights:
        raise ApiError("protectedpage")


def _refuse_deleted(call: Call, title: Title, page: Page | None) -> None:
    began, deleted = call.timestamp("starttimestamp"), call.wiki.deleted_at.get(title)
    if page is None and began is not None and deleted is not None and deleted > began and not call.has("recreate"):
        raise ApiError("pagedeleted")


def summary_of(call: Call, name: str = "summary") -> str:
    """The edit summary or upload comment, on one line and cut as the server cuts it."""
    return " ".join(call.text(name).split())[:MAX_SUMMARY_CHARACTERS]


def check_tags(call: Call) -> tuple[str, ...]:
    """The change tags that were asked for, all of which the wiki must know."""
    tags = call.values("tags")
    if strange := [tag for tag in tags if tag not in call.wiki.tags]:
        raise ApiError("badtags", strange[0], disallowedtags=strange)
    return tuple(tags)


def _text(call: Call, current: str, section: str) -> str:
    text, added = call.text("text"), call.text("prependtext") + call.text("appendtext")
    if added:
        there = "" if section == "new" else (wikitext.section_text(current, int(section)) or "") if section else current
        text = call.text("prependtext") + there + call.text("appendtext")
    if call.has("md5") and call.text("md5") != hashlib.md5((added or text).encode(), usedforsecurity=False).hexdigest():
        raise ApiError("badmd5")
    return text


def _undone(call: Call, page: Page | None) -> tuple[str, str, tuple[str, ...]]:
    revisions = {revision.id: revision for revision in page.revisions} if page else {}
    undone = revisions.get(call.integer("undo") or 0)
    before = revisions.get(call.integer("undoafter") or (undone.parent_id if undone else 0))
    if page is None or undone is None or before is None:
        raise ApiError("nosuchrevid", call.text("undo"))
    text = wikitext.merge(undone.text, page.latest.text, before.text)
    if text is None:
        raise ApiError("undofailure")
    name = undone.user
    automatic = f"Undo revision {undone.id} by [[Special:Contributions/{name}|{name}]] ([[User talk:{name}|talk]])"
    return text, summary_of(call) or automatic, ("mw-undo",)


def refuse_forbidden(call: Call, *texts: str) -> None:
    """Refuse what the wiki's abuse filter does not let pass."""
    if any(forbidden in text for text in texts for forbidden in call.wiki.forbidden_texts):
        filter_ = {"id": 1, "description": "Forbidden text", "actions": ["disallow"]}
        raise ApiError("abusefilter-disallowed", abusefilter=filter_)


def _resolved(call: Call, change: Change) -> str:
    """The whole new page text, after the rules for edits of a page that has changed meanwhile."""
    page = change.page
    if page is None or not _conflicts(call, change, page):
        return _placed(change, change.current)
    base = _base(call, page)
    if base is None:
        raise ApiError("editconflict")
    mine = _placed(change, change.current if change.section == "new" else base.text)
    merged = wikitext.merge(base.text, change.current, mine)
    if merged is None:
        raise ApiError("editconflict")
    return merged


def _placed(change: Change, whole: str) -> str:
    if change.section == "new":
        return wikitext.new_section(whole, change.heading, change.text)
    if not change.section:
        return change.text
    placed = wikitext.replace_section(whole, int(change.section), change.text)
    if placed is None:
        raise ApiError("editconflict")
    return placed


def _conflicts(call: Call, change: Change, page: Page) -> bool:
    base_id, base_at = call.integer("baserevid"), call.timestamp("basetimestamp")
    if base_id in (None, page.latest.id) and base_at in (None, page.latest.at):
        return False
    if change.section == "new":  # a new section meets nothing, unless it is the last edit sent again
        return (page.latest.user, page.latest.comment) == (call.user.name, change.comment)
    # Only `basetimestamp` overlooks the user's own edits, and only for whole pages.
    return change.section != "" or base_at is None or any(r.user != call.user.name for r in page.revisions if r.at > base_at)


def _base(call: Call, page: Page) -> Revision | None:
    base_id, base_at = call.integer("baserevid"), call.timestamp("basetimestamp")
    fits = [r for r in page.revisions if (r.id == base_id if base_id is not None else r.at == base_at)]
    return fits[-1] if fits else None


def _save(call: Call, change: Change, text: str) -> dict[str, Any]:
    page = change.page
    answer = {"result": "Success", "title": str(change.title), "contentmodel": "wikitext"}
    if page is not None and page.latest.text == text:
        return {**answer, "pageid": page.id, "nochange": True}
    saved = call.wiki.save(
        change.title,
        call.user,
        text,
        change.comment or wikitext.automatic_summary(page.latest.text if page else None, text),
        call.now,
        minor=call.has("minor") and not call.user.is_anonymous,
        bot=call.has("bot") and "bot" in call.user.rights,
        tags=change.tags,
    )
    new = saved.latest
    ids = {"pageid": saved.id, "oldrevid": new.parent_id, "newrevid": new.id, "newtimestamp": iso(new.at)}
    return {**answer, **ids, **({} if page else {"new": True})}


def delete(call: Call) -> Mapping[str, Any]:
    """Delete a page, and the file with it; for administrators."""
    title, page = find_page(call)
    require_right(call, "delete")
    if page is None:
        raise ApiError("missingtitle")
    entry = call.wiki.delete(title, call.user, reason := summary_of(call, "reason"), call.now)
    return {"delete": {"title": str(title), "reason": reason, "logid": entry.id}}


def rollback(call: Call) -> Mapping[str, Any]:
    """Take back all the last edits of one user at once; for administrators."""
    title, page = find_page(call)
    if not call.text("user"):
        raise ApiError("missingparam", "user")
    if page is None:
        raise ApiError("missingtitle")
    require_right(call, "rollback")
    name, last = call.text("user"), page.latest
    if last.user != name[0].upper() + name[1:].replace("_", " "):
        raise ApiError("alreadyrolled", title, name, last.user)
    before = next((revision for revision in reversed(page.revisions) if revision.user != last.user), None)
    if before is None:
        raise ApiError("onlyauthor")
    automatic = (
        f"Reverted edits by [[Special:Contributions/{last.user}|{last.user}]] ([[User talk:{last.user}|talk]]) "
        f"to last revision by [[User:{before.user}|{before.user}]]"
    )
    summary = summary_of(call) or automatic
    call.wiki.save(title, call.user, before.text, summary, call.now, minor=True, tags=("mw-rollback",))
    ids = {"revid": page.latest.id, "old_revid": last.id, "last_revid": before.id}
    return {"rollback": {"title": str(title), "pageid": page.id, "summary": summary, **ids}}
