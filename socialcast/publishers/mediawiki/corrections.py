"""What is done to an edit or a file of ours later to mend it, as far as nobody else has changed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from socialcast.model.errors import Conflict
from socialcast.publishers.mediawiki.pages import Change, Page, our_last_text, read, save, saved
from socialcast.publishers.mediawiki.settings import MediawikiSettings
from socialcast.publishers.mediawiki.standing import corrects, standing
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import summary_of

__all__ = ["correct", "describe"]


def correct(
    wiki: Wiki, settings: MediawikiSettings, revid: int, text: str, sentence: str, marker: str, flags: Mapping[str, int]
) -> dict[str, Any]:
    """Put another text in our place, whatever was edited elsewhere on the page; raises Conflict where somebody changed it."""
    stands = standing(wiki, settings, revid)
    if stands is None or stands.is_gone:
        raise Conflict("what was published is not there any more, so there is nothing to correct", hint="ask who removed it")
    page = stands.page
    if edit := stands.changed_by:
        _refuse(wiki, page, edit.user)
    changed = stands.place.with_part(page.text, text)
    if changed == page.text:
        return saved(page.revid, page.title, page.saved_at)
    return save(wiki, Change(page, {"text": changed}), summary_of(sentence, corrects(stands.own[0], marker)), flags)


def describe(wiki: Wiki, filename: str, text: str, summary: str) -> dict[str, Any]:
    """Save another text on a file's page; raises Conflict where somebody has changed it, unless it says what we want to say."""
    page = read(wiki, f"File:{filename}")
    if not page.revid:
        raise Conflict(f"{filename} was deleted, so its page cannot be corrected", hint="ask who deleted it")
    ours = page.text if page.is_by(wiki.username) else our_last_text(wiki, page.title)
    if text in (page.text, ours):  # what others have added to it may stay
        return saved(page.revid, page.title, page.saved_at)
    if page.text != ours:
        _refuse(wiki, page, page.user)
    return save(wiki, Change(page, {"text": text}), summary)


def _refuse(wiki: Wiki, page: Page, user: str) -> NoReturn:
    hint = f"correct it by hand, or ask {user}: {wiki.url_of(page.title)}"
    raise Conflict(f"{page.title} was changed by {user} since; nothing was overwritten", hint=hint)
