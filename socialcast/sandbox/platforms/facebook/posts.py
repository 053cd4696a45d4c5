"""Photos and posts: unpublished photos that a post shows, schedules, the guard against doubles (docs, 2026-11-22)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from PIL import Image, UnidentifiedImageError

from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.facebook.access import Access, Page, answer, operation
from socialcast.sandbox.platforms.facebook.refusals import GONE, RefusalError, denied, parameter
from socialcast.sandbox.platforms.facebook.state import Photo, Post
from socialcast.sandbox.platforms.facebook.tables import LIMITS, PHOTO_FORMATS

__all__ = ["Posts", "chosen", "is_false", "moment", "stamp"]

_ATTACHED = re.compile(r"attached_media\[(\d+)\]")
_FALSE = frozenset({"false", "0", "False"})


def is_false(told: dict[str, Any], name: str) -> bool:
    """Whether a flag was sent and says no; the platform's default is always yes."""
    return str(told.get(name, "true")) in _FALSE


def stamp(at: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


class Posts(Access):
    """The part of the mirror that posts."""

    def reset(self) -> None:
        """Forget all posts."""
        super().reset()
        self.photos: dict[str, Photo] = {}
        self.posts: dict[str, Post] = {}

    @operation("pages_manage_posts")
    def add_photos(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{page}/photos: published at once unless told otherwise."""
        self.require_own(page, node)
        file = request.files.get("source")
        if file is None:
            raise RefusalError(324, "(#324) Requires upload file")
        blob = self.media.save(file.stream)
        photo = Photo(id=self.ids.digits(16), page=page, at=self.clock.now(), blob=blob, type=_picture_type(blob))
        photo.alt, photo.caption = told.get("alt_text_custom", ""), told.get("caption") or told.get("message") or ""
        photo.temporary = str(told.get("temporary", "false")) not in _FALSE
        self.photos[photo.id] = photo
        if is_false(told, "published"):
            return answer({"id": photo.id})
        post = self.new_post(page, message=photo.caption, photos=[photo])
        return answer({"id": photo.id, "post_id": post.id})

    @operation("pages_manage_posts")
    def add_feed(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """POST /{page}/feed: text, link, photos; at once or later."""
        self.require_own(page, node)
        photos = [self._unpublished(page, id) for id in _attached(told)]
        message, link = told.get("message", ""), told.get("link", "")
        if not (message or link or photos):
            raise parameter("The status you are trying to publish is empty")
        if len(message) > LIMITS.message_characters:
            raise parameter("Param message is too long")
        at = self.schedule_of(told)
        if at is not None and any(not photo.temporary for photo in photos):
            raise parameter("Photos of a scheduled post have to be uploaded with temporary=true")
        if at is None and not photos:
            self._refuse_double(page, message, link)
        post = self.new_post(page, message=message, link=link, photos=photos, scheduled_for=at)
        return answer(
            {"id": post.id, "permalink_url": _permalink(post)} if "permalink_url" in told.get("fields", "") else {"id": post.id}
        )

    @operation("pages_read_engagement")
    def list_published_posts(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{page}/published_posts, newest first."""
        self.require_own(page, node)
        return answer(self.paged(request, [self.post_node(post) for post in self.published(page)], told))

    @operation("pages_read_engagement")
    def list_scheduled_posts(self, page: Page, request: Request, told: dict[str, Any], node: str) -> Response:
        """GET /{page}/scheduled_posts."""
        self.require_own(page, node)
        waiting = [post for post in reversed(self.posts.values()) if post.page is page and not self.is_public(post)]
        return answer(self.paged(request, [self.post_node(post) for post in waiting], told))

    # -- what the calls share ------------------------------------------------------------------------------------------

    def require_own(self, page: Page, node: str) -> None:
        """Raise RefusalError unless the node is the token's Page; a group is refused since April 2024."""
        if node not in (page.id, "me"):
            raise GONE if node in self.pages else denied("publish_to_groups")

    def schedule_of(self, told: dict[str, Any]) -> float | None:
        """When it is to be public; None for now. Raises RefusalError for a time that the platform does not take."""
        if "scheduled_publish_time" not in told:
            return None
        if not is_false(told, "published"):
            raise parameter("You cannot specify a scheduled publish time on a published post")
        at, now = moment(told["scheduled_publish_time"]), self.clock.now()
        if not now + LIMITS.schedule_after_seconds <= at <= now + LIMITS.schedule_before_seconds:
            raise parameter("The specified scheduled publish time is invalid.")
        return at

    def new_post(self, page: Page, **facts: Any) -> Post:
        """One more post of that Page; its photos hang on it from now on."""
        post = Post(id=f"{page.id}_{self.ids.digits(15)}", page=page, at=self.clock.now(), **facts)
        for photo in post.photos:
            photo.post = post.id
        self.posts[post.id] = post
        return post

    def is_public(self, post: Post) -> bool:
        """Whether visitors see it now."""
        return post.published and (post.scheduled_for is None or post.scheduled_for <= self.clock.now())

    def published(self, page: Page | None = None) -> list[Post]:
        """The public posts, of one Page or of all, newest first."""
        return [post for post in reversed(self.posts.values()) if page in (None, post.page) and self.is_public(post)]

    def post_node(self, post: Post) -> dict[str, Any]:
        """The post as the API gives it."""
        told: dict[str, Any] = {
            "id": post.id,
            "created_time": stamp(post.public_since),
            "updated_time": stamp(post.edited_at or post.public_since),
            "permalink_url": _permalink(post),
        }
        told |= {"message": post.message} if post.message else {}
        told |= {"is_published": self.is_public(post)}
        if post.scheduled_for is not None:
            told["scheduled_publish_time"] = int(post.scheduled_for)
        return told | ({"attachments": {"data": [_attachment(post)]}} if post.photos or post.link or post.video else {})

    def paged(
        self,
        request: Request,
        nodes: Sequence[Any],
        told: dict[str, Any],
        node: Callable[[Any], dict[str, Any]] = lambda one: one,
    ) -> dict[str, Any]:
        """One page of a list, with the fields that were asked for and the cursor of the next; `node` makes what is on it."""
        if "since" in told:
            since = moment(told["since"])
            nodes = [one for one in nodes if moment(one["created_time"]) >= since]
        limit, after = (str(told.get(name, default)) for name, default in (("limit", LIMITS.page_size), ("after", 0)))
        if not (limit.isdigit() and after.isdigit()):
            raise parameter("Invalid limit or cursor")
        size, start = min(int(limit), LIMITS.largest_page_size), int(after)
        data = [chosen(node(one), told.get("fields")) for one in nodes[start : start + size]]
        if start + size >= len(nodes):
            return {"data": data, "paging": {}}
        onward = {name: value for name, value in request.args.items() if name != "access_token"} | {"after": str(start + size)}
        following = f"https://{request.host}{request.path}?{urlencode(onward)}"
        return {"data": data, "paging": {"cursors": {"before": str(start), "after": str(start + size)}, "next": following}}

    def _unpublished(self, page: Page, id: str) -> Photo:
        photo = self.photos.get(id)
        is_old = photo and not photo.post and not photo.temporary
        if photo is None or photo.page is not page or (is_old and self.clock.now() > photo.at + LIMITS.unpublished_photo_seconds):
            raise GONE
        if photo.post:
            raise parameter("The photos were already posted.", 1366051)
        return photo

    def _refuse_double(self, page: Page, message: str, link: str) -> None:
        """Text equal to that of the last post, shortly after it."""
        last = next(iter(self.published(page)), None)
        if last and (last.message, last.link) == (message, link) and self.clock.now() - last.at < LIMITS.duplicate_seconds:
            raise RefusalError(506, "Duplicate status message")


def chosen(node: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """The fields that were asked for; what is asked of them in turn is left whole."""
    if not fields:
        return node
    flat = re.sub(r"\([^()]*\)", "", fields)
    while "{" in flat:
        flat, changed = re.subn(r"\{[^{}]*\}", "", flat)
        if not changed:
            raise parameter("Syntax error in fields")
    names = {name.partition(".")[0].strip() for name in flat.split(",")}
    return {name: value for name, value in node.items() if name == "id" or name in names}


def _attached(told: dict[str, Any]) -> list[str]:
    """The ids of the attached media, in either of the ways to write them."""
    given = told.get("attached_media")
    if given is not None:
        items = json.loads(given) if isinstance(given, str) else given
    else:
        numbered = sorted((int(found[1]), told[name]) for name in told if (found := _ATTACHED.fullmatch(name)))
        items = [item for _, item in numbered]
    return [str((json.loads(item) if isinstance(item, str) else item)["media_fbid"]) for item in items]


def _attachment(post: Post) -> dict[str, Any]:
    targets = [{"target": {"id": photo.id}, "media_type": "photo"} for photo in post.photos]
    if post.video:
        return {"media_type": "video", "target": {"id": post.video.id}}
    if len(targets) > 1:
        return {"media_type": "album", "target": {"id": post.id}, "subattachments": {"data": targets}}
    return targets[0] if targets else {"media_type": "link", "target": {"url": post.link}}


def _permalink(post: Post) -> str:
    return f"https://www.facebook.com/{post.page.id}/posts/{post.id.partition('_')[2]}"


def moment(value: Any) -> float:
    """The seconds that a time means, written either way. Raises RefusalError."""
    text = str(value)
    try:
        return float(text) if text.replace(".", "").isdigit() else datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise parameter("Invalid date") from None


def _picture_type(blob: Blob) -> str:
    try:
        with Image.open(blob.path) as image:
            kind = image.format or ""
    except UnidentifiedImageError:
        kind = ""
    if kind not in PHOTO_FORMATS or blob.size > LIMITS.photo_bytes:
        raise parameter("Photos should be smaller than 4 MB and saved as JPG, PNG, GIF or TIFF files.", 1366046)
    return f"image/{kind.lower()}"
