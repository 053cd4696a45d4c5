"""Announcement files: Markdown with YAML or TOML front matter, TOML, or JSON.

Media paths are relative to the file and must stay inside its folder: a file from a pull request must not be able to
publish anything else that this machine can read.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from socialcast.model.announcement import (
    Announcement,
    Link,
    Live,
    LiveWords,
    Override,
    Photo,
    PhotoWords,
    Subtitles,
    Video,
    VideoWords,
    Words,
)
from socialcast.model.errors import ConfigurationError
from socialcast.wire.complaints import in_words
from socialcast.wire.moments import moment_in_zone
from socialcast.wire.suggest import suggest

__all__ = ["load_announcement"]

_SHORT_FORMS = {"link": "url", "live": "url", "video": "path"}  # link: "https://..." says {url: "https://..."}
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]+)`(?: - at `(?P<path>[^`]+)`)?")
_KINDS: tuple[tuple[str, type[msgspec.Struct]], ...] = (  # what stands at a path, its indexes left out; the first that fits
    ("$.photos.texts", PhotoWords),
    ("$.video.poster.texts", PhotoWords),
    ("$.live.poster.texts", PhotoWords),
    ("$.photos", Photo),
    ("$.video.subtitles", Subtitles),
    ("$.video.poster", Photo),
    ("$.video.texts", VideoWords),
    ("$.video", Video),
    ("$.link", Link),
    ("$.live.poster", Photo),
    ("$.live.texts", LiveWords),
    ("$.live", Live),
    ("$.channels", Override),
    ("$.texts.link", Link),
    ("$.texts", Words),
    ("$", Announcement),
)


def load_announcement(path: str | os.PathLike[str]) -> Announcement:
    """The announcement of a .md, .toml or .json file, its key the file's stem unless it names one.

    Raises ConfigurationError that names the file and the field.
    """
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise ConfigurationError(f"{file}: an announcement is a .md, .toml or .json file")
    try:
        document = reader(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the announcement {file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}") from None
    except (ValueError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return _announcement(document, file)


def _announcement(document: Any, file: Path) -> Announcement:
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file} holds no fields: it needs at least a text")
    document = {"key": file.stem, **_spelled_out(document)}
    for media, where in _media_of(document):
        media["path"] = str(_inside(file.parent, media.get("path"), f"{file}, {where}"))
    for table, field, where in _moments_of(document):
        table[field] = moment_in_zone(table[field], f"{file}, {where}")
    try:
        return msgspec.convert(document, Announcement)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{file}: {_explain(str(error))}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _spelled_out(document: dict[str, Any]) -> dict[str, Any]:
    full = dict(document)
    for field, name in _SHORT_FORMS.items():
        if isinstance(full.get(field), str):
            full[field] = {name: full[field]}
    if isinstance(full.get("photos"), list):
        full["photos"] = [{"path": photo} if isinstance(photo, str) else photo for photo in full["photos"]]
    for field in ("video", "live"):
        if isinstance(poster := _table(full.get(field)).get("poster"), str):
            full[field] = {**full[field], "poster": {"path": poster}}
    return _texts_spelled_out(full)


def _texts_spelled_out(full: dict[str, Any]) -> dict[str, Any]:
    """texts: {fr: "..."} says {text: "..."} of the announcement, {alt: "..."} of a photo or a video."""
    full = _with_texts(full, "text")
    if isinstance(full.get("photos"), list):
        full["photos"] = [_with_texts(photo, "alt") for photo in full["photos"]]
    if "video" in full:
        full["video"] = _with_texts(full["video"], "alt")
    for field in ("video", "live"):
        if poster := _table(full.get(field)).get("poster"):
            full[field] = {**full[field], "poster": _with_texts(poster, "alt")}
    for words in _table(full.get("texts")).values():
        if isinstance(_table(words).get("link"), str):
            words["link"] = {"url": words["link"]}
    return full


def _with_texts(value: Any, field: str) -> Any:
    texts = _table(_table(value).get("texts"))
    spelled = {language: {field: words} if isinstance(words, str) else _copied(words) for language, words in texts.items()}
    return {**value, "texts": spelled} if texts else value


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _media_of(document: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every table of the document that names a file, with its place."""
    video, live = (_table(document.get(name)) for name in ("video", "live"))
    named = [
        *((photo, f"photos[{index}]") for index, photo in enumerate(_list(document.get("photos")))),
        (document.get("video"), "video"),
        (video.get("poster"), "video.poster"),
        *((track, f"video.subtitles[{index}]") for index, track in enumerate(_list(video.get("subtitles")))),
        (live.get("poster"), "live.poster"),
    ]
    return [(table, where) for table, where in named if isinstance(table, dict)]


def _moments_of(document: dict[str, Any]) -> list[tuple[dict[str, Any], str, str]]:
    """Every field that tells a time: its table, its name there and its place."""
    live = _table(document.get("live"))
    fields = [(document, "embargo", "embargo"), *((live, field, f"live.{field}") for field in ("starts_at", "ends_at"))]
    return [(table, field, where) for table, field, where in fields if field in table]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _inside(folder: Path, path: Any, where: str) -> Path:
    if not isinstance(path, str) or not path:
        raise ConfigurationError(f"{where} needs a path, relative to the announcement")
    root = folder.resolve()
    target = (root / path).resolve()
    if not target.is_relative_to(root):
        raise ConfigurationError(f"{where}: {path} leads out of the announcement's folder; copy the file into it")
    return target


def _explain(message: str) -> str:
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown is None:
        return in_words(message, Announcement)
    place = unknown["path"] or "$"
    kind = next(kind for start, kind in _KINDS if re.sub(r"\[[^\]]*\]", "", place).startswith(start))
    where = "" if place == "$" else f"{place.removeprefix('$.')} has the "
    return f"{where}unknown field `{unknown['name']}`: {suggest(unknown['name'], set(kind.__struct_fields__) - {'data'})}"


def _from_markdown(text: str) -> Any:
    for fence, reader in (("---", _from_yaml), ("+++", tomllib.loads)):
        if text.startswith((fence + "\n", fence + "\r\n")):
            front, separator, body = text[len(fence) :].partition(f"\n{fence}")
            if not separator:
                raise ValueError(f"the front matter that begins with {fence} has no closing {fence}")
            fields = reader(front) or {}
            if not isinstance(fields, dict):
                raise ValueError("the front matter is a list of fields such as `title: ...`")
            return {"body": body.strip(), **fields}
    return {"text": text.strip()}


def _from_yaml(text: str) -> Any:
    import yaml  # only for the files that carry it

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"the front matter is not valid YAML: {error}") from None


_READERS: dict[str, Callable[[str], Any]] = {
    ".md": _from_markdown,
    ".markdown": _from_markdown,
    ".toml": tomllib.loads,
    ".json": json.loads,
}
