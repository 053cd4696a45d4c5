"""Comments under videos, replies of one level, and figures (OpenAPI 3.4, 2026-11-22)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.audience import Audience, audience
from socialcast.sandbox.mirror import Request, Response, UnplayedError
from socialcast.sandbox.platforms.vimeo.access import User, answer, chosen, json_body, operation, page_of, stamp
from socialcast.sandbox.platforms.vimeo.live import LiveEvents
from socialcast.sandbox.platforms.vimeo.refusals import GONE, RefusalError, invalid
from socialcast.sandbox.platforms.vimeo.tables import LIMITS
from socialcast.sandbox.platforms.vimeo.videos import Video

__all__ = ["Comment", "Comments"]

_DIRECTIONS = frozenset({"asc", "desc"})
_OFF = RefusalError(403, 3413, "Comments are disabled for this video.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever writes, with or without a token."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class Comment:
    """A comment under a video, or a reply to one."""

    id: str
    video: Video
    author: Person
    at: float
    text: str
    parent: Comment | None = None

    @property
    def uri(self) -> str:
        """Where the API has it."""
        return f"/videos/{self.video.id}/comments/{self.id}"


class Comments(LiveEvents):
    """The part of the mirror where people comment."""

    def reset(self) -> None:
        """Forget all comments and everybody who wrote them."""
        super().reset()
        self.comments: dict[str, Comment] = {}
        self.below: defaultdict[str, list[Comment]] = defaultdict(list)  # by the path of a video or comment; oldest first
        self.people: dict[str, Person] = {}

    @operation()
    def list_comments(self, user: User, request: Request, video: str) -> Response:
        """GET /videos/{video}/comments: those of the first level."""
        direction = request.args.get("direction", "asc")
        if direction not in _DIRECTIONS:
            raise invalid("direction")
        found = self._below(self._seen(user, video), None)
        ordered = found if direction == "asc" else found[::-1]
        return answer(page_of(ordered, request, self._comment_node))

    @operation("interact")
    def add_comment(self, user: User, request: Request, video: str) -> Response:
        """POST /videos/{video}/comments."""
        return self._add(user, request, self._seen(user, video), None)

    @operation()
    def read_comment(self, user: User, request: Request, video: str, comment: str) -> Response:
        """GET /videos/{video}/comments/{comment}."""
        return answer(chosen(self._comment_node(self._found(user, video, comment)), request.args.get("fields")))

    @operation("edit")
    def change_comment(self, user: User, request: Request, video: str, comment: str) -> Response:
        """PATCH /videos/{video}/comments/{comment}: another text for one's own."""
        found = self._found(user, video, comment)
        if found.author.id != user.id:
            raise RefusalError(403, 3414, "The user didn't write the comment and can't edit it.")
        found.text = _text(request)
        return answer(self._comment_node(found))

    @operation("delete")
    def delete_comment(self, user: User, request: Request, video: str, comment: str) -> Response:
        """DELETE /videos/{video}/comments/{comment}: one's own, with the replies to it."""
        found = self._found(user, video, comment)
        if found.author.id != user.id:
            raise RefusalError(403, 3415, "The user didn't write this comment and can't delete it.")
        self._forget(found)
        return answer(status=204)

    @operation()
    def list_replies(self, user: User, request: Request, video: str, comment: str) -> Response:
        """GET /videos/{video}/comments/{comment}/replies, oldest first."""
        found = self._found(user, video, comment)
        return answer(page_of(self._below(found.video, found), request, self._comment_node))

    @operation("interact")
    def add_reply(self, user: User, request: Request, video: str, comment: str) -> Response:
        """POST /videos/{video}/comments/{comment}/replies; a reply has none of its own."""
        found = self._found(user, video, comment)
        if found.parent:  # our reading: the description has one level and no code for a second
            raise GONE
        return self._add(user, request, found.video, found)

    # -- by hand -------------------------------------------------------------------------------------------------------

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A person comments on a public video, or replies to a comment; a reply to a reply stands below the same comment."""
        answered = self.comments.get(id)
        video = answered.video if answered else self.videos[id]
        if not _takes_comments(video):
            raise UnplayedError("nobody comments on this video")
        author = self.people.setdefault(name, Person(id=self.ids.digits(9), name=name))
        parent = (answered.parent or answered) if answered else None
        return self._comment(author, video, parent, _checked(text)).id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A person changes an own comment; somebody of the team, the description of a video or an event."""
        comment = self.comments.get(id)
        if comment and comment.author.name != name:
            raise UnplayedError(f"the comment is {comment.author.name}'s to change")
        if comment:
            comment.text = _checked(text)
        elif len(text) > LIMITS.description_characters:
            raise UnplayedError(f"a description has at most {LIMITS.description_characters} characters")
        elif id in self.events:
            self.events[id].description = text
        else:
            self.videos[id].description, self.videos[id].modified_at = text, self.clock.now()

    def remove_as(self, name: str, id: str) -> None:
        """Somebody of the team, or Vimeo itself, deletes a comment, a video or an event."""
        if id in self.comments:
            self._forget(self.comments[id])
        elif id in self.events:
            del self.events[id]
        else:
            self.videos.pop(id).is_deleted = True

    # -- what the calls share ------------------------------------------------------------------------------------------

    def video_node(self, video: Video) -> dict[str, Any]:
        """The resource with its figures: plays, likes and the comments of both levels."""
        reach, uri = self._reach(video), f"/videos/{video.id}"
        first = self._below(video, None)
        totals = {"comments": len(first) + sum(len(self._below(video, one)) for one in first), "likes": reach.likes}
        connections = {name: {"uri": f"{uri}/{name}", "options": ["GET"], "total": total} for name, total in totals.items()}
        return super().video_node(video) | {"stats": {"plays": reach.views}, "metadata": {"connections": connections}}

    def _reach(self, video: Video) -> Audience:
        now = self.clock.now()
        return audience(video.id, video.at if video.view != "nobody" else now, now)

    def _seen(self, user: User, id: str) -> Video:
        video = self.videos.get(id)
        if video is None or not (video.user is user or video.view == "anybody"):
            raise GONE
        return video

    def _found(self, user: User, video: str, comment: str) -> Comment:
        seen, found = self._seen(user, video), self.comments.get(comment)
        if found is None or found.video is not seen:
            raise GONE
        return found

    def _below(self, video: Video, parent: Comment | None) -> list[Comment]:
        return self.below[parent.uri if parent else f"/videos/{video.id}"]

    def _add(self, user: User, request: Request, video: Video, parent: Comment | None) -> Response:
        if not _takes_comments(video):
            raise _OFF
        made = self._comment(Person(id=user.id, name=user.name), video, parent, _text(request))
        return answer(chosen(self._comment_node(made), request.args.get("fields")), 201)

    def _comment(self, author: Person, video: Video, parent: Comment | None, text: str) -> Comment:
        made = Comment(id=self.ids.digits(8), video=video, author=author, at=self.clock.now(), text=text, parent=parent)
        self.comments[made.id] = made
        self._below(video, parent).append(made)
        return made

    def _forget(self, comment: Comment) -> None:
        self.comments = {id: one for id, one in self.comments.items() if comment not in (one, one.parent)}
        self._below(comment.video, comment.parent).remove(comment)

    def _comment_node(self, comment: Comment) -> dict[str, Any]:
        replies = len(self._below(comment.video, comment))
        return {
            "uri": comment.uri,
            "type": "video",
            "text": comment.text,
            "created_on": stamp(comment.at),
            "resource_key": comment.id,
            "user": {
                "uri": f"/users/{comment.author.id}",
                "name": comment.author.name,
                "link": f"https://vimeo.com/user{comment.author.id}",
            },
            "metadata": {
                "connections": {"replies": {"uri": f"{comment.uri}/replies", "options": ["GET", "POST"], "total": replies}}
            },
        }


def _takes_comments(video: Video) -> bool:
    """Nobody comments on a private video, and nobody in the sandbox is a contact."""
    return video.commenters == "anybody" and video.view != "nobody"


def _text(request: Request) -> str:
    told = json_body(request)
    text = told.get("text") if isinstance(told, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise RefusalError(400, 2207, "The comment text is missing.", ("text",))
    return text


def _checked(text: str) -> str:
    if not text.strip():
        raise UnplayedError("a comment has words")
    return text
