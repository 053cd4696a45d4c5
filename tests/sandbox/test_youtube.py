"""The sandbox's YouTube refuses what YouTube refuses, with YouTube's own reasons."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.youtube import YoutubeMirror
from socialcast.testing.stage import clip
from tests.publishers.discovery import Discovery, Request

HOST = "youtube.googleapis.com"
FILM = Path(str(clip().path)).read_bytes()
UNIT = 256 << 10
SNIPPET = {"title": "Open doors", "description": "We open at nine.", "categoryId": "22"}
PRIVATE = {"privacyStatus": "private"}
EVENT = {
    "snippet": {"title": "Open doors", "scheduledStartTime": "2100-01-01T09:00:00Z"},
    "status": {"privacyStatus": "private"},
    "contentDetails": {"monitorStream": {"enableMonitorStream": False}},
}
STREAM = {"snippet": {"title": "Hall"}, "cdn": {"ingestionType": "rtmp", "resolution": "variable", "frameRate": "variable"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"youtube": YoutubeMirror}) as running:
        yield running


class Api:
    """One channel's calls, as a client sends them; `last` is the answer to the last one."""

    def __init__(self, sandbox: Sandbox, name: str, **wishes: Any) -> None:
        self.sandbox, self.account = sandbox, sandbox.account("youtube", name, **wishes)
        self.mirror: Any = sandbox.mirror("youtube")
        self.http = requests.Session()
        self.sign_in()

    def sign_in(self) -> requests.Response:
        form = {**self.account.credentials, "grant_type": "refresh_token"}
        answer = self.http.post(f"{self.sandbox.url}/token", form, headers={"Host": "oauth2.googleapis.com"}, timeout=30)
        self.token = answer.json().get("access_token", "")
        return answer

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Host": HOST, "Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = path.replace(f"https://{HOST}", self.sandbox.url) if "://" in path else self.sandbox.url + path
        return self.http.request(method, url, headers=headers, timeout=30, **options)

    def call(self, method: str, path: str, body: Any = None, **params: str) -> requests.Response:
        return self.send(method, f"/youtube/v3/{path}", params=params, json=body)

    def reason(self, answer: requests.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["error"]["errors"][0]["reason"]

    def open(self, size: int = len(FILM), body: Any = None) -> requests.Response:
        headers = {"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": "video/mp4"}
        params = {"uploadType": "resumable", "part": "snippet,status"}
        wanted = body or {"snippet": SNIPPET, "status": PRIVATE}
        return self.send("POST", "/upload/youtube/v3/videos", params=params, json=wanted, headers=headers)

    def put(self, session: str, content: bytes, told: str) -> requests.Response:
        return self.send("PUT", session, data=content, headers={"Content-Range": f"bytes {told}"})

    def video(self, **status: str) -> str:
        opened = self.open(body={"snippet": SNIPPET, "status": {**PRIVATE, **status}})
        return str(self.send("PUT", opened.headers["Location"], data=FILM).json()["id"])

    def status(self, id: str) -> dict[str, Any]:
        status: dict[str, Any] = self.call("GET", "videos", part="status", id=id).json()["items"][0]["status"]
        return status

    def event(self) -> tuple[str, str]:
        """An event that is bound to a stream, and the stream's key."""
        id = self.call("POST", "liveBroadcasts", EVENT, part="snippet,status,contentDetails").json()["id"]
        stream = self.call("POST", "liveStreams", STREAM, part="snippet,cdn").json()
        self.call("POST", "liveBroadcasts/bind", id=id, streamId=stream["id"], part="id")
        return id, stream["cdn"]["ingestionInfo"]["streamName"]

    def move(self, id: str, state: str) -> requests.Response:
        return self.call("POST", "liveBroadcasts/transition", id=id, broadcastStatus=state, part="status")


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox, "film")


@pytest.fixture
def another(sandbox: Sandbox) -> Callable[..., Api]:
    return lambda **wishes: Api(sandbox, "other", **wishes)


# -- uploads, to the byte --------------------------------------------------------------------------------------------------


def test_a_session_tells_how_far_it_is(api: Api) -> None:
    """Asked with an empty range it answers 308 with what it has; nothing has no Range at all."""
    session, total = api.open(2 * UNIT).headers["Location"], 2 * UNIT
    empty = api.put(session, b"", f"*/{total}")
    assert (empty.status_code, empty.headers.get("Range")) == (308, None)
    half = api.put(session, bytes(UNIT), f"0-{UNIT - 1}/{total}")
    assert (half.status_code, half.headers["Range"]) == (308, f"bytes=0-{UNIT - 1}")
    assert api.put(session, b"", f"*/{total}").headers["Range"] == f"bytes=0-{UNIT - 1}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bytes(UNIT), f"{UNIT}-{2 * UNIT - 1}/{2 * UNIT}"),  # not where it stands
        (bytes(1000), f"0-999/{2 * UNIT}"),  # no multiple of 256 KiB
        (bytes(UNIT), f"0-{UNIT - 1}/{3 * UNIT}"),  # another total
        (bytes(UNIT), "from the start"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(api: Api, content: bytes, told: str) -> None:
    """Order, size and total of the pieces are held against the session."""
    session = api.open(2 * UNIT).headers["Location"]
    assert api.put(session, content, told).status_code == 400


def test_a_finished_session_gives_its_video_again(api: Api) -> None:
    """A lost last answer is had by asking once more, and makes no second video."""
    session = api.open().headers["Location"]
    first = api.send("PUT", session, data=FILM)
    again = api.put(session, b"", f"*/{len(FILM)}")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["id"] == again.json()["id"]
    assert len(api.mirror.videos) == 1


def test_a_session_lapses(api: Api) -> None:
    """After a week its address is gone."""
    session = api.open().headers["Location"]
    api.sandbox.advance(7 * 86400 + 1)
    api.sign_in()
    assert api.put(session, b"", f"*/{len(FILM)}").status_code == 404


def test_a_session_is_its_channels_own(api: Api, another: Callable[..., Api]) -> None:
    """Nobody else sends into it."""
    session = api.open().headers["Location"]
    assert another().put(session, b"", f"*/{len(FILM)}").status_code == 404


@pytest.mark.parametrize(
    ("snippet", "status", "reason"),
    [
        ({"title": ""}, {}, "invalidTitle"),
        ({"title": "x" * 101}, {}, "invalidTitle"),
        ({"title": "a < b"}, {}, "invalidTitle"),
        ({"description": "é" * 2501}, {}, "invalidDescription"),
        ({"description": "see <here>"}, {}, "invalidDescription"),
        ({"tags": ["open doors"] * 40}, {}, "invalidTags"),
        ({"categoryId": "999"}, {}, "invalidCategoryId"),
        ({}, {"privacyStatus": "secret"}, "invalidVideoMetadata"),
        ({}, {"privacyStatus": "public", "publishAt": "2100-01-01T00:00:00Z"}, "invalidPublishAt"),
        ({}, {"publishAt": "tomorrow"}, "invalidPublishAt"),
    ],
)
def test_what_a_video_cannot_say(api: Api, snippet: dict[str, Any], status: dict[str, str], reason: str) -> None:
    """Each limit of title, description, tags, category and status has its reason."""
    opened = api.open(body={"snippet": {**SNIPPET, **snippet}, "status": {**PRIVATE, **status}})
    assert api.reason(opened) == (400, reason)


# -- access and quota ------------------------------------------------------------------------------------------------------


def test_tokens_are_checked_and_expire(api: Api) -> None:
    """A made-up token, one that is an hour old and one that was withdrawn are refused."""
    assert api.call("GET", "channels", part="id", mine="true").status_code == 200
    api.sandbox.advance(3600)
    assert api.reason(api.call("GET", "channels", part="id", mine="true")) == (401, "authError")
    api.mirror.expire_credentials("film")
    assert (api.sign_in().status_code, api.sign_in().json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        ("youtube.readonly", "POST", "playlists"),
        ("youtube.upload", "GET", "videos"),
        ("youtube youtube.upload", "GET", "captions"),
    ],
)
def test_each_call_needs_its_scope(another: Callable[..., Api], scopes: str, method: str, path: str) -> None:
    """A token that may do less gets 403, whatever it asks."""
    limited = another(scopes=scopes)
    assert limited.reason(limited.call(method, path, {}, part="id", id="x")) == (403, "insufficientPermissions")


def test_the_days_quota_is_full_again_at_midnight_in_california(another: Callable[..., Api]) -> None:
    """Calls cost what the table says, out of buckets of their own."""
    poor = another(daily_units=2, daily_inserts=1)
    answers = [poor.call("GET", "channels", part="id", mine="true") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert poor.reason(answers[-1]) == (403, "quotaExceeded")
    assert [poor.open().status_code for _ in range(2)] == [200, 403]
    poor.sandbox.advance(86400)
    poor.sign_in()
    assert poor.call("GET", "channels", part="id", mine="true").status_code == 200


# -- videos ----------------------------------------------------------------------------------------------------------------


def test_a_video_is_processed_before_it_is_whole(api: Api) -> None:
    """It is uploaded, then processed, on the sandbox's clock."""
    id = api.video()
    assert api.status(id)["uploadStatus"] == "uploaded"
    api.sandbox.advance(10)
    assert api.status(id)["uploadStatus"] == "processed"


@pytest.mark.parametrize(("content", "reason"), [(b"", "emptyFile"), (b"no film" * 500, "invalidFile")])
def test_what_is_no_film_fails_in_processing(api: Api, content: bytes, reason: str) -> None:
    """It is taken, as YouTube takes it, and fails afterwards with the reason."""
    session = api.open(len(content)).headers["Location"]
    id = api.put(session, content, f"0-{len(content) - 1}/{len(content)}" if content else "*/0").json()["id"]
    api.sandbox.advance(10)
    status = api.status(id)
    assert (status["uploadStatus"], status["failureReason"]) == ("failed", reason)


def test_a_project_without_an_audit_uploads_private_videos_only(another: Callable[..., Api]) -> None:
    """It is told that all went well, and the video stays private."""
    locked = another(audited=False)
    id = locked.video()
    answer = locked.call("PUT", "videos", {"id": id, "status": {"privacyStatus": "public"}}, part="status")
    assert answer.status_code == 200
    assert locked.status(id)["privacyStatus"] == "private"
    assert locked.mirror.cards() == []


def test_an_update_clears_what_it_leaves_out(api: Api) -> None:
    """A part is replaced whole: a schedule that is not named again is gone, and privacy's default is public."""
    id = api.video(publishAt="2100-01-01T00:00:00Z")
    api.call("PUT", "videos", {"id": id, "status": {"license": "creativeCommon"}}, part="status")
    status = api.status(id)
    assert (status["privacyStatus"], status["license"], "publishAt" in status) == ("public", "creativeCommon", False)
    title = {"id": id, "snippet": {"title": "Doors"}}
    assert api.reason(api.call("PUT", "videos", title, part="snippet")) == (400, "invalidCategoryId")


def test_a_scheduled_video_appears_at_its_time(api: Api) -> None:
    """Nobody sees it before, everybody does after."""
    at = api.sandbox.clock.datetime().timestamp() + 3600
    api.video(publishAt=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert api.mirror.cards() == []
    api.sandbox.advance(3601)
    assert [card.title for card in api.mirror.cards()] == ["Open doors"]


def test_private_videos_are_nobody_elses(api: Api, another: Callable[..., Api]) -> None:
    """Another channel neither sees nor deletes them; what is gone is 404."""
    id, stranger = api.video(), another()
    assert stranger.call("GET", "videos", part="status", id=id).json()["items"] == []
    assert stranger.reason(stranger.call("DELETE", "videos", id=id)) == (404, "videoNotFound")
    assert [api.call("DELETE", "videos", id=id).status_code for _ in range(2)] == [204, 404]


def test_a_thumbnail_is_a_picture_of_a_verified_channel(api: Api, another: Callable[..., Api]) -> None:
    """Channels without a verified phone number have none, and nothing but pictures is taken."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 36)).save(picture, "PNG")

    def set_it(who: Api, content: bytes) -> requests.Response:
        params = {"videoId": who.video(), "uploadType": "media"}
        return who.send("POST", "/upload/youtube/v3/thumbnails/set", params=params, data=content)

    assert set_it(api, picture.getvalue()).status_code == 200
    assert api.reason(set_it(api, b"no picture")) == (400, "imageFormatUnsupported")
    unverified = another(verified_phone=False)
    assert unverified.reason(set_it(unverified, picture.getvalue())) == (403, "forbidden")


def test_captions_exist_once_for_each_language(api: Api) -> None:
    """A second track of the same language and name is refused."""
    snippet = {"videoId": api.video(), "language": "en", "name": ""}
    params = {"part": "snippet", "uploadType": "resumable"}

    def insert() -> requests.Response:
        return api.send("POST", "/upload/youtube/v3/captions", params=params, json={"snippet": snippet})

    track = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"
    assert api.send("PUT", insert().headers["Location"], data=track).status_code == 200
    assert api.reason(insert()) == (409, "captionExists")


def test_a_playlist_lists_a_video_twice_without_a_word(api: Api) -> None:
    """Whoever wants it once looks first."""
    made = api.call("POST", "playlists", {"snippet": {"title": "Doors"}, "status": PRIVATE}, part="snippet,status").json()
    resource = {"kind": "youtube#video", "videoId": api.video()}
    row = {"snippet": {"playlistId": made["id"], "resourceId": resource}}
    assert [api.call("POST", "playlistItems", row, part="snippet").status_code for _ in range(2)] == [200, 200]
    listed = api.call("GET", "playlistItems", part="snippet", playlistId=made["id"]).json()
    assert listed["pageInfo"]["totalResults"] == 2


# -- live ------------------------------------------------------------------------------------------------------------------


def test_an_event_goes_on_the_air_only_while_pictures_come_in(api: Api) -> None:
    """Without a stream that is active the transition is refused; afterwards it is live, and then over for good."""
    id, key = api.event()
    assert api.reason(api.move(id, "live")) == (403, "errorStreamInactive")
    api.mirror.set_ingest(key, True)
    assert api.move(id, "live").status_code == 200
    api.sandbox.advance(60)
    assert api.reason(api.move(id, "live")) == (403, "redundantTransition")
    assert api.move(id, "complete").status_code == 200
    assert api.reason(api.move(id, "live")) == (403, "invalidTransition")


def test_an_event_that_never_began_is_not_completed(api: Api) -> None:
    id, _ = api.event()
    assert api.reason(api.move(id, "complete")) == (403, "invalidTransition")


def test_a_monitored_event_is_tested_first(api: Api) -> None:
    """With a monitor stream, live comes after testing only."""
    id, key = api.event()
    body = {"id": id, "contentDetails": {"monitorStream": {"enableMonitorStream": True}}}
    api.call("PUT", "liveBroadcasts", body, part="contentDetails")
    api.mirror.set_ingest(key, True)
    assert api.reason(api.move(id, "live")) == (403, "invalidTransition")
    assert api.move(id, "testing").status_code == 200
    api.sandbox.advance(60)
    assert api.move(id, "live").status_code == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": ""}, "titleRequired"),
        ({"title": "x" * 101}, "invalidTitle"),
        ({"scheduledStartTime": None}, "scheduledStartTimeRequired"),
        ({"scheduledStartTime": "2020-01-01T09:00:00Z"}, "invalidScheduledStartTime"),
    ],
)
def test_what_an_event_cannot_be(api: Api, change: dict[str, Any], reason: str) -> None:
    """Title and start are checked when it is made."""
    snippet = {name: value for name, value in {**EVENT["snippet"], **change}.items() if value is not None}
    answer = api.call("POST", "liveBroadcasts", {**EVENT, "snippet": snippet}, part="snippet,status,contentDetails")
    assert api.reason(answer) == (400, reason)


def test_a_channel_without_live_streaming_makes_no_event(another: Callable[..., Api]) -> None:
    """It has to be enabled by hand."""
    plain = another(live_enabled=False)
    answer = plain.call("POST", "liveBroadcasts", EVENT, part="snippet,status,contentDetails")
    assert plain.reason(answer) == (403, "liveStreamingNotEnabled")


def test_an_event_on_the_air_is_not_deleted(api: Api) -> None:
    """First it is ended."""
    id, key = api.event()
    api.mirror.set_ingest(key, True)
    api.move(id, "live")
    api.sandbox.advance(60)
    assert api.reason(api.call("DELETE", "liveBroadcasts", id=id)) == (403, "liveBroadcastDeletionNotAllowed")


def test_the_wall_shows_what_is_public_and_its_state(api: Api) -> None:
    """A private event is nowhere; a public one says that it is on the air."""
    id, key = api.event()
    assert api.mirror.cards() == []
    api.call("PUT", "videos", {"id": id, "status": {"privacyStatus": "public"}}, part="status")
    api.mirror.set_ingest(key, True)
    api.move(id, "live")
    api.sandbox.advance(60)
    (card,) = api.mirror.cards()
    assert (card.kind, "live now" in card.facts.values()) == ("live event", True)


# -- comments --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def film(api: Api) -> str:
    return api.video(privacyStatus="public")


def says(api: Api, name: str, id: str, text: str) -> str:
    api.sandbox.advance(60)
    return api.sandbox.act("youtube", "reply", name, id, text)


def threads(api: Api, **filters: str) -> list[Any]:
    answer = api.call("GET", "commentThreads", part="snippet,replies", **{"textFormat": "plainText", **filters})
    items: list[Any] = answer.json()["items"]
    return items


def words(items: list[Any]) -> list[str]:
    """What is said, in threads or in comments."""
    return [item["snippet"].get("topLevelComment", item)["snippet"]["textOriginal"] for item in items]


def comment(api: Api, path: str, parent: str, text: str) -> requests.Response:
    top = {"snippet": {"videoId": parent, "topLevelComment": {"snippet": {"textOriginal": text}}}}
    return api.call(
        "POST", path, top if path == "commentThreads" else {"snippet": {"parentId": parent, "textOriginal": text}}, part="snippet"
    )


def test_people_and_channels_comment_in_threads_of_two_levels(api: Api, film: str) -> None:
    """Newest thread first, its answers oldest first, five inline; an answer to an answer stands below the same comment."""
    nice = says(api, "ann", film, "Nice <3")
    says(api, "bob", film, "Too long")
    thanks = comment(api, "comments", nice, "Thanks!").json()["id"]
    for number in range(6):
        says(api, "cid", thanks, f"More {number}")
    late, early = threads(api, videoId=film)
    assert words([late, early]) == ["Too long", "Nice <3"]
    assert (early["snippet"]["totalReplyCount"], len(early["replies"]["comments"]), "replies" in late) == (7, 5, False)
    answers = api.call("GET", "comments", part="snippet", parentId=nice, maxResults="100").json()["items"]
    assert words(answers) == ["Thanks!", *(f"More {number}" for number in range(6))]
    assert {one["snippet"]["parentId"] for one in answers} == {nice}
    assert thanks.startswith(f"{nice}.")
    shown = api.call("GET", "comments", part="snippet", id=nice).json()["items"][0]["snippet"]
    assert (shown["textDisplay"], shown["authorDisplayName"]) == ("Nice &lt;3", "@ann")
    assert api.call("GET", "videos", part="statistics", id=film).json()["items"][0]["statistics"]["commentCount"] == "9"


def test_threads_come_page_by_page_and_by_what_is_searched(api: Api, film: str) -> None:
    """Of one video or of all of a channel."""
    ids = [says(api, "ann", film, f"Number {number}") for number in range(25)]
    first = api.call("GET", "commentThreads", part="id", videoId=film).json()
    rest = api.call("GET", "commentThreads", part="id", videoId=film, pageToken=first["nextPageToken"]).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert len(first["items"]) == 20
    assert words(threads(api, allThreadsRelatedToChannelId=api.account.id, searchTerms="number 7")) == ["Number 7"]
    assert words(threads(api, id=f"{ids[3]},{ids[1]}")) == ["Number 3", "Number 1"]


@pytest.mark.parametrize(
    ("path", "params", "refused"),
    [
        ("commentThreads", {"part": "snippet"}, (400, "missingRequiredParameter")),
        ("commentThreads", {"videoId": "nothing", "part": "snippet"}, (404, "videoNotFound")),
        ("commentThreads", {"videoId": "x", "id": "y", "part": "snippet"}, (400, "invalidFilters")),
        ("commentThreads", {"videoId": "x"}, (400, "missingRequiredParameter")),
        ("commentThreads", {"videoId": "x", "part": "status"}, (400, "unknownPart")),
        ("commentThreads", {"channelId": "x", "part": "snippet"}, (501, "notPlayed")),
        ("commentThreads", {"allThreadsRelatedToChannelId": "UCx", "part": "snippet"}, (404, "channelNotFound")),
        ("comments", {"part": "snippet"}, (400, "missingRequiredParameter")),
        ("comments", {"part": "snippet", "parentId": "x", "id": "y"}, (400, "missingRequiredParameter")),
        ("comments", {"part": "snippet", "parentId": "x"}, (404, "commentNotFound")),
    ],
)
def test_a_list_of_comments_needs_one_filter(api: Api, path: str, params: dict[str, str], refused: tuple[int, str]) -> None:
    """And a part, and what it asks for has to be there."""
    assert api.reason(api.call("GET", path, **params)) == refused


@pytest.mark.parametrize("params", [{"maxResults": "101"}, {"maxResults": "0"}, {"order": "rating"}, {"textFormat": "xml"}])
def test_a_list_of_comments_takes_what_is_described(api: Api, film: str, params: dict[str, str]) -> None:
    """A hundred at most, in one of two orders and two formats."""
    says(api, "ann", film, "Nice")
    assert api.reason(api.call("GET", "commentThreads", part="snippet", videoId=film, **params)) == (400, "invalidParameter")


def test_a_comment_has_words_and_a_place(api: Api, film: str) -> None:
    """Empty, too long, below nothing, below an answer: each has its reason."""
    nice = says(api, "ann", film, "Nice")
    assert api.reason(comment(api, "commentThreads", film, " ")) == (400, "commentTextRequired")
    assert api.reason(comment(api, "commentThreads", film, "x" * 10_001)) == (400, "commentTextTooLong")
    assert comment(api, "commentThreads", film, "x" * 10_000).status_code == 200
    assert api.reason(comment(api, "commentThreads", "nothing", "x")) == (404, "videoNotFound")
    assert api.reason(comment(api, "commentThreads", "", "x")) == (400, "channelOrVideoIdMissing")
    assert api.reason(comment(api, "comments", "", "x")) == (400, "parentIdMissing")
    assert api.reason(comment(api, "comments", "nothing", "x")) == (404, "parentCommentNotFound")
    below = comment(api, "comments", nice, "Thanks").json()["id"]
    assert api.reason(comment(api, "comments", below, "x")) == (400, "operationNotSupported")


@pytest.mark.parametrize(
    "status", [{"privacyStatus": "private"}, {"privacyStatus": "public", "selfDeclaredMadeForKids": True}, {}]
)
def test_where_comments_are_off_nobody_comments(api: Api, status: dict[str, Any]) -> None:
    """Below private videos, those made for children, and where the owner turned them off; their number is left out then."""
    film = api.video(**{"privacyStatus": "public", **status})
    api.mirror.videos[film].has_comments = bool(status)
    assert api.reason(comment(api, "commentThreads", film, "x")) == (403, "commentsDisabled")
    assert api.reason(api.call("GET", "commentThreads", part="id", videoId=film)) == (403, "commentsDisabled")
    assert "commentCount" not in api.call("GET", "videos", part="statistics", id=film).json()["items"][0]["statistics"]
    with pytest.raises(UnplayedError):
        api.sandbox.act("youtube", "reply", "ann", film, "x")


def test_a_comment_is_its_authors(api: Api, another: Callable[..., Api], film: str) -> None:
    """Changed and deleted by nobody else, the channel's owner included; its answers go with it."""
    nice = says(api, "ann", film, "Nice")
    own = comment(api, "commentThreads", film, "Welcome").json()["id"]
    below = says(api, "bob", own, "Thanks")
    stranger = another()
    for caller, id in ((api, nice), (stranger, own)):
        body = {"id": id, "snippet": {"textOriginal": "x"}}
        assert api.reason(caller.call("PUT", "comments", body, part="snippet")) == (403, "forbidden")
        assert api.reason(caller.call("DELETE", "comments", id=id)) == (403, "forbidden")
    api.sandbox.advance(60)
    changed = api.call("PUT", "comments", {"id": own, "snippet": {"textOriginal": "Welcome all"}}, part="snippet").json()[
        "snippet"
    ]
    assert (changed["textOriginal"], changed["updatedAt"] > changed["publishedAt"]) == ("Welcome all", True)
    assert api.call("DELETE", "comments", id=own).status_code == 204
    assert api.reason(api.call("DELETE", "comments", id=own)) == (404, "commentNotFound")
    assert api.call("GET", "comments", part="id", id=f"{own},{below}").json()["items"] == []


def test_the_owner_moderates(api: Api, another: Callable[..., Api], film: str) -> None:
    """What is held waits on the owner's list alone; a rejection takes the answers along, and may ban the author."""
    rude, stranger = says(api, "bob", film, "Rude"), another()
    says(api, "cid", rude, "Indeed")

    def moderate(caller: Api, state: str, **more: str) -> requests.Response:
        return caller.call("POST", "comments/setModerationStatus", id=rude, moderationStatus=state, **more)

    assert api.reason(moderate(stranger, "rejected")) == (403, "forbidden")
    assert api.reason(moderate(api, "gone")) == (400, "invalidParameter")
    assert api.reason(moderate(api, "heldForReview", banAuthor="true")) == (400, "banWithoutReject")
    assert moderate(api, "heldForReview").status_code == 204
    assert [card.kind for card in api.mirror.cards()] == ["video"]
    assert (words(threads(api, videoId=film)), words(threads(stranger, videoId=film))) == ([], [])
    assert words(threads(api, videoId=film, moderationStatus="heldForReview")) == ["Rude"]
    held = stranger.call("GET", "commentThreads", part="id", videoId=film, moderationStatus="heldForReview")
    assert api.reason(held) == (403, "forbidden")
    assert api.reason(comment(stranger, "comments", rude, "x")) == (404, "parentCommentNotFound")
    assert moderate(api, "published").status_code == 204
    assert len(api.mirror.cards()) == 3
    assert moderate(api, "rejected", banAuthor="true").status_code == 204
    with pytest.raises(UnplayedError):
        says(api, "bob", film, "Again")


def test_people_do_by_hand_what_youtube_lets_them(api: Api, film: str) -> None:
    """A comment is its author's; whoever manages the channel edits the description and removes what is there."""
    nice = says(api, "ann", film, "Nice")
    act = api.sandbox.act
    act("youtube", "edit", "ann", nice, "Nicer")
    act("youtube", "edit", "colleague", film, "We open at ten.")
    assert words(threads(api, videoId=film)) == ["Nicer"]
    assert api.call("GET", "videos", part="snippet", id=film).json()["items"][0]["snippet"]["description"] == "We open at ten."
    for wrong, name, id, text in (
        ("edit", "bob", nice, "x"),
        ("edit", "ann", nice, ""),
        ("edit", "ann", film, "x" * 5001),
        ("moderate", "film", nice, "gone"),
        ("reply", "ann", film, "x" * 10_001),
    ):
        with pytest.raises(UnplayedError):
            act("youtube", wrong, name, id, text)
    act("youtube", "moderate", "film", nice, "rejected")
    assert threads(api, videoId=film) == []
    act("youtube", "remove", "colleague", film)
    assert api.reason(api.call("GET", "commentThreads", part="id", videoId=film)) == (404, "videoNotFound")


def test_figures_move_with_the_clock(api: Api, film: str) -> None:
    """Strings of digits, which grow; a private video has no views."""
    hidden = api.video()

    def views(id: str) -> str:
        return str(api.call("GET", "videos", part="statistics", id=id).json()["items"][0]["statistics"]["viewCount"])

    assert views(film) == "0"
    api.sandbox.advance(86_400)
    api.sign_in()
    assert int(views(film)) > 100
    assert views(hidden) == "0"


def test_comments_cost_what_they_cost(another: Callable[..., Api]) -> None:
    """A list one unit, a comment fifty."""
    poor = another(daily_units=53)
    film = poor.video(privacyStatus="public")
    assert comment(poor, "commentThreads", film, "Welcome").status_code == 200
    assert len(threads(poor, videoId=film)) == 1
    assert poor.reason(comment(poor, "commentThreads", film, "Again")) == (403, "quotaExceeded")


def test_comments_fit_the_description(api: Api, film: str) -> None:
    """Calls and answers hold against the discovery document."""
    document = Discovery("youtube.v3")
    nice = says(api, "ann", film, "Nice")
    says(api, "bob", nice, "Indeed")
    below, mine = comment(api, "comments", nice, "Thanks!"), comment(api, "commentThreads", film, "Welcome")
    own = mine.json()["id"]
    answers = [
        below,
        mine,
        api.call("GET", "commentThreads", part="snippet,replies", videoId=film, order="relevance", moderationStatus="published"),
        api.call("GET", "comments", part="snippet", parentId=nice, textFormat="plainText"),
        api.call("PUT", "comments", {"id": own, "snippet": {"textOriginal": "Welcome!"}}, part="snippet"),
        api.call("POST", "comments/setModerationStatus", id=nice, moderationStatus="rejected", banAuthor="true"),
        api.call("DELETE", "comments", id=own),
        api.call("GET", "videos", part="statistics,snippet", id=film),
    ]
    for answer in answers:
        body = answer.request.body or b""
        operation = document.check(Request(str(answer.request.method), str(answer.request.url), body))  # type: ignore[arg-type]
        if answer.content:
            document.check_answer(operation, answer.json())
