"""Every number that this mirror refuses by, with where it was read; what differs from wiki to wiki stands in `state.Wiki`."""

from __future__ import annotations

__all__ = [
    "MAX_FILENAME_BYTES",
    "MAX_PAGE_BYTES",
    "MAX_SUMMARY_CHARACTERS",
    "MAX_TITLE_BYTES",
    "MIN_CHUNK_BYTES",
    "STASH_SECONDS",
]

MAX_PAGE_BYTES = 2 << 20  # $wgMaxArticleSize, in siteinfo as maxarticlesize
MAX_SUMMARY_CHARACTERS = 500  # code points; longer ones are cut
MAX_TITLE_BYTES = 255
MAX_FILENAME_BYTES = 240
MIN_CHUNK_BYTES = 1024  # $wgMinUploadChunkSize; the last chunk may be smaller
STASH_SECONDS = 6 * 3600  # $wgUploadStashMaxAge
