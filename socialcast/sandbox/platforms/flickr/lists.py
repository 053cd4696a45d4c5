"""Lists of photos, and what a caller learns about themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from math import inf

from socialcast.sandbox.audience import Audience
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, content, paged
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.state import SERVER, Call, Member, Photo
from socialcast.sandbox.platforms.flickr.tags import clean_tag, machine_tag_query, split

__all__ = ["Lists", "People", "row"]

_DEFAULT_PAGE_PHOTOS = 100
_BYTES_PER_KB = 1024
_BANDWIDTH_BYTES = 1 << 40  # nothing is limited by the month any more; the field is still there
_CRITERIA = ("user_id", "tags", "text", "machine_tags", "min_upload_date", "max_upload_date")

_EXTRAS: Mapping[str, Callable[[Photo], Payload]] = {
    "date_upload": lambda photo: {"dateupload": str(int(photo.posted))},
    "date_taken": lambda photo: {"datetaken": photo.taken, "datetakengranularity": photo.taken_granularity},
    "description": lambda photo: {"description": content(photo.description)},
    "last_update": lambda photo: {"lastupdate": str(int(photo.updated))},
    "license": lambda photo: {"license": photo.license.id},
    "machine_tags": lambda photo: {"machine_tags": " ".join(tag.clean for tag in photo.tags.values() if tag.machine)},
    "media": lambda photo: {"media": photo.file.kind, "media_status": "ready"},
    "o_dims": lambda photo: {"o_width": str(photo.file.width), "o_height": str(photo.file.height)},
    "original_format": lambda photo: {"originalsecret": photo.original_secret, "originalformat": photo.file.format},
    "owner_name": lambda photo: {"ownername": photo.owner.name},
    "path_alias": lambda photo: {"pathalias": photo.owner.name},
    "tags": lambda photo: {"tags": " ".join(photo.tags)},
    "url_l": lambda photo: {"url_l": photo.image_url},
    "url_o": lambda photo: {"url_o": photo.original_url, "height_o": photo.file.height, "width_o": photo.file.width},
}


def row(photo: Photo, extras: str, reach: Audience) -> Payload:
    """A photo in a list, with the extras that were asked for."""
    views = {"views": str(reach.views)}
    basic = {
        "id": photo.id,
        "owner": photo.owner.nsid,
        "secret": photo.secret,
        "server": SERVER,
        "farm": 66,
        "title": photo.title,
        "ispublic": int(photo.is_public),
        "isfriend": int(photo.is_friend),
        "isfamily": int(photo.is_family),
    }
    for name in extras.split(","):
        basic |= _EXTRAS[name.strip()](photo) if name.strip() in _EXTRAS else {}
        basic |= views if name.strip() == "views" else {}
    return basic


class People(FlickrApi):
    """flickr.test.*, flickr.auth.* and flickr.people.getUploadStatus"""

    @rest
    def test_login(self, call: Call) -> Payload:
        """Who calls."""
        member = call.caller
        return {"user": {"id": member.nsid, "username": content(member.name), "path_alias": member.name}}

    @rest
    def auth_oauth_check_token(self, call: Call) -> Payload:
        """What the caller's token is good for."""
        member = call.caller
        user = {"nsid": member.nsid, "username": member.name, "fullname": member.name}
        return {"oauth": {"token": content(call.get("oauth_token")), "perms": content(member.perms), "user": user}}

    @rest
    def people_get_upload_status(self, call: Call) -> Payload:
        """How much the caller may upload, and how much they have."""
        member = call.caller
        photos = self.photos_of[member.nsid].values()
        videos = sum(photo.file.kind == "video" for photo in photos)
        sets = sum(photoset.owner == member for photoset in self.photosets.values())
        return {
            "user": {
                "id": member.nsid,
                "ispro": int(member.pro),
                "username": content(member.name),
                "bandwidth": _bytes(_BANDWIDTH_BYTES) | _bytes(0, "used") | _bytes(_BANDWIDTH_BYTES, "remaining"),
                "filesize": _bytes(self.limits.photo_max_bytes),
                "videosize": _bytes(self.limits.video_max_bytes),
                "sets": {"created": sets, "remaining": "lots"},
                "videos": {"uploaded": videos, "remaining": "lots"},
            }
        }


class Lists(FlickrApi):
    """flickr.people.getPhotos, flickr.photos.search and flickr.photos.recentlyUpdated"""

    @rest
    def people_get_photos(self, call: Call) -> Payload:
        """A member's photostream, newest first, without any lag."""
        owner = self.person(call.get("user_id"), call, code=2)
        return self._list(call, self._uploaded(call, owner))

    @rest
    def photos_recently_updated(self, call: Call) -> Payload:
        """The caller's photos that were added or changed since a time, the last changed first."""
        since = call.moment("min_date", 0)
        changed = [photo for photo in self.photos_of[call.caller.nsid].values() if int(photo.updated) >= since]
        extras = f"last_update,{call.get('extras')}"
        return self._list(call, sorted(changed, key=lambda photo: photo.updated, reverse=True), extras)

    @rest
    def photos_search(self, call: Call) -> Payload:
        """Photos by owner, tags, machine tags or words; it knows new ones late, and no more than 4,000."""
        if not any(call.get(name) for name in _CRITERIA):
            raise Fail(3)
        owner = self.person(call.get("user_id"), call, code=2) if call.get("user_id") else None
        before = self.clock.now() - self.search_lag_seconds
        indexed = (photo for photo in self._uploaded(call, owner) if photo.uploaded <= before and self._searchable(call, photo))
        tests = [*self._tag_tests(call), *self._machine_tag_tests(call), *_text_tests(call)]
        found = (photo for photo in indexed if all(test(photo) for test in tests))
        return self._list(call, list(islice(found, self.limits.search_max_photos)))

    def _searchable(self, call: Call, photo: Photo) -> bool:
        return photo.owner == call.member or not photo.hidden

    def _uploaded(self, call: Call, owner: Member | None) -> list[Photo]:
        photos = self.photos_of[owner.nsid] if owner else self.photos
        earliest, latest = call.moment("min_upload_date", 0), call.moment("max_upload_date", inf)
        seen = (photo for photo in reversed(photos.values()) if self.sees(call.member, photo))
        return [photo for photo in seen if earliest <= int(photo.posted) <= latest]

    def _list(self, call: Call, photos: list[Photo], extras: str | None = None) -> Payload:
        most = self.limits.page_max_photos
        attributes, page = paged(photos, call.get("page"), call.get("per_page"), _DEFAULT_PAGE_PHOTOS, most)
        wanted = call.get("extras") if extras is None else extras
        return {"photos": {**attributes, "photo": [row(photo, wanted, self.reach(photo)) for photo in page]}}

    def _tag_tests(self, call: Call) -> Iterable[Callable[[Photo], bool]]:
        wanted = [clean_tag(word.strip()) for word in call.get("tags").split(",") if word.strip()]
        if wanted:
            holds = all if call.get("tag_mode") == "all" else any
            yield lambda photo: holds(clean in photo.tags for clean in wanted)

    def _machine_tag_tests(self, call: Call) -> Iterable[Callable[[Photo], bool]]:
        if not call.get("machine_tags"):
            return
        needs_all = call.get("machine_tag_mode") == "all"
        wanted = machine_tag_query(call.get("machine_tags").split(","))
        most = self.limits.search_max_machine_tags_all if needs_all else self.limits.search_max_machine_tags_any
        if not wanted:
            raise Fail(11)
        if len(wanted) > most:
            raise Fail(12)
        holds = all if needs_all else any
        yield lambda photo: holds(
            any(tag.machine and tag.machine.answers(query) for tag in photo.tags.values()) for query in wanted
        )


def _text_tests(call: Call) -> Iterable[Callable[[Photo], bool]]:
    words = split(call.get("text").lower())
    if words:
        yield lambda photo: all(word in f"{photo.title} {photo.description} {' '.join(photo.tags)}".lower() for word in words)


def _bytes(count: int, what: str = "max") -> Payload:
    return {f"{what}bytes": str(count), f"{what}kb": str(count // _BYTES_PER_KB)}
