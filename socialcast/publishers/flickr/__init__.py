"""Flickr: photos and videos with alt text, licence and tags, in an album that is public all at once.

Written from the Flickr API method pages and the upload page (read 2026-08-22). Quirks: errors come with HTTP 200;
uploads answer in XML whatever is asked for; a licence cannot be given with the upload, so that photos stay private until
they have theirs; there is no alt-text field, and what a screen reader hears is the title.
"""

from __future__ import annotations

from socialcast.publishers.flickr.publisher import FlickrPublisher

__all__ = ["FlickrPublisher"]
