"""The mirror of X: its hosts, its routes and what the public sees of it."""

from __future__ import annotations

from werkzeug.utils import send_file

from socialcast.sandbox.mirror import Act, Card, Picture, Request, Response
from socialcast.sandbox.platforms.x.media import Media
from socialcast.sandbox.platforms.x.posts import Post
from socialcast.sandbox.platforms.x.reads import media_url
from socialcast.sandbox.platforms.x.search import Search
from socialcast.sandbox.platforms.x.tables import ROUTES

__all__ = ["XMirror"]


class XMirror(Search):
    """X as a client of its API v2 and a visitor of its site meet it."""

    name = "x"
    HOSTS = (
        "api.x.com",
        "api.twitter.com",
        "x.com",
        "twitter.com",
        "pbs.twimg.com",
        "video.twimg.com",
    )
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """The posts that exist now, newest first."""
        return [_card(post, is_hidden=post.id in self.hidden) for post in reversed(self.posts.values())]

    def get_media_file(self, request: Request, file: str) -> Response:
        """A photo or video of a post; X shows nobody a file that no post uses."""
        id = file.partition(".")[0]
        used = (media for post in self.posts.values() for media in post.media if media.id == id)
        media = next(used, None)
        if media is None or media.blob is None:
            return Response(status=404)
        response = send_file(media.blob.path, request.environ, mimetype=media.type)
        response.direct_passthrough = False  # otherwise the request is not closed with the answer
        return response


def _card(post: Post, *, is_hidden: bool) -> Card:
    return Card(
        id=post.id,
        kind="post",
        account=f"@{post.author.name}",
        url=post.url,
        at=post.at,
        text=post.text,
        pictures=tuple(_picture(media) for media in post.media),
        parent=post.parent.id if post.parent else "",
        facts=post.facts,
        warning="Hidden by the author of the thread" if is_hidden else "",
        acts=(Act.REPLY, Act.REMOVE, *((Act.MODERATE,) if post.parent else ())),
    )


def _picture(media: Media) -> Picture:
    return Picture(url=media_url(media), alt=media.alt_text, kind="video" if media.rules.kind == "video" else "photo")
