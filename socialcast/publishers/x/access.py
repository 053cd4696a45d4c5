"""Calls in the account's name: signed with OAuth 1.0a, or with an OAuth 2.0 token that is renewed when it has expired."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import requests
import tweepy
from requests.auth import AuthBase

from socialcast.model.errors import ConfigurationError
from socialcast.publisher import Connection
from socialcast.publishers.x.settings import XSettings
from socialcast.publishers.x.tables import TOKEN_PATH
from socialcast.wire.secrets import MissingSecret, Secret, read_secret, store_secret

__all__ = ["Access", "RenewedAccess", "open_access"]

T = TypeVar("T")

API = "https://api.x.com"
_RENEW_AHEAD_SECONDS = 60
_LOCK_SECONDS = 60

logger = logging.getLogger("socialcast.publishers.x")


class Access:
    """Calls signed with OAuth 1.0a; such tokens do not expire."""

    def __init__(self, settings: XSettings, connection: Connection, session: requests.Session) -> None:
        self.settings, self.connection, self.session = settings, connection, session
        self.client = tweepy.Client(
            consumer_key=_shown(settings.consumer_key),
            consumer_secret=_shown(settings.consumer_secret),
            access_token=_shown(settings.access_token),
            access_token_secret=_shown(settings.access_token_secret),
            return_type=dict,
        )
        self.client.session, self.client.user_agent = session, connection.transport.user_agent

    def call(self, method: str, *arguments: Any, **fields: Any) -> Any:
        """What one of the library's methods gives."""
        is_signed = self.settings.is_signed
        return self.run(lambda: getattr(self.client, method)(*arguments, user_auth=is_signed, **fields))

    def request(self, method: str, path: str, **content: Any) -> Any:
        """The JSON answer to a call that the library has no method for."""
        return self.call("request", method, path, **content).json()

    def send_file(
        self,
        path: str,
        fields: Mapping[str, Any],
        filename: str,
        open_content: Callable[[], AbstractContextManager[Any]],
        media_type: str,
    ) -> requests.Response:
        """The answer to an upload.

        tweepy 4.17 has no way to send a file to the /2/media calls (tweepy/tweepy#2217), so this goes through its session.
        """

        def send() -> requests.Response:
            with open_content() as content:
                files = {"media": (filename, content, media_type)}
                response = self.session.post(API + path, data=fields, files=files, auth=self.authorization())
            if response.status_code == 401:
                raise tweepy.Unauthorized(response)
            response.raise_for_status()
            return response

        return self.run(send)

    def run(self, call: Callable[[], T]) -> T:
        """What the call gives."""
        return call()

    def authorization(self) -> AuthBase:
        """What signs a request of the session's own."""
        client = self.client
        handler = tweepy.OAuth1UserHandler(
            client.consumer_key, client.consumer_secret, client.access_token, client.access_token_secret
        )
        signature: AuthBase = handler.apply_auth()
        return signature


class Tokens(NamedTuple):
    """An access token, the refresh token that gives the next pair, and when the former expires (0 where nobody told)."""

    access: Secret
    refresh: Secret
    expires_at: float


class RenewedAccess(Access):
    """Calls with an OAuth 2.0 user token.

    A refresh token works once: the pair that it gives is kept before it is used, and one process renews at a time.
    """

    def __init__(self, settings: XSettings, connection: Connection, session: requests.Session) -> None:
        super().__init__(settings, connection, session)
        self._tokens = Tokens(settings.oauth2_access_token or Secret(""), settings.refresh_token or Secret(""), 0)
        self._is_loaded, self._lock = False, threading.Lock()

    @property
    def keeps_tokens(self) -> bool:
        """Whether the next run will know the tokens of this one; a sandbox's tokens must not replace real ones."""
        return bool(self.settings.token_store) and self.connection.transport.sandbox_url is None

    def run(self, call: Callable[[], T]) -> T:
        """What the call gives, with a new token if the old one has expired."""
        used = self._fresh()
        try:
            return call()
        except tweepy.Unauthorized:
            self._renew(used)
            return call()

    def authorization(self) -> AuthBase:
        """What goes into the header of a request of the session's own."""
        return _Bearer(self._tokens.access)

    def _fresh(self) -> Secret:
        if not self._is_loaded:
            with self._lock:
                self._load()
        tokens, now = self._tokens, self.connection.clock.now().timestamp()
        if not tokens.access.reveal() or 0 < tokens.expires_at < now + _RENEW_AHEAD_SECONDS:
            self._renew(tokens.access)
        return self._tokens.access

    def _renew(self, spent: Secret) -> None:
        """Replace the spent token, unless another thread or process was faster."""
        with self._lock, self._one_process_at_a_time():
            self._load()
            if self._tokens.access != spent and self._tokens.access.reveal():
                return
            if self.keeps_tokens:
                self._keep(self._tokens)  # a store that cannot be written must show before the refresh token is spent
            else:
                logger.warning("channel %s: the renewed tokens cannot be kept; set token_store", self.connection.channel)
            fresh = self._ask_for_new()
            if self.keeps_tokens:
                self._keep(fresh)
            self._use(fresh)

    def _ask_for_new(self) -> Tokens:
        """A new pair. tweepy's own handler is a session of its own, past time-outs, records and the sandbox."""
        client_id, client_secret = _shown(self.settings.client_id), _shown(self.settings.client_secret)
        form = {"grant_type": "refresh_token", "refresh_token": self._tokens.refresh.reveal()}
        basic = (client_id, client_secret) if client_secret else None
        response = self.session.post(API + TOKEN_PATH, data=form if basic else {**form, "client_id": client_id}, auth=basic)
        response.raise_for_status()
        given = response.json()
        expires_at = self.connection.clock.now().timestamp() + float(given.get("expires_in") or 0)
        tokens = Tokens(Secret(given["access_token"]), Secret(given["refresh_token"]), expires_at)
        self._learn(tokens)
        return tokens

    def _load(self) -> None:
        """Take what the store keeps, if it does yet, and what the settings give otherwise."""
        tokens = self._tokens
        if self.keeps_tokens:
            where = f"channel {self.connection.channel!r}, token_store"
            with suppress(MissingSecret):  # nothing was renewed yet
                tokens = _read(read_secret(self.settings.token_store, where, self.connection.folder), tokens)
        self._learn(tokens)
        self._use(tokens)

    def _keep(self, tokens: Tokens) -> None:
        document = {
            "access_token": tokens.access.reveal(),
            "refresh_token": tokens.refresh.reveal(),
            "expires_at": tokens.expires_at,
        }
        store_secret(self.settings.token_store, Secret(json.dumps(document)), self.connection.folder)

    def _use(self, tokens: Tokens) -> None:
        self._tokens, self.client.bearer_token, self._is_loaded = tokens, tokens.access.reveal(), True

    def _learn(self, tokens: Tokens) -> None:
        self.connection.transport.learn(tokens.access)
        self.connection.transport.learn(tokens.refresh)

    @contextmanager
    def _one_process_at_a_time(self) -> Iterator[None]:
        """Hold a lock that ends with the process, whatever ends it: SQLite's, which works on every system."""
        if self.connection.cache_folder is None:
            yield
            return
        folder = Path(self.connection.cache_folder)
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{_shown(self.settings.client_id)}\n{self.settings.token_store}".encode()).hexdigest()[:16]
        lock = sqlite3.connect(folder / f"x-{name}.lock", timeout=_LOCK_SECONDS, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            lock.close()


class _Bearer(AuthBase):
    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def open_access(settings: XSettings, connection: Connection, session: requests.Session) -> Access:
    """The kind of access that the settings have credentials for."""
    kind = Access if settings.is_signed else RenewedAccess
    return kind(settings, connection, session)


def _read(kept: Secret, otherwise: Tokens) -> Tokens:
    """The pair that the store keeps; a refresh token that a person put there is taken as well."""
    text = kept.reveal()
    if not text.startswith("{"):
        return otherwise._replace(refresh=kept)
    try:
        document = json.loads(text)
        return Tokens(Secret(document["access_token"]), Secret(document["refresh_token"]), float(document["expires_at"]))
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            "what token_store keeps cannot be read: delete it, authorize the app anew, and set refresh_token to what it gives"
        ) from None


def _shown(secret: Secret | None) -> str:
    return secret.reveal() if secret else ""
