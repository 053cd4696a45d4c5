"""A post as it is sent once its files were fitted to the platform, which its plan foresaw."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from socialcast.compose import moving
from socialcast.compose.preflight import photo_adaptations
from socialcast.model.capabilities import Capabilities
from socialcast.model.post import Post
from socialcast.wire.clock import Cancel

__all__ = ["with_fitted_video", "with_what_was_made"]


def with_fitted_video(
    post: Post, capabilities: Capabilities, folder: str | None, cancel: Cancel, tell: Callable[[int], None]
) -> Post:
    """The post with the video, and the poster, that its adaptations tell of; `tell` is given the percent that are done."""
    codes = {change.code for change in post.adaptations} & {moving.TRANSCODED, moving.POSTER_CHOSEN}
    if not (codes and capabilities.video and folder and post.video):
        return post
    return msgspec.structs.replace(post, video=moving.fitted(post.video, codes, capabilities.video, folder, cancel, tell))


def with_what_was_made(post: Post, capabilities: Capabilities, folder: str | None) -> Post:
    """The post whose adaptations also say what quality came of it, which is known once the photos were fitted."""
    planned = photo_adaptations(post, capabilities)
    told = dict(zip(planned, photo_adaptations(post, capabilities, folder), strict=False))
    return msgspec.structs.replace(post, adaptations=tuple(told.get(each, each) for each in post.adaptations))
