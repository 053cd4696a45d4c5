"""What MediaWiki's answers mean; most errors come with HTTP 200 and a code in the body."""

from __future__ import annotations

from typing import Any

from socialcast.delivery.fate import Answer
from socialcast.model.errors import (
    Conflict,
    CredentialsExpired,
    DuplicatePost,
    ErrorRule,
    NotAllowed,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.wire.transport import Exchange

__all__ = ["ERRORS", "SESSION_LOST", "STASH_LOST", "read_answer"]

SESSION_LOST = ("badtoken", "notoken", "assertuserfailed", "assertnameduserfailed")
# The first two are what MediaWiki 1.39 answers, the others are named in the documentation.
STASH_LOST = ("uploadstash-file-not-found", "invalid-file-key", "stashfilenotfound", "stashnosuchfilekey", "stashnotloggedin")

_FAMILIES = ("internal_api_error", "abusefilter", "globalblocking", "fileexists", "mwoauth", "spam", "titleblacklist")
_BLOCKED = "a person has to talk to the wiki's administrators; do not try again"
_LOOK = "the wiki failed halfway; look at the page, then run it again"
_CREDENTIALS = "make a new bot password at Special:BotPasswords, or a new owner-only token"

# API:Errors and includes/api/i18n of MediaWiki 1.46, read 2026-11-22; the beginning of a code stands for its family.
ERRORS = (
    ErrorRule(status=401, raises=CredentialsExpired, hint=_CREDENTIALS),
    ErrorRule(status=429, raises=RateLimited, hint="set a contact, and sign in: limits are higher then"),
    ErrorRule(code="login", words="too many", raises=RateLimited, hint="wait five minutes"),
    ErrorRule(code="login", raises=CredentialsExpired, hint=_CREDENTIALS),
    ErrorRule(code="mwoauth", raises=CredentialsExpired, hint=_CREDENTIALS),
    ErrorRule(code="readapidenied", raises=NotAllowed, hint="the wiki is private: give the bot password the basic rights"),
    *(ErrorRule(code=code, raises=TransientError, hint="the wiki forgot the session") for code in SESSION_LOST),
    ErrorRule(code="assertbotfailed", raises=NotAllowed, hint="the account has no bot right: set bot = false"),
    ErrorRule(code="ratelimited", raises=RateLimited, hint="wait a minute"),
    ErrorRule(code="maxlag", raises=TransientError, hint="the wiki is busy; run it again later"),
    ErrorRule(code="readonly", raises=TransientError, hint="the wiki is under maintenance; run it again later"),
    # It may be our own edit whose answer was lost, so it is looked for before it is done again.
    ErrorRule(code="editconflict", raises=TransientError, fate="unknown", hint="somebody is editing the page; run it again"),
    ErrorRule(code="articleexists", raises=Conflict, fate="unknown", hint="somebody made the page meanwhile"),
    ErrorRule(code="hookaborted", raises=TransientError, fate="unknown", hint=_LOOK),
    ErrorRule(code="unknownerror", raises=TransientError, fate="unknown", hint=_LOOK),
    ErrorRule(code="internal_api_error", raises=TransientError, fate="unknown", hint=_LOOK),
    ErrorRule(code="badmd5", raises=TransientError, hint="the text was damaged on its way"),
    ErrorRule(code="missingtitle", raises=Conflict, hint="the page was deleted"),
    ErrorRule(code="pagedeleted", raises=Conflict, hint="the page was deleted meanwhile; ask the one who did"),
    ErrorRule(code="nosuchsection", raises=Conflict, hint="the section was removed"),
    ErrorRule(code="undofailure", raises=Conflict, hint="it was edited since; undo it by hand"),
    ErrorRule(code="nosuchrevid", raises=Conflict, hint="the revision is gone"),
    ErrorRule(code="invalidtitle", raises=TerminalError, hint="choose another name for the page"),
    ErrorRule(code="contenttoobig", raises=TerminalError, hint="shorten the text, or use a page for each announcement"),
    ErrorRule(code="blocked", raises=NotAllowed, hint=_BLOCKED),
    ErrorRule(code="autoblocked", raises=NotAllowed, hint=_BLOCKED),
    ErrorRule(code="globalblocking", raises=NotAllowed, hint=_BLOCKED),
    ErrorRule(code="permissiondenied", raises=NotAllowed, hint="give the account, and the bot password, the right to"),
    ErrorRule(code="protectedpage", raises=NotAllowed, hint="the page is protected: ask for the edit on its talk page"),
    ErrorRule(code="cascadeprotected", raises=NotAllowed, hint="the page is protected: ask for the edit on its talk page"),
    ErrorRule(code="titleblacklist", raises=NotAllowed, hint="the wiki forbids this name"),
    ErrorRule(code="abusefilter", raises=NotAllowed, hint="a filter of the wiki objects; a person must read why, not repeat it"),
    ErrorRule(code="spam", raises=NotAllowed, hint="the wiki forbids one of the links"),
    ErrorRule(
        code="captcha", raises=NotAllowed, hint="the wiki wants a person to solve a captcha; ask for the skipcaptcha right"
    ),
    ErrorRule(code="stashfailed", raises=TransientError, hint="the upload goes on where the wiki stands"),
    # The stash is empty after its six hours, and after a publication whose answer was lost.
    *(ErrorRule(code=code, raises=TransientError, fate="unknown", hint="the upload begins anew") for code in STASH_LOST),
    ErrorRule(code="fileexists", raises=DuplicatePost, hint="the name is taken by another file: change the caption"),
    ErrorRule(code="verification-error", raises=TerminalError, hint="the wiki does not take this type of file"),
    ErrorRule(code="filetype-banned", raises=TerminalError, hint="the wiki does not take this type of file"),
    ErrorRule(code="file-too-large", raises=TerminalError, hint="give a smaller file"),
    ErrorRule(code="empty-file", raises=TerminalError, hint="give a sound file"),
    ErrorRule(code="uploaddisabled", raises=NotAllowed, hint="set upload_photos = false"),
)


def read_answer(exchange: Exchange) -> Answer:
    """Code and words of an error in any of the shapes that MediaWiki has; empty where there is none."""
    body = exchange.json()
    if not isinstance(body, dict):
        return Answer(code=_family(exchange.headers.get("mediawiki-api-error", "")))
    error = next(iter(body.get("errors") or ()), None) or body.get("error")
    if isinstance(error, dict):
        code, words = str(error.get("code", "")), str(error.get("info") or error.get("text") or "")
        return Answer(_family(code), words if _family(code) == code else f"{words} [{code}]")
    return _login_failure(body) or _edit_failure(body) or Answer()


def _login_failure(body: dict[str, Any]) -> Answer | None:
    login = body.get("login") or {}
    if login.get("result", "Success") in ("Success", "NeedToken"):
        return None
    return Answer("login", str(login.get("reason") or f"login: {login['result']}"))


def _edit_failure(body: dict[str, Any]) -> Answer | None:
    edit = body.get("edit") or {}
    if edit.get("result") != "Failure":
        return None
    code = "captcha" if "captcha" in edit else _family(str(edit.get("code", "failure")))
    return Answer(code, str(edit.get("info") or edit.get("warning") or "the wiki did not save the edit"))


def _family(code: str) -> str:
    return next((family for family in _FAMILIES if code.startswith(family)), code)
