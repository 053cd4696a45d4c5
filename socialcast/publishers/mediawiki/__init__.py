"""MediaWiki: one's own wiki by editing, Wikipedia by proposing on the talk page, Commons by upload.

Written from the action API's documentation (API:Edit, API:Upload, API:Login, API:Etiquette), the source of MediaWiki 1.46
and the policies of English Wikipedia and Commons, read 2026-11-22, and tried on MediaWiki 1.39.

Quirks: errors come with HTTP 200. An edit's marker stands in its summary, a file is found by its SHA-1. A stash is private
and lasts six hours, so it is filled in `prepare`, and filled again where a long embargo outlasts it. `basetimestamp`
would switch off the conflict with our own lost edit, so only `baserevid` is sent. Nothing is ever sent with
`ignorewarnings`.
"""

from __future__ import annotations

from socialcast.publishers.mediawiki.publisher import MediawikiPublisher

__all__ = ["MediawikiPublisher"]
