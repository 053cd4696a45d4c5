"""What politeness, policy and the form of names ask of a post, told before anything is sent; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from socialcast.model.announcement import Announcement
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem, Severity
from socialcast.publishers.mediawiki.files import FREE_LICENCES
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.publishers.mediawiki.wikitext import ILLEGAL_IN_TITLES, has_namespace, section_of, split_heading, template_of

__all__ = ["adaptations", "problems"]

_LONGEST_TITLE_BYTES = 255


def problems(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    """Everything that this wiki, rather than MediaWiki as such, would object to."""
    for rule in _RULES:
        yield from rule(post, settings)


def adaptations(said: Announcement, links: Mapping[str, str], settings: MediawikiSettings) -> Iterator[Adaptation]:
    """What of the announcement this channel does not carry."""
    mode = settings.resolved_mode
    if said.photos and not settings.shows_photos:
        yield Adaptation(code="photos.left_out", message="the photos are not uploaded", routine=mode is Mode.EDIT)
    if said.video:
        where = f"behind the link {links['video']}" if "video" in links else "left out: no channel hosts it"
        yield Adaptation(code="video.link", message=f"the video is {where}")
    if mode is Mode.UPLOAD and (said.text or said.body):
        yield Adaptation(code="text.left_out", message="the photos alone are uploaded", routine=True)


def _conflict_of_interest(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if not settings.is_wikipedia or settings.resolved_mode is not Mode.EDIT:
        return
    if not settings.no_conflict_of_interest and not has_namespace(post.title):
        yield Problem(
            code="mediawiki.conflict_of_interest",
            path="page",
            message=f"{post.title} is an article of Wikipedia, which nobody edits on behalf of its subject (WP:COI, WP:PAID)",
            fix='set mode = "propose"; only who has no tie to the subject and is not paid sets no_conflict_of_interest = true',
        )


def _no_announcements(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if settings.is_wikipedia:
        yield Problem(
            code="mediawiki.announcement",
            severity=Severity.WARNING,
            path="body",
            message="announcements have no place on Wikipedia; corrections of facts with independent sources have",
            fix="send news to other channels, and here only what an encyclopedia lacks or has wrong",
        )


def _something_to_upload(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if settings.resolved_mode is Mode.UPLOAD and not post.photos:
        message, fix = "mode upload uploads photos, and there are none", "give it photos, or leave this channel out with skip"
        yield Problem(code="mediawiki.no_photos", path="photos", message=message, fix=fix)


def _complete_proposal(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if settings.resolved_mode is not Mode.PROPOSE:
        return
    if not post.parts:
        fix = "give it a title (the heading), a body (the exact text) and a text (the reason)"
        yield Problem(code="mediawiki.proposal", path="body", message="the proposal is not complete", fix=fix)
    elif not template_of(post.parts[0]):
        fix = "begin it with the template that this wiki has for requests"
        yield Problem(code="mediawiki.template", path="template", message="nobody would be told of the request", fix=fix)
    elif "://" not in post.parts[0]:
        yield Problem(
            code="mediawiki.sources",
            severity=Severity.WARNING,
            path="link",
            message="the proposal names no source; requests without independent sources are declined",
            fix="give a link, or references in the body",
        )


def _page_name(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if settings.resolved_mode is Mode.UPLOAD:
        return
    found = ILLEGAL_IN_TITLES.search(post.title)
    if "{date}" in post.title:
        message, fix = "the page's name has a {date}", "give the announcement an embargo or a live event with starts_at"
    elif found or not post.title.strip():
        message, fix = f"a page cannot be called {post.title!r}", "choose a name without # < > [ ] | { } _"
    elif len(post.title.encode()) > _LONGEST_TITLE_BYTES:
        message, fix = f"the page's name is longer than {_LONGEST_TITLE_BYTES} bytes", "shorten the title, or set page"
    else:
        return
    yield Problem(code="mediawiki.page", path="page", message=message, fix=fix)


def _whole_section(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    if not settings.writes_section or not post.parts:
        return
    heading, content = split_heading(post.parts[0])
    section = section_of(post.parts[0], heading)
    if section is None or section.content != content.strip():
        fix = "use headings of level 3 (=== ... ===) and deeper inside it"
        yield Problem(code="mediawiki.section", path="body", message="a heading in the text would end its own section", fix=fix)


def _free_files(post: Post, settings: MediawikiSettings) -> Iterator[Problem]:
    """Commons takes what anyone may use for anything, and wants to know from whom (Commons:Licensing)."""
    if not settings.is_commons or not post.photos:
        return
    for index, photo in enumerate(post.photos):
        licence, where = photo.licence or post.licence, f"photos[{index}]"
        if licence not in FREE_LICENCES:
            message = f"{photo.name} is under {licence or 'no licence'}; Commons takes free ones, never BY-NC or BY-ND"
            fix = f"one of {', '.join(FREE_LICENCES)}, if the rights holder agrees"
            yield Problem(code="mediawiki.licence", path=f"{where}.licence", message=message, fix=fix)
        if not (photo.credit or post.credit):
            fix = "give the photographer as credit"
            yield Problem(code="mediawiki.author", path=f"{where}.credit", message=f"{photo.name} names no author", fix=fix)
    if not settings.source and not post.link:
        fix = "set source, to {{own}} if you took the photos, or give the announcement a link to where they are"
        yield Problem(code="mediawiki.source", path="source", message="it does not say where the photos come from", fix=fix)
    if settings.source != "{{own}}" and not settings.permission:
        yield Problem(
            code="mediawiki.permission",
            severity=Severity.WARNING,
            path="permission",
            message="photos that are not the uploader's own are deleted after a month without the rights holder's permission",
            fix='have it sent to permissions-commons@wikimedia.org and set permission = "{{subst:PP}}"',
        )


_RULES: tuple[Callable[[Post, MediawikiSettings], Iterator[Problem]], ...] = (
    _conflict_of_interest,
    _no_announcements,
    _something_to_upload,
    _complete_proposal,
    _page_name,
    _whole_section,
    _free_files,
)
