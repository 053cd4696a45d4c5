"""The comments under a photo or an album, which stand side by side, and the people who write them."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, content
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.state import Call, Comment, Member, Photo, Photoset

__all__ = ["Comments"]


class Comments(FlickrApi):
    """flickr.photos.comments.* and flickr.photosets.comments.*"""

    @rest
    def photos_comments_get_list(self, call: Call) -> Payload:
        """The comments, oldest first; without any the key is missing."""
        photo = self.photo(call.get("photo_id"), call)
        earliest, latest = call.moment("min_comment_date", 0), call.moment("max_comment_date", inf)
        comments = [one for one in photo.comments.values() if earliest <= int(one.at) <= latest]
        return {"comments": {"photo_id": photo.id, **_listed(photo, comments)}}

    @rest
    def photos_comments_add_comment(self, call: Call) -> Payload:
        """A comment by the caller, where the owner lets others comment."""
        photo = self.photo(call.get("photo_id"), call)
        if not call.get("comment_text").strip():
            raise Fail(8)
        if not _may_comment(call.caller, photo):
            raise Fail(99)
        return {"comment": {"id": self._comment(call.caller, photo, call.get("comment_text")).id}}

    @rest
    def photos_comments_edit_comment(self, call: Call) -> Payload:
        """Another text for a comment of the caller's own."""
        photo, comment = self._found(call)
        if comment.author != call.caller:
            raise Fail(2)
        if not call.get("comment_text").strip():
            raise Fail(8)
        comment.text = call.get("comment_text")
        self.touch(photo)
        return {}

    @rest
    def photos_comments_delete_comment(self, call: Call) -> Payload:
        """Gone, if the caller wrote it or has the photo."""
        photo, comment = self._found(call)
        if call.caller not in (comment.author, photo.owner):
            raise Fail(2)
        del photo.comments[comment.id]
        self.touch(photo)
        return {}

    @rest
    def photosets_comments_get_list(self, call: Call) -> Payload:
        """The comments of an album, oldest first; those of its photos are not among them."""
        photoset = self._photoset(call.get("photoset_id"), call)
        return {"comments": {"photoset_id": photoset.id, **_listed(photoset, photoset.comments.values())}}

    @rest
    def photosets_comments_add_comment(self, call: Call) -> Payload:
        """A comment by the caller on an album that they see."""
        photoset = self._photoset(call.get("photoset_id"), call)
        if not call.get("comment_text").strip():
            raise Fail(8)
        return {"comment": {"id": self._comment(call.caller, photoset, call.get("comment_text")).id}}

    @rest
    def photosets_comments_edit_comment(self, call: Call) -> Payload:
        """Another text for a comment of the caller's own."""
        _, comment = self._found_on_album(call)
        if comment.author != call.caller:
            raise Fail(2)
        if not call.get("comment_text").strip():
            raise Fail(8)
        comment.text = call.get("comment_text")
        return {}

    @rest
    def photosets_comments_delete_comment(self, call: Call) -> Payload:
        """Gone, if the caller wrote it or has the album."""
        photoset, comment = self._found_on_album(call)
        if call.caller not in (comment.author, photoset.owner):
            raise Fail(2)
        del photoset.comments[comment.id]
        return {}

    # -- by hand -------------------------------------------------------------------------------------------------------

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A member comments on a public photo or album; whoever answers a comment names its author, as all comments stand side
        by side."""
        place, comment = self._meant(id)
        author = self._member(name)
        if not self._is_open(place, author):
            raise UnplayedError(f"{name} cannot comment here")
        named = f"[https://www.flickr.com/photos/{comment.author.nsid}] " if comment else ""
        return self._comment(author, place, f"{named}{_checked(text)}").id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A member changes an own comment; the owner, signed in on the site, the description of a photo or an album."""
        place, comment = self._meant(id)
        if comment and comment.author.name != name:
            raise UnplayedError(f"the comment is {comment.author.name}'s to change")
        if comment:
            comment.text = _checked(text)
        else:
            place.description = text
        if isinstance(place, Photo):
            self.touch(place)

    def remove_as(self, name: str, id: str) -> None:
        """The owner, or Flickr itself, takes away a comment, a photo, or an album without its photos."""
        place, comment = self._meant(id)
        if comment:
            del place.comments[id]
        elif isinstance(place, Photo):
            self.remove(place)
        else:
            del self.photosets[id]

    def _meant(self, id: str) -> tuple[Photo | Photoset, Comment | None]:
        """The photo or album, or the comment and where it stands, that have this id; KeyError for none of them."""
        places: dict[str, Photo | Photoset] = {**self.photos, **self.photosets}
        if id in places:
            return places[id], None
        place = next((place for place in places.values() if id in place.comments), None)
        if place is None:
            raise KeyError(id)
        return place, place.comments[id]

    def _is_open(self, place: Photo | Photoset, author: Member) -> bool:
        if isinstance(place, Photo):
            return place.is_public and _may_comment(author, place)
        return bool(self.shown(place, None))

    def _member(self, name: str) -> Member:
        known = next((member for member in self.members.values() if member.name == name), None)
        if known is None:
            known = Member(nsid=f"{self.ids.digits(11)}@N02", name=name, pro=False, perms="read")
            self.members[known.nsid], self.photos_of[known.nsid] = known, {}
        return known

    # -- what the calls share ------------------------------------------------------------------------------------------

    def _found(self, call: Call) -> tuple[Photo, Comment]:
        comment_id = call.get("comment_id")
        photo = self.photo(comment_id.split("-")[1] if comment_id.count("-") == 2 else "", call, code=2)
        if comment_id not in photo.comments:
            raise Fail(2)
        return photo, photo.comments[comment_id]

    def _photoset(self, id: str, call: Call, code: int = 1) -> Photoset:
        photoset = self.photosets.get(id)
        if photoset is None or not self.shown(photoset, call.member):
            raise Fail(code)
        return photoset

    def _found_on_album(self, call: Call) -> tuple[Photoset, Comment]:
        comment_id = call.get("comment_id")
        photoset = self._photoset(comment_id.split("-")[1] if comment_id.count("-") == 2 else "", call, code=2)
        if comment_id not in photoset.comments:
            raise Fail(2)
        return photoset, photoset.comments[comment_id]

    def _comment(self, author: Member, place: Photo | Photoset, text: str) -> Comment:
        number = f"{author.number}-{place.id}-721577{self.ids.digits(11)}"
        place.comments[number] = Comment(id=number, author=author, at=self.clock.now(), text=text)
        if isinstance(place, Photo):
            self.touch(place)
        return place.comments[number]


def _may_comment(member: Member, photo: Photo) -> bool:
    """Anybody for 3, the owner for less, as nobody in the sandbox has friends, family or contacts."""
    return photo.perm_comment == "3" or member == photo.owner


def _checked(text: str) -> str:
    if not text.strip():
        raise UnplayedError("a comment has words")
    return text


def _listed(place: Photo | Photoset, comments: Iterable[Comment]) -> Payload:
    found = [_told(place, comment) for comment in comments]
    return {"comment": found} if found else {}


def _told(place: Photo | Photoset, comment: Comment) -> Payload:
    return {
        "id": comment.id,
        "author": comment.author.nsid,
        "authorname": comment.author.name,
        "datecreate": str(int(comment.at)),
        "permalink": f"{place.page_url}#comment{comment.id.rpartition('-')[2]}",
        **content(comment.text),
    }
