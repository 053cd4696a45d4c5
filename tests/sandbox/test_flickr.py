"""Flickr's mirror does what Flickr's pages say, and above all refuses what they refuse."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests
from oauthlib import oauth1
from PIL import Image
from requests.adapters import HTTPAdapter
from werkzeug.test import Client, TestResponse

from socialcast.sandbox import Sandbox
from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Account, Clock, UnplayedError
from socialcast.sandbox.platforms.flickr import FlickrMirror
from socialcast.sandbox.platforms.flickr.methods import METHODS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REST = "https://api.flickr.com/services/rest/"
UPLOAD = "https://up.flickr.com/services/upload/"
PRIVATE = {"is_public": "0", "is_friend": "0", "is_family": "0"}
PERMS = {"is_public": "1", "is_friend": "0", "is_family": "0", "perm_comment": "3", "perm_addmeta": "2"}


def jpeg(number: int = 0) -> bytes:
    """A small photo; another number makes other bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(buffer, "JPEG", comment=str(number))
    return buffer.getvalue()


def mp4(payload: bytes = b"frames") -> bytes:
    """The shortest file with an MP4's boxes."""
    boxes = ((b"ftyp", b"isom\0\0\2\0isomiso2"), (b"mdat", payload))
    return b"".join((8 + len(body)).to_bytes(4) + kind + body for kind, body in boxes)


class BufferedClient(Client):
    """Takes whole URLs, and reads each answer to its end, which is when the server lets go of the request."""

    def open(self, url: str, **options: Any) -> TestResponse:  # type: ignore[override]
        parts = urlsplit(url)
        path = parts._replace(scheme="", netloc="").geturl()
        return super().open(path, **{**options, "base_url": f"https://{parts.netloc}", "buffered": True})


class Caller:
    """An application with a member's token, which signs with oauthlib's client."""

    def __init__(self, client: Client, account: Account, **changed: str) -> None:
        self.client = client
        self.account = account
        given = {**account.credentials, **changed}
        self.oauth = oauth1.Client(
            given["api_key"],
            client_secret=given["api_secret"],
            resource_owner_key=given["oauth_token"],
            resource_owner_secret=given["oauth_token_secret"],
        )

    def signed(self, url: str, fields: dict[str, str]) -> dict[str, str]:
        _, headers, _ = self.oauth.sign(url, "POST", body=urlencode(fields), headers=dict(FORM))
        return {name: str(value) for name, value in headers.items()}

    def send(self, method: str, **arguments: str) -> TestResponse:
        fields = {"method": f"flickr.{method}", "format": "json", "nojsoncallback": "1", **arguments}
        return self.client.post(REST, data=fields, headers=self.signed(REST, fields))

    def call(self, method: str, **arguments: str) -> Any:
        response = self.send(method, **arguments)
        assert response.status_code == 200, response.text
        return response.json

    def code(self, method: str, **arguments: str) -> int:
        answer = self.call(method, **arguments)
        return answer.get("code", 0)

    def upload(self, data: bytes | None, **fields: str) -> ET.Element:
        authorization = {"Authorization": self.signed(UPLOAD, fields)["Authorization"]}
        part = {} if data is None else {"photo": (io.BytesIO(data), "dummy name")}
        response = self.client.post(UPLOAD, data={**fields, **part}, headers=authorization, content_type="multipart/form-data")
        assert response.status_code == 200
        return ET.fromstring(response.text)

    def photo(self, data: bytes, **fields: str) -> str:
        answer = self.upload(data, **fields)
        assert answer.get("stat") == "ok", ET.tostring(answer)
        return answer.findtext("photoid") or ""

    def upload_code(self, data: bytes | None, **fields: str) -> str | None:
        err = self.upload(data, **fields).find("err")
        return None if err is None else err.get("code")


@pytest.fixture
def mirror(tmp_path: Path) -> FlickrMirror:
    return FlickrMirror(Clock(), MediaStore(tmp_path))


@pytest.fixture
def client(mirror: FlickrMirror) -> Client:
    return BufferedClient(App({"flickr": mirror}, mirror.clock))


@pytest.fixture
def news(mirror: FlickrMirror, client: Client) -> Caller:
    return Caller(client, mirror.account("news"))


@pytest.fixture
def reader(mirror: FlickrMirror, client: Client) -> Caller:
    return Caller(client, mirror.account("reader"))


@pytest.mark.documentation
class TestAccess:
    def test_a_signed_call_knows_its_member(self, news: Caller) -> None:
        user = news.call("test.login")["user"]
        assert user == {"id": news.account.id, "username": {"_content": "news"}, "path_alias": "news"}
        assert news.account.id.endswith("@N01")

    def test_the_token_check_names_the_permission_and_the_member(self, mirror: FlickrMirror, client: Client) -> None:
        caller = Caller(client, mirror.account("writer", perms="write"))
        oauth = caller.call("auth.oauth.checkToken")["oauth"]
        assert (oauth["perms"]["_content"], oauth["user"]["nsid"]) == ("write", caller.account.id)

    @pytest.mark.parametrize(
        ("changed", "fail"),
        [
            ({"api_secret": "sandbox-wrong"}, {"code": 96, "message": "Invalid signature"}),
            ({"oauth_token_secret": "sandbox-wrong"}, {"code": 96, "message": "Invalid signature"}),
            ({"oauth_token": "sandbox-wrong"}, {"code": 98, "message": "Invalid auth token"}),
            ({"api_key": "sandbox-wrong"}, {"code": 100, "message": "Invalid API Key (Key has invalid format)"}),
        ],
    )
    def test_wrong_credentials_are_refused_by_what_is_wrong(
        self, mirror: FlickrMirror, client: Client, changed: dict[str, str], fail: dict[str, Any]
    ) -> None:
        caller = Caller(client, mirror.account("news"), **changed)
        assert caller.call("test.login") == {"stat": "fail", **fail}
        assert caller.upload_code(jpeg()) == str(fail["code"])

    def test_an_argument_changed_on_the_way_breaks_the_signature(self, news: Caller) -> None:
        fields = {"method": "flickr.test.login", "format": "json", "nojsoncallback": "1"}
        headers = news.signed(REST, fields)
        changed = {**fields, "method": "flickr.people.getUploadStatus"}
        assert news.client.post(REST, data=changed, headers=headers).json["code"] == 96

    def test_the_same_signature_serves_once(self, news: Caller) -> None:
        fields = {"method": "flickr.test.login", "format": "json", "nojsoncallback": "1"}
        headers = news.signed(REST, fields)
        codes = [news.client.post(REST, data=fields, headers=headers).json.get("code") for _ in range(2)]
        assert codes == [None, 96]

    def test_a_token_without_a_signature_is_refused(self, news: Caller) -> None:
        credentials = news.account.credentials
        fields = {"method": "flickr.test.login", "api_key": credentials["api_key"], "oauth_token": credentials["oauth_token"]}
        answer = ET.fromstring(news.client.post(REST, data=fields).text)
        assert answer.find("err").attrib == {"code": "97", "msg": "Missing signature"}

    def test_a_revoked_token_is_refused_for_calls_and_uploads(self, mirror: FlickrMirror, news: Caller) -> None:
        mirror.expire_credentials("news")
        assert news.call("test.login") == {"stat": "fail", "code": 98, "message": "Invalid auth token"}
        assert news.upload_code(jpeg()) == "98"

    def test_what_needs_a_login_refuses_an_api_key_alone(self, news: Caller) -> None:
        key = news.account.credentials["api_key"]
        fields = {"api_key": key, "format": "json", "nojsoncallback": "1"}
        refused = news.client.get(REST, query_string={**fields, "method": "flickr.test.login"}).json
        allowed = news.client.get(REST, query_string={**fields, "method": "flickr.photos.licenses.getInfo"}).json
        assert (refused["code"], allowed["stat"]) == (99, "ok")

    def test_a_permission_holds_the_lower_ones_and_no_higher_one(self, mirror: FlickrMirror, client: Client) -> None:
        read, write = (Caller(client, mirror.account(perms, perms=perms)) for perms in ("read", "write"))
        assert read.code("test.login") == write.code("test.login") == 0
        assert (read.upload_code(jpeg()), read.code("photos.setTags", photo_id="1", tags="a")) == ("99", 99)
        photo_id = write.photo(jpeg())
        assert (write.code("photos.delete", photo_id=photo_id), write.code("photos.delete", photo_id="1")) == (99, 99)

    def test_accounts_know_three_permissions(self, mirror: FlickrMirror) -> None:
        with pytest.raises(ValueError, match="read, write, delete"):
            mirror.account("boss", perms="admin")


@pytest.mark.documentation
class TestEnvelope:
    def test_an_unknown_method_is_named_in_the_refusal(self, news: Caller) -> None:
        fail = {"stat": "fail", "code": 112, "message": 'Method "flickr.photos.paint" not found'}
        assert news.call("photos.paint") == fail

    def test_an_unknown_format_is_refused_in_xml(self, news: Caller) -> None:
        err = ET.fromstring(news.send("test.login", format="yaml").text).find("err")
        assert err.attrib == {"code": "111", "msg": 'Format "yaml" not found'}

    def test_xml_is_the_default(self, news: Caller) -> None:
        fields = {"method": "flickr.test.login"}
        response = news.client.post(REST, data=fields, headers=news.signed(REST, fields))
        answer = ET.fromstring(response.text)
        assert (response.mimetype, answer.get("stat"), answer.findtext("user/username")) == ("text/xml", "ok", "news")

    def test_json_comes_wrapped_in_a_function_call_unless_told_otherwise(self, news: Caller) -> None:
        text = news.send("test.login", nojsoncallback="0").text
        assert text.startswith("jsonFlickrApi({")
        assert json.loads(text.removeprefix("jsonFlickrApi(").removesuffix(")"))["stat"] == "ok"

    def test_an_argument_that_the_method_does_not_have_is_refused_aloud(self, news: Caller) -> None:
        response = news.send("photos.licenses.setLicense", photo_id="1", licence_id="4")
        assert (response.status_code, "licence_id" in response.text) == (501, True)

    def test_what_changes_something_has_to_be_posted(self, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        fields = {"method": "flickr.photos.delete", "photo_id": photo_id}
        url, headers, _ = news.oauth.sign(f"{REST}?{urlencode(fields)}", "GET")
        assert news.client.get(url, headers=headers).status_code == 405
        assert news.code("photos.getInfo", photo_id=photo_id) == 0

    def test_a_key_has_3600_calls_an_hour_and_uploads_are_not_counted(self, mirror: FlickrMirror, news: Caller) -> None:
        assert mirror.limits.calls_per_hour == 3600
        mirror.limits = replace(mirror.limits, calls_per_hour=2)
        news.photo(jpeg())
        assert [news.send("test.login").status_code for _ in range(3)] == [200, 200, 429]
        news.photo(jpeg(1))
        mirror.clock.advance(3601)
        assert news.send("test.login").status_code == 200

    def test_another_key_is_not_slowed(self, mirror: FlickrMirror, news: Caller, reader: Caller) -> None:
        mirror.limits = replace(mirror.limits, calls_per_hour=1)
        statuses = [caller.send("test.login").status_code for caller in (news, news, reader)]
        assert statuses == [200, 429, 200]


@pytest.mark.documentation
class TestUpload:
    def test_an_upload_answers_with_the_photos_id_in_xml(self, news: Caller) -> None:
        answer = news.upload(jpeg(), title="Hall")
        assert answer.attrib == {"stat": "ok"}
        assert [child.tag for child in answer] == ["photoid"]

    def test_what_was_uploaded_reads_back(self, news: Caller) -> None:
        photo_id = news.photo(
            jpeg(), title="Hall – full", description="Opening <b>day</b>", tags='forum "Open Source" sc:id="01 ja"', **PRIVATE
        )
        photo = news.call("photos.getInfo", photo_id=photo_id)["photo"]
        assert (photo["title"]["_content"], photo["description"]["_content"]) == ("Hall – full", "Opening <b>day</b>")
        assert photo["visibility"] == {"ispublic": 0, "isfriend": 0, "isfamily": 0}
        assert photo["urls"]["url"][0]["_content"] == f"https://www.flickr.com/photos/news/{photo_id}/"
        tags = [(tag["raw"], tag["_content"], tag["machine_tag"]) for tag in photo["tags"]["tag"]]
        assert tags == [("forum", "forum", 0), ("Open Source", "opensource", 0), ("sc:id=01 ja", "sc:id=01ja", 1)]

    @pytest.mark.parametrize(
        ("data", "code"),
        [(None, "2"), (b"", "4"), (b"not a picture at all", "5"), (jpeg()[:-20], "5"), (mp4()[:-3], "5")],
        ids=["missing", "empty", "text", "cut photo", "cut video"],
    )
    def test_a_file_that_is_none_is_refused(self, mirror: FlickrMirror, news: Caller, data: bytes | None, code: str) -> None:
        assert news.upload_code(data, title="photo.jpg") == code
        assert not mirror.photos

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": "x" * 256},
            {"tags": " ".join(f"t{n}" for n in range(76))},
            {"is_public": "yes"},
            {"is_friend": "2"},
            {"safety_level": "4"},
            {"content_type": "0"},
            {"hidden": "0"},
            {"async": "2"},
            {"dedup_check": "3"},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_a_field_beyond_its_limits_is_refused_and_named(
        self, mirror: FlickrMirror, news: Caller, fields: dict[str, str]
    ) -> None:
        err = news.upload(jpeg(), **fields).find("err")
        assert err.get("code") == "3"
        assert next(iter(fields)) in err.get("msg")
        assert not mirror.photos

    def test_a_title_and_tags_at_their_limits_are_taken(self, news: Caller) -> None:
        photo_id = news.photo(jpeg(), title="x" * 255, tags=" ".join(f"t{n}" for n in range(75)))
        assert len(news.call("photos.getInfo", photo_id=photo_id)["photo"]["tags"]["tag"]) == 75

    def test_a_field_of_another_name_is_an_invalid_signature(self, news: Caller) -> None:
        assert news.upload_code(jpeg(), caption="Hall") == "96"

    def test_the_fields_are_signed_and_the_photo_is_not(self, news: Caller) -> None:
        authorization = {"Authorization": news.signed(UPLOAD, {"title": "Hall"})["Authorization"]}
        data = {"title": "Another", "photo": (io.BytesIO(jpeg()), "dummy name")}
        response = news.client.post(UPLOAD, data=data, headers=authorization, content_type="multipart/form-data")
        assert ET.fromstring(response.text).find("err").get("code") == "96"

    def test_files_over_the_limits_are_refused(self, mirror: FlickrMirror, news: Caller) -> None:
        assert (mirror.limits.photo_max_bytes, mirror.limits.video_max_bytes) == (209_715_200, 1_073_741_824)
        mirror.limits = replace(mirror.limits, photo_max_bytes=len(jpeg()) - 1, video_max_bytes=len(mp4()))
        assert news.upload_code(jpeg()) == "8"
        assert news.upload_code(mp4()) is None
        assert news.upload_code(mp4(b"more frames")) == "8"

    def test_the_same_bytes_are_a_duplicate_only_where_the_check_was_asked_for(self, news: Caller, reader: Caller) -> None:
        first = news.photo(jpeg(), dedup_check="1")
        err = news.upload(jpeg(), title="again", dedup_check="1").find("err")
        assert err.attrib == {"code": "9", "msg": "Duplicate photo/video detected", "duplicate_photo_id": first}
        assert news.photo(jpeg()) != first
        assert reader.upload_code(jpeg(), dedup_check="1") is None

    def test_deleted_bytes_are_no_duplicate(self, news: Caller) -> None:
        news.call("photos.delete", photo_id=news.photo(jpeg()))
        assert news.upload_code(jpeg(), dedup_check="2") is None

    def test_a_free_account_has_50_photos_that_are_not_public(self, mirror: FlickrMirror, client: Client) -> None:
        free = Caller(client, mirror.account("free", pro=False))
        for _ in range(50):
            free.photo(jpeg(), **PRIVATE)
        assert free.upload_code(jpeg(), **PRIVATE) == "6"
        assert free.upload_code(jpeg(), is_public="1") is None

    def test_a_free_account_has_1000_photos_in_all(self, mirror: FlickrMirror, client: Client) -> None:
        assert mirror.limits.free_max_photos == 1000
        mirror.limits = replace(mirror.limits, free_max_photos=1)
        free = Caller(client, mirror.account("free", pro=False))
        assert (free.upload_code(jpeg()), free.upload_code(jpeg(1))) == (None, "6")

    def test_an_asynchronous_upload_is_a_ticket_until_its_time_has_come(self, mirror: FlickrMirror, news: Caller) -> None:
        mirror.ticket_seconds = 10
        ticket = news.upload(jpeg(), **{"async": "1"}).findtext("ticketid")
        assert "-" in ticket
        assert self.tickets(news, f"{ticket},7-7") == [{"id": ticket, "complete": 0}, {"id": "7-7", "invalid": 1}]
        assert news.call("people.getPhotos", user_id="me")["photos"]["total"] == 0
        mirror.clock.advance(10)
        [photo] = news.call("people.getPhotos", user_id="me")["photos"]["photo"]
        assert self.tickets(news, ticket) == [{"id": ticket, "complete": 1, "photoid": photo["id"]}]

    def test_a_ticket_for_a_cut_file_fails(self, mirror: FlickrMirror, news: Caller) -> None:
        ticket = news.upload(jpeg()[:-20], **{"async": "1"}).findtext("ticketid")
        mirror.clock.advance(10)
        assert self.tickets(news, ticket) == [{"id": ticket, "complete": 2}]
        assert news.call("people.getPhotos", user_id="me")["photos"]["total"] == 0

    @staticmethod
    def tickets(caller: Caller, tickets: str) -> Any:
        return caller.call("photos.upload.checkTickets", tickets=tickets)["uploader"]["ticket"]

    def test_the_status_tells_the_limits(self, news: Caller) -> None:
        news.photo(mp4())
        user = news.call("people.getUploadStatus")["user"]
        assert user["filesize"] == {"maxbytes": "209715200", "maxkb": "204800"}
        assert user["videosize"]["maxbytes"] == "1073741824"
        assert (user["ispro"], user["videos"]["uploaded"], user["sets"]["remaining"]) == (1, 1, "lots")


@pytest.mark.documentation
class TestPhotos:
    def test_another_members_photo_cannot_be_changed(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        fail = {"stat": "fail", "code": 1, "message": "Photo not found"}
        assert reader.call("photos.setMeta", photo_id=photo_id, title="Mine", description="") == fail
        assert reader.call("photos.delete", photo_id=photo_id) == fail

    def test_a_private_photo_is_not_found_by_others_without_its_secret(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg(), **PRIVATE)
        secret = news.call("photos.getInfo", photo_id=photo_id)["photo"]["secret"]
        assert reader.code("photos.getInfo", photo_id=photo_id) == 1
        assert reader.code("photos.getInfo", photo_id=photo_id, secret=secret) == 0

    def test_title_and_description_are_replaced(self, news: Caller) -> None:
        photo_id = news.photo(jpeg(), title="Hal")
        assert news.call("photos.setMeta", photo_id=photo_id, title="Hall", description="Full") == {"stat": "ok"}
        photo = news.call("photos.getInfo", photo_id=photo_id)["photo"]
        assert (photo["title"]["_content"], photo["description"]["_content"]) == ("Hall", "Full")

    @pytest.mark.parametrize("left_out", [*PERMS])
    def test_permissions_are_set_all_or_none(self, news: Caller, left_out: str) -> None:
        photo_id = news.photo(jpeg(), **PRIVATE)
        arguments = {name: value for name, value in PERMS.items() if name != left_out}
        fail = {"stat": "fail", "code": 2, "message": "Required arguments missing"}
        assert news.call("photos.setPerms", photo_id=photo_id, **arguments) == fail
        assert news.call("photos.setPerms", photo_id=photo_id, **arguments, **{left_out: "9"}) == fail
        assert news.call("photos.getInfo", photo_id=photo_id)["photo"]["visibility"]["ispublic"] == 0

    def test_permissions_make_a_photo_public(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg(), **PRIVATE)
        assert news.call("photos.setPerms", photo_id=photo_id, **PERMS)["photoid"]["_content"] == photo_id
        assert reader.code("photos.getInfo", photo_id=photo_id) == 0

    def test_tags_are_replaced_added_without_doubles_and_removed(self, news: Caller) -> None:
        photo_id = news.photo(jpeg(), tags="old")
        news.call("photos.setTags", photo_id=photo_id, tags='"N.Y.C." davos')
        news.call("photos.addTags", photo_id=photo_id, tags="nyc hall")
        tags = news.call("photos.getInfo", photo_id=photo_id)["photo"]["tags"]["tag"]
        assert [(tag["raw"], tag["_content"]) for tag in tags] == [("N.Y.C.", "nyc"), ("davos", "davos"), ("hall", "hall")]
        assert news.call("photos.removeTag", tag_id=tags[0]["id"]) == {"stat": "ok"}
        assert news.call("photos.removeTag", tag_id=tags[0]["id"])["message"] == "Tag not found"
        [row] = news.call("people.getPhotos", user_id="me", extras="tags")["photos"]["photo"]
        assert row["tags"] == "davos hall"

    def test_the_76th_tag_is_refused_and_none_of_its_call_is_added(self, news: Caller) -> None:
        photo_id = news.photo(jpeg(), tags=" ".join(f"t{n}" for n in range(74)))
        fail = {"stat": "fail", "code": 2, "message": "Maximum number of tags reached"}
        assert news.call("photos.addTags", photo_id=photo_id, tags="one two") == fail
        assert len(news.call("photos.getInfo", photo_id=photo_id)["photo"]["tags"]["tag"]) == 74
        assert news.code("photos.addTags", photo_id=photo_id, tags="one") == 0

    def test_safety_content_type_and_dates_have_their_values(self, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        assert news.code("photos.setSafetyLevel", photo_id=photo_id) == 2
        assert news.code("photos.setSafetyLevel", photo_id=photo_id, safety_level="0") == 2
        assert news.code("photos.setSafetyLevel", photo_id=photo_id, safety_level="2", hidden="1") == 0
        assert news.code("photos.setContentType", photo_id=photo_id, content_type="9") == 2
        assert news.code("photos.setContentType", photo_id=photo_id, content_type="2") == 0
        assert news.code("photos.setDates", photo_id=photo_id) == 2
        assert news.code("photos.setDates", photo_id=photo_id, date_taken="2026-01-20", date_taken_granularity="5") == 3
        assert news.code("photos.setDates", photo_id=photo_id, date_posted="1768900000") == 0
        photo = news.call("photos.getInfo", photo_id=photo_id)["photo"]
        assert (photo["safety_level"], photo["dates"]["posted"]) == ("1", "1768900000")

    def test_a_deleted_photo_is_gone_from_everything(self, news: Caller) -> None:
        first, second = news.photo(jpeg()), news.photo(jpeg(1))
        album = news.call("photosets.create", title="Davos", primary_photo_id=first)["photoset"]["id"]
        news.call("photosets.addPhoto", photoset_id=album, photo_id=second)
        assert news.call("photos.delete", photo_id=first) == {"stat": "ok"}
        assert news.code("photos.delete", photo_id=first) == 1
        assert news.call("photosets.getInfo", photoset_id=album, user_id=news.account.id)["photoset"]["primary"] == second
        news.call("photos.delete", photo_id=second)
        assert news.code("photosets.editMeta", photoset_id=album, title="Davos") == 1

    def test_there_are_17_licences_and_two_that_nobody_can_choose(self, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        licenses = news.call("photos.licenses.getInfo")["licenses"]["license"]
        urls = {one["id"]: one["url"] for one in licenses}
        assert (len(urls), urls["11"]) == (17, "https://creativecommons.org/licenses/by/4.0/")
        available = news.call("photos.licenses.getAvailable", photo_id=photo_id)["available_licenses"]["license"]
        assert urls.keys() - {one["id"] for one in available} == {"7", "8"}

    def test_a_licence_is_set_and_an_impossible_one_is_refused(self, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        refused = {
            number: news.code("photos.licenses.setLicense", photo_id=photo_id, license_id=number) for number in ("17", "7")
        }
        assert refused == {"17": 2, "7": 4}
        assert news.code("photos.licenses.setLicense", photo_id=photo_id, license_id="11") == 0
        assert news.call("photos.getInfo", photo_id=photo_id)["photo"]["license"] == "11"

    def test_a_fresh_photo_is_not_found_for_a_while(self, mirror: FlickrMirror, news: Caller) -> None:
        mirror.settling_seconds = 5
        album = news.call("photosets.create", title="Davos", primary_photo_id=news.photo(jpeg()))["photoset"]["id"]
        photo_id = news.photo(jpeg(1))
        wanted = {"photo_id": photo_id, "license_id": "4"}
        place = {"photo_id": photo_id, "photoset_id": album}
        assert news.call("photos.licenses.setLicense", **wanted)["message"] == "Photo not found"
        assert news.call("photosets.addPhoto", **place)["message"] == "Photo not found"
        mirror.clock.advance(6)
        assert (news.code("photos.licenses.setLicense", **wanted), news.code("photosets.addPhoto", **place)) == (0, 0)


@pytest.mark.documentation
class TestLists:
    def test_the_photostream_shows_own_private_photos_at_once_with_their_machine_tags(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg(), title="Hall", tags="davos socialcast:id=01jabc", **PRIVATE)
        photos = news.call("people.getPhotos", user_id="me", extras="machine_tags,tags,license,description")["photos"]
        assert {name: photos[name] for name in ("page", "pages", "perpage", "total")} == {
            "page": 1,
            "pages": 1,
            "perpage": 100,
            "total": 1,
        }
        [row] = photos["photo"]
        assert (row["id"], row["ispublic"], row["license"], row["owner"]) == (photo_id, 0, "0", news.account.id)
        assert (row["tags"], row["machine_tags"]) == ("davos socialcast:id=01jabc", "socialcast:id=01jabc")
        assert reader.call("people.getPhotos", user_id=news.account.id)["photos"]["photo"] == []

    def test_a_list_has_at_most_500_photos_a_page_newest_first(self, mirror: FlickrMirror, news: Caller) -> None:
        assert mirror.limits.page_max_photos == 500
        mirror.limits = replace(mirror.limits, page_max_photos=2)
        uploaded = [news.photo(jpeg(n)) for n in range(3)]
        first, second = (news.call("people.getPhotos", user_id="me", per_page="900", page=page)["photos"] for page in ("1", "2"))
        assert [row["id"] for row in first["photo"] + second["photo"]] == uploaded[::-1]
        assert (first["pages"], first["total"], len(first["photo"])) == (2, 3, 2)

    def test_an_unknown_member_and_a_missing_one_are_refused(self, news: Caller) -> None:
        assert news.call("people.getPhotos", user_id="1@N01")["message"] == "Unknown user"
        assert news.call("people.getPhotos") == {"stat": "fail", "code": 1, "message": "Required arguments missing"}

    def test_the_photostream_can_begin_at_an_upload_time(self, mirror: FlickrMirror, news: Caller) -> None:
        news.photo(jpeg())
        mirror.clock.advance(100)
        since = str(int(mirror.clock.now()))
        later = news.photo(jpeg(1))
        photos = news.call("people.getPhotos", user_id="me", min_upload_date=since, extras="date_upload")["photos"]["photo"]
        assert [row["id"] for row in photos] == [later]
        assert int(photos[0]["dateupload"]) >= int(since)

    def test_the_search_finds_a_machine_tag_once_the_index_has_it(self, mirror: FlickrMirror, news: Caller) -> None:
        mirror.search_lag_seconds = 60
        photo_id = news.photo(jpeg(), tags='socialcast:id="01JA-BC"', **PRIVATE)
        news.photo(jpeg(1), tags="socialcast:id=other")
        query = {"user_id": "me", "machine_tags": 'socialcast:id="01jabc"'}
        assert news.call("photos.search", **query)["photos"]["total"] == 0
        mirror.clock.advance(61)
        assert [row["id"] for row in news.call("photos.search", **query)["photos"]["photo"]] == [photo_id]
        assert news.call("photos.search", user_id="me", machine_tags="socialcast:id=")["photos"]["total"] == 2

    def test_the_search_shows_others_what_is_public_and_not_hidden(self, news: Caller, reader: Caller) -> None:
        public = news.photo(jpeg(), tags="davos", hidden="1")
        news.photo(jpeg(1), tags="davos", hidden="2")
        news.photo(jpeg(2), tags="davos", **PRIVATE)
        assert [row["id"] for row in reader.call("photos.search", tags="Davos")["photos"]["photo"]] == [public]
        assert news.call("photos.search", tags="davos,none")["photos"]["total"] == 3
        assert news.call("photos.search", tags="davos,none", tag_mode="all")["photos"]["total"] == 0

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({}, 3),
            ({"user_id": "1@N01"}, 2),
            ({"machine_tags": "davos"}, 11),
            ({"machine_tags": ",".join(f"a:b={n}" for n in range(9))}, 12),
            ({"machine_tags": ",".join(f"a:b={n}" for n in range(17)), "machine_tag_mode": "all"}, 12),
            ({"user_id": "me", "min_upload_date": "yesterday"}, 2),
        ],
    )
    def test_a_search_without_sense_is_refused(self, news: Caller, query: dict[str, str], code: int) -> None:
        assert news.code("photos.search", **query) == code

    def test_recently_updated_photos_come_last_changed_first(self, mirror: FlickrMirror, news: Caller) -> None:
        first, second = news.photo(jpeg()), news.photo(jpeg(1))
        mirror.clock.advance(10)
        news.call("photos.setMeta", photo_id=first, title="Changed", description="")
        changed = news.call("photos.recentlyUpdated", min_date="1")["photos"]["photo"]
        assert [row["id"] for row in changed] == [first, second]
        assert int(changed[0]["lastupdate"]) >= int(changed[1]["lastupdate"]) + 9
        assert (news.code("photos.recentlyUpdated"), news.code("photos.recentlyUpdated", min_date="soon")) == (1, 2)


@pytest.fixture
def photos(news: Caller) -> list[str]:
    return [news.photo(jpeg(n), title=f"Photo {n}") for n in range(3)]


@pytest.fixture
def album(news: Caller, photos: list[str]) -> str:
    made = news.call("photosets.create", title="Davos", description="2026", primary_photo_id=photos[0])["photoset"]
    assert made["url"] == f"https://www.flickr.com/photos/news/albums/{made['id']}"
    return made["id"]


@pytest.mark.documentation
class TestAlbums:
    @staticmethod
    def order(news: Caller, album: str) -> list[str]:
        answer = news.call("photosets.getPhotos", photoset_id=album, user_id=news.account.id)["photoset"]
        return [row["id"] for row in answer["photo"]]

    def test_an_album_needs_a_title_and_a_photo_of_ones_own(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        assert news.call("photosets.create", title="", primary_photo_id=photo_id)["message"] == "No title specified"
        assert news.call("photosets.create", title="Davos")["message"] == "Photo not found"
        assert reader.code("photosets.create", title="Davos", primary_photo_id=photo_id) == 2

    def test_creating_twice_makes_two_albums(self, news: Caller, photos: list[str]) -> None:
        made = [news.call("photosets.create", title="Davos", primary_photo_id=photos[0])["photoset"]["id"] for _ in range(2)]
        listed = [one["id"] for one in news.call("photosets.getList")["photosets"]["photoset"]]
        assert listed == made[::-1]

    def test_a_photo_is_added_once(self, news: Caller, album: str, photos: list[str]) -> None:
        assert news.call("photosets.addPhoto", photoset_id=album, photo_id=photos[1]) == {"stat": "ok"}
        fail = {"stat": "fail", "code": 3, "message": "Photo already in set"}
        assert news.call("photosets.addPhoto", photoset_id=album, photo_id=photos[1]) == fail
        assert self.order(news, album) == photos[:2]

    def test_an_album_is_full_at_5000(self, mirror: FlickrMirror, news: Caller, album: str, photos: list[str]) -> None:
        assert mirror.limits.album_max_photos == 5000
        mirror.limits = replace(mirror.limits, album_max_photos=1)
        fail = {"stat": "fail", "code": 10, "message": "Maximum number of photos in set"}
        assert news.call("photosets.addPhoto", photoset_id=album, photo_id=photos[1]) == fail

    def test_another_members_album_and_photo_are_not_found(
        self, news: Caller, reader: Caller, album: str, photos: list[str]
    ) -> None:
        foreign = reader.photo(jpeg())
        assert reader.code("photosets.addPhoto", photoset_id=album, photo_id=foreign) == 1
        assert news.code("photosets.addPhoto", photoset_id=album, photo_id=foreign) == 2
        assert reader.code("photosets.delete", photoset_id=album) == 1

    @pytest.mark.parametrize(
        ("primary", "listed", "code"),
        [(0, [], 5), (None, [0, 1], 3), (2, [0, 1], 4), (0, [0, None], 2)],
        ids=["empty list", "unknown primary", "primary not listed", "unknown photo"],
    )
    def test_an_impossible_order_is_refused_and_changes_nothing(
        self, news: Caller, album: str, photos: list[str], primary: int | None, listed: list[int | None], code: int
    ) -> None:
        def name(number: int | None) -> str:
            return "1" if number is None else photos[number]

        photo_ids = ",".join(map(name, listed))
        arguments = {"photoset_id": album, "primary_photo_id": name(primary), "photo_ids": photo_ids}
        assert news.code("photosets.editPhotos", **arguments) == code
        assert self.order(news, album) == photos[:1]

    def test_the_whole_order_can_be_written_again_and_again(self, news: Caller, album: str, photos: list[str]) -> None:
        arguments = {"photoset_id": album, "primary_photo_id": photos[1], "photo_ids": ",".join(photos[::-1])}
        assert [news.code("photosets.editPhotos", **arguments) for _ in range(2)] == [0, 0]
        assert self.order(news, album) == photos[::-1]
        assert news.code("photosets.reorderPhotos", photoset_id=album, photo_ids=photos[0]) == 0
        assert self.order(news, album) == [photos[0], photos[2], photos[1]]
        assert news.code("photosets.reorderPhotos", photoset_id=album, photo_ids="1") == 2

    def test_title_and_description_change_and_the_title_stays(self, news: Caller, album: str) -> None:
        assert news.call("photosets.editMeta", photoset_id=album, title="")["message"] == "No title specified"
        assert news.code("photosets.editMeta", photoset_id=album, title="Davos 2026", description="All days") == 0
        info = news.call("photosets.getInfo", photoset_id=album, user_id=news.account.id)["photoset"]
        assert (info["title"]["_content"], info["description"]["_content"]) == ("Davos 2026", "All days")

    def test_reading_an_album_needs_its_owners_id(self, news: Caller, reader: Caller, album: str) -> None:
        for method in ("photosets.getInfo", "photosets.getPhotos"):
            assert news.call(method, photoset_id=album)["message"] == "User not found"
            assert news.call(method, photoset_id=album, user_id=reader.account.id)["message"] == "Photoset not found"

    def test_deleting_an_album_leaves_its_photos(self, news: Caller, album: str, photos: list[str]) -> None:
        assert (news.code("photosets.delete", photoset_id=album), news.code("photosets.delete", photoset_id=album)) == (0, 1)
        assert news.code("photos.getInfo", photo_id=photos[0]) == 0


@pytest.mark.documentation
class TestComments:
    def test_without_comments_the_key_is_missing(self, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        assert news.call("photos.comments.getList", photo_id=photo_id)["comments"] == {"photo_id": photo_id}

    def test_comments_come_with_author_time_and_permalink(self, mirror: FlickrMirror, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        reader.call("photos.comments.addComment", photo_id=photo_id, comment_text="Nice")
        mirror.clock.advance(100)
        later = str(int(mirror.clock.now()))
        number = news.call("photos.comments.addComment", photo_id=photo_id, comment_text="Thanks")["comment"]["id"]
        first, second = news.call("photos.comments.getList", photo_id=photo_id)["comments"]["comment"]
        assert (first["author"], first["authorname"], first["_content"]) == (reader.account.id, "reader", "Nice")
        assert (second["id"], int(second["datecreate"]) >= int(later)) == (number, True)
        assert first["permalink"].startswith(f"https://www.flickr.com/photos/news/{photo_id}/#comment")
        recent = news.call("photos.comments.getList", photo_id=photo_id, min_comment_date=later)["comments"]["comment"]
        assert [one["id"] for one in recent] == [number]

    def test_blank_comments_and_comments_on_nothing_are_refused(self, news: Caller, reader: Caller) -> None:
        photo_id, private = news.photo(jpeg()), news.photo(jpeg(1), **PRIVATE)
        assert reader.call("photos.comments.addComment", photo_id=photo_id, comment_text=" ")["message"] == "Blank comment."
        assert reader.call("photos.comments.addComment", photo_id=photo_id)["code"] == 8
        assert reader.code("photos.comments.addComment", photo_id=private, comment_text="Nice") == 1

    def test_author_and_photographer_delete_a_comment_and_nobody_else(
        self, mirror: FlickrMirror, client: Client, news: Caller, reader: Caller
    ) -> None:
        other = Caller(client, mirror.account("other"))
        photo_id = news.photo(jpeg())
        number = reader.call("photos.comments.addComment", photo_id=photo_id, comment_text="Nice")["comment"]["id"]
        assert other.call("photos.comments.deleteComment", comment_id=number)["message"] == "Comment not found."
        assert news.code("photos.comments.deleteComment", comment_id=number) == 0
        assert reader.code("photos.comments.deleteComment", comment_id=number) == 2

    def test_an_album_has_comments_of_its_own(self, mirror: FlickrMirror, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        album = news.call("photosets.create", title="Davos", primary_photo_id=photo_id)["photoset"]["id"]
        assert news.call("photosets.comments.getList", photoset_id=album)["comments"] == {"photoset_id": album}
        number = reader.call("photosets.comments.addComment", photoset_id=album, comment_text="Nice")["comment"]["id"]
        [comment] = news.call("photosets.comments.getList", photoset_id=album)["comments"]["comment"]
        assert (comment["id"], comment["authorname"], comment["_content"]) == (number, "reader", "Nice")
        assert comment["permalink"].startswith(f"https://www.flickr.com/photos/news/albums/{album}#comment")
        assert "comment" not in news.call("photos.comments.getList", photo_id=photo_id)["comments"]
        info = news.call("photosets.getInfo", photoset_id=album, user_id=news.account.id)["photoset"]
        assert info["count_comments"] == "1"
        assert news.code("photosets.comments.editComment", comment_id=number, comment_text="x") == 2
        assert reader.code("photosets.comments.editComment", comment_id=number, comment_text=" ") == 8
        assert reader.code("photosets.comments.editComment", comment_id=number, comment_text="Nicer") == 0
        assert [card.text for card in mirror.cards() if card.kind == "comment"] == ["Nicer"]
        assert news.code("photosets.comments.deleteComment", comment_id=number) == 0
        assert reader.code("photosets.comments.deleteComment", comment_id=number) == 2

    def test_an_album_that_nobody_else_sees_takes_no_comments(self, news: Caller, reader: Caller) -> None:
        album = news.call("photosets.create", title="Davos", primary_photo_id=news.photo(jpeg(), **PRIVATE))["photoset"]["id"]
        assert (
            reader.call("photosets.comments.addComment", photoset_id=album, comment_text="x")["message"] == "Photoset not found"
        )
        assert news.code("photosets.comments.addComment", photoset_id=album, comment_text=" ") == 8
        assert news.code("photosets.comments.addComment", photoset_id=album, comment_text="x") == 0


@pytest.mark.documentation
class TestPeople:
    def test_an_author_edits_a_comment_and_nobody_else(self, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        number = reader.call("photos.comments.addComment", photo_id=photo_id, comment_text="Nice")["comment"]["id"]
        assert news.code("photos.comments.editComment", comment_id=number, comment_text="x") == 2
        assert reader.code("photos.comments.editComment", comment_id=number, comment_text=" ") == 8
        assert reader.code("photos.comments.editComment", comment_id="1-2-3", comment_text="x") == 2
        assert reader.code("photos.comments.editComment", comment_id=number, comment_text="Nicer") == 0
        [comment] = news.call("photos.comments.getList", photo_id=photo_id)["comments"]["comment"]
        assert comment["_content"] == "Nicer"

    def test_where_comments_are_off_only_the_owner_comments(self, mirror: FlickrMirror, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        news.call("photos.setPerms", photo_id=photo_id, **{**PERMS, "perm_comment": "0"})
        assert reader.code("photos.comments.addComment", photo_id=photo_id, comment_text="x") == 99
        assert news.code("photos.comments.addComment", photo_id=photo_id, comment_text="x") == 0
        with pytest.raises(UnplayedError):
            mirror.reply_as("ann", photo_id, "x")

    def test_people_comment_edit_and_delete_by_hand(self, mirror: FlickrMirror, news: Caller) -> None:
        photo_id = news.photo(jpeg(), description="Full")
        nice = mirror.reply_as("ann", photo_id, "Nice")
        mirror.reply_as("bob", nice, "Indeed")
        first, second = news.call("photos.comments.getList", photo_id=photo_id)["comments"]["comment"]
        assert (first["authorname"], second["authorname"]) == ("ann", "bob")
        assert second["_content"] == f"[https://www.flickr.com/photos/{first['author']}] Indeed"
        mirror.edit_as("ann", nice, "Nicer")
        mirror.edit_as("colleague", photo_id, "Empty")
        info = news.call("photos.getInfo", photo_id=photo_id)["photo"]
        assert (info["description"]["_content"], info["comments"]["_content"]) == ("Empty", "2")
        for name, id, text in (("bob", nice, "x"), ("ann", nice, " ")):
            with pytest.raises(UnplayedError):
                mirror.edit_as(name, id, text)
        with pytest.raises(KeyError):
            mirror.remove_as("ann", "1")
        mirror.remove_as("ann", nice)
        assert [card.account for card in mirror.cards() if card.kind == "comment"] == ["bob"]
        mirror.remove_as("colleague", photo_id)
        assert news.code("photos.getInfo", photo_id=photo_id) == 1

    def test_an_album_changed_and_removed_by_hand_leaves_its_photos(self, mirror: FlickrMirror, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        made = news.call("photosets.create", title="Davos", primary_photo_id=photo_id)["photoset"]["id"]
        mirror.edit_as("colleague", made, "All days")
        assert {card.text for card in mirror.cards() if card.kind == "album"} == {"All days"}
        mirror.remove_as("colleague", made)
        assert [card.kind for card in mirror.cards()] == ["photo"]

    def test_views_and_favorites_move_with_the_clock(self, mirror: FlickrMirror, news: Caller) -> None:
        public, private = news.photo(jpeg()), news.photo(jpeg(1), **PRIVATE)
        assert news.call("photos.getInfo", photo_id=public)["photo"]["views"] == "0"
        mirror.clock.advance(86_400)
        rows = news.call("people.getPhotos", user_id="me", extras="views")["photos"]["photo"]
        views = {row["id"]: int(row["views"]) for row in rows}
        assert (views[public] > 100, views[private]) == (True, 0)
        assert news.call("photos.getInfo", photo_id=public)["photo"]["views"] == str(views[public])
        liked = news.call("photos.getFavorites", photo_id=public, per_page="3")["photo"]
        assert (len(liked["person"]), liked["total"] > 3) == (3, True)
        assert news.code("photos.getFavorites", photo_id="1") == 1


@pytest.mark.documentation
class TestVisitors:
    def test_a_public_photo_is_served_and_a_private_one_is_not(self, mirror: FlickrMirror, client: Client, news: Caller) -> None:
        photo_id = news.photo(jpeg())
        url = mirror.photos[photo_id].image_url
        served = client.get(url)
        assert (served.status_code, served.mimetype, served.data) == (200, "image/jpeg", jpeg())
        news.call("photos.setPerms", photo_id=photo_id, **{**PERMS, "is_public": "0"})
        assert client.get(url).status_code == 404
        assert client.get("https://live.staticflickr.com/65535/1_ab_b.jpg").status_code == 404

    def test_a_short_address_leads_to_the_photos_page(self, client: Client, news: Caller) -> None:
        number, short = int(news.photo(jpeg())), ""
        alphabet = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
        photo_id = str(number)
        while number:
            number, digit = divmod(number, 58)
            short = alphabet[digit] + short
        response = client.get(f"https://flic.kr/p/{short}")
        assert (response.status_code, response.location) == (302, f"https://www.flickr.com/photos/news/{photo_id}/")
        assert client.get("https://flic.kr/p/2").status_code == 404

    def test_an_album_shows_its_public_photos_with_titles_as_alt_text(
        self, mirror: FlickrMirror, news: Caller, album: str, photos: list[str]
    ) -> None:
        private = news.photo(jpeg(9), title="Secret", **PRIVATE)
        news.call("photosets.editPhotos", photoset_id=album, primary_photo_id=photos[0], photo_ids=f"{photos[0]},{private}")
        news.call("photos.setMeta", photo_id=photos[0], title="Hall", description="The plenary hall, full")
        news.call("photos.licenses.setLicense", photo_id=photos[0], license_id="11")
        cards = {card.id: card for card in mirror.cards()}
        assert cards.keys() == {album, *photos}
        [picture] = cards[album].pictures
        assert (picture.alt, picture.caption, picture.kind) == ("Hall", "The plenary hall, full", "photo")
        assert (cards[album].kind, cards[album].title, cards[album].text) == ("album", "Davos", "2026")
        assert cards[album].facts == {"photos": "1", "licence": "CC BY 4.0"}
        assert (cards[photos[0]].parent, cards[photos[1]].parent) == (album, "")

    def test_an_album_without_a_public_photo_is_not_seen(self, mirror: FlickrMirror, news: Caller) -> None:
        photo_id = news.photo(jpeg(), **PRIVATE)
        news.call("photosets.create", title="Davos", primary_photo_id=photo_id)
        assert mirror.cards() == []

    def test_permalinks_open_for_what_is_public(self, client: Client, news: Caller, album: str, photos: list[str]) -> None:
        private = news.photo(jpeg(9), **PRIVATE)
        pages = [f"albums/{album}", f"{photos[0]}/", f"{private}/"]
        statuses = [client.get(f"https://www.flickr.com/photos/news/{page}").status_code for page in pages]
        assert statuses == [200, 200, 404]

    def test_a_permalink_with_the_members_id_leads_to_the_one_with_their_name(
        self, client: Client, news: Caller, album: str
    ) -> None:
        response = client.get(f"https://www.flickr.com/photos/{news.account.id}/albums/{album}")
        assert (response.status_code, response.location) == (302, f"https://www.flickr.com/photos/news/albums/{album}")

    def test_comments_stand_under_their_photo(self, mirror: FlickrMirror, news: Caller, reader: Caller) -> None:
        photo_id = news.photo(jpeg())
        reader.call("photos.comments.addComment", photo_id=photo_id, comment_text="Nice")
        [comment] = [card for card in mirror.cards() if card.kind == "comment"]
        assert (comment.account, comment.text, comment.parent) == ("reader", "Nice", photo_id)

    def test_a_reset_leaves_nothing(self, mirror: FlickrMirror, news: Caller) -> None:
        news.photo(jpeg())
        mirror.reset()
        assert mirror.cards() == []
        assert news.code("test.login") == 100


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    folder = os.environ.get("SOCIALCAST_SPECS")
    if not folder:
        pytest.skip("SOCIALCAST_SPECS does not name the folder with flickr-methods.json")
    return json.loads((Path(folder) / "flickr-methods.json").read_text())


# Newer than the description: seen on the methods' own pages.
NEW_METHODS = {"flickr.photos.licenses.getAvailable"}
NEW_ARGUMENTS = {"flickr.photosets.getPhotos": {"user_id"}, "flickr.photosets.getInfo": {"user_id"}}
NEW_ERRORS = {
    "flickr.photos.licenses.setLicense": {4},
    "flickr.photosets.editPhotos": {10},
    "flickr.photosets.getPhotos": {2},
    "flickr.photosets.getInfo": {2},
}


@pytest.mark.description
@pytest.mark.parametrize("method", [m for m in METHODS.values() if m.name not in NEW_METHODS], ids=lambda method: method.name)
class TestDescription:
    def test_the_permission_is_the_described_one(self, described: dict[str, Any], method: Any) -> None:
        assert method.perms == described[method.name]["perms"]

    def test_the_required_arguments_are_the_described_ones(self, described: dict[str, Any], method: Any) -> None:
        required = {name for name, need in described[method.name]["args"].items() if need == "required"}
        assert set(method.required) == required | NEW_ARGUMENTS.get(method.name, set())

    def test_the_optional_arguments_are_described(self, described: dict[str, Any], method: Any) -> None:
        assert set(method.optional) <= described[method.name]["args"].keys()

    def test_the_errors_are_the_described_ones(self, described: dict[str, Any], method: Any) -> None:
        labels = {int(code): label for code, label in described[method.name]["errors"].items()}
        mine = {code: label for code, label in method.errors.items() if code not in NEW_ERRORS.get(method.name, set())}
        assert mine == {code: labels.get(code) for code in mine}


class ToSandbox(HTTPAdapter):
    """Sends every host's requests to the sandbox, under the host's own name."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        host = (request.url or "").split("/")[2]
        request.headers["Host"] = host
        request.url = (request.url or "").replace(f"https://{host}", self.url.rstrip("/"))
        return super().send(request, *args, **options)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"flickr": FlickrMirror}) as running:
        yield running


@pytest.mark.documentation
def test_flickrapi_uploads_and_reads_back(sandbox: Sandbox) -> None:
    """The client library that publishers use gets on with the mirror, non-ASCII fields included."""
    flickrapi = pytest.importorskip("flickrapi")
    given = sandbox.account("flickr", "news").credentials
    token = flickrapi.auth.FlickrAccessToken(given["oauth_token"], given["oauth_token_secret"], "delete")
    flickr = flickrapi.FlickrAPI(given["api_key"], given["api_secret"], token=token, format="parsed-json", timeout=10)
    with requests.Session() as session:
        session.mount("https://", ToSandbox(sandbox.url))
        flickr.flickr_oauth.session = session
        fields = {"title": "Größe & ~ 100 %", "tags": 'davos "open source" socialcast:id=01jabc', "is_public": "0"}
        answer = flickr.upload("hall.jpg", fileobj=io.BytesIO(jpeg()), format="etree", **fields)
        [row] = flickr.people.getPhotos(user_id="me", extras="machine_tags")["photos"]["photo"]
        assert (row["id"], row["title"]) == (answer.findtext("photoid"), "Größe & ~ 100 %")
        assert row["machine_tags"] == "socialcast:id=01jabc"
        with pytest.raises(flickrapi.exceptions.FlickrError, match="Photo not found") as refused:
            flickr.photos.licenses.setLicense(photo_id="1", license_id="4")
        assert refused.value.code == 1
