"""Pages and their tokens: permissions, versions, usage headers, the proof of the app's secret (Graph API docs, 2026-11-22)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.facebook.refusals import RefusalError, denied
from socialcast.sandbox.platforms.facebook.tables import OLDEST_VERSION, PERMISSIONS, VERSIONS

__all__ = ["Access", "Page", "answer", "operation", "parameters", "require"]

_THROTTLED_PERCENT = 100


@dataclass(slots=True, kw_only=True, eq=False)
class Page:
    """One Page, what its token may do and how much of its calls are used up."""

    id: str
    name: str
    account: Account
    scopes: frozenset[str]
    followers: int = 1_000
    page_age_days: int = 400
    require_appsecret_proof: bool = False
    usage_percent: int = 1
    revoked: bool = False

    @property
    def url(self) -> str:
        """Where visitors see it."""
        return f"https://www.facebook.com/{self.id}"


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer as the API gives it."""
    return Response(json.dumps(body), status, mimetype="application/json")


def parameters(request: Request) -> dict[str, Any]:
    """What was sent, in whichever of the three encodings; JSON inside a form field is left as it is."""
    told: dict[str, Any] = dict(request.args.items())
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data() or b"{}")
        except ValueError:
            raise RefusalError(100, "(#100) The JSON body cannot be parsed") from None
        return told | (body if isinstance(body, dict) else {})
    return told | dict(request.form.items())


def require(page: Page, *needed: str) -> None:
    """Raise RefusalError for the first permission that the token does not have."""
    for permission in needed:
        if permission not in page.scopes:
            raise denied(permission)


def operation(*needed: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A handler that is called with the Page and the parameters, once the token allows it."""

    def guard(handler: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(handler)
        def guarded(self: Access, request: Request, version: str, **names: str) -> Response:
            try:
                told = parameters(request)
                page = self.authorized(request, told)
                require(page, *needed)
                response = self.usage(page, handler(self, page, request, told, **names))
            except RefusalError as refusal:
                response = refusal.response()
            response.headers["facebook-api-version"] = version if version in VERSIONS else OLDEST_VERSION
            return response

        return guarded

    return guard


class Access(Mirror):
    """The part of the mirror that knows Pages and tokens."""

    def reset(self) -> None:
        """Forget all Pages."""
        super().reset()
        self.pages: dict[str, Page] = {}

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A Page and its token; `wishes` are the fields of Page, and `scopes` as words."""
        scopes = frozenset(wishes.pop("scopes", " ".join(PERMISSIONS)).split())
        id = self.ids.digits(15)
        credentials = {
            "page_id": id,
            "access_token": f"sandbox-page-token-of-{name}",
            "app_secret": f"sandbox-app-secret-of-{name}",
        }
        account = Account(id=id, name=name, credentials=credentials)
        self.pages[id] = Page(id=id, name=name, account=account, scopes=scopes, **wishes)
        return account

    def expire_credentials(self, name: str) -> None:
        """The person behind the token changed the password."""
        self.pages[self.accounts[name].id].revoked = True

    def renew_credentials(self, name: str) -> None:
        """The person signed in again."""
        self.pages[self.accounts[name].id].revoked = False

    def authorized(self, request: Request, told: dict[str, Any]) -> Page:
        """The Page whose token was sent. Raises RefusalError."""
        kind, _, sent = request.headers.get("Authorization", "").partition(" ")
        token = told.pop("access_token", None) or (sent if kind.lower() in ("bearer", "oauth") else "")
        proof = told.pop("appsecret_proof", None)
        page = next((page for page in self.pages.values() if page.account.credentials["access_token"] == token), None)
        if page is None:
            raise RefusalError(190, "Invalid OAuth access token - Cannot parse access token", 467, status=401)
        if page.revoked:
            message = "Error validating access token: The session has been invalidated because the user changed their password."
            raise RefusalError(190, message, 460, status=401)
        expected = hmac.new(page.account.credentials["app_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        if (proof is None and page.require_appsecret_proof) or proof not in (None, expected):
            raise RefusalError(100, "API calls from the server require an appsecret_proof argument")
        if page.usage_percent >= _THROTTLED_PERCENT:
            raise RefusalError(32, "(#32) Page request limit reached", status=403)
        return page

    def usage(self, page: Page, response: Response) -> Response:
        """The answer with how much of the hour is used up."""
        percent = page.usage_percent
        told = json.dumps({"call_count": percent, "total_time": percent, "total_cputime": percent})
        response.headers["X-App-Usage"] = response.headers["X-Page-Usage"] = told
        return response
