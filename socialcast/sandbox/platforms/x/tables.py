"""What X allows, charges and answers, as data (X API docs and OpenAPI file 2.167, 2026-08-22, unless a line says otherwise)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from socialcast.sandbox.mirror import Route, Verified

MIB = 1 << 20
DOCS = "https://docs.x.com/x-api/"
DATA_DICTIONARY = "https://docs.x.com/x-api/fundamentals/data-dictionary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers past which X refuses."""

    text_max_weight: int = 280
    premium_text_max_weight: int = 25_000
    url_weight: int = 23
    cashtags_max_count: int = 1
    alt_text_max_length: int = 1000
    images_max_count: int = 4
    image_max_bytes: int = 5 * MIB
    gif_max_bytes: int = 15 * MIB
    gif_max_width: int = 1280
    gif_max_height: int = 1080
    gif_max_frames: int = 350
    gif_max_total_pixels: int = 300_000_000
    video_max_bytes: int = 512 * MIB
    segment_max_bytes: int = 5 * MIB
    lookup_max_ids: int = 100
    timeline_min_results: int = 5
    timeline_default_results: int = 10
    timeline_max_results: int = 100
    search_min_results: int = 10
    search_days: int = 7
    query_max_length: int = 512
    rate_window_seconds: int = 900
    access_token_seconds: int = 7200
    upload_session_seconds: int = 1_295_999
    media_lapse_seconds: int = 86_400
    duplicate_window_seconds: int = 86_400  # X does not publish its window; a day errs on the strict side


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each act costs in US dollars (X API pricing, since 2026-04-20)."""

    post: Decimal = Decimal("0.015")
    post_with_url: Decimal = Decimal("0.200")
    summoned_reply: Decimal = Decimal("0.010")
    delete: Decimal = Decimal("0.010")
    hide_reply: Decimal = Decimal("0.005")
    media_metadata: Decimal = Decimal("0.005")
    read_post: Decimal = Decimal("0.005")
    read_user: Decimal = Decimal("0.010")
    owned_read: Decimal = Decimal("0.001")


PRICES = Prices()

READ = frozenset({"tweet.read", "users.read"})
WRITE = frozenset({"tweet.write", *READ})
MODERATE = frozenset({"tweet.moderate.write", *READ})
MEDIA = frozenset({"media.write"})
ALL_SCOPES = frozenset({*WRITE, *MODERATE, *MEDIA, "offline.access"})


@dataclass(frozen=True, slots=True)
class Operation:
    """How often a user may make this call in a rate window, and the OAuth 2 scopes that it needs."""

    calls_per_window: int
    scopes: frozenset[str]


OPERATIONS: Mapping[str, Operation] = {
    "create_post": Operation(100, WRITE),
    "delete_post": Operation(50, WRITE),
    "hide_reply": Operation(50, MODERATE),
    "get_posts": Operation(5000, READ),
    "get_post": Operation(5000, READ),
    "get_timeline": Operation(900, READ),
    "search_recent": Operation(300, READ),
    "get_me": Operation(75, READ),
    "get_user": Operation(900, READ),
    "upload": Operation(500, MEDIA),
    "initialize": Operation(1875, MEDIA),
    "append": Operation(1875, MEDIA),
    "finalize": Operation(1875, MEDIA),
    "get_upload_status": Operation(1000, MEDIA),
    "create_metadata": Operation(500, MEDIA),
    "create_subtitles": Operation(500, MEDIA),
}


def _described(method: str, path: str, handler: str, page: str) -> Route:
    return Route(method=method, path=path, handler=handler, source=DOCS + page, verified=Verified.DESCRIPTION)


ROUTES = (
    _described("POST", "/2/tweets", "create_post", "posts/create-post"),
    _described("DELETE", "/2/tweets/{id}", "delete_post", "posts/delete-post"),
    _described("PUT", "/2/tweets/{id}/hidden", "hide_reply", "posts/hide-reply"),
    _described("GET", "/2/tweets", "get_posts", "posts/get-posts-by-ids"),
    _described("GET", "/2/tweets/search/recent", "search_recent", "posts/search-recent-posts"),
    _described("GET", "/2/tweets/{id}", "get_post", "posts/get-post-by-id"),
    _described("GET", "/2/users/{id}/tweets", "get_timeline", "users/get-posts"),
    _described("GET", "/2/users/me", "get_me", "users/get-my-user"),
    _described("GET", "/2/users/{id}", "get_user", "users/lookup/introduction"),
    _described("POST", "/2/media/upload", "upload", "media/upload-media"),
    _described("GET", "/2/media/upload", "get_upload_status", "media/get-media-upload-status"),
    _described("POST", "/2/media/upload/initialize", "initialize", "media/initialize-media-upload"),
    _described("POST", "/2/media/upload/{id}/append", "append", "media/append-media-upload"),
    _described("POST", "/2/media/upload/{id}/finalize", "finalize", "media/finalize-media-upload"),
    _described("POST", "/2/media/metadata", "create_metadata", "media/create-media-metadata"),
    _described("POST", "/2/media/subtitles", "create_subtitles", "media/create-media-subtitles"),
    Route(
        method="POST",
        path="/2/oauth2/token",
        handler="refresh_token",
        source="https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code",
    ),
    Route(method="GET", path="/media/{file}", handler="get_media_file", source=DATA_DICTIONARY),
    Route(method="GET", path="/tweet_video/{file}", handler="get_media_file", source=DATA_DICTIONARY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A `media_category`: what it takes, the first part of its media keys, and whether X processes it after the upload."""

    key_prefix: str
    kind: str  # as the media object's `type` has it
    types: frozenset[str]
    max_bytes: int
    processed: bool = False


IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime"})
_VIDEO = Category(key_prefix="13", kind="video", types=VIDEO_TYPES, max_bytes=LIMITS.video_max_bytes, processed=True)
CATEGORIES: Mapping[str, Category] = {
    "tweet_image": Category(key_prefix="3", kind="photo", types=IMAGE_TYPES, max_bytes=LIMITS.image_max_bytes),
    "tweet_gif": Category(
        key_prefix="16", kind="animated_gif", types=frozenset({"image/gif"}), max_bytes=LIMITS.gif_max_bytes, processed=True
    ),
    "tweet_video": _VIDEO,
    "amplify_video": _VIDEO,
    "subtitles": Category(
        key_prefix="14", kind="subtitles", types=frozenset({"text/srt", "text/vtt"}), max_bytes=LIMITS.image_max_bytes
    ),
}
SUBTITLED: Mapping[str, str] = {"TweetVideo": "tweet_video", "AmplifyVideo": "amplify_video"}
PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
PILLOW_TYPES: Mapping[str, str] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further views behind it, as many cameras write
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
SUFFIXES: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The state that processing has reached so many seconds after finalize."""

    after_seconds: float
    state: str
    progress_percent: int


PROCESSING = (Stage(0, "pending", 0), Stage(1, "in_progress", 50), Stage(2, "succeeded", 100))
CHECK_AFTER_SECONDS = 1


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# tweet.fields as the guides and clients have them, and post.fields of the OpenAPI file since 2026-08-07: X answers to both
NEW_SPELLING: Mapping[str, str] = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
}
_COMMON_FIELDS = _names(
    "article attachments card_uri community_id context_annotations conversation_id created_at display_text_range edit_controls "
    "entities geo id lang non_public_metrics organic_metrics possibly_sensitive promoted_metrics public_metrics reply_settings "
    "scopes source text withheld"
)
POST_FIELDS: Mapping[str, frozenset[str]] = {
    "tweet.fields": _COMMON_FIELDS
    | {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"},
    "post.fields": _COMMON_FIELDS
    | {"article_title", "matched_media_notes", "media_metadata", "note_post", "note_request_suggestions", "paid_partnership"}
    | {"suggested_source_links", "suggested_source_links_with_counts"},
}
FIELDS: Mapping[str, frozenset[str]] = {
    **POST_FIELDS,
    "user.fields": _names(
        "confirmed_email connection_status created_at description entities id is_identity_verified location name parody "
        "profile_banner_url profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription "
        "subscription_type url username verified verified_followers_count verified_type withheld"
    ),
    "media.fields": _names(
        "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics "
        "public_metrics type url variants width"
    ),
    "expansions": _names(
        "attachments.media_keys attachments.poll_ids author_id edit_history_post_ids edit_history_tweet_ids "
        "entities.mentions.username geo.place_id in_reply_to_user_id referenced_posts referenced_tweets.id "
        "pinned_post_id pinned_tweet_id"
    ),
}
_POST_PARAMETERS = frozenset({"tweet.fields", "post.fields", "user.fields", "media.fields", "expansions"})
_USER_PARAMETERS = frozenset({"tweet.fields", "post.fields", "user.fields", "expansions"})
PARAMETERS: Mapping[str, frozenset[str]] = {
    "get_posts": _POST_PARAMETERS | {"ids"},
    "get_post": _POST_PARAMETERS,
    "get_timeline": _POST_PARAMETERS
    | {"max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id", "exclude"},
    "search_recent": _POST_PARAMETERS
    | {"query", "max_results", "next_token", "pagination_token", "start_time", "end_time", "since_id", "until_id", "sort_order"},
    "get_me": _USER_PARAMETERS,
    "get_user": _USER_PARAMETERS,
    "get_upload_status": frozenset({"command", "media_id"}),
}
