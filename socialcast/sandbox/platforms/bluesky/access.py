"""Accounts, sessions, service tokens and rates (server 0.5.35 and developer pages, 2026-09-28)."""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError, answer, invalid, unauthorized
from socialcast.sandbox.platforms.bluesky.schema import Array, Boolean, Integer, SchemaError
from socialcast.sandbox.platforms.bluesky.state import Token, User, Window
from socialcast.sandbox.platforms.bluesky.tables import (
    GATEWAY_HOST,
    LIMITS,
    METHODS,
    PDS_HOSTS,
    RATES,
    Method,
    service_of,
)

__all__ = ["Access", "Call", "operation", "stamp"]

_PASSWORD_BYTES, _DID_BYTES = 10, 15
_CLAIMS = {"access": "com.atproto.appPass", "refresh": "com.atproto.refresh"}
_TYPES = {"access": "at+jwt", "refresh": "refresh+jwt", "service": "JWT"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: what it takes, already checked, and whose it is."""

    request: Request
    told: dict[str, Any]
    token: Token | None
    rates: list[Window] = field(default_factory=list)  # every window that it counts in

    @property
    def user(self) -> User:
        """Whose token was sent."""
        if self.token is None:
            raise RefusalError(401, "AuthMissing", "Authentication Required")
        return self.token.user

    @property
    def viewer(self) -> User | None:
        """Whose token was sent, where none is needed."""
        return self.token.user if self.token else None


def stamp(at: float) -> str:
    """A time as the servers write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def operation(handler: Callable[..., Response]) -> Callable[..., Response]:
    """A handler that is called once its host, rate, token and what it takes are in order; every answer tells the rate."""
    method = METHODS[handler.__name__]

    @wraps(handler)
    def guarded(self: Access, request: Request, **names: str) -> Response:
        rates: list[Window] = []
        try:
            if service_of(request.host) not in method.services:
                raise RefusalError(501, "MethodNotImplemented", "Method Not Implemented")
            self.count("requests", request.remote_addr or "", rates)
            token = self.admitted(method, request)
            response = handler(self, Call(request, _told(method, request), token, rates), **names)
        except RefusalError as refusal:
            response = refusal.response()
        response.headers.update(min(rates, key=lambda window: window.left).headers() if rates else {})
        return response

    return guarded


class Access(Mirror):
    """The part of the mirror that knows accounts, tokens and rates."""

    def reset(self) -> None:
        """Forget all accounts."""
        super().reset()
        self.users: dict[str, User] = {}  # by DID
        self.tokens: dict[str, Token] = {}
        self.windows: dict[tuple[str, str, int], Window] = {}

    def open_account(self, name: str, **wishes: Any) -> Account:
        """An account with an app password; `wishes` are the fields of User, such as the host of its own server as `pds`."""
        label = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
        handle = f"{label or 'account'}.{GATEWAY_HOST}"
        while any(user.handle == handle for user in self.users.values()):
            handle = f"{label}-{self.ids.digits(4)}.{GATEWAY_HOST}"
        password = self._word(_PASSWORD_BYTES)
        spelt = "-".join(password[at : at + 4] for at in range(0, len(password), 4))
        did = f"did:plc:{self._word(_DID_BYTES)}"
        account = Account(id=did, name=name, credentials={"identifier": handle, "app_password": spelt})
        pds = wishes.pop("pds", PDS_HOSTS[len(self.users) % len(PDS_HOSTS)])
        self.users[did] = User(did=did, handle=handle, password=spelt, pds=pds, **wishes)
        return account

    def expire_credentials(self, name: str) -> None:
        """The owner deletes the app password, which ends its sessions with it."""
        user = self._named(name)
        user.is_locked_out = True
        for token in self.tokens.values():
            if token.user is user:
                token.expires_at = 0.0

    def renew_credentials(self, name: str) -> None:
        """The app password works again; the sessions of before do not."""
        self._named(name).is_locked_out = False

    def find_user(self, identifier: str) -> User | None:
        """The account of this DID or handle."""
        wanted = identifier.removeprefix("@").lower()
        return next((user for user in self.users.values() if wanted in (user.did, user.handle)), None)

    def issue(self, kind: str, user: User, seconds: float, **claims: str) -> Token:
        """A token that looks like those of the servers, and that nobody else accepts."""
        now = self.clock.now()
        told = {
            **({"scope": _CLAIMS[kind], "sub": user.did, "aud": f"did:web:{user.pds}"} if kind in _CLAIMS else {"iss": user.did}),
            **claims,
            "jti": self.ids.hexadecimal(32),
            "iat": int(now),
            "exp": int(now + seconds),
        }
        head = {"typ": _TYPES[kind], "alg": "ES256K" if kind == "service" else "HS256"}
        signed = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, told))
        seal = _base64(hashlib.sha256(f"{self.seed} {signed}".encode()).digest())
        token = Token(text=f"{signed}.{seal}", kind=kind, user=user, expires_at=now + seconds, claims=claims)
        self.tokens[token.text] = token
        return token

    def admitted(self, method: Method, request: Request) -> Token | None:
        """The token of the call, checked; None where none is needed. Raises RefusalError."""
        if not method.auth or service_of(request.host) == "appview":
            return None
        sent = request.headers.get("Authorization", "")
        if not sent and method.auth.endswith("?"):
            return None
        if not sent:
            raise RefusalError(401, "AuthMissing", "Authentication Required")
        kind, _, text = sent.partition(" ")
        if kind.lower() != "bearer":
            raise RefusalError(400, "InvalidToken", "Unexpected authorization type")
        token = self._known(text, method, request)
        if token.kind == "access" and token.user.status:
            raise token.user.refusal()
        return token

    def count(self, what: str, whose: str, rates: list[Window], points: int = 1) -> None:
        """Take points from the windows of this kind. Raises RefusalError where one has none left."""
        now = self.clock.now()
        for rate in RATES[what]:
            key = (what, whose, rate.seconds)
            window = self.windows.get(key)
            if window is None or now >= window.resets_at:
                window = self.windows[key] = Window(rate, resets_at=now + rate.seconds)
            rates.append(window)
            if window.left < points:
                raise RefusalError(429, "RateLimitExceeded", "Rate Limit Exceeded")
        for window in rates[-len(RATES[what]) :]:
            window.used += points

    @operation
    def create_session(self, call: Call) -> Response:
        """Sign in with the app password."""
        identifier = call.told["identifier"]
        self.count("sign-in", identifier.lower(), call.rates)
        user = self.find_user(identifier)
        if user is None or user.is_locked_out or call.told["password"] != user.password:
            raise unauthorized("Invalid identifier or password")
        if user.status == "takendown" and not call.told.get("allowTakendown"):
            raise user.refusal()
        return answer(self._session(user))

    @operation
    def refresh_session(self, call: Call) -> Response:
        """A new pair; the old refresh token gives the same one again for a short while."""
        token, now = call.token, self.clock.now()
        if token is None or call.user.is_locked_out:
            raise RefusalError(400, "ExpiredToken", "Token has been revoked")
        if token.successor is None:
            told = self._session(token.user)
            token.successor = told["refreshJwt"]
            token.expires_at = min(token.expires_at, now + LIMITS.refresh_grace_seconds)
            return answer(told)
        return answer(self._session(token.user, token.successor))

    @operation
    def delete_session(self, call: Call) -> Response:
        """Sign out: the refresh token is dead."""
        if call.token:
            call.token.expires_at = 0.0
        return Response(status=200)

    @operation
    def get_session(self, call: Call) -> Response:
        """Whose session it is."""
        return answer(_about(call.user))

    @operation
    def get_service_auth(self, call: Call) -> Response:
        """A token for one method of another service."""
        told, now = call.told, self.clock.now()
        ahead = told.get("exp", now + LIMITS.service_seconds) - now
        if not told["aud"].startswith("did:"):
            raise invalid(f"Invalid DID (got {json.dumps(told['aud'])}) at $.aud")
        if ahead < 0:
            raise RefusalError(400, "BadExpiration", "expiration is in past")
        if ahead > LIMITS.service_max_seconds:
            raise RefusalError(400, "BadExpiration", "cannot request a token with an expiration more than an hour in the future")
        if "lxm" not in told and ahead > LIMITS.service_seconds:
            words = "cannot request a method-less token with an expiration more than a minute in the future"
            raise RefusalError(400, "BadExpiration", words)
        claims = {name: told[name] for name in ("aud", "lxm") if name in told}
        return answer({"token": self.issue("service", call.user, ahead, **claims).text})

    def _known(self, text: str, method: Method, request: Request) -> Token:
        token = self.tokens.get(text)
        if token is None or not self._is_for(token, request.host):
            raise RefusalError(400, "InvalidToken", "Token could not be verified")
        if token.kind != method.auth.removesuffix("?"):
            raise RefusalError(400, "InvalidToken", "Invalid token type")
        if self.clock.now() >= token.expires_at:
            words = "Token has been revoked" if token.kind == "refresh" else "Token has expired"
            raise RefusalError(400, "ExpiredToken", words)
        return token

    def _is_for(self, token: Token, host: str) -> bool:
        return token.kind == "service" or host in (token.user.pds, GATEWAY_HOST)

    def _session(self, user: User, refresh: str = "") -> dict[str, Any]:
        access = self.issue("access", user, LIMITS.access_seconds).text
        refresh = refresh or self.issue("refresh", user, LIMITS.refresh_seconds).text
        return {"accessJwt": access, "refreshJwt": refresh, **_about(user)}

    def _named(self, name: str) -> User:
        return self.users[self.accounts[name].id]

    def _word(self, count: int) -> str:
        return b32encode(bytes.fromhex(self.ids.hexadecimal(2 * count))).decode().lower()


def _about(user: User) -> dict[str, Any]:
    told = {"did": user.did, "didDoc": user.did_document, "handle": user.handle, "emailConfirmed": user.email_confirmed}
    return {**told, "emailAuthFactor": False, "active": not user.status, **({"status": user.status} if user.status else {})}


def _told(method: Method, request: Request) -> dict[str, Any]:
    """What the call takes, from its address or its body. Raises RefusalError."""
    if method.takes is None:
        return {}
    is_query = method.verb == "GET" or method.services == frozenset({"video"})
    told = _parameters(method, request) if is_query else _body(method, request)
    try:
        method.takes.check(told, "$")
    except SchemaError as error:
        raise invalid(str(error)) from None
    return dict(told)


def _parameters(method: Method, request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, kind in method.takes.properties.items() if method.takes else ():
        values = request.args.getlist(name)
        if isinstance(kind, Array) and values:
            told[name] = values
        elif values:
            told[name] = _read(kind, values[-1])
    return told


def _read(kind: object, value: str) -> Any:
    if isinstance(kind, Boolean):
        return {"true": True, "false": False}.get(value, value)
    return int(value) if isinstance(kind, Integer) and value.removeprefix("-").isdecimal() else value


def _body(method: Method, request: Request) -> Any:
    if not (method.takes and method.takes.properties):
        return {}
    if not request.mimetype:
        raise invalid("Request encoding (Content-Type) required but not provided")
    if request.mimetype != "application/json":
        raise invalid(f"Wrong request encoding (Content-Type): {request.mimetype}")
    if request.received_bytes > LIMITS.json_body_bytes:
        raise RefusalError(413, "PayloadTooLargeError", "request entity too large")
    try:
        return json.loads(request.get_data(), parse_float=_number)
    except ValueError as error:
        raise RefusalError(400, "SyntaxError", str(error)) from None


def _number(text: str) -> float | int:
    """A number as JavaScript reads it: 1.0 is whole."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
