"""What an X channel can be set to, and which credentials belong together."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.errors import ConfigurationError
from socialcast.wire.secrets import Secret

__all__ = ["ReplySettings", "XSettings"]

_OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
_OAUTH2 = ("client_id", "client_secret", "oauth2_access_token", "refresh_token")
_STORES = ("file:", "keyring:")


class ReplySettings(Enum):
    """Who may answer: everyone, or those whom the account follows, mentions, who subscribe, or are verified."""

    EVERYONE = "everyone"
    FOLLOWING = "following"
    MENTIONED_USERS = "mentionedUsers"
    SUBSCRIBERS = "subscribers"
    VERIFIED = "verified"


class XSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account on X: the four values of OAuth 1.0a, or a client of OAuth 2.0 with a refresh token.

    `client_secret` is for confidential apps, `oauth2_access_token` one to begin with; a refresh token works once, so
    `token_store` is where each new pair is kept.
    """

    consumer_key: Secret | None = None
    consumer_secret: Secret | None = None
    access_token: Secret | None = None
    access_token_secret: Secret | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None
    oauth2_access_token: Secret | None = None
    refresh_token: Secret | None = None
    token_store: Annotated[str, Meta(description="OAuth 2.0: where each new token pair is kept: file:PATH or keyring:NAME")] = ""
    reply_settings: Annotated[ReplySettings, Meta(description="who may answer the announcement")] = ReplySettings.EVERYONE

    @property
    def is_signed(self) -> bool:
        """Whether calls are signed with OAuth 1.0a."""
        return bool(self._given(_OAUTH1))

    def require_credentials(self, channel: str) -> None:
        """Raise ConfigurationError unless exactly one of the two sets is there, and whole."""
        signed, bearing = self._given(_OAUTH1), self._given(_OAUTH2)
        if signed and bearing:
            raise ConfigurationError(
                f"channel {channel!r} has credentials of two kinds: remove {_listed(bearing)} or {_listed(signed)}"
            )
        if not signed and not bearing:
            raise ConfigurationError(
                f"channel {channel!r} has no credentials: set {_listed(_OAUTH1)}, or client_id and refresh_token"
            )
        needed = _OAUTH1 if signed else ("client_id",) if self.token_store else ("client_id", "refresh_token")
        if self.token_store and not self.token_store.startswith(_STORES):
            raise ConfigurationError(f"channel {channel!r}: token_store is {self.token_store!r}; write file:PATH or keyring:NAME")
        if missing := [name for name in needed if name not in {*signed, *bearing}]:
            raise ConfigurationError(f"channel {channel!r} lacks {_listed(missing)}")

    def _given(self, names: tuple[str, ...]) -> list[str]:
        values = {name: getattr(self, name) for name in names}
        return [name for name, secret in values.items() if secret is not None and secret.reveal()]


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)
