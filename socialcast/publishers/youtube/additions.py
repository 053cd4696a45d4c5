"""What is added to a video or a live event while it is private: poster, captions and its place in the playlist."""

from __future__ import annotations

import io
from typing import Any

from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from socialcast.compose.photos import fit
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Photo, Subtitles
from socialcast.model.post import Post
from socialcast.publishers.youtube import words
from socialcast.publishers.youtube.client import YoutubeClient
from socialcast.publishers.youtube.errors import reason_of
from socialcast.publishers.youtube.tables import POSTER, YoutubeSettings

__all__ = ["Additions"]


class Additions:
    """The additions of one post; each is looked for first, or replaces what was there."""

    def __init__(
        self, client: YoutubeClient, settings: YoutubeSettings, post: Post, steps: Steps, cache_folder: str | None
    ) -> None:
        self._client, self._settings = client, settings
        self._post, self._steps, self._cache_folder = post, steps, cache_folder

    def poster(self, kind: str, video_id: str, photo: Photo | None) -> None:
        """Show the picture before it plays; setting it again changes nothing."""
        if photo:
            self._steps.once(f"{kind}/poster", lambda: self._set_poster(video_id, photo), repeatable=True)

    def captions(self, video_id: str, tracks: tuple[Subtitles, ...]) -> None:
        """One track for each language; YouTube takes no second one of the same language and name."""
        for track in tracks:
            self._steps.once(
                f"captions/{track.language}",
                lambda track=track: self._insert_captions(video_id, track),  # type: ignore[misc]
                lambda track=track: self._find_captions(video_id, track),  # type: ignore[misc]
            )

    def playlist(self) -> str:
        """The id of the playlist with the title of the settings; a new one stays private until the commit."""
        return self._steps.once("playlist", lambda: self._find_playlist() or self._insert_playlist(), self._find_playlist)

    def put_in(self, playlist_id: str, kind: str, video_id: str) -> None:
        """Put it into the playlist; YouTube would take it twice without a word, so that it is looked for first."""
        self._steps.once(
            f"{kind}/playlist",
            lambda: self._find_row(playlist_id, video_id) or self._insert_row(playlist_id, video_id),
            lambda: self._find_row(playlist_id, video_id),
        )

    def open_playlist(self, playlist_id: str) -> None:
        """Let the public see a playlist that was made for this post, and no other."""
        self._steps.once("public/playlist", lambda: self._open_playlist(playlist_id), repeatable=True)

    # -- poster and captions -------------------------------------------------------------------------------------------

    def _set_poster(self, video_id: str, photo: Photo) -> str:
        fitted = fit(photo, POSTER, self._cache_folder)
        with fitted.open() as file:
            media = MediaIoBaseUpload(file, fitted.media_type)
            answer = self._client.call("thumbnails.set", videoId=video_id, media_body=media)
        return str(answer.get("kind", ""))

    def _insert_captions(self, video_id: str, track: Subtitles) -> str:
        from socialcast.compose.video import subtitles_as  # only a video with subtitles needs it

        media = MediaIoBaseUpload(
            io.BytesIO(subtitles_as(track, "srt")), "application/octet-stream", chunksize=-1, resumable=True
        )
        snippet = {"videoId": video_id, "language": track.language, "name": "", "isDraft": False}
        try:
            made = self._client.call("captions.insert", part="snippet", body={"snippet": snippet}, media_body=media)
        except HttpError as error:
            found = self._find_captions(video_id, track) if reason_of(error) == "captionExists" else None
            if not found:
                raise
            return found
        return str(made.get("id", ""))

    def _find_captions(self, video_id: str, track: Subtitles) -> str | None:
        listed = self._client.call("captions.list", part="snippet", videoId=video_id)["items"]
        return next((str(each["id"]) for each in listed if _is_track(each["snippet"], track.language)), None)

    # -- the playlist --------------------------------------------------------------------------------------------------

    def _find_playlist(self) -> str | None:
        listed = self._client.items("playlists.list", part="snippet", mine=True)
        return next((str(each["id"]) for each in listed if each["snippet"]["title"] == self._settings.playlist), None)

    def _insert_playlist(self) -> str:
        body = self._playlist_body(words.mark(self._post, "playlist"), "private")
        return str(self._client.call("playlists.insert", part="snippet,status", body=body).get("id", ""))

    def _open_playlist(self, playlist_id: str) -> str:
        """Only what carries our mark is ours to show: a private playlist that somebody else made stays private."""
        playlist = self._client.one("playlists.list", playlist_id, "snippet")
        if playlist["snippet"].get("description") != words.mark(self._post, "playlist"):
            return playlist_id
        body = {"id": playlist_id, **self._playlist_body("", self._settings.privacy.value)}
        return str(self._client.call("playlists.update", part="snippet,status", body=body).get("id", ""))

    def _playlist_body(self, description: str, privacy: str) -> dict[str, Any]:
        return {
            "snippet": {"title": self._settings.playlist, "description": description},
            "status": {"privacyStatus": privacy},
        }

    def _find_row(self, playlist_id: str, video_id: str) -> str | None:
        rows = self._client.call("playlistItems.list", part="id", playlistId=playlist_id, videoId=video_id)["items"]
        return str(rows[0]["id"]) if rows else None

    def _insert_row(self, playlist_id: str, video_id: str) -> str:
        resource = {"kind": "youtube#video", "videoId": video_id}
        body = {"snippet": {"playlistId": playlist_id, "resourceId": resource}}
        return str(self._client.call("playlistItems.insert", part="snippet", body=body).get("id", ""))


def _is_track(snippet: dict[str, Any], language: str) -> bool:
    """The one that we send has no name; what YouTube made by listening is another track."""
    return snippet["language"].lower() == language.lower() and not snippet.get("name") and snippet.get("trackKind") != "ASR"
