"""Mastodon and every server that speaks its API, told apart by what each answers: posts and threads with photos or a video."""

from __future__ import annotations

from socialcast.publishers.mastodon.publisher import MastodonPublisher

__all__ = ["MastodonPublisher"]
