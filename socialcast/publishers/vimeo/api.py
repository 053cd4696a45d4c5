"""Calls to Vimeo's API over the channel's own session.

PyVimeo is not used: it calls requests past every session, sleeps and retries by itself and changes what it is given
(measured 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from socialcast.model.errors import NotAllowed
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import PlatformSession

__all__ = ["NOT_FOUND", "Api"]

NOT_FOUND = 404

_BASE = "https://api.vimeo.com"
_VERSION = "application/vnd.vimeo.*+json;version=3.4"
_PER_PAGE = 100


class Api:
    """One account's calls."""

    def __init__(self, token: Secret, session: PlatformSession) -> None:
        self.session = session
        self._headers = {"Accept": _VERSION, "Authorization": f"bearer {token.reveal()}"}

    def call(self, method: str, path: str, body: Mapping[str, Any] | list[Any] | None = None, **params: Any) -> dict[str, Any]:
        """The answer, empty where there is none. Raises requests.HTTPError for a refusal."""
        answer = self.session.request(method, _BASE + path, json=body, params=params, headers=self._headers)
        answer.raise_for_status()
        told = answer.json() if answer.content else {}
        return told if isinstance(told, dict) else {"data": told}

    def found(self, path: str, **params: Any) -> dict[str, Any] | None:
        """What is told of one thing, None where it is gone."""
        try:
            return self.call("GET", path, **params)
        except requests.HTTPError as error:
            if error.response.status_code != NOT_FOUND:
                raise
            return None

    def listed(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Everything that a listing gives, newest first."""
        page = 1
        while True:
            told = self.call("GET", path, sort="date", direction="desc", per_page=_PER_PAGE, page=page, **params)
            yield from told["data"]
            if not told.get("paging", {}).get("next"):
                return
            page += 1

    def scopes(self) -> frozenset[str]:
        """What the token was given."""
        return frozenset(str(self.call("GET", "/oauth/verify", fields="scope").get("scope", "")).split())

    def require_scopes(self, needed: frozenset[str]) -> None:
        """Raise NotAllowed unless the token was given all of them."""
        if missing := needed - self.scopes():
            words = " and ".join(sorted(missing))
            raise NotAllowed(f"the token lacks the scope {words}", hint="make a new one at developer.vimeo.com/apps with it")
