"""What readers get: posts, threads, feeds and profiles, a little later than they were written (lexicons of 2026-08-20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socialcast.sandbox.audience import audience
from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.bluesky.access import Call, operation, stamp
from socialcast.sandbox.platforms.bluesky.lexicons import GALLERY, IMAGES, LIKE, POST, PROFILE, REPOST, THREADGATE, VIDEO
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError, answer, invalid
from socialcast.sandbox.platforms.bluesky.state import Record, User
from socialcast.sandbox.platforms.bluesky.tables import CDN_HOST, LIMITS, VIDEO_DID
from socialcast.sandbox.platforms.bluesky.video import VideoService

__all__ = ["AppView", "image_url", "video_url"]

_DEFS = "app.bsky.feed.defs"
_DEFAULT_DEPTH, _DEFAULT_HEIGHT, _DEFAULT_PAGE = 6, 80, 50
_EXTERNAL, _RECORD, _BOTH = "app.bsky.embed.external", "app.bsky.embed.record", "app.bsky.embed.recordWithMedia"
_WITH_MEDIA: Mapping[str, frozenset[str]] = {
    "posts_with_media": frozenset({IMAGES, GALLERY, VIDEO}),
    "posts_with_video": frozenset({VIDEO}),
}


def image_url(did: str, blob: dict[str, Any], size: str = "feed_fullsize") -> str:
    """Where visitors get a picture."""
    return f"https://{CDN_HOST}/img/{size}/plain/{did}/{blob['ref']['$link']}"


def video_url(user: User, blob: dict[str, Any]) -> str:
    """Where the file of a video lies."""
    return f"https://{user.pds}/xrpc/com.atproto.sync.getBlob?did={user.did}&cid={blob['ref']['$link']}"


class AppView(VideoService):
    """The part of the mirror that reads across repositories."""

    @operation
    def get_profile(self, call: Call) -> Response:
        """An account as others see it."""
        user = self._actor(call)
        count = len(self.posts_of(user))
        described = {"description": words} if (words := self.profile_of(user).get("description")) else {}
        told = {"followersCount": 0, "followsCount": 0, "postsCount": count}
        return self._read(call, {**self._author(user), **described, **told})

    @operation
    def get_posts(self, call: Call) -> Response:
        """Posts by their addresses; those that are not there are left out."""
        found = [self.post_at(uri) for uri in call.told["uris"]]
        return self._read(call, {"posts": [self._post(record) for record in found if record and self._is_indexed(record, call)]})

    @operation
    def get_author_feed(self, call: Call) -> Response:
        """An account's posts, newest first."""
        user, told = self._actor(call), call.told
        wish = told.get("filter", "")
        feed = [record for record in self.posts_of(user) if self._is_indexed(record, call) and _passes(record, wish)]
        feed.sort(key=lambda record: (record.at, record.rkey), reverse=True)
        start = next((place + 1 for place, record in enumerate(feed) if record.cid == told.get("cursor")), 0)
        page = feed[start : start + told.get("limit", _DEFAULT_PAGE)]
        cursor = {"cursor": page[-1].cid} if page and start + len(page) < len(feed) else {}
        return self._read(call, {"feed": [{"post": self._post(record)} for record in page], **cursor})

    @operation
    def get_post_thread(self, call: Call) -> Response:
        """A post with what it answers above and what answers it below; threads follow addresses and no hashes."""
        told = call.told
        record = self.post_at(told["uri"])
        if record is None or not self._is_indexed(record, call):
            raise RefusalError(400, "NotFound", f"Post not found: {told['uri']}")
        node = self._node(record, call, told.get("depth", _DEFAULT_DEPTH))
        if above := self._above(record, call, told.get("parentHeight", _DEFAULT_HEIGHT)):
            node["parent"] = above
        return self._read(call, {"thread": node})

    def posts(self) -> list[Record]:
        """All posts of all accounts."""
        return [record for user in self.users.values() for record in self.posts_of(user)]

    def posts_of(self, user: User) -> list[Record]:
        """The posts of an account that readers can make something of."""
        return [record for (collection, _), record in user.records.items() if collection == POST and record.is_valid]

    def profile_of(self, user: User) -> dict[str, Any]:
        """What the account says of itself."""
        record = user.records.get((PROFILE, "self"))
        return record.value if record and record.is_valid else {}

    def post_at(self, uri: str) -> Record | None:
        """The post at this address."""
        match uri.split("/"):
            case [_, _, repo, collection, rkey] if collection == POST and (user := self.find_user(repo)):
                record = user.records.get((POST, rkey))
                return record if record and record.is_valid else None
        return None

    def replies_to(self, record: Record) -> list[Record]:
        """The posts that say they answer this one, oldest first, without those that the thread's gate keeps out."""
        found = [other for other in self.posts() if _parent(other) == record.uri and not self._is_kept_out(other)]
        return sorted(found, key=lambda other: (other.at, other.rkey))

    def root_of(self, record: Record) -> Record | None:
        """The first post of the thread that this one is a reply in."""
        reply = record.first[1].get("reply")
        return self.post_at(reply["root"]["uri"]) if reply else None

    def gate_of(self, root: Record) -> Record | None:
        """Who may reply in this thread, and which replies are hidden; only under the post's own key, in its own repository."""
        gate = self.users[root.did].records.get((THREADGATE, root.rkey))
        return gate if gate and gate.is_valid and gate.value["post"] == root.uri else None

    def admits(self, root: Record, did: str) -> bool:
        """Whether that account may reply in the thread; nobody in the sandbox follows anybody or is on a list."""
        gate = self.gate_of(root)
        if gate is None or "allow" not in gate.value or did == root.did:
            return True
        features = (feature for facet in root.first[1].get("facets", ()) for feature in facet["features"])
        is_mentioned = any(feature.get("did") == did for feature in features)
        return is_mentioned and any(rule["$type"] == f"{THREADGATE}#mentionRule" for rule in gate.value["allow"])

    def _is_kept_out(self, record: Record) -> bool:
        root = self.root_of(record)
        return root is not None and not self.admits(root, record.did)

    def _actor(self, call: Call) -> User:
        user = self.find_user(call.told["actor"])
        if user is None:
            raise invalid("Profile not found")
        return user

    def _read(self, call: Call, body: dict[str, Any]) -> Response:
        response = answer(body)
        if call.viewer and call.viewer.rev:
            response.headers["Atproto-Repo-Rev"] = call.viewer.rev
        return response

    def _is_indexed(self, record: Record, call: Call) -> bool:
        """One's own server, which alone knows who asks, has one's own posts at once; everybody else waits for the index."""
        is_own = call.viewer is not None and call.viewer.did == record.did
        return is_own or self.clock.now() >= record.at + LIMITS.index_seconds

    def _author(self, user: User) -> dict[str, Any]:
        profile, told = self.profile_of(user), {"did": user.did, "handle": user.handle, "labels": []}
        if profile.get("displayName"):
            told["displayName"] = profile["displayName"]
        if profile.get("avatar"):
            told["avatar"] = image_url(user.did, profile["avatar"], "avatar")
        return told

    def _post(self, record: Record) -> dict[str, Any]:
        cid, value = record.first
        user = self.users[record.did]
        view = self._embed(user, value.get("embed", {}))
        quotes = sum(1 for other in self.posts() if _quoted(other) == record.uri)
        reach, gate = audience(record.uri, record.at, self.clock.now()), self.gate_of(record)
        return {
            "uri": record.uri,
            "cid": cid,
            "author": self._author(user),
            "record": value,
            **({"embed": view} if view else {}),
            "bookmarkCount": 0,
            "replyCount": len(self.replies_to(record)),
            "repostCount": reach.shares + self._pointing(REPOST, record),
            "likeCount": reach.likes + self._pointing(LIKE, record),
            "quoteCount": quotes,
            "indexedAt": stamp(record.at),
            "labels": [],
            **({"threadgate": {"uri": gate.uri, "cid": gate.cid, "record": gate.value, "lists": []}} if gate else {}),
        }

    def _pointing(self, collection: str, record: Record) -> int:
        """How many records of accounts point at this one."""
        pairs = (pair for user in self.users.values() for pair in user.records.items())
        subjects = (other.value.get("subject") for (kind, _), other in pairs if kind == collection)
        return sum(isinstance(subject, dict) and subject.get("uri") == record.uri for subject in subjects)

    def _embed(self, user: User, embed: dict[str, Any]) -> dict[str, Any] | None:
        kind = embed.get("$type", "")
        if kind == _RECORD:
            told = self._quote(embed)
        elif kind == _BOTH:
            told = {"media": self._embed(user, embed["media"]), "record": self._quote(embed["record"])}
        elif kind in _VIEWS:
            told = _VIEWS[kind](user, embed)
        else:
            return None
        return {"$type": f"{kind}#view", **told}

    def _quote(self, embed: dict[str, Any]) -> dict[str, Any]:
        uri = embed["record"]["uri"]
        record = self.post_at(uri)
        if record is None:
            return {"record": {"$type": f"{_RECORD}#viewNotFound", "uri": uri, "notFound": True}}
        cid, value = record.first
        told = {"uri": uri, "cid": cid, "author": self._author(self.users[record.did]), "value": value}
        return {"record": {"$type": f"{_RECORD}#viewRecord", **told, "indexedAt": stamp(record.at)}}

    def _node(self, record: Record, call: Call, depth: int) -> dict[str, Any]:
        node: dict[str, Any] = {"$type": f"{_DEFS}#threadViewPost", "post": self._post(record)}
        if depth:
            answers = [other for other in self.replies_to(record) if self._is_indexed(other, call)]
            node["replies"] = [self._node(other, call, depth - 1) for other in answers]
        return node

    def _above(self, record: Record, call: Call, height: int) -> dict[str, Any] | None:
        uri = _parent(record)
        if not uri or not height:
            return None
        parent = self.post_at(uri)
        if parent is None or not self._is_indexed(parent, call):
            return {"$type": f"{_DEFS}#notFoundPost", "uri": uri, "notFound": True}
        above = self._above(parent, call, height - 1)
        return {**self._node(parent, call, 0), **({"parent": above} if above else {})}


def _parent(record: Record) -> str:
    return str(record.first[1].get("reply", {}).get("parent", {}).get("uri", ""))


def _quoted(record: Record) -> str:
    embed = record.first[1].get("embed", {})
    inner = embed.get("record", {}) if embed.get("$type") == _RECORD else embed.get("record", {}).get("record", {})
    return str(inner.get("uri", "")) if embed.get("$type") in (_RECORD, _BOTH) else ""


def _passes(record: Record, wish: str) -> bool:
    value = record.first[1]
    reply = value.get("reply")
    if wish == "posts_no_replies":
        return reply is None
    if wish == "posts_and_author_threads":
        return reply is None or reply["root"]["uri"].startswith(f"at://{record.did}/")
    return wish not in _WITH_MEDIA or value.get("embed", {}).get("$type") in _WITH_MEDIA[wish]


def _image(user: User, image: dict[str, Any], thumb: str) -> dict[str, Any]:
    ratio = {"aspectRatio": image["aspectRatio"]} if "aspectRatio" in image else {}
    small, large = image_url(user.did, image["image"], "feed_thumbnail"), image_url(user.did, image["image"])
    return {thumb: small, "fullsize": large, "alt": image["alt"], **ratio}


def _images(user: User, embed: dict[str, Any]) -> dict[str, Any]:
    return {"images": [_image(user, image, "thumb") for image in embed["images"]]}


def _gallery(user: User, embed: dict[str, Any]) -> dict[str, Any]:
    kind = f"{GALLERY}#image"
    shown = [item for item in embed["items"] if item["$type"] == kind]
    return {"items": [{"$type": f"{GALLERY}#viewImage", **_image(user, item, "thumbnail")} for item in shown]}


def _video(user: User, embed: dict[str, Any]) -> dict[str, Any]:
    cid = embed["video"]["ref"]["$link"]
    told: dict[str, Any] = {name: embed[name] for name in ("alt", "aspectRatio", "presentation") if name in embed}
    base = f"https://{VIDEO_DID.rpartition(':')[2]}/watch/{user.did}/{cid}"
    return {"cid": cid, "playlist": f"{base}/playlist.m3u8", "thumbnail": f"{base}/thumbnail.jpg", **told}


def _external(user: User, embed: dict[str, Any]) -> dict[str, Any]:
    card = embed["external"]
    thumb = {"thumb": image_url(user.did, card["thumb"], "feed_thumbnail")} if "thumb" in card else {}
    return {"external": {name: card[name] for name in ("uri", "title", "description")} | thumb}


_VIEWS: Mapping[str, Callable[[User, dict[str, Any]], dict[str, Any]]] = {
    IMAGES: _images,
    GALLERY: _gallery,
    VIDEO: _video,
    _EXTERNAL: _external,
}
