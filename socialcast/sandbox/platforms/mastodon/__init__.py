"""The mirror of Mastodon and of servers that speak its API (documentation of 2026-07-02, schema of 4.7.0)."""

from socialcast.sandbox.platforms.mastodon.mirror import MastodonMirror

__all__ = ["MastodonMirror"]
