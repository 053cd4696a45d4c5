"""What is added to a video while nobody sees it: thumbnail, text tracks, tags and its place in the showcase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Subtitles
from socialcast.publishers.vimeo.api import Api
from socialcast.publishers.vimeo.tables import POSTER

__all__ = ["Additions"]


class Additions:
    """The additions of one video; each replaces what was there, or is looked for first."""

    def __init__(self, api: Api, uri: str, steps: Steps, cache_folder: str | None) -> None:
        self._api, self._uri, self._steps, self._cache_folder = api, uri, steps, cache_folder

    def poster(self, photo: Photo | None) -> None:
        """The picture that is shown before it plays."""
        if photo:
            self._steps.once("video/poster", lambda: self._set_poster(photo), repeatable=True)

    def subtitles(self, track: Subtitles) -> None:
        """One language."""
        name = f"video/subtitles/{track.language}"
        made = self._steps.once(name, lambda: self._insert(track), lambda: self._find(track))
        self._steps.once(f"{name}/file", lambda: self._put_track(made["link"], track), repeatable=True)

    def tags(self, tags: Sequence[str]) -> None:
        """The announcement's own tags."""
        if tags:
            self._steps.once("video/tags", lambda: self._add_tags(tags), repeatable=True)

    def change_tags(self, tags: Sequence[str], step: str) -> None:
        """These tags and no others, as the step of that name."""
        self._steps.once(step, lambda: self._replace_tags(tags), repeatable=True)

    def showcase(self, number: str) -> None:
        """A place in the showcase, which a second call does not double."""
        if number:
            path = f"/me/albums/{number}{self._uri}"
            self._steps.once("video/showcase", lambda: _done(self._api.call("PUT", path)), repeatable=True)

    def _set_poster(self, photo: Photo) -> str:
        """A picture that a lost answer leaves behind is not active, and nobody sees it."""
        made = self._api.call("POST", f"{self._uri}/pictures", {}, fields="uri,link")
        fitted = fit(photo, POSTER, self._cache_folder)
        with fitted.open() as file:
            self._api.session.put(made["link"], data=file, headers={"Content-Type": fitted.media_type}).raise_for_status()
        return str(self._api.call("PATCH", made["uri"], {"active": True}, fields="uri").get("uri", ""))

    def _add_tags(self, tags: Sequence[str]) -> str:
        return _done(self._api.call("PUT", f"{self._uri}/tags", [{"name": tag} for tag in tags]))

    def _replace_tags(self, tags: Sequence[str]) -> str:
        """First those go that are too many, since there is room for 20; Vimeo adds what it is told, and takes away one by one."""
        shown = [tag["name"] for tag in self._api.call("GET", self._uri, fields="tags").get("tags") or ()]
        for tag in shown:
            if tag not in tags:
                self._api.call("DELETE", f"{self._uri}/tags/{quote(tag, safe='')}")
        return self._add_tags(tags) if set(tags) - set(shown) else "done"

    def _insert(self, track: Subtitles) -> dict[str, Any]:
        body = {"type": "subtitles", "language": track.language, "name": track.language, "active": True}
        made = self._api.call("POST", f"{self._uri}/texttracks", body, fields="uri,link")
        return {"uri": made["uri"], "link": made["link"]}

    def _find(self, track: Subtitles) -> dict[str, Any] | None:
        listed = self._api.call("GET", f"{self._uri}/texttracks", fields="uri,link,language,type").get("data") or ()
        found = next((one for one in listed if (one["language"], one["type"]) == (track.language, "subtitles")), None)
        return {"uri": found["uri"], "link": found.get("link") or ""} if found else None

    def _put_track(self, link: str, track: Subtitles) -> str:
        from socialcast.compose.video import subtitles_as  # only a video with subtitles needs it

        if link:  # a track that was found without one has its file
            content, headers = subtitles_as(track, "vtt"), {"Content-Type": "text/vtt"}
            self._api.session.put(link, data=content, headers=headers).raise_for_status()
        return "done"


def _done(told: object) -> str:
    """An answer without content is success."""
    return "done"
