"""Uploaded files: named by their content, and gone after a while unless a record refers to them (server 0.5.35, 2026-09-28)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.utils import send_file

from socialcast.sandbox.media import sniffed
from socialcast.sandbox.mirror import Blob, Request, Response
from socialcast.sandbox.platforms.bluesky import cids
from socialcast.sandbox.platforms.bluesky.access import Access, Call, operation
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError, answer, invalid
from socialcast.sandbox.platforms.bluesky.state import Record, StoredBlob, User
from socialcast.sandbox.platforms.bluesky.tables import LIMITS

__all__ = ["Blobs", "references", "send_blob"]


def references(value: Any) -> Iterator[dict[str, Any]]:
    """The files that a record refers to, however deep."""
    if isinstance(value, dict):
        if value.get("$type") == "blob" and isinstance(value.get("ref"), dict):
            yield value
        else:
            for part in value.values():
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def send_blob(blob: StoredBlob, request: Request) -> Response:
    """The file itself, or the range of it that a player asks for."""
    response = send_file(blob.file.path, request.environ, mimetype=blob.mime_type, conditional=True)
    response.direct_passthrough = False  # otherwise the request is not closed with the answer
    return response


class Blobs(Access):
    """The part of the mirror that keeps files."""

    @operation
    def upload_blob(self, call: Call) -> Response:
        """Any file; the server trusts its first bytes more than the header."""
        request, user = call.request, call.user
        self.count("uploads", user.did, call.rates)
        if not request.mimetype:
            raise invalid("Request encoding (Content-Type) required but not provided")
        if request.received_bytes > user.blob_max_bytes:
            raise RefusalError(413, "PayloadTooLarge", "request entity too large")
        file = self.media.save(request.stream)
        return answer({"blob": self.keep(user, file, sniffed(file.path) or request.mimetype).reference})

    @operation
    def get_blob(self, call: Call) -> Response:
        """A file that a record refers to."""
        did, user = call.told["did"], self.users.get(call.told["did"])
        if user is None or call.request.host not in user.hosts:
            raise RefusalError(400, "RepoNotFound", f"Could not find repo for DID: {did}")
        blob = user.blobs.get(call.told["cid"])
        if blob is None or not blob.is_permanent:
            raise invalid("Blob not found")
        response = send_blob(blob, call.request)
        response.headers.update(
            {
                "Content-Disposition": f'attachment; filename="{blob.cid}"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            }
        )
        return response

    def keep(self, user: User, file: Blob, mime_type: str) -> StoredBlob:
        """The file in the account's store; one that is there already keeps its state and lives on."""
        self._drop_stale(user)
        cid = cids.of_digest(file.sha256)
        known = user.blobs.get(cid)
        if known is None or not known.is_permanent:
            known = user.blobs[cid] = StoredBlob(file=file, cid=cid, mime_type=mime_type, at=self.clock.now())
        return known

    def require_blobs(self, user: User, record: Record) -> None:
        """Raise RefusalError where a record refers to a file that is not there, or not as it is."""
        self._drop_stale(user)
        for reference in references(record.value):
            cid = reference["ref"]["$link"]
            found = user.blobs.get(cid)
            if found is None:
                raise RefusalError(400, "BlobNotFound", f"Could not find blob: {cid}")
            for name, error in (("mimeType", "InvalidMimeType"), ("size", "InvalidSize")):
                real, told = found.reference[name], reference[name]
                if not found.is_permanent and real != told:
                    what = name.removesuffix("Type").capitalize() + ("type" if name == "mimeType" else "")
                    words = f"Referenced {what} does not match stored blob. Expected: {real}, Got: {told}"
                    raise RefusalError(400, error, words)

    def settle_blobs(self, user: User) -> None:
        """Keep what records refer to, and drop what they did and do no more."""
        used = frozenset().union(*(record.blobs for record in user.records.values()))
        for cid, blob in list(user.blobs.items()):
            if blob.is_permanent and cid not in used:
                del user.blobs[cid]
            blob.is_permanent = cid in used

    def _drop_stale(self, user: User) -> None:
        oldest = self.clock.now() - LIMITS.unreferenced_blob_seconds
        user.blobs = {cid: blob for cid, blob in user.blobs.items() if blob.is_permanent or blob.at > oldest}
