"""Bluesky: posts and threads under record keys chosen beforehand, with photos, a video or a card, on any AT Protocol server."""

from socialcast.publishers.bluesky.publisher import BlueskyPublisher

__all__ = ["BlueskyPublisher"]
