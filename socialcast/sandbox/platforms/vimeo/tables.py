"""Vimeo as tables: routes, limits, scopes (OpenAPI 3.4 of December 2023; live events from a newer endpoint list, 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialcast.sandbox.mirror import Route

__all__ = ["COMMENTERS", "FILES_HOST", "LICENCES", "LIMITS", "PRIVACIES", "ROUTES", "SCOPES", "TRACK_TYPES", "UPLOAD_HOST"]

UPLOAD_HOST = "asia-files.cloud.vimeo.com"
FILES_HOST = "i.vimeocdn.com"
SCOPES = frozenset({"public", "private", "upload", "edit", "delete", "create", "interact", "stats"})
PRIVACIES = frozenset({"anybody", "nobody", "unlisted", "password", "disable", "users"})
COMMENTERS = frozenset({"anybody", "contacts", "nobody"})
LICENCES = frozenset({"by", "by-nc", "by-nc-nd", "by-nc-sa", "by-nd", "by-sa", "cc0"})
TRACK_TYPES = frozenset({"captions", "chapters", "descriptions", "metadata", "subtitles"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the documentation; processing time, link life and rate are ours where it gives none."""

    name_characters: int = 128
    description_characters: int = 5_000
    tags: int = 20
    calls_a_minute: int = 600
    per_page: int = 25
    largest_page: int = 100
    link_seconds: float = 86_400.0
    processing_seconds: float = 4.0


LIMITS = Limits()

_REFERENCE = "https://developer.vimeo.com/api/reference/"
_TUS = "https://tus.io/protocols/resumable-upload"
_LIVE: Mapping[str, str] = {"GET": "read_event", "PATCH": "change_event", "DELETE": "delete_event"}


def _route(method: str, path: str, handler: str, page: str) -> Route:
    return Route(method=method, path=path, handler=handler, source=page if "://" in page else _REFERENCE + page)


ROUTES: tuple[Route, ...] = (
    _route("GET", "/oauth/verify", "verify_token", "authentication-extras"),
    _route("GET", "/me", "read_me", "users"),
    _route("POST", "/me/videos", "add_video", "videos"),
    _route("GET", "/me/videos", "list_videos", "videos"),
    _route("GET", "/videos/{video}", "read_video", "videos"),
    _route("PATCH", "/videos/{video}", "change_video", "videos"),
    _route("DELETE", "/videos/{video}", "delete_video", "videos"),
    _route("POST", "/videos/{video}/versions", "add_version", "videos"),
    _route("POST", "/videos/{video}/pictures", "add_picture", "videos"),
    _route("PATCH", "/videos/{video}/pictures/{picture}", "change_picture", "videos"),
    _route("POST", "/videos/{video}/texttracks", "add_track", "videos"),
    _route("GET", "/videos/{video}/texttracks", "list_tracks", "videos"),
    _route("PUT", "/videos/{video}/tags", "set_tags", "videos"),
    _route("DELETE", "/videos/{video}/tags/{word}", "delete_tag", "videos"),
    _route("GET", "/videos/{video}/comments", "list_comments", "videos"),
    _route("POST", "/videos/{video}/comments", "add_comment", "videos"),
    _route("GET", "/videos/{video}/comments/{comment}", "read_comment", "videos"),
    _route("PATCH", "/videos/{video}/comments/{comment}", "change_comment", "videos"),
    _route("DELETE", "/videos/{video}/comments/{comment}", "delete_comment", "videos"),
    _route("GET", "/videos/{video}/comments/{comment}/replies", "list_replies", "videos"),
    _route("POST", "/videos/{video}/comments/{comment}/replies", "add_reply", "videos"),
    _route("PUT", "/me/albums/{album}/videos/{video}", "put_in_album", "showcases"),
    _route("POST", "/me/live_events", "add_event", "live"),
    _route("GET", "/me/live_events", "list_events", "live"),
    *(_route(method, "/me/live_events/{event}", handler, "live") for method, handler in _LIVE.items()),
    _route("POST", "/me/live_events/{event}/activate", "activate_event", "live"),
    _route("POST", "/me/live_events/{event}/end", "end_event", "live"),
    _route("GET", "/upload", "tell_offset", _TUS),
    Route(method="PATCH", path="/upload", handler="take_piece", source=_TUS, keeps_torn=True),
    _route("POST", "/upload", "refuse_creation", _TUS),
    _route("PUT", "/picture/{picture}", "put_picture", "videos"),
    _route("PUT", "/texttrack/{track}", "put_track", "videos"),
    _route("GET", "/media/{file}", "get_file", "videos"),
)
