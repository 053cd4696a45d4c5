"""What people write below a video on Vimeo, on two levels, and our answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import requests

from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Item
from socialcast.publishers.vimeo.api import NOT_FOUND, Api
from socialcast.publishers.vimeo.tables import COMMENTS_OFF

__all__ = ["add", "answer_words", "find", "one_page", "place_of"]

_FIELDS = "uri,text,created_on,user.uri,user.name,user.link,metadata.connections.replies.total"

Comment = Mapping[str, Any]


class Place(msgspec.Struct, frozen=True):
    """The page that comes next, and whether the video takes comments."""

    page: int
    is_open: bool


def one_page(api: Api, video: Item, own_uri: str, cursor: str) -> Replies:
    """A hundred comments, the oldest first, each with what answers it.

    On another day all of it comes again: an old comment may have a new answer.
    """
    place = msgspec.json.decode(cursor, type=Place) if cursor else Place(1, _takes_comments(api, video))
    told = api.found(f"/videos/{video.id}/comments", direction="asc", per_page=100, page=place.page, fields=_FIELDS) or {}
    threads = [_Thread(api, video, said, own_uri, is_open=place.is_open) for said in told.get("data", ())]
    more = bool((told.get("paging") or {}).get("next"))
    after = msgspec.json.encode(Place(place.page + 1, place.is_open)).decode() if more else ""
    return Replies(page=tuple(reply for thread in threads for reply in thread.replies()), cursor=after, more=more)


def place_of(video: Item, to: Reply | None) -> str:
    """Where an answer is put: below the video, or below the comment that began the thread, which may be the one it answers."""
    if to is None:
        return f"/videos/{video.id}/comments"
    return f"{to.id if to.parent == video.id else to.parent}/replies"


def answer_words(api: Api, place: str, text: str, to: Reply | None) -> str:
    """The text; on the second level, where answers stand side by side, it names whom it answers, and leads to what it answers
    where that person said more than one thing. Raises TerminalError where that is gone."""
    if to is None or place == f"{to.id}/replies":
        return text
    told = list(_all_of(api, place))
    if to.id not in {said["uri"] for said in told}:
        raise _gone()
    words = f"@{to.author} {text}"
    is_clear = [_author(said).get("name") for said in told].count(to.author) == 1
    return words if is_clear else f"{words}\n\n{to.url}"


def add(api: Api, place: str, words: str) -> str:
    """The address on the API of a new comment. Raises TerminalError where what it answers is gone."""
    try:
        return str(api.call("POST", place, {"text": words}).get("uri", ""))
    except requests.HTTPError as error:
        if error.response.status_code != NOT_FOUND or not place.endswith("/replies"):
            raise
        raise _gone() from error


def find(api: Api, place: str, words: str, own_uri: str, to: Reply | None) -> str | None:
    """The account's own comment with these words there, if it is not older than what it answers."""
    own = (said for said in _all_of(api, place) if _author(said).get("uri") == own_uri)
    return next((said["uri"] for said in own if said["text"] == words and (to is None or _at(said) >= to.at)), None)


class _Thread:
    """A comment and what answers it."""

    def __init__(self, api: Api, video: Item, first: Comment, own_uri: str, *, is_open: bool) -> None:
        self._api, self._video, self._first = api, video, first
        self._own_uri, self._is_open = own_uri, is_open

    def replies(self) -> Iterator[Reply]:
        """The comment, then its answers, the oldest first; each belongs to the comment, unless it leads to or names another."""
        yield self._reply(self._first, self._video.id)
        if not self._first["metadata"]["connections"]["replies"]["total"]:
            return
        before: list[Reply] = []
        for said in _all_of(self._api, f"{self._first['uri']}/replies"):
            before.append(self._reply(said, _answered(said["text"], before) or self._first["uri"]))
            yield before[-1]

    def _reply(self, said: Comment, parent: str) -> Reply:
        author = _author(said)
        is_own = author.get("uri") == self._own_uri
        return Reply(
            id=said["uri"],
            author=author.get("name", ""),
            author_url=author.get("link", ""),
            at=_at(said),
            text=said["text"],
            url=self._video.url + _anchor(said["uri"]),
            parent=parent,
            is_own=is_own,
            forbidden="" if is_own or self._is_open else COMMENTS_OFF,
        )


def _answered(text: str, before: Sequence[Reply]) -> str | None:
    """The earlier answer whose address ends the text, or else the newest by whom it names."""
    newest_first = before[::-1]
    led_to = (reply.id for reply in newest_first if text.endswith(_anchor(reply.id)))
    named = (reply.id for reply in newest_first if text.startswith(f"@{reply.author} "))
    return next((id for found in (led_to, named) for id in found), None)


def _anchor(uri: str) -> str:
    """The place of a comment on its video's page."""
    return f"#comment_{uri.rpartition('/')[2]}"


def _all_of(api: Api, place: str) -> Iterator[dict[str, Any]]:
    """All comments of that place, the oldest first; none where it is gone."""
    page, more = 1, True
    while more:
        told = api.found(place, per_page=100, page=page, fields=_FIELDS) or {}
        yield from told.get("data", ())
        page, more = page + 1, bool((told.get("paging") or {}).get("next"))


def _takes_comments(api: Api, video: Item) -> bool:
    told = api.found(f"/videos/{video.id}", fields="privacy.comments") or {}
    return (told.get("privacy") or {}).get("comments") != "nobody"


def _author(said: Comment) -> Mapping[str, Any]:
    """Nobody, where the account is gone."""
    return said.get("user") or {}


def _at(said: Comment) -> datetime:
    return datetime.fromisoformat(said["created_on"])


def _gone() -> TerminalError:
    return TerminalError("what you answer was deleted", code="reply.gone", hint="there is nothing to answer any more")
