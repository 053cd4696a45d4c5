"""The sandbox's Bluesky."""

from socialcast.sandbox.platforms.bluesky.mirror import BlueskyMirror

__all__ = ["BlueskyMirror"]
