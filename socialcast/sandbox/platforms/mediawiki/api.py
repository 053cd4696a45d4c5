"""The envelope of the action API: parameters, warnings, errors in both formats, both format versions."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import FileStorage

from socialcast.sandbox.mirror import Request, Response, Verified
from socialcast.sandbox.platforms.mediawiki.state import Session, User, Wiki, iso

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.mediawiki.mirror import MediawikiMirror

__all__ = ["ERRORS", "MAIN_PARAMETERS", "ApiError", "Call", "Module", "answer", "words"]


def words(text: str) -> frozenset[str]:
    """The words of a text, for tables of parameter names."""
    return frozenset(text.split())


MAIN_PARAMETERS = words(
    "action format formatversion errorformat errorlang errorsuselocal utf8 ascii maxlag smaxage maxage assert assertuser "
    "requestid servedby curtimestamp uselang"
)
ERRORS: Mapping[str, str] = {
    "abusefilter-disallowed": "This action was identified as harmful by a filter and is not allowed.",
    "alreadyrolled": "The last edit of {} by {} cannot be taken back; {} has edited it since.",
    "articleexists": "There is a page of this title already.",
    "assertbotfailed": "The assertion failed: this user has no bot right.",
    "assertnameduserfailed": 'The assertion failed: this session is not that of "{}".',
    "assertuserfailed": "The assertion failed: this session is not signed in.",
    "assertanonfailed": "The assertion failed: this session is signed in.",
    "badinteger": 'Parameter "{1}" is not an integer: "{0}".',
    "badmd5": "The MD5 hash does not fit the text.",
    "badtags": 'The tag "{}" cannot be applied by hand.',
    "badtimestamp": 'Parameter "{1}" is not a time: "{0}".',
    "badtoken": "Invalid CSRF token.",
    "badvalue": 'Unrecognized value for parameter "{}": {}.',
    "blocked": "You have been blocked from editing.",
    "chunk-too-small": "A chunk that is not the last has at least 1,024 bytes.",
    "contenttoobig": "The text is longer than {} KiB.",
    "copyuploaddisabled": "Upload by URL is disabled.",
    "editconflict": "Edit conflict.",
    "empty-file": "The file is empty.",
    "file-too-large": "The file is larger than {} bytes.",
    "filekeyneeded": 'A non-zero "offset" needs a "filekey".',
    "filename-toolong": "A file name has at most 240 bytes.",
    "filename-tooshort": "The file name is too short.",
    "filetype-banned": '".{}" is not a permitted file type.',
    "illegal-filename": "The file name is not allowed.",
    "internal_api_error_UploadStashWrongOwnerException": "Caught exception of type UploadStashWrongOwnerException",
    "invalid-chunk": "Offset and chunk together exceed the claimed file size.",
    "invalid-file-key": "Not a valid file key.",
    "invalidparammix": 'The parameters "{}" and "{}" exclude each other.',
    "invalidsection": 'Parameter "section" is neither a number nor "new".',
    "invalidsha1hash": "Not a SHA-1 hash.",
    "invalidtitle": 'Bad title "{}".',
    "maxlag": "Waiting for a database server: {} seconds lagged.",
    "missingparam": "Required parameter: {}.",
    "missingresult": "No result in status data.",
    "missingtitle": "There is no page of this title.",
    "multisource": 'The "{}" and "{}" parameters exclude each other.',
    "mustbeloggedin": "Sign in to upload.",
    "mustbeposted": 'The "{}" module requires a POST request.',
    "mustpostparams": "In the query string, but must be in the POST body: {}.",
    "mwoauth-invalid-authorization": "The authorization headers in your request are not valid.",
    "nofilename": "Required parameter: filename.",
    "nosuchrevid": "There is no revision with ID {}.",
    "nosuchsection": "There is no section {}.",
    "onlyauthor": "Nobody but this user has edited the page.",
    "pagecannotexist": "This namespace has no pages of its own.",
    "pagedeleted": "The page has been deleted since you began.",
    "permissiondenied": "This user has no right to {}.",
    "protectedpage": "This page is protected.",
    "ratelimited": "Too many of these in a short time; wait a little.",
    "rvmultpages": "Parameters such as rvlimit are for a single page.",
    "stashfailed": "{}",
    "toomanyvalues": 'Too many values for parameter "{}": the limit is {}.',
    "undofailure": "The edit could not be undone because of later edits.",
    "uploadstash-file-not-found": 'Key "{}" not found in stash.',
    "uploadstash-wrong-owner": "This file ({}) belongs to another user.",
    "verification-error": "The file is not what its name says: {} named .{}.",
}
_HELP = "See https://{}{}/api.php for API usage."
_PARTS = ("file", "chunk")  # these count only as parts of a multipart body
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TIMES = ("%Y-%m-%dT%H:%M:%SZ", "%Y%m%d%H%M%S")


class ApiError(Exception):
    """An error as the API reports it: its code, and what clients get besides the text."""

    def __init__(self, code: str, *arguments: object, headers: Mapping[str, str] | None = None, **data: object) -> None:
        super().__init__(ERRORS[code].format(*arguments))
        self.code = code
        self.data = data
        self.headers = headers or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that the server did differently from what was asked."""

    code: str
    text: str
    module: str


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to one module of the API, with its parameters as text in normal form."""

    mirror: MediawikiMirror
    wiki: Wiki
    session: Session
    user: User
    module: str
    raw: Mapping[str, str]
    in_url: frozenset[str]
    files: Mapping[str, FileStorage]
    now: float
    warnings: list[Note] = field(default_factory=list)
    known: set[str] = field(default_factory=lambda: set(MAIN_PARAMETERS))
    keep_session: bool = False  # a session is stored, and its cookie sent, once something depends on it

    def warn(self, code: str, text: str, module: str | None = None) -> None:
        """Tell the client what was done differently."""
        self.warnings.append(Note(code=code, text=text, module=module or self.module))

    def text(self, name: str, default: str = "") -> str:
        """A parameter as NFC text without control characters."""
        value = self.raw.get(name, default)
        clean = _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", value))
        if clean != value:
            self.warn("badutf8", f'The value passed for "{name}" contains invalid or non-normalized data.')
        return clean

    def has(self, name: str) -> bool:
        """Whether the parameter was sent; a Boolean one is true when it was, whatever its value."""
        return name in self.raw

    def integer(self, name: str) -> int | None:
        """A whole number, or None when it was not sent."""
        if not (value := self.raw.get(name, "")):
            return None
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise ApiError("badinteger", value, name)
        return int(value)

    def timestamp(self, name: str) -> int | None:
        """A time in Unix seconds, or None when it was not sent."""
        if not (value := self.raw.get(name, "")):
            return None
        if value == "now":
            return int(self.now)
        for form in _TIMES:
            try:
                return int(datetime.strptime(value, form).replace(tzinfo=UTC).timestamp())
            except ValueError:
                continue
        raise ApiError("badtimestamp", value, name)

    def values(self, name: str, default: str = "", limit: int = 50, known: Sequence[str] | None = None) -> list[str]:
        """The values between the bars, each once; those that are not known are left out with a warning."""
        given = list(dict.fromkeys(value for value in self.text(name, default).split("|") if value))
        if len(given) > limit:
            raise ApiError("toomanyvalues", name, limit, limit=limit)
        strange = [value for value in given if known is not None and value not in known]
        if strange:
            self.warn("unrecognizedvalues", f'Unrecognized values for parameter "{name}": {", ".join(strange)}')
        return [value for value in given if value not in strange]

    def require_one(self, *names: str) -> str:
        """The one of these parameters that was sent, when exactly one must be."""
        given = [name for name in names if name in (self.files if name in _PARTS else self.raw)]
        if not given:
            raise ApiError("missingparam", " or ".join(names))
        if len(given) > 1:
            raise ApiError("invalidparammix", *given[:2])
        return given[0]

    def message(self, code: str, text: str) -> object:
        """A message inside an answer, in the error format that was asked for."""
        return {"code": code, "text": text} if self.is_plain else text

    @property
    def is_plain(self) -> bool:
        """Whether errors go into a list of messages; the other format is that of before 2016."""
        return self.raw.get("errorformat", "bc") == "plaintext"

    @property
    def is_modern(self) -> bool:
        """Whether the answer is in format version 2."""
        return self.raw.get("formatversion", "1") in ("2", "latest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One `action`: what it takes, which token it wants, and where it was read or tried."""

    name: str
    run: Callable[[Call], Mapping[str, Any]]
    parameters: frozenset[str]
    source: str
    token: str = ""
    post_only: bool = False
    secrets: frozenset[str] = frozenset({"token"})  # what must not stand in an address
    verified: Verified = Verified.DOCUMENTATION


def answer(call: Call, request: Request, module: Module | None, checks: Sequence[Callable[[Call], None]]) -> Response:
    """The module's answer, or the error in place of it, as an HTTP response."""
    error, result = None, {}
    try:
        _check_format(call)
        for check in checks:
            check(call)
        result = dict(_run(call, request, module))
    except ApiError as caught:
        error = caught
    body = _envelope(call, result, error)
    response = Response(json.dumps(body if call.is_modern else _version_1(body), ensure_ascii=not call.is_modern))
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    if error:
        response.headers.update({"MediaWiki-API-Error": error.code, **error.headers})
    return response


def _check_format(call: Call) -> None:
    if call.raw.get("format", "json") != "json":
        raise ApiError("badvalue", "format", call.raw["format"])
    if call.raw.get("formatversion", "1") not in ("1", "2", "latest"):
        raise ApiError("badvalue", "formatversion", call.raw["formatversion"])
    if call.raw.get("errorformat", "bc") not in ("bc", "plaintext"):
        raise ApiError("badvalue", "errorformat", call.raw["errorformat"])


def _run(call: Call, request: Request, module: Module | None) -> Mapping[str, Any]:
    if module is None:
        call.module = "main"
        raise ApiError("badvalue", "action", call.raw.get("action", ""))
    if exposed := sorted(call.in_url & module.secrets):
        raise ApiError("mustpostparams", ", ".join(exposed))
    if module.token and not call.has("token"):
        raise ApiError("missingparam", "token")
    if module.post_only and request.method != "POST":
        raise ApiError("mustbeposted", module.name)
    if module.token and call.raw["token"] != call.session.token(module.token):
        raise ApiError("badtoken")
    call.known |= module.parameters
    result = module.run(call)
    if strange := [name for name in (*call.raw, *call.files) if name not in call.known]:
        call.warn("unrecognizedparams", f"Unrecognized parameter{'s' * (len(strange) > 1)}: {', '.join(strange)}.", "main")
    return result


def _envelope(call: Call, result: Mapping[str, Any], error: ApiError | None) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if call.warnings:
        body["warnings"] = _plain_warnings(call) if call.is_plain else _old_warnings(call)
    if call.has("curtimestamp"):
        body["curtimestamp"] = iso(call.now)
    if call.has("requestid"):
        body["requestid"] = call.raw["requestid"]
    if error is None:
        return {**body, **result}
    internal = error.code.startswith("internal_api_error")  # an exception of the server belongs to no module
    docref = {} if internal else {"docref": _HELP.format(call.wiki.host, call.wiki.script_path)}
    if not call.is_plain:
        return body | {"error": {"code": error.code, "info": str(error), **error.data, **docref}}
    data = {"data": error.data} if error.data else {}
    module = {} if internal else {"module": call.module}
    return body | {"errors": [{"code": error.code, "text": str(error), **data, **module}], **docref}


def _plain_warnings(call: Call) -> list[dict[str, str]]:
    return [{"code": warning.code, "text": warning.text, "module": warning.module} for warning in call.warnings]


def _old_warnings(call: Call) -> dict[str, dict[str, str]]:
    modules = dict.fromkeys(warning.module for warning in call.warnings)
    return {
        module: {"warnings": "\n".join(warning.text for warning in call.warnings if warning.module == module)}
        for module in modules
    }


def _version_1(value: Any, inside: str = "") -> Any:
    """The same in format version 1: true is an empty string, false is absent, pages are keyed by id, main text is "*"."""
    if value is True:
        return ""
    if inside == "pages" and isinstance(value, list):
        keyed = enumerate(value, 1)
        return {str(page.get("pageid", -number)): _version_1(page) for number, page in keyed}
    if isinstance(value, list):
        return [_version_1(item, inside) for item in value]
    if not isinstance(value, dict):
        return value
    return {_old_name(name, item, inside): _version_1(item, name) for name, item in value.items() if item is not False}


# Which text of which container has no name in format version 1. Namespaces are one level deeper, under their numbers.
_UNNAMED = {
    ("errors", "text"),
    ("reason", "text"),
    ("revisions", "content"),
    ("main", "content"),
    ("", "docref"),
    ("error", "docref"),
}


def _old_name(name: str, item: Any, inside: str) -> str:
    if (inside, name) in _UNNAMED and isinstance(item, str):
        return "*"
    if name == "warnings" and isinstance(item, str):
        return "*"
    return "*" if name == "name" and inside.lstrip("-").isdigit() else name
