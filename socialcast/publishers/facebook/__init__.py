"""Facebook Pages: posts with photos or a video, native schedules, and live events.

Written from Meta's Graph API documents and the generated SDK's descriptions (read 2026-11-22). Quirks: the code that says
"try again" also comes with posts that were made; errors come with HTTP 400 or 500 whatever they mean; a call to a dead version
is served by another one without a word; groups cannot be published in since April 2024.
"""

from __future__ import annotations

from socialcast.publishers.facebook.publisher import FacebookPublisher

__all__ = ["FacebookPublisher"]
