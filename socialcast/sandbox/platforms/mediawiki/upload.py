"""`action=upload`: in one piece, in chunks through the private stash, and publishing from there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.media import Blob
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call, words
from socialcast.sandbox.platforms.mediawiki.edit import check_tags, refuse_forbidden, summary_of
from socialcast.sandbox.platforms.mediawiki.files import (
    VERSION_FACTS,
    file_warnings,
    owned_stash,
    put_in_stash,
    stash_facts,
    version_facts,
)
from socialcast.sandbox.platforms.mediawiki.filetypes import EXTENSIONS, detect
from socialcast.sandbox.platforms.mediawiki.limits import MAX_FILENAME_BYTES, MIN_CHUNK_BYTES
from socialcast.sandbox.platforms.mediawiki.sessions import require_right, throttle
from socialcast.sandbox.platforms.mediawiki.state import File, FileVersion, Job, Stash
from socialcast.sandbox.platforms.mediawiki.titles import FILE, Title

__all__ = ["PARAMETERS", "upload"]

PARAMETERS = words(
    "filename comment text file url filekey filesize offset chunk stash async checkstatus ignorewarnings watchlist tags token"
)
_PREFIX = re.compile(r"(?i)^(file|image):")
_UNFIT = re.compile(r"[\[\]{}|#<>:/\\\x00-\x1f\x7f]")
# What a poll hears until a background job is done; the seconds are the sandbox's own.
_ASSEMBLY = ((1.0, "queued"), (3.0, "assembling"))
_PUBLISHING = ((1.0, "queued"), (3.0, "publish"))

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A file, or the part of it that has come, under the name it is to have."""

    blob: Blob
    title: Title
    given_name: str

    @property
    def extension(self) -> str:
        """What follows the last dot, in small letters."""
        return self.title.name.rpartition(".")[2].lower()


def upload(call: Call) -> Mapping[str, Any]:
    """Take a file, a chunk of one, or a stashed one to be published."""
    if call.user.is_anonymous:
        raise ApiError("mustbeloggedin")
    require_right(call, "upload")
    if call.has("checkstatus"):
        return {"upload": _status(call)}
    if "chunk" in call.files:
        return {"upload": _chunk(call)}
    source = call.require_one("filekey", "file", "url")
    if source == "url":
        raise ApiError("copyuploaddisabled")
    blob = owned_stash(call, call.text("filekey")).blob if source == "filekey" else _received(call, "file")
    return {"upload": _whole(call, _verified(call, _named(call, blob)))}


def _received(call: Call, part: str) -> Blob:
    if not call.has("filename"):
        raise ApiError("nofilename")
    blob = call.mirror.media.save(call.files[part].stream)
    if not blob.size:
        raise ApiError("empty-file")
    if blob.size > call.wiki.max_upload_bytes:
        raise ApiError("file-too-large", call.wiki.max_upload_bytes, max=call.wiki.max_upload_bytes)
    return blob


def _named(call: Call, blob: Blob) -> Named:
    if not call.has("filename"):
        raise ApiError("nofilename")
    given = " ".join(call.text("filename").replace("_", " ").split())
    name = _UNFIT.sub("-", _PREFIX.sub("", given))
    if "." not in name:
        name = ".".join([name, *EXTENSIONS.get(detect(blob.path)[0], ())[:1]])
    stem, _, extension = name.rpartition(".")
    if not stem:
        raise ApiError("filename-tooshort", **_kept(call, blob, extension), invalidparameter="filename")
    if len(name.encode()) > MAX_FILENAME_BYTES:
        raise ApiError("filename-toolong", **_kept(call, blob, extension), invalidparameter="filename")
    return Named(blob=blob, title=Title(FILE, name[0].upper() + name[1:]), given_name=given[0].upper() + given[1:])


def _kept(call: Call, blob: Blob, extension: str) -> Answer:
    key = put_in_stash(call, blob, extension.lower()).key
    return {"filekey": key, "sessionkey": key}


def _verified(call: Call, named: Named) -> Named:
    mime, extension = detect(named.blob.path)[0], named.extension
    if extension not in EXTENSIONS.get(mime, ()):
        raise ApiError("verification-error", mime, extension, details=["filetype-mime-mismatch", extension, mime])
    if extension not in call.wiki.file_extensions:
        raise ApiError("filetype-banned", extension, filetype=extension, allowed=list(call.wiki.file_extensions))
    return named


def _whole(call: Call, named: Named) -> Answer:
    warnings = _warnings(call, named)
    if warnings and not call.has("ignorewarnings"):
        return {"result": "Warning", **warnings, **_kept(call, named.blob, named.extension)}
    if call.has("stash"):
        stash = put_in_stash(call, named.blob, named.extension)
        return {
            "result": "Success",
            **warnings,
            "filekey": stash.key,
            "sessionkey": stash.key,
            "imageinfo": _stashed(call, stash),
        }
    if call.has("async") and call.has("filekey") and call.wiki.async_uploads:
        return _later(call, call.text("filekey"), _PUBLISHING, lambda: _publish(call, named) | warnings)
    return _publish(call, named) | warnings


def _warnings(call: Call, named: Named) -> Answer:
    warnings = file_warnings(call.wiki, named.title, named.given_name, named.blob)
    return {"warnings": warnings} if warnings else {}


def _stashed(call: Call, stash: Stash) -> Answer:
    return stash_facts(call.wiki, stash)


def _publish(call: Call, named: Named) -> Answer:
    wiki, title, comment = call.wiki, named.title, summary_of(call, "comment")
    text = call.text("text") if call.has("text") else comment
    refuse_forbidden(call, text, comment)
    tags = check_tags(call)
    throttle(call, "upload")
    mime, width, height = detect(named.blob.path)
    version = FileVersion(
        blob=named.blob,
        at=int(call.now),
        user=call.user.name,
        user_id=call.user.id,
        comment=comment,
        mime=mime,
        width=width,
        height=height,
    )
    file, action = wiki.files.setdefault(title, File(title=title)), "overwrite" if title in wiki.files else "upload"
    file.versions.append(version)
    if page := wiki.pages.get(title):
        note = f"{call.user.name} uploaded a new version of [[{title}]]"
        wiki.save(title, call.user, page.latest.text, note, call.now, tags=tags)
    else:
        wiki.save(title, call.user, text.rstrip(), comment, call.now, tags=tags)
    wiki.note("upload", action, title, call.user, comment, call.now)
    wiki.stash.pop(call.raw.get("filekey", ""), None)
    return {"result": "Success", "filename": file.name, "imageinfo": version_facts(wiki, file, version, VERSION_FACTS)}


def _chunk(call: Call) -> Answer:
    offset, size = call.integer("offset") or 0, _claimed_size(call)
    if offset and not call.has("filekey"):
        raise ApiError("filekeyneeded")
    stash = owned_stash(call, call.text("filekey")) if offset else None
    named = _named(call, _received(call, "chunk"))
    if named.extension not in call.wiki.file_extensions:
        raise ApiError("illegal-filename")
    warnings = _warnings(call, named)
    if warnings and not call.has("ignorewarnings"):
        return {"result": "Warning", **warnings, **_kept(call, named.blob, named.extension)}
    stash = _grown(call, stash, named, offset, size)
    if stash.offset < size:
        return {"result": "Continue", "offset": stash.offset, "filekey": stash.key, **warnings}
    if call.has("async") and call.wiki.async_uploads:
        return _later(call, stash.key, _ASSEMBLY, lambda: _assembled(call, stash, named))
    return _assembled(call, stash, named)


def _claimed_size(call: Call) -> int:
    size, most = call.integer("filesize") or 0, call.wiki.max_upload_bytes
    if size > most:
        call.warn("outofrange", f'The value "{size}" for parameter "filesize" must be between 0 and {most:,}.')
    return min(size, most)


def _grown(call: Call, stash: Stash | None, named: Named, offset: int, size: int) -> Stash:
    end = offset + named.blob.size
    if end > size:
        raise ApiError("invalid-chunk")
    if end < size and named.blob.size < MIN_CHUNK_BYTES:
        raise ApiError("chunk-too-small")
    if stash is None:
        return put_in_stash(call, named.blob, named.extension, size)
    if offset != stash.offset:
        raise ApiError("stashfailed", "Invalid chunk offset", offset=str(stash.offset))
    stash.chunks.append(named.blob)
    return stash


def _assembled(call: Call, stash: Stash, named: Named) -> Answer:
    with tempfile.TemporaryFile() as joined:
        for chunk in stash.chunks:
            with chunk.path.open("rb") as part:
                shutil.copyfileobj(part, joined)
        joined.seek(0)
        whole = Named(blob=call.mirror.media.save(joined), title=named.title, given_name=named.given_name)
    call.wiki.stash.pop(stash.key, None)
    try:
        _verified(call, whole)
    except ApiError as error:
        raise ApiError("stashfailed", "This file did not pass file verification.") from error
    new = put_in_stash(call, whole.blob, whole.extension)
    return {"result": "Success", **_warnings(call, whole), "filekey": new.key, "imageinfo": _stashed(call, new)}


def _later(call: Call, key: str, stages: tuple[tuple[float, str], ...], work: Callable[[], Answer]) -> Answer:
    until = tuple((call.now + seconds, stage) for seconds, stage in stages)
    call.wiki.jobs[key] = Job(user=call.user.name, stages=until, run=lambda: _outcome(work))
    return {"result": "Poll", "stage": stages[0][1], "filekey": key}


def _outcome(work: Callable[[], Answer]) -> Answer | ApiError:
    try:
        return work()
    except ApiError as error:
        return error


def _status(call: Call) -> Answer:
    key = call.text("filekey")
    job, stash = call.wiki.jobs.get(key), call.wiki.stash.get(key)
    if job is not None and job.user == call.user.name:
        if isinstance(job.answer, Exception):
            raise job.answer
        waiting = {
            "result": "Poll",
            "stage": next((stage for until, stage in job.stages if call.now < until), ""),
            "filekey": key,
        }
        return job.answer or waiting
    if stash is None or stash.user != call.user.name or not stash.chunks:
        raise ApiError("missingresult")
    return {"result": "Continue", "stage": "uploading", "offset": stash.offset}
