"""The mirror of Flickr: REST calls, uploads, albums, licences and static files, from the pages under flickr.com/services/api."""

from socialcast.sandbox.platforms.flickr.mirror import FlickrMirror

__all__ = ["FlickrMirror"]
