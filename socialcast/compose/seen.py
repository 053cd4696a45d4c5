"""What of a post its readers see: a table says what a platform has a place for."""

from __future__ import annotations

import msgspec

from socialcast.compose.below import without_words_below
from socialcast.model.capabilities import Capabilities
from socialcast.model.post import Post

__all__ = ["as_seen"]


def as_seen(post: Post, capabilities: Capabilities) -> Post:
    """The post without what the platform has no place for; what stands in the text instead stands there."""
    post = post if capabilities.captions else without_words_below(post)
    video, rules = post.video, capabilities.video
    if video and rules:
        poster, subtitles = (video.poster if rules.poster else None), (video.subtitles if rules.subtitles else ())
        video = msgspec.structs.replace(video, poster=poster, subtitles=subtitles)
    is_titled = bool(capabilities.text and capabilities.text.titled)
    hosts_live = bool(capabilities.live and post.live and post.live.is_to_create)
    return msgspec.structs.replace(
        post,
        title=post.title if is_titled else "",
        video=video,
        live=post.live if hosts_live else None,
        tags=post.tags if capabilities.tags else (),
    )
