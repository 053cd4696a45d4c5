"""Taking back what was published: answers, the edit with its corrections, files; what has to stay is named."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from socialcast.delivery.steps import Steps
from socialcast.model.errors import Conflict
from socialcast.model.receipt import Item, Receipt
from socialcast.model.sight import Left
from socialcast.publishers.mediawiki import conversation
from socialcast.publishers.mediawiki.pages import Change, read, save
from socialcast.publishers.mediawiki.settings import MediawikiSettings
from socialcast.publishers.mediawiki.standing import standing
from socialcast.publishers.mediawiki.wiki import Wiki
from socialcast.publishers.mediawiki.wikitext import summary_of

__all__ = ["take_back"]


def take_back(wiki: Wiki, settings: MediawikiSettings, receipt: Receipt, steps: Steps, marker: str) -> Iterator[Left]:
    """Take back everything as far as it may be, each as a step; gives what stays."""
    summary = summary_of("Taken back", marker)
    for item in reversed([item for item in receipt.items if item.kind == conversation.KIND]):
        yield from _take_back_answer(wiki, item, steps, summary)
    stays = False
    for page in (item for item in receipt.items if item.kind == "page"):
        for left in _take_back_page(wiki, settings, page, steps, summary, marker):
            stays = True
            yield left
    files = [item for item in receipt.items if item.kind == "file"]
    if files and stays:
        yield from (Left(item=file, reason="the page, which stays, shows it") for file in files)
    elif files and "delete" not in steps.read(lambda: wiki.rights):
        yield from (Left(item=file, reason="only an administrator can delete it", hint="ask one") for file in files)
    else:
        for file in files:
            steps.once(_step(file), send=partial(_delete_file, wiki, file.id, summary), repeatable=True)


def _step(item: Item) -> str:
    return f"retract/{item.id}"


def _take_back_answer(wiki: Wiki, item: Item, steps: Steps, summary: str) -> Iterator[Left]:
    if why := steps.read(partial(conversation.why_kept, wiki, item)):
        yield Left(item=item, reason=why, hint="strike it by hand: <s>...</s>, and say why")
    else:
        steps.once(_step(item), send=partial(conversation.take_back, wiki, item, summary), repeatable=True)


def _take_back_page(
    wiki: Wiki, settings: MediawikiSettings, page: Item, steps: Steps, summary: str, marker: str
) -> Iterator[Left]:
    is_done = steps.recorded(_step(page)) is not None
    if not is_done and (who := steps.read(partial(_stranger, wiki, settings, int(page.id)))):
        yield Left(item=page, reason=f"{who} has edited the page since", hint="edit it by hand")
    else:
        undo = partial(_undo, wiki, settings, int(page.id), summary, marker)
        steps.once(_step(page), send=undo, repeatable=True)


def _stranger(wiki: Wiki, settings: MediawikiSettings, revid: int) -> str:
    """Who has edited the page since, so that it is not taken back; empty where nobody has, or it is gone already."""
    stands = standing(wiki, settings, revid)
    return stands.stranger.user if stands and not stands.is_gone and stands.stranger else ""


def _undo(wiki: Wiki, settings: MediawikiSettings, revid: int, summary: str, marker: str) -> dict[str, Any]:
    """Undo our edit with its corrections, or delete or blank the page that it made; raises Conflict where somebody has edited
    since."""
    stands = standing(wiki, settings, revid)
    if stands is None or stands.is_gone:
        return {"gone": revid}
    page = stands.page
    if stranger := stands.stranger:
        raise Conflict(f"{page.title} was changed by {stranger.user} since", hint=f"edit it by hand: {wiki.url_of(page.title)}")
    if stands.first.parentid:
        return save(wiki, Change(page, {"undo": page.revid, "undoafter": stands.first.parentid}), summary)
    if "delete" in wiki.rights:
        return wiki.post("delete", title=page.title, reason=summary)
    return save(wiki, Change(page, {"text": ""}), summary)  # only administrators delete, but the page can be emptied


def _delete_file(wiki: Wiki, filename: str, reason: str) -> dict[str, Any]:
    """Delete a file, as far as it is there; needs the right to."""
    page = read(wiki, f"File:{filename}")
    return wiki.post("delete", title=page.title, reason=reason) if page.revid else {"gone": filename}
