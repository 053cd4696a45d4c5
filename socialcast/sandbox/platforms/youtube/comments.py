"""Comments in threads of two levels, their moderation, and the people who write them (Data API docs, comments, 2026-11-22)."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from socialcast.sandbox.audience import audience
from socialcast.sandbox.mirror import Request, Response, UnplayedError
from socialcast.sandbox.platforms.youtube.access import Channel, answer, call, json_body, stamp
from socialcast.sandbox.platforms.youtube.live import Live
from socialcast.sandbox.platforms.youtube.refusals import RefusalError, bad, forbidden, missing
from socialcast.sandbox.platforms.youtube.tables import LIMITS
from socialcast.sandbox.platforms.youtube.videos import Video, parts

__all__ = ["Comment", "Comments"]

_PUBLISHED, _REJECTED = "published", "rejected"
_STATES = (_PUBLISHED, "heldForReview", "likelySpam", _REJECTED)
_SETTABLE = frozenset({_PUBLISHED, "heldForReview", _REJECTED})
_FILTERS = ("videoId", "allThreadsRelatedToChannelId", "id", "channelId")
_ORDERS: dict[str, Callable[[Comment], Any]] = {
    "time": lambda comment: comment.at,
    "relevance": lambda comment: len(comment.text),  # how YouTube ranks is its own secret
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whoever writes: a channel, as everybody on YouTube is one."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class Comment:
    """A comment below a video, or an answer to one; there is no third level."""

    id: str
    video: Video
    author: Author
    at: datetime
    text: str
    parent: Comment | None = None
    edited_at: datetime | None = None
    state: str = _PUBLISHED

    @property
    def is_public(self) -> bool:
        """Whether visitors see it: what answers a rejected or held comment is hidden with it."""
        return self.state == _PUBLISHED and (self.parent is None or self.parent.is_public)


class Comments(Live):
    """The part of the mirror where people answer."""

    MODERATION = ("published", "heldForReview", "rejected")

    def reset(self) -> None:
        """Forget all comments, everybody who wrote them and who was banned."""
        super().reset()
        self.comments: dict[str, Comment] = {}
        self.below: defaultdict[str, list[Comment]] = defaultdict(list)  # a video, of the first level, or a comment; oldest first
        self.authors: dict[str, Author] = {}
        self.banned: set[tuple[str, str]] = set()  # channel, author

    @call
    def list_threads(self, channel: Channel, request: Request) -> Response:
        """GET /commentThreads: of a video, of a channel's videos or by id, newest first; what waits for review, to the owner."""
        named, state = _needed_parts(request, {"snippet", "replies", "id"}), request.args.get("moderationStatus", _PUBLISHED)
        chosen = [name for name in _FILTERS if name in request.args]
        if len(chosen) != 1 or state not in _STATES:
            raise bad("invalidFilters" if len(chosen) > 1 else "missingRequiredParameter", "Incompatible or missing filters.")
        order = request.args.get("order", "time")
        if order not in _ORDERS:
            raise bad("invalidParameter", f"Invalid value for order: {order}")
        found = [one for one in self._threads(channel, request, chosen[0], state) if one.state == state]
        if terms := request.args.get("searchTerms", "").casefold():
            found = [one for one in found if terms in one.text.casefold()]
        found.sort(key=_ORDERS[order], reverse=True)
        thread = partial(self._thread, channel, named=named, plain=_is_plain(request))
        return answer(_page(found, request, "youtube#commentThreadListResponse", thread))

    @call
    def insert_thread(self, channel: Channel, request: Request) -> Response:
        """POST /commentThreads: a comment below a video."""
        named, snippet = _needed_parts(request, {"snippet", "replies", "id"}), _object(json_body(request), "snippet")
        video = self.videos.get(str(snippet.get("videoId", "")))
        text = _text(_object(snippet, "topLevelComment", "snippet"))
        if not snippet.get("videoId") and not snippet.get("channelId"):
            raise bad("channelOrVideoIdMissing", "The snippet.channelId or snippet.videoId property is required.")
        if video is None or not self.may_see(channel, video):
            raise missing("video")
        self._require_comments(video)
        made = self._comment(Author(id=channel.id, name=channel.name), video, None, text)
        return answer(self._thread(channel, made, named, True))

    @call
    def list_comments(self, channel: Channel, request: Request) -> Response:
        """GET /comments: the answers to a comment, oldest first, or comments by their ids."""
        _needed_parts(request, {"snippet", "id"})
        if ("parentId" in request.args) == ("id" in request.args):
            raise bad("missingRequiredParameter", "Exactly one of id and parentId is needed.")
        if "id" in request.args:
            known = (self.comments.get(id) for id in request.args["id"].split(","))
            found = [one for one in known if one and self._may_read(channel, one)]
        else:
            parent = self._readable(channel, request.args["parentId"])
            found = [one for one in self.below[parent.id] if one.is_public]
        comment = partial(self._resource_of, channel, plain=_is_plain(request))
        return answer(_page(found, request, "youtube#commentListResponse", comment))

    @call
    def insert_comment(self, channel: Channel, request: Request) -> Response:
        """POST /comments: an answer to a comment of the first level."""
        _needed_parts(request, {"snippet", "id"})
        snippet = _object(json_body(request), "snippet")
        if not snippet.get("parentId"):
            raise bad("parentIdMissing", "The snippet.parentId property is required.")
        text, parent = _text(snippet), self.comments.get(str(snippet["parentId"]))
        if parent is None or not self._may_read(channel, parent):
            raise RefusalError(404, "parentCommentNotFound", "The specified parent comment could not be found.")
        if parent.parent is not None:  # our reading: the reference says only that a parent is of the first level
            raise bad("operationNotSupported", "A reply cannot be replied to.")
        self._require_comments(parent.video)
        made = self._comment(Author(id=channel.id, name=channel.name), parent.video, parent, text)
        return answer(self._resource_of(channel, made, True))

    @call
    def update_comment(self, channel: Channel, request: Request) -> Response:
        """PUT /comments: another text for a comment of one's own."""
        _needed_parts(request, {"snippet", "id"})
        body = json_body(request)
        comment = self._own(channel, str(body.get("id", "")))
        comment.text, comment.edited_at = _text(_object(body, "snippet")), self.clock.datetime()
        return answer(self._resource_of(channel, comment, True))

    @call
    def delete_comment(self, channel: Channel, request: Request) -> Response:
        """DELETE /comments: one's own; what others wrote is rejected, not deleted."""
        self._forget(self._own(channel, request.args.get("id", "")))
        return answer(status=204)

    @call
    def moderate_comments(self, channel: Channel, request: Request) -> Response:
        """POST /comments/setModerationStatus, by the channel whose videos they stand below; a rejection may ban the author."""
        state, bans = request.args.get("moderationStatus", ""), request.args.get("banAuthor", "false") == "true"
        ids = [id for id in request.args.get("id", "").split(",") if id]
        if not ids or state not in _SETTABLE:
            raise bad("invalidParameter" if ids else "missingRequiredParameter", "Invalid id or moderationStatus.")
        if bans and state != _REJECTED:
            raise bad("banWithoutReject", "The banAuthor parameter can be used only if the comment is rejected.")
        comments = [self._readable(channel, id) for id in ids]
        if any(one.video.channel is not channel for one in comments):
            raise forbidden("forbidden", "The moderation status of one or more comments cannot be set.", "youtube.comment")
        for comment in comments:
            comment.state = state
            self.banned |= {(channel.id, comment.author.id)} if bans else set()
        return answer(status=204)

    def statistics(self, video: Video) -> dict[str, str]:
        """Its figures with the number of public comments, which is left out where comments are off."""
        public = [one for one in self.below[video.id] if one.is_public]
        count = len(public) + sum(answer.is_public for one in public for answer in self.below[one.id])
        return super().statistics(video) | ({"commentCount": str(count)} if self._takes_comments(video) else {})

    # -- by hand -------------------------------------------------------------------------------------------------------

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A person comments on a video, or answers a comment: an answer to an answer goes below the same comment."""
        answered = self.comments.get(id)
        video, author = answered.video if answered else self.videos[id], self._author(name)
        if not self._takes_comments(video) or (video.channel.id, author.id) in self.banned:
            raise UnplayedError(f"{name} cannot comment on this video")
        return self._comment(author, video, (answered.parent or answered) if answered else None, _checked(text)).id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A person writes an own comment anew; whoever manages the channel, the description of a video."""
        if id in self.videos:
            if len(text.encode()) > LIMITS.description_bytes:
                raise UnplayedError(f"a description has at most {LIMITS.description_bytes} bytes")
            self.videos[id].snippet["description"] = text
            return
        comment = self.comments[id]
        if comment.author.name != name:
            raise UnplayedError(f"the comment is {comment.author.name}'s to change")
        comment.text, comment.edited_at = _checked(text), self.clock.datetime()

    def remove_as(self, name: str, id: str) -> None:
        """Whoever manages the channel, or YouTube itself, removes a video or a comment."""
        if id in self.videos:
            del self.videos[id]
            self.comments = {key: one for key, one in self.comments.items() if one.video.id != id}
        else:
            self._forget(self.comments[id])

    def moderate_as(self, name: str, id: str, state: str) -> None:
        """Whoever moderates the channel publishes, holds or rejects a comment."""
        if state not in self.MODERATION:
            raise UnplayedError(f"a comment is {', '.join(self.MODERATION)}")
        self.comments[id].state = state

    # -- what the calls share ------------------------------------------------------------------------------------------

    def _threads(self, channel: Channel, request: Request, chosen: str, state: str) -> list[Comment]:
        """The comments that the filter chooses from. Raises RefusalError."""
        wanted = request.args[chosen]
        if chosen == "videoId":
            video = self.videos.get(wanted)
            if video is None or not self.may_see(channel, video):
                raise missing("video")
            self._require_comments(video)
            _require_owner(state, video.channel is channel)
            return self.below[video.id]
        if chosen == "allThreadsRelatedToChannelId":
            if wanted not in self.channels:
                raise missing("channel")
            _require_owner(state, wanted == channel.id)
            related = (one for one in self.comments.values() if one.parent is None and one.video.channel.id == wanted)
            return [one for one in related if self.may_see(channel, one.video) and one.video.id in self.videos]
        if chosen == "channelId":
            raise RefusalError(501, "notPlayed", "This sandbox has no comments about a channel itself.")
        if {"moderationStatus", "searchTerms", "maxResults", "pageToken"} & set(request.args):
            raise bad("invalidFilters", "The id parameter cannot be used with these filters.")
        known = (self.comments.get(id) for id in wanted.split(","))
        return [one for one in known if one and one.parent is None and self._may_read(channel, one)]

    def _may_read(self, channel: Channel, comment: Comment) -> bool:
        if comment.video.id not in self.videos:
            return False
        concerned = channel.id in (comment.author.id, comment.video.channel.id)
        return self.may_see(channel, comment.video) and (comment.is_public or concerned)

    def _readable(self, channel: Channel, id: str) -> Comment:
        comment = self.comments.get(id)
        if comment is None or not self._may_read(channel, comment):
            raise missing("comment")
        return comment

    def _own(self, channel: Channel, id: str) -> Comment:
        comment = self._readable(channel, id)
        if comment.author.id != channel.id:
            raise forbidden("forbidden", "The comment is another channel's.", "youtube.comment")
        return comment

    def _takes_comments(self, video: Video) -> bool:
        """Those of a private video and of one made for children are off."""
        return video.has_comments and self.privacy(video) != "private" and not video.status.get("selfDeclaredMadeForKids")

    def _require_comments(self, video: Video) -> None:
        if not self._takes_comments(video):
            raise forbidden("commentsDisabled", "The video has disabled comments.", "youtube.commentThread")

    def _author(self, name: str) -> Author:
        own = next((channel for channel in self.channels.values() if channel.name == name), None)
        if own:
            return Author(id=own.id, name=own.name)
        return self.authors.setdefault(name, Author(id=f"UC{self.token_of(22)}", name=name))

    def _comment(self, author: Author, video: Video, parent: Comment | None, text: str) -> Comment:
        id = f"{parent.id}.{self.token_of(22)}" if parent else f"Ug{self.token_of(24)}"
        made = Comment(id=id, video=video, author=author, at=self.clock.datetime(), text=text, parent=parent)
        self.comments[id] = made
        self.below[parent.id if parent else video.id].append(made)
        return made

    def _forget(self, comment: Comment) -> None:
        self.comments = {id: one for id, one in self.comments.items() if comment not in (one, one.parent)}
        self.below[comment.parent.id if comment.parent else comment.video.id].remove(comment)

    def _thread(self, channel: Channel, comment: Comment, named: set[str], plain: bool) -> dict[str, Any]:
        answers = [one for one in self.below[comment.id] if one.is_public]
        snippet = {
            "channelId": comment.video.channel.id,
            "videoId": comment.video.id,
            "topLevelComment": self._resource_of(channel, comment, plain),
            "canReply": self._takes_comments(comment.video) and comment.is_public,
            "totalReplyCount": len(answers),
            "isPublic": comment.is_public,
        }
        inline = [self._resource_of(channel, one, plain) for one in answers[: LIMITS.inline_replies]]
        told = {"snippet": snippet} | ({"replies": {"comments": inline}} if inline else {})
        return {"kind": "youtube#commentThread", "id": comment.id} | {name: told[name] for name in told if name in named}

    def _resource_of(self, channel: Channel, comment: Comment, plain: bool) -> dict[str, Any]:
        name = comment.author.name
        snippet = {
            "channelId": comment.video.channel.id,
            "videoId": comment.video.id,
            "authorDisplayName": name if name.startswith("@") else f"@{name}",
            "authorChannelUrl": f"http://www.youtube.com/channel/{comment.author.id}",
            "authorChannelId": {"value": comment.author.id},
            "textDisplay": comment.text if plain else html.escape(comment.text).replace("\n", "<br>"),
            "textOriginal": comment.text,
            "canRate": True,
            "viewerRating": "none",
            "likeCount": audience(comment.id, comment.at.timestamp(), self.clock.now()).shares,
            "publishedAt": stamp(comment.at),
            "updatedAt": stamp(comment.edited_at or comment.at),
        }
        snippet |= {"parentId": comment.parent.id} if comment.parent else {}
        if comment.video.channel is channel and comment.state != _PUBLISHED:
            snippet["moderationStatus"] = comment.state
        return {"kind": "youtube#comment", "id": comment.id, "snippet": snippet}


def _require_owner(state: str, is_owner: bool) -> None:
    if state != _PUBLISHED and not is_owner:
        raise forbidden("forbidden", "What waits for review is the channel owner's to see.", "youtube.commentThread")


def _needed_parts(request: Request, known: set[str]) -> set[str]:
    named = parts(request) - {""}
    if not named:
        raise bad("missingRequiredParameter", "No part selected.")
    if not named <= known:
        raise bad("unknownPart", f"Unknown part: {', '.join(sorted(named - known))}")
    return named


def _is_plain(request: Request) -> bool:
    wanted = request.args.get("textFormat", "html")
    if wanted not in ("html", "plainText"):
        raise bad("invalidParameter", f"Invalid value for textFormat: {wanted}")
    return wanted == "plainText"


def _object(body: dict[str, Any], *path: str) -> dict[str, Any]:
    """The object at that place of the body, empty where there is none."""
    for name in path:
        body = body.get(name) or {}
        if not isinstance(body, dict):
            raise bad("parseError", "Parse Error")
    return body


def _text(snippet: dict[str, Any]) -> str:
    text = str(snippet.get("textOriginal") or "")
    if not text.strip():
        raise bad("commentTextRequired", "The comment must have text.")
    if len(text) > LIMITS.comment_characters:
        raise bad("commentTextTooLong", "The comment text is too long.")
    return text


def _checked(text: str) -> str:
    if not text.strip() or len(text) > LIMITS.comment_characters:
        raise UnplayedError(f"a comment has 1 to {LIMITS.comment_characters} characters")
    return text


def _page(items: list[Comment], request: Request, kind: str, resource: Callable[[Comment], dict[str, Any]]) -> dict[str, Any]:
    """One page of a list of comments, each as a resource; ids are answered whole."""
    wanted, token = request.args.get("maxResults", str(LIMITS.comment_page_size)), request.args.get("pageToken", "0")
    if not (wanted.isdigit() and 1 <= int(wanted) <= LIMITS.largest_comment_page):
        raise bad("invalidParameter", f"Invalid value for maxResults: {wanted}. Values must be within the range: [1, 100]")
    if not token.isdigit():
        raise bad("invalidPageToken", "The request specifies an invalid page token.")
    size, start = len(items) if "id" in request.args else int(wanted), int(token)
    page: dict[str, Any] = {
        "kind": kind,
        "items": [resource(one) for one in items[start : start + size]],
        "pageInfo": {"totalResults": len(items), "resultsPerPage": size},
    }
    return page | ({"nextPageToken": str(start + size)} if start + size < len(items) else {})
