"""The REST methods that the mirror answers, as their pages describe them: permission, arguments, error codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["ENVELOPE", "METHODS", "Method"]

# What every call may carry besides its method's own arguments.
ENVELOPE = frozenset({"method", "format", "nojsoncallback", "jsoncallback", "api_key"})

_PAGING = ("extras", "per_page", "page")
_PHOTO = {1: "Photo not found"}
_SET = {1: "Photoset not found"}
_TAGS_FULL = {2: "Maximum number of tags reached"}
_NOT_ALL = {2: "Required arguments missing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One REST method; `missing` gives the error of each required argument that is absent or has an impossible value."""

    name: str
    perms: str = "none"
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    errors: Mapping[int, str] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def handler(self) -> str:
        """The name of the function that answers it: photos_set_meta for flickr.photos.setMeta."""
        words = self.name.removeprefix("flickr.").replace(".", "_")
        return re.sub("([A-Z])", r"_\1", words).lower()


def _write(
    name: str,
    *required: str,
    errors: Mapping[int, str],
    optional: tuple[str, ...] = (),
    missing: Mapping[str, int] = MappingProxyType({}),
) -> Method:
    return Method(name=name, perms="write", required=required, optional=optional, errors=errors, missing=missing)


_ALL = (
    Method(name="flickr.test.login", perms="read"),
    Method(name="flickr.auth.oauth.checkToken", required=("oauth_token",)),
    Method(name="flickr.people.getUploadStatus", perms="read"),
    Method(
        name="flickr.people.getPhotos",
        perms="read",
        required=("user_id",),
        optional=("min_upload_date", "max_upload_date", *_PAGING),
        errors={1: "Required arguments missing", 2: "Unknown user"},
    ),
    Method(
        name="flickr.photos.search",
        optional=(
            *("user_id", "tags", "tag_mode", "text", "machine_tags", "machine_tag_mode"),
            *("min_upload_date", "max_upload_date", *_PAGING),
        ),
        errors={
            2: "Unknown user",
            3: "Parameterless searches have been disabled",
            11: "No valid machine tags",
            12: "Exceeded maximum allowable machine tags",
        },
    ),
    Method(
        name="flickr.photos.recentlyUpdated",
        perms="read",
        required=("min_date",),
        optional=_PAGING,
        errors={1: "Required argument missing.", 2: "Not a valid date"},
    ),
    Method(name="flickr.photos.getInfo", required=("photo_id",), optional=("secret",), errors={1: "Photo not found."}),
    Method(name="flickr.photos.getFavorites", required=("photo_id",), optional=("page", "per_page"), errors=_PHOTO),
    _write("flickr.photos.setMeta", "photo_id", "title", "description", errors=_PHOTO),
    _write("flickr.photos.setTags", "photo_id", "tags", errors=_PHOTO | _TAGS_FULL),
    _write("flickr.photos.addTags", "photo_id", "tags", errors=_PHOTO | _TAGS_FULL),
    _write("flickr.photos.removeTag", "tag_id", errors={1: "Tag not found"}),
    _write(
        "flickr.photos.setPerms",
        *("photo_id", "is_public", "is_friend", "is_family", "perm_comment", "perm_addmeta"),
        errors=_PHOTO | _NOT_ALL,
        missing=dict.fromkeys(("is_public", "is_friend", "is_family", "perm_comment", "perm_addmeta"), 2),
    ),
    _write(
        "flickr.photos.setSafetyLevel",
        "photo_id",
        optional=("safety_level", "hidden"),
        errors=_PHOTO | {2: "Invalid or missing arguments"},
        missing={"safety_level": 2, "hidden": 2},
    ),
    _write(
        "flickr.photos.setContentType",
        *("photo_id", "content_type"),
        errors=_PHOTO | _NOT_ALL,
        missing={"content_type": 2},
    ),
    _write(
        "flickr.photos.setDates",
        "photo_id",
        optional=("date_posted", "date_taken", "date_taken_granularity"),
        errors=_PHOTO | {2: "Not enough arguments", 3: "Invalid granularity"},
    ),
    Method(name="flickr.photos.delete", perms="delete", required=("photo_id",), errors=_PHOTO),
    Method(name="flickr.photos.licenses.getInfo"),
    # Code 4 and getAvailable are on the pages of 2026 only; older tables of the methods lack them.
    Method(name="flickr.photos.licenses.getAvailable", required=("photo_id",), optional=("owner_id",), errors=_PHOTO),
    _write(
        "flickr.photos.licenses.setLicense",
        *("photo_id", "license_id"),
        errors=_PHOTO | {2: "License not found", 4: "License not available"},
        missing={"license_id": 2},
    ),
    Method(name="flickr.photos.upload.checkTickets", required=("tickets",), optional=("batch_id",)),
    Method(
        name="flickr.photos.comments.getList",
        required=("photo_id",),
        optional=("min_comment_date", "max_comment_date"),
        errors=_PHOTO,
    ),
    _write(
        "flickr.photos.comments.addComment",
        *("photo_id", "comment_text"),
        errors={1: "Photo not found.", 8: "Blank comment."},
        missing={"comment_text": 8},
    ),
    _write(
        "flickr.photos.comments.editComment",
        *("comment_id", "comment_text"),
        errors={1: "Photo not found.", 2: "Comment not found.", 8: "Blank comment."},
        missing={"comment_text": 8},
    ),
    _write("flickr.photos.comments.deleteComment", "comment_id", errors={1: "Photo not found.", 2: "Comment not found."}),
    _write(
        "flickr.photosets.create",
        *("title", "primary_photo_id"),
        optional=("description",),
        errors={1: "No title specified", 2: "Photo not found"},
        missing={"primary_photo_id": 2},
    ),
    _write(
        "flickr.photosets.addPhoto",
        *("photoset_id", "photo_id"),
        errors=_SET | {2: "Photo not found", 3: "Photo already in set", 10: "Maximum number of photos in set"},
        missing={"photo_id": 2},
    ),
    _write(
        "flickr.photosets.editPhotos",
        *("photoset_id", "primary_photo_id", "photo_ids"),
        errors=_SET
        | {2: "Photo not found", 3: "Primary photo not found", 4: "Primary photo not in list", 5: "Empty photos list"}
        | {10: "Maximum number of photos in set"},
        missing={"primary_photo_id": 3, "photo_ids": 5},
    ),
    _write(
        "flickr.photosets.reorderPhotos",
        *("photoset_id", "photo_ids"),
        errors=_SET | {2: "Photo not found"},
        missing={"photo_ids": 2},
    ),
    _write(
        "flickr.photosets.editMeta",
        *("photoset_id", "title"),
        optional=("description",),
        errors=_SET | {2: "No title specified"},
        missing={"title": 2},
    ),
    _write("flickr.photosets.delete", "photoset_id", errors=_SET),
    Method(name="flickr.photosets.getList", optional=("user_id", "page", "per_page"), errors={1: "User not found"}),
    Method(name="flickr.photosets.comments.getList", required=("photoset_id",), errors={1: "Photoset not found."}),
    _write(
        "flickr.photosets.comments.addComment",
        *("photoset_id", "comment_text"),
        errors=_SET | {8: "Blank comment"},
        missing={"comment_text": 8},
    ),
    _write(
        "flickr.photosets.comments.editComment",
        *("comment_id", "comment_text"),
        errors={2: "Comment not found.", 8: "Blank comment."},
        missing={"comment_id": 2, "comment_text": 8},
    ),
    _write(
        "flickr.photosets.comments.deleteComment",
        "comment_id",
        errors={2: "Comment not found."},
        missing={"comment_id": 2},
    ),
    # The pages require user_id since 2014; older tables of the methods do not have it.
    Method(
        name="flickr.photosets.getPhotos",
        required=("photoset_id", "user_id"),
        optional=_PAGING,
        errors=_SET | {2: "User not found"},
        missing={"user_id": 2},
    ),
    Method(
        name="flickr.photosets.getInfo",
        required=("photoset_id", "user_id"),
        errors=_SET | {2: "User not found"},
        missing={"user_id": 2},
    ),
)

METHODS: Mapping[str, Method] = {method.handler: method for method in _ALL}
