"""What holds our requests against the platforms' own descriptions would notice a mistake, and tells where it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.publishers.discovery import Request, youtube
from tests.publishers.graph import Described
from tests.publishers.openapi import Description

FOLDER = Path(os.environ.get("SOCIALCAST_SPECS", ""))
VIDEOS = "https://www.googleapis.com/youtube/v3/videos"
needs_specs = pytest.mark.skipif("SOCIALCAST_SPECS" not in os.environ, reason="SOCIALCAST_SPECS names no folder")


@pytest.fixture(scope="module")
def facebook() -> Described:
    described = Described(FOLDER)
    described.know("1", "Page")
    return described


@pytest.fixture(scope="module")
def vimeo() -> Description:
    return Description(FOLDER / "vimeo-openapi-3.4-2023-12.yaml")


@pytest.mark.parametrize(
    ("url", "body", "words"),
    [
        (f"{VIDEOS}?part=status", {"status": {"privacyStatus": "secret"}}, "youtube.videos.update.status.privacyStatus"),
        (f"{VIDEOS}?part=status", {"status": {"embeddable": "yes"}}, "youtube.videos.update.status.embeddable is a str"),
        (f"{VIDEOS}?part=status", {"snippet": {"tags": ["a", 1]}}, r"youtube.videos.update.snippet.tags\[1\]"),
        (f"{VIDEOS}?part=status", {"snippet": {"heading": "Doors"}}, "youtube.videos.update.snippet.heading is not described"),
        (f"{VIDEOS}?part=titles", {}, "titles"),
        (f"{VIDEOS}?part=status&notify=true", {}, "youtube.videos.update.notify is not described"),
        (VIDEOS, {}, r"lacks \['part'\]"),
    ],
)
def test_a_request_that_youtube_does_not_describe(url: str, body: dict[str, Any], words: str) -> None:
    """A value, a type, a name, a part or a parameter that the discovery document lacks is named with its path."""
    with pytest.raises(AssertionError, match=words.replace("?", r"\?")):
        youtube().check(Request("PUT", url, json.dumps(body).encode()))


def test_an_answer_that_youtube_does_not_describe() -> None:
    """What a mirror answers is held against the same document."""
    answer = {"items": [{"status": {"lifeCycleStatus": "over"}}]}
    with pytest.raises(AssertionError, match=r"liveBroadcasts\.list\.items\[0\]\.status\.lifeCycleStatus is 'over'"):
        youtube().check_answer("youtube.liveBroadcasts.list", answer)


@needs_specs
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("POST", "1/feed", {"messages": "Doors"}, {}), "Page POST feed: the description has no parameter messages"),
        (("POST", "1/feed", {"published": "yes"}, {}), "Page POST feed: published is 'yes', no bool"),
        (("POST", "1/live_videos", {"status": "ON_AIR"}, {}), "Page POST live_videos: status is ON_AIR, none of"),
        (("POST", "1/walls", {}, {}), "no POST on Page/walls"),
        (("GET", "1", {"fields": "id,followers_of"}, {}), "Page has no field followers_of"),
        (("POST", "1/feed", {}, {"ident": "1_2"}), "answer of Page POST feed: ident is not described"),
    ],
)
def test_a_call_that_facebook_does_not_describe(facebook: Described, call: Any, words: str) -> None:
    """Parameters, their types and enumerations, edges, fields and answers."""
    with pytest.raises(AssertionError, match=words):
        facebook.hold(*call)


@needs_specs
@pytest.mark.parametrize(
    ("body", "answer", "words"),
    [
        ({"privacy": {"view": "friends"}}, {}, r"privacy\.view: 'friends' is not one of"),
        ({"heading": "Doors"}, {}, "'heading'"),
        ({}, {"privacy": {"view": "friends"}}, r"answer of PATCH /videos/\{video_id\}\.privacy\.view: 'friends'"),
        ({}, {"tags": [{"label": "doors"}]}, r"\.tags\[0\]\.label is not described"),
    ],
)
def test_a_call_that_vimeo_does_not_describe(vimeo: Description, body: Any, answer: Any, words: str) -> None:
    """Bodies and answers, however deep."""
    with pytest.raises(AssertionError, match=words):
        vimeo.hold("PATCH", "https://api.vimeo.com/videos/1", body, 200, answer)
