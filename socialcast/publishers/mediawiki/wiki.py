"""One signed-in account on one wiki, through mwclient with its retries and its sleeps off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import mwclient
from mwclient.errors import APIError, MaximumRetriesExceeded, MwClientError
from requests import RequestException

from socialcast import __version__
from socialcast.model.errors import CredentialsExpired
from socialcast.publishers.mediawiki.errors import SESSION_LOST
from socialcast.publishers.mediawiki.settings import MediawikiSettings
from socialcast.wire.transport import PlatformSession

__all__ = ["FILES", "Wiki"]

FILES = 6  # the number of the files' namespace (Manual:Namespace, 2026-11-27)


class Wiki:
    """Calls to the action API, each asserted to be ours: a lost session must not publish our address as an anonymous edit."""

    def __init__(self, settings: MediawikiSettings, session: PlatformSession) -> None:
        self._settings, self._session = settings, session
        session.headers["User-Agent"] = f"socialcast/{__version__} ({settings.contact}) mwclient/{mwclient.__version__}"
        if settings.access_token:
            session.headers["Authorization"] = f"Bearer {settings.access_token.reveal()}"
        address = urlsplit(settings.url)
        self._site = mwclient.Site(
            address.netloc,
            scheme=address.scheme,
            path=address.path.removesuffix("api.php"),
            pool=session,
            do_init=False,
            max_retries=0,
            connection_options={"timeout": None},  # our session has its own
        )
        self._signing_in = threading.Lock()
        self._is_signed_in = False

    @property
    def username(self) -> str:
        """The account's name, without the bot password's."""
        self._sign_in()
        return str(self._site.username)

    @property
    def rights(self) -> frozenset[str]:
        """What the account may do, as far as its bot password or token lets it."""
        self._sign_in()
        return frozenset(self._site.rights)

    def url_of(self, title: str) -> str:
        """Where people read that page."""
        self._sign_in()
        place = self._site.site["articlepath"].replace("$1", quote(title.replace(" ", "_"), safe="/:!*(),;@"))
        return urljoin(self._settings.url, f"{self._site.site['server']}{place}")

    def revision_url(self, title: str, revid: int, heading: str = "") -> str:
        """Where people read a page as it was with that revision, at that heading."""
        page, place = self.url_of(title), f"#{quote(heading.replace(' ', '_'))}" if heading else ""
        return f"{page}{'&' if '?' in page else '?'}oldid={revid}{place}"

    def namespace(self, number: int) -> str:
        """What this wiki calls that namespace, in its own language."""
        self._sign_in()
        return str(self._site.namespaces.get(number, ""))

    def query(self, **parameters: Any) -> dict[str, Any]:
        """The answer of action=query, with what it needs beside `query`."""
        answer: dict[str, Any] = self._called(lambda: self._site.get("query", retry_on_error=False, **parameters, **self._ours()))
        return answer

    def post(self, action: str, **parameters: Any) -> dict[str, Any]:
        """What the action made, under its own name in the answer."""
        answer = self._called(
            lambda: self._site.post(action, retry_on_error=False, **parameters, **self._ours(), token=self._token())
        )
        made: dict[str, Any] = answer[action]
        return made

    def upload(self, parameters: Mapping[str, Any], files: Mapping[str, tuple[str, bytes | BinaryIO, str]]) -> dict[str, Any]:
        """The upload's answer; where a chunk is not the one that the wiki waits for, its answer tells which one is.

        mwclient's own upload keeps nothing to go on with, and loses the offset of that error (0.11).
        """
        answer: dict[str, Any] = self._called(lambda: self._upload(parameters, files))
        return answer

    def _upload(self, parameters: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
        fields = {**parameters, **self._ours(), "action": "upload", "format": "json", "token": self._token()}
        answer = json.loads(self._site.raw_call("api", fields, dict(files), retry_on_error=False))
        error = answer.get("error", {})
        if error.get("code") == "stashfailed" and "offset" in error:
            return {"result": "Continue", "offset": error["offset"]}
        self._site.handle_api_result(answer)
        made: dict[str, Any] = answer["upload"]
        return made

    def _called(self, call: Callable[[], Any]) -> Any:
        self._sign_in()
        try:
            return _without_post_data(call)
        except APIError as error:
            if error.code in SESSION_LOST:
                self._forget_session()
            raise

    def _token(self) -> str:
        return str(self._site.get_token("csrf"))

    def _ours(self) -> dict[str, Any]:
        role = "bot" if self._settings.bot else "user"
        return {"formatversion": 2, "assert": role, "assertuser": self._site.username, "maxlag": self._settings.maxlag_seconds}

    def _sign_in(self) -> None:
        with self._signing_in:
            if not self._is_signed_in:
                _without_post_data(self._log_in)
                self._is_signed_in = True

    def _log_in(self) -> None:
        if self._settings.access_token:
            self._site.site_init()
            if not self._site.logged_in:
                raise CredentialsExpired("the wiki does not know the access token", hint="make a new owner-only token")
        elif self._settings.password:
            self._site.login(self._settings.username, self._settings.password.reveal())

    def _forget_session(self) -> None:
        with self._signing_in:
            self._session.cookies.clear()
            self._site.tokens.clear()
            self._is_signed_in = False


def _without_post_data(call: Callable[[], Any]) -> Any:
    """The call's result; mwclient's MaximumRetriesExceeded (0.11) holds password and tokens, and does not get out of here."""
    try:
        return call()
    except MaximumRetriesExceeded:
        pass  # raised below, where it is no longer the context
    except RequestException as error:
        error.__context__ = None  # where mwclient has put it
        raise
    raise MwClientError("the wiki asks for patience")
