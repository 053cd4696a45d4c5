"""The mirrors by platform name, each imported when a sandbox is made."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from socialcast.sandbox.mirror import Mirror

__all__ = ["GROUP", "MIRRORS", "load_mirrors"]

GROUP = "socialcast.mirrors"

MIRRORS: Mapping[str, str] = {
    "x": "socialcast.sandbox.platforms.x:XMirror",
    "flickr": "socialcast.sandbox.platforms.flickr:FlickrMirror",
    "mediawiki": "socialcast.sandbox.platforms.mediawiki:MediawikiMirror",
    "facebook": "socialcast.sandbox.platforms.facebook:FacebookMirror",
    "youtube": "socialcast.sandbox.platforms.youtube:YoutubeMirror",
    "vimeo": "socialcast.sandbox.platforms.vimeo:VimeoMirror",
    "newsroom": "socialcast.sandbox.platforms.newsroom:NewsroomMirror",
    "bluesky": "socialcast.sandbox.platforms.bluesky:BlueskyMirror",
    "mastodon": "socialcast.sandbox.platforms.mastodon:MastodonMirror",
    "matrix": "socialcast.sandbox.platforms.matrix:MatrixMirror",
    "email": "socialcast.sandbox.platforms.email:EmailMirror",
    "rtmp": "socialcast.sandbox.platforms.rtmp:RtmpMirror",
}


def load_mirrors() -> dict[str, type[Mirror]]:
    """Every mirror by name: ours, and those that other packages add under the entry point group "socialcast.mirrors"."""
    ours = [EntryPoint(name, path, GROUP) for name, path in MIRRORS.items()]
    others = [entry for entry in entry_points(group=GROUP) if entry.name not in MIRRORS]
    return {entry.name: entry.load() for entry in [*ours, *others]}
