"""One's own site: a folder of static files with a page for each announcement, an index, feeds and a calendar.

Written from RSS 2.0.11, RFC 4287 (Atom), JSON Feed 1.1, RFC 5545 and 7986 (iCalendar), schema.org and the Open Graph protocol,
read on 2026-11-26. Nothing is sent to anybody: whatever web server one has serves the folder.
"""

from socialcast.publishers.newsroom.publisher import NewsroomPublisher

__all__ = ["NewsroomPublisher"]
