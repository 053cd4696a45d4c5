"""Calls to the Graph API in the Page's name, through facebook-sdk over the channel's own session."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import requests
from facebook import GraphAPI, GraphAPIError
from requests.auth import AuthBase

from socialcast.publisher import Connection
from socialcast.publishers.facebook.settings import FacebookSettings
from socialcast.publishers.facebook.usage import Usage
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import PlatformSession

__all__ = ["GONE", "Graph", "GraphAPIError", "codes_of", "error_data"]

GONE = (100, 33)  # code and subcode of what does not exist, or is not to be seen

_VIDEO_HOST = "https://graph-video.facebook.com"
_PER_PAGE = 100
_THROTTLED = frozenset({4, 17, 32, 341, 613, 80001, 80006})
_TOO_FAST = (368, 1390008)
_TOO_FAST_SECONDS = 1800.0  # Facebook blocks for minutes to hours and counts what is tried meanwhile


class Graph:
    """One Page; used by many threads at once, since nothing but the usage changes between calls."""

    def __init__(self, settings: FacebookSettings, connection: Connection, session: PlatformSession) -> None:
        self._session, self._version = session, settings.version
        self._usage = Usage(connection.clock)
        self._library = _library(settings, session)
        self._signature = _signature(settings, connection)
        session.hooks["response"].append(self._usage.note)  # the library loses headers

    def get(self, path: str, **arguments: Any) -> dict[str, Any]:
        """What a node or an edge tells. Raises GraphAPIError and RateLimited."""
        return self._request(path, args={**_plain(arguments), **self._signature})

    def pages(self, path: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Everything that an edge lists, page after page."""
        while True:
            found = self.get(path, limit=_PER_PAGE, **arguments)
            yield from found.get("data", ())
            if not (after := self.next_page(found)):
                return
            arguments["after"] = after

    @staticmethod
    def next_page(found: Mapping[str, Any]) -> str:
        """The cursor behind what an edge listed, empty at its end."""
        paging = found.get("paging") or {}
        return str((paging.get("cursors") or {}).get("after") or "") if paging.get("next") else ""

    def post(self, path: str, *, files: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """The answer to a write. Raises GraphAPIError and RateLimited."""
        return self._request(path, post_args={**_plain(fields), **self._signature}, files=files)

    def set(self, path: str, **fields: Any) -> str:
        """ "done" where Facebook says that it is, else empty, which no step takes for success."""
        return "done" if self.post(path, **fields).get("success") else ""

    def delete(self, path: str) -> str:
        """ "deleted" where Facebook says that it is, else empty."""
        return "deleted" if self._request(path, args={**self._signature}, method="DELETE").get("success") else ""

    def post_video(self, path: str, *, files: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """The answer of the host that takes videos; the library writes another host before every path."""
        self._usage.check()
        data = {**_plain(fields), **self._signature}
        answer: dict[str, Any] = self._session.post(f"{_VIDEO_HOST}/{self._version}/{path}", data=data, files=files).json()
        if answer.get("error"):
            raise GraphAPIError(answer)
        return answer

    def _request(self, path: str, **options: Any) -> dict[str, Any]:
        self._usage.check()
        try:
            answer: dict[str, Any] = self._library.request(f"{self._version}/{path}", **options)
        except GraphAPIError as error:
            if codes_of(error) == _TOO_FAST:
                self._usage.stop(_TOO_FAST_SECONDS)
            elif codes_of(error)[0] in _THROTTLED:
                self._usage.stop()
            raise
        return answer


def codes_of(error: GraphAPIError) -> tuple[int, int]:
    """Code and subcode of an error, 0 where there is none."""
    told = _told(error)
    return int(told.get("code") or 0), int(told.get("error_subcode") or 0)


def error_data(error: GraphAPIError) -> dict[str, Any]:
    """What the error tells beside its words, such as the right offset of an upload; as an object or as JSON in a string."""
    data = _told(error).get("error_data") or {}
    found = msgspec.json.decode(data) if isinstance(data, str) else data
    return found if isinstance(found, dict) else {}


def _told(error: GraphAPIError) -> dict[str, Any]:
    told = error.result.get("error") if isinstance(error.result, dict) else None
    return told if isinstance(told, dict) else {}


def _library(settings: FacebookSettings, session: PlatformSession) -> GraphAPI:
    """facebook-sdk 3.1 in today's version, which its own check does not know, and with the token in a header.

    Given a token, it would write it into the address of every call without a body, where logs and errors show it.
    """
    session.auth = _Bearer(settings.access_token)
    library = GraphAPI(session=session)
    library.version = settings.version
    return library


def _signature(settings: FacebookSettings, connection: Connection) -> dict[str, str]:
    """What proves that the app itself calls; empty without the app's secret."""
    if not settings.app_secret or not settings.app_secret.reveal():
        return {}
    key, token = settings.app_secret.reveal().encode(), settings.access_token.reveal().encode()
    proof = hmac.new(key, token, hashlib.sha256).hexdigest()
    connection.transport.learn(Secret(proof))
    return {"appsecret_proof": proof}


class _Bearer(AuthBase):
    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def _plain(fields: Mapping[str, Any]) -> dict[str, str]:
    """Form fields: text as it is, everything else as JSON."""
    return {name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in fields.items()}
