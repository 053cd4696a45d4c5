"""What people and Pages answer to a post, and the figures of it (Graph API reference, comments and insights, 2026-11-22)."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from typing import Any

from socialcast.sandbox.audience import Audience, audience
from socialcast.sandbox.mirror import Request, Response, UnplayedError
from socialcast.sandbox.platforms.facebook.access import Page, answer, operation
from socialcast.sandbox.platforms.facebook.live import LiveVideos
from socialcast.sandbox.platforms.facebook.posts import chosen, is_false, moment, stamp
from socialcast.sandbox.platforms.facebook.refusals import GONE, RefusalError, parameter
from socialcast.sandbox.platforms.facebook.state import Comment, Person, Post
from socialcast.sandbox.platforms.facebook.tables import COMMENT_FIELDS, LIMITS, METRICS

__all__ = ["Comments"]

_ORDERS = frozenset({"chronological", "reverse_chronological"})
_FILTERS = frozenset({"toplevel", "stream"})
_HIDDEN, _VISIBLE = "hidden", "visible"
_FOREIGN = RefusalError(200, "(#200) The comment is somebody else's", status=403)  # our reading: the reference gives no words


class Comments(LiveVideos):
    """The part of the mirror where people answer."""

    MODERATION = (_VISIBLE, _HIDDEN)

    def reset(self) -> None:
        """Forget all comments and everybody who wrote them."""
        super().reset()
        self.comments: dict[str, Comment] = {}
        self.answers: defaultdict[str, list[Comment]] = defaultdict(list)  # to a post or a comment, oldest first
        self.streams: defaultdict[str, list[Comment]] = defaultdict(list)  # below a post on all levels, oldest first
        self.people: dict[str, Person] = {}

    @operation("pages_manage_engagement")
    def add_comments(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{post or comment}/comments, as the Page."""
        post, parent = self._answered(page, node)
        message = str(told.get("message", ""))
        if not 0 < len(message) <= LIMITS.comment_characters:
            raise parameter("Param message must be a non-empty UTF-8 encoded string")
        return answer({"id": self._comment(Person(id=page.id, name=page.name), post, parent, message).id})

    @operation("pages_read_engagement")
    def list_comments(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{post or comment}/comments: of the first level or of all, oldest first unless told otherwise."""
        post, parent = self._answered(page, node)
        order, filtered = told.get("order", "chronological"), told.get("filter", "toplevel")
        if order not in _ORDERS:
            raise parameter(f"Param order must be one of {{{', '.join(sorted(_ORDERS)).upper()}}}")
        if filtered not in _FILTERS:
            raise parameter(f"Param filter must be one of {{{', '.join(sorted(_FILTERS)).upper()}}}")
        _check_fields(told.get("fields"))
        found = self._below(post, parent, deep=filtered == "stream")
        if "since" in told:
            since = moment(told["since"])
            found = [one for one in found if int(one.at) >= since]
        ordered = found if order == "chronological" else found[::-1]
        summary = {"summary": {"order": order, "total_count": len(found), "can_comment": True}}
        asked = "summary" in told and not is_false(told, "summary")
        page_told = {name: value for name, value in told.items() if name != "since"}
        told_of = partial(self._comment_node, page)
        return answer(
            self.paged(request, ordered, {"fields": _DEFAULT_FIELDS, **page_told}, told_of) | (summary if asked else {})
        )

    @operation("pages_read_engagement", "read_insights")
    def list_insights(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{post}/insights: figures over the post's life; one unknown or dead metric fails the call."""
        post = self.posts.get(node)
        if post is None or post.page is not page:
            raise GONE
        names = [name.strip() for name in str(told.get("metric", "")).split(",")]
        if not set(names) <= METRICS.keys():
            raise parameter("The value must be a valid insights metric")
        if told.get("period", "lifetime") != "lifetime":
            raise parameter("The metric has no figures of that period")
        reach = self._audience(post)
        figures = {"post_media_view": reach.views, "post_total_media_view_unique": reach.views * 4 // 5}
        return answer({"data": [_insight(post, name, figures[name]) for name in names], "paging": {}})

    # -- by hand -------------------------------------------------------------------------------------------------------

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A person answers a public post, or a comment of one."""
        parent = self.comments.get(id)
        post = parent.post if parent else self.posts[id]
        if not self.is_public(post):
            raise UnplayedError("nobody sees a post that is not published")
        return self._comment(self._person(name), post, parent, _checked(text)).id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A person writes an own comment anew."""
        comment = self.comments[id]
        if comment.author.name != name:
            raise UnplayedError(f"the comment is {comment.author.name}'s to change")
        comment.message = _checked(text)

    def remove_as(self, name: str, id: str) -> None:
        """Its author, the Page or Facebook deletes a comment, and with it what answers it."""
        self._forget(self.comments[id])

    def moderate_as(self, name: str, id: str, state: str) -> None:
        """Somebody with a role on the Page hides a visitor's comment, or shows it again."""
        comment = self.comments[id]
        if state not in self.MODERATION or comment.is_own:
            raise UnplayedError(f"a visitor's comment is {' or '.join(self.MODERATION)}, and the Page's own always visible")
        comment.is_hidden = state == _HIDDEN

    # -- what the calls share ------------------------------------------------------------------------------------------

    def comment_answer(self, page: Page, comment: Comment, fields: str) -> dict[str, Any]:
        """The fields of a comment that were asked for. Raises RefusalError for one that no comment has."""
        _check_fields(fields if fields != "id,name" else None)
        return chosen(self._comment_node(page, comment), fields if fields != "id,name" else _DEFAULT_FIELDS)

    def change_comment(self, page: Page, comment: Comment, told: dict[str, Any]) -> None:
        """What POST /{comment} changes: the text of an own one, whether a visitor's is hidden. Raises RefusalError."""
        if "message" in told and comment.author.id != page.id:
            raise _FOREIGN
        if "is_hidden" in told and (comment.is_own or comment.post.page is not page):
            raise _FOREIGN
        if "message" in told and not 0 < len(str(told["message"])) <= LIMITS.comment_characters:
            raise parameter("Param message must be a non-empty UTF-8 encoded string")
        comment.message = told.get("message", comment.message)
        if "is_hidden" in told:
            comment.is_hidden = not is_false(told, "is_hidden")

    def delete_comment(self, page: Page, comment: Comment) -> None:
        """Its author deletes it, or the Page below whose post it stands. Raises RefusalError."""
        if page.id not in (comment.author.id, comment.post.page.id):
            raise _FOREIGN
        self._forget(comment)

    def counted(self, post: Post, fields: str) -> dict[str, Any]:
        """The edges with figures that were asked for; shares are left out while there are none."""
        asked, reach = _edges_asked(fields), self._audience(post)
        told: dict[str, Any] = {"shares": {"count": reach.shares}} if "shares" in asked and reach.shares else {}
        liked = {"total_count": reach.likes}
        told |= {name: {"data": [], **_summed(asked[name], liked)} for name in ("likes", "reactions") if name in asked}
        if (wanted := asked.get("comments")) is not None:
            found = self._below(post, None, deep="filter(stream)" in wanted)
            size = int(limited[1]) if (limited := re.search(r"\.limit\((\d+)\)", wanted)) else LIMITS.page_size
            data = [chosen(self._comment_node(post.page, one), _DEFAULT_FIELDS) for one in found[:size]]
            total = {"order": "chronological", "total_count": len(found), "can_comment": True}
            told["comments"] = {"data": data, **_summed(wanted, total)}
        return told

    def rewrite(self, post: Post, message: str) -> None:
        """Give a post another text; one that shows a video or an event is its description, too."""
        post.message, post.edited_at = message, self.clock.now()
        if post.video:
            post.video.description = message
        if post.live:
            post.live.description = message

    def _audience(self, post: Post) -> Audience:
        return audience(post.id, post.public_since, self.clock.now())

    def _answered(self, page: Page, node: str) -> tuple[Post, Comment | None]:
        """The post, and the comment of it, that is answered; a video stands for its post. Raises RefusalError."""
        parent = self.comments.get(node)
        shown: Any = self.videos.get(node) or self.live_videos.get(node)
        post = parent.post if parent else self.posts.get(shown.post if shown else node)
        if post is None or not (post.page is page or self.is_public(post)):
            raise GONE
        return post, parent

    def _comment(self, author: Person, post: Post, parent: Comment | None, message: str) -> Comment:
        id = f"{post.id.partition('_')[2]}_{self.ids.digits(12)}"
        made = Comment(id=id, post=post, author=author, at=self.clock.now(), message=message, parent=parent)
        self.comments[id] = made
        self.answers[parent.id if parent else post.id].append(made)
        self.streams[post.id].append(made)
        return made

    def _person(self, name: str) -> Person:
        return self.people.setdefault(name, Person(id=self.ids.digits(15), name=name))

    def _forget(self, comment: Comment) -> None:
        gone = {comment.id, *(below.id for below in self._below(comment.post, comment, deep=True))}
        self.comments = {id: one for id, one in self.comments.items() if id not in gone}
        for lists in (self.answers[comment.parent.id if comment.parent else comment.post.id], self.streams[comment.post.id]):
            lists[:] = [one for one in lists if one.id not in gone]

    def _below(self, post: Post, parent: Comment | None, *, deep: bool) -> list[Comment]:
        """The comments of a post, or those that answer one of them, oldest first."""
        if not deep:
            return self.answers[parent.id if parent else post.id]
        return self.streams[post.id] if parent is None else [one for one in self.streams[post.id] if _descends(one, parent)]

    def _comment_node(self, page: Page, comment: Comment) -> dict[str, Any]:
        """The comment as that Page is given it: who a visitor is, only with the permission for it."""
        mine = page.id == comment.author.id
        told: dict[str, Any] = {
            "id": comment.id,
            "message": comment.message,
            "created_time": stamp(comment.at),
            "permalink_url": comment.url,
            "comment_count": len(self._below(comment.post, comment, deep=False)),
            "like_count": audience(comment.id, comment.at, self.clock.now()).shares,
            "is_hidden": comment.is_hidden,
            "can_comment": True,
            "can_hide": comment.post.page is page and not mine,
            "can_remove": mine or comment.post.page is page,
        }
        if mine or "pages_read_user_content" in page.scopes:
            told["from"] = {"id": comment.author.id, "name": comment.author.name}
        if comment.parent:
            above = comment.parent
            told["parent"] = {"id": above.id, "message": above.message, "created_time": stamp(above.at)}
        return told | {"object": {"id": comment.post.id}}


_DEFAULT_FIELDS = "created_time,from,message,id"


def _checked(text: str) -> str:
    if not 0 < len(text) <= LIMITS.comment_characters:
        raise UnplayedError(f"a comment has 1 to {LIMITS.comment_characters} characters")
    return text


def _descends(comment: Comment, ancestor: Comment) -> bool:
    while comment.parent and comment.parent is not ancestor:
        comment = comment.parent
    return comment.parent is ancestor


def _edges_asked(fields: str) -> dict[str, str]:
    """The names that were asked for, each with what is asked of it in turn."""
    pieces, depth = [""], 0
    for sign in fields:
        depth += (sign in "({") - (sign in ")}")
        if sign == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += sign
    names = (re.match(r"\w*", piece.strip()) for piece in pieces)
    return {found[0]: piece.strip()[found.end() :] for found, piece in zip(names, pieces, strict=True) if found}


def _summed(wanted: str, summary: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary} if ".summary(" in wanted else {}


def _check_fields(fields: str | None) -> None:
    for name in _edges_asked(fields or "id"):
        if name not in COMMENT_FIELDS:
            raise parameter(f"Tried accessing nonexisting field ({name}) on node type (Comment)")


def _insight(post: Post, name: str, value: int) -> dict[str, Any]:
    return {
        "id": f"{post.id}/insights/{name}/lifetime",
        "name": name,
        "period": "lifetime",
        "title": METRICS[name],
        "description": METRICS[name],
        "values": [{"value": value}],
    }
