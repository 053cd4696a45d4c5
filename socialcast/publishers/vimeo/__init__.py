"""Vimeo: a video with thumbnail and text tracks, private until it is committed, and live events where the plan has them."""

from socialcast.publishers.vimeo.publisher import VimeoPublisher

__all__ = ["VimeoPublisher"]
