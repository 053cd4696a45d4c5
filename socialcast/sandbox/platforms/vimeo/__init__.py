"""The sandbox's Vimeo."""

from socialcast.sandbox.platforms.vimeo.mirror import VimeoMirror

__all__ = ["VimeoMirror"]
