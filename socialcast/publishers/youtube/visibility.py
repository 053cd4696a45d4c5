"""From private to public: what YouTube made of the file, the change itself, and whether it held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import Readiness
from socialcast.publishers.youtube import words
from socialcast.publishers.youtube.client import YoutubeClient

__all__ = ["make_public", "make_public_at", "readiness", "require_public", "seen_privacy"]

_PRIVATE = "private"
_LOOK_AGAIN_SECONDS = 10.0

_FAILURES: Mapping[str, str] = {
    "conversion": "it could not be converted; encode it as H.264 and AAC in MP4",
    "invalidFile": "the file is no video that YouTube knows; encode it as H.264 and AAC in MP4",
    "emptyFile": "the file is empty; export it again",
    "tooSmall": "the file is too small; export it again",
    "codec": "the codec is not known; encode it as H.264 and AAC in MP4",
    "uploadAborted": "the upload was broken off; publish it under a new key",
}
_REJECTIONS: Mapping[str, str] = {
    "claim": "somebody claims rights in it; see YouTube Studio",
    "copyright": "it infringes a copyright; see YouTube Studio",
    "duplicate": "the channel has this video already; delete one of the two",
    "inappropriate": "it breaks the community guidelines; see YouTube Studio",
    "legal": "there is a legal complaint about it; see YouTube Studio",
    "length": "it is longer than 15 minutes: verify the channel's phone number at youtube.com/verify, or cut it",
    "termsOfUse": "it breaks the terms of use; see YouTube Studio",
    "trademark": "it infringes a trademark; see YouTube Studio",
    "uploaderAccountClosed": "the account is closed",
    "uploaderAccountSuspended": "the account is suspended; only YouTube can lift that",
}


def readiness(video: dict[str, Any]) -> Readiness:
    """Whether a video is processed. Raises TerminalError with the reason for one that will never be shown."""
    status = video["status"]
    state = status.get("uploadStatus")
    _refuse(state == "failed", "failed", status.get("failureReason", ""), _FAILURES)
    _refuse(state == "rejected", "rejected", status.get("rejectionReason", ""), _REJECTIONS)
    _refuse(state == "deleted", "deleted", "", {})
    progress = video.get("processingDetails", {}).get("processingProgress", {})
    return Readiness(
        ready=state == "processed", look_again_after_seconds=_LOOK_AGAIN_SECONDS, progress_percent=_percent(progress)
    )


def make_public(client: YoutubeClient, id: str, privacy: str, size_bytes: int | None) -> str:
    """Bring it to that privacy; `size_bytes` is what the file had. A change is not made twice."""
    video = client.one("videos.list", id, "status,fileDetails")
    _require_whole(video, size_bytes)
    if video["status"]["privacyStatus"] != privacy:
        client.call("videos.update", part="status", body=words.changed_status(video, privacyStatus=privacy))
    return privacy


def require_public(client: YoutubeClient, id: str) -> None:
    """Look whether it is to be seen. Raises NotAllowed where it is not.

    A project that Google has not audited is told that all went well, and the video stays private (platform notes, 2026-11-22).
    """
    if seen_privacy(client, id) is None:
        raise NotAllowed(
            "YouTube keeps it private: what a project uploads that Google has not audited is locked so",
            code="lockedPrivate",
            hint="the upload went well; ask for an audit at support.google.com/youtube/contact/yt_api_form and run it again"
            " afterwards, under a new key if this video stays locked",
        )


def seen_privacy(client: YoutubeClient, id: str) -> str | None:
    """The privacy of what is to be seen; None while it is private."""
    told: str = client.one("videos.list", id, "status")["status"]["privacyStatus"]
    return None if told == _PRIVATE else told


def make_public_at(client: YoutubeClient, id: str, at: datetime) -> str:
    """Let YouTube do it at that time."""
    video = client.one("videos.list", id, "status")
    body = words.changed_status(video, privacyStatus=_PRIVATE, publishAt=words.moment(at))
    return str(client.call("videos.update", part="status", body=body).get("id", ""))


def _require_whole(video: dict[str, Any], size_bytes: int | None) -> None:
    """An upload that was cut short is processed like any other, and must not be shown (platform notes, 2026-11-22)."""
    told = video.get("fileDetails", {}).get("fileSize")
    if size_bytes is not None and told is not None and int(told) != size_bytes:
        raise TerminalError(
            f"YouTube has {int(told):,} bytes of the video instead of {size_bytes:,}",
            hint="delete the video on YouTube, and publish it under a new key",
        )


def _refuse(is_so: bool, verdict: str, reason: str, words_for: Mapping[str, str]) -> None:
    if is_so:
        hint = words_for.get(reason, "see YouTube Studio")
        raise TerminalError(
            f"YouTube says that the video is {verdict}" + (f" ({reason})" if reason else ""), code=reason, hint=hint
        )


def _percent(progress: Mapping[str, str]) -> int | None:
    total = int(progress.get("partsTotal", 0))
    return 100 * int(progress.get("partsProcessed", 0)) // total if total else None
