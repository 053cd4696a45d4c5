"""X: posts, threads, photos with alt text, video with subtitles.

Written from X's API documentation and its OpenAPI file 2.167 (2026-08-22). Quirks: a duplicate is refused by its words for a
while, and the refusal tells no id; a post with an address costs more than ten times one without; edits need X Premium.
"""

from __future__ import annotations

from socialcast.publishers.x.publisher import XPublisher

__all__ = ["XPublisher"]
