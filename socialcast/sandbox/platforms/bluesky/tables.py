"""Bluesky as tables: hosts, limits, methods with their parameters (lexicons of 2026-08-20; server 0.5.35, 2026-09-28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socialcast.sandbox.mirror import Route, Verified
from socialcast.sandbox.platforms.bluesky.schema import Array, Boolean, Integer, Kind, Object, Text, Union, Unknown

__all__ = [
    "CDN_HOST",
    "GATEWAY_HOST",
    "HOSTS",
    "LIMITS",
    "METHODS",
    "PDS_HOSTS",
    "RATES",
    "ROUTES",
    "SITE",
    "VIDEO_DID",
    "WRITE_POINTS",
    "Method",
    "Rate",
    "service_of",
]

MB = 1_000_000
GATEWAY_HOST, CDN_HOST, VIDEO_HOST = "bsky.social", "cdn.bsky.app", "video.bsky.app"
PDS_HOSTS = tuple(f"{name}.us-east.host.bsky.network" for name in ("enoki", "morel", "shiitake"))
SITE = "https://bsky.app"
VIDEO_DID = f"did:web:{VIDEO_HOST}"
_APPVIEW_HOSTS = ("public.api.bsky.app", "api.bsky.app")
_DIRECTORY_HOST = "plc.directory"
HOSTS = (GATEWAY_HOST, "*.host.bsky.network", VIDEO_HOST, *_APPVIEW_HOSTS, "bsky.app", CDN_HOST, _DIRECTORY_HOST)
_SERVICES: Mapping[str, str] = {
    VIDEO_HOST: "video",
    **dict.fromkeys(_APPVIEW_HOSTS, "appview"),
    _DIRECTORY_HOST: "directory",
    CDN_HOST: "files",
    "bsky.app": "site",
}


def service_of(host: str) -> str:
    """What answers at a host; one that is registered for somebody's own server is a PDS like any other."""
    return _SERVICES.get(host.partition(":")[0].lower(), "pds")


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the page; those marked "ours" stand where it gives none or a range."""

    json_body_bytes: int = MB
    blob_bytes: int = 50 * MB
    video_bytes: int = 300 * MB
    daily_videos: int = 25
    daily_video_bytes: int = 10_737_418_240
    writes: int = 200
    uris: int = 25
    access_seconds: int = 7200
    refresh_seconds: int = 90 * 86_400
    refresh_grace_seconds: int = 7200  # ours: "a short grace"
    service_seconds: int = 60
    service_max_seconds: int = 3600
    unreferenced_blob_seconds: int = 3600  # ours: between the schema's minutes and the hours of practice
    index_seconds: float = 2.0  # ours: the AppView lags "seconds to, in incidents, hours"
    processing_seconds: float = 6.0  # ours: how long a video takes


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rate:
    """How many points there are in a window of so many seconds."""

    points: int
    seconds: int


RATES: Mapping[str, tuple[Rate, ...]] = {
    "requests": (Rate(3000, 300),),
    "sign-in": (Rate(30, 300), Rate(300, 86_400)),
    "uploads": (Rate(1000, 86_400),),
    "writes": (Rate(5000, 3600), Rate(35_000, 86_400)),
}
WRITE_POINTS: Mapping[str, int] = {"create": 3, "update": 2, "delete": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One call: who answers it, whom it lets in, and what it takes; `takes` is None where the body is a file."""

    nsid: str
    verb: str
    services: frozenset[str]
    auth: str = ""  # the kind of token: access, refresh, service; with "?" where a call without one is answered, too
    takes: Object | None = None


_BOOLEAN = Boolean()
_REPO, _DID, _NSID = Text(format="at-identifier"), Text(format="did"), Text(format="nsid")
_KEY, _CID, _AT_URI = Text(max_bytes=512, format="record-key"), Text(format="cid"), Text(format="at-uri")
_NOTHING = Object()
_PDS, _APPVIEW, _VIDEO = frozenset({"pds"}), frozenset({"pds", "appview"}), frozenset({"video"})
_APPLY = "com.atproto.repo.applyWrites"


def _object(required: str = "", nullable: str = "", **properties: Kind) -> Object:
    return Object(required=tuple(required.split()), nullable=tuple(nullable.split()), properties=properties)


_WRITES = Union(
    is_closed=True,
    members={
        f"{_APPLY}#create": _object("collection value", collection=_NSID, rkey=_KEY, value=Unknown()),
        f"{_APPLY}#update": _object("collection rkey value", collection=_NSID, rkey=_KEY, value=Unknown()),
        f"{_APPLY}#delete": _object("collection rkey", collection=_NSID, rkey=_KEY),
    },
)


def _pds(verb: str, nsid: str, auth: str, takes: Object | None = _NOTHING) -> Method:
    return Method(nsid=f"com.atproto.{nsid}", verb=verb, services=_PDS, auth=auth, takes=takes)


def _appview(nsid: str, takes: Object) -> Method:
    return Method(nsid=f"app.bsky.{nsid}", verb="GET", services=_APPVIEW, auth="access", takes=takes)


def _video(verb: str, nsid: str, auth: str, takes: Object) -> Method:
    return Method(nsid=f"app.bsky.video.{nsid}", verb=verb, services=_VIDEO, auth=auth, takes=takes)


# by the name of the handler
METHODS: Mapping[str, Method] = {
    "create_session": _pds(
        "POST",
        "server.createSession",
        "",
        _object("identifier password", identifier=Text(), password=Text(), authFactorToken=Text(), allowTakendown=_BOOLEAN),
    ),
    "refresh_session": _pds("POST", "server.refreshSession", "refresh"),
    "delete_session": _pds("POST", "server.deleteSession", "refresh"),
    "get_session": _pds("GET", "server.getSession", "access"),
    "get_service_auth": _pds(
        "GET", "server.getServiceAuth", "access", _object("aud", aud=Text(max_bytes=2048), exp=Integer(), lxm=_NSID)
    ),
    "describe_server": _pds("GET", "server.describeServer", ""),
    "resolve_handle": Method(
        nsid="com.atproto.identity.resolveHandle",
        verb="GET",
        services=_APPVIEW,
        takes=_object("handle", handle=Text(format="handle")),
    ),
    "create_record": _pds(
        "POST",
        "repo.createRecord",
        "access",
        _object(
            "repo collection record",
            repo=_REPO,
            collection=_NSID,
            rkey=_KEY,
            validate=_BOOLEAN,
            record=Unknown(),
            swapCommit=_CID,
        ),
    ),
    "put_record": _pds(
        "POST",
        "repo.putRecord",
        "access",
        _object(
            "repo collection rkey record",
            "swapRecord",
            repo=_REPO,
            collection=_NSID,
            rkey=_KEY,
            validate=_BOOLEAN,
            record=Unknown(),
            swapRecord=_CID,
            swapCommit=_CID,
        ),
    ),
    "apply_writes": _pds(
        "POST",
        "repo.applyWrites",
        "access",
        _object("repo writes", repo=_REPO, validate=_BOOLEAN, writes=Array(items=_WRITES), swapCommit=_CID),
    ),
    "delete_record": _pds(
        "POST",
        "repo.deleteRecord",
        "access",
        _object("repo collection rkey", repo=_REPO, collection=_NSID, rkey=_KEY, swapRecord=_CID, swapCommit=_CID),
    ),
    "get_record": _pds(
        "GET", "repo.getRecord", "", _object("repo collection rkey", repo=_REPO, collection=_NSID, rkey=_KEY, cid=_CID)
    ),
    "list_records": _pds(
        "GET",
        "repo.listRecords",
        "",
        _object(
            "repo collection",
            repo=_REPO,
            collection=_NSID,
            limit=Integer(minimum=1, maximum=100),
            cursor=Text(),
            reverse=_BOOLEAN,
        ),
    ),
    "describe_repo": _pds("GET", "repo.describeRepo", "", _object("repo", repo=_REPO)),
    "upload_blob": _pds("POST", "repo.uploadBlob", "access", None),
    "get_blob": _pds("GET", "sync.getBlob", "", _object("did cid", did=_DID, cid=_CID)),
    "get_profile": _appview("actor.getProfile", _object("actor", actor=_REPO)),
    "get_posts": _appview("feed.getPosts", _object("uris", uris=Array(items=_AT_URI, max_count=LIMITS.uris))),
    "get_author_feed": _appview(
        "feed.getAuthorFeed",
        _object(
            "actor",
            actor=_REPO,
            limit=Integer(minimum=1, maximum=100),
            cursor=Text(),
            filter=Text(),
            includePins=_BOOLEAN,
        ),
    ),
    "get_post_thread": _appview(
        "feed.getPostThread",
        _object("uri", uri=_AT_URI, depth=Integer(minimum=0, maximum=1000), parentHeight=Integer(minimum=0, maximum=1000)),
    ),
    "get_upload_limits": _video("GET", "getUploadLimits", "service", _NOTHING),
    "get_job_status": _video("GET", "getJobStatus", "service?", _object("jobId", jobId=Text())),
    "upload_video": Method(
        nsid="app.bsky.video.uploadVideo",
        verb="POST",
        services=_VIDEO,
        auth="service",
        takes=_object("did name", did=_DID, name=Text()),
    ),
}

_LEXICONS = "https://docs.bsky.app/docs/api/"
_ON_A_REAL_SERVER = frozenset(
    {
        "create_session",
        "get_session",
        "refresh_session",
        "create_record",
        "put_record",
        "apply_writes",
        "delete_record",
        "get_record",
        "list_records",
        "upload_blob",
        "get_blob",
        "get_post_thread",
        "get_posts",
        "get_service_auth",
        "resolve_handle",
    }
)


def _route(handler: str, method: Method) -> Route:
    verified = Verified.SERVER if handler in _ON_A_REAL_SERVER else Verified.DOCUMENTATION
    source = _LEXICONS + method.nsid.replace(".", "-").lower()
    return Route(method=method.verb, path=f"/xrpc/{method.nsid}", handler=handler, source=source, verified=verified)


ROUTES: tuple[Route, ...] = (
    *(_route(handler, method) for handler, method in METHODS.items()),
    Route(method="GET", path="/{did}", handler="get_did_document", source="https://web.plc.directory/api/redoc"),
    Route(
        method="GET",
        path="/img/{size}/plain/{did}/{cid}",
        handler="get_image",
        source="https://docs.bsky.app/docs/advanced-guides/posts",
    ),
)
