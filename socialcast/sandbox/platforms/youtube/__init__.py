"""The mirror of YouTube, written from the Data API's documentation and discovery document 20261104 (2026-11-22)."""

from socialcast.sandbox.platforms.youtube.mirror import YoutubeMirror

__all__ = ["YoutubeMirror"]
