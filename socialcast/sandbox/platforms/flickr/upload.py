"""Uploads, which are outside the REST methods and always answer in XML, and the tickets of those that run on.

Flickr's page does not say what becomes of too many tags or too long a title, and lets an impossible value fall back to the
account's default; the mirror refuses all three with the general code 3 and names the field, so that they show.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from werkzeug.datastructures import FileStorage

from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.flickr.answers import Fail, Payload, answer, content, refusal
from socialcast.sandbox.platforms.flickr.api import FlickrApi, rest
from socialcast.sandbox.platforms.flickr.files import MediaFile, identify, is_whole
from socialcast.sandbox.platforms.flickr.state import MYSQL_TIME, Call, Member, Photo, Ticket
from socialcast.sandbox.platforms.flickr.tables import COMMON_ERRORS, UPLOAD_ERRORS, UPLOAD_FIELDS, UPLOAD_VALUES
from socialcast.sandbox.platforms.flickr.tags import Tag, split, tag_set

__all__ = ["Uploads"]

_ERRORS = {**COMMON_ERRORS, **UPLOAD_ERRORS}
_NO_PHOTO, _GENERAL, _EMPTY, _NOT_RECOGNISED, _LIMIT_REACHED, _TOO_LARGE, _DUPLICATE = 2, 3, 4, 5, 6, 8, 9
_INVALID_SIGNATURE = 96


class Uploads(FlickrApi):
    """up.flickr.com/services/upload/ and flickr.photos.upload.*"""

    def upload(self, request: Request) -> Response:
        """Take a photo or video in."""
        try:
            return answer(self._upload(request), {})
        except Fail as fail:
            return refusal(fail, fail.words or _ERRORS[fail.code], {})

    @rest
    def photos_upload_check_tickets(self, call: Call) -> Payload:
        """How far asynchronous uploads are."""
        return {"uploader": {"ticket": [self._state(ticket_id.strip()) for ticket_id in call.get("tickets").split(",")]}}

    def _state(self, ticket_id: str) -> Payload:
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            return {"id": ticket_id, "invalid": 1}
        if ticket.ready_at > self.clock.now():
            return {"id": ticket_id, "complete": 0}
        if ticket.photo is None:
            return {"id": ticket_id, "complete": 2}
        return {"id": ticket_id, "complete": 1, "photoid": ticket.photo.id}

    def _upload(self, request: Request) -> Payload:
        call = self.identify(request, extra=request.form.items(multi=True))
        self.require(call, "write")
        part = request.files.get("photo")
        if part is None:
            raise Fail(_NO_PHOTO)
        tags = self._check_fields(call)
        blob, file = self._receive(part)
        self._check_account(call, blob)
        photo, whole = self._photo(call, tags, blob, file, part.filename or ""), is_whole(blob.path, file)
        if call.get("async") == "1":
            return {"ticketid": content(self._queue(photo if whole else None).id)}
        if not whole:
            raise Fail(_NOT_RECOGNISED)
        self.add(photo)
        return {"photoid": content(photo.id)}

    def _check_fields(self, call: Call) -> dict[str, Tag]:
        if any(name not in UPLOAD_FIELDS and not name.startswith("oauth_") for name in call.parameters):
            raise Fail(_INVALID_SIGNATURE)  # flickrapi's documentation of upload(): a name that is spelled wrong gets this
        tags = tag_set(split(call.get("tags")))
        wrong = [name for name, values in UPLOAD_VALUES.items() if name in call.parameters and call.get(name) not in values]
        wrong += ["tags"] * (len(tags) > self.limits.photo_max_tags)
        wrong += ["title"] * (len(call.get("title")) > self.limits.title_max_characters)
        if wrong:
            raise Fail(_GENERAL, f"{UPLOAD_ERRORS[_GENERAL]} (sandbox: {', '.join(wrong)})")
        return tags

    def _receive(self, part: FileStorage) -> tuple[Blob, MediaFile]:
        blob = self.media.save(part.stream)
        if not blob.size:
            raise Fail(_EMPTY)
        file = identify(blob.path)
        if file is None:
            raise Fail(_NOT_RECOGNISED)
        if blob.size > (self.limits.photo_max_bytes if file.kind == "photo" else self.limits.video_max_bytes):
            raise Fail(_TOO_LARGE)
        return blob, file

    def _check_account(self, call: Call, blob: Blob) -> None:
        copies = self.by_content[call.caller.nsid, blob.sha256]
        if copies and call.get("dedup_check") in ("1", "2"):
            raise Fail(_DUPLICATE, duplicate_photo_id=next(iter(copies)))
        if not call.caller.pro and self._is_full(call.caller, public=call.get("is_public", "1") == "1"):
            raise Fail(_LIMIT_REACHED)

    def _is_full(self, member: Member, *, public: bool) -> bool:
        photos = self.photos_of[member.nsid].values()
        nonpublic = sum(not photo.is_public for photo in photos)
        return len(photos) >= self.limits.free_max_photos or (not public and nonpublic >= self.limits.free_max_nonpublic)

    def _photo(self, call: Call, tags: dict[str, Tag], blob: Blob, file: MediaFile, file_name: str) -> Photo:
        now = self.clock.now()
        return Photo(
            id=str(next(self.numbers)),
            owner=call.caller,
            secret=self.ids.hexadecimal(10),
            original_secret=self.ids.hexadecimal(10),
            title=call.get("title", file_name.rpartition(".")[0]),
            description=call.get("description"),
            tags=tags,
            is_public=call.get("is_public", "1") == "1",
            is_friend=call.get("is_friend") == "1",
            is_family=call.get("is_family") == "1",
            safety_level=call.get("safety_level", "1"),
            content_type=call.get("content_type", "1"),
            hidden=call.get("hidden") == "2",
            blob=blob,
            file=file,
            uploaded=now,
            posted=now,
            taken=datetime.fromtimestamp(now, UTC).strftime(MYSQL_TIME),
            updated=now,
        )

    def _queue(self, photo: Photo | None) -> Ticket:
        ready_at = self.clock.now() + self.ticket_seconds
        if photo:
            photo = replace(photo, uploaded=ready_at, posted=ready_at, updated=ready_at)
        ticket = Ticket(id=f"{self.ids.digits(9)}-721577{self.ids.digits(11)}", ready_at=ready_at, photo=photo)
        self.tickets[ticket.id] = ticket
        self.running.append(ticket)
        return ticket
