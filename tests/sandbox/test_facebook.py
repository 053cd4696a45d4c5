"""The sandbox's Facebook refuses what Facebook refuses, with Facebook's own codes."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.facebook import FacebookMirror
from socialcast.testing.stage import clip

HOST = "graph.facebook.com"
FILM = Path(str(clip().path)).read_bytes()
DAY = 86_400


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"facebook": FacebookMirror}) as running:
        yield running


class Page:
    """One Page's calls, as a client sends them."""

    def __init__(self, sandbox: Sandbox, name: str, **wishes: Any) -> None:
        self.sandbox, self.account = sandbox, sandbox.account("facebook", name, **wishes)
        self.mirror: Any = sandbox.mirror("facebook")
        self.id, self.token = self.account.id, self.account.credentials["access_token"]
        self.http = requests.Session()

    def call(self, method: str, path: str, *, version: str = "v26.0", files: Any = None, **told: Any) -> requests.Response:
        url, headers = f"{self.sandbox.url}/{version}/{path}", {"Host": HOST, "Authorization": f"Bearer {self.token}"}
        options = {"data": told, "files": files} if method == "POST" else {"params": told}
        return self.http.request(method, url, headers=headers, timeout=30, **options)

    def post(self, edge: str, **told: Any) -> requests.Response:
        return self.call("POST", f"{self.id}/{edge}", **told)

    def photo(self, content: bytes | None = None, **told: Any) -> requests.Response:
        given = {"published": "false", "alt_text_custom": "The dome", **told}
        return self.post("photos", files={"source": ("dome.png", content or picture())}, **given)

    def start(self, size: int = len(FILM)) -> dict[str, Any]:
        session: dict[str, Any] = self.post("videos", upload_phase="start", file_size=size).json()
        return session

    def transfer(self, session: str, offset: int, content: bytes) -> requests.Response:
        files = {"video_file_chunk": ("part", content)}
        return self.post("videos", upload_phase="transfer", upload_session_id=session, start_offset=offset, files=files)

    def video(self, **told: Any) -> str:
        """A whole upload; the id of the video."""
        session = self.start()
        self.transfer(session["upload_session_id"], 0, FILM)
        self.post("videos", upload_phase="finish", upload_session_id=session["upload_session_id"], **told)
        return str(session["video_id"])

    def event(self) -> tuple[str, str]:
        """A scheduled live video and its key."""
        params = json.dumps({"start_time": "2100-01-01T09:00:00+00:00"})
        made = self.post("live_videos", status="SCHEDULED_UNPUBLISHED", title="Doors", event_params=params).json()
        return made["id"], made["secure_stream_url"].rpartition("/")[2]


def picture(kind: str = "PNG", size: tuple[int, int] = (48, 32)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, kind)
    return buffer.getvalue()


def codes(answer: requests.Response) -> tuple[int, int, int | None]:
    """Status, code and subcode of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


@pytest.fixture
def page(sandbox: Sandbox) -> Page:
    return Page(sandbox, "page")


def other(page: Page, **wishes: Any) -> Page:
    return Page(page.sandbox, "other", **wishes)


# -- access ----------------------------------------------------------------------------------------------------------------


def test_a_dead_version_is_served_by_the_oldest_without_a_word(page: Page) -> None:
    """Only a header tells."""
    for version, served in (("v26.0", "v26.0"), ("v19.0", "v21.0")):
        answer = page.call("GET", "me", version=version, fields="id")
        assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, served)


def test_tokens_are_checked(page: Page) -> None:
    """A made-up token and one whose person changed the password have subcodes of their own."""
    page.mirror.expire_credentials("page")
    assert codes(page.call("GET", "me")) == (401, 190, 460)
    page.token = "sandbox-nobody"
    assert codes(page.call("GET", "me")) == (401, 190, 467)


@pytest.mark.parametrize(
    ("missing", "edge", "told"),
    [
        ("pages_manage_posts", "feed", {"message": "x"}),
        ("publish_video", "live_videos", {"status": "UNPUBLISHED"}),
    ],
)
def test_a_permission_that_is_missing_is_named(page: Page, missing: str, edge: str, told: dict[str, str]) -> None:
    """Code 200 with the permission's name."""
    scopes = "pages_manage_posts pages_read_engagement publish_video".replace(missing, "")
    answer = other(page, scopes=scopes).post(edge, **told)
    assert codes(answer)[:2] == (403, 200)
    assert missing in answer.json()["error"]["message"]


def test_a_group_is_refused(page: Page) -> None:
    """Since April 2024 nothing publishes into groups."""
    answer = page.call("POST", "998877665544332/feed", message="x")
    assert codes(answer)[:2] == (403, 200)
    assert "publish_to_groups" in answer.json()["error"]["message"]


def test_the_proof_of_the_secret_is_checked(page: Page) -> None:
    """An app may demand it, and a wrong one is refused always."""
    strict = other(page, require_appsecret_proof=True)
    secret = strict.account.credentials["app_secret"].encode()
    proof = hmac.new(secret, strict.token.encode(), hashlib.sha256).hexdigest()
    assert codes(strict.call("GET", "me"))[:2] == (400, 100)
    assert strict.call("GET", "me", appsecret_proof=proof).status_code == 200
    assert codes(page.call("GET", "me", appsecret_proof="0" * 64))[:2] == (400, 100)


def test_usage_is_told_and_its_end_refused(page: Page) -> None:
    """Each answer says how much of the hour is used up; at 100 percent nothing goes any more."""
    told = json.loads(other(page, usage_percent=85).call("GET", "me").headers["X-App-Usage"])
    assert told["call_count"] == 85
    assert codes(Page(page.sandbox, "busy", usage_percent=100).call("GET", "me"))[:2] == (403, 32)


# -- posts and photos ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, 100),
        ({"message": "x" * 63_207}, 100),
        ({"message": "x", "published": "false", "scheduled_publish_time": "2020-01-01T00:00:00+00:00"}, 100),
        ({"message": "x", "scheduled_publish_time": "2100-01-01T00:00:00+00:00"}, 100),
        ({"message": "x", "attached_media[0]": json.dumps({"media_fbid": "1"})}, 100),
    ],
)
def test_what_a_post_cannot_be(page: Page, told: dict[str, str], code: int) -> None:
    """Nothing to say, too much, a time that is no schedule, a photo that is not there."""
    assert codes(page.post("feed", **told))[:2] == (400, code)


def test_the_same_words_twice_are_refused(page: Page) -> None:
    """Code 506, for some minutes."""
    assert page.post("feed", message="We open.").status_code == 200
    assert codes(page.post("feed", message="We open."))[:2] == (400, 506)
    page.sandbox.advance(601)
    assert page.post("feed", message="We open.").status_code == 200


def test_photos_are_shown_in_order_with_alt_text(page: Page) -> None:
    """Unpublished photos become one post, as they were named."""
    ids = [page.photo(alt_text_custom=alt).json()["id"] for alt in ("first", "second")]
    media = {f"attached_media[{index}]": json.dumps({"media_fbid": id}) for index, id in enumerate(reversed(ids))}
    assert page.mirror.cards() == []
    page.post("feed", message="Photos", **media)
    (card,) = page.mirror.cards()
    assert [shown.alt for shown in card.pictures] == ["second", "first"]


def test_an_unpublished_photo_is_dropped_after_a_day(page: Page) -> None:
    """A post that comes later finds nothing."""
    id = page.photo().json()["id"]
    page.sandbox.advance(DAY + 1)
    answer = page.post("feed", message="x", **{"attached_media[0]": json.dumps({"media_fbid": id})})
    assert codes(answer) == (400, 100, 33)


def test_a_photo_is_posted_once(page: Page) -> None:
    """Attached a second time it is refused with its subcode."""
    media = {"attached_media[0]": json.dumps({"media_fbid": page.photo().json()["id"]})}
    page.post("feed", message="One", **media)
    assert codes(page.post("feed", message="Two", **media)) == (400, 100, 1366051)


@pytest.mark.parametrize("content", [b"no picture", picture("PPM"), picture("BMP", (2000, 1700))])
def test_a_photo_of_the_wrong_kind_or_size_is_refused(page: Page, content: bytes) -> None:
    """The formats and the size of the reference."""
    assert codes(page.photo(content)) == (400, 100, 1366046)


def test_a_scheduled_post_appears_at_its_time(page: Page) -> None:
    """Ten minutes to thirty days ahead; nobody sees it before, and the Page's own list has it."""
    at = int(page.sandbox.clock.now()) + 900
    page.post("feed", message="Later", published="false", scheduled_publish_time=at)
    assert page.mirror.cards() == []
    assert len(page.call("GET", f"{page.id}/scheduled_posts", fields="id").json()["data"]) == 1
    page.sandbox.advance(901)
    assert [card.text for card in page.mirror.cards()] == ["Later"]


def test_what_is_gone_is_gone(page: Page) -> None:
    """Deleted twice, the second time says so; another Page's post is nobody else's to delete."""
    id = page.post("feed", message="x").json()["id"]
    assert codes(other(page).call("DELETE", id)) == (400, 100, 33)
    assert page.call("DELETE", id).json() == {"success": True}
    assert codes(page.call("DELETE", id)) == (400, 100, 33)


def test_a_comment_has_words(page: Page) -> None:
    """An empty one and one that is too long are refused."""
    id = page.post("feed", message="x").json()["id"]
    answers = [page.call("POST", f"{id}/comments", message=words) for words in ("Thanks!", "", "x" * 8001)]
    assert [answer.status_code for answer in answers] == [200, 400, 400]


# -- videos ----------------------------------------------------------------------------------------------------------------


def test_a_video_comes_in_parts_from_where_it_stands(page: Page) -> None:
    """Each answer tells where to go on; a part from elsewhere is refused with the right place in it."""
    session = page.start()
    first = page.transfer(session["upload_session_id"], 0, FILM[:1000]).json()
    assert first["start_offset"] == "1000"
    wrong = page.transfer(session["upload_session_id"], 500, FILM[500:])
    assert codes(wrong)[1:] == (6001, 1363037)
    assert wrong.json()["error"]["error_data"]["start_offset"] == "1000"
    page.transfer(session["upload_session_id"], 1000, FILM[1000:])
    done = page.post("videos", upload_phase="finish", upload_session_id=session["upload_session_id"])
    assert done.json()["success"] is True


def test_half_a_video_is_not_finished(page: Page) -> None:
    """Finished too early, it is refused."""
    session = page.start()
    page.transfer(session["upload_session_id"], 0, FILM[:1000])
    answer = page.post("videos", upload_phase="finish", upload_session_id=session["upload_session_id"])
    assert codes(answer)[1] == 6000


def test_a_reset_forgets_what_was_uploaded(page: Page) -> None:
    """Afterwards the same session begins with the first byte again."""
    page.start()
    session = page.start()["upload_session_id"]
    page.transfer(session, 0, FILM)
    page.sandbox.reset()
    again = Page(page.sandbox, "page")
    again.start()
    assert again.start()["upload_session_id"] == session
    assert again.transfer(session, 0, FILM[:1000]).json()["start_offset"] == "1000"


def test_an_upload_session_lapses(page: Page) -> None:
    """After a day it has its own subcode."""
    session = page.start()
    page.sandbox.advance(DAY + 1)
    assert codes(page.transfer(session["upload_session_id"], 0, FILM))[1:] == (6000, 1363033)


@pytest.mark.parametrize("size", [10, 11_000_000_000])
def test_a_video_of_the_wrong_size_is_not_begun(page: Page, size: int) -> None:
    """Too small to be one, or too large."""
    assert codes(page.post("videos", upload_phase="start", file_size=size))[1] == 352


def test_a_video_is_processed_before_it_is_seen(page: Page) -> None:
    """On the sandbox's clock."""
    page.video(title="Doors")
    assert page.mirror.cards() == []
    page.sandbox.advance(10)
    assert [card.title for card in page.mirror.cards()] == ["Doors"]


def test_an_unpublished_video_is_private(page: Page) -> None:
    """It is processed, and nobody sees it."""
    page.video(title="Doors", published="false")
    page.sandbox.advance(10)
    assert page.mirror.cards() == []


# -- live ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wishes", [{"followers": 99}, {"page_age_days": 59}])
def test_a_small_or_young_page_does_not_go_live(page: Page, wishes: dict[str, int]) -> None:
    """Since June 2024: 60 days, and 100 followers."""
    assert codes(other(page, **wishes).post("live_videos", status="UNPUBLISHED")) == (403, 200, 1363120)


def test_an_event_goes_live_only_while_pictures_come_in(page: Page) -> None:
    """Before, it is refused; afterwards it is live, then processed, then a video."""
    id, key = page.event()
    assert codes(page.call("POST", id, status="LIVE_NOW"))[1] == 100
    page.mirror.set_ingest(key, True)
    assert page.call("POST", id, status="LIVE_NOW").status_code == 200
    states = [state(page, id)]
    page.call("POST", id, end_live_video="true")
    states.append(state(page, id))
    page.sandbox.advance(60)
    assert [*states, state(page, id)] == ["LIVE", "PROCESSING", "VOD"]


def state(page: Page, id: str) -> str:
    return str(page.call("GET", id, fields="status").json()["status"])


def test_an_event_ends_once_and_does_not_begin_again(page: Page) -> None:
    """Each has its own subcode."""
    id, key = page.event()
    assert codes(page.call("POST", id, end_live_video="true")) == (400, 100, 1363146)
    page.mirror.set_ingest(key, True)
    page.call("POST", id, status="LIVE_NOW")
    page.call("POST", id, end_live_video="true")
    assert codes(page.call("POST", id, status="LIVE_NOW")) == (400, 100, 1363144)


def test_an_event_needs_a_start(page: Page) -> None:
    """A scheduled one without a time, and a state that does not exist, are refused."""
    assert codes(page.post("live_videos", status="SCHEDULED_UNPUBLISHED"))[:2] == (400, 100)
    assert codes(page.post("live_videos", status="SOON"))[:2] == (400, 100)
