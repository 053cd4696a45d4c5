"""The mirror of Facebook: its hosts, single objects, and what the public sees of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from werkzeug.utils import send_file

from socialcast.sandbox.mirror import Act, Blob, Card, Picture, Request, Response, UnplayedError
from socialcast.sandbox.platforms.facebook.access import Page, answer, operation, require
from socialcast.sandbox.platforms.facebook.comments import Comments
from socialcast.sandbox.platforms.facebook.posts import chosen, stamp
from socialcast.sandbox.platforms.facebook.refusals import GONE, parameter
from socialcast.sandbox.platforms.facebook.state import Comment, Photo, Post
from socialcast.sandbox.platforms.facebook.tables import LIMITS, ROUTES

__all__ = ["FacebookMirror"]

_FILES = "https://www.facebook.com/v/sandbox-files/"
_STATES = {"LIVE": "live now", "PROCESSING": "ended", "VOD": "recording of a live event"}


class FacebookMirror(Comments):
    """Facebook's Pages as a client of the Graph API and a visitor meet them."""

    name = "facebook"
    HOSTS = ("graph.facebook.com", "graph-video.facebook.com", "rupload.facebook.com", "www.facebook.com")
    ROUTES = ROUTES

    @operation()
    def debug_token(self, page: Page, request: Request, told: dict[str, Any]) -> Response:
        """GET /debug_token: what a token may do."""
        data = {"type": "PAGE", "is_valid": True, "scopes": sorted(page.scopes), "profile_id": page.id, "expires_at": 0}
        return answer({"data": data})

    @operation()
    def read_node(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{node}: a Page, post, photo, video, live video or comment."""
        fields = told.get("fields", "id,name")
        if comment := self.comments.get(node):
            return answer(self.comment_answer(page, comment, fields))
        counted = self.counted(self.posts[node], fields) if node in self.posts else {}
        return answer(chosen(self._node(page, node) | counted, fields))

    @operation()
    def change_node(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{node}: another text, publication, the states of a live video, whether a comment is hidden."""
        require(page, "pages_manage_engagement" if node in self.comments else "pages_manage_posts")
        if (post := self.posts.get(node)) and post.page is page:
            self._change_post(post, told)
        elif (video := self.videos.get(node)) and video.page is page:
            self.change_video(video, told)
        elif (live := self.live_videos.get(node)) and live.page is page:
            self.change_live(live, told)
        elif (photo := self.photos.get(node)) and photo.page is page:
            photo.alt = told.get("alt_text_custom", photo.alt)
        elif comment := self.comments.get(node):
            self.change_comment(page, comment, told)
        else:
            raise GONE
        return answer({"success": True, **({"id": node} if node in self.live_videos else {})})

    @operation()
    def delete_node(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """DELETE /{node}; again it is gone."""
        if comment := self.comments.get(node):
            require(page, "pages_manage_engagement")
            self.delete_comment(page, comment)
            return answer({"success": True})
        require(page, "pages_manage_posts")
        for group in (self.posts, self.photos, self.videos, self.live_videos):
            found: Any = group.get(node)
            if found is not None and found.page is page:
                self._delete(group, node)
                return answer({"success": True})
        raise GONE

    def edit_as(self, name: str, id: str, text: str) -> None:
        """Whoever has a role on the Page writes a post anew; a comment is its author's."""
        if id in self.posts and len(text) > LIMITS.message_characters:
            raise UnplayedError(f"a post has at most {LIMITS.message_characters} characters")
        if id in self.posts:
            self.rewrite(self.posts[id], text)
        else:
            super().edit_as(name, id, text)

    def remove_as(self, name: str, id: str) -> None:
        """Whoever has a role on the Page, or Facebook itself, deletes a post or a comment."""
        if id in self.posts:
            self._delete(self.posts, id)
        else:
            super().remove_as(name, id)

    def cards(self) -> list[Card]:
        """The public posts with their comments, newest first."""
        shown = [post for post in self.published() if post.video is None or self.is_shown(post.video)]
        posts = [self._card(post) for post in shown]
        known = {post.id for post in shown}
        comments = [_comment_card(comment) for comment in self.comments.values() if comment.post.id in known]
        return [*posts, *(card for card in reversed(comments) if card)]

    def get_file(self, request: Request, version: str, file: str) -> Response:
        """A photo or video that a public post shows."""
        for post in self.published():
            for blob, kind in _files(post):
                if blob.sha256 == file:
                    response = send_file(blob.path, request.environ, mimetype=kind, conditional=True)
                    response.direct_passthrough = False  # otherwise the request is not closed with the answer
                    return response
        return Response(status=404)

    # -- single objects ------------------------------------------------------------------------------------------------

    def _node(self, page: Page, node: str) -> dict[str, Any]:
        if node in ("me", page.id):
            return {
                "id": page.id,
                "name": page.name,
                "link": page.url,
                "followers_count": page.followers,
                "fan_count": page.followers,
            }
        if (post := self.posts.get(node)) and (post.page is page or self.is_public(post)):
            return self.post_node(post)
        if (photo := self.photos.get(node)) and photo.page is page:
            return _photo_node(photo)
        if (video := self.videos.get(node)) and video.page is page and not video.cancelled:
            return self.video_node(video)
        if (live := self.live_videos.get(node)) and live.page is page:
            return self.live_node(live)
        raise GONE

    def _delete(self, group: dict[str, Any], node: str) -> None:
        """An object, the post that stands and falls with it, and what people answered."""
        gone = {node, *(post.id for post in self.posts.values() if _shows(post, node))}
        del group[node]
        self.posts = {id: post for id, post in self.posts.items() if id not in gone}
        self.comments = {id: comment for id, comment in self.comments.items() if comment.post.id not in gone}

    def _change_post(self, post: Post, told: dict[str, Any]) -> None:
        if "attached_media" in told:
            raise parameter("Media of a published post cannot be changed")
        if "message" in told:
            if len(told["message"]) > LIMITS.message_characters:
                raise parameter("Param message is too long")
            self.rewrite(post, told["message"])
        if str(told.get("is_published", "false")).lower() in ("true", "1"):
            post.scheduled_for = None

    def _card(self, post: Post) -> Card:
        facts = {
            "link": post.link,
            "edited": stamp(post.edited_at) if post.edited_at else "",
            "state": _STATES.get(self.live_state(post.live), "") if post.live else "",
            "subtitles": ", ".join(sorted(post.video.captions)) if post.video else "",
        }
        titled = post.video or post.live
        return Card(
            id=post.id,
            kind="live event" if post.live else "post",
            account=post.page.name,
            url=_address(post),
            at=datetime.fromtimestamp(post.scheduled_for or post.at, UTC),
            title=titled.title if titled else "",
            text=post.message,
            pictures=tuple(_pictures(post)),
            facts={name: words for name, words in facts.items() if words},
            acts=(Act.REPLY, Act.EDIT, Act.REMOVE),
        )


def _photo_node(photo: Photo) -> dict[str, Any]:
    told = {
        "id": photo.id,
        "alt_text_custom": photo.alt,
        "name": photo.caption,
        "link": f"{photo.page.url}/photos/{photo.id}",
        "images": [{"source": _FILES + photo.blob.sha256}],
    }
    return told | ({"page_story_id": photo.post} if photo.post else {})


def _comment_card(comment: Comment) -> Card | None:
    """The comment as visitors see it; None for one that is hidden from them, alone or with what it answers."""
    if comment.is_hidden or (comment.parent and _comment_card(comment.parent) is None):
        return None
    return Card(
        id=comment.id,
        kind="comment",
        account=comment.author.name,
        url=comment.url,
        at=datetime.fromtimestamp(comment.at, UTC),
        text=comment.message,
        parent=comment.parent.id if comment.parent else comment.post.id,
        acts=(Act.REPLY, Act.EDIT, Act.REMOVE, *(() if comment.is_own else (Act.MODERATE,))),
    )


def _address(post: Post) -> str:
    """Where visitors find it: a post that shows a video is that video's page."""
    place = f"videos/{post.video.id}/" if post.video else f"posts/{post.id.partition('_')[2]}"
    return f"https://www.facebook.com/{post.page.id}/{place}"


def _shows(post: Post, node: str) -> bool:
    """Whether a post stands and falls with that object."""
    return (post.video is not None and post.video.id == node) or (
        post.live is not None and node in (post.live.id, post.live.video)
    )


def _files(post: Post) -> list[tuple[Blob, str]]:
    files = [(photo.blob, photo.type) for photo in post.photos]
    if post.video and post.video.blob:
        files.append((post.video.blob, "video/mp4"))
    if post.video and post.video.thumbnail:
        files.append((post.video.thumbnail, "image/jpeg"))
    return files


def _pictures(post: Post) -> list[Picture]:
    shown = [Picture(url=_FILES + photo.blob.sha256, alt=photo.alt, caption=photo.caption) for photo in post.photos]
    if post.video and post.video.blob:
        shown.append(Picture(url=_FILES + post.video.blob.sha256, alt=post.video.title, kind="video"))
    return shown
