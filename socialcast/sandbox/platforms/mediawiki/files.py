"""Files as the API describes them, the stash, and what the server warns of before it publishes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from socialcast.sandbox.media import Blob
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call
from socialcast.sandbox.platforms.mediawiki.filetypes import detect
from socialcast.sandbox.platforms.mediawiki.state import File, FileVersion, Stash, Wiki, iso
from socialcast.sandbox.platforms.mediawiki.titles import Title

__all__ = ["VERSION_FACTS", "file_warnings", "owned_stash", "put_in_stash", "stash_facts", "version_facts"]

_KEY = re.compile(r"\w+\.\w+\.\w[\w.]*")
# Names as cameras give them; MediaWiki warns of them, Commons refuses them (message "Filename-prefix-blacklist").
_CAMERA_PREFIXES = ("CIMG", "DSC_", "DSCF", "DSCN", "DUW", "IMG", "JD", "MGP", "PICT")

Facts = dict[str, Any]
VERSION_FACTS: Mapping[str, Callable[[Wiki, File, FileVersion], Facts]] = {
    "timestamp": lambda _, __, version: {"timestamp": iso(version.at)},
    "user": lambda _, __, version: {"user": version.user},
    "userid": lambda _, __, version: {"userid": version.user_id},
    "size": lambda _, __, version: {"size": version.blob.size, "width": version.width, "height": version.height},
    "comment": lambda _, __, version: {"comment": version.comment},
    "canonicaltitle": lambda _, file, __: {"canonicaltitle": str(file.title)},
    "url": lambda wiki, file, _: {"url": wiki.file_url(file.name), "descriptionurl": wiki.page_url(file.title)},
    "sha1": lambda _, __, version: {"sha1": version.blob.sha1},
    "mime": lambda _, __, version: {"mime": version.mime},
    "metadata": lambda _, __, ___: {"metadata": []},
    "archivename": lambda _, __, ___: {},
}


def version_facts(wiki: Wiki, file: File, version: FileVersion, names: Iterable[str]) -> Facts:
    """What was asked for about one version of a file."""
    facts: Facts = {}
    for name in names:
        facts |= VERSION_FACTS[name](wiki, file, version)
    return facts


def stash_facts(wiki: Wiki, stash: Stash) -> Facts:
    """What the uploader can learn about a file that is not published."""
    mime, width, height = detect(stash.blob.path)
    url = wiki.page_url(f"Special:UploadStash/file/{stash.key}")
    size = {"size": stash.blob.size, "width": width, "height": height}
    return {"timestamp": iso(stash.at), **size, "url": url, "descriptionurl": url, "sha1": stash.blob.sha1, "mime": mime}


def put_in_stash(call: Call, blob: Blob, extension: str, size: int = 0) -> Stash:
    """Keep a file for its uploader alone, under a new key."""
    ids = call.mirror.ids
    key = f"{ids.hexadecimal(12)}.{ids.hexadecimal(6)}.{call.user.id}.{extension}"
    stash = Stash(key=key, user=call.user.name, blob=blob, at=call.now, size=size, chunks=[blob] if size else [])
    call.wiki.stash[key] = stash
    return stash


def owned_stash(call: Call, key: str, wrong_owner: str = "uploadstash-wrong-owner") -> Stash:
    """The stashed file of that key, when it is there and the user's own."""
    if not _KEY.fullmatch(key):
        raise ApiError("invalid-file-key")
    stash = call.wiki.stash.get(key)
    if stash is None:
        raise ApiError("uploadstash-file-not-found", key)
    if stash.user != call.user.name:
        raise ApiError(wrong_owner, key)
    return stash


def file_warnings(wiki: Wiki, title: Title, given_name: str, blob: Blob) -> Facts:
    """What stops an upload that does not set `ignorewarnings`."""
    file, name = wiki.files.get(title), title.name.replace(" ", "_")
    warnings: Facts = {}
    if given_name != title.name:
        warnings["badfilename"] = name
    if file is None and title in wiki.deleted_at:
        warnings["was-deleted"] = name
    duplicates = [other.name for other in wiki.files.values() if other.title != title and other.latest.blob.sha1 == blob.sha1]
    if duplicates:
        warnings["duplicate"] = duplicates
    warnings |= _same_file(file, blob) if file else _taken_name(wiki, title)
    if blob.sha1 in wiki.deleted_files:
        warnings["duplicate-archive"] = wiki.deleted_files[blob.sha1].name.replace(" ", "_")
    return warnings


def _same_file(file: File, blob: Blob) -> Facts:
    if file.latest.blob.sha1 == blob.sha1:
        return {"exists": file.name, "nochange": {"timestamp": iso(file.latest.at)}}
    older = [{"timestamp": iso(version.at)} for version in file.versions if version.blob.sha1 == blob.sha1]
    return {"exists": file.name, **({"duplicateversions": older} if older else {})}


def _taken_name(wiki: Wiki, title: Title) -> Facts:
    name = title.name.replace(" ", "_")
    if title in wiki.pages:
        return {"page-exists": name}
    stem = title.name.rpartition(".")[0]
    similar = [other.name for other in wiki.files.values() if other.title.name.rpartition(".")[0] == stem]
    if similar:
        return {"exists-normalized": similar[0]}
    return {"bad-prefix": name} if name.startswith(_CAMERA_PREFIXES) else {}
