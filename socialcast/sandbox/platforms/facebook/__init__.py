"""The mirror of Facebook's Graph API for Pages, written from Meta's documentation as of October 2026 (2026-11-22)."""

from socialcast.sandbox.platforms.facebook.mirror import FacebookMirror

__all__ = ["FacebookMirror"]
