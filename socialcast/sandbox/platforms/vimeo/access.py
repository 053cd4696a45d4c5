"""Accounts, their tokens, scopes and plans, and how many calls a minute they have (authentication and rate pages, 2026-11-22)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.vimeo.refusals import RefusalError, no_scope
from socialcast.sandbox.platforms.vimeo.tables import LIMITS, SCOPES

__all__ = ["Access", "User", "answer", "chosen", "json_body", "operation", "page_of", "stamp"]

_ACCEPTED = "application/vnd.vimeo."
_MINUTE = 60


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """One account, what its token may do and what its plan has."""

    id: str
    name: str
    account: Account
    scopes: frozenset[str]
    plan: str = "enterprise"  # "free" has no unlisted videos; live events are for "enterprise"
    free_bytes: int = 500_000_000_000
    revoked: bool = False
    calls: dict[int, int] = field(default_factory=dict)  # by the minute

    @property
    def url(self) -> str:
        """Where visitors see it."""
        return f"https://vimeo.com/user{self.id}"


def answer(body: Any = None, status: int = 200) -> Response:
    """A JSON answer as the API gives it; none for 204."""
    return Response("" if body is None else json.dumps(body), status, mimetype="application/vnd.vimeo.video+json")


def stamp(at: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def json_body(request: Request) -> Any:
    """What was sent. Raises RefusalError for what is no JSON."""
    try:
        return json.loads(request.get_data() or b"{}")
    except ValueError:
        raise RefusalError(400, 2205, "The request body is malformed.") from None


def chosen(resource: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """The fields that were asked for, "upload.status" among them; all without a wish."""
    if not fields:
        return resource
    told: dict[str, Any] = {}
    for field_name in fields.split(","):
        head, _, rest = field_name.partition(".")
        if head in resource:
            value = resource[head]
            is_part = bool(rest) and isinstance(value, dict)
            told[head] = _joined(told.get(head, {}), chosen(value, rest)) if is_part else value
    return told


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts of the same object together."""
    both = one.keys() & other.keys()
    deeper = {name: _joined(one[name], other[name]) for name in both if isinstance(one[name], dict)}
    return {**one, **other, **deeper}


def page_of(
    found: Sequence[Any], request: Request, resource: Callable[[Any], dict[str, Any]] = lambda one: one
) -> dict[str, Any]:
    """One page of a list; `resource` makes what is on it. Raises RefusalError for a page that is too large."""
    size, page = int(request.args.get("per_page", LIMITS.per_page)), int(request.args.get("page", 1))
    if not 1 <= size <= LIMITS.largest_page:
        raise RefusalError(400, 2204, "Something strange occurred. Please check your parameters.", ("per_page",))
    start, fields = (page - 1) * size, request.args.get("fields")
    following = f"{request.path}?{urlencode({**request.args, 'page': page + 1})}" if start + size < len(found) else None
    data = [chosen(resource(one), fields) for one in found[start : start + size]]
    return {"total": len(found), "page": page, "per_page": size, "paging": {"next": following}, "data": data}


def operation(*needed: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A handler that is called with the account, once its token allows it; every answer tells the rate."""

    def guard(handler: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(handler)
        def guarded(self: Access, request: Request, **names: str) -> Response:
            try:
                user = self.authorized(request)
                left = self.count(user)
                for scope in needed:
                    if scope not in user.scopes:
                        raise no_scope(scope)
                response = handler(self, user, request, **names)
                response.headers["X-RateLimit-Remaining"] = str(left)
            except RefusalError as refusal:
                response = refusal.response()
            response.headers["X-RateLimit-Limit"] = str(LIMITS.calls_a_minute)
            response.headers["X-RateLimit-Reset"] = stamp((self.clock.now() // _MINUTE + 1) * _MINUTE)
            return response

        return guarded

    return guard


class Access(Mirror):
    """The part of the mirror that knows accounts and tokens."""

    def reset(self) -> None:
        """Forget all accounts."""
        super().reset()
        self.users: dict[str, User] = {}

    def open_account(self, name: str, **wishes: Any) -> Account:
        """An account and its personal token; `wishes` are the fields of User, and `scopes` as words."""
        scopes = frozenset(wishes.pop("scopes", " ".join(SCOPES)).split())
        id = self.ids.digits(9)
        account = Account(id=id, name=name, credentials={"access_token": f"sandbox-vimeo-token-of-{name}"})
        self.users[id] = User(id=id, name=name, account=account, scopes=scopes, **wishes)
        return account

    def expire_credentials(self, name: str) -> None:
        """The token was revoked."""
        self.users[self.accounts[name].id].revoked = True

    def renew_credentials(self, name: str) -> None:
        """The token works again."""
        self.users[self.accounts[name].id].revoked = False

    def authorized(self, request: Request) -> User:
        """The account whose token was sent. Raises RefusalError."""
        if not request.headers.get("Accept", "").startswith(_ACCEPTED):
            raise RefusalError(400, 2204, "The Accept header names no version of the API.", ("Accept",))
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        for user in self.users.values():
            if kind.lower() == "bearer" and user.account.credentials["access_token"] == token and not user.revoked:
                return user
        raise RefusalError(401, 8003, "The app didn't receive the user's credentials.")

    def count(self, user: User) -> int:
        """How many calls the minute still has. Raises RefusalError where it has none."""
        minute = int(self.clock.now() // _MINUTE)
        user.calls = {minute: user.calls.get(minute, 0) + 1}
        if user.calls[minute] > LIMITS.calls_a_minute:
            raise RefusalError(429, 9000, "Too many API requests. Wait an hour or so, then try again.")
        return LIMITS.calls_a_minute - user.calls[minute]

    @operation()
    def verify_token(self, user: User, request: Request) -> Response:
        """GET /oauth/verify."""
        told = {"scope": " ".join(sorted(user.scopes)), "user": {"uri": f"/users/{user.id}", "name": user.name}}
        return answer(chosen(told, request.args.get("fields")))

    @operation()
    def read_me(self, user: User, request: Request) -> Response:
        """GET /me."""
        space = {"free": user.free_bytes, "max": user.free_bytes, "used": 0}
        told = {
            "uri": f"/users/{user.id}",
            "name": user.name,
            "link": user.url,
            "account": user.plan,
            "upload_quota": {"space": space},
        }
        return answer(chosen(told, request.args.get("fields")))
