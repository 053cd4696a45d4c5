"""Finding again what carries our mark: among the channel's uploads, and among its live events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from socialcast.publishers.youtube.client import YoutubeClient

__all__ = ["find_broadcast", "find_upload"]

_LONGEST_SESSION = timedelta(days=7)  # of other Google services; YouTube's own pages give no figure (2026-11-22)
_BROKEN = frozenset({"failed", "deleted"})


def find_upload(client: YoutubeClient, uploads: str, mark: str, size_bytes: int, begun_at: datetime | None) -> str | None:
    """The id of the whole video with that mark in the uploads playlist, newest first.

    The search would lag for hours and is limited to 100 calls a day. What was sent by this machine is not older than its
    upload session can be; without a ledger that tells when that began, all is looked through.
    """
    oldest = (begun_at - _LONGEST_SESSION).timestamp() if begun_at else 0.0
    for page in client.pages("playlistItems.list", part="snippet,contentDetails", playlistId=uploads):
        recent = [row for row in page if _added_at(row) >= oldest]
        ids = [row["contentDetails"]["videoId"] for row in recent]
        for video in _videos(client, ids, "snippet,status,fileDetails"):
            if mark in video["snippet"].get("tags", ()) and _is_whole(video, size_bytes):
                return str(video["id"])
        if len(recent) < len(page):
            return None
    return None


def find_broadcast(client: YoutubeClient, mark: str) -> str | None:
    """The id of the live event whose description is the mark still, or which has it among its tags already."""
    for page in client.pages("liveBroadcasts.list", part="snippet", broadcastStatus="all", broadcastType="all"):
        for event in page:
            if mark in event["snippet"].get("description", ""):
                return str(event["id"])
        for video in _videos(client, [event["id"] for event in page], "snippet"):
            if mark in video["snippet"].get("tags", ()):
                return str(video["id"])
    return None


def _videos(client: YoutubeClient, ids: list[str], part: str) -> Iterable[dict[str, Any]]:
    """The videos of one page, in one call."""
    found: list[dict[str, Any]] = client.call("videos.list", part=part, id=",".join(ids))["items"] if ids else []
    return found


def _added_at(row: dict[str, Any]) -> float:
    return datetime.fromisoformat(row["snippet"]["publishedAt"]).timestamp()


def _is_whole(video: dict[str, Any], size_bytes: int) -> bool:
    """Whether every byte has arrived; uploads that were broken off show in the playlist as well (platform notes, 2026-11-22)."""
    told = video.get("fileDetails", {}).get("fileSize")
    return video["status"].get("uploadStatus") not in _BROKEN and (told is None or int(told) == size_bytes)
