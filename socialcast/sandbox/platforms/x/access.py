"""Who may call X, how often, and who pays: OAuth 1.0a, OAuth 2 with rotation, rate windows, credits (X API docs, 2026-08-22)."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from werkzeug.datastructures import Headers

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.oauth1 import OAuthError, Signatures
from socialcast.sandbox.platforms.x.problems import (
    CREDITS_DEPLETED,
    FORBIDDEN,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    RefusalError,
    oauth2_error,
)
from socialcast.sandbox.platforms.x.tables import ALL_SCOPES, LIMITS, OPERATIONS

__all__ = ["Access", "User", "answer", "operation"]

EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The kinds of account that X knows: how it signs in, what it has paid for, and what its app may do."""

    auth: str = "oauth1"
    premium: bool = False
    app_owner: bool = True  # owns the developer app, which makes reads of its own posts cheaper
    credits_usd: float = 1000
    scopes: str = " ".join(sorted(ALL_SCOPES))
    confidential: bool = False  # an OAuth 2 app with a secret, which must identify itself with HTTP Basic

    def __post_init__(self) -> None:
        if self.auth not in ("oauth1", "oauth2"):
            raise ValueError(f"auth is oauth1 or oauth2, not {self.auth!r}")


@dataclass(slots=True)
class Window:
    """The calls of one kind that one user has made in the current rate window."""

    limit: int
    resets_at: int
    used: int = 0

    def use(self) -> bool:
        """Count one call and say whether it was still allowed."""
        allowed = self.used < self.limit
        self.used += allowed
        return allowed

    def headers(self) -> dict[str, str]:
        """What X tells with every answer."""
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.limit - self.used),
            "x-rate-limit-reset": str(self.resets_at),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """An account on X with what its developer app has left to spend and to call."""

    id: str
    name: str
    premium: bool
    app_owner: bool
    created_at: float
    credits: Decimal
    paid_reads: set[tuple[str, str, str]] = field(default_factory=set)
    windows: dict[str, Window] = field(default_factory=dict)

    def charge(self, usd: Decimal) -> None:
        """Take the price of a call from the credits."""
        self.credits -= usd

    def charge_reads(self, kind: str, ids: Iterable[str], usd: Decimal, day: str) -> None:
        """Take the price of each resource read, once a day for each."""
        fresh = {(day, kind, id) for id in ids} - self.paid_reads
        self.paid_reads |= fresh
        self.credits -= usd * len(fresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An OAuth 2 client; without a secret it is public and names itself in the body."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a user has allowed an app, and until when one access token proves it."""

    user: User
    app: App
    scopes: frozenset[str]
    expires_at: float


Handler = TypeVar("Handler", bound=Callable[..., Response])


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer as X gives it."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def operation(handler: Handler) -> Callable[..., Response]:
    """Make a handler that takes the calling user into one that takes a request: with sign-in, rate window, scopes and credits."""
    name = handler.__name__

    @wraps(handler)
    def run(mirror: Access, request: Request, **path_names: str) -> Response:
        headers = Headers({"x-transaction-id": mirror.ids.hexadecimal(16)})
        try:
            user = mirror.admit(request, name, headers)
            response = handler(mirror, user, request, **path_names)
        except RefusalError as refusal:
            response = refusal.response()
        response.headers.extend(headers)
        return response

    return run


class Access(Mirror):
    """The part of the mirror that every call passes first."""

    def reset(self) -> None:
        """Forget all users, apps and tokens."""
        super().reset()
        self._signatures = Signatures(self.clock)
        self._consumers: dict[str, str] = {}
        self._token_secrets: dict[str, str] = {}
        self._token_users: dict[str, tuple[str, User]] = {}
        self._grants: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self.users: dict[str, User] = {}
        self._last_id = 0

    def open_account(self, name: str, **wishes: Any) -> Account:
        """An account with the credentials of one way to sign in; `Wishes` says what can be asked for."""
        wish = Wishes(**wishes)
        user = User(
            id=self.ids.digits(10),
            name=name,
            premium=wish.premium,
            app_owner=wish.app_owner,
            created_at=self.clock.now(),
            credits=Decimal(str(wish.credits_usd)),
        )
        self.users[user.id] = user
        credentials = self._open_oauth1(user) if wish.auth == "oauth1" else self._open_oauth2(user, wish)
        return Account(id=user.id, name=name, credentials=credentials)

    def expire_credentials(self, name: str) -> None:
        """End the user's access tokens: OAuth 1.0a ones for good, OAuth 2 ones until the next refresh."""
        for token in [token for token, (_, user) in self._token_users.items() if user.name == name]:
            del self._token_users[token], self._token_secrets[token]
        for token in [token for token, grant in self._grants.items() if grant.user.name == name]:
            del self._grants[token]

    def renew_credentials(self, name: str) -> None:
        """Give out the OAuth 1.0a token again; an OAuth 2 app has its refresh token for that."""
        account = self.accounts[name]
        if "consumer_key" in account.credentials:
            self._open_oauth1(self.users[account.id])

    def admit(self, request: Request, name: str, headers: Headers) -> User:
        """The user who may make this call now; `headers` learn the state of the rate window even when the call is refused."""
        user, scopes = self._authenticate(request)
        window = self._window(user, name)
        allowed = window.use()
        headers.extend(window.headers())
        if not allowed:
            raise TOO_MANY_REQUESTS.refusal()
        if not scopes >= OPERATIONS[name].scopes:
            raise FORBIDDEN.refusal()
        if user.credits <= 0:
            raise CREDITS_DEPLETED.refusal()
        return user

    def refresh_token(self, request: Request) -> Response:
        """POST /2/oauth2/token: a new pair of tokens for a refresh token, which then stops working."""
        try:
            grant = self._redeem(request)
        except RefusalError as refusal:
            return refusal.response()
        access, refresh = self._grant(grant.user, grant.app, grant.scopes)
        return answer(
            {
                "token_type": "bearer",
                "expires_in": LIMITS.access_token_seconds,
                "access_token": access,
                "scope": " ".join(sorted(grant.scopes)),
                "refresh_token": refresh,
            }
        )

    def next_id(self) -> str:
        """A fresh snowflake: the milliseconds since X's epoch, shifted to make room for a sequence."""
        self._last_id = max(self._last_id + 1, (int(self.clock.now() * 1000) - EPOCH_MS) << 22)
        return str(self._last_id)

    def today(self) -> str:
        """The UTC day, within which the same resource is charged once."""
        return self.clock.datetime().date().isoformat()

    def _open_oauth1(self, user: User) -> dict[str, str]:
        credentials = {
            "consumer_key": f"sandbox-consumer-key-of-{user.name}",
            "consumer_secret": f"sandbox-consumer-secret-of-{user.name}",
            "access_token": f"{user.id}-sandbox-access-token-of-{user.name}",
            "access_token_secret": f"sandbox-access-token-secret-of-{user.name}",
        }
        self._consumers[credentials["consumer_key"]] = credentials["consumer_secret"]
        self._token_secrets[credentials["access_token"]] = credentials["access_token_secret"]
        self._token_users[credentials["access_token"]] = (credentials["consumer_key"], user)
        return credentials

    def _open_oauth2(self, user: User, wish: Wishes) -> dict[str, str]:
        secret = {"client_secret": f"sandbox-client-secret-of-{user.name}"} if wish.confidential else {}
        app = App(id=f"sandbox-client-id-of-{user.name}", secret=secret.get("client_secret", ""))
        access, refresh = self._grant(user, app, frozenset(wish.scopes.split()))
        return {"client_id": app.id, **secret, "oauth2_access_token": access, "refresh_token": refresh}

    def _grant(self, user: User, app: App, scopes: frozenset[str]) -> tuple[str, str]:
        grant = Grant(user=user, app=app, scopes=scopes, expires_at=self.clock.now() + LIMITS.access_token_seconds)
        number = self.ids.hexadecimal(8)
        access, refresh = f"sandbox-access-token-{number}-of-{user.name}", f"sandbox-refresh-token-{number}-of-{user.name}"
        self._grants[access] = self._refresh_tokens[refresh] = grant
        return access, refresh

    def _authenticate(self, request: Request) -> tuple[User, frozenset[str]]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            return self._signer(request), ALL_SCOPES
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires_at <= self.clock.now():
            raise UNAUTHORIZED.refusal()
        return grant.user, grant.scopes

    def _signer(self, request: Request) -> User:
        try:
            signed = self._signatures.check(request, consumers=self._consumers, tokens=self._token_secrets)
        except OAuthError:
            raise UNAUTHORIZED.refusal() from None
        consumer, user = self._token_users[signed.token]
        if signed.consumer != consumer:
            raise UNAUTHORIZED.refusal()
        return user

    def _window(self, user: User, name: str) -> Window:
        window = user.windows.get(name)
        if window is None or window.resets_at <= self.clock.now():
            resets_at = int(self.clock.now()) + LIMITS.rate_window_seconds
            window = user.windows[name] = Window(OPERATIONS[name].calls_per_window, resets_at)
        return window

    def _redeem(self, request: Request) -> Grant:
        if request.form.get("grant_type") != "refresh_token":
            raise oauth2_error(400, "unsupported_grant_type", "Only refresh_token is answered here.")
        grant = self._refresh_tokens.get(request.form.get("refresh_token", ""))
        if grant is None or "offline.access" not in grant.scopes:
            raise oauth2_error(400, "invalid_request", "Value passed for the token was invalid.")
        if not _identified(request, grant.app):
            raise oauth2_error(401, "unauthorized_client", "Missing valid authorization header")
        del self._refresh_tokens[request.form["refresh_token"]]
        return grant


def _identified(request: Request, app: App) -> bool:
    """Whether the client named itself: in the body if it is public, with HTTP Basic if it has a secret."""
    if not app.secret:
        return request.form.get("client_id") == app.id
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        return scheme.lower() == "basic" and b64decode(value, validate=True) == f"{app.id}:{app.secret}".encode()
    except Base64Error:
        return False
