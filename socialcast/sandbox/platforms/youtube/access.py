"""Who may call, with which scopes, and how much of the day's quota is left (OAuth and quota pages, 2026-11-22)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.youtube.refusals import RefusalError, bad, forbidden
from socialcast.sandbox.platforms.youtube.tables import CALLS, LIMITS, SCOPE

__all__ = ["Access", "Channel", "answer", "call", "json_body", "stamp"]

_PACIFIC = ZoneInfo("America/Los_Angeles")
_BASE64 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """One channel, the project that calls for it, and what both may do."""

    id: str
    name: str
    account: Account
    scopes: frozenset[str]
    audited: bool = True  # an API project made after July 2020 that Google has not audited uploads only private videos
    verified_phone: bool = True
    live_enabled: bool = True
    daily_units: int = LIMITS.daily_units
    daily_inserts: int = LIMITS.daily_inserts
    revoked: bool = False
    tokens: dict[str, float] = field(default_factory=dict)
    used: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def uploads_id(self) -> str:
        """The playlist that holds everything it uploaded."""
        return "UU" + self.id.removeprefix("UC")


def answer(body: Any = None, status: int = 200) -> Response:
    """A JSON answer as the API gives it; none for 204."""
    return Response("" if body is None else json.dumps(body), status, mimetype="application/json")


def stamp(moment: datetime) -> str:
    """A time as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises RefusalError for anything else."""
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise bad("parseError", "Parse Error") from None
    if not isinstance(body, dict):
        raise bad("parseError", "Parse Error")
    return body


def call(handler: Callable[..., Response]) -> Callable[..., Response]:
    """A handler that is called with the channel, once token, scope and quota allow it."""
    rules = CALLS[handler.__name__]

    @wraps(handler)
    def guarded(self: Access, request: Request) -> Response:
        try:
            channel = self.authorized(request)
            self.charge(channel, rules.bucket, rules.units)
            if not channel.scopes & rules.scopes:
                raise forbidden("insufficientPermissions", "Request had insufficient authentication scopes.", "global")
            return handler(self, channel, request)
        except RefusalError as refusal:
            return refusal.response()

    return guarded


class Access(Mirror):
    """The part of the mirror that knows channels, tokens and quota."""

    def reset(self) -> None:
        """Forget all channels."""
        super().reset()
        self.channels: dict[str, Channel] = {}

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A channel and the credentials of an app that a person signed in with; `wishes` are the fields of Channel."""
        scopes = frozenset(wishes.pop("scopes", "youtube youtube.force-ssl youtube.upload").split())
        id = f"UC{self.token_of(22)}"
        credentials = {
            "client_id": f"sandbox-client-of-{name}",
            "client_secret": f"sandbox-client-secret-of-{name}",
            "refresh_token": f"sandbox-refresh-token-of-{name}",
        }
        account = Account(id=id, name=name, credentials=credentials)
        self.channels[id] = Channel(id=id, name=name, account=account, scopes=scopes, **wishes)
        return account

    def expire_credentials(self, name: str) -> None:
        """The person withdraws the app's access: access and refresh tokens are dead."""
        channel = self.channels[self.accounts[name].id]
        channel.revoked = True
        channel.tokens.clear()

    def renew_credentials(self, name: str) -> None:
        """The person lets the app in again: its refresh token works."""
        self.channels[self.accounts[name].id].revoked = False

    def token(self, request: Request) -> Response:
        """POST oauth2.googleapis.com/token: an access token for a refresh token."""
        told = {name: request.form.get(name, "") for name in ("client_id", "client_secret", "refresh_token")}
        if request.form.get("grant_type") != "refresh_token":
            return answer({"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}, 400)
        channel = next((known for known in self.channels.values() if known.account.credentials == told), None)
        if channel is None:
            return answer({"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401)
        if channel.revoked:
            return answer({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        token = f"sandbox-access-token-{self.token_of(20)}"
        channel.tokens[token] = self.clock.now() + LIMITS.token_seconds
        scope = " ".join(SCOPE + name for name in sorted(channel.scopes))
        return answer({"access_token": token, "expires_in": int(LIMITS.token_seconds), "scope": scope, "token_type": "Bearer"})

    def authorized(self, request: Request) -> Channel:
        """The channel whose token was sent. Raises RefusalError."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        for channel in self.channels.values():
            if kind.lower() == "bearer" and channel.tokens.get(token, 0) > self.clock.now():
                return channel
        raise RefusalError(401, "authError", "Invalid Credentials", "global")

    def charge(self, channel: Channel, bucket: str, units: int) -> None:
        """Take units from the day's bucket, which is full again at midnight in California. Raises RefusalError."""
        day = self.clock.datetime().astimezone(_PACIFIC).date().isoformat()
        most = channel.daily_inserts if bucket == "videos.insert" else channel.daily_units
        used = channel.used.get((bucket, day), 0)
        if used + units > most:
            message = "The request cannot be completed because you have exceeded your quota."
            raise forbidden("quotaExceeded", message, "youtube.quota")
        channel.used[bucket, day] = used + units

    def token_of(self, length: int) -> str:
        """A string as YouTube's ids are."""
        number = int(self.ids.hexadecimal(2 * length), 16)
        return "".join(_BASE64[number >> (6 * place) & 63] for place in range(length))
