"""Calls over the channel's own session.

The atproto package is not used: its import alone takes 1.5 s (measured 2026-11-22), it brings a session of its own past our
time-outs and records, and what is needed of it is a handful of calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

import requests

from socialcast.publisher import Connection
from socialcast.publishers.bluesky.tables import BlueskySettings
from socialcast.wire.secrets import Secret

__all__ = ["Api", "is_absent"]

_EXPIRED = "ExpiredToken"
_ABSENT = frozenset({"RecordNotFound", "NotFound"})


class _Session(NamedTuple):
    """A sign-in: the account's DID and handle, the server that holds its data, and its two tokens."""

    did: str
    handle: str
    server: str
    access: Secret
    refresh: Secret


class Api:
    """One account's calls: signed in once, at the first of them, and renewed when the token has expired."""

    def __init__(self, settings: BlueskySettings, connection: Connection, session: requests.Session) -> None:
        self._settings, self._connection, self._http = settings, connection, session
        self._signed_in: _Session | None = None
        self._signing_in = threading.Lock()

    @property
    def did(self) -> str:
        """The account's lasting name."""
        return self._session().did

    @property
    def handle(self) -> str:
        """The name that people know, which can change."""
        return self._session().handle

    @property
    def host(self) -> str:
        """The host that holds the account's data, to which a video service sends its results."""
        return urlsplit(self._session().server).netloc

    def query(self, method: str, **params: str | list[str]) -> dict[str, Any]:
        """What a method gives that changes nothing. Raises requests.HTTPError for a refusal."""
        return self._call(lambda s: self._http.get(_at(s.server, method), params=params, headers=_bearer(s.access)))

    def procedure(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a method gives that writes. Raises requests.HTTPError for a refusal."""
        return self._call(lambda s: self._http.post(_at(s.server, method), json=body, headers=_bearer(s.access)))

    def upload(self, open_content: Callable[[], BinaryIO], media_type: str) -> dict[str, Any]:
        """The blob that the server makes of the content, which is read while it is sent."""

        def send(session: _Session) -> requests.Response:
            headers = {**_bearer(session.access), "Content-Type": media_type}
            with open_content() as content:
                return self._http.post(_at(session.server, "com.atproto.repo.uploadBlob"), data=content, headers=headers)

        blob: dict[str, Any] = self._call(send)["blob"]
        return blob

    def token_for(self, audience: str, method: str, seconds: int) -> Secret:
        """A token for one method of another service, for so long."""
        expires = str(int(self._connection.clock.now().timestamp()) + seconds)
        told = self.query("com.atproto.server.getServiceAuth", aud=audience, lxm=method, exp=expires)
        token = Secret(told["token"])
        self._connection.transport.learn(token)
        return token

    def _call(self, send: Callable[[_Session], requests.Response]) -> dict[str, Any]:
        session = self._session()
        answer = send(session)
        if _error(answer) == _EXPIRED:
            answer = send(self._session(expired=session))
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    # -- signing in ------------------------------------------------------------------------------------------------------

    def _session(self, *, expired: _Session | None = None) -> _Session:
        with self._signing_in:
            if self._signed_in is None or self._signed_in is expired:
                self._signed_in = self._signed(self._renewed(expired) if expired else self._created())
            return self._signed_in

    def _created(self) -> requests.Response:
        who = {"identifier": self._settings.identifier, "password": self._settings.app_password.reveal()}
        return self._http.post(_at(self._settings.server, "com.atproto.server.createSession"), json=who)

    def _renewed(self, session: _Session) -> requests.Response:
        """A new pair for the refresh token; the password gives one where that has expired, too."""
        answer = self._http.post(_at(session.server, "com.atproto.server.refreshSession"), headers=_bearer(session.refresh))
        return self._created() if _error(answer) == _EXPIRED else answer

    def _signed(self, answer: requests.Response) -> _Session:
        answer.raise_for_status()
        told = answer.json()
        access, refresh = Secret(told["accessJwt"]), Secret(told["refreshJwt"])
        self._connection.transport.learn(access)
        self._connection.transport.learn(refresh)
        return _Session(told["did"], told["handle"], _server(told, self._settings.server), access, refresh)


def is_absent(error: requests.HTTPError) -> bool:
    """Whether a refusal says that what was asked for is not there."""
    return _error(error.response) in _ABSENT


def _server(told: Mapping[str, Any], signed_in_at: str) -> str:
    """The server that the account's document names: a gateway takes no uploads for others."""
    services = (told.get("didDoc") or {}).get("service") or ()
    return next((str(each["serviceEndpoint"]) for each in services if each["id"].endswith("#atproto_pds")), signed_in_at)


def _at(server: str, method: str) -> str:
    return f"{server}/xrpc/{method}"


def _bearer(token: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}


def _error(answer: requests.Response) -> str:
    if answer.ok:
        return ""
    try:
        return str(answer.json().get("error", ""))
    except (ValueError, AttributeError):
        return ""
