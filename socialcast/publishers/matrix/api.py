"""Calls over the channel's own session: signed in with one device, since a server takes a transaction id once from each.

No client library is used: matrix-nio is asynchronous with a session of its own, and what is needed is a handful of calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
import requests

from socialcast.publisher import Connection
from socialcast.publishers.matrix.tables import MatrixSettings
from socialcast.wire.secrets import Secret

__all__ = ["Api", "code_of", "path"]

_CLIENT = "/_matrix/client/v3"
_MEDIA = "/_matrix/media/v3/upload"
_LIMITS = "/_matrix/client/v1/media/config"
_DOWNLOAD = "/_matrix/client/v1/media/download/{}/{}"
_RELATIONS = "/_matrix/client/v1/rooms/{}/relations/{}/"
_MESSAGES = "/rooms/{}/messages"
_PAGE = 1000  # what Synapse gives at most (seen 2026-11-26)
_ABSENT = frozenset({"M_NOT_FOUND", "M_UNKNOWN"})  # with 404: no such event, and nothing that relates to one


class Api:
    """One account's calls, signed in at the first of them and again where the server has forgotten the token."""

    def __init__(self, settings: MatrixSettings, connection: Connection, session: requests.Session) -> None:
        self._settings, self._connection, self._http = settings, connection, session
        self._token = settings.access_token
        self._user_id = ""
        self._signing_in = threading.Lock()

    @property
    def user_id(self) -> str:
        """Who writes, as the server calls them."""
        if not self._user_id:
            self._user_id = str(self.get("/account/whoami")["user_id"])
        return self._user_id

    @property
    def server_name(self) -> str:
        """The server's name, under which its accounts and addresses stand."""
        return self.user_id.partition(":")[2]

    def get(self, where: str, **params: Any) -> dict[str, Any]:
        """What is read there. Raises requests.HTTPError for a refusal."""
        return self._call("GET", _CLIENT + where, params=params)

    def post(self, where: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What came of it."""
        return self._call("POST", _CLIENT + where, json=body)

    def put(self, where: str, body: Mapping[str, Any]) -> str:
        """The id of the event that it made, or had made under the same transaction."""
        return str(self._call("PUT", _CLIENT + where, json=body)["event_id"])

    def upload(self, open_content: Callable[[], BinaryIO], media_type: str, filename: str) -> str:
        """The address of a file on the server, which is read while it is sent."""
        answer = self._repeated(lambda: self._send_file(open_content, media_type, filename))
        return str(answer.json()["content_uri"])

    def download(self, mxc: str) -> requests.Response:
        """The file at an address that an upload gave; servers ask for a token since 1.11."""
        server, _, file = mxc.removeprefix("mxc://").partition("/")
        address = self._settings.homeserver + path(_DOWNLOAD, server, file)
        return self._repeated(lambda: self._http.get(address, headers=self._bearer()))

    def max_upload_bytes(self) -> int | None:
        """The largest file that the server takes; None where it does not tell."""
        told = self._call("GET", _LIMITS).get("m.upload.size")
        return int(told) if told is not None else None

    def event(self, room: str, event: str) -> dict[str, Any] | None:
        """One event with its last version; None where it is not there."""
        return self._if_there("/rooms/{}/event/{}", room, event)

    def beginning(self, room: str, event: str) -> dict[str, Any] | None:
        """One event, and as `end` the place right after it; None where it is not there."""
        return self._if_there("/rooms/{}/context/{}", room, event, limit=0, filter=_wanted())

    def messages_after(self, room: str, place: str, *, limit: int, **wanted: Any) -> dict[str, Any]:
        """A page of messages from that place on, the earliest first; `end` is missing where there are none."""
        where = {"dir": "f", "from": place, "limit": limit}
        return self.get(path(_MESSAGES, room), filter=_wanted(**wanted), **where)

    def own_messages(self, room: str) -> Iterator[dict[str, Any]]:
        """What this account wrote in the room, the latest first."""
        wanted = _wanted(senders=[self.user_id])
        page: dict[str, Any] = {"end": None}
        while "end" in page:
            since = {"from": page["end"]} if page["end"] else {}
            page = self.get(path(_MESSAGES, room), dir="b", limit=_PAGE, filter=wanted, **since)
            yield from page["chunk"]

    def edits(self, room: str, event: str) -> list[str]:
        """The events that replace this one."""
        return [str(edit["event_id"]) for edit in self._related(room, event, "m.replace")]

    def reactions(self, room: str, event: str) -> int:
        """How many reactions it has, of every kind."""
        return sum(1 for _ in self._related(room, event, "m.annotation/m.reaction"))

    def _related(self, room: str, event: str, kind: str) -> Iterator[dict[str, Any]]:
        where = path(_RELATIONS, room, event) + kind
        page: dict[str, Any] = {"next_batch": None}
        while "next_batch" in page:
            since = {"from": page["next_batch"]} if page["next_batch"] else {}
            page = self._call("GET", where, params={"limit": 100, **since})
            yield from page["chunk"]

    def _if_there(self, pattern: str, *parts: str, **params: Any) -> dict[str, Any] | None:
        try:
            return self.get(path(pattern, *parts), **params)
        except requests.HTTPError as error:
            if error.response.status_code == 404 and code_of(error) in _ABSENT:
                return None
            raise

    # -- one call ----------------------------------------------------------------------------------------------------------

    def _call(self, method: str, where: str, **options: Any) -> dict[str, Any]:
        address = self._settings.homeserver + where
        answer = self._repeated(lambda: self._http.request(method, address, headers=self._bearer(), **options))
        told: dict[str, Any] = answer.json()
        return told

    def _send_file(self, open_content: Callable[[], BinaryIO], media_type: str, filename: str) -> requests.Response:
        headers = {**self._bearer(), "Content-Type": media_type}
        with open_content() as content:
            address = self._settings.homeserver + _MEDIA
            return self._http.post(address, params={"filename": filename}, data=content, headers=headers)

    def _repeated(self, send: Callable[[], requests.Response]) -> requests.Response:
        """The answer; where the token has lapsed and there is a password, that of a second try."""
        used = self._token
        answer = send()
        if answer.status_code == 401 and self._settings.user and self._settings.password and used:
            self._sign_in(lapsed=used)
            answer = send()
        answer.raise_for_status()
        return answer

    def _bearer(self) -> dict[str, str]:
        if self._token is None:
            self._sign_in(lapsed=None)
        assert self._token is not None  # noqa: S101 - signing in sets it, or raises
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def _sign_in(self, *, lapsed: Secret | None) -> None:
        settings = self._settings
        with self._signing_in:
            if self._token is not lapsed or settings.password is None:
                return
            body = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": settings.user},
                "password": settings.password.reveal(),
                "device_id": settings.device_id or f"socialcast-{self._connection.channel}",
                "initial_device_display_name": "socialcast",
            }
            answer = self._http.post(settings.homeserver + _CLIENT + "/login", json=body)
            answer.raise_for_status()
            token = Secret(answer.json()["access_token"])
            self._connection.transport.learn(token)
            self._token = token


def _wanted(**more: Any) -> str:
    """A filter for messages."""
    return msgspec.json.encode({"types": ["m.room.message"], **more}).decode()


def path(pattern: str, *parts: str) -> str:
    """The path with those parts in it, of which none can lead elsewhere."""
    return pattern.format(*(quote(part, safe="") for part in parts))


def code_of(error: requests.HTTPError) -> str:
    """The server's own name of an error; empty where it told none."""
    try:
        return str(error.response.json().get("errcode", ""))
    except (ValueError, AttributeError):
        return ""
