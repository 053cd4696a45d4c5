"""YouTube as tables: routes, limits, what each call costs, which scope it needs (Data API docs and quota page, 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialcast.sandbox.mirror import Route

__all__ = ["CALLS", "LIMITS", "ROUTES", "SCOPE", "TRANSITIONS", "Call"]

SCOPE = "https://www.googleapis.com/auth/"
_MANAGE = frozenset({"youtube", "youtube.force-ssl"})
_READ = _MANAGE | {"youtube.readonly"}
_UPLOAD = _MANAGE | {"youtube.upload"}
_CAPTIONS = _COMMENTS = frozenset({"youtube.force-ssl"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the documentation; None of them is a guess of ours but the processing time."""

    title_characters: int = 100
    description_bytes: int = 5000
    tags_characters: int = 500
    thumbnail_bytes: int = 50 << 20  # since 2026-09-14
    caption_bytes: int = 100 << 20
    video_bytes: int = 256 << 30
    unverified_seconds: float = 900.0
    playlist_videos: int = 5000
    piece_bytes: int = 256 << 10
    session_seconds: float = 7 * 86400.0  # other Google APIs state a week
    token_seconds: float = 3599.0
    processing_seconds: float = 4.0
    stream_title_characters: int = 128
    daily_units: int = 10_000
    daily_inserts: int = 100
    page_size: int = 50
    comment_characters: int = 10_000
    comment_page_size: int = 20
    largest_comment_page: int = 100
    inline_replies: int = 5


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Call:
    """What a call costs, out of which daily bucket, and which scopes allow it."""

    units: int
    scopes: frozenset[str]
    bucket: str = "units"


CALLS: Mapping[str, Call] = {
    "insert_video": Call(1, _UPLOAD, "videos.insert"),
    "list_videos": Call(1, _READ),
    "update_video": Call(50, _MANAGE),
    "delete_video": Call(50, _MANAGE),
    "set_thumbnail": Call(50, _UPLOAD),
    "send_file": Call(0, _UPLOAD | _CAPTIONS),  # the bytes of a session cost nothing
    "list_captions": Call(50, _CAPTIONS),
    "insert_caption": Call(400, _CAPTIONS),
    "update_caption": Call(450, _CAPTIONS),
    "delete_caption": Call(50, _CAPTIONS),
    "list_channels": Call(1, _READ),
    "list_playlists": Call(1, _READ),
    "insert_playlist": Call(50, _MANAGE),
    "update_playlist": Call(50, _MANAGE),
    "delete_playlist": Call(50, _MANAGE),
    "list_playlist_items": Call(1, _READ),
    "insert_playlist_item": Call(50, _MANAGE),
    "delete_playlist_item": Call(50, _MANAGE),
    "list_streams": Call(1, _READ),
    "insert_stream": Call(50, _MANAGE),
    "delete_stream": Call(50, _MANAGE),
    "list_broadcasts": Call(1, _READ),
    "insert_broadcast": Call(50, _MANAGE),
    "update_broadcast": Call(50, _MANAGE),
    "delete_broadcast": Call(50, _MANAGE),
    "bind_broadcast": Call(50, _MANAGE),
    "transition_broadcast": Call(50, _MANAGE),
    "list_threads": Call(1, _COMMENTS),
    "insert_thread": Call(50, _COMMENTS),
    "list_comments": Call(1, _COMMENTS),
    "insert_comment": Call(50, _COMMENTS),
    "update_comment": Call(50, _COMMENTS),
    "delete_comment": Call(50, _COMMENTS),
    "moderate_comments": Call(50, _COMMENTS),
}

# From which states a broadcast can be brought where; the middle states pass by themselves.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "testing": frozenset({"ready"}),
    "live": frozenset({"ready", "testing"}),
    "complete": frozenset({"live", "testing"}),
}

_DOCS = "https://developers.google.com/youtube/v3/docs/"
_LIVE = "https://developers.google.com/youtube/v3/live/docs/"
_GUIDE = "https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol"
_API = "/youtube/v3/"


def _upload(path: str, handlers: tuple[str, str], page: str) -> tuple[Route, ...]:
    """An upload under both of its addresses: opening a session, and sending its bytes."""
    opened, sent = handlers
    paths = (f"{prefix}{_API}{path}" for prefix in ("/upload", "/resumable/upload"))
    resumable = ("uploadType", "resumable")
    return tuple(
        route
        for path in paths
        for route in (
            Route(method="POST", path=path, handler=opened, source=_DOCS + page),
            Route(method="PUT", path=path, handler=sent, source=_GUIDE, when=resumable, keeps_torn=True),
        )
    )


def _crud(path: str, page: str, **handlers: str) -> tuple[Route, ...]:
    verbs = {"list": "GET", "insert": "POST", "update": "PUT", "delete": "DELETE"}
    return tuple(Route(method=verbs[verb], path=_API + path, handler=handler, source=page) for verb, handler in handlers.items())


ROUTES: tuple[Route, ...] = (
    Route(method="POST", path="/token", handler="token", source="https://developers.google.com/identity/protocols/oauth2"),
    Route(method="GET", path="/media/{file}", handler="get_file", source=_DOCS + "videos"),
    *_upload("videos", ("insert_video", "send_file"), "videos/insert"),
    *_upload("thumbnails/set", ("set_thumbnail", "send_file"), "thumbnails/set"),
    *_upload("captions", ("insert_caption", "put_caption"), "captions/insert"),
    Route(method="PUT", path=f"{_API}captions", handler="update_caption", source=_DOCS + "captions/update"),
    *_crud("videos", _DOCS + "videos", list="list_videos", update="update_video", delete="delete_video"),
    *_crud("captions", _DOCS + "captions", list="list_captions", delete="delete_caption"),
    *_crud("channels", _DOCS + "channels", list="list_channels"),
    *_crud(
        "playlists",
        _DOCS + "playlists",
        list="list_playlists",
        insert="insert_playlist",
        update="update_playlist",
        delete="delete_playlist",
    ),
    *_crud(
        "playlistItems",
        _DOCS + "playlistItems",
        list="list_playlist_items",
        insert="insert_playlist_item",
        delete="delete_playlist_item",
    ),
    *_crud("commentThreads", _DOCS + "commentThreads", list="list_threads", insert="insert_thread"),
    *_crud(
        "comments",
        _DOCS + "comments",
        list="list_comments",
        insert="insert_comment",
        update="update_comment",
        delete="delete_comment",
    ),
    Route(
        method="POST",
        path=f"{_API}comments/setModerationStatus",
        handler="moderate_comments",
        source=_DOCS + "comments/setModerationStatus",
    ),
    *_crud("liveStreams", _LIVE + "liveStreams", list="list_streams", insert="insert_stream", delete="delete_stream"),
    *_crud(
        "liveBroadcasts",
        _LIVE + "liveBroadcasts",
        list="list_broadcasts",
        insert="insert_broadcast",
        update="update_broadcast",
        delete="delete_broadcast",
    ),
    Route(method="POST", path=f"{_API}liveBroadcasts/bind", handler="bind_broadcast", source=_LIVE + "liveBroadcasts/bind"),
    Route(
        method="POST",
        path=f"{_API}liveBroadcasts/transition",
        handler="transition_broadcast",
        source=_LIVE + "liveBroadcasts/transition",
    ),
)
