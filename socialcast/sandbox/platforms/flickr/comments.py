"""The comments under a photo, which stand side by side, and the people who write them."""

from __future__ import annotations

from math import inf

from socialcast.sandbox.mirror import UnplayedError
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, content
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.state import Call, Comment, Member, Photo

__all__ = ["Comments"]


class Comments(FlickrApi):
    """flickr.photos.comments.*"""

    @rest
    def photos_comments_get_list(self, call: Call) -> Payload:
        """The comments, oldest first; without any the key is missing."""
        photo = self.photo(call.get("photo_id"), call)
        earliest, latest = call.moment("min_comment_date", 0), call.moment("max_comment_date", inf)
        found = [_comment(photo, one) for one in photo.comments.values() if earliest <= int(one.at) <= latest]
        return {"comments": {"photo_id": photo.id, **({"comment": found} if found else {})}}

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

    # -- by hand -------------------------------------------------------------------------------------------------------

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A member comments on a public photo; whoever answers a comment names its author, as all comments stand side by side."""
        photo, comment = self._meant(id)
        author = self._member(name)
        if not photo.is_public or not _may_comment(author, photo):
            raise UnplayedError(f"{name} cannot comment on this photo")
        named = f"[https://www.flickr.com/photos/{comment.author.nsid}] " if comment else ""
        return self._comment(author, photo, f"{named}{_checked(text)}").id

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A member changes an own comment; the owner, signed in on the site, the description of a photo or an album."""
        if id in self.photosets:
            self.photosets[id].description = text
            return
        photo, comment = self._meant(id)
        if comment and comment.author.name != name:
            raise UnplayedError(f"the comment is {comment.author.name}'s to change")
        if comment:
            comment.text = _checked(text)
        else:
            photo.description = text
        self.touch(photo)

    def remove_as(self, name: str, id: str) -> None:
        """The owner, or Flickr itself, takes away a comment, a photo, or an album without its photos."""
        if id in self.photosets:
            del self.photosets[id]
            return
        photo, comment = self._meant(id)
        if comment:
            del photo.comments[id]
        else:
            self.remove(photo)

    def _meant(self, id: str) -> tuple[Photo, Comment | None]:
        """The photo, or the comment and its photo, that have this id; KeyError for neither."""
        if id in self.photos:
            return self.photos[id], None
        photo = next((photo for photo in self.photos.values() if id in photo.comments), None)
        if photo is None:
            raise KeyError(id)
        return photo, photo.comments[id]

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

    def _comment(self, author: Member, photo: Photo, text: str) -> Comment:
        number = f"{author.number}-{photo.id}-721577{self.ids.digits(11)}"
        photo.comments[number] = Comment(id=number, author=author, at=self.clock.now(), text=text)
        self.touch(photo)
        return photo.comments[number]


def _may_comment(member: Member, photo: Photo) -> bool:
    """Anybody for 3, the owner for less, as nobody in the sandbox has friends, family or contacts."""
    return photo.perm_comment == "3" or member == photo.owner


def _checked(text: str) -> str:
    if not text.strip():
        raise UnplayedError("a comment has words")
    return text


def _comment(photo: Photo, comment: Comment) -> Payload:
    return {
        "id": comment.id,
        "author": comment.author.nsid,
        "authorname": comment.author.name,
        "datecreate": str(int(comment.at)),
        "permalink": f"{photo.page_url}#comment{comment.id.rpartition('-')[2]}",
        **content(comment.text),
    }
