"""YouTube: a video with poster, captions, chapters and playlist, and live events, all private until they are committed.

Written from the YouTube Data API v3 (discovery document revision 20261104) with the Live Streaming API, its revision
history up to 2026-09-30 and the quota page (read 2026-11-22). Quirks: a part that is named in an update and left out of the
body is reset; what an unaudited project uploads stays private whatever is asked for; there are no posts of text alone; two
videos with the same bytes may both stay, or one be rejected later.
"""

from __future__ import annotations

from socialcast.publishers.youtube.publisher import YoutubePublisher

__all__ = ["YoutubePublisher"]
