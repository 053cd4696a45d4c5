"""OAuth 1.0a as a server checks it (RFC 5849, HMAC-SHA1), for the mirrors whose platforms sign requests.

`request.believed_url` is the address that the client thinks it called, because that is what it signed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth1.rfc5849 import signature, utils

from socialcast.sandbox.mirror import Clock, Request

__all__ = ["OAuthError", "Signatures", "Signed"]

TIMESTAMP_WINDOW_SECONDS = 300
REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce")
FORM = "application/x-www-form-urlencoded"


class OAuthError(Exception):
    """Why a signed request was refused, in the words of the OAuth problem-reporting extension."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed a request: the application, the user's token, and every parameter that the signature covers."""

    consumer: str
    token: str
    parameters: Mapping[str, str]


class Signatures:
    """Checks signatures and remembers the nonces it has seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: set[tuple[str, str, str, str]] = set()

    def check(
        self,
        request: Request,
        *,
        consumers: Mapping[str, str],
        tokens: Mapping[str, str] | None,
        extra: Iterable[tuple[str, str]] = (),
    ) -> Signed:
        """Who signed this request, or OAuthError.

        `consumers` and `tokens` give the secret of each key; without `tokens` the application signs alone, as it does to ask
        for a request token. `extra` are parameters that the platform wants signed although they travel in a multipart body.
        """
        parameters = [*_parameters(request), *extra]
        oauth = {name: value for name, value in parameters if name.startswith("oauth_")}
        consumer_secret, token_secret = _secrets(oauth, consumers, tokens)
        self._check_freshness(oauth)
        told = SimpleNamespace(
            uri=request.believed_url,
            http_method=request.method,
            params=[(name, value) for name, value in parameters if name != "oauth_signature"],
            signature=oauth["oauth_signature"],
        )
        if not signature.verify_hmac_sha1(told, consumer_secret, token_secret):
            raise OAuthError("signature_invalid")
        self._use_nonce(oauth)
        return Signed(consumer=oauth["oauth_consumer_key"], token=oauth.get("oauth_token", ""), parameters=dict(parameters))

    def _check_freshness(self, oauth: Mapping[str, str]) -> None:
        """Accept both the machine's time and the sandbox's, since a client does not know that a test moved the clock ahead."""
        timestamp = oauth["oauth_timestamp"]
        earliest = time.time() - TIMESTAMP_WINDOW_SECONDS
        latest = self._clock.now() + TIMESTAMP_WINDOW_SECONDS
        if not (timestamp.isascii() and timestamp.isdecimal() and earliest <= int(timestamp) <= latest):
            raise OAuthError("timestamp_refused")

    def _use_nonce(self, oauth: Mapping[str, str]) -> None:
        use = (oauth["oauth_consumer_key"], oauth.get("oauth_token", ""), oauth["oauth_timestamp"], oauth["oauth_nonce"])
        if use in self._seen:
            raise OAuthError("nonce_used")
        self._seen.add(use)


def _parameters(request: Request) -> list[tuple[str, str]]:
    """Query, Authorization header and form body: what RFC 5849 section 3.4.1.3.1 has signed."""
    query = parse_qsl(urlsplit(request.believed_url).query, keep_blank_values=True)
    form = list(request.form.items(multi=True)) if request.mimetype == FORM else []
    return [*query, *_header_parameters(request.headers.get("Authorization", "")), *form]


def _header_parameters(header: str) -> list[tuple[str, str]]:
    if not header.lower().startswith("oauth "):
        return []
    try:
        pairs = utils.parse_authorization_header(header)
    except ValueError:
        raise OAuthError("parameter_rejected") from None
    return [(utils.unescape(name), utils.unescape(value)) for name, value in pairs if name != "realm"]


def _secrets(oauth: Mapping[str, str], consumers: Mapping[str, str], tokens: Mapping[str, str] | None) -> tuple[str, str]:
    required = REQUIRED if tokens is None else (*REQUIRED, "oauth_token")
    if any(not oauth.get(name) for name in required):
        raise OAuthError("parameter_absent")
    if oauth["oauth_signature_method"] != "HMAC-SHA1":
        raise OAuthError("signature_method_rejected")
    if oauth.get("oauth_version", "1.0") != "1.0":
        raise OAuthError("version_rejected")
    if oauth["oauth_consumer_key"] not in consumers:
        raise OAuthError("consumer_key_unknown")
    if tokens is not None and oauth["oauth_token"] not in tokens:
        raise OAuthError("token_rejected")
    return consumers[oauth["oauth_consumer_key"]], "" if tokens is None else tokens[oauth["oauth_token"]]
