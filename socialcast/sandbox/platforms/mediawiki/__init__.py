"""The mirror of MediaWiki: the action API, page views and files of Wikipedia, Wikimedia Commons and wikis of one's own.

Written from the API pages on mediawiki.org and Wikimedia's policies as of 2026-07, and held against MediaWiki 1.39. Each host
is a wiki with its own pages, files and sessions; as on Wikimedia, one account serves all of them. `{{subst:}}` is not expanded.
"""

from socialcast.sandbox.platforms.mediawiki.mirror import MediawikiMirror

__all__ = ["MediawikiMirror"]
