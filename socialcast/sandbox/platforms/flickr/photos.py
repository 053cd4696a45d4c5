"""What is done to one photo."""

from __future__ import annotations

from socialcast.sandbox.audience import Audience
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, content, paged
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.state import SERVER, Call, Photo
from socialcast.sandbox.platforms.flickr.tables import LICENSES, License
from socialcast.sandbox.platforms.flickr.tags import Tag, split, tag_set

__all__ = ["Licenses", "Photos"]

_DEFAULT_FAVORITES, _MOST_FAVORITES = 10, 50
_GRANULARITIES = frozenset({"0", "4", "6", "8"})


class Photos(FlickrApi):
    """flickr.photos.*"""

    @rest
    def photos_get_info(self, call: Call) -> Payload:
        """Everything about a photo; its secret opens a private one."""
        photo = self.photos.get(call.get("photo_id"))
        if photo is None or not (self.sees(call.member, photo) or call.get("secret") == photo.secret):
            raise Fail(1)
        return {"photo": _info(photo, self.reach(photo), own=photo.owner == call.member)}

    @rest
    def photos_get_favorites(self, call: Call) -> Payload:
        """How many favour it and, page by page, who; they are people whom only their number tells apart."""
        photo = self.photo(call.get("photo_id"), call)
        numbers = range(self.reach(photo).likes)
        attributes, page = paged(numbers, call.get("page"), call.get("per_page"), _DEFAULT_FAVORITES, _MOST_FAVORITES)
        people = [{"nsid": f"{number:09d}@N02", "username": f"visitor {number}"} for number in page]
        return {"photo": {"id": photo.id, "secret": photo.secret, "server": SERVER, "farm": 66, **attributes, "person": people}}

    @rest
    def photos_set_meta(self, call: Call) -> Payload:
        """Title and description."""
        photo = self.own_photo(call.get("photo_id"), call)
        photo.title, photo.description = call.get("title"), call.get("description")
        self.touch(photo)
        return {}

    @rest
    def photos_set_tags(self, call: Call) -> Payload:
        """These tags and no others."""
        photo = self.own_photo(call.get("photo_id"), call)
        self._put_tags(photo, split(call.get("tags")))
        return {}

    @rest
    def photos_add_tags(self, call: Call) -> Payload:
        """These tags as well."""
        photo = self.own_photo(call.get("photo_id"), call)
        self._put_tags(photo, [*(tag.raw for tag in photo.tags.values()), *split(call.get("tags"))])
        return {}

    def _put_tags(self, photo: Photo, words: list[str]) -> None:
        tags = tag_set(words)
        if len(tags) > self.limits.photo_max_tags:
            raise Fail(2)
        photo.tags = tags
        self.touch(photo)

    @rest
    def photos_remove_tag(self, call: Call) -> Payload:
        """The tag with that id, which names its photo."""
        tag_id = call.get("tag_id")
        photo = self.own_photo(tag_id.split("-")[1] if tag_id.count("-") == 2 else "", call)
        clean = next((tag.clean for tag in photo.tags.values() if photo.tag_id(tag) == tag_id), None)
        if clean is None:
            raise Fail(1)
        del photo.tags[clean]
        self.touch(photo)
        return {}

    @rest
    def photos_set_perms(self, call: Call) -> Payload:
        """Who sees it, who comments on it, who adds tags to it."""
        photo = self.own_photo(call.get("photo_id"), call)
        photo.is_public, photo.is_friend, photo.is_family = (
            call.get(name) == "1" for name in ("is_public", "is_friend", "is_family")
        )
        photo.perm_comment, photo.perm_addmeta = call.get("perm_comment"), call.get("perm_addmeta")
        self.touch(photo)
        return {"photoid": {"secret": photo.secret, "originalsecret": photo.original_secret, **content(photo.id)}}

    @rest
    def photos_set_safety_level(self, call: Call) -> Payload:
        """How safe it is, and whether searches hide it."""
        photo = self.own_photo(call.get("photo_id"), call)
        if not (call.get("safety_level") or call.get("hidden")):
            raise Fail(2)
        photo.safety_level = call.get("safety_level", photo.safety_level)
        photo.hidden = call.get("hidden") == "1" if call.get("hidden") else photo.hidden
        self.touch(photo)
        return {"photo": {"id": photo.id, "safety_level": photo.safety_level, "hidden": int(photo.hidden)}}

    @rest
    def photos_set_content_type(self, call: Call) -> Payload:
        """Photo, screenshot or other."""
        photo = self.own_photo(call.get("photo_id"), call)
        photo.content_type = call.get("content_type")
        self.touch(photo)
        return {"photo": {"id": photo.id, "content_type": photo.content_type}}

    @rest
    def photos_set_dates(self, call: Call) -> Payload:
        """When it was posted and when it was taken."""
        photo = self.own_photo(call.get("photo_id"), call)
        if not (call.get("date_posted") or call.get("date_taken")):
            raise Fail(2)
        if call.get("date_taken_granularity", "0") not in _GRANULARITIES:
            raise Fail(3)
        photo.posted = call.moment("date_posted", photo.posted)
        photo.taken = call.get("date_taken", photo.taken)
        photo.taken_granularity = call.get("date_taken_granularity", photo.taken_granularity)
        self.touch(photo)
        return {}

    @rest
    def photos_delete(self, call: Call) -> Payload:
        """Gone, from albums too."""
        self.remove(self.own_photo(call.get("photo_id"), call))
        return {}


class Licenses(FlickrApi):
    """flickr.photos.licenses.*"""

    @rest
    def photos_licenses_get_info(self, call: Call) -> Payload:
        """All licences there are."""
        return {"licenses": {"license": [_license(one) for one in LICENSES.values()]}}

    @rest
    def photos_licenses_get_available(self, call: Call) -> Payload:
        """The licences that an ordinary account can give this photo."""
        self.photo(call.get("photo_id"), call)
        return {"available_licenses": {"license": [_license(one) for one in LICENSES.values() if one.chosen]}}

    @rest
    def photos_licenses_set_license(self, call: Call) -> Payload:
        """This licence from now on."""
        photo = self.settled_photo(call.get("photo_id"), call)
        wanted = LICENSES.get(call.get("license_id"))
        if wanted is None:
            raise Fail(2)
        if not wanted.chosen:
            raise Fail(4)
        photo.license = wanted
        self.touch(photo)
        return {}


def _license(one: License) -> Payload:
    return {"id": one.id, "name": one.name, "url": one.url}


def _tag(photo: Photo, tag: Tag) -> Payload:
    return {
        "id": photo.tag_id(tag),
        "author": photo.owner.nsid,
        "authorname": photo.owner.name,
        "raw": tag.raw,
        "machine_tag": int(tag.machine is not None),
        **content(tag.clean),
    }


def _info(photo: Photo, reach: Audience, *, own: bool) -> Payload:
    visibility = {
        "ispublic": int(photo.is_public),
        "isfriend": int(photo.is_friend),
        "isfamily": int(photo.is_family),
    }
    permissions = {"permcomment": photo.perm_comment, "permaddmeta": photo.perm_addmeta}
    return {
        "id": photo.id,
        "secret": photo.secret,
        "server": SERVER,
        "farm": 66,
        "dateuploaded": str(int(photo.posted)),
        "license": photo.license.id,
        # Answers count from 0, requests from 1.
        "safety_level": str(int(photo.safety_level) - 1),
        "originalsecret": photo.original_secret,
        "originalformat": photo.file.format,
        "views": str(reach.views),
        "media": photo.file.kind,
        "owner": {"nsid": photo.owner.nsid, "username": photo.owner.name, "path_alias": photo.owner.name},
        "title": content(photo.title),
        "description": content(photo.description),
        "visibility": visibility,
        "dates": {
            "posted": str(int(photo.posted)),
            "taken": photo.taken,
            "takengranularity": photo.taken_granularity,
            "lastupdate": str(int(photo.updated)),
        },
        **({"permissions": permissions} if own else {}),
        "comments": content(str(len(photo.comments))),
        "tags": {"tag": [_tag(photo, tag) for tag in photo.tags.values()]},
        "urls": {"url": [{"type": "photopage", **content(photo.page_url)}]},
    }
