"""Accounts, devices, tokens that expire and are renewed, rates (specification 1.19, "Client Authentication"; Synapse 1.163.2)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.matrix.refusals import (
    BAD_OBJECT,
    NO_TOKEN,
    NOT_JSON,
    RefusalError,
    answer,
    forbidden,
    limited,
    missing,
    unknown_token,
)
from socialcast.sandbox.platforms.matrix.state import Bucket, Token, User
from socialcast.sandbox.platforms.matrix.tables import (
    DOMAIN,
    LIMITS,
    OPERATIONS,
    PROFILE_FIELDS,
    RATES,
    ROOM_VERSIONS,
    VERSIONS,
    Operation,
    Rate,
)

__all__ = ["Access", "Call", "operation"]

_LOCALPART = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._=-/+")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: whose it is, and what it says."""

    request: Request
    token: Token | None
    body: dict[str, Any]

    @property
    def device(self) -> Token:
        """The token that was sent. Raises RefusalError without one."""
        if self.token is None:
            raise NO_TOKEN
        return self.token

    @property
    def user(self) -> User:
        """Whose token was sent."""
        return self.device.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What kind of account a test wants, and how its homeserver treats it."""

    auth: str = "token"  # or "password"
    expires: bool = False  # whether the token lives five minutes and comes with a refresh token
    device_id: str = "SANDBOX"
    room: str = ""  # the id or alias of a closed room that is the account's; another server's name leads here, too
    is_deactivated: bool = False
    messages_per_second: float = RATES["message"].per_second
    messages_burst: int = RATES["message"].burst
    upload_max_bytes: int = LIMITS.upload_bytes

    def __post_init__(self) -> None:
        if self.auth not in ("token", "password"):
            raise ValueError(f"auth is token or password, not {self.auth!r}")


def operation(handler: Callable[..., Response]) -> Callable[..., Response]:
    """A handler that is called once the token holds and the body is what it must be."""
    wanted = OPERATIONS[handler.__name__]

    @wraps(handler)
    def guarded(self: Access, request: Request, **names: str) -> Response:
        try:
            token = self.admitted(request) if wanted.needs_token else None
            return handler(self, Call(request, token, _body(wanted, request)), **names)
        except RefusalError as refusal:
            return refusal.response()

    return guarded


class Access(Mirror):
    """The part of the mirror that knows who is who."""

    def reset(self) -> None:
        """Forget all users."""
        super().reset()
        self.users: dict[str, User] = {}  # by id
        self.tokens: dict[str, Token] = {}
        self.upload_max_bytes = LIMITS.upload_bytes

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A user with a token, or with a password; `Wishes` says what can be asked for."""
        wanted = Wishes(**wishes)
        localpart = self._free("".join(each if each in _LOCALPART else "_" for each in name.lower()))
        user = User(
            id=f"@{localpart}:{DOMAIN}",
            localpart=localpart,
            password=f"sandbox-password-{self.ids.hexadecimal(12)}-of-{localpart}",
            displayname=name,
            is_deactivated=wanted.is_deactivated,
            rates={"message": Rate(wanted.messages_per_second, wanted.messages_burst)},
        )
        self.users[user.id] = user
        self.upload_max_bytes = wanted.upload_max_bytes
        told = {"user_id": user.id, "device_id": wanted.device_id}
        if wanted.auth == "password":
            return Account(id=user.id, name=name, credentials={**told, "password": user.password})
        token = self.issue(user, wanted.device_id, expires=wanted.expires)
        renewed = {"refresh_token": token.refresh} if wanted.expires else {}
        return Account(id=user.id, name=name, credentials={**told, "access_token": token.text, **renewed})

    def expire_credentials(self, name: str) -> None:
        """Tokens that have a refresh token run out, and it gives new ones; others, and the password, are good no more."""
        user = self.users[self.accounts[name].id]
        user.is_locked_out = True
        for token in self._renewable(user):
            token.expires_at = 0.0

    def renew_credentials(self, name: str) -> None:
        """Password and tokens are good again."""
        user = self.users[self.accounts[name].id]
        user.is_locked_out = False
        for token in self._renewable(user):
            token.expires_at = self.clock.now() + LIMITS.token_seconds

    def admitted(self, request: Request) -> Token:
        """The token of the call, checked. Raises RefusalError."""
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        text = text if kind.lower() == "bearer" else request.args.get("access_token", "")
        if not text:
            raise NO_TOKEN
        token = self.tokens.get(text)
        if token is None or token.is_dead or token.user.is_deactivated:
            raise unknown_token()
        if token.user.is_locked_out and not token.refresh:
            raise unknown_token()
        if token.expires_at is not None and token.expires_at <= self.clock.now():
            raise unknown_token("Access token has expired", is_soft=True)
        token.is_used = True
        return token

    def count(self, what: str, user: User) -> None:
        """Count a call. Raises RefusalError, with how long to wait, where there were too many."""
        bucket = user.buckets.setdefault(what, Bucket(user.rates.get(what, RATES[what])))
        if wait_seconds := bucket.wait_seconds(self.clock.now()):
            raise limited(wait_seconds)

    def issue(self, user: User, device_id: str, *, expires: bool = False, replaces: Token | None = None) -> Token:
        """A token for this device."""
        number = self.ids.hexadecimal(12)
        token = Token(
            text=f"sandbox-access-token-{number}-of-{user.localpart}",
            user=user,
            device_id=device_id,
            expires_at=self.clock.now() + LIMITS.token_seconds if expires else None,
            refresh=f"sandbox-refresh-token-{number}-of-{user.localpart}" if expires else "",
            replaces=replaces,
        )
        self.tokens[token.text] = token
        return token

    def opaque(self, bits: int = 256) -> str:
        """An id as the servers make them: the base64 of a hash."""
        return urlsafe_b64encode(bytes.fromhex(self.ids.hexadecimal(bits // 4))).decode().rstrip("=")

    @operation
    def get_versions(self, call: Call) -> Response:
        """Which versions of the specification it speaks."""
        return answer({"versions": list(VERSIONS), "unstable_features": {}})

    @operation
    def get_well_known(self, call: Call) -> Response:
        """Where the homeserver of this name is."""
        return answer({"m.homeserver": {"base_url": f"https://{call.request.host}/"}})

    @operation
    def get_capabilities(self, call: Call) -> Response:
        """What the server can do."""
        rooms = {"default": ROOM_VERSIONS[-1], "available": dict.fromkeys(ROOM_VERSIONS, "stable")}
        able = {f"m.{name}": {"enabled": True} for name in ("change_password", "set_displayname", "set_avatar_url")}
        return answer({"capabilities": {"m.room_versions": rooms, **able}})

    @operation
    def get_flows(self, call: Call) -> Response:
        """How one signs in."""
        return answer({"flows": [{"type": "m.login.password"}]})

    @operation
    def sign_in(self, call: Call) -> Response:
        """With a password; a device that is named keeps its transaction ids, one that is not is a new one."""
        told = call.body
        if "type" not in told:
            raise RefusalError(400, "M_UNKNOWN", "Missing JSON keys.")
        if told["type"] != "m.login.password":
            raise RefusalError(400, "M_UNKNOWN", f"Unknown login type {told['type']}")
        user = self._with_password(told)
        device_id = str(told.get("device_id") or self.ids.hexadecimal(10).upper())
        token = self.issue(user, device_id, expires=bool(told.get("refresh_token")))
        about = {"user_id": user.id, "access_token": token.text, "home_server": DOMAIN, "device_id": device_id}
        place = {"well_known": {"m.homeserver": {"base_url": f"https://{call.request.host}/"}}}
        return answer({**about, **self._lifetime(token), **place})

    @operation
    def refresh(self, call: Call) -> Response:
        """A new pair; the old refresh token is good until one of the new is used, the old access token until it expires."""
        text = call.body.get("refresh_token")
        if not text:
            raise missing("refresh_token")
        old = next((token for token in self.tokens.values() if token.refresh == text), None)
        if old is None or old.is_dead:
            raise RefusalError(401, "M_UNKNOWN_TOKEN", "invalid refresh token")
        successors = [token for token in self.tokens.values() if token.replaces is old]
        if any(token.is_used for token in successors):
            raise forbidden("refresh token isn't valid anymore")
        for token in successors:
            token.is_dead = True
        old.is_used = True
        token = self.issue(old.user, old.device_id, expires=True, replaces=old)
        return answer({"access_token": token.text, **self._lifetime(token)})

    @operation
    def sign_out(self, call: Call) -> Response:
        """The device is gone, with all its tokens."""
        for token in self._tokens_of(call.user):
            token.is_dead = token.is_dead or token.device_id == call.device.device_id
        return answer({})

    @operation
    def who_am_i(self, call: Call) -> Response:
        """Whose token it is, and which device's."""
        return answer({"user_id": call.user.id, "is_guest": False, "device_id": call.device.device_id})

    @operation
    def get_profile(self, call: Call, user_id: str) -> Response:
        """How a user calls oneself."""
        return answer(self._profile(user_id))

    @operation
    def get_profile_field(self, call: Call, user_id: str, field: str) -> Response:
        """One part of it."""
        told = self._profile(user_id)
        return answer({field: told[field]} if field in told else {})

    @operation
    def put_profile_field(self, call: Call, user_id: str, field: str) -> Response:
        """Change one's own."""
        if user_id != call.user.id:
            raise RefusalError(400, "M_FORBIDDEN", f"Cannot set another user's {field}")
        if field not in PROFILE_FIELDS or field not in call.body:
            raise missing(field)
        setattr(call.user, field, str(call.body[field] or ""))
        return answer({})

    def _profile(self, user_id: str) -> dict[str, str]:
        if (user := self.users.get(user_id)) is None:
            raise RefusalError(404, "M_UNKNOWN", "No row found (profiles)")
        return {name: value for name in PROFILE_FIELDS if (value := getattr(user, name))}

    def _with_password(self, told: dict[str, Any]) -> User:
        """The user that signs in. Raises RefusalError; whoever fails too often waits."""
        identifier = told.get("identifier") or {}
        name = str(identifier.get("user") or told.get("user") or "")
        user = self.users.get(name if name.startswith("@") else f"@{name.lower()}:{DOMAIN}")
        if user is None:
            raise forbidden("Invalid username or password")
        if user.is_deactivated:
            raise RefusalError(403, "M_USER_DEACTIVATED", "This account has been deactivated")
        if user.is_locked_out or told.get("password") != user.password:
            self.count("failed-login", user)
            raise forbidden("Invalid username or password")
        return user

    def _lifetime(self, token: Token) -> dict[str, Any]:
        return {"expires_in_ms": LIMITS.token_seconds * 1000, "refresh_token": token.refresh} if token.refresh else {}

    def _tokens_of(self, user: User) -> list[Token]:
        return [token for token in self.tokens.values() if token.user is user]

    def _renewable(self, user: User) -> list[Token]:
        return [token for token in self._tokens_of(user) if token.refresh]

    def _free(self, localpart: str) -> str:
        taken = f"@{localpart}:{DOMAIN}" in self.users
        return f"{localpart}-{self.ids.digits(4)}" if taken else localpart


def _body(wanted: Operation, request: Request) -> dict[str, Any]:
    """The JSON object that a call carries. Raises RefusalError."""
    if wanted.is_raw or wanted.verb in ("GET", "DELETE"):
        return {}
    raw = request.get_data()
    if not raw and wanted.takes_nothing:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise NOT_JSON from None
    if not isinstance(body, dict):
        raise BAD_OBJECT
    return body
