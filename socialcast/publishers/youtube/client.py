"""YouTube's API, spoken through Google's client library over the channel's own session."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import google.auth.transport
import httplib2
import requests
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.http import HttpRequest

from socialcast.model.errors import NotAllowed, TransientError
from socialcast.publishers.youtube.tables import YoutubeSettings
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import PlatformSession

__all__ = ["CAPTIONS_SCOPE", "MANAGING_SCOPES", "RequestsHttp", "YoutubeClient"]

# Without a handler anywhere, Python would print on the user's terminal what the library logs at each refused call.
logging.getLogger("googleapiclient").addHandler(logging.NullHandler())

_TOKENS = "https://oauth2.googleapis.com/token"
_SCOPES = "https://www.googleapis.com/auth/"
CAPTIONS_SCOPE = f"{_SCOPES}youtube.force-ssl"
MANAGING_SCOPES = frozenset({f"{_SCOPES}youtube", CAPTIONS_SCOPE})
_PER_PAGE = 50
_UNAUTHORISED = 401
_TRIED_AGAIN = frozenset({408, 429})  # and every 5xx


class YoutubeClient:
    """One channel; used by many threads at once."""

    def __init__(self, settings: YoutubeSettings, session: PlatformSession, learn: Callable[[Secret], None]) -> None:
        self.http = RequestsHttp(settings, session, learn)

    def request(self, operation: str, **arguments: Any) -> HttpRequest:
        """A request that is not sent yet, for an operation such as "videos.list"."""
        resource, _, method = operation.partition(".")
        request: HttpRequest = getattr(_operations(resource), method)(**arguments)
        request.http = self.http
        return request

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of an operation. Raises HttpError for a refusal and ValueError for an answer that is none."""
        answer = self.request(operation, **arguments).execute()
        if not isinstance(answer, dict):  # the library gives HTML and cut JSON back as text
            raise ValueError(f"{operation} was not answered with JSON")
        return answer

    def pages(self, operation: str, **arguments: Any) -> Iterator[list[dict[str, Any]]]:
        """What a listing gives, page by page."""
        token: dict[str, str] = {}
        while True:
            answer = self.call(operation, maxResults=_PER_PAGE, **arguments, **token)
            yield answer["items"]
            if not (following := answer.get("nextPageToken")):
                return
            token = {"pageToken": following}

    def items(self, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Everything that a listing gives."""
        for page in self.pages(operation, **arguments):
            yield from page

    def one(self, operation: str, id: str, part: str) -> dict[str, Any]:
        """The resource of that id. Raises TransientError where YouTube does not show it, since fresh ids may need seconds."""
        found = self.call(operation, id=id, part=part)["items"]
        if not found:
            raise TransientError(f"YouTube does not show {id}", hint="if it was deleted there, publish under a new key")
        resource: dict[str, Any] = found[0]
        return resource

    def require_scope(self, scopes: frozenset[str], purpose: str) -> None:
        """Raise NotAllowed unless the token was given one of them; a token endpoint that tells no scopes is trusted."""
        granted = self.http.granted_scopes()
        if granted and not granted & scopes:
            wanted = " or ".join(sorted(scope.removeprefix(_SCOPES) for scope in scopes))
            raise NotAllowed(
                f"the token lacks the scope {wanted}, which {purpose} needs", hint="sign in again with youtube.force-ssl"
            )


@cache
def _operations(resource: str) -> Any:
    """What can be done with things of that kind, for all channels: the library writes each method and its documentation anew
    whenever it is asked for them, which takes longer than a call."""
    return getattr(_service(), resource)()


@cache
def _service() -> Any:
    # the description of the API that comes with the library: no call is made to get it
    return build("youtube", "v3", http=httplib2.Http(), static_discovery=True, cache_discovery=False)


class RequestsHttp:
    """What the client library needs of an httplib2.Http, over our session.

    httplib2 itself sends a request a second time when the server closes the connection, and is not safe among threads. A
    token that is not taken any more is dropped and the call left to be tried again, since an upload's body is used up.
    """

    def __init__(self, settings: YoutubeSettings, session: PlatformSession, learn: Callable[[Secret], None]) -> None:
        self._session, self._learn = session, learn
        self._tokens = _Tokens(session)
        self._renewing = threading.Lock()
        self._credentials = Credentials(  # type: ignore[no-untyped-call]
            token=None,
            refresh_token=settings.refresh_token.reveal(),
            token_uri=_TOKENS,
            client_id=settings.client_id.reveal(),
            client_secret=settings.client_secret.reveal(),
        )

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        redirections: int = 0,
        connection_type: Any = None,
    ) -> tuple[httplib2.Response, bytes]:
        """The answer, with a body of text, bytes or a file that is read while it is sent."""
        authorised = dict(headers or {})
        is_new = self._authorise(authorised)
        answer = self._session.request(method, uri, data=body, headers=authorised)
        if answer.status_code == _UNAUTHORISED and not is_new:
            self._credentials.token = None
            raise TransientError("YouTube did not take the access token any more; another one is asked for")
        return _as_httplib2(answer), answer.content

    def granted_scopes(self) -> frozenset[str]:
        """What the token was given; empty where the token endpoint does not tell."""
        self._authorise({})
        return self._tokens.scopes

    def _authorise(self, headers: dict[str, str]) -> bool:
        """Add the access token, and tell whether it is a new one.

        The library's own `before_request` would also look up regional endpoints, in a thread of its own.
        """
        with self._renewing:
            is_new = not self._credentials.valid
            if is_new:
                self._credentials.refresh(self._tokens)  # type: ignore[no-untyped-call]
                self._learn(Secret(str(self._credentials.token)))
            self._credentials.apply(headers)  # type: ignore[no-untyped-call]
        return is_new


class _Tokens(google.auth.transport.Request):
    """Asks Google for access tokens, once: the library would wait and ask again by itself.

    A new access token changes nothing that is published, so what went wrong on the way is always worth another try.
    """

    scopes: frozenset[str] = frozenset()

    def __init__(self, session: PlatformSession) -> None:
        self._session = session

    def __call__(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **options: Any
    ) -> _TokenAnswer:
        try:
            answer = self._session.request(method, url, data=body, headers=headers)
        except requests.RequestException as error:
            raise TransientError(f"Google gave no access token ({type(error).__name__})") from error
        told = _json(answer)
        status = answer.status_code
        if status >= 500 or status in _TRIED_AGAIN or (answer.ok and not told.get("access_token")):
            wait = answer.headers.get("Retry-After", "")
            seconds = float(wait) if wait.isdigit() else None
            raise TransientError(f"Google gave no access token (HTTP {status})", status=status, retry_after=seconds)
        self.scopes = frozenset(str(told.get("scope", "")).split()) or self.scopes
        return _TokenAnswer(status, dict(answer.headers), answer.content)


class _TokenAnswer(NamedTuple):
    """What google-auth reads of an answer."""

    status: int
    headers: dict[str, str]
    data: bytes


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except requests.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _as_httplib2(answer: requests.Response) -> httplib2.Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    response = httplib2.Response({**headers, "status": str(answer.status_code)})
    response.reason = answer.reason
    return response
