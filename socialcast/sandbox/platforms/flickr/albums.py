"""Albums, which the API calls photosets."""

from __future__ import annotations

from collections.abc import Iterable

from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, content, paged
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.lists import row
from socialcast.sandbox.platforms.flickr.state import SERVER, Call, Member, Photoset

__all__ = ["Albums"]

_NOT_FOUND, _NO_PRIMARY, _PRIMARY_NOT_LISTED, _EMPTY, _FULL = 2, 3, 4, 5, 10
_ALREADY_IN_SET = 3


class Albums(FlickrApi):
    """flickr.photosets.*"""

    @rest
    def photosets_create(self, call: Call) -> Payload:
        """A new album each time, even under the same title."""
        if not call.get("title").strip():
            raise Fail(1)
        photo = self.own_photo(call.get("primary_photo_id"), call, code=_NOT_FOUND)
        photoset = Photoset(
            id=f"721777{self.ids.digits(11)}",
            owner=call.caller,
            title=call.get("title"),
            description=call.get("description"),
            primary=photo.id,
            created=self.clock.now(),
            updated=self.clock.now(),
            photos={photo.id: None},
        )
        self.photosets[photoset.id] = photoset
        return {"photoset": {"id": photoset.id, "url": photoset.page_url}}

    @rest
    def photosets_add_photo(self, call: Call) -> Payload:
        """One more photo, at the end."""
        photoset = self.own_photoset(call)
        photo = self.settled_photo(call.get("photo_id"), call, code=_NOT_FOUND)
        if photo.id in photoset.photos:
            raise Fail(_ALREADY_IN_SET)
        if len(photoset.photos) >= self.limits.album_max_photos:
            raise Fail(_FULL)
        photoset.photos[photo.id] = None
        self.touch(photoset)
        return {}

    @rest
    def photosets_edit_photos(self, call: Call) -> Payload:
        """These photos in this order and no others."""
        photoset = self.own_photoset(call)
        photo_ids = dict.fromkeys(_split(call.get("photo_ids")))
        if not photo_ids:
            raise Fail(_EMPTY)
        primary = self.own_photo(call.get("primary_photo_id"), call, code=_NO_PRIMARY)
        if primary.id not in photo_ids:
            raise Fail(_PRIMARY_NOT_LISTED)
        if len(photo_ids) > self.limits.album_max_photos:
            raise Fail(_FULL)
        photoset.photos = {self.own_photo(photo_id, call, code=_NOT_FOUND).id: None for photo_id in photo_ids}
        photoset.primary = primary.id
        self.touch(photoset)
        return {}

    @rest
    def photosets_reorder_photos(self, call: Call) -> Payload:
        """These photos first, the others after them as they were."""
        photoset = self.own_photoset(call)
        photo_ids = dict.fromkeys(_split(call.get("photo_ids")))
        if not photo_ids or not photo_ids.keys() <= photoset.photos.keys():
            raise Fail(_NOT_FOUND)
        photoset.photos = photo_ids | photoset.photos
        self.touch(photoset)
        return {}

    @rest
    def photosets_edit_meta(self, call: Call) -> Payload:
        """Title and description."""
        photoset = self.own_photoset(call)
        if not call.get("title").strip():
            raise Fail(2)
        photoset.title, photoset.description = call.get("title"), call.get("description")
        self.touch(photoset)
        return {}

    @rest
    def photosets_delete(self, call: Call) -> Payload:
        """The album is gone; its photos stay."""
        del self.photosets[self.own_photoset(call).id]
        return {}

    @rest
    def photosets_get_list(self, call: Call) -> Payload:
        """A member's albums, the newest first."""
        owner = self.person(call.get("user_id"), call, code=1) if call.get("user_id") else call.caller
        shown = [one for one in reversed(self.photosets.values()) if one.owner == owner and self.shown(one, call.member)]
        most = self.limits.page_max_photos
        attributes, page = paged(shown, call.get("page"), call.get("per_page"), most, most)
        return {"photosets": {**attributes, "photoset": [self._describe(one, call.member) for one in page]}}

    @rest
    def photosets_get_info(self, call: Call) -> Payload:
        """One album."""
        return {"photoset": self._describe(self._seen_photoset(call), call.member)}

    @rest
    def photosets_get_photos(self, call: Call) -> Payload:
        """The photos of an album, in its order."""
        photoset = self._seen_photoset(call)
        photos, most = self.shown(photoset, call.member), self.limits.page_max_photos
        attributes, page = paged(photos, call.get("page"), call.get("per_page"), most, most)
        rows = [
            {**row(photo, call.get("extras"), self.reach(photo)), "isprimary": int(photo.id == photoset.primary)}
            for photo in page
        ]
        head = {"id": photoset.id, "primary": photoset.primary, "owner": photoset.owner.nsid, "ownername": photoset.owner.name}
        return {"photoset": {**head, **attributes, "title": photoset.title, "photo": rows}}

    def _seen_photoset(self, call: Call) -> Photoset:
        owner = self.person(call.get("user_id"), call, code=2)
        photoset = self.photosets.get(call.get("photoset_id"))
        if photoset is None or photoset.owner != owner or not self.shown(photoset, call.member):
            raise Fail(1)
        return photoset

    def _describe(self, photoset: Photoset, member: Member | None) -> Payload:
        photos = self.shown(photoset, member)
        videos = sum(photo.file.kind == "video" for photo in photos)
        primary = self.photos[photoset.primary]
        return {
            "id": photoset.id,
            "owner": photoset.owner.nsid,
            "username": photoset.owner.name,
            "primary": primary.id,
            "secret": primary.secret,
            "server": SERVER,
            "farm": 66,
            "photos": len(photos) - videos,
            "videos": videos,
            "count_photos": str(len(photos) - videos),
            "count_videos": str(videos),
            "count_views": str(self.album_reach(photoset).views),
            "count_comments": str(len(photoset.comments)),
            "can_comment": int(member is not None),
            "date_create": str(int(photoset.created)),
            "date_update": str(int(photoset.updated)),
            "title": content(photoset.title),
            "description": content(photoset.description),
        }


def _split(photo_ids: str) -> Iterable[str]:
    return (photo_id.strip() for photo_id in photo_ids.split(",") if photo_id.strip())
