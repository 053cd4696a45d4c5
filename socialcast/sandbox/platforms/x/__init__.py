"""The mirror of X, written from the API's documentation and OpenAPI file 2.167 (2026-08-22)."""

from socialcast.sandbox.platforms.x.mirror import XMirror

__all__ = ["XMirror"]
