"""The sandbox's Facebook refuses what Facebook refuses, with Facebook's own codes."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from PIL import Image

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.facebook import FacebookMirror
from socialcast.sandbox.platforms.facebook.tables import COMMENT_FIELDS
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


# -- people ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(page: Page) -> str:
    return str(page.post("feed", message="Doors open").json()["id"])


def says(page: Page, name: str, id: str, text: str) -> str:
    page.sandbox.advance(60)
    return page.sandbox.act("facebook", "reply", name, id, text)


def heard(page: Page, id: str, **told: Any) -> list[str]:
    return [one["message"] for one in page.call("GET", f"{id}/comments", **told).json()["data"]]


def test_people_and_the_page_answer_on_two_levels(page: Page, root: str) -> None:
    """The first level, or all; from both ends, from a time on, page by page."""
    nice = says(page, "ann", root, "Nice")
    says(page, "bob", root, "Too full")
    thanks = page.call("POST", f"{nice}/comments", message="Thanks!").json()["id"]
    assert heard(page, root) == ["Nice", "Too full"]
    assert heard(page, root, filter="stream") == ["Nice", "Too full", "Thanks!"]
    assert heard(page, root, filter="stream", order="reverse_chronological", limit=2) == ["Thanks!", "Too full"]
    assert heard(page, root, limit=1, after=1) == ["Too full"]
    assert heard(page, root, since=int(page.sandbox.clock.now()) - 30) == ["Too full"]
    following = page.call("GET", f"{root}/comments", limit=1, fields="message").json()["paging"]["next"]
    assert "access_token" not in following
    assert heard(page, root, **dict(parse_qsl(urlsplit(following).query))) == ["Too full"]
    assert heard(page, nice) == ["Thanks!"]
    told = page.call("GET", thanks, fields="parent,from,permalink_url,can_hide,can_remove,comment_count").json()
    assert (told["parent"]["id"], told["from"]["name"], told["can_hide"]) == (nice, "page", False)
    assert page.call("GET", nice, fields="comment_count,can_hide").json() == {"id": nice, "comment_count": 1, "can_hide": True}
    assert [card.text for card in page.mirror.cards() if card.parent == nice] == ["Thanks!"]


@pytest.mark.parametrize("told", [{"order": "ranked"}, {"filter": "all"}, {"fields": "id,mood"}, {"limit": "x"}, {"since": "x"}])
def test_a_list_of_comments_takes_what_is_described(page: Page, root: str, told: dict[str, str]) -> None:
    """An order, a filter or a field that does not exist is refused."""
    assert codes(page.call("GET", f"{root}/comments", **told)) == (400, 100, None)


def test_who_people_are_needs_a_permission(page: Page, root: str) -> None:
    """Without it there is no `from`, but for one's own."""
    nice = says(page, "ann", root, "Nice")
    shy = other(page, scopes="pages_read_engagement pages_manage_engagement")
    own = shy.call("POST", f"{root}/comments", message="Congratulations").json()["id"]
    fields = "id,from"
    assert page.call("GET", nice, fields=fields).json()["from"]["name"] == "ann"
    assert shy.call("GET", nice, fields=fields).json() == {"id": nice}
    assert shy.call("GET", own, fields=fields).json()["from"]["name"] == "other"


def test_a_page_changes_its_own_comments_hides_those_of_others_and_deletes_both(page: Page, root: str) -> None:
    """Another Page does none of it; what is hidden is on the Page's own list alone; an answer goes with what it answers."""
    rude, own = says(page, "bob", root, "Rude"), page.call("POST", f"{root}/comments", message="Hello").json()["id"]
    says(page, "cid", rude, "Indeed")
    assert codes(page.call("POST", rude, message="Polite"))[:2] == (403, 200)
    assert codes(page.call("POST", own, is_hidden="true"))[:2] == (403, 200)
    assert page.call("POST", own, message="Hello all").json() == {"success": True}
    assert page.call("POST", rude, is_hidden="true").json() == {"success": True}
    assert page.call("GET", rude, fields="is_hidden").json()["is_hidden"] is True
    assert {card.text for card in page.mirror.cards()} == {"Doors open", "Hello all"}
    stranger = other(page)
    assert {codes(stranger.call("DELETE", id))[:2] for id in (rude, own)} == {(403, 200)}
    assert codes(stranger.call("POST", rude, is_hidden="false"))[:2] == (403, 200)
    assert page.call("DELETE", rude).json() == {"success": True}
    assert heard(page, root, filter="stream") == ["Hello all"]
    assert codes(page.call("DELETE", rude)) == (400, 100, 33)


def test_comments_need_the_permission_for_them(page: Page) -> None:
    """That for posts does not do, and the other way round."""
    half = other(page, scopes="pages_manage_posts pages_read_engagement")
    root = half.post("feed", message="x").json()["id"]
    nice = says(half, "ann", root, "Nice")
    for answer in (half.call("DELETE", nice), half.call("POST", nice, is_hidden="true")):
        assert "pages_manage_engagement" in answer.json()["error"]["message"]


def test_people_do_by_hand_what_facebook_lets_them(page: Page, root: str) -> None:
    """A comment is its author's, a post that of everybody with a role on the Page, and nobody sees what is not published."""
    sandbox, nice = page.sandbox, says(page, "ann", root, "Nice")
    sandbox.act("facebook", "edit", "ann", nice, "Nicer")
    sandbox.act("facebook", "edit", "colleague", root, "Doors open at ten")
    assert heard(page, root) == ["Nicer"]
    told = page.call("GET", root, fields="message,created_time,updated_time").json()
    assert told["message"] == "Doors open at ten"
    assert told["updated_time"] > told["created_time"]
    later = int(sandbox.clock.now()) + 900
    hidden = page.post("feed", message="Later", published="false", scheduled_publish_time=later).json()["id"]
    own = page.call("POST", f"{root}/comments", message="Hello").json()["id"]
    refused = [("edit", "bob", nice, "x"), ("edit", "ann", nice, ""), ("reply", "ann", root, "x" * 8001)]
    refused += [("reply", "ann", hidden, "x"), ("moderate", "page", nice, "gone"), ("moderate", "page", own, "hidden")]
    for act, name, id, text in [*refused, ("edit", "ann", root, "x" * 63_207)]:
        with pytest.raises(UnplayedError):
            sandbox.act("facebook", act, name, id, text)
    sandbox.act("facebook", "moderate", "page", nice, "hidden")
    assert nice not in {card.id for card in page.mirror.cards()}
    sandbox.act("facebook", "remove", "colleague", root)
    assert page.mirror.cards() == []
    assert codes(page.call("GET", nice)) == (400, 100, 33)


def test_figures_move_with_the_clock(page: Page, root: str) -> None:
    """Shares, reactions and insights grow; of comments, the summary counts the level that was asked for."""
    fields = "shares,reactions.summary(total_count).limit(0),comments.filter(stream).summary(total_count).limit(0)"
    assert "shares" not in page.call("GET", root, fields=fields).json()
    says(page, "bob", says(page, "ann", root, "Nice"), "Indeed")
    page.sandbox.advance(2 * DAY)
    told = page.call("GET", root, fields=fields).json()
    assert told["shares"]["count"] > 0
    assert told["reactions"]["summary"]["total_count"] > told["shares"]["count"]
    assert (told["comments"]["data"], told["comments"]["summary"]["total_count"]) == ([], 2)
    first = page.call("GET", root, fields="comments.summary(total_count)").json()["comments"]
    assert (first["summary"]["total_count"], [one["message"] for one in first["data"]]) == (1, ["Nice"])
    views, people = page.call("GET", f"{root}/insights", metric="post_media_view,post_total_media_view_unique").json()["data"]
    assert views["values"][0]["value"] > people["values"][0]["value"] > told["reactions"]["summary"]["total_count"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"metric": "post_media_view,post_impressions"}, 100),
        ({}, 100),
        ({"metric": "post_media_view", "period": "week"}, 100),
    ],
)
def test_a_dead_metric_fails_the_whole_call(page: Page, root: str, told: dict[str, str], code: int) -> None:
    """All impressions are gone since v26.0; no metric at all, or a period without figures, is refused, too."""
    assert codes(page.call("GET", f"{root}/insights", **told)) == (400, code, None)
    assert codes(other(page).call("GET", f"{root}/insights", metric="post_media_view")) == (400, 100, 33)


def test_insights_need_their_permission(page: Page) -> None:
    """A token that may only read is refused by its name."""
    reader = other(page, scopes="pages_read_engagement pages_manage_posts")
    root = reader.post("feed", message="x").json()["id"]
    answer = reader.call("GET", f"{root}/insights", metric="post_media_view")
    assert "read_insights" in answer.json()["error"]["message"]


def test_lists_and_figures_have_the_described_fields(page: Page, root: str) -> None:
    """Every field and parameter is one that Meta's own description names."""
    folder = Path(os.environ.get("SOCIALCAST_SPECS", ""))
    if not (file := folder / "facebook-graph-codegen-subset-2026-04.json").is_file():
        pytest.skip("SOCIALCAST_SPECS does not lead to the descriptions")
    nodes = json.loads(file.read_text())["nodes"]
    known = {kind: {field["name"] for field in nodes[kind]["fields"]} for kind in ("Comment", "InsightsResult")}
    nice = says(page, "ann", root, "Nice")
    says(page, "bob", nice, "Indeed")
    assert known["Comment"] | {edge.get("endpoint") for edge in nodes["Comment"]["apis"]} >= COMMENT_FIELDS
    assert page.call("GET", nice, fields=",".join(sorted(known["Comment"] & COMMENT_FIELDS))).json().keys() <= known["Comment"]
    (insight,) = page.call("GET", f"{root}/insights", metric="post_media_view").json()["data"]
    assert insight.keys() <= known["InsightsResult"]


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
