"""Calls of one account, through Mastodon.py over the channel's own session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from mastodon import Mastodon, MastodonError, MastodonNotFoundError, MastodonRatelimitError

from socialcast.publishers.mastodon.tables import MastodonSettings
from socialcast.wire.transport import PlatformSession

__all__ = ["Api", "MastodonError", "MastodonNotFoundError", "status_of"]

_PER_PAGE = 40  # the most that a list of posts gives
_NO_QUESTION = "4.3.0"  # which endpoints the library takes to be there, so that it does not ask the server for its version

Found: TypeAlias = Any  # a mapping, of types of the library's own that hold what a server sent, as it sent it


class Api:
    """One account on one server; used by several threads, since what the library keeps between calls is not used here."""

    def __init__(self, settings: MastodonSettings, session: PlatformSession) -> None:
        self._url, self._session, self._token = settings.url.rstrip("/"), session, settings.access_token
        library = Mastodon(
            api_base_url=self._url,
            session=session,
            ratelimit_method="throw",  # by default it sleeps until the limit is reset
            request_timeout=None,  # type: ignore[arg-type]  # the session has its own
            mastodon_version=_NO_QUESTION,
            user_agent=str(session.headers["User-Agent"]),
        )
        library.access_token = self._token.reveal()  # given at its making, it would be looked for as a file's name, too
        self._library: Any = library

    def me(self) -> Found:
        """The account."""
        return self._library.account_verify_credentials()

    def app_scopes(self) -> tuple[str, ...]:
        """What the app may do at most; nothing where the server does not tell (before 4.3, and others)."""
        try:
            told = self._library.app_verify_credentials()
        except MastodonError:
            return ()
        scopes = told.get("scopes") if isinstance(told, Mapping) else None
        return tuple(map(str, scopes)) if isinstance(scopes, list) else ()

    def instance(self) -> Any:
        """What the server tells of itself: in the new form, else in the old one; nothing where it tells neither.

        Not by the library, which writes a slash after the address that not every server takes.
        """
        for version in ("v2", "v1"):
            answer = self._session.get(f"{self._url}/api/{version}/instance", headers=self._bearer())
            if answer.status_code >= 500 or answer.status_code == 429:
                answer.raise_for_status()
            if answer.ok and isinstance(told := _json(answer), dict):
                return told
        return {}

    def upload(self, files: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
        """The medium that the server makes of a file, which may take a while.

        Not by the library, which names a poster by the time and a random number, so that no two rehearsals are alike.
        """
        answer = self._session.post(f"{self._url}/api/v2/media", files=files, data=fields, headers=self._bearer())
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def medium(self, id: str) -> Found:
        """A medium that no post shows yet; without a `url` while it is being processed."""
        return self._library.media(id)

    def post(self, fields: Mapping[str, Any], key: str) -> Found:
        """The new post, or the scheduled one."""
        return self._library.status_post(**fields, idempotency_key=key)

    def edit(self, id: str, fields: Mapping[str, Any]) -> Found:
        """The post with other words or media."""
        return self._library.status_update(id, **fields)

    def get(self, id: str) -> Found:
        """One post."""
        return self._library.status(id)

    def source(self, id: str) -> str:
        """The text as it was written."""
        return str(self._library.status_source(id)["text"])

    def context(self, id: str) -> Found:
        """What is above and below a post."""
        return self._library.status_context(id)

    def delete(self, id: str) -> None:
        """Delete one post."""
        self._library.status_delete(id)

    def posts(self, account_id: str) -> Iterator[Found]:
        """The account's posts, the newest first, without those of others that it shares."""
        return self._pages(lambda **page: self._library.account_statuses(account_id, exclude_reblogs=True, **page))

    def scheduled(self) -> Iterator[Found]:
        """The posts that the server keeps until their time."""
        return self._pages(self._library.scheduled_statuses)

    def resolve(self, url: str) -> str:
        """The id by which this server knows the post at that address; empty where it finds none.

        The server's own posts have it in their address; to look up others, the token needs `read:search`.
        """
        if url.startswith(f"{self._url}/"):
            return self._own_post(url)
        found = self._library.search_v2(url, resolve=True, result_type="statuses")["statuses"]
        return next((str(post["id"]) for post in found if url in (post.get("url"), post.get("uri"))), "")

    def _own_post(self, url: str) -> str:
        try:
            post = self.get(url.rstrip("/").rpartition("/")[2])
        except MastodonNotFoundError:
            return ""
        return str(post["id"]) if url in (post.get("url"), post.get("uri")) else ""

    def _pages(self, ask: Any) -> Iterator[Found]:
        """Page after page; a server that knows no pages gives the first one again."""
        seen: set[str] = set()
        page = ask(limit=_PER_PAGE)
        while fresh := [one for one in page if str(one["id"]) not in seen]:
            yield from fresh
            seen.update(str(one["id"]) for one in fresh)
            page = ask(limit=_PER_PAGE, max_id=str(page[-1]["id"]))

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}


def status_of(error: MastodonError) -> int | None:
    """The status of an answer that was an error; None where there was no answer, or a broken one."""
    if isinstance(error, MastodonRatelimitError):
        return 429
    status = error.args[1] if len(error.args) > 1 else None
    return status if isinstance(status, int) else None


def _json(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
