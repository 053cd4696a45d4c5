"""Facebook as tables: versions, limits, permissions and routes (Graph API reference and changelog, 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialcast.sandbox.mirror import Route

__all__ = ["COMMENT_FIELDS", "LIMITS", "METRICS", "OLDEST_VERSION", "PERMISSIONS", "PHOTO_FORMATS", "ROUTES", "VERSIONS"]

VERSIONS = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")
OLDEST_VERSION = VERSIONS[0]  # serves what asks for a dead one, and does not say so
PERMISSIONS = frozenset(
    {
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
        "read_insights",
        "publish_video",
    }
)
COMMENT_FIELDS = frozenset(  # the fields and edges of the Comment node that this mirror plays
    {
        "id",
        "message",
        "from",
        "created_time",
        "parent",
        "object",
        "attachment",
        "comment_count",
        "like_count",
        "permalink_url",
        "is_hidden",
        "can_comment",
        "can_hide",
        "can_remove",
        "comments",
    }
)
# What is left of the insights of a post: all *impressions* died, the last with v26.0; a dead one fails the whole call.
METRICS: Mapping[str, str] = {
    "post_media_view": "Views of the post",
    "post_total_media_view_unique": "People who viewed the post",
}
PHOTO_FORMATS = frozenset({"JPEG", "BMP", "PNG", "GIF", "TIFF"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the documentation; the times of processing are ours."""

    message_characters: int = 63_206
    comment_characters: int = 8_000
    photo_bytes: int = 10_000_000
    video_bytes: int = 10_000_000_000
    video_smallest_bytes: int = 1_000
    unpublished_photo_seconds: float = 86_400.0
    schedule_after_seconds: float = 600.0
    schedule_before_seconds: float = 30 * 86_400.0
    session_seconds: float = 86_400.0
    duplicate_seconds: float = 600.0
    processing_seconds: float = 4.0
    live_page_days: int = 60
    live_followers: int = 100
    page_size: int = 25
    largest_page_size: int = 100
    piece_bytes: int = 8 << 20  # what it asks for next; any other size is taken as well


LIMITS = Limits()

_REFERENCE = "https://developers.facebook.com/docs/graph-api/reference/"
_VIDEO_GUIDE = "https://developers.facebook.com/docs/video-api/guides/publishing"
_NODES: Mapping[str, str] = {
    "feed": "page/feed",
    "photos": "page/photos",
    "videos": "page/videos",
    "live_videos": "page/live_videos",
    "published_posts": "page/published_posts",
    "scheduled_posts": "page/feed",
    "comments": "object/comments",
    "insights": "insights",
    "captions": "video/captions",
    "thumbnails": "video/thumbnails",
}


def _edges(method: str, *names: str) -> tuple[Route, ...]:
    verb = {"GET": "list", "POST": "add"}[method]
    return tuple(
        Route(method=method, path=f"/{{version}}/{{node}}/{name}", handler=f"{verb}_{name}", source=_REFERENCE + _NODES[name])
        for name in names
    )


ROUTES: tuple[Route, ...] = (
    *_edges("POST", "feed", "photos", "videos", "live_videos", "comments", "captions", "thumbnails"),
    *_edges("GET", "published_posts", "scheduled_posts", "live_videos", "comments", "insights"),
    Route(method="GET", path="/{version}/debug_token", handler="debug_token", source=_REFERENCE + "debug_token"),
    Route(method="GET", path="/{version}/{node}", handler="read_node", source=_REFERENCE),
    Route(method="POST", path="/{version}/{node}", handler="change_node", source=_REFERENCE),
    Route(method="DELETE", path="/{version}/{node}", handler="delete_node", source=_REFERENCE),
    Route(method="GET", path="/{version}/sandbox-files/{file}", handler="get_file", source=_VIDEO_GUIDE),
)
