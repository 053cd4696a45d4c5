"""The client libraries on their own, sending one video as their documentation shows it; nothing is recorded or looked at."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from benchmarks.answers import CREDENTIALS

__all__ = ["LIBRARIES"]

Upload: TypeAlias = Callable[[str, Path], object]

_PAGE = "2244994945"


def _google(chunk_bytes: int, url: str, file: Path) -> None:
    from googleapiclient.discovery import build
    from googleapiclient.http import MediaFileUpload, build_http

    youtube = build("youtube", "v3", http=build_http(), static_discovery=True)
    media = MediaFileUpload(str(file), mimetype="video/mp4", chunksize=chunk_bytes, resumable=True)
    request = youtube.videos().insert(part="snippet,status", body={"snippet": {"title": "Open doors"}}, media_body=media)
    request.uri = request.uri.replace("https://youtube.googleapis.com", url)
    answer = None
    while answer is None:
        _, answer = request.next_chunk()


def _tweepy(segment_bytes: int, url: str, file: Path) -> None:
    """tweepy 4.17 has no calls for X's present uploads, so they go through its session, signed by it."""
    import tweepy

    client = tweepy.Client(**CREDENTIALS["x"])
    signed = tweepy.OAuth1UserHandler(*CREDENTIALS["x"].values()).apply_auth()
    post = partial(client.session.post, auth=signed)
    body = {"media_type": "video/mp4", "total_bytes": file.stat().st_size, "media_category": "tweet_video"}
    media_id = post(f"{url}/2/media/upload/initialize", json=body).json()["data"]["id"]
    for number, part in enumerate(_parts(file, segment_bytes)):
        fields, files = {"segment_index": number}, {"media": ("segment", part)}
        post(f"{url}/2/media/upload/{media_id}/append", data=fields, files=files).raise_for_status()
    post(f"{url}/2/media/upload/{media_id}/finalize", json={}).raise_for_status()


def _facebook(part_bytes: int, url: str, file: Path) -> None:
    import facebook

    facebook.FACEBOOK_GRAPH_URL = f"{url}/"
    graph = facebook.GraphAPI(access_token="sandbox-token")
    path = f"v26.0/{_PAGE}/videos"
    started = graph.request(path, post_args={"upload_phase": "start", "file_size": file.stat().st_size}, method="POST")
    fields = {"upload_session_id": started["upload_session_id"]}
    offset = 0
    for part in _parts(file, part_bytes):
        words = {**fields, "upload_phase": "transfer", "start_offset": str(offset)}
        told = graph.request(path, post_args=words, files={"video_file_chunk": io.BytesIO(part)}, method="POST")
        offset = int(told["start_offset"])
    if offset != file.stat().st_size:
        raise AssertionError(f"{offset} bytes have come")
    graph.request(path, post_args={**fields, "upload_phase": "finish", "title": "Open doors"}, method="POST")


def _parts(file: Path, length: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(length):
            yield part


LIBRARIES: Mapping[str, Mapping[str, Upload]] = {
    "youtube": {"one chunk": partial(_google, -1), "chunks of 8 MiB": partial(_google, 8 << 20)},
    "x": {"segments of 5 MiB": partial(_tweepy, 5 << 20)},
    "facebook": {"parts of 8 MiB": partial(_facebook, 8 << 20)},
    "bluesky": {},  # the atproto package is not taken: see publishers/bluesky/api.py
    "vimeo": {},  # PyVimeo is not taken: it sleeps and retries by itself
}
