"""What MediaWiki carries and lets be changed, and the rights that it takes."""

from __future__ import annotations

from datetime import date

import msgspec

from socialcast.model.capabilities import (
    AltText,
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    PhotoRules,
    Recovery,
    ReplyRules,
    TagRules,
    TextRules,
    Unit,
)

__all__ = ["CAPABILITIES", "OF_REQUESTS", "PHOTOS", "RIGHTS"]

PHOTOS = PhotoRules(
    types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}), max_bytes=100 << 20, alt_text=AltText()
)
RIGHTS = frozenset({"edit", "createpage", "upload", "reupload", "delete", "bot"})
CAPABILITIES = Capabilities(
    documented="MediaWiki action API (API:Edit, API:Upload) and siteinfo, MediaWiki 1.46",
    checked=date(2026, 11, 22),
    text=TextRules(max_length=2 << 20, unit=Unit.UTF8_BYTE, titled=True, max_title_length=255),
    photos=PHOTOS,
    link=LinkRules(clickable=True),
    tags=TagRules(),
    # A replica may lag until `maxlag` refuses, five seconds by default; on a small wiki the first look is already true.
    recovery=Recovery(
        marker="a hash in the edit summary; a file's SHA-1",
        settle_seconds=(0.0, 5.0),
        lost_ledger="the edit, among the last 500 of the account or of the page; files, however old. Photos are put into the"
        " stash again, unseen",
        unknown="an edit that is in neither list where both are longer than 500",
    ),
    edits=EditRules(
        aspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.TAGS, Aspect.ALT_TEXT, Aspect.LICENCE}), history_public=True
    ),
    answer=True,
    replies=ReplyRules(outlive=True),
    inspects=frozenset({Aspect.TEXT, Aspect.TITLE, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT, Aspect.LICENCE}),
    notes={
        "text.max_length": "$wgMaxArticleSize, 2 MiB unless the wiki changed it",
        "photos.max_bytes": "the wiki's own maxuploadsize, which the account check reads",
        "edits.aspects": "where nobody else has changed it; nothing of a request on a talk page",
        "photos.alt_text": "belongs to each use on a page; a file's own page has it in its description",
    },
)

OF_REQUESTS = msgspec.structs.replace(
    CAPABILITIES,
    edits=None,
    notes={**CAPABILITIES.notes, "edits": "a request is not changed under the eyes of those who weigh it; a reply corrects it"},
)
