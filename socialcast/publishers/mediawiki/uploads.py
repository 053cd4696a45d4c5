"""Files: into the stash, where only their owner sees them, then published from there; found again by their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from mwclient.errors import APIError, EditError

from socialcast.compose.photos import Fitted
from socialcast.model.errors import TerminalError
from socialcast.publishers.mediawiki.errors import STASH_LOST
from socialcast.publishers.mediawiki.wiki import Wiki

__all__ = ["Progress", "Upload", "find_file", "publish", "stash"]

_CHUNK_BYTES = 1 << 20  # PHP takes 2 MB in one request unless a wiki's administrators changed that

# API:Upload, "Possible warnings", read 2026-11-22: what only a person can decide.
_WARNINGS = {
    "duplicate-archive": "the same file was deleted here before; ask why before it comes again",
    "was-deleted": "a file of this name was deleted here before; ask why before it comes again",
    "page-exists": "a page of this name is there without a file; choose another caption",
    "badfilename": "the wiki does not take this name; choose another caption",
    "exists-normalized": "a file of nearly this name is there; choose another caption",
    "bad-prefix": "the name says nothing about the photo; give it a caption",
    "large-file": "the wiki finds the file too large; give a smaller one",
}
_DELETED_BEFORE = frozenset({"duplicate-archive", "was-deleted"})


class Upload(NamedTuple):
    """A file on its way: its name, another for the case that this one is taken, its page, and what it is found by."""

    file: Fitted
    name: str
    other_name: str
    text: str
    comment: str
    marker: str
    comes_again: bool = False  # after we took it back ourselves, so that nobody is asked why it was deleted


@dataclass
class Progress:
    """How far a file has come in chunks; it outlives a lost answer, so that the upload goes on where the wiki stands."""

    filekey: str = ""
    offset: int = 0


def stash(wiki: Wiki, upload: Upload, progress: Progress) -> str:
    """Upload a file invisibly; the key to publish it by.

    Only the answer to the last chunk gives that key: MediaWiki 1.39 publishes what it has under the key of an upload that is
    not complete.
    """
    wanted = {"stash": 1, "filename": upload.name}
    if upload.file.size_bytes <= _CHUNK_BYTES:
        with upload.file.open() as whole:
            return str(wiki.upload(wanted, {"file": ("photo", whole, upload.file.media_type)})["filekey"])
    try:
        return _stash_chunks(wiki, upload.file, {**wanted, "filesize": upload.file.size_bytes}, progress)
    except APIError as error:
        if error.code in STASH_LOST:
            progress.filekey, progress.offset = "", 0
        raise


def publish(wiki: Wiki, upload: Upload, filekey: str) -> dict[str, Any]:
    """Make a stashed file public; stash it anew if the key is dead, and use a file of the same bytes as it is."""
    try:
        return _publish_stashed(wiki, upload, filekey)
    except APIError as error:
        if error.code not in STASH_LOST:
            raise
        return _publish_stashed(wiki, upload, stash(wiki, upload, Progress()))


def find_file(wiki: Wiki, upload: Upload) -> dict[str, Any] | None:
    """The file of these bytes, our own before anybody else's; None where there is none."""
    answer = wiki.query(list="allimages", aisha1=upload.file.sha1, aiprop="user|comment|timestamp|url|sha1")
    found = [_published(file["name"], ours=_is_ours(file, wiki.username, upload.marker)) for file in answer["query"]["allimages"]]
    return next(iter(sorted(found, key=lambda file: not file["ours"])), None)


def _publish_stashed(wiki: Wiki, upload: Upload, filekey: str) -> dict[str, Any]:
    for name in (upload.name, upload.other_name):
        answer = _answered(wiki, upload, {"filekey": filekey, "filename": name, "text": upload.text, "comment": upload.comment})
        if answer["result"] == "Success":
            return _published(answer["filename"], ours=True)
        if answer["result"] != "Warning":
            raise EditError(answer["result"])
        warnings = answer["warnings"]
        if same := _same_bytes(warnings):
            return _published(same, ours=False)
        if serious := sorted(set(warnings) - {"exists"}):
            hint = _WARNINGS.get(serious[0], "")
            raise TerminalError(f"the wiki warns of {name}: {', '.join(serious)}", code=serious[0], hint=hint)
    raise TerminalError(f"{upload.name} and {upload.other_name} are other files", code="exists", hint="choose another caption")


def _answered(wiki: Wiki, upload: Upload, wanted: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = wiki.upload(wanted, {})
    if upload.comes_again and answer["result"] == "Warning" and set(answer["warnings"]) <= _DELETED_BEFORE:
        answer = wiki.upload({**wanted, "ignorewarnings": 1}, {})
    return answer


def _stash_chunks(wiki: Wiki, file: Fitted, wanted: dict[str, Any], progress: Progress) -> str:
    with file.open() as stream:
        while True:
            stream.seek(progress.offset)
            place = {"offset": progress.offset, "filekey": progress.filekey or None}
            answer = wiki.upload({**wanted, **place}, {"chunk": ("photo", stream.read(_CHUNK_BYTES), "application/octet-stream")})
            if answer["result"] != "Continue":
                return str(answer["filekey"])
            if (offset := int(answer["offset"])) == progress.offset:
                raise EditError("the wiki does not take the chunk it asked for")
            progress.offset, progress.filekey = offset, answer.get("filekey", progress.filekey)


def _same_bytes(warnings: dict[str, Any]) -> str:
    """The file that holds the same bytes already, empty where none does."""
    if "nochange" in warnings:
        return str(warnings["exists"])
    return str(next(iter(warnings.get("duplicate", [])), ""))


def _is_ours(file: dict[str, Any], user: str, marker: str) -> bool:
    return file.get("user") == user and marker in file.get("comment", "")


def _published(filename: str, *, ours: bool) -> dict[str, Any]:
    return {"filename": filename.replace("_", " "), "ours": ours}
