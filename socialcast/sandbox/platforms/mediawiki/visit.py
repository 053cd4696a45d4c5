"""What visitors see: pages and files as cards for the wall, and pages under their own addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from socialcast.sandbox.mirror import Act, Card, Picture, Response
from socialcast.sandbox.platforms.mediawiki.render import Links, Rendered, render
from socialcast.sandbox.platforms.mediawiki.state import File, Page, Wiki, iso
from socialcast.sandbox.platforms.mediawiki.titles import FILE, InvalidTitle, Title

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.mediawiki.mirror import MediawikiMirror

__all__ = ["card_id", "cards", "file_response", "history_response", "page_response"]

_VIDEO = ("video/webm", "video/mp4", "application/ogg")
_LICENCES = ("cc-", "pd-", "self", "gfdl")
_PAGE = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><body><h1>{title}</h1>{media}{html}'
    '<footer><a href="{history}">Last edited by {user}</a>: {comment}</footer></body></html>'
)
_HISTORY = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: history</title><body><h1>{title}: history</h1>'
    '<p><a href="{url}">The page</a></p><ol reversed>{rows}</ol></body></html>'
)
_ROW = Markup('<li><time datetime="{at}">{at}</time> <bdi>{user}</bdi>, {size} bytes: <bdi>{comment}</bdi></li>')
_ABSENT = Markup("<!doctype html><title>{0}</title><h1>{0}</h1><p>This wiki has no page of this exact name.</p>")
_IMAGE = Markup('<p><img src="{url}" alt=""></p>')


def cards(mirror: MediawikiMirror) -> list[Card]:
    """Every page that exists on any wiki, the last edited first."""
    pages = [(wiki, page) for wiki in mirror.wikis.values() for page in wiki.pages.values()]
    newest_first = sorted(pages, key=lambda pair: (pair[1].latest.at, pair[1].latest.id), reverse=True)
    return [_card(mirror, wiki, page) for wiki, page in newest_first]


def _card(mirror: MediawikiMirror, wiki: Wiki, page: Page) -> Card:
    rendered, file, subject = _rendered(mirror, wiki, page), wiki.files.get(page.title), page.title.subject
    return Card(
        id=card_id(wiki, page.title),
        kind="file" if file else "page",
        account=page.latest.user,
        url=wiki.page_url(page.title),
        at=datetime.fromtimestamp(page.latest.at, UTC),
        title=str(page.title),
        html=str(rendered.html),
        pictures=(*_file_picture(wiki, file), *rendered.pictures),
        parent=card_id(wiki, subject) if page.title.is_talk and subject in wiki.pages else "",
        facts=_facts(wiki, page, rendered),
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
    )


def card_id(wiki: Wiki, title: Title) -> str:
    """The id of the page's card: wiki and title."""
    return f"{wiki.host}/{title.path}"


def _file_picture(wiki: Wiki, file: File | None) -> tuple[Picture, ...]:
    if file is None:
        return ()
    kind = "video" if file.latest.mime in _VIDEO else "photo"
    return (Picture(url=wiki.file_url(file.name), caption=file.title.name, kind=kind),)


def _facts(wiki: Wiki, page: Page, rendered: Rendered) -> dict[str, str]:
    licences = [name for name in rendered.templates if name.lower().startswith(_LICENCES)]
    facts = {
        "wiki": wiki.host,
        "last editor": page.latest.user,
        "summary": page.latest.comment,
        "revisions": str(len(page.revisions)),
        "licence": ", ".join(licences),
        "categories": ", ".join(rendered.categories),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _rendered(mirror: MediawikiMirror, wiki: Wiki, page: Page) -> Rendered:
    return render(page.latest.text, Links(page=wiki.page_url, file=lambda name: _file_url(mirror, wiki, name)))


def _file_url(mirror: MediawikiMirror, wiki: Wiki, name: str) -> str | None:
    """Pages of Wikimedia's wikis show files from Commons as well as their own."""
    places = [wiki, mirror.wiki("commons.wikimedia.org")] if wiki.is_wikimedia else [wiki]
    return next((place.file_url(file.name) for place in places if (file := place.file(name))), None)


def page_response(mirror: MediawikiMirror, wiki: Wiki, name: str) -> Response:
    """A page as HTML; 404 for one that is not there."""
    try:
        page = wiki.pages.get(Title.parse(name))
    except InvalidTitle:
        return Response(_ABSENT.format(name), 400, mimetype="text/html")
    if page is None:
        return Response(_ABSENT.format(name), 404, mimetype="text/html")
    file, latest = wiki.files.get(page.title), page.latest
    html, media = _rendered(mirror, wiki, page).html, _IMAGE.format(url=wiki.file_url(file.name)) if file else ""
    told = {"user": latest.user, "comment": latest.comment, "history": f"/index.php?title={page.title.path}&action=history"}
    shown = _PAGE.format(title=str(page.title), media=media, html=html, **told)
    return Response(shown, mimetype="text/html")


def history_response(mirror: MediawikiMirror, wiki: Wiki, name: str) -> Response:
    """Who saved a page when, the newest first; 404 for one that is not there."""
    try:
        page = wiki.pages.get(Title.parse(name))
    except InvalidTitle:
        page = None
    if page is None:
        return Response(_ABSENT.format(name), 404, mimetype="text/html")
    rows = (
        _ROW.format(at=iso(revision.at), user=revision.user, size=revision.size, comment=revision.comment)
        for revision in reversed(page.revisions)
    )
    shown = _HISTORY.format(title=str(page.title), url=wiki.page_url(page.title), rows=Markup("").join(rows))
    return Response(shown, mimetype="text/html")


def file_response(wiki: Wiki, name: str) -> Response:
    """The bytes of a published file."""
    file = wiki.files.get(Title(FILE, name.replace("_", " ")))
    if file is None:
        return Response("File not found.", 404, mimetype="text/plain")
    return Response(file.latest.blob.path.open("rb"), mimetype=file.latest.mime, direct_passthrough=True)
