"""What is done to an edit or a file of ours later: taken back, as far as nobody else has edited since."""

from __future__ import annotations

from typing import Any

from socialcast.model.errors import Conflict
from socialcast.publishers.mediawiki.pages import Change, read, save
from socialcast.publishers.mediawiki.settings import MediawikiSettings
from socialcast.publishers.mediawiki.standing import standing
from socialcast.publishers.mediawiki.wiki import Wiki

__all__ = ["remove_file", "take_back"]


def take_back(wiki: Wiki, settings: MediawikiSettings, revid: int, summary: str, marker: str) -> dict[str, Any]:
    """Undo our edit with its corrections, or delete or blank the page that it made; raises Conflict where somebody has edited
    since."""
    stands = standing(wiki, settings, revid)
    if stands is None:
        return {"gone": revid}
    page = stands.page
    if marker in page.comment and page.user == wiki.username:
        return {"revid": page.revid}
    if stranger := stands.stranger:
        raise Conflict(f"{page.title} was changed by {stranger.user} since", hint=f"edit it by hand: {wiki.url_of(page.title)}")
    if stands.first.parentid:
        return save(wiki, Change(page, {"undo": page.revid, "undoafter": stands.first.parentid}), summary)
    if "delete" in wiki.rights:
        return wiki.post("delete", title=page.title, reason=summary)
    return save(wiki, Change(page, {"text": ""}), summary)  # only administrators delete, but the page can be emptied


def remove_file(wiki: Wiki, filename: str, reason: str) -> dict[str, Any]:
    """Delete a file, as far as it is there; needs the right to."""
    page = read(wiki, f"File:{filename}")
    return wiki.post("delete", title=page.title, reason=reason) if page.revid else {"gone": filename}
