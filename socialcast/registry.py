"""Which publishers there are: ours as a table, other people's by entry points; each is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import NamedTuple

from socialcast.model.errors import ConfigurationError
from socialcast.publisher import Publisher
from socialcast.wire.suggest import suggest

__all__ = ["platforms", "publisher_class"]

_GROUP = "socialcast.publishers"


class _Home(NamedTuple):
    place: str
    extra: str = ""  # none where nothing but requests is needed


_OURS = {
    "x": _Home("socialcast.publishers.x:XPublisher", "x"),
    "flickr": _Home("socialcast.publishers.flickr:FlickrPublisher", "flickr"),
    "mediawiki": _Home("socialcast.publishers.mediawiki:MediawikiPublisher", "mediawiki"),
    "facebook": _Home("socialcast.publishers.facebook:FacebookPublisher", "facebook"),
    "youtube": _Home("socialcast.publishers.youtube:YoutubePublisher", "youtube"),
    "vimeo": _Home("socialcast.publishers.vimeo:VimeoPublisher", "vimeo"),
    "bluesky": _Home("socialcast.publishers.bluesky:BlueskyPublisher", "bluesky"),
    "mastodon": _Home("socialcast.publishers.mastodon:MastodonPublisher", "mastodon"),
    "newsroom": _Home("socialcast.publishers.newsroom:NewsroomPublisher", "newsroom"),
    "matrix": _Home("socialcast.publishers.matrix:MatrixPublisher", "matrix"),
    "email": _Home("socialcast.publishers.email:EmailPublisher", "email"),
    "rtmp": _Home("socialcast.publishers.rtmp:RtmpPublisher"),
}


def platforms() -> list[str]:
    """The names of all platforms, ours and those of installed packages."""
    return sorted({*_OURS, *(point.name for point in entry_points(group=_GROUP))})


def publisher_class(platform: str) -> type[Publisher]:
    """The publisher for a platform; raises ConfigurationError for an unknown name and for a missing extra."""
    if platform in _OURS:
        return _load_ours(platform, _OURS[platform])
    for point in entry_points(group=_GROUP, name=platform):
        theirs: type[Publisher] = point.load()
        return theirs
    raise ConfigurationError(f"no publisher for platform {platform!r}: {suggest(platform, platforms())}")


def _load_ours(platform: str, home: _Home) -> type[Publisher]:
    module, _, name = home.place.partition(":")
    try:
        found: type[Publisher] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("socialcast"):
            raise
        raise ConfigurationError(
            f"{error.name} is not installed; platform {platform!r} needs: pip install 'socialcast[{home.extra}]'"
        ) from error
    return found
